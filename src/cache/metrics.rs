//! What a cache tells of itself.
//!
//! Look-ups are counted in lines that belong to threads, and every 256th of a
//! thread's is timed, so a call pays less than two nanoseconds; what writers
//! count lies in their shards. A `Report` is all of it at one moment (see
//! `report`).

use std::sync::atomic::{
    AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
    fence,
};

use parking_lot::Mutex;

use super::lookup::Missed;
use crate::clock::Clock;
use crate::metrics::{CpuTime, Histogram, Striped};

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
/// The default lifetime is one that matters where no fewer than one in so many stores
/// use it.
const SELDOM: u64 = 10;
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
    /// Times of a thread's first get and first set, which are slow once: told as long as
    /// there are no others.
    firsts: [AtomicU64; 2],
    /// Packing values.
    pub packing: CpuTime,
    /// Unpacking them.
    pub unpacking: CpuTime,
    /// Sweeps that ran.
    pub sweeps: AtomicU64,
    /// Look-ups that were answered with an expired value; misses at first.
    stale: AtomicU64,
    /// Timed stores of values that were given no lifetime of their own.
    default_lives: AtomicU64,
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

    /// The time, if the look-up that begins is timed. It is counted at its end.
    #[inline]
    pub fn start_get(&self, clock: &Clock) -> Option<u64> {
        if !self.enabled {
            return None;
        }
        started(clock, self.counters.own(GETS))
    }

    /// Counts a look-up and what it came to, unless it found a value.
    #[inline]
    pub fn looked(&self, missed: Option<&Missed>) {
        if !self.enabled {
            return;
        }
        match missed {
            Some(Missed::NotFound) => _ = self.counters.add(MISSES),
            Some(Missed::Busy) => _ = self.counters.add(BUSY),
            Some(Missed::TooLarge(_)) => self.in_vain(1, 0),
            Some(Missed::Failed(_)) | None => {}
        }
        // Whoever sees the look-up sees that it was no hit (see `hits_and_misses`).
        fence(Release);
        self.counters.add(GETS);
    }

    /// Counts a store; the time, if this one is timed.
    #[inline]
    pub fn start_set(&self, clock: &Clock) -> Option<u64> {
        if !self.enabled {
            return None;
        }
        started(clock, self.counters.add(SETS))
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
        (!is_timed(place.load(Relaxed))).then_some(place)
    }

    /// Counts a look-up at such a place that found nothing.
    #[inline(always)]
    pub fn untimed_miss(&self, line: usize, place: &AtomicU64) {
        let add = |place: &AtomicU64| place.store(place.load(Relaxed) + 1, Relaxed);
        if let (true, Some(misses)) = (self.enabled, self.counters.owned(line, MISSES)) {
            add(misses);
            // As in `looked`.
            fence(Release);
            add(place);
        }
    }

    /// The end of a timed look-up; the time of now.
    #[cold]
    pub fn end_get(&self, clock: &Clock, start: u64) -> u64 {
        Self::end((&self.get_ns, &self.firsts[0]), clock, start)
    }

    /// The end of a timed store of a value with or without a lifetime of its own; the
    /// time of now.
    #[cold]
    pub fn end_set(&self, clock: &Clock, start: u64, own_life: bool) -> u64 {
        self.default_lives.fetch_add(!own_life as u64, Relaxed);
        Self::end((&self.set_ns, &self.firsts[1]), clock, start)
    }

    fn end((times, first): (&Histogram, &AtomicU64), clock: &Clock, start: u64) -> u64 {
        let (now, is_first) = (clock.now_ns(), start & FIRST != 0);
        let took = now.saturating_sub(start & !FIRST);
        match is_first {
            true => first.store(took.max(1), Relaxed),
            false => times.record(took),
        }
        now
    }

    /// The time of a first get, and of a first set, if nothing else was timed.
    pub fn first_ns(&self) -> [Option<u64>; 2] {
        let first = |i: usize, times: &Histogram| {
            let ns = self.firsts[i].load(Relaxed);
            (ns > 0 && times.count() == 0).then_some(ns)
        };
        [first(0, &self.get_ns), first(1, &self.set_ns)]
    }

    /// A look-up that missed was answered with an expired value after all.
    #[cold]
    pub fn found_stale(&self) {
        if self.enabled {
            self.stale.fetch_add(1, Relaxed);
        }
    }

    /// Whether values are stored without a lifetime of their own.
    pub fn use_default_life(&self) -> bool {
        self.default_lives.load(Relaxed) * SELDOM > self.set_ns.count()
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
    /// though some of those that are under way may turn out to be neither, or misses
    /// to be stale hits. No miss is ever told of as a hit: each is counted as a miss
    /// before it is as a look-up, and here they are added up the other way round.
    pub fn hits_and_misses(&self) -> (u64, u64) {
        let sum = |counter| self.counters.sum(counter);
        let (gets, stale) = (sum(GETS), self.stale_hits());
        fence(Acquire);
        let (misses, vain_misses) = (sum(MISSES), sum(VAIN_MISSES));
        let others = misses + sum(BUSY) + sum(VAIN_HITS);
        let so_far =
            [(gets + stale).saturating_sub(others), misses.saturating_sub(vain_misses + stale)];
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
    pub fn per_second(&self, clock: &Clock) -> f64 {
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

/// Set in the time of a thread's first call.
const FIRST: u64 = 1 << 63;

/// Whether a call is timed before which a thread has counted so many: the first, and one
/// of each [`TIMED_EVERY`], each time another, so that what comes round as regularly is
/// not met each time.
#[inline(always)]
fn is_timed(counted: u64) -> bool {
    let turn = (counted / TIMED_EVERY).wrapping_mul(97) + 31;
    (counted ^ turn).is_multiple_of(TIMED_EVERY) || counted == 0
}

/// The time of now, if such a call is timed.
#[inline]
fn started(clock: &Clock, counted: u64) -> Option<u64> {
    is_timed(counted).then(|| clock.now_ns() | if counted == 0 { FIRST } else { 0 })
}
