//! When entries expire, and who removes them.

use super::*;

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
fn what_has_expired_makes_room_before_what_lives() {
    for policy in ["s3fifo", "lru", "lfu", "fifo", "random"] {
        for bound in [r#""capacity": 1000"#, r#""capacity": 100000, "max_memory_mb": 1"#] {
            let options =
                format!(r#"{{{bound}, "shard_count": 4, "eviction_policy": "{policy}"}}"#);
            let (cache, clock) = cache(&options);
            let key = |kind: char, i: usize| format!("{kind}{i}").into_bytes();
            for i in 0..500 {
                cache.set(&key('l', i), &[0; 100], Ttl::Never).unwrap();
            }
            for i in 0..20_000 {
                if i % 100 == 0 {
                    clock.advance(Duration::from_millis(100));
                }
                cache.set(&key('s', i), &[0; 100], Ttl::Millis(50)).unwrap();
            }
            let live = (0..500).filter(|i| cache.get(&key('l', *i)).is_some()).count();
            assert_eq!(live, 500, "{policy}, {bound}");
            let left = cache.metrics_json()["departures"].clone();
            assert!(left["expired"].as_u64() > Some(10_000), "{policy}, {bound}: {left}");
        }
    }
}
