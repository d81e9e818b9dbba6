//! Cohere's chat, version 2.

use serde_json::Value;

use super::super::answer::{Answer, Ask};
use super::{Dialect, conversation, halves, named};
use crate::object::json;

pub(super) struct Cohere;

impl Dialect for Cohere {
    fn ask(&self, _: &str, body: &Value) -> Ask {
        conversation(body)
    }

    fn plain(&self, _: &Ask, answer: &Answer) -> Value {
        let mut message = json!({"role": "assistant"});
        let thinking = (!answer.reasoning.is_empty())
            .then(|| json!({"type": "thinking", "thinking": answer.thoughts()}));
        let text =
            (!answer.pieces.is_empty()).then(|| json!({"type": "text", "text": answer.text()}));
        message["content"] = thinking.into_iter().chain(text).collect();
        if !answer.calls.is_empty() {
            message["tool_plan"] = "I will use a tool.".into();
            message["tool_calls"] = (0..answer.calls.len()).map(|i| call(answer, i)).collect();
        }
        json!({"id": answer.id, "message": message, "finish_reason": reason(answer),
               "usage": usage(answer)})
    }

    fn stream(&self, _: &Ask, answer: &Answer) -> Vec<String> {
        let event = |name: &str, mut value: Value| {
            value["type"] = name.into();
            named(name, &value)
        };
        let message = |inner: Value| json!({"message": inner});
        let mut events = vec![event(
            "message-start",
            json!({"id": answer.id, "delta": message(json!({"role": "assistant",
                "content": [], "tool_plan": "", "tool_calls": [], "citations": []}))}),
        )];
        let blocks = [("thinking", &answer.reasoning), ("text", &answer.pieces)];
        let blocks = blocks.into_iter().filter(|(_, pieces)| !pieces.is_empty());
        for (index, (kind, pieces)) in blocks.enumerate() {
            let content = |inner: Value| {
                json!({"index": index,
                "delta": message(json!({"content": inner}))})
            };
            events.push(event("content-start", content(json!({"type": kind, kind: ""}))));
            events.extend(pieces.iter().map(|p| event("content-delta", content(json!({kind: p})))));
            events.push(event("content-end", json!({"index": index})));
        }
        if !answer.calls.is_empty() {
            let plan = json!({"delta": message(json!({"tool_plan": "I will use a tool."}))});
            events.push(event("tool-plan-delta", plan));
        }
        for (index, (_, arguments)) in answer.calls.iter().enumerate() {
            let delta = |inner: Value| {
                json!({"index": index,
                "delta": message(json!({"tool_calls": inner}))})
            };
            let mut start = call(answer, index);
            start["function"]["arguments"] = "".into();
            events.push(event("tool-call-start", delta(start)));
            events.extend(halves(arguments).map(|piece| {
                event("tool-call-delta", delta(json!({"function": {"arguments": piece}})))
            }));
            events.push(event("tool-call-end", json!({"index": index})));
        }
        events.push(event(
            "message-end",
            json!({"id": answer.id,
                   "delta": {"finish_reason": reason(answer), "usage": usage(answer)}}),
        ));
        events
    }

    fn endings(&self, _: &Ask) -> usize {
        1
    }

    fn error(&self, _: u16, message: &str) -> Value {
        json!({"id": "mock", "message": message})
    }

    fn stream_error(&self) -> String {
        let error = "the mock was asked to fail in mid-stream";
        named(
            "message-end",
            &json!({"type": "message-end", "delta": {"finish_reason": "ERROR", "error": error}}),
        )
    }
}

fn reason(answer: &Answer) -> &'static str {
    answer.finish("COMPLETE", "MAX_TOKENS", "TOOL_CALL")
}

fn call(answer: &Answer, index: usize) -> Value {
    let (name, arguments) = &answer.calls[index];
    json!({"id": answer.call_id(index), "type": "function",
           "function": {"name": name, "arguments": arguments}})
}

fn usage(answer: &Answer) -> Value {
    let tokens = json!({"input_tokens": answer.input_tokens,
                        "output_tokens": answer.output_tokens});
    json!({"billed_units": tokens, "tokens": tokens, "cached_tokens": 0})
}
