//! Gemini, Cohere, Ollama and OpenAI's Responses: the kinds of things that each says.

use super::*;

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
fn ollama_tells_what_was_cached_where_it_knows() {
    let mut answer = json!({"model": "m", "message": {"role": "assistant", "content": "Hi"},
        "done": true, "done_reason": "stop", "prompt_eval_count": 40, "eval_count": 5});
    assert_eq!(plain("ollama", &answer).usage.unwrap().cached_input_tokens, None);
    answer["prompt_eval_cached_count"] = 32.into();
    let usage = plain("ollama", &answer).usage.unwrap();
    assert_eq!((usage.input_tokens, usage.cached_input_tokens), (Some(40), Some(32)));
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
fn a_probability_of_nothing_as_python_writes_it_is_null_and_the_answer_is_read() {
    let word = json!({"content": [{"token": "NaN", "logprob": "@", "bytes": null}]});
    let mut piece = chunk(json!({"content": "NaN"}), json!(null));
    piece["choices"][0]["logprobs"] = word.clone();
    let events = sse(&[piece, chunk(json!({}), json!("stop"))]);
    let answer = json!({"choices": [{"index": 0, "message": {"content": "NaN"},
        "logprobs": word, "finish_reason": "stop"}]});
    for none in ["NaN", "-Infinity", "Infinity"] {
        let (dialect, context) = context_of("custom");
        let (_, streamed) = stream(dialect, &context, &events.replace("\"@\"", none)).unwrap();
        let body = answer.to_string().replace("\"@\"", none);
        let plain = dialect.reply(&context, &head(200, &[]), body.as_bytes()).unwrap();
        for response in [streamed, plain] {
            assert_eq!(response.text(), "NaN", "{none}");
            let logprobs = response.first().logprobs.clone().unwrap();
            assert_eq!(logprobs["content"][0]["logprob"], json!(null), "{none}");
        }
    }
}
