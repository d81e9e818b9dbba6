//! Whom a call asks: one client, or tiers of several.

use std::sync::Arc;

use super::cancel::Cancel;
use super::client::{Client, Failed};
use super::event::Sink;
use super::request::Request;
use super::response::Response;
use super::tiered::Tiered;

/// Who is asked.
#[derive(Clone)]
pub enum Asked {
    /// One client.
    Client(Arc<Client>),
    /// The tier that fits.
    Tiered(Arc<Tiered>),
}

impl Asked {
    /// Asks, and waits for the whole answer.
    pub fn chat(&self, request: &Request, cancel: Option<&Cancel>) -> Result<Response, Failed> {
        match self {
            Asked::Client(client) => client.chat(request, cancel),
            Asked::Tiered(tiered) => tiered.chat(request, cancel),
        }
    }

    /// Asks, and hands each event to `sink` as it arrives.
    pub fn chat_stream(
        &self,
        request: &Request,
        cancel: Option<&Cancel>,
        sink: &mut Sink<'_>,
    ) -> Result<Response, Failed> {
        match self {
            Asked::Client(client) => client.chat_stream(request, cancel, sink),
            Asked::Tiered(tiered) => tiered.chat_stream(request, cancel, sink),
        }
    }
}
