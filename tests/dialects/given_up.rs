//! Answers that a vendor gives up after it has begun, in words of its dialect.

use mynah::error::{CallError, Error, Status};
use mynah::llm::response::FinishReason;
use serde_json::{Value, json};

use crate::*;

/// What a stream of this one event comes to.
fn given_up(provider: &str, event: &Value) -> CallError {
    ended(provider, std::slice::from_ref(event))
}

/// What a stream of these events comes to.
fn ended(provider: &str, events: &[Value]) -> CallError {
    let client = any_request::client_of(provider, "m");
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, context) = reader(&client, &asked);
    let head = head(200, &[("x-request-id", "req_7")]);
    let mut decoder = dialect.stream(&context, &head);
    match decoder.feed(sse(events).as_bytes()).and_then(|()| decoder.finish()) {
        Err(Error::Call(call)) => *call,
        other => panic!("{provider}: {other:?}"),
    }
}

fn failed(error: Value) -> Value {
    json!({"type": "response.failed",
        "response": {"id": "r", "model": "m", "status": "failed", "error": error}})
}

#[test]
fn the_error_has_what_the_answers_head_says() {
    let busy = json!({"code": "rate_limit_exceeded", "message": "Too fast"});
    let events = [
        ("responses", failed(busy.clone()), Status::RateLimited),
        ("responses", failed(Value::Null), Status::Server),
        (
            "siliconflow",
            json!({"id": "c", "x_groq": {"error": "rate limit exceeded"}}),
            Status::RateLimited,
        ),
        ("cohere", json!({"type": "message-end", "delta": {"error": busy}}), Status::RateLimited),
        (
            "cohere",
            json!({"type": "message-end", "delta": {"finish_reason": "ERROR"}}),
            Status::Server,
        ),
    ];
    for (provider, event, status) in events {
        let error = given_up(provider, &event);
        assert_eq!(error.status, status, "{event}");
        assert_eq!(error.http_status, Some(200), "{event}");
        assert_eq!(error.request_id.as_deref(), Some("req_7"), "{event}");
    }
}

#[test]
fn an_end_in_failure_before_any_word_is_an_error_and_after_some_an_end() {
    let chunk = |delta: Value, reason: &str| json!({"id": "c", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]});
    let client = client("custom", "m");
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, context) = reader(&client, &asked);
    let words = [
        ("network_error", Status::Server),
        ("error", Status::Server),
        // Claude's, through Portkey.
        ("overloaded_error", Status::Overloaded),
        // DeepSeek's.
        ("insufficient_system_resource", Status::Overloaded),
    ];
    for (word, status) in words {
        let empty = json!({"role": "assistant", "content": ""});
        let error = given_up("siliconflow", &chunk(empty.clone(), word));
        assert_eq!((error.status, error.retriable), (status, true));
        let plain = |message: &Value| {
            let choice = json!({"index": 0, "message": message, "finish_reason": word});
            let answer = json!({"id": "c", "choices": [choice]}).to_string();
            dialect.reply(&context, &head(200, &[]), answer.as_bytes())
        };
        assert_eq!(plain(&empty).unwrap_err().status(), status);
        let half = json!({"role": "assistant", "content": "Half"});
        let (_, streamed) = stream(dialect, &context, &sse(&[chunk(half.clone(), word)])).unwrap();
        for response in [streamed, plain(&half).unwrap()] {
            let end = response.first().finish_reason;
            assert_eq!((response.text(), end), ("Half", Some(FinishReason::Other)));
        }
    }
}

#[test]
fn a_code_without_words_is_the_message() {
    let error = given_up("responses", &failed(json!({"code": "bio_policy", "message": ""})));
    assert_eq!(error.status, Status::ContentFilter);
    assert_eq!(error.message, "openai answered HTTP 200: bio_policy");
    let error = given_up("responses", &failed(json!({"code": "data_residency_mismatch"})));
    assert_eq!(error.status, Status::BadRequest);
}

#[test]
fn why_an_answer_failed_may_be_said_in_the_event_after() {
    let filtered = json!({"type": "error", "code": null, "message": null, "error": {
        "type": "invalid_request_error", "code": "content_policy_violation", "message": "Blocked"}});
    let error = ended("responses", &[failed(Value::Null), filtered]);
    assert_eq!((error.status, &*error.message), (Status::ContentFilter, "Blocked"));
    let named = json!({"type": "response.error", "response": {"error": {
        "code": "rate_limit_exceeded", "message": "Too fast"}}});
    assert_eq!(given_up("responses", &named).status, Status::RateLimited);
}

#[test]
fn an_answer_that_ends_with_done_is_what_its_status_says() {
    let done = |status: &str, more: Value| {
        let mut response = json!({"id": "r", "model": "m", "status": status});
        response.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"type": "response.done", "response": response})
    };
    let busy = json!({"error": {"code": "rate_limit_exceeded", "message": "Too fast"}});
    assert_eq!(given_up("responses", &done("failed", busy)).status, Status::RateLimited);
    assert_eq!(given_up("responses", &done("cancelled", json!({}))).status, Status::Server);
    assert_eq!(given_up("responses", &json!({"type": "response.done"})).status, Status::Truncated);
    let client = any_request::client_of("responses", "m");
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, context) = reader(&client, &asked);
    let said = json!({"type": "response.output_text.delta", "output_index": 0, "delta": "Hi"});
    let cut = json!({"incomplete_details": {"reason": "max_output_tokens"}});
    for (end, reason) in [
        (done("completed", json!({"output": []})), FinishReason::Stop),
        (done("incomplete", cut), FinishReason::Length),
    ] {
        let (_, answer) = stream(dialect, &context, &sse(&[said.clone(), end])).unwrap();
        assert_eq!((answer.text(), answer.first().finish_reason), ("Hi", Some(reason)));
    }
}

#[test]
fn a_prompt_that_leaves_no_room_is_too_long_also_where_the_answer_says_so() {
    let word = "model_context_window_exceeded";
    let choice = |body: &str, said: &str| {
        json!({"id": "c", "choices": [{"index": 0, "finish_reason": word,
            body: {"role": "assistant", "content": said}}]})
    };
    let claude = |content: Value| {
        json!({"type": "message", "role": "assistant", "model": "m", "content": content,
            "stop_reason": word, "usage": {"input_tokens": 0, "output_tokens": 0}})
    };
    let start = json!({"type": "message_start", "message": {"id": "m", "role": "assistant",
        "model": "m", "content": [], "usage": {"input_tokens": 0, "output_tokens": 0}}});
    let delta = json!({"type": "message_delta", "delta": {"stop_reason": word},
        "usage": {"output_tokens": 0}});
    let stop = json!({"type": "message_stop"});
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    for (provider, plain, events) in [
        ("siliconflow", choice("message", ""), vec![choice("delta", "")]),
        ("anthropic", claude(json!([])), vec![start, delta, stop]),
    ] {
        assert_eq!(ended(provider, &events).status, Status::ContextLength, "{provider}");
        let (dialect, context) = reader(&any_request::client_of(provider, "m"), &asked);
        let read =
            |plain: &Value| dialect.reply(&context, &head(200, &[]), plain.to_string().as_bytes());
        assert_eq!(read(&plain).unwrap_err().status(), Status::ContextLength, "{provider}");
        // Of what had begun the window only cut the end.
        let begun = match provider {
            "siliconflow" => choice("message", "Hi"),
            _ => claude(json!([{"type": "text", "text": "Hi"}])),
        };
        assert_eq!(read(&begun).unwrap().first().finish_reason, Some(FinishReason::Length));
        // And of what was generated and is not shown.
        let mut hidden = plain.clone();
        hidden["usage"] = match provider {
            "siliconflow" => json!({"prompt_tokens": 9, "completion_tokens": 5}),
            _ => json!({"input_tokens": 9, "output_tokens": 5}),
        };
        assert_eq!(read(&hidden).unwrap().first().finish_reason, Some(FinishReason::Length));
    }
}
