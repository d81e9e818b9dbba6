//! Calls of OpenAI's Responses from hosts that say their arguments once, wherever.

use serde_json::{Value, json};

use crate::*;

const GIVEN: &str = "{\"a\":1}";

fn call(id: &str, arguments: Value) -> Value {
    json!({"type": "function_call", "id": format!("fc_{id}"), "call_id": id, "name": "f",
        "arguments": arguments})
}

fn added(index: u64, item: &Value) -> Value {
    json!({"type": "response.output_item.added", "output_index": index, "item": item})
}

fn done(index: u64, item: &Value) -> Value {
    json!({"type": "response.output_item.done", "output_index": index, "item": item})
}

fn delta(index: u64, text: &str) -> Value {
    json!({"type": "response.function_call_arguments.delta", "output_index": index, "delta": text})
}

fn completed(output: &[&Value]) -> Value {
    json!({"type": "response.completed",
        "response": {"id": "r", "status": "completed", "model": "m", "output": output}})
}

/// The calls of a stream: ids and arguments.
fn calls(events: &[Value]) -> Vec<(String, String)> {
    let client = options(&[("model", "m"), ("openai_api", "responses"), ("api_key", "k")]);
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, context) = reader(&client, &asked);
    let (_, response) = stream(dialect, &context, &sse(events)).unwrap();
    let calls = response.first().tool_calls.iter();
    calls.map(|call| (call.id.clone(), call.arguments.clone())).collect()
}

#[test]
fn arguments_are_those_that_were_said_wherever_they_were() {
    let (full, empty) = (call("c", GIVEN.into()), call("c", "".into()));
    let (object, absent) = (call("c", json!({"a": 1})), call("c", Value::Null));
    let streams = [
        vec![added(0, &full), completed(&[])],
        vec![added(0, &full), completed(&[&empty])],
        vec![added(0, &full), done(0, &empty), completed(&[])],
        vec![added(0, &full), done(0, &full), completed(&[&full])],
        vec![added(0, &full), delta(0, GIVEN), done(0, &full), completed(&[&full])],
        vec![added(0, &empty), completed(&[&full])],
        vec![added(0, &absent), done(0, &full), completed(&[])],
        vec![added(0, &empty), delta(0, ""), done(0, &full), completed(&[&full])],
        vec![added(0, &empty), done(0, &object), completed(&[])],
        vec![added(0, &object), completed(&[&object])],
        vec![done(0, &object), completed(&[&object])],
    ];
    for events in streams {
        assert_eq!(calls(&events), [("c".into(), GIVEN.into())], "{events:?}");
    }
    let nothing = [added(0, &empty), done(0, &empty), completed(&[&empty])];
    assert_eq!(calls(&nothing), [("c".into(), "{}".into())]);
}

#[test]
fn a_call_that_only_the_end_tells_is_told_and_none_is_told_twice() {
    let text = json!({"type": "response.output_text.delta", "output_index": 0, "delta": "Hi"});
    let message = json!({"type": "message", "role": "assistant",
        "content": [{"type": "output_text", "text": "Hi"}]});
    let (one, two) = (call("c", GIVEN.into()), call("d", "{}".into()));
    let end = completed(&[&message, &one, &two]);
    let both = [("c".into(), GIVEN.into()), ("d".into(), "{}".into())];
    assert_eq!(calls(&[text.clone(), end.clone()]), both);
    // A host that counts its items in another way while it streams.
    let counted = [text, added(7, &one), done(7, &one), added(8, &two), end];
    assert_eq!(calls(&counted), both);
}

#[test]
fn a_cap_that_is_too_low_for_this_interface_is_refused_or_the_lowest() {
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 5}));
    let client = |unsupported| {
        options(&[
            ("model", "m"),
            ("openai_api", "responses"),
            ("api_key", "k"),
            ("unsupported", unsupported),
        ])
    };
    let error = prepare(&client("error"), &asked, false).err().unwrap().to_string();
    assert!(error.contains("max_tokens") && error.contains("16"), "{error}");
    let prepared = prepare(&client("drop"), &asked, false).unwrap();
    let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
    assert_eq!(sent["max_output_tokens"], 16);
    assert!(prepared.adjusted.iter().any(|note| note.starts_with("max_tokens: 16 instead")));
}

#[test]
fn only_of_models_that_think_is_asked_what_they_thought() {
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let include = |model: &str| {
        let client = options(&[
            ("provider", "openai"),
            ("model", model),
            ("api_key", "k"),
            ("openai_api", "responses"),
        ]);
        body(&client, &asked).get("include").cloned()
    };
    assert_eq!(include("gpt-6-sol"), Some(json!(["reasoning.encrypted_content"])));
    assert_eq!(include("gpt-4o"), None);
}
