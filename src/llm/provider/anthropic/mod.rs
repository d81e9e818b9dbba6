//! Anthropic's messages.
//!
//! A message is a list of blocks, and what the model thought comes back signed:
//! the blocks of an answer are kept as received and sent back unchanged.

mod block;
mod content;
mod fallback;
mod fees;
mod read;
mod refused;
mod system;
mod tools;
mod turns;
mod usage;
mod write;

use super::stream::{Stream, plain};
use super::{Access, Chat, Context, Prepared, Provider, StreamDecoder, send};
use crate::error::Result;
use crate::llm::response::Response;
use crate::llm::transport::Head;

/// Anthropic's messages.
pub struct Anthropic;

impl Provider for Anthropic {
    fn write(&self, chat: &Chat) -> Result<Prepared> {
        let url = Access::of(chat.options).url("/messages")?;
        let (wanted, body) = write::body(chat)?;
        send::prepare(chat, wanted, url, body)
    }

    fn reply(&self, context: &Context, head: &Head, body: &[u8]) -> Result<Response> {
        plain(read::Decoder::default(), context, head, body)
    }

    fn stream(&self, context: &Context, head: &Head) -> Box<dyn StreamDecoder> {
        Box::new(Stream::sse(read::Decoder::default(), context, head))
    }
}
