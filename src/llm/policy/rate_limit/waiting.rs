//! Those who stand in one line, in their order, and who of them looks again.
//!
//! Whoever waits is woken when it has become the first, when room was made, and when
//! there is no chance any more. Each answer states the provider's limits anew: if all
//! looked again each time, a line of thousands would do little else.

use std::collections::VecDeque;
use std::sync::Arc;

use super::limits::{Limits, Want};
use crate::clock::Signal;

/// So much later has a turn to come, or later by a tenth of the wait, before those are
/// told who wait for it too.
const NEWS_NS: u64 = 1_000_000_000;

/// Those who wait, the next one first.
#[derive(Debug, Default)]
pub struct Waiting {
    waiters: VecDeque<Waiter>,
    next_id: u64,
}

#[derive(Debug)]
struct Waiter {
    id: u64,
    want: Want,
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

impl Waiting {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.waiters.len()
    }

    /// Takes one more, behind so many others; answers by which id it is known.
    pub fn join(&mut self, ahead: usize, want: Want, deadline_ns: u64) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        let waiter = Waiter { id, want, wake: Arc::default(), deadline_ns, told_ns: None };
        self.waiters.insert(ahead, waiter);
        id
    }

    /// How many stand before the one with this id, and what it wants.
    pub fn find(&self, id: u64) -> Option<(usize, Want)> {
        let mut all = self.waiters.iter().enumerate();
        all.find(|(_, waiter)| waiter.id == id).map(|(ahead, waiter)| (ahead, waiter.want))
    }

    /// The tokens that so many of the first want.
    pub fn tokens_of(&self, first: usize) -> u64 {
        self.waiters.iter().take(first).map(|waiter| waiter.want.tokens).sum()
    }

    /// The one with this id waits on, until so late at the least; answers what is
    /// raised when it should look again.
    pub fn wait_on(&mut self, id: u64, patience: Patience, over_at_ns: u64) -> Arc<Signal> {
        let wake = Arc::<Signal>::default();
        if let Some(waiter) = self.waiters.iter_mut().find(|waiter| waiter.id == id) {
            waiter.wake = wake.clone();
            waiter.deadline_ns = patience.deadline_ns;
            waiter.told_ns = patience.tells.then_some(over_at_ns);
        }
        wake
    }

    /// The one with this id leaves.
    pub fn leave(&mut self, id: u64) {
        self.waiters.retain(|waiter| waiter.id != id);
        self.wake_first();
    }

    /// Has the first look again.
    pub fn wake_first(&self) {
        if let Some(first) = self.waiters.front() {
            first.wake.raise();
        }
    }

    /// Has those look again whom new limits concern: the first, those who have no
    /// chance any more, and those who have more to tell to others.
    pub fn wake_concerned(&self, now: u64, limits: &Limits) {
        let mut ahead_tokens = 0;
        for (ahead, waiter) in self.waiters.iter().enumerate() {
            let wait = limits.wait_after(now, (ahead, ahead_tokens), waiter.want, false);
            let over_at_ns = wait.over_at_ns(now);
            let has_news = waiter.told_ns.is_some_and(|told_ns| {
                let told_ns = told_ns.max(now);
                over_at_ns > told_ns + NEWS_NS.max((told_ns - now) / 10)
            });
            if ahead == 0 || has_news || over_at_ns > waiter.deadline_ns {
                waiter.wake.raise();
            }
            ahead_tokens += waiter.want.tokens;
        }
    }
}
