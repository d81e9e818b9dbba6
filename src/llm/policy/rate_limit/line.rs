//! One line: those who want to send with one key to one model, first come first.
//!
//! Whoever is inside a call that has its place in flight stands before the
//! others. Who waits is woken when it has become the first, when room was made,
//! and when there is no chance any more. Each answer states the provider's limits
//! anew: if all looked again each time, a line of thousands would do little else.

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

/// So much later has a turn to come, or later by a tenth of the wait, before those are
/// told who wait for it too.
const NEWS_NS: u64 = 1_000_000_000;

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
    /// Until when it may stand there, as it said last.
    deadline_ns: u64,
    /// Before when its turn does not come, as it has told those who wait for it; none
    /// where nobody does.
    told_ns: Option<u64>,
}

/// How long somebody may stand in line, and whether others wait for it.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Until when, in ns.
    pub deadline_ns: u64,
    /// Whether it tells others of its waits.
    pub tells: bool,
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

    /// Before when it is not over; 0: it may be at any time.
    pub fn over_at_ns(&self, now: u64) -> u64 {
        match self.at_least_ns {
            0 => 0,
            ns => now.saturating_add(ns),
        }
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
        let wake = Arc::default();
        let waiter = Waiter { id, tokens, nested, wake, deadline_ns, told_ns: None };
        state.waiting.insert(ahead, waiter);
        Ok(id)
    }

    /// Takes a place in flight for the one with this id, if its turn has come;
    /// else what it waits for, and what is raised when it should look again.
    pub fn take_turn(
        &self,
        now: u64,
        id: u64,
        tokens: u64,
        patience: Patience,
    ) -> Result<(), (Wait, Arc<Signal>)> {
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
            waiter.deadline_ns = patience.deadline_ns;
            waiter.told_ns = patience.tells.then(|| wait.over_at_ns(now));
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
            state.wake_concerned(now);
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
        let ahead_tokens = self.waiting.iter().take(ahead).map(|w| w.tokens).sum();
        self.wait_after(now, (ahead, ahead_tokens), tokens, nested, at_best)
    }

    /// The same of filled limits, behind so many others with so many tokens.
    fn wait_after(
        &self,
        now: u64,
        (ahead, ahead_tokens): (usize, u64),
        tokens: u64,
        nested: bool,
        at_best: bool,
    ) -> Wait {
        let full = self.max_in_flight > 0 && self.in_flight >= self.max_in_flight;
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

    /// Has those look again whom new limits concern: the first, those who have no
    /// chance any more, and those who have more to tell to others.
    fn wake_concerned(&self, now: u64) {
        let mut ahead_tokens = 0;
        for (ahead, waiter) in self.waiting.iter().enumerate() {
            let before = (ahead, ahead_tokens);
            let wait = self.wait_after(now, before, waiter.tokens, waiter.nested, false);
            let over_at_ns = wait.over_at_ns(now);
            let has_news = waiter.told_ns.is_some_and(|told_ns| {
                let told_ns = told_ns.max(now);
                over_at_ns > told_ns + NEWS_NS.max((told_ns - now) / 10)
            });
            if ahead == 0 || has_news || over_at_ns > waiter.deadline_ns {
                waiter.wake.raise();
            }
            ahead_tokens += waiter.tokens;
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::policy::limit_headers::Limit;

    const SECOND: u64 = 1_000_000_000;

    /// Who of three in line looks again when an answer says what is left of a limit, of whom the
    /// last but one may wait for so many seconds, and the last tells others or not.
    fn woken_by([limit, left]: [u64; 2], seconds: u64, tells: bool) -> [bool; 3] {
        let line = Line::new(0, 0, 1, 0);
        let patience = |deadline_ns, tells| Patience { deadline_ns, tells };
        let served = line.enter(0, 0, u64::MAX).unwrap();
        assert!(line.take_turn(0, served, 0, patience(u64::MAX, false)).is_ok());
        line.leave(served);
        let waits = [(u64::MAX, false), (seconds * SECOND, false), (u64::MAX, tells)];
        let wakes = waits.map(|(deadline_ns, tells)| {
            let id = line.enter(0, 0, deadline_ns).unwrap();
            line.take_turn(0, id, 0, patience(deadline_ns, tells)).err().unwrap().1
        });
        let reset = Some(Duration::from_secs(60));
        let requests = Limit { limit: Some(limit), remaining: Some(left), reset };
        line.learn(0, &Learned { requests, ..Learned::default() });
        wakes.map(|wake| wake.is_raised())
    }

    #[test]
    fn only_those_look_again_whom_a_new_limit_concerns() {
        assert_eq!(woken_by([60, 50], 5, true), [true, false, false]);
        assert_eq!(woken_by([60, 1], 5, false), [true, false, false], "it has the time");
        assert_eq!(woken_by([60, 1], 0, false), [true, true, false], "it has no chance any more");
        assert_eq!(woken_by([60, 1], 5, true), [true, false, true], "others wait for it");
        assert_eq!(woken_by([600, 1], 5, true), [true, false, false], "for hardly longer");
    }

    #[test]
    fn what_an_answer_says_costs_little_however_many_wait() {
        let line = Line::new(0, 0, 1, 0);
        let patience = Patience { deadline_ns: u64::MAX, tells: false };
        let wakes: Vec<_> = (0..4_000)
            .map(|_| {
                let id = line.enter(0, 0, u64::MAX).unwrap();
                line.take_turn(0, id, 0, patience).err().map(|(_, wake)| wake)
            })
            .collect();
        for left in (0..1_000).rev() {
            let reset = Some(Duration::from_millis(left + 1));
            let requests =
                Limit { limit: Some(9_000_000), remaining: Some(8_000_000 + left), reset };
            line.learn(left, &Learned { requests, ..Learned::default() });
        }
        let raised = wakes.iter().flatten().filter(|wake| wake.is_raised()).count();
        assert!(raised <= 1, "{raised}");
    }
}
