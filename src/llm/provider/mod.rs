//! Dialects: a chat to bytes, bytes to an answer.
//!
//! A provider is pure: it opens no socket, reads no clock, retries nothing.
//! [`Provider::prepare`] writes a request, and notes in a [`Context`] what
//! reading the answer will need. Plain answers and streams are read by the same
//! code into one form (see [`super::assemble`]). Hosts that speak the same
//! dialect are rows of [`hosts`], not copies; another dialect is a module of its
//! own with a line in [`provider_for`], and a row for its host.

use std::ops::Range;

use serde_json::{Map, Value};

pub use super::context::Context;
use super::events::Events;
use super::message::Message;
use super::request::Request;
use super::response::Response;
use super::transport::{Head, HttpRequest};
use crate::error::{CallError, Result};
use crate::options::client::ClientOptions;
use crate::options::{Origin, Resolved};

mod access;
mod alike;
pub mod anthropic;
mod by_model;
mod calls;
pub mod cohere;
pub mod embed;
pub mod errors;
mod exact;
pub mod finish;
pub mod gemini;
pub mod hosts;
mod lost;
pub mod models;
mod offer;
pub mod ollama;
pub mod openai_chat;
pub mod openai_responses;
mod schemas;
mod send;
mod stream;
mod usage;
mod values;
pub mod waits;
pub mod wanted;

pub use access::Access;

/// A chat to be sent.
#[derive(Clone, Copy)]
pub struct Chat<'a> {
    /// What is asked.
    pub request: &'a Request,
    /// The client's options with the request's laid over them.
    pub options: &'a Resolved<ClientOptions>,
    /// Whether the answer is to come as a stream.
    pub stream: bool,
}

impl Chat<'_> {
    /// Whether the caller set this option, on the client or on the call.
    pub fn is_explicit(&self, key: &str) -> bool {
        matches!(self.options.origin(key), Ok(Origin::Explicit | Origin::Call))
    }
}

/// A request that is ready to be sent.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The request.
    pub http: HttpRequest,
    /// Where the body's own fields stand in it, name and value each.
    pub fields: Vec<Range<usize>>,
    /// What was left out or changed, a sentence each.
    pub adjusted: Vec<String>,
    /// For reading the answer.
    pub context: Context,
}

/// A dialect.
pub trait Provider: Send + Sync {
    /// Writes the request, or says why this provider cannot take it.
    fn prepare(&self, chat: &Chat) -> Result<Prepared> {
        let (request, left_out) =
            calls::without_strays(chat.request, |message| self.sends_items(chat, message));
        let mut prepared = self.write(&Chat { request: &request, ..*chat })?;
        prepared.adjusted.extend(left_out);
        Ok(prepared)
    }

    /// The same of a conversation in which each result has its call.
    fn write(&self, chat: &Chat) -> Result<Prepared>;

    /// Whether the items of a message go out that are neither text nor call.
    fn sends_items(&self, chat: &Chat, message: &Message) -> bool {
        let _ = (chat, message);
        false
    }

    /// Writes a request for embeddings from OpenAI's form.
    fn embed_prepare(
        &self,
        options: &Resolved<ClientOptions>,
        json: &Map<String, Value>,
    ) -> Result<Prepared> {
        let _ = json;
        Err(embed::none(&options.values.provider))
    }

    /// Reads a plain answer with a 2xx status. An error inside is that error.
    fn reply(&self, context: &Context, head: &Head, body: &[u8]) -> Result<Response>;

    /// Reads an answer with another status.
    fn error(&self, context: &Context, head: &Head, body: &[u8]) -> CallError {
        errors::read(context, head, body)
    }

    /// Reads a plain answer to a request for embeddings, into OpenAI's form.
    fn embed_reply(&self, context: &Context, head: &Head, body: &[u8]) -> Result<Value> {
        let _ = (head, body);
        Err(embed::none(context.provider))
    }

    /// A decoder for one stream with a 2xx status.
    fn stream(&self, context: &Context, head: &Head) -> Box<dyn StreamDecoder>;
}

/// Turns a stream's bytes into events, whatever way they are cut.
pub trait StreamDecoder: Send {
    /// Takes the next bytes. An error inside the stream is that error; the
    /// events before it are told.
    fn feed(&mut self, bytes: &[u8]) -> Result<()>;

    /// The events that are to be delivered.
    fn events(&mut self) -> &mut Events;

    /// Whether the stream's own end mark has been read: nothing that follows
    /// matters, and the body need not be waited for.
    fn is_complete(&self) -> bool;

    /// The end of the body: `TRUNCATED` unless the answer was complete.
    fn finish(&mut self) -> Result<()>;

    /// The end of what comes of a body that has none. A provider's word for the end
    /// counts as in [`StreamDecoder::finish`], but not if the answer went on after it.
    fn break_off(&mut self) -> Result<()>;

    /// Whether nothing is missing if no more comes, though no end mark was read.
    fn is_whole(&self) -> bool;

    /// What has been put together so far; taken once.
    fn response(&mut self) -> Response;
}

/// The dialect in which a chat is spoken.
pub fn provider_for(options: &ClientOptions, request: &Request) -> &'static dyn Provider {
    match options.provider.as_str() {
        "anthropic" => &anthropic::Anthropic,
        "gemini" => &gemini::Gemini,
        "cohere" => &cohere::Cohere,
        "ollama" => &ollama::Ollama,
        _ if openai_responses::is_needed(options, request) => &openai_responses::OpenAiResponses,
        _ => &openai_chat::OpenAiChat,
    }
}
