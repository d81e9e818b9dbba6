use std::time::Duration;

use crate::cache::tests::{audit, cache, quick_set};
use crate::cache::{Cache, Ttl};

fn address(cache: &Cache, key: &[u8]) -> usize {
    cache.get(key).unwrap().as_bytes().as_ptr() as usize
}

#[test]
fn a_value_of_about_the_same_size_takes_the_place_of_the_old_one() {
    let (cache, _) = cache(r#"{"capacity": 100}"#);
    cache.set(b"k", &[1; 100], Ttl::Never).unwrap();
    let (place, bytes) = (address(&cache, b"k"), cache.memory_bytes());
    // 20 + 1 + 100 bytes take 128 of the heap, and so do 7 more.
    for len in [100, 107, 101, 104] {
        cache.set(b"k", &vec![len as u8; len], Ttl::Never).unwrap();
        assert_eq!(address(&cache, b"k"), place);
        assert_eq!(cache.get(b"k").unwrap().as_bytes(), vec![len as u8; len]);
        assert_eq!(cache.memory_bytes(), bytes);
    }
    cache.set(b"k", &[2; 300], Ttl::Never).unwrap();
    assert_eq!(cache.get(b"k").unwrap().as_bytes(), [2; 300]);
    audit(&cache);
}

#[test]
fn a_value_that_lapses_sooner_than_the_one_before_is_swept_in_time() {
    let options = r#"{"shard_count": 1, "metrics_enabled": false, "cleanup_strategy": "periodic"}"#;
    for (before, sooner) in [(Ttl::Never, 1_000), (Ttl::Millis(600_000), 1_000)] {
        let (cache, clock) = cache(options);
        cache.set(b"k", b"old", before).unwrap();
        quick_set(&cache, b"k", b"new", Ttl::Millis(sooner)).unwrap();
        assert_eq!(cache.get(b"k").unwrap().as_bytes(), b"new");
        clock.advance(Duration::from_millis(sooner + 100));
        cache.sweep();
        assert!(cache.is_empty(), "after {before:?}");
    }
}

#[test]
fn a_value_that_somebody_holds_is_left_as_it_is() {
    let (cache, _) = cache(r#"{"capacity": 100}"#);
    cache.set(b"k", &[1; 100], Ttl::Never).unwrap();
    let held = cache.get(b"k").unwrap();
    cache.set(b"k", &[2; 100], Ttl::Never).unwrap();
    assert_eq!(held.as_bytes(), [1; 100]);
    assert_eq!(cache.get(b"k").unwrap().as_bytes(), [2; 100]);
    audit(&cache);
}

#[test]
fn a_value_beyond_the_bound_of_one_entry_is_refused_whatever_was_there() {
    let (cache, _) = cache(r#"{"capacity": 100, "max_entry_bytes": 1024}"#);
    cache.set(b"k", &[1; 1_019], Ttl::Never).unwrap();
    assert!(cache.set(b"k", &[2; 1_024], Ttl::Never).is_err());
    assert_eq!(cache.get(b"k").unwrap().as_bytes(), [1; 1_019]);
}
