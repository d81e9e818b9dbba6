//! What is told of a call, and of a request to the provider, at its end.

use crate::error::{Bound, Error, Status};
use crate::llm::response::Usage;

/// The facts of one ended call.
#[derive(Debug, Default)]
pub struct Ended {
    /// How it ended, unless well.
    pub failure: Option<Status>,
    /// The bound that ended it, if one did.
    pub bound: Option<Bound>,
    /// Whether it broke off after something had been delivered.
    pub cut: bool,
    /// Whole time.
    pub total_ns: u64,
    /// From the start to the first content.
    pub first_token_ns: Option<u64>,
    /// Time spent waiting for the network, for limits, in a queue's line, and in
    /// callbacks.
    pub outside_ns: u64,
    /// The part of it in a queue's line, of a call that was submitted to one.
    pub in_line_ns: Option<u64>,
    /// The model that was asked for, once that is known.
    pub model: Option<String>,
    /// What it cost, in USD, as far as that is known: nothing where no provider
    /// was asked.
    pub cost_usd: Option<f64>,
    /// Answered by the response cache; none if it was not asked.
    pub cache_hit: Option<bool>,
    /// By one that is past its time.
    pub stale: bool,
    /// Answered by another call's request.
    pub coalesced: bool,
    /// What was not spent again, in USD.
    pub saved_usd: Option<f64>,
}

impl Ended {
    /// It ended with an error, after something had been `delivered` or not.
    pub fn failed(&mut self, error: &Error, delivered: bool) {
        (self.failure, self.bound) = (Some(error.status()), error.bound());
        self.cut = delivered && error.status() == Status::Truncated;
    }
}

/// Whether a call has failed: not one that ended by the caller's wish, or found
/// nothing where it wanted nothing else.
pub fn is_failure(status: Status) -> bool {
    !matches!(status, Status::Ok | Status::Cancelled | Status::Stopped | Status::NotFound)
}

/// What a request to the provider has cost, however many calls it served.
#[derive(Debug, Default)]
pub struct Spent {
    /// Requests sent.
    pub attempts: u64,
    /// Time waited for the rate limits.
    pub queued_ns: u64,
    /// What for, as far as that is known, and how many ns each.
    pub waits: Vec<(Bound, u64)>,
    /// Kept connections that turned out to be closed.
    pub stale: u64,
    /// When the last attempt began: nothing is generated while a call waits.
    pub began_ns: u64,
    /// Tokens, if there was an answer.
    pub usage: Option<Usage>,
    /// Cost in USD, if known.
    pub cost_usd: Option<f64>,
}

impl Spent {
    /// Adds a wait for the rate limits.
    pub fn waited(&mut self, ns: u64, waits: &[(Bound, u64)]) {
        self.queued_ns += ns;
        self.waits.extend(waits);
    }
}
