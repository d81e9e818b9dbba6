//! What a call may be ended or held up by: a bound of the options', or of the
//! provider's.

/// A bound; its name is that of the option, where it is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Bound {
    /// Of connecting.
    Connect,
    /// Of the wait for an answer.
    FirstByte,
    /// Of the wait for content.
    FirstToken,
    /// Of a pause without a byte.
    Silence,
    /// Of a pause without content.
    Idle,
    /// Of the whole call.
    Total,
    /// Threads of a queue.
    Workers,
    /// Requests a minute.
    Requests,
    /// Tokens a minute.
    Tokens,
    /// Calls at one time.
    InFlight,
    /// What the provider states of its own limits.
    Provider,
    /// Of the head of an answer.
    HeaderBytes,
    /// Of an event of a stream.
    EventBytes,
    /// Of a whole answer.
    ResponseBytes,
}

use Bound::*;

/// Each of them, in their order, and its name.
const NAMED: [(Bound, &str); 14] = [
    (Connect, "connect_timeout_ms"),
    (FirstByte, "first_byte_timeout_ms"),
    (FirstToken, "first_token_timeout_ms"),
    (Silence, "silence_timeout_ms"),
    (Idle, "idle_timeout_ms"),
    (Total, "timeout_ms"),
    (Workers, "max_workers"),
    (Requests, "rate_limit_rpm"),
    (Tokens, "rate_limit_tpm"),
    (InFlight, "max_in_flight"),
    (Provider, "provider_limits"),
    (HeaderBytes, "max_header_bytes"),
    (EventBytes, "max_event_bytes"),
    (ResponseBytes, "max_response_bytes"),
];

impl Bound {
    /// How many there are.
    pub const COUNT: usize = NAMED.len();

    /// All of them, in their order.
    pub fn all() -> impl Iterator<Item = Bound> {
        NAMED.iter().map(|(bound, _)| *bound)
    }

    /// As it stands in figures and records: the option, `max_workers` of a queue, or
    /// `provider_limits`.
    pub fn name(self) -> &'static str {
        NAMED[self as usize].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stands_at_its_own_place() {
        assert!(Bound::all().enumerate().all(|(place, bound)| bound as usize == place));
    }
}
