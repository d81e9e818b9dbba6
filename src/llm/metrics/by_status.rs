//! How many calls have ended in which way.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde_json::{Map, Value, json};

use super::{is_failure, share};
use crate::error::Status;

/// The counts.
#[derive(Debug)]
pub struct ByStatus(Vec<AtomicU64>);

impl Default for ByStatus {
    fn default() -> Self {
        ByStatus(Status::ALL.iter().map(|_| AtomicU64::default()).collect())
    }
}

impl ByStatus {
    /// Counts one.
    pub fn add(&self, status: Status) {
        self.0[status.code() as usize].fetch_add(1, Relaxed);
    }

    /// How many have ended so.
    pub fn count(&self, status: Status) -> u64 {
        self.0[status.code() as usize].load(Relaxed)
    }

    /// Adds all that another has.
    pub fn add_all(&self, other: &ByStatus) {
        for (own, more) in self.0.iter().zip(&other.0) {
            own.fetch_add(more.load(Relaxed), Relaxed);
        }
    }

    /// Those that there have been.
    pub fn counts(&self) -> Vec<(Status, u64)> {
        let counts = Status::ALL.iter().copied().zip(&self.0);
        let counts = counts.map(|(status, count)| (status, count.load(Relaxed)));
        counts.filter(|(_, count)| *count > 0).collect()
    }

    /// How many there were, succeeded, failed, and ended in each way; all from one
    /// look, so that they agree while calls go on.
    pub fn json(&self) -> Map<String, Value> {
        let counts = self.counts();
        let sum = |wanted: fn(Status) -> bool| -> u64 {
            counts.iter().filter(|(status, _)| wanted(*status)).map(|(_, count)| count).sum()
        };
        let (ok, failed) = (sum(|status| status == Status::Ok), sum(is_failure));
        let named = |(status, count): &(Status, u64)| (status.name().to_string(), json!(count));
        let figures = [
            ("calls", sum(|_| true).into()),
            ("successes", ok.into()),
            ("failures", failed.into()),
            ("by_status", counts.iter().map(named).collect::<Map<_, _>>().into()),
            ("success_rate", share(ok, ok + failed).into()),
        ];
        figures.into_iter().map(|(name, value)| (name.to_string(), value)).collect()
    }
}
