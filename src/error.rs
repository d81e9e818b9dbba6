//! One error type for the crate, and the stable status codes it maps to.
//!
//! [`Status`] holds the numbers that C sees; they never change and are never
//! reused. [`Error`] says what happened in words a caller can act on: it names
//! the option, the value and the range, and never contains a key or a prompt.
//! What a call to a provider can end with is one variant, [`Error::Call`],
//! because all those endings carry the same facts (HTTP status, request id,
//! how long to wait) whatever their status.

mod bound;
mod call;
mod status;

use std::fmt;

use serde_json::json;

pub use bound::Bound;
pub use call::CallError;
pub use status::Status;

/// What went wrong; [`Error::status`] is the stable number.
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// The named pointer was null.
    NullArgument(&'static str),
    /// The handle of the named type is freed, foreign or invented.
    InvalidHandle(&'static str),
    /// A handle made before `fork`, used in the child.
    Forked(&'static str),
    /// A malformed argument: its name, and what would be right.
    InvalidArgument {
        /// Parameter or option.
        name: String,
        /// What is wrong with it and what would do.
        reason: String,
    },
    /// A value outside its range.
    OutOfRange {
        /// Parameter or option.
        key: String,
        /// The value as it was given.
        given: String,
        /// The range in words.
        allowed: String,
    },
    /// No such option; `near` is the closest name there is.
    UnknownOption {
        /// The name as it was given.
        key: String,
        /// A likely spelling.
        near: Option<&'static str>,
    },
    /// A name that each call has, given to what makes them.
    OfOneCall(String),
    /// No live entry under the key.
    NotFound,
    /// Does not fit: needed and available bytes.
    TooLarge {
        /// What does not fit.
        what: &'static str,
        /// Bytes needed.
        needed: u64,
        /// Bytes there are.
        limit: u64,
    },
    /// A contended shard was not free within `max_retries * retry_delay_ms`.
    Busy,
    /// The named object has been closed.
    Closed(&'static str),
    /// A file error: what was being done, and the system's words.
    Io(String),
    /// A file or message is not in the form it must have.
    Protocol(String),
    /// A panic caught at the boundary.
    Panic(String),
    /// A failure of the library's own.
    Internal(String),
    /// A call to a provider ended without an answer.
    Call(Box<CallError>),
}

impl Error {
    /// A call that ended with `status`.
    pub fn call(status: Status, message: impl Into<String>) -> Self {
        Error::Call(Box::new(CallError::new(status, message)))
    }

    /// A call that a bound has ended.
    pub fn bounded(status: Status, bound: Bound, message: impl Into<String>) -> Self {
        Error::Call(Box::new(CallError::bounded(status, bound, message)))
    }

    /// What ended the call, where a bound did.
    pub fn bound(&self) -> Option<Bound> {
        match self {
            Error::Call(call) => call.bound,
            _ => None,
        }
    }

    /// A malformed argument.
    pub fn invalid(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Error::InvalidArgument { name: name.into(), reason: reason.into() }
    }

    /// The same about another name: what stands for the argument's value.
    pub fn of(mut self, other: &str) -> Self {
        if let Error::InvalidArgument { name, .. } | Error::OutOfRange { key: name, .. } = &mut self
        {
            *name = other.into();
        }
        self
    }

    /// Its facts as JSON; null is what is not known.
    pub fn to_json(&self) -> serde_json::Value {
        let call = match self {
            Error::Call(call) => Some(call),
            _ => None,
        };
        json!({
            "status": self.status().name(),
            "message": self.to_string(),
            "http_status": call.and_then(|c| c.http_status),
            "provider_code": call.and_then(|c| c.provider_code.as_deref()),
            "provider_type": call.and_then(|c| c.provider_type.as_deref()),
            "request_id": call.and_then(|c| c.request_id.as_deref()),
            "retriable": call.map_or(matches!(self, Error::Busy), |c| c.retriable),
            "retry_after_ms": call.and_then(|c| c.retry_after).map(|d| d.as_millis() as u64),
            "attempts": call.map(|c| c.attempts),
        })
    }

    /// The stable number of this error.
    pub fn status(&self) -> Status {
        match self {
            Error::NullArgument(_) => Status::NullArgument,
            Error::InvalidHandle(_) => Status::InvalidHandle,
            Error::Forked(_) => Status::Forked,
            Error::InvalidArgument { .. } => Status::InvalidArgument,
            Error::OutOfRange { .. } => Status::OutOfRange,
            Error::UnknownOption { .. } | Error::OfOneCall(_) => Status::UnknownOption,
            Error::NotFound => Status::NotFound,
            Error::TooLarge { .. } => Status::TooLarge,
            Error::Busy => Status::Busy,
            Error::Closed(_) => Status::Closed,
            Error::Io(_) => Status::Io,
            Error::Protocol(_) => Status::Protocol,
            Error::Panic(_) => Status::Panic,
            Error::Internal(_) => Status::Internal,
            Error::Call(call) => call.status,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NullArgument(name) => write!(f, "{name}: must not be null"),
            Error::InvalidHandle(kind) => {
                write!(f, "not a live {kind}: freed or closed, of another kind, or never a handle")
            }
            Error::Forked(kind) => {
                write!(f, "this {kind} was made before fork: make a new one in the child")
            }
            Error::InvalidArgument { name, reason } => write!(f, "{name}: {reason}"),
            Error::OutOfRange { key, given, allowed } => {
                write!(f, "{key}: {given} is outside {allowed}")
            }
            Error::UnknownOption { key, near: Some(near) } => {
                write!(f, "{key}: no such option; did you mean {near}?")
            }
            Error::UnknownOption { key, near: None } => write!(f, "{key}: no such option"),
            Error::OfOneCall(key) => {
                write!(f, "{key}: is of one call, not an option of the client")
            }
            Error::NotFound => write!(f, "no live entry under this key"),
            Error::TooLarge { what, needed, limit } => {
                write!(f, "{what}: {needed} bytes do not fit into {limit}")
            }
            Error::Busy => write!(
                f,
                "the shard was not free in time: raise max_retries or retry_delay_ms, or use more shards"
            ),
            Error::Closed(what) => write!(f, "{what}: already closed"),
            Error::Io(text) | Error::Protocol(text) | Error::Internal(text) => f.write_str(text),
            Error::Panic(text) => write!(f, "a defect in libmynah was caught: {text}"),
            Error::Call(call) => f.write_str(&call.message),
        }
    }
}

impl std::error::Error for Error {}

/// The crate's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_option_the_value_and_the_range() {
        let error = Error::OutOfRange {
            key: "temperature".into(),
            given: "3.5".into(),
            allowed: "0..=2".into(),
        };
        assert_eq!(error.to_string(), "temperature: 3.5 is outside 0..=2");
    }
}
