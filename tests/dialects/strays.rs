//! Items of OpenAI's Responses whose thoughts or numbers some hosts tell astray.

use serde_json::{Value, json};

use mynah::llm::message::Message;

use crate::*;

fn plain(output: Value) -> Response {
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let client = responses();
    let (dialect, context) = reader(&client, &asked);
    let answer = json!({"id": "r", "status": "completed", "model": "m", "output": output});
    dialect.reply(&context, &head(200, &[]), answer.to_string().as_bytes()).unwrap()
}

/// The answer of a stream, which ends with these items.
fn streamed(events: &[Value], output: Value) -> Response {
    let answer = json!({"id": "r", "status": "completed", "model": "m", "output": output});
    let end = json!({"type": "response.completed", "response": answer});
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (client, all) = (responses(), [events, &[end]].concat());
    let (dialect, context) = reader(&client, &asked);
    stream(dialect, &context, &sse(&all)).unwrap().1
}

/// The ids of the items that go back of an answer.
fn sent_back(response: &Response) -> Vec<Value> {
    let mut asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    asked.messages.push(Message::from_json(&response.first().message.value()).unwrap());
    asked.messages.push(Message::from_json(&json!({"role": "user", "content": "So?"})).unwrap());
    let body = body(&responses(), &asked);
    let items = body["input"].as_array().unwrap().iter();
    items.filter(|item| item["id"].is_string()).map(|item| item["id"].clone()).collect()
}

fn said(response: &Response) -> (&str, Option<&str>) {
    (response.text(), response.first().reasoning.as_deref())
}

fn item(kind: &str, id: &str, text: &str) -> Value {
    let parts = json!([{"type": "output_text", "text": text, "annotations": []}]);
    json!({"type": kind, "id": id, "status": "completed", "role": "assistant", "content": parts})
}

fn event(name: &str, index: u64, members: Value) -> Value {
    let mut event = json!({"type": format!("response.{name}"), "output_index": index});
    event.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    event
}

fn delta(index: u64, id: &str, text: &str) -> Value {
    event("output_text.delta", index, json!({"item_id": id, "content_index": 0, "delta": text}))
}

#[test]
fn a_thought_whose_parts_are_called_an_answers_is_one() {
    let output = json!([item("reasoning", "rs", "hm"), item("message", "msg", "Hello")]);
    assert_eq!(said(&plain(output)), ("Hello", Some("hm")));
}

#[test]
fn a_thought_and_an_answer_may_be_a_text_and_no_list() {
    let thought = json!({"type": "reasoning", "id": "rs", "summary": [], "content": "hm"});
    let message = json!({"type": "message", "id": "msg", "role": "assistant", "content": "Hi"});
    assert_eq!(said(&plain(json!([thought, message]))), ("Hi", Some("hm")));
    let done = |index, item: &Value| event("output_item.done", index, json!({"item": item}));
    let events = [done(0, &thought), done(1, &message)];
    let output = json!([thought, message]);
    assert_eq!(said(&streamed(&events, output)), ("Hi", Some("hm")));
    let part = json!([{"type": "text", "text": "Hi"}]);
    let message = json!({"type": "message", "id": "msg", "role": "assistant", "content": part});
    assert_eq!(said(&plain(json!([message]))), ("Hi", None));
}

#[test]
fn the_id_of_a_piece_tells_whose_it_is_where_its_number_is_anothers() {
    let (thought, message) = (item("reasoning", "rs", "hm hm"), item("message", "msg", "Hello"));
    let begun = |kind: &str, id: &str| json!({"item": {"type": kind, "id": id, "content": []}});
    let ends = |index, item: &Value| {
        let (id, part) = (item["id"].clone(), item["content"][0].clone());
        [
            event("output_text.done", index, json!({"item_id": id, "text": part["text"]})),
            event("content_part.done", index, json!({"item_id": id, "part": part})),
            event("output_item.done", index, json!({"item": item})),
        ]
    };
    let events = [
        vec![event("output_item.added", 1, begun("reasoning", "rs"))],
        ["hm", " ", "h", "m"].map(|text| delta(1, "rs", text)).into(),
        vec![event("output_item.added", 2, begun("message", "msg"))],
        ["Hel", "l", "o"].map(|text| delta(2, "msg", text)).into(),
        ends(2, &thought).into(),
        ends(2, &message).into(),
    ];
    let output = json!([thought, message]);
    let answer = streamed(&events.concat(), output.clone());
    assert_eq!(said(&answer), ("Hello", Some("hm hm")));
    assert_eq!(sent_back(&answer), ["rs", "msg"]);
    // The thought has the number that the answer goes on under.
    let events = [
        vec![event("output_item.added", 0, begun("message", "msg")), delta(0, "msg", "Hel")],
        vec![event("output_item.added", 1, begun("reasoning", "rs")), delta(1, "rs", "hm hm")],
        vec![delta(1, "msg", "l"), delta(1, "msg", "o")],
    ];
    let answer = streamed(&events.concat(), output);
    assert_eq!(said(&answer), ("Hello", Some("hm hm")));
    assert_eq!(sent_back(&answer), ["rs", "msg"]);
}

#[test]
fn an_item_that_is_announced_under_another_number_goes_back_once() {
    let first = [
        item("reasoning", "rs", "hm"),
        json!({"type": "function_call", "id": "fc", "call_id": "c", "name": "f", "arguments": "{}"}),
    ];
    for before in first {
        let message = item("message", "msg", "Hello");
        let begun = json!({"type": "message", "id": "msg", "role": "assistant", "content": []});
        let events = [
            event("output_item.added", 0, json!({"item": before})),
            event("output_item.done", 0, json!({"item": before})),
            event("output_item.added", 0, json!({"item": begun})),
            delta(1, "msg", "Hel"),
            delta(1, "msg", "lo"),
            event("output_item.done", 1, json!({"item": message})),
        ];
        let answer = streamed(&events, json!([before, message]));
        assert_eq!(answer.text(), "Hello");
        assert_eq!(sent_back(&answer), [before["id"].clone(), "msg".into()]);
    }
}
