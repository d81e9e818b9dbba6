//! What a provider has stated of one of its limits.
//!
//! How the vendors count differs: some refill all the time, some at the end of a
//! minute or of a second. What all of them state is how much is left, and when it
//! is all there again; between the two, this counts as if it came evenly over a
//! minute, which is no more than any of them gives.

use std::time::Duration;

use crate::llm::policy::limit_headers::Limit;

const MINUTE_NS: f64 = 60e9;

/// A provider's limit; nothing until it has stated one.
#[derive(Debug)]
pub struct Stated {
    limit: f64,
    level: f64,
    /// When it is all there again.
    full_ns: u64,
    filled_ns: u64,
}

impl Stated {
    /// Nothing is known yet.
    pub const fn nothing() -> Self {
        Stated { limit: 0.0, level: 0.0, full_ns: u64::MAX, filled_ns: 0 }
    }

    /// Adds what has come since it was last asked.
    pub fn fill(&mut self, now: u64) {
        let passed = now.saturating_sub(self.filled_ns) as f64;
        self.level = match now >= self.full_ns {
            true => self.limit,
            false => (self.level + passed * self.limit / MINUTE_NS).min(self.limit),
        };
        if now >= self.full_ns {
            self.full_ns = u64::MAX;
        }
        self.filled_ns = now;
    }

    /// ns until all of it is there again, as it was stated.
    pub fn until_full_ns(&self) -> u64 {
        self.full_ns.saturating_sub(self.filled_ns)
    }

    /// ns until `amount` is there, when those `ahead` will have taken so much.
    pub fn wait_ns(&self, ahead: f64, amount: f64) -> u64 {
        let missing = ahead + amount.min(self.limit) - self.level;
        if self.limit == 0.0 || missing <= 1e-6 {
            return 0;
        }
        let evenly = |missing: f64| (missing.max(0.0) * MINUTE_NS / self.limit).ceil() as u64;
        let beyond = evenly(missing + self.level - self.limit);
        evenly(missing).min(self.until_full_ns().saturating_add(beyond))
    }

    /// Takes out an amount, or puts one back that is negative.
    pub fn take(&mut self, amount: f64) {
        if self.limit > 0.0 {
            self.level -= amount;
        }
    }

    /// Takes over what an answer states; whether anything is different from what
    /// was thought. `alone`: no other request is out, of which it may not know.
    pub fn learn(&mut self, now: u64, stated: &Limit, alone: bool) -> bool {
        let before = (self.limit, self.level, self.full_ns);
        if let Some(limit) = stated.limit.filter(|limit| *limit > 0).map(|limit| limit as f64) {
            if self.limit == 0.0 {
                self.level = limit;
            }
            self.limit = limit;
        }
        if self.limit == 0.0 {
            return false;
        }
        if let Some(left) = stated.remaining.map(|left| left as f64) {
            self.level = if alone { left } else { self.level.min(left) };
        }
        self.level = self.level.min(self.limit);
        let ns = |reset: Duration| u64::try_from(reset.as_nanos()).unwrap_or(u64::MAX);
        if let Some(reset) = stated.reset {
            self.full_ns = now.saturating_add(ns(reset));
        }
        before != (self.limit, self.level, self.full_ns)
    }

    /// A minute's worth; 0 if nothing was stated.
    #[cfg(test)]
    pub fn per_minute(&self) -> f64 {
        self.limit
    }
}
