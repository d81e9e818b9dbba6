//! Making a cache of its options.

use std::sync::Arc;
use std::time::Duration;

use super::alert::Alerts;
use super::budget::Budget;
use super::cell::Cell;
use super::claim::Claims;
use super::compress::{self, Codec};
use super::directory::{Directory, SHARDS_MAX};
use super::ledger::Ledger;
use super::listeners::Listeners;
use super::metrics::Metrics;
use super::shard::{Maker, Shard, Shared};
use super::simulate::Simulator;
use super::sweep::Sweeper;
use super::tuning::Tuner;
use super::{Cache, heap, policy};
use crate::clock::Clock;
use crate::error::Result;
use crate::metrics::Gate;
use crate::options::Resolved;
use crate::options::cache::CacheOptions;
use crate::sync::atomic::{AtomicU64, AtomicUsize};
use crate::sync::{Mutex, RwLock};

/// Most shards that leave the better part of a bound on memory to entries, and
/// room for one of half the bound, when an empty shard takes so many bytes and what
/// is none takes `own`.
fn shards_that_fit(max_bytes: Option<u64>, own: u64, empty: u64) -> usize {
    let most = max_bytes.map_or(SHARDS_MAX as u64, |bytes| {
        let beside_half = (bytes / 2 - bytes / 64).saturating_sub(own);
        beside_half.clamp(bytes / 64, bytes * 3 / 8) / empty
    });
    1 << most.clamp(1, SHARDS_MAX as u64).ilog2()
}

/// Shards for a number that was asked for; 0 lets the cache choose.
pub fn shards_for(asked: u64, capacity: u64) -> usize {
    let (wanted, least) = match asked {
        0 => (4 * crate::options::profiles::cores() as u64, 256),
        asked => (asked, 64),
    };
    let wanted = wanted.min(SHARDS_MAX as u64).next_power_of_two();
    let most = (capacity / least).max(1);
    wanted.min(1 << most.ilog2()) as usize
}

/// The bound on memory in bytes, if there is one.
fn bound(values: &CacheOptions) -> Option<u64> {
    (values.max_memory_mb > 0).then_some(values.max_memory_mb << 20)
}

/// What all shards share.
fn shared(values: &CacheOptions, seed: u64, clock: &Clock, tells: bool) -> Shared {
    let codec =
        || Codec::new(values.compression_level, values.compression_threshold, bound(values));
    Shared {
        secrets: rapidhash::v3::RapidSecrets::seed(seed),
        budget: Budget::new(values.capacity, bound(values)),
        ledger: Ledger::open(),
        stale_ms: values.stale_while_revalidate_ms,
        clock: clock.clone(),
        tells,
        codec: values.compression.then(codec),
    }
}

/// Empty shards.
fn directory(values: &CacheOptions, own: u64, maker: Maker, seed: u64) -> Result<Directory> {
    let patience = Some(values.max_retries as u64 * values.retry_delay_ms)
        .filter(|ms| *ms > 0)
        .map(Duration::from_millis);
    let shards = shards_for(values.shard_count.into(), values.capacity).min(shards_that_fit(
        bound(values),
        own + for_dictionaries(values),
        cell_bytes(maker),
    ));
    Directory::new(shards, patience, |i, mask| Shard::new(i, mask, maker, seed))
}

/// Models of other bounds and policies. They are for large caches: a small bound
/// is for entries.
fn simulator(values: &CacheOptions, policy: &'static str) -> Simulator {
    let most = match values.metrics_enabled {
        true => bound(values).map_or(u64::MAX, |bytes| bytes / 16),
        false => 0,
    };
    Simulator::new(values.capacity, policy, values.auto_tuning, most)
}

/// Bytes for compression: of the values that a dictionary is trained from, and of
/// the contexts that are kept.
fn for_compression(values: &CacheOptions) -> u64 {
    let samples = match compress::has_room(values.max_memory_mb) {
        true => compress::SAMPLE_ROOM,
        false => 0,
    };
    if values.compression { samples + compress::context_room(bound(values)) } else { 0 }
}

/// Bytes of the dictionaries that there may be: the newest, and the one before it
/// as long as entries need it.
fn for_dictionaries(values: &CacheOptions) -> u64 {
    match values.compression && compress::has_room(values.max_memory_mb) {
        true => 2 * compress::most_dictionary_bytes(values.compression_level),
        false => 0,
    }
}

impl Cache {
    /// A cache with these options.
    pub fn new(options: Resolved<CacheOptions>, clock: Clock) -> Result<Arc<Cache>> {
        Self::with_listeners(options, clock, Listeners::default())
    }

    /// As [`Cache::new`], with somebody who is told of what happens.
    pub fn with_listeners(
        options: Resolved<CacheOptions>,
        clock: Clock,
        listeners: Listeners,
    ) -> Result<Arc<Cache>> {
        let values = &options.values;
        let seed = match values.hash_seed {
            0 => fastrand::u64(..),
            seed => seed,
        };
        let gate = Arc::<Gate>::default();
        let listeners = listeners.behind(&gate);
        let maker = policy::maker(&values.eviction_policy);
        let shared = shared(values, seed, &clock, listeners.departures.is_some());
        let metrics = Metrics::new(values.metrics_enabled, &clock);
        let simulator = simulator(values, policy::name(maker));
        let own = size_of::<Cache>() as u64
            + metrics.bytes()
            + for_compression(values)
            + simulator.bytes();
        let directory = directory(values, own, maker, seed)?;
        let shards = directory.count() as i64;
        let (interval_ms, now_ms) = (values.cleanup_interval_ms, clock.now_ns() / 1_000_000);
        let cache = Arc::new_cyclic(|me| Cache {
            clock,
            shared,
            directory,
            maker: Mutex::new(maker),
            structure: Mutex::new(()),
            moving: RwLock::new(()),
            seed,
            jitter: AtomicU64::new(seed),
            holders: AtomicUsize::new(1),
            gate,
            listener: RwLock::new(listeners.departures),
            metrics,
            sweeper: Sweeper::new(interval_ms, now_ms),
            alerts: Alerts::new(listeners.alerts, listeners.log),
            claims: Claims::default(),
            simulator,
            tuner: Tuner::new(now_ms),
            changes: Mutex::default(),
            before_shards: Mutex::default(),
            interval_ms: AtomicU64::new(interval_ms),
            next_giver: AtomicUsize::new(0),
            me: me.clone(),
            _ending: heap::Ending,
            options,
        });
        cache.pay(own as i64);
        cache.shared.budget.bytes.give(-(shards * cell_bytes(maker) as i64));
        Ok(cache)
    }

    /// Most shards that it can have within its bound on memory.
    pub(super) fn shards_that_fit(&self) -> usize {
        let trained = self.shared.codec.as_ref().map_or(0, Codec::dictionary_bytes);
        let to_come = for_dictionaries(&self.options.values).saturating_sub(trained);
        let empty = cell_bytes(*self.maker.lock());
        let own = self.own_bytes() - self.directory.resting_bytes();
        shards_that_fit(self.max_bytes(), own + to_come, empty)
    }
}

/// Bytes of an empty shard.
pub(super) fn cell_bytes(maker: Maker) -> u64 {
    size_of::<Cell>() as u64 + Shard::smallest_bytes(maker)
}
