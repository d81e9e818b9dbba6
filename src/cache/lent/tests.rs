use super::*;
use crate::cache::tests::{cache, quick_get, quick_set, with_a_line};
use crate::cache::{Cache, Handed, Ttl};
use crate::metrics::striped;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// A cache that lends. With metrics some look-ups are timed, and counted.
fn lending(metrics: bool) -> Arc<Cache> {
    let options =
        format!(r#"{{"capacity": 1000, "shard_count": 1, "metrics_enabled": {metrics}}}"#);
    let (cache, _) = cache(&options);
    cache.set(b"key", b"value", Ttl::Never).unwrap();
    cache.lend();
    cache
}

fn is_lent(value: &Handed) -> bool {
    matches!(value, Handed::Lent(_))
}

/// The value of the key, which must be lent.
fn borrow(cache: &Cache) -> Handed {
    let value = quick_get(cache, b"key", false).unwrap();
    assert!(is_lent(&value) && value.as_bytes() == b"value");
    value
}

/// References to the key's entry.
fn references(cache: &Cache) -> usize {
    let shard = cache.directory.cell(0).read();
    shard.table.get(cache.shared.hash(b"key"), b"key").unwrap().references()
}

/// Asserts what a figure comes to: who calls in for another cache lets go a moment later
/// of what it has found given back.
fn assert_comes_to(figure: impl Fn() -> usize, wanted: usize) {
    let until = Instant::now() + Duration::from_secs(20);
    while figure() != wanted && Instant::now() < until {
        std::thread::yield_now();
    }
    assert_eq!(figure(), wanted);
}

/// What is made while nobody calls in: who does so for another cache counts all that
/// is lent.
fn uncalled<T>(make: impl FnOnce() -> T) -> T {
    let _calling = COUNTED.lock();
    make()
}

#[test]
#[cfg_attr(any(miri, feature = "system-heap"), ignore = "nothing is lent there")]
fn what_is_lent_is_counted_only_once_somebody_writes() {
    with_a_line(|| {
        let cache = lending(false);
        let value = uncalled(|| {
            let value = borrow(&cache);
            assert_eq!(references(&cache), 1);
            value
        });
        cache.set(b"another", b"value", Ttl::Never).unwrap();
        assert_comes_to(|| references(&cache), 2);
        let counted = quick_get(&cache, b"key", false).unwrap();
        assert!(!is_lent(&counted), "nothing is lent in a shard that is written to");
        drop((value, counted));
        assert_comes_to(|| references(&cache), 1);
        // What has been given back before is nobody's.
        cache.lend();
        drop(borrow(&cache));
        cache.remove(b"another");
        assert_comes_to(|| references(&cache), 1);
    });
}

#[test]
#[cfg_attr(any(miri, feature = "system-heap"), ignore = "nothing is lent there")]
fn what_is_lent_stays_as_it_is_whatever_becomes_of_its_entry() {
    with_a_line(|| {
        let ends: [fn(&Cache); 5] = [
            |cache| _ = cache.remove(b"key"),
            |cache| quick_set(cache, b"key", b"other", Ttl::Never).unwrap(),
            |cache| cache.set(b"key", b"other", Ttl::Never).unwrap(),
            |cache| cache.clear(),
            Cache::close,
        ];
        for end in ends {
            let cache = lending(false);
            let value = borrow(&cache);
            end(&cache);
            (0..100u32).for_each(|n| _ = cache.set(&n.to_le_bytes(), b"never", Ttl::Never));
            assert_eq!(value.as_bytes(), b"value");
            assert_comes_to(|| cache.pinned().0 as usize, 1);
            drop(value);
            assert_comes_to(|| cache.pinned().0 as usize, 0);
        }
        let cache = lending(false);
        let value = borrow(&cache);
        drop(cache);
        assert_eq!(value.as_bytes(), b"value");
    });
}

#[test]
#[cfg_attr(any(miri, feature = "system-heap"), ignore = "nothing is lent there")]
fn values_are_lent_where_nobody_has_written_for_many_look_ups() {
    with_a_line(|| {
        let cache = lending(true);
        let first = || {
            let look_up = |_| is_lent(&quick_get(&cache, b"key", false).unwrap());
            (0..10_000).position(look_up)
        };
        for _ in 0..2 {
            cache.set(b"another", b"value", Ttl::Never).unwrap();
            let first = first().unwrap();
            assert!((1_000..3_000).contains(&first), "after {first}");
        }
    });
}

#[test]
#[cfg_attr(any(miri, feature = "system-heap"), ignore = "nothing is lent there")]
fn a_sweep_calls_nothing_in_where_nothing_is_due() {
    let (cache, clock) = cache(r#"{"shard_count": 1}"#);
    let lends = || cache.directory.cell(0).lends();
    cache.set(b"key", b"value", Ttl::Never).unwrap();
    cache.set(b"brief", b"value", Ttl::Millis(1_000)).unwrap();
    cache.lend();
    assert_eq!((cache.sweep(), lends()), (0, true));
    clock.advance(Duration::from_millis(1_100));
    assert_eq!((cache.sweep(), lends()), (1, false));
}

/// Where a shard is said to lend, the next who writes there pays for it.
#[test]
#[cfg_attr(any(miri, feature = "system-heap"), ignore = "nothing is lent there")]
fn nothing_is_to_be_called_in_where_nothing_could_be_lent() {
    type Ask = fn(&Arc<Cache>, &[u8]);
    let by_reference: Ask = |cache, key| _ = quick_get(cache, key, false);
    let others: [Ask; 3] = [
        |cache, key| _ = quick_get(cache, key, true),
        |cache, key| _ = cache.get_many([key].into_iter()).unwrap(),
        |cache, key| _ = cache.get_or_claim(key, Duration::ZERO, None).map(drop),
    ];
    let lends = |policy: &str, key: &[u8], ask: Ask| {
        let options =
            format!(r#"{{"shard_count": 1, "compression": true, "eviction_policy": "{policy}"}}"#);
        let (cache, _) = cache(&options);
        let noise: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(40_000).collect();
        let values: [(&[u8], &[u8]); 3] =
            [(b"key", b"value"), (b"packed", &[b'a'; 4_000]), (b"large", &noise)];
        values.iter().for_each(|(key, value)| cache.set(key, value, Ttl::Never).unwrap());
        (0..3_000).for_each(|_| ask(&cache, key));
        cache.directory.cell(0).lends()
    };
    with_a_line(|| {
        section::prepare();
        assert!(lends("s3fifo", b"key", by_reference));
        assert!(!lends("lru", b"key", by_reference), "the policy is told of each hit");
        for key in ["packed", "large", "none"] {
            assert!(!lends("s3fifo", key.as_bytes(), by_reference), "{key}");
        }
        assert!(others.iter().all(|ask| !lends("s3fifo", b"key", *ask)));
    });
}

#[test]
#[cfg_attr(any(miri, feature = "system-heap"), ignore = "nothing is lent there")]
fn who_has_borrowed_much_gets_further_values_counted() {
    with_a_line(|| {
        let cache = lending(false);
        let (borrowed, further) = uncalled(|| {
            let borrowed: Vec<_> = (0..NOTES).map(|_| borrow(&cache)).collect();
            let further = quick_get(&cache, b"key", false).unwrap();
            assert!(!is_lent(&further));
            assert_eq!(references(&cache), 2);
            (borrowed, further)
        });
        // As many as are held, not one for each.
        cache.set(b"another", b"value", Ttl::Never).unwrap();
        assert_comes_to(|| references(&cache), 2 + NOTES);
        // Any thread gives them back.
        std::thread::scope(|scope| scope.spawn(|| drop(borrowed)).join().unwrap());
        assert_comes_to(|| references(&cache), 2);
        drop(further);
        cache.lend();
        drop(borrow(&cache));
    });
}

#[test]
#[cfg_attr(any(miri, feature = "system-heap"), ignore = "nothing is lent there")]
fn who_calls_in_again_counts_nothing_twice() {
    with_a_line(|| {
        let cache = lending(false);
        let value = borrow(&cache);
        for _ in 0..3 {
            cache.set(b"another", b"value", Ttl::Never).unwrap();
            cache.lend();
            assert_comes_to(|| references(&cache), 2);
        }
        // The note may be of another entry by now, or of the same one again.
        drop(value);
        assert_comes_to(|| references(&cache), 1);
        let value = borrow(&cache);
        cache.set(b"another", b"value", Ttl::Never).unwrap();
        assert_comes_to(|| references(&cache), 2);
        drop(value);
        assert_comes_to(|| references(&cache), 1);
    });
}

/// Whether a reference stands for a value that was lent.
fn is_counted(value: &Handed) -> bool {
    let Handed::Lent(Lent { number }) = value else { return false };
    LINES[number / TO_A_LINE].counted.load(Ordering::Relaxed) >> (number % TO_A_LINE) & 1 == 1
}

#[test]
#[cfg_attr(any(miri, feature = "system-heap"), ignore = "nothing is lent there")]
fn who_gives_a_value_back_does_not_wait_for_one_who_calls_in() {
    with_a_line(|| {
        let cache = lending(false);
        std::thread::scope(|scope| {
            // Who calls in for another cache may have counted it; such a value is given back
            // once the lock is free, which a tuple's first member is dropped for.
            let borrow_uncalled = || {
                let value = borrow(&cache);
                (COUNTED.lock(), value)
            };
            let (calling, value) = std::iter::repeat_with(borrow_uncalled)
                .find(|(_, value)| !is_counted(value))
                .unwrap();
            CALLS.fetch_add(1, Ordering::SeqCst);
            let gives_back = scope.spawn(move || drop(value));
            let until = Instant::now() + Duration::from_secs(20);
            while !gives_back.is_finished() && Instant::now() < until {
                std::thread::yield_now();
            }
            CALLS.fetch_sub(1, Ordering::SeqCst);
            assert!(gives_back.is_finished());
            drop(calling);
        });
        assert_comes_to(|| references(&cache), 1);
    });
}

#[test]
#[cfg_attr(any(miri, feature = "system-heap"), ignore = "nothing is lent there")]
fn what_is_given_back_while_it_is_counted_is_let_go_by_who_counts() {
    with_a_line(|| {
        let cache = lending(false);
        let Handed::Lent(value) = borrow(&cache) else { panic!("it was lent") };
        let mut counted = COUNTED.lock();
        section::barrier();
        let mut gone = count_noted(&mut counted);
        assert_comes_to(|| references(&cache), 2);
        // By one who has not seen yet that it is counted.
        let number = value.into_number();
        let note = &LINES[number / TO_A_LINE].notes[number % TO_A_LINE];
        note.store(ptr::null_mut(), Ordering::Release);
        gone.extend(take_all_stale(&mut counted));
        drop(counted);
        drop(gone);
        assert_comes_to(|| references(&cache), 1);
    });
}

#[test]
fn a_note_that_proves_wrong_is_none() {
    with_a_line(|| {
        let stay = section::enter_alone(striped::line()).unwrap();
        let entry = Entry::new(b"key", b"value", 0, 0).unwrap();
        let free = Free::of(&stay).unwrap();
        let (note, number) = (free.note, free.number);
        assert!(free.lend(entry.address(), || note.load(Ordering::Relaxed).is_null()).is_none());
        assert!(note.load(Ordering::Relaxed).is_null());
        // The same place is free for the next.
        let free = Free::of(&stay).unwrap();
        assert_eq!(free.number, number);
        let lent = free.lend(entry.address(), || true).unwrap();
        assert_eq!(Lent::of_number(lent.into_number()).unwrap().as_bytes(), b"value");
        assert!(Lent::of_number(OWNED * TO_A_LINE).is_none());
        assert!(Lent::of_number(NOTES).is_none(), "the word beside the notes is none");
    });
}

#[test]
fn who_calls_in_waits_for_a_note_to_be_true_or_gone() {
    let note = AtomicPtr::new(ptr::without_provenance_mut(64 | TENTATIVE));
    let is_true = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| (firm(&note).is_some(), is_true.load(Ordering::Relaxed)));
        (0..1_000).for_each(|_| std::thread::yield_now());
        is_true.store(true, Ordering::Relaxed);
        note.store(ptr::without_provenance_mut(64), Ordering::Release);
        assert_eq!(other.join().unwrap(), (true, true));
    });
    note.store(ptr::null_mut(), Ordering::Relaxed);
    assert!(firm(&note).is_none());
}

/// Writers store over values in their place and evict them, and others borrow, all at
/// once: what is borrowed must not change while it is held.
#[test]
#[cfg_attr(any(miri, feature = "system-heap"), ignore = "nothing is lent there")]
fn what_is_borrowed_does_not_change_while_others_write_at_full_speed() {
    let (cache, _) = cache(r#"{"capacity": 100, "shard_count": 2}"#);
    let over = AtomicBool::new(false);
    let (keys, lent) = (150u32, AtomicUsize::new(0));
    let borrower = || {
        let mut random = fastrand::Rng::new();
        let mut held: [Option<(Handed, u8)>; 4] = [const { None }; 4];
        while !over.load(Ordering::Relaxed) {
            let found = quick_get(&cache, &random.u32(..keys).to_le_bytes(), false);
            let place = random.usize(..held.len());
            if let Some((value, byte)) = held[place].take() {
                assert!(value.as_bytes().iter().all(|b| *b == byte), "it has changed");
            }
            held[place] = found.map(|value| {
                lent.fetch_add(is_lent(&value) as usize, Ordering::Relaxed);
                let first = value.as_bytes()[0];
                (value, first)
            });
        }
    };
    std::thread::scope(|scope| {
        (0..3).for_each(|_| _ = scope.spawn(borrower));
        let mut random = fastrand::Rng::with_seed(7);
        for turn in 0..6_000u32 {
            let key = random.u32(..keys).to_le_bytes();
            quick_set(&cache, &key, &[turn as u8; 200], Ttl::Never).unwrap();
            if turn % 8 == 0 {
                cache.lend();
                std::thread::yield_now();
            }
        }
        over.store(true, Ordering::Relaxed);
    });
    cache.clear();
    assert_comes_to(|| cache.pinned().0 as usize, 0);
    assert!(lent.into_inner() > 0);
}

#[test]
#[cfg(unix)]
fn in_a_forked_child_no_note_stays_tentative_for_ever() {
    // As `forget` does it, of a line of its own: others are in use meanwhile.
    let tentative = AtomicPtr::new(ptr::without_provenance_mut(64 | TENTATIVE));
    forget_note(&tentative);
    assert!(tentative.load(Ordering::Relaxed).is_null());
    let firm = AtomicPtr::new(ptr::without_provenance_mut(64));
    forget_note(&firm);
    assert!(!firm.load(Ordering::Relaxed).is_null());
}
