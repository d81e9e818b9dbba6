//! Answers in Ollama's form, whole and line by line.

use serde_json::{Map, Value, json};

use crate::error::Result;
use crate::llm::assemble::{Assembler, Fragment};
use crate::llm::dates;
use crate::llm::json::Json;
use crate::llm::provider::alike::{Added, Lane, PieceOf};
use crate::llm::provider::stream::Dialect;
use crate::llm::provider::{errors, finish};
use crate::llm::response::Usage;

/// What is kept between the lines of an answer.
#[derive(Default)]
pub struct Decoder {
    calls: Vec<Value>,
    images: Vec<Value>,
    logprobs: Vec<Value>,
    /// An event has come: its date, if it could be read, is the answer's.
    dated: bool,
}

impl Dialect for Decoder {
    fn event(&mut self, _name: &[u8], json: &Json, out: &mut Assembler) -> Result<bool> {
        if !json.get("message").is_object() && json.get("done").is_null() {
            if let Some(error) = errors::instead(out.context(), out.head(), json) {
                return Err(error);
            }
            out.other(json);
            return Ok(false);
        }
        out.start(json.get("model"), &Json::Null);
        out.open(0);
        // That of the first, however later ones read: they are compared with it
        // but for their dates (see `added`).
        if !std::mem::replace(&mut self.dated, true) {
            out.created(json.get("created_at").text().and_then(dates::rfc3339));
        }
        self.message(json.get("message"), out);
        self.logprobs.extend(json.get("logprobs").items().iter().map(Json::to_value));
        if json.get("done").bool() != Some(true) {
            return Ok(false);
        }
        usage(json, out);
        if let Some(word) = json.get("done_reason").label() {
            out.finish(0, finish::reason(&word), Some(word));
        }
        Ok(true)
    }

    fn whole(&mut self, json: &Json, out: &mut Assembler) -> Result<()> {
        self.event(b"", json, out).map(|_| ())
    }

    fn added<'a>(&self, json: &'a Json<'_>) -> Option<Added<'a>> {
        let message = json.get("message");
        if !json.has_only(&[
            "model",
            "created_at",
            "message",
            "done",
            "remote_model",
            "remote_host",
        ]) || json.get("done").bool() != Some(false)
            || !message.has_only(&["role", "content", "thinking"])
        {
            return None;
        }
        let word = |name: &str| message.get(name).word();
        let (thought, text) = match (word("thinking"), word("content")) {
            (Some(text), None) => (true, text),
            (None, Some(text)) => (false, text),
            _ => return None,
        };
        Some(Added { lane: Lane::new(0, PieceOf::said(thought)), text, noise: &["created_at"] })
    }

    fn end(&mut self, out: &mut Assembler) {
        let choice = out.choice(0);
        if !self.logprobs.is_empty() {
            choice.logprobs = Some(std::mem::take(&mut self.logprobs).into());
        }
        let mut block = json!({"role": "assistant", "content": choice.text});
        if let Some(thinking) = &choice.reasoning {
            block["thinking"] = thinking.clone().into();
        }
        if !self.calls.is_empty() {
            block["tool_calls"] = std::mem::take(&mut self.calls).into();
        }
        if !self.images.is_empty() {
            block["images"] = std::mem::take(&mut self.images).into();
        }
        out.blocks(0, vec![block]);
    }
}

impl Decoder {
    fn message(&mut self, message: &Json, out: &mut Assembler) {
        out.reasoning(0, message.get("thinking").text().unwrap_or_default());
        out.text(0, message.get("content").text().unwrap_or_default());
        self.images.extend(message.get("images").items().iter().map(Json::to_value));
        for call in message.get("tool_calls").items() {
            let function = call.get("function");
            let arguments = match function.get("arguments") {
                Json::Text(text) => text.to_string(),
                Json::Null => "{}".into(),
                object => object.to_text(),
            };
            // Calls come whole; the vendor's own index may repeat.
            let number = out.calls_of(0) as u64;
            let (id, name) = (call.get("id").word(), function.get("name").word());
            let index = Some(number);
            let piece = Fragment {
                index,
                id,
                name,
                arguments: &arguments,
                begins: true,
                ..Fragment::default()
            };
            let place = out.tool(0, piece);
            out.tool_end(0, place);
            self.calls.push(call.to_value());
        }
    }
}

/// Counts that are absent were cached, or not told.
fn usage(json: &Json, out: &mut Assembler) {
    let (input, output) = (json.get("prompt_eval_count").u64(), json.get("eval_count").u64());
    if input.is_none() && output.is_none() {
        return;
    }
    let own: Map<String, Value> = json
        .members()
        .iter()
        .filter(|(key, _)| key.ends_with("_count") || key.ends_with("_duration"))
        .map(|(key, value)| (key.to_string(), value.to_value()))
        .collect();
    out.usage(Usage {
        input_tokens: input,
        output_tokens: output,
        cached_input_tokens: json.get("prompt_eval_cached_count").u64(),
        provider_usage: Some(Value::Object(own).to_string()),
        ..Usage::default()
    });
}
