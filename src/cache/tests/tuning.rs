//! A cache that tunes itself, and what it advises.

use super::*;
use crate::metrics::Level;

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

/// Requests for keys of which few are asked for often, as a look-up and a store
/// on a miss.
fn requests(cache: &Cache, count: usize, keys: f64, seed: u64) {
    requests_of(cache, count, keys, seed, b"v");
}

fn requests_of(cache: &Cache, count: usize, keys: f64, seed: u64, value: &[u8]) {
    let mut random = fastrand::Rng::with_seed(seed);
    for _ in 0..count {
        let key = (random.f64().powi(4) * keys) as u32;
        if cache.get(&key.to_le_bytes()).is_none() {
            cache.set(&key.to_le_bytes(), value, Ttl::Default).unwrap();
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
}

#[test]
fn advice_says_why_it_predicts_nothing() {
    for (options, why) in [
        ("{}", "too few requests yet"),
        (r#"{"max_memory_mb": 1}"#, "nothing is simulated: max_memory_mb has no room for it"),
        (r#"{"metrics_enabled": false}"#, "nothing is simulated: metrics_enabled is false"),
    ] {
        assert_eq!(cache(options).0.advise_json()["predicted"], why);
    }
}

#[test]
fn advice_on_calls_that_give_up_is_more_patience() {
    for (retries, value) in [(2, 4), (1_000, 0)] {
        let options = format!(
            r#"{{"shard_count": 1, "max_retries": {retries}, "retry_delay_ms": 1,
            "alert_max_get_latency_us": 60000000}}"#
        );
        let (cache, _) = cache(&options);
        cache.set(b"k", b"v", Ttl::Never).unwrap();
        (0..9_000).for_each(|_| assert!(cache.get(b"k").is_some()));
        assert_eq!(cache.advise_json()["findings"], serde_json::json!([]));
        assert!(cache.while_it_gives_up(1, || cache.contains(b"k")).is_err());
        let finding = &cache.advise_json()["findings"][0];
        assert_eq!(
            (&finding["symptom"], &finding["option"]),
            (&"busy shards".into(), &"max_retries".into())
        );
        assert_eq!((&finding["value"], &finding["evidence"]["busy"]), (&value.into(), &1.into()));
    }
}

#[test]
fn advice_on_shards_that_chance_does_not_explain_is_another_seed() {
    for (seed, option) in [(7, "hash_seed".into()), (0, serde_json::Value::Null)] {
        let (cache, _) = cache(&format!(r#"{{"shard_count": 4, "hash_seed": {seed}}}"#));
        let keys = (0..4_000u32).map(u32::to_le_bytes);
        let alike = keys.filter(|key| cache.shared.hash(key) & 3 != 2);
        alike.for_each(|key| cache.set(&key, b"v", Ttl::Never).unwrap());
        let finding = &cache.advise_json()["findings"][0];
        assert_eq!((&finding["symptom"], &finding["option"]), (&"uneven load".into(), &option));
        assert_eq!(finding["look_at"].is_string(), option.is_null());
    }
}

#[test]
fn where_memory_binds_advice_predicts_and_names_the_bound_on_memory() {
    let value = [7; 900];
    let run = |mb: u64| {
        let options = r#"{"capacity": 100000, "compression_threshold": 100000, "max_memory_mb": "#;
        let (cache, _) = cache(&format!("{options}{mb}}}"));
        requests_of(&cache, 60_000, 60_000.0, 4, &value);
        cache.maintain();
        requests_of(&cache, 200_000, 60_000.0, 5, &value);
        cache
    };
    let small = run(8);
    let advice = small.advise_json();
    let predicted = &advice["predicted"];
    assert_eq!(predicted["scaled"], "max_memory_mb");
    let twice = predicted["capacity"]["2x"]["hit_rate"].as_f64().unwrap();
    let real = run(16).report().hit_rate().unwrap();
    assert!((twice - real).abs() < 0.02, "{twice} {real}");
    let finding = &advice["findings"][0];
    assert_eq!((&finding["option"], &finding["value"]), (&"max_memory_mb".into(), &16.into()));
    // It keeps to what was found when it is cleared, and goes back when the other bound is the one.
    let held = small.simulator.extent().entries;
    small.clear();
    small.maintain();
    assert_eq!(small.simulator.extent().entries, held);
    small.set_capacity(1_000).unwrap();
    requests_of(&small, 60_000, 60_000.0, 6, &value);
    small.maintain();
    requests_of(&small, 60_000, 60_000.0, 7, &value);
    assert_eq!(small.advise_json()["predicted"]["scaled"], "capacity");
    audit(&small);
}

#[test]
fn where_memory_binds_self_tuning_compares_policies_on_as_many_entries_as_it_holds() {
    let options = r#"{"capacity": 100000, "max_memory_mb": 8, "eviction_policy": "lru",
        "auto_tuning": true, "alert_min_hit_rate": 0}"#;
    let (cache, clock) = cache(options);
    let mut random = fastrand::Rng::with_seed(3);
    let mut scan = 1_000_000..;
    for _ in 0..5 {
        // Favourites, and as many requests for what comes once.
        for n in 0..60_000u32 {
            let favourite = random.u32(..6_000);
            let key = if n % 2 == 0 { scan.next().unwrap() } else { favourite }.to_le_bytes();
            if cache.get(&key).is_none() {
                cache.set(&key, &[1; 900], Ttl::Never).unwrap();
            }
        }
        clock.advance(Duration::from_secs(60));
        cache.tune();
    }
    assert_ne!(cache.policy_name(), "lru");
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
    clock.set_unix_offset_ms(1_700_000_000_000 - cache.now_ms());
    for window in 0..4 {
        clock.advance(Duration::from_secs(60));
        cache.tune();
        let expected =
            if window < 2 { 64 } else { crate::options::profiles::cores().next_power_of_two() };
        assert_eq!(cache.shard_count(), expected);
    }
    assert_eq!(cache.sweep_interval(), 600_000);
    let json = cache.metrics_json();
    let decisions = json["tuning"]["decisions"].as_array().unwrap();
    assert_eq!(decisions.len(), 2);
    assert_eq!(decisions[0]["at_ms"], 1_700_000_000_000u64 + 180_000);
}

#[test]
fn a_quiet_cache_tunes_itself_when_its_metrics_are_read() {
    let shards = |options: &str| {
        let (cache, clock) = cache(options);
        for turn in 0..4 {
            clock.advance(Duration::from_secs(60));
            match turn % 2 {
                0 => _ = cache.metrics_json(),
                _ => _ = cache.metrics_prometheus(),
            }
            while cache.is_tuning() {
                std::thread::yield_now();
            }
        }
        cache.shard_count()
    };
    let cores = crate::options::profiles::cores().next_power_of_two();
    let options = r#"{"capacity": 1000000, "auto_tuning": true, "shard_count": 64"#;
    assert_eq!(shards(&format!("{options}}}")), cores);
    // From nothing it concludes nothing.
    assert_eq!(shards(&format!(r#"{options}, "metrics_enabled": false}}"#)), 64);
}

#[test]
fn an_interval_between_sweeps_holds_from_the_moment_that_it_is_chosen() {
    let day = 86_400_000;
    let options = format!(
        r#"{{"auto_tuning": true, "cleanup_interval_ms": {day}, "cleanup_strategy": "periodic"}}"#
    );
    let (cache, clock) = cache(&options);
    let start = cache.now_ms();
    cache.set(b"k", b"v", Ttl::Millis(1_000)).unwrap();
    assert_eq!(cache.next_sweep_ms(), Some(start + day));
    for _ in 0..3 {
        clock.advance(Duration::from_secs(60));
        cache.tune();
    }
    assert_eq!(cache.next_sweep_ms(), Some(start + 600_000));
    assert_eq!(cache.set_sweep_interval(1_000_000), 600_000);
    assert_eq!(cache.next_sweep_ms(), Some(start + 1_000_000));
}

#[test]
fn self_tuning_begins_no_sweeps_where_none_were_asked_for() {
    for (option, interval) in
        [(r#""cleanup_interval_ms": 0"#, 0), (r#""cleanup_strategy": "lazy""#, 300_000)]
    {
        let (cache, clock) = cache(&format!(r#"{{"auto_tuning": true, {option}}}"#));
        for _ in 0..4 {
            clock.advance(Duration::from_secs(60));
            cache.tune();
        }
        assert_eq!(cache.sweep_interval(), interval);
        let decisions = cache.metrics_json()["tuning"]["decisions"].to_string();
        assert!(!decisions.contains("cleanup_interval_ms"), "{decisions}");
    }
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

#[test]
fn advice_takes_the_usual_threshold_where_an_alert_is_off() {
    let options = r#"{"capacity": 2000, "shard_count": 4, "alert_max_get_latency_us": 0,
        "alert_max_shard_imbalance": 0}"#;
    let (cache, clock) = cache(options);
    (0..2_000u32).for_each(|n| cache.set(&n.to_le_bytes(), b"v", Ttl::Never).unwrap());
    let timed = |us: u64| {
        for n in 0..2_000u32 {
            assert!(cache.get(&n.to_le_bytes()).is_some());
        }
        cache.metrics.get_ns.record(us * 1_000);
        clock.advance(Duration::from_secs(1));
    };
    let waits = || drop(cache.directory.cell(0).wait_to_read(None, None));
    timed(1);
    assert_eq!(cache.advise_json()["findings"], serde_json::json!([]));
    timed(1_000_000);
    // Nobody has waited: more shards would not help.
    let finding = &cache.advise_json()["findings"][0];
    assert_eq!((&finding["symptom"], &finding["option"]), (&"high latency".into(), &().into()));
    (0..80).for_each(|_| waits());
    assert_eq!(cache.advise_json()["findings"][0]["option"], "shard_count");
    // What was so with fewer shards says nothing of more.
    cache.resize(8).unwrap();
    assert_eq!(cache.advise_json()["findings"], serde_json::json!([]));
    timed(1);
    assert_eq!(cache.advise_json()["findings"], serde_json::json!([]));
    timed(1_000_000);
    (0..80).for_each(|_| waits());
    let finding = &cache.advise_json()["findings"][0];
    assert_eq!((&finding["symptom"], &finding["value"]), (&"high latency".into(), &16.into()));
}

#[test]
fn advice_says_what_keeps_the_shards_from_being_as_many_as_asked_for() {
    let option = |cache: &Cache| {
        let advice = cache.advise_json();
        let mut all = advice["findings"].as_array().unwrap().iter();
        let found = all.find(|finding| finding["symptom"] == "fewer shards than asked for");
        found.map(|finding| (finding["option"].clone(), finding["value"].clone()))
    };
    let (small, _) = cache(r#"{"capacity": 1000, "shard_count": 64}"#);
    assert_eq!(option(&small), Some(("capacity".into(), 4_096.into())));
    small.set_capacity(1_000_000).unwrap();
    assert_eq!(option(&small), Some(("shard_count".into(), 64.into())));
    small.resize(64).unwrap();
    assert_eq!(option(&small), None);
    let (tight, _) = cache(r#"{"capacity": 100000, "shard_count": 1024, "max_memory_mb": 1}"#);
    assert_eq!(option(&tight).unwrap().0, "max_memory_mb");
}
