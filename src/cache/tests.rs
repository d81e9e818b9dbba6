//! The cache as a whole: against a model, against its bounds, across resizes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::glance::Found;
use super::*;
use crate::clock::ManualClock;
use crate::error::Error;
use crate::metrics::striped;
use crate::options::Layered;
use crate::section;

/// A cache on a manual clock, from options as JSON.
pub fn cache(options: &str) -> (Arc<Cache>, Arc<ManualClock>) {
    let mut layered = Layered::<CacheOptions>::default();
    layered.set("hash_seed", "7").unwrap();
    layered.load_json(options).unwrap();
    let (clock, hand) = Clock::manual();
    (Cache::new(layered.resolve().unwrap(), clock).unwrap(), hand)
}

/// Stores in the shortest way that leads on, as C's `set` does.
pub fn quick_set(cache: &Cache, key: &[u8], value: &[u8], ttl: Ttl) -> Result<()> {
    if let Some(stay) = section::enter_alone(striped::line()) {
        match cache.quick_store(&stay, key, value, ttl) {
            Stored::Renewed => return Ok(()),
            Stored::Absent(hash) => {
                let stored = cache.store_absent(hash, key, value, ttl);
                drop(stay);
                return stored.map(Departures::deliver);
            }
            Stored::Unsure => drop(stay),
        }
    }
    cache.set(key, value, ttl)
}

/// Finds a value in the shortest way that leads on, as C's `get_into` and `get`
/// do.
pub fn quick_get(cache: &Cache, key: &[u8], copied: bool) -> Option<Value> {
    let mut place = [0; 2_048];
    let Some(stay) = section::enter_alone(striped::line()) else { return cache.get(key) };
    let found = match copied {
        true => match cache.quick_copy(&stay, key, &mut place) {
            Quick::Hit(len) => Quick::Hit(Value::copy_from(&place[..len]).unwrap()),
            Quick::Miss => Quick::Miss,
            Quick::Unsure => Quick::Unsure,
        },
        false => cache.quick_value(&stay, key),
    };
    drop(stay);
    match found {
        Quick::Hit(value) => Some(value),
        Quick::Miss => None,
        Quick::Unsure => cache.get(key),
    }
}

/// Whether a look without a lock finds a key; none if it says nothing of it.
fn glance(cache: &Cache, key: &[u8]) -> Option<bool> {
    let stay = section::enter_alone(striped::line())?;
    let hash = cache.shared.hash(key);
    let (_, glance) = cache.directory.glance(hash, &stay)?;
    match glance.find(hash, key, 0) {
        Found::Plain(..) => Some(true),
        Found::Absent => Some(false),
        Found::Unclear => None,
    }
}

/// A thread that owns a line, for others may have taken all.
fn owns_a_line() -> bool {
    striped::line() < striped::OWNED
}

#[test]
fn a_look_takes_no_lock_and_says_nothing_of_what_is_being_written() {
    if !owns_a_line() || cfg!(any(miri, feature = "system-heap")) {
        return;
    }
    let (cache, _) = cache(r#"{"capacity": 1000, "shard_count": 1}"#);
    cache.set(b"key", b"value", Ttl::Never).unwrap();
    // A writer would wait for this reader, and so would readers behind it.
    let reading = cache.directory.cell(0).read();
    assert_eq!(glance(&cache, b"key"), Some(true));
    assert_eq!(glance(&cache, b"none"), Some(false));
    drop(reading);
    let writing = cache.directory.cell(0).write();
    assert_eq!(glance(&cache, b"key"), None);
    drop(writing);
    assert_eq!(glance(&cache, b"key"), Some(true));
}

#[test]
fn a_hit_is_copied_without_the_lock_and_shared_or_stored_over_only_if_nobody_has_it() {
    if !owns_a_line() || cfg!(any(miri, feature = "system-heap")) {
        return;
    }
    let (cache, _) = cache(r#"{"capacity": 1000, "shard_count": 1, "metrics_enabled": false}"#);
    cache.set(b"key", b"value", Ttl::Never).unwrap();
    let (stay, mut place) = (section::enter_alone(striped::line()).unwrap(), [0; 8]);
    let locked = cache.directory.cell(0).lock();
    assert!(matches!(cache.quick_copy(&stay, b"key", &mut place), Quick::Hit(5)));
    assert_eq!(&place[..5], b"value");
    assert!(matches!(cache.quick_value(&stay, b"key"), Quick::Unsure));
    assert!(matches!(cache.quick_store(&stay, b"key", b"other", Ttl::Never), Stored::Unsure));
    drop(locked);
    assert!(matches!(cache.quick_value(&stay, b"key"), Quick::Hit(_)));
    assert!(matches!(cache.quick_store(&stay, b"key", b"other", Ttl::Never), Stored::Renewed));
}

#[test]
fn a_look_leaves_large_and_packed_and_negative_entries_to_those_who_lock() {
    if !owns_a_line() || cfg!(any(miri, feature = "system-heap")) {
        return;
    }
    let options = r#"{"capacity": 1000, "compression": true, "shard_count": 1}"#;
    let (cache, _) = cache(options);
    for (key, value) in [(&b"large"[..], vec![1; 40_000]), (b"packed", vec![2; 3_000])] {
        // Bytes that do not pack, for the large one.
        let mut value: Vec<u8> = value;
        if key == b"large" {
            fastrand::Rng::with_seed(1).fill(&mut value);
        }
        cache.set(key, &value, Ttl::Never).unwrap();
        assert_eq!(glance(&cache, key), None);
        assert_eq!(quick_get(&cache, key, true).unwrap().as_bytes(), value);
        assert_eq!(quick_get(&cache, key, false).unwrap().as_bytes(), value);
        cache.remove(key);
    }
    cache.set_negative(b"nothing", Ttl::Never).unwrap();
    assert!(quick_get(&cache, b"nothing", true).is_none());
    // Small entries in such a bucket are left to the others as well.
    cache.set(b"large", b"small", Ttl::Never).unwrap();
    assert_eq!(glance(&cache, b"large"), None);
    assert_eq!(quick_get(&cache, b"large", true).unwrap().as_bytes(), b"small");
}

#[test]
fn hits_without_a_lock_are_counted_like_others() {
    let (cache, _) = cache(r#"{"capacity": 1000, "shard_count": 1}"#);
    cache.set(b"key", b"value", Ttl::Never).unwrap();
    for n in 0..1_000 {
        assert!(quick_get(&cache, b"key", n % 2 == 0).is_some());
        assert!(quick_get(&cache, b"none", n % 2 == 0).is_none());
        quick_set(&cache, b"key", b"other", Ttl::Never).unwrap();
    }
    let (hits, misses) = cache.metrics.hits_and_misses();
    assert_eq!((hits, misses), (1_000, 1_000));
    let report = cache.metrics_json();
    assert_eq!(report["sets"], 1_001);
    assert_eq!(report["departures"]["replaced"], 1_000);
    let shard = cache.directory.cell(0).read();
    let entry = shard.table.get(cache.shared.hash(b"key"), b"key").unwrap();
    // As many as the policy remembers.
    assert_eq!(entry.word().load(Ordering::Relaxed), 3);
}

/// Counts everything anew and compares with the books.
pub fn audit(cache: &Cache) {
    let (mut entries, mut bytes) = (0i64, cache.own_bytes() as i64);
    let mut in_hand = Amount::default();
    for cell in cache.directory.cells() {
        let mut shard = cell.write();
        let cost: u64 = shard.table.iter().map(|entry| entry.cost()).sum();
        assert_eq!(shard.entry_bytes(), cost);
        assert_eq!(shard.table.iter().count(), shard.table.len());
        let lists: usize = (0..shard.policy.lists()).map(|l| shard.table.list_len(l as u8)).sum();
        assert_eq!(lists, shard.table.len());
        for entry in shard.table.iter() {
            let hash = cache.shared.hash(entry.key());
            assert_eq!(hash as usize & shard.mask, shard.index);
            assert!(shard.table.get(hash, entry.key()).is_some());
        }
        entries += shard.table.len() as i64;
        bytes += (cost + shard.overhead_bytes()) as i64 + size_of::<Cell>() as i64;
        let held = shard.surrender();
        in_hand.add(held);
        shard.receive(held);
    }
    let budget = &cache.shared.budget;
    assert_eq!(budget.entries.limit() - budget.entries.free() - in_hand.entries, entries);
    assert_eq!(budget.bytes.limit() - budget.bytes.free() - in_hand.bytes, bytes);
    assert_eq!(cache.memory_bytes() as i64, bytes);
    assert!(entries <= budget.entries.limit());
}

#[test]
fn random_operations_agree_with_a_plain_map() {
    for policy in policy::POLICIES.iter().map(|(name, _)| name) {
        let options = format!(
            r#"{{"capacity": 100000, "eviction_policy": "{policy}",
            "shard_count": 4, "default_ttl_ms": 5000, "max_memory_mb": 64}}"#
        );
        let (cache, clock) = cache(&options);
        let mut model: HashMap<Vec<u8>, (Vec<u8>, u64)> = HashMap::new();
        let mut random = fastrand::Rng::with_seed(3);
        let mut now = 0;
        for step in 0..20_000u64 {
            let key = random.u64(..500).to_string().into_bytes();
            let live = model.get(&key).filter(|(_, dies)| *dies > now).map(|(v, _)| v.clone());
            match random.u8(..10) {
                0..4 => {
                    let value = vec![step as u8; random.usize(..3_000)];
                    let (ttl, ms) = match random.u8(..4) {
                        0 => (Ttl::Never, u64::MAX / 2),
                        1 => (Ttl::Millis(random.u64(1..2_000)), 0),
                        _ => (Ttl::Default, 5_000),
                    };
                    let ms = if let Ttl::Millis(ms) = ttl { ms } else { ms };
                    cache.set(&key, &value, ttl).unwrap();
                    model.insert(key, (value, now + ms));
                }
                4 => {
                    assert_eq!(cache.remove(&key), live.is_some());
                    model.remove(&key);
                }
                5 => {
                    assert_eq!(cache.touch(&key, Ttl::Millis(700)).is_ok(), live.is_some());
                    if live.is_some() {
                        model.entry(key).and_modify(|(_, dies)| *dies = now + 700);
                    }
                }
                6 => assert_eq!(cache.contains(&key).unwrap(), live.is_some()),
                7 if step % 50 == 0 => cache.resize(1 << random.u64(..7)).unwrap(),
                7 => {
                    clock.advance(Duration::from_millis(37));
                    now += 37;
                }
                _ => {
                    let got = cache.get(&key).map(|value| value.as_bytes().to_vec());
                    assert_eq!(got, live, "{policy} at step {step}");
                }
            }
            if step % 1_000 == 0 {
                audit(&cache);
            }
        }
        cache.clear();
        assert!(cache.is_empty());
        audit(&cache);
    }
}

#[test]
fn filling_a_cache_with_exactly_its_capacity_evicts_nothing() {
    for shards in [1, 8, 16] {
        let options = format!(r#"{{"capacity": 1024, "shard_count": {shards}}}"#);
        let (cache, _) = cache(&options);
        (0..1024u32).for_each(|n| cache.set(&n.to_le_bytes(), b"v", Ttl::Default).unwrap());
        assert_eq!(cache.len(), 1024);
        assert!((0..1024u32).all(|n| cache.get(&n.to_le_bytes()).is_some()));
        for n in 1024..5000u32 {
            cache.set(&n.to_le_bytes(), b"v", Ttl::Default).unwrap();
            assert_eq!(cache.len(), 1024);
        }
        audit(&cache);
    }
}

#[test]
fn a_megabyte_over_many_shards_still_stores_a_large_value() {
    let (cache, _) = cache(r#"{"capacity": 1000000, "shard_count": 256, "max_memory_mb": 1}"#);
    assert_eq!(cache.shard_count(), 256);
    for n in 0..20_000u32 {
        cache.set(&n.to_le_bytes(), &[1; 100], Ttl::Default).unwrap();
        assert!(cache.memory_bytes() <= 1 << 20, "{}", cache.memory_bytes());
    }
    audit(&cache);
    cache.set(b"large", &[2; 8192], Ttl::Default).unwrap();
    assert_eq!(cache.get(b"large").unwrap().as_bytes().len(), 8192);
    cache.set(b"half", &vec![3; 500_000], Ttl::Default).unwrap();
    assert_eq!(cache.get(b"half").unwrap().as_bytes().len(), 500_000);
    assert!(cache.memory_bytes() <= 1 << 20);
    let refused = cache.set(b"more", &vec![3; 600_000], Ttl::Default);
    assert!(matches!(refused, Err(Error::TooLarge { .. })));
    audit(&cache);
}

#[test]
fn a_cache_bounded_by_bytes_alone_is_never_above_and_nearly_full() {
    let (cache, _) = cache(r#"{"capacity": 10000000, "max_memory_mb": 4}"#);
    let mut random = fastrand::Rng::with_seed(5);
    for n in 0..40_000u32 {
        cache
            .set(&(n % 9_000).to_le_bytes(), &vec![1; random.usize(..2_000)], Ttl::Default)
            .unwrap();
        if n % 97 == 0 {
            assert!(cache.memory_bytes() <= 4 << 20);
        }
    }
    assert!(cache.memory_bytes() > (4 << 20) * 95 / 100, "{}", cache.memory_bytes());
    audit(&cache);
}

#[test]
fn a_held_value_moves_to_the_pinned_bytes_and_out_of_them() {
    let (cache, _) = cache("{}");
    cache.set(b"k", &[1; 1000], Ttl::Default).unwrap();
    let value = cache.get(b"k").unwrap();
    cache.remove(b"k");
    assert_eq!(cache.pinned(), (1, entry::allocated(20 + 1 + 1000)));
    drop(value);
    assert_eq!(cache.pinned(), (0, 0));
}

#[test]
fn a_lower_capacity_holds_when_set_capacity_returns() {
    let (cache, _) = cache(r#"{"capacity": 10000, "shard_count": 16}"#);
    (0..10_000u32).for_each(|n| cache.set(&n.to_le_bytes(), b"v", Ttl::Default).unwrap());
    cache.set_capacity(1_500).unwrap();
    assert_eq!(cache.len(), 1_500);
    audit(&cache);
    // Credits that shards have in hand are no reason to let entries go.
    cache.set_capacity(20_000).unwrap();
    (0..20u32).for_each(|n| cache.set(&n.to_le_bytes(), b"v", Ttl::Default).unwrap());
    let held = cache.len();
    cache.set_capacity(held).unwrap();
    assert_eq!(cache.len(), held);
    cache.set_capacity(3_000).unwrap();
    (0..10_000u32).for_each(|n| cache.set(&n.to_le_bytes(), b"w", Ttl::Default).unwrap());
    assert_eq!(cache.len(), 3_000);
    audit(&cache);
}

/// A body as chat APIs answer it, with a text that differs.
fn answer(n: u64) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(n);
    let words = ["river", "stone", "light", "paper", "north", "seven", "glass", "quiet"];
    let text: Vec<&str> = (0..30).map(|_| words[random.usize(..8)]).collect();
    format!(
        r#"{{"id":"chatcmpl-{:016x}","object":"chat.completion","created":{},"model":"gpt-4.1-mini","choices":[{{"index":0,"message":{{"role":"assistant","content":"{}","refusal":null}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":{},"completion_tokens":{}}}}}"#,
        random.u64(..),
        1_700_000_000 + n,
        text.join(" "),
        random.u8(..),
        random.u8(..),
    )
    .into_bytes()
}

#[test]
fn packed_values_come_back_and_a_dictionary_makes_short_ones_small() {
    let (cache, _) = cache(r#"{"compression": true, "compression_threshold": 100}"#);
    for n in 0..200u64 {
        cache.set(&n.to_le_bytes(), &answer(n), Ttl::Default).unwrap();
    }
    let plain = cache.metrics_json()["compression"]["ratio"].as_f64().unwrap();
    cache.train();
    audit(&cache);
    let before = cache.metrics_json();
    for n in 1_000..1_200u64 {
        cache.set(&n.to_le_bytes(), &answer(n), Ttl::Default).unwrap();
    }
    let after = cache.metrics_json();
    let part = |key: &str| {
        let bytes = |json: &serde_json::Value| json["compression"][key].as_f64().unwrap();
        bytes(&after) - bytes(&before)
    };
    let ratio = part("raw_bytes") / part("packed_bytes");
    assert!(ratio > 2.5 && ratio > plain * 1.3, "{plain} {ratio}");
    for n in (0..200).chain(1_000..1_200u64) {
        assert_eq!(cache.get(&n.to_le_bytes()).unwrap().as_bytes(), answer(n));
    }
    let mut place = [0; 2_000];
    let len = cache.fetch_into(&7u64.to_le_bytes(), &mut place, &mut None).unwrap();
    assert_eq!(&place[..len], answer(7));
    let small = cache.fetch_into(&7u64.to_le_bytes(), &mut place[..10], &mut None);
    assert_eq!(small, Err(Missed::TooLarge(answer(7).len())));
    audit(&cache);
}

#[test]
fn values_that_do_not_shrink_and_short_ones_are_stored_as_they_are() {
    let (cache, _) = cache(r#"{"compression": true}"#);
    let mut random = fastrand::Rng::with_seed(1);
    let noise: Vec<u8> = (0..4_000).map(|_| random.u8(..)).collect();
    cache.set(b"noise", &noise, Ttl::Default).unwrap();
    cache.set(b"short", &[0; 1_023], Ttl::Default).unwrap();
    assert_eq!(cache.metrics_json()["compression"]["packed_values"], 0);
    cache.set(b"long", &[0; 1_024], Ttl::Default).unwrap();
    assert_eq!(cache.metrics_json()["compression"]["packed_values"], 1);
    assert_eq!(cache.get(b"noise").unwrap().as_bytes(), noise);
}

#[test]
fn an_entry_expires_to_the_millisecond() {
    let (cache, clock) = cache("{}");
    cache.set(b"k", b"v", Ttl::Millis(10)).unwrap();
    clock.advance(Duration::from_micros(9_999));
    assert!(cache.get(b"k").is_some());
    clock.advance(Duration::from_micros(1));
    assert!(cache.get(b"k").is_none());
    assert_eq!(cache.len(), 0, "met, so it left");
}

#[test]
fn no_life_is_shorter_than_asked_for() {
    let mut layered = Layered::<CacheOptions>::default();
    layered.set("cleanup_interval_ms", "0").unwrap();
    let cache = Cache::new(layered.resolve().unwrap(), Clock::System).unwrap();
    for ms in [1, 59_999, 60_000, 3_600_000].into_iter().cycle().take(4_000) {
        let least = Clock::System.now_ns() + ms * 1_000_000;
        let expiry_ns = cache.expiry_ms(Ttl::Millis(ms)) * 1_000_000;
        assert!((least..least + 1_000_000_000).contains(&expiry_ns), "{ms}: {least} {expiry_ns}");
    }
}

#[test]
fn a_sweep_removes_what_is_due_and_the_adaptive_pace_follows_what_it_finds() {
    let (cache, clock) = cache(
        r#"{"cleanup_strategy": "adaptive", "cleanup_interval_ms": 10000, "cleanup_batch_size": 7}"#,
    );
    (0..1_000u32).for_each(|n| {
        let ttl = Ttl::Millis(1_000 + n as u64 * 100);
        cache.set(&n.to_le_bytes(), b"v", ttl).unwrap();
    });
    let pace = || cache.metrics_json()["sweep"]["pace_ms"].as_u64().unwrap();
    clock.advance(Duration::from_secs(51));
    assert_eq!(cache.sweep(), 501);
    assert_eq!((cache.len(), pace()), (499, 5_000));
    audit(&cache);
    assert_eq!(cache.sweep(), 0);
    assert_eq!(pace(), 10_000);
    cache.sweep();
    cache.sweep();
    assert_eq!(pace(), 20_000, "no more than twice the interval");
    clock.advance(Duration::from_secs(100));
    assert_eq!(cache.sweep(), 499);
    assert_eq!(cache.next_sweep_ms(), None, "nothing is left that could expire");
}

#[test]
fn strategies_differ_in_who_removes_expired_entries() {
    for (strategy, met) in [("periodic", 1), ("lazy", 0), ("hybrid", 0), ("adaptive", 0)] {
        let (cache, clock) = cache(&format!(r#"{{"cleanup_strategy": "{strategy}"}}"#));
        cache.set(b"k", b"v", Ttl::Millis(5)).unwrap();
        let sweeps = cache.next_sweep_ms().is_some();
        clock.advance(Duration::from_millis(5));
        assert!(cache.get(b"k").is_none());
        assert_eq!((cache.len(), sweeps), (met, strategy != "lazy"), "{strategy}");
    }
}

#[test]
fn jitter_shortens_lives_within_its_percentage_and_spreads_them() {
    let (cache, clock) = cache(r#"{"ttl_jitter_percent": 50, "default_ttl_ms": 1000}"#);
    (0..1_000u32).for_each(|n| cache.set(&n.to_le_bytes(), b"v", Ttl::Default).unwrap());
    clock.advance(Duration::from_millis(499));
    assert_eq!(cache.sweep(), 0);
    clock.advance(Duration::from_millis(251));
    assert!((400..600).contains(&cache.sweep()));
    clock.advance(Duration::from_millis(250));
    cache.sweep();
    assert!(cache.is_empty());
}

#[test]
fn an_alert_is_raised_once_and_again_when_it_recovers() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let mut layered = Layered::<CacheOptions>::default();
    layered.set("alert_max_shard_imbalance", "0").unwrap();
    let listener = {
        let told = told.clone();
        move |alert: &crate::metrics::Alert| told.lock().push((alert.name, alert.raised))
    };
    let listeners = Listeners { alerts: Some(Arc::new(listener)), ..Listeners::default() };
    let (clock, _) = Clock::manual();
    let cache = Cache::with_listeners(layered.resolve().unwrap(), clock, listeners).unwrap();
    (0..200).for_each(|_| assert!(cache.get(b"k").is_none()));
    cache.metrics_json();
    (0..200).for_each(|_| assert!(cache.get(b"k").is_none()));
    cache.metrics_json();
    cache.set(b"k", b"v", Ttl::Default).unwrap();
    (0..200).for_each(|_| assert!(cache.get(b"k").is_some()));
    assert_eq!(cache.metrics_json()["alerts"], serde_json::json!([]));
    assert_eq!(*told.lock(), [("alert_min_hit_rate", true), ("alert_min_hit_rate", false)]);
}

#[test]
fn metrics_count_what_happened() {
    let (cache, clock) = cache(r#"{"capacity": 100, "shard_count": 1}"#);
    for n in 0..150u32 {
        cache.set(&n.to_le_bytes(), b"v", Ttl::Default).unwrap();
        clock.advance(Duration::from_millis(10));
    }
    cache.set(&149u32.to_le_bytes(), b"w", Ttl::Default).unwrap();
    let hits = (0..150u32).filter(|n| cache.get(&n.to_le_bytes()).is_some()).count();
    cache.remove(&149u32.to_le_bytes());
    let json = cache.metrics_json();
    assert_eq!((json["hits"].as_u64(), json["misses"].as_u64()), (Some(hits as u64), Some(50)));
    assert_eq!((&json["sets"], &json["evictions"]), (&151.into(), &50.into()));
    assert_eq!(
        (&json["departures"]["replaced"], &json["departures"]["removed"]),
        (&1.into(), &1.into())
    );
    assert_eq!((&json["items"], &json["shard_items"]), (&99.into(), &serde_json::json!([99])));
    assert!(
        json["avg_age_at_eviction_ms"].as_f64().is_some_and(|ms| (500.0..1_100.0).contains(&ms))
    );
    assert!(json["operations_per_second"].as_f64().is_some_and(|n| (100.0..250.0).contains(&n)));
    assert!(json["get_latency_ns"]["sampled"].as_u64() > Some(0));
    let text = cache.metrics_prometheus();
    assert!(text.contains(&format!("mynah_cache_hits_total {hits}\n")), "{text}");
    assert!(text.contains("mynah_cache_departures_total{reason=\"capacity\"} 50\n"), "{text}");
}

#[test]
fn no_metrics_are_counted_when_they_are_off() {
    let (cache, _) = cache(r#"{"metrics_enabled": false}"#);
    cache.set(b"k", b"v", Ttl::Default).unwrap();
    cache.get(b"k");
    cache.get(b"l");
    let json = cache.metrics_json();
    assert_eq!((&json["hits"], &json["misses"]), (&0.into(), &0.into()));
}

#[test]
fn a_contended_shard_answers_busy_after_retries_times_delay() {
    let (cache, _) = cache(r#"{"max_retries": 2, "retry_delay_ms": 5, "shard_count": 1}"#);
    cache.set(b"k", b"v", Ttl::Default).unwrap();
    let held = cache.directory.cell(0).write();
    let start = std::time::Instant::now();
    assert!(matches!(cache.fetch(b"k", &mut None), Err(Missed::Busy)));
    assert!(start.elapsed() >= Duration::from_millis(10));
    assert_eq!(cache.set(b"k", b"w", Ttl::Default), Err(Error::Busy));
    drop(held);
    assert!(cache.get(b"k").is_some());
}

#[test]
fn where_either_part_of_the_patience_is_zero_a_call_waits_as_long_as_it_takes() {
    for (retries, delay) in [(0, 5), (3, 0)] {
        let options =
            format!(r#"{{"max_retries": {retries}, "retry_delay_ms": {delay}, "shard_count": 1}}"#);
        let (cache, _) = cache(&options);
        cache.set(b"k", b"v", Ttl::Default).unwrap();
        std::thread::scope(|scope| {
            let held = cache.directory.cell(0).write();
            let call = scope.spawn(|| cache.get(b"k").is_some());
            while cache.directory.cell(0).contended() == 0 {
                std::thread::yield_now();
            }
            drop(held);
            assert!(call.join().unwrap());
        });
    }
}

#[test]
fn departures_are_told_with_their_reason_and_never_nested() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let place: Arc<Mutex<Option<Arc<Cache>>>> = Arc::default();
    let listener = {
        let (told, place) = (told.clone(), place.clone());
        move |key: &[u8], value: &[u8], reason: Reason| {
            told.lock().push((key.to_vec(), value.to_vec(), reason));
            let cache = place.lock().clone().unwrap();
            if key == b"a" {
                cache.remove(b"b");
                assert_eq!(told.lock().len(), 1, "the consequence waits");
            }
        }
    };
    let listeners = Listeners { departures: Some(Arc::new(listener)), ..Listeners::default() };
    let layered = Layered::<CacheOptions>::default();
    let cache =
        Cache::with_listeners(layered.resolve().unwrap(), Clock::System, listeners).unwrap();
    *place.lock() = Some(cache.clone());
    cache.set(b"a", b"1", Ttl::Default).unwrap();
    cache.set(b"b", b"2", Ttl::Default).unwrap();
    cache.set(b"a", b"3", Ttl::Default).unwrap();
    place.lock().take();
    let one = |k: &[u8], v: &[u8], reason| (k.to_vec(), v.to_vec(), reason);
    let expected = [one(b"a", b"1", Reason::Replaced), one(b"b", b"2", Reason::Removed)];
    assert_eq!(*told.lock(), expected);
}

#[test]
fn each_way_to_leave_has_its_reason() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener = {
        let told = told.clone();
        move |key: &[u8], value: &[u8], reason: Reason| {
            told.lock().push((key.to_vec(), value.len(), reason.name()));
        }
    };
    let listeners = Listeners { departures: Some(Arc::new(listener)), ..Listeners::default() };
    let mut layered = Layered::<CacheOptions>::default();
    let options = r#"{"capacity": 4, "max_memory_mb": 1, "eviction_policy": "fifo"}"#;
    layered.load_json(options).unwrap();
    let (clock, hand) = Clock::manual();
    let cache = Cache::with_listeners(layered.resolve().unwrap(), clock, listeners).unwrap();
    let after = |act: &dyn Fn()| {
        act();
        std::mem::take(&mut *told.lock())
    };
    let set = |key: &[u8], len: usize| cache.set(key, &vec![0; len], Ttl::Never).unwrap();
    let one = |key: &[u8], len: usize, reason| vec![(key.to_vec(), len, reason)];
    assert_eq!(after(&|| (0..4u8).for_each(|n| set(&[n], 10))), []);
    assert_eq!(after(&|| set(b"e", 10)), one(&[0], 10, "capacity"));
    assert_eq!(after(&|| set(b"e", 20)), one(b"e", 10, "replaced"));
    assert_eq!(after(&|| assert!(cache.remove(&[1]))), one(&[1], 10, "removed"));
    let brief = || cache.set(b"s", b"v", Ttl::Millis(5)).unwrap();
    assert_eq!(after(&brief), []);
    hand.advance(Duration::from_millis(5));
    assert_eq!(after(&|| assert!(cache.get(b"s").is_none())), one(b"s", 1, "expired"));
    assert_eq!(after(&|| assert!(cache.remove(&[2]))), one(&[2], 10, "removed"));
    assert_eq!(after(&|| set(b"l", 520_000)), []);
    let for_memory = after(&|| set(b"m", 520_000));
    assert_eq!(for_memory.last(), one(b"l", 520_000, "memory").last());
    assert_eq!(after(&|| cache.clear()), one(b"m", 520_000, "cleared"));
}

#[test]
fn the_effective_options_say_what_was_changed_since_and_by_what() {
    let (cache, clock) = cache(r#"{"capacity": 100000, "auto_tuning": true}"#);
    let shown = |key: &str| cache.options_now().show(key).unwrap();
    let is = |value: u64, origin: &str| serde_json::json!({"value": value, "origin": origin});
    assert_eq!(shown("capacity"), is(100_000, "explicit"));
    assert_eq!(shown("shard_count"), is(0, "default"));
    cache.set_capacity(50_000).unwrap();
    cache.resize(64).unwrap();
    assert_eq!(shown("capacity"), is(50_000, "set_capacity"));
    assert_eq!(shown("shard_count"), is(64, "resize"));
    for _ in 0..3 {
        clock.advance(Duration::from_secs(60));
        cache.tune();
    }
    let shards = crate::options::profiles::cores().next_power_of_two() as u64;
    assert_eq!(shown("shard_count"), is(shards, "auto_tuning"));
    assert_eq!(shown("cleanup_interval_ms"), is(600_000, "auto_tuning"));
}

#[test]
fn a_walk_meets_everything_once_though_the_cache_is_resized_on_the_way() {
    let (cache, _) = cache(r#"{"capacity": 100000, "shard_count": 8}"#);
    (0..5_000u32).for_each(|n| cache.set(&n.to_le_bytes(), b"v", Ttl::Default).unwrap());
    let mut random = fastrand::Rng::with_seed(11);
    for _ in 0..5 {
        let mut seen = std::collections::HashSet::new();
        for (step, pair) in cache.walk().enumerate() {
            let pair = pair.unwrap();
            assert_eq!(pair.value().as_bytes(), b"v");
            assert!(seen.insert(pair.key().to_vec()), "twice");
            if step % 300 == 0 {
                cache.resize(1 << random.u64(..10)).unwrap();
            }
        }
        assert_eq!(seen.len(), 5_000);
    }
}

#[test]
fn a_prefix_goes_and_the_rest_stays() {
    let (cache, _) = cache(r#"{"shard_count": 8}"#);
    for n in 0..500u32 {
        cache.set(format!("user:{n}").as_bytes(), b"v", Ttl::Default).unwrap();
        cache.set(format!("page:{n}").as_bytes(), b"v", Ttl::Default).unwrap();
    }
    assert_eq!(cache.remove_prefix(b"user:4").unwrap(), 111);
    assert_eq!(cache.len(), 889);
    assert!(cache.get(b"user:4").is_none() && cache.get(b"user:399").is_some());
    assert_eq!(cache.remove_prefix(b"").unwrap(), 889);
    audit(&cache);
}

#[test]
fn many_keys_answer_in_their_order() {
    let (cache, _) = cache("{}");
    cache.set(b"a", b"1", Ttl::Default).unwrap();
    cache.set(b"c", b"3", Ttl::Default).unwrap();
    let keys: [&[u8]; 3] = [b"a", b"b", b"c"];
    let values = cache.get_many(keys.into_iter()).unwrap();
    let bytes: Vec<_> = values.iter().map(|v| v.as_ref().map(Value::as_bytes)).collect();
    assert_eq!(bytes, [Some(&b"1"[..]), None, Some(b"3")]);
}

/// Requests for keys of which few are asked for often, as a look-up and a store
/// on a miss.
fn requests(cache: &Cache, count: usize, keys: f64, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    for _ in 0..count {
        let key = (random.f64().powi(4) * keys) as u32;
        if cache.get(&key.to_le_bytes()).is_none() {
            cache.set(&key.to_le_bytes(), b"v", Ttl::Default).unwrap();
        }
    }
}

#[test]
fn advice_predicts_the_hit_rate_at_other_capacities() {
    let run = |capacity: u64| {
        let (cache, _) = cache(&format!(r#"{{"capacity": {capacity}}}"#));
        requests(&cache, 300_000, 60_000.0, 5);
        cache
    };
    let small = run(4_000);
    let advice = small.advise_json();
    for (scale, capacity) in [("0.5x", 2_000), ("2x", 8_000), ("4x", 16_000)] {
        let predicted = advice["predicted"]["capacity"][scale]["hit_rate"].as_f64().unwrap();
        let real = run(capacity).report().hit_rate().unwrap();
        assert!((predicted - real).abs() < 0.02, "{scale}: {predicted} {real}");
    }
    let finding = &advice["findings"][0];
    assert_eq!(finding["option"], "capacity", "{advice}");
    let (fresh, _) = cache("{}");
    assert_eq!(fresh.advise_json()["predicted"], "too few requests yet");
}

#[test]
fn self_tuning_takes_the_better_policy_after_three_windows_and_says_why() {
    let records = Arc::new(Mutex::new(Vec::new()));
    let log = {
        let records = records.clone();
        move |level: Level, record: &str| {
            records
                .lock()
                .push((level, serde_json::from_str::<serde_json::Value>(record).unwrap()));
        }
    };
    let mut layered = Layered::<CacheOptions>::default();
    let options = r#"{"capacity": 1000, "eviction_policy": "fifo", "auto_tuning": true,
        "alert_min_hit_rate": 0, "alert_max_shard_imbalance": 0, "hash_seed": 7}"#;
    layered.load_json(options).unwrap();
    let listeners = Listeners { log: Some((Level::Info, Arc::new(log))), ..Listeners::default() };
    let (clock, hand) = Clock::manual();
    let cache = Cache::with_listeners(layered.resolve().unwrap(), clock, listeners).unwrap();
    let clock = hand;
    for window in 0..4 {
        requests(&cache, 30_000, 20_000.0, window);
        clock.advance(Duration::from_secs(60));
        cache.tune();
        let before = if window < 2 { "fifo" } else { cache.policy_name() };
        assert_eq!(cache.policy_name(), before);
    }
    assert_ne!(cache.policy_name(), "fifo");
    let json = cache.metrics_json();
    let decisions = json["tuning"]["decisions"].as_array().unwrap();
    let chosen = decisions.iter().find(|d| d["option"] == "eviction_policy").unwrap();
    assert_eq!(chosen["from"], "fifo");
    assert_eq!(cache.options_now().origin("eviction_policy").unwrap().name(), "auto_tuning");
    assert!(chosen["reason"].as_str().unwrap().contains("instead of"));
    let records = records.lock();
    assert_eq!(records.len(), decisions.len());
    for ((level, record), decision) in records.iter().zip(decisions) {
        assert_eq!((*level, &record["event"]), (Level::Info, &"mynah.cache.tuning".into()));
        assert_eq!(record["mynah.option"], decision["option"]);
        assert_eq!(record["mynah.reason"], decision["reason"]);
    }
    audit(&cache);
}

#[test]
fn self_tuning_moves_shards_and_sweeps_when_a_band_has_held() {
    let (cache, clock) = cache(r#"{"capacity": 1000000, "auto_tuning": true, "shard_count": 64}"#);
    for window in 0..4 {
        clock.advance(Duration::from_secs(60));
        cache.tune();
        let expected =
            if window < 2 { 64 } else { crate::options::profiles::cores().next_power_of_two() };
        assert_eq!(cache.shard_count(), expected);
    }
    assert_eq!(cache.sweep_interval(), 600_000);
    let json = cache.metrics_json();
    assert_eq!(json["tuning"]["decisions"].as_array().unwrap().len(), 2);
}

#[test]
fn self_tuning_begins_no_sweeps_where_none_were_asked_for() {
    let (cache, clock) = cache(r#"{"auto_tuning": true, "cleanup_interval_ms": 0}"#);
    for _ in 0..4 {
        clock.advance(Duration::from_secs(60));
        cache.tune();
    }
    assert_eq!(cache.sweep_interval(), 0);
}

#[test]
fn without_self_tuning_nothing_changes_by_itself() {
    let (cache, clock) = cache(r#"{"capacity": 100000}"#);
    let shards = cache.shard_count();
    (0..5).for_each(|_| {
        clock.advance(Duration::from_secs(60));
        cache.maintain();
    });
    assert_eq!((cache.shard_count(), cache.policy_name()), (shards, "s3fifo"));
}

#[test]
fn reads_see_only_values_that_were_current_while_writers_and_resizes_go_on() {
    // Each key counts up under its writer; a reader never sees a key go back,
    // and never a value of another key.
    let (cache, _) = cache(r#"{"capacity": 2000, "shard_count": 4, "default_ttl_ms": 0}"#);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (cache, stop) = (&cache, &stop);
        for writer in 0..2u32 {
            scope.spawn(move || {
                for round in 1..=400u32 {
                    for key in (writer..600).step_by(2) {
                        let value = [key.to_le_bytes(), round.to_le_bytes()].concat();
                        cache.set(&key.to_le_bytes(), &value, Ttl::Default).unwrap();
                    }
                }
                stop.store(true, Ordering::Release);
            });
        }
        for reader in 0..2u64 {
            scope.spawn(move || {
                let mut last = vec![0u32; 600];
                let mut random = fastrand::Rng::with_seed(reader);
                while !stop.load(Ordering::Acquire) {
                    let key = random.u32(..600);
                    let Some(value) = cache.get(&key.to_le_bytes()) else { continue };
                    let (of, round) = value.as_bytes().split_at(4);
                    let round = u32::from_le_bytes(round.try_into().unwrap());
                    assert_eq!(of, key.to_le_bytes());
                    assert!(round >= last[key as usize], "went back");
                    last[key as usize] = round;
                }
            });
        }
        scope.spawn(move || {
            let mut random = fastrand::Rng::with_seed(9);
            while !stop.load(Ordering::Acquire) {
                cache.resize(1 << random.u64(..6)).unwrap();
                cache.sweep();
            }
        });
    });
    assert_eq!(cache.len(), 600, "a resize loses nothing");
    audit(&cache);
}

#[test]
fn with_everything_going_on_at_once_the_books_stay_right() {
    let options = r#"{"capacity": 2000, "max_memory_mb": 1, "compression": true,
        "compression_threshold": 200, "default_ttl_ms": 40, "stale_while_revalidate_ms": 10}"#;
    let (cache, clock) = cache(options);
    let path = std::env::temp_dir().join(format!("mynah-at-once-{}", std::process::id()));
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (cache, stop) = (&cache, &stop);
        for seed in 0..3u64 {
            scope.spawn(move || {
                let mut random = fastrand::Rng::with_seed(seed);
                while !stop.load(Ordering::Relaxed) {
                    let key = random.u32(..5_000);
                    let name = key.to_le_bytes();
                    match random.u8(..20) {
                        0..9 => {
                            let value = [&name[..], &vec![key as u8; random.usize(..900)]].concat();
                            cache.set(&name, &value, Ttl::Default).unwrap();
                        }
                        9..17 => {
                            let value = cache.get(&name);
                            let right = value.is_none_or(|v| {
                                v.as_bytes()[..4] == name
                                    && v.as_bytes()[4..].iter().all(|b| *b == key as u8)
                            });
                            assert!(right);
                        }
                        17 => drop(cache.remove(&name)),
                        18 => drop(cache.get_or_claim(&name, Duration::ZERO, None)),
                        _ => drop(cache.touch(&name, Ttl::Millis(60))),
                    }
                }
            });
        }
        let mut random = fastrand::Rng::with_seed(77);
        for _ in 0..150 {
            clock.advance(Duration::from_millis(3));
            match random.u8(..8) {
                0..3 => cache.resize(1 << random.u64(..6)).unwrap(),
                3 => cache.set_capacity(random.u64(500..3_000)).unwrap(),
                4 => drop(cache.save(&path, &mut |_, _| true).unwrap()),
                5 => drop(cache.load(&path, &mut |_, _| true)),
                6 => cache.walk().for_each(|pair| drop(pair.unwrap())),
                _ => drop((cache.sweep(), cache.metrics_json())),
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    let _ = std::fs::remove_file(path);
    cache.set(b"last", b"1", Ttl::Default).unwrap();
    audit(&cache);
    assert!(cache.memory_bytes() <= 1 << 20, "{}", cache.memory_bytes());
}

#[test]
fn a_policy_that_comes_while_the_cache_is_in_use_hears_of_hits() {
    let (cache, _) = cache(r#"{"capacity": 1000, "shard_count": 1}"#);
    let set = |n: u32| cache.set(&n.to_le_bytes(), b"value", Ttl::Never).unwrap();
    cache.set_policy("lru");
    (0..1_000).for_each(set);
    assert!(cache.get(&0u32.to_le_bytes()).is_some());
    (1_000..1_600).for_each(set);
    assert!(cache.get(&0u32.to_le_bytes()).is_some(), "used last");
    assert!(cache.get(&1u32.to_le_bytes()).is_none(), "used first");
}
