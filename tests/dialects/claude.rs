//! Anthropic's streams, blocks of every kind, in and out of order; and what it is
//! sent.

use mynah::error::Status;
use mynah::llm::event::EventKind;
use mynah::llm::response::FinishReason;
use serde_json::{Value, json};

use crate::*;

fn read(events: &[Value]) -> Result<(Vec<Event>, Response)> {
    let client = client("anthropic", "m");
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, context) = reader(&client, &asked);
    let named =
        |event: &Value| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap());
    stream(dialect, &context, &events.iter().map(named).collect::<String>())
}

fn start(index: u64, block: Value) -> Value {
    json!({"type": "content_block_start", "index": index, "content_block": block})
}

fn delta(index: u64, delta: Value) -> Value {
    json!({"type": "content_block_delta", "index": index, "delta": delta})
}

fn stop(index: u64) -> Value {
    json!({"type": "content_block_stop", "index": index})
}

fn end(reason: &str) -> [Value; 2] {
    [
        json!({"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": null},
            "usage": {"output_tokens": 9}}),
        json!({"type": "message_stop"}),
    ]
}

fn blocks(response: &Response) -> Value {
    response.first().message.value()["mynah"]["blocks"].clone()
}

#[test]
fn a_call_that_is_begun_twice_before_it_is_over_is_one() {
    let call = || start(1, json!({"type": "tool_use", "id": "c", "name": "f", "input": {}}));
    let piece = |text: &str| delta(1, json!({"type": "input_json_delta", "partial_json": text}));
    let mut events = vec![call(), piece("{\"a\":"), piece("1"), call(), piece("}"), stop(1)];
    events.extend(end("tool_use"));
    let (_, response) = read(&events).unwrap();
    let calls = &response.first().tool_calls;
    assert_eq!((calls.len(), calls[0].arguments.as_str()), (1, "{\"a\":1}"));
    assert_eq!(blocks(&response).as_array().unwrap().len(), 1);
}

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
fn blocks_of_every_kind_are_put_together_and_go_back_as_they_came() {
    let mut events = vec![
        json!({"type": "message_start", "message": {"id": "msg", "model": "m", "content": [],
            "usage": {"input_tokens": 3, "cache_read_input_tokens": 4,
                "cache_creation_input_tokens": 5, "output_tokens": 1}}}),
        json!({"type": "ping"}),
        start(0, json!({"type": "thinking", "thinking": "", "signature": ""})),
        delta(0, json!({"type": "thinking_delta", "thinking": "Hm"})),
        delta(0, json!({"type": "thinking_delta", "thinking": "m"})),
        delta(0, json!({"type": "signature_delta", "signature": "c2ln"})),
        stop(0),
        start(1, json!({"type": "redacted_thinking", "data": "ZGF0YQ=="})),
        stop(1),
        start(2, json!({"type": "text", "text": ""})),
        json!({"type": "ping"}),
        delta(2, json!({"type": "text_delta", "text": "Hi"})),
        delta(2, json!({"type": "citations_delta", "citation": {"url": "u"}})),
        stop(2),
        start(3, json!({"type": "tool_use", "id": "t1", "name": "f", "input": {}})),
        delta(3, json!({"type": "input_json_delta", "partial_json": ""})),
        delta(3, json!({"type": "input_json_delta", "partial_json": "{\"a\":"})),
        delta(3, json!({"type": "input_json_delta", "partial_json": "1}"})),
        stop(3),
        start(4, json!({"type": "tool_use", "id": "t2", "name": "g", "input": {}})),
        delta(4, json!({"type": "input_json_delta", "partial_json": ""})),
        stop(4),
        start(5, json!({"type": "compaction", "content": null})),
        delta(5, json!({"type": "compaction_delta", "content": "short"})),
        stop(5),
    ];
    events.extend(end("tool_use"));
    let (told, response) = read(&events).unwrap();
    let first = response.first();
    assert_eq!((response.text(), first.reasoning.as_deref()), ("Hi", Some("Hmm")));
    let calls: Vec<_> =
        first.tool_calls.iter().map(|c| (&*c.id, &*c.name, &*c.arguments)).collect();
    assert_eq!(calls, [("t1", "f", "{\"a\":1}"), ("t2", "g", "{}")]);
    assert_eq!(first.finish_reason, Some(FinishReason::ToolCalls));
    let usage = response.usage.as_ref().unwrap();
    assert_eq!((usage.input_tokens, usage.output_tokens), (Some(12), Some(9)), "cumulative");
    assert_eq!((usage.cached_input_tokens, usage.cache_write_tokens), (Some(4), Some(5)));
    assert_eq!(usage.reasoning_tokens, None, "what is not said is not 0");
    let wanted = json!([
        {"type": "thinking", "thinking": "Hmm", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "ZGF0YQ=="},
        {"type": "text", "text": "Hi", "citations": [{"url": "u"}]},
        {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}},
        {"type": "tool_use", "id": "t2", "name": "g", "input": {}},
        {"type": "compaction", "content": "short"},
    ]);
    assert_eq!(blocks(&response), wanted);
    let ends = told.iter().filter(|e| matches!(e.kind, EventKind::ToolCallEnd { .. }));
    assert_eq!(ends.count(), 2);
}

#[test]
fn a_text_without_its_beginning_is_still_a_text() {
    let piece = |text: &str| delta(1, json!({"type": "text_delta", "text": text}));
    let mut events = vec![piece("a"), piece("b"), piece("c")];
    events.extend(end("end_turn"));
    let (_, response) = read(&events).unwrap();
    assert_eq!(response.text(), "abc");
    assert_eq!(blocks(&response), json!([{"type": "text", "text": "abc"}]));
}

#[test]
fn what_belongs_to_no_block_is_told_each_time() {
    let piece = delta(7, json!({"type": "input_json_delta", "partial_json": "{"}));
    let mut events = vec![piece.clone(), piece.clone(), piece];
    events.extend(end("end_turn"));
    let (told, response) = read(&events).unwrap();
    assert_eq!(told.iter().filter(|e| matches!(e.kind, EventKind::Other(_))).count(), 3);
    assert!(response.first().tool_calls.is_empty());
}

#[test]
fn a_call_whose_input_stands_in_its_beginning_has_it() {
    let begun = start(0, json!({"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}}));
    for closed in [vec![stop(0)], vec![]] {
        let mut events = vec![begun.clone()];
        events.extend(closed);
        events.extend(end("tool_use"));
        let (told, response) = read(&events).unwrap();
        assert_eq!(response.first().tool_calls[0].arguments, "{\"a\":1}");
        let said: String = told
            .iter()
            .filter_map(|event| match &event.kind {
                EventKind::ToolCall { arguments, .. } => Some(&**arguments),
                _ => None,
            })
            .collect();
        assert_eq!(said, "{\"a\":1}");
    }
}

#[test]
fn every_stop_reason_has_its_meaning() {
    use FinishReason::*;
    let meant = [
        ("end_turn", Stop),
        ("stop_sequence", Stop),
        ("max_tokens", Length),
        ("model_context_window_exceeded", Length),
        ("pause_turn", Pause),
        ("compaction", Pause),
        ("refusal", Refusal),
        ("of_the_future", Other),
    ];
    for (word, reason) in meant {
        let mut events = vec![start(0, json!({"type": "text", "text": "x"})), stop(0)];
        events.extend(end(word));
        let (_, response) = read(&events).unwrap();
        assert_eq!(response.first().finish_reason, Some(reason), "{word}");
        assert_eq!(response.first().provider_finish_reason.as_deref(), Some(word));
    }
}

#[test]
fn a_refusal_that_is_explained_is_told_on_the_way() {
    let refused = json!({"type": "message_delta", "usage": {"output_tokens": 5},
        "delta": {"stop_reason": "refusal", "stop_details": {"type": "refusal",
            "category": "cyber", "explanation": "It is about attacks."}}});
    let (told, response) = read(&[refused, json!({"type": "message_stop"})]).unwrap();
    let words: Vec<&str> = told
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Refusal(words) => Some(words.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(words, ["It is about attacks."]);
    assert_eq!(response.first().refusal.as_deref(), Some(words[0]));
}

#[test]
fn an_error_event_is_that_error() {
    let error = |kind: &str| json!({"type": "error", "error": {"type": kind, "message": "m"}});
    let text = delta(0, json!({"type": "text_delta", "text": "x"}));
    for (kind, status) in [
        ("overloaded_error", Status::Overloaded),
        ("api_error", Status::Server),
        ("rate_limit_error", Status::RateLimited),
        ("invalid_request_error", Status::BadRequest),
        ("authentication_error", Status::Authentication),
        ("billing_error", Status::QuotaExhausted),
        ("permission_error", Status::Permission),
        ("not_found_error", Status::ModelNotFound),
        ("request_too_large", Status::BadRequest),
        ("timeout_error", Status::Server),
        ("of_the_future", Status::Server),
    ] {
        for before in [vec![], vec![text.clone()]] {
            let events: Vec<Value> = before.into_iter().chain([error(kind)]).collect();
            assert_eq!(read(&events).unwrap_err().status(), status, "{kind}");
        }
    }
}

#[test]
fn a_block_that_is_none_harms_nobody() {
    for odd in [json!(0), json!("text"), json!([]), json!(null), json!({"type": 7})] {
        let start_of = |index| {
            json!({"type": "content_block_start", "index": index,
            "content_block": odd})
        };
        let mut events = vec![
            json!({"type": "message_start", "message": {"id": "msg", "content": [odd]}}),
            start_of(1),
            delta(1, json!({"type": "input_json_delta", "partial_json": "{}"})),
            delta(1, json!({"type": "citations_delta", "citation": {"a": 1}})),
            start(2, json!({"type": "text", "text": "x"})),
        ];
        events.extend(end("end_turn"));
        let (_, response) = read(&events).unwrap();
        assert_eq!(response.text(), "x", "{odd}");
        assert_eq!(blocks(&response), json!([{"type": "text", "text": "x"}]), "{odd}");
    }
}

#[test]
fn a_message_that_begins_whole_needs_no_more_than_its_end() {
    let message = json!({"id": "msg", "model": "m", "stop_reason": "tool_use",
        "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}}],
        "usage": {"input_tokens": 3, "output_tokens": 4}});
    let events =
        [json!({"type": "message_start", "message": message}), json!({"type": "message_stop"})];
    let (_, response) = read(&events).unwrap();
    let choice = response.first();
    assert_eq!(choice.finish_reason, Some(FinishReason::ToolCalls));
    assert_eq!(choice.provider_finish_reason.as_deref(), Some("tool_use"));
    assert_eq!(choice.tool_calls[0].arguments, r#"{"a":1}"#);
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
fn a_conversation_may_not_end_with_the_assistants_turn_whatever_follows_without_a_word() {
    let client = client("anthropic", "claude-opus-4-7");
    let user = |text: &str| json!({"role": "user", "content": text});
    let said = json!({"role": "assistant", "content": "So"});
    for after in [json!({"role": "system", "content": "Be brief."}), user("")] {
        let asked = request(json!({"messages": [user("Hi"), said.clone(), after]}));
        let refused = prepare(&client, &asked, false).unwrap_err();
        assert!(refused.to_string().contains("does not go on from"), "{refused}");
    }
    let asked = request(json!({"messages": [user("Hi"), said, user("And?")]}));
    assert_eq!(body(&client, &asked)["messages"].as_array().unwrap().len(), 3);
}

/// What a request with this message is sent as, and what was adjusted of it.
fn dropped(message: Value) -> (Value, Vec<String>) {
    let set = [("provider", "anthropic"), ("model", "claude-sonnet-4-5"), ("api_key", "k")];
    let client = options(&[&set[..], &[("unsupported", "drop")]].concat());
    let asked = request(json!({"messages": [message, {"role": "user", "content": "Hi"}]}));
    let prepared = prepare(&client, &asked, false).unwrap();
    (serde_json::from_slice(&prepared.http.body).unwrap(), prepared.adjusted)
}

fn image(url: &str) -> Value {
    json!({"type": "image_url", "image_url": {"url": url}})
}

/// The refusal of a request with this message, in words.
fn refusal(message: &Value) -> String {
    let asked = request(json!({"messages": [message, {"role": "user", "content": "Hi"}]}));
    let refused = prepare(&client("anthropic", "claude-sonnet-4-5"), &asked, false).unwrap_err();
    assert_eq!(refused.status(), Status::BadRequest, "{message}");
    refused.to_string()
}

#[test]
fn the_system_says_nothing_but_texts() {
    let brief = json!({"type": "text", "text": "Be brief."});
    let seen = json!({"role": "system", "content": [brief, image("https://example.test/a.png")]});
    let words = refusal(&seen);
    assert!(words.starts_with("messages: ") && words.contains("from the system"), "{words}");
    let (sent, adjusted) = dropped(seen);
    assert_eq!(sent["system"], "Be brief.");
    assert!(adjusted.iter().any(|note| note.starts_with("messages: left out")), "{adjusted:?}");
}

#[test]
fn what_the_system_says_later_stays_there_for_models_whose_thoughts_are_bound_to_the_field() {
    let said = |role: &str, text: &str| json!({"role": role, "content": text});
    let call = json!({"role": "assistant", "content": null, "tool_calls": [{"id": "c",
        "type": "function", "function": {"name": "f", "arguments": "{}"}}]});
    let asked = request(json!({"messages": [
        said("system", "Be brief."), said("user", "Hi"), said("assistant", "Yes?"),
        said("system", "It is late."), said("system", "Hurry."), said("user", "Go on"),
        call, {"role": "tool", "tool_call_id": "c", "content": "1"},
        said("system", "One call is left."), said("system", "")]}));
    let roles = |sent: &Value| -> Vec<String> {
        let turns = sent["messages"].as_array().unwrap().iter();
        turns.map(|turn| turn["role"].as_str().unwrap().into()).collect()
    };
    for model in [
        "claude-opus-5-5",
        "claude-sonnet-5-5",
        "claude-haiku-5-5",
        "claude-fable-5-1",
        "claude-fable-5-2",
        "claude-mythos-5-1",
        "claude-mythos-5-2",
    ] {
        let prepared = prepare(&client("anthropic", model), &asked, false).unwrap();
        let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
        assert_eq!(sent["system"], "Be brief.", "{model}");
        let turns = ["user", "assistant", "user", "system", "assistant", "user", "system"];
        assert_eq!(roles(&sent), turns, "{model}");
        let texts = |at: usize| {
            let blocks = sent["messages"][at]["content"].as_array().unwrap().iter();
            blocks.map(|block| block["text"].as_str().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(texts(3), ["It is late.", "Hurry."]);
        assert_eq!(texts(6), ["One call is left."]);
        let moved = "messages: the system's moved after the user's next";
        assert_eq!(prepared.adjusted, [moved], "{model}");
    }
    for model in ["claude-opus-5", "claude-fable-5", "claude-mythos-5"] {
        let sent = body(&client("anthropic", model), &asked);
        let all = "Be brief.\n\nIt is late.\n\nHurry.\n\nOne call is left.";
        assert_eq!(sent["system"], all, "{model}");
        assert_eq!(roles(&sent), ["user", "assistant", "user", "assistant", "user"]);
    }
}

#[test]
fn the_system_adds_and_removes_tools_in_a_turn_of_its_own() {
    let added = json!({"type": "tool_addition", "tool": {"type": "tool_definition",
        "definition": {"name": "f", "input_schema": {"type": "object"}}}});
    let removed = json!({"type": "tool_removal", "tool": {"type": "tool_reference", "name": "g"}});
    let system = json!({"role": "system", "content": [added, removed]});
    let user = json!({"role": "user", "content": "Hi"});
    let later = request(json!({"messages": [user, system]}));
    let sent = body(&client("anthropic", "claude-opus-5-5"), &later);
    assert_eq!(sent["messages"][1], json!({"role": "system", "content": [added, removed]}));
    let first = request(json!({"messages": [system, user]}));
    for (model, asked) in [("claude-opus-5-5", &first), ("claude-sonnet-4-5", &later)] {
        let refused = prepare(&client("anthropic", model), asked, false).unwrap_err();
        assert_eq!(refused.status(), Status::BadRequest, "{model}");
    }
}

#[test]
fn images_are_of_the_kinds_that_are_taken_under_their_proper_names() {
    let seen = |kind: &str| {
        json!({"role": "user", "content": [{"type": "text", "text": "Look"},
            image(&format!("data:{kind},/9j/"))]})
    };
    for (given, sent) in [("jpg", "jpeg"), ("PNG", "png"), ("gif", "gif"), ("webp", "webp")] {
        let (body, adjusted) = dropped(seen(&format!("image/{given};base64")));
        let media = &body["messages"][0]["content"][1]["source"]["media_type"];
        assert!(*media == format!("image/{sent}") && adjusted.is_empty(), "{body} {adjusted:?}");
    }
    for other in ["image/bmp;base64", "image/svg+xml;base64", ";base64", "image/svg+xml;utf8"] {
        let words = refusal(&seen(other));
        assert!(words.contains("jpeg, png, gif and webp"), "{words}");
        let (body, adjusted) = dropped(seen(other));
        assert!(!body.to_string().contains("image") && adjusted.len() == 1, "{body} {adjusted:?}");
    }
}

fn user(text: &str) -> Value {
    json!({"role": "user", "content": text})
}

/// What the model said itself.
fn own(model: &str, blocks: Value) -> Value {
    let calls: Vec<_> =
        blocks.as_array().unwrap().iter().filter(|b| b["type"] == "tool_use").collect();
    let call = |block: &&Value| {
        json!({"id": block["id"], "type": "function",
            "function": {"name": "f", "arguments": "{}"}})
    };
    let mut message = json!({"role": "assistant", "content": null,
        "mynah": {"provider": "anthropic", "model": model, "blocks": blocks}});
    if !calls.is_empty() {
        message["tool_calls"] = calls.iter().map(call).collect();
    }
    message
}

/// A call of another provider's, and the result of a call.
fn called(id: &str) -> Value {
    let call = json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
    json!({"role": "assistant", "content": null, "tool_calls": [call]})
}

fn result(id: &str) -> Value {
    json!({"role": "tool", "tool_call_id": id, "content": "1"})
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
fn who_asks_is_said_once_and_what_is_no_id_is_refused() {
    let claude = client("anthropic", "claude-sonnet-5-5");
    let asked = |more: Value| {
        let mut json = json!({"messages": [user("Hi")]});
        json.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        prepare(&claude, &request(json), false)
    };
    for (more, id, notes) in [
        (json!({"metadata": {"user_id": 5}}), "5", &[][..]),
        (json!({"metadata": {"user_id": "a"}, "user": "a"}), "a", &[]),
        (
            json!({"metadata": {"user_id": "a"}, "user": "b"}),
            "a",
            &["user: left out: metadata has a user_id"],
        ),
        (json!({"safety_identifier": "c"}), "c", &[]),
        (
            json!({"user": "b", "safety_identifier": "c"}),
            "b",
            &["safety_identifier: left out: user says who asks"],
        ),
        (
            json!({"metadata": {"user_id": "a"}, "safety_identifier": "c"}),
            "a",
            &["safety_identifier: left out: metadata has a user_id"],
        ),
    ] {
        let prepared = asked(more).unwrap();
        let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
        assert_eq!(
            (sent["metadata"]["user_id"].as_str(), &*prepared.adjusted),
            (Some(id), &*notes.iter().map(|note| String::from(*note)).collect::<Vec<_>>())
        );
    }
    let refused = asked(json!({"metadata": {"user_id": {"a": 1}}})).unwrap_err();
    assert!(refused.to_string().contains("only a text as user_id"), "{refused}");
}

#[test]
fn a_mark_on_the_models_own_message_goes_to_its_last_block() {
    let mark = json!({"type": "ephemeral"});
    let blocks = json!([{"type": "thinking", "thinking": "t", "signature": "s"},
        {"type": "text", "text": "a"}]);
    let mut on_message = own("claude-sonnet-4-5", blocks);
    let mut on_part = on_message.clone();
    on_message["cache_control"] = mark.clone();
    on_part["content"] = json!([{"type": "text", "text": "a", "cache_control": mark}]);
    for said in [on_message, on_part] {
        let asked = request(json!({"messages": [user("Hi"), said, user("And?")]}));
        let sent = body(&client("anthropic", "claude-sonnet-4-5"), &asked);
        let sent = &sent["messages"][1]["content"];
        assert_eq!((&sent[1]["cache_control"], &sent[0]["cache_control"]), (&mark, &Value::Null));
    }
}

#[test]
fn a_stop_text_has_more_in_it_than_white_space() {
    let client = client("anthropic", "claude-sonnet-4-5");
    for blank in ["\n", "", " \t"] {
        let mut asked = request(json!({"messages": [user("Hi")], "stop": [blank, "END\n"]}));
        let refused = prepare(&client, &asked, false).unwrap_err();
        assert_eq!(refused.status(), Status::BadRequest);
        assert!(refused.to_string().starts_with("stop: "), "{refused}");
        asked.set("unsupported", "drop").unwrap();
        let prepared = prepare(&client, &asked, false).unwrap();
        let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
        assert_eq!(sent["stop_sequences"], json!(["END\n"]));
        assert!(prepared.adjusted.iter().any(|note| note.starts_with("stop: left out")));
    }
}

#[test]
fn what_the_model_goes_on_from_ends_with_a_word() {
    let client = client("anthropic", "claude-sonnet-4-5");
    let text = |text: &str| json!({"type": "text", "text": text});
    let sent = |content: Value| {
        let said = json!({"role": "assistant", "content": content});
        let asked = request(json!({"messages": [user("Hi"), said]}));
        let prepared = prepare(&client, &asked, false).unwrap();
        let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
        (sent["messages"][1]["content"].clone(), prepared.adjusted.len())
    };
    assert_eq!(sent("Sure: \n".into()), (json!([text("Sure:")]), 1));
    assert_eq!(sent(json!([text("Sure: "), text(" ")])), (json!([text("Sure:")]), 1));
    assert_eq!(sent("Sure:".into()), (json!([text("Sure:")]), 0));
    let user_goes_on = json!([user("Hi"), {"role": "assistant", "content": "A "}, user("B ")]);
    let asked = request(json!({"messages": user_goes_on}));
    assert_eq!(body(&client, &asked)["messages"][1]["content"], json!([text("A ")]));
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

#[test]
fn a_message_that_begins_twice_keeps_the_usage_with_which_it_began() {
    let begin = |input: u64| {
        json!({"type": "message_start", "message": {"id": "msg", "model": "m",
            "content": [{"type": "text", "text": "Hi"}],
            "usage": {"input_tokens": input, "output_tokens": 1}}})
    };
    let mut events = vec![begin(10), begin(0), stop(0)];
    events.extend(end("end_turn"));
    let (_, response) = read(&events).unwrap();
    let usage = response.usage.as_ref().unwrap();
    assert_eq!((usage.input_tokens, usage.output_tokens), (Some(10), Some(9)));
    assert_eq!(response.text(), "Hi");
}

#[test]
fn an_input_of_nothing_at_the_end_is_none_where_the_start_has_one() {
    let usage_of = |start: Value, last: Value| {
        let begin = json!({"type": "message_start", "message": {"id": "msg", "model": "m",
            "content": [], "usage": start}});
        let delta = json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"},
            "usage": last});
        let (_, response) = read(&[begin, delta, json!({"type": "message_stop"})]).unwrap();
        let usage = response.usage.unwrap();
        (usage.input_tokens, usage.cached_input_tokens, usage.output_tokens)
    };
    let start = json!({"input_tokens": 10, "cache_read_input_tokens": 4, "output_tokens": 0});
    let none = json!({"input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 9});
    let last = json!({"input_tokens": 0, "cache_read_input_tokens": 14, "output_tokens": 9});
    assert_eq!(usage_of(start.clone(), none.clone()), (Some(14), Some(4), Some(9)));
    assert_eq!(usage_of(start.clone(), last), (Some(14), Some(14), Some(9)));
    assert_eq!(usage_of(none.clone(), start), (Some(14), Some(4), Some(0)));
    assert_eq!(usage_of(none.clone(), none), (Some(0), Some(0), Some(9)));
}

#[test]
fn figures_are_read_however_a_host_writes_them() {
    let begin = json!({"type": "message_start", "message": {"id": "msg", "content": [],
        "usage": {"input_tokens": 12.0, "cache_read_input_tokens": "3",
            "output_tokens_details": {"thinking_tokens": 2.0}}}});
    let [end, stop] = end("end_turn");
    let usage = read(&[begin, end, stop]).unwrap().1.usage.unwrap();
    let figures = [
        usage.input_tokens,
        usage.output_tokens,
        usage.cached_input_tokens,
        usage.reasoning_tokens,
    ];
    assert_eq!(figures, [Some(15), Some(9), Some(3), Some(2)]);
}

#[test]
fn new_apis_input_has_what_was_cached_in_it_where_openais_figures_say_so() {
    let end = |input: u64| {
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {
            "input_tokens": input, "cache_read_input_tokens": 1024, "output_tokens": 16,
            "billing_usage": {"source": "oai_chat", "semantic": "openai",
                "openai_usage": {"prompt_tokens": 1102, "completion_tokens": 16}}}})
    };
    for input in [1102, 78] {
        let (_, response) = read(&[begin(), end(input), json!({"type": "message_stop"})]).unwrap();
        let usage = response.usage.unwrap();
        assert_eq!((usage.input_tokens, usage.cached_input_tokens), (Some(1102), Some(1024)));
    }
}

#[test]
fn an_answer_that_cites_keeps_to_no_schema() {
    let cites = json!({"enabled": true});
    let document = json!({"type": "document", "citations": cites,
        "source": {"type": "text", "media_type": "text/plain", "data": "So."}});
    let found = json!({"type": "search_result", "source": "s", "title": "t", "citations": cites,
        "content": [{"type": "text", "text": "So."}]});
    let of_tool = json!({"role": "tool", "tool_call_id": "c", "content": [found]});
    let schema = json!({"type": "json_schema", "json_schema": {"name": "s",
        "schema": {"type": "object", "additionalProperties": false}}});
    for said in [
        json!([{"role": "user", "content": [document]}]),
        json!([user("Hi"), called("c"), of_tool]),
    ] {
        let asked = request(json!({"messages": said, "response_format": schema}));
        let error = prepare(&client("anthropic", "claude-sonnet-5-5"), &asked, false).unwrap_err();
        assert_eq!(error.status(), Status::BadRequest);
        assert!(error.to_string().contains("together with citations"), "{error}");
    }
    let asked = request(json!({"messages": [user("Hi")], "response_format": schema}));
    let sent = body(&client("anthropic", "claude-sonnet-5-5"), &asked);
    assert_eq!(sent["output_config"]["format"]["type"], "json_schema");
}

#[test]
fn what_only_this_vendor_has_is_handed_on() {
    let own = json!({"speed": "fast", "fallbacks": [{"model": "claude-sonnet-5-5"}],
        "inference_geo": "us"});
    let mut json = json!({"messages": [{"role": "user", "content": "Hi"}]});
    json.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    let sent = body(&client("anthropic", "claude-opus-5-5"), &request(json));
    for (key, value) in own.as_object().unwrap() {
        assert_eq!(&sent[key], value, "{key}");
    }
}

fn begin() -> Value {
    json!({"type": "message_start", "message": {"id": "msg", "model": "m", "content": [],
        "stop_details": {"type": "refusal"}, "usage": {"input_tokens": 3, "output_tokens": 1}}})
}

#[test]
fn the_model_that_an_answer_fell_back_to_is_its_model_and_what_two_cost_is_unknown() {
    let hop = |to: &str| json!({"type": "fallback", "from": {"model": "m"}, "to": {"model": to}});
    let hops = [start(0, hop("n")), stop(0), start(1, hop("o")), stop(1)];
    let events: Vec<_> = [vec![begin()], hops.to_vec(), end("end_turn").to_vec()].concat();
    let (_, response) = read(&events).unwrap();
    assert_eq!((response.model.as_deref(), response.has_unpriced), (Some("o"), true));
}

#[test]
fn what_a_model_that_declined_thought_and_called_is_neither_told_nor_sent_again() {
    let hop = json!({"type": "fallback", "from": {"model": "m"}, "to": {"model": "n"}});
    let tool = |kind: &str, id: &str| json!({"type": kind, "id": id, "name": "f", "input": {}});
    let text = |text: &str| json!({"type": "text", "text": text});
    let found =
        |id: &str| json!({"type": "web_search_tool_result", "tool_use_id": id, "content": []});
    let given = [
        json!({"type": "thinking", "thinking": "Hm", "signature": "c2ln"}),
        text("First, "),
        tool("server_tool_use", "s1"),
        found("s1"),
        tool("server_tool_use", "s2"),
        tool("tool_use", "t1"),
        hop.clone(),
        json!({"type": "thinking", "thinking": "So", "signature": "c2ln"}),
        text("then."),
        tool("tool_use", "t2"),
    ];
    let mut events = vec![begin()];
    for (index, block) in given.iter().enumerate() {
        events.extend([start(index as u64, block.clone()), stop(index as u64)]);
    }
    for (reason, calls, end) in [("end_turn", 0, end("end_turn")), ("tool_use", 1, end("tool_use"))]
    {
        let last = events.len() - 2 * (1 - calls);
        let (_, response) = read(&[&events[..last], &end].concat()).unwrap();
        let answer = response.first();
        assert_eq!((answer.text.as_str(), answer.tool_calls.len()), ("First, then.", calls));
        assert!(answer.tool_calls.iter().all(|call| call.id == "t2"));
        let finish = if calls == 0 { FinishReason::Stop } else { FinishReason::ToolCalls };
        assert_eq!(answer.finish_reason, Some(finish), "{reason}");
        let mut said = vec![user("Hi"), answer.message.value().into_owned()];
        said.push(if calls == 0 { user("Go on") } else { result("t2") });
        let sent = body(&client("anthropic", "m"), &request(json!({"messages": said})));
        let stays = [&given[1..4], &given[6..9 + calls]].concat();
        assert_eq!(sent["messages"][1]["content"], json!(stays), "{reason}");
    }
}

#[test]
fn details_of_an_end_that_are_taken_back_are_not_told() {
    let mut end = end("end_turn");
    let kept = read(&[vec![begin()], end.to_vec()].concat()).unwrap().1;
    assert_eq!(kept.first().finish_detail.as_deref(), Some(r#"{"type":"refusal"}"#));
    end[0]["delta"]["stop_details"] = Value::Null;
    let taken = read(&[vec![begin()], end.to_vec()].concat()).unwrap().1;
    assert_eq!(taken.first().finish_detail, None);
}

#[test]
fn what_is_sealed_is_replaced_where_texts_grow() {
    let piece = |text: &str, sealed: &str| {
        delta(0, json!({"type": "compaction_delta", "content": text, "encrypted_content": sealed}))
    };
    let block = json!({"type": "compaction", "content": "", "encrypted_content": ""});
    let grown = vec![begin(), start(0, block), piece("a ", "one"), piece("b", "two"), stop(0)];
    let (_, response) = read(&[grown, end("end_turn").to_vec()].concat()).unwrap();
    let whole = json!({"type": "compaction", "content": "a b", "encrypted_content": "two"});
    assert_eq!(blocks(&response), json!([whole]));
}

#[test]
fn a_ping_may_say_so_by_its_name_alone() {
    let client = client("anthropic", "m");
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, context) = reader(&client, &asked);
    let named = [vec![begin()], end("end_turn").to_vec()].concat();
    let named: String = named.iter().map(|event| format!("data: {event}\n\n")).collect();
    let (events, _) =
        stream(dialect, &context, &format!("event: ping\ndata: {{}}\n\n{named}")).unwrap();
    assert!(!events.iter().any(|event| matches!(event.kind, EventKind::Other(_))), "{events:?}");
}

#[test]
fn the_container_in_which_code_waits_for_a_result_is_named_with_it() {
    let tool = |caller: &str| {
        json!({"type": "tool_use", "id": "t", "name": "f", "input": {},
            "caller": {"type": caller, "tool_id": "s"}})
    };
    let container = json!({"id": "box_1", "expires_at": "2026-12-01T00:00:00Z"});
    let client = client("anthropic", "claude-opus-5-5");
    let next = |response: &Response, more: Value| {
        let said = response.first().message.value().into_owned();
        let mut json = json!({"messages": [{"role": "user", "content": "Hi"}, said,
            {"role": "tool", "tool_call_id": "t", "content": "r"}]});
        json.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        prepare(&client, &request(json), false).unwrap()
    };
    for (caller, named) in [("code_execution_20260120", json!("box_1")), ("direct", Value::Null)] {
        let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
        let (dialect, context) = reader(&client, &asked);
        let mut end = end("tool_use");
        end[0]["delta"]["container"] = container.clone();
        let events = [vec![begin(), start(0, tool(caller)), stop(0)], end.to_vec()].concat();
        let (_, streamed) = stream(dialect, &context, &sse(&events)).unwrap();
        let whole = json!({"id": "m", "model": "claude-opus-5-5", "content": [tool(caller)],
            "stop_reason": "tool_use", "container": container});
        let whole = dialect.reply(&context, &head(200, &[]), whole.to_string().as_bytes());
        for response in [streamed, whole.unwrap()] {
            let prepared = next(&response, json!({}));
            let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
            assert_eq!((&sent["container"], prepared.adjusted.len()), (&named, 0), "{caller}");
            let own: Value =
                serde_json::from_slice(&next(&response, json!({"container": "own"})).http.body)
                    .unwrap();
            assert_eq!(own["container"], "own");
        }
    }
}

#[test]
fn a_call_of_a_toolset_says_whose_it_is_and_its_result_does_too() {
    let calls = ["browser", "computer"].map(|set| {
        json!({"type": "tool_use", "id": set, "name": "screenshot", "toolset_name": set,
            "input": {}})
    });
    let mut events: Vec<_> = (0..).zip(calls.clone()).map(|(n, call)| start(n, call)).collect();
    events.extend(end("tool_use"));
    let (_, response) = read(&events).unwrap();
    let message = response.first().message.value();
    let sets: Vec<_> = message["tool_calls"].as_array().unwrap().iter().collect();
    assert_eq!([&sets[0]["toolset_name"], &sets[1]["toolset_name"]], ["browser", "computer"]);
    let state = json!({"type": "browser_state", "tabs": []});
    let result =
        |id: &str, content: Value| json!({"role": "tool", "tool_call_id": id, "content": content});
    let next = request(json!({"messages": [{"role": "user", "content": "Hi"}, message,
        result("browser", json!([state])), result("computer", "ok".into())]}));
    let prepared = prepare(&client("anthropic", "m"), &next, false).unwrap();
    let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
    assert_eq!(sent["messages"][1]["content"], json!(calls));
    let results = json!([
        {"type": "tool_result", "tool_use_id": "browser", "toolset_name": "browser",
            "content": [state]},
        {"type": "tool_result", "tool_use_id": "computer", "toolset_name": "computer",
            "content": "ok"}]);
    assert_eq!((&sent["messages"][2]["content"], &prepared.adjusted), (&results, &vec![]));
}

#[test]
fn what_became_of_the_request_stays_with_the_answer() {
    let details = json!({"type": "refusal", "explanation": "No.", "category": "cyber",
        "fallback_credit_token": "T"});
    let (edits, missed) = (json!({"applied_edits": []}), json!({"cache_miss_reason": "x"}));
    let mut events = vec![json!({"type": "message_start", "message":
        {"id": "m", "model": "m", "diagnostics": missed}})];
    let mut end = end("refusal");
    end[0]["delta"]["stop_details"] = details.clone();
    end[0]["context_management"] = edits.clone();
    events.extend(end);
    let (_, response) = read(&events).unwrap();
    let message = response.first().message.value();
    let kept = ["stop_details", "context_management", "diagnostics"].map(|name| &message[name]);
    assert_eq!(kept, [&details, &edits, &missed]);
    assert_eq!(response.first().finish_detail.as_deref(), Some("No."));
    let next = request(json!({"messages": [{"role": "user", "content": "Hi"}, message,
        {"role": "user", "content": "So?"}]}));
    let prepared = prepare(&client("anthropic", "m"), &next, false).unwrap();
    assert!(!String::from_utf8_lossy(&prepared.http.body).contains("cyber"));
}

#[test]
fn the_vendors_own_fields_are_handed_on() {
    let fields = json!({"billing_policy": {"type": "billing_policy"}, "compaction":
        {"type": "summarize"}, "thread": {"type": "create"}});
    let mut asked = json!({"messages": [{"role": "user", "content": "Hi"}]});
    asked.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let sent = body(&client("anthropic", "claude-opus-5-5"), &request(asked));
    fields.as_object().unwrap().iter().for_each(|(name, value)| assert_eq!(sent[name], *value));
}

#[test]
fn more_blocks_or_a_larger_usage_than_any_model_gives_are_refused() {
    let begin = json!({"type": "message_start", "message": {"id": "msg", "model": "m"}});
    let blocks = |many: u64| (0..many).map(|n| start(n, json!({"type": "text", "text": "a"})));
    let usage = |len: usize| json!({"type": "message_delta", "delta": {}, "usage": {"more": "a".repeat(len)}});
    let all = |more: Vec<Value>| [vec![begin.clone()], more, end("end_turn").to_vec()].concat();
    for (more, fits) in [
        (blocks(500).collect(), true),
        (blocks(5_000).collect(), false),
        (vec![usage(10_000)], true),
        (vec![usage(70_000)], false),
    ] {
        let status = read(&all(more)).map(drop).map_err(|error| error.status());
        assert_eq!(status, if fits { Ok(()) } else { Err(Status::Protocol) });
    }
}

#[test]
fn an_input_that_is_a_text_and_a_content_that_is_one_are_read() {
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, context) = reader(&client("anthropic", "claude-sonnet-5-5"), &asked);
    let plain = |content: Value| {
        let answer = json!({"id": "m", "type": "message", "role": "assistant", "content": content,
            "stop_reason": "end_turn"});
        dialect.reply(&context, &head(200, &[]), answer.to_string().as_bytes()).unwrap()
    };
    let call = json!({"type": "tool_use", "id": "a", "name": "f", "input": "{\"x\":1}"});
    let events = [
        json!({"type": "message_start", "message": {"id": "m", "content": []}}),
        json!({"type": "content_block_start", "index": 0, "content_block": call}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}}),
        json!({"type": "message_stop"}),
    ];
    let (_, streamed) = stream(dialect, &context, &sse(&events)).unwrap();
    for response in [streamed, plain(json!([call]))] {
        assert_eq!(&*response.first().tool_calls[0].arguments, r#"{"x":1}"#);
        let message = response.first().message.value().into_owned();
        assert_eq!(message["mynah"]["blocks"][0]["input"], json!({"x": 1}));
    }
    let response = plain("Hi".into());
    assert_eq!(response.text(), "Hi");
    let message = response.first().message.value().into_owned();
    assert_eq!(message["mynah"]["blocks"], json!([{"type": "text", "text": "Hi"}]));
}

#[test]
fn a_piece_after_the_end_of_a_call_is_none_of_it() {
    let piece = |text: &str| delta(0, json!({"type": "input_json_delta", "partial_json": text}));
    let tool = json!({"type": "tool_use", "id": "c", "name": "f", "input": {}});
    let events = [start(0, tool), piece("{\"a\":1}"), stop(0), piece("}")];
    let (events, response) = read(&[&events[..], &end("tool_use")].concat()).unwrap();
    assert_eq!(response.first().tool_calls[0].arguments, "{\"a\":1}");
    let last = events.iter().rposition(|event| matches!(event.kind, EventKind::ToolCall { .. }));
    let over = events.iter().position(|event| matches!(event.kind, EventKind::ToolCallEnd { .. }));
    assert!(last < over, "{events:?}");
}

#[test]
fn what_a_cache_took_may_be_told_by_its_parts_alone() {
    let mut begun = json!({"type": "message_start", "message": {"usage": {"input_tokens": 100,
        "cache_creation_input_tokens": null,
        "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20}}}});
    begun["message"]["id"] = "m".into();
    let (_, response) = read(&[&[begun], &end("end_turn")[..]].concat()).unwrap();
    let usage = response.usage.unwrap();
    assert_eq!((usage.input_tokens, usage.cache_write_tokens), (Some(130), Some(30)));
}
