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
