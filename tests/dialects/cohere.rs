//! Cohere: what it is shown, calls without arguments, and probabilities.

use mynah::llm::response::FinishReason;
use serde_json::{Value, json};

use crate::*;

fn asked() -> (&'static dyn Provider, Context) {
    let hi = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    reader(&client("cohere", "m"), &hi)
}

fn read(events: &[Value]) -> Response {
    let (dialect, context) = asked();
    stream(dialect, &context, &sse(events)).unwrap().1
}

fn plain(answer: &Value) -> Response {
    let (dialect, context) = asked();
    dialect.reply(&context, &head(200, &[]), answer.to_string().as_bytes()).unwrap()
}

fn call(arguments: &Value) -> Value {
    json!({"id": "c1", "type": "function", "function": {"name": "now", "arguments": arguments}})
}

/// An answer that calls with these arguments, streamed and plain.
fn calling(arguments: &Value) -> [Response; 2] {
    let streamed = read(&[
        json!({"type": "tool-call-start", "index": 0,
            "delta": {"message": {"tool_calls": call(arguments)}}}),
        json!({"type": "tool-call-end", "index": 0}),
        json!({"type": "message-end", "delta": {"finish_reason": "TOOL_CALL"}}),
    ]);
    let whole = plain(&json!({"id": "i", "finish_reason": "TOOL_CALL",
        "message": {"role": "assistant", "tool_calls": [call(arguments)]}}));
    [streamed, whole]
}

#[test]
fn a_call_without_arguments_goes_back_with_an_empty_object() {
    for arguments in [json!(""), Value::Null, json!("null")] {
        for response in calling(&arguments) {
            assert_eq!(response.first().tool_calls[0].arguments, "{}", "{arguments}");
            let blocks = &response.first().message.value()["mynah"]["blocks"];
            assert_eq!(blocks[0]["tool_calls"], json!([call(&json!("{}"))]), "{arguments}");
        }
    }
}

#[test]
fn arguments_that_come_as_an_object_are_read_as_its_text() {
    for response in calling(&json!({"a": [1, "x"]})) {
        assert_eq!(response.first().tool_calls[0].arguments, r#"{"a":[1,"x"]}"#);
    }
}

#[test]
fn a_null_within_streamed_arguments_is_a_piece_of_them() {
    let piece = |kind: &str, text: &str| json!({"type": kind, "index": 0, "delta": {"message": {"tool_calls": call(&json!(text))}}});
    let response = read(&[
        piece("tool-call-start", ""),
        piece("tool-call-delta", "{\"a\":"),
        piece("tool-call-delta", "null"),
        piece("tool-call-delta", "}"),
        json!({"type": "tool-call-end", "index": 0}),
        json!({"type": "message-end", "delta": {"finish_reason": "TOOL_CALL"}}),
    ]);
    assert_eq!(response.first().tool_calls[0].arguments, "{\"a\":null}");
}

#[test]
fn probabilities_are_kept_streamed_as_plain() {
    let probable = |text: &str| json!({"text": text, "token_ids": [7], "logprobs": [-0.5]});
    let delta = |text: &str| {
        json!({"type": "content-delta", "index": 0, "logprobs": probable(text),
            "delta": {"message": {"content": {"text": text}}}})
    };
    let streamed = read(&[
        json!({"type": "message-start", "id": "i"}),
        delta("Hi"),
        delta(" you"),
        json!({"type": "message-end", "delta": {"finish_reason": "COMPLETE"}}),
    ]);
    let all = json!([probable("Hi"), probable(" you")]);
    let whole = plain(&json!({"id": "i", "finish_reason": "COMPLETE", "logprobs": all,
        "message": {"role": "assistant", "content": [{"type": "text", "text": "Hi you"}]}}));
    for response in [streamed, whole] {
        assert_eq!((response.text(), &response.first().logprobs), ("Hi you", &Some(all.clone())));
    }
}

#[test]
fn an_answer_that_filled_its_context_was_cut() {
    let whole = plain(&json!({"id": "i", "finish_reason": "ERROR_LIMIT",
        "message": {"role": "assistant", "content": [{"type": "text", "text": "Hi"}]}}));
    assert_eq!(whole.first().finish_reason, Some(FinishReason::Length));
}

#[test]
fn only_the_user_shows_images() {
    let client = client("cohere", "command-a-vision-07-2025");
    let call =
        json!([{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]);
    let seen = json!([{"type": "text", "text": "Look"},
        {"type": "image_url", "image_url": {"url": "https://example.test/a.png"}}]);
    let asked = |place: &str| {
        let words = |at: &str| if at == place { seen.clone() } else { "Well".into() };
        request(json!({"messages": [
            {"role": "system", "content": words("system")},
            {"role": "user", "content": words("user")},
            {"role": "assistant", "content": words("answer")},
            {"role": "user", "content": "Go"},
            {"role": "assistant", "content": words("plan"), "tool_calls": call},
            {"role": "tool", "tool_call_id": "c1", "content": words("result")}]}))
    };
    assert!(body(&client, &asked("user")).to_string().contains("image_url"));
    for place in ["system", "answer", "plan", "result"] {
        let mut asked = asked(place);
        // Of another model's answer it is left out in any case.
        if matches!(place, "system" | "result") {
            let refused = prepare(&client, &asked, false).unwrap_err();
            assert_eq!(refused.status(), mynah::error::Status::BadRequest, "{place}");
            assert!(refused.to_string().contains("images only from the user"), "{refused}");
            asked.set("unsupported", "drop").unwrap();
        }
        let prepared = prepare(&client, &asked, false).unwrap();
        let sent = String::from_utf8_lossy(&prepared.http.body);
        assert!(!sent.contains("image_url") && sent.contains("Look"), "{place}: {sent}");
        assert!(prepared.adjusted[0].starts_with("messages: left out"), "{place}");
    }
}

#[test]
fn arguments_of_a_call_are_the_text_of_an_object() {
    let sent = |call: Value| {
        let asked = request(json!({"messages": [{"role": "user", "content": "Go"},
            {"role": "assistant", "content": null, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "1"}]}));
        let sent = body(&client("cohere", "command-a-03-2025"), &asked);
        sent["messages"][1]["tool_calls"][0]["function"]["arguments"].clone()
    };
    let function = |arguments: &str| json!({"id": "c1", "type": "function", "function": {"name": "f", "arguments": arguments}});
    for (given, expected) in
        [("", "{}"), (" ", "{}"), ("null", "{}"), (r#"{"a": 1}"#, r#"{"a": 1}"#)]
    {
        assert_eq!(sent(function(given)), expected, "{given:?}");
    }
    let custom = json!({"id": "c1", "type": "custom", "custom": {"name": "f", "input": "red"}});
    assert_eq!(sent(custom), r#"{"input":"red"}"#);
}

/// A document in OpenAI's form; the data says `ABC`.
fn file(name: &str, mime: &str) -> Value {
    json!({"type": "file", "file": {
        "filename": name, "file_data": format!("data:{mime};base64,QUJD")}})
}

#[test]
fn what_the_user_shows_stands_beside_the_messages_and_what_a_tool_gives_within() {
    let call =
        json!([{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]);
    let own = json!({"type": "document", "document": {"id": "d", "data": {"text": "own"}}});
    let asked = request(json!({"documents": ["first"], "messages": [
        {"role": "user", "content": [{"type": "text", "text": "Read"},
            file("a.txt", "text/plain"), file("b.json", "application/json"), own]},
        {"role": "assistant", "content": null, "tool_calls": call},
        {"role": "tool", "tool_call_id": "c1", "content": [file("c.md", "text/markdown")]}]}));
    let sent = body(&client("cohere", "command-a-03-2025"), &asked);
    let shown = |name: &str| json!({"data": {"text": "ABC", "title": name}});
    assert_eq!(
        sent["documents"],
        json!(["first", shown("a.txt"), shown("b.json"), own["document"]])
    );
    assert_eq!(sent["messages"][0]["content"], json!([{"type": "text", "text": "Read"}]));
    let given = json!([{"type": "document", "document": shown("c.md")}]);
    assert_eq!(sent["messages"][2]["content"], given);
}

#[test]
fn a_format_of_json_is_refused_beside_a_document_in_a_message() {
    let mut asked = request(json!({"response_format": {"type": "json_object"}, "messages": [
        {"role": "user", "content": [file("a.txt", "text/plain")]}]}));
    let cohere = client("cohere", "command-a-03-2025");
    let error = prepare(&cohere, &asked, false).unwrap_err().to_string();
    assert!(error.starts_with("response_format: "), "{error}");
    asked.set("unsupported", "drop").unwrap();
    let sent = body(&cohere, &asked);
    assert!(sent["response_format"].is_null() && sent["documents"].is_array(), "{sent}");
}

#[test]
fn a_document_of_another_vendors_form_is_refused() {
    let strange = json!({"type": "document", "source": {"type": "text", "data": "ABC"}});
    let asked = request(json!({"messages": [{"role": "user", "content": [strange]}]}));
    let error = prepare(&client("cohere", "command-a-03-2025"), &asked, false).unwrap_err();
    assert_eq!(error.status(), mynah::error::Status::BadRequest);
}

#[test]
fn of_an_effort_and_a_budget_the_one_that_is_not_sent_is_noted() {
    let asked = |effort: &str| {
        request(json!({"messages": [{"role": "user", "content": "Hi"}],
            "reasoning_effort": effort, "reasoning_budget": 2000}))
    };
    let cohere = client("cohere", "command-a-reasoning-08-2025");
    let cohere = prepare(&cohere, &asked("none"), false).unwrap();
    let sent: Value = serde_json::from_slice(&cohere.http.body).unwrap();
    assert_eq!(sent["thinking"], json!({"type": "disabled"}));
    assert_eq!(cohere.adjusted, ["reasoning_budget: left out: it is not to think"]);
    let gemini = prepare(&client("gemini", "gemini-2.5-flash"), &asked("low"), false).unwrap();
    let sent: Value = serde_json::from_slice(&gemini.http.body).unwrap();
    assert_eq!(sent["generationConfig"]["thinkingConfig"]["thinkingBudget"], 2000);
    let why = "reasoning_effort: left out: the budget says how long to think";
    assert_eq!(gemini.adjusted, [why]);
}
