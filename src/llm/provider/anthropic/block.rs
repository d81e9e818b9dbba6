//! A block of an answer, from its start to its end.

use serde_json::{Value, json};

use crate::llm::assemble::{Assembler, Fragment};
use crate::llm::events::Pieces;
use crate::llm::json::Json;
use crate::llm::provider::alike::PieceOf;

/// A block in the making.
#[derive(Default)]
pub struct Block {
    /// The number by which its pieces name it.
    pub index: u64,
    /// What it began with.
    pub start: Value,
    /// Its text so far.
    pub text: String,
    /// Likewise its thought.
    pub thinking: String,
    /// Whether no piece has come after a thought that its start began.
    pub may_repeat: bool,
    /// Likewise what that is signed with.
    pub signature: String,
    /// The input so far.
    json: String,
    /// The input that it began with, as the vendor wrote it.
    pub given: String,
    /// What it cites.
    pub citations: Vec<Value>,
    /// The place of the call that it is.
    pub call: Option<usize>,
    is_over: bool,
}

impl Block {
    /// One that begins so.
    pub fn new(index: u64, start: Value) -> Block {
        Block { index, start, ..Block::default() }
    }

    /// Adds pieces, and tells them.
    pub fn add(&mut self, of: PieceOf, mut pieces: Pieces<'_>, out: &mut Assembler) {
        match of {
            PieceOf::Text => self.text.push_str(pieces.text),
            PieceOf::Thought => {
                // LiteLLM says in the first piece what began the block (request 34433).
                if std::mem::take(&mut self.may_repeat) {
                    pieces = pieces.after(&self.thinking).unwrap_or(pieces);
                }
                self.thinking.push_str(pieces.text);
            }
            PieceOf::Arguments(_) => {
                self.json.push_str(pieces.text);
                return self.arguments(pieces, out);
            }
        }
        out.pieces(0, of == PieceOf::Thought, pieces);
    }

    /// A piece of a kind that is not known yet: its block goes back whole.
    pub fn grow(&mut self, delta: &Json) {
        let Value::Object(start) = &mut self.start else { return };
        for (key, value) in delta.members().iter().filter(|(key, _)| key != "type") {
            match (start.get_mut(key.as_ref()), value) {
                (_, Json::Null) => {}
                // Sealed, and so whole each time.
                (Some(Value::String(old)), Json::Text(piece)) if key != "encrypted_content" => {
                    old.push_str(piece);
                }
                _ => drop(start.insert(key.to_string(), value.to_value())),
            }
        }
    }

    fn arguments(&self, pieces: Pieces<'_>, out: &mut Assembler) {
        if self.call.is_none() {
            return;
        }
        let (index, id) = (Some(self.index), self.start["id"].as_str());
        let of = Fragment { index, id, ..Fragment::default() };
        match pieces.iter().any(str::is_empty) {
            false => out.given(0, of, pieces),
            true => {
                let told = pieces.iter().filter(|piece| !piece.is_empty());
                told.for_each(|piece| out.given(0, of, piece.into()));
            }
        }
    }

    /// Whether it is the call that this would begin, and not over.
    pub fn is_begun_by(&self, start: &Json) -> bool {
        let id = start.get("id").word();
        self.call.is_some() && !self.is_over && id.is_some() && self.start["id"].as_str() == id
    }

    /// The block is complete. Arguments that came whole are told now.
    pub fn stop(&mut self, out: &mut Assembler) {
        self.is_over = true;
        let Some(place) = self.call else { return };
        if self.json.trim().is_empty() {
            self.json = match std::mem::take(&mut self.given) {
                given if given.is_empty() => "{}".into(),
                given => given,
            };
            self.arguments(self.json.as_str().into(), out);
        }
        out.tool_end(0, place);
    }

    /// All that it cites.
    pub fn cited(&self) -> Vec<Value> {
        let given = self.start["citations"].as_array().cloned().unwrap_or_default();
        given.into_iter().chain(self.citations.iter().cloned()).collect()
    }

    /// The block as it would have stood in a plain answer.
    pub fn whole(self) -> Value {
        let mut block = self.start;
        match block["type"].as_str().unwrap_or_default() {
            "text" => block["text"] = self.text.into(),
            "thinking" => {
                block["thinking"] = self.thinking.into();
                // Hosts that sign nothing may refuse an empty one.
                if !self.signature.is_empty() {
                    block["signature"] = self.signature.into();
                }
            }
            _ if !self.json.is_empty() => {
                block["input"] = serde_json::from_str(&self.json).unwrap_or_else(|_| json!({}));
            }
            _ => {}
        }
        if !self.citations.is_empty() {
            let mut all = block["citations"].as_array().cloned().unwrap_or_default();
            all.extend(self.citations);
            block["citations"] = all.into();
        }
        block
    }
}
