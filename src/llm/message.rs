//! One message of a conversation, in the form that all dialects are written from.
//!
//! The form is OpenAI's, taken apart: a caller's JSON is checked and read once,
//! when it is added, and each dialect then writes its own. What only one
//! provider understands (signatures, thoughts, plans) stays in [`Origin`]: the
//! provider that said it gets its own blocks back unchanged, every other one
//! gets the text and the calls.

use std::borrow::Cow;

use base64::Engine;
use serde_json::{Map, Value, json};

use crate::error::{Error, Result};

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

/// Where an image or document is.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// At an address that the provider fetches.
    Url(String),
    /// Here.
    Bytes {
        /// Media type, such as `image/png`.
        mime: String,
        /// The bytes in base64.
        base64: String,
    },
    /// At the provider, under an id.
    File(String),
}

impl Source {
    /// From an address, which may be a `data:` one.
    pub fn from_url(url: &str) -> Source {
        let data = url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
        match data {
            Some((mime, base64)) => {
                let mime = mime.split(';').next().unwrap_or_default();
                Source::Bytes { mime: mime.into(), base64: base64.into() }
            }
            None => Source::Url(url.into()),
        }
    }

    /// From bytes.
    pub fn from_bytes(mime: &str, bytes: &[u8]) -> Source {
        let base64 = base64::engine::general_purpose::STANDARD.encode(bytes);
        Source::Bytes { mime: mime.into(), base64 }
    }

    /// The bytes as a text, for providers that take texts as they are.
    pub fn decoded(&self) -> Option<String> {
        let Source::Bytes { base64, .. } = self else { return None };
        let bytes = base64::engine::general_purpose::STANDARD.decode(base64).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// An address, if need be a `data:` one; none for a provider's file.
    pub fn to_url(&self) -> Option<String> {
        match self {
            Source::Url(url) => Some(url.clone()),
            Source::Bytes { mime, base64 } => Some(format!("data:{mime};base64,{base64}")),
            Source::File(_) => None,
        }
    }
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

    /// Whether the provider gave the id.
    pub fn has_own_id(id: &str) -> bool {
        !id.is_empty() && !id.starts_with(OUR_ID)
    }

    /// The arguments as an object; `{}` where there are none. A custom tool's
    /// text becomes its only argument.
    pub fn object(&self) -> Result<Value> {
        match self.arguments.trim() {
            _ if self.is_custom() => Ok(json!({"input": self.arguments})),
            "" => Ok(json!({})),
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
    /// Who said it, of an assistant's message that a provider answered.
    pub origin: Option<Origin>,
}

impl Message {
    /// A message of text.
    pub fn new(role: Role, text: impl Into<String>) -> Message {
        let piece = Piece { part: Part::Text(text.into()), cache_control: None };
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

    /// What was said, for vendors that know no refusals: those are texts to them.
    pub fn spoken(&self) -> Cow<'_, [Piece]> {
        let said = |text: &str| Piece { part: Part::Text(text.into()), cache_control: None };
        let refusal = |piece: &Piece| match &piece.part {
            Part::Other(json) if json["type"] == "refusal" => json["refusal"].as_str().map(said),
            _ => None,
        };
        if let ([], Some(text)) =
            (&*self.content, self.extra.get("refusal").and_then(Value::as_str))
        {
            return Cow::Owned(vec![said(text)]);
        }
        if !self.content.iter().any(|piece| refusal(piece).is_some()) {
            return Cow::Borrowed(&self.content);
        }
        self.content.iter().map(|piece| refusal(piece).unwrap_or_else(|| piece.clone())).collect()
    }

    /// Its text, without the rest.
    pub fn text(&self) -> String {
        let mut all = String::new();
        for piece in &*self.spoken() {
            if let Part::Text(text) = &piece.part {
                all.push_str(text);
            }
        }
        all
    }

    /// The model's thinking, as compatible hosts name it.
    pub fn reasoning(&self) -> Option<&str> {
        let named = |name: &str| self.extra.get(name).and_then(Value::as_str);
        named("reasoning_content").or_else(|| named("reasoning"))
    }

    /// Reads OpenAI's form.
    pub fn from_json(json: &Value) -> Result<Message> {
        let object = json.as_object().ok_or_else(|| bad("must be an object"))?;
        let mut message = Message::empty(role(object)?);
        for (key, value) in object {
            message.read(key, value)?;
        }
        if message.role == Role::Tool && message.tool_call_id.is_none() && message.name.is_none() {
            return Err(bad("a tool's message needs tool_call_id"));
        }
        Ok(message)
    }

    fn read(&mut self, key: &str, value: &Value) -> Result<()> {
        match key {
            "role" => {}
            "content" => self.content = pieces(value)?,
            "name" | "tool_name" => self.name = optional_text(key, value)?,
            "tool_call_id" => self.tool_call_id = optional_text(key, value)?,
            "is_error" => self.is_error = value.as_bool().unwrap_or(false),
            "tool_calls" => self.tool_calls = calls(value)?,
            "function_call" if value.is_object() => self.tool_calls.push(function(value)?),
            "mynah" => self.origin = origin(value),
            _ if value.is_null() => {}
            _ => drop(self.extra.insert(key.into(), value.clone())),
        }
        Ok(())
    }

    /// OpenAI's form again, with the origin in `mynah`.
    pub fn to_json(&self) -> Value {
        let mut out = Map::new();
        out.insert("role".into(), self.role.name().into());
        out.insert("content".into(), content_json(&self.content));
        if let Some(name) = &self.name {
            out.insert("name".into(), name.clone().into());
        }
        if let Some(id) = &self.tool_call_id {
            out.insert("tool_call_id".into(), id.clone().into());
        }
        if self.is_error {
            out.insert("is_error".into(), true.into());
        }
        if !self.tool_calls.is_empty() {
            let calls = self.tool_calls.iter().map(call_json).collect();
            out.insert("tool_calls".into(), calls);
        }
        out.extend(self.extra.clone());
        if let Some(origin) = &self.origin {
            out.insert("mynah".into(), origin.to_json());
        }
        out.into()
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

impl Origin {
    /// As it stands in a message.
    pub fn to_json(&self) -> Value {
        json!({
            "provider": self.provider,
            "model": self.model,
            "account": self.account,
            "blocks": self.blocks,
        })
    }
}

fn bad(reason: impl Into<String>) -> Error {
    Error::invalid("message", reason)
}

fn role(object: &Map<String, Value>) -> Result<Role> {
    let name = object.get("role").and_then(Value::as_str);
    Role::from_name(name.ok_or_else(|| bad("needs a role"))?)
}

fn optional_text(key: &str, value: &Value) -> Result<Option<String>> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        _ => Err(bad(format!("{key} must be a text"))),
    }
}

fn pieces(content: &Value) -> Result<Vec<Piece>> {
    match content {
        Value::Null => Ok(Vec::new()),
        Value::String(text) => {
            Ok(vec![Piece { part: Part::Text(text.clone()), cache_control: None }])
        }
        Value::Array(items) => items.iter().map(piece).collect(),
        _ => Err(bad("content must be a text, a list of parts or null")),
    }
}

fn piece(json: &Value) -> Result<Piece> {
    if let Value::String(text) = json {
        return Ok(Piece { part: Part::Text(text.clone()), cache_control: None });
    }
    let kind = json["type"].as_str().ok_or_else(|| bad("a part of content needs a type"))?;
    let part = match kind {
        "text" | "input_text" | "output_text" => {
            let text = json["text"].as_str().ok_or_else(|| bad("a text part needs text"))?;
            Part::Text(text.into())
        }
        "image_url" | "input_image" => image(json)?,
        "file" | "input_file" => document(json)?,
        _ => Part::Other(json.clone()),
    };
    Ok(Piece { part, cache_control: json.get("cache_control").cloned() })
}

fn image(json: &Value) -> Result<Part> {
    let place = &json["image_url"];
    let url = place.as_str().or_else(|| place["url"].as_str());
    let detail = place["detail"].as_str().or_else(|| json["detail"].as_str());
    let source = match (url, json["file_id"].as_str()) {
        (Some(url), _) => Source::from_url(url),
        (None, Some(id)) => Source::File(id.into()),
        _ => return Err(bad("an image part needs image_url.url")),
    };
    Ok(Part::Image(source, detail.map(Into::into)))
}

fn document(json: &Value) -> Result<Part> {
    let file = if json["file"].is_object() { &json["file"] } else { json };
    let name = file["filename"].as_str().map(Into::into);
    let source = if let Some(data) = file["file_data"].as_str() {
        match Source::from_url(data) {
            Source::Url(base64) => Source::Bytes { mime: "application/pdf".into(), base64 },
            source => source,
        }
    } else if let Some(url) = file["file_url"].as_str() {
        Source::from_url(url)
    } else if let Some(id) = file["file_id"].as_str() {
        Source::File(id.into())
    } else {
        return Err(bad("a file part needs file_data, file_url or file_id"));
    };
    Ok(Part::Document(source, name))
}

fn calls(json: &Value) -> Result<Vec<ToolCall>> {
    match json {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) => items.iter().map(call).collect(),
        _ => Err(bad("tool_calls must be a list")),
    }
}

fn call(json: &Value) -> Result<ToolCall> {
    let own = json.as_object().ok_or_else(|| bad("a tool call must be an object"))?;
    let mut call = match own.get("custom") {
        Some(custom) => ToolCall {
            name: custom["name"].as_str().unwrap_or_default().into(),
            arguments: custom["input"].as_str().unwrap_or_default().into(),
            ..ToolCall::default()
        },
        None => function(&json["function"])?,
    };
    call.id = json["id"].as_str().unwrap_or_default().into();
    for (key, value) in own {
        let known = matches!(key.as_str(), "id" | "function" | "custom" | "index")
            || key == "type" && value == "function";
        if !known && !value.is_null() {
            call.extra.insert(key.clone(), value.clone());
        }
    }
    Ok(call)
}

fn function(json: &Value) -> Result<ToolCall> {
    let name = json["name"].as_str().ok_or_else(|| bad("a tool call needs function.name"))?;
    let arguments = match &json["arguments"] {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        value => value.to_string(),
    };
    Ok(ToolCall { name: name.into(), arguments, ..ToolCall::default() })
}

fn origin(json: &Value) -> Option<Origin> {
    let text = |key: &str| json[key].as_str().unwrap_or_default().to_string();
    json.is_object().then(|| Origin {
        provider: text("provider"),
        model: text("model"),
        account: text("account"),
        blocks: json["blocks"].as_array().cloned().unwrap_or_default(),
    })
}

/// OpenAI's form of a content: null, one text, or a list of parts.
pub fn content_json(content: &[Piece]) -> Value {
    match content {
        [] => Value::Null,
        [Piece { part: Part::Text(text), cache_control: None }] => text.clone().into(),
        pieces => pieces.iter().map(piece_json).collect(),
    }
}

/// OpenAI's form of a part.
pub fn piece_json(piece: &Piece) -> Value {
    let mut json = match &piece.part {
        Part::Text(text) => json!({"type": "text", "text": text}),
        Part::Image(Source::File(id), _) => json!({"type": "image_url", "file_id": id}),
        Part::Image(source, detail) => {
            let mut image = json!({"url": source.to_url()});
            if let Some(detail) = detail {
                image["detail"] = detail.clone().into();
            }
            json!({"type": "image_url", "image_url": image})
        }
        Part::Document(source, name) => {
            let mut file = match source {
                Source::File(id) => json!({"file_id": id}),
                Source::Url(url) => json!({"file_url": url}),
                source => json!({"file_data": source.to_url()}),
            };
            if let Some(name) = name {
                file["filename"] = name.clone().into();
            }
            json!({"type": "file", "file": file})
        }
        Part::Other(json) => return json.clone(),
    };
    if let Some(mark) = &piece.cache_control {
        json["cache_control"] = mark.clone();
    }
    json
}

/// OpenAI's form of a call.
pub fn call_json(call: &ToolCall) -> Value {
    let mut json = if call.is_custom() {
        json!({"id": call.id, "type": "custom", "custom": {"name": call.name, "input": call.arguments}})
    } else {
        json!({
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        })
    };
    for (key, value) in &call.extra {
        json[key] = value.clone();
    }
    json
}
