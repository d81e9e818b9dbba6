//! What Azure's chat completions say beside the answer: what it rests on, and what
//! of it was withheld.

use mynah::llm::response::FinishReason;
use serde_json::{Value, json};

use crate::*;

fn asked() -> Request {
    request(json!({"messages": [{"role": "user", "content": "Hi"}]}))
}

fn streamed(chunks: &[Value]) -> Response {
    let (dialect, context) = reader(&client("custom", "m"), &asked());
    let text = sse(chunks) + "data: [DONE]\n\n";
    stream(dialect, &context, &text).unwrap().1
}

fn plain(choice: &Value) -> Response {
    let (dialect, context) = reader(&client("custom", "m"), &asked());
    let answer = json!({"id": "c", "model": "m", "choices": [choice]}).to_string();
    dialect.reply(&context, &head(200, &[]), answer.as_bytes()).unwrap()
}

fn chunk(choice: Value) -> Value {
    let mut choice = choice;
    choice["index"] = 0.into();
    json!({"id": "c", "model": "m", "choices": [choice]})
}

fn cited() -> Value {
    json!([{"content": "A page.", "title": "Page", "url": "https://example.test"}])
}

#[test]
fn sources_beside_the_message_are_those_of_the_answer() {
    let source = |url: &str| json!({"type": "url_citation", "url_citation": {"url": url}});
    let (one, two) = (source("https://example.test/1"), source("https://example.test/2"));
    let beside = json!({"index": 0, "finish_reason": "stop", "annotations": [one, two],
        "message": {"role": "assistant", "content": "So."}});
    let mut both = beside.clone();
    both["message"]["annotations"] = json!([one]);
    let said = chunk(json!({"delta": {"content": "So."}}));
    let last = chunk(json!({"delta": {}, "finish_reason": "stop", "annotations": [one, two]}));
    let again = [last.clone(), last.clone()];
    for response in [
        plain(&beside),
        plain(&both),
        streamed(&[said.clone(), last]),
        streamed(&[&[said], &again[..]].concat()),
    ] {
        assert_eq!(response.first().citations, Some(json!([one, two])));
        assert_eq!(response.text(), "So.");
    }
}

#[test]
fn an_answer_on_the_callers_own_data_is_read_in_its_older_form() {
    let context = json!({"citations": cited(), "intent": "[\"page\"]"});
    let whole = plain(&json!({"index": 0, "messages": [
        {"index": 0, "role": "tool", "content": context.to_string(), "end_turn": false},
        {"index": 1, "role": "assistant", "content": "So it is.", "end_turn": true}]}));
    let piece = |delta: Value, end: bool| {
        chunk(json!({"messages": [{"delta": delta, "index": 0, "end_turn": end}],
            "finish_reason": null}))
    };
    let pieces = streamed(&[
        piece(json!({"role": "tool", "content": context.to_string()}), false),
        piece(json!({"role": "assistant"}), false),
        piece(json!({"content": "So "}), false),
        piece(json!({"content": "it is."}), false),
        piece(json!({"content": "[DONE]"}), true),
    ]);
    for response in [whole, pieces] {
        let first = response.first();
        assert_eq!(response.text(), "So it is.");
        assert_eq!(first.finish_reason, Some(FinishReason::Stop));
        assert_eq!(first.citations, Some(cited()));
        assert_eq!(first.message.value()["context"], context);
    }
}

#[test]
fn the_context_of_an_answer_has_its_sources() {
    let context = json!({"citations": cited(), "intent": "[]"});
    let within = json!({"messages": [{"role": "tool", "content": context.to_string()}]});
    for context in [context, within] {
        let message = json!({"role": "assistant", "content": "So.", "context": context});
        let whole = plain(&json!({"index": 0, "finish_reason": "stop", "message": message}));
        let pieces = streamed(&[
            chunk(json!({"delta": {"role": "assistant", "context": context}})),
            chunk(json!({"delta": {"content": "So."}, "finish_reason": "stop"})),
        ]);
        for response in [whole, pieces] {
            assert_eq!(response.first().citations, Some(cited()));
            assert_eq!(response.first().message.value()["context"], context);
        }
    }
}

#[test]
fn a_text_that_was_withheld_ended_for_that() {
    let results = |filtered: bool| json!({"hate": {"filtered": filtered, "severity": "high"}});
    let reason = |filtered: bool, word: Value| {
        let end = json!({"finish_reason": word, "content_filter_results": results(filtered)});
        let mut whole = end.clone();
        whole["message"] = json!({"role": "assistant", "content": "So"});
        let whole = plain(&whole).first().finish_reason;
        let early = json!({"choices": [], "prompt_filter_results": [{"prompt_index": 0,
            "content_filter_results": results(false)}]});
        let said = chunk(json!({"delta": {"content": "So"}}));
        let pieces = streamed(&[early, said, chunk(end)]);
        assert_eq!(pieces.text(), "So");
        assert_eq!(pieces.first().finish_reason, whole);
        whole
    };
    for word in [json!("content_filter"), json!("stop"), json!(null)] {
        assert_eq!(reason(true, word), Some(FinishReason::ContentFilter));
    }
    assert_eq!(reason(true, "length".into()), Some(FinishReason::Length));
    assert_eq!(reason(false, "stop".into()), Some(FinishReason::Stop));
}
