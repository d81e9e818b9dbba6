//! The calls of an answer: what an event says of one, told as it comes.

use super::decoder::Decoder;
use super::items::Begun;
use crate::llm::assemble::{Assembler, Fragment, NONE_GIVEN};
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
        self.items.at(at).call = Some(Begun { place, given, is_whole: false });
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
        let Some(call) = self.items.at(at).call.as_ref().filter(|call| !call.is_whole) else {
            return;
        };
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

    /// Tells what a call was given beyond what was told of it. Where deltas were lost or
    /// came in another order, what is said in the end counts: a call of something else is
    /// worse than one whose pieces were others (MoonshotAI/kimi-code, issue 1455).
    pub fn tell_given(&mut self, at: usize, said: &str, out: &mut Assembler) {
        let Some(call) = &mut self.items.at(at).call else { return };
        let (begun, place) = (std::mem::take(&mut call.given), call.place);
        let given = if said.is_empty() { &begun } else { said };
        let told = out.called(0, place).map_or("", |call| &call.arguments);
        match given.strip_prefix(told) {
            Some("") => {}
            Some(rest) => {
                call.is_whole = false;
                self.arguments(at, rest.into(), out);
            }
            // LM Studio's items say in the end that there were none.
            None if matches!(said, "" | NONE_GIVEN) || is_same(said, told) => {}
            None => out.given_after_all(0, place, said),
        }
        if let Some(call) = &mut self.items.at(at).call {
            call.is_whole |= !said.is_empty();
        }
    }
}

/// Whether two texts are the same JSON.
fn is_same(one: &str, other: &str) -> bool {
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    read(one).is_some_and(|json| read(other) == Some(json))
}

/// The arguments that a call's item or event says; some hosts write them as an object.
pub fn given_to(item: &Json) -> String {
    let given = item.get("arguments");
    match given.is_object() {
        true => given.to_text(),
        false => given.text().or(item.get("input").text()).unwrap_or_default().into(),
    }
}
