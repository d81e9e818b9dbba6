//! What the mock understands and how it answers: one file per dialect.
//!
//! A dialect is chosen by the path of the request. It reads the request into
//! an [`Ask`], and writes an [`Answer`] in its vendor's form, whole or as the
//! events of a stream. None of them knows about sockets.

mod anthropic;
mod cohere;
mod embeddings;
mod gemini;
mod ollama;
mod openai;
mod responses;

use serde_json::Value;

use super::answer::{Answer, Ask};
use crate::object::json;

/// One vendor's form of requests and answers.
pub(super) trait Dialect: Sync {
    /// Reads a request; `path` has the query.
    fn ask(&self, path: &str, body: &Value) -> Ask;

    /// A whole answer.
    fn plain(&self, ask: &Ask, answer: &Answer) -> Value;

    /// The events of a stream, framed.
    fn stream(&self, ask: &Ask, answer: &Answer) -> Vec<String>;

    /// How many of the last events make a stream complete.
    fn endings(&self, ask: &Ask) -> usize;

    /// The vendor's form of an error.
    fn error(&self, status: u16, message: &str) -> Value;

    /// An error in the middle of a stream, framed.
    fn stream_error(&self) -> String {
        sse(&self.error(500, "the mock was asked to fail in mid-stream"))
    }

    /// The type of a stream's body.
    fn stream_type(&self) -> &'static str {
        "text/event-stream"
    }
}

/// What answers requests to a path.
pub(super) enum Route {
    /// A conversation.
    Chat(&'static dyn Dialect),
    /// Embeddings, in the form of [`embeddings::answer`].
    Embed(embeddings::Form),
}

pub(super) use embeddings::{Form, answer as embed};

/// The route of a path. Where the path leaves it open whether Cohere or Ollama
/// is meant, Cohere is the one that needs a key.
pub(super) fn route(path: &str, has_key: bool) -> Option<Route> {
    let path = path.split('?').next().unwrap_or(path);
    let ends = |suffix| path.ends_with(suffix);
    Some(match () {
        () if ends("/chat/completions") => Route::Chat(&openai::OpenAi),
        () if ends("/responses") => Route::Chat(&responses::Responses),
        () if ends("/messages") => Route::Chat(&anthropic::Anthropic),
        () if path.contains("enerateContent") => Route::Chat(&gemini::Gemini),
        () if ends("/v2/chat") => Route::Chat(&cohere::Cohere),
        () if ends("/api/chat") => Route::Chat(&ollama::Ollama),
        () if ends("/chat") && has_key => Route::Chat(&cohere::Cohere),
        () if ends("/chat") => Route::Chat(&ollama::Ollama),
        () if ends("/embeddings") => Route::Embed(Form::OpenAi),
        () if ends(":batchEmbedContents") => Route::Embed(Form::Gemini),
        () if ends("/v2/embed") => Route::Embed(Form::Cohere),
        () if ends("/api/embed") => Route::Embed(Form::Ollama),
        () if ends("/embed") && has_key => Route::Embed(Form::Cohere),
        () if ends("/embed") => Route::Embed(Form::Ollama),
        () => return None,
    })
}

/// A request as most write it: messages with roles, and tools that are functions.
fn conversation(body: &Value) -> Ask {
    Ask {
        model: text(&body["model"]),
        prompt: texts(&body["messages"]),
        last: last_of_user(&body["messages"], "role"),
        tools: names(&body["tools"], "/function/name"),
        stream: body["stream"] == true,
        usage: true,
        max_tokens: body["max_tokens"].as_u64(),
        n: 1,
    }
}

/// A data line and its end.
fn sse(value: &Value) -> String {
    format!("data: {value}\n\n")
}

/// An event with a name.
fn named(name: &str, value: &Value) -> String {
    format!("event: {name}\ndata: {value}\n\n")
}

/// All text in a message or a list of them, whatever its form.
fn texts(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            items.iter().map(texts).filter(|t| !t.is_empty()).collect::<Vec<_>>().join("\n")
        }
        Value::Object(fields) => ["text", "content", "parts"]
            .iter()
            .filter_map(|key| fields.get(*key))
            .map(texts)
            .collect::<Vec<_>>()
            .join("\n"),
        _ => String::new(),
    }
}

/// The text of the last message, unless it is not the user's.
fn last_of_user(messages: &Value, role: &str) -> String {
    let last = messages.as_array().and_then(|m| m.last());
    last.filter(|m| m[role] == "user").map(texts).unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_string()
}

/// The names at a pointer in each item of a list.
fn names(list: &Value, pointer: &str) -> Vec<String> {
    let items = list.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(|i| i.pointer(pointer)?.as_str().map(str::to_string)).collect()
}

/// `arguments` as the object it is.
fn object(arguments: &str) -> Value {
    serde_json::from_str(arguments).unwrap_or_else(|_| json!({}))
}

/// Two halves of a text, so that streams have something to put together.
fn halves(text: &str) -> [&str; 2] {
    let (a, b) = text.split_at(text.floor_char_boundary(text.len() / 2));
    [a, b]
}

/// The status of an error as OpenAI and Anthropic name its type.
fn error_type(status: u16) -> &'static str {
    match status {
        400 => "invalid_request_error",
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        _ => "api_error",
    }
}
