//! A histogram of times that many threads can write to.
//!
//! Buckets are log-linear, as in HdrHistogram: 16 steps to each power of two,
//! so a percentile is within 6.25 % of the true one, from 1 ns to 36 minutes,
//! in 5 KiB. Recording is two relaxed additions and takes no lock; a third where the
//! time is just below one of the bounds that are shown, which are counted exactly.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

const STEP_BITS: u32 = 4;
const STEPS: usize = 1 << STEP_BITS;
const TOP_POWER: u32 = 40;
const BUCKETS: usize = (TOP_POWER - STEP_BITS + 2) as usize * STEPS;

const MS: u64 = 1_000_000;
/// Upper bounds of the buckets that histograms are shown with, in nanoseconds.
pub const BOUNDS_NS: [u64; 24] = [
    100,
    250,
    500,
    1_000,
    2_500,
    10_000,
    100_000,
    MS,
    5 * MS,
    10 * MS,
    25 * MS,
    50 * MS,
    100 * MS,
    250 * MS,
    500 * MS,
    1_000 * MS,
    2_500 * MS,
    5_000 * MS,
    10_000 * MS,
    30_000 * MS,
    60_000 * MS,
    120_000 * MS,
    300_000 * MS,
    600_000 * MS,
];

/// The bound that lies in a bucket of ours, by its place; `BOUNDS_NS.len()`: none.
const BOUND_IN: [u8; BUCKETS] = {
    let mut bound_in = [BOUNDS_NS.len() as u8; BUCKETS];
    let mut place = 0;
    while place < BOUNDS_NS.len() {
        bound_in[bucket_of(BOUNDS_NS[place])] = place as u8;
        place += 1;
    }
    bound_in
};

/// Counts of nanoseconds by size.
#[derive(Debug)]
pub struct Histogram {
    // Relaxed: figures need no order among one another.
    buckets: Box<[AtomicU64; BUCKETS]>,
    /// Of the bucket in which each bound lies, how many are not above it.
    at_most: [AtomicU64; BOUNDS_NS.len()],
    sum: AtomicU64,
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram {
            buckets: Box::new([const { AtomicU64::new(0) }; BUCKETS]),
            at_most: Default::default(),
            sum: AtomicU64::new(0),
        }
    }
}

const fn bucket_of(ns: u64) -> usize {
    if ns < STEPS as u64 {
        return ns as usize;
    }
    let power = ns.ilog2();
    let step = (ns >> (power - STEP_BITS)) as usize - STEPS;
    let index = (power - STEP_BITS + 1) as usize * STEPS + step;
    if index < BUCKETS { index } else { BUCKETS - 1 }
}

/// The middle of a bucket.
fn middle_of(bucket: usize) -> u64 {
    if bucket < STEPS {
        return bucket as u64;
    }
    let shift = (bucket / STEPS - 1) as u32;
    let low = ((STEPS + bucket % STEPS) as u64) << shift;
    low + (1u64 << shift) / 2
}

impl Histogram {
    /// Counts one time.
    pub fn record(&self, ns: u64) {
        let bucket = bucket_of(ns);
        self.buckets[bucket].fetch_add(1, Relaxed);
        let bound = BOUND_IN[bucket] as usize;
        if bound < BOUNDS_NS.len() && ns <= BOUNDS_NS[bound] {
            self.at_most[bound].fetch_add(1, Relaxed);
        }
        self.sum.fetch_add(ns, Relaxed);
    }

    /// Bytes of the buckets.
    pub fn bytes(&self) -> u64 {
        (BUCKETS * size_of::<AtomicU64>()) as u64
    }

    /// Times counted so far.
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|b| b.load(Relaxed)).sum()
    }

    /// Sum of all times, in ns.
    pub fn sum_ns(&self) -> u64 {
        self.sum.load(Relaxed)
    }

    /// The mean in ns; none before the first time.
    pub fn mean_ns(&self) -> Option<f64> {
        match self.count() {
            0 => None,
            n => Some(self.sum_ns() as f64 / n as f64),
        }
    }

    /// The time in ns below which a share `q` (0..=1) of all times lies;
    /// none before the first time.
    pub fn quantile_ns(&self, q: f64) -> Option<u64> {
        let counts: Vec<u64> = self.buckets.iter().map(|b| b.load(Relaxed)).collect();
        let total: u64 = counts.iter().sum();
        let rank = ((total as f64 * q).ceil() as u64).clamp(1, total.max(1));
        let mut seen = 0;
        counts
            .iter()
            .position(|count| {
                seen += count;
                seen >= rank
            })
            .map(middle_of)
    }

    /// Counts at or below each of [`BOUNDS_NS`], for a cumulative exposition.
    pub fn cumulative(&self) -> Vec<u64> {
        let counts: Vec<u64> = self.buckets.iter().map(|b| b.load(Relaxed)).collect();
        let below = |bound: &u64| counts[..bucket_of(*bound)].iter().sum::<u64>();
        let in_its_own = self.at_most.iter().map(|count| count.load(Relaxed));
        BOUNDS_NS.iter().zip(in_its_own).map(|(bound, own)| below(bound) + own).collect()
    }

    /// Adds what another has counted.
    pub fn add(&self, other: &Histogram) {
        for (own, more) in self.buckets.iter().zip(other.buckets.iter()) {
            own.fetch_add(more.load(Relaxed), Relaxed);
        }
        for (own, more) in self.at_most.iter().zip(&other.at_most) {
            own.fetch_add(more.load(Relaxed), Relaxed);
        }
        self.sum.fetch_add(other.sum_ns(), Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_lands_within_a_sixteenth_of_its_bucket() {
        for shift in 0..40 {
            for ns in [1u64 << shift, (1 << shift) + (1 << shift) / 3] {
                let middle = middle_of(bucket_of(ns)) as f64;
                assert!((middle - ns as f64).abs() <= ns as f64 / 16.0 + 1.0, "{ns} {middle}");
            }
        }
        assert_eq!(bucket_of(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn what_is_shown_at_or_below_a_bound_is_not_above_it() {
        let (histogram, other) = (Histogram::default(), Histogram::default());
        for (place, bound) in BOUNDS_NS.iter().enumerate() {
            for ns in [bound - 1, *bound, bound + 1, bound + bound / 50] {
                histogram.record(ns);
            }
            let shown = histogram.cumulative();
            assert_eq!(shown[place], 4 * place as u64 + 2, "{bound} ns");
        }
        other.record(MS);
        histogram.add(&other);
        let place = BOUNDS_NS.iter().position(|bound| *bound == MS).unwrap();
        assert_eq!(histogram.cumulative()[place], 4 * place as u64 + 3);
    }

    #[test]
    fn quantiles_of_a_known_series() {
        let histogram = Histogram::default();
        assert_eq!(histogram.quantile_ns(0.5), None);
        (1..=1000).for_each(|n| histogram.record(n * 1000));
        let p99 = histogram.quantile_ns(0.99).unwrap() as f64;
        assert!((p99 / 990_000.0 - 1.0).abs() < 0.07, "{p99}");
        assert_eq!(histogram.count(), 1000);
        assert_eq!(histogram.mean_ns(), Some(500_500.0));
    }
}
