//! What other settings would have made of the same requests.
//!
//! A hash picks some of the keys, about 500 in so many as fit, and whatever
//! happens to one of those is also told to small caches that hold nothing but
//! hashes (see [`model`]): at half, once, twice and four times the bound and, for a
//! cache that tunes itself, under every policy. A small cache over a share of the
//! keys behaves like the large one over all of them, and the difference of two
//! of them is closer still, because both err alike. Where the large one evicts next
//! to nothing, no model is asked: what makes no difference makes none.
//!
//! Requests are collected and simulated a batch at a time, on the thread that
//! completes one.

mod model;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use parking_lot::Mutex;
use serde_json::{Value as Json, json};

use super::Cache;
use super::extent::Extent;
use super::policy::POLICIES;
use super::report::Report;
use model::{ENTRY_BYTES, Model, Request};

pub use model::What;

/// Entries of a simulated cache of the real one's capacity.
const ENTRIES: u64 = 500;
/// Requests that are simulated at once.
const BATCH: usize = 256;
/// Bounds that are tried, as shares of the real one.
pub const SCALES: [f64; 4] = [1.0, 0.5, 2.0, 4.0];
/// Requests for each simulated entry before a figure means anything.
const ENOUGH: u64 = 10;
/// What another setting must be better by, as a share of the requests.
pub const BETTER_BY: f64 = 0.01;
/// Evictions that make a difference, as a share of the look-ups.
const TELLING: f64 = BETTER_BY / 10.0;

struct Models {
    scaled: Vec<Model>,
    /// The other policies, by name.
    others: Vec<(&'static str, Model)>,
    by: &'static str,
    /// Hits and misses of the cache when the models began.
    since: (u64, u64),
}

/// The sampled stream, and the models that it feeds.
pub struct Simulator {
    /// Keys whose mixed hash lies below this are in the sample; 0: none are.
    below: AtomicU64,
    pending: Mutex<Vec<Request>>,
    models: Mutex<Option<Models>>,
    extent: Mutex<Extent>,
    /// The most entries that were seen since the models began.
    peak: AtomicU64,
    compares: bool,
    most_bytes: u64,
}

/// Spreads a hash anew, so that the sample follows neither shards nor buckets.
#[inline(always)]
fn mixed(hash: u64) -> u64 {
    (hash ^ hash >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

impl Simulator {
    /// One for a cache of a capacity. `compares` adds the other policies; no
    /// more than `most_bytes` are taken, or nothing is simulated.
    pub fn new(capacity: u64, name: &'static str, compares: bool, most_bytes: u64) -> Simulator {
        let extent = Extent::of_capacity(capacity);
        let models = Models::new(&extent, name, compares, (0, 0));
        let fits = models.bytes() <= most_bytes;
        Simulator {
            below: AtomicU64::new(if fits { below(capacity, compares) } else { 0 }),
            pending: Mutex::default(),
            models: Mutex::new(fits.then_some(models)),
            extent: Mutex::new(extent),
            peak: AtomicU64::new(0),
            compares,
            most_bytes,
        }
    }

    /// Bytes of the models when they are full.
    pub fn bytes(&self) -> u64 {
        self.models.lock().as_ref().map_or(0, Models::bytes)
    }

    /// What the models are of.
    pub fn extent(&self) -> Extent {
        *self.extent.lock()
    }

    /// Begins anew for another extent or policy. `pay` takes bytes, or gives
    /// some back; no lock is held then.
    pub fn restart(
        &self,
        extent: Extent,
        name: &'static str,
        since: (u64, u64),
        pay: &dyn Fn(i64),
    ) {
        let fresh = Models::new(&extent, name, self.compares, since);
        let fresh = Some(fresh).filter(|models| models.bytes() <= self.most_bytes);
        let below = if fresh.is_some() { below(extent.entries, self.compares) } else { 0 };
        *self.extent.lock() = extent;
        // The old ones go first: no entry is to leave for models that replace others.
        pay(-self.install(None, 0));
        pay(fresh.as_ref().map_or(0, Models::bytes) as i64);
        // Somebody else may have been as far as here.
        pay(-self.install(fresh, below));
    }

    /// Puts models in place; the bytes of those that were there.
    fn install(&self, fresh: Option<Models>, below: u64) -> i64 {
        let mut models = self.models.lock();
        self.below.store(below, Relaxed);
        self.peak.store(0, Relaxed);
        let old = std::mem::replace(&mut *models, fresh);
        old.map_or(0, |models| models.bytes() as i64)
    }

    /// Whether any requests are simulated.
    pub fn simulates(&self) -> bool {
        self.below.load(Relaxed) > 0
    }

    /// Whether requests of this hash are simulated.
    #[inline(always)]
    pub fn samples(&self, hash: u64) -> bool {
        mixed(hash) < self.below.load(Relaxed)
    }

    /// Notes how many entries the cache holds.
    pub fn holds(&self, entries: u64) {
        self.peak.fetch_max(entries, Relaxed);
    }

    /// Notes that all keys were removed.
    pub fn clear(&self, at_ms: u64) {
        if self.samples(0) {
            self.note(Request { hash: 0, at_ms, what: What::Cleared });
        }
    }

    #[cold]
    fn note(&self, request: Request) {
        let full = {
            let mut pending = self.pending.lock();
            pending.push(request);
            (pending.len() >= BATCH).then(|| std::mem::take(&mut *pending))
        };
        if let Some(batch) = full {
            self.simulate(&batch);
        }
    }

    fn simulate(&self, batch: &[Request]) {
        if let Some(models) = &mut *self.models.lock() {
            models.all().for_each(|model| model.take(batch));
        }
    }

    /// What the models say now, of a cache with these figures.
    pub fn forecast(&self, report: &Report) -> Option<Forecast> {
        let batch = std::mem::take(&mut *self.pending.lock());
        self.simulate(&batch);
        let extent = self.extent();
        let models = self.models.lock();
        let models = models.as_ref()?;
        let same = models.scaled.first()?;
        let hits = report.hits.saturating_sub(models.since.0);
        let all = hits + report.misses.saturating_sub(models.since.1);
        if same.requests < ENOUGH * same.capacity as u64 || all == 0 {
            return None;
        }
        let measured = hits as f64 / all as f64;
        // Twice the standard error of a share over as many keys as are held.
        let error_of = |share: f64| 2.0 * (share * (1.0 - share) / same.capacity as f64).sqrt();
        let evicts = extent.evicted_since(report) as f64 > all as f64 * TELLING;
        let peak = self.peak.load(Relaxed);
        let moved = |model: &Model, holds_all: bool| match holds_all && !evicts {
            true => measured,
            false => (measured + model.ratio() - same.ratio()).clamp(0.0, 1.0),
        };
        let scaled = |(scale, model): (&f64, _)| {
            (*scale, moved(model, extent.scaled(*scale) >= peak as f64))
        };
        let scaled: Vec<_> = SCALES.iter().zip(&models.scaled).map(scaled).collect();
        let policies: Vec<_> =
            models.others.iter().map(|(name, m)| (*name, moved(m, true))).collect();
        // One error is told of all: a share near a half is the least certain.
        let told = scaled.iter().map(|(_, ratio)| *ratio);
        let told = told.chain(policies.iter().map(|(_, ratio)| *ratio)).chain([measured]);
        let error = told.map(error_of).fold(0.005, f64::max);
        let error = scaled.windows(2).map(|pair| same.slip(pair)).fold(error, f64::max);
        Some(Forecast { measured, error, requests: same.requests, scaled, by: models.by, policies })
    }
}

#[cfg(test)]
impl Simulator {
    /// The hit ratio of each model, the policies' after those of other bounds.
    pub fn simulated_ratios(&self) -> Vec<f64> {
        let batch = std::mem::take(&mut *self.pending.lock());
        self.simulate(&batch);
        let mut models = self.models.lock();
        models.iter_mut().flat_map(Models::all).map(|model| model.ratio()).collect()
    }
}

impl Cache {
    /// Notes what happened to a key. No lock is held.
    #[inline]
    pub(super) fn observe(&self, hash: u64, what: What) {
        if self.simulator.samples(hash) {
            self.simulator.note(Request { hash, at_ms: self.now_ms(), what });
        }
    }
}

/// Hit ratios to be expected, as shares.
pub struct Forecast {
    /// What the cache has now.
    pub measured: f64,
    /// How far the others may be off.
    pub error: f64,
    /// Requests that were simulated.
    pub requests: u64,
    /// The option of the bound that was scaled.
    pub by: &'static str,
    /// By shares of that bound.
    pub scaled: Vec<(f64, f64)>,
    /// By policy, other than the one in use.
    pub policies: Vec<(&'static str, f64)>,
}

impl Forecast {
    /// Another policy that would do better by more than a point.
    pub fn best_policy(&self) -> Option<(&'static str, f64)> {
        let best = self.policies.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1));
        best.filter(|(_, ratio)| *ratio > self.measured + BETTER_BY)
    }

    /// As JSON.
    pub fn json(&self) -> Json {
        let scaled: serde_json::Map<_, _> = self
            .scaled
            .iter()
            .map(|(scale, ratio)| (format!("{scale}x"), json!({"hit_rate": ratio})))
            .collect();
        let policies: serde_json::Map<_, _> = self
            .policies
            .iter()
            .map(|(name, ratio)| (name.to_string(), json!({"hit_rate": ratio})))
            .collect();
        json!({
            "measured_hit_rate": self.measured,
            "error": self.error,
            "simulated_requests": self.requests,
            "scaled": self.by,
            "capacity": scaled,
            "eviction_policy": policies,
        })
    }
}

/// One key in so many is in the sample: about `ENTRIES` of what fits, and of a
/// small cache all. Where nothing is decided from it, no more than an eighth,
/// because it costs a small cache more than it tells.
fn part(capacity: u64, compares: bool) -> u64 {
    (capacity / ENTRIES).max(if compares { 1 } else { 8 })
}

fn below(capacity: u64, compares: bool) -> u64 {
    match part(capacity, compares) {
        1 => u64::MAX,
        part => u64::MAX / part,
    }
}

impl Models {
    fn new(extent: &Extent, name: &'static str, compares: bool, since: (u64, u64)) -> Models {
        let part = part(extent.entries, compares) as f64;
        let model = |name: &str, scale: f64| {
            let entries = extent.scaled(scale) / part;
            Model::new(name, (entries as usize).max(1))
        };
        let others = POLICIES.iter().filter(|(other, _)| compares && *other != name);
        Models {
            scaled: SCALES.iter().map(|scale| model(name, *scale)).collect(),
            others: others.map(|(other, _)| (*other, model(other, 1.0))).collect(),
            by: extent.option(),
            since,
        }
    }

    fn all(&mut self) -> impl Iterator<Item = &mut Model> {
        self.scaled.iter_mut().chain(self.others.iter_mut().map(|(_, model)| model))
    }

    fn bytes(&self) -> u64 {
        let entries: usize = self.scaled.iter().map(|m| m.capacity).sum();
        let others: usize = self.others.iter().map(|(_, m)| m.capacity).sum();
        (entries + others) as u64 * ENTRY_BYTES
    }
}
