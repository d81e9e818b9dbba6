//! Answers of each vendor that differ from its documentation, or are rare.

use std::sync::Arc;

use mynah::error::{Error, Status};
use mynah::llm::event::EventKind;
use mynah::llm::order::Order;
use mynah::llm::response::FinishReason;
use serde_json::{Value, json};

use crate::*;

fn context_of(provider: &str) -> (&'static dyn Provider, Context) {
    let client = match provider {
        "responses" => options(&[("model", "m"), ("openai_api", "responses"), ("api_key", "k")]),
        provider => client(provider, "m"),
    };
    reader(&client, &request(json!({"messages": [{"role": "user", "content": "Hi"}]})))
}

fn read(provider: &str, events: &[Value]) -> Result<(Vec<Event>, Response)> {
    let (dialect, context) = context_of(provider);
    let text: String = match provider {
        "ollama" => events.iter().map(|event| format!("{event}\n")).collect(),
        _ => sse(events),
    };
    stream(dialect, &context, &text)
}

fn plain(provider: &str, answer: &Value) -> Response {
    let (dialect, context) = context_of(provider);
    dialect.reply(&context, &head(200, &[]), answer.to_string().as_bytes()).unwrap()
}

fn calls(response: &Response) -> Vec<(&str, &str)> {
    let calls = &response.first().tool_calls;
    calls.iter().map(|call| (&*call.name, &*call.arguments)).collect()
}

fn chunk(delta: Value, reason: Value) -> Value {
    json!({"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})
}

#[test]
fn calls_of_a_plain_answer_are_never_taken_for_one() {
    let call = |id: &str, arguments: Value| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": arguments}});
    for id in ["", "f"] {
        for arguments in [json!("{\"a\":1}"), json!("not json"), json!({"a": 1}), json!("")] {
            let answer = json!({"choices": [{"finish_reason": "tool_calls", "message":
                {"content": null, "tool_calls": [call(id, arguments.clone()), call(id, arguments.clone())]}}]});
            let response = plain("custom", &answer);
            assert_eq!(response.first().tool_calls.len(), 2, "{id} {arguments}");
        }
    }
}

#[test]
fn calls_of_a_stream_with_one_id_are_told_apart_by_index() {
    let call = |index: Value, arguments: &str| {
        chunk(
            json!({"tool_calls": [{"index": index, "id": "f", "type": "function",
            "function": {"name": "f", "arguments": arguments}}]}),
            Value::Null,
        )
    };
    let more =
        chunk(json!({"tool_calls": [{"index": 1, "function": {"arguments": "2}"}}]}), Value::Null);
    let events = [
        call(json!(0), "{\"a\":1}"),
        call(json!(1), "{\"a\":"),
        more,
        chunk(json!({}), "tool_calls".into()),
    ];
    let (_, response) = read("custom", &events).unwrap();
    assert_eq!(calls(&response), [("f", "{\"a\":1}"), ("f", "{\"a\":2}")]);
    let (_, response) = read(
        "custom",
        &[call(json!(0), "{\"a\":"), call(json!(0), "1}"), chunk(json!({}), "stop".into())],
    )
    .unwrap();
    assert_eq!(calls(&response), [("f", "{\"a\":1}")]);
}

#[test]
fn calls_of_a_stream_with_one_id_and_index_are_told_apart_by_name() {
    let piece = |name: &str, arguments: &str| {
        let call = json!({"index": 0, "id": "a", "type": "function",
            "function": {"name": name, "arguments": arguments}});
        chunk(json!({"tool_calls": [call]}), Value::Null)
    };
    let events = [
        piece("f", "{\"x\""),
        piece("f", ":1}"),
        piece("g", "{}"),
        chunk(json!({}), "tool_calls".into()),
    ];
    let (_, response) = read("custom", &events).unwrap();
    assert_eq!(calls(&response), [("f", "{\"x\":1}"), ("g", "{}")]);
}

#[test]
fn calls_of_one_piece_without_index_are_told_apart_by_place() {
    let both = |a: Value, b: Value| {
        chunk(json!({"tool_calls": [{"function": a}, {"function": b}]}), Value::Null)
    };
    let events = [
        both(
            json!({"name": "f", "arguments": "{\"a\""}),
            json!({"name": "f", "arguments": "{\"b\""}),
        ),
        both(json!({"arguments": ":1}"}), json!({"arguments": ":2}"})),
        chunk(json!({}), "tool_calls".into()),
    ];
    let (_, response) = read("custom", &events).unwrap();
    assert_eq!(calls(&response), [("f", "{\"a\":1}"), ("f", "{\"b\":2}")]);
}

#[test]
fn fields_that_are_null_say_nothing() {
    let null = Value::Null;
    let events = [
        chunk(
            json!({"role": "assistant", "content": null, "reasoning_content": null,
            "tool_calls": [{"index": 0, "id": "a", "type": null, "function": {"name": "f", "arguments": null}}]}),
            null.clone(),
        ),
        chunk(
            json!({"content": null, "tool_calls": [{"index": 0, "id": null, "type": null,
            "function": {"name": null, "arguments": "{}"}}], "function_call": null, "refusal": null}),
            null.clone(),
        ),
        chunk(json!({"content": null, "tool_calls": null}), "tool_calls".into()),
        json!({"choices": null, "usage": null}),
        json!({"choices": [{"index": null, "delta": null, "finish_reason": null}], "usage": {
            "prompt_tokens": 3, "completion_tokens": null, "prompt_tokens_details": null,
            "completion_tokens_details": {"reasoning_tokens": null}}}),
    ];
    let (_, response) = read("custom", &events).unwrap();
    assert_eq!(calls(&response), [("f", "{}")]);
    let usage = response.usage.as_ref().unwrap();
    assert_eq!((usage.input_tokens, usage.output_tokens), (Some(3), None));
    assert_eq!(
        (usage.cached_input_tokens, usage.reasoning_tokens, usage.total_tokens),
        (None, None, None)
    );
}

#[test]
fn a_finish_reason_without_a_word_is_none() {
    for reason in [json!(""), json!("null"), Value::Null] {
        let events = [chunk(json!({"content": "a"}), reason.clone())];
        assert_eq!(read("custom", &events).unwrap_err().status(), Status::Truncated, "{reason}");
    }
    let events = [
        chunk(json!({"content": "a"}), "stop".into()),
        chunk(json!({"content": "b"}), Value::Null),
        chunk(json!({"content": "c"}), "".into()),
    ];
    let (told, response) = read("custom", &events).unwrap();
    assert_eq!(
        (response.text(), response.first().finish_reason),
        ("abc", Some(FinishReason::Stop))
    );
    let finishes = told.iter().filter(|event| matches!(event.kind, EventKind::Finish { .. }));
    assert_eq!(finishes.count(), 1, "it is told once, at the end");
    for word in ["insufficient_system_resource", "of_the_future", "MODEL_LENGTH"] {
        let (_, response) = read("custom", &[chunk(json!({"content": "a"}), word.into())]).unwrap();
        assert_eq!(response.first().provider_finish_reason.as_deref(), Some(word));
    }
}

#[test]
fn done_ends_a_stream_whatever_stands_around_it() {
    for done in ["data: [DONE]", "data:[DONE]", "data:   [DONE]  ", "data: [DONE]\r"] {
        let text = format!(
            "{}{done}\n\ndata: {{\"error\":\"too late\"}}\n\n",
            sse(&[chunk(json!({"content": "a"}), Value::Null)])
        );
        let (dialect, context) = context_of("custom");
        let (_, response) = stream(dialect, &context, &text).unwrap();
        assert_eq!(
            (response.text(), response.first().finish_reason),
            ("a", Some(FinishReason::Other))
        );
    }
}

#[test]
fn the_last_usage_that_says_something_counts() {
    let used = |usage: Value| json!({"choices": [], "usage": usage});
    let end = chunk(json!({"content": "a"}), "stop".into());
    let full = used(json!({"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}));
    let later = used(json!({"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}));
    for nothing in [json!({}), Value::Null, json!({"prompt_tokens": null})] {
        let events = [end.clone(), full.clone(), later.clone(), used(nothing)];
        let (_, response) = read("custom", &events).unwrap();
        assert_eq!(response.usage.unwrap().total_tokens, Some(7));
    }
    let (_, response) = read("custom", &[end]).unwrap();
    assert!(response.usage.is_none());
}

#[test]
fn a_chunk_without_a_choice_passes_through_if_it_says_something() {
    let bare = json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "service_tier": "default", "choices": [], "usage": null, "obfuscation": "L"});
    let mut judged = bare.clone();
    judged["moderation"] = json!({"input": {"type": "moderation_results"}});
    // Azure's, before it has an answer.
    let early = json!({"choices": [], "id": "", "model": "", "prompt_filter_results": []});
    let events = [early, judged.clone(), bare, chunk(json!({"content": "Hi"}), "stop".into())];
    let (told, response) = read("openai", &events).unwrap();
    let others: Vec<_> = told.iter().filter(|e| matches!(e.kind, EventKind::Other(_))).collect();
    assert_eq!(others.len(), 1, "{others:?}");
    assert_eq!(others[0].kind, EventKind::Other(judged.to_string()));
    let start = EventKind::Start { model: Some("m".into()), id: Some("c".into()) };
    assert_eq!((&told[0].kind, &*response.first().text), (&start, "Hi"));
}

#[test]
fn chunks_of_no_known_kind_pass_through() {
    let strange = json!({"type": "progress", "percent": 7});
    let (told, _) = read("custom", &[strange.clone(), chunk(json!({}), "stop".into())]).unwrap();
    assert!(told.iter().any(|event| event.kind == EventKind::Other(strange.to_string())));
    let strange = json!({"status": "pulling"});
    let done =
        json!({"model": "m", "message": {"content": "Hi"}, "done": true, "done_reason": "load"});
    let (told, response) = read("ollama", &[strange.clone(), done]).unwrap();
    assert!(told.iter().any(|event| event.kind == EventKind::Other(strange.to_string())));
    assert_eq!(response.first().finish_reason, Some(FinishReason::Other));
    assert_eq!(response.first().provider_finish_reason.as_deref(), Some("load"));
}

#[test]
fn an_answer_of_ollama_has_the_date_of_its_first_line_however_it_is_cut() {
    let line = |date: &str| json!({"model": "m", "created_at": date, "message": {"role": "assistant", "content": "a"}, "done": false});
    let end =
        json!({"model": "m", "message": {"content": ""}, "done": true, "done_reason": "stop"});
    let (first, later) = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z");
    for (dates, created) in [
        ([first, later, later], Some(1_767_225_600)),
        (["2026:00", "2026-01-71T00:00:00Z", first], None),
    ] {
        let events = [line(dates[0]), line(dates[1]), line(dates[2]), end.clone()];
        assert_eq!(read("ollama", &events).unwrap().1.created, created, "{dates:?}");
    }
}

#[test]
fn a_stream_cut_anywhere_is_truncated_or_whole() {
    let openai =
        sse(&[chunk(json!({"content": "Hi"}), Value::Null), chunk(json!({}), "stop".into())])
            + "data: [DONE]\n\n";
    let claude = sse(&[
        json!({"type": "message_start", "message": {"id": "m", "usage": {"input_tokens": 1}}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}}),
        json!({"type": "message_stop"}),
    ]);
    let gemini = sse(&[
        json!({"candidates": [{"content": {"parts": [{"text": "Hi"}]}, "finishReason": "STOP"}]}),
    ]);
    let cohere = sse(&[
        json!({"type": "message-start", "id": "i"}),
        json!({"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "Hi"}}}}),
        json!({"type": "message-end", "delta": {"finish_reason": "COMPLETE"}}),
    ]);
    let ollama = "{\"message\":{\"content\":\"Hi\"},\"done\":false}\n{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\"}\n";
    let responses = sse(&[
        json!({"type": "response.output_text.delta", "output_index": 0, "delta": "Hi"}),
        json!({"type": "response.completed", "response": {"status": "completed", "output": []}}),
    ]);
    let streams = [
        ("custom", openai),
        ("anthropic", claude),
        ("gemini", gemini),
        ("cohere", cohere),
        ("ollama", ollama.into()),
        ("responses", responses),
    ];
    for (provider, text) in streams {
        let (dialect, context) = context_of(provider);
        for end in 0..text.len() {
            match stream(dialect, &context, &text[..end]) {
                Ok((_, response)) => assert_eq!(response.text(), "Hi", "{provider} at {end}"),
                Err(error) => assert_eq!(error.status(), Status::Truncated, "{provider} at {end}"),
            }
        }
        stream(dialect, &context, &text).unwrap();
    }
}

#[test]
fn gemini_parts_of_every_kind() {
    let part = |parts: Value, reason: Value| {
        json!({"candidates": [{"index": 0, "content": {"role": "model", "parts": parts},
        "finishReason": reason}], "modelVersion": "m", "responseId": "r"})
    };
    let mut last = part(json!([{"text": "", "thoughtSignature": "ZW5k"}]), "STOP".into());
    last["usageMetadata"] = json!({"promptTokenCount": 4, "candidatesTokenCount": 5, "thoughtsTokenCount": 6,
        "cachedContentTokenCount": 2, "toolUsePromptTokenCount": 1, "totalTokenCount": 16});
    let mut early = part(json!([{"text": "Hm", "thought": true}]), Value::Null);
    early["usageMetadata"] = json!({"promptTokenCount": 4, "totalTokenCount": 4});
    let events = [
        early,
        part(json!([{"text": "m", "thought": true}]), Value::Null),
        part(
            json!([{"text": "Hi"}, {"functionCall": {"id": "c1", "name": "f", "args": {"a": 1}}, "thoughtSignature": "c2ln"},
            {"functionCall": {"name": "f", "args": {"a": 1}}}]),
            Value::Null,
        ),
        part(json!([{"executableCode": {"language": "PYTHON", "code": "1"}}]), Value::Null),
        last,
    ];
    let (_, response) = read("gemini", &events).unwrap();
    assert_eq!((response.text(), response.first().reasoning.as_deref()), ("Hi", Some("Hmm")));
    assert_eq!(calls(&response), [("f", "{\"a\":1}"), ("f", "{\"a\":1}")]);
    assert_eq!(response.first().tool_calls[0].id, "c1");
    assert_eq!(response.first().finish_reason, Some(FinishReason::ToolCalls));
    let blocks = &response.first().message.value()["mynah"]["blocks"];
    assert_eq!(
        blocks[2],
        json!({"functionCall": {"id": "c1", "name": "f", "args": {"a": 1}}, "thoughtSignature": "c2ln"})
    );
    assert_eq!(
        blocks[3],
        json!({"functionCall": {"name": "f", "args": {"a": 1}}}),
        "no made-up id goes back"
    );
    assert_eq!(blocks[5], json!({"text": "", "thoughtSignature": "ZW5k"}));
    let usage = response.usage.unwrap();
    assert_eq!(
        (usage.input_tokens, usage.output_tokens, usage.total_tokens),
        (Some(5), Some(11), Some(16))
    );
    assert_eq!((usage.cached_input_tokens, usage.reasoning_tokens), (Some(2), Some(6)));
}

#[test]
fn gemini_stops_of_every_kind() {
    let ended =
        |word: &str| json!({"candidates": [{"finishReason": word, "finishMessage": "why"}]});
    for (word, reason) in [
        ("MALFORMED_FUNCTION_CALL", FinishReason::Other),
        ("MISSING_THOUGHT_SIGNATURE", FinishReason::Other),
        ("SAFETY", FinishReason::ContentFilter),
        ("PROHIBITED_CONTENT", FinishReason::ContentFilter),
        ("MAX_TOKENS", FinishReason::Length),
    ] {
        let (_, response) = read("gemini", &[ended(word)]).unwrap();
        let first = response.first();
        assert_eq!(first.finish_reason, Some(reason), "{word}");
        assert_eq!(first.provider_finish_reason.as_deref(), Some(word));
    }
    let unspecified = json!({"promptFeedback": {"blockReason": "BLOCK_REASON_UNSPECIFIED"},
        "candidates": [{"content": {"parts": [{"text": "Hi"}]}, "finishReason": "STOP"}]});
    let (_, response) = read("gemini", &[unspecified]).unwrap();
    assert_eq!((response.text(), response.first().finish_reason), ("Hi", Some(FinishReason::Stop)));
    let blocked = json!({"promptFeedback": {"blockReason": "OTHER", "blockReasonMessage": "why"}});
    for response in
        [read("gemini", std::slice::from_ref(&blocked)).unwrap().1, plain("gemini", &blocked)]
    {
        assert_eq!(response.first().finish_reason, Some(FinishReason::ContentFilter));
        assert_eq!(response.first().finish_detail.as_deref(), Some("why"));
    }
    let two = |a: &str, b: &str, reason: Value| {
        json!({"candidates": [
        {"content": {"parts": [{"text": a}]}, "finishReason": reason},
        {"index": 1, "content": {"parts": [{"text": b}]}, "finishReason": reason}]})
    };
    let (_, response) =
        read("gemini", &[two("a", "b", Value::Null), two("A", "B", "STOP".into())]).unwrap();
    let texts: Vec<_> = response.choices.iter().map(|choice| choice.text.as_str()).collect();
    assert_eq!(texts, ["aA", "bB"]);
    let bill = json!({"usageMetadata": {"promptTokenCount": 4, "totalTokenCount": 4}});
    let response = plain("gemini", &bill);
    assert_eq!((response.text(), response.first().finish_reason), ("", Some(FinishReason::Other)));
    assert_eq!(read("gemini", &[bill]).unwrap_err().status(), Status::Truncated);
}

#[test]
fn cohere_plans_citations_and_both_kinds_of_usage() {
    let call = |kind: &str, index: u64, call: Value| json!({"type": kind, "index": index, "delta": {"message": {"tool_calls": call}}});
    let events = [
        json!({"type": "message-start", "id": "i", "delta": {"message": {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}}}),
        json!({"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "I will"}}}),
        json!({"type": "tool-plan-delta", "delta": {"message": {"tool_plan": " add"}}}),
        call(
            "tool-call-start",
            1,
            json!({"id": "c1", "type": "function", "function": {"name": "f", "arguments": ""}}),
        ),
        call("tool-call-delta", 1, json!({"function": {"arguments": "{\"a\":"}})),
        call("tool-call-delta", 1, json!({"function": {"arguments": "1}"}})),
        json!({"type": "tool-call-end", "index": 1}),
        call(
            "tool-call-start",
            2,
            json!({"id": "c2", "type": "function", "function": {"name": "g", "arguments": ""}}),
        ),
        json!({"type": "tool-call-end", "index": 2}),
        json!({"type": "citation-start", "index": 0, "delta": {"message": {"citations": {"start": 0, "end": 2, "text": "Hi"}}}}),
        json!({"type": "citation-end", "index": 0}),
        json!({"type": "message-end", "delta": {"finish_reason": "TOOL_CALL", "usage": {
            "billed_units": {"input_tokens": 9, "output_tokens": 8}, "tokens": {"input_tokens": 100, "output_tokens": 20}}}}),
    ];
    let (told, response) = read("cohere", &events).unwrap();
    assert_eq!(calls(&response), [("f", "{\"a\":1}"), ("g", "{}")]);
    let ends: Vec<u32> = told
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::ToolCallEnd { index, .. } => Some(*index),
            _ => None,
        })
        .collect();
    assert_eq!(ends, [0, 1], "ends belong to the calls with their index");
    let usage = response.usage.as_ref().unwrap();
    assert_eq!(
        (usage.input_tokens, usage.output_tokens, usage.total_tokens),
        (Some(100), Some(20), Some(120))
    );
    let first = response.first();
    assert_eq!(first.message.value()["mynah"]["blocks"][0]["tool_plan"], "I will add");
    assert_eq!(first.citations, Some(json!([{"start": 0, "end": 2, "text": "Hi"}])));
    let billed = json!({"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": {"billed_units": {"input_tokens": 9, "output_tokens": 8}}}});
    let (_, response) = read("cohere", &[billed]).unwrap();
    assert_eq!(response.usage.unwrap().total_tokens, Some(17));
    let failed = json!({"type": "message-end", "delta": {"finish_reason": "ERROR", "error": {"message": "overloaded"}}});
    assert_eq!(read("cohere", &[failed]).unwrap_err().status(), Status::Overloaded);
    let failed = json!({"type": "message-end", "delta": {"finish_reason": "TIMEOUT"}});
    assert_eq!(read("cohere", &[failed]).unwrap_err().status(), Status::Server);
}

#[test]
fn ollama_thinks_calls_whole_and_fails_on_a_line() {
    let line = |message: Value| json!({"model": "m", "created_at": "2026-11-01T00:00:00Z", "message": message, "done": false});
    let call = json!({"function": {"index": 0, "name": "f", "arguments": {"a": 1}}});
    let events = [
        line(json!({"role": "assistant", "content": "", "thinking": "Hm"})),
        line(json!({"role": "assistant", "content": "Hi"})),
        line(json!({"role": "assistant", "content": "", "tool_calls": [call, call]})),
        json!({"model": "m", "message": {"role": "assistant", "content": ""}, "done": true, "done_reason": "stop", "eval_count": 5}),
    ];
    let (_, response) = read("ollama", &events).unwrap();
    let first = response.first();
    assert_eq!((response.text(), first.reasoning.as_deref()), ("Hi", Some("Hm")));
    assert_eq!(calls(&response), [("f", "{\"a\":1}"), ("f", "{\"a\":1}")]);
    assert_ne!(first.tool_calls[0].id, first.tool_calls[1].id);
    let usage = response.usage.as_ref().unwrap();
    assert_eq!(
        (usage.input_tokens, usage.output_tokens, usage.total_tokens),
        (None, Some(5), None)
    );
    let failed =
        [line(json!({"content": "Hi"})), json!({"error": "model runner has unexpectedly stopped"})];
    assert_eq!(read("ollama", &failed).unwrap_err().status(), Status::Server);
    let old = json!({"model": "m", "message": {"content": "Hi"}, "done": true});
    assert_eq!(read("ollama", &[old]).unwrap().1.first().finish_reason, Some(FinishReason::Other));
}

#[test]
fn responses_tell_what_no_delta_told() {
    let message = json!({"type": "message", "id": "m", "role": "assistant", "content": [
        {"type": "output_text", "text": "Hi", "annotations": [{"url": "u"}]}]});
    let thought = json!({"type": "reasoning", "id": "r", "encrypted_content": "ZW5j",
        "summary": [{"type": "summary_text", "text": "Hm"}]});
    let call = json!({"type": "function_call", "id": "fc", "call_id": "c", "name": "f", "arguments": "{\"a\":1}"});
    let items = json!([thought, message, call]);
    let done = |index: usize| json!({"type": "response.output_item.done", "output_index": index, "item": items[index]});
    let completed = |output: &Value| {
        json!({"type": "response.completed", "response": {"id": "r", "status": "completed",
        "model": "m", "output": output, "error": null, "incomplete_details": null}})
    };
    let delta = json!({"type": "response.output_text.delta", "output_index": 1, "delta": "Hi"});
    let summary =
        json!({"type": "response.reasoning_summary_text.delta", "output_index": 0, "delta": "Hm"});
    let streams = [
        vec![completed(&items)],
        vec![done(0), done(1), done(2), completed(&items)],
        vec![done(0), done(1), done(2), completed(&json!([]))],
        vec![summary, done(0), delta, done(1), done(2), completed(&items)],
    ];
    for events in streams {
        let (_, response) = read("responses", &events).unwrap();
        let first = response.first();
        assert_eq!((response.text(), first.reasoning.as_deref()), ("Hi", Some("Hm")), "{events:?}");
        assert_eq!(calls(&response), [("f", "{\"a\":1}")]);
        assert_eq!(first.message.value()["mynah"]["blocks"], items);
        assert_eq!(first.finish_reason, Some(FinishReason::ToolCalls));
    }
    let plain = plain("responses", &completed(&items)["response"]);
    assert_eq!(
        (plain.text(), plain.first().citations.clone()),
        ("Hi", Some(json!([{"url": "u"}])))
    );
}

#[test]
fn responses_refuse_and_fail() {
    let refused = [
        json!({"type": "response.refusal.delta", "output_index": 0, "delta": "I can"}),
        json!({"type": "response.refusal.delta", "output_index": 0, "delta": "not."}),
        json!({"type": "response.refusal.done", "output_index": 0, "refusal": "I cannot."}),
        json!({"type": "response.completed", "response": {"status": "completed", "output": []}}),
    ];
    let (_, response) = read("responses", &refused).unwrap();
    assert_eq!(response.first().refusal.as_deref(), Some("I cannot."));
    assert_eq!(response.first().finish_reason, Some(FinishReason::Refusal));
    let filtered = json!({"type": "response.incomplete", "response": {"status": "incomplete",
        "incomplete_details": {"reason": "content_filter"}, "output": []}});
    let (_, response) = read("responses", &[filtered]).unwrap();
    assert_eq!(response.first().finish_reason, Some(FinishReason::ContentFilter));
    let (dialect, context) = context_of("responses");
    for (status, error) in [("failed", Value::Null), ("cancelled", Value::Null)] {
        let body = json!({"id": "r", "status": status, "error": error, "output": []});
        let error =
            dialect.reply(&context, &head(200, &[]), body.to_string().as_bytes()).unwrap_err();
        assert_eq!(error.status(), Status::Server, "{status}");
        let event = json!({"type": format!("response.{status}"), "response": body});
        assert_eq!(read("responses", &[event]).unwrap_err().status(), Status::Server);
    }
}

#[test]
fn a_first_chunk_that_says_nothing_sets_nothing() {
    let mut first = json!({"id": "", "model": "", "object": "", "created": 0, "choices": [],
        "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {}}]});
    let mut second = chunk(json!({"content": "Hi"}), json!("stop"));
    second["created"] = 1_700_000_000.into();
    second["id"] = "x".into();
    let (_, response) = read("custom", &[first.take(), second]).unwrap();
    assert_eq!((response.created, response.id.as_deref()), (Some(1_700_000_000), Some("x")));
}

#[test]
fn a_cost_that_a_host_estimates_is_stated() {
    let mut answer = json!({"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]});
    answer["usage"] = json!({"prompt_tokens": 1, "completion_tokens": 1, "estimated_cost": 2.5e-6});
    assert_eq!(plain("custom", &answer).stated_cost_usd, Some(2.5e-6));
    answer["usage"]["cost"] = json!(-0.5);
    assert_eq!(plain("custom", &answer).stated_cost_usd, Some(2.5e-6), "below 0 is no cost");
    answer["usage"]["estimated_cost"] = json!(-1);
    assert_eq!(plain("custom", &answer).stated_cost_usd, None);
}

#[test]
fn what_a_gateway_states_is_the_whole_cost() {
    let mut answer = json!({"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]});
    let cost = |answer: &Value, headers: &[(&str, &str)]| {
        let (dialect, context) = context_of("custom");
        let body = answer.to_string();
        dialect.reply(&context, &head(200, headers), body.as_bytes()).unwrap().stated_cost_usd
    };
    // OpenRouter's fee, and what the vendor takes for a key of one's own.
    answer["usage"] = json!({"prompt_tokens": 1, "completion_tokens": 1, "cost": 0.25,
        "is_byok": true, "cost_details": {"upstream_inference_cost": 5.0}});
    assert_eq!(cost(&answer, &[]), Some(5.25));
    answer["usage"]["is_byok"] = false.into();
    assert_eq!(cost(&answer, &[]), Some(0.25), "the same once more");
    answer["usage"] = json!({"prompt_tokens": 1, "completion_tokens": 1});
    for (stated, wanted) in [("0.125", Some(0.125)), ("0.0", None), ("None", None), ("-1", None)] {
        assert_eq!(cost(&answer, &[("x-litellm-response-cost", stated)]), wanted, "{stated}");
    }
}

#[test]
fn vectors_are_numbers_unless_base64_was_asked_for() {
    let answer = json!({"data": [{"index": 0, "embedding": "AACAPwAAAMA="}], "model": "e"});
    let vector = |asked: Value| {
        let client = client("openai", "m");
        let (dialect, _) = context_of("openai");
        let context = dialect.embed_prepare(&client, asked.as_object().unwrap()).unwrap().context;
        let body = answer.to_string();
        let json = dialect.embed_reply(&context, &head(200, &[]), body.as_bytes()).unwrap();
        json["data"][0]["embedding"].clone()
    };
    assert_eq!(vector(json!({"model": "e", "input": "a"})), json!([1.0, -2.0]));
    let asked = json!({"model": "e", "input": "a", "encoding_format": "base64"});
    assert_eq!(vector(asked), "AACAPwAAAMA=");
}

#[test]
fn all_tokens_of_embeddings_are_the_prompts() {
    let (dialect, context) = context_of("custom");
    let usage = |usage: Value| {
        let body = json!({"data": [{"index": 0, "embedding": [0.5]}], "usage": usage}).to_string();
        let json = dialect.embed_reply(&context, &head(200, &[]), body.as_bytes()).unwrap();
        json["usage"].clone()
    };
    let whole = json!({"total_tokens": 7, "prompt_tokens": 7});
    assert_eq!(usage(json!({"total_tokens": 7})), whole);
    assert_eq!(usage(json!({"total_tokens": 7, "prompt_tokens": null})), whole);
    for said in [json!({"total_tokens": 7, "prompt_tokens": 5}), json!({}), json!(null)] {
        assert_eq!(usage(said.clone()), said);
    }
}

#[test]
fn cohere_vectors_of_another_kind_are_vectors() {
    let (dialect, context) = context_of("cohere");
    let body = json!({"embeddings": {"float": null, "int8": [[1, -2], [3, 4]]}}).to_string();
    let json = dialect.embed_reply(&context, &head(200, &[]), body.as_bytes()).unwrap();
    assert_eq!(json["data"][1]["embedding"], json!([3, 4]));
}

#[test]
fn the_number_of_a_delta_is_no_part_of_the_message() {
    let first = json!({"index": 0, "channel": "final", "role": "assistant", "content": "Hi"});
    let first = chunk(first, Value::Null);
    let mut last = chunk(json!({"index": 0, "channel": "final", "content": ""}), json!("stop"));
    last["usage"] = json!({"prompt_tokens": 9, "completion_tokens": 1, "num_cached_tokens": 4});
    let (_, response) = read("custom", &[first, last]).unwrap();
    let blocks = &response.first().message.value()["mynah"]["blocks"];
    assert_eq!(blocks, &json!([{"role": "assistant", "content": "Hi"}]));
    assert_eq!(response.usage.unwrap().cached_input_tokens, Some(4));
}

#[test]
fn the_token_of_a_delta_and_what_hides_its_length_are_no_parts_of_the_message() {
    let delta = |text: &str, token: u32| json!({"role": "assistant", "content": text, "token_id": token, "padding": "abc"});
    let all = [chunk(delta("H", 7), Value::Null), chunk(delta("i", 8), json!("stop"))];
    let (_, response) = read("custom", &all).unwrap();
    let blocks = &response.first().message.value()["mynah"]["blocks"];
    assert_eq!(blocks, &json!([{"role": "assistant", "content": "Hi"}]));
}

#[test]
fn calls_whose_ids_are_null_in_words_have_ids_of_their_own() {
    let call = |index: u32, name: &str| {
        json!({"id": "null", "index": index, "type": "function",
            "function": {"name": name, "arguments": "{}"}})
    };
    let calls = json!({"content": "", "tool_calls": [call(0, "f"), call(1, "g")]});
    let streamed = read("custom", &[chunk(calls.clone(), json!("tool_calls"))]).unwrap().1;
    let mut message = calls;
    message["role"] = "assistant".into();
    let whole = plain(
        "custom",
        &json!({"id": "c", "model": "m", "choices": [
        {"index": 0, "message": message, "finish_reason": "tool_calls"}]}),
    );
    for response in [streamed, whole] {
        let calls = &response.first().tool_calls;
        assert_eq!(calls.iter().map(|call| &*call.name).collect::<Vec<_>>(), ["f", "g"]);
        assert!(calls[0].id != calls[1].id && calls.iter().all(|call| call.id != "null"));
        let message = response.first().message.value().to_string();
        assert!(!message.contains("\"null\""), "{message}");
    }
}

#[test]
fn ollama_tells_what_was_cached_where_it_knows() {
    let mut answer = json!({"model": "m", "message": {"role": "assistant", "content": "Hi"},
        "done": true, "done_reason": "stop", "prompt_eval_count": 40, "eval_count": 5});
    assert_eq!(plain("ollama", &answer).usage.unwrap().cached_input_tokens, None);
    answer["prompt_eval_cached_count"] = 32.into();
    let usage = plain("ollama", &answer).usage.unwrap();
    assert_eq!((usage.input_tokens, usage.cached_input_tokens), (Some(40), Some(32)));
}

#[test]
fn one_vector_without_a_list_is_a_list_of_one() {
    for (provider, answer) in [
        ("gemini", json!({"embedding": {"values": [0.5, -1.0]}})),
        ("ollama", json!({"embedding": [0.5, -1.0]})),
    ] {
        let (dialect, context) = context_of(provider);
        let body = answer.to_string();
        let json = dialect.embed_reply(&context, &head(200, &[]), body.as_bytes()).unwrap();
        assert_eq!(json["data"][0]["embedding"], json!([0.5, -1.0]), "{provider}");
    }
}

#[test]
fn a_stream_of_json_lines_is_read_as_the_events_they_are() {
    let (dialect, context) = context_of("openai");
    let lines = [
        json!({"id": "c", "choices": [{"index": 0, "delta": {"content": "He"}}]}),
        json!({"choices": [{"index": 0, "delta": {"content": "y"}, "finish_reason": "stop"}]}),
    ];
    let text = lines.map(|line| format!("{line}\n")).concat();
    let (_, response) = stream(dialect, &context, &text).unwrap();
    assert_eq!(response.text(), "Hey");
    assert_eq!(response.first().finish_reason, Some(FinishReason::Stop));
}

#[test]
fn an_error_among_events_in_another_framing_is_that_error() {
    let begun = json!({"type": "message_start", "message": {"id": "m", "model": "m"}});
    let failed = json!({"type": "error", "error": {"type": "overloaded_error", "message": "Busy"}});
    let line = json!({"model": "m", "message": {"content": "Hi"}, "done": false});
    for (provider, text) in [
        ("anthropic", format!("{begun}\n{failed}\n")),
        ("anthropic", format!("{failed}\n")),
        ("ollama", sse(&[line.clone(), json!({"error": "overloaded"})])),
    ] {
        let (dialect, context) = context_of(provider);
        let error = stream(dialect, &context, &text).unwrap_err();
        assert_eq!(error.status(), Status::Overloaded, "{provider}: {text}");
    }
    let (dialect, context) = context_of("ollama");
    let cut = stream(dialect, &context, &sse(&[line])).unwrap_err();
    assert_eq!(cut.status(), Status::Truncated);
}

#[test]
fn as_many_vectors_come_as_texts_were_asked_for_or_none() {
    let reply = |provider: &str, input: Value, body: &Value| {
        let client = Arc::new(client(provider, "e"));
        let asked = json!({"model": "e", "input": input}).to_string();
        let order = Order::embeddings(&asked, &client).unwrap();
        order.reply(&head(200, &[]), body.to_string().as_bytes()).map(drop)
    };
    let one = json!({"data": [{"index": 0, "embedding": [0.5]}], "model": "e"});
    reply("openai", "a".into(), &one).unwrap();
    reply("openai", json!([17, 4]), &one).unwrap();
    let error = reply("openai", json!(["a", "b"]), &one).unwrap_err();
    assert_eq!(error.status(), Status::Protocol);
    assert!(error.to_string().contains("2 embeddings were asked for, and 1 came"), "{error}");
    for (provider, body) in [
        ("gemini", json!({"embeddings": [{"values": [0.5]}]})),
        ("cohere", json!({"embeddings": {"float": [[0.5]]}})),
        ("ollama", json!({"embeddings": [[0.5]]})),
    ] {
        reply(provider, json!(["a"]), &body).unwrap();
        assert!(reply(provider, json!(["a", "b"]), &body).is_err(), "{provider}");
    }
}

#[test]
fn an_answer_without_a_vector_is_no_embeddings_to_any_vendor() {
    for provider in ["gemini", "cohere", "ollama"] {
        let (dialect, context) = context_of(provider);
        for body in ["{}", r#"{"embeddings":[]}"#] {
            let end = dialect.embed_reply(&context, &head(200, &[]), body.as_bytes());
            assert_eq!(end.unwrap_err().status(), Status::Protocol, "{provider} {body}");
        }
    }
}

#[test]
fn a_failed_response_blames_the_request_where_its_code_does() {
    let failed = |code: &str| {
        let event = json!({"type": "response.failed", "response": {"status": "failed",
            "error": {"code": code, "message": "m"}}});
        read("responses", &[event]).unwrap_err().status()
    };
    assert_eq!(failed("invalid_image"), Status::BadRequest);
    assert_eq!(failed("image_too_large"), Status::BadRequest);
    assert_eq!(failed("image_content_policy_violation"), Status::ContentFilter);
    assert_eq!(failed("server_error"), Status::Server);
    assert_eq!(failed("rate_limit_exceeded"), Status::RateLimited);
}

#[test]
fn a_spoken_answer_goes_back_as_its_id_alone() {
    let client = client("openai", "gpt-audio");
    let asked = json!({"role": "user", "content": "Hi"});
    let (dialect, context) = reader(&client, &request(json!({"messages": [asked.clone()]})));
    let audio =
        json!({"id": "audio_1", "data": "UklGRg==", "expires_at": 1, "transcript": "Hello"});
    let answer = json!({"choices": [{"index": 0, "finish_reason": "stop", "message":
        {"role": "assistant", "content": null, "refusal": null, "audio": audio}}]});
    let response = dialect.reply(&context, &head(200, &[]), answer.to_string().as_bytes()).unwrap();
    let said = response.first().message.value().into_owned();
    let sent = body(&client, &request(json!({"messages": [asked.clone(), said, asked]})));
    assert_eq!(sent["messages"][1]["audio"], json!({"id": "audio_1"}));
}

#[test]
fn a_name_that_comes_with_every_piece_begins_no_call_of_its_own() {
    let piece = |id: Option<&str>, arguments: &str| {
        json!({"tool_calls": [{"index": 0, "id": id, "type": "function",
            "function": {"name": "f", "arguments": arguments}}]})
    };
    let events = [
        chunk(piece(Some("c"), "{\"x\""), Value::Null),
        chunk(piece(None, ":1}"), Value::Null),
        chunk(piece(None, ""), Value::Null),
        chunk(json!({}), "tool_calls".into()),
    ];
    let (_, response) = read("custom", &events).unwrap();
    assert_eq!(calls(&response), [("f", "{\"x\":1}")]);
}

#[test]
fn a_type_that_later_pieces_of_a_call_leave_empty_stays_what_it_was() {
    let piece = |kind: &str, id: &str, function: Value| {
        let call = json!({"index": 0, "id": id, "type": kind, "function": function});
        chunk(json!({"tool_calls": [call]}), Value::Null)
    };
    let events = [
        piece("function", "c", json!({"name": "f", "arguments": ""})),
        piece("", "", json!({"arguments": "{}"})),
        chunk(json!({}), "tool_calls".into()),
    ];
    let (_, response) = read("siliconflow", &events).unwrap();
    let message = response.first().message.value();
    assert_eq!(message["tool_calls"][0]["type"], "function");
}

#[test]
fn thoughts_that_google_flags_in_the_content_are_no_text() {
    let flagged = |text: &str| json!({"role": "assistant", "content": text, "extra_content": {"google": {"thought": true}}});
    let signed = json!({"content": "!", "extra_content": {"google": {"thought_signature": "s"}}});
    let events = [
        chunk(flagged("<thought>Let me "), Value::Null),
        chunk(flagged("see."), Value::Null),
        chunk(json!({"role": "assistant", "content": ""}), Value::Null),
        chunk(json!({"content": "</thought>Hi"}), Value::Null),
        chunk(signed, "stop".into()),
    ];
    let (_, streamed) = read("custom", &events).unwrap();
    let mut whole = flagged("<thought>Let me see.</thought>Hi!");
    whole["extra_content"]["google"]["thought_signature"] = "s".into();
    let choice = json!({"index": 0, "message": whole, "finish_reason": "stop"});
    for response in [streamed, plain("custom", &json!({"choices": [choice]}))] {
        assert_eq!(response.text(), "Hi!");
        assert_eq!(response.first().reasoning.as_deref(), Some("Let me see."));
        let message = response.first().message.value();
        assert_eq!(message["extra_content"], json!({"google": {"thought_signature": "s"}}));
        assert_eq!(message["content"], "Hi!");
    }
}

#[test]
fn a_flagged_thought_between_texts_ends_where_they_go_on() {
    let said = |text: &str| chunk(json!({"role": "assistant", "content": text}), Value::Null);
    let thought = |text: &str| {
        let flag = json!({"google": {"thought": true}});
        let delta = json!({"role": "assistant", "content": text, "extra_content": flag});
        chunk(delta, Value::Null)
    };
    let last = chunk(json!({}), "stop".into());
    let events = [
        said("A <thought>"),
        said(" is "),
        thought("<thought>Hm."),
        said("</thought>so"),
        said(" marked</thought>"),
        last,
    ];
    let (told, response) = read("custom", &events).unwrap();
    assert_eq!(
        response.text(),
        "A <thought> is so marked</thought>",
        "only what is flagged is one"
    );
    assert_eq!(response.first().reasoning.as_deref(), Some("Hm."));
    let texts = told.iter().filter(|event| matches!(event.kind, EventKind::Text(_)));
    assert_eq!(texts.count(), 4);
}

#[test]
fn thoughts_under_copilots_name_are_thoughts_and_go_back_under_it() {
    let call = json!({"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}});
    let events = [
        chunk(json!({"role": "assistant", "reasoning_text": "Let me "}), Value::Null),
        chunk(json!({"reasoning_text": "see."}), Value::Null),
        chunk(json!({"reasoning_opaque": "seal", "tool_calls": [call]}), "tool_calls".into()),
    ];
    let (_, response) = read("custom", &events).unwrap();
    assert_eq!(response.first().reasoning.as_deref(), Some("Let me see."));
    let message = response.first().message.value();
    assert_eq!(message["reasoning_text"], "Let me see.");
    assert_eq!(message["reasoning_opaque"], "seal");
    let twice = json!({"role": "assistant", "content": "Hi", "reasoning_text": "Hm",
        "reasoning_content": "Hm"});
    let choice = json!({"index": 0, "message": twice, "finish_reason": "stop"});
    let response = plain("custom", &json!({"choices": [choice]}));
    assert_eq!(response.first().reasoning.as_deref(), Some("Hm"));
}

#[test]
fn a_host_that_says_its_name_with_each_piece_gets_none_back() {
    let piece = |text: &str| json!({"role": "assistant", "name": "Mini AI", "content": text});
    let events = [
        chunk(piece("He"), Value::Null),
        chunk(piece("y"), Value::Null),
        chunk(piece(""), "stop".into()),
    ];
    let (_, streamed) = read("custom", &events).unwrap();
    let choice = json!({"index": 0, "message": piece("Hey"), "finish_reason": "stop"});
    for response in [streamed, plain("custom", &json!({"choices": [choice]}))] {
        let message = response.first().message.value();
        assert_eq!((response.text(), message.get("name")), ("Hey", None));
        assert!(!message.to_string().contains("Mini"), "{message}");
    }
}

#[test]
fn what_gemini_thought_behind_openais_form_is_generated_as_its_total_tells() {
    let spent = |model: &str, usage: Value| {
        let message = json!({"role": "assistant", "content": "Hi"});
        let choice = json!({"index": 0, "message": message, "finish_reason": "stop"});
        let answer = json!({"model": model, "choices": [choice], "usage": usage});
        let usage = plain("custom", &answer).usage.unwrap();
        (usage.input_tokens, usage.output_tokens, usage.total_tokens)
    };
    let stated = json!({"prompt_tokens": 20, "completion_tokens": 198, "total_tokens": 623});
    let google = spent("google/gemini-2.5-flash", stated.clone());
    assert_eq!(google, (Some(20), Some(603), Some(623)));
    assert_eq!(spent("another", stated), (Some(20), Some(198), Some(623)));
    let less = json!({"prompt_tokens": 20, "completion_tokens": 198, "total_tokens": 0});
    assert_eq!(spent("gemini-2.5-flash", less).1, Some(198));
}

#[test]
fn what_zhipu_found_by_searching_are_the_sources() {
    let found = json!([{"title": "A", "link": "https://a.test", "refer": "ref_1"}]);
    let mut end = chunk(json!({"content": "Hi"}), "stop".into());
    end["web_search"] = found.clone();
    let (_, response) = read("custom", &[end]).unwrap();
    assert_eq!(response.to_json()["citations"], found);
}

#[test]
fn what_bedrock_filters_is_filtered_behind_a_gateway_too_in_any_spelling() {
    for word in ["guardrail_intervened", "content_filtered", "content-filter"] {
        let (_, response) = read("custom", &[chunk(json!({}), word.into())]).unwrap();
        assert_eq!(response.first().finish_reason, Some(FinishReason::ContentFilter));
        assert_eq!(response.first().provider_finish_reason.as_deref(), Some(word));
    }
}

#[test]
fn a_summary_among_the_details_of_thinking_is_thinking() {
    let message = json!({"role": "assistant", "content": "4",
        "reasoning_details": [{"type": "reasoning.summary", "summary": "Two and two."}]});
    let answer = json!({"request_id": "r", "choices": [{"index": 0, "message": message,
        "finish_reason": "stop"}]});
    let response = plain("custom", &answer);
    assert_eq!(response.first().reasoning.as_deref(), Some("Two and two."));
    assert_eq!(response.request_id.as_deref(), Some("r"));
}

#[test]
fn the_status_of_an_error_inside_a_stream_is_found_under_every_name() {
    for name in ["code", "status_code", "http_status_code"] {
        let event = json!({"error": {"message": "failed", name: 400}});
        let Error::Call(call) = read("custom", &[event]).unwrap_err() else { panic!("no call") };
        assert_eq!((call.http_status, call.status), (Some(400), Status::BadRequest));
    }
}

#[test]
fn calls_of_an_older_tgi_have_their_arguments_and_their_number() {
    let call = json!({"id": 0, "type": "function", "function": {"description": null, "name": "f",
        "parameters": {"format": "celsius", "days": 3}}});
    let message = json!({"role": "assistant", "content": null, "tool_calls": [call]});
    let choice = json!({"index": 0, "message": message, "finish_reason": "eos_token"});
    let response = plain("huggingface", &json!({"choices": [choice]}));
    assert_eq!(calls(&response), [("f", r#"{"format":"celsius","days":3}"#)]);
    assert_eq!(response.first().tool_calls[0].id, "0");
}

#[test]
fn more_choices_or_calls_than_any_model_gives_are_refused_before_they_cost_anything() {
    let choices: Vec<Value> = (0..2_000).map(|n| json!({"index": n, "delta": {}})).collect();
    let calls: Vec<Value> = (0..5_000).map(|n| json!({"index": n, "id": n.to_string()})).collect();
    let many = [json!({"choices": choices}), chunk(json!({"tool_calls": calls}), Value::Null)];
    for event in many {
        let error = read("custom", &[event]).unwrap_err();
        assert_eq!(error.status(), Status::Protocol, "{error}");
    }
}

#[test]
fn a_name_or_id_longer_than_any_host_gives_is_refused_before_it_is_told_with_each_piece() {
    let call = |id: &str, name: &str| {
        let function = json!({"name": name, "arguments": ""});
        chunk(json!({"tool_calls": [{"index": 0, "id": id, "function": function}]}), Value::Null)
    };
    let (short, long, half) = ("a".repeat(10_000), "a".repeat(70_000), "a".repeat(40_000));
    for events in [vec![call(&long, "f")], vec![call("c", &long)], vec![call("c", &half); 2]] {
        let error = read("custom", &events).map(drop);
        // A name that is repeated is no longer for it.
        assert_eq!(error.is_err_and(|e| e.status() == Status::Protocol), events.len() == 1);
    }
    let error = read("custom", &[call("c", &half), call("c", &(half.clone() + "b"))]).unwrap_err();
    assert_eq!(error.status(), Status::Protocol, "{error}");
    let end = chunk(json!({}), "tool_calls".into());
    let (_, response) = read("custom", &[call(&short, &short), end]).unwrap();
    assert_eq!(response.first().tool_calls[0].name, short);
}

#[test]
fn a_path_of_some_bytes_makes_no_list_of_millions() {
    let partial = |path: &str| {
        let call = json!({"name": "f", "partialArgs": [{"jsonPath": path, "stringValue": "x"}],
            "willContinue": true});
        json!({"candidates": [{"content": {"parts": [{"functionCall": call}]}}]})
    };
    let end = json!({"candidates": [{"finishReason": "STOP"}]});
    let (_, response) =
        read("gemini", &[partial(&"[9999]".repeat(60).replacen('[', "$[", 1)), end.clone()])
            .unwrap();
    assert!(calls(&response)[0].1.len() < 100);
    let (_, response) = read("gemini", &[partial("$.a[2]"), end]).unwrap();
    assert_eq!(calls(&response)[0].1, r#"{"a":[null,null,"x"]}"#);
}
