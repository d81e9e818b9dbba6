//! OpenAI's Responses.

use serde_json::Value;

use super::super::answer::{Answer, Ask};
use super::{Dialect, error_type, halves, last_of_user, named, names, text, texts};
use crate::object::json;

pub(super) struct Responses;

impl Dialect for Responses {
    fn ask(&self, _: &str, body: &Value) -> Ask {
        let input = &body["input"];
        let last = match input {
            Value::String(text) => text.clone(),
            messages => last_of_user(messages, "role"),
        };
        Ask {
            model: text(&body["model"]),
            prompt: format!("{}\n{}", texts(&body["instructions"]), texts(input)),
            last,
            tools: names(&body["tools"], "/name"),
            stream: body["stream"] == true,
            usage: true,
            max_tokens: body["max_output_tokens"].as_u64(),
            n: 1,
        }
    }

    fn plain(&self, ask: &Ask, answer: &Answer) -> Value {
        response(ask, answer, items(answer))
    }

    fn stream(&self, ask: &Ask, answer: &Answer) -> Vec<String> {
        let mut events = Events::default();
        let mut opening = response(ask, answer, Vec::new());
        opening["status"] = "in_progress".into();
        opening["usage"] = Value::Null;
        events.push("response.created", json!({"response": opening}));
        for (index, item) in items(answer).into_iter().enumerate() {
            let mut empty = item.clone();
            ["content", "summary"].iter().filter(|key| item.get(**key).is_some()).for_each(|key| {
                empty[*key] = json!([]);
            });
            if item.get("arguments").is_some() {
                empty["arguments"] = "".into();
            }
            events
                .push("response.output_item.added", json!({"output_index": index, "item": empty}));
            events.deltas(answer, index, &item);
            events.push("response.output_item.done", json!({"output_index": index, "item": item}));
        }
        let name = if answer.capped { "response.incomplete" } else { "response.completed" };
        events.push(name, json!({"response": response(ask, answer, items(answer))}));
        events.framed
    }

    fn endings(&self, _: &Ask) -> usize {
        1
    }

    fn error(&self, status: u16, message: &str) -> Value {
        json!({"error": {"message": message, "type": error_type(status), "param": null,
                         "code": null}})
    }

    fn stream_error(&self) -> String {
        named(
            "error",
            &json!({"type": "error", "code": "server_error", "param": null,
                    "message": "the mock was asked to fail in mid-stream"}),
        )
    }
}

/// Events, numbered.
#[derive(Default)]
struct Events {
    framed: Vec<String>,
}

impl Events {
    fn push(&mut self, name: &str, mut event: Value) {
        event["type"] = name.into();
        event["sequence_number"] = self.framed.len().into();
        self.framed.push(named(name, &event));
    }

    fn deltas(&mut self, answer: &Answer, index: usize, item: &Value) {
        let id = &item["id"];
        let of_item = |name: &str, value: Value| {
            let mut event = json!({"item_id": id, "output_index": index});
            event[name] = value;
            event
        };
        // An item of the mock's has one part.
        let of_part = |place: &str, name: &str, value: Value| {
            let mut event = of_item(name, value);
            event[place] = 0.into();
            event
        };
        match item["type"].as_str() {
            Some("reasoning") => {
                let part = |name: &str, value: Value| of_part("summary_index", name, value);
                let (empty, whole) = (summary(""), summary(&answer.thoughts()));
                self.push("response.reasoning_summary_part.added", part("part", empty));
                for piece in &answer.reasoning {
                    let event = part("delta", piece.as_str().into());
                    self.push("response.reasoning_summary_text.delta", event);
                }
                let done = part("text", whole["text"].clone());
                self.push("response.reasoning_summary_text.done", done);
                self.push("response.reasoning_summary_part.done", part("part", whole));
            }
            Some("function_call") => {
                for piece in halves(item["arguments"].as_str().unwrap_or_default()) {
                    let event = of_item("delta", piece.into());
                    self.push("response.function_call_arguments.delta", event);
                }
                let mut done = of_item("arguments", item["arguments"].clone());
                done["name"] = item["name"].clone();
                self.push("response.function_call_arguments.done", done);
            }
            _ => {
                let part = |name: &str, value: Value| of_part("content_index", name, value);
                let said = |name: &str, text: &str| {
                    let mut event = part(name, text.into());
                    event["logprobs"] = json!([]);
                    event
                };
                let text = answer.text();
                self.push("response.content_part.added", part("part", output("")));
                for piece in &answer.pieces {
                    self.push("response.output_text.delta", said("delta", piece));
                }
                self.push("response.output_text.done", said("text", &text));
                self.push("response.content_part.done", part("part", output(&text)));
            }
        }
    }
}

/// A part of a message.
fn output(text: &str) -> Value {
    json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []})
}

/// A part of what is told of the thinking.
fn summary(text: &str) -> Value {
    json!({"type": "summary_text", "text": text})
}

fn items(answer: &Answer) -> Vec<Value> {
    let id = &answer.id;
    let mut items = Vec::new();
    if !answer.reasoning.is_empty() {
        items.push(json!({"id": format!("rs_{id}"), "type": "reasoning",
            "summary": [summary(&answer.thoughts())],
            "encrypted_content": "bW9jaw=="}));
    }
    if answer.calls.is_empty() {
        items.push(json!({"id": format!("msg_{id}"), "type": "message", "role": "assistant",
            "status": "completed",
            "content": [output(&answer.text())]}));
    }
    items.extend(answer.calls.iter().enumerate().map(|(index, (name, arguments))| {
        json!({"id": format!("fc_{id}_{index}"), "type": "function_call", "status": "completed",
               "call_id": answer.call_id(index), "name": name, "arguments": arguments})
    }));
    items
}

fn response(ask: &Ask, answer: &Answer, output: Vec<Value>) -> Value {
    let details = match answer.capped {
        true => json!({"reason": "max_output_tokens"}),
        false => Value::Null,
    };
    json!({
        "id": format!("resp_{}", answer.id), "object": "response", "created_at": 1_700_000_000,
        "status": if answer.capped { "incomplete" } else { "completed" },
        "incomplete_details": details, "error": null, "model": ask.model, "output": output,
        "instructions": null, "metadata": {}, "tools": [], "tool_choice": "auto",
        "parallel_tool_calls": true, "temperature": 1.0, "top_p": 1.0,
        "usage": {
            "input_tokens": answer.input_tokens,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": answer.output_tokens,
            "output_tokens_details": {"reasoning_tokens": answer.reasoning_tokens},
            "total_tokens": answer.total_tokens(),
        },
    })
}
