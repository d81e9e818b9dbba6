//! How many entries the models stand for: the capacity, or, where memory is what
//! makes entries leave, as many as it holds.
//!
//! Which bound it is shows in the evictions since the models began. They begin anew
//! when it has become the other one, or when the entries have so changed in size
//! that it holds more of them, or fewer, by an eighth.

use super::Cache;
use super::departure::Reason;
use super::report::Report;

/// Evictions more for one bound than for the other that say which one binds.
const TELLING: u64 = 100;

/// What a simulation is of.
#[derive(Debug, Clone, Copy, Default)]
pub struct Extent {
    /// Entries that the bound which binds leaves room for.
    pub entries: u64,
    /// Entries that the other one leaves room for at most.
    pub most: u64,
    /// Whether that is memory, and not the capacity.
    pub by_memory: bool,
    /// Evictions for entries and for bytes until then.
    evicted: [u64; 2],
}

impl Extent {
    /// The bound of a cache that has evicted nothing.
    pub fn of_capacity(capacity: u64) -> Extent {
        Extent { entries: capacity, most: u64::MAX, ..Extent::default() }
    }

    /// The option that sets the bound.
    pub fn option(&self) -> &'static str {
        if self.by_memory { "max_memory_mb" } else { "capacity" }
    }

    /// Entries that so many times the bound would leave room for.
    pub fn scaled(&self, scale: f64) -> f64 {
        (self.entries as f64 * scale).min(self.most as f64)
    }

    /// Evictions since then.
    pub fn evicted_since(&self, report: &Report) -> u64 {
        report.counts.evicted().saturating_sub(self.evicted.iter().sum())
    }

    fn is_like(&self, other: &Extent) -> bool {
        self.by_memory == other.by_memory
            && self.entries.abs_diff(other.entries) <= other.entries / 8
    }
}

impl Cache {
    /// What the models should be of now.
    fn extent(&self, report: &Report) -> Extent {
        let before = self.simulator.extent();
        let evicted =
            [Reason::Capacity, Reason::Memory].map(|why| report.counts.left[why as usize]);
        let [for_entries, for_bytes] =
            [0, 1].map(|i| u64::saturating_sub(evicted[i], before.evicted[i]));
        let by_memory = match for_entries.abs_diff(for_bytes) < TELLING {
            true => before.by_memory,
            false => for_bytes > for_entries,
        };
        let capacity = self.capacity();
        match by_memory {
            true => {
                // One that was cleared has yet to fill.
                let full = self.max_bytes().is_some_and(|most| report.memory >= most / 4 * 3);
                let held = if full || !before.by_memory { report.total() } else { before.entries };
                Extent { entries: held.clamp(1, capacity), most: capacity, by_memory, evicted }
            }
            false => Extent { evicted, ..Extent::of_capacity(capacity) },
        }
    }

    /// Has the models begin anew if they are of another extent than the cache. No
    /// lock is held.
    pub(super) fn fit_simulation(&self, report: &Report) {
        let extent = self.extent(report);
        if !extent.is_like(&self.simulator.extent()) {
            self.simulate(extent);
        }
        self.simulator.holds(report.total());
    }

    /// The models begin anew: the cache is another one now.
    pub(super) fn restart_simulation(&self) {
        self.simulate(self.extent(&self.report()));
    }

    fn simulate(&self, extent: Extent) {
        let since = self.metrics.hits_and_misses();
        self.simulator.restart(extent, self.policy_name(), since, &|bytes| self.pay(bytes));
    }
}
