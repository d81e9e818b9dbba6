//! What an answer is put together of: blocks of every kind, in and out of order.

use mynah::llm::event::EventKind;
use mynah::llm::response::FinishReason;
use serde_json::{Value, json};

use super::*;

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
