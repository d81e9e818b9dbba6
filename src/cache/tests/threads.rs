//! Many threads at once: who waits for whom, and what all of them see.

use super::*;
use crate::error::Error;
use crate::sync::atomic::AtomicBool;

#[test]
fn a_contended_shard_answers_busy_after_retries_times_delay() {
    let (cache, _) = cache(r#"{"max_retries": 2, "retry_delay_ms": 5, "shard_count": 1}"#);
    cache.set(b"k", b"v", Ttl::Default).unwrap();
    let held = cache.directory.cell(0).write();
    let start = std::time::Instant::now();
    assert!(matches!(cache.fetch(b"k", &mut None), Err(Missed::Busy)));
    assert!(start.elapsed() >= Duration::from_millis(10));
    assert_eq!(cache.set(b"k", b"w", Ttl::Default), Err(Error::Busy));
    assert_eq!(cache.touch(b"k", Ttl::Default), Err(Error::Busy));
    assert_eq!(cache.contains(b"k"), Err(Error::Busy));
    assert!(cache.discard(b"k").is_err());
    drop(held);
    assert!(cache.get(b"k").is_some());
    assert_eq!(cache.metrics_json()["busy"], 5, "of whatever kind");
}

#[test]
fn where_either_part_of_the_patience_is_zero_a_call_waits_as_long_as_it_takes() {
    for (retries, delay) in [(0, 5), (3, 0)] {
        let options =
            format!(r#"{{"max_retries": {retries}, "retry_delay_ms": {delay}, "shard_count": 1}}"#);
        let (cache, _) = cache(&options);
        cache.set(b"k", b"v", Ttl::Default).unwrap();
        std::thread::scope(|scope| {
            let held = cache.directory.cell(0).write();
            let call = scope.spawn(|| cache.get(b"k").is_some());
            while cache.directory.cell(0).contended() == 0 {
                std::thread::yield_now();
            }
            drop(held);
            assert!(call.join().unwrap());
        });
    }
}

#[test]
fn reads_see_only_values_that_were_current_while_writers_and_resizes_go_on() {
    // Each key counts up under its writer; a reader never sees a key go back,
    // and never a value of another key.
    let (cache, _) = cache(r#"{"capacity": 2000, "shard_count": 4, "default_ttl_ms": 0}"#);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (cache, stop) = (&cache, &stop);
        for writer in 0..2u32 {
            scope.spawn(move || {
                for round in 1..=400u32 {
                    for key in (writer..600).step_by(2) {
                        let value = [key.to_le_bytes(), round.to_le_bytes()].concat();
                        cache.set(&key.to_le_bytes(), &value, Ttl::Default).unwrap();
                    }
                }
                stop.store(true, Ordering::Release);
            });
        }
        for reader in 0..2u64 {
            scope.spawn(move || {
                let mut last = vec![0u32; 600];
                let mut random = fastrand::Rng::with_seed(reader);
                while !stop.load(Ordering::Acquire) {
                    let key = random.u32(..600);
                    let Some(value) = cache.get(&key.to_le_bytes()) else { continue };
                    let (of, round) = value.as_bytes().split_at(4);
                    let round = u32::from_le_bytes(round.try_into().unwrap());
                    assert_eq!(of, key.to_le_bytes());
                    assert!(round >= last[key as usize], "went back");
                    last[key as usize] = round;
                }
            });
        }
        scope.spawn(move || {
            let mut random = fastrand::Rng::with_seed(9);
            while !stop.load(Ordering::Acquire) {
                cache.resize(1 << random.u64(..6)).unwrap();
                cache.sweep();
            }
        });
    });
    assert_eq!(cache.len(), 600, "a resize loses nothing");
    audit(&cache);
}

#[test]
fn with_everything_going_on_at_once_the_books_stay_right() {
    let options = r#"{"capacity": 2000, "max_memory_mb": 1, "compression": true,
        "compression_threshold": 200, "default_ttl_ms": 40, "stale_while_revalidate_ms": 10}"#;
    let (cache, clock) = cache(options);
    let path = std::env::temp_dir().join(format!("mynah-at-once-{}", std::process::id()));
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (cache, stop) = (&cache, &stop);
        for seed in 0..3u64 {
            scope.spawn(move || {
                let mut random = fastrand::Rng::with_seed(seed);
                while !stop.load(Ordering::Relaxed) {
                    let key = random.u32(..5_000);
                    let name = key.to_le_bytes();
                    match random.u8(..20) {
                        0..9 => {
                            let value = [&name[..], &vec![key as u8; random.usize(..900)]].concat();
                            cache.set(&name, &value, Ttl::Default).unwrap();
                        }
                        9..17 => {
                            let value = cache.get(&name);
                            let right = value.is_none_or(|v| {
                                v.as_bytes()[..4] == name
                                    && v.as_bytes()[4..].iter().all(|b| *b == key as u8)
                            });
                            assert!(right);
                        }
                        17 => drop(cache.remove(&name)),
                        18 => drop(cache.get_or_claim(&name, Duration::ZERO, None)),
                        _ => drop(cache.touch(&name, Ttl::Millis(60))),
                    }
                }
            });
        }
        let mut random = fastrand::Rng::with_seed(77);
        for _ in 0..150 {
            clock.advance(Duration::from_millis(3));
            match random.u8(..8) {
                0..3 => cache.resize(1 << random.u64(..6)).unwrap(),
                3 => cache.set_capacity(random.u64(500..3_000)).unwrap(),
                4 => drop(cache.save(&path, &mut |_, _| true).unwrap()),
                5 => drop(cache.load(&path, &mut |_, _| true)),
                6 => cache.walk().for_each(|pair| drop(pair.unwrap())),
                _ => drop((cache.sweep(), cache.metrics_json())),
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    let _ = std::fs::remove_file(path);
    cache.set(b"last", b"1", Ttl::Default).unwrap();
    audit(&cache);
    assert!(cache.memory_bytes() <= 1 << 20, "{}", cache.memory_bytes());
}

#[test]
fn no_figure_is_wrong_while_the_number_of_shards_changes() {
    let (cache, _) = cache(r#"{"capacity": 100000, "shard_count": 1}"#);
    let set = |n: u32, len| cache.set(&n.to_le_bytes(), &vec![1; len], Ttl::Never).unwrap();
    (0..3_000).for_each(|n| set(n, 10));
    (0..3_000).for_each(|n| set(n, 100));
    (0..1_000u32).for_each(|n| assert!(cache.remove(&n.to_le_bytes())));
    let (least, done) = (cache.report().memory * 3 / 4, AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..20 {
                [64, 1].into_iter().for_each(|shards| cache.resize(shards).unwrap());
            }
            done.store(true, Ordering::Relaxed);
        });
        while !done.load(Ordering::Relaxed) {
            assert_eq!(cache.len(), 2_000);
            let report = cache.report();
            assert_eq!((report.total(), report.counts.sets), (2_000, 6_000));
            let left = [Reason::Replaced, Reason::Removed].map(|r| report.counts.left[r as usize]);
            assert_eq!(left, [3_000, 1_000]);
            assert!(report.memory > least && cache.memory_bytes() > least);
        }
    });
}
