//! The state of a `mynah_cache`: its figures, its bounds, and what can be changed live.

use crate::cache::Cache;

use super::super::error::{guard_err, mynah_error};
use super::super::guard::{guard, guard_or};
use super::super::handle;
use super::super::status::mynah_status;
use super::super::value::{clear_value, give_text, guard_json, mynah_value};
use super::mynah_cache;
use super::reach::here;

/// How many entries there are, those included that have expired and not left
/// yet; 0 for what is not a live cache. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_len(cache: *mut mynah_cache) -> u64 {
    guard_or(0, || Ok(handle::resolve::<Cache, _>(cache)?.len()))
}

/// Accounted bytes, at the size the allocator takes: entries, tables, queues
/// and the cache itself; 0 for what is not a live cache. Never above
/// `max_memory_mb` after a set has returned. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_memory_bytes(cache: *mut mynah_cache) -> u64 {
    guard_or(0, || Ok(handle::resolve::<Cache, _>(cache)?.memory_bytes()))
}

/// How many shards there are; 0 for what is not a live cache. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_shard_count(cache: *mut mynah_cache) -> u32 {
    guard_or(0, || Ok(handle::resolve::<Cache, _>(cache)?.shard_count()))
}

/// The most entries that it holds; 0 for what is not a live cache. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_capacity(cache: *mut mynah_cache) -> u64 {
    guard_or(0, || Ok(handle::resolve::<Cache, _>(cache)?.capacity()))
}

/// Changes the number of shards to what the option `shard_count` would make of
/// `shards`; 0 lets the cache choose. Gets and sets go on meanwhile and lose
/// nothing, unless the tables of more shards leave entries no room under
/// `max_memory_mb`; each waits for one shard's part at most. Shards that go out of
/// use stay until the cache is freed, empty, and take up to 1 KB each: fewer shards
/// do not give back all that more of them took. Returns when it is done. Any thread.
///
/// Errors: `MYNAH_OUT_OF_RANGE`.
///
/// # Safety
/// 1. `err` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_resize(
    cache: *mut mynah_cache,
    shards: u32,
    err: *mut *mut mynah_error,
) -> mynah_status {
    let body = || here(|| handle::resolve::<Cache, _>(cache)?.resize(shards.into()));
    // SAFETY: promised by (1).
    unsafe { guard_err(err, body) }
}

/// Changes the most entries that the cache holds. When it returns, no more are
/// held. Any thread.
///
/// Errors: `MYNAH_OUT_OF_RANGE`.
///
/// # Safety
/// 1. `err` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_set_capacity(
    cache: *mut mynah_cache,
    capacity: u64,
    err: *mut *mut mynah_error,
) -> mynah_status {
    let body = || here(|| handle::resolve::<Cache, _>(cache)?.set_capacity(capacity));
    // SAFETY: promised by (1).
    unsafe { guard_err(err, body) }
}

/// The effective options as JSON: for each its value and the layer that it
/// came from, or what has changed it since: `set_capacity`, `resize` or
/// `auto_tuning`. `shard_count` is what was asked for; `mynah_cache_shard_count`
/// says how many there are. The value is the caller's to free. Any thread.
///
/// # Safety
/// 1. `value` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_options_json(
    cache: *mut mynah_cache,
    value: *mut *mut mynah_value,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { guard_json(value, || Ok(handle::resolve::<Cache, _>(cache)?.options_now().to_json())) }
}

/// All figures as JSON: hits, misses, rates, departures by reason, latencies,
/// memory, shards, sweep, compression, raised alerts. The value is the caller's
/// to free. Any thread; takes each shard's read lock in turn. Where memory is what
/// makes entries leave, the models that `mynah_cache_advise_json` predicts from may
/// begin anew for that, and entries leave for what they take.
///
/// # Safety
/// 1. `value` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_metrics_json(
    cache: *mut mynah_cache,
    value: *mut *mut mynah_value,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { guard_json(value, || Ok(handle::resolve::<Cache, _>(cache)?.metrics_json())) }
}

/// Advice as JSON: `findings` (symptom, evidence, cause, the option to change
/// and its value, or, where no option would help, `look_at`: what to look at) and
/// `predicted`: hit rates at half, twice and four times the bound that makes entries
/// leave (`scaled`: `capacity`, or `max_memory_mb`) with an error, or a text that says
/// why not, such as too few requests yet. The value is the caller's to free. Any thread.
///
/// # Safety
/// 1. `value` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_advise_json(
    cache: *mut mynah_cache,
    value: *mut *mut mynah_value,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { guard_json(value, || Ok(handle::resolve::<Cache, _>(cache)?.advise_json())) }
}

/// The figures in Prometheus' text form, for an endpoint of the caller's. The
/// value is the caller's to free. Any thread, as above.
///
/// # Safety
/// 1. `value` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_metrics_prometheus(
    cache: *mut mynah_cache,
    value: *mut *mut mynah_value,
) -> mynah_status {
    // SAFETY: promised by (1), here and below.
    guard(|| unsafe {
        clear_value(value);
        give_text(value, &handle::resolve::<Cache, _>(cache)?.metrics_prometheus())
    })
}
