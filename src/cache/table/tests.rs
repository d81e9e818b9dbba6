//! What a table promises, beside a map and a list.

use super::*;
use std::cell::Cell;
use std::collections::HashMap;

fn hash(n: u64) -> u64 {
    n.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ n << 40
}

fn entry(n: u64, expiry: u64) -> Entry {
    Entry::new(&n.to_le_bytes(), b"v", expiry, 0).unwrap()
}

#[test]
fn random_operations_agree_with_a_map_and_lists_keep_their_order() {
    let mut random = fastrand::Rng::with_seed(7);
    let mut table = Table::new(200, 3);
    let mut model: HashMap<u64, u8> = HashMap::new();
    let mut order: Vec<Vec<u64>> = vec![Vec::new(); 3];
    for _ in 0..50_000 {
        let n = random.u64(..300);
        let slot = table.find(hash(n), &n.to_le_bytes());
        assert_eq!(slot.is_some(), model.contains_key(&n));
        assert_eq!(table.get(hash(n), &n.to_le_bytes()).is_some(), slot.is_some());
        let list = random.u8(..3);
        match slot {
            None if table.len() < table.room() => {
                table.insert(hash(n), entry(n, 0), None, list);
                model.insert(n, list);
                order[list as usize].push(n);
            }
            None => {}
            Some(slot) => {
                let old = table.list_of(slot);
                order[old as usize].retain(|m| *m != n);
                if random.bool() {
                    assert!(table.take(slot, hash(n)).is_some());
                    model.remove(&n);
                } else {
                    table.move_to(slot, list);
                    order[list as usize].push(n);
                }
            }
        }
        assert_eq!(table.len(), model.len());
    }
    for list in 0..3u8 {
        assert_eq!(table.list_len(list), order[list as usize].len());
    }
    let drained: Vec<u64> =
        table.drain().map(|(e, _)| u64::from_le_bytes(e.key().try_into().unwrap())).collect();
    assert_eq!(drained, order.concat());
}

fn lapse(entry: &Entry) -> Option<u64> {
    (entry.expiry_ms() > 0).then(|| entry.expiry_ms())
}

/// Takes what lapses by a time, as a sweep does in parts of so many; what that was,
/// and how many entries it asked for their time.
fn sweep(table: &mut Table, now_ms: u64, part: usize) -> (Vec<u64>, usize) {
    let (mut gone, asked, mut round) = (Vec::new(), Cell::new(0), Round::default());
    let lapse = |entry: &Entry| {
        asked.set(asked.get() + 1);
        lapse(entry)
    };
    while !round.is_over() {
        round.looks = part;
        let before = (gone.len(), asked.get());
        while gone.len() - before.0 < part
            && let Some(slot) = table.next_lapsed(&mut round, now_ms, lapse)
        {
            let n = u64::from_le_bytes(table.entry(slot).unwrap().key().try_into().unwrap());
            gone.push(n);
            table.take(slot, hash(n));
        }
        assert!(asked.get() - before.1 <= 2 * part * WIDTH, "under one lock");
    }
    (gone, asked.get())
}

#[test]
fn only_what_is_due_is_collected() {
    let mut table = Table::new(5_000, 1);
    for n in 0..4_000u64 {
        let expiry = if n % 4 == 0 { 0 } else { 1_000 + n * 100 };
        table.insert(hash(n), entry(n, expiry), (expiry > 0).then_some(expiry), 0);
    }
    assert_eq!(table.next_due(), tick_of(1_100));
    assert_eq!(sweep(&mut table, 900, 100), (Vec::new(), 0));
    let (mut gone, _) = sweep(&mut table, 101_000, 7);
    gone.sort_unstable();
    assert_eq!(gone, (0..=1_000).filter(|n| n % 4 != 0).collect::<Vec<_>>());
    assert_eq!(table.len(), 4_000 - 750);
    assert_eq!(table.next_due(), tick_of(1_000 + 1_001 * 100));
}

#[test]
fn a_sweep_in_parts_asks_no_entry_over_and_over_though_all_lapse_in_one_tick() {
    for part in [1, 10, 1_000] {
        let mut table = Table::new(4_000, 1);
        let expiry = |n: u64| end_of(9) - 1 - n % 64;
        for n in 0..4_000u64 {
            let expiry = expiry(n);
            table.insert(hash(n), entry(n, expiry), Some(expiry), 0);
        }
        // A few, half, and the rest.
        for now in [end_of(9) - 60, end_of(9) - 32, end_of(9)] {
            let (_, asked) = sweep(&mut table, now, part);
            assert_eq!(table.len(), (0..4_000).filter(|n| expiry(*n) > now).count());
            assert!(asked < 5 * 4_000, "{asked} in parts of {part}");
        }
    }
}

/// Buckets that a look-up in vain reads, on average over all homes.
fn read_in_vain(table: &Table) -> f64 {
    let passed = |at: usize| has_passed(table.buckets[at].tags);
    let reads = (0..table.buckets.len()).map(|home| {
        let mut at = home;
        std::iter::from_fn(|| {
            let more = passed(at).then_some(());
            at = table.after(at);
            more
        })
        .take(table.buckets.len())
        .count()
            + 1
    });
    reads.sum::<usize>() as f64 / table.buckets.len() as f64
}

#[test]
fn ways_stay_short_however_long_entries_come_and_go() {
    let mut random = fastrand::Rng::with_seed(11);
    let mut table = Table::new(7_000, 1);
    let mut here: Vec<u64> = Vec::new();
    for n in 0..200_000u64 {
        let hash = |n: u64| rapidhash::v3::rapidhash_v3(&n.to_le_bytes());
        if here.len() == 7_000 {
            let gone = here.swap_remove(random.usize(..here.len()));
            let slot = table.find(hash(gone), &gone.to_le_bytes()).unwrap();
            table.take(slot, hash(gone)).unwrap();
        }
        table.insert(hash(n), entry(n, 0), None, 0);
        here.push(n);
    }
    assert!(read_in_vain(&table) < 2.5, "{}", read_in_vain(&table));
}

#[test]
fn a_bucket_and_its_back_are_a_cache_line_each() {
    assert_eq!((size_of::<Bucket>(), size_of::<Back>()), (64, 64));
}
