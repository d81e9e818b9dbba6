//! Calls of functions, from their pieces.

use mynah::llm::event::EventKind;
use serde_json::{Value, json};

use super::*;

#[test]
fn calls_are_assembled_by_id_then_index_then_order() {
    let call = |index: Value, id: Value, name: Value, arguments: &str| {
        let mut call = json!({"id": id, "function": {"name": name, "arguments": arguments}});
        if !index.is_null() {
            call["index"] = index;
        }
        chunk(json!({"tool_calls": [call]}), Value::Null)
    };
    let (null, zero) = (Value::Null, json!(0));
    let variants: Vec<(&str, Vec<Value>)> = vec![
        (
            "as documented",
            vec![
                call(json!(0), json!("a"), json!("f"), ""),
                call(json!(0), null.clone(), null.clone(), "{\"x\":1}"),
                call(json!(1), json!("b"), json!("g"), "{}"),
            ],
        ),
        (
            "a head with the index before, its tail with its own",
            vec![
                call(zero.clone(), json!("a"), json!("f"), ""),
                call(zero.clone(), null.clone(), null.clone(), "{\"x\":1}"),
                call(zero.clone(), json!("b"), json!("g"), ""),
                call(json!(1), null.clone(), null.clone(), "{"),
                call(json!(1), null.clone(), null.clone(), "}"),
            ],
        ),
        (
            "all with index 0",
            vec![
                call(zero.clone(), json!("a"), json!("f"), "{\"x\""),
                call(zero.clone(), json!("a"), null.clone(), ":1}"),
                call(zero.clone(), json!("b"), json!("g"), "{}"),
            ],
        ),
        (
            "without index",
            vec![
                call(null.clone(), json!("a"), json!("f"), "{\"x\":"),
                call(null.clone(), null.clone(), null.clone(), "1}"),
                call(null.clone(), json!("b"), json!("g"), "{}"),
            ],
        ),
        (
            "without ids and index",
            vec![
                call(null.clone(), null.clone(), json!("f"), "{\"x\":1}"),
                call(null.clone(), json!(""), json!("g"), "{}"),
            ],
        ),
        (
            "index 0 without ids",
            vec![
                call(zero.clone(), null.clone(), json!("f"), "{\"x\":1}"),
                call(zero.clone(), null.clone(), json!("g"), "{}"),
            ],
        ),
        (
            "interleaved",
            vec![
                call(json!(0), json!("a"), json!("f"), "{\"x\":"),
                call(json!(1), json!("b"), json!("g"), "{"),
                call(json!(0), null.clone(), null.clone(), "1}"),
                call(json!(1), null.clone(), null.clone(), "}"),
            ],
        ),
        (
            "name and id in every piece",
            vec![
                call(zero.clone(), json!("a"), json!("f"), "{\"x\":"),
                call(zero.clone(), json!("a"), json!("f"), "1}"),
                call(json!(1), json!("b"), json!("g"), ""),
            ],
        ),
        (
            "from 1",
            vec![
                call(json!(1), json!("a"), json!("f"), "{\"x\":1}"),
                call(json!(2), json!("b"), json!("g"), "{}"),
            ],
        ),
    ];
    for (what, mut events) in variants {
        events.push(chunk(json!({}), "tool_calls".into()));
        let response = read("custom", &sse(&events)).unwrap();
        let calls = &response.first().tool_calls;
        let told: Vec<_> = calls.iter().map(|c| (c.name.as_str(), c.arguments.as_str())).collect();
        assert_eq!(told, [("f", "{\"x\":1}"), ("g", "{}")], "{what}");
        assert!(calls[0].id != calls[1].id && !calls[0].id.is_empty(), "{what}");
    }
}

#[test]
fn the_pieces_of_a_calls_arguments_are_the_whole_of_them_also_where_there_are_none() {
    let call = json!({"index": 0, "id": "a", "function": {"name": "f", "arguments": ""}});
    let text = sse(&[
        chunk(json!({"tool_calls": [call]}), Value::Null),
        chunk(json!({}), "tool_calls".into()),
    ]);
    let (dialect, context) = reader(&client("custom", "m"), &asked());
    let (told, response) = stream(dialect, &context, &text).unwrap();
    let pieces: String = told
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::ToolCall { arguments, .. } => Some(&**arguments),
            _ => None,
        })
        .collect();
    assert_eq!((pieces.as_str(), response.first().tool_calls[0].arguments.as_str()), ("{}", "{}"));
}

#[test]
fn a_call_whose_every_piece_has_another_id_is_one_call() {
    // vLLM, up to 2024, for a tool that was asked for by name.
    for index in [Value::Null, 0.into()] {
        let piece = |n: u32, arguments: &str| {
            let mut call = json!({"id": format!("chatcmpl-tool-{n}"), "type": "function",
                "function": {"name": "f", "arguments": arguments}});
            if !index.is_null() {
                call["index"] = index.clone();
            }
            chunk(json!({"tool_calls": [call]}), Value::Null)
        };
        let pieces = ["{\"", "a", "\":{\"b\"", ":1}}", "{\"a\":2}"].into_iter().zip(0..);
        let mut all: Vec<_> = pieces.map(|(text, n)| piece(n, text)).collect();
        all.push(chunk(json!({}), "tool_calls".into()));
        let response = read("custom", &sse(&all)).unwrap();
        let calls = &response.first().tool_calls;
        let arguments: Vec<_> = calls.iter().map(|call| call.arguments.as_str()).collect();
        assert_eq!(arguments, ["{\"a\":{\"b\":1}}", "{\"a\":2}"]);
    }
}
