//! A vendor's refusal, as one status.
//!
//! Envelopes differ (an object, a text, a list, a bare `message`), but all hold
//! some of the same [`facts`]. What they [mean](meaning) is told by code and
//! type, then by quota id and HTTP status. The words of a message decide only
//! where a vendor gives nothing else.

use super::Context;
use crate::error::{CallError, Error, Status};
use crate::llm::json::Json;
use crate::llm::transport::Head;
use facts::{Facts, is_numbered, named_error, states_failure};

mod facts;
mod labels;
mod meaning;
mod scrub;
mod words;

/// Reads an answer with an error status.
pub fn read(context: &Context, head: &Head, body: &[u8]) -> CallError {
    // Some write their words in another encoding than the rest.
    let text = String::from_utf8_lossy(body);
    let facts = match Json::parse(event_of(text.as_bytes())) {
        Ok(json) => Facts::of(&json),
        Err(_) => Facts::of_words(words_of(&text)),
    };
    facts.error(context, head, head.status)
}

/// The data of a body that is a single event, as some hosts refuse a stream.
fn event_of(body: &[u8]) -> &[u8] {
    let is_data = |line: &&[u8]| {
        let others = [&b"event:"[..], b"id:", b"retry:", b":"];
        !line.is_empty() && !others.iter().any(|field| line.starts_with(field))
    };
    let mut lines = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    lines.find(is_data).and_then(|line| line.strip_prefix(b"data:")).unwrap_or(body)
}

/// The error inside an answer whose status is fine, if there is one. `name` is
/// the type of the event that it came in.
pub fn inside(context: &Context, head: &Head, name: &[u8], json: &Json) -> Option<Error> {
    let json = json.items().first().unwrap_or(json);
    let choices = json.get("choices").items();
    let states = |json: &Json| match json.get("error") {
        // Some hosts say with an empty object that there is none.
        Json::Object(members) => !members.is_empty() || choices.is_empty(),
        error => error.word().is_some(),
    };
    if states(json) || choices.is_empty() && is_bare(name, json) || name == b"error" {
        return Some(stated_in(context, head, json));
    }
    // Words alone are an error if they say so, and may else be news.
    if let Some(error) = of_words(context, head, json)
        && error.status() != Status::Server
    {
        return Some(error);
    }
    let failed = choices.iter().find(|choice| states(choice))?;
    Some(stated_in(context, head, failed))
}

/// Whether an object without a member `error` is one.
fn is_bare(name: &[u8], json: &Json) -> bool {
    let kind = json.get("type").text();
    json.get("object").text() == Some("error")
        || states_failure(json)
        || named_error(json).is_some()
        || kind == Some("error")
        || name == b"error"
        || kind.is_none() && is_numbered(json)
}

/// The error that this JSON is if no answer comes: there is nothing but a message in
/// it, as gateways write.
pub fn of_words(context: &Context, head: &Head, json: &Json) -> Option<Error> {
    (json.members().len() == 1).then(|| of_last_words(context, head, json)).flatten()
}

/// The error that this JSON is if an answer breaks off after it: a message, and perhaps
/// the id of the request, as Cohere has it, or a list of no answers.
pub fn of_last_words(context: &Context, head: &Head, json: &Json) -> Option<Error> {
    let is_beside = |name: &str, json: &Json| match name {
        "id" | "request_id" => true,
        "choices" => matches!(json, Json::Array(items) if items.is_empty()),
        _ => false,
    };
    let mut members = json.members().iter().filter(|(name, json)| !is_beside(name, json));
    let (Some((name, words)), None) = (members.next(), members.next()) else { return None };
    let is_message = matches!(name.as_ref(), "message" | "detail") && words.word().is_some();
    is_message.then(|| stated_in(context, head, json))
}

/// The error that this JSON is, where an answer is something else: it says more than
/// words, which [`of_words`] is for.
pub fn instead(context: &Context, head: &Head, json: &Json) -> Option<Error> {
    let facts = Facts::of(json);
    let says = !facts.message.is_empty() || facts.http.is_some();
    let is_news = of_words(context, head, json).is_some();
    (says && !is_news).then(|| stated_in(context, head, json))
}

/// The error that this JSON states, with its own status.
pub fn stated_in(context: &Context, head: &Head, json: &Json) -> Error {
    let facts = Facts::of(json);
    let http = facts.http.unwrap_or(0);
    Error::Call(Box::new(facts.error(context, head, http)))
}

/// The error that these words state, of which the vendor says nothing else.
pub fn in_words(context: &Context, head: &Head, words: &str) -> Error {
    let error = Facts::of_words(words).error(context, head, 0);
    Error::Call(Box::new(error))
}

/// The error of a plain answer in which there is no answer.
pub fn nothing_in(context: &Context, head: &Head, json: &Json) -> Error {
    let facts = Facts::of(json);
    if facts.message.is_empty() {
        return with_head(head, Status::Protocol, "the provider sent JSON that holds no answer");
    }
    let http = facts.http.unwrap_or(0);
    Error::Call(Box::new(facts.error(context, head, http)))
}

/// An error of this status, with what the head says.
pub fn with_head(head: &Head, status: Status, message: impl Into<String>) -> Error {
    let mut error = CallError::new(status, message);
    error.http_status = (head.status != 0).then_some(head.status);
    error.request_id = request_id(head);
    Error::Call(Box::new(error))
}

/// The error of a provider that has begun an answer and failed, without saying why.
pub fn given_up(head: &Head) -> Error {
    given_up_for(head, "")
}

/// Likewise of one that says no more of it than this word.
pub fn given_up_for(head: &Head, word: &str) -> Error {
    let status = labels::by_label(&labels::bare(word)).unwrap_or(Status::Server);
    with_head(head, status, "the provider gave the answer up")
}

/// A body that is no JSON: its text, unless it is a web page.
fn words_of(text: &str) -> &str {
    let text = text.trim();
    if text.starts_with('<') { "" } else { text }
}

/// The provider's id of a request.
pub fn request_id(head: &Head) -> Option<String> {
    const NAMES: &[&str] = &[
        "x-request-id",
        "request-id",
        "x-oai-request-id",
        "x-ds-trace-id",
        "x-debug-trace-id",
        "x-siliconcloud-trace-id",
        "msh-request-id",
        "x-goog-request-id",
        "apim-request-id",
        "x-amzn-requestid",
        "mistral-correlation-id",
        "x-trace-id",
        "x-litellm-call-id",
        "minimax-request-id",
        "x-generation-id",
        "x-kong-request-id",
        // The network's in front of many hosts, where they have none.
        "cf-ray",
    ];
    NAMES.iter().find_map(|name| head.headers.get(name)).map(Into::into)
}
