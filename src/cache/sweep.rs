//! The sweep: expired entries leave though nobody asks for them.
//!
//! A thread of the cache's sleeps until something is due, and no more often
//! than the interval allows; it starts with the first entry that can expire
//! and ends when there is none left, so an idle process has nothing that
//! ticks. A sweep looks only where something may be due (the tables keep the
//! earliest time of each bucket), and lets go of a shard's lock after each
//! batch. The adaptive strategy halves its pace's interval, down to half of
//! what was set, when a sweep finds a tenth of the cache expired, and doubles
//! it, up to twice, when it finds less than a hundredth.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::nesting;
use crate::waiting::{Condvar, Mutex};
use serde_json::{Value as Json, json};

use super::departure::Departures;
use super::table::Round;
use super::{Cache, Cell, table};
use crate::clock::Clock;

/// When the next sweep is, and who is waiting for it.
pub struct Sweeper {
    state: Mutex<State>,
    changed: Condvar,
    /// An entry that lapses before this moves the next sweep forward. Relaxed:
    /// who reads an old value moves it needlessly, or is seen by the next.
    sooner_ms: AtomicU64,
}

struct State {
    running: bool,
    closed: bool,
    last_ms: u64,
    pace_ms: u64,
    wake_ms: u64,
    found: u64,
    /// Sweeps that are under way.
    under_way: u32,
    /// When the first entry lapses that they do not see, for it came meanwhile.
    unseen_ms: u64,
}

impl Sweeper {
    /// One that has nothing to do yet; an interval of 0 never sweeps.
    pub fn new(interval_ms: u64, now_ms: u64) -> Arc<Sweeper> {
        Arc::new(Sweeper {
            state: Mutex::new(State {
                running: false,
                closed: false,
                last_ms: now_ms,
                pace_ms: interval_ms,
                wake_ms: u64::MAX,
                found: 0,
                under_way: 0,
                unseen_ms: u64::MAX,
            }),
            changed: Condvar::new(),
            sooner_ms: AtomicU64::new(if interval_ms == 0 { 0 } else { u64::MAX }),
        })
    }

    /// Ends the thread, if there is one. It is not waited for.
    pub fn close(&self) {
        self.state.lock().closed = true;
        self.changed.notify_all();
        self.sooner_ms.store(0, Relaxed);
    }

    /// Sleeps until the next sweep; false when there is to be none.
    fn wait(&self) -> bool {
        let mut state = self.state.lock();
        loop {
            let now = Clock::System.now_ns() / 1_000_000;
            if state.closed || state.wake_ms == u64::MAX {
                state.running = false;
                return false;
            }
            if now >= state.wake_ms {
                return true;
            }
            let left = Duration::from_millis((state.wake_ms - now).min(86_400_000));
            self.changed.wait_for(&mut state, left);
        }
    }
}

impl Cache {
    /// Notes that an entry lapses at a time: there must be a sweep then.
    #[inline]
    pub(super) fn expect_lapse(&self, lapse_ms: Option<u64>) {
        let Some(ms) = lapse_ms else { return };
        if ms < self.sweeper.sooner_ms.load(Relaxed) {
            self.schedule(ms);
        }
    }

    #[cold]
    fn schedule(&self, lapse_ms: u64) {
        let mut state = self.sweeper.state.lock();
        if state.closed || state.pace_ms == 0 || !self.sweeps() {
            self.sweeper.sooner_ms.store(0, Relaxed);
            return;
        }
        state.unseen_ms = state.unseen_ms.min(lapse_ms);
        if state.under_way > 0 {
            self.sweeper.sooner_ms.store(state.unseen_ms, Relaxed);
            return;
        }
        let earliest = state.last_ms.saturating_add(state.pace_ms);
        let wake_ms = state.wake_ms.min(lapse_ms.max(earliest));
        self.wake_at(&mut state, wake_ms, earliest);
    }

    /// Sets the time of the next sweep, which is none before `earliest`, and
    /// sees to it that somebody waits for it.
    fn wake_at(&self, state: &mut State, wake_ms: u64, earliest: u64) {
        state.wake_ms = wake_ms;
        // Sooner than the pace allows is no use.
        let sooner = if wake_ms == earliest { 0 } else { wake_ms };
        self.sweeper.sooner_ms.store(sooner, Relaxed);
        if state.running {
            self.sweeper.changed.notify_all();
        } else if wake_ms != u64::MAX && matches!(self.clock, Clock::System) {
            state.running = self.start_thread();
            if !state.running {
                // No thread to be had: the next store of what expires tries again.
                state.wake_ms = u64::MAX;
                self.sweeper.sooner_ms.store(u64::MAX, Relaxed);
            }
        }
    }

    fn start_thread(&self) -> bool {
        let (sweeper, cache) = (self.sweeper.clone(), self.me.clone());
        nesting::thread("mynah-sweep").spawn(move || run(&sweeper, &cache)).is_ok()
    }

    /// Whether the strategy has any sweeps.
    pub(super) fn sweeps(&self) -> bool {
        self.strategy() != "lazy"
    }

    /// Sweeps in another interval from now on; the one before. The next sweep comes
    /// when it would have come under the new one.
    pub(super) fn set_sweep_interval(&self, interval_ms: u64) -> u64 {
        let mut state = self.sweeper.state.lock();
        let before = self.interval_ms.swap(interval_ms, Relaxed);
        let earliest = |pace_ms| state.last_ms.saturating_add(pace_ms);
        let (old, new) = (earliest(state.pace_ms), earliest(interval_ms));
        state.pace_ms = interval_ms;
        if !state.closed && state.under_way == 0 && state.wake_ms != u64::MAX {
            // Where the pace held it back, there may be more due than was noted.
            let wake_ms = if state.wake_ms <= old { new } else { state.wake_ms.max(new) };
            self.wake_at(&mut state, wake_ms, new);
        }
        before
    }

    /// Removes what has lapsed, batch by batch; how many entries.
    pub fn sweep(&self) -> u64 {
        let now_ms = self.now_ms();
        let (mut found, mut next) = (0u64, table::NEVER);
        let before = self.len();
        self.begin_sweep();
        for index in 0..self.directory.count() {
            let (gone, due) = self.sweep_cell(self.directory.cell(index), now_ms);
            found += gone;
            next = next.min(due);
        }
        self.swept(now_ms, found, before, next);
        found
    }

    /// The part of one shard: how many entries have gone, and the tick before which
    /// nothing more lapses. It goes round once, and again only if something did not
    /// stay where it was; where nothing is due, it only looks.
    fn sweep_cell(&self, cell: &Cell, now_ms: u64) -> (u64, u32) {
        let due = cell.read().table.next_due();
        if due > table::tick_of(now_ms) {
            return (0, due);
        }
        let mut all = 0;
        loop {
            let (gone, due) = self.sweep_round(cell, now_ms);
            all += gone;
            if gone == 0 || due > table::tick_of(now_ms) {
                return (all, due);
            }
        }
    }

    fn sweep_round(&self, cell: &Cell, now_ms: u64) -> (u64, u32) {
        let batch = self.options.values.cleanup_batch_size as usize;
        let (mut gone, mut round) = (0, Round::default());
        loop {
            let mut out = Departures::default();
            let mut shard = cell.write();
            gone += shard.sweep(&self.shared, now_ms, batch, &mut round, &mut out) as u64;
            let due = round.is_over().then(|| shard.table.next_due());
            drop(shard);
            self.finish(out).deliver();
            if let Some(due) = due {
                return (gone, due);
            }
        }
    }

    /// From here on what is stored may lie where the sweep has been.
    fn begin_sweep(&self) {
        let mut state = self.sweeper.state.lock();
        if state.under_way == 0 {
            state.unseen_ms = u64::MAX;
            if !state.closed && state.pace_ms > 0 && self.sweeps() {
                self.sweeper.sooner_ms.store(u64::MAX, Relaxed);
            }
        }
        state.under_way += 1;
    }

    /// Sets the pace by what was found, and the time of the next sweep.
    fn swept(&self, now_ms: u64, found: u64, before: u64, next_tick: u32) {
        self.metrics.sweeps.fetch_add(1, Relaxed);
        let mut state = self.sweeper.state.lock();
        let interval = self.sweep_interval();
        state.found += found;
        state.last_ms = now_ms;
        let slowest = interval.saturating_mul(2);
        let fastest = (interval / 2).max(1).min(slowest);
        let pace_ms = match self.strategy() {
            "adaptive" if found * 10 > before => state.pace_ms / 2,
            "adaptive" if found * 100 < before => state.pace_ms.saturating_mul(2),
            "adaptive" => state.pace_ms,
            _ => interval,
        };
        state.pace_ms = pace_ms.clamp(fastest, slowest);
        let seen_ms = if next_tick == table::NEVER { u64::MAX } else { table::end_of(next_tick) };
        state.unseen_ms = state.unseen_ms.min(seen_ms);
        state.under_way -= 1;
        if state.under_way > 0 || state.closed || state.pace_ms == 0 || !self.sweeps() {
            return;
        }
        let earliest = now_ms + state.pace_ms;
        let wake_ms = state.unseen_ms.max(earliest);
        self.wake_at(&mut state, wake_ms, earliest);
    }

    /// When the next sweep is to be, on the cache's clock; none if nothing can
    /// expire.
    pub fn next_sweep_ms(&self) -> Option<u64> {
        Some(self.sweeper.state.lock().wake_ms).filter(|ms| *ms != u64::MAX)
    }

    /// The sweep's part of the metrics.
    pub(super) fn sweep_json(&self) -> Json {
        let state = self.sweeper.state.lock();
        json!({
            "strategy": self.strategy(),
            "interval_ms": self.sweep_interval(),
            "pace_ms": state.pace_ms,
            "sweeps": self.metrics.sweeps.load(Relaxed),
            "expired_found": state.found,
        })
    }
}

/// The thread. It holds the cache only while it sweeps.
fn run(sweeper: &Sweeper, cache: &Weak<Cache>) {
    while sweeper.wait() {
        match cache.upgrade() {
            Some(cache) => cache.sweep(),
            None => return,
        };
    }
}
