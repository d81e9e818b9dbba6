//! How an answer ends, what it took, and errors on the way.

use mynah::error::Status;
use mynah::llm::event::EventKind;
use mynah::llm::response::FinishReason;
use serde_json::{Value, json};

use super::*;

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
fn what_a_cache_took_may_be_told_by_its_parts_alone() {
    let mut begun = json!({"type": "message_start", "message": {"usage": {"input_tokens": 100,
        "cache_creation_input_tokens": null,
        "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20}}}});
    begun["message"]["id"] = "m".into();
    let (_, response) = read(&[&[begun], &end("end_turn")[..]].concat()).unwrap();
    let usage = response.usage.unwrap();
    assert_eq!((usage.input_tokens, usage.cache_write_tokens), (Some(130), Some(30)));
}

#[test]
fn a_message_that_begins_with_its_end_and_goes_on_is_cut_without_another() {
    let began = |content: Value, reason: &str| {
        json!({"type": "message_start", "message": {"id": "msg", "model": "m", "content": content,
            "stop_reason": reason, "usage": {"input_tokens": 3, "output_tokens": 1}}})
    };
    let call = json!({"type": "tool_use", "id": "t", "name": "f", "input": {"id": "c1"}});
    let empty = json!({"type": "tool_use", "id": "t", "name": "f", "input": {}});
    let text = json!({"type": "text", "text": ""});
    let half = delta(0, json!({"type": "input_json_delta", "partial_json": "{\"id\":\"c"}));
    let hel = delta(0, json!({"type": "text_delta", "text": "hel"}));
    let status = |events: &[Value]| read(events).unwrap_err().status();
    let early = |reason: &str| began(json!([]), reason);
    assert_eq!(status(&[early("end_turn"), start(0, text), hel]), Status::Truncated);
    let cut = [early("tool_use"), start(0, empty), half];
    assert_eq!(status(&cut), Status::Truncated);
    let stopped = [&cut[..], &[stop(0), json!({"type": "message_stop"})]].concat();
    assert!(read(&stopped).is_ok());
    // What stands in the beginning is whole, and so is what an end follows.
    for events in [
        vec![began(json!([call]), "tool_use")],
        vec![begin(), start(0, call), end("tool_use")[0].clone()],
    ] {
        let (_, response) = read(&events).unwrap();
        assert_eq!(response.first().tool_calls[0].arguments, r#"{"id":"c1"}"#);
        assert_eq!(blocks(&response)[0]["input"], json!({"id": "c1"}));
    }
}
