//! What is predicted of caches that are not full, or whose keys leave by themselves.

use super::*;

/// Look-ups of keys that nobody stores, six of seven; the others are of keys that are there.
fn ask(cache: &Cache, rounds: u32, held: u32) {
    for n in (0..rounds).flat_map(|_| 0..12_000u32) {
        assert!(cache.get(&(n + 1_000_000).to_le_bytes()).is_none());
        if n % 6 == 0 {
            cache.get(&(n % held).to_le_bytes());
        }
    }
}

fn fill(cache: &Cache, count: u32) {
    (0..count).for_each(|n| cache.set(&n.to_le_bytes(), b"v", Ttl::Never).unwrap());
}

fn figure(advice: &serde_json::Value, of: &str, name: &str) -> f64 {
    advice["predicted"][of][name]["hit_rate"].as_f64().unwrap()
}

#[test]
fn a_cache_that_is_not_full_is_predicted_to_be_what_it_is_whatever_the_bound_and_the_policy() {
    let options = r#"{"capacity": 5000, "auto_tuning": true, "eviction_policy": "lru"}"#;
    // Of 2475, chance may well give the models more than half of what they hold.
    for held in [1_000, 2_475, 4_950] {
        let (cache, clock) = cache(options);
        fill(&cache, held);
        for _ in 0..4 {
            ask(&cache, 1, held);
            clock.advance(Duration::from_secs(60));
            cache.tune();
        }
        let (advice, rate) = (cache.advise_json(), cache.report().hit_rate().unwrap());
        assert!((rate - 1.0 / 7.0).abs() < 0.001);
        let bounds = ["0.5x", "1x", "2x", "4x"].iter().skip((held > 2_500) as usize);
        bounds.for_each(|scale| assert_eq!(figure(&advice, "capacity", scale), rate, "{held}"));
        for policy in ["random", "fifo", "lfu", "s3fifo"] {
            assert_eq!(figure(&advice, "eviction_policy", policy), rate, "{held}");
        }
        assert_eq!((advice["findings"].as_array().unwrap().len(), cache.policy_name()), (0, "lru"));
    }
}

#[test]
fn a_key_that_nobody_stores_takes_no_room_in_the_models() {
    let run = |capacity: u32| {
        let (cache, _) = cache(&format!(r#"{{"capacity": {capacity}, "eviction_policy": "lru"}}"#));
        let mut random = fastrand::Rng::with_seed(5);
        for n in 0..100_000u32 {
            assert!(cache.get(&(n % 20_000 + 1_000_000).to_le_bytes()).is_none());
            let key = ((random.f64().powi(3) * 30_000.0) as u32).to_le_bytes();
            if cache.get(&key).is_none() {
                cache.set(&key, b"v", Ttl::Never).unwrap();
            }
        }
        cache
    };
    let advice = run(4_000).advise_json();
    for (scale, capacity) in [("0.5x", 2_000), ("2x", 8_000), ("4x", 16_000)] {
        let real = run(capacity).report().hit_rate().unwrap();
        let predicted = figure(&advice, "capacity", scale);
        assert!((predicted - real).abs() < 0.02, "{scale}: {predicted} {real}");
    }
}

#[test]
fn what_has_expired_was_removed_or_cleared_takes_no_room_in_the_models() {
    // All of its keys are in the models.
    let options = r#"{"capacity": 400, "auto_tuning": true, "eviction_policy": "fifo"}"#;
    let leave: [fn(&Cache, &crate::clock::ManualClock, u32); 4] = [
        |_, clock, _| clock.advance(Duration::from_millis(1_000)),
        |cache, _, first| (first..first + 150).for_each(|n| _ = cache.remove(&n.to_le_bytes())),
        |cache, _, _| cache.clear(),
        |cache, _, _| _ = cache.remove_prefix(b"").unwrap(),
    ];
    for leave in leave {
        let (cache, clock) = cache(options);
        for first in (0..30).map(|n| n * 150) {
            (first..first + 150u32)
                .for_each(|n| cache.set(&n.to_le_bytes(), b"v", Ttl::Millis(1_000)).unwrap());
            let keys = (0..2).flat_map(|_| first..first + 150);
            keys.for_each(|n| assert!(cache.get(&n.to_le_bytes()).is_some()));
            leave(&cache, &clock, first);
            cache.sweep();
        }
        cache.maintain();
        assert_eq!(cache.simulator.simulated_ratios(), [1.0; 8]);
    }
}

#[test]
fn a_life_that_is_touched_lasts_as_long_in_the_models() {
    let options = r#"{"capacity": 400, "auto_tuning": true}"#;
    let (cache, clock) = cache(options);
    (0..100u32).for_each(|n| cache.set(&n.to_le_bytes(), b"v", Ttl::Millis(1_000)).unwrap());
    for _ in 0..50 {
        clock.advance(Duration::from_millis(900));
        for n in 0..100u32 {
            cache.touch(&n.to_le_bytes(), Ttl::Millis(1_000)).unwrap();
            assert!(cache.get(&n.to_le_bytes()).is_some());
        }
    }
    assert_eq!(cache.simulator.simulated_ratios(), [1.0; 8]);
}
