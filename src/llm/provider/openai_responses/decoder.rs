//! An answer as far as it has come: its items, and what was told of them.
//!
//! Which event does what to it is in [`super::read`]; what the events with a call do
//! is in [`super::called`], and those that end something in [`super::ends`].

use serde_json::Value;

use super::events::{delta_of, item_of, part_of};
use super::hosted::Tools;
use super::items::Items;
use super::told::{Kind, Place, Told};
use crate::llm::assemble::Assembler;
use crate::llm::json::Json;

/// What is kept between the events of an answer.
#[derive(Default)]
pub struct Decoder {
    pub items: Items,
    pub tools: Tools,
    pub citations: Vec<Value>,
    pub logprobs: Vec<Value>,
    pub told: Told,
    /// The item whose arguments came last.
    pub given: usize,
    /// The answer is over and failed; why, the next event may say.
    pub given_up: bool,
}

impl Decoder {
    /// What an answer says of itself.
    pub fn head(&mut self, response: &Json, out: &mut Assembler) {
        out.start(response.get("model"), response.get("id"));
        out.created(response.get("created_at").u64());
        out.open(0);
        self.tools.note(response.get("tools"));
    }

    /// The item that an event has a piece of.
    pub fn piece(&mut self, event: &Json, kind: &str) -> usize {
        let at = self.items.about(event, kind);
        self.items.at(at).is_told |= !delta_of(event).is_empty();
        at
    }

    /// The kind of text that an event has a piece of: LocalAI says thoughts as answers.
    pub fn kind_of(&self, event: &Json, kind: Kind) -> Kind {
        let is_thought = kind == Kind::Text && self.items.is_of_thought(event);
        if is_thought { Kind::Thought } else { kind }
    }

    /// A piece of a text; answers its item.
    pub fn delta(&mut self, event: &Json, kind: Kind, out: &mut Assembler) -> usize {
        let kind = self.kind_of(event, kind);
        let item = self.piece(event, item_of(kind));
        let place = self.told.part(Place { item, kind, part: part_of(event) });
        self.told.say(place, delta_of(event), out);
        item
    }

    /// How likely an item's next words were.
    pub fn chances<'a>(&mut self, at: usize, chances: impl Iterator<Item = &'a Json<'a>>) {
        let before = self.logprobs.len();
        self.logprobs.extend(chances.map(Json::to_value));
        self.items.at(at).chances += self.logprobs.len() - before;
    }
}
