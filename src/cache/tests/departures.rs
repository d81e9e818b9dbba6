//! Who is told of what leaves, and why it left.

use super::*;

#[test]
fn departures_are_told_with_their_reason_and_never_nested() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let place: Arc<Mutex<Option<Arc<Cache>>>> = Arc::default();
    let listener = {
        let (told, place) = (told.clone(), place.clone());
        move |key: &[u8], value: &[u8], reason: Reason| {
            told.lock().push((key.to_vec(), value.to_vec(), reason));
            let cache = place.lock().clone().unwrap();
            if key == b"a" {
                cache.remove(b"b");
                assert_eq!(told.lock().len(), 1, "the consequence waits");
            }
        }
    };
    let listeners = Listeners { departures: Some(Arc::new(listener)), ..Listeners::default() };
    let layered = Layered::<CacheOptions>::default();
    let cache =
        Cache::with_listeners(layered.resolve().unwrap(), Clock::System, listeners).unwrap();
    *place.lock() = Some(cache.clone());
    cache.set(b"a", b"1", Ttl::Default).unwrap();
    cache.set(b"b", b"2", Ttl::Default).unwrap();
    cache.set(b"a", b"3", Ttl::Default).unwrap();
    place.lock().take();
    let one = |k: &[u8], v: &[u8], reason| (k.to_vec(), v.to_vec(), reason);
    let expected = [one(b"a", b"1", Reason::Replaced), one(b"b", b"2", Reason::Removed)];
    assert_eq!(*told.lock(), expected);
}

#[test]
fn each_way_to_leave_has_its_reason() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener = {
        let told = told.clone();
        move |key: &[u8], value: &[u8], reason: Reason| {
            told.lock().push((key.to_vec(), value.len(), reason.name()));
        }
    };
    let listeners = Listeners { departures: Some(Arc::new(listener)), ..Listeners::default() };
    let mut layered = Layered::<CacheOptions>::default();
    let options = r#"{"capacity": 4, "max_memory_mb": 1, "eviction_policy": "fifo"}"#;
    layered.load_json(options).unwrap();
    let (clock, hand) = Clock::manual();
    let cache = Cache::with_listeners(layered.resolve().unwrap(), clock, listeners).unwrap();
    let after = |act: &dyn Fn()| {
        act();
        std::mem::take(&mut *told.lock())
    };
    let set = |key: &[u8], len: usize| cache.set(key, &vec![0; len], Ttl::Never).unwrap();
    let one = |key: &[u8], len: usize, reason| vec![(key.to_vec(), len, reason)];
    assert_eq!(after(&|| (0..4u8).for_each(|n| set(&[n], 10))), []);
    assert_eq!(after(&|| set(b"e", 10)), one(&[0], 10, "capacity"));
    assert_eq!(after(&|| set(b"e", 20)), one(b"e", 10, "replaced"));
    assert_eq!(after(&|| assert!(cache.remove(&[1]))), one(&[1], 10, "removed"));
    let brief = || cache.set(b"s", b"v", Ttl::Millis(5)).unwrap();
    assert_eq!(after(&brief), []);
    hand.advance(Duration::from_millis(5));
    assert_eq!(after(&|| assert!(cache.get(b"s").is_none())), one(b"s", 1, "expired"));
    assert_eq!(after(&|| assert!(cache.remove(&[2]))), one(&[2], 10, "removed"));
    // What says that there is no value is none that leaves.
    assert_eq!(after(&|| cache.set_negative(b"n", Ttl::Never).unwrap()), []);
    assert_eq!(after(&|| assert!(!cache.remove(b"n"))), []);
    assert_eq!(after(&|| set(b"l", 520_000)), []);
    let for_memory = after(&|| set(b"m", 520_000));
    assert_eq!(for_memory.last(), one(b"l", 520_000, "memory").last());
    assert_eq!(after(&|| cache.clear()), one(b"m", 520_000, "cleared"));
}

#[test]
fn what_is_overwritten_or_removed_after_its_time_has_expired() {
    type Act = fn(&Cache);
    let acts: [Act; 7] = [
        |cache| with_a_line(|| quick_set(cache, b"k", b"n", Ttl::Never).unwrap()),
        |cache| with_a_line(|| quick_set(cache, b"k", b"n", Ttl::Millis(5)).unwrap()),
        |cache| cache.set(b"k", b"n", Ttl::Default).unwrap(),
        |cache| cache.set(b"k", &[1; 500], Ttl::Default).unwrap(),
        |cache| cache.set_negative(b"k", Ttl::Default).unwrap(),
        |cache| assert!(!cache.remove(b"k")),
        |cache| assert_eq!(cache.remove_prefix(b"k").unwrap(), 0),
    ];
    for options in [
        r#"{"cleanup_strategy": "periodic"}"#,
        r#"{"workload_type": "write_heavy", "eviction_policy": "lru"}"#,
        r#"{"stale_while_revalidate_ms": 1000}"#,
    ] {
        for (n, act) in acts.iter().enumerate() {
            for over in [true, false] {
                let (cache, clock) = cache(options);
                cache.set(b"k", b"v", Ttl::Millis(5)).unwrap();
                clock.advance(Duration::from_millis(if over { 5 } else { 4 }));
                if over || n < 5 {
                    act(&cache);
                    let counts = cache.report().counts;
                    let expired = counts.left[Reason::Expired as usize];
                    assert_eq!(expired, u64::from(over), "{options} {n}");
                    assert_eq!(counts.left.iter().sum::<u64>(), 1);
                    assert_eq!(counts.sets, if n < 5 { 2 } else { 1 });
                }
            }
        }
    }
}

#[test]
fn who_closes_a_cache_waits_for_a_listener_that_runs_and_no_other_begins() {
    use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
    let (entered, inside) = std::sync::mpsc::channel();
    let (runs, closed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (running, after) = (runs.clone(), closed.clone());
    let listener = move |_: &[u8], _: &[u8], _| {
        running.store(true, SeqCst);
        assert!(!after.load(SeqCst), "one began afterwards");
        entered.send(()).unwrap();
        (0..1_000).for_each(|_| std::thread::yield_now());
        running.store(false, SeqCst);
    };
    let listeners = Listeners { departures: Some(Arc::new(listener)), ..Listeners::default() };
    let options = Layered::<CacheOptions>::default().resolve().unwrap();
    let cache = Cache::with_listeners(options, Clock::System, listeners).unwrap();
    (0..50u8).for_each(|n| cache.set(&[n], b"v", Ttl::Default).unwrap());
    std::thread::scope(|scope| {
        scope.spawn(|| cache.clear());
        inside.recv().unwrap();
        cache.close();
        closed.store(true, SeqCst);
        assert!(!runs.load(SeqCst), "it did not wait");
    });
}

#[test]
fn no_listener_runs_inside_one_of_another_kind() {
    use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
    let place = Arc::<Mutex<Option<Arc<Cache>>>>::default();
    let (told, inside) = (Arc::<Mutex<Vec<_>>>::default(), Arc::<AtomicBool>::default());
    let (heard, one, of) = (told.clone(), inside.clone(), place.clone());
    let departures = move |_: &[u8], _: &[u8], _| {
        assert!(!one.swap(true, SeqCst), "inside an alert");
        heard.lock().push("left");
        if let Some(cache) = of.lock().clone() {
            let mut report = cache.report();
            report.memory = 9 << 20;
            cache.check_alerts(&report);
        }
        one.store(false, SeqCst);
    };
    let (heard, of) = (told.clone(), place.clone());
    let alerts = move |_: &crate::metrics::Alert| {
        assert!(!inside.swap(true, SeqCst), "inside a departure");
        heard.lock().push("alert");
        let cache = of.lock().take();
        cache.inspect(|cache| cache.set(b"k", b"third", Ttl::Default).unwrap());
        inside.store(false, SeqCst);
    };
    let mut layered = Layered::<CacheOptions>::default();
    layered.set("alert_max_memory_mb", "1").unwrap();
    let listeners = Listeners {
        departures: Some(Arc::new(departures)),
        alerts: Some(Arc::new(alerts)),
        ..Listeners::default()
    };
    let cache =
        Cache::with_listeners(layered.resolve().unwrap(), Clock::System, listeners).unwrap();
    *place.lock() = Some(cache.clone());
    let set = |value: &str| cache.set(b"k", value.as_bytes(), Ttl::Default).unwrap();
    ["first", "second"].into_iter().for_each(set);
    assert_eq!(*told.lock(), ["left", "alert", "left"]);
}
