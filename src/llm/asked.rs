//! Whom a call asks: one client, or tiers of several.

use std::sync::Arc;
use std::time::Duration;

use crate::error::Error;

use super::call::Calls;
use super::cancel::Cancel;
use super::client::Client;
use super::event::Sink;
use super::failed::Failed;
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
    /// Asks, and waits for the end; hands each event to `sink`, if there is one, as it
    /// arrives. The call has stood in line for so long.
    pub fn ask(
        &self,
        request: &Request,
        cancel: Option<&Cancel>,
        sink: Option<&mut Sink<'_>>,
        waited: Duration,
    ) -> Result<Response, Failed> {
        match self {
            Asked::Client(client) => client.ask(request, cancel, sink, waited),
            Asked::Tiered(tiered) => tiered.ask(request, cancel, sink, waited),
        }
    }

    /// The calls of whom is asked.
    pub(super) fn calls(&self) -> &Calls {
        match self {
            Asked::Client(client) => &client.calls,
            Asked::Tiered(tiered) => &tiered.calls,
        }
    }

    /// Counts calls that have ended after standing in line for so long, and tells of
    /// them.
    pub fn ended_in_line(&self, requests: &[Arc<Request>], waited: Duration, error: &Error) {
        for request in requests {
            match self {
                Asked::Client(client) => client.ended_in_line(request, waited, error),
                Asked::Tiered(tiered) => tiered.ended_in_line(request, waited, error),
            }
        }
    }

    /// How long a call of this request may stand in a queue's line.
    pub fn time_of(&self, request: &Request) -> Duration {
        match self {
            Asked::Client(client) => client.time_of(request),
            Asked::Tiered(tiered) => tiered.time_of(request),
        }
    }
}
