//! Cohere's answers, plain and streamed.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::error::Result;
use crate::llm::assemble::{Assembler, Fragment};
use crate::llm::events::Pieces;
use crate::llm::json::Json;
use crate::llm::provider::alike::{Added, Lane, PieceOf};
use crate::llm::provider::stream::Dialect;
use crate::llm::provider::{errors, finish};
use crate::llm::response::Usage;

/// What is kept between the events of an answer.
#[derive(Default)]
pub struct Decoder {
    plan: String,
    /// The content as received: each part and its text.
    content: Vec<(Lane, String)>,
    citations: Vec<Value>,
    logprobs: Vec<Value>,
}

impl Dialect for Decoder {
    fn event(&mut self, _name: &[u8], json: &Json, out: &mut Assembler) -> Result<bool> {
        let message = json.at(&["delta", "message"]);
        let index = json.get("index").u64();
        match json.get("type").text().unwrap_or_default() {
            "message-start" => {
                out.start(&Json::Null, json.get("id"));
                out.open(0);
            }
            "content-start" | "content-delta" => {
                self.content(index.unwrap_or(0), message.get("content"), out);
                if json.get("logprobs").is_object() {
                    self.logprobs.push(json.get("logprobs").to_value());
                }
            }
            "tool-plan-delta" => self.plan(message.get("tool_plan"), out),
            kind @ ("tool-call-start" | "tool-call-delta") => {
                let calls = message.get("tool_calls");
                let all = calls.items();
                let all = if all.is_empty() { std::slice::from_ref(calls) } else { all };
                for call in all {
                    match kind {
                        "tool-call-start" => begun_call(index, call, out),
                        _ => tool_call(index, call, &arguments(call), out),
                    };
                }
            }
            "tool-call-end" => {
                if let Some(place) = out.tool_of(0, index) {
                    out.tool_end(0, place);
                }
            }
            "citation-start" => {
                let citations = message.get("citations");
                match citations.items() {
                    [] if citations.is_object() => self.citations.push(citations.to_value()),
                    items => self.citations.extend(items.iter().map(Json::to_value)),
                }
            }
            "message-end" => {
                self.stop(json.get("delta"), out)?;
                return Ok(true);
            }
            "content-end" | "citation-end" => {}
            _ => out.other(json),
        }
        Ok(false)
    }

    fn is_event(&self, json: &Json) -> bool {
        let kind = json.get("type").text().unwrap_or_default();
        ["-start", "-delta", "-end"].iter().any(|end| kind.ends_with(end))
    }

    fn whole(&mut self, json: &Json, out: &mut Assembler) -> Result<()> {
        out.start(json.get("model"), json.get("id"));
        let message = json.get("message");
        if message.is_object() {
            out.open(0);
        }
        match message.get("content") {
            Json::Text(text) => self.content(0, &content_of(text), out),
            parts => {
                for (index, part) in parts.items().iter().enumerate() {
                    self.content(index as u64, part, out);
                }
            }
        }
        // Thoughts come before it in a stream.
        self.plan(message.get("tool_plan"), out);
        for (index, call) in message.get("tool_calls").items().iter().enumerate() {
            let place = begun_call(Some(index as u64), call, out);
            out.tool_end(0, place);
        }
        self.citations.extend(message.get("citations").items().iter().map(Json::to_value));
        self.logprobs.extend(json.get("logprobs").items().iter().map(Json::to_value));
        self.stop(json, out)
    }

    fn added<'a>(&self, json: &'a Json<'_>) -> Option<Added<'a>> {
        if json.get("type").text() == Some("tool-call-delta") {
            return added_arguments(json);
        }
        let content = json.at(&["delta", "message", "content"]);
        let plain = json.get("type").text() == Some("content-delta")
            && json.has_only(&["type", "index", "delta"])
            && json.get("delta").has_only(&["message"])
            && json.at(&["delta", "message"]).has_only(&["content"]);
        let thought = content.has_only(&["thinking"]);
        let name = if thought { "thinking" } else { "text" };
        let text = content.get(name).text().filter(|_| plain && content.has_only(&[name]))?;
        let index = json.get("index").u64().unwrap_or(0);
        Some(Added { lane: Lane::new(index, PieceOf::said(thought)), text, noise: &[] })
    }

    fn add(&mut self, lane: Lane, pieces: Pieces<'_>, out: &mut Assembler) {
        if let PieceOf::Arguments(call) = lane.of {
            return out.arguments(0, call, pieces);
        }
        out.pieces(0, lane.of == PieceOf::Thought, pieces);
        let text = pieces.text;
        match self.content.last_mut() {
            Some((last, old)) if *last == lane => old.push_str(text),
            _ => self.content.push((lane, text.into())),
        }
    }

    fn end(&mut self, out: &mut Assembler) {
        let mut block = Map::new();
        block.insert("role".into(), "assistant".into());
        let parts: Vec<_> = std::mem::take(&mut self.content)
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(lane, text)| match lane.of {
                PieceOf::Thought => json!({"type": "thinking", "thinking": text}),
                _ => json!({"type": "text", "text": text}),
            })
            .collect();
        if !parts.is_empty() {
            block.insert("content".into(), parts.into());
        }
        if !self.plan.is_empty() {
            block.insert("tool_plan".into(), std::mem::take(&mut self.plan).into());
        }
        let calls = out.calls_json(0);
        if !calls.is_empty() {
            block.insert("tool_calls".into(), calls.into());
        }
        if !self.citations.is_empty() {
            out.choice(0).citations = Some(std::mem::take(&mut self.citations).into());
        }
        if !self.logprobs.is_empty() {
            out.choice(0).logprobs = Some(std::mem::take(&mut self.logprobs).into());
        }
        out.blocks(0, vec![block.into()]);
    }
}

/// A piece of what a call is given.
fn added_arguments<'a>(json: &'a Json<'_>) -> Option<Added<'a>> {
    let message = json.at(&["delta", "message"]);
    let function = message.at(&["tool_calls", "function"]);
    let plain = json.has_only(&["type", "index", "delta"])
        && json.get("delta").has_only(&["message"])
        && message.has_only(&["tool_calls"])
        && message.get("tool_calls").has_only(&["function"])
        && function.has_only(&["arguments"]);
    let call = json.get("index").u64().filter(|_| plain)?;
    let text = function.get("arguments").text()?;
    Some(Added { lane: Lane::new(0, PieceOf::Arguments(call)), text, noise: &[] })
}

fn content_of<'a>(text: &'a str) -> Json<'a> {
    Json::Object(vec![("text".into(), Json::Text(text.into()))])
}

/// What a call is given, as far as a piece of it says.
fn arguments<'a>(call: &'a Json) -> Cow<'a, str> {
    match call.at(&["function", "arguments"]) {
        Json::Text(text) => Cow::Borrowed(text.as_ref()),
        Json::Null => "".into(),
        json => json.to_text().into(),
    }
}

/// A call, or the first piece of one; `null` is the vendor's word for no arguments.
fn begun_call(index: Option<u64>, call: &Json, out: &mut Assembler) -> usize {
    let arguments = arguments(call);
    let is_none = arguments.trim() == "null";
    tool_call(index, call, if is_none { "" } else { &arguments }, out)
}

fn tool_call(index: Option<u64>, call: &Json, arguments: &str, out: &mut Assembler) -> usize {
    let (id, name) = (call.get("id").word(), call.at(&["function", "name"]).word());
    out.tool(0, Fragment { index, id, name, arguments, ..Fragment::default() })
}

impl Decoder {
    fn content(&mut self, index: u64, part: &Json, out: &mut Assembler) {
        for (name, thought) in [("thinking", true), ("text", false)] {
            let Some(text) = part.get(name).text() else { continue };
            self.add(Lane::new(index, PieceOf::said(thought)), text.into(), out);
        }
    }

    /// What the model means to do with the tools: thinking, in our words.
    fn plan(&mut self, plan: &Json, out: &mut Assembler) {
        let Some(text) = plan.text() else { return };
        self.plan.push_str(text);
        out.reasoning(0, text);
    }

    fn stop(&mut self, json: &Json, out: &mut Assembler) -> Result<()> {
        usage(json.get("usage"), out);
        let word = json.get("finish_reason").label();
        if json.get("error").is_object() || json.get("error").word().is_some() {
            return Err(errors::stated_in(out.context(), out.head(), json));
        }
        if matches!(word.as_deref(), Some("ERROR" | "TIMEOUT")) {
            let words = "the provider ended the answer with an error";
            return Err(errors::in_words(out.context(), out.head(), words));
        }
        if let Some(word) = word {
            out.finish(0, finish::reason(&word), Some(word));
        }
        Ok(())
    }
}

/// Real tokens where they are stated, else billed ones.
fn usage(json: &Json, out: &mut Assembler) {
    if !json.is_object() {
        return;
    }
    let n = |key: &str| {
        json.at(&["tokens", key]).u64().or_else(|| json.at(&["billed_units", key]).u64())
    };
    out.usage(Usage {
        input_tokens: n("input_tokens"),
        output_tokens: n("output_tokens"),
        total_tokens: None,
        cached_input_tokens: json.get("cached_tokens").u64(),
        cache_write_tokens: None,
        reasoning_tokens: json.at(&["tokens", "reasoning_tokens"]).u64(),
        provider_usage: Some(json.to_text()),
    });
}
