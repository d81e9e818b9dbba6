//! A bucket: what may be sent at once of what may be sent in a minute.

const MINUTE_NS: f64 = 60e9;

/// Refills continuously up to a minute's worth; 0 a minute is no limit.
#[derive(Debug)]
pub struct Bucket {
    /// What the options allow; 0: no limit.
    allowed: f64,
    /// What holds: the provider's own limit, if it is lower.
    per_minute: f64,
    level: f64,
    filled_ns: u64,
}

impl Bucket {
    /// A full one.
    pub fn new(per_minute: u64, now: u64) -> Self {
        let allowed = per_minute as f64;
        Bucket { allowed, per_minute: allowed, level: allowed, filled_ns: now }
    }

    fn is_off(&self) -> bool {
        self.per_minute == 0.0
    }

    /// Adds what has come since it was last asked.
    pub fn fill(&mut self, now: u64) {
        let passed = now.saturating_sub(self.filled_ns) as f64;
        self.level = (self.level + passed * self.per_minute / MINUTE_NS).min(self.per_minute);
        self.filled_ns = now;
    }

    /// ns until `amount` is there; nobody waits for more than a full bucket, but
    /// for what those `ahead` will have taken.
    pub fn wait_ns(&self, ahead: f64, amount: f64) -> u64 {
        if self.is_off() {
            return 0;
        }
        let missing = ahead + amount.min(self.per_minute) - self.level;
        if missing <= 1e-6 { 0 } else { (missing * MINUTE_NS / self.per_minute).ceil() as u64 }
    }

    /// Takes out an amount, or puts one back that is negative.
    pub fn take(&mut self, amount: f64) {
        if !self.is_off() {
            self.level -= amount;
        }
    }

    /// Takes over what a provider states, but for what would be more than the
    /// options allow; whether there is less than there was.
    pub fn learn(&mut self, limit: Option<u64>, remaining: Option<u64>) -> bool {
        let before = (self.per_minute, self.level);
        if let Some(limit) = limit.filter(|limit| *limit > 0).map(|limit| limit as f64) {
            if self.is_off() {
                self.level = limit;
            }
            self.per_minute = if self.allowed > 0.0 { limit.min(self.allowed) } else { limit };
        }
        if let (Some(left), false) = (remaining, self.is_off()) {
            self.level = self.level.min(left as f64);
        }
        self.level = self.level.min(self.per_minute);
        self.per_minute < before.0 || self.level < before.1
    }

    /// The rate that holds.
    #[cfg(test)]
    pub fn per_minute(&self) -> f64 {
        self.per_minute
    }
}
