//! Anthropic's answers, and what it is sent.

mod blocks;
mod ends;
mod sent;
mod thinking;

use serde_json::{Value, json};

use crate::*;

fn read(events: &[Value]) -> Result<(Vec<Event>, Response)> {
    let client = client("anthropic", "m");
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, context) = reader(&client, &asked);
    let named =
        |event: &Value| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap());
    stream(dialect, &context, &events.iter().map(named).collect::<String>())
}

fn start(index: u64, block: Value) -> Value {
    json!({"type": "content_block_start", "index": index, "content_block": block})
}

fn delta(index: u64, delta: Value) -> Value {
    json!({"type": "content_block_delta", "index": index, "delta": delta})
}

fn stop(index: u64) -> Value {
    json!({"type": "content_block_stop", "index": index})
}

fn end(reason: &str) -> [Value; 2] {
    [
        json!({"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": null},
            "usage": {"output_tokens": 9}}),
        json!({"type": "message_stop"}),
    ]
}

fn blocks(response: &Response) -> Value {
    response.first().message.value()["mynah"]["blocks"].clone()
}

fn user(text: &str) -> Value {
    json!({"role": "user", "content": text})
}

/// What the model said itself.
fn own(model: &str, blocks: Value) -> Value {
    let calls: Vec<_> =
        blocks.as_array().unwrap().iter().filter(|b| b["type"] == "tool_use").collect();
    let call = |block: &&Value| {
        json!({"id": block["id"], "type": "function",
            "function": {"name": "f", "arguments": "{}"}})
    };
    let mut message = json!({"role": "assistant", "content": null,
        "mynah": {"provider": "anthropic", "model": model, "blocks": blocks}});
    if !calls.is_empty() {
        message["tool_calls"] = calls.iter().map(call).collect();
    }
    message
}

/// A call of another provider's, and the result of a call.
fn called(id: &str) -> Value {
    let call = json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
    json!({"role": "assistant", "content": null, "tool_calls": [call]})
}

fn result(id: &str) -> Value {
    json!({"role": "tool", "tool_call_id": id, "content": "1"})
}

fn begin() -> Value {
    json!({"type": "message_start", "message": {"id": "msg", "model": "m", "content": [],
        "stop_details": {"type": "refusal"}, "usage": {"input_tokens": 3, "output_tokens": 1}}})
}
