//! Requests and tokens a minute, and calls in flight: who may send, and when.
//!
//! A bucket refills continuously, so a quiet client may burst up to a minute's
//! worth and then settles to the steady rate. Callers wait in one line: the
//! first to come is the first to be served, and whoever leaves (cancelled, out
//! of time) makes room. A wait that cannot end before the call's deadline fails
//! at once. What a provider says in its headers counts beside that, and only
//! ever makes the limits tighter: no more is sent than it has said is left, and
//! nothing while nothing is, until its reset.
//!
//! A call from inside a callback of one that has its place in flight already
//! goes before those in line, and needs no place beside it: whoever holds the
//! place is waiting for it.
//!
//! Tokens are an estimate until the answer's usage corrects it: to none where the
//! provider refuses, and a request that was not sent counts for nothing. It stands where
//! a request was sent and nothing tells what became of it. An estimate above the whole
//! limit is let through when it is alone, for waiting would not make it smaller.

mod bucket;
mod limits;
mod line;
#[cfg(test)]
mod tests;
mod wait;
mod waiting;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::limit_headers::Learned;
use crate::clock::Clock;
use crate::error::{Bound, Error, Result, Status};
use crate::llm::cancel::Interrupt;
use crate::nesting::{self, Inside};
use crate::options::client::ClientOptions;

use line::Line;
use wait::{Wait, too_late};
use waiting::Patience;

/// The limiter of one client; one line for each key and model.
#[derive(Debug)]
pub struct RateLimiter {
    clock: Clock,
    rpm: u64,
    tpm: u64,
    max_in_flight: u64,
    lines: Mutex<Lines>,
}

/// The lines by name, and how many there may be before those are dropped that
/// say nothing.
#[derive(Debug)]
struct Lines {
    by_name: HashMap<String, Arc<Line>>,
    sweep_at: usize,
}

/// Fewer lines are not worth a sweep.
const SWEEP_LEAST: usize = 64;

/// Who wants to send.
pub struct Asker<'a> {
    /// Until when it may stand in line, in ns, which may be raised meanwhile.
    pub deadline_ns: &'a dyn Fn() -> u64,
    /// Ends the wait.
    pub interrupt: &'a Interrupt,
    /// Told of each wait, where others wait for this one: before when it is not over,
    /// and how it ends in vain.
    pub held: Option<Held<'a>>,
    /// What it has waited for, and how many ns each, whether in vain or not.
    pub waits: &'a mut Vec<(Bound, u64)>,
}

/// Takes before when a wait is not over, and how it ends in vain.
pub type Held<'a> = &'a dyn Fn(u64, &dyn Fn() -> Error);

/// Leave to send; gives the place in flight back when dropped.
#[derive(Debug)]
pub struct Permit {
    line: Arc<Line>,
    clock: Clock,
    tokens: u64,
    /// How long it was waited for.
    pub waited: Duration,
    _inside: Inside,
}

/// A part in what somebody else sends, left when dropped.
pub struct Beside {
    _line: Arc<Line>,
    _inside: Inside,
}

impl RateLimiter {
    /// With the limits of the options, on a clock.
    pub fn new(options: &ClientOptions, clock: &Clock) -> Self {
        RateLimiter {
            clock: clock.clone(),
            rpm: options.rate_limit_rpm,
            tpm: options.rate_limit_tpm,
            max_in_flight: options.max_in_flight,
            lines: Mutex::new(Lines { by_name: HashMap::new(), sweep_at: SWEEP_LEAST }),
        }
    }

    fn line(&self, name: &str) -> Arc<Line> {
        let mut lines = self.lines.lock();
        if let Some(line) = lines.by_name.get(name) {
            return line.clone();
        }
        let now = self.clock.now_ns();
        if lines.by_name.len() >= lines.sweep_at {
            // One that nobody holds is as good as a new one once its limits are
            // whole again.
            lines.by_name.retain(|_, line| Arc::strong_count(line) > 1 || !line.is_fresh(now));
            lines.sweep_at = (2 * lines.by_name.len()).max(SWEEP_LEAST);
        }
        let line = Arc::new(Line::new(self.rpm, self.tpm, self.max_in_flight, now));
        lines.by_name.insert(name.to_string(), line.clone());
        line
    }

    /// Waits for leave to send about `tokens` on a line. Fails at once with
    /// `RATE_LIMITED` if the wait cannot end before the asker's deadline, and with the
    /// interrupt's error as soon as the call is interrupted.
    pub fn acquire(&self, line: &str, tokens: u64, asker: Asker<'_>) -> Result<Permit> {
        let line = self.line(line);
        let started = self.clock.now_ns();
        let id = line.enter(started, tokens, (asker.deadline_ns)())?;
        let result = self.wait_in_line(&line, (id, started), tokens, asker);
        line.leave(id);
        let waited = Duration::from_nanos(result? - started);
        let (clock, inside) = (self.clock.clone(), nesting::enter(line.place()));
        Ok(Permit { line, clock, tokens, waited, _inside: inside })
    }

    /// Says that this thread is inside of what a line has in flight, of which another
    /// thread holds the place: that one may wait for this.
    pub fn beside(&self, line: &str) -> Beside {
        let line = self.line(line);
        let inside = nesting::enter(line.place());
        Beside { _line: line, _inside: inside }
    }

    /// Whether one who wants to send now would not have to wait.
    pub fn has_room(&self, line: &str, tokens: u64) -> bool {
        self.line(line).has_room(self.clock.now_ns(), tokens)
    }

    /// Waits from `now` on until its turn has come: answers when that was.
    fn wait_in_line(
        &self,
        line: &Line,
        (id, mut now): (u64, u64),
        tokens: u64,
        asker: Asker<'_>,
    ) -> Result<u64> {
        loop {
            asker.interrupt.check()?;
            let deadline_ns = (asker.deadline_ns)();
            let patience = Patience { deadline_ns, tells: asker.held.is_some() };
            let Err((wait, wake)) = line.take_turn(now, id, tokens, patience) else {
                return Ok(now);
            };
            let over_at_ns = wait.over_at_ns(now);
            if over_at_ns > deadline_ns || now >= deadline_ns {
                return Err(self.in_vain(&wait));
            }
            if let Some(held) = asker.held {
                held(over_at_ns, &|| self.in_vain(&wait));
            }
            let time = if wait.for_others { u64::MAX } else { wait.at_least_ns };
            let left = Duration::from_nanos(time.min(deadline_ns - now));
            let waited = asker.interrupt.wait_or(&self.clock, &wake, left);
            let since = std::mem::replace(&mut now, self.clock.now_ns());
            asker.waits.extend(wait.holds.map(|bound| (bound, now - since)));
            waited?;
        }
    }

    /// How a wait ends that takes too long.
    fn in_vain(&self, wait: &Wait) -> Error {
        match wait.at_least_ns {
            0 => no_room(self.max_in_flight),
            _ => too_late(wait),
        }
    }

    /// Takes over what a provider's headers said about a line.
    pub fn learn(&self, line: &str, learned: &Learned) {
        if learned.is_empty() {
            return;
        }
        self.line(line).learn(self.clock.now_ns(), learned);
    }
}

impl Permit {
    /// Gives back what it stood for: nothing has been sent.
    pub fn unsent(&self) {
        self.line.unsend(&self.clock, self.tokens as f64);
    }

    /// Corrects the estimate by the tokens that were really used.
    pub fn correct(&self, used: u64) {
        self.line.correct(&self.clock, used as f64 - self.tokens as f64);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.line.give_back();
    }
}

/// The deadline came before anybody left.
fn no_room(max_in_flight: u64) -> Error {
    let message = format!(
        "no room within the call's time: max_in_flight = {max_in_flight}, and others are under way; raise it or timeout_ms"
    );
    Error::bounded(Status::RateLimited, Bound::InFlight, message)
}
