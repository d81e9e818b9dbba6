//! OpenAI's chat completions, and whoever is compatible with them.

use serde_json::Value;

use super::super::answer::{Answer, Ask};
use super::{Dialect, conversation, error_type, halves, sse};
use crate::object::json;

pub(super) struct OpenAi;

impl Dialect for OpenAi {
    fn ask(&self, _: &str, body: &Value) -> Ask {
        Ask {
            usage: body["stream_options"]["include_usage"] == true,
            max_tokens: body["max_completion_tokens"].as_u64().or(body["max_tokens"].as_u64()),
            n: body["n"].as_u64().unwrap_or(1).clamp(1, 128) as usize,
            ..conversation(body)
        }
    }

    fn plain(&self, ask: &Ask, answer: &Answer) -> Value {
        let choices: Vec<Value> = (0..ask.n)
            .map(|i| {
                json!({"index": i, "message": message(answer), "logprobs": null,
                       "finish_reason": answer.finish("stop", "length", "tool_calls")})
            })
            .collect();
        json!({
            "id": format!("chatcmpl-{}", answer.id), "object": "chat.completion",
            "created": 1_700_000_000, "model": ask.model, "choices": choices,
            "usage": usage(answer, ask.n as u64), "system_fingerprint": "fp_mock",
        })
    }

    fn stream(&self, ask: &Ask, answer: &Answer) -> Vec<String> {
        let mut events = Vec::new();
        for choice in 0..ask.n {
            let delta = |delta: Value| sse(&chunk(ask, answer, choice, delta, Value::Null));
            events.push(delta(json!({"role": "assistant", "content": ""})));
            let thoughts = answer.reasoning.iter();
            events.extend(thoughts.map(|piece| delta(json!({"reasoning_content": piece}))));
            events.extend(answer.pieces.iter().map(|piece| delta(json!({"content": piece}))));
            for (index, (name, arguments)) in answer.calls.iter().enumerate() {
                events.push(delta(json!({"tool_calls": [{"index": index,
                    "id": answer.call_id(index), "type": "function",
                    "function": {"name": name, "arguments": ""}}]})));
                events.extend(halves(arguments).map(|piece| {
                    delta(json!({"tool_calls": [{"index": index,
                        "function": {"arguments": piece}}]}))
                }));
            }
        }
        let reason = json!(answer.finish("stop", "length", "tool_calls"));
        events.extend(
            (0..ask.n).map(|choice| sse(&chunk(ask, answer, choice, json!({}), reason.clone()))),
        );
        if ask.usage {
            let mut last = chunk(ask, answer, 0, json!({}), Value::Null);
            last["choices"] = json!([]);
            last["usage"] = usage(answer, ask.n as u64);
            events.push(sse(&last));
        }
        events.push("data: [DONE]\n\n".into());
        events
    }

    fn endings(&self, ask: &Ask) -> usize {
        1 + ask.n + usize::from(ask.usage)
    }

    fn error(&self, status: u16, message: &str) -> Value {
        let code = match status {
            401 => json!("invalid_api_key"),
            404 => json!("model_not_found"),
            429 => json!("rate_limit_exceeded"),
            _ => Value::Null,
        };
        json!({"error": {"message": message, "type": error_type(status),
                         "param": null, "code": code}})
    }
}

fn message(answer: &Answer) -> Value {
    let mut message = json!({"role": "assistant", "content": answer.text(), "refusal": null});
    if !answer.reasoning.is_empty() {
        message["reasoning_content"] = answer.thoughts().into();
    }
    if !answer.calls.is_empty() {
        message["content"] = Value::Null;
        let calls = answer.calls.iter().enumerate().map(|(index, (name, arguments))| {
            json!({"id": answer.call_id(index), "type": "function",
                   "function": {"name": name, "arguments": arguments}})
        });
        message["tool_calls"] = calls.collect();
    }
    message
}

fn chunk(ask: &Ask, answer: &Answer, choice: usize, delta: Value, reason: Value) -> Value {
    json!({
        "id": format!("chatcmpl-{}", answer.id), "object": "chat.completion.chunk",
        "created": 1_700_000_000, "model": ask.model, "system_fingerprint": "fp_mock",
        "choices": [{"index": choice, "delta": delta, "logprobs": null, "finish_reason": reason}],
    })
}

fn usage(answer: &Answer, choices: u64) -> Value {
    let output = answer.output_tokens * choices;
    json!({
        "prompt_tokens": answer.input_tokens, "completion_tokens": output,
        "total_tokens": answer.input_tokens + output,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": answer.reasoning_tokens * choices},
    })
}
