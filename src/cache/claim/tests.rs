use super::*;
use crate::cache::Ttl;
use crate::cache::tests::{cache, quick_set, with_a_line};

const LONG: Duration = Duration::from_secs(20);

fn claim(cache: &Arc<Cache>, key: &[u8]) -> Claim {
    match cache.get_or_claim(key, LONG, None).unwrap() {
        Claimed::Claim(claim) => claim,
        _ => panic!("a value, where a claim was expected"),
    }
}

/// Callers that wait for a key, each with what it got.
fn waiters<T: Send>(
    cache: &Arc<Cache>,
    count: usize,
    then: impl FnOnce() -> T,
) -> Vec<Result<Option<Vec<u8>>>> {
    std::thread::scope(|scope| {
        let wait = || match cache.get_or_claim(b"k", LONG, None)? {
            Claimed::Hit(value) | Claimed::Stale(value) => Ok(Some(value.as_bytes().to_vec())),
            Claimed::Claim(claim) => {
                claim.fill(b"second", Ttl::Default)?;
                Ok(None)
            }
        };
        let all: Vec<_> = (0..count).map(|_| scope.spawn(wait)).collect();
        let waiting = || {
            let flights = cache.claims.flights.lock();
            flights.get(&b"k"[..]).map_or(0, |flight| flight.state.lock().waiting)
        };
        while waiting() < count {
            std::thread::yield_now();
        }
        then();
        all.into_iter().map(|waiter| waiter.join().unwrap()).collect()
    })
}

#[test]
fn a_key_that_is_being_loaded_is_copied_once() {
    let (cache, _) = cache("{}");
    let claim = claim(&cache, b"k");
    assert_eq!(claim.key(), b"k");
    let flights = cache.claims.flights.lock();
    assert!(flights.keys().all(|key| Arc::ptr_eq(&key.0, &claim.flight.key.0)));
    assert_eq!(Arc::strong_count(&claim.flight.key.0), 2);
    drop(flights);
}

#[test]
fn one_caller_claims_and_the_others_get_what_it_fills() {
    let (cache, _) = cache("{}");
    let claim = claim(&cache, b"k");
    let got = waiters(&cache, 4, || claim.fill(b"first", Ttl::Default).unwrap());
    assert!(got.iter().all(|g| *g == Ok(Some(b"first".to_vec()))));
    assert!(matches!(cache.get_or_claim(b"k", LONG, None), Ok(Claimed::Hit(_))));
    assert!(cache.claims_are_over());
}

#[test]
fn who_goes_on_waiting_is_not_counted_again_and_gets_what_is_stored() {
    let (cache, _) = cache("{}");
    let held = claim(&cache, b"k");
    let misses = || cache.metrics_json()["misses"].clone();
    let ask = || cache.get_or_claim(b"k", Duration::ZERO, None).map(|_| ()).unwrap_err().status();
    let go_on = || cache.wait_or_claim(b"k", Duration::ZERO, None);
    assert_eq!((ask(), misses()), (Status::Timeout, 2.into()));
    (0..10).for_each(|_| assert!(go_on().is_err()));
    cache.set(b"k", b"v", Ttl::Default).unwrap();
    assert!(matches!(go_on(), Ok(Claimed::Hit(_))));
    assert!(cache.remove(b"k"));
    drop(held);
    let Ok(Claimed::Claim(mine)) = go_on() else { panic!("it has passed on") };
    mine.fill_negative(Ttl::Default).unwrap();
    assert!(matches!(go_on(), Err(Error::NotFound)));
    assert_eq!((misses(), cache.metrics_json()["hits"].clone()), (2.into(), 0.into()));
}

#[test]
fn a_failure_reaches_the_waiters_and_the_next_caller_may_try() {
    let (cache, _) = cache("{}");
    let failed = claim(&cache, b"k");
    let error = Error::call(Status::Server, "down");
    let got = waiters(&cache, 3, || failed.fail(error.clone()));
    assert!(got.iter().all(|g| *g == Err(error.clone())));
    claim(&cache, b"k").fill(b"v", Ttl::Default).unwrap();
}

#[test]
fn a_failure_reaches_those_who_wait_and_not_who_only_looks() {
    let (cache, _) = cache("{}");
    let wait_beside_a_failure = |wait| {
        let claim = claim(&cache, b"k");
        let (flight, mine) = cache.board(b"k").unwrap();
        assert!(!mine);
        claim.fail(Error::call(Status::Server, "no answer"));
        cache.wait(b"k", flight, wait, None)
    };
    let failed = wait_beside_a_failure(LONG).map(drop).unwrap_err();
    assert_eq!((failed.status(), failed.to_string().as_str()), (Status::Server, "no answer"));
    assert!(matches!(wait_beside_a_failure(Duration::ZERO), Ok(Claimed::Claim(_))));
    assert!(cache.claims_are_over());
}

#[test]
fn a_dropped_claim_passes_to_one_of_the_waiters() {
    let (cache, _) = cache("{}");
    let dropped = claim(&cache, b"k");
    let got = waiters(&cache, 3, || drop(dropped));
    assert_eq!(got.iter().filter(|g| **g == Ok(None)).count(), 1);
    assert_eq!(got.iter().filter(|g| **g == Ok(Some(b"second".to_vec()))).count(), 2);
}

#[test]
fn a_wait_ends_by_time_and_by_stop_and_with_the_cache() {
    let (cache, _) = cache("{}");
    let held = claim(&cache, b"k");
    let late = cache.get_or_claim(b"k", Duration::ZERO, None).map(|_| ()).unwrap_err();
    assert_eq!(late.status(), Status::Timeout);
    let stop = Stop::default();
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| cache.get_or_claim(b"k", LONG, Some(&stop)).map(|_| ()));
        stop.stop();
        assert_eq!(waiter.join().unwrap().unwrap_err().status(), Status::Cancelled);
    });
    let stopped = cache.get_or_claim(b"another", LONG, Some(&stop)).map(|_| ());
    assert_eq!(stopped.unwrap_err().status(), Status::Cancelled, "also where there is no wait");
    let got = waiters(&cache, 1, || cache.close());
    assert_eq!(got, [Err(Error::Closed("cache"))]);
    assert_eq!(held.fill(b"v", Ttl::Default), Err(Error::Closed("cache")));
}

/// What a call comes to that is stopped while it waits for the shard of its key.
#[track_caller]
fn stopped(cache: &Arc<Cache>, call: impl FnOnce(&Stop) -> Result<Claimed> + Send) -> Error {
    let hash = cache.shared.hash(b"k");
    let (done, ended) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let (cell, held) = cache.directory.write(hash).unwrap();
        let before = cell.contended();
        let stop = Arc::new(Stop::default());
        let its = stop.clone();
        scope.spawn(move || done.send(call(&its).map(|_| ())));
        while cell.contended() == before {
            std::thread::yield_now();
        }
        stop.stop();
        let result = ended.recv_timeout(LONG).expect("it ends before the shard is free");
        drop(held);
        result.unwrap_err()
    })
}

#[test]
fn who_is_stopped_does_not_wait_for_a_shard() {
    let (cache, _) = cache("{}");
    let error = stopped(&cache, |stop| cache.get_or_claim(b"k", LONG, Some(stop)));
    assert_eq!(error.status(), Status::Cancelled);
    let error = stopped(&cache, |stop| cache.wait_or_claim(b"k", LONG, Some(stop)));
    assert_eq!(error.status(), Status::Cancelled);
    assert!(cache.claims_are_over());
    assert_eq!(cache.directory.gave_up(), 0);
}

#[test]
fn while_one_renews_the_others_get_the_stale_value() {
    let (cache, clock) = cache(r#"{"stale_while_revalidate_ms": 1000}"#);
    cache.set(b"k", b"old", Ttl::Millis(10)).unwrap();
    clock.advance(Duration::from_millis(10));
    assert!(cache.get(b"k").is_none(), "a plain get takes nothing stale");
    let renewal = claim(&cache, b"k");
    match cache.get_or_claim(b"k", LONG, None).unwrap() {
        Claimed::Stale(value) => assert_eq!(value.as_bytes(), b"old"),
        _ => panic!("not stale"),
    }
    clock.advance(Duration::from_millis(1_000));
    let late = cache.get_or_claim(b"k", Duration::ZERO, None).map(|_| ()).unwrap_err();
    assert_eq!(late.status(), Status::Timeout, "too old to serve");
    renewal.fill(b"new", Ttl::Default).unwrap();
    assert_eq!(cache.get(b"k").unwrap().as_bytes(), b"new");
}

#[test]
fn a_negative_entry_misses_without_asking_anybody_to_load() {
    let (cache, clock) = cache("{}");
    claim(&cache, b"k").fill_negative(Ttl::Millis(5)).unwrap();
    let known = cache.get_or_claim(b"k", LONG, None).map(|_| ());
    assert_eq!(known, Err(Error::NotFound));
    assert!(!cache.contains(b"k").unwrap());
    clock.advance(Duration::from_millis(5));
    drop(claim(&cache, b"k"));
    assert!(cache.claims_are_over());
}

#[test]
fn that_there_is_no_value_is_over_when_it_expires_though_values_are_kept_to_be_renewed() {
    for (strategy, meet) in [("periodic", false), ("lazy", true)] {
        let options = format!(
            r#"{{"stale_while_revalidate_ms": 60000, "cleanup_interval_ms": 100, "cleanup_strategy": "{strategy}"}}"#
        );
        let (cache, clock) = cache(&options);
        cache.set(b"value", b"v", Ttl::Millis(1_000)).unwrap();
        cache.set_negative(b"none", Ttl::Millis(1_000)).unwrap();
        clock.advance(Duration::from_millis(1_200));
        match meet {
            true => assert!(cache.get(b"none").is_none() && cache.get(b"value").is_none()),
            false => assert_eq!(cache.sweep(), 1),
        }
        assert_eq!(cache.len(), 1);
        let renewal = claim(&cache, b"value");
        assert!(matches!(cache.get_or_claim(b"value", LONG, None), Ok(Claimed::Stale(_))));
        drop(renewal);
    }
}

#[test]
fn a_call_counts_once_whatever_it_waits_for() {
    let (cache, _) = cache("{}");
    let held = claim(&cache, b"k");
    let got = waiters(&cache, 2, || cache.set(b"k", b"set", Ttl::Default).unwrap());
    assert_eq!(got.len(), 2);
    drop(held);
    let report = cache.report();
    assert_eq!((report.hits, report.misses), (0, 3));
    assert!(matches!(cache.get_or_claim(b"k", LONG, None), Ok(Claimed::Hit(_))));
    let report = cache.report();
    assert_eq!((report.hits, report.misses), (1, 3));
}

#[test]
fn what_was_loaded_before_its_key_was_stored_or_removed_is_not_stored() {
    let claim = |cache: &Arc<Cache>| match cache.get_or_claim(b"key", Duration::ZERO, None) {
        Ok(Claimed::Claim(claim)) => claim,
        _ => panic!("nobody loads it"),
    };
    type Act<'a> = (&'a str, &'a dyn Fn(&Cache), Option<&'a [u8]>);
    let acts: [Act<'_>; 5] = [
        ("set", &|cache| cache.set(b"key", b"new", Ttl::Never).unwrap(), Some(b"new")),
        ("remove", &|cache| assert!(!cache.remove(b"key")), None),
        ("clear", &|cache| cache.clear(), None),
        ("prefix", &|cache| assert_eq!(cache.remove_prefix(b"k"), Ok(0)), None),
        ("another's", &|cache| assert!(!cache.remove(b"kez")), Some(b"old")),
    ];
    for (name, act, left) in acts {
        let (cache, _) = cache("{}");
        let first = claim(&cache);
        act(&cache);
        first.fill(b"old", Ttl::Never).unwrap();
        assert_eq!(cache.get(b"key").as_ref().map(Value::as_bytes), left, "{name}");
        cache.remove(b"key");
        // Who loads it from now on knows of that.
        claim(&cache).fill(b"fresh", Ttl::Never).unwrap();
        assert_eq!(cache.get(b"key").unwrap().as_bytes(), b"fresh", "{name}");
        cache.remove(b"key");
        let first = claim(&cache);
        act(&cache);
        first.fill_negative(Ttl::Never).unwrap();
        assert_eq!(cache.get(b"key").is_some(), name == "set", "{name}");
        let knows = cache.get_or_claim(b"key", Duration::ZERO, None).is_err();
        assert_eq!(knows, name == "another's", "{name}");
    }
}

#[test]
fn who_stores_the_key_without_the_claim_ends_the_wait() {
    let (cache, _) = cache("{}");
    let held = claim(&cache, b"k");
    let begun = Instant::now();
    let got = waiters(&cache, 2, || cache.set(b"k", b"set", Ttl::Default).unwrap());
    assert!(got.iter().all(|g| *g == Ok(Some(b"set".to_vec()))));
    assert!(cache.remove(b"k"));
    let got = waiters(&cache, 1, || cache.set_negative(b"k", Ttl::Default).unwrap());
    assert_eq!(got, [Err(Error::NotFound)]);
    assert!(begun.elapsed() < LONG, "only the end of their time made them look");
    cache.clear();
    let late = cache.get_or_claim(b"k", Duration::ZERO, None).map(|_| ()).unwrap_err();
    assert_eq!(late.status(), Status::Timeout, "the claim is still its holder's");
    held.fill(b"v", Ttl::Default).unwrap();
    assert!(cache.claims_are_over());
}

#[test]
fn who_waits_hears_of_a_store_over_a_value_that_has_expired_and_not_left() {
    type Store = fn(&Cache, &[u8]);
    let ways: [Store; 3] = [
        |cache, key| quick_set(cache, key, b"new", Ttl::Never).unwrap(),
        |cache, key| cache.set(key, b"new", Ttl::Millis(1_000)).unwrap(),
        |cache, key| cache.set_negative(key, Ttl::Never).unwrap(),
    ];
    for strategy in ["periodic", "hybrid"] {
        let options = format!(r#"{{"cleanup_strategy": "{strategy}"}}"#);
        for store in ways {
            let (cache, clock) = cache(&options);
            cache.set(b"k", b"old", Ttl::Millis(10)).unwrap();
            clock.advance(Duration::from_millis(20));
            let claim = claim(&cache, b"k");
            with_a_line(|| store(&cache, b"k"));
            assert_eq!(claim.flight.state.lock().stores, 1, "{strategy}");
        }
    }
}

#[test]
fn a_stale_answer_is_a_hit() {
    let (cache, clock) = cache(r#"{"stale_while_revalidate_ms": 1000}"#);
    cache.set(b"k", b"old", Ttl::Millis(10)).unwrap();
    clock.advance(Duration::from_millis(20));
    let _claim = claim(&cache, b"k");
    for _ in 0..9 {
        assert!(matches!(cache.get_or_claim(b"k", LONG, None), Ok(Claimed::Stale(_))));
    }
    let json = cache.metrics_json();
    let counted = ["hits", "misses", "stale_hits"].map(|key| json[key].as_u64().unwrap());
    assert_eq!((counted, &json["hit_rate"]), ([9, 1, 9], &0.9.into()));
}

#[test]
fn while_a_key_is_loaded_others_are_still_renewed_in_their_place() {
    let (cache, _) = cache("{}");
    cache.set(b"other", b"old", Ttl::Default).unwrap();
    let place = |cache: &Cache| cache.get(b"other").unwrap().as_bytes().as_ptr();
    let before = place(&cache);
    let _claim = claim(&cache, b"k");
    with_a_line(|| quick_set(&cache, b"other", b"new", Ttl::Default).unwrap());
    assert_eq!((place(&cache), cache.get(b"other").unwrap().as_bytes()), (before, &b"new"[..]));
}

#[test]
fn who_warms_a_cache_has_not_asked_for_anything() {
    let (cache, _) = cache("{}");
    cache.set(b"there", b"v", Ttl::Default).unwrap();
    cache.set_negative(b"none", Ttl::Default).unwrap();
    assert!(cache.claim_absent(b"there").unwrap().is_none());
    assert!(cache.claim_absent(b"none").unwrap().is_none());
    let claim = cache.claim_absent(b"k").unwrap().unwrap();
    assert!(cache.claim_absent(b"k").unwrap().is_none(), "somebody loads it");
    claim.fill(b"v", Ttl::Default).unwrap();
    assert!(cache.claims_are_over());
    assert_eq!(cache.count([&b"there"[..], b"none", b"k", b"l"].into_iter()), 2);
    let report = cache.report();
    assert_eq!((report.hits, report.misses, report.hit_rate()), (0, 0, None));
}

#[test]
fn who_warms_a_cache_waits_for_its_shards_as_long_as_it_takes() {
    let (cache, _) = cache(r#"{"shard_count": 1, "max_retries": 1, "retry_delay_ms": 1}"#);
    let claim = cache.while_it_gives_up(2, || cache.claim_absent(b"k"));
    claim.unwrap().unwrap().fill(b"v", Ttl::Default).unwrap();
    assert_eq!(cache.while_it_gives_up(2, || cache.count([&b"k"[..]].into_iter())), 1);
}
