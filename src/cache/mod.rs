//! The in-process cache: bytes by bytes, sharded, bounded, expiring.
//!
//! A call hashes its key once, which names one shard. Most look-ups read it
//! without its lock ([`glance`]); the others, and whoever writes, take it and do
//! under it only what must be: the look-up, the policy's note, the expiry.
//! Entries are built before the lock and freed after it. What may be
//! held is one budget for all shards ([`budget`]), so a cache that is not full
//! evicts nothing, and one that is full never holds more.
//!
//! Locks: a shard's lock is the innermost; two are held at once only while a
//! shard is split or merged, lower index first. `structure` is taken before
//! any of them by whoever changes or walks the set of shards, and `moving` between the
//! two, by whoever moves entries from shard to shard or adds shards up.

mod advise;
mod alert;
#[cfg(test)]
mod bounds;
mod budget;
mod carried;
mod cell;
mod claim;
mod compress;
mod departure;
mod directory;
#[cfg(test)]
mod effects;
mod entry;
mod extent;
mod glance;
mod handed;
mod hash;
pub mod heap;
#[cfg(test)]
mod histories;
pub(crate) mod ledger;
pub(crate) mod lent;
mod listeners;
mod lookup;
mod making;
mod making_room;
mod many;
mod metrics;
#[cfg(test)]
#[cfg(feature = "model")]
mod models;
mod packing;
mod policy;
mod processor;
mod prometheus;
mod quick;
#[cfg(test)]
mod ratio;
mod removal;
mod renew;
mod report;
mod resize;
mod shard;
mod simulate;
mod snapshot;
mod stake;
mod store;
mod sweep;
mod table;
#[cfg(test)]
mod tests;
mod tuning;
mod walk;

use std::sync::{Arc, Weak};

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::forks::Process;
use crate::metrics::Gate;
use crate::options::cache::CacheOptions;
use crate::options::{self, Origin, Resolved};
use crate::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use crate::sync::{Mutex, RwLock};

use advise::AtShards;
use alert::Alerts;
use budget::{Amount, UNBOUNDED};
use cell::Cell;
use claim::Claims;
use directory::Directory;
use metrics::Metrics;
use shard::{Maker, Shared};
use simulate::Simulator;
use sweep::Sweeper;
use tuning::Tuner;

pub use claim::{Claim, Claimed, Stop};
pub use departure::{Departures, Listener, Reason};
pub use entry::Value;
pub use handed::Handed;
pub use listeners::Listeners;
pub use lookup::{Left, Missed, deliver};
pub use making::shards_for;
pub use many::{BATCH, Room};
pub use quick::{Next, Quick};
pub use renew::Stored;
pub use snapshot::Progress;
pub use stake::Stake;
pub use walk::{Pair, Walk};

/// How long an entry lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ttl {
    /// As long as the cache's `default_ttl_ms` says.
    Default,
    /// Until it is evicted.
    Never,
    /// So many milliseconds, less the jitter.
    Millis(u64),
    /// So many milliseconds.
    Exactly(u64),
}

impl Ttl {
    /// As it crosses the C boundary: 0 is the default, the largest number never.
    pub fn from_millis(ms: u64) -> Ttl {
        match ms {
            0 => Ttl::Default,
            u64::MAX => Ttl::Never,
            ms => Ttl::Millis(ms),
        }
    }
}

/// A cache; shared as an `Arc`, used from any thread.
pub struct Cache {
    options: Resolved<CacheOptions>,
    clock: Clock,
    shared: Shared,
    directory: Directory,
    /// How to make the policy of a new shard.
    maker: Mutex<Maker>,
    /// Held by whoever changes or walks the set of shards.
    structure: Mutex<()>,
    /// Held while a shard is split or merged, and beside others by whoever adds up
    /// what shards hold: nothing is met twice then, and nothing is missed.
    moving: RwLock<()>,
    /// Seeds the shards' own randomness, and the jitter.
    seed: u64,
    jitter: AtomicU64,
    /// Its handle, and the stakes in it: the last one closes it.
    holders: AtomicUsize,
    /// Before all listeners.
    gate: Arc<Gate>,
    /// Who is told of departures; nobody any more once it is closed.
    listener: RwLock<Option<Arc<Listener>>>,
    metrics: Metrics,
    sweeper: Arc<Sweeper>,
    alerts: Alerts,
    claims: Claims,
    simulator: Simulator,
    tuner: Tuner,
    /// Options that were changed live: the value, and what changed it.
    changes: Mutex<Vec<(&'static str, options::Value, &'static str)>>,
    /// What callers had met at the shards when these became as many as they are.
    before_shards: Mutex<AtShards>,
    /// Pause between sweeps, in ms; self-tuning changes it.
    interval_ms: AtomicU64,
    /// The shard that is asked first for what another lacks. Relaxed: a hint.
    next_giver: AtomicUsize,
    me: Weak<Cache>,
    /// The last field: when it goes, the entries have gone.
    _ending: heap::Ending,
}

impl Cache {
    /// The options that it was made with.
    pub fn options(&self) -> &Resolved<CacheOptions> {
        &self.options
    }

    /// The effective options: with what was changed since, and by what.
    pub fn options_now(&self) -> Resolved<CacheOptions> {
        let mut options = self.options.clone();
        for (key, value, by) in &*self.changes.lock() {
            // What is in force has been checked before.
            let _ = options.lay(key, value.clone(), Origin::Layer((*by).into()));
        }
        options
    }

    /// Notes that an option is another one now.
    fn changed(&self, key: &'static str, value: serde_json::Value, by: &'static str) {
        let value = match value {
            serde_json::Value::String(text) => options::Value::Text(text),
            value => options::Value::Int(value.as_u64().unwrap_or(0)),
        };
        let mut changes = self.changes.lock();
        changes.retain(|(known, ..)| *known != key);
        changes.push((key, value, by));
    }

    /// Bytes that no shard in use accounts for.
    fn own_bytes(&self) -> u64 {
        self.shared.budget.outside().max(0) as u64 + self.directory.resting_bytes()
    }

    /// The bound on memory, in bytes; none if there is none.
    fn max_bytes(&self) -> Option<u64> {
        Some(self.shared.budget.bytes.limit()).filter(|b| *b < UNBOUNDED).map(|b| b as u64)
    }

    /// The policy in use.
    fn policy_name(&self) -> &'static str {
        policy::name(*self.maker.lock())
    }

    /// How expired entries leave.
    fn strategy(&self) -> &str {
        &self.options.values.cleanup_strategy
    }

    /// The interval between sweeps, in ms.
    fn sweep_interval(&self) -> u64 {
        self.interval_ms.load(Ordering::Relaxed)
    }

    /// Milliseconds on the cache's clock.
    fn now_ms(&self) -> u64 {
        self.clock.now_ns() / 1_000_000
    }

    /// Entries, those included that have expired and not left yet. A sum over
    /// shards, one after another: what comes and goes meanwhile might count twice,
    /// but there are never more than have been given out.
    pub fn len(&self) -> u64 {
        let _still = self.moving.read();
        let entries = self.directory.cells().map(|cell| cell.read().table.len() as u64);
        entries.sum::<u64>().min(self.shared.budget.entries.most_in_use())
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Accounted bytes: entries as the allocator takes them, tables, queues,
    /// ghosts and the cache itself.
    pub fn memory_bytes(&self) -> u64 {
        let shard = |cell: &Cell| {
            let shard = cell.read();
            shard.entry_bytes() + shard.overhead_bytes() + size_of::<Cell>() as u64
        };
        let _still = self.moving.read();
        let all = self.directory.cells().map(shard).sum::<u64>() + self.own_bytes();
        // As in `len`.
        all.min(self.shared.budget.bytes.most_in_use())
    }

    /// Entries that have left and are still held by callers, and their bytes.
    pub fn pinned(&self) -> (u64, u64) {
        self.shared.ledger.pinned()
    }

    /// How many shards there are.
    pub fn shard_count(&self) -> u32 {
        self.directory.count() as u32
    }

    /// Most entries.
    pub fn capacity(&self) -> u64 {
        self.shared.budget.entries.limit() as u64
    }

    /// What a shard holds if all hold alike.
    fn share(&self) -> usize {
        (self.capacity() >> self.directory.count().ilog2()) as usize
    }

    /// Ends it: everything is freed at once, and later calls find nothing and
    /// store nothing. Waits for listeners that run on other threads, unless this
    /// one is inside of one.
    pub fn close(&self) {
        self.claims.shut();
        self.clear_for(Reason::Cleared, false);
        self.sweeper.close();
        self.claims.close();
        self.alerts.close();
        let listener = self.listener.write().take();
        drop(listener);
        self.gate.shut();
    }

    /// Calls a function of the caller's in the midst of a call, unless it has been
    /// closed. Who closes it waits for the function as for a listener. In a child that
    /// the function has forked, the call is over.
    pub fn call_back<R>(&self, function: impl FnOnce() -> R) -> Result<R> {
        let process = Process::this();
        let answer = self.gate.pass(function).ok_or(Error::Closed("cache"))?;
        process.check("mynah_cache").map(|()| answer)
    }

    /// Whether it has not been closed; the error if it has.
    pub fn check_open(&self) -> Result<()> {
        if self.is_closed() { Err(Error::Closed("cache")) } else { Ok(()) }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.claims.are_shut()
    }
}

/// Tries again for as long as a shard is not free: half of what has begun is of no
/// use.
fn patiently<R>(mut attempt: impl FnMut() -> Result<R>) -> Result<R> {
    loop {
        match attempt() {
            Err(Error::Busy) => {}
            ended => return ended,
        }
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        self.sweeper.close();
        self.directory.call_in();
    }
}
