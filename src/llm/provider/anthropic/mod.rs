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

use super::stream::reads;
use super::{Access, Chat, Prepared, Provider, send};
use crate::error::Result;

/// Anthropic's messages.
pub struct Anthropic;

impl Provider for Anthropic {
    fn write(&self, chat: &Chat) -> Result<Prepared> {
        let url = Access::of(chat.options).url("/messages")?;
        let (wanted, body) = write::body(chat)?;
        send::prepare(chat, wanted, url, body)
    }

    reads!(read::Decoder, sse);
}
