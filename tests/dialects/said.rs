//! What is said, as each vendor takes it: parts where only one text is taken, and
//! messages that say nothing.

use serde_json::{Value, json};

use crate::spec::Spec;
use crate::*;

fn fits(file: &'static str, schema: &str, body: &Value) {
    if let Some(spec) = Spec::load(file) {
        spec.check(schema, body);
    }
}

fn conversation(said: &[Value]) -> Request {
    let mut all = vec![json!({"role": "user", "content": "Hi"})];
    all.extend_from_slice(said);
    all.push(json!({"role": "user", "content": "Well?"}));
    request(json!({"messages": all}))
}

/// What is sent, and what was noted of it.
fn sent(provider: &str, model: &str, request: &Request) -> (Value, String) {
    let prepared = prepare(&client(provider, model), request, false).unwrap();
    (serde_json::from_slice(&prepared.http.body).unwrap(), prepared.adjusted.join("; "))
}

#[test]
fn texts_in_parts_are_one_text_to_deepseek_in_all_roles() {
    let parts = json!([{"type": "text", "text": "One."}, {"type": "text", "text": ""},
        {"type": "text", "text": "Two."}]);
    let call =
        json!({"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let request = conversation(&[
        json!({"role": "system", "content": parts}),
        json!({"role": "user", "content": parts}),
        json!({"role": "assistant", "content": parts, "tool_calls": [call]}),
        json!({"role": "tool", "tool_call_id": "c1", "content": parts}),
    ]);
    let (body, _) = sent("deepseek", "deepseek-flash", &request);
    for message in &body["messages"].as_array().unwrap()[1..5] {
        assert_eq!(message["content"], "One.\n\nTwo.", "{message}");
    }
    // The same where others take one text.
    let (body, _) = sent("ollama", "m", &request);
    assert_eq!(body["messages"][2]["content"], "One.\n\nTwo.");
    let (body, _) = sent("gemini", "gemini-2.5-flash", &request);
    let result = &body["contents"][2]["parts"][0]["functionResponse"];
    assert_eq!(result["response"]["output"], "One.\n\nTwo.");
}

#[test]
fn what_stood_beside_a_text_that_became_one_with_others_is_noted() {
    let request = conversation(&[json!({"role": "user", "content": [
        {"type": "text", "text": "a", "annotated": true}, {"type": "text", "text": "b"}]})]);
    let (body, notes) = sent("deepseek", "deepseek-flash", &request);
    assert_eq!(body["messages"][1]["content"], "a\n\nb");
    assert!(notes.contains("left out: the field annotated"), "{notes}");
}

#[test]
fn a_picture_for_deepseek_stays_beside_its_text() {
    let request = conversation(&[json!({"role": "user", "content": [
        {"type": "text", "text": "Look"},
        {"type": "image_url", "image_url": {"url": "https://example.test/a.png"}}]})]);
    let (body, _) = sent("deepseek", "deepseek-flash", &request);
    assert_eq!(body["messages"][1]["content"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_refusal_is_a_text_to_deepseek_and_kimi() {
    for assistant in [
        json!({"role": "assistant", "content": null, "refusal": "No."}),
        json!({"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}),
    ] {
        let request = conversation(&[assistant]);
        for (provider, model) in [("deepseek", "deepseek-flash"), ("kimi", "kimi-k2.6")] {
            let (body, _) = sent(provider, model, &request);
            assert_eq!(body["messages"][1], json!({"role": "assistant", "content": "No."}));
        }
    }
}

const SILENCE: &str = "left out: a message in which the assistant says nothing";

#[test]
fn an_empty_answer_is_left_out_for_kimi_and_noted() {
    let own = json!({"role": "assistant", "content": "", "mynah": {"provider": "kimi",
        "model": "kimi-k2.6", "blocks": [{"role": "assistant", "content": ""}]}});
    let foreign = json!({"role": "assistant", "content": null,
        "mynah": {"provider": "anthropic", "model": "claude-sonnet-5-5", "blocks": []}});
    let parts = json!({"role": "assistant", "content": [{"type": "text", "text": ""}]});
    for empty in [own, foreign, parts] {
        let (body, notes) = sent("kimi", "kimi-k2.6", &conversation(std::slice::from_ref(&empty)));
        assert_eq!(body["messages"].as_array().map(Vec::len), Some(2), "{empty}");
        assert!(notes.contains(SILENCE), "{notes}");
    }
}

#[test]
fn an_answer_of_thoughts_or_calls_and_a_beginning_for_kimi_stay() {
    let call =
        json!({"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    for said in [
        json!({"role": "assistant", "content": "", "reasoning_content": "Hm."}),
        json!({"role": "assistant", "content": null, "tool_calls": [call]}),
        json!({"role": "assistant", "content": "", "name": "Mynah", "partial": true}),
    ] {
        let (body, notes) = sent("kimi", "kimi-k2.6", &conversation(std::slice::from_ref(&said)));
        assert_eq!(body["messages"][1]["role"], "assistant", "{said}");
        assert!(!notes.contains(SILENCE), "{notes}");
    }
}

#[test]
fn a_message_of_nothing_that_is_left_out_is_noted() {
    let request = conversation(&[
        json!({"role": "assistant", "content": ""}),
        json!({"role": "user", "content": " \n"}),
    ]);
    let (body, notes) = sent("anthropic", "claude-sonnet-5-5", &request);
    fits("anthropic-tryagi-openapi.yaml", "CreateMessageParams", &body);
    assert_eq!(body["messages"][0]["content"].as_array().map(Vec::len), Some(2));
    assert!(notes.contains(SILENCE) && notes.contains("the user says nothing"), "{notes}");
    let (_, notes) = sent("gemini", "gemini-2.5-flash", &request);
    assert!(notes.contains(SILENCE) && !notes.contains("the user"), "{notes}");
}
