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
mod tests {
    use std::ffi::{CStr, CString};
    use std::ptr;

    use super::super::cache_options::*;
    use super::super::value::*;
    use super::*;
    use crate::options::cache::CacheOptions;
    use crate::options::{Kind, OptionSet, Row, Value, describe};

    type Options = *mut mynah_cache_options;

    /// The typed setter of an option.
    fn typed(options: Options, key: &str, value: &Value) -> mynah_status {
        let n = value.int().unwrap_or_default();
        let (small, on) = (n as u32, value.bool().unwrap_or_default() as i32);
        let (ratio, o) = (value.float().unwrap_or_default(), options);
        let text = CString::new(value.text().unwrap_or_default()).unwrap();
        let text: *const c_char = text.as_ptr();
        // SAFETY: live options, and a NUL-terminated text that outlives the call.
        unsafe {
            match key {
                "capacity" => mynah_cache_options_set_capacity(o, n),
                "shard_count" => mynah_cache_options_set_shard_count(o, small),
                "default_ttl_ms" => mynah_cache_options_set_default_ttl_ms(o, n),
                "cleanup_interval_ms" => mynah_cache_options_set_cleanup_interval_ms(o, n),
                "cleanup_batch_size" => mynah_cache_options_set_cleanup_batch_size(o, small),
                "cleanup_strategy" => mynah_cache_options_set_cleanup_strategy(o, text),
                "adaptive_cleanup" => mynah_cache_options_set_adaptive_cleanup(o, on),
                "eviction_policy" => mynah_cache_options_set_eviction_policy(o, text),
                "workload_type" => mynah_cache_options_set_workload_type(o, text),
                "performance_profile" => mynah_cache_options_set_performance_profile(o, text),
                "max_retries" => mynah_cache_options_set_max_retries(o, small),
                "retry_delay_ms" => mynah_cache_options_set_retry_delay_ms(o, n),
                "auto_tuning" => mynah_cache_options_set_auto_tuning(o, on),
                "max_memory_mb" => mynah_cache_options_set_max_memory_mb(o, n),
                "max_entry_bytes" => mynah_cache_options_set_max_entry_bytes(o, n),
                "compression" => mynah_cache_options_set_compression(o, on),
                "compression_level" => mynah_cache_options_set_compression_level(o, small),
                "compression_threshold" => mynah_cache_options_set_compression_threshold(o, n),
                "metrics_enabled" => mynah_cache_options_set_metrics_enabled(o, on),
                "ttl_jitter_percent" => mynah_cache_options_set_ttl_jitter_percent(o, small),
                "stale_while_revalidate_ms" => {
                    mynah_cache_options_set_stale_while_revalidate_ms(o, n)
                }
                "hash_seed" => mynah_cache_options_set_hash_seed(o, n),
                "alert_min_hit_rate" => mynah_cache_options_set_alert_min_hit_rate(o, ratio),
                "alert_max_get_latency_us" => {
                    mynah_cache_options_set_alert_max_get_latency_us(o, n)
                }
                "alert_max_memory_mb" => mynah_cache_options_set_alert_max_memory_mb(o, n),
                "alert_max_shard_imbalance" => {
                    mynah_cache_options_set_alert_max_shard_imbalance(o, ratio)
                }
                _ => panic!("{key} has no typed setter here"),
            }
        }
    }

    /// A value that is not the default.
    fn another(row: &Row<CacheOptions>) -> Value {
        match &row.kind {
            Kind::Int(range) => Value::Int((range.start() + 5).min(*range.end())),
            Kind::Float(_) => Value::Float(0.375),
            Kind::Bool => Value::Bool(!(row.get)(&CacheOptions::default()).bool().unwrap()),
            Kind::Choice(words) => Value::Text(words[1].to_string()),
            _ => panic!("{}: a kind that no option of the cache has had", row.key),
        }
    }

    /// What an option is now, and the layer that it came from.
    fn shown(options: Options, key: &CStr) -> serde_json::Value {
        let mut value = ptr::null_mut();
        // SAFETY: live options, a NUL-terminated name, a place for the value.
        unsafe {
            assert_eq!(mynah_cache_options_get(options, key.as_ptr(), &mut value), 0);
            let data = mynah_value_data(value).cast::<u8>();
            let text = std::slice::from_raw_parts(data, mynah_value_len(value));
            let json = serde_json::from_slice(text).unwrap();
            mynah_value_free(value);
            json
        }
    }

    #[test]
    fn every_option_comes_in_by_all_doors_alike() {
        let enumerated = describe::<CacheOptions>();
        for (n, row) in CacheOptions::rows().iter().enumerate() {
            assert_eq!(enumerated[n]["key"], row.key);
            let value = another(row);
            let json = value.to_json();
            assert_ne!(json, enumerated[n]["default"], "{}", row.key);
            let word = json.as_str().map_or_else(|| json.to_string(), str::to_string);
            let (key, text) = (CString::new(row.key).unwrap(), CString::new(word).unwrap());
            let object = serde_json::json!({row.key: json}).to_string();
            let doors: [&dyn Fn(Options) -> mynah_status; 3] = [
                &|o| typed(o, row.key, &value),
                // SAFETY: live options, NUL-terminated texts.
                &|o| unsafe {
                    mynah_cache_options_set(o, key.as_ptr(), text.as_ptr(), ptr::null_mut())
                },
                // SAFETY: live options, a text with its length.
                &|o| unsafe {
                    let place = object.as_ptr().cast();
                    mynah_cache_options_load_json(o, place, object.len(), ptr::null_mut())
                },
            ];
            for door in doors {
                let options = mynah_cache_options_new();
                assert_eq!(shown(options, &key)["value"], enumerated[n]["default"]);
                assert_eq!(door(options), 0, "{}", row.key);
                let expected = serde_json::json!({"value": json, "origin": "explicit"});
                assert_eq!(shown(options, &key), expected, "{}", row.key);
                mynah_cache_options_free(options);
            }
        }
    }
}
