//! The calls of an answer: what an event says of one, told as it comes.

use super::decoder::Decoder;
use super::items::Begun;
use crate::llm::assemble::{Assembler, Fragment};
use crate::llm::events::Pieces;
use crate::llm::json::Json;

impl Decoder {
    /// An item begins. A call that is whole already waits until it is done: Perplexity
    /// puts what its search found in the place of its call.
    pub fn add(&mut self, at: usize, item: &Json, out: &mut Assembler) {
        let is_whole = item.get("status").text() == Some("completed") && !given_to(item).is_empty();
        match is_whole {
            true => self.items.at(at).held = Some(item.to_text()),
            false => self.begin(at, item, out),
        }
    }

    fn begin(&mut self, at: usize, item: &Json, out: &mut Assembler) {
        if !self.tools.is_call(item) || self.items.at(at).call.is_some() {
            return;
        }
        let piece = Fragment {
            id: item.get("call_id").word().or(item.get("id").word()),
            name: item.get("name").word(),
            begins: true,
            ..Fragment::default()
        };
        let place = out.tool(0, piece);
        if item.get("type").text() == Some("custom_tool_call") {
            out.tool_extra(0, place, "type", "custom".into());
        }
        if let Some(namespace) = item.get("namespace").word() {
            out.tool_extra(0, place, "namespace", namespace.into());
        }
        let given = given_to(item);
        self.items.at(at).call = Some(Begun { place, given });
    }

    /// Begins a call that waits.
    pub fn tell_held(&mut self, at: usize, out: &mut Assembler) {
        let Some(text) = self.items.at(at).held.take() else { return };
        if let Ok(item) = Json::parse(text.as_bytes()) {
            self.begin(at, &item, out);
        }
    }

    pub fn arguments(&mut self, at: usize, pieces: Pieces<'_>, out: &mut Assembler) {
        self.tell_held(at, out);
        let Some(call) = &self.items.at(at).call else { return };
        let id = out.tool_id(0, call.place);
        out.given(0, Fragment { id: Some(&id), ..Fragment::default() }, pieces);
    }

    /// A call is complete: what no delta told is told now.
    pub fn done(&mut self, at: usize, item: &Json, out: &mut Assembler) {
        self.items.at(at).held = None;
        if self.tools.is_call(item) {
            self.begin(at, item, out);
            self.tell_given(at, &given_to(item), out);
            if let Some(call) = &self.items.at(at).call {
                out.tool_end(0, call.place);
            }
        }
    }

    /// Tells what a call was given beyond what was told of it.
    pub fn tell_given(&mut self, at: usize, given: &str, out: &mut Assembler) {
        let Some(call) = &mut self.items.at(at).call else { return };
        let begun = std::mem::take(&mut call.given);
        let given = if given.is_empty() { &begun } else { given };
        let told = out.called(0, call.place).map_or("", |call| &call.arguments);
        if let Some(rest) = given.strip_prefix(told).filter(|rest| !rest.is_empty()) {
            self.arguments(at, rest.into(), out);
        }
    }
}

/// The arguments that a call's item or event says; some hosts write them as an object.
pub fn given_to(item: &Json) -> String {
    let given = item.get("arguments");
    match given.is_object() {
        true => given.to_text(),
        false => given.text().or(item.get("input").text()).unwrap_or_default().into(),
    }
}
