//! Streams: chunks that say little or nothing, other framings, and ends.

use super::*;

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
fn a_sign_of_life_says_nothing_not_even_that_an_answer_begins() {
    let alive = |kind: &str| json!({"type": kind, "sequence_number": 1});
    let created = json!({"type": "response.created", "response": {"id": "r", "model": "m"}});
    let said = json!({"type": "response.output_text.delta", "delta": "Hi"});
    let end = json!({"type": "response.completed", "response": {"id": "r", "model": "m"}});
    let first = json!({"id": "r", "model": "m", "choices": [{"index": 0,
        "delta": {"content": "Hi"}, "finish_reason": "stop"}]});
    for kind in ["keepalive", "ping", "heartbeat"] {
        let events = [alive(kind), created.clone(), alive(kind), said.clone(), end.clone()];
        for (told, response) in [
            read("responses", &events).unwrap(),
            read("custom", &[alive(kind), first.clone()]).unwrap(),
        ] {
            let start = EventKind::Start { model: Some("m".into()), id: Some("r".into()) };
            assert_eq!((&told[0].kind, response.text()), (&start, "Hi"));
            assert!(!told.iter().any(|event| matches!(event.kind, EventKind::Other(_))));
        }
    }
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
fn the_token_of_a_delta_and_what_hides_its_length_are_no_parts_of_the_message() {
    let delta = |text: &str, token: u32| json!({"role": "assistant", "content": text, "token_id": token, "padding": "abc"});
    let all = [chunk(delta("H", 7), Value::Null), chunk(delta("i", 8), json!("stop"))];
    let (_, response) = read("custom", &all).unwrap();
    let blocks = &response.first().message.value()["mynah"]["blocks"];
    assert_eq!(blocks, &json!([{"role": "assistant", "content": "Hi"}]));
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
fn the_status_of_an_error_inside_a_stream_is_found_under_every_name() {
    for name in ["code", "status_code", "http_status_code"] {
        let event = json!({"error": {"message": "failed", name: 400}});
        let Error::Call(call) = read("custom", &[event]).unwrap_err() else { panic!("no call") };
        assert_eq!((call.http_status, call.status), (Some(400), Status::BadRequest));
    }
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
