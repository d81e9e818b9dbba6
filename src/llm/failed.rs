//! How a call ends that does not end well.

use std::time::Duration;

use crate::error::{Bound, Error, Result, Status};
use crate::llm::cancel::Interrupt;
use crate::llm::response::Response;
use crate::llm::timing::not_within;

/// A call that did not end well.
#[derive(Debug)]
pub struct Failed {
    /// Why.
    pub error: Error,
    /// What had been delivered of the answer.
    pub partial: Option<Box<Response>>,
}

impl Failed {
    /// As the call ends: by its interrupt, if that came before anything was
    /// decided, and with what had been delivered only where that was cut short.
    pub(in crate::llm) fn settled(mut self, interrupt: &Interrupt) -> Self {
        if let Some(reason) = interrupt.reason() {
            self.error = reason.instead_of(&self.error);
        }
        let cut_short = matches!(
            self.error.status(),
            Status::Stopped | Status::Cancelled | Status::Timeout | Status::Truncated
        );
        self.partial.take_if(|_| !cut_short);
        self
    }

    /// Of a call whose whole time was this, of which its last part had what was left.
    pub(in crate::llm) fn within(&mut self, whole: Duration) {
        if let Error::Call(call) = &mut self.error
            && call.bound == Some(Bound::Total)
        {
            call.message = not_within(Bound::Total, whole.as_millis() as u64, "not finished");
        }
    }

    /// Of a request that had been sent so often when the call ended.
    pub(in crate::llm) fn after(mut self, attempts: u32) -> Self {
        if let Error::Call(call) = &mut self.error {
            call.attempts = call.attempts.max(attempts);
        }
        if let Some(partial) = &mut self.partial {
            partial.attempts = partial.attempts.max(attempts);
        }
        self
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Failed { error, partial: None }
    }
}

/// The answer, or what had arrived of it.
pub fn arrived(result: &mut Result<Response, Failed>) -> Option<&mut Response> {
    match result {
        Ok(response) => Some(response),
        Err(failed) => failed.partial.as_deref_mut(),
    }
}
