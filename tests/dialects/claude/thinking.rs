//! What goes with thinking, and how thoughts go back.

use mynah::error::Status;
use mynah::llm::event::EventKind;
use serde_json::{Value, json};

use super::*;

#[test]
fn a_thought_whose_beginning_its_first_piece_repeats_is_told_and_goes_back_once() {
    let thought = |begun: &str, pieces: &[&str]| {
        let mut events = vec![start(0, json!({"type": "thinking", "thinking": ""}))];
        let piece = |text: &&str| delta(0, json!({"type": "thinking_delta", "thinking": text}));
        events.extend(["A", "B", "C"].iter().map(piece));
        // Of the same number, so that its pieces look as those before.
        events.push(start(0, json!({"type": "thinking", "thinking": begun, "signature": ""})));
        events.extend(pieces.iter().map(piece));
        events.push(delta(0, json!({"type": "signature_delta", "signature": "S"})));
        events.push(stop(0));
        events.extend(end("end_turn"));
        let (told, response) = read(&events).unwrap();
        let told: String = told
            .iter()
            .filter_map(|event| match &event.kind {
                EventKind::Reasoning(text) => Some(text.to_string()),
                _ => None,
            })
            .collect();
        assert_eq!(response.first().reasoning.as_ref(), Some(&told));
        assert_eq!(blocks(&response)[1]["thinking"], told["ABC".len()..]);
        told["ABC".len()..].to_string()
    };
    assert_eq!(thought("The user", &["The user", " asks"]), "The user asks");
    assert_eq!(thought("The user", &["The user"]), "The user");
    assert_eq!(thought("The user", &[" asks", " asks"]), "The user asks asks");
    assert_eq!(thought("ha", &["ha", "ha"]), "haha");
    assert_eq!(thought("", &["ha", "ha"]), "haha");
}

#[test]
fn with_a_budget_of_thinking_no_tool_is_forced_and_sampling_stays_wide() {
    let asked = |choice: Value| {
        let tool = json!({"type": "function", "function": {"name": "f", "parameters": {}}});
        request(json!({
            "messages": [{"role": "user", "content": "Hi"}],
            "tools": [tool], "tool_choice": choice,
        }))
    };
    let named = json!({"type": "function", "function": {"name": "f"}});
    let thinking = |more: &[(&str, &str)]| {
        let base = [
            ("provider", "anthropic"),
            ("model", "claude-sonnet-4-5"),
            ("api_key", "k"),
            ("reasoning_budget", "2000"),
        ];
        options(&[&base[..], more].concat())
    };
    for choice in [json!("required"), named] {
        let refused = prepare(&thinking(&[]), &asked(choice.clone()), false).unwrap_err();
        assert_eq!(refused.status(), Status::BadRequest);
        assert!(refused.to_string().starts_with("tool_choice: "), "{refused}");
        let sent = body(&thinking(&[("unsupported", "drop")]), &asked(choice));
        assert!(sent.get("tool_choice").is_none() && sent["thinking"]["type"] == "enabled");
    }
    assert_eq!(body(&thinking(&[]), &asked(json!("none")))["tool_choice"]["type"], "none");
    let narrow = prepare(&thinking(&[("top_p", "0.5")]), &asked(json!("auto")), false);
    assert!(narrow.unwrap_err().to_string().starts_with("top_p: "));
    assert_eq!(body(&thinking(&[("top_p", "0.95")]), &asked(json!("auto")))["top_p"], 0.95);
}

#[test]
fn sampling_stays_wide_where_the_model_decides_how_long_to_think() {
    let hi = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    for model in ["claude-sonnet-4-6", "claude-opus-4-6"] {
        let thinking = |more: &[(&str, &str)]| {
            let base = [("provider", "anthropic"), ("model", model), ("api_key", "k")];
            options(&[&base[..], &[("reasoning_effort", "high")], more].concat())
        };
        let sent = prepare(&thinking(&[("use_case", "chat")]), &hi, false).unwrap();
        assert!(sent.adjusted.contains(&"temperature: left out: the model thinks".into()));
        let sent = body(&thinking(&[("use_case", "chat")]), &hi);
        assert_eq!(sent["thinking"]["type"], "adaptive");
        assert!(sent.get("temperature").is_none(), "{sent}");
        for (field, value) in [("temperature", "0.5"), ("top_k", "5"), ("top_p", "0.5")] {
            let refused = prepare(&thinking(&[(field, value)]), &hi, false).unwrap_err();
            assert!(refused.to_string().starts_with(&format!("{field}: ")), "{refused}");
        }
        assert_eq!(body(&thinking(&[("temperature", "1")]), &hi)["temperature"], 1.0);
        assert_eq!(body(&thinking(&[("top_p", "0.95")]), &hi)["top_p"], 0.95);
    }
}

#[test]
fn a_turn_that_began_without_a_thought_goes_on_without_a_budget_of_thinking() {
    let model = "claude-sonnet-4-5";
    let sent = |model: &str, wish: (&str, Value), messages: Value| {
        let mut asked = json!({"messages": messages});
        asked[wish.0] = wish.1;
        let prepared = prepare(&client("anthropic", model), &request(asked), false).unwrap();
        let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
        (sent["thinking"]["type"].clone(), prepared.adjusted)
    };
    let effort = || ("reasoning_effort", json!("medium"));
    let foreign = json!([user("Go"), called("c1"), result("c1")]);
    let prefilled = json!([user("Go"), {"role": "assistant", "content": "So"}]);
    for (wish, messages) in [
        (effort(), foreign.clone()),
        (("reasoning_budget", json!(2_000)), foreign.clone()),
        (("thinking", json!({"type": "enabled", "budget_tokens": 2_000})), foreign.clone()),
        (effort(), prefilled),
        (effort(), json!([user("Go"), called("c1"), result("c1"), called("c2"), result("c2")])),
    ] {
        let field = wish.0;
        let (kind, adjusted) = sent(model, wish, messages);
        let told = adjusted.iter().any(|note| note.starts_with(&format!("{field}: left out")));
        assert!(kind.is_null() && told, "{field}: {kind} {adjusted:?}");
    }
    let call = |id: &str| json!({"type": "tool_use", "id": id, "name": "f", "input": {}});
    let thought = json!({"type": "thinking", "thinking": "Hm", "signature": "c2ln"});
    let hidden = json!({"type": "redacted_thinking", "data": "ZGF0YQ=="});
    let thoughtful = |first: &Value| {
        json!([
            user("Go"),
            own(model, json!([first, call("c1")])),
            result("c1"),
            own(model, json!([call("c2")])),
            result("c2")
        ])
    };
    let after = json!([user("Go"), called("c1"), result("c1"),
        {"role": "assistant", "content": "1"}, user("And?")]);
    for messages in [thoughtful(&thought), thoughtful(&hidden), after] {
        let (kind, adjusted) = sent(model, effort(), messages);
        assert!(kind == "enabled" && adjusted.is_empty(), "{kind} {adjusted:?}");
    }
    assert_eq!(sent("claude-opus-4-6", effort(), foreign).0, "adaptive");
}

#[test]
fn thoughts_that_nothing_follows_are_no_end_of_a_message() {
    let model = "claude-sonnet-4-5";
    let thought = json!({"type": "thinking", "thinking": "Hm", "signature": "c2ln"});
    let hidden = json!({"type": "redacted_thinking", "data": "ZGF0YQ=="});
    let text = |text: &str| json!({"type": "text", "text": text});
    let sent = |blocks: Value| {
        let messages = json!([user("Hi"), own(model, blocks), user("Well?")]);
        let asked = request(json!({"messages": messages}));
        let prepared = prepare(&client("anthropic", model), &asked, false).unwrap();
        let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
        (sent["messages"].clone(), prepared.adjusted)
    };
    for alone in
        [json!([thought]), json!([thought, text("")]), json!([thought, hidden, text("\n")])]
    {
        let (messages, adjusted) = sent(alone);
        assert_eq!(messages, json!([{"role": "user", "content": [text("Hi"), text("Well?")]}]));
        assert!(adjusted.iter().any(|note| note.starts_with("messages: left out")));
    }
    let (messages, _) = sent(json!([thought, text("So"), hidden]));
    assert_eq!(messages[1]["content"], json!([thought, text("So")]));
    let (messages, adjusted) = sent(json!([thought, hidden, text("So")]));
    assert_eq!(messages[1]["content"], json!([thought, hidden, text("So")]));
    assert!(adjusted.is_empty(), "{adjusted:?}");
}

#[test]
fn a_thought_goes_back_signed_as_it_came_or_not_at_all() {
    let thought = |block: Value, signature: Option<Value>| {
        let mut events = vec![start(0, block)];
        events.push(delta(0, json!({"type": "thinking_delta", "thinking": "Hm"})));
        events.extend(signature.map(|signature| delta(0, signature)));
        events.push(stop(0));
        events.extend(end("end_turn"));
        blocks(&read(&events).unwrap().1)[0]["signature"].clone()
    };
    let signed = json!({"type": "signature_delta", "signature": "c2ln"});
    let bare = json!({"type": "thinking", "thinking": ""});
    let empty = json!({"type": "thinking", "thinking": "", "signature": ""});
    assert_eq!(thought(bare.clone(), None), Value::Null);
    assert_eq!(thought(empty, None), "");
    assert_eq!(thought(bare, Some(signed)), "c2ln");
}
