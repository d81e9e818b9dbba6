//! Anthropic's answers: blocks that open, grow and close.

use serde_json::{Value, json};

use super::block::Block;
use super::fallback;
use super::turns::TOOLSET;
use super::usage::Usages;
use crate::error::Result;
use crate::llm::assemble::{Assembler, CALLS_MAX, Fragment};
use crate::llm::events::Pieces;
use crate::llm::json::Json;
use crate::llm::provider::alike::{Added, Lane, PieceOf};
use crate::llm::provider::finish;
use crate::llm::provider::stream::Dialect;
use crate::llm::response::FinishReason;

/// What is kept between the events of an answer.
#[derive(Default)]
pub struct Decoder {
    begun: bool,
    is_guarded: bool,
    blocks: Vec<Block>,
    usage: Usages,
    /// The message has begun with how it ends, as one that is whole does.
    began_ended: bool,
    /// More of it came after that.
    goes_on: bool,
}

impl Dialect for Decoder {
    fn event(&mut self, name: &[u8], json: &Json, out: &mut Assembler) -> Result<bool> {
        match json.get("type").text().unwrap_or_default() {
            // Some gateways say it again, with figures that are not the vendor's.
            "message_start" if std::mem::replace(&mut self.begun, true) => {}
            "message_start" => {
                let message = json.get("message");
                out.start(message.get("model"), message.get("id"));
                out.open(0);
                self.usage.add(message.get("usage"), out);
                beside(message, out);
                for (index, block) in message.get("content").items().iter().enumerate() {
                    self.open(index as u64, block, out);
                }
                // A message that is whole already says so here.
                self.stop(message, out);
                self.began_ended = out.has_finished();
            }
            "content_block_start" => {
                self.goes_on = self.began_ended;
                let index = json.get("index").u64().unwrap_or(self.blocks.len() as u64);
                self.open(index, json.get("content_block"), out);
            }
            "content_block_delta" => {
                self.goes_on = self.began_ended;
                self.delta(json, out);
            }
            "content_block_stop" => {
                let index = json.get("index").u64();
                if let Some(block) = self.block(index) {
                    block.stop(out);
                }
            }
            "message_delta" => {
                (self.began_ended, self.goes_on) = (false, false);
                self.stop(json.get("delta"), out);
                self.usage.add(json.get("usage"), out);
                beside(json, out);
            }
            "message_stop" => {
                self.goes_on = false;
                self.blocks.iter_mut().for_each(|block| block.stop(out));
                return Ok(true);
            }
            _ if name == b"ping" => {}
            _ => out.other(json),
        }
        // Each piece's block is looked for among all.
        if self.blocks.len() > CALLS_MAX {
            out.too_much();
        }
        Ok(false)
    }

    fn is_event(&self, json: &Json) -> bool {
        let kind = json.get("type").text().unwrap_or_default();
        ["message_", "content_block_", "ping"].iter().any(|start| kind.starts_with(start))
    }

    fn whole(&mut self, json: &Json, out: &mut Assembler) -> Result<()> {
        out.start(json.get("model"), json.get("id"));
        if json.get("content").is_null() && json.get("stop_reason").is_null() {
            return Ok(());
        }
        out.open(0);
        // A text alone stands for a block, as in a request.
        if let Some(text) = json.get("content").text()
            && let Some(block) = self.block_of(None, "text_delta")
        {
            block.add(PieceOf::Text, text.into(), out);
        }
        for (index, block) in json.get("content").items().iter().enumerate() {
            self.open(index as u64, block, out);
            if let Some(block) = self.blocks.last_mut() {
                block.stop(out);
            }
        }
        self.stop(json, out);
        self.usage.add(json.get("usage"), out);
        beside(json, out);
        Ok(())
    }

    fn added<'a>(&self, json: &'a Json<'_>) -> Option<Added<'a>> {
        let delta = json.get("delta");
        let index = json.get("index").u64()?;
        let (of, name) = match delta.get("type").text()? {
            "text_delta" => (PieceOf::Text, "text"),
            "thinking_delta" => (PieceOf::Thought, "thinking"),
            // What belongs to no block is told otherwise.
            "input_json_delta" if self.blocks.iter().any(|block| block.index == index) => {
                (PieceOf::Arguments(index), "partial_json")
            }
            _ => return None,
        };
        let plain = json.has_only(&["type", "index", "delta"])
            && json.get("type").text() == Some("content_block_delta")
            && delta.has_only(&["type", name]);
        let text = delta.get(name).text().filter(|_| plain)?;
        Some(Added { lane: Lane::new(index, of), text, noise: &[] })
    }

    fn add(&mut self, lane: Lane, pieces: Pieces<'_>, out: &mut Assembler) {
        if let Some(block) = self.block(Some(lane.index)) {
            block.add(lane.of, pieces, out);
        }
    }

    fn goes_on(&self) -> bool {
        self.goes_on
    }

    fn end(&mut self, out: &mut Assembler) {
        if out.has_finished() && !self.goes_on {
            self.blocks.iter_mut().for_each(|block| block.stop(out));
        }
        let blocks = std::mem::take(&mut self.blocks);
        let cited: Vec<Value> = blocks.iter().flat_map(Block::cited).collect();
        if !cited.is_empty() {
            out.choice(0).citations = Some(cited.into());
        }
        let mut whole: Vec<_> = blocks.into_iter().map(Block::whole).collect();
        whole.retain(|block| block["type"].is_string());
        fallback::declined_calls(&whole).for_each(|id| out.forget_call(0, id));
        out.blocks(0, whole);
    }
}

impl Decoder {
    fn block(&mut self, index: Option<u64>) -> Option<&mut Block> {
        match index {
            Some(index) => self.blocks.iter_mut().rfind(|block| block.index == index),
            None => self.blocks.last_mut(),
        }
    }

    fn open(&mut self, index: u64, start: &Json, out: &mut Assembler) {
        // llama.cpp may begin a call once more before its last piece.
        if self.block(Some(index)).is_some_and(|block| block.is_begun_by(start)) {
            return;
        }
        // What is no object is no block; what its deltas bring is kept even so.
        let kept = if start.is_object() { start.to_value() } else { json!({}) };
        let mut block = Block::new(index, kept);
        match start.get("type").text().unwrap_or_default() {
            "text" => {
                block.text = start.get("text").text().unwrap_or_default().into();
                out.text(0, &block.text);
            }
            "thinking" => {
                block.thinking = start.get("thinking").text().unwrap_or_default().into();
                block.may_repeat = !block.thinking.is_empty();
                block.signature = start.get("signature").text().unwrap_or_default().into();
                out.reasoning(0, &block.thinking);
            }
            "tool_use" => {
                // Some gateways hand the input on as the text that it was to them.
                let input = start.get("input");
                let given = input.is_object().then(|| input.to_text());
                block.given = given.or(input.text().map(Into::into)).unwrap_or_default();
                let (id, name) = (start.get("id").word(), start.get("name").word());
                let index = Some(index);
                let piece = Fragment { index, id, name, begins: true, ..Fragment::default() };
                let place = out.tool(0, piece);
                if let Some(name) = start.get(TOOLSET).word() {
                    out.tool_extra(0, place, TOOLSET, name.into());
                }
                block.call = Some(place);
            }
            // From here on another model answers, and both are billed.
            "fallback" => {
                if let Some(model) = start.at(&["to", "model"]).word() {
                    out.response().model = Some(model.into());
                }
                out.response().has_unpriced = true;
            }
            _ => {}
        }
        self.blocks.push(block);
    }

    /// The block that a piece belongs to. Some proxies begin a text without
    /// saying so.
    fn block_of(&mut self, index: Option<u64>, kind: &str) -> Option<&mut Block> {
        let begun = match kind {
            "text_delta" => Some(json!({"type": "text", "text": ""})),
            "thinking_delta" => Some(json!({"type": "thinking", "thinking": ""})),
            _ => None,
        };
        if let (None, Some(start)) = (self.block(index), begun) {
            let index = index.unwrap_or(self.blocks.len() as u64);
            self.blocks.push(Block::new(index, start));
        }
        self.block(index)
    }

    fn delta(&mut self, json: &Json, out: &mut Assembler) {
        let index = json.get("index").u64();
        let delta = json.get("delta");
        let kind = delta.get("type").text().unwrap_or_default();
        let Some(block) = self.block_of(index, kind) else { return out.other(json) };
        let text = |name: &str| delta.get(name).text().unwrap_or_default();
        match kind {
            "text_delta" => block.add(PieceOf::Text, text("text").into(), out),
            "thinking_delta" => block.add(PieceOf::Thought, text("thinking").into(), out),
            "signature_delta" => block.signature.push_str(text("signature")),
            "input_json_delta" => {
                let of = PieceOf::Arguments(block.index);
                block.add(of, text("partial_json").into(), out);
            }
            "citations_delta" => block.citations.push(delta.get("citation").to_value()),
            _ => {
                block.grow(delta);
                out.other(json);
            }
        }
    }

    fn stop(&mut self, delta: &Json, out: &mut Assembler) {
        self.is_guarded |= finish::is_guarded(delta);
        if let Some(word) = delta.get("stop_reason").label() {
            out.finish(0, finish::reason_of(&word, self.is_guarded), Some(word));
        }
        if delta.at(&["container", "id"]).word().is_some() {
            let container = delta.get("container").to_value();
            out.message_extra(0).insert("container".into(), container);
        }
        let details = delta.get("stop_details");
        if details.is_object() && !details.has_only(&["type", "explanation"]) {
            out.message_extra(0).insert("stop_details".into(), details.to_value());
        }
        let choice = out.choice(0);
        if let Some(text) = delta.get("stop_sequence").word() {
            choice.stop_sequence = Some(text.into());
        }
        // What the beginning of a stream said may be taken back.
        if details.is_null() && delta.members().iter().any(|(name, _)| name == "stop_details") {
            choice.finish_detail = None;
        }
        if details.is_object() {
            let words = details.get("explanation").word().map(String::from);
            choice.finish_detail = words.or_else(|| Some(details.to_text()));
            let refuses = choice.finish_reason == Some(FinishReason::Refusal);
            if refuses && choice.refusal.is_none() {
                out.refusal(0, details.get("explanation").text().unwrap_or_default());
            }
        }
    }
}

/// Keeps what an answer says of what became of the request.
fn beside(json: &Json, out: &mut Assembler) {
    for name in ["context_management", "diagnostics", "input_transformations"] {
        let said = json.get(name);
        if said.is_object() || !said.items().is_empty() {
            out.message_extra(0).insert(name.into(), said.to_value());
        }
    }
}
