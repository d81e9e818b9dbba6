//! One message of a conversation, in the form that all dialects are written from.
//!
//! The form is OpenAI's, taken apart: a caller's JSON is checked and read once,
//! when it is added, and each dialect then writes its own. What only one
//! provider understands (signatures, thoughts, plans) stays in [`Origin`]: the
//! provider that said it gets its own blocks back unchanged, every other one
//! gets the text and the calls.

mod read;
mod source;
mod write;

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::error::{Error, Result};

pub use source::Source;
pub use write::{call_json, content_json, piece_json};

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Instructions; also what newer models call developer.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
    /// A tool's result.
    Tool,
}

/// A piece of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// Text.
    Text(String),
    /// An image, and how closely it is to be looked at.
    Image(Source, Option<String>),
    /// A document, and its name.
    Document(Source, Option<String>),
    /// A piece that only some providers know, as it was given.
    Other(Value),
}

/// A [`Part`] with what else was said about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// The piece.
    pub part: Part,
    /// Anthropic's mark for the prompt cache, as it was given.
    pub cache_control: Option<Value>,
    /// Whether a document's address stood where others have its bytes.
    pub in_data: bool,
    /// What else stood in it, for hosts that take OpenAI's form.
    pub extra: Map<String, Value>,
    /// The same of what stood one level down, in its image or file.
    pub within: Map<String, Value>,
}

impl From<Part> for Piece {
    fn from(part: Part) -> Piece {
        let (extra, within) = (Map::new(), Map::new());
        Piece { part, cache_control: None, in_data: false, extra, within }
    }
}

impl Piece {
    /// Its text, if it is that and nothing else.
    pub fn bare_text(&self) -> Option<&str> {
        match (&self.part, &self.cache_control) {
            (Part::Text(text), None) if self.extra.is_empty() => Some(text),
            _ => None,
        }
    }
}

/// The texts of the pieces, with an empty line between them: nobody could tell
/// otherwise where one ends.
pub fn joined<'a>(pieces: impl IntoIterator<Item = &'a Piece>) -> String {
    let mut all = String::new();
    for piece in pieces {
        if let Part::Text(text) = &piece.part {
            if !all.is_empty() && !text.is_empty() {
                all.push_str("\n\n");
            }
            all.push_str(text);
        }
    }
    all
}

/// A call that the model asks for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ToolCall {
    /// Unique in the conversation; see [`ToolCall::has_own_id`].
    pub id: String,
    /// The function.
    pub name: String,
    /// A JSON text.
    pub arguments: String,
    /// What else the host said about it, such as `extra_content`.
    pub extra: Map<String, Value>,
    /// What else stood beside name and arguments.
    pub within: Map<String, Value>,
}

/// Ids that we gave, because the provider gave none, start so.
const OUR_ID: &str = "call_mynah_";

impl ToolCall {
    /// The id of call `index` of answer `choice` to the request `seed`; unique
    /// in a conversation, because each of its requests has another text.
    pub fn made_up_id(seed: u64, choice: u32, index: usize) -> String {
        match choice {
            0 => format!("{OUR_ID}{seed:016x}_{index}"),
            _ => format!("{OUR_ID}{seed:016x}_{choice}_{index}"),
        }
    }

    fn bad(&self, what: &str) -> Error {
        Error::invalid("tool_calls", format!("arguments of {} are {what}", self.name))
    }

    /// Whether it is a call of OpenAI's custom tools: its input is a text.
    pub fn is_custom(&self) -> bool {
        self.extra.get("type").is_some_and(|kind| kind == "custom")
    }

    /// Whether its arguments have arrived whole; of a custom tool's text nobody can
    /// tell.
    pub fn is_whole(&self) -> bool {
        let whole = || serde_json::from_str::<serde::de::IgnoredAny>(&self.arguments).is_ok();
        self.is_custom() || whole()
    }

    /// Whether the provider gave the id.
    pub fn has_own_id(id: &str) -> bool {
        !id.is_empty() && !id.starts_with(OUR_ID)
    }

    /// An object whose only argument is the text, whatever it is.
    pub fn only_argument(&self) -> Value {
        json!({"input": self.arguments})
    }

    /// The arguments as an object; `{}` where there are none, for which Cohere
    /// writes `null`. A custom tool's text becomes its only argument.
    pub fn object(&self) -> Result<Value> {
        match self.arguments.trim() {
            _ if self.is_custom() => Ok(self.only_argument()),
            "" | "null" => Ok(json!({})),
            text => match serde_json::from_str(text) {
                Ok(object @ Value::Object(_)) => Ok(object),
                Ok(_) => Err(self.bad("no JSON object")),
                Err(e) => Err(self.bad(&format!("not JSON: {e}"))),
            },
        }
    }
}

/// Who said an assistant's message, and in which words of its own.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Origin {
    /// The provider.
    pub provider: String,
    /// The model.
    pub model: String,
    /// A digest of host and key: signatures are bound to an account.
    pub account: String,
    /// Its content, verbatim and in order.
    pub blocks: Vec<Value>,
}

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Whose turn.
    pub role: Role,
    /// Text, images, documents.
    pub content: Vec<Piece>,
    /// A participant's name, or the function's whose result this is.
    pub name: Option<String>,
    /// Calls, of an assistant.
    pub tool_calls: Vec<ToolCall>,
    /// Which call this is the result of.
    pub tool_call_id: Option<String>,
    /// Whether the tool failed.
    pub is_error: bool,
    /// What else was in the JSON: `reasoning_content`, `reasoning_details`,
    /// `refusal`, `prefix` and so on.
    pub extra: Map<String, Value>,
    /// Who said it, of an assistant's message that a provider answered. Boxed: few
    /// messages have one.
    pub origin: Option<Box<Origin>>,
}

impl Message {
    /// A message of text.
    pub fn new(role: Role, text: impl Into<String>) -> Message {
        let piece = Part::Text(text.into()).into();
        Message { content: vec![piece], ..Message::empty(role) }
    }

    /// A message of nothing.
    pub fn empty(role: Role) -> Message {
        Message {
            role,
            content: Vec::new(),
            name: None,
            tool_calls: Vec::new(),
            tool_call_id: None,
            is_error: false,
            extra: Map::new(),
            origin: None,
        }
    }

    /// The result of a call.
    pub fn tool_result(call_id: &str, text: &str, is_error: bool) -> Message {
        Message { tool_call_id: Some(call_id.into()), is_error, ..Message::new(Role::Tool, text) }
    }

    /// What was said aloud, of a message that has no other content.
    pub fn transcript(&self) -> Option<&str> {
        let is_empty = |piece: &Piece| matches!(&piece.part, Part::Text(text) if text.is_empty());
        let text = self.extra.get("audio")?["transcript"].as_str()?;
        (!text.is_empty() && self.content.iter().all(is_empty)).then_some(text)
    }

    /// What was said, for vendors that know no refusals and cannot have what was
    /// heard: those are texts to them.
    pub fn spoken(&self) -> Cow<'_, [Piece]> {
        let said = |text: &str| Piece::from(Part::Text(text.into()));
        let refusal = |piece: &Piece| match &piece.part {
            Part::Other(json) if json["type"] == "refusal" => json["refusal"].as_str().map(said),
            _ => None,
        };
        let is_empty = |piece: &Piece| matches!(&piece.part, Part::Text(text) if text.is_empty());
        let refused = self.extra.get("refusal").and_then(Value::as_str);
        if let (true, Some(text)) = (self.content.iter().all(is_empty), refused) {
            return Cow::Owned(vec![said(text)]);
        }
        if let Some(text) = self.transcript() {
            return Cow::Owned(vec![said(text)]);
        }
        if !self.content.iter().any(|piece| refusal(piece).is_some()) {
            return Cow::Borrowed(&self.content);
        }
        self.content.iter().map(|piece| refusal(piece).unwrap_or_else(|| piece.clone())).collect()
    }

    /// Its text, without the rest.
    pub fn text(&self) -> String {
        joined(&*self.spoken())
    }

    /// The model's thinking, as compatible hosts name it.
    pub fn reasoning(&self) -> Option<&str> {
        let named = |name: &str| self.extra.get(name).and_then(Value::as_str);
        ["reasoning_content", "reasoning", "reasoning_text"].into_iter().find_map(named)
    }
}

impl Role {
    /// As OpenAI names it.
    pub fn name(self) -> &'static str {
        match self {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::Tool => "tool",
        }
    }

    /// The role of a name.
    pub fn from_name(name: &str) -> Result<Role> {
        match name {
            "system" | "developer" => Ok(Role::System),
            "user" => Ok(Role::User),
            "assistant" | "model" => Ok(Role::Assistant),
            "tool" | "function" => Ok(Role::Tool),
            _ => Err(Error::invalid("role", "must be system, developer, user, assistant or tool")),
        }
    }
}
