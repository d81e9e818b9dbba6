//! What is counted, and the alerts that come of it.

use super::*;

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

/// What a look-up finds that copies, as C's `get_into` does.
fn copy(cache: &Cache, key: &[u8], place: &mut [u8]) -> Result<usize, Missed> {
    if let Some(stay) = section::enter_alone(striped::line()) {
        match cache.soon_copy(&stay, key, place) {
            Quick::Hit(len) => return Ok(len),
            Quick::Miss => return Err(Missed::NotFound),
            Quick::Unsure(_) => {}
        }
    }
    let mut left = None;
    let found = cache.fetch_into(key, place, &mut left);
    deliver(left);
    found
}

#[test]
fn a_look_up_with_too_little_room_counts_only_when_it_is_repeated() {
    let options = r#"{"compression": true, "compression_threshold": 1000, "shard_count": 1}"#;
    let (cache, _) = cache(options);
    let mut random = vec![0; 3_000];
    fastrand::Rng::with_seed(1).fill(&mut random);
    let values = [vec![1; 100], random, vec![2; 3_000]];
    for (n, value) in values.iter().enumerate() {
        cache.set(&[n as u8], value, Ttl::Never).unwrap();
    }
    // More than once, for now and then a look-up is timed.
    for turn in 1..=300 {
        for (n, value) in values.iter().enumerate() {
            let (key, mut place) = ([n as u8], vec![0; value.len()]);
            let short = &mut place[..value.len() - 1];
            assert_eq!(copy(&cache, &key, short), Err(Missed::TooLarge(value.len())));
            assert_eq!(copy(&cache, &key, &mut place), Ok(value.len()));
            assert_eq!(place, *value);
        }
        let report = cache.report();
        assert_eq!((report.hits, report.misses), (3 * turn, 0));
        let shard = cache.directory.cell(0).read();
        let uses = |key: u8| {
            let entry = shard.table.get(cache.shared.hash(&[key]), &[key]).unwrap();
            entry.word().load(Ordering::Relaxed)
        };
        assert_eq!([uses(0), uses(1), uses(2)], [turn.min(3) as u32; 3], "to the policy");
    }
    assert_eq!(cache.metrics.operations(), 903);
}

#[test]
fn what_is_known_to_be_nothing_counts_as_a_miss() {
    let (cache, _) = cache("{}");
    cache.set_negative(b"none", Ttl::Never).unwrap();
    assert!(cache.get(b"none").is_none());
    assert!(quick_get(&cache, b"none", true).is_none());
    assert!(quick_get(&cache, b"none", false).is_none());
    assert_eq!(cache.get_many([&b"none"[..]].into_iter()).unwrap().len(), 1);
    let claimed = cache.get_or_claim(b"none", Duration::ZERO, None);
    assert!(matches!(claimed, Err(crate::error::Error::NotFound)));
    let report = cache.report();
    assert_eq!((report.hits, report.misses), (0, 5));
}

#[test]
fn no_count_ever_falls() {
    let (cache, _) = cache("{}");
    cache.set(b"k", b"value", Ttl::Never).unwrap();
    let hit = || assert!(cache.get(b"k").is_some());
    let miss = || assert!(cache.get(b"l").is_none());
    (0..3).for_each(|_| (hit(), miss()).0);
    assert_eq!(cache.metrics.hits_and_misses(), (3, 3));
    // As of a batch that was under way then.
    cache.metrics.in_vain(2, 1);
    assert_eq!(cache.metrics.hits_and_misses(), (3, 3));
    (0..3).for_each(|_| (hit(), miss()).0);
    assert_eq!(cache.metrics.hits_and_misses(), (4, 5));
}

#[test]
fn a_look_up_that_is_under_way_is_no_hit_yet() {
    let (cache, _) = cache(r#"{"shard_count": 1}"#);
    std::thread::scope(|scope| {
        let held = cache.directory.cell(0).write();
        let look = scope.spawn(|| cache.get(b"nothing").is_none());
        while cache.directory.cell(0).contended() == 0 {
            std::thread::yield_now();
        }
        assert_eq!(cache.metrics.hits_and_misses(), (0, 0));
        drop(held);
        assert!(look.join().unwrap());
    });
    assert_eq!(cache.metrics.hits_and_misses(), (0, 1));
}

#[test]
fn the_time_of_a_get_has_that_of_unpacking_in_it() {
    let mut layered = Layered::<CacheOptions>::default();
    layered.set("compression", "true").unwrap();
    layered.set("compression_threshold", "1").unwrap();
    let cache = Cache::new(layered.resolve().unwrap(), Clock::System).unwrap();
    let value = vec![b'v'; 1 << 20];
    cache.set(b"k", &value, Ttl::Never).unwrap();
    (0..300).for_each(|_| assert_eq!(cache.get(b"k").map(|v| v.as_bytes().len()), Some(1 << 20)));
    let figures = cache.metrics_json();
    let unpacking = figures["compression"]["unpack_ns"].as_f64().unwrap() / 300.0;
    let whole = figures["get_latency_ns"]["mean"].as_f64().unwrap();
    // Of a sample, so that they need not agree; without it the one is a hundredth.
    assert!(whole > unpacking / 4.0, "{whole} of which {unpacking}");
}
