//! Answers in the form of chat completions, with all that hosts do differently:
//! usage in the last chunk, in a choice or under `x_groq`; thinking under two
//! names; calls without an index or id, or in the legacy form; texts in parts.

use serde_json::{Map, Value};

use super::super::alike::{Added, Lane};
use super::super::stream::Dialect;
use super::super::{errors, finish};
use crate::error::Result;
use crate::llm::assemble::{Assembler, Fragment};
use crate::llm::json::Json;
use crate::llm::response::Usage;

/// What a chunk that only adds a text may hold, the text aside: what says
/// nothing, or the same in each.
const CHUNK: &[&str] = &[
    "id",
    "object",
    "created",
    "model",
    "provider",
    "service_tier",
    "system_fingerprint",
    "choices",
    "usage",
    "obfuscation",
];
/// Likewise its choice.
const CHOICE: &[&str] =
    &["index", "delta", "logprobs", "finish_reason", "native_finish_reason", "stop_reason"];

/// What is kept between the pieces of an answer.
#[derive(Default)]
pub struct Decoder {
    choices: Vec<Kept>,
}

/// What is kept of one answer, besides what the assembler holds.
#[derive(Default)]
struct Kept {
    index: u32,
    /// Whether it comes in pieces.
    pieces: bool,
    /// The name under which the host sends thinking.
    reasoning_name: Option<&'static str>,
    details: Vec<Value>,
    legacy: bool,
    extra: Map<String, Value>,
}

impl Dialect for Decoder {
    fn event(&mut self, _name: &[u8], json: &Json, out: &mut Assembler) -> Result<bool> {
        if let Some(error) = json.at(&["x_groq", "error"]).word() {
            return Err(errors::in_words(out.context(), out.head(), error));
        }
        if ["choices", "usage", "x_groq"].iter().all(|name| json.get(name).is_null()) {
            out.other(json);
        }
        self.read(json, out, "delta");
        Ok(false)
    }

    fn whole(&mut self, json: &Json, out: &mut Assembler) -> Result<()> {
        self.read(json, out, "message");
        for place in 0..self.choices.len() {
            out.open(self.choices[place].index);
        }
        Ok(())
    }

    fn added<'a>(&self, json: &'a Json<'_>) -> Option<Added<'a>> {
        let [choice] = json.get("choices").items() else { return None };
        let nothing = ["logprobs", "finish_reason", "native_finish_reason", "stop_reason"];
        if !json.has_only(CHUNK)
            || !json.get("usage").is_null()
            || !choice.has_only(CHOICE)
            || !nothing.iter().all(|name| choice.get(name).is_null())
        {
            return None;
        }
        let mut found = None;
        for (key, value) in choice.get("delta").members() {
            let thought = match (key.as_ref(), value) {
                (_, Json::Null) | ("role", _) => continue,
                ("content", _) => false,
                ("reasoning_content", _) => true,
                _ => return None,
            };
            let text = value.text()?;
            if !text.is_empty() && found.replace((thought, text)).is_some() {
                return None;
            }
        }
        let (thought, text) = found?;
        let index = choice.get("index").u64().unwrap_or(0);
        Some(Added { lane: Lane { index, thought }, text, noise: &["obfuscation"] })
    }

    fn end(&mut self, out: &mut Assembler) {
        for kept in std::mem::take(&mut self.choices) {
            kept.end(out);
        }
    }
}

impl Decoder {
    fn read(&mut self, json: &Json, out: &mut Assembler, body: &str) {
        out.start(json.get("model"), json.get("id"));
        out.created(json.get("created").u64());
        for (place, choice) in json.get("choices").items().iter().enumerate() {
            let index = choice.get("index").u64().unwrap_or(place as u64) as u32;
            self.choice(index, choice, out, body);
            if choice.get("usage").is_object() {
                usage(choice.get("usage"), out);
            }
        }
        for place in [json.get("usage"), json.at(&["x_groq", "usage"])] {
            if place.is_object() {
                usage(place, out);
            }
        }
        if !json.get("citations").items().is_empty() {
            out.choice(0).citations = Some(json.get("citations").to_value());
        }
    }

    fn kept(&mut self, index: u32) -> &mut Kept {
        let place = self.choices.iter().position(|kept| kept.index == index);
        let place = place.unwrap_or_else(|| {
            self.choices.push(Kept { index, ..Kept::default() });
            self.choices.len() - 1
        });
        &mut self.choices[place]
    }

    fn choice(&mut self, index: u32, choice: &Json, out: &mut Assembler, body: &str) {
        let kept = self.kept(index);
        match (choice.get(body), choice.get("message"), choice.get("text")) {
            (piece @ Json::Object(_), ..) => {
                kept.pieces = true;
                kept.piece(piece, out, body == "message");
            }
            // MiniMax says all of it again at the end.
            (_, piece @ Json::Object(_), _) if !kept.pieces => kept.piece(piece, out, true),
            (_, _, Json::Text(text)) => out.text(index, text),
            _ => out.open(index),
        }
        let logprobs = choice.get("logprobs");
        if logprobs.is_object() {
            let all = out.choice(index).logprobs.get_or_insert_default();
            merge(all, logprobs.to_value());
        }
        if let Some(text) = choice.get("stop_reason").word().or(choice.get("matched_stop").word()) {
            out.choice(index).stop_sequence = Some(text.into());
        }
        // Some hosts write null as a text.
        if let Some(word) = choice.get("finish_reason").label().filter(|word| word != "null") {
            out.finish(index, finish::reason(&word), Some(word));
        }
    }
}

impl Kept {
    /// A delta or a whole message.
    fn piece(&mut self, piece: &Json, out: &mut Assembler, whole: bool) {
        let index = self.index;
        out.open(index);
        let has_reasoning = piece.get("reasoning_content").text().is_some();
        let names_reasoning = has_reasoning || piece.get("reasoning").text().is_some();
        for (key, value) in piece.members() {
            match (key.as_ref(), value) {
                // Groq names a piece's channel in each.
                (_, Json::Null) | ("role" | "index" | "channel", _) => {}
                ("content", Json::Text(text)) => out.text(index, text),
                ("content", Json::Array(parts)) => self.parts(parts, out),
                ("reasoning_content", Json::Text(text)) => {
                    self.reasoning_name = Some("reasoning_content");
                    out.reasoning(index, text);
                }
                ("reasoning", Json::Text(text)) if !has_reasoning => {
                    self.reasoning_name.get_or_insert("reasoning");
                    out.reasoning(index, text);
                }
                ("reasoning", Json::Text(_)) => {}
                ("reasoning_details", Json::Array(items)) => {
                    // MiniMax says its thinking nowhere else.
                    if self.reasoning_name.is_none() && !names_reasoning {
                        let texts = items.iter().filter_map(|item| item.get("text").text());
                        texts.for_each(|text| out.reasoning(index, text));
                    }
                    self.details(items);
                }
                ("refusal", Json::Text(text)) => out.refusal(index, text),
                ("tool_calls", Json::Array(calls)) => self.calls(calls, out, whole),
                ("tool_calls", call @ Json::Object(_)) => {
                    self.calls(std::slice::from_ref(call), out, whole);
                }
                ("function_call", call @ Json::Object(_)) => {
                    self.legacy = true;
                    let arguments = arguments(call.get("arguments"));
                    let name = call.get("name").word();
                    out.tool(
                        index,
                        Fragment {
                            index: Some(0),
                            name,
                            arguments: &arguments,
                            ..Fragment::default()
                        },
                    );
                }
                ("annotations", Json::Array(items)) if !items.is_empty() => {
                    let all = out.choice(index).citations.get_or_insert_default();
                    merge(all, value.to_value());
                }
                ("annotations", _) => {}
                (key, value) => {
                    merge(self.extra.entry(key).or_insert(Value::Null), value.to_value());
                }
            }
        }
    }

    /// A content in parts, as some hosts send it; Databricks says `summary` for
    /// what Mistral calls `thinking`.
    fn parts(&mut self, parts: &[Json], out: &mut Assembler) {
        for part in parts {
            let thinking = match part.get("thinking") {
                Json::Null => part.get("summary"),
                thinking => thinking,
            };
            match (part.get("text"), thinking) {
                (Json::Text(text), _) => out.text(self.index, text),
                (_, Json::Text(text)) => out.reasoning(self.index, text),
                (_, Json::Array(inner)) => {
                    let texts = inner.iter().filter_map(|part| part.get("text").text());
                    texts.for_each(|text| out.reasoning(self.index, text));
                }
                _ => {}
            }
        }
    }

    /// Pieces of details with one number belong together.
    fn details(&mut self, items: &[Json]) {
        for item in items {
            let item = item.to_value();
            let same = self.details.iter_mut().rfind(|old| {
                !item["index"].is_null()
                    && old["index"] == item["index"]
                    && old["type"] == item["type"]
            });
            match same {
                Some(old) => merge(old, item),
                None => self.details.push(item),
            }
        }
    }

    /// The calls of a piece: where several have no index, their places are as
    /// good.
    fn calls(&mut self, calls: &[Json], out: &mut Assembler, begins: bool) {
        let bare = calls.len() > 1 && calls.iter().all(|call| call.get("index").u64().is_none());
        for (place, call) in calls.iter().enumerate() {
            let index = call.get("index").u64().or(bare.then_some(place as u64));
            self.call(call, index, begins, out);
        }
    }

    fn call(&mut self, call: &Json, index: Option<u64>, begins: bool, out: &mut Assembler) {
        let function = match call.get("custom") {
            custom @ Json::Object(_) => custom,
            _ => call.get("function"),
        };
        let given = match function.get("input") {
            Json::Null => function.get("arguments"),
            input => input,
        };
        let arguments = arguments(given);
        let place = out.tool(
            self.index,
            Fragment {
                index,
                id: call.get("id").word(),
                name: function.get("name").word(),
                arguments: &arguments,
                begins,
            },
        );
        for (key, value) in call.members() {
            let known = matches!(key.as_ref(), "id" | "index" | "function" | "custom")
                || key == "type" && value.text() == Some("function");
            if !known && !value.is_null() {
                out.tool_extra(self.index, place, key, value.to_value());
            }
        }
    }

    /// Hands over what the message keeps for the way back.
    fn end(self, out: &mut Assembler) {
        let index = self.index;
        let mut extra = self.extra;
        if let Some(name) = self.reasoning_name {
            let reasoning = out.choice(index).reasoning.clone().unwrap_or_default();
            extra.insert(name.into(), reasoning.into());
        }
        if !self.details.is_empty() {
            extra.insert("reasoning_details".into(), self.details.into());
        }
        *out.message_extra(index) = extra;
        if self.legacy {
            out.legacy_call(index);
        }
    }
}

/// Arguments as a text; some hosts send the object itself.
fn arguments<'a>(json: &'a Json) -> std::borrow::Cow<'a, str> {
    match json {
        Json::Text(text) => std::borrow::Cow::Borrowed(text),
        Json::Null => "".into(),
        json => json.to_text().into(),
    }
}

/// Adds a piece to what came before: texts and lists grow, the rest is
/// replaced, and so are texts that name something.
fn merge(old: &mut Value, piece: Value) {
    match (old, piece) {
        (Value::String(old), Value::String(piece)) => old.push_str(&piece),
        (Value::Array(old), Value::Array(piece)) => old.extend(piece),
        (Value::Object(old), Value::Object(piece)) => {
            for (key, value) in piece {
                match old.get_mut(&key) {
                    Some(old)
                        if !matches!(
                            key.as_str(),
                            "id" | "type" | "format" | "index" | "signature"
                        ) =>
                    {
                        merge(old, value);
                    }
                    _ if value.is_null() => {}
                    _ => drop(old.insert(key, value)),
                }
            }
        }
        (old, piece) if !piece.is_null() => *old = piece,
        _ => {}
    }
}

/// Usage as OpenAI and its compatible hosts state it.
fn usage(json: &Json, out: &mut Assembler) {
    let details = json.get("prompt_tokens_details");
    let first = |places: &[&Json]| places.iter().find_map(|place| place.u64());
    let input = first(&[json.get("prompt_tokens"), json.get("input_tokens")]);
    let mut output = first(&[json.get("completion_tokens"), json.get("output_tokens")]);
    let total = json.get("total_tokens").u64();
    let reasoning = first(&[
        json.at(&["completion_tokens_details", "reasoning_tokens"]),
        json.at(&["output_tokens_details", "reasoning_tokens"]),
        json.get("reasoning_tokens"),
    ]);
    // xAI counts thinking apart, which its total tells.
    if let (Some(i), Some(o), Some(r), Some(t)) = (input, output, reasoning, total)
        && r > 0
        && i + o + r == t
    {
        output = Some(o + r);
    }
    let cost = json.get("cost");
    let stated = cost
        .f64()
        .or_else(|| cost.get("total_cost").f64())
        .or_else(|| json.get("estimated_cost").f64())
        .or_else(|| json.get("cost_in_usd_ticks").f64().map(|ticks| ticks * 1e-10));
    if stated.is_some() {
        out.response().stated_cost_usd = stated;
    }
    out.usage(Usage {
        input_tokens: input,
        output_tokens: output,
        total_tokens: total,
        cached_input_tokens: first(&[
            details.get("cached_tokens"),
            json.get("prompt_cache_hit_tokens"),
            json.get("cached_tokens"),
            json.get("num_cached_tokens"),
            json.get("cache_read_input_tokens"),
            json.at(&["input_tokens_details", "cached_tokens"]),
        ]),
        cache_write_tokens: first(&[
            details.get("cache_write_tokens"),
            details.get("cache_creation_tokens"),
            details.get("cache_creation_input_tokens"),
            json.get("cache_creation_input_tokens"),
        ]),
        reasoning_tokens: reasoning,
        provider_usage: Some(json.to_text()),
    });
}
