//! The ends of texts, of items and of the answer: each says again what came in pieces.
//!
//! What an end says beyond that is told then. Some hosts send nothing before the end
//! of the answer, and some leave an item's pieces out, or its end.

use super::decoder::Decoder;
use super::events::{is_helpers, item_of, part_of};
use super::told::{self, Kind, Place};
use crate::llm::assemble::{Assembler, CALLS_MAX};
use crate::llm::json::Json;
use crate::llm::provider::finish;
use crate::llm::provider::usage::{tier, usage};
use crate::llm::response::FinishReason;

impl Decoder {
    /// A text is complete that an event, or the part that it has, says.
    pub fn end_part(&mut self, event: &Json, said: &Json, kind: Option<Kind>, out: &mut Assembler) {
        let Some(kind) = kind.map(|kind| self.kind_of(event, kind)) else { return };
        self.told.close_thought();
        let text = kind.text(said);
        // Some hosts number the parts of deltas in another way.
        if told::has(kind, text, out) {
            return;
        }
        let item = self.items.about(event, item_of(kind));
        self.items.at(item).is_told = true;
        self.told.end_part(Place { item, kind, part: part_of(event) }, text, out);
        self.told.close_thought();
    }

    /// An item that is complete.
    pub fn item(&mut self, at: usize, item: &Json, out: &mut Assembler) {
        self.items.at(at).is_told = true;
        if !is_helpers(item) {
            self.told.end_item(at, item, out);
            let known = self.items.at(at).chances;
            let parts = item.get("content").items().iter();
            let all: Vec<_> = parts.flat_map(|part| part.get("logprobs").items()).collect();
            self.chances(at, all.into_iter().skip(known));
        }
        self.last(at, item, out);
    }

    /// What an item is in the end, whose text is told.
    fn last(&mut self, at: usize, item: &Json, out: &mut Assembler) {
        if !self.items.at(at).is_cited && !is_helpers(item) {
            let parts = item.get("content").items().iter();
            let notes = parts.flat_map(|part| part.get("annotations").items());
            let before = self.citations.len();
            self.citations.extend(notes.map(Json::to_value));
            self.items.at(at).is_cited = self.citations.len() > before;
        }
        if self.items.at(at).value.is_none() {
            self.done(at, item, out);
        }
        self.items.at(at).keep(item);
    }

    /// The end, with the word of the event if the answer has none itself.
    pub fn end_of(&mut self, response: &Json, word: Option<&str>, out: &mut Assembler) {
        self.head(response, out);
        // The name of a preset is one of a model in the end.
        if let Some(model) = response.get("model").word() {
            out.response().model = Some(model.into());
        }
        // Some hosts send nothing before this event.
        let is_first = self.items.are_untouched();
        let output = response.get("output").items();
        let output = &output[..output.len().min(CALLS_MAX + 1)];
        let items: Vec<_> = self.items.of_output(output).into_iter().zip(output).collect();
        if !is_first {
            let said: Vec<_> =
                items.iter().filter(|(_, item)| !is_helpers(item)).copied().collect();
            self.told.end_all(&said, out);
        }
        // mistral.rs has it here alone; of OpenAI's this is an object, what was asked for.
        if let Some(thought) = response.get("reasoning").word()
            && out.choice(0).reasoning.is_none()
            && !output.iter().any(|item| item.get("type").text() == Some("reasoning"))
        {
            out.reasoning(0, thought);
        }
        for (at, item) in items {
            match is_first {
                true => self.item(at, item, out),
                false => self.last(at, item, out),
            }
        }
        if is_first && output.is_empty() {
            out.text(0, response.get("output_text").text().unwrap_or_default());
        }
        if self.items.len() > CALLS_MAX {
            out.too_much();
        }
        if response.get("usage").is_object() {
            usage(response.get("usage"), out);
        }
        tier(response.get("service_tier"), out);
        let why = response.at(&["incomplete_details", "reason"]).label();
        let status = why.or_else(|| response.get("status").label());
        let Some(word) = status.or(word.map(String::from)) else { return };
        let reason = match word.as_str() {
            "completed" => FinishReason::Stop,
            word => finish::reason(word),
        };
        out.finish(0, reason, Some(word));
    }
}
