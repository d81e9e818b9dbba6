//! Carrying bytes to a provider and back.
//!
//! A [`Transport`] sends one request and hands back the head of the answer and
//! a [`Body`] to read. It knows deadlines and interrupts, and nothing about
//! models. The client is given one at its making, so tests can replace it.

mod buffers;
mod chunked;
pub mod chunks;
mod connection;
mod env_proxy;
mod flight;
mod gzip;
mod heads;
mod lines;
mod link;
mod names;
pub mod ndjson;
mod no_proxy;
mod opening;
mod patience;
mod proxy;
mod session;
mod shared;
mod socket;
pub mod sse;
mod system;
#[cfg(test)]
mod tests;
mod tls;
mod ureq;
mod wire;

pub use self::env_proxy::in_force as env_proxy_in_force;
pub use self::shared::{Hold, Pulse, Shared};
pub use self::ureq::UreqTransport;

use std::sync::Arc;

use super::cancel::Interrupt;
use crate::options::url;

/// Names and values, in the order they came; names compare without case. All lie in
/// one text: an answer has dozens, and most of them are never looked at.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Headers {
    text: String,
    /// Where each name ends, and its value.
    ends: Vec<(usize, usize)>,
}

impl Headers {
    /// None yet, with room for so many, and so many bytes of names and values.
    pub fn with_capacity(count: usize, bytes: usize) -> Headers {
        Headers { text: String::with_capacity(bytes), ends: Vec::with_capacity(count) }
    }

    /// Each name with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut from = 0;
        self.ends.iter().map(move |(name, value)| {
            let pair = (&self.text[from..*name], &self.text[*name..*value]);
            from = *value;
            pair
        })
    }

    /// The first value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Adds a header.
    pub fn push(&mut self, name: &str, value: &str) {
        self.text.push_str(name);
        let name = self.text.len();
        self.text.push_str(value);
        self.ends.push((name, self.text.len()));
    }

    /// Adds a header in the place of those of its name.
    pub fn replace(&mut self, name: &str, value: &str) {
        if self.get(name).is_some() {
            let others = self.iter().filter(|(own, _)| !own.eq_ignore_ascii_case(name));
            *self = others.collect();
        }
        self.push(name, value);
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Headers {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(pairs: I) -> Headers {
        let mut headers = Headers::default();
        pairs.into_iter().for_each(|(name, value)| headers.push(name, value));
        headers
    }
}

/// A POST to a provider.
#[derive(Clone, PartialEq)]
pub struct HttpRequest {
    /// Scheme, host, path and query.
    pub url: String,
    /// With the key among them: never shown.
    pub headers: Headers,
    /// The JSON body.
    pub body: Vec<u8>,
}

/// Shows neither headers nor body: they hold the key and the prompt.
impl std::fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HttpRequest({} bytes to {})", self.body.len(), url::shown(&self.url))
    }
}

/// Status and headers of an answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Head {
    /// HTTP status.
    pub status: u16,
    /// Response headers.
    pub headers: Headers,
}

impl Head {
    /// Whether nothing says where the body ends but the end of the connection.
    pub fn ends_by_close(&self) -> bool {
        let framing = ["content-length", "transfer-encoding"];
        !framing.iter().any(|name| self.headers.get(name).is_some())
    }
}

/// What is being waited for, for messages and for the choice of a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Name look-up, TCP and TLS.
    Connect,
    /// From the request's end to the first byte of the answer.
    FirstByte,
    /// To the first event with content.
    FirstToken,
    /// No byte at all.
    Silence,
    /// No event with content.
    Idle,
    /// The whole call.
    Total,
}

/// Until when something may take: ns on the client's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    /// `u64::MAX`: for ever.
    pub at_ns: u64,
    /// Whose deadline it is.
    pub phase: Phase,
}

impl Deadline {
    /// No bound.
    pub const NEVER: Deadline = Deadline { at_ns: u64::MAX, phase: Phase::Total };

    /// The earlier of the two.
    pub fn min(self, other: Deadline) -> Deadline {
        if other.at_ns < self.at_ns { other } else { self }
    }
}

/// What a transport must respect during one attempt.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The call's switch.
    pub interrupt: Arc<Interrupt>,
    /// Bound on look-up, connect and TLS.
    pub connect: Deadline,
    /// From the moment the request is written: ns until the first byte of the
    /// answer; `u64::MAX`: no bound.
    pub first_byte_ns: u64,
    /// Likewise until the first event with content, of which here only the head
    /// is awaited.
    pub first_token_ns: u64,
    /// Longest pause without any byte once the request is being written, in ns;
    /// `u64::MAX`: no bound.
    pub silence_ns: u64,
    /// Bound on everything.
    pub total: Deadline,
    /// Whether no kept connection will do: one has just turned out to be dead.
    pub fresh: bool,
    /// The ground that is common with those who wait, if the request is shared:
    /// they may raise the bound on everything.
    pub shared: Option<Arc<Shared>>,
}

impl Attempt {
    /// The bound on everything, as it stands now.
    pub fn end(&self) -> Deadline {
        match &self.shared {
            Some(shared) => Deadline { at_ns: shared.until_ns(), phase: Phase::Total },
            None => self.total,
        }
    }
}

/// The answer's head, its body, and how it went.
pub struct Exchange {
    /// Status and headers.
    pub head: Head,
    /// The body, to be read.
    pub body: Box<dyn Body>,
    /// Whether a kept connection was used.
    pub reused: bool,
    /// ns that name look-up, TCP and TLS took; 0 on a kept connection.
    pub connect_ns: u64,
    /// When the request had been written, in ns on the client's clock.
    pub sent_at_ns: u64,
    /// When the first byte of the answer came, likewise.
    pub first_byte_at_ns: u64,
    /// When the last byte of its head came, likewise.
    pub last_byte_at_ns: u64,
}

/// The body of an answer.
pub trait Body: Send {
    /// Waits for some bytes, and lends them; none at the proper end. An end that is
    /// not proper (a length or last chunk that did not come) is `Failure::Cut`.
    ///
    /// The pause without any byte that the attempt allows is counted from
    /// `quiet_since_ns`, then from each byte that comes, whether it makes a piece or
    /// not.
    fn piece(&mut self, deadline: Deadline, quiet_since_ns: u64) -> Result<&[u8], TransportError>;
}

/// Sends requests.
pub trait Transport: Send + Sync {
    /// Sends a request and waits for the head of the answer.
    fn send(&self, request: &HttpRequest, attempt: &Attempt) -> Result<Exchange, TransportError>;
}

/// Why an exchange failed.
#[derive(Debug, Clone, PartialEq)]
pub enum Failure {
    /// The name is unknown or could not be looked up.
    Dns,
    /// No connection.
    Connect,
    /// No descriptor for one, which is no fault of the provider's.
    Exhausted,
    /// No TLS: handshake or certificate.
    Tls,
    /// The connection broke during the TLS handshake, which neither side refused.
    Handshake,
    /// The deadline of this phase passed.
    TimedOut(Phase),
    /// The interrupt was tripped.
    Interrupted,
    /// The connection broke.
    Reset,
    /// The body ended before its declared end.
    Cut,
    /// Not HTTP, a bad chunk, a bad length.
    Protocol,
    /// Head or body larger than its cap.
    TooLarge,
}

/// A failed exchange, with what the retry rules need to know.
#[derive(Debug, Clone, PartialEq)]
pub struct TransportError {
    /// The kind.
    pub failure: Failure,
    /// One sentence, lower case, with the host but no key.
    pub message: String,
    /// Whether the request had been wholly written: the provider may have it.
    pub written: bool,
    /// Whether a kept connection was used.
    pub reused: bool,
    /// Whether any byte of the answer had come.
    pub answered: bool,
}
