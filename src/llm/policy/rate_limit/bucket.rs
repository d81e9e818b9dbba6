//! A bucket: what may be sent at once of what the options let be sent in a
//! minute.

const MINUTE_NS: f64 = 60e9;

/// Refills continuously up to a minute's worth; 0 a minute is no limit.
#[derive(Debug)]
pub struct Bucket {
    /// 0: no limit.
    per_minute: f64,
    level: f64,
    filled_ns: u64,
}

impl Bucket {
    /// A full one.
    pub fn new(per_minute: u64, now: u64) -> Self {
        let per_minute = per_minute as f64;
        Bucket { per_minute, level: per_minute, filled_ns: now }
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

    /// The rate that holds.
    #[cfg(test)]
    pub fn per_minute(&self) -> f64 {
        self.per_minute
    }
}
