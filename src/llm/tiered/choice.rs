//! Which tier a request goes to, and whether another follows it.

use super::Tiered;
use crate::error::{Error, Status};
use crate::llm::complexity;
use crate::llm::message::Message;
use crate::llm::request::Request;

impl Tiered {
    /// The tier of a request, and whether it may not leave it.
    pub(super) fn choose(&self, request: &Request) -> (usize, bool) {
        if let Some(place) = self.pending(request) {
            return (place, true);
        }
        let callback = self.complexity.lock().clone();
        let given = callback.map_or(f64::NAN, |complexity| complexity(request));
        let complexity = if given.is_nan() { complexity::estimate(request) } else { given };
        (self.fitting(complexity), false)
    }

    /// The tier for so much complexity.
    pub(super) fn fitting(&self, complexity: f64) -> usize {
        let place = (complexity.clamp(0.0, 1.0) * self.tiers.len() as f64) as usize;
        place.min(self.tiers.len() - 1)
    }

    /// The tier that waits for a tool's result.
    pub(super) fn pending(&self, request: &Request) -> Option<usize> {
        self.called.pending(request, |asked| self.of_origin(asked))
    }

    /// The tiers that an assistant's message can have come from: of those with its
    /// model the ones of the same account, if that has not got a new key.
    pub(super) fn of_origin(&self, asked: &Message) -> Vec<usize> {
        let Some(origin) = &asked.origin else { return Vec::new() };
        let is_origin: Vec<_> = self.tiers.iter().map(|t| t.client.is_origin(origin)).collect();
        let any_own = is_origin.iter().any(|(_, same_account)| *same_account);
        let fits = |(model, account): &(bool, bool)| if any_own { *account } else { *model };
        (0..self.tiers.len()).filter(|&place| fits(&is_origin[place])).collect()
    }

    pub(super) fn falls_back(&self, error: &Error) -> bool {
        use Status::*;
        // Such as a conflict, which is no fault of the request's.
        let may_be_sent_again = matches!(error, Error::Call(call) if call.retriable);
        match error.status() {
            status if is_the_callers(status) => false,
            BadRequest if may_be_sent_again => true,
            BadRequest | Authentication | Permission | ContentFilter => self.fallback_on_refusal,
            Timeout | Connection | Tls | RateLimited | QuotaExhausted | Overloaded | Server
            | Truncated | Protocol | CircuitOpen | ContextLength | ModelNotFound => true,
            _ => false,
        }
    }
}

/// Whether the caller has ended the call.
pub(super) fn is_the_callers(status: Status) -> bool {
    matches!(status, Status::Cancelled | Status::Stopped | Status::Closed)
}
