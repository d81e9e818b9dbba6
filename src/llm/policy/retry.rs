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
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn verdict(facts: Facts, options: &ClientOptions) -> Decision {
        let budget = Budget::new(10, &Clock::manual().0);
        decide(&facts, 1, options, HOUR, &Random::seeded(1), &budget)
    }

    fn again(facts: Facts) -> bool {
        verdict(facts, &ClientOptions::default()) != Decision::GiveUp
    }

    fn answered(http: u16, status: Status) -> Facts {
        let facts = Facts { written: true, answered: true, ..Facts::default() };
        Facts { http_status: Some(http), status: Some(status), ..facts }
    }

    #[test]
    fn a_status_is_judged_by_the_table() {
        for http in [408, 409, 429, 500, 502, 503, 529] {
            assert!(again(answered(http, Status::Server)), "{http}");
        }
        for http in [400, 401, 403, 404, 422] {
            assert!(!again(answered(http, Status::BadRequest)), "{http}");
        }
        assert!(again(answered(402, Status::RateLimited)));
        assert!(again(answered(498, Status::Overloaded)));
        assert!(!again(answered(498, Status::Authentication)));
        assert!(!again(answered(402, Status::QuotaExhausted)));
        for lasting in [Status::QuotaExhausted, Status::ContextLength, Status::Authentication] {
            assert!(!again(answered(500, lasting)), "{lasting:?}");
        }
    }

    #[test]
    fn a_504_is_repeated_only_when_that_was_asked_for() {
        let mut options = ClientOptions::default();
        assert_eq!(verdict(answered(504, Status::Server), &options), Decision::GiveUp);
        options.retry_after_send = true;
        assert_ne!(verdict(answered(504, Status::Server), &options), Decision::GiveUp);
    }

    #[test]
    fn the_provider_overrules_the_table_both_ways() {
        let with =
            |http, should| Facts { should_retry: Some(should), ..answered(http, Status::Server) };
        assert!(again(with(400, true)));
        assert!(!again(with(500, false)));
    }

    #[test]
    fn the_provider_has_no_say_in_what_befell_its_answer() {
        for status in [Status::Cancelled, Status::Timeout, Status::TooLarge] {
            let facts = Facts { should_retry: Some(true), ..answered(500, status) };
            assert!(!again(facts), "{status:?}");
        }
        let cut = Facts { should_retry: Some(true), ..answered(200, Status::Truncated) };
        assert!(!again(cut), "the answer to a 200 that was cut");
        assert!(again(answered(408, Status::Timeout)), "a timeout of the provider's own");
    }

    #[test]
    fn without_a_status_only_what_cannot_have_arrived_is_repeated() {
        let broken = Facts { status: Some(Status::Connection), ..Facts::default() };
        assert!(again(broken.clone()));
        let written = Facts { written: true, ..broken };
        assert!(!again(written.clone()));
        let reused = Facts { reused: true, ..written };
        assert!(again(reused.clone()), "a kept connection that had died");
        assert!(!again(Facts { reused_before: true, ..reused.clone() }), "but only once");
        assert!(!again(Facts { answered: true, ..reused }));
    }

    #[test]
    fn a_kept_connection_that_had_died_costs_no_retry_and_no_wait() {
        let options = ClientOptions { retry_count: 0, ..ClientOptions::default() };
        for status in [Status::Connection, Status::Truncated] {
            let facts = Facts { status: Some(status), reused: true, ..Facts::default() };
            for written in [false, true] {
                let facts = Facts { written, ..facts.clone() };
                assert_eq!(verdict(facts.clone(), &options), Decision::AtOnce);
                let twice = Facts { reused_before: true, ..facts };
                assert_eq!(verdict(twice, &options), Decision::GiveUp);
            }
        }
        let timeout = Facts { status: Some(Status::Timeout), reused: true, ..Facts::default() };
        assert_eq!(verdict(timeout, &options), Decision::GiveUp);
    }

    #[test]
    fn a_timeout_after_sending_is_final() {
        let late = Facts { status: Some(Status::Timeout), written: true, ..Facts::default() };
        assert!(!again(late.clone()));
        assert!(again(Facts { written: false, ..late }));
    }

    #[test]
    fn an_error_event_counts_as_its_status_until_something_was_delivered() {
        let event = answered(200, Status::Overloaded);
        assert!(again(event.clone()));
        assert!(!again(Facts { delivered: true, ..event }));
    }

    #[test]
    fn a_status_outside_the_table_is_final_whatever_its_body_says() {
        for http in [302, 400, 401, 403, 404, 413, 422] {
            assert!(!again(answered(http, Status::Server)), "{http}");
            assert!(!again(answered(http, Status::Overloaded)), "{http}");
        }
    }

    #[test]
    fn a_wait_that_is_asked_for_is_kept_to_or_ends_the_call() {
        let asks = |s| Facts {
            retry_after: Some(Duration::from_secs(s)),
            ..answered(429, Status::RateLimited)
        };
        let options = ClientOptions::default();
        assert_eq!(verdict(asks(7), &options), Decision::Again(Duration::from_secs(7)));
        assert_eq!(verdict(asks(121), &options), Decision::GiveUp, "beyond max_retry_after_ms");
        let budget = Budget::new(10, &Clock::manual().0);
        let short = Duration::from_secs(5);
        let decision = decide(&asks(7), 1, &options, short, &Random::seeded(1), &budget);
        assert_eq!(decision, Decision::GiveUp, "beyond the deadline");
    }

    #[test]
    fn the_bound_of_the_wait_doubles_up_to_its_cap() {
        let options =
            ClientOptions { retry_delay_ms: 100, max_retry_delay_ms: 350, ..Default::default() };
        let random = Random::seeded(7);
        let longest = |attempt| {
            (0..500).map(|_| backoff(attempt, &options, &random)).max().unwrap().as_millis()
        };
        for (attempt, bound) in [(1, 100), (2, 200), (3, 350), (60, 350)] {
            assert!((bound * 9 / 10..=bound).contains(&longest(attempt)), "{attempt}");
        }
    }

    #[test]
    fn retries_are_a_share_of_the_calls_and_a_reserve() {
        let (clock, time) = Clock::manual();
        let budget = Budget::new(10, &clock);
        assert_eq!((0..100).filter(|_| budget.spend()).count() as u64, RESERVE);
        (0..100).for_each(|_| budget.earn());
        assert_eq!((0..100).filter(|_| budget.spend()).count(), 10);
        time.advance(Duration::from_secs(3));
        assert_eq!((0..100).filter(|_| budget.spend()).count(), 3);
    }
}
