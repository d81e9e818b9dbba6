//! Answers in the form of OpenAI's Responses: items that are added and done.

use serde_json::Value;

use super::hosted::{self, Tools};
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

/// Items of the vendor's own tools, whose work costs beside the tokens.
const WITH_FEES: [&str; 5] = [
    "web_search_call",
    "x_search_call",
    "file_search_call",
    "code_interpreter_call",
    "image_generation_call",
];

/// What is kept between the events of an answer.
#[derive(Default)]
pub struct Decoder {
    /// Items as received, each by its place.
    items: Vec<(u64, Value)>,
    calls: Vec<Begun>,
    tools: Tools,
    /// Places of the items of which a piece was told already.
    told: Vec<u64>,
    /// Places of the items of which a citation was told already.
    cited: Vec<u64>,
    citations: Vec<Value>,
    logprobs: Vec<Value>,
    has_reasoning: bool,
    /// The item and the part of it that the last thought was of.
    thought_of: Option<(u64, u64)>,
}

/// A call that has begun.
struct Begun {
    /// The place of its item.
    index: u64,
    /// Its place among the answer's calls.
    place: usize,
    /// The arguments that it began with, which no delta may follow.
    given: String,
    /// Whether arguments have been told.
    told: bool,
}

impl Dialect for Decoder {
    fn event(&mut self, _name: &[u8], json: &Json, out: &mut Assembler) -> Result<bool> {
        let index = json.get("output_index").u64().unwrap_or(0);
        let delta = json.get("delta").text().unwrap_or_default();
        if !delta.is_empty() && !self.told.contains(&index) {
            self.told.push(index);
        }
        match json.get("type").text().unwrap_or_default() {
            "response.created" | "response.in_progress" | "response.queued" => {
                self.head(json.get("response"), out);
            }
            "response.output_item.added" => self.begin(index, json.get("item"), out),
            "response.output_text.delta" => {
                out.text(0, delta);
                self.logprobs.extend(json.get("logprobs").items().iter().map(Json::to_value));
            }
            "response.refusal.delta" => out.refusal(0, delta),
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                let part = json.get("summary_index").u64().or(json.get("content_index").u64());
                self.think(Some((index, part.unwrap_or(0))), delta, out);
            }
            "response.reasoning_summary_part.added" => self.thought_of = None,
            "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => {
                self.arguments(index, delta, out);
            }
            "response.output_text.annotation.added" => {
                self.citations.push(json.get("annotation").to_value());
                self.cited.push(index);
            }
            "response.output_item.done" => self.item(index, json.get("item"), out),
            "response.completed" | "response.incomplete" => {
                self.end_of(json.get("response"), out);
                return Ok(true);
            }
            "response.failed" | "response.cancelled" => {
                self.head(json.get("response"), out);
                return Err(failure(json, out));
            }
            kind if is_silent(kind) => {}
            _ => out.other(json),
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
        self.head(json, out);
        for (index, item) in (0..).zip(json.get("output").items()).take(CALLS_MAX + 1) {
            self.item(index, item, out);
        }
        self.end_of(json, out);
        Ok(())
    }

    fn added<'a>(&self, json: &'a Json<'_>) -> Option<Added<'a>> {
        let thought = match json.get("type").text()? {
            "response.output_text.delta" => false,
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => true,
            _ => return None,
        };
        let text = json.get("delta").text()?;
        let plain = json.has_only(DELTA) && json.get("logprobs").items().is_empty();
        let noise = &["sequence_number", "obfuscation"];
        plain.then_some(Added { lane: Lane { index: 0, thought }, text, noise })
    }

    fn end(&mut self, out: &mut Assembler) {
        let calls: Vec<u64> = self.calls.iter().map(|call| call.index).collect();
        calls.into_iter().for_each(|index| self.tell_given(index, "", out));
        let items = std::mem::take(&mut self.items).into_iter();
        let blocks: Vec<Value> = items.map(|(_, item)| item).collect();
        for item in blocks.iter().filter(|item| hosted::is_result(&item["type"])) {
            out.forget_call(0, item["call_id"].as_str().unwrap_or_default());
        }
        let has_fee = |item: &Value| {
            let (kind, name) = (item["type"].as_str(), item["name"].as_str());
            kind.is_some_and(|kind| WITH_FEES.contains(&kind)) || self.tools.is_vendors(kind, name)
        };
        out.response().has_unpriced |= blocks.iter().any(has_fee);
        let choice = out.choice(0);
        // The items of one that was cut lack the message that was being written.
        let is_said = blocks.iter().any(|item| item["type"] == "message");
        if is_said || choice.text.is_empty() {
            out.blocks(0, blocks);
        }
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

    fn begin(&mut self, index: u64, item: &Json, out: &mut Assembler) {
        if !self.tools.is_call(item) {
            return;
        }
        let piece = Fragment {
            index: Some(index),
            id: item.get("call_id").word().or(item.get("id").word()),
            name: item.get("name").word(),
            arguments: "",
            begins: true,
        };
        let place = out.tool(0, piece);
        if item.get("type").text() == Some("custom_tool_call") {
            out.tool_extra(0, place, "type", "custom".into());
        }
        let given = given_to(item);
        self.calls.push(Begun { index, place, given, told: false });
    }

    fn arguments(&mut self, index: u64, piece: &str, out: &mut Assembler) {
        let Some(call) = self.calls.iter_mut().rfind(|call| call.index == index) else { return };
        call.told |= !piece.is_empty();
        let id = out.tool_id(0, call.place);
        out.tool(0, Fragment { id: Some(&id), arguments: piece, ..Fragment::default() });
    }

    /// A call is complete: what no delta told is told now.
    fn done(&mut self, index: u64, item: &Json, out: &mut Assembler) {
        if self.tools.is_call(item) {
            if !self.calls.iter().any(|call| call.index == index) {
                self.begin(index, item, out);
            }
            self.tell_given(index, &given_to(item), out);
            if let Some(call) = self.calls.iter().rfind(|call| call.index == index) {
                out.tool_end(0, call.place);
            }
        }
    }

    /// Tells the arguments that a call was given at once, if no other way told any.
    fn tell_given(&mut self, index: u64, given: &str, out: &mut Assembler) {
        let Some(call) = self.calls.iter_mut().rfind(|call| call.index == index) else { return };
        let begun = std::mem::take(&mut call.given);
        let given = if given.is_empty() { &begun } else { given };
        if !call.told && !given.is_empty() {
            self.arguments(index, given, out);
        }
    }

    /// The place under which the item of a call is known or may begin; none if
    /// another call has it.
    fn place_of_call(&self, index: u64, item: &Json, out: &mut Assembler) -> Option<u64> {
        let id = item.get("call_id").word().or(item.get("id").word());
        let mut same = |call: &&Begun| id.is_some_and(|id| out.tool_id(0, call.place) == id);
        let known = self.calls.iter().find(|call| same(call)).map(|call| call.index);
        known.or_else(|| self.calls.iter().all(|call| call.index != index).then_some(index))
    }

    fn keep(&mut self, index: u64, item: &Json) {
        self.items.retain(|(old, _)| *old != index);
        self.items.push((index, item.to_value()));
    }

    /// An item that is complete: of one whose pieces came before, only what
    /// they left out is new.
    fn item(&mut self, index: u64, item: &Json, out: &mut Assembler) {
        if !self.told.contains(&index) {
            self.content(item, out);
        }
        if !self.cited.contains(&index) {
            let parts = item.get("content").items().iter();
            let notes = parts.flat_map(|part| part.get("annotations").items());
            self.citations.extend(notes.map(Json::to_value));
        }
        self.done(index, item, out);
        self.keep(index, item);
        if self.items.len() > CALLS_MAX {
            out.too_much();
        }
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
    fn think(&mut self, part: Option<(u64, u64)>, text: &str, out: &mut Assembler) {
        if text.is_empty() {
            return;
        }
        if self.has_reasoning && (part.is_none() || part != self.thought_of) {
            out.reasoning(0, "\n\n");
        }
        (self.has_reasoning, self.thought_of) = (true, part);
        out.reasoning(0, text);
    }

    fn end_of(&mut self, response: &Json, out: &mut Assembler) {
        self.head(response, out);
        // Some hosts send nothing before this event.
        let first = self.items.is_empty() && self.told.is_empty() && self.calls.is_empty();
        for (index, item) in (0..).zip(response.get("output").items()) {
            match self.items.iter().any(|(old, _)| *old == index) {
                false if first => self.item(index, item, out),
                false => {
                    if let Some(place) = self.place_of_call(index, item, out) {
                        self.done(place, item, out);
                    }
                    self.keep(index, item);
                }
                true => {}
            }
        }
        self.items.sort_by_key(|(index, _)| *index);
        if response.get("usage").is_object() {
            usage(response.get("usage"), out);
        }
        tier(response.get("service_tier"), out);
        let why = response.at(&["incomplete_details", "reason"]).label();
        let Some(word) = why.or_else(|| response.get("status").label()) else { return };
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
