//! The typed setters of `mynah_cache_options`: one for each option.
//!
//! They are written out, not made by a macro: the header generator must see
//! them, and so must a person who searches for a name. A test compares them
//! with the rows.

use std::ffi::c_char;

use super::cache_options::{CacheDraft, mynah_cache_options};
use super::options::{set_text, set_value};
use super::status::mynah_status;

/// Most entries that the whole cache holds. Range 1..=2^40.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_options_set_capacity(
    options: *mut mynah_cache_options,
    n: u64,
) -> mynah_status {
    set_value::<CacheDraft, _>(options, "capacity", n)
}

/// Independently locked parts of the cache, rounded up to a power of two and
/// held to at least 64 entries each, and to three eighths of max_memory_mb; 0:
/// four for each core, at least 256 entries each. Range 0..=65536.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_options_set_shard_count(
    options: *mut mynah_cache_options,
    n: u32,
) -> mynah_status {
    set_value::<CacheDraft, _>(options, "shard_count", n)
}

/// Lifetime in milliseconds of an entry that is stored without its own; 0: it
/// never expires. Range 0..=a century.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_options_set_default_ttl_ms(
    options: *mut mynah_cache_options,
    n: u64,
) -> mynah_status {
    set_value::<CacheDraft, _>(options, "default_ttl_ms", n)
}

/// Milliseconds between sweeps of expired entries; 0: they stay until they are
/// read (not with the strategy `periodic`) or evicted. Range 0..=a century.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_options_set_cleanup_interval_ms(
    options: *mut mynah_cache_options,
    n: u64,
) -> mynah_status {
    set_value::<CacheDraft, _>(options, "cleanup_interval_ms", n)
}

/// Expired entries that a sweep removes before it lets go of the shard's lock.
/// Range 1..=1000000.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_options_set_cleanup_batch_size(
    options: *mut mynah_cache_options,
    n: u32,
) -> mynah_status {
    set_value::<CacheDraft, _>(options, "cleanup_batch_size", n)
}

/// When expired entries leave: at each interval, only when they are met, at a
/// pace that follows what the sweep finds, or when met and at each interval.
/// One of periodic, lazy, adaptive, hybrid, in any letter case.
///
/// # Safety
/// 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_options_set_cleanup_strategy(
    options: *mut mynah_cache_options,
    text: *const c_char,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { set_text::<CacheDraft, _>(options, "cleanup_strategy", text) }
}

/// Shorthand for the adaptive strategy; set to false: not even where a workload
/// or profile has it.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_options_set_adaptive_cleanup(
    options: *mut mynah_cache_options,
    on: i32,
) -> mynah_status {
    set_value::<CacheDraft, _>(options, "adaptive_cleanup", on != 0)
}

/// Which entry leaves when the cache is full. One of s3fifo, lru, lfu, fifo,
/// random, in any letter case.
///
/// # Safety
/// 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_options_set_eviction_policy(
    options: *mut mynah_cache_options,
    text: *const c_char,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { set_text::<CacheDraft, _>(options, "eviction_policy", text) }
}

/// A layer of settings for a kind of load, under everything that is set
/// explicitly. One of none, read_heavy, write_heavy, mixed, bursty, in any
/// letter case.
///
/// # Safety
/// 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_options_set_workload_type(
    options: *mut mynah_cache_options,
    text: *const c_char,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { set_text::<CacheDraft, _>(options, "workload_type", text) }
}

/// A layer of settings for an aim, under the workload's and everything that is
/// set explicitly. One of none, low_latency, high_throughput, balanced,
/// memory_efficient, in any letter case.
///
/// # Safety
/// 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_options_set_performance_profile(
    options: *mut mynah_cache_options,
    text: *const c_char,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { set_text::<CacheDraft, _>(options, "performance_profile", text) }
}

/// With retry_delay_ms, bounds the wait for a contended shard by their product,
/// then the call answers BUSY; 0 for either: it waits as long as it takes.
/// Range 0..=1000.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_options_set_max_retries(
    options: *mut mynah_cache_options,
    n: u32,
) -> mynah_status {
    set_value::<CacheDraft, _>(options, "max_retries", n)
}

/// Milliseconds that each of max_retries stands for; a waiting call is woken
/// the moment the shard is free. Range 0..=60000.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_options_set_retry_delay_ms(
    options: *mut mynah_cache_options,
    n: u64,
) -> mynah_status {
    set_value::<CacheDraft, _>(options, "retry_delay_ms", n)
}

/// Lets the cache change its shards, sweep interval and eviction policy by what
/// it measures.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_options_set_auto_tuning(
    options: *mut mynah_cache_options,
    on: i32,
) -> mynah_status {
    set_value::<CacheDraft, _>(options, "auto_tuning", on != 0)
}

/// Hard bound on the accounted bytes of the whole cache, in MiB; 0: no bound.
/// Range 0..=2^24.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_options_set_max_memory_mb(
    options: *mut mynah_cache_options,
    n: u64,
) -> mynah_status {
    set_value::<CacheDraft, _>(options, "max_memory_mb", n)
}

/// Largest key and value together that is stored, in bytes, a packed value
/// counted as packed; 0: no bound. Range 0..=4294967295.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_options_set_max_entry_bytes(
    options: *mut mynah_cache_options,
    n: u64,
) -> mynah_status {
    set_value::<CacheDraft, _>(options, "max_entry_bytes", n)
}

/// Compresses values with zstd where that makes them smaller.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_options_set_compression(
    options: *mut mynah_cache_options,
    on: i32,
) -> mynah_status {
    set_value::<CacheDraft, _>(options, "compression", on != 0)
}

/// zstd's level: higher is smaller and slower. Range 1..=22.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_options_set_compression_level(
    options: *mut mynah_cache_options,
    n: u32,
) -> mynah_status {
    set_value::<CacheDraft, _>(options, "compression_level", n)
}

/// Values of fewer bytes are stored as they are. Range 0..=4294967295.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_options_set_compression_threshold(
    options: *mut mynah_cache_options,
    n: u64,
) -> mynah_status {
    set_value::<CacheDraft, _>(options, "compression_threshold", n)
}

/// Counts hits, misses and latencies; without them `auto_tuning` decides nothing,
/// and no alert is raised but those on memory and shards, when the metrics are read.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_options_set_metrics_enabled(
    options: *mut mynah_cache_options,
    on: i32,
) -> mynah_status {
    set_value::<CacheDraft, _>(options, "metrics_enabled", on != 0)
}

/// Shortens each lifetime by a random share of up to this many percent, so that
/// entries stored together do not expire together; 0: not at all. Range 0..=50.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_options_set_ttl_jitter_percent(
    options: *mut mynah_cache_options,
    n: u32,
) -> mynah_status {
    set_value::<CacheDraft, _>(options, "ttl_jitter_percent", n)
}

/// Milliseconds after its expiry during which get_or_claim answers the old
/// value while one caller renews it; 0: off. Range 0..=a century.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_options_set_stale_while_revalidate_ms(
    options: *mut mynah_cache_options,
    n: u64,
) -> mynah_status {
    set_value::<CacheDraft, _>(options, "stale_while_revalidate_ms", n)
}

/// Seed of the key hash, for repeatable runs; 0: random, which keeps others
/// from choosing colliding keys. Range 0..=2^64-1.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_options_set_hash_seed(
    options: *mut mynah_cache_options,
    n: u64,
) -> mynah_status {
    set_value::<CacheDraft, _>(options, "hash_seed", n)
}

/// Alerts when the hit rate of 100 look-ups or more falls below; 0: off. Range
/// 0..=1.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_options_set_alert_min_hit_rate(
    options: *mut mynah_cache_options,
    x: f64,
) -> mynah_status {
    set_value::<CacheDraft, _>(options, "alert_min_hit_rate", x)
}

/// Alerts when the mean latency of some 2,000 gets or more exceeds this many
/// microseconds; 0: off. Range 0..=60000000.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_options_set_alert_max_get_latency_us(
    options: *mut mynah_cache_options,
    n: u64,
) -> mynah_status {
    set_value::<CacheDraft, _>(options, "alert_max_get_latency_us", n)
}

/// Alerts when the accounted memory exceeds this many MiB; 0: off. Range
/// 0..=2^24.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_options_set_alert_max_memory_mb(
    options: *mut mynah_cache_options,
    n: u64,
) -> mynah_status {
    set_value::<CacheDraft, _>(options, "alert_max_memory_mb", n)
}

/// Alerts when a shard's entries, and their bytes too, deviate from the mean by more
/// than this share; 0: off. Range 0..=1.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_options_set_alert_max_shard_imbalance(
    options: *mut mynah_cache_options,
    x: f64,
) -> mynah_status {
    set_value::<CacheDraft, _>(options, "alert_max_shard_imbalance", x)
}

#[cfg(test)]
mod tests;
