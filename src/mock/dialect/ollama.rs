//! Ollama's chat: JSON lines, streamed unless refused.

use serde_json::Value;

use super::super::answer::{Answer, Ask};
use super::{Dialect, conversation, object};
use crate::object::json;

pub(super) struct Ollama;

impl Dialect for Ollama {
    fn ask(&self, _: &str, body: &Value) -> Ask {
        Ask {
            stream: body["stream"] != false,
            max_tokens: body["options"]["num_predict"].as_u64(),
            ..conversation(body)
        }
    }

    fn plain(&self, ask: &Ask, answer: &Answer) -> Value {
        let mut message = json!({"role": "assistant", "content": answer.text()});
        if !answer.reasoning.is_empty() {
            message["thinking"] = answer.thoughts().into();
        }
        if !answer.calls.is_empty() {
            message["tool_calls"] = calls(answer).collect();
        }
        done(ask, answer, message)
    }

    fn stream(&self, ask: &Ask, answer: &Answer) -> Vec<String> {
        let line = |mut message: Value| {
            message["role"] = "assistant".into();
            format!("{}\n", head(ask, message, false))
        };
        let thoughts = answer.reasoning.iter().map(|p| line(json!({"content": "", "thinking": p})));
        let texts = answer.pieces.iter().map(|p| line(json!({"content": p})));
        let calls = calls(answer).map(|call| line(json!({"content": "", "tool_calls": [call]})));
        let end = done(ask, answer, json!({"role": "assistant", "content": ""}));
        thoughts.chain(texts).chain(calls).chain([format!("{end}\n")]).collect()
    }

    fn endings(&self, _: &Ask) -> usize {
        1
    }

    fn error(&self, _: u16, message: &str) -> Value {
        json!({"error": message})
    }

    fn stream_error(&self) -> String {
        format!("{}\n", self.error(500, "the mock was asked to fail in mid-stream"))
    }

    fn stream_type(&self) -> &'static str {
        "application/x-ndjson"
    }
}

fn calls(answer: &Answer) -> impl Iterator<Item = Value> + '_ {
    answer.calls.iter().map(
        |(name, arguments)| json!({"function": {"name": name, "arguments": object(arguments)}}),
    )
}

fn head(ask: &Ask, message: Value, done: bool) -> Value {
    json!({"model": ask.model, "created_at": "2026-01-01T00:00:00Z", "message": message,
           "done": done})
}

fn done(ask: &Ask, answer: &Answer, message: Value) -> Value {
    let mut end = head(ask, message, true);
    end["done_reason"] = answer.finish("stop", "length", "stop").into();
    end["total_duration"] = 1_000_000.into();
    end["load_duration"] = 1_000.into();
    end["prompt_eval_count"] = answer.input_tokens.into();
    end["prompt_eval_duration"] = 1_000.into();
    end["eval_count"] = answer.output_tokens.into();
    end["eval_duration"] = 1_000.into();
    end
}
