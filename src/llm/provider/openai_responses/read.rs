//! Answers in the form of OpenAI's Responses: items that are added and done.

use serde_json::Value;

use super::hosted::{self, Tools};
use super::items::Items;
use super::told::{self, Kind, Place, Told};
use super::{called, kept};
use crate::error::{Error, Result, Status};
use crate::llm::assemble::{Assembler, CALLS_MAX};
use crate::llm::events::Pieces;
use crate::llm::json::Json;
use crate::llm::provider::alike::{Added, Lane, PieceOf};
use crate::llm::provider::stream::Dialect;
use crate::llm::provider::usage::{tier, usage};
use crate::llm::provider::{errors, finish};
use crate::llm::response::FinishReason;

/// What an event that only adds a text may hold.
const DELTA: &[&str] = &[
    "type",
    "item_id",
    "output_index",
    "content_index",
    "summary_index",
    "delta",
    "logprobs",
    "sequence_number",
    "obfuscation",
];

/// What is kept between the events of an answer.
#[derive(Default)]
pub struct Decoder {
    pub items: Items,
    pub tools: Tools,
    citations: Vec<Value>,
    logprobs: Vec<Value>,
    told: Told,
    /// The item whose arguments came last.
    given: usize,
    /// The answer is over and failed; why, the next event may say.
    given_up: bool,
}

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
            "response.output_text.delta" => {
                let at = self.delta(json, Kind::Text, out);
                self.chances(at, json.get("logprobs").items().iter());
            }
            "response.refusal.delta" => {
                self.delta(json, Kind::Refusal, out);
            }
            "response.reasoning_text.delta" => {
                self.delta(json, Kind::Thought, out);
            }
            "response.reasoning_summary_text.delta" => {
                self.delta(json, Kind::Summary, out);
            }
            "response.reasoning_summary_part.added" => self.told.end_thought(),
            "response.content_part.added" | "response.reasoning_part.added" => {
                self.told.close_thought();
            }
            "response.output_text.done" => self.end_part(json, json, Some(Kind::Text), out),
            "response.refusal.done" => self.end_part(json, json, Some(Kind::Refusal), out),
            "response.reasoning_text.done" => {
                self.end_part(json, json, Some(Kind::Thought), out);
            }
            "response.reasoning_summary_text.done" => {
                self.end_part(json, json, Some(Kind::Summary), out);
            }
            "response.content_part.done" | "response.reasoning_summary_part.done" => {
                let part = json.get("part");
                self.end_part(json, part, Kind::of(part), out);
            }
            "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => {
                let at = self.piece(json, "function_call");
                self.arguments(at, delta_of(json), out);
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
            "response.completed" | "response.incomplete" => {
                self.end_of(json.get("response"), kind.strip_prefix("response."), out);
                return Ok(true);
            }
            // Codex and its proxies may end so, whatever became of the answer.
            "response.done" if !json.get("response").is_object() => {}
            "response.done" if !is_given_up(json.get("response")) => {
                self.end_of(json.get("response"), Some("completed"), out);
                return Ok(true);
            }
            // Azure says in an event of its own afterwards what a filter has found.
            "response.failed" | "response.cancelled" | "response.error" | "response.done" => {
                self.head(json.get("response"), out);
                if json.at(&["response", "error"]).is_object() {
                    return Err(errors::stated_in(out.context(), out.head(), json));
                }
                self.given_up = true;
            }
            kind if is_silent(kind) => {}
            _ => out.other(json),
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
            return Err(given_up(out));
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
        let is_placed = json.get("output_index").u64().is_some();
        if !is_placed && !self.items.knows(json.get("item_id")) {
            return None;
        }
        let plain = json.has_only(DELTA) && json.get("logprobs").items().is_empty();
        let noise = &["sequence_number", "obfuscation"];
        let index = match of {
            PieceOf::Arguments(_) => 0,
            _ => 2 * self.told.latest()?,
        };
        let index = index + u64::from(is_placed);
        plain.then_some(Added { lane: Lane { index, of }, text, noise })
    }

    fn add(&mut self, lane: Lane, pieces: Pieces<'_>, out: &mut Assembler) {
        // Another item may have come with the same number.
        let now = |items: &Items, at: usize| match lane.index % 2 {
            0 => at,
            _ => items.again(at),
        };
        if let PieceOf::Arguments(at) = lane.of {
            let at = now(&self.items, at as usize);
            self.items.at(at).is_told = true;
            return pieces.iter().for_each(|piece| self.arguments(at, piece, out));
        }
        let Some(mut place) = self.told.place_of(lane.index / 2) else { return };
        place.item = now(&self.items, place.item);
        self.told.say_in(place, pieces, out);
    }

    fn given_up(&self, out: &Assembler) -> Option<Error> {
        self.given_up.then(|| given_up(out))
    }

    fn end(&mut self, out: &mut Assembler) {
        for at in 0..self.items.len() {
            self.tell_held(at, out);
            self.tell_given(at, "", out);
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

/// Events that only repeat what others say.
fn is_silent(kind: &str) -> bool {
    kind.ends_with(".done")
        || kind.starts_with("response.content_part.")
        || kind.starts_with("response.reasoning_summary_part.")
}

/// Whether an event or item is of an agent that the model has set to work, or an item
/// is said to one: that is not for the caller, whose only calls are.
fn is_helpers(json: &Json) -> bool {
    json.at(&["agent", "agent_name"]).word().is_some_and(|name| name != "/root")
        || json.get("type").text() == Some("agent_message")
}

/// The kind of item whose text an event brings.
fn said_in(kind: &str) -> Option<&'static str> {
    let begins = |names: &[&str]| names.iter().any(|name| kind.starts_with(name));
    match kind {
        "response.output_text.annotation.added" => None,
        _ if begins(&["response.reasoning_"]) => Some("reasoning"),
        _ if begins(&["response.output_text.", "response.refusal.", "response.content_part."]) => {
            Some("message")
        }
        _ => None,
    }
}

fn is_given_up(response: &Json) -> bool {
    matches!(response.get("status").text(), Some("failed" | "cancelled"))
}

fn given_up(out: &Assembler) -> Error {
    errors::with_head(out.head(), Status::Server, "the provider gave the answer up")
}

impl Decoder {
    fn head(&mut self, response: &Json, out: &mut Assembler) {
        out.start(response.get("model"), response.get("id"));
        out.created(response.get("created_at").u64());
        out.open(0);
        self.tools.note(response.get("tools"));
    }

    /// A piece of a text; answers its item.
    fn delta(&mut self, event: &Json, kind: Kind, out: &mut Assembler) -> usize {
        let item = self.piece(event, item_of(kind));
        let place = self.told.part(Place { item, kind, part: part_of(event) });
        self.told.say(place, delta_of(event), out);
        item
    }

    /// How likely an item's next words were.
    fn chances<'a>(&mut self, at: usize, chances: impl Iterator<Item = &'a Json<'a>>) {
        let before = self.logprobs.len();
        self.logprobs.extend(chances.map(Json::to_value));
        self.items.at(at).chances += self.logprobs.len() - before;
    }

    /// A text is complete that an event, or the part that it has, says.
    fn end_part(&mut self, event: &Json, said: &Json, kind: Option<Kind>, out: &mut Assembler) {
        let Some(kind) = kind else { return };
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

    /// The item that an event has a piece of.
    fn piece(&mut self, event: &Json, kind: &str) -> usize {
        let at = self.items.about(event, kind);
        self.items.at(at).is_told |= !delta_of(event).is_empty();
        at
    }

    /// An item that is complete.
    fn item(&mut self, at: usize, item: &Json, out: &mut Assembler) {
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
    fn end_of(&mut self, response: &Json, word: Option<&str>, out: &mut Assembler) {
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

fn delta_of<'a>(event: &'a Json<'_>) -> &'a str {
    event.get("delta").text().unwrap_or_default()
}

/// The number of the part that an event is about.
fn part_of(event: &Json) -> u64 {
    let number = |name| event.get(name).u64();
    number("summary_index").or(number("content_index")).unwrap_or(0)
}

/// The kind of item that has texts of this kind.
fn item_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Refusal => "message",
        Kind::Thought | Kind::Summary => "reasoning",
    }
}
