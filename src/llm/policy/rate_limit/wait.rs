//! What somebody in line waits for, and the error of one who cannot wait so long.

use std::time::Duration;

use crate::error::{Bound, CallError, Error, Status};

/// What somebody in line waits for.
pub struct Wait {
    /// Time that passes first in any case.
    pub at_least_ns: u64,
    /// What makes it so long.
    pub slowest: Bound,
    /// Somebody else has to leave.
    pub for_others: bool,
    /// What is waited for; none if the others are just about to go.
    pub holds: Option<Bound>,
}

impl Wait {
    /// Whether there is nothing to wait for.
    pub fn is_over(&self) -> bool {
        self.at_least_ns == 0 && !self.for_others
    }

    /// Before when it is not over; 0: it may be at any time.
    pub fn over_at_ns(&self, now: u64) -> u64 {
        match self.at_least_ns {
            0 => 0,
            ns => now.saturating_add(ns),
        }
    }
}

/// The wait cannot end before the deadline.
pub fn too_late(wait: &Wait) -> Error {
    let (time, bound) = (Duration::from_nanos(wait.at_least_ns), wait.slowest);
    let raise = match bound {
        Bound::Provider => "it is the provider's own; raise timeout_ms".to_string(),
        bound => format!("raise {} or timeout_ms", bound.name()),
    };
    let ms = time.as_millis();
    let message =
        format!("the rate limit leaves room in {ms} ms, after the call's deadline: {raise}");
    let mut call = CallError::bounded(Status::RateLimited, bound, message);
    call.retry_after = Some(time);
    Error::Call(Box::new(call))
}
