//! Anthropic's messages.

use serde_json::Value;

use super::super::answer::{Answer, Ask};
use super::{Dialect, conversation, error_type, halves, named, names, object, texts};
use crate::object::json;

pub(super) struct Anthropic;

impl Dialect for Anthropic {
    fn ask(&self, _: &str, body: &Value) -> Ask {
        Ask {
            prompt: format!("{}\n{}", texts(&body["system"]), texts(&body["messages"])),
            tools: names(&body["tools"], "/name"),
            ..conversation(body)
        }
    }

    fn plain(&self, ask: &Ask, answer: &Answer) -> Value {
        let mut message = opening(ask, answer);
        message["content"] = blocks(answer).into();
        message["stop_reason"] = reason(answer).into();
        message["usage"]["output_tokens"] = answer.output_tokens.into();
        message
    }

    fn stream(&self, ask: &Ask, answer: &Answer) -> Vec<String> {
        let event = |name: &str, mut value: Value| {
            value["type"] = name.into();
            named(name, &value)
        };
        let start = json!({"message": opening(ask, answer)});
        let mut events = vec![event("message_start", start), event("ping", json!({}))];
        for (index, block) in blocks(answer).iter().enumerate() {
            let (empty, deltas) = pieces(block, answer);
            let start = json!({"index": index, "content_block": empty});
            events.push(event("content_block_start", start));
            events.extend(deltas.into_iter().map(|delta| {
                event("content_block_delta", json!({"index": index, "delta": delta}))
            }));
            events.push(event("content_block_stop", json!({"index": index})));
        }
        events.push(event(
            "message_delta",
            json!({"delta": {"stop_reason": reason(answer), "stop_sequence": null},
                   "usage": {"output_tokens": answer.output_tokens}}),
        ));
        events.push(event("message_stop", json!({})));
        events
    }

    fn endings(&self, _: &Ask) -> usize {
        2
    }

    fn error(&self, status: u16, message: &str) -> Value {
        json!({"type": "error", "request_id": "req_mock",
               "error": {"type": error_type(status), "message": message}})
    }

    fn stream_error(&self) -> String {
        named("error", &self.error(529, "the mock was asked to fail in mid-stream"))
    }
}

fn reason(answer: &Answer) -> &'static str {
    answer.finish("end_turn", "max_tokens", "tool_use")
}

fn opening(ask: &Ask, answer: &Answer) -> Value {
    json!({
        "id": format!("msg_{}", answer.id), "type": "message", "role": "assistant",
        "model": ask.model, "content": [], "stop_reason": null, "stop_sequence": null,
        "usage": {"input_tokens": answer.input_tokens, "cache_creation_input_tokens": 0,
                  "cache_read_input_tokens": 0, "output_tokens": 1},
    })
}

fn blocks(answer: &Answer) -> Vec<Value> {
    let mut blocks = Vec::new();
    if !answer.reasoning.is_empty() {
        blocks.push(json!({"type": "thinking", "thinking": answer.thoughts(),
                           "signature": "bW9jaw=="}));
    }
    if !answer.pieces.is_empty() {
        blocks.push(json!({"type": "text", "text": answer.text()}));
    }
    blocks.extend(answer.calls.iter().enumerate().map(|(index, (name, arguments))| {
        json!({"type": "tool_use", "id": answer.call_id(index), "name": name,
               "input": object(arguments)})
    }));
    blocks
}

/// A block as it begins, and what is then added to it.
fn pieces(block: &Value, answer: &Answer) -> (Value, Vec<Value>) {
    let mut empty = block.clone();
    let deltas = match block["type"].as_str() {
        Some("thinking") => {
            empty["thinking"] = "".into();
            empty["signature"] = "".into();
            let thoughts = answer.reasoning.iter();
            thoughts
                .map(|piece| json!({"type": "thinking_delta", "thinking": piece}))
                .chain([json!({"type": "signature_delta", "signature": block["signature"]})])
                .collect()
        }
        Some("tool_use") => {
            empty["input"] = json!({});
            let input = block["input"].to_string();
            halves(&input)
                .map(|piece| json!({"type": "input_json_delta", "partial_json": piece}))
                .to_vec()
        }
        _ => {
            empty["text"] = "".into();
            let pieces = answer.pieces.iter();
            pieces.map(|piece| json!({"type": "text_delta", "text": piece})).collect()
        }
    };
    (empty, deltas)
}
