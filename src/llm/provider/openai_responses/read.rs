//! Answers in the form of OpenAI's Responses: items that are added and done.
//!
//! The table of the events, by their type. A plain answer is read as the event that
//! ends one.

use super::decoder::Decoder;
use super::events::{delta_of, is_given_up, is_helpers, is_plain, is_silent, said_in};
use super::items::Items;
use super::told::Kind;
use super::{called, hosted, kept};
use crate::error::{Error, Result};
use crate::llm::assemble::{Assembler, CALLS_MAX};
use crate::llm::events::Pieces;
use crate::llm::json::Json;
use crate::llm::provider::alike::{Added, Lane, PieceOf};
use crate::llm::provider::errors;
use crate::llm::provider::stream::Dialect;

impl Dialect for Decoder {
    fn event(&mut self, _name: &[u8], json: &Json, out: &mut Assembler) -> Result<bool> {
        let index = json.get("output_index").u64();
        let kind = json.get("type").text().unwrap_or_default();
        if let Some(item) = said_in(kind).filter(|_| is_helpers(json)) {
            self.piece(json, item);
            out.other(json);
            return Ok(false);
        }
        match kind {
            "response.created" | "response.in_progress" | "response.queued" => {
                self.head(json.get("response"), out);
            }
            "response.output_item.added" => {
                let at = self.items.of(index, json.get("item"), true);
                self.add(at, json.get("item"), out);
            }
            "response.output_text.annotation.added" => {
                let at = self.items.about(json, "message");
                self.items.at(at).is_cited = true;
                if !is_helpers(json) {
                    self.citations.push(json.get("annotation").to_value());
                }
            }
            "response.output_item.done" => {
                let at = self.items.of(index, json.get("item"), false);
                self.item(at, json.get("item"), out);
                let item = self.items.at(at).value.as_ref();
                if item.and_then(hosted::asks_caller).is_some() {
                    out.other(json);
                }
            }
            kind if self.said(kind, json, out) => {}
            kind => match self.ended(kind, json, out)? {
                Some(true) => return Ok(true),
                Some(false) => {}
                None if is_silent(kind) => {}
                None => out.other(json),
            },
        }
        if self.items.len() > CALLS_MAX {
            out.too_much();
        }
        Ok(false)
    }

    fn is_event(&self, json: &Json) -> bool {
        json.get("type").text().is_some_and(|kind| kind.starts_with("response."))
    }

    fn whole(&mut self, json: &Json, out: &mut Assembler) -> Result<()> {
        if json.get("output").is_null() && json.get("status").is_null() {
            return Ok(());
        }
        if is_given_up(json) {
            return Err(errors::given_up(out.head()));
        }
        let is_cut = !json.get("incomplete_details").is_null();
        self.end_of(json, (!is_cut).then_some("completed"), out);
        Ok(())
    }

    fn added<'a>(&self, json: &'a Json<'_>) -> Option<Added<'a>> {
        let of = match json.get("type").text()? {
            "response.output_text.delta" => PieceOf::Text,
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                PieceOf::Thought
            }
            "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => {
                PieceOf::Arguments(self.given as u64)
            }
            _ => return None,
        };
        let text = json.get("delta").word()?;
        // Without a number or a known id it is of the latest item, which another may be.
        let is_numbered = json.get("output_index").u64().is_some();
        if !is_numbered && !self.items.knows(json.get("item_id")) {
            return None;
        }
        let noise = &["sequence_number", "obfuscation"];
        let index = match of {
            PieceOf::Arguments(_) => 0,
            _ => self.told.latest()?,
        };
        is_plain(json).then_some(Added { lane: Lane { index, of, is_numbered }, text, noise })
    }

    fn add(&mut self, lane: Lane, pieces: Pieces<'_>, out: &mut Assembler) {
        // Another item may have come with the same number.
        let now = |items: &Items, at: usize| match lane.is_numbered {
            true => items.again(at),
            false => at,
        };
        if let PieceOf::Arguments(at) = lane.of {
            let at = now(&self.items, at as usize);
            self.items.at(at).is_told = true;
            return self.arguments(at, pieces, out);
        }
        let Some(mut place) = self.told.place_of(lane.index) else { return };
        place.item = now(&self.items, place.item);
        self.told.say_in(place, pieces, out);
    }

    fn given_up(&self, out: &Assembler) -> Option<Error> {
        self.given_up.then(|| errors::given_up(out.head()))
    }

    fn end(&mut self, out: &mut Assembler) {
        for at in 0..self.items.len() {
            self.tell_held(at, out);
            self.tell_given(at, "", out);
        }
        // Perplexity's sources are an item of their own.
        for at in 0..self.items.len() {
            let item = self.items.at(at).value.as_ref();
            let found = item.filter(|item| item["type"] == "search_results");
            let found = found.and_then(|item| item["results"].as_array());
            self.citations.extend(found.into_iter().flatten().cloned());
        }
        kept::hand_over(self.items.take(), &self.tools, out);
        let choice = out.choice(0);
        if !self.citations.is_empty() {
            choice.citations = Some(std::mem::take(&mut self.citations).into());
        }
        if !self.logprobs.is_empty() {
            choice.logprobs = Some(std::mem::take(&mut self.logprobs).into());
        }
    }
}

impl Decoder {
    /// An event of what an item says, in pieces or at its end; false if it is none.
    fn said(&mut self, kind: &str, json: &Json, out: &mut Assembler) -> bool {
        match kind {
            "response.output_text.delta" => {
                let at = self.delta(json, Kind::Text, out);
                self.chances(at, json.get("logprobs").items().iter());
            }
            "response.refusal.delta" => drop(self.delta(json, Kind::Refusal, out)),
            "response.reasoning_text.delta" => drop(self.delta(json, Kind::Thought, out)),
            "response.reasoning_summary_text.delta" => drop(self.delta(json, Kind::Summary, out)),
            "response.reasoning_summary_part.added" => self.told.end_thought(),
            "response.content_part.added" | "response.reasoning_part.added" => {
                self.told.close_thought();
            }
            "response.output_text.done" => self.end_part(json, json, Some(Kind::Text), out),
            "response.refusal.done" => self.end_part(json, json, Some(Kind::Refusal), out),
            "response.reasoning_text.done" => self.end_part(json, json, Some(Kind::Thought), out),
            "response.reasoning_summary_text.done" => {
                self.end_part(json, json, Some(Kind::Summary), out);
            }
            "response.content_part.done" | "response.reasoning_summary_part.done" => {
                let part = json.get("part");
                self.end_part(json, part, Kind::of(part), out);
            }
            "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => {
                let at = self.piece(json, "function_call");
                self.arguments(at, delta_of(json).into(), out);
                self.given = at;
            }
            // LM Studio says them nowhere else.
            "response.function_call_arguments.done" | "response.custom_tool_call_input.done" => {
                let given = called::given_to(json);
                if !given.is_empty() {
                    let at = self.items.about(json, "function_call");
                    self.tell_given(at, &given, out);
                }
            }
            _ => return false,
        }
        true
    }

    /// An event of the answer's end: whether it is the last one; none if it is no such.
    fn ended(&mut self, kind: &str, json: &Json, out: &mut Assembler) -> Result<Option<bool>> {
        let response = json.get("response");
        match kind {
            "response.completed" | "response.incomplete" => {
                // Perplexity has no object around it.
                let response = if response.is_object() { response } else { json };
                self.end_of(response, kind.strip_prefix("response."), out);
                Ok(Some(true))
            }
            // Codex and its proxies may end so, whatever became of the answer.
            "response.done" if !response.is_object() => Ok(Some(false)),
            "response.done" if !is_given_up(response) => {
                self.end_of(response, Some("completed"), out);
                Ok(Some(true))
            }
            // Azure says in an event of its own afterwards what a filter has found.
            "response.failed" | "response.cancelled" | "response.error" | "response.done" => {
                self.head(response, out);
                if response.get("error").is_object() {
                    return Err(errors::stated_in(out.context(), out.head(), json));
                }
                self.given_up = true;
                Ok(Some(false))
            }
            _ => Ok(None),
        }
    }
}
