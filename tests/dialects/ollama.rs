//! What Ollama, or who answers in its place, says instead of an answer.

use mynah::error::Status;
use serde_json::{Value, json};

use crate::*;

/// How a plain answer ends that is this, a stream that begins with it, and one that
/// has said something before.
fn errors(said: &Value) -> [mynah::error::Error; 3] {
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, context) = reader(&client("ollama", "m"), &asked);
    let piece = json!({"model": "m", "message": {"role": "assistant", "content": "So"},
        "done": false});
    [
        dialect.reply(&context, &head(200, &[]), said.to_string().as_bytes()).unwrap_err(),
        stream(dialect, &context, &format!("{said}\n")).unwrap_err(),
        stream(dialect, &context, &format!("{piece}\n{said}\n")).unwrap_err(),
    ]
}

#[test]
fn what_says_why_there_is_no_answer_is_that_error_wherever_it_says_it() {
    for (said, status, message) in [
        (json!({"error": {"message": "boom"}}), Status::Server, "boom"),
        (json!({"error": ["boom"]}), Status::Server, "boom"),
        (json!({"error": true, "message": "boom"}), Status::Server, "boom"),
        (json!({"errors": [{"message": "boom"}]}), Status::Server, "boom"),
        (json!({"error_message": "boom"}), Status::Server, "boom"),
        (json!({"message": "boom", "code": 500}), Status::Server, "boom"),
        (json!({"message": "slow down", "status": 429}), Status::RateLimited, "slow down"),
        (json!({"message": "no key", "statusCode": 401}), Status::Authentication, "no key"),
        (json!({"error": "", "status": 503}), Status::Overloaded, "HTTP 503"),
        (json!({"InternalServerError": {"message": "boom"}}), Status::Server, "boom"),
        (json!({"AuthenticationError": "no key"}), Status::Authentication, "no key"),
        (json!({"ThrottlingException": {"message": "slow"}}), Status::RateLimited, "slow"),
    ] {
        for error in errors(&said) {
            assert_eq!(error.status(), status, "{said}: {error}");
            assert!(error.to_string().contains(message), "{said}: {error}");
        }
    }
}

#[test]
fn words_alone_are_an_error_where_no_more_of_an_answer_came() {
    for error in errors(&json!({"message": "boom"})) {
        assert!(error.to_string().contains("boom"), "{error}");
        assert_eq!(error.status(), Status::Server);
    }
}

#[test]
fn what_is_neither_answer_nor_error_is_told_and_waited_past() {
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, context) = reader(&client("ollama", "m"), &asked);
    let end = json!({"model": "m", "message": {"role": "assistant", "content": "So"},
        "done": true, "done_reason": "stop"});
    let news = json!({"status": "pulling manifest"});
    let (events, response) = stream(dialect, &context, &format!("{news}\n{end}\n")).unwrap();
    assert_eq!(response.text(), "So");
    assert!(events.iter().any(|event| format!("{event:?}").contains("pulling manifest")));
}

#[test]
fn numbers_below_0_are_its_own_words_for_chance_and_no_cap() {
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}], "seed": -1,
        "top_k": -1, "max_tokens": -2}));
    let sent = body(&client("ollama", "qwen3"), &asked);
    assert_eq!(sent["options"], json!({"seed": -1, "top_k": -1, "num_predict": -2}));
    fits("ollama-openapi.yaml", "ChatRequest", &sent);
}

#[test]
fn a_thought_of_the_callers_own_message_is_said_in_the_vendors_form_and_anothers_is_not() {
    let call =
        json!({"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let sent = |provider: &str, model: &str, more: Value| {
        let mut said = json!({"role": "assistant", "content": "Hi", "tool_calls": [call]});
        said.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}, said,
            {"role": "tool", "tool_call_id": "c1", "content": "1"}]}));
        let sent = body(&client(provider, model), &asked);
        sent["messages"][1].clone()
    };
    let foreign = json!({"reasoning_content": "Hm", "mynah":
        {"provider": "deepseek", "model": "deepseek-flash", "blocks": []}});
    for key in ["reasoning_content", "reasoning", "thinking"] {
        assert_eq!(sent("ollama", "qwen3", json!({key: "Hm"}))["thinking"], "Hm");
    }
    assert!(sent("ollama", "qwen3", foreign.clone()).get("thinking").is_none());
    let cohere = |more: Value| sent("cohere", "command-a-reasoning-08-2025", more);
    let thought = json!([{"type": "thinking", "thinking": "Hm"}]);
    let said = cohere(json!({"reasoning_content": "Hm"}));
    assert_eq!((&said["content"], &said["tool_plan"]), (&thought, &json!("Hi")));
    assert!(cohere(foreign).get("content").is_none());
    let plain = sent("cohere", "command-a-03-2025", json!({"reasoning_content": "Hm"}));
    assert!(plain.get("content").is_none());
}
