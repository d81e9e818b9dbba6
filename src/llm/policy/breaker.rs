//! A circuit breaker: after enough failures calls fail at once, for a while.
//!
//! Closed lets all calls through and counts failures: in a row, and as a share
//! of a sliding window. Open refuses them until `breaker_reset_timeout_ms` has
//! passed; then one call, the trial, is let through (half-open) and decides.
//! Whoever else comes meanwhile is refused, so a waiting herd cannot pass the
//! half-open door. A trial that ends without a verdict (cancelled, or refused
//! as a bad request) opens the door for another. Only failures that speak of
//! the provider's health count: see [`counts`].

use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::Mutex;

use crate::clock::Clock;
use crate::error::{CallError, Error, Status};
use crate::options::client::ClientOptions;

/// Where the breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// All calls pass.
    Closed,
    /// None does.
    Open,
    /// One does.
    HalfOpen,
}

impl State {
    /// As it stands in JSON.
    pub fn name(self) -> &'static str {
        match self {
            State::Closed => "closed",
            State::Open => "open",
            State::HalfOpen => "half_open",
        }
    }
}

/// A change of state, with its reason in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// Before.
    pub from: State,
    /// Now.
    pub to: State,
    /// Why.
    pub reason: String,
}

/// The breaker of one client.
#[derive(Debug)]
pub struct Breaker {
    clock: Clock,
    threshold: u64,
    ratio: f64,
    window: Duration,
    min_calls: u64,
    reset: Duration,
    state: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: State,
    in_a_row: u64,
    /// Ends of calls in the window, oldest first: when, and whether it failed.
    recent: VecDeque<(u64, bool)>,
    failed_recent: u64,
    opened_ns: u64,
    transitions: u64,
}

/// Leave to make a call; tells the breaker how it ended.
#[derive(Debug)]
#[must_use]
pub struct Pass<'a> {
    breaker: &'a Breaker,
    trial: bool,
    told: bool,
}

/// Whether a failure speaks of the provider's health.
pub fn counts(status: Status) -> bool {
    use Status::*;
    matches!(status, Timeout | Connection | Tls | Overloaded | Server | Truncated | Protocol)
}

/// Most ends of calls that the window remembers, unless `breaker_min_calls` asks for
/// more; older ones are forgotten.
const RECENT_MAX: usize = 10_000;

impl Breaker {
    /// A closed breaker; with both thresholds 0 it never opens.
    pub fn new(options: &ClientOptions, clock: &Clock) -> Self {
        Breaker {
            clock: clock.clone(),
            threshold: options.breaker_failure_threshold,
            ratio: options.breaker_failure_ratio,
            window: Duration::from_millis(options.breaker_window_ms),
            min_calls: options.breaker_min_calls,
            reset: Duration::from_millis(options.breaker_reset_timeout_ms),
            state: Mutex::new(Inner {
                state: State::Closed,
                in_a_row: 0,
                recent: VecDeque::new(),
                failed_recent: 0,
                opened_ns: 0,
                transitions: 0,
            }),
        }
    }

    fn is_off(&self) -> bool {
        self.threshold == 0 && self.ratio == 0.0
    }

    /// Leave to make a call, or `CIRCUIT_OPEN` with the time until the next
    /// trial; and the transition that asking has caused.
    pub fn enter(&self) -> (Result<Pass<'_>, Error>, Option<Transition>) {
        let pass = |trial| Pass { breaker: self, trial, told: false };
        if self.is_off() {
            return (Ok(pass(false)), None);
        }
        let mut inner = self.state.lock();
        let open_for = Duration::from_nanos(self.clock.now_ns().saturating_sub(inner.opened_ns));
        match inner.state {
            State::Closed => (Ok(pass(false)), None),
            State::Open if open_for >= self.reset => {
                let reason = format!("{} ms have passed", self.reset.as_millis());
                let transition = inner.change(State::HalfOpen, reason);
                (Ok(pass(true)), Some(transition))
            }
            State::Open => (Err(refused(self.reset - open_for)), None),
            State::HalfOpen => (Err(refused(Duration::ZERO)), None),
        }
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        self.state.lock().state
    }

    /// How often it has changed.
    pub fn transitions(&self) -> u64 {
        self.state.lock().transitions
    }

    fn succeeded(&self, trial: bool) -> Option<Transition> {
        let mut inner = self.state.lock();
        inner.in_a_row = 0;
        if trial && inner.state == State::HalfOpen {
            inner.recent.clear();
            inner.failed_recent = 0;
            return Some(inner.change(State::Closed, "the trial call succeeded".into()));
        }
        self.remember(&mut inner, self.clock.now_ns(), false);
        None
    }

    fn failed(&self, trial: bool) -> Option<Transition> {
        let now = self.clock.now_ns();
        let mut inner = self.state.lock();
        inner.in_a_row += 1;
        self.remember(&mut inner, now, true);
        let reason = match inner.state {
            State::HalfOpen if trial => "the trial call failed".to_string(),
            State::Closed => self.why_open(&inner)?,
            _ => return None,
        };
        inner.opened_ns = now;
        Some(inner.change(State::Open, reason))
    }

    /// Keeps the end of a call, as long as the window goes back and as many as count.
    fn remember(&self, inner: &mut Inner, now: u64, failed: bool) {
        inner.recent.push_back((now, failed));
        inner.failed_recent += u64::from(failed);
        let horizon = now.saturating_sub(self.window.as_nanos() as u64);
        let most = RECENT_MAX.max(self.min_calls as usize);
        while inner.recent.front().is_some_and(|(at, _)| *at < horizon) || inner.recent.len() > most
        {
            let old = inner.recent.pop_front();
            inner.failed_recent -= u64::from(old.is_some_and(|(_, failed)| failed));
        }
    }

    fn why_open(&self, inner: &Inner) -> Option<String> {
        let calls = inner.recent.len() as u64;
        if self.threshold > 0 && inner.in_a_row >= self.threshold {
            return Some(format!("{} failures in a row", inner.in_a_row));
        }
        let share = inner.failed_recent as f64 / calls.max(1) as f64;
        (self.ratio > 0.0 && calls >= self.min_calls && share >= self.ratio)
            .then(|| format!("{} of {calls} calls failed", inner.failed_recent))
    }

    /// A trial that ended without a verdict: open, and due at once, so that the
    /// next call is the trial.
    fn undecided(&self) -> Option<Transition> {
        let mut inner = self.state.lock();
        let half_open = inner.state == State::HalfOpen;
        half_open.then(|| inner.change(State::Open, "the trial call said nothing".into()))
    }
}

impl Inner {
    fn change(&mut self, to: State, reason: String) -> Transition {
        self.transitions += 1;
        let from = std::mem::replace(&mut self.state, to);
        Transition { from, to, reason }
    }
}

impl Pass<'_> {
    /// Whether the leave still stands, after a wait during which others may have
    /// opened the breaker: a herd that waited for the rate limit must not pass a
    /// door that has been shut meanwhile.
    pub fn stands(&self) -> Result<(), Error> {
        if self.breaker.is_off() || self.trial {
            return Ok(());
        }
        let inner = self.breaker.state.lock();
        let now = self.breaker.clock.now_ns();
        let open_for = Duration::from_nanos(now.saturating_sub(inner.opened_ns));
        match inner.state {
            State::Closed => Ok(()),
            State::Open => Err(refused(self.breaker.reset.saturating_sub(open_for))),
            State::HalfOpen => Err(refused(Duration::ZERO)),
        }
    }

    /// Tells how the call ended; the transition that this has caused.
    pub fn end(mut self, failure: Option<Status>) -> Option<Transition> {
        self.told = true;
        if self.breaker.is_off() {
            return None;
        }
        match failure {
            None => self.breaker.succeeded(self.trial),
            Some(status) if counts(status) => self.breaker.failed(self.trial),
            Some(_) => self.give_back(),
        }
    }

    /// The call says nothing of the provider's health; the transition that this
    /// has caused.
    pub fn give_back(mut self) -> Option<Transition> {
        self.told = true;
        if self.trial { self.breaker.undecided() } else { None }
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if !self.told && self.trial {
            self.breaker.undecided();
        }
    }
}

fn refused(wait: Duration) -> Error {
    let message = match wait.is_zero() {
        true => "the circuit breaker is open: a trial call is due or under way".to_string(),
        false => format!(
            "the circuit breaker is open: the next trial call is in {} ms",
            wait.as_millis()
        ),
    };
    let mut call = CallError::new(Status::CircuitOpen, message);
    call.retry_after = (!wait.is_zero()).then_some(wait);
    Error::Call(Box::new(call))
}

#[cfg(test)]
mod tests;
