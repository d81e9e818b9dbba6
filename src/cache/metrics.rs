//! What a cache tells of itself.
//!
//! Look-ups are counted in lines that belong to threads, and every 256th of a
//! thread's is timed, so a call pays less than two nanoseconds; what writers
//! count lies in their shards. A [`Report`] is all of it at one moment, and
//! the JSON, the Prometheus text and the thresholds are made from it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use parking_lot::Mutex;
use serde_json::{Value as Json, json};

use super::departure::Reason;
use super::lookup::Missed;
use super::shard::Counts;
use super::{Cache, Cell};
use crate::clock::Clock;
use crate::metrics::{Histogram, Striped};

const GETS: usize = 0;
const MISSES: usize = 1;
const BUSY: usize = 2;
const SETS: usize = 3;
/// Where look-ups are counted that nobody asks for.
const UNCOUNTED: usize = 4;
/// Hits and misses, counted among the others, whose caller had too little room
/// for the answer: who asks again is counted again.
const VAIN_HITS: usize = 5;
const VAIN_MISSES: usize = 6;
/// Every so many calls of a thread are timed; a power of two.
const TIMED_EVERY: u64 = 256;

/// Counters and histograms of one cache.
#[derive(Default)]
pub struct Metrics {
    enabled: bool,
    counters: Striped<7>,
    /// The most hits and misses that were told of.
    told: [AtomicU64; 2],
    /// Times of gets and sets, a sample of them.
    pub get_ns: Histogram,
    /// As `get_ns`.
    pub set_ns: Histogram,
    /// Nanoseconds spent on packing and unpacking values.
    pub pack_ns: AtomicU64,
    /// As `pack_ns`.
    pub unpack_ns: AtomicU64,
    /// Sweeps that ran.
    pub sweeps: AtomicU64,
    /// Look-ups that were answered with an expired value; misses at first.
    stale: AtomicU64,
    rate: Mutex<Rate>,
}

/// Operations at two moments, to tell the rate between them.
#[derive(Default)]
struct Rate {
    at_ns: u64,
    operations: u64,
    per_second: f64,
}

impl Metrics {
    /// Counters that count, or not.
    pub fn new(enabled: bool, clock: &Clock) -> Metrics {
        let rate = Rate { at_ns: clock.now_ns(), ..Rate::default() };
        Metrics { enabled, rate: Mutex::new(rate), ..Metrics::default() }
    }

    /// Bytes that they take.
    pub fn bytes(&self) -> u64 {
        self.counters.bytes() + self.get_ns.bytes() + self.set_ns.bytes()
    }

    /// Counts a look-up; the time, if this one is timed.
    #[inline]
    pub fn start_get(&self, clock: &Clock) -> Option<u64> {
        self.start(GETS, clock)
    }

    /// Counts a store; the time, if this one is timed.
    #[inline]
    pub fn start_set(&self, clock: &Clock) -> Option<u64> {
        self.start(SETS, clock)
    }

    #[inline]
    fn start(&self, counter: usize, clock: &Clock) -> Option<u64> {
        if !self.enabled || !self.counters.add(counter).is_multiple_of(TIMED_EVERY) {
            return None;
        }
        Some(clock.now_ns())
    }

    /// The place of a thread's look-ups, unless the next one is timed, or the
    /// thread has no line of its own.
    #[inline(always)]
    pub fn untimed_get(&self, line: usize) -> Option<&AtomicU64> {
        self.untimed(line, GETS)
    }

    /// As [`Metrics::untimed_get`], for stores.
    #[inline(always)]
    pub fn untimed_set(&self, line: usize) -> Option<&AtomicU64> {
        self.untimed(line, SETS)
    }

    #[inline(always)]
    fn untimed(&self, line: usize, counter: usize) -> Option<&AtomicU64> {
        if !self.enabled {
            return self.counters.owned(line, UNCOUNTED);
        }
        let place = self.counters.owned(line, counter)?;
        (place.load(Relaxed) % TIMED_EVERY != 0).then_some(place)
    }

    /// Counts a look-up at such a place that found nothing.
    #[inline(always)]
    pub fn untimed_miss(&self, line: usize, place: &AtomicU64) {
        let add = |place: &AtomicU64| place.store(place.load(Relaxed) + 1, Relaxed);
        if let (true, Some(misses)) = (self.enabled, self.counters.owned(line, MISSES)) {
            add(place);
            add(misses);
        }
    }

    /// The end of a timed look-up; the time of now.
    #[cold]
    pub fn end_get(&self, clock: &Clock, start: u64) -> u64 {
        Self::end(&self.get_ns, clock, start)
    }

    /// The end of a timed store; the time of now.
    #[cold]
    pub fn end_set(&self, clock: &Clock, start: u64) -> u64 {
        Self::end(&self.set_ns, clock, start)
    }

    fn end(times: &Histogram, clock: &Clock, start: u64) -> u64 {
        let now = clock.now_ns();
        times.record(now.saturating_sub(start));
        now
    }

    /// Counts a miss.
    pub fn missed(&self) -> Missed {
        if self.enabled {
            self.counters.add(MISSES);
        }
        Missed::NotFound
    }

    /// Counts a look-up that gave up waiting.
    #[cold]
    pub fn busy(&self) -> Missed {
        if self.enabled {
            self.counters.add(BUSY);
        }
        Missed::Busy
    }

    /// A look-up that missed was answered with an expired value after all.
    #[cold]
    pub fn found_stale(&self) {
        if self.enabled {
            self.stale.fetch_add(1, Relaxed);
        }
    }

    /// Hits that were stale.
    pub fn stale_hits(&self) -> u64 {
        self.stale.load(Relaxed)
    }

    /// Takes look-ups out of the count that came to nothing, because there was
    /// too little room for what they found.
    #[cold]
    pub fn in_vain(&self, hits: u64, misses: u64) {
        if self.enabled {
            self.counters.add_many(VAIN_HITS, hits);
            self.counters.add_many(VAIN_MISSES, misses);
        }
    }

    /// Hits, stale ones among them, and misses so far; never fewer than before,
    /// though some of those that are under way may turn out to be neither, or to be
    /// the other.
    pub fn hits_and_misses(&self) -> (u64, u64) {
        let sum = |counter| self.counters.sum(counter);
        // Before the misses that they have been counted among.
        let stale = self.stale_hits();
        let (vain_hits, vain_misses) = (sum(VAIN_HITS), sum(VAIN_MISSES));
        let misses = sum(MISSES);
        let others = misses + sum(BUSY) + vain_hits;
        let so_far = [
            (sum(GETS) + stale).saturating_sub(others),
            misses.saturating_sub(vain_misses + stale),
        ];
        let told = |i: usize| self.told[i].fetch_max(so_far[i], Relaxed).max(so_far[i]);
        (told(0), told(1))
    }

    /// Gets and sets so far.
    pub fn operations(&self) -> u64 {
        let sum = |counter| self.counters.sum(counter);
        let vain = sum(VAIN_HITS) + sum(VAIN_MISSES);
        (sum(GETS) + sum(SETS)).saturating_sub(vain)
    }

    /// Operations a second, over the last window of a second or more.
    fn per_second(&self, clock: &Clock) -> f64 {
        let (now, operations) = (clock.now_ns(), self.operations());
        let mut rate = self.rate.lock();
        let passed = now.saturating_sub(rate.at_ns);
        if passed >= 1_000_000_000 {
            let done = operations.saturating_sub(rate.operations);
            let per_second = done as f64 * 1e9 / passed as f64;
            *rate = Rate { at_ns: now, operations, per_second };
        } else if rate.operations == 0 && passed > 0 {
            // The first window is not over: what there is of it.
            return operations as f64 * 1e9 / passed as f64;
        }
        rate.per_second
    }
}

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
    /// Accounted bytes, those of tables and the like among them.
    pub memory: u64,
    /// As `memory`.
    pub overhead: u64,
    /// Calls that found a shard's lock taken.
    pub contended: u64,
    /// Mean time of a get in ns, if any was timed.
    pub get_mean_ns: Option<f64>,
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

    /// The largest deviation of a shard's entries from the mean, as a share.
    pub fn imbalance(&self) -> f64 {
        let mean = self.total() as f64 / self.items.len() as f64;
        let off = self.items.iter().map(|n| (*n as f64 - mean).abs()).fold(0.0, f64::max);
        if mean > 0.0 { off / mean } else { 0.0 }
    }

    /// The deviation that chance alone makes likely with so few entries: four
    /// standard deviations of a shard's share.
    pub fn imbalance_by_chance(&self) -> f64 {
        let mean = self.total() as f64 / self.items.len() as f64;
        if mean > 0.0 { 4.0 / mean.sqrt() } else { f64::MAX }
    }
}

impl Cache {
    /// The figures of now.
    pub fn report(&self) -> Report {
        let (hits, misses) = self.metrics.hits_and_misses();
        let mut report = Report {
            hits,
            misses,
            per_second: self.metrics.per_second(&self.clock),
            counts: Counts::default(),
            items: Vec::new(),
            memory: self.own_bytes(),
            overhead: self.own_bytes(),
            contended: 0,
            get_mean_ns: self.metrics.get_ns.mean_ns(),
            timed_gets: (self.metrics.get_ns.sum_ns(), self.metrics.get_ns.count()),
        };
        let in_use = self.directory.count();
        for (index, cell) in self.directory.cells().enumerate() {
            let shard = cell.read();
            let overhead = shard.overhead_bytes() + size_of::<Cell>() as u64;
            report.memory += shard.entry_bytes() + overhead;
            report.overhead += overhead;
            report.counts.add(&shard.counts);
            report.counts.add_renewed(cell.renewed());
            report.contended += cell.contended();
            if index < in_use {
                report.items.push(shard.table.len() as u64);
            }
        }
        // As in `Cache::memory_bytes`.
        report.memory = report.memory.min(self.shared.budget.bytes.most_in_use());
        report
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
            "get_latency_ns": latency(&metrics.get_ns),
            "set_latency_ns": latency(&metrics.set_ns),
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
fn latency(times: &Histogram) -> Json {
    json!({
        "mean": times.mean_ns(),
        "p50": times.quantile_ns(0.5),
        "p90": times.quantile_ns(0.9),
        "p99": times.quantile_ns(0.99),
        "p999": times.quantile_ns(0.999),
        "sampled": times.count(),
    })
}
