use super::super::tests::{audit, cache};
use super::*;
use crate::cache::Ttl;

/// A call may have read the number of shards before two doublings. Within
/// the second it meets a shard that has been split, and goes from there to
/// one whose neighbour has not.
#[test]
fn a_call_with_an_old_number_of_shards_stores_where_the_others_look() {
    let (cache, _) = cache(r#"{"capacity": 1000, "shard_count": 4}"#);
    let set = |n: u32| cache.set(&n.to_le_bytes(), b"v", Ttl::Default).unwrap();
    (0..200).for_each(set);
    cache.provide(8, &mut Vec::new()).unwrap();
    cache.pair(0, 4, Shard::split).deliver();
    cache.directory.set_count(1);
    (200..400).for_each(set);
    cache.directory.set_count(4);
    (1..4).for_each(|index| cache.pair(index, index + 4, Shard::split).deliver());
    cache.directory.set_count(8);
    assert!((0..400u32).all(|n| cache.get(&n.to_le_bytes()).is_some()));
    audit(&cache);
}

#[test]
fn what_a_sweep_misses_that_runs_during_a_resize_is_swept_later() {
    let (cache, hand) = cache(r#"{"capacity": 1000, "shard_count": 4}"#);
    (0..200u32).for_each(|n| cache.set(&n.to_le_bytes(), b"v", Ttl::Millis(10)).unwrap());
    cache.provide(8, &mut Vec::new()).unwrap();
    (0..4).for_each(|index| cache.pair(index, index + 4, Shard::split).deliver());
    hand.advance(std::time::Duration::from_secs(3_600));
    assert!(cache.sweep() > 0);
    assert!(!cache.is_empty() && cache.next_sweep_ms().is_none());
    cache.directory.set_count(8);
    cache.reshard(8).unwrap();
    assert!(cache.next_sweep_ms().is_some());
    cache.sweep();
    assert_eq!((cache.len(), cache.next_sweep_ms()), (0, None));
    audit(&cache);
}

/// In the midst of a resize most entries may lie in shards that calls do not try
/// first yet, or any more.
#[test]
fn a_value_of_half_the_bound_finds_room_while_shards_come_and_go() {
    let doubling = |cache: &Cache| {
        cache.provide(4, &mut Vec::new()).unwrap();
        (0..2).for_each(|index| cache.pair(index, index + 2, Shard::split).deliver());
    };
    let halving = |cache: &Cache| cache.directory.set_count(2);
    for (shards, change) in [(2, &doubling as &dyn Fn(&Cache)), (4, &halving)] {
        let (cache, _) =
            cache(&format!(r#"{{"max_memory_mb": 1, "capacity": 5000, "shard_count": {shards}}}"#));
        let is_above = |n: u32| cache.shared.hash(&n.to_le_bytes()) & 2 != 0;
        let keys = (0..9_000u32).filter(|n| is_above(*n));
        keys.for_each(|n| cache.set(&n.to_le_bytes(), &[1; 300], Ttl::Never).unwrap());
        let below = (0..).find(|n| !is_above(*n)).unwrap().to_le_bytes();
        assert!(cache.memory_bytes() > (1 << 20) / 8 * 7);
        change(&cache);
        cache.set(&below, &[2; 500_000], Ttl::Never).unwrap();
        assert!(cache.contains(&below).unwrap());
    }
}

#[test]
fn half_a_resize_is_no_imbalance() {
    let (cache, _) = cache(r#"{"capacity": 100000, "shard_count": 8}"#);
    (0..50_000u32).for_each(|n| cache.set(&n.to_le_bytes(), b"v", Ttl::Default).unwrap());
    let uneven = || {
        let report = cache.report();
        assert_eq!(report.total(), 50_000);
        (report.imbalance() > 0.1, report.imbalance_by_chance() > 0.1, report.items.len())
    };
    assert_eq!(uneven(), (false, false, 8));
    cache.provide(16, &mut Vec::new()).unwrap();
    (0..4).for_each(|index| cache.pair(index, index + 8, Shard::split).deliver());
    assert_eq!(uneven(), (false, false, 12));
    (0..4).for_each(|index| cache.pair(index, index + 8, Shard::merge).deliver());
    assert_eq!(uneven(), (false, false, 8));
}

#[test]
fn shards_out_of_use_are_asked_nothing_take_little_and_come_back() {
    let (cache, _) = cache(
        r#"{"capacity": 100000, "shard_count": 2, "eviction_policy": "lru", "max_memory_mb": 16}"#,
    );
    let set = |n: u32| cache.set(&n.to_le_bytes(), b"v", Ttl::Default).unwrap();
    (0..500).for_each(set);
    let (before, empty) = (cache.memory_bytes(), cell_bytes(*cache.maker.lock()));
    for shards in [1_024, 64] {
        cache.resize(shards).unwrap();
        audit(&cache);
        // Values over old ones in their place are counted by the cells.
        (0..500).for_each(set);
        cache.resize(2).unwrap();
        audit(&cache);
        assert_eq!(cache.directory.cells().count(), 2);
        let more = cache.memory_bytes() - before;
        assert!(more < 1_022 * empty * 5 / 8, "{more} bytes where one takes {empty}");
        // As the header says.
        assert!(more < 1_022 * 1_000, "{more} bytes");
    }
    let counts = cache.report().counts;
    assert_eq!((counts.sets, cache.len()), (1_500, 500));
    // They are no reason for fewer shards next time.
    cache.resize(65_536).unwrap();
    assert_eq!(cache.shard_count(), 1_024);
    cache.set_policy("s3fifo");
    (0..5_000).for_each(set);
    cache.resize(8).unwrap();
    assert_eq!(cache.len(), 5_000);
    audit(&cache);
}

/// A resize that is held up at one shard holds no other: whoever asks for a
/// key waits, if at all, for the split of its own shard.
#[test]
fn a_resize_keeps_nobody_waiting_but_those_of_the_shard_that_it_splits() {
    for stuck in 0..4 {
        // A call that waited for longer than this would answer busy.
        let options = r#"{"capacity": 4096, "shard_count": 4, "max_retries": 1,
            "retry_delay_ms": 20000}"#;
        let (cache, _) = cache(options);
        let key = |n: u32| n.to_le_bytes();
        (0..400).for_each(|n| cache.set(&key(n), b"v", Ttl::Default).unwrap());
        let at = |n: u32| cache.shared.hash(&key(n)) as usize & 3;
        std::thread::scope(|scope| {
            let held = cache.directory.cell(stuck).write();
            let resize = scope.spawn(|| cache.resize(8).unwrap());
            let splits = |index: usize| cache.directory.cell(index).read().mask == 7;
            while !(0..stuck).all(splits) {
                std::thread::yield_now();
            }
            for n in (0..400).filter(|n| at(*n) != stuck) {
                assert!(cache.get(&key(n)).is_some());
                cache.set(&key(n), b"w", Ttl::Default).unwrap();
            }
            assert!(!resize.is_finished());
            drop(held);
        });
        assert_eq!((cache.shard_count(), cache.len()), (8, 400));
    }
}
