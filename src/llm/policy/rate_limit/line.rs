//! One line: those who want to send with one key to one model, first come first.
//!
//! Whoever is inside a call that has its place in flight stands before the
//! others. Who waits is woken when it has become the first, when room was made,
//! and when there may be no chance any more.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::bucket::Limited;
use crate::clock::{Clock, Signal};
use crate::error::{Bound, CallError, Error, Result, Status};
use crate::llm::nesting::{self, Place};
use crate::llm::policy::limit_headers::Learned;

/// No limit is counted over more than a day: a header that says otherwise, or
/// a clock that makes it so, holds nobody longer.
pub const LONGEST_HOLD: Duration = Duration::from_secs(86_400);

/// A line, and the limits that those in it share.
#[derive(Debug)]
pub struct Line {
    state: Mutex<LineState>,
}

#[derive(Debug)]
struct LineState {
    requests: Limited,
    tokens: Limited,
    in_flight: u64,
    max_in_flight: u64,
    /// Nobody is served before; ns on the clock.
    held_until_ns: u64,
    waiting: VecDeque<Waiter>,
    next_id: u64,
}

#[derive(Debug)]
struct Waiter {
    id: u64,
    tokens: u64,
    /// Called from inside a call that is in flight.
    nested: bool,
    /// Raised when this one has become the first in line, or room was made.
    wake: Arc<Signal>,
}

/// What somebody in line waits for.
pub struct Wait {
    /// Time that passes first in any case.
    pub at_least_ns: u64,
    /// What makes it so long.
    pub slowest: Bound,
    /// Somebody else has to leave.
    pub for_others: bool,
    /// What is waited for; none if the others are just about to go.
    pub holds: Option<Bound>,
}

impl Wait {
    /// Whether there is nothing to wait for.
    fn is_over(&self) -> bool {
        self.at_least_ns == 0 && !self.for_others
    }
}

impl Line {
    /// A line in which nobody stands, with the limits of the options.
    pub fn new(rpm: u64, tpm: u64, max_in_flight: u64, now: u64) -> Line {
        let state = LineState {
            requests: Limited::new(rpm, now),
            tokens: Limited::new(tpm, now),
            in_flight: 0,
            max_in_flight,
            held_until_ns: 0,
            waiting: VecDeque::new(),
            next_id: 0,
        };
        Line { state: Mutex::new(state) }
    }

    /// Joins the end of the line, if there is a chance to be served in time.
    pub fn enter(&self, now: u64, tokens: u64, deadline_ns: u64) -> Result<u64> {
        let nested = nesting::is_inside(self.place());
        let mut state = self.state.lock();
        let ahead = if nested { 0 } else { state.waiting.len() };
        let forecast = state.wait_behind(now, ahead, tokens, nested, true);
        let ns = forecast.at_least_ns;
        // Who need not wait and is late all the same is not late because of limits.
        if ns > 0 && now.saturating_add(ns) > deadline_ns {
            return Err(too_late(&forecast));
        }
        let id = state.next_id;
        state.next_id += 1;
        state.waiting.insert(ahead, Waiter { id, tokens, nested, wake: Arc::default() });
        Ok(id)
    }

    /// Takes a place in flight for the one with this id, if its turn has come;
    /// else what it waits for, and what is raised when it should look again.
    pub fn take_turn(&self, now: u64, id: u64, tokens: u64) -> Result<(), (Wait, Arc<Signal>)> {
        let mut state = self.state.lock();
        let wait = state.wait(now, id);
        if wait.is_over() {
            state.requests.take(1.0);
            state.tokens.take(tokens as f64);
            state.in_flight += 1;
            return Ok(());
        }
        let wake = Arc::<Signal>::default();
        if let Some(waiter) = state.waiting.iter_mut().find(|w| w.id == id) {
            waiter.wake = wake.clone();
        }
        Err((wait, wake))
    }

    /// Whether one who came now would not have to wait.
    pub fn has_room(&self, now: u64, tokens: u64) -> bool {
        let mut state = self.state.lock();
        let ahead = state.waiting.len();
        state.wait_behind(now, ahead, tokens, false, false).is_over()
    }

    /// Takes the one with this id out of the line.
    pub fn leave(&self, id: u64) {
        self.state.lock().leave(id);
    }

    /// Gives a place in flight back.
    pub fn give_back(&self) {
        let mut state = self.state.lock();
        state.in_flight -= 1;
        state.wake_first();
    }

    /// Puts a request and its tokens back that was not sent.
    pub fn unsend(&self, clock: &Clock, tokens: f64) {
        let mut state = self.state.lock();
        let now = clock.now_ns();
        state.requests.fill(now);
        state.tokens.fill(now);
        state.requests.take(-1.0);
        state.tokens.take(-tokens);
        state.wake_first();
    }

    /// Takes so many tokens more than were estimated, or fewer.
    pub fn correct(&self, clock: &Clock, tokens: f64) {
        let mut state = self.state.lock();
        state.tokens.fill(clock.now_ns());
        state.tokens.correct(tokens);
        state.wake_first();
    }

    /// Takes over what a provider's headers said.
    pub fn learn(&self, now: u64, learned: &Learned) {
        let mut state = self.state.lock();
        if state.learn(now, learned) {
            state.wake_all();
        }
    }

    /// What a thread is inside of that has a place in flight.
    pub fn place(&self) -> Place {
        Place::Line(std::ptr::from_ref(self) as usize)
    }

    /// Whether a new one would serve whoever comes in the same way, but for a
    /// provider's limit, which the next answer states again.
    pub fn is_fresh(&self, now: u64) -> bool {
        let mut state = self.state.lock();
        state.requests.fill(now);
        state.tokens.fill(now);
        let limits_are_whole = state.requests.is_whole() && state.tokens.is_whole();
        limits_are_whole && state.held_until_ns <= now && state.waiting.is_empty()
    }

    /// How many stand in it.
    #[cfg(test)]
    pub fn waiting(&self) -> usize {
        self.state.lock().waiting.len()
    }

    /// How many have a place in flight.
    #[cfg(test)]
    pub fn in_flight(&self) -> u64 {
        self.state.lock().in_flight
    }

    /// Requests a minute that hold.
    #[cfg(test)]
    pub fn requests_per_minute(&self) -> f64 {
        self.state.lock().requests.per_minute()
    }
}

impl LineState {
    /// What the one with this id waits for.
    fn wait(&mut self, now: u64, id: u64) -> Wait {
        let found = self.waiting.iter().enumerate().find(|(_, waiter)| waiter.id == id);
        let found = found.map(|(place, waiter)| (place, waiter.tokens, waiter.nested));
        let (ahead, tokens, nested) = found.unwrap_or((self.waiting.len(), 0, false));
        self.wait_behind(now, ahead, tokens, nested, false)
    }

    /// What one behind so many others waits for; `at_best` as [`Limited::waits_ns`].
    fn wait_behind(
        &mut self,
        now: u64,
        ahead: usize,
        tokens: u64,
        nested: bool,
        at_best: bool,
    ) -> Wait {
        self.requests.fill(now);
        self.tokens.fill(now);
        let full = self.max_in_flight > 0 && self.in_flight >= self.max_in_flight;
        let ahead_tokens: u64 = self.waiting.iter().take(ahead).map(|w| w.tokens).sum();
        let held = self.held_until_ns.saturating_sub(now);
        let requests = self.requests.waits_ns(ahead as f64, 1.0, at_best);
        let tokens = self.tokens.waits_ns(ahead_tokens as f64, tokens as f64, at_best);
        let theirs = held.max(requests.1).max(tokens.1);
        let waits =
            [(theirs, Bound::Provider), (tokens.0, Bound::Tokens), (requests.0, Bound::Requests)];
        let longest = waits.into_iter().max_by_key(|(ns, _)| *ns);
        let (at_least_ns, slowest) = longest.unwrap_or((0, Bound::Requests));
        let no_room = full && !nested;
        Wait {
            at_least_ns,
            slowest,
            for_others: ahead > 0 || no_room,
            holds: match no_room {
                true => Some(Bound::InFlight),
                false => (at_least_ns > 0).then_some(slowest),
            },
        }
    }

    /// Takes over what a provider's headers said; whether those who wait should
    /// look again.
    fn learn(&mut self, now: u64, learned: &Learned) -> bool {
        self.requests.fill(now);
        self.tokens.fill(now);
        let (mut changed, alone) = (false, self.in_flight <= 1);
        let limits = [(&mut self.requests, &learned.requests), (&mut self.tokens, &learned.tokens)];
        for (limited, limit) in limits {
            // Resets of hours belong to daily limits, which no minute shows.
            let minutely = limit.reset.is_none_or(|reset| reset <= Duration::from_secs(120));
            if minutely {
                changed |= limited.learn(now, limit, alone);
            }
            if let (Some(0), Some(reset)) = (limit.remaining, limit.reset) {
                let until = now.saturating_add(reset.min(LONGEST_HOLD).as_nanos() as u64);
                changed |= until > self.held_until_ns;
                self.held_until_ns = self.held_until_ns.max(until);
            }
        }
        changed
    }

    fn leave(&mut self, id: u64) {
        self.waiting.retain(|waiter| waiter.id != id);
        self.wake_first();
    }

    fn wake_first(&self) {
        if let Some(first) = self.waiting.front() {
            first.wake.raise();
        }
    }

    /// Has everybody look again whether there is still a chance.
    fn wake_all(&self) {
        self.waiting.iter().for_each(|waiter| waiter.wake.raise());
    }
}

/// The wait cannot end before the deadline.
pub fn too_late(wait: &Wait) -> Error {
    let (time, bound) = (Duration::from_nanos(wait.at_least_ns), wait.slowest);
    let raise = match bound {
        Bound::Provider => "it is the provider's own; raise timeout_ms".to_string(),
        bound => format!("raise {} or timeout_ms", bound.name()),
    };
    let ms = time.as_millis();
    let message =
        format!("the rate limit leaves room in {ms} ms, after the call's deadline: {raise}");
    let mut call = CallError::bounded(Status::RateLimited, bound, message);
    call.retry_after = Some(time);
    Error::Call(Box::new(call))
}
