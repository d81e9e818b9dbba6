//! Answers whose content is a list of parts, as some compatible hosts send it: what
//! they come to, and that the host has its own list back.

use mynah::llm::event::EventKind;
use mynah::llm::response::FinishReason;
use serde_json::{Value, json};

use crate::*;

fn asked() -> Request {
    request(json!({"messages": [{"role": "user", "content": "Hi"}]}))
}

fn message(response: &Response) -> Value {
    response.first().message.value().into_owned()
}

/// What the host, and another, have of an answer in the next request.
fn back(said: &Value) -> (Value, Value) {
    let next = request(json!({"messages": [{"role": "user", "content": "Hi"}, said,
        {"role": "user", "content": "And?"}]}));
    let of = |model: &str| body(&client("custom", model), &next)["messages"][1].clone();
    (of("m"), of("another"))
}

fn plain(content: &Value) -> Response {
    let (dialect, context) = reader(&client("custom", "m"), &asked());
    let answer = json!({"id": "c", "model": "m", "choices": [{"index": 0,
        "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}]});
    dialect.reply(&context, &head(200, &[]), answer.to_string().as_bytes()).unwrap()
}

fn streamed(contents: &[Value]) -> (Vec<Event>, Response) {
    let (dialect, context) = reader(&client("custom", "m"), &asked());
    let chunk = |content: &Value| {
        json!({"id": "c", "model": "m", "choices": [
            {"index": 0, "delta": {"content": content}, "finish_reason": null}]})
    };
    let mut events: Vec<Value> = contents.iter().map(chunk).collect();
    events.push(json!({"id": "c", "model": "m", "choices": [
        {"index": 0, "delta": {}, "finish_reason": "stop"}]}));
    stream(dialect, &context, &sse(&events)).unwrap()
}

fn thinking(text: &str) -> Value {
    json!({"type": "thinking", "thinking": [{"type": "text", "text": text}]})
}

#[test]
fn parts_of_an_answer_go_back_to_their_host_as_they_came() {
    let content = json!([
        thinking("Hm."),
        {"type": "text", "text": "See "},
        {"type": "reference", "reference_ids": [0]},
        {"type": "text", "text": "there"},
        {"type": "image_url", "image_url": {"url": "https://example.test/a.png"}},
    ]);
    let response = plain(&content);
    let answer = response.first();
    assert_eq!((answer.text.as_str(), answer.reasoning.as_deref()), ("See there", Some("Hm.")));
    let said = message(&response);
    assert_eq!(said["content"], "See there");
    let (own, foreign) = back(&said);
    assert_eq!(own, json!({"role": "assistant", "content": content}));
    assert_eq!(foreign, json!({"role": "assistant", "content": "See there"}));
}

#[test]
fn streamed_parts_go_back_in_one_list_with_the_texts_between_them() {
    let reference = json!({"type": "reference", "reference_ids": [0]});
    let signed = json!({"type": "thinking", "thinking": [], "signature": "S"});
    let contents = [
        json!(""),
        json!([thinking("H")]),
        json!([thinking("m")]),
        json!([signed]),
        json!("See"),
        json!(" the"),
        json!(" re"),
        json!([{"type": "text", "text": ": "}, reference]),
        json!([reference]),
        json!("Ende \u{e4}"),
    ];
    let (events, response) = streamed(&contents);
    let answer = response.first();
    assert_eq!(answer.text, "See the re: Ende \u{e4}");
    assert_eq!(answer.reasoning.as_deref(), Some("Hm"));
    let mut thought = thinking("Hm");
    thought["signature"] = "S".into();
    let (own, _) = back(&message(&response));
    let content = json!([thought, {"type": "text", "text": "See the re: "}, reference, reference,
        {"type": "text", "text": "Ende \u{e4}"}]);
    assert_eq!(own["content"], content);
    let other = EventKind::Other(reference.to_string());
    let told = events.iter().filter(|event| event.kind == other);
    assert_eq!(told.count(), 2, "what means nothing to us is told");
}

#[test]
fn what_a_host_has_read_of_a_file_goes_back_to_it_and_is_no_source() {
    let file = json!({"type": "file", "file": {"hash": "h", "name": "a.pdf",
        "content": [{"type": "text", "text": "A page."}]}});
    let source = json!({"type": "url_citation", "url_citation": {"url": "https://example.test"}});
    let (dialect, context) = reader(&client("custom", "m"), &asked());
    let choice = |name: &str, annotations: Value, reason: Value| {
        json!({"id": "c", "model": "m", "choices": [{"index": 0, "finish_reason": reason,
            name: {"role": "assistant", "content": "So.", "annotations": annotations}}]})
    };
    let whole = choice("message", json!([file, source]), "stop".into()).to_string();
    let whole = dialect.reply(&context, &head(200, &[]), whole.as_bytes()).unwrap();
    let pieces = [
        choice("delta", json!([file]), Value::Null),
        choice("delta", json!([source]), "stop".into()),
    ];
    let (_, streamed) = stream(dialect, &context, &sse(&pieces)).unwrap();
    for response in [whole, streamed] {
        assert_eq!(response.first().citations, Some(json!([source])));
        let (own, other) = back(&message(&response));
        assert_eq!(own["annotations"], json!([file]));
        assert!(other.get("annotations").is_none(), "{other}");
    }
}

#[test]
fn what_groq_has_run_is_told_once_and_does_not_go_back() {
    let begun = json!({"index": 0, "type": "search", "arguments": "{}"});
    let (mut done, mut next) = (begun.clone(), begun.clone());
    done["output"] = "Sunny".into();
    next["index"] = 1.into();
    let (client, asked) = (client("custom", "m"), asked());
    let (provider, context) = reader(&client, &asked);
    let chunk = |delta: Value, end: Value| json!({"id": "c", "choices": [{"index": 0, "delta": delta, "finish_reason": end}]});
    let text = sse(&[
        chunk(json!({"executed_tools": [begun]}), json!(null)),
        chunk(json!({"executed_tools": [done, next]}), json!(null)),
        chunk(json!({"content": "Warm"}), json!("stop")),
    ]);
    let (_, streamed) = crate::stream(provider, &context, &text).unwrap();
    let whole = json!({"choices": [{"index": 0, "finish_reason": "stop", "message":
        {"role": "assistant", "content": "Warm", "executed_tools": [done, next]}}]});
    let plain = provider.reply(&context, &head(200, &[]), whole.to_string().as_bytes()).unwrap();
    for answer in [streamed, plain] {
        let said = message(&answer);
        assert_eq!(said["executed_tools"], json!([done, next]));
        let (own, sent) = (json!({"role": "assistant", "content": "Warm"}), back(&said).0);
        assert_eq!(sent, own);
        let mut bare = said;
        bare.as_object_mut().unwrap().shift_remove("mynah");
        assert_eq!(back(&bare).0, own);
    }
}

#[test]
fn parts_that_are_nothing_but_text_go_back_as_a_text() {
    let parts = json!([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]);
    assert_eq!(back(&message(&plain(&parts))).0["content"], "ab");
    let (_, response) = streamed(&[json!("a"), json!([{"type": "text", "text": "b"}])]);
    assert_eq!(back(&message(&response)).0["content"], "ab");
}

#[test]
fn a_summary_of_thoughts_is_kept_as_a_thought_is() {
    let piece = |text: &str| json!([{"type": "reasoning", "summary": [{"type": "summary_text", "text": text}]}]);
    let (_, response) = streamed(&[piece("a"), piece("b"), json!("Hi")]);
    assert_eq!(response.first().reasoning.as_deref(), Some("ab"));
    let (own, _) = back(&message(&response));
    assert_eq!(own["content"], json!([piece("ab")[0], {"type": "text", "text": "Hi"}]));
}

#[test]
fn a_part_that_says_it_is_a_thought_is_none_of_the_answer_whatever_holds_it() {
    let forms = |text: &str| {
        [
            json!({"type": "reasoning", "text": text}),
            json!({"type": "thinking", "text": text}),
            json!({"type": "reasoning_text", "text": text}),
            json!({"type": "reasoning", "reasoning": text}),
            json!({"type": "reasoning_content", "reasoning_content": text}),
        ]
    };
    for ((whole, first), second) in forms("ab").into_iter().zip(forms("a")).zip(forms("b")) {
        let said = json!({"type": "text", "text": "Hi"});
        let content = json!([whole, said]);
        let pieces = [json!([first]), json!([second]), json!([said])];
        for response in [plain(&content), streamed(&pieces).1] {
            let answer = response.first();
            assert_eq!((answer.text.as_str(), answer.reasoning.as_deref()), ("Hi", Some("ab")));
            let (own, foreign) = back(&message(&response));
            assert_eq!((&own["content"], &foreign["content"]), (&content, &json!("Hi")));
        }
    }
}

#[test]
fn a_refusal_among_the_parts_is_a_refusal() {
    let part = |text: &str| json!([{"type": "refusal", "refusal": text}]);
    for response in [plain(&part("I won't.")), streamed(&[part("I "), part("won't.")]).1] {
        let answer = response.first();
        assert_eq!((answer.text.as_str(), answer.refusal.as_deref()), ("", Some("I won't.")));
        assert_eq!(answer.finish_reason, Some(FinishReason::Refusal));
        assert_eq!(message(&response)["refusal"], "I won't.");
    }
    let beside = json!([{"type": "text", "text": "No."}, {"type": "refusal", "refusal": "Never."}]);
    let answer = plain(&beside);
    let answer = answer.first();
    assert_eq!((answer.text.as_str(), answer.refusal.as_deref()), ("No.", Some("Never.")));
}

#[test]
fn a_thought_that_is_signed_in_its_last_piece_is_one_thought() {
    let piece = |text: &str, signature: &str| {
        json!([{"type": "reasoning",
        "summary": [{"type": "summary_text", "text": text, "signature": signature}]}])
    };
    let pieces = [piece("a", ""), piece("b", ""), piece("", "S"), json!("Hi")];
    let (_, response) = streamed(&pieces);
    assert_eq!(response.first().reasoning.as_deref(), Some("ab"));
    let (own, _) = back(&message(&response));
    assert_eq!(own["content"], json!([piece("ab", "S")[0], {"type": "text", "text": "Hi"}]));
    // What comes after a signature is another.
    let (_, response) = streamed(&[piece("a", "S"), piece("b", "T")]);
    let summary = &back(&message(&response)).0["content"][0]["summary"];
    assert_eq!(summary[1], piece("b", "T")[0]["summary"][0]);
}

#[test]
fn a_document_whose_name_is_empty_has_none() {
    let file = json!({"type": "file", "file": {"filename": "",
        "file_data": "data:application/pdf;base64,JVBERi0="}});
    let asked = request(json!({"messages": [{"role": "user", "content": [file]}]}));
    let sent = body(&client("anthropic", "claude-sonnet-5-5"), &asked);
    assert!(sent["messages"][0]["content"][0]["title"].is_null());
    let sent = body(&client("openai", "gpt-5.4"), &asked);
    assert_eq!(sent["messages"][0]["content"][0]["file"]["filename"], "document.pdf");
}

#[test]
fn metadata_is_an_object() {
    let mut asked = Request::new();
    let error = asked.set("metadata", "{bad").unwrap_err().to_string();
    assert!(error.contains("metadata"), "{error}");
    asked.set("metadata", r#"{"a": "b"}"#).unwrap();
}
