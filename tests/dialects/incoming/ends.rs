//! How streams end: whole, cut, or with an error.

use mynah::error::{Error, Status};
use mynah::llm::event::EventKind;
use mynah::llm::response::FinishReason;
use serde_json::{Value, json};

use super::*;

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

#[test]
fn a_damaged_event_is_not_passed_over() {
    let events = ["{A}", "{B}", "{C}"].map(|text| chunk(json!({"content": text}), Value::Null));
    let end = chunk(json!({}), json!("stop"));
    for damage in [&b"xx"[..], b"\xff\xfe", b"\xff{", b"<html>{"] {
        let mut bytes = sse(&[events[0].clone()]).into_bytes();
        bytes.extend([b"data: ", damage, &events[1].to_string().as_bytes()[1..], b"\n\n"].concat());
        bytes.extend(sse(&[events[2].clone(), end.clone()]).into_bytes());
        let client = client("custom", "m");
        let (dialect, context) = reader(&client, &asked());
        let mut decoder = dialect.stream(&context, &head(200, &[]));
        let ended = decoder.feed(&bytes).and_then(|()| decoder.finish());
        assert_eq!(ended.unwrap_err().status(), Status::Protocol, "{damage:?}");
    }
    // Words of a gateway's to keep the connection open are no events.
    let alive = sse(&events[..1]) + "data: PROCESSING\n\ndata: -\n\n" + &sse(&[end]);
    assert_eq!(read("custom", &alive).unwrap().text(), "{A}");
}
