//! The cache as a whole: against a model, against its bounds, across resizes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::clock::ManualClock;
use crate::error::Error;
use crate::options::Layered;

/// A cache on a manual clock, from options as JSON.
pub fn cache(options: &str) -> (Arc<Cache>, Arc<ManualClock>) {
    let mut layered = Layered::<CacheOptions>::default();
    layered.set("hash_seed", "7").unwrap();
    layered.load_json(options).unwrap();
    let (clock, hand) = Clock::manual();
    (Cache::new(layered.resolve().unwrap(), clock).unwrap(), hand)
}

/// Counts everything anew and compares with the books.
pub fn audit(cache: &Cache) {
    let (mut entries, mut bytes) = (0i64, size_of::<Cache>() as i64);
    let mut in_hand = Amount::default();
    for cell in cache.directory.cells() {
        let mut shard = cell.shard.write();
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
    cache.set_capacity(3_000).unwrap();
    (0..10_000u32).for_each(|n| cache.set(&n.to_le_bytes(), b"w", Ttl::Default).unwrap());
    assert_eq!(cache.len(), 3_000);
    audit(&cache);
}
