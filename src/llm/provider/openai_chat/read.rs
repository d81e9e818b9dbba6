//! Answers in the form of chat completions, with all that hosts do differently:
//! usage in the last chunk, in a choice or under `x_groq`; thinking under two
//! names; calls without an index or id, or in the legacy form; texts in parts.

use super::super::alike::{Added, Lane, PieceOf};
use super::super::stream::Dialect;
use super::super::usage::{tier, usage};
use super::super::{errors, finish};
use super::grounds;
use super::grown::merge;
use super::kept::Kept;
use crate::error::{Error, Result};
use crate::llm::assemble::{Assembler, CHOICES_MAX};
use crate::llm::events::Pieces;
use crate::llm::json::Json;
use crate::llm::response::FinishReason;

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
    /// Whether what is said is not the model's.
    is_guarded: bool,
    /// The word for the failure of the host's that it ended for.
    failure: Option<String>,
}

impl Dialect for Decoder {
    fn event(&mut self, _name: &[u8], json: &Json, out: &mut Assembler) -> Result<bool> {
        if let Some(error) = json.at(&["x_groq", "error"]).word() {
            return Err(errors::in_words(out.context(), out.head(), error));
        }
        self.read(json, out, "delta");
        let says_nothing = ["usage", "x_groq"].iter().all(|name| json.get(name).is_null());
        let choices = json.get("choices");
        // Such as what OpenAI's moderation says; Azure's of the prompt is of no answer yet.
        let says_else =
            choices.items().is_empty() && json.get("id").word().is_some() && !json.has_only(CHUNK);
        if says_nothing && (choices.is_null() || says_else) {
            out.other(json);
        }
        Ok(false)
    }

    fn is_event(&self, json: &Json) -> bool {
        json.get("choices").items().iter().any(|choice| choice.get("delta").is_object())
    }

    fn whole(&mut self, json: &Json, out: &mut Assembler) -> Result<()> {
        self.read(json, out, "message");
        for place in 0..self.choices.len() {
            out.open(self.choices[place].index);
        }
        // Now and then there is nothing but the bill.
        if matches!(json.get("choices"), Json::Array(_)) && json.get("usage").is_object() {
            out.open(0);
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
            let (of, text) = match (key.as_ref(), value) {
                (_, Json::Null) | ("role", _) => continue,
                ("content", _) => (PieceOf::Text, value.text()?),
                ("reasoning_content", _) => (PieceOf::Thought, value.text()?),
                ("tool_calls", _) => added_arguments(value)?,
                _ => return None,
            };
            if !text.is_empty() && found.replace((of, text)).is_some() {
                return None;
            }
        }
        let (of, text) = found?;
        let index = choice.get("index").u64().unwrap_or(0);
        Some(Added { lane: Lane::new(index, of), text, noise: &["obfuscation"] })
    }

    fn add(&mut self, lane: Lane, pieces: Pieces<'_>, out: &mut Assembler) {
        let index = lane.index as u32;
        match lane.of {
            PieceOf::Text => self.kept(index).texts(pieces, out),
            PieceOf::Thought => out.pieces(index, true, pieces),
            PieceOf::Arguments(call) => out.arguments(index, call, pieces),
        }
    }

    /// Z.ai, and others by another word, say nothing more of what went wrong with them;
    /// Portkey says the kind of Claude's error so.
    fn given_up(&self, out: &Assembler) -> Option<Error> {
        let failure = self.failure.as_deref().filter(|_| !out.has_said());
        failure.map(|word| errors::given_up_for(out.head(), word))
    }

    fn end(&mut self, out: &mut Assembler) {
        for mut kept in std::mem::take(&mut self.choices) {
            kept.is_withheld |= self.is_guarded;
            kept.end(out);
        }
    }
}

impl Decoder {
    fn read(&mut self, json: &Json, out: &mut Assembler, body: &str) {
        out.start(json.get("model"), json.get("id"));
        out.created(json.get("created").u64());
        if let Some(id) = json.get("request_id").word() {
            out.response().request_id.get_or_insert_with(|| id.into());
        }
        self.is_guarded |= finish::is_guarded(json);
        let choices = json.get("choices").items();
        let is_split = body == "message" && is_one_in_pieces(choices);
        for (place, choice) in choices.iter().enumerate().take(CHOICES_MAX + 1) {
            // Some hosts give all whole answers the same number.
            let is_taken = body == "message"
                && choices[..place].iter().any(|earlier| number(earlier) == number(choice));
            let own = number(choice).filter(|_| !is_taken).unwrap_or(place as u64);
            let index = if is_split { 0 } else { own as u32 };
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
        // Mistral says it with its usage.
        tier(json.get("service_tier"), out);
        tier(json.at(&["usage", "service_tier"]), out);
        tier(json.at(&["usage", "extra_properties", "google", "traffic_type"]), out);
        // Perplexity's results have titles and dates beside the same addresses; Zhipu
        // calls them by the tool, and Hunyuan has them in what it tells of the search.
        let cited = [
            json.get("search_results"),
            json.get("citations"),
            json.get("web_search"),
            json.at(&["search_info", "search_results"]),
        ];
        if let Some(cited) = cited.into_iter().find(|cited| !cited.items().is_empty()) {
            out.choice(0).citations = Some(cited.to_value());
        }
    }

    fn kept(&mut self, index: u32) -> &mut Kept {
        let place = self.choices.iter().position(|kept| kept.index == index);
        let place = place.unwrap_or_else(|| {
            self.choices.push(Kept::new(index));
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
            _ => {
                out.open(index);
                kept.messages(choice.get("messages").items(), out, body == "message");
            }
        }
        kept.beside(choice.get("annotations").items(), out);
        kept.is_withheld |= grounds::is_withheld(choice);
        let logprobs = choice.get("logprobs");
        if logprobs.is_object() {
            let all = out.choice(index).logprobs.get_or_insert_default();
            merge(all, logprobs.to_value());
        }
        if let Some(text) = choice.get("stop_reason").word().or(choice.get("matched_stop").word()) {
            out.choice(index).stop_sequence = Some(text.into());
        }
        // Some hosts write null as a text; GPT-4's first eyes said it elsewhere.
        let details = choice.at(&["finish_details", "type"]);
        let word = choice.get("finish_reason").label().filter(|word| word != "null");
        let word = word.map(|word| broken_off(choice).map_or(word, Into::into));
        if let Some(word) = word.or_else(|| details.label()) {
            if finish::is_failure(&word) {
                self.failure = Some(word.to_string());
            }
            let reason = finish::reason(&word);
            // Gateways close with a stop of their own what the host has ended already.
            let is_cut = matches!(
                out.choice(index).finish_reason,
                Some(FinishReason::Length | FinishReason::ContentFilter | FinishReason::ToolCalls)
            );
            if reason != FinishReason::Stop || !is_cut {
                out.finish(index, reason, Some(word));
            }
        }
    }
}

/// A piece that says no more of the one call it has than what that is given: which
/// call, and the piece.
fn added_arguments<'a>(calls: &'a Json<'_>) -> Option<(PieceOf, &'a str)> {
    let [call] = calls.items() else { return None };
    let function = call.get("function");
    let is_silent = |json: &Json| json.is_null() || json.text() == Some("");
    let plain = call.has_only(&["index", "id", "type", "function"])
        && function.has_only(&["name", "arguments"])
        && is_silent(call.get("id"))
        && is_silent(function.get("name"))
        && (is_silent(call.get("type")) || call.get("type").text() == Some("function"));
    let index = call.get("index").u64().filter(|_| plain)?;
    Some((PieceOf::Arguments(index), function.get("arguments").text()?))
}

/// The model's own word for an end that was none, which OpenRouter calls a stop.
fn broken_off<'a>(choice: &'a Json<'_>) -> Option<&'a str> {
    let own = choice.get("native_finish_reason").text()?;
    let is_failure = ["network_error", "MALFORMED_FUNCTION_CALL"].contains(&own);
    (is_failure && choice.get("finish_reason").text() == Some("stop")).then_some(own)
}

fn number(choice: &Json) -> Option<u64> {
    choice.get("index").u64()
}

/// Whether several choices are one answer: GitHub's Copilot says Claude's text in one,
/// and calls in the next, which all have the same number or none, and end with calls
/// also where there are none.
fn is_one_in_pieces(choices: &[Json]) -> bool {
    let calls = |choice: &Json| choice.at(&["message", "tool_calls"]).items().len();
    let ends_in_calls = |choice: &Json| choice.get("finish_reason").text() == Some("tool_calls");
    let is_piece = |choice| number(choice) == number(&choices[0]) && ends_in_calls(choice);
    let has = |some: bool| choices.iter().any(|choice| (calls(choice) > 0) == some);
    choices.iter().all(is_piece) && has(true) && has(false)
}
