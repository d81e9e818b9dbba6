//! An attempt that failed.

use crate::error::{Bound, CallError, Error, Status};
use crate::llm::cancel::Reason;
use crate::llm::failed::Failed;
use crate::llm::policy::retry::Facts;
use crate::llm::provider::errors::request_id;
use crate::llm::response::Response;
use crate::llm::transport::Head;

/// An attempt that failed.
pub(super) struct Broken {
    pub error: Error,
    pub facts: Facts,
    pub partial: Option<Box<Response>>,
}

impl Broken {
    pub fn new(error: Error, mut facts: Facts) -> Self {
        facts.status = Some(error.status());
        if let Error::Call(call) = &error {
            facts.retry_after = call.retry_after;
            facts.is_above_limit = call.status == Status::RateLimited && !call.retriable;
        }
        Broken { error, facts, partial: None }
    }

    /// Whether the provider has said that it does not answer: it has used no tokens.
    pub fn is_refusal(&self) -> bool {
        use Status::*;
        let is_error = self.facts.http_status.is_some_and(|status| !(200..300).contains(&status));
        let ends_unsaid = matches!(
            self.error.status(),
            Timeout
                | Cancelled
                | Closed
                | Stopped
                | Connection
                | Tls
                | Truncated
                | Protocol
                | TooLarge
        );
        is_error || !ends_unsaid
    }

    /// Ended by an interrupt instead.
    pub fn interrupted(self, reason: Reason) -> Self {
        Broken { error: reason.instead_of(&self.error), ..self }
    }

    /// Names the request by what the head of the answer calls it.
    pub fn name(&mut self, head: &Head) {
        let mut error = self.end();
        if let Error::Call(call) = &mut error {
            call.request_id = call.request_id.take().or_else(|| request_id(head));
        }
        self.error = error;
    }

    /// The error of a call that it ends, with the HTTP status.
    pub fn end(&self) -> Error {
        let mut call = match &self.error {
            Error::Call(call) => CallError::clone(call),
            Error::TooLarge { limit, .. } => {
                let bound = Bound::EventBytes;
                let message = format!("an event of the answer exceeds {} = {limit}", bound.name());
                CallError::bounded(Status::TooLarge, bound, message)
            }
            other => CallError::new(other.status(), other.to_string()),
        };
        call.http_status = call.http_status.or(self.facts.http_status);
        Error::Call(Box::new(call))
    }

    /// As the call's end.
    pub fn failed(self) -> Failed {
        Failed { error: self.end(), partial: self.partial }
    }
}
