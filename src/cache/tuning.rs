//! A cache that tunes itself, and one that says how it should be tuned.
//!
//! Self-tuning looks at windows of a minute. The number of shards and the
//! interval between sweeps follow the operations per second in bands, and move
//! when a band has held for three windows. The policy changes when a simulation
//! of the same requests says, three windows in a row, that another one would
//! have had a better hit ratio by more than a point. Every decision is kept
//! with its reason. Nothing ticks: the windows are noticed by calls.
//!
//! Advice is the guide's table of troubles, computed: what was seen, why, and
//! which option to set to what.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use parking_lot::Mutex;
use serde_json::{Value as Json, json};

use super::departure::{Departures, Reason};
use super::metrics::Report;
use super::shard::Shard;
use super::simulate::Forecast;
use super::{Cache, cell_bytes, policy, shards_for};
use crate::metrics::Level;
use crate::options::cache::CacheOptions;
use crate::options::profiles::cores;

/// A window, in ms.
const WINDOW_MS: u64 = 60_000;
/// Windows that a finding must hold for.
const HOLDS: u32 = 3;
/// What another policy must be better by.
const BETTER_BY: f64 = 0.01;
/// Decisions that are remembered.
const REMEMBERED: usize = 32;

/// Bands of operations per second: below this, shards to a core, minutes
/// between sweeps.
const BANDS: [(f64, u64, u64); 4] =
    [(100.0, 1, 10), (1_000.0, 2, 5), (10_000.0, 4, 2), (f64::INFINITY, 8, 1)];

/// What was found in the last windows, and what was done about it.
pub struct Tuner {
    next_ms: AtomicU64,
    busy: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last_ms: u64,
    operations: u64,
    band: Option<usize>,
    band_held: u32,
    best: Option<&'static str>,
    best_held: u32,
    decisions: VecDeque<Json>,
    decided: u64,
}

impl Tuner {
    /// One that has seen nothing.
    pub fn new(now_ms: u64) -> Tuner {
        Tuner {
            next_ms: AtomicU64::new(now_ms + WINDOW_MS),
            busy: AtomicBool::new(false),
            state: Mutex::new(State { last_ms: now_ms, ..State::default() }),
        }
    }
}

impl Cache {
    /// Keeps a decision for the metrics, and tells the log.
    fn decided(&self, at_ms: u64, option: &'static str, from: Json, to: Json, reason: &str) {
        self.log(Level::Info, || {
            json!({
                "event": "mynah.cache.tuning",
                "mynah.option": option, "mynah.from": from, "mynah.to": to,
                "mynah.reason": reason,
            })
        });
        self.changed(option, to.clone(), "auto_tuning");
        let mut state = self.tuner.state.lock();
        state.decided += 1;
        let decisions = &mut state.decisions;
        if decisions.len() == REMEMBERED {
            decisions.pop_front();
        }
        decisions.push_back(json!({
            "at_ms": at_ms, "option": option, "from": from, "to": to, "reason": reason,
        }));
    }

    /// Tunes on a thread of its own, if a window is over.
    pub(super) fn tune_aside(&self) {
        let due = self.options.values.auto_tuning
            && self.now_ms() >= self.tuner.next_ms.load(Relaxed)
            && !self.tuner.busy.swap(true, Relaxed);
        if !due {
            return;
        }
        let cache = self.me.clone();
        let work = move || {
            if let Some(cache) = cache.upgrade() {
                cache.tune();
            }
        };
        if std::thread::Builder::new().name("mynah-tune".into()).spawn(work).is_err() {
            self.tuner.busy.store(false, Relaxed);
        }
    }

    /// Whether a window is being looked at.
    #[cfg(test)]
    pub(super) fn is_tuning(&self) -> bool {
        self.tuner.busy.load(Relaxed)
    }

    /// The end of a window: looks at what it was like, and acts on what held.
    pub fn tune(&self) {
        let now_ms = self.now_ms();
        let operations = self.metrics.operations();
        let per_second = {
            let mut state = self.tuner.state.lock();
            let passed = now_ms.saturating_sub(state.last_ms).max(1);
            let done = operations.saturating_sub(state.operations);
            (state.last_ms, state.operations) = (now_ms, operations);
            done as f64 * 1_000.0 / passed as f64
        };
        self.tune_band(now_ms, per_second);
        self.tune_policy(now_ms);
        self.tuner.next_ms.store(now_ms + WINDOW_MS, Relaxed);
        self.tuner.busy.store(false, Relaxed);
    }

    fn tune_band(&self, now_ms: u64, per_second: f64) {
        let band = BANDS.iter().position(|(below, ..)| per_second < *below).unwrap_or(3);
        let (_, per_core, minutes) = BANDS[band];
        {
            let mut state = self.tuner.state.lock();
            state.band_held = if state.band == Some(band) { state.band_held + 1 } else { 1 };
            state.band = Some(band);
            if state.band_held != HOLDS {
                return;
            }
        }
        let reason = format!("{per_second:.0} operations a second, for {HOLDS} windows");
        let before = self.shard_count();
        self.reshard(per_core * cores() as u64);
        if self.shard_count() != before {
            let (from, to) = (before.into(), self.shard_count().into());
            self.decided(now_ms, "shard_count", from, to, &reason);
        }
        let interval = minutes * 60_000;
        if self.sweep_interval() == 0 {
            // No sweep at all was asked for.
            return;
        }
        let old = self.interval_ms.swap(interval, Relaxed);
        if old != interval {
            self.decided(now_ms, "cleanup_interval_ms", old.into(), interval.into(), &reason);
        }
    }

    fn tune_policy(&self, now_ms: u64) {
        let (hits, misses) = self.metrics.hits_and_misses();
        let Some(forecast) = self.simulator.forecast(hits, misses) else { return };
        let best = forecast.best_policy();
        let held = {
            let mut state = self.tuner.state.lock();
            let name = best.map(|(name, _)| name);
            state.best_held = if state.best == name { state.best_held + 1 } else { 1 };
            state.best = name;
            state.best_held
        };
        let Some((name, ratio)) = best.filter(|_| held >= HOLDS) else { return };
        let reason = format!(
            "simulated on {} requests: hit rate {:.1} % instead of {:.1} %",
            forecast.requests,
            ratio * 100.0,
            forecast.measured * 100.0
        );
        let old = self.policy_name();
        self.set_policy(name);
        self.tuner.state.lock().best_held = 0;
        self.decided(now_ms, "eviction_policy", old.into(), name.into(), &reason);
    }

    /// Puts every shard under another policy, one after another; the entries
    /// come in as if stored anew, in the order in which they would have left.
    pub(super) fn set_policy(&self, name: &'static str) {
        let structure = self.structure.lock();
        let make = policy::maker(name);
        *self.maker.lock() = make;
        let mut left = Vec::new();
        for cell in self.directory.cells() {
            let mut out = Departures::default();
            // An empty shard has nothing to give up for what the policy takes.
            let margin = self.free_up(Shard::smallest_bytes(make) as i64, &mut out);
            let mut shard = cell.write();
            shard.receive(margin);
            let room = shard.table.room();
            shard.rebuild(&self.shared, room, Some(make()));
            shard.repay(&self.shared, &mut out);
            drop(shard);
            self.pay_debt(&mut out);
            left.push(self.finish(out));
        }
        drop(structure);
        self.restart_simulation();
        left.into_iter().for_each(Departures::deliver);
    }

    /// The models begin anew: the cache is another one now.
    pub(super) fn restart_simulation(&self) {
        let since = self.metrics.hits_and_misses();
        let pay = |bytes| self.pay(bytes);
        self.simulator.restart(self.capacity(), self.policy_name(), since, &pay);
    }

    /// How many decisions there were.
    pub(super) fn decisions(&self) -> u64 {
        self.tuner.state.lock().decided
    }

    /// The decisions so far, for the metrics.
    pub(super) fn tuning_json(&self) -> Json {
        let state = self.tuner.state.lock();
        json!({"auto_tuning": self.options.values.auto_tuning, "decisions": state.decisions})
    }

    /// What should be changed, and why.
    pub fn advise_json(&self) -> Json {
        let report = self.report();
        let forecast = self.simulator.forecast(report.hits, report.misses);
        let mut findings = Vec::new();
        self.advise_hit_rate(&report, forecast.as_ref(), &mut findings);
        self.advise_locks(&report, &mut findings);
        self.advise_memory(&report, &mut findings);
        json!({
            "findings": findings,
            "predicted": match &forecast {
                Some(forecast) => forecast.json(),
                None => "too few requests yet".into(),
            },
        })
    }

    fn advise_hit_rate(&self, report: &Report, forecast: Option<&Forecast>, all: &mut Vec<Json>) {
        let values = &self.options.values;
        let Some(rate) = report.hit_rate() else { return };
        // Without a threshold of the caller's, the usual one.
        let least = match values.alert_min_hit_rate {
            0.0 => CacheOptions::default().alert_min_hit_rate,
            least => least,
        };
        if report.hits + report.misses < 1_000 || rate >= least {
            return;
        }
        let expired = report.counts.left[Reason::Expired as usize];
        let evicted = report.counts.evicted();
        let evidence = json!({
            "hit_rate": rate, "expired": expired, "evicted": evicted,
            "avg_age_at_eviction_ms": report.counts.mean_age_ms(),
        });
        if expired > evicted && values.default_ttl_ms > 0 {
            let longer = values.default_ttl_ms.saturating_mul(2);
            all.push(finding(
                "low hit rate",
                evidence.clone(),
                "entries expire before they are asked for again",
                "default_ttl_ms",
                longer.into(),
            ));
        }
        let Some(forecast) = forecast else { return };
        let larger = forecast
            .scaled
            .iter()
            .find(|(scale, ratio)| *scale > 1.0 && *ratio > forecast.measured + BETTER_BY);
        if let Some((scale, ratio)) = larger
            && evicted > 0
        {
            let evidence =
                json!({"hit_rate": rate, "predicted_hit_rate": ratio, "evicted": evicted});
            let capacity = (self.capacity() as f64 * scale) as u64;
            all.push(finding(
                "low hit rate",
                evidence,
                "what is used does not fit",
                "capacity",
                capacity.into(),
            ));
        }
        if let Some((name, ratio)) = forecast.best_policy() {
            let evidence = json!({"hit_rate": rate, "predicted_hit_rate": ratio});
            all.push(finding(
                "low hit rate",
                evidence,
                "another order of eviction suits these requests",
                "eviction_policy",
                name.into(),
            ));
        }
    }

    fn advise_locks(&self, report: &Report, all: &mut Vec<Json>) {
        let values = &self.options.values;
        let operations = self.metrics.operations().max(1);
        let share = report.contended as f64 / operations as f64;
        let shards = self.shard_count() as u64;
        let slow = report
            .get_mean_ns
            .is_some_and(|ns| ns > values.alert_max_get_latency_us as f64 * 1_000.0);
        if (share > 0.01 || slow) && operations >= 1_000 {
            let evidence = json!({"contended_share": share, "get_mean_ns": report.get_mean_ns, "shards": shards});
            let symptom = if slow { "high latency" } else { "lock contention" };
            all.push(finding(
                symptom,
                evidence,
                "too few shards for so many callers",
                "shard_count",
                (shards * 2).into(),
            ));
        }
        self.advise_shards(shards, all);
        let (off, chance) = (report.imbalance(), report.imbalance_by_chance());
        if off > values.alert_max_shard_imbalance && off > chance {
            let evidence = json!({"shard_imbalance": off, "by_chance": chance});
            all.push(finding(
                "uneven load",
                evidence,
                "the seed lets keys collide",
                "hash_seed",
                0.into(),
            ));
        }
    }

    /// Says what keeps the cache from having as many shards as it was asked for.
    fn advise_shards(&self, shards: u64, all: &mut Vec<Json>) {
        let asked = self.options_now().values.shard_count as u64;
        let wanted = asked.next_power_of_two();
        if asked == 0 || wanted <= shards {
            return;
        }
        let evidence = json!({"asked": asked, "shards": shards, "capacity": self.capacity()});
        let (cause, option, value) = match shards_for(asked, self.capacity()) as u64 {
            few if few < wanted => ("a shard holds at least 64 entries", "capacity", wanted * 64),
            _ => {
                let empty = wanted * cell_bytes(*self.maker.lock());
                let cause = "empty shards take up to three eighths of the bound on memory";
                (cause, "max_memory_mb", (empty * 8 / 3).div_ceil(1 << 20))
            }
        };
        all.push(finding("fewer shards than asked for", evidence, cause, option, value.into()));
    }

    fn advise_memory(&self, report: &Report, all: &mut Vec<Json>) {
        let values = &self.options.values;
        let most = values.alert_max_memory_mb << 20;
        if self.max_bytes().is_none() && most > 0 && report.memory > most {
            let evidence = json!({"memory_bytes": report.memory, "items": report.total()});
            all.push(finding(
                "memory growth",
                evidence,
                "no bound on memory is set",
                "max_memory_mb",
                values.alert_max_memory_mb.into(),
            ));
        }
        let mean = (report.memory - report.overhead) / report.total().max(1);
        let for_memory = report.counts.left[Reason::Memory as usize];
        if for_memory > 0 && !values.compression && mean > values.compression_threshold {
            let evidence = json!({"evicted_for_memory": for_memory, "mean_entry_bytes": mean});
            all.push(finding(
                "evictions for memory",
                evidence,
                "large values are stored as they are",
                "compression",
                true.into(),
            ));
        }
    }
}

impl Forecast {
    /// Another policy that would do better by more than a point.
    fn best_policy(&self) -> Option<(&'static str, f64)> {
        let best = self.policies.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1));
        best.filter(|(_, ratio)| *ratio > self.measured + BETTER_BY)
    }
}

fn finding(symptom: &str, evidence: Json, cause: &str, option: &str, value: Json) -> Json {
    json!({"symptom": symptom, "evidence": evidence, "cause": cause, "option": option, "value": value})
}
