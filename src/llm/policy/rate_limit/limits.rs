//! The limits that those in one line share: requests and tokens a minute, places in
//! flight, and until when the provider takes nothing.
//!
//! They know nobody in the line. Whoever asks how long it has to wait says how many
//! stand before it, and how many tokens those will have taken.

use std::time::Duration;

use super::bucket::Limited;
use super::wait::Wait;
use crate::error::Bound;
use crate::llm::policy::limit_headers::Learned;

/// No limit is counted over more than a day: a header that says otherwise, or
/// a clock that makes it so, holds nobody longer.
pub const LONGEST_HOLD: Duration = Duration::from_secs(86_400);

/// The limits of one line.
#[derive(Debug)]
pub struct Limits {
    requests: Limited,
    tokens: Limited,
    in_flight: u64,
    max_in_flight: u64,
    /// Nobody is served before; ns on the clock.
    held_until_ns: u64,
}

/// What somebody in line wants.
#[derive(Debug, Clone, Copy)]
pub struct Want {
    /// So many tokens, as far as can be told.
    pub tokens: u64,
    /// It is called from inside a call that is in flight.
    pub nested: bool,
}

impl Limits {
    /// Those of the options, of which nothing is used.
    pub fn new(rpm: u64, tpm: u64, max_in_flight: u64, now: u64) -> Limits {
        let (requests, tokens) = (Limited::new(rpm, now), Limited::new(tpm, now));
        Limits { requests, tokens, in_flight: 0, max_in_flight, held_until_ns: 0 }
    }

    /// Adds what has come since they were last asked.
    pub fn fill(&mut self, now: u64) {
        self.requests.fill(now);
        self.tokens.fill(now);
    }

    /// What one waits for behind so many others with so many tokens, once they are
    /// filled; `at_best` as [`Limited::waits_ns`].
    pub fn wait_after(
        &self,
        now: u64,
        (ahead, ahead_tokens): (usize, u64),
        want: Want,
        at_best: bool,
    ) -> Wait {
        let full = self.max_in_flight > 0 && self.in_flight >= self.max_in_flight;
        let held = self.held_until_ns.saturating_sub(now);
        let requests = self.requests.waits_ns(ahead as f64, 1.0, at_best);
        let tokens = self.tokens.waits_ns(ahead_tokens as f64, want.tokens as f64, at_best);
        let theirs = held.max(requests.1).max(tokens.1);
        let waits =
            [(theirs, Bound::Provider), (tokens.0, Bound::Tokens), (requests.0, Bound::Requests)];
        let longest = waits.into_iter().max_by_key(|(ns, _)| *ns);
        let (at_least_ns, slowest) = longest.unwrap_or((0, Bound::Requests));
        let no_room = full && !want.nested;
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

    /// Takes a place in flight, a request and its tokens.
    pub fn take(&mut self, tokens: u64) {
        self.requests.take(1.0);
        self.tokens.take(tokens as f64);
        self.in_flight += 1;
    }

    /// Gives a place in flight back.
    pub fn give_back(&mut self) {
        self.in_flight -= 1;
    }

    /// Puts a request and its tokens back that was not sent.
    pub fn unsend(&mut self, now: u64, tokens: f64) {
        self.fill(now);
        self.requests.take(-1.0);
        self.tokens.take(-tokens);
    }

    /// Takes so many tokens more than were estimated, or fewer.
    pub fn correct(&mut self, now: u64, tokens: f64) {
        self.tokens.fill(now);
        self.tokens.correct(tokens);
    }

    /// Takes over what a provider's headers said; whether those who wait should
    /// look again.
    pub fn learn(&mut self, now: u64, learned: &Learned) -> bool {
        self.fill(now);
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

    /// Whether new ones would serve whoever comes in the same way, but for a
    /// provider's limit, which the next answer states again.
    pub fn are_fresh(&mut self, now: u64) -> bool {
        self.fill(now);
        let are_whole = self.requests.is_whole() && self.tokens.is_whole();
        are_whole && self.held_until_ns <= now
    }

    /// How many have a place in flight.
    #[cfg(test)]
    pub fn in_flight(&self) -> u64 {
        self.in_flight
    }

    /// Requests a minute that hold.
    #[cfg(test)]
    pub fn requests_per_minute(&self) -> f64 {
        self.requests.per_minute()
    }
}
