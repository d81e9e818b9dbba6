//! One line: those who want to send with one key to one model, first come first.
//!
//! Whoever is inside a call that has its place in flight stands before the others.
//! Who stands in it and what those share lies behind one lock, so that nobody takes
//! what was counted for another.

use std::sync::Arc;

use parking_lot::Mutex;

use super::limits::{Limits, Want};
use super::wait::{Wait, too_late};
use super::waiting::{Patience, Waiting};
use crate::clock::{Clock, Signal};
use crate::error::Result;
use crate::llm::policy::limit_headers::Learned;
use crate::nesting::{self, Place};

/// A line, and the limits that those in it share.
#[derive(Debug)]
pub struct Line {
    state: Mutex<LineState>,
}

#[derive(Debug)]
struct LineState {
    limits: Limits,
    waiting: Waiting,
}

impl Line {
    /// A line in which nobody stands, with the limits of the options.
    pub fn new(rpm: u64, tpm: u64, max_in_flight: u64, now: u64) -> Line {
        let limits = Limits::new(rpm, tpm, max_in_flight, now);
        Line { state: Mutex::new(LineState { limits, waiting: Waiting::default() }) }
    }

    /// Joins the end of the line, if there is a chance to be served in time.
    pub fn enter(&self, now: u64, tokens: u64, deadline_ns: u64) -> Result<u64> {
        let nested = nesting::is_inside(self.place());
        let mut state = self.state.lock();
        let ahead = if nested { 0 } else { state.waiting.len() };
        let want = Want { tokens, nested };
        let forecast = state.wait_behind(now, ahead, want, true);
        let ns = forecast.at_least_ns;
        // Who need not wait and is late all the same is not late because of limits.
        if ns > 0 && now.saturating_add(ns) > deadline_ns {
            return Err(too_late(&forecast));
        }
        Ok(state.waiting.join(ahead, want, deadline_ns))
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
            state.limits.take(tokens);
            return Ok(());
        }
        let wake = state.waiting.wait_on(id, patience, wait.over_at_ns(now));
        Err((wait, wake))
    }

    /// Whether one who came now would not have to wait.
    pub fn has_room(&self, now: u64, tokens: u64) -> bool {
        let mut state = self.state.lock();
        let ahead = state.waiting.len();
        state.wait_behind(now, ahead, Want { tokens, nested: false }, false).is_over()
    }

    /// Takes the one with this id out of the line.
    pub fn leave(&self, id: u64) {
        self.state.lock().waiting.leave(id);
    }

    /// Gives a place in flight back.
    pub fn give_back(&self) {
        let mut state = self.state.lock();
        state.limits.give_back();
        state.waiting.wake_first();
    }

    /// Puts a request and its tokens back that was not sent.
    pub fn unsend(&self, clock: &Clock, tokens: f64) {
        let mut state = self.state.lock();
        state.limits.unsend(clock.now_ns(), tokens);
        state.waiting.wake_first();
    }

    /// Takes so many tokens more than were estimated, or fewer.
    pub fn correct(&self, clock: &Clock, tokens: f64) {
        let mut state = self.state.lock();
        state.limits.correct(clock.now_ns(), tokens);
        state.waiting.wake_first();
    }

    /// Takes over what a provider's headers said.
    pub fn learn(&self, now: u64, learned: &Learned) {
        let mut state = self.state.lock();
        if state.limits.learn(now, learned) {
            state.waiting.wake_concerned(now, &state.limits);
        }
    }

    /// What a thread is inside of that has a place in flight.
    pub fn place(&self) -> Place {
        Place::Line(std::ptr::from_ref(self) as usize)
    }

    /// Whether a new one would serve whoever comes in the same way: see
    /// [`Limits::are_fresh`].
    pub fn is_fresh(&self, now: u64) -> bool {
        let mut state = self.state.lock();
        state.limits.are_fresh(now) && state.waiting.len() == 0
    }

    /// How many stand in it.
    #[cfg(test)]
    pub fn waiting(&self) -> usize {
        self.state.lock().waiting.len()
    }

    /// How many have a place in flight.
    #[cfg(test)]
    pub fn in_flight(&self) -> u64 {
        self.state.lock().limits.in_flight()
    }

    /// Requests a minute that hold.
    #[cfg(test)]
    pub fn requests_per_minute(&self) -> f64 {
        self.state.lock().limits.requests_per_minute()
    }
}

impl LineState {
    /// What the one with this id waits for.
    fn wait(&mut self, now: u64, id: u64) -> Wait {
        let nobody = (self.waiting.len(), Want { tokens: 0, nested: false });
        let (ahead, want) = self.waiting.find(id).unwrap_or(nobody);
        self.wait_behind(now, ahead, want, false)
    }

    /// What one behind so many others waits for; `at_best` as [`Limits::wait_after`].
    fn wait_behind(&mut self, now: u64, ahead: usize, want: Want, at_best: bool) -> Wait {
        self.limits.fill(now);
        let before = (ahead, self.waiting.tokens_of(ahead));
        self.limits.wait_after(now, before, want, at_best)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
