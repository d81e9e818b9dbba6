//! A content in parts, as some hosts send it: texts, thoughts, refusals, pictures,
//! references.
//!
//! Texts and thoughts are told as anywhere; the list itself is kept for the host
//! that said it, which may ask for it back. Of a stream, in which texts may come
//! outside the list too, only the parts that are no plain text are kept, each with
//! its place in the text.

use serde_json::{Value, json};

use crate::llm::assemble::Assembler;
use crate::llm::json::Json;

/// The parts of one answer's content.
#[derive(Default)]
pub struct Parts {
    all: Vec<Part>,
}

/// A part, and the piece of the answer's text that it holds.
struct Part {
    from: usize,
    to: usize,
    json: Value,
}

impl Parts {
    /// Takes the parts of a delta or a whole message of the answer `index`.
    pub fn take(&mut self, parts: &[Json], index: u32, out: &mut Assembler, whole: bool) {
        for part in parts {
            // It goes back beside the content, as any other refusal.
            if let (Some(text), Json::Null) = (part.get("refusal").word(), part.get("text")) {
                out.refusal(index, text);
                continue;
            }
            let from = out.choice(index).text.len();
            let thought = name_of_thought(part);
            match (thought.map(|name| part.get(name)), part.get("text")) {
                (Some(Json::Text(text)), _) => out.reasoning(index, text),
                (Some(inner), _) => {
                    let texts = inner.items().iter().filter_map(|part| part.get("text").text());
                    texts.for_each(|text| out.reasoning(index, text));
                }
                (None, Json::Text(text)) => out.text(index, text),
                _ => out.other(part),
            }
            let to = out.choice(index).text.len();
            let json = part.to_value();
            if whole || !is_plain(&json) && !self.goes_on(&json, thought, from) {
                self.all.push(Part { from, to, json });
            }
        }
    }

    /// Whether a part only goes on with the thought before, and was added to it.
    fn goes_on(&mut self, piece: &Value, thought: Option<&str>, from: usize) -> bool {
        let Some(last) = self.all.last_mut().filter(|last| last.to == from) else { return false };
        let Some(name) = thought else { return false };
        if last.json["type"] != piece["type"] || !grow(&mut last.json[name], &piece[name]) {
            return false;
        }
        // What else comes with a piece, such as a signature, is the thought's.
        for (key, value) in piece.as_object().into_iter().flatten() {
            if key != name && !value.is_null() {
                last.json[key] = value.clone();
            }
        }
        true
    }

    /// The content as it goes back, if it is more than this text.
    pub fn content(self, text: &str) -> Option<Value> {
        if self.all.iter().all(|part| is_plain(&part.json)) {
            return None;
        }
        let (mut content, mut told) = (Vec::new(), 0);
        let plain = |text: &str| (!text.is_empty()).then(|| json!({"type": "text", "text": text}));
        for part in self.all {
            content.extend(text.get(told..part.from).and_then(plain));
            content.push(part.json);
            told = part.to;
        }
        content.extend(text.get(told..).and_then(plain));
        Some(content.into())
    }
}

/// Whether one of a list is a part of a content, and no JSON of the model's.
pub fn is_part(one: &Json) -> bool {
    ["type", "text", "thinking"].iter().any(|name| !one.get(name).is_null())
}

/// Where a part has the thought that it holds: Databricks says `summary` for what
/// Mistral calls `thinking`, and some say of a text that it is one.
fn name_of_thought(part: &Json) -> Option<&'static str> {
    const NAMES: [&str; 4] = ["thinking", "summary", "reasoning", "reasoning_content"];
    let is_said = |name: &&str| matches!(part.get(name), Json::Text(_) | Json::Array(_));
    let kind = part.get("type").text();
    let is_thought =
        kind.is_some_and(|kind| kind.starts_with("reasoning") || NAMES.contains(&kind));
    match part.get("text") {
        Json::Text(_) if is_thought => Some("text"),
        Json::Text(_) => None,
        _ => NAMES.into_iter().find(is_said),
    }
}

/// Whether a part is a text and nothing else.
fn is_plain(part: &Value) -> bool {
    is_text(part, &["type", "text"]) && (part["type"].is_null() || part["type"] == "text")
}

/// Whether it is a text that says nothing else than these.
fn is_text(part: &Value, known: &[&str]) -> bool {
    let is_known =
        |(key, value): (&String, &Value)| known.contains(&key.as_str()) || value.is_null();
    part["text"].is_string() && part.as_object().is_some_and(|all| all.iter().all(is_known))
}

/// Adds a piece to a text, or to a list of texts; false if it is neither.
fn grow(old: &mut Value, piece: &Value) -> bool {
    match (old, piece) {
        (Value::String(old), Value::String(piece)) => old.push_str(piece),
        (Value::Array(old), Value::Array(pieces)) => {
            for piece in pieces {
                match old.last_mut().filter(|last| is_rest(last, piece)) {
                    Some(last) => {
                        grow(&mut last["text"], &piece["text"]);
                        if let Some(signature) = piece.get("signature") {
                            last["signature"] = signature.clone();
                        }
                    }
                    None => old.push(piece.clone()),
                }
            }
        }
        _ => return false,
    }
    true
}

/// Whether a text goes on with the one before: Databricks signs the last piece, and
/// has an empty signature in the others.
fn is_rest(last: &Value, piece: &Value) -> bool {
    let is_open = last["signature"].as_str().is_none_or(str::is_empty);
    let are_texts = [last, piece].iter().all(|one| is_text(one, &["type", "text", "signature"]));
    is_open && are_texts && last["type"] == piece["type"]
}
