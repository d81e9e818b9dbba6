//! Answers in the form of OpenAI's Responses: items that are added and done.

use serde_json::Value;

use super::hosted::{self, Tools};
use super::items::{Begun, Items};
use super::kept;
use crate::error::{Error, Result, Status};
use crate::llm::assemble::{Assembler, CALLS_MAX, Fragment};
use crate::llm::json::Json;
use crate::llm::provider::alike::{Added, Lane};
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
    items: Items,
    tools: Tools,
    citations: Vec<Value>,
    logprobs: Vec<Value>,
    has_reasoning: bool,
    /// The item and the part of it that the last thought was of.
    thought_of: Option<(usize, u64)>,
}

impl Dialect for Decoder {
    fn event(&mut self, _name: &[u8], json: &Json, out: &mut Assembler) -> Result<bool> {
        let index = json.get("output_index").u64();
        let delta = json.get("delta").text().unwrap_or_default();
        let kind = json.get("type").text().unwrap_or_default();
        match kind {
            "response.created" | "response.in_progress" | "response.queued" => {
                self.head(json.get("response"), out);
            }
            "response.output_item.added" => {
                let at = self.items.of(index, json.get("item"), true);
                self.add(at, json.get("item"), out);
            }
            "response.output_text.delta" => {
                self.piece(json, "message");
                out.text(0, delta);
                self.logprobs.extend(json.get("logprobs").items().iter().map(Json::to_value));
            }
            "response.refusal.delta" => {
                self.piece(json, "message");
                out.refusal(0, delta);
            }
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                let at = self.piece(json, "reasoning");
                let part = json.get("summary_index").u64().or(json.get("content_index").u64());
                self.think(Some((at, part.unwrap_or(0))), delta, out);
            }
            "response.reasoning_summary_part.added" => self.thought_of = None,
            "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => {
                let at = self.piece(json, "function_call");
                self.arguments(at, delta, out);
            }
            "response.output_text.annotation.added" => {
                let at = self.items.about(json, "message");
                self.items.at(at).is_cited = true;
                self.citations.push(json.get("annotation").to_value());
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
            "response.failed" | "response.cancelled" => {
                self.head(json.get("response"), out);
                return Err(failure(json, out));
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
        if matches!(json.get("status").text(), Some("failed" | "cancelled")) {
            return Err(failure(json, out));
        }
        let is_cut = !json.get("incomplete_details").is_null();
        self.end_of(json, (!is_cut).then_some("completed"), out);
        Ok(())
    }

    fn added<'a>(&self, json: &'a Json<'_>) -> Option<Added<'a>> {
        let thought = match json.get("type").text()? {
            "response.output_text.delta" => false,
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => true,
            _ => return None,
        };
        let text = json.get("delta").text()?;
        // Without a number or a known id it is of the latest item, which another may be.
        let is_placed = json.get("output_index").u64().is_some();
        if !is_placed && !self.items.knows(json.get("item_id")) {
            return None;
        }
        let plain = json.has_only(DELTA) && json.get("logprobs").items().is_empty();
        let noise = &["sequence_number", "obfuscation"];
        plain.then_some(Added { lane: Lane { index: 0, thought }, text, noise })
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

fn failure(json: &Json, out: &Assembler) -> Error {
    if json.at(&["response", "error"]).is_object() {
        return errors::stated_in(out.context(), out.head(), json);
    }
    errors::with_head(out.head(), Status::Server, "the provider gave the answer up")
}

impl Decoder {
    fn head(&mut self, response: &Json, out: &mut Assembler) {
        out.start(response.get("model"), response.get("id"));
        out.created(response.get("created_at").u64());
        out.open(0);
        self.tools.note(response.get("tools"));
    }

    /// The item that an event has a piece of.
    fn piece(&mut self, event: &Json, kind: &str) -> usize {
        let at = self.items.about(event, kind);
        self.items.at(at).is_told |= event.get("delta").word().is_some();
        at
    }

    /// An item begins. A call that is whole already waits until it is done: Perplexity
    /// puts what its search found in the place of its call.
    fn add(&mut self, at: usize, item: &Json, out: &mut Assembler) {
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
        self.items.at(at).call = Some(Begun { place, given, is_told: false });
    }

    /// Begins a call that waits.
    fn tell_held(&mut self, at: usize, out: &mut Assembler) {
        let Some(text) = self.items.at(at).held.take() else { return };
        if let Ok(item) = Json::parse(text.as_bytes()) {
            self.begin(at, &item, out);
        }
    }

    fn arguments(&mut self, at: usize, piece: &str, out: &mut Assembler) {
        self.tell_held(at, out);
        let Some(call) = &mut self.items.at(at).call else { return };
        call.is_told |= !piece.is_empty();
        let id = out.tool_id(0, call.place);
        out.tool(0, Fragment { id: Some(&id), arguments: piece, ..Fragment::default() });
    }

    /// A call is complete: what no delta told is told now.
    fn done(&mut self, at: usize, item: &Json, out: &mut Assembler) {
        self.items.at(at).held = None;
        if self.tools.is_call(item) {
            self.begin(at, item, out);
            self.tell_given(at, &given_to(item), out);
            if let Some(call) = &self.items.at(at).call {
                out.tool_end(0, call.place);
            }
        }
    }

    /// Tells the arguments that a call was given at once, if no other way told any.
    fn tell_given(&mut self, at: usize, given: &str, out: &mut Assembler) {
        let Some(call) = &mut self.items.at(at).call else { return };
        let begun = std::mem::take(&mut call.given);
        let given = if given.is_empty() { &begun } else { given };
        if !call.is_told && !given.is_empty() {
            self.arguments(at, given, out);
        }
    }

    /// An item that is complete: of one whose pieces came before, only what
    /// they left out is new.
    fn item(&mut self, at: usize, item: &Json, out: &mut Assembler) {
        if !std::mem::replace(&mut self.items.at(at).is_told, true) {
            self.content(item, out);
        }
        self.last(at, item, out);
    }

    /// What an item is in the end, whose text is told.
    fn last(&mut self, at: usize, item: &Json, out: &mut Assembler) {
        if !self.items.at(at).is_cited {
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

    fn content(&mut self, item: &Json, out: &mut Assembler) {
        for part in item.get("content").items() {
            match part.get("type").text().unwrap_or_default() {
                "output_text" => {
                    out.text(0, text_of(part));
                    let probabilities = part.get("logprobs").items();
                    self.logprobs.extend(probabilities.iter().map(Json::to_value));
                }
                "refusal" => out.refusal(0, part.get("refusal").text().unwrap_or_default()),
                "reasoning_text" => self.think(None, text_of(part), out),
                _ => {}
            }
        }
        item.get("summary").items().iter().for_each(|part| self.think(None, text_of(part), out));
    }

    /// Tells a thought, with an empty line between two parts.
    fn think(&mut self, part: Option<(usize, u64)>, text: &str, out: &mut Assembler) {
        if text.is_empty() {
            return;
        }
        if self.has_reasoning && (part.is_none() || part != self.thought_of) {
            out.reasoning(0, "\n\n");
        }
        (self.has_reasoning, self.thought_of) = (true, part);
        out.reasoning(0, text);
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
        for (item, at) in output.iter().zip(self.items.of_output(output)) {
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

fn text_of<'a>(part: &'a Json<'_>) -> &'a str {
    part.get("text").text().unwrap_or_default()
}

/// The arguments that the item of a call says; some hosts write them as an object.
fn given_to(item: &Json) -> String {
    let given = item.get("arguments");
    match given.is_object() {
        true => given.to_text(),
        false => given.text().or(item.get("input").text()).unwrap_or_default().into(),
    }
}
