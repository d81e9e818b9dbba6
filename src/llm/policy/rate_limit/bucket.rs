//! What may be sent at once of what may be sent in a minute: by the options, and
//! by what the provider has stated.
//!
//! How the vendors count differs: some refill all the time, some at the end of a
//! minute or of a second. What all of them state is how much is left, and when it
//! is all there again; between the two it counts as if it came evenly over a minute.

use std::time::Duration;

use crate::llm::policy::limit_headers::Limit;

const MINUTE_NS: f64 = 60e9;

/// Refills continuously up to a minute's worth, or at once at a stated time; 0 a
/// minute is no limit.
#[derive(Debug)]
struct Bucket {
    /// 0: no limit.
    per_minute: f64,
    level: f64,
    /// When it is all there again, if that was stated.
    full_ns: u64,
    filled_ns: u64,
}

impl Bucket {
    /// A full one.
    fn new(per_minute: u64, now: u64) -> Self {
        let per_minute = per_minute as f64;
        Bucket { per_minute, level: per_minute, full_ns: u64::MAX, filled_ns: now }
    }

    fn is_off(&self) -> bool {
        self.per_minute == 0.0
    }

    /// Adds what has come since it was last asked.
    fn fill(&mut self, now: u64) {
        let passed = now.saturating_sub(self.filled_ns) as f64;
        self.level += passed * self.per_minute / MINUTE_NS;
        if now >= self.full_ns {
            (self.level, self.full_ns) = (self.per_minute, u64::MAX);
        }
        self.level = self.level.min(self.per_minute);
        self.filled_ns = now;
    }

    fn is_whole(&self) -> bool {
        self.level >= self.per_minute
    }

    /// ns until all of it is there again, as it was stated.
    fn until_full_ns(&self) -> u64 {
        self.full_ns.saturating_sub(self.filled_ns)
    }

    /// ns until `amount` is there; nobody waits for more than a full bucket, but
    /// for what those `ahead` will have taken.
    fn wait_ns(&self, ahead: f64, amount: f64) -> u64 {
        let needed = ahead + amount.min(self.per_minute);
        if self.is_off() || needed - self.level <= 1e-6 {
            return 0;
        }
        let evenly = |missing: f64| (missing.max(0.0) * MINUTE_NS / self.per_minute).ceil() as u64;
        let once_full = self.until_full_ns().saturating_add(evenly(needed - self.per_minute));
        evenly(needed - self.level).min(once_full)
    }

    /// Takes out an amount, or puts one back that is negative.
    fn take(&mut self, amount: f64) {
        if !self.is_off() {
            self.level -= amount;
        }
    }

    /// Takes over what an answer states; whether anything is different from what
    /// was thought. `alone`: no other request is out, of which it may not know.
    fn learn(&mut self, now: u64, stated: &Limit, alone: bool) -> bool {
        let before = (self.per_minute, self.level, self.full_ns);
        if let Some(limit) = stated.limit.filter(|limit| *limit > 0).map(|limit| limit as f64) {
            if self.is_off() {
                self.level = limit;
            }
            self.per_minute = limit;
        }
        if self.is_off() {
            return false;
        }
        if let Some(left) = stated.remaining.map(|left| left as f64) {
            self.level = if alone { left } else { self.level.min(left) };
        }
        self.level = self.level.min(self.per_minute);
        let ns = |reset: Duration| u64::try_from(reset.as_nanos()).unwrap_or(u64::MAX);
        if let Some(reset) = stated.reset {
            self.full_ns = now.saturating_add(ns(reset));
        }
        before != (self.per_minute, self.level, self.full_ns)
    }
}

/// A limit of the options, and the provider's own once it has stated one.
#[derive(Debug)]
pub struct Limited {
    own: Bucket,
    theirs: Bucket,
}

impl Limited {
    /// With a full bucket of the options'; 0 a minute is no limit.
    pub fn new(per_minute: u64, now: u64) -> Limited {
        Limited { own: Bucket::new(per_minute, now), theirs: Bucket::new(0, now) }
    }

    /// Adds what has come since it was last asked.
    pub fn fill(&mut self, now: u64) {
        self.own.fill(now);
        self.theirs.fill(now);
    }

    /// Whether nothing is missing.
    pub fn is_whole(&self) -> bool {
        self.own.is_whole() && self.theirs.is_whole()
    }

    /// ns until `amount` is there, when those `ahead` will have taken so much: by the
    /// options, and by what the provider has stated. `at_best`: of what that gives
    /// back, and how often, the most that can be hoped for.
    pub fn waits_ns(&self, ahead: f64, amount: f64, at_best: bool) -> (u64, u64) {
        let theirs = self.theirs.wait_ns(ahead, amount);
        let theirs = if at_best { theirs.min(self.theirs.until_full_ns()) } else { theirs };
        (self.own.wait_ns(ahead, amount), theirs)
    }

    /// Takes out an amount.
    pub fn take(&mut self, amount: f64) {
        self.own.take(amount);
        self.theirs.take(amount);
    }

    /// Takes out so much more than was estimated, or less; what the provider has
    /// stated says so already.
    pub fn correct(&mut self, amount: f64) {
        self.own.take(amount);
    }

    /// Takes over what an answer states of the provider's limit: see
    /// [`Bucket::learn`].
    pub fn learn(&mut self, now: u64, stated: &Limit, alone: bool) -> bool {
        self.theirs.learn(now, stated, alone)
    }

    /// The rate that holds.
    #[cfg(test)]
    pub fn per_minute(&self) -> f64 {
        let limits = [self.own.per_minute, self.theirs.per_minute];
        limits.into_iter().filter(|limit| *limit > 0.0).fold(f64::MAX, f64::min)
    }
}
