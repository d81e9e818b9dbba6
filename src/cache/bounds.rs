//! Bounds that hold at every moment, whatever else is being changed.

use std::sync::Arc;
use std::time::Duration;

use super::policy::POLICIES;
use super::tests::{audit, cache};
use super::*;
use crate::sync::atomic::AtomicBool;

const MIB: u64 = 1 << 20;

fn fill(cache: &Cache, keys: std::ops::Range<u32>, len: usize) {
    keys.for_each(|n| cache.set(&n.to_le_bytes(), &vec![n as u8; len], Ttl::Never).unwrap());
}

/// Bytes of the entries of each shard.
fn entry_bytes(cache: &Cache) -> Vec<u64> {
    cache.directory.cells().map(|cell| cell.read().entry_bytes()).collect()
}

#[test]
fn a_full_cache_stays_within_its_bound_when_it_gets_more_shards_or_larger_models() {
    let (cache, _) = cache(r#"{"capacity": 100000, "max_memory_mb": 1, "shard_count": 2}"#);
    fill(&cache, 0..5_000, 300);
    for shards in [16, 256, 1, 512, 4] {
        cache.resize(shards).unwrap();
        assert!(cache.memory_bytes() <= MIB, "{shards} shards: {}", cache.memory_bytes());
        assert_eq!(cache.shared.budget.bytes.missing(), 0, "{shards} shards");
        audit(&cache);
    }
    fill(&cache, 0..5_000, 300);
    for capacity in [10, 3_000, 1 << 40, 50_000] {
        cache.set_capacity(capacity).unwrap();
        assert_eq!(cache.shared.budget.bytes.missing(), 0, "capacity {capacity}");
        audit(&cache);
    }
}

/// Whoever looks, sees the bounds kept: while shards come and go, capacities
/// change, policies change and dictionaries are trained.
#[test]
fn nobody_ever_sees_more_than_the_bounds_allow() {
    let options = r#"{"capacity": 20000, "max_memory_mb": 8, "compression": true,
        "compression_threshold": 100, "auto_tuning": true, "shard_count": 4}"#;
    let (cache, _) = cache(options);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (cache, over) = (&cache, &over);
        scope.spawn(move || {
            let mut random = fastrand::Rng::with_seed(2);
            while !over.load(Ordering::Relaxed) {
                let n = random.u32(..40_000);
                let mut value = vec![0; 600];
                random.fill(&mut value[..300]);
                cache.set(&n.to_le_bytes(), &value, Ttl::Never).unwrap();
            }
        });
        scope.spawn(move || {
            while !over.load(Ordering::Relaxed) {
                let (bytes, entries) = (cache.memory_bytes(), cache.len());
                assert!(bytes <= 8 * MIB, "{bytes} bytes");
                assert!(entries <= 20_000, "{entries} entries");
            }
        });
        // At least thirty rounds, and on until the writer has had its turn.
        for round in (0..3_000u64).take_while(|n| *n < 30 || cache.memory_bytes() < 7 * MIB) {
            cache.resize(1 << (round * 5 % 9)).unwrap();
            cache.train();
            cache.set_policy(policy::POLICIES[round as usize % policy::POLICIES.len()].0);
            cache.set_capacity(20_000 - 600 * (round % 3)).unwrap();
        }
        over.store(true, Ordering::Relaxed);
    });
    audit(&cache);
    assert!(cache.memory_bytes() > 6 * MIB, "{}", cache.memory_bytes());
}

#[test]
fn as_many_shards_as_one_asks_for_leave_room_for_a_value_of_half_the_bound() {
    for policy in policy::POLICIES.iter().map(|(name, _)| name) {
        for more in ["", r#", "compression": true"#] {
            let options = format!(
                r#"{{"capacity": 10000000, "max_memory_mb": 1, "shard_count": 65536,
                "eviction_policy": "{policy}"{more}}}"#
            );
            let (cache, _) = cache(&options);
            assert!((128..=512).contains(&cache.shard_count()), "{}", cache.shard_count());
            let advice = cache.advise_json();
            let finding = &advice["findings"][0];
            assert_eq!(finding["option"], "max_memory_mb", "{advice}");
            assert!(
                finding["value"].as_u64().is_some_and(|mb| (64..512).contains(&mb)),
                "{advice}"
            );
            // Tables for so many small entries must go, too.
            fill(&cache, 0..20_000, 0);
            let half = half(1);
            cache.set(b"half", &half, Ttl::Never).unwrap();
            assert_eq!(cache.get(b"half").unwrap().as_bytes(), half, "{policy}");
            cache.resize(65_536).unwrap();
            assert!(cache.memory_bytes() <= MIB);
            audit(&cache);
        }
    }
}

#[test]
fn after_many_small_entries_there_is_as_much_room_for_large_ones_as_in_a_new_cache() {
    for policy in policy::POLICIES.iter().map(|(name, _)| name) {
        let options = format!(
            r#"{{"capacity": 10000000, "max_memory_mb": 1, "shard_count": 2,
            "eviction_policy": "{policy}"}}"#
        );
        let [held, fresh] = [30_000, 0].map(|small| {
            let (cache, _) = cache(&options);
            fill(&cache, 0..small, 0);
            fill(&cache, 0..600, 9_000);
            audit(&cache);
            cache.len()
        });
        assert!(held * 20 >= fresh * 19, "{policy}: {held} entries of {fresh}");
    }
}

/// A value that does not pack, so long that with a key of four bytes it is half of a
/// bound in MiB.
fn half(mib: u64) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(1);
    (0..mib * MIB / 2 - 4).map(|_| random.u8(..)).collect()
}

#[test]
fn what_packing_takes_leaves_room_for_a_value_of_half_the_bound() {
    for level in [3, 22] {
        let options = format!(
            r#"{{"capacity": 10000000, "max_memory_mb": 8, "shard_count": 65536, "compression": true,
            "compression_level": {level}, "eviction_policy": "lru"}}"#
        );
        let (cache, _) = cache(&options);
        fill(&cache, 0..2_000, 100);
        // As many dictionaries as there usually are at a time.
        cache.pay(2 * compress::most_dictionary_bytes(level) as i64);
        cache.set(b"half", &half(8), Ttl::Never).unwrap();
        assert!(cache.contains(b"half").unwrap());
        audit(&cache);
    }
}

#[test]
fn nothing_leaves_for_an_entry_that_finds_no_room_even_so() {
    let (cache, _) = cache(r#"{"max_memory_mb": 1, "shard_count": 2}"#);
    fill(&cache, 0..100, 100);
    cache.pay(6 << 17);
    let value = half(1);
    let Err(Error::TooLarge { needed, limit, .. }) = cache.set(b"half", &value, Ttl::Never) else {
        panic!("a quarter was left");
    };
    assert!(needed > limit && limit < MIB / 4, "{limit}");
    assert_eq!(cache.len(), 100);
    let fits = limit as usize - 4_096;
    cache.set(b"less", &value[..fits], Ttl::Never).unwrap();
    audit(&cache);
}

#[test]
fn what_is_free_is_used_before_entries_leave() {
    let (cache, _) = cache(r#"{"capacity": 100000, "max_memory_mb": 1, "shard_count": 32}"#);
    fill(&cache, 0..4_000, 100);
    let before = cache.memory_bytes();
    assert!(before < MIB * 7 / 8, "{before} bytes");
    // Far more than one shard holds.
    fill(&cache, 4_000..4_001, MIB as usize * 3 / 8);
    assert!(cache.memory_bytes() > MIB * 15 / 16, "{} bytes", cache.memory_bytes());
    cache.clear();
    fill(&cache, 0..10_000, 100);
    let before = cache.memory_bytes();
    cache.pay(-(MIB as i64 / 8));
    cache.pay(MIB as i64 / 4);
    assert!(cache.memory_bytes() > MIB * 15 / 16, "{} of {before} bytes", cache.memory_bytes());
    audit(&cache);
}

#[test]
fn nothing_leaves_a_cache_that_is_not_full_to_the_last_entry() {
    let options = r#"{"capacity": 1000000, "max_memory_mb": 8, "shard_count": 64}"#;
    let (cache, _) = cache(options);
    let mut random = fastrand::Rng::with_seed(3);
    let mut n = 0;
    while cache.memory_bytes() < 8 * MIB * 97 / 100 {
        fill(&cache, n..n + 1, random.usize(100..3_000));
        n += 1;
    }
    assert_eq!(cache.len(), u64::from(n));
    // Full, and then not.
    fill(&cache, n..n + 2_000, 1_000);
    let (removed, before) = ((0..n + 2_000).step_by(9), cache.len());
    let gone = removed.filter(|n| cache.remove(&n.to_le_bytes())).count() as u64;
    fill(&cache, n + 2_000..n + 2_000 + gone as u32 / 2, 1_000);
    assert_eq!(cache.len(), before - gone + gone / 2);
    audit(&cache);
}

#[test]
fn shards_keep_their_share_of_the_bytes_whatever_sizes_come() {
    for (policy, _) in POLICIES {
        let (cache, _) = cache(&format!(
            r#"{{"capacity": 1000000, "max_memory_mb": 4, "shard_count": 16, "eviction_policy": "{}"}}"#,
            policy
        ));
        let mut random = fastrand::Rng::with_seed(7);
        // Most are small, some fifty times as long.
        let mut len = || 300 << random.u32(0..24).saturating_sub(18);
        for n in 0..60_000 {
            fill(&cache, n..n + 1, len());
        }
        let mut bytes = entry_bytes(&cache);
        bytes.sort_unstable();
        assert!(bytes[0] > bytes[15] / 2, "{}: {bytes:?}", policy);
        assert!(cache.memory_bytes() > 4 * MIB * 15 / 16, "{}: {}", policy, cache.memory_bytes());
        audit(&cache);
    }
}

#[test]
fn what_a_large_value_takes_comes_from_all_shards_and_goes_back_to_all() {
    let options = r#"{"capacity": 1000000, "max_memory_mb": 4, "shard_count": 16,
        "eviction_policy": "fifo"}"#;
    let (cache, _) = cache(options);
    fill(&cache, 0..20_000, 300);
    let before = entry_bytes(&cache);
    fill(&cache, 20_000..20_001, half(4).len());
    let home = cache.shared.hash(&20_000u32.to_le_bytes()) as usize % before.len();
    for (shard, now) in entry_bytes(&cache).into_iter().enumerate().filter(|(at, _)| *at != home) {
        assert!(now > before[shard] / 4, "{shard}: {now} of {}", before[shard]);
    }
    fill(&cache, 30_000..60_000, 300);
    let mut after = entry_bytes(&cache);
    after.sort_unstable();
    assert!(after[0] > after[15] * 2 / 3, "{after:?}");
    audit(&cache);
}

#[test]
fn however_many_store_at_once_there_is_room_for_each() {
    for (options, len) in [
        (r#"{"capacity": 10000, "shard_count": 8}"#, 1),
        (r#"{"max_memory_mb": 1, "shard_count": 16}"#, 400_000),
    ] {
        let (cache, _) = cache(options);
        fill(&cache, 0..100, len);
        cache.set_capacity(1).unwrap();
        assert_eq!(cache.len(), 1);
        std::thread::scope(|scope| {
            for thread in 0..32u32 {
                let cache = &cache;
                scope.spawn(move || fill(cache, thread * 50..thread * 50 + 50, len));
            }
        });
        assert_eq!(cache.len(), 1);
        audit(&cache);
    }
}

#[test]
fn a_value_waits_for_bytes_that_others_carry_and_is_refused_when_they_keep_them() {
    let (cache, _) = cache(r#"{"max_memory_mb": 1, "capacity": 5000, "shard_count": 2}"#);
    let value = &half(1)[..500_000];
    let mut out = departure::Departures::default();
    let mut carried = cache.free_up(6 << 17, &mut out);
    std::thread::scope(|scope| {
        let set = scope.spawn(|| cache.set(b"half", value, Ttl::Never));
        // Far longer than it takes to find that nothing is left.
        (0..100_000).for_each(|_| {
            if !set.is_finished() {
                std::thread::yield_now()
            }
        });
        drop(carried);
        set.join().unwrap().unwrap();
    });
    carried = cache.free_up(6 << 17, &mut out);
    let kept = carried.put_down();
    cache.remove(b"half");
    assert!(matches!(cache.set(b"half", value, Ttl::Never), Err(Error::TooLarge { .. })));
    cache.shared.budget.give(kept);
    audit(&cache);
}

#[test]
fn what_is_stored_while_a_sweep_goes_on_has_its_sweep_too() {
    let place = Arc::<std::sync::OnceLock<Weak<Cache>>>::default();
    let listener = {
        let place = place.clone();
        // Renews what expired, behind the sweep's back.
        move |key: &[u8], value: &[u8], reason: Reason| {
            if let (Reason::Expired, Some(cache)) = (reason, place.get().and_then(Weak::upgrade)) {
                cache.set(key, value, Ttl::Millis(5_000)).unwrap();
            }
        }
    };
    let mut layered = crate::options::Layered::<CacheOptions>::default();
    layered.load_json(r#"{"shard_count": 4, "cleanup_interval_ms": 1000}"#).unwrap();
    let listeners = Listeners { departures: Some(Arc::new(listener)), ..Listeners::default() };
    let (clock, hand) = Clock::manual();
    let cache = Cache::with_listeners(layered.resolve().unwrap(), clock, listeners).unwrap();
    place.set(Arc::downgrade(&cache)).unwrap();
    (0..50u32).for_each(|n| cache.set(&n.to_le_bytes(), b"v", Ttl::Millis(2_000)).unwrap());
    hand.advance(Duration::from_secs(2));
    assert_eq!((cache.sweep(), cache.len()), (50, 50));
    let next = cache.next_sweep_ms().expect("there is something that expires");
    assert!((8_000..9_000).contains(&next), "{next}");
}

#[test]
fn an_adaptive_pace_stays_within_a_half_and_twice_of_an_interval_that_changes() {
    let options = r#"{"cleanup_strategy": "adaptive", "cleanup_interval_ms": 600000}"#;
    let (cache, _) = cache(options);
    let pace = || cache.metrics_json()["sweep"]["pace_ms"].as_u64().unwrap();
    fill(&cache, 0..200, 1);
    (0..3).for_each(|_| _ = cache.sweep());
    assert_eq!(pace(), 1_200_000);
    // As self-tuning does; what is found is neither much nor little.
    cache.interval_ms.store(60_000, Ordering::Relaxed);
    (0..10u32).for_each(|n| cache.set(&n.to_le_bytes(), b"v", Ttl::Millis(1)).unwrap());
    cache.clock.wait(&crate::clock::Signal::default(), Duration::from_millis(1));
    assert_eq!((cache.sweep(), pace()), (10, 120_000));
}
