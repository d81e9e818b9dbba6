//! What is known of a call to a provider that has failed.

use std::time::Duration;

use super::{Bound, Status};

/// The facts of a failed call to a provider.
#[derive(Debug, Clone, PartialEq)]
pub struct CallError {
    /// The kind of failure.
    pub status: Status,
    /// One sentence, lower case; the provider's own words where it gave some.
    pub message: String,
    /// HTTP status of the last answer, if there was one; of a failure inside an answer
    /// that began well, the one that it states itself, if it does.
    pub http_status: Option<u16>,
    /// The provider's error code or type, verbatim.
    pub provider_code: Option<String>,
    /// Its type beside the code, where it says both: Google's status.
    pub provider_type: Option<String>,
    /// The provider's request id.
    pub request_id: Option<String>,
    /// Whether the same call may succeed later.
    pub retriable: bool,
    /// How long the provider asks to wait.
    pub retry_after: Option<Duration>,
    /// Requests sent, or tried.
    pub attempts: u32,
    /// What ended the call, where a bound did.
    pub bound: Option<Bound>,
}

impl CallError {
    /// A failure with a status and a message, and nothing else known.
    pub fn new(status: Status, message: impl Into<String>) -> Self {
        use Status::*;
        CallError {
            status,
            message: message.into(),
            http_status: None,
            provider_code: None,
            provider_type: None,
            request_id: None,
            retriable: matches!(
                status,
                Timeout
                    | Connection
                    | RateLimited
                    | Overloaded
                    | Server
                    | Truncated
                    | CircuitOpen
                    | Io
            ),
            retry_after: None,
            attempts: 0,
            bound: None,
        }
    }

    /// A call that a bound has ended.
    pub fn bounded(status: Status, bound: Bound, message: impl Into<String>) -> Self {
        CallError { bound: Some(bound), ..CallError::new(status, message) }
    }
}
