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
            "stale_while_revalidate_ms" => mynah_cache_options_set_stale_while_revalidate_ms(o, n),
            "hash_seed" => mynah_cache_options_set_hash_seed(o, n),
            "alert_min_hit_rate" => mynah_cache_options_set_alert_min_hit_rate(o, ratio),
            "alert_max_get_latency_us" => mynah_cache_options_set_alert_max_get_latency_us(o, n),
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
