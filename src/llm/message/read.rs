//! How a message is read from OpenAI's form.
//!
//! What is wrong in it is an error of the caller's; what is not known of a
//! message stays in `extra`, and of its content in [`Part::Other`].

use serde_json::{Map, Value};

use super::{Message, Origin, Part, Piece, Role, Source, ToolCall};
use crate::error::{Error, Result};
use crate::llm::json::{Json, has_long_number};

impl Message {
    /// Reads OpenAI's form.
    pub fn from_json(json: &Value) -> Result<Message> {
        let object = json.as_object().ok_or_else(|| bad("must be an object"))?;
        let mut message = Message::empty(role(object)?);
        for (key, value) in object {
            message.read(key, value)?;
        }
        Ok(message)
    }

    /// Gives calls whose arguments came as an object the digits that its tree has lost;
    /// `json` is what the message was read from.
    pub fn restore_digits(&mut self, json: &Json) {
        let arguments = |call: &Json| match call.at(&["function", "arguments"]) {
            Json::Given(text) if has_long_number(text) => Some(text.to_string()),
            _ => None,
        };
        let tree = |text: &str| serde_json::from_str::<Value>(text).ok();
        for (call, json) in self.tool_calls.iter_mut().zip(json.get("tool_calls").items()) {
            if let Some(text) = arguments(json).filter(|text| tree(text) == tree(&call.arguments)) {
                call.arguments = text;
            }
        }
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
            "mynah" => self.origin = origin(value).map(Box::new),
            _ if value.is_null() => {}
            _ => drop(self.extra.insert(key.into(), value.clone())),
        }
        Ok(())
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
        Value::String(text) => Ok(vec![Part::Text(text.clone()).into()]),
        Value::Array(items) => items.iter().map(piece).collect(),
        _ => Err(bad("content must be a text, a list of parts or null")),
    }
}

/// A part without its mark for the prompt cache, which the piece has.
fn without_mark(json: &Value) -> Value {
    let mut part = json.clone();
    if let Value::Object(members) = &mut part {
        members.shift_remove("cache_control");
    }
    part
}

fn piece(json: &Value) -> Result<Piece> {
    if let Value::String(text) = json {
        return Ok(Part::Text(text.clone()).into());
    }
    let kind = json["type"].as_str().ok_or_else(|| bad("a part of content needs a type"))?;
    let part = match kind {
        "text" | "input_text" | "output_text" => {
            let text = json["text"].as_str().ok_or_else(|| bad("a text part needs text"))?;
            Part::Text(text.into())
        }
        "image_url" | "input_image" => image(json)?,
        "file" | "input_file" => document(json)?,
        _ => Part::Other(without_mark(json)),
    };
    let (extra, within) = match kind {
        "text" | "image_url" | "file" => (unread(json, &READ), within(json)),
        "input_text" => (unread(json, &READ), Map::new()),
        // Nothing is nested there, and an image has its detail itself.
        "input_image" => (unread(json, &[&READ[..], &["detail"]].concat()), Map::new()),
        "input_file" => (unread(json, &[READ, READ_OF_FILES].concat()), Map::new()),
        _ => (Map::new(), Map::new()),
    };
    let (cache_control, in_data) = (json.get("cache_control").cloned(), has_data(json));
    Ok(Piece { part, cache_control, in_data, extra, within })
}

/// What is read of a part.
const READ: [&str; 6] = ["type", "text", "image_url", "file", "file_id", "cache_control"];
/// What is read of a file, in the part or one level down.
const READ_OF_FILES: [&str; 6] =
    ["filename", "file_data", "file_url", "file_id", "type", "cache_control"];

/// Where a file may be: the first that is said holds.
const PLACES: [&str; 3] = ["file_data", "file_url", "file_id"];

/// The members of an object that say something and are not read.
fn unread(json: &Value, read: &[&str]) -> Map<String, Value> {
    let members = json.as_object().into_iter().flatten();
    let others = members.filter(|(key, value)| !read.contains(&key.as_str()) && !value.is_null());
    others.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// What an image or a file has one level down beside what is read of it.
fn within(json: &Value) -> Map<String, Value> {
    let mut within = unread(&json["image_url"], &["url", "detail"]);
    let file = unread(&json["file"], &["filename", "type", "cache_control"]);
    // Only the first place that a file names is read.
    let place = PLACES.into_iter().find(|place| json["file"][place].is_string());
    within.extend(file.into_iter().filter(|(key, _)| Some(key.as_str()) != place));
    within
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

/// What is said of a document, in the part or one level down.
fn file(json: &Value) -> &Value {
    if json["file"].is_object() { &json["file"] } else { json }
}

fn has_data(json: &Value) -> bool {
    file(json)["file_data"].is_string()
}

fn document(json: &Value) -> Result<Part> {
    let file = file(json);
    let name = file["filename"].as_str().filter(|name| !name.is_empty()).map(Into::into);
    let source = if let Some(data) = file["file_data"].as_str() {
        match Source::from_url(data) {
            Source::Url(base64) if !base64.contains("://") => {
                Source::Bytes { mime: "application/pdf".into(), base64 }
            }
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
            within: unread(custom, &["name", "input"]),
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
    let within = unread(json, &["name", "arguments"]);
    Ok(ToolCall { name: name.into(), arguments, within, ..ToolCall::default() })
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
