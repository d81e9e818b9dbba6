//! All figures of one moment: what the JSON, the Prometheus text and the
//! thresholds are made from.

use std::time::Duration;

use serde_json::Value as Json;

use super::departure::Reason;
use super::shard::{Counts, Shard};
use super::{Cache, Cell};
use crate::metrics::Histogram;
use crate::object::json;

/// How long a call waits for the shards whose figures it looks at by the way.
const ASIDE: Duration = Duration::from_millis(2);

/// All figures of one moment.
pub struct Report {
    /// Look-ups answered, and not.
    pub hits: u64,
    /// As `hits`.
    pub misses: u64,
    /// Gets and sets a second.
    pub per_second: f64,
    /// What writers counted.
    pub counts: Counts,
    /// Entries of each shard in use.
    pub items: Vec<u64>,
    /// Their bytes.
    pub bytes: Vec<u64>,
    /// How many shards like it would be the whole cache; not the same for all
    /// while their number changes.
    pub parts: Vec<usize>,
    /// Accounted bytes, those of tables and the like among them.
    pub memory: u64,
    /// As `memory`.
    pub overhead: u64,
    /// Calls that found a shard's lock taken.
    pub contended: u64,
    /// Sum of the times of the gets that were timed in ns, and how many.
    pub timed_gets: (u64, u64),
}

impl Report {
    /// Hits among look-ups; none before the first.
    pub fn hit_rate(&self) -> Option<f64> {
        match self.hits + self.misses {
            0 => None,
            all => Some(self.hits as f64 / all as f64),
        }
    }

    /// Entries.
    pub fn total(&self) -> u64 {
        self.items.iter().sum()
    }

    /// The largest deviation of a shard's entries from its share, as a part of
    /// that.
    pub fn imbalance(&self) -> f64 {
        self.off(&self.items).fold(0.0, f64::max)
    }

    /// The same of what deviates in entries and in bytes alike. Keys that collide make a
    /// shard have more of both; of few long values or many short ones in as many bytes
    /// it has its share.
    pub fn unevenness(&self) -> f64 {
        self.off(&self.items).zip(self.off(&self.bytes)).map(|(a, b)| a.min(b)).fold(0.0, f64::max)
    }

    /// How far each shard is from its share of an amount, as a part of that.
    fn off(&self, amounts: &[u64]) -> impl Iterator<Item = f64> {
        let total = amounts.iter().sum::<u64>().max(1) as f64;
        let is_empty = amounts.iter().all(|amount| *amount == 0);
        amounts.iter().zip(&self.parts).map(move |(amount, parts)| match is_empty {
            true => 0.0,
            false => (*amount as f64 * *parts as f64 / total - 1.0).abs(),
        })
    }

    /// The most that chance alone is likely to make it with so few entries in so many
    /// shards. In standard deviations of the smallest share, the largest of `n` is about
    /// the root of `2 ln n` off; three more are seldom seen. Where there is less than one
    /// entry to a shard, a single one is off by as much as there are shards to it.
    pub fn imbalance_by_chance(&self) -> f64 {
        let parts = self.parts.iter().max().copied().unwrap_or(1) as f64;
        let share = self.total() as f64 / parts;
        let deviations = 3.0 + (2.0 * parts.ln()).sqrt();
        if share > 0.0 { deviations / share.min(share.sqrt()) } else { f64::MAX }
    }

    /// Adds what a shard says of itself.
    fn add(&mut self, index: usize, cell: &Cell, shard: &Shard) {
        let overhead = shard.overhead_bytes() + size_of::<Cell>() as u64;
        self.memory += shard.entry_bytes() + overhead;
        self.overhead += overhead;
        self.counts.add(&shard.counts);
        self.counts.add_renewed(cell.renewed());
        self.contended += cell.contended();
        if index & shard.mask == index {
            self.items.push(shard.table.len() as u64);
            self.bytes.push(shard.entry_bytes());
            self.parts.push(shard.mask + 1);
        }
    }
}

impl Cache {
    /// The figures of now; a shard that is taken is waited for.
    pub fn report(&self) -> Report {
        let mut report = self.without_shards();
        let _still = self.moving.read();
        for (index, cell) in self.directory.cells().enumerate() {
            report.add(index, cell, &cell.read());
        }
        self.within_bounds(report)
    }

    /// The same for a call that has something else to do: none, if a shard is not free
    /// within a moment.
    pub(super) fn report_aside(&self) -> Option<Report> {
        let until = self.directory.aside_until(ASIDE);
        let mut report = self.without_shards();
        let _still = self.moving.try_read_until(until)?;
        for (index, cell) in self.directory.cells().enumerate() {
            let shard = cell.try_read().or_else(|| cell.wait_to_read(Some(until), None))?;
            report.add(index, cell, &shard);
        }
        Some(self.within_bounds(report))
    }

    fn without_shards(&self) -> Report {
        let (hits, misses) = self.metrics.hits_and_misses();
        Report {
            hits,
            misses,
            per_second: self.metrics.per_second(&self.clock),
            counts: Counts::default(),
            items: Vec::new(),
            bytes: Vec::new(),
            parts: Vec::new(),
            memory: self.own_bytes(),
            overhead: self.own_bytes(),
            contended: 0,
            timed_gets: (self.metrics.get_ns.sum_ns(), self.metrics.get_ns.count()),
        }
    }

    /// As in [`Cache::memory_bytes`].
    fn within_bounds(&self, report: Report) -> Report {
        let memory = report.memory.min(self.shared.budget.bytes.most_in_use());
        Report { memory, ..report }
    }

    /// All figures as JSON.
    pub fn metrics_json(&self) -> Json {
        let report = self.report();
        self.look_after(&report);
        let (pinned_entries, pinned_bytes) = self.pinned();
        let (counts, metrics) = (&report.counts, &self.metrics);
        let evictions: serde_json::Map<_, _> = Reason::ALL
            .iter()
            .map(|reason| (reason.name().into(), counts.left[*reason as usize].into()))
            .collect();
        let evicted = counts.evicted();
        json!({
            "hits": report.hits,
            "misses": report.misses,
            "hit_rate": report.hit_rate(),
            "miss_rate": report.hit_rate().map(|rate| 1.0 - rate),
            "stale_hits": metrics.stale_hits(),
            "sets": counts.sets,
            "evictions": evicted,
            "eviction_rate": (counts.sets > 0).then(|| evicted as f64 / counts.sets as f64),
            "departures": evictions,
            "avg_age_at_eviction_ms": counts.mean_age_ms(),
            "get_latency_ns": latency(&metrics.get_ns, metrics.first_ns()[0]),
            "set_latency_ns": latency(&metrics.set_ns, metrics.first_ns()[1]),
            "operations_per_second": report.per_second,
            "items": report.total(),
            "capacity": self.capacity(),
            "memory_bytes": report.memory,
            "overhead_bytes": report.overhead,
            "max_memory_bytes": self.max_bytes(),
            "pinned_entries": pinned_entries,
            "pinned_bytes": pinned_bytes,
            "shards": report.items.len(),
            "shard_items": report.items,
            "shard_imbalance": report.imbalance(),
            "contended": report.contended,
            "busy": self.directory.gave_up(),
            "eviction_policy": self.policy_name(),
            "sweep": self.sweep_json(),
            "compression": self.compression_json(counts),
            "alerts": self.alerts.raised(),
            "tuning": self.tuning_json(),
        })
    }
}

/// Mean and percentiles of sampled times; null before the first.
fn latency(times: &Histogram, first_ns: Option<u64>) -> Json {
    if let Some(ns) = first_ns {
        return json!({"mean": ns as f64, "p50": ns, "p90": ns, "p99": ns, "p99_9": ns,
            "sampled": 1});
    }
    json!({
        "mean": times.mean_ns(),
        "p50": times.quantile_ns(0.5),
        "p90": times.quantile_ns(0.9),
        "p99": times.quantile_ns(0.99),
        "p99_9": times.quantile_ns(0.999),
        "sampled": times.count(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::cache;

    #[test]
    fn a_call_that_looks_at_the_figures_by_the_way_does_not_wait_for_a_shard_that_is_taken() {
        let cache = cache(r#"{"shard_count": 2}"#).0;
        assert_eq!(cache.report_aside().map(|report| report.items), Some(vec![0, 0]));
        let taken = cache.directory.cell(1).write();
        assert!(cache.report_aside().is_none());
        drop(taken);
        let moving = cache.moving.write();
        assert!(cache.report_aside().is_none());
        drop(moving);
    }

    #[test]
    fn chance_explains_what_it_makes_of_many_shards_and_not_a_shard_that_has_twice_as_much() {
        let mut report = cache("{}").0.report();
        let mut random = fastrand::Rng::with_seed(1);
        for shards in [2, 64, 1_024, 16_384] {
            report.parts = vec![shards; shards];
            for few in [1, shards / 4 + 1] {
                report.items = vec![0; shards];
                (0..few).for_each(|_| report.items[random.usize(..shards)] += 1);
                assert!(report.imbalance() < report.imbalance_by_chance(), "{few} in {shards}");
            }
            report.items = vec![0; shards];
            report.parts = vec![shards; shards];
            (0..shards * 64).for_each(|_| report.items[random.usize(..shards)] += 1);
            assert!(report.imbalance() < report.imbalance_by_chance(), "{shards}");
            report.items.iter_mut().for_each(|items| *items *= 4);
            report.items[0] *= 2;
            assert!(report.imbalance() > report.imbalance_by_chance(), "{shards}");
            report.bytes = report.items.iter().map(|items| items * 100).collect();
            assert_eq!(report.unevenness(), report.imbalance());
        }
    }

    #[test]
    fn values_of_many_lengths_in_equal_bytes_are_not_uneven() {
        let mut report = cache("{}").0.report();
        (report.parts, report.items) = (vec![4; 4], vec![100, 900, 400, 600]);
        report.bytes = vec![1_000_000, 1_010_000, 990_000, 1_000_000];
        assert!(report.imbalance() > 0.5 && report.unevenness() < 0.02);
        report.bytes = vec![0; 4];
        report.items = vec![0; 4];
        assert_eq!((report.imbalance(), report.unevenness()), (0.0, 0.0));
    }
}
