//! What comes in: the ways in which hosts differ from their documentation.

use mynah::error::{Error, Status};
use mynah::llm::event::EventKind;
use mynah::llm::response::FinishReason;
use serde_json::{Value, json};

use crate::*;

fn asked() -> Request {
    request(json!({"messages": [{"role": "user", "content": "Hi"}]}))
}

fn read(provider: &str, text: &str) -> Result<Response> {
    let client = client(provider, "m");
    let (dialect, context) = reader(&client, &asked());
    stream(dialect, &context, text).map(|(_, response)| response)
}

fn status(provider: &str, text: &str) -> Status {
    read(provider, text).map(|response| panic!("{response:?}")).map_err(|e| e.status()).unwrap_err()
}

/// A chunk of chat completions.
fn chunk(delta: Value, reason: Value) -> Value {
    json!({"id": "c", "model": "m", "choices": [
        {"index": 0, "delta": delta, "finish_reason": reason}]})
}

fn text_then(end: &str) -> String {
    sse(&[chunk(json!({"content": "Hi"}), Value::Null)]) + end
}

#[test]
fn a_stream_is_complete_with_a_finish_reason_or_done_else_truncated() {
    let finish = sse(&[chunk(json!({}), "stop".into())]);
    let response = read("custom", &text_then(&finish)).unwrap();
    assert_eq!(response.first().finish_reason, Some(FinishReason::Stop));
    let response = read("custom", &text_then("data: [DONE]\n\n")).unwrap();
    assert_eq!(response.first().finish_reason, Some(FinishReason::Other));
    assert_eq!(status("custom", &text_then("")), Status::Truncated);
    assert_eq!(status("custom", ""), Status::Truncated);
    assert_eq!(status("custom", ": keep-alive\n\n"), Status::Truncated);
    let two = json!({"choices": [
        {"index": 0, "delta": {"content": "a"}, "finish_reason": "stop"},
        {"index": 1, "delta": {"content": "b"}, "finish_reason": null}]});
    assert_eq!(status("custom", &sse(&[two])), Status::Truncated, "in every choice");
}

#[test]
fn what_a_stream_says_last_before_it_breaks_off_is_its_error() {
    let error = |text: &str| read("custom", text).unwrap_err();
    for last in [
        json!({"message": "Internal Server Error"}),
        json!({"detail": "Internal Server Error"}),
        json!({"id": "r-1", "message": "Internal Server Error"}),
    ] {
        let broken = text_then(&sse(std::slice::from_ref(&last)));
        assert!(error(&broken).to_string().contains("Internal Server Error"), "{last}");
        assert_eq!(error(&broken).status(), Status::Server, "{last}");
        let alone = sse(std::slice::from_ref(&last)) + "data: [DONE]\n\n";
        assert_eq!(error(&alone).status(), Status::Server, "{last}");
        // News between the pieces of an answer are news.
        let more = chunk(json!({"content": "!"}), Value::Null);
        assert_eq!(error(&(broken + &sse(&[more]))).status(), Status::Truncated, "{last}");
    }
    let listed = json!([{"error": {"code": 503, "message": "full", "status": "UNAVAILABLE"}}]);
    for listed in [format!("{listed}\n"), format!("{listed:#}\n")] {
        assert_eq!(error(&text_then(&listed)).status(), Status::Overloaded, "{listed}");
    }
}

#[test]
fn a_stop_of_a_gateways_own_does_not_hide_why_the_answer_ended() {
    for (word, reason) in [
        ("length", FinishReason::Length),
        ("content_filter", FinishReason::ContentFilter),
        ("tool_calls", FinishReason::ToolCalls),
    ] {
        let ends = [chunk(json!({}), word.into()), chunk(json!({}), "stop".into())];
        let response = read("custom", &text_then(&sse(&ends))).unwrap();
        let first = response.first();
        assert_eq!(first.finish_reason, Some(reason));
        assert_eq!(first.provider_finish_reason.as_deref(), Some(word));
    }
    let ends = [chunk(json!({}), "stop".into()), chunk(json!({}), "length".into())];
    let response = read("custom", &text_then(&sse(&ends))).unwrap();
    assert_eq!(response.first().finish_reason, Some(FinishReason::Length));
}

#[test]
fn what_comes_after_the_finish_reason_is_read() {
    let usage = json!({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}});
    let events = [
        chunk(json!({"content": "Hi"}), "stop".into()),
        json!({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 1}}),
        usage,
    ];
    let response = read("custom", &sse(&events)).unwrap();
    let usage = response.usage.unwrap();
    assert_eq!((usage.output_tokens, usage.total_tokens), (Some(4), Some(7)), "the last counts");
}

#[test]
fn usage_is_found_wherever_a_host_puts_it() {
    let used = json!({"prompt_tokens": 3, "completion_tokens": 4, "cached_tokens": 2});
    let mut moonshot = chunk(json!({"content": "Hi"}), "stop".into());
    moonshot["choices"][0]["usage"] = used.clone();
    let mut groq = chunk(json!({"content": "Hi"}), "stop".into());
    groq["x_groq"] = json!({"usage": used});
    for last in [moonshot, groq] {
        let usage = read("custom", &sse(&[last])).unwrap().usage.unwrap();
        assert_eq!((usage.input_tokens, usage.cached_input_tokens), (Some(3), Some(2)));
        assert_eq!(usage.reasoning_tokens, None, "what is not said is not 0");
    }
    let xai = json!({"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5,
        "total_tokens": 22, "completion_tokens_details": {"reasoning_tokens": 7},
        "cost_in_usd_ticks": 1_000_000_000}});
    let response = read("custom", &sse(&[chunk(json!({}), "stop".into()), xai])).unwrap();
    assert_eq!(response.usage.unwrap().output_tokens, Some(12), "thinking counts as output");
    assert!((response.stated_cost_usd.unwrap() - 0.1).abs() < 1e-9);
}

#[test]
fn what_was_cached_is_found_under_every_name() {
    let usage = |parts: Value| {
        let mut used = json!({"prompt_tokens": 100, "completion_tokens": 4});
        used.as_object_mut().unwrap().extend(parts.as_object().unwrap().clone());
        let last = json!({"choices": [], "usage": used});
        let response = read("custom", &sse(&[chunk(json!({}), "stop".into()), last])).unwrap();
        let usage = response.usage.unwrap();
        (usage.cached_input_tokens, usage.cache_write_tokens, usage.reasoning_tokens)
    };
    let claude = json!({"cache_creation_input_tokens": 20, "cache_read_input_tokens": 30});
    assert_eq!(usage(claude), (Some(30), Some(20), None));
    let mixed = json!({"cache_creation_input_tokens": 20, "cache_read_input_tokens": 30,
        "prompt_tokens_details": {"cached_tokens": 30, "cache_creation_tokens": 20}});
    assert_eq!(usage(mixed), (Some(30), Some(20), None));
    let qwen =
        json!({"prompt_tokens_details": {"cached_tokens": 0, "cache_creation_input_tokens": 33}});
    assert_eq!(usage(qwen), (Some(0), Some(33), None));
    let renamed = json!({"input_tokens_details": {"cached_tokens": 3},
        "output_tokens_details": {"reasoning_tokens": 2}});
    assert_eq!(usage(renamed), (Some(3), None, Some(2)));
    let perplexity = json!({"input_tokens_details": {"cache_creation_input_tokens": 7,
        "cache_read_input_tokens": 9}});
    assert_eq!(usage(perplexity), (Some(9), Some(7), None));
    let mistral = json!({"prompt_token_details": {"cached_tokens": 50}});
    assert_eq!(usage(mistral), (Some(50), None, None));
    let requesty = json!({"prompt_tokens_details": {"caching_tokens": 5, "cached_tokens": 2}});
    assert_eq!(usage(requesty), (Some(2), Some(5), None));
}

#[test]
fn what_was_cached_is_part_of_the_input_also_where_the_host_counts_it_beside() {
    let usage = |used: Value| {
        let last = json!({"choices": [], "usage": used});
        let response = read("custom", &sse(&[chunk(json!({}), "stop".into()), last])).unwrap();
        let usage = response.usage.unwrap();
        (usage.input_tokens, usage.output_tokens, usage.total_tokens)
    };
    let xai = json!({"prompt_tokens": 4_142, "completion_tokens": 254, "total_tokens": 8_724,
        "prompt_tokens_details": {"cached_tokens": 4_328}});
    assert_eq!(usage(xai), (Some(8_470), Some(254), Some(8_724)));
    let and_thinks = json!({"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 35,
        "prompt_tokens_details": {"cached_tokens": 20},
        "completion_tokens_details": {"reasoning_tokens": 3}});
    assert_eq!(usage(and_thinks), (Some(30), Some(5), Some(35)));
    let written = json!({"input_tokens": 30, "output_tokens": 40,
        "input_tokens_details": {"cached_tokens": 900, "cache_write_tokens": 200}});
    assert_eq!(usage(written), (Some(1_130), Some(40), Some(1_170)));
    let whole = json!({"input_tokens": 1_100, "output_tokens": 40,
        "input_tokens_details": {"cached_tokens": 900, "cache_write_tokens": 200}});
    assert_eq!(usage(whole), (Some(1_100), Some(40), Some(1_140)));
    let huge = json!({"prompt_tokens": 1, "prompt_tokens_details": {"cached_tokens": u64::MAX}});
    assert_eq!(usage(huge).0, Some(u64::MAX));
}

#[test]
fn calls_are_assembled_by_id_then_index_then_order() {
    let call = |index: Value, id: Value, name: Value, arguments: &str| {
        let mut call = json!({"id": id, "function": {"name": name, "arguments": arguments}});
        if !index.is_null() {
            call["index"] = index;
        }
        chunk(json!({"tool_calls": [call]}), Value::Null)
    };
    let (null, zero) = (Value::Null, json!(0));
    let variants: Vec<(&str, Vec<Value>)> = vec![
        (
            "as documented",
            vec![
                call(json!(0), json!("a"), json!("f"), ""),
                call(json!(0), null.clone(), null.clone(), "{\"x\":1}"),
                call(json!(1), json!("b"), json!("g"), "{}"),
            ],
        ),
        (
            "a head with the index before, its tail with its own",
            vec![
                call(zero.clone(), json!("a"), json!("f"), ""),
                call(zero.clone(), null.clone(), null.clone(), "{\"x\":1}"),
                call(zero.clone(), json!("b"), json!("g"), ""),
                call(json!(1), null.clone(), null.clone(), "{"),
                call(json!(1), null.clone(), null.clone(), "}"),
            ],
        ),
        (
            "all with index 0",
            vec![
                call(zero.clone(), json!("a"), json!("f"), "{\"x\""),
                call(zero.clone(), json!("a"), null.clone(), ":1}"),
                call(zero.clone(), json!("b"), json!("g"), "{}"),
            ],
        ),
        (
            "without index",
            vec![
                call(null.clone(), json!("a"), json!("f"), "{\"x\":"),
                call(null.clone(), null.clone(), null.clone(), "1}"),
                call(null.clone(), json!("b"), json!("g"), "{}"),
            ],
        ),
        (
            "without ids and index",
            vec![
                call(null.clone(), null.clone(), json!("f"), "{\"x\":1}"),
                call(null.clone(), json!(""), json!("g"), "{}"),
            ],
        ),
        (
            "index 0 without ids",
            vec![
                call(zero.clone(), null.clone(), json!("f"), "{\"x\":1}"),
                call(zero.clone(), null.clone(), json!("g"), "{}"),
            ],
        ),
        (
            "interleaved",
            vec![
                call(json!(0), json!("a"), json!("f"), "{\"x\":"),
                call(json!(1), json!("b"), json!("g"), "{"),
                call(json!(0), null.clone(), null.clone(), "1}"),
                call(json!(1), null.clone(), null.clone(), "}"),
            ],
        ),
        (
            "name and id in every piece",
            vec![
                call(zero.clone(), json!("a"), json!("f"), "{\"x\":"),
                call(zero.clone(), json!("a"), json!("f"), "1}"),
                call(json!(1), json!("b"), json!("g"), ""),
            ],
        ),
        (
            "from 1",
            vec![
                call(json!(1), json!("a"), json!("f"), "{\"x\":1}"),
                call(json!(2), json!("b"), json!("g"), "{}"),
            ],
        ),
    ];
    for (what, mut events) in variants {
        events.push(chunk(json!({}), "tool_calls".into()));
        let response = read("custom", &sse(&events)).unwrap();
        let calls = &response.first().tool_calls;
        let told: Vec<_> = calls.iter().map(|c| (c.name.as_str(), c.arguments.as_str())).collect();
        assert_eq!(told, [("f", "{\"x\":1}"), ("g", "{}")], "{what}");
        assert!(calls[0].id != calls[1].id && !calls[0].id.is_empty(), "{what}");
    }
}

#[test]
fn the_pieces_of_a_calls_arguments_are_the_whole_of_them_also_where_there_are_none() {
    let call = json!({"index": 0, "id": "a", "function": {"name": "f", "arguments": ""}});
    let text = sse(&[
        chunk(json!({"tool_calls": [call]}), Value::Null),
        chunk(json!({}), "tool_calls".into()),
    ]);
    let (dialect, context) = reader(&client("custom", "m"), &asked());
    let (told, response) = stream(dialect, &context, &text).unwrap();
    let pieces: String = told
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::ToolCall { arguments, .. } => Some(&**arguments),
            _ => None,
        })
        .collect();
    assert_eq!((pieces.as_str(), response.first().tool_calls[0].arguments.as_str()), ("{}", "{}"));
}

#[test]
fn odd_hosts_are_understood() {
    let legacy = [
        chunk(json!({"function_call": {"name": "f", "arguments": ""}}), Value::Null),
        chunk(json!({"function_call": {"arguments": "{}"}}), "function_call".into()),
    ];
    let response = read("custom", &sse(&legacy)).unwrap();
    assert_eq!(response.first().tool_calls[0].arguments, "{}");
    assert_eq!(response.first().provider_finish_reason.as_deref(), Some("function_call"));
    let object = chunk(
        json!({"tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}]}),
        "stop".into(),
    );
    let response = read("custom", &sse(&[object])).unwrap();
    assert_eq!(response.first().tool_calls[0].arguments, "{\"a\":1}");
    assert_eq!(response.first().finish_reason, Some(FinishReason::ToolCalls), "a stop with calls");
    let number = chunk(json!({"content": "Hi"}), json!(3));
    let response = read("custom", &sse(&[number])).unwrap();
    assert_eq!(response.first().provider_finish_reason.as_deref(), Some("3"));
    assert_eq!(response.first().finish_reason, Some(FinishReason::Other));
    let parts = chunk(
        json!({"content": [
        {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]},
        {"type": "text", "text": "Hi"}]}),
        "stop".into(),
    );
    let response = read("custom", &sse(&[parts])).unwrap();
    assert_eq!((response.text(), response.first().reasoning.as_deref()), ("Hi", Some("Hm")));
    let summary = |text: &str| {
        json!({"content": [{"type": "reasoning",
        "summary": [{"type": "summary_text", "text": text, "signature": "s"}]}]})
    };
    let blocks = [
        chunk(summary("H"), Value::Null),
        chunk(summary("m"), Value::Null),
        chunk(json!({"content": "Hi"}), "stop".into()),
    ];
    let response = read("custom", &sse(&blocks)).unwrap();
    assert_eq!((response.text(), response.first().reasoning.as_deref()), ("Hi", Some("Hm")));
    let filtered = json!({"choices": [{"index": 0, "finish_reason": "content_filter: SAFETY"}]});
    let response = read("custom", &sse(&[filtered])).unwrap();
    assert_eq!(response.first().finish_reason, Some(FinishReason::ContentFilter));
    assert_eq!(response.first().provider_finish_reason.as_deref(), Some("content_filter: SAFETY"));
    let refusal = chunk(json!({"refusal": "No."}), "stop".into());
    let response = read("openai", &sse(&[refusal])).unwrap();
    assert_eq!(response.first().finish_reason, Some(FinishReason::Refusal));
}

#[test]
fn thinking_that_stands_only_in_its_details_is_thinking() {
    let details = |text: &str| json!([{"type": "reasoning.text", "index": 0, "text": text}]);
    let end = chunk(json!({"content": "Hi"}), "stop".into());
    let only = ["H", "m"]
        .map(|text| chunk(json!({"content": "", "reasoning_details": details(text)}), Value::Null));
    let both = ["H", "m"].map(|text| {
        let delta = json!({"reasoning_details": details(text), "reasoning": text});
        chunk(delta, Value::Null)
    });
    let signed = chunk(json!({"reasoning": null, "reasoning_details": details("Hm")}), Value::Null);
    let unsaid = ["H", "m"].map(|text| {
        let delta = json!({"reasoning": "", "reasoning_details": details(text)});
        chunk(delta, Value::Null)
    });
    let [a, b] = both;
    for events in [only.to_vec(), vec![a, b, signed], unsaid.to_vec()] {
        let response = read("custom", &sse(&[events, vec![end.clone()]].concat())).unwrap();
        assert_eq!(response.first().reasoning.as_deref(), Some("Hm"));
        assert_eq!(response.text(), "Hi");
    }
}

#[test]
fn a_message_after_its_pieces_is_not_told_again() {
    let whole = json!({"id": "c", "choices": [{"index": 0, "finish_reason": "stop",
        "message": {"role": "assistant", "content": "Hi"}}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
        "base_resp": {"status_code": 0, "status_msg": ""}});
    let pieces = chunk(json!({"content": "Hi"}), "stop".into());
    for events in [vec![pieces, whole.clone()], vec![whole]] {
        let response = read("custom", &sse(&events)).unwrap();
        assert_eq!(response.text(), "Hi");
        assert_eq!(response.usage.unwrap().total_tokens, Some(3));
    }
}

#[test]
fn a_plain_answer_to_a_stream_is_an_answer() {
    let plain = json!({"id": "c", "model": "m", "choices": [{"index": 0, "finish_reason": "stop",
        "message": {"role": "assistant", "content": "Hi"}}]});
    for text in [plain.to_string(), format!("{plain:#}"), format!("\n\n{plain:#}\n")] {
        let response = read("custom", &text).unwrap();
        assert_eq!(response.text(), "Hi");
    }
    assert_eq!(status("custom", &format!("{plain:#}")[..40]), Status::Truncated);
}

#[test]
fn errors_inside_a_stream_end_it_with_their_status() {
    let error = json!({"error": {"message": "busy", "code": 503}});
    let overloaded = [
        text_then(&sse(std::slice::from_ref(&error))),
        text_then(&format!("{error}\n\n")),
        text_then(&format!("{error}")),
        text_then(&format!("{error:#}\n")),
        text_then(&format!("{error:#}")),
        text_then(&format!("event: error\ndata: {error}\n\n")),
        error.to_string(),
        format!("{error:#}"),
        text_then(&format!("data: {}\n\n", json!({"code": 50505, "message": "busy"}))),
    ];
    for text in overloaded {
        assert_eq!(status("custom", &text), Status::Overloaded, "{text}");
    }
    let field = json!({"code": 400, "message": "exceeds the available context size",
        "type": "invalid_request_error"});
    for before in ["", &text_then("")] {
        let text = format!("{before}error: {field}\n\ndata: [DONE]\n\n");
        assert_eq!(status("custom", &text), Status::ContextLength, "{text}");
    }
    let bare = text_then("event: error\ndata: something broke\n\n");
    assert_eq!(status("custom", &bare), Status::Server);
    let vllm = json!({"object": "error", "message": "maximum context length is 10", "code": 400});
    assert_eq!(status("custom", &sse(&[vllm])), Status::ContextLength);
    assert_eq!(status("custom", &text_then("data: {\"choices\": [\n\n")), Status::Protocol);
    let claude = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
    assert_eq!(status("anthropic", claude), Status::Overloaded);
    let ollama = "{\"model\":\"m\",\"message\":{\"content\":\"Hi\"},\"done\":false}\n{\"error\":\"an error was encountered\"}\n";
    assert_eq!(status("ollama", ollama), Status::Server);
    let cohere = sse(&[json!({"type": "message-end", "delta": {
        "finish_reason": "ERROR", "error": "rate limit exceeded"}})]);
    assert_eq!(status("cohere", &cohere), Status::RateLimited);
    let gemini = sse(&[json!({"error": {"code": 503, "status": "UNAVAILABLE", "message": "m"}})]);
    assert_eq!(status("gemini", &gemini), Status::Overloaded);
}

#[test]
fn responses_that_fail_or_stop_early_say_so() {
    let client = options(&[("model", "m"), ("openai_api", "responses"), ("api_key", "k")]);
    let (dialect, context) = reader(&client, &asked());
    let failed = json!({"type": "response.failed", "response": {"id": "r", "status": "failed",
        "error": {"code": "rate_limit_exceeded", "message": "m"}}});
    let error = stream(dialect, &context, &sse(&[failed])).unwrap_err();
    assert_eq!(error.status(), Status::RateLimited);
    let event = json!({"type": "error", "code": "server_error", "message": "m", "param": null});
    let error = stream(dialect, &context, &sse(&[event])).unwrap_err();
    assert_eq!(error.status(), Status::Server);
    let cut = json!({"type": "response.incomplete", "response": {"id": "r", "status": "incomplete",
        "incomplete_details": {"reason": "max_output_tokens"}, "output": []}});
    let (_, response) = stream(dialect, &context, &sse(&[cut])).unwrap();
    assert_eq!(response.first().finish_reason, Some(FinishReason::Length));
    assert_eq!(response.first().finish_detail.as_deref(), Some("reasoning_exhausted"));
    let begun = json!({"type": "response.output_text.delta", "delta": "Hi"});
    let error = stream(dialect, &context, &sse(&[begun])).unwrap_err();
    assert_eq!(error.status(), Status::Truncated);
}

#[test]
fn white_space_before_anything_changes_nothing() {
    for text in [" \n{", " \r\n \n: ping\n", "\n "] {
        assert_eq!(status("custom", text), Status::Truncated, "{text:?}");
    }
    let late = format!(" \n {}", text_then("data: [DONE]\n\n"));
    assert_eq!(read("custom", &late).unwrap().text(), "Hi");
}

#[test]
fn gemini_is_complete_at_the_end_of_the_body_after_a_reason() {
    let part = |text: &str, reason: Value| json!({"candidates": [{"content": {"parts": [{"text": text}]}, "finishReason": reason}]});
    let whole = sse(&[part("Hi", Value::Null), part("!", "STOP".into())]);
    assert_eq!(read("gemini", &whole).unwrap().text(), "Hi!");
    assert_eq!(status("gemini", &sse(&[part("Hi", Value::Null)])), Status::Truncated);
    let blocked = json!({"promptFeedback": {"blockReason": "SAFETY"}});
    let response = read("gemini", &sse(&[blocked])).unwrap();
    assert_eq!(response.first().finish_reason, Some(FinishReason::ContentFilter));
    let armour = sse(&[part("", "MODEL_ARMOR".into())]);
    let response = read("gemini", &armour).unwrap();
    assert_eq!(response.first().provider_finish_reason.as_deref(), Some("MODEL_ARMOR"));
}

#[test]
fn anthropic_pauses_and_unknown_blocks_pass_through() {
    let plain = json!({"id": "m", "model": "m", "content": [
        {"type": "text", "text": "Searching", "citations": [{"url": "u"}]},
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"q": 1}},
        {"type": "of_the_future", "x": [1]},
    ], "stop_reason": "pause_turn", "usage": {"input_tokens": 1, "output_tokens": 2}});
    let client = client("anthropic", "m");
    let (dialect, context) = reader(&client, &asked());
    let response = dialect.reply(&context, &head(200, &[]), plain.to_string().as_bytes()).unwrap();
    let first = response.first();
    assert_eq!(first.finish_reason, Some(FinishReason::Pause));
    assert_eq!(first.message.value()["mynah"]["blocks"], plain["content"]);
    assert_eq!(first.citations, Some(json!([{"url": "u"}])));
    let unknown = json!({"type": "of_the_future", "x": 1});
    let stop = [
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}}),
        json!({"type": "message_stop"}),
    ];
    let (events, _) =
        stream(dialect, &context, &(sse(std::slice::from_ref(&unknown)) + &sse(&stop))).unwrap();
    assert!(events.iter().any(|event| event.kind == EventKind::Other(unknown.to_string())));
}

#[test]
fn framing_of_every_kind_means_the_same() {
    let events = [
        chunk(json!({"content": "H\u{e9}"}), Value::Null),
        chunk(json!({"content": "llo \u{1f99c}"}), "stop".into()),
    ];
    let plain = sse(&events);
    let wanted = read("custom", &plain).unwrap();
    let variants = [
        plain.replace('\n', "\r\n"),
        plain.replace('\n', "\r"),
        plain.replace("data: ", "data:"),
        format!("\u{feff}{plain}"),
        plain.replace("data:", ": ping\n\nevent: x\nid: 1\nretry: 5\ndata:"),
        plain.trim_end().to_string(),
        plain.replace(",\"choices\"", ",\ndata: \"choices\""),
    ];
    for text in variants {
        let got = read("custom", &text).unwrap_or_else(|e| panic!("{e}: {text}"));
        assert_eq!(got, wanted, "{text}");
    }
}

#[test]
fn several_answers_are_kept_apart() {
    let both = |a: &str, b: &str, reason: Value| {
        json!({"choices": [
            {"index": 1, "delta": {"content": b}, "finish_reason": reason},
            {"index": 0, "delta": {"content": a}, "finish_reason": reason}]})
    };
    let text = sse(&[both("a", "b", Value::Null), both("A", "B", "stop".into())]);
    let response = read("custom", &text).unwrap();
    let texts: Vec<_> = response.choices.iter().map(|choice| choice.text.as_str()).collect();
    assert_eq!(texts, ["aA", "bB"]);
    let json = response.to_json();
    assert_eq!((&json["text"], &json["choices"][1]["text"]), (&json!("aA"), &json!("bB")));
}

#[test]
fn raw_events_come_only_on_request() {
    let text = text_then(&sse(&[chunk(json!({}), "stop".into())]));
    let mut asked = asked();
    for (wanted, count) in [("false", 0), ("true", 2)] {
        asked.set("raw_events", wanted).unwrap();
        let client = client("custom", "m");
        let (dialect, context) = reader(&client, &asked);
        let (events, _) = stream(dialect, &context, &text).unwrap();
        let raw = events.iter().filter(|event| matches!(event.kind, EventKind::Raw(_)));
        assert_eq!(raw.count(), count);
    }
}

#[test]
fn an_event_beyond_the_cap_is_too_large() {
    let client = options(&[
        ("provider", "custom"),
        ("model", "m"),
        ("base_url", "http://localhost"),
        ("max_event_bytes", "1024"),
    ]);
    let (dialect, context) = reader(&client, &asked());
    for text in [format!("data: {}", "x".repeat(2_000)), format!("{{\"a\":\"{}", "x".repeat(2_000))]
    {
        let error = stream(dialect, &context, &text).unwrap_err();
        assert!(matches!(error, Error::TooLarge { .. }), "{error}");
    }
}

#[test]
fn a_call_whose_every_piece_has_another_id_is_one_call() {
    // vLLM, up to 2024, for a tool that was asked for by name.
    for index in [Value::Null, 0.into()] {
        let piece = |n: u32, arguments: &str| {
            let mut call = json!({"id": format!("chatcmpl-tool-{n}"), "type": "function",
                "function": {"name": "f", "arguments": arguments}});
            if !index.is_null() {
                call["index"] = index.clone();
            }
            chunk(json!({"tool_calls": [call]}), Value::Null)
        };
        let pieces = ["{\"", "a", "\":{\"b\"", ":1}}", "{\"a\":2}"].into_iter().zip(0..);
        let mut all: Vec<_> = pieces.map(|(text, n)| piece(n, text)).collect();
        all.push(chunk(json!({}), "tool_calls".into()));
        let response = read("custom", &sse(&all)).unwrap();
        let calls = &response.first().tool_calls;
        let arguments: Vec<_> = calls.iter().map(|call| call.arguments.as_str()).collect();
        assert_eq!(arguments, ["{\"a\":{\"b\":1}}", "{\"a\":2}"]);
    }
}

#[test]
fn thinking_under_a_second_name_counts_where_the_first_is_empty() {
    let delta = json!({"reasoning_content": "", "reasoning": "think", "content": "a"});
    let response = read("custom", &sse(&[chunk(delta, "stop".into())])).unwrap();
    assert_eq!(response.first().reasoning.as_deref(), Some("think"));
}

#[test]
fn half_a_character_costs_no_more_than_itself() {
    let text =
        r#"data: {"choices":[{"index":0,"delta":{"content":"a\ud83d"},"finish_reason":"stop"}]}"#;
    let response = read("custom", &format!("{text}\n\n")).unwrap();
    assert_eq!(response.first().text, "a\u{fffd}");
}

#[test]
fn an_answer_without_vectors_is_no_embeddings() {
    let client = client("openai", "m");
    let (dialect, context) = reader(&client, &asked());
    for body in ["{}", r#"{"data":[]}"#] {
        let end = dialect.embed_reply(&context, &head(200, &[]), body.as_bytes());
        assert_eq!(end.unwrap_err().status(), Status::Protocol);
    }
}

#[test]
fn whole_answers_with_one_number_are_told_apart_by_their_places() {
    let choice = |text: &str| {
        json!({"index": 0, "message": {"role": "assistant", "content": text},
        "finish_reason": "stop"})
    };
    let client = client("custom", "m");
    let (dialect, context) = reader(&client, &asked());
    let answer = json!({"choices": [choice("a"), choice("b")]}).to_string();
    let response = dialect.reply(&context, &head(200, &[]), answer.as_bytes()).unwrap();
    let texts: Vec<_> = response.choices.iter().map(|choice| choice.text.as_str()).collect();
    assert_eq!(texts, ["a", "b"]);
}

#[test]
fn words_alone_are_news_where_an_answer_follows_and_the_error_where_none_does() {
    let news = r#"data: {"message":"in queue"}"#.to_string() + "\n\n";
    let finish = sse(&[chunk(json!({}), "stop".into())]);
    let client = client("custom", "m");
    let (dialect, context) = reader(&client, &asked());
    let (events, response) =
        stream(dialect, &context, &(news.clone() + &text_then(&finish))).unwrap();
    assert_eq!(response.text(), "Hi");
    let told = EventKind::Other(r#"{"message":"in queue"}"#.into());
    assert!(events.iter().any(|event| event.kind == told), "{events:?}");
    for end in ["", "data: [DONE]\n\n"] {
        let error = read("custom", &(news.clone() + end)).unwrap_err();
        assert_eq!((error.status(), error.to_string().as_str()), (Status::Server, "in queue"));
    }
    // After some of an answer too, unless that has come to its end.
    let said = sse(&[chunk(json!({"content": "Hi"}), Value::Null)]) + &news;
    for end in ["", "data: [DONE]\n\n"] {
        let error = read("custom", &(said.clone() + end)).unwrap_err();
        assert_eq!((error.status(), error.to_string().as_str()), (Status::Server, "in queue"));
        let over = text_then(&finish) + &news + end;
        assert_eq!(read("custom", &over).unwrap().text(), "Hi");
    }
}

#[test]
fn an_error_that_no_answer_follows_is_one_whatever_ends_the_stream() {
    for (error, status) in [
        (json!({"message": "Too many connections", "status_code": 429}), Status::RateLimited),
        (json!({"msg": "busy", "code": 1302}), Status::RateLimited),
        (json!({"id": "x", "choices": [], "message": "upstream error"}), Status::Server),
        (json!({"errors": [{"message": "AI", "code": 3040}], "success": false}), Status::Server),
        (json!({"success": false, "message": "x"}), Status::Server),
        (json!({"error_msg": "y", "error_code": 17}), Status::Server),
    ] {
        let plain = {
            let (dialect, context) = reader(&client("custom", "m"), &asked());
            dialect.reply(&context, &head(200, &[]), error.to_string().as_bytes()).unwrap_err()
        };
        let said = sse(&[chunk(json!({"content": "Hi"}), Value::Null)]);
        for begun in ["", &said] {
            for end in ["", "data: [DONE]\n\n"] {
                let text = format!("{begun}data: {error}\n\n{end}");
                let streamed = read("custom", &text).unwrap_err();
                assert_eq!((plain.status(), streamed.status()), (status, status), "{text}");
                assert_eq!(plain.to_string(), streamed.to_string(), "{text}");
            }
        }
    }
}

#[test]
fn an_answer_without_choices_is_one_of_nothing_but_its_bill_plain_or_streamed() {
    let bill = json!({"id": "c", "model": "m", "choices": [],
        "usage": {"prompt_tokens": 5, "completion_tokens": 0}});
    let (dialect, context) = reader(&client("custom", "m"), &asked());
    let plain = dialect.reply(&context, &head(200, &[]), bill.to_string().as_bytes()).unwrap();
    let streamed = read("custom", &(sse(&[bill]) + "data: [DONE]\n\n")).unwrap();
    for response in [plain, streamed] {
        assert_eq!(response.first().finish_reason, Some(FinishReason::Other));
        assert_eq!(response.usage.unwrap().input_tokens, Some(5));
    }
    let nothing = br#"{"id": "c", "model": "m", "choices": []}"#;
    let error = dialect.reply(&context, &head(200, &[]), nothing).unwrap_err();
    assert_eq!(error.status(), Status::Protocol);
}

#[test]
fn half_an_answer_that_ends_where_the_connection_does_was_cut() {
    let (dialect, context) = reader(&client("custom", "m"), &asked());
    let length = ("content-length", "22");
    for (headers, body, status) in [
        (&[][..], r#"{"id": "c", "choices":"#, Status::Truncated),
        (&[length], r#"{"id": "c", "choices":"#, Status::Protocol),
        (&[], "", Status::Protocol),
        (&[], "{]", Status::Protocol),
    ] {
        let reply = dialect.reply(&context, &head(200, headers), body.as_bytes());
        assert_eq!(reply.unwrap_err().status(), status, "{headers:?} {body}");
    }
}

#[test]
fn results_of_a_search_are_cited_with_all_that_is_told_of_them() {
    let (urls, results) = (json!(["https://a"]), json!([{"title": "t", "url": "https://a"}]));
    let with = |more: Value| {
        let mut last = chunk(json!({"content": "Hi"}), "stop".into());
        last.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        read("custom", &sse(&[last])).unwrap().first().citations.clone().unwrap()
    };
    assert_eq!(with(json!({"search_results": results})), results);
    assert_eq!(with(json!({"search_results": results, "citations": urls})), results);
    assert_eq!(with(json!({"search_results": [], "citations": urls})), urls);
}

#[test]
fn an_end_that_is_told_in_details_is_that_end() {
    for (word, reason) in [("stop", FinishReason::Stop), ("max_tokens", FinishReason::Length)] {
        let client = client("openai", "gpt-4-vision-preview");
        let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
        let (dialect, context) = reader(&client, &asked);
        let answer = json!({"choices": [{"index": 0, "finish_details": {"type": word},
            "message": {"role": "assistant", "content": "Hi"}}]});
        let response = dialect.reply(&context, &head(200, &[]), answer.to_string().as_bytes());
        assert_eq!(response.unwrap().first().finish_reason, Some(reason));
    }
}
