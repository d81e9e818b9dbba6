//! What went wrong with an exchange, in words.

use std::io;

use super::{Failure, Flight, Phase, TransportError};

impl Flight {
    pub(super) fn timed_out(&mut self, phase: Phase) -> io::Error {
        let host = &self.host;
        let message = match phase {
            Phase::Connect => format!("no connection to {} within connect_timeout_ms", self.peer()),
            Phase::FirstByte => format!("no answer from {host} within first_byte_timeout_ms"),
            Phase::FirstToken => format!("no content from {host} within first_token_timeout_ms"),
            Phase::Silence => format!("nothing came from {host} for silence_timeout_ms"),
            Phase::Idle => format!("no content came from {host} for idle_timeout_ms"),
            Phase::Total => "the call took longer than timeout_ms".to_string(),
        };
        self.fail(Failure::TimedOut(phase), message)
    }

    /// What went wrong, once ureq has given up.
    pub fn error(&mut self, error: ureq::Error) -> TransportError {
        let (failure, message) = match self.failure.take() {
            Some(found) => found,
            None => explain(error, self),
        };
        TransportError {
            failure,
            message,
            written: self.written,
            reused: self.reused,
            answered: self.answered,
        }
    }
}

pub(super) fn head_too_large(limit: usize) -> String {
    format!("the head of the answer exceeds max_header_bytes = {limit}")
}

/// Headers of an answer that ureq takes.
const HEADERS_MAX: usize = 128;

/// What is said of an answer that has no end.
pub fn cut_by(host: &str) -> String {
    format!("{host} closed the connection before the end of the answer")
}

/// A failure that ureq found, not one of our sockets.
fn explain(error: ureq::Error, flight: &Flight) -> (Failure, String) {
    use ureq::Error as E;
    let host = &flight.host;
    match error {
        E::Io(e) if e.kind() == io::ErrorKind::UnexpectedEof && flight.is_in_body() => {
            (Failure::Cut, cut_by(host))
        }
        E::Io(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
            let when = if flight.answered { "within the head of the" } else { "without an" };
            (Failure::Reset, format!("{host} closed the connection {when} answer"))
        }
        E::LargeResponseHeader(_, limit) => (Failure::TooLarge, head_too_large(limit)),
        E::BadUri(_) | E::Http(_) if !flight.written => {
            (Failure::Protocol, "the request has no valid URL or headers".to_string())
        }
        E::Protocol(error) if error.to_string().contains("too many headers") => {
            (Failure::TooLarge, format!("the head of the answer exceeds {HEADERS_MAX} headers"))
        }
        E::InvalidProxyUrl => (Failure::Connect, "the proxy has no valid URL".to_string()),
        E::Io(e) => (Failure::Protocol, format!("the answer of {host} is damaged: {e}")),
        other => (Failure::Protocol, format!("{host} did not answer in HTTP: {other}")),
    }
}
