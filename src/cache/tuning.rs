//! A cache that tunes itself.
//!
//! Self-tuning looks at windows of a minute. The number of shards and the
//! interval between sweeps follow the operations per second in bands, and move
//! when a band has held for three windows. The policy changes when a simulation
//! of the same requests says, three windows in a row, that another one would
//! have had a better hit ratio by more than a point. Every decision is kept
//! with its reason. Nothing ticks: that a window is over is noticed by calls that are
//! timed, one in some hundreds, and when the metrics are read; until then it goes on.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use parking_lot::Mutex;
use serde_json::{Value as Json, json};

use super::departure::Departures;
use super::shard::Shard;
use super::{Cache, policy};
use crate::metrics::Level;
use crate::nesting;
use crate::options::profiles::cores;

/// A window, in ms.
const WINDOW_MS: u64 = 60_000;
/// Windows that a finding must hold for.
const HOLDS: u32 = 3;
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
    fn decided(&self, option: &'static str, from: Json, to: Json, reason: &str) {
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
            "at_ms": self.clock.unix_ms(),
            "option": option, "from": from, "to": to, "reason": reason,
        }));
    }

    /// Tunes on a thread of its own, if a window is over.
    pub(super) fn tune_aside(&self) {
        // There is nothing to work from where nothing is counted.
        let due = self.options.values.auto_tuning
            && self.options.values.metrics_enabled
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
        if nesting::thread("mynah-tune").spawn(work).is_err() {
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
        self.tune_band(per_second);
        self.tune_policy();
        self.tuner.next_ms.store(now_ms + WINDOW_MS, Relaxed);
        self.tuner.busy.store(false, Relaxed);
    }

    fn tune_band(&self, per_second: f64) {
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
        // Without memory for more it goes on with those that there are.
        let _ = self.reshard(per_core * cores() as u64);
        if self.shard_count() != before {
            let (from, to) = (before.into(), self.shard_count().into());
            self.decided("shard_count", from, to, &reason);
        }
        let interval = minutes * 60_000;
        if self.sweep_interval() == 0 || !self.sweeps() {
            // No sweep at all was asked for.
            return;
        }
        let old = self.set_sweep_interval(interval);
        if old != interval {
            self.decided("cleanup_interval_ms", old.into(), interval.into(), &reason);
        }
    }

    fn tune_policy(&self) {
        let report = self.report();
        self.fit_simulation(&report);
        let Some(forecast) = self.simulator.forecast(&report) else { return };
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
        self.decided("eviction_policy", old.into(), name.into(), &reason);
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
            let mut margin = self.free_up(Shard::smallest_bytes(make) as i64, &mut out);
            let mut shard = cell.write();
            shard.receive(margin.put_down());
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

    /// How many decisions there were.
    pub(super) fn decisions(&self) -> u64 {
        self.tuner.state.lock().decided
    }

    /// The decisions so far, for the metrics.
    pub(super) fn tuning_json(&self) -> Json {
        let state = self.tuner.state.lock();
        json!({"auto_tuning": self.options.values.auto_tuning, "decisions": state.decisions})
    }
}
