//! One choice of an answer: the pieces of its message, and what they come to.

mod thoughts;

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::super::usage::cost_in_message;
use super::blocks;
use super::grounds::{self, Grounds};
use super::grown::{add, merge};
use super::hosted;
use super::marked::{self, Marked};
use super::parts::{Parts, is_part};
use crate::llm::assemble::{Assembler, CALLS_MAX, Fragment};
use crate::llm::events::Pieces;
use crate::llm::json::Json;
use crate::llm::response::FinishReason;
use thoughts::named_thought;

/// What is kept of one answer, besides what the assembler holds.
#[derive(Default)]
pub struct Kept {
    /// The answer's number.
    pub index: u32,
    /// Whether it comes in pieces.
    pub pieces: bool,
    /// The name under which the host sends thinking.
    reasoning_name: Option<&'static str>,
    /// Whether any thought came under such a name.
    names_thoughts: bool,
    details: Vec<Value>,
    legacy: bool,
    parts: Parts,
    marked: Marked,
    /// What the answer rests on, where that is told as a message of its own.
    grounds: Grounds,
    /// Whether the host has withheld some of it.
    pub is_withheld: bool,
    /// Whether calls of the host's own were shown.
    shows_own: bool,
    extra: Map<String, Value>,
}

impl Kept {
    /// Nothing yet of the answer with this number.
    pub fn new(index: u32) -> Kept {
        Kept { index, ..Kept::default() }
    }

    /// A delta or a whole message.
    pub fn piece(&mut self, piece: &Json, out: &mut Assembler, whole: bool) {
        let index = self.index;
        out.open(index);
        if let Some(id) = hosted::result_of(piece) {
            return self.result(id, piece, out);
        }
        cost_in_message(piece, out);
        let named = named_thought(piece);
        self.names_thoughts |= named.is_some();
        for (key, value) in piece.members() {
            match (key.as_ref(), value) {
                // Groq names a piece's channel in each, Together its token, MiniMax itself;
                // GitHub hides how long it is.
                (_, Json::Null) => {}
                (
                    "role" | "index" | "channel" | "token_id" | "name" | "end_turn" | "padding",
                    _,
                ) => {}
                ("content", content) => self.content(content, piece, out, whole),
                ("reasoning_content", Json::Text(_) | Json::Object(_))
                | ("reasoning" | "reasoning_text", Json::Text(_))
                | ("reasoning_details", Json::Array(_)) => self.thought(key, value, named, out),
                ("refusal", Json::Text(text)) => out.refusal(index, text),
                ("tool_calls", Json::Array(calls)) => self.calls(calls, out, whole),
                ("tool_calls", call @ Json::Object(_)) => {
                    self.calls(std::slice::from_ref(call), out, whole);
                }
                ("function_call", call @ Json::Object(_)) => self.function_call(call, out),
                ("annotations", Json::Array(items)) => {
                    self.annotations(items.iter().map(Json::to_value).collect(), out);
                }
                ("annotations", _) => {}
                ("executed_tools", Json::Array(items)) => self.executed(items, out),
                ("extra_content", value) => match marked::without_flag(value.to_value()) {
                    Value::Null => {}
                    beside => add(&mut self.extra, "extra_content", beside),
                },
                (key, Json::Array(items)) if blocks::NAMES.contains(&key) => {
                    if named.is_none() {
                        blocks::thoughts(items).for_each(|text| out.reasoning(index, text));
                    }
                    if blocks::join(&mut self.extra, key, items) > CALLS_MAX {
                        return out.too_much();
                    }
                }
                (key, value) => add(&mut self.extra, key, value.to_value()),
            }
        }
    }

    fn content(&mut self, content: &Json, piece: &Json, out: &mut Assembler, whole: bool) {
        match content {
            Json::Text(text) => {
                let (thought, said) = self.marked.split(text, marked::is_flagged(piece));
                out.reasoning(self.index, thought);
                out.text(self.index, said);
            }
            Json::Array(parts) if parts.is_empty() || parts.iter().any(is_part) => {
                self.parts.take(parts, self.index, out, whole);
            }
            // Cloudflare reads what a model says if it can: an answer in a schema, or
            // a piece that is a number or a list of such.
            read => out.text(self.index, &read.to_text()),
        }
    }

    /// The form of a call before there were tools.
    fn function_call(&mut self, call: &Json, out: &mut Assembler) {
        self.legacy = true;
        let arguments = arguments(call.get("arguments"));
        let name = call.get("name").word();
        let fragment =
            Fragment { index: Some(0), name, arguments: &arguments, ..Fragment::default() };
        out.tool(self.index, fragment);
    }

    /// Texts of pieces that say nothing else; the first may be the end of a thought.
    pub fn texts(&mut self, pieces: Pieces<'_>, out: &mut Assembler) {
        let Pieces { mut text, mut lens } = pieces;
        while self.marked.is_open()
            && let [len, rest @ ..] = lens
        {
            let (piece, more) = text.split_at(*len);
            out.text(self.index, self.marked.split(piece, false).1);
            (text, lens) = (more, rest);
        }
        out.pieces(self.index, false, Pieces { text, lens });
    }

    /// What an answer rests on; and what OpenRouter has read of a file, which it
    /// wants back so as not to read it again.
    fn annotations(&mut self, all: Vec<Value>, out: &mut Assembler) {
        let (files, notes): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|note| note["type"] == "file");
        if !files.is_empty() {
            merge(self.extra.entry("annotations").or_insert(Value::Null), files.into());
        }
        if !notes.is_empty() {
            merge(out.choice(self.index).citations.get_or_insert_default(), notes.into());
        }
    }

    /// The same beside the message, where some hosts have it, or have it again.
    pub fn beside(&mut self, items: &[Json], out: &mut Assembler) {
        if items.is_empty() {
            return;
        }
        let known = [out.choice(self.index).citations.as_ref(), self.extra.get("annotations")];
        let is_known = |note: &Value| {
            let mut known = known.iter().flatten().filter_map(|known| known.as_array());
            known.any(|known| known.contains(note))
        };
        let new = items.iter().map(Json::to_value).filter(|note| !is_known(note)).collect();
        self.annotations(new, out);
    }

    /// The messages of an answer on the caller's own data, in its older form.
    /// Or all that was said in between, as MiniMax has it: the question, the search,
    /// what that has found, and the answer, with its sources, which came in pieces before.
    pub fn messages(&mut self, messages: &[Json], out: &mut Assembler, whole: bool) {
        for message in messages {
            if self.pieces {
                self.beside(message.get("annotations").items(), out);
                continue;
            }
            if let Some(id) = hosted::result_of(message) {
                self.result(id, message, out);
                continue;
            }
            if message.get("role").text() == Some("user") {
                continue;
            }
            if let Some(piece) = self.grounds.take(message) {
                self.piece(piece, out, whole);
            }
            if message.get("end_turn").bool() == Some(true) {
                out.finish(self.index, FinishReason::Stop, None);
            }
        }
    }

    /// What a tool of the host's own has found, whose call it is then.
    fn result(&mut self, id: &str, found: &Json, out: &mut Assembler) {
        self.shows_own = true;
        out.forget_call(self.index, id);
        if let Some(found) = hosted::found(found) {
            out.choice(self.index).citations.get_or_insert(found);
        }
        out.other(found);
    }

    /// What Groq has run by itself: it says each again with what came of it.
    fn executed(&mut self, items: &[Json], out: &mut Assembler) {
        let all = self.extra.entry("executed_tools").or_insert_with(|| Value::Array(Vec::new()));
        let Value::Array(all) = all else { return };
        if all.len() + items.len() > CALLS_MAX {
            return out.too_much();
        }
        for item in items.iter().map(Json::to_value) {
            let is_same =
                |old: &&mut Value| !item["index"].is_null() && old["index"] == item["index"];
            match all.iter_mut().find(is_same) {
                Some(old) => *old = item,
                None => all.push(item),
            }
        }
    }

    /// The calls of a piece: where several have no index, their places are as
    /// good.
    fn calls(&mut self, calls: &[Json], out: &mut Assembler, begins: bool) {
        let bare = calls.len() > 1 && calls.iter().all(|call| call.get("index").u64().is_none());
        for (place, call) in calls.iter().enumerate().take(CALLS_MAX + 1) {
            if hosted::is_hosts(call, out.calls_of(self.index)) {
                self.shows_own = true;
                out.other(call);
                continue;
            }
            let index = call.get("index").u64().or(bare.then_some(place as u64));
            self.call(call, index, begins, out);
        }
    }

    fn call(&mut self, call: &Json, index: Option<u64>, begins: bool, out: &mut Assembler) {
        let is_custom = call.get("custom").is_object();
        let function = call.get(if is_custom { "custom" } else { "function" });
        let given = match function.get("input") {
            Json::Null => function.get("arguments"),
            input => input,
        };
        // TGI up to 2.0 has them under the name of the schema, and numbers for ids.
        let given = if given.is_null() { function.get("parameters") } else { given };
        let arguments = arguments(given);
        let id = match call.get("id") {
            number @ Json::Number(_) => number.label().map(Cow::Owned),
            // Mistral writes null as a text.
            id => id.word().filter(|id| *id != "null").map(Cow::Borrowed),
        };
        let place = out.tool(
            self.index,
            Fragment {
                index,
                id: id.as_deref(),
                name: function.get("name").word(),
                arguments: &arguments,
                begins,
                is_custom,
            },
        );
        for (key, value) in call.members() {
            // SiliconFlow leaves the type empty in each piece but the first.
            let known = matches!(key.as_ref(), "id" | "index" | "function" | "custom")
                || key == "type" && matches!(value.text(), Some("function" | ""));
            if !known && !value.is_null() {
                out.tool_extra(self.index, place, key, value.to_value());
            }
        }
        for key in SEALS.into_iter().filter(|key| !function.get(key).is_null()) {
            out.tool_within(self.index, place, key, function.get(key).to_value());
        }
    }

    /// Hands over what the message keeps for the way back.
    pub fn end(self, out: &mut Assembler) {
        let index = self.index;
        let mut extra = self.extra;
        blocks::end(&mut extra);
        if let Some(name) = self.reasoning_name {
            let reasoning = out.choice(index).reasoning.clone().unwrap_or_default();
            extra.insert(name.into(), reasoning.into());
        }
        if !self.details.is_empty() {
            extra.insert("reasoning_details".into(), self.details.into());
        }
        if let Some(context) = self.grounds.context() {
            extra.entry("context").or_insert(context);
        }
        let choice = out.choice(index);
        if let (None, Some(context)) = (&choice.citations, extra.get("context")) {
            choice.citations = grounds::citations(context);
        }
        if self.shows_own && out.calls_of(index) == 0 {
            let reason = &mut out.choice(index).finish_reason;
            *reason = reason.map(|reason| match reason {
                FinishReason::ToolCalls => FinishReason::Stop,
                reason => reason,
            });
        }
        let choice = out.choice(index);
        if self.is_withheld && matches!(choice.finish_reason, None | Some(FinishReason::Stop)) {
            choice.finish_reason = Some(FinishReason::ContentFilter);
        }
        *out.message_extra(index) = extra;
        if let Some(content) = self.parts.content(&out.choice(index).text) {
            out.own_content(index, content);
        }
        if self.legacy {
            out.legacy_call(index);
        }
    }
}

/// Where Portkey and LiteLLM have what Gemini signs a call with, beside its name.
const SEALS: [&str; 2] = ["thought_signature", "provider_specific_fields"];

/// Arguments as a text; some hosts send the object itself.
fn arguments<'a>(json: &'a Json) -> Cow<'a, str> {
    match json {
        Json::Text(text) => Cow::Borrowed(text),
        Json::Null => "".into(),
        json => json.to_text().into(),
    }
}
