//! Fields that some models of a vendor take and others refuse.

use super::*;

/// What is sent where the field is left out, which is refused otherwise.
fn without(client: &Resolved<ClientOptions>, asked: &Request, field: &str) -> Value {
    let (status, words) = refused(client, asked);
    assert_eq!(status, Status::BadRequest, "{words}");
    assert!(words.starts_with(&format!("{field}: ")), "{words}");
    let mut client = client.clone();
    client.values.unsupported = "drop".into();
    let prepared = prepare(&client, asked, false).unwrap();
    let is_told = |note: &String| note.starts_with(&format!("{field}: left out"));
    assert!(prepared.adjusted.iter().any(is_told), "{:?}", prepared.adjusted);
    serde_json::from_slice(&prepared.http.body).unwrap()
}

#[test]
fn cohere_is_sent_one_of_the_two_penalties() {
    let cohere = client("cohere", "command-a-03-2025");
    let penalties = |presence: f64, frequency: f64| {
        ask(json!({"presence_penalty": presence, "frequency_penalty": frequency}))
    };
    let sent = |asked: &Request| {
        let prepared = prepare(&cohere, asked, false).unwrap();
        let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
        let both = ["presence_penalty", "frequency_penalty"];
        (both.map(|key| sent.get(key).and_then(Value::as_f64)), prepared.adjusted)
    };
    let dropped = without(&cohere, &penalties(0.3, 0.5), "frequency_penalty");
    assert_eq!(
        (&dropped["presence_penalty"], dropped.get("frequency_penalty")),
        (&json!(0.3), None)
    );
    for (presence, frequency, expected, left_out) in [
        (0.0, 0.5, [None, Some(0.5)], "presence_penalty"),
        (0.3, 0.0, [Some(0.3), None], "frequency_penalty"),
        (0.0, 0.0, [None, Some(0.0)], "presence_penalty"),
    ] {
        let (sent, notes) = sent(&penalties(presence, frequency));
        assert_eq!(sent, expected);
        assert!(notes.len() == 1 && notes[0].starts_with(left_out), "{notes:?}");
    }
    assert_eq!(sent(&ask(json!({"presence_penalty": 0.3}))), ([Some(0.3), None], vec![]));
    let sent = body(&client("openai", "gpt-4o"), &penalties(0.3, 0.5));
    assert_eq!((&sent["presence_penalty"], &sent["frequency_penalty"]), (&json!(0.3), &json!(0.5)));
}

#[test]
fn what_asks_for_nothing_gives_way_where_only_one_of_two_is_taken() {
    let claude = client("anthropic", "claude-sonnet-4-5");
    let sent = body(&claude, &ask(json!({"temperature": 0.5, "top_p": 1})));
    assert_eq!((&sent["temperature"], sent.get("top_p")), (&json!(0.5), None));
    let sent = body(&claude, &ask(json!({"temperature": 1, "top_p": 0.5})));
    assert_eq!((sent.get("temperature"), &sent["top_p"]), (None, &json!(0.5)));
}

#[test]
fn siliconflows_deepseek_3_1_is_offered_tools_only_without_thinking() {
    let asked = |effort: &str| ask(json!({"tools": [weather()], "reasoning_effort": effort}));
    for model in ["deepseek-ai/DeepSeek-V3.1", "Pro/deepseek-ai/DeepSeek-V3.1"] {
        let client = client("siliconflow", model);
        let (status, words) = refused(&client, &asked("high"));
        assert_eq!(status, Status::BadRequest);
        assert!(words.starts_with("reasoning_effort: siliconflow"), "{words}");
        let mut dropping = asked("high");
        dropping.set("unsupported", "drop").unwrap();
        for asked in [&dropping, &asked("none")] {
            let sent = body(&client, asked);
            assert_eq!(sent["enable_thinking"], false);
            assert!(sent["tools"].is_array() && sent.get("reasoning_effort").is_none(), "{sent}");
        }
        assert_eq!(
            body(&client, &ask(json!({"reasoning_effort": "high"})))["enable_thinking"],
            true
        );
        assert!(
            body(&client, &ask(json!({"tools": [weather()]}))).get("enable_thinking").is_none()
        );
    }
    for model in ["deepseek-ai/DeepSeek-V3.1-Terminus", "deepseek-ai/DeepSeek-V3.2"] {
        let sent = body(&client("siliconflow", model), &asked("high"));
        assert_eq!(sent["enable_thinking"], true, "{model}");
    }
}
