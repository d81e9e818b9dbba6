//! The cache under a scheduler that tries the orders in which threads may go
//! on, at every lock and every shared word.
//!
//! Run by `tests/run.py models`; longer by hand, with the seed of a failure
//! printed:
//!
//! ```text
//! MYNAH_MODEL_RUNS=100000 cargo test --lib --features model models
//! ```
//!
//! The reference count of an entry and the policies' words stay the machine's:
//! each is changed in one step, and orders nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use shuttle::rand::{Rng, thread_rng};

use super::tests::{audit, cache, quick_get, quick_set};
use super::*;
use crate::error::{Error, Status};
use crate::sync::{at_once, explore, yield_now};

type Thread = Box<dyn FnOnce() + Send>;

/// Longer than any model lives.
const LONG: Duration = Duration::MAX;

/// A cache without what has no part in a model.
fn plain(options: &str) -> Arc<Cache> {
    cache(&format!(r#"{{"metrics_enabled": false, "default_ttl_ms": 0, {options}}}"#)).0
}

/// Every other task has a line, and takes the shortest way where it leads on.
fn set(cache: &Cache, key: u32, round: u32) {
    let value = [key.to_le_bytes(), round.to_le_bytes()].concat();
    quick_set(cache, &key.to_le_bytes(), &value, Ttl::Default).unwrap();
}

/// The round of a key's value, which must be its own.
fn get(cache: &Cache, key: u32) -> Option<u32> {
    let value = quick_get(cache, &key.to_le_bytes(), key.is_multiple_of(2))?;
    // What was taken stays as it is, whoever writes meanwhile.
    yield_now();
    let (of, round) = value.as_bytes().split_at(4);
    assert_eq!(of, key.to_le_bytes());
    Some(u32::from_le_bytes(round.try_into().unwrap()))
}

/// A full cache of two shards: every store evicts, here or in the other shard.
fn full(capacity: u64) -> Arc<Cache> {
    let cache = plain(r#""capacity": 128, "shard_count": 2"#);
    cache.set_capacity(capacity).unwrap();
    cache
}

#[test]
fn full_shards_hold_their_bound_and_the_books_stay_right() {
    explore(|| {
        let cache = full(3);
        let writer = |first: u32| -> Thread {
            let cache = cache.clone();
            Box::new(move || {
                for key in first..first + 3 {
                    set(&cache, key, 1);
                }
                if first == 0 {
                    cache.remove(&2u32.to_le_bytes());
                }
            })
        };
        let readers = cache.clone();
        let reader = move || {
            (0..5).for_each(|key| {
                get(&readers, key);
            })
        };
        at_once(vec![writer(0), writer(2), Box::new(reader)]);
        assert!(cache.len() <= 3);
        audit(&cache);
    });
}

#[test]
fn a_reader_never_sees_a_key_go_back() {
    explore(|| {
        let cache = full(4);
        let writer = cache.clone();
        let changer = cache.clone();
        let reader = cache.clone();
        at_once(vec![
            Box::new(move || (1..4).for_each(|round| set(&writer, 7, round))),
            Box::new(move || (20..24).for_each(|key| set(&changer, key, 1))),
            Box::new(move || {
                let mut last = 0;
                for _ in 0..4 {
                    let round = get(&reader, 7).unwrap_or(last);
                    assert!(round >= last, "went back from {last} to {round}");
                    last = round;
                }
            }),
        ]);
        audit(&cache);
    });
}

#[test]
fn what_is_lent_does_not_change_though_others_store_and_evict() {
    explore(|| {
        let cache = full(3);
        let lender = cache.clone();
        let borrower = |keys: [u32; 3]| -> Thread {
            let cache = cache.clone();
            Box::new(move || {
                let held: Vec<_> =
                    keys.iter().map(|key| quick_get(&cache, &key.to_le_bytes(), false)).collect();
                let whole = |held: &[_]| -> Vec<Option<Vec<u8>>> {
                    let bytes = |value: &Handed| value.as_bytes().to_vec();
                    held.iter().map(|value: &Option<Handed>| value.as_ref().map(bytes)).collect()
                };
                let before = whole(&held);
                (0..4).for_each(|_| yield_now());
                assert_eq!(whole(&held), before, "it has changed");
            })
        };
        (0..3).for_each(|key| set(&cache, key, 0));
        cache.lend();
        let writer = cache.clone();
        // Every other one has a line, beginning with the second.
        at_once(vec![
            Box::new(move || {
                (0..4).for_each(|key| set(&writer, key, 1));
                writer.remove(&1u32.to_le_bytes());
            }),
            borrower([0, 1, 0]),
            Box::new(move || (0..2).for_each(|_| lender.lend())),
            borrower([1, 0, 2]),
        ]);
        cache.clear();
        assert_eq!(cache.pinned().0, 0, "what was given back has gone");
        audit(&cache);
    });
}

#[test]
fn a_resize_loses_nothing_and_hides_nothing() {
    explore(|| {
        let cache = plain(r#""capacity": 4096, "shard_count": 1"#);
        (0..6).for_each(|key| set(&cache, key, 0));
        let (resizer, writer, reader) = (cache.clone(), cache.clone(), cache.clone());
        at_once(vec![
            Box::new(move || {
                resizer.resize(4).unwrap();
                resizer.resize(1).unwrap();
                resizer.resize(8).unwrap();
            }),
            Box::new(move || (0..12).for_each(|key| set(&writer, key, 1))),
            Box::new(move || (0..6).for_each(|key| assert!(get(&reader, key).is_some(), "{key}"))),
        ]);
        assert!((0..12).all(|key| get(&cache, key) == Some(1)), "a store was lost");
        audit(&cache);
    });
}

#[test]
fn a_walk_and_a_count_meet_what_stays_though_shards_are_split_and_merged() {
    explore(|| {
        let cache = plain(r#""capacity": 4096, "shard_count": 2"#);
        (0..6).for_each(|key| set(&cache, key, 0));
        let (resizer, walker, counter) = (cache.clone(), cache.clone(), cache.clone());
        at_once(vec![
            Box::new(move || {
                resizer.resize(8).unwrap();
                resizer.resize(2).unwrap();
            }),
            Box::new(move || (0..2).for_each(|_| assert_eq!(counter.len(), 6))),
            Box::new(move || {
                let mut keys: Vec<_> =
                    walker.walk().map(|pair| pair.unwrap().key().to_vec()).collect();
                keys.sort();
                keys.dedup();
                assert_eq!(keys.len(), 6);
            }),
        ]);
        assert_eq!(cache.walk().count(), 6);
    });
}

#[test]
fn a_lower_capacity_holds_though_others_store() {
    explore(|| {
        let cache = plain(r#""capacity": 128, "shard_count": 2"#);
        (0..6).for_each(|key| set(&cache, key, 0));
        let (setter, writer, sweeper) = (cache.clone(), cache.clone(), cache.clone());
        at_once(vec![
            Box::new(move || {
                setter.set_capacity(2).unwrap();
                assert!(setter.len() <= 2);
            }),
            Box::new(move || (4..8).for_each(|key| set(&writer, key, 1))),
            Box::new(move || {
                sweeper.remove(&1u32.to_le_bytes());
                sweeper.sweep();
            }),
        ]);
        assert!(cache.len() <= 2);
        audit(&cache);
    });
}

#[test]
fn nothing_is_in_a_cache_that_was_closed_while_others_store() {
    explore(|| {
        let cache = plain(r#""capacity": 128, "shard_count": 2"#);
        let (closer, writer, claimer) = (cache.clone(), cache.clone(), cache.clone());
        at_once(vec![
            Box::new(move || closer.release()),
            Box::new(move || {
                for key in 0..4u32 {
                    let stored = writer.set(&key.to_le_bytes(), b"v", Ttl::Default);
                    assert!(stored.is_ok() || stored == Err(Error::Closed("cache")));
                }
            }),
            Box::new(move || match claimer.get_or_claim(b"k", LONG, None) {
                Ok(Claimed::Claim(claim)) => drop(claim.fill(b"v", Ttl::Default)),
                Ok(_) => panic!("nobody stored it"),
                Err(error) => assert_eq!(error, Error::Closed("cache")),
            }),
        ]);
        assert!(cache.is_empty());
        audit(&cache);
    });
}

/// One who asks for a key and settles what it claims in one of three ways.
fn claimant(cache: Arc<Cache>, held: Arc<AtomicU32>, told: Arc<AtomicU32>) -> Thread {
    Box::new(move || match cache.get_or_claim(b"k", LONG, None) {
        Ok(Claimed::Claim(claim)) => {
            assert_eq!(held.fetch_add(1, SeqCst), 0, "two hold the claim");
            crate::sync::yield_now();
            let way = thread_rng().gen_range(0..4);
            held.fetch_sub(1, SeqCst);
            match way {
                0 => drop(claim),
                1 => {
                    told.fetch_add(1, SeqCst);
                    claim.fail(Error::call(Status::Server, "down"));
                }
                2 => claim.fill_negative(Ttl::Never).unwrap(),
                _ => claim.fill(b"loaded", Ttl::Never).unwrap(),
            }
        }
        Ok(Claimed::Hit(value)) => assert_eq!(value.as_bytes(), b"loaded"),
        Ok(Claimed::Stale(_)) => panic!("nothing was stale"),
        Err(Error::NotFound) => {}
        Err(error) => {
            assert_eq!(error.status(), Status::Server);
            assert!(told.load(SeqCst) > 0, "nobody failed");
        }
    })
}

#[test]
fn one_claims_at_a_time_and_everybody_hears_of_it() {
    explore(|| {
        let cache = plain(r#""capacity": 128, "shard_count": 1"#);
        let (held, told) = (Arc::<AtomicU32>::default(), Arc::<AtomicU32>::default());
        at_once((0..4).map(|_| claimant(cache.clone(), held.clone(), told.clone())).collect());
        assert!(cache.claims_are_over(), "a flight was left behind");
        audit(&cache);
    });
}

#[test]
fn a_stopped_wait_ends_and_leaves_the_claim_to_the_others() {
    explore(|| {
        let cache = plain(r#""capacity": 128, "shard_count": 1"#);
        let Ok(Claimed::Claim(claim)) = cache.get_or_claim(b"k", LONG, None) else {
            panic!("nobody else is there");
        };
        let stop = Arc::new(Stop::default());
        let (waits, stopped, others) = (cache.clone(), stop.clone(), cache.clone());
        let (held, told) = (Arc::<AtomicU32>::default(), Arc::<AtomicU32>::default());
        at_once(vec![
            Box::new(move || match waits.get_or_claim(b"k", LONG, Some(&stopped)) {
                Ok(Claimed::Claim(claim)) => drop(claim),
                Ok(_) => {}
                Err(error) => {
                    let known = [Status::Cancelled, Status::Server, Status::NotFound];
                    assert!(known.contains(&error.status()), "{error}");
                }
            }),
            Box::new(move || stop.stop()),
            claimant(others, held, told),
            Box::new(move || drop(claim)),
        ]);
        assert!(cache.claims_are_over(), "a flight was left behind");
    });
}

#[test]
fn a_wait_that_nothing_else_ends_is_ended_by_its_stop() {
    explore(|| {
        let cache = plain(r#""capacity": 128, "shard_count": 1"#);
        let Ok(Claimed::Claim(held)) = cache.get_or_claim(b"k", LONG, None) else {
            panic!("nobody else is there");
        };
        let stop = Arc::new(Stop::default());
        let (waits, stopped) = (cache.clone(), stop.clone());
        at_once(vec![
            Box::new(move || {
                let ended = waits.get_or_claim(b"k", LONG, Some(&stopped)).map(|_| ());
                assert_eq!(ended.unwrap_err().status(), Status::Cancelled);
            }),
            Box::new(move || stop.stop()),
        ]);
        drop(held);
        assert!(cache.claims_are_over(), "a flight was left behind");
    });
}
