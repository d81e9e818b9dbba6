//! Whether a failed attempt is made again, and when.
//!
//! A provider's status is its word and is judged by a table; `x-should-retry`
//! overrules it. Without a status the question is whether the provider may
//! have the request: only one that was not wholly written, or a kept
//! connection that ended without a byte (once), is safe to send again. Waits
//! grow exponentially with full jitter (Brooker, "Exponential Backoff And
//! Jitter"); a wait that the provider asks for is kept to, or ends the call.
//! Retries are a share of the client's calls, so that an outage is not met
//! with a storm: see [`Budget`].
//!
//! A kept connection that ended without a byte is no failure of the provider's but
//! of having kept it too long: the request goes out anew at once, whatever the
//! number of retries and their budget.

use std::time::Duration;

use parking_lot::Mutex;

use crate::clock::{Clock, Random};
use crate::error::Status;
use crate::options::client::ClientOptions;

/// What is known of a failed attempt.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The kind of failure.
    pub status: Option<Status>,
    /// The provider's HTTP status, if it gave one; none for an error event.
    pub http_status: Option<u16>,
    /// `x-should-retry`.
    pub should_retry: Option<bool>,
    /// What the provider asks to wait.
    pub retry_after: Option<Duration>,
    /// The request by itself exceeds a limit, which no waiting mends.
    pub is_above_limit: bool,
    /// The request had been wholly written.
    pub written: bool,
    /// The connection broke during the TLS handshake.
    pub broke_off: bool,
    /// A kept connection was used.
    pub reused: bool,
    /// A byte of the answer had come.
    pub answered: bool,
    /// An event has been delivered: nothing may be replayed.
    pub delivered: bool,
    /// An attempt of this call was already repeated over a dead kept connection.
    pub reused_before: bool,
}

/// What happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Again, after this wait.
    Again(Duration),
    /// Again over another connection, without counting as a retry.
    AtOnce,
    /// The call ends with this failure.
    GiveUp,
}

/// Judges a failed attempt. `attempt` counts from 1, without those that were made
/// again at once; `left` is what remains of the call's time.
pub fn decide(
    facts: &Facts,
    attempt: u64,
    options: &ClientOptions,
    left: Duration,
    random: &Random,
    budget: &Budget,
) -> Decision {
    if is_stale(facts) {
        return Decision::AtOnce;
    }
    if facts.delivered || attempt > options.retry_count || !may_repeat(facts, options) {
        return Decision::GiveUp;
    }
    let asked = facts.retry_after;
    if asked.is_some_and(|wait| wait > Duration::from_millis(options.max_retry_after_ms)) {
        return Decision::GiveUp;
    }
    let wait = asked.unwrap_or_else(|| backoff(attempt, options, random));
    if wait >= left || !budget.spend() {
        return Decision::GiveUp;
    }
    Decision::Again(wait)
}

fn may_repeat(facts: &Facts, options: &ClientOptions) -> bool {
    use Status::*;
    let Some(status) = facts.status.filter(|_| !facts.is_above_limit) else { return false };
    // The provider's word on its own status, not on what befell the answer.
    let refused = facts.http_status.is_some_and(|http| !(200..300).contains(&http));
    let ours = match status {
        Timeout => facts.http_status != Some(408),
        _ => matches!(status, Cancelled | Stopped | TooLarge),
    };
    if let (Some(answer), true, false) = (facts.should_retry, refused, ours) {
        return answer;
    }
    match (facts.http_status, status) {
        (_, QuotaExhausted | Cancelled | Stopped | ContentFilter) => false,
        // What is wrong with the request or the key stays wrong, whatever HTTP says.
        (_, ContextLength | Authentication | Permission | ModelNotFound) => false,
        (Some(408), Timeout) => true,
        (Some(_), Timeout | TooLarge) => false,
        (Some(504), _) => options.retry_after_send,
        (Some(408 | 409 | 429 | 500..=599), _) => true,
        // Groq, of what it has no room for at the moment.
        (Some(498), Overloaded) => true,
        // OpenRouter, of what is being answered yet.
        (Some(402), RateLimited) => true,
        // An error event inside a 200, before anything was delivered.
        (Some(200..=299), RateLimited | Overloaded | Server) => true,
        (Some(_), Truncated | Connection) => options.retry_after_send,
        (Some(_), _) => false,
        (None, Timeout) => !facts.written,
        (None, Connection | Truncated | Io) => unsent(facts) || options.retry_after_send,
        (None, Tls) => facts.broke_off,
        (None, _) => false,
    }
}

/// Whether the provider cannot have acted on the request.
fn unsent(facts: &Facts) -> bool {
    !facts.written || is_stale(facts)
}

/// Whether a kept connection had been closed meanwhile.
fn is_stale(facts: &Facts) -> bool {
    let broke = matches!(facts.status, Some(Status::Connection | Status::Truncated));
    broke && facts.reused && !facts.answered && !facts.reused_before
}

/// A random wait below a bound that doubles from attempt to attempt.
fn backoff(attempt: u64, options: &ClientOptions, random: &Random) -> Duration {
    let doublings = if options.exponential_backoff { (attempt - 1).min(32) } else { 0 };
    let bound = options.retry_delay_ms.saturating_mul(1 << doublings);
    let bound = bound.min(options.max_retry_delay_ms);
    Duration::from_secs_f64(bound as f64 / 1e3 * random.f64())
}

/// Retries that a client may still make: a share of its calls, and a reserve
/// for the quiet hours that fills by one a second.
#[derive(Debug)]
pub struct Budget {
    clock: Clock,
    percent: u64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Hundredths of a retry, earned by calls.
    earned: u64,
    reserve: u64,
    filled_ns: u64,
}

/// Retries in the reserve: as many as one call can ask for.
const RESERVE: u64 = 20;
/// Most that calls can save up.
const EARNED_MAX: u64 = 100 * 100;

impl Budget {
    /// A full reserve and nothing earned.
    pub fn new(percent: u64, clock: &Clock) -> Self {
        let state = State { earned: 0, reserve: RESERVE, filled_ns: clock.now_ns() };
        Budget { clock: clock.clone(), percent, state: Mutex::new(state) }
    }

    /// Counts a call that sends.
    pub fn earn(&self) {
        let mut state = self.state.lock();
        state.earned = (state.earned + self.percent).min(EARNED_MAX);
    }

    /// Takes one retry, if there is one.
    fn spend(&self) -> bool {
        let mut state = self.state.lock();
        if state.earned >= 100 {
            state.earned -= 100;
            return true;
        }
        let now = self.clock.now_ns();
        let seconds = (now - state.filled_ns) / 1_000_000_000;
        state.reserve = (state.reserve + seconds).min(RESERVE);
        state.filled_ns += seconds * 1_000_000_000;
        match state.reserve {
            0 => false,
            _ => {
                state.reserve -= 1;
                true
            }
        }
    }
}

#[cfg(test)]
mod tests;
