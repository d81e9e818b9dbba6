//! How much a cache holds: entries, bytes, and what callers still hold.

use super::*;
use crate::error::Error;

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
fn where_there_is_no_memory_for_a_larger_table_entries_leave_for_others() {
    let (cache, _) = cache(r#"{"capacity": 1000000, "shard_count": 1, "eviction_policy": "fifo"}"#);
    let set = |n: u32| cache.set(&n.to_le_bytes(), b"v", Ttl::Default).unwrap();
    let held = |n: u32| cache.contains(&n.to_le_bytes()).unwrap();
    heap::LARGEST.set(64 << 10);
    (0..20_000).for_each(set);
    let most = cache.len() as u32;
    assert!((2_000..6_000).contains(&most), "{most}");
    assert!((20_000 - most..20_000).all(held) && !held(20_000 - most - 1));
    audit(&cache);
    heap::LARGEST.set(usize::MAX);
    (20_000..40_000).for_each(set);
    assert_eq!(cache.len() as u32, most + 20_000);
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
