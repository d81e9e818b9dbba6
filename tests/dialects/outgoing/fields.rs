//! Fields that some models of a vendor take and others refuse.

use super::*;

/// A client of OpenAI's, in chat completions and in Responses.
fn both(model: &str) -> [Resolved<ClientOptions>; 2] {
    ["chat", "responses"]
        .map(|api| options(&[("model", model), ("api_key", "k"), ("openai_api", api)]))
}

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
fn models_that_say_as_much_as_they_do_are_not_told_to_say_more_or_less() {
    let said = |sent: &Value| match sent["input"].is_array() {
        true => sent["text"]["verbosity"].clone(),
        false => sent["verbosity"].clone(),
    };
    for model in ["gpt-4o", "gpt-4.1-mini", "o1", "o3-mini", "o4-mini", "gpt-5-chat-latest"] {
        for client in both(model) {
            for word in ["low", "high"] {
                let sent = without(&client, &ask(json!({"verbosity": word})), "verbosity");
                assert!(!sent.to_string().contains("verbosity"), "{sent}");
            }
            let sent = body(&client, &ask(json!({"verbosity": "medium"})));
            assert_eq!(said(&sent), "medium", "{model}");
        }
        let [_, responses] = both(model);
        let asked = ask(json!({"text": {"verbosity": "low"}}));
        assert!(without(&responses, &asked, "verbosity").get("text").is_none());
    }
    for model in ["gpt-5-mini", "gpt-5.1-chat-latest", "gpt-5.4", "gpt-6-sol", "another"] {
        for client in both(model) {
            let sent = body(&client, &ask(json!({"verbosity": "low"})));
            assert_eq!(said(&sent), "low", "{model}");
        }
    }
    for (model, is_taken) in [
        ("gpt-5-codex", false),
        ("gpt-5.2-codex", false),
        ("gpt-5.3-codex", true),
        ("o3-pro", false),
    ] {
        let [_, responses] = both(model);
        let asked = ask(json!({"verbosity": "high"}));
        assert_eq!(prepare(&responses, &asked, false).is_ok(), is_taken, "{model}");
    }
}

#[test]
fn models_that_cache_prompts_by_themselves_are_not_told_how() {
    let options = json!({"prompt_cache_options": {"mode": "explicit", "ttl": "30m"}});
    let mark = json!({"mode": "explicit"});
    let part = json!({"type": "text", "text": "Long", "prompt_cache_breakpoint": mark});
    let marked = request(json!({"messages": [{"role": "user", "content": [part]}]}));
    let note = "prompt_cache_breakpoint: left out: the model does not take it";
    for model in ["gpt-4o", "o4-mini", "gpt-5-mini", "gpt-5.1-chat-latest", "gpt-5.5"] {
        for client in both(model) {
            let sent = without(&client, &ask(options.clone()), "prompt_cache_options");
            assert!(sent.get("prompt_cache_options").is_none(), "{sent}");
            let prepared = prepare(&client, &marked, false).unwrap();
            assert_eq!(prepared.adjusted, [note], "{model}");
            let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
            assert!(sent.to_string().contains("Long"), "{sent}");
            assert!(!sent.to_string().contains("breakpoint"), "{sent}");
        }
    }
    for model in ["gpt-5.6-sol", "gpt-6-sol", "gpt-6.1-sol", "another"] {
        for client in both(model) {
            let sent = body(&client, &ask(options.clone()));
            assert_eq!(sent["prompt_cache_options"], options["prompt_cache_options"], "{model}");
            let prepared = prepare(&client, &marked, false).unwrap();
            let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
            assert!(sent.to_string().contains("breakpoint"), "{model}: {sent}");
            assert_eq!(prepared.adjusted, [""; 0], "{model}");
        }
    }
}

#[test]
fn an_answer_includes_what_the_model_can_give() {
    const THOUGHTS: &str = "reasoning.encrypted_content";
    const LOGPROBS: &str = "message.output_text.logprobs";
    const RESULTS: &str = "web_search_call.results";
    let including = |what: &[&str], more: Value| {
        let mut asked = more;
        asked["include"] = json!(what);
        ask(asked)
    };
    let [_, plain] = both("gpt-4.1");
    let sent = without(&plain, &including(&[THOUGHTS, RESULTS], json!({})), "include");
    assert_eq!(sent["include"], json!([RESULTS]));
    let sent = body(&plain, &including(&[LOGPROBS], json!({})));
    assert_eq!(sent["include"], json!([LOGPROBS]));
    for model in ["gpt-6-sol", "o3", "gpt-5-mini"] {
        let [_, thinks] = both(model);
        let sent = without(&thinks, &including(&[LOGPROBS, RESULTS], json!({})), "include");
        assert_eq!(sent["include"], json!([THOUGHTS, RESULTS]), "{model}");
        let sent = body(&thinks, &including(&[THOUGHTS], json!({})));
        assert_eq!(sent["include"], json!([THOUGHTS]), "{model}");
    }
    let [_, unthinking] = both("gpt-6-sol");
    let asked = including(&[LOGPROBS], json!({"reasoning_effort": "none"}));
    assert_eq!(body(&unthinking, &asked)["include"], json!([THOUGHTS, LOGPROBS]));
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
