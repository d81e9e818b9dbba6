//! Looks without a lock, and the ways of C that are made of them.

use super::*;
use crate::cache::glance::Found;

/// Whether a look without a lock finds a key; none if it says nothing of it.
fn glance(cache: &Cache, key: &[u8]) -> Option<bool> {
    let stay = section::enter_alone(striped::line())?;
    let hash = cache.shared.hash(key);
    let (_, glance) = cache.directory.glance(hash, &stay)?;
    match glance.find(hash, key) {
        Found::Plain(..) => Some(true),
        Found::Absent => Some(false),
        Found::Unclear => None,
    }
}

#[test]
#[cfg_attr(
    any(miri, feature = "system-heap"),
    ignore = "nothing is looked at without a lock there"
)]
fn a_look_takes_no_lock_and_says_nothing_of_what_is_being_written() {
    with_a_line(|| {
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
    });
}

#[test]
#[cfg_attr(
    any(miri, feature = "system-heap"),
    ignore = "nothing is looked at without a lock there"
)]
fn a_hit_is_copied_without_the_lock_and_shared_or_stored_over_only_if_nobody_has_it() {
    with_a_line(|| {
        let (cache, _) = cache(r#"{"capacity": 1000, "shard_count": 1, "metrics_enabled": false}"#);
        cache.set(b"key", b"value", Ttl::Never).unwrap();
        let (stay, mut place) = (section::enter_alone(striped::line()).unwrap(), [0; 8]);
        let locked = cache.directory.cell(0).lock();
        assert!(matches!(cache.quick_copy(&stay, b"key", &mut place), Quick::Hit(5)));
        assert_eq!(&place[..5], b"value");
        assert!(matches!(cache.quick_value(&stay, b"key"), Quick::Unsure(Next::Fetch)));
        assert!(matches!(cache.late_value(&stay, b"key", Next::Lock), Quick::Unsure(Next::Fetch)));
        assert!(matches!(cache.quick_store(&stay, b"key", b"other", Ttl::Never), Stored::Late));
        assert!(matches!(cache.late_store(&stay, b"key", b"other", Ttl::Never), Stored::Unsure));
        drop(locked);
        assert!(matches!(cache.quick_value(&stay, b"key"), Quick::Hit(_)));
        assert!(matches!(cache.quick_store(&stay, b"key", b"other", Ttl::Never), Stored::Renewed));
    });
}

#[test]
#[cfg_attr(
    any(miri, feature = "system-heap"),
    ignore = "nothing is looked at without a lock there"
)]
fn a_look_leaves_large_and_packed_and_negative_entries_to_those_who_lock() {
    with_a_line(|| {
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
    });
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
