//! Gemini's answers: candidates made of parts.

use serde_json::{Value, json};

use super::super::finish;
use super::super::stream::Dialect;
use super::super::usage::tier;
use super::arguments::apply;
use super::sources;
use crate::error::Result;
use crate::llm::assemble::{Assembler, CHOICES_MAX, Fragment};
use crate::llm::json::Json;
use crate::llm::response::{FinishReason, Usage};

/// What is kept between the pieces of an answer.
#[derive(Default)]
pub struct Decoder {
    candidates: Vec<Candidate>,
}

/// One answer's parts, as they will go back.
#[derive(Default)]
struct Candidate {
    index: u32,
    parts: Vec<Value>,
    /// Which of them are calls.
    calls: Vec<usize>,
    open: Option<Open>,
}

/// A call whose arguments are still coming.
struct Open {
    /// Its place among the parts.
    part: usize,
    /// Its place among the calls.
    place: usize,
    arguments: Value,
    /// All of them as the vendor wrote them, if they came at once.
    given: Option<String>,
}

impl Dialect for Decoder {
    fn event(&mut self, _name: &[u8], json: &Json, out: &mut Assembler) -> Result<bool> {
        let pieces = json.items();
        if !json.is_object() && !pieces.iter().any(Json::is_object) {
            out.other(json);
        }
        self.read(json, out);
        // Some proxies have a list in each event, as Gemini has one of all without SSE.
        pieces.iter().for_each(|piece| self.read(piece, out));
        Ok(false)
    }

    fn whole(&mut self, json: &Json, out: &mut Assembler) -> Result<()> {
        self.read(json, out);
        // Now and then there is nothing but the bill.
        if json.get("usageMetadata").is_object() {
            out.open(0);
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Assembler) {
        // What has no candidate has no parts to go back either.
        if self.candidates.is_empty() && out.has_begun() {
            out.blocks(0, Vec::new());
        }
        for mut candidate in std::mem::take(&mut self.candidates) {
            candidate.close(out);
            out.blocks(candidate.index, candidate.parts);
        }
    }
}

impl Decoder {
    fn read(&mut self, json: &Json, out: &mut Assembler) {
        out.start(json.get("modelVersion"), json.get("responseId"));
        out.created(json.get("createTime").text().and_then(crate::llm::dates::rfc3339));
        for (place, candidate) in
            json.get("candidates").items().iter().enumerate().take(CHOICES_MAX + 1)
        {
            let index = candidate.get("index").u64().unwrap_or(place as u64) as u32;
            self.candidate(index).read(candidate, out);
        }
        self.blocked(json.get("promptFeedback"), out);
        usage(json.get("usageMetadata"), out);
        tier(json.at(&["usageMetadata", "serviceTier"]), out);
        // Vertex.
        tier(json.at(&["usageMetadata", "trafficType"]), out);
    }

    /// A prompt that was blocked has a reason, or at least a message; a reason that is
    /// not specified is none beside an answer.
    fn blocked(&self, feedback: &Json, out: &mut Assembler) {
        let unstated = |word: &String| matches!(word.as_str(), "0" | "BLOCK_REASON_UNSPECIFIED");
        let word = feedback.get("blockReason").label();
        let is_stated = word.as_ref().is_some_and(|word| !unstated(word));
        let detail = feedback.get("blockReasonMessage").word().map(String::from);
        if is_stated || detail.is_some() || word.is_some() && self.candidates.is_empty() {
            out.finish(0, FinishReason::ContentFilter, word);
            out.choice(0).finish_detail = detail;
        }
    }

    fn candidate(&mut self, index: u32) -> &mut Candidate {
        let place = self.candidates.iter().position(|c| c.index == index);
        let place = place.unwrap_or_else(|| {
            self.candidates.push(Candidate { index, ..Candidate::default() });
            self.candidates.len() - 1
        });
        &mut self.candidates[place]
    }
}

impl Candidate {
    fn read(&mut self, json: &Json, out: &mut Assembler) {
        out.open(self.index);
        for part in json.at(&["content", "parts"]).items() {
            self.part(part, out);
        }
        let choice = out.choice(self.index);
        for name in ["groundingMetadata", "citationMetadata", "urlContextMetadata"] {
            sources::add(json.get(name), &mut choice.citations);
        }
        out.response().has_unpriced |= has_fee(json.get("groundingMetadata"));
        let choice = out.choice(self.index);
        join(json.get("logprobsResult"), &mut choice.logprobs);
        if let Some(message) = json.get("finishMessage").word() {
            choice.finish_detail = Some(message.into());
        }
        // The same request goes on with it.
        if let Some(token) = json.get("continuationToken").word() {
            out.message_extra(self.index).insert("continuation_token".into(), token.into());
        }
        if let Some(word) = json.get("finishReason").label()
            && !matches!(word.as_str(), "0" | "FINISH_REASON_UNSPECIFIED")
        {
            self.close(out);
            out.finish(self.index, reason(&word), Some(word));
        }
    }

    fn part(&mut self, part: &Json, out: &mut Assembler) {
        let call = part.get("functionCall");
        if call.is_object() {
            return self.call(part, call, out);
        }
        let thought = part.get("thought").bool() == Some(true);
        if let Some(text) = part.get("text").text() {
            match thought {
                true => out.reasoning(self.index, text),
                false => out.text(self.index, text),
            }
            if self.grows(part, text, thought) {
                return;
            }
        }
        // One without anything in it is refused in the next request.
        if part.members().iter().any(|(name, _)| name != "thought") {
            self.parts.push(part.to_value());
        }
    }

    /// Adds a text to the part before, if neither is signed: that says the
    /// same in fewer parts. An empty one says nothing, and may be refused.
    fn grows(&mut self, part: &Json, text: &str, thought: bool) -> bool {
        let plain = |members: usize| members == 1 + usize::from(thought);
        if text.is_empty() && plain(part.members().len()) {
            return true;
        }
        let Some(Value::Object(last)) = self.parts.last_mut() else { return false };
        let alike = last.get("thought").is_some_and(|t| t == true) == thought
            && plain(last.len())
            && plain(part.members().len());
        match last.get_mut("text") {
            Some(Value::String(old)) if alike => {
                old.push_str(text);
                true
            }
            _ => false,
        }
    }

    /// A call, or a piece of the one that is open.
    fn call(&mut self, part: &Json, call: &Json, out: &mut Assembler) {
        let name = call.get("name").word();
        if !self.goes_on(call) && (name.is_some() || self.open.is_none()) {
            self.close(out);
            if self.is_told(call) {
                return;
            }
            let Some(name) = name else { return };
            self.begin(part, call, name, out);
        }
        let Some(open) = &mut self.open else { return };
        open.take(call);
        // Some gateways tell the arguments after the call, and that they will nowhere.
        if !continues(call).unwrap_or_else(|| open.is_given_none()) {
            self.close(out);
        }
    }

    /// Whether a piece repeats the id of the call that is open, and its name.
    fn goes_on(&self, call: &Json) -> bool {
        let Some(open) = &self.open else { return false };
        let begun = &self.parts[open.part]["functionCall"];
        let is_same = |member: &str| call.get(member).word().is_some_and(|it| begun[member] == *it);
        is_same("id") && is_same("name")
    }

    /// Whether a call was told before, piece by piece: it may come again as a whole.
    fn is_told(&self, call: &Json) -> bool {
        let is_it = |old: &Value| {
            let is_same =
                |member: &str| call.get(member).word().is_some_and(|it| old[member] == *it);
            is_same("id") && is_same("name") && old["args"] == call.get("args").to_value()
        };
        self.calls.iter().any(|part| is_it(&self.parts[*part]["functionCall"]))
    }

    fn begin(&mut self, part: &Json, call: &Json, name: &str, out: &mut Assembler) {
        let number = out.calls_of(self.index) as u64;
        let id = call.get("id").word();
        let (index, name) = (Some(number), Some(name));
        let piece = Fragment { index, id, name, begins: true, ..Fragment::default() };
        let place = out.tool(self.index, piece);
        let mut kept = part.to_value();
        if let Value::Object(call) = &mut kept["functionCall"] {
            call.shift_remove("partialArgs");
            call.shift_remove("willContinue");
        }
        self.parts.push(kept);
        let part = self.parts.len() - 1;
        self.calls.push(part);
        self.open = Some(Open { part, place, arguments: json!({}), given: None });
    }

    fn close(&mut self, out: &mut Assembler) {
        let Some(open) = self.open.take() else { return };
        let id = out.tool_id(self.index, open.place);
        let text = open.given.unwrap_or_else(|| open.arguments.to_string());
        out.tool(self.index, Fragment { id: Some(&id), arguments: &text, ..Fragment::default() });
        out.tool_end(self.index, open.place);
        self.parts[open.part]["functionCall"]["args"] = open.arguments;
    }
}

impl Open {
    /// Whether it has no arguments yet.
    fn is_given_none(&self) -> bool {
        self.arguments.as_object().is_some_and(serde_json::Map::is_empty)
    }

    /// Takes what a piece says of the arguments.
    fn take(&mut self, call: &Json) {
        let args = call.get("args");
        // Some gateways write the object as a text.
        let text = args.text().map_or_else(|| args.to_text(), String::from);
        if let (Value::Object(old), Ok(Value::Object(new))) =
            (&mut self.arguments, serde_json::from_str(&text))
            && !new.is_empty()
        {
            self.given = old.is_empty().then_some(text);
            old.extend(new);
        }
        for piece in call.get("partialArgs").items() {
            self.given = None;
            apply(&mut self.arguments, piece);
        }
    }
}

/// Whether more of a call comes: what it says, or else what one of its arguments says,
/// if it has any.
fn continues(call: &Json) -> Option<bool> {
    let says = |json: &Json| json.get("willContinue").bool();
    let pieces = call.get("partialArgs").items();
    let goes_on = |piece: &Json| says(piece) == Some(true);
    says(call).or_else(|| (!pieces.is_empty()).then(|| pieces.iter().any(goes_on)))
}

/// Whether an answer rests on what costs beside its tokens: searches, or Google Maps.
fn has_fee(grounding: &Json) -> bool {
    let searched = ["webSearchQueries", "imageSearchQueries"];
    let is_of_maps = |chunk: &Json| chunk.get("maps").is_object();
    searched.iter().any(|name| !grounding.get(name).items().is_empty())
        || grounding.get("googleMapsWidgetContextToken").word().is_some()
        || grounding.get("groundingChunks").items().iter().any(is_of_maps)
}

/// Adds the chances of a piece's tokens to those before: each piece tells its own.
fn join(new: &Json, known: &mut Option<Value>) {
    if !new.is_object() {
        return;
    }
    let Some(Value::Object(known)) = known else { return *known = Some(new.to_value()) };
    for (key, value) in new.members() {
        match (known.get_mut(key.as_ref()), value.to_value()) {
            (Some(Value::Array(old)), Value::Array(new)) => old.extend(new),
            (Some(Value::Number(old)), Value::Number(new)) => {
                let sum = old.as_f64().zip(new.as_f64()).map(|(old, new)| old + new);
                known.insert(key.to_string(), sum.into());
            }
            (_, new) => drop(known.insert(key.to_string(), new)),
        }
    }
}

/// Why it ended: a word, or its number in the vendor's enumeration.
fn reason(word: &str) -> FinishReason {
    match word {
        "1" => FinishReason::Stop,
        "2" => FinishReason::Length,
        "3" | "4" | "7" | "8" | "9" | "11" => FinishReason::ContentFilter,
        _ => finish::reason(word),
    }
}

/// Thoughts are counted beside the answer, tools' prompts beside the prompt.
fn usage(json: &Json, out: &mut Assembler) {
    let n = |key: &str| json.get(key).u64();
    let (prompt, answer) = (n("promptTokenCount"), n("candidatesTokenCount"));
    let (thoughts, total) = (n("thoughtsTokenCount"), n("totalTokenCount"));
    if prompt.is_none() && answer.is_none() && total.is_none() {
        return;
    }
    let tools = n("toolUsePromptTokenCount").unwrap_or(0);
    let input = prompt.map(|prompt| prompt.saturating_add(tools));
    // Now and then the answer's tokens have the thoughts' in them, as the total tells.
    let both = input.zip(answer).map(|(input, answer)| input.saturating_add(answer));
    let has_thoughts = both.is_some() && both == total && answer >= thoughts;
    let output = match (answer, thoughts) {
        (answer, thoughts) if has_thoughts || thoughts.is_none() => answer,
        (answer, thoughts) => Some(answer.unwrap_or(0).saturating_add(thoughts.unwrap_or(0))),
    };
    out.usage(Usage {
        input_tokens: input,
        output_tokens: output,
        total_tokens: total,
        cached_input_tokens: n("cachedContentTokenCount"),
        cache_write_tokens: None,
        reasoning_tokens: thoughts,
        provider_usage: Some(json.to_text()),
    });
}
