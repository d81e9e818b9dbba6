//! Histories: what several threads did to the same keys, and whether it could
//! have been.
//!
//! Every call is noted with the moments at which it began and ended, counted
//! by one clock of the whole test, and with what the cache's clock showed then.
//! A value that a look-up found must have been stored before it ended, and must
//! not have been replaced, removed or expired for sure before it began. In a
//! cache that evicts nothing, a look-up that finds nothing must have had a
//! reason.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::tests::{audit, cache, quick_get, quick_set};
use super::*;
use crate::clock::ManualClock;

#[derive(Debug, Clone, Copy, PartialEq)]
enum What {
    /// A value and its life in ms; no value is stored twice.
    Set(u64, u64),
    /// The life that an entry was given anew, if it was there.
    Touch(u64),
    Remove,
    Found(u64),
    Missed,
}

#[derive(Debug, Clone, Copy)]
struct Event {
    key: u32,
    what: What,
    began: u64,
    ended: u64,
    from_ms: u64,
    to_ms: u64,
}

/// A life that does not end within a test, so that sums do not overflow.
const LONG_MS: u64 = 1 << 40;

/// Notes what one thread does.
struct Recorder<'a> {
    cache: &'a Cache,
    moments: &'a AtomicU64,
    events: Vec<Event>,
}

impl Recorder<'_> {
    fn note(&mut self, key: u32, act: impl FnOnce(&Cache, &[u8]) -> What) {
        let moment = || self.moments.fetch_add(1, Ordering::SeqCst);
        let (began, from_ms) = (moment(), self.cache.now_ms());
        let what = act(self.cache, &key.to_le_bytes());
        let (to_ms, ended) = (self.cache.now_ms(), moment());
        self.events.push(Event { key, what, began, ended, from_ms, to_ms });
    }

    fn set(&mut self, key: u32, value: u64, ttl_ms: u64, padding: usize, quick: bool) {
        self.note(key, |cache, name| {
            let bytes = [&value.to_le_bytes()[..], &vec![key as u8; padding]].concat();
            let ttl = if ttl_ms == LONG_MS { Ttl::Never } else { Ttl::Millis(ttl_ms) };
            match quick {
                true => quick_set(cache, name, &bytes, ttl).unwrap(),
                false => cache.set(name, &bytes, ttl).unwrap(),
            }
            What::Set(value, ttl_ms)
        });
    }

    fn get(&mut self, key: u32, way: u8) {
        let whole = |value: Value| value.as_bytes().to_vec();
        self.note(key, |cache, name| {
            let mut place = [0; 2_048];
            let found = match way {
                0 => cache.get(name).map(whole),
                2 | 3 => quick_get(cache, name, way == 2).map(|found| found.as_bytes().to_vec()),
                1 => {
                    let found = cache.fetch_into(name, &mut place, &mut None);
                    found.ok().map(|len| place[..len].to_vec())
                }
                _ => {
                    let mut values = cache.get_many([name].into_iter()).unwrap();
                    values.remove(0).map(whole)
                }
            };
            let number = |bytes: Vec<u8>| {
                let (number, padding) = bytes.split_at(8);
                assert!(padding.iter().all(|byte| *byte == key as u8), "another's bytes");
                u64::from_le_bytes(number.try_into().unwrap())
            };
            found.map_or(What::Missed, |bytes| What::Found(number(bytes)))
        });
    }

    /// So many random calls.
    fn run(&mut self, seed: u64, calls: u64, keys: u32) {
        let mut random = fastrand::Rng::with_seed(seed);
        for n in 0..calls {
            let key = random.u32(..keys);
            match random.u8(..20) {
                0..7 => {
                    let ttl = [30, 200, LONG_MS, LONG_MS][random.usize(..4)];
                    let (padding, quick) = (random.usize(..1_500), random.bool());
                    self.set(key, seed << 32 | n, ttl, padding, quick);
                }
                7 => self.note(key, |cache, name| {
                    cache.remove(name);
                    What::Remove
                }),
                8 => self.note(key, |cache, name| {
                    let touched = cache.touch(name, Ttl::Millis(100)).is_ok();
                    if touched { What::Touch(100) } else { What::Missed }
                }),
                // Some of what is found from here on is lent.
                9 if random.u8(..4) == 0 => self.cache.lend(),
                _ => self.get(key, random.u8(..6)),
            }
        }
    }
}

/// Checks the histories of all keys; `evicts`: a miss needs no reason.
fn check(events: &[Event], evicts: bool) -> Result<(), String> {
    let mut by_key = HashMap::<u32, Vec<Event>>::new();
    events.iter().for_each(|event| by_key.entry(event.key).or_default().push(*event));
    for history in by_key.values() {
        let seen_by = seen_by(history);
        for look in history {
            match look.what {
                What::Found(value) => check_found(history, &seen_by, look, value)?,
                What::Missed if !evicts => check_missed(history, look)?,
                _ => {}
            }
        }
    }
    Ok(())
}

/// When each value had been seen at the latest, so its store had happened.
fn seen_by(history: &[Event]) -> HashMap<u64, u64> {
    let mut seen = HashMap::new();
    for event in history {
        if let What::Found(value) | What::Set(value, _) = event.what {
            let at = seen.entry(value).or_insert(event.ended);
            *at = event.ended.min(*at);
        }
    }
    seen
}

fn check_found(
    history: &[Event],
    seen_by: &HashMap<u64, u64>,
    look: &Event,
    value: u64,
) -> Result<(), String> {
    let stored = history.iter().find(|e| matches!(e.what, What::Set(v, _) if v == value));
    let Some(stored) = stored.filter(|stored| stored.began < look.ended) else {
        return Err(format!("{value:x} was not stored before {look:?}"));
    };
    for other in history {
        let over = match other.what {
            What::Set(v, _) if v != value => seen_by[&v],
            What::Remove => other.ended,
            _ => continue,
        };
        if stored.ended < other.began && over < look.began {
            return Err(format!("{look:?} found what {other:?} had ended"));
        }
    }
    // Any touch that may have met it may have made its life longer.
    let lives = history.iter().filter_map(|e| match e.what {
        What::Set(v, ttl) if v == value => Some(e.to_ms + ttl),
        What::Touch(ttl) if e.ended > stored.began && e.began < look.ended => Some(e.to_ms + ttl),
        _ => None,
    });
    match lives.max().is_some_and(|end| look.from_ms <= end) {
        true => Ok(()),
        false => Err(format!("{look:?} found what had expired")),
    }
}

fn check_missed(history: &[Event], look: &Event) -> Result<(), String> {
    // The store that ended last before the look-up, and all that may have
    // come after it: one of them is what was there.
    let before = history.iter().filter(|e| matches!(e.what, What::Set(..)));
    let before = before.filter(|e| e.ended < look.began).max_by_key(|e| e.ended);
    let Some(last) = before else { return Ok(()) };
    let excused = history.iter().any(|e| {
        let between = e.ended >= last.began && e.began < look.ended;
        between
            && match e.what {
                What::Set(_, ttl) | What::Touch(ttl) => look.to_ms >= e.from_ms + ttl,
                What::Remove => true,
                _ => false,
            }
    });
    match excused {
        true => Ok(()),
        false => Err(format!("{look:?} missed what {last:?} had stored")),
    }
}

/// Four threads on few keys, while a fifth resizes, sweeps and moves time.
fn histories(options: &str, evicts: bool, seed: u64, calls: u64) {
    let (cache, clock) = cache(options);
    let (moments, over) = (AtomicU64::new(0), AtomicBool::new(false));
    let mut all = Vec::new();
    std::thread::scope(|scope| {
        let (cache, moments, over) = (&cache, &moments, &over);
        scope.spawn(move || disturb(cache, &clock, seed, over));
        let client = |n| {
            move || {
                let mut recorder = Recorder { cache, moments, events: Vec::new() };
                recorder.run(seed * 8 + n, calls, 40);
                recorder.events
            }
        };
        let clients: Vec<_> = (0..4).map(|n| scope.spawn(client(n))).collect();
        clients.into_iter().for_each(|client| all.extend(client.join().unwrap()));
        over.store(true, Ordering::Relaxed);
    });
    let found = all.iter().filter(|e| matches!(e.what, What::Found(_))).count();
    assert!(found > all.len() / 20, "few of the look-ups found anything: {found}");
    check(&all, evicts).unwrap();
    audit(&cache);
}

fn disturb(cache: &Arc<Cache>, clock: &ManualClock, seed: u64, over: &AtomicBool) {
    let mut random = fastrand::Rng::with_seed(seed);
    while !over.load(Ordering::Relaxed) {
        match random.u8(..6) {
            0 => cache.resize(1 << random.u64(..6)).unwrap(),
            1 => _ = cache.sweep(),
            2 => assert!(cache.walk().all(|pair| pair.is_ok())),
            _ => clock.advance(Duration::from_millis(random.u64(..6))),
        }
        std::thread::yield_now();
    }
}

#[test]
fn what_four_threads_saw_of_a_roomy_cache_could_have_been() {
    for (seed, strategy) in (1..).zip(["hybrid", "lazy", "periodic"]) {
        let options =
            format!(r#"{{"capacity": 10000, "shard_count": 4, "cleanup_strategy": "{strategy}"}}"#);
        histories(&options, false, seed, 4_000);
    }
}

#[test]
fn what_four_threads_saw_of_a_full_cache_could_have_been() {
    for (seed, policy) in (10..).zip(policy::POLICIES.iter().map(|(name, _)| name)) {
        let options = format!(
            r#"{{"capacity": 25, "max_memory_mb": 1, "eviction_policy": "{policy}",
            "compression": true, "compression_threshold": 300}}"#
        );
        histories(&options, true, seed, 2_000);
    }
}

#[test]
fn histories_that_could_not_have_been_are_found_out() {
    let event =
        |what, began, ended, ms| Event { key: 1, what, began, ended, from_ms: ms, to_ms: ms };
    use What::*;
    let never_stored = [event(Found(9), 0, 1, 0)];
    let replaced = [
        event(Set(1, LONG_MS), 0, 1, 0),
        event(Set(2, LONG_MS), 2, 3, 0),
        event(Found(1), 4, 5, 0),
    ];
    let removed =
        [event(Set(1, LONG_MS), 0, 1, 0), event(Remove, 2, 3, 0), event(Found(1), 4, 5, 0)];
    // The second store has not ended, but somebody has seen it.
    let back = [
        event(Set(1, LONG_MS), 0, 1, 0),
        event(Set(2, LONG_MS), 2, 9, 0),
        event(Found(2), 3, 4, 0),
        event(Found(1), 5, 6, 0),
    ];
    let expired = [event(Set(1, 10), 0, 1, 0), event(Found(1), 2, 3, 11)];
    let lost = [event(Set(1, 10), 0, 1, 0), event(Missed, 2, 3, 9)];
    for wrong in [&never_stored[..], &replaced, &removed, &back, &expired, &lost] {
        assert!(check(wrong, false).is_err(), "{wrong:?}");
    }
    let at_once = [event(Set(1, 10), 0, 9, 0), event(Missed, 1, 2, 0), event(Found(1), 3, 4, 0)];
    let in_time = [event(Set(1, 10), 0, 1, 0), event(Found(1), 2, 3, 9), event(Missed, 4, 5, 10)];
    for right in [&in_time[..], &at_once] {
        assert_eq!(check(right, false), Ok(()));
    }
}
