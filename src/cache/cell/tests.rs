use super::*;
use crate::cache::tests::with_a_line;
use crate::section;

fn new_cell() -> Cell {
    Cell::new(Shard::new(0, 0, crate::cache::policy::maker("s3fifo"), 7))
}

#[test]
fn what_writers_write_at_first_lies_in_one_cache_line_and_what_a_look_reads_in_another() {
    let cell = new_cell();
    let shard = cell.write();
    let line = |at: *const u8| at as usize / 64;
    let first = line((&raw const cell.version).cast());
    assert_eq!(line((&raw const cell.shard).cast()), first);
    assert_eq!(line((&raw const shard.mask).cast()), first);
    // A table begins with what says where its buckets are.
    assert_eq!(line((&raw const shard.table).cast::<u8>().wrapping_add(15)), first);
    assert_ne!(line((&raw const cell.told).cast()), first);
    assert_eq!(size_of::<Told>(), 64);
}

#[test]
#[cfg_attr(
    any(miri, feature = "system-heap"),
    ignore = "nothing is looked at without a lock there"
)]
fn one_passes_by_the_lock_unless_somebody_has_it_or_has_written() {
    with_a_line(|| {
        let stay = section::enter_alone(crate::metrics::striped::line()).unwrap();
        let cell = new_cell();
        let glance = cell.glance(&stay).unwrap();
        for reads in [true, false] {
            let (reader, writer) = (reads.then(|| cell.read()), (!reads).then(|| cell.lock()));
            assert!(cell.pass(&glance).is_none());
            drop((reader, writer));
            assert!(glance.holds(), "who goes back has changed nothing");
        }
        let mut passing = cell.pass(&glance).unwrap();
        assert!(cell.pass(&glance).is_none() && cell.glance(&stay).is_none());
        passing.renewed();
        drop(passing);
        assert_eq!(cell.renewed(), 1);
        assert!(!glance.holds() && cell.pass(&glance).is_none());
        let glance = cell.glance(&stay).unwrap();
        drop(cell.write());
        assert!(cell.pass(&glance).is_none(), "somebody has written");
    });
}

#[test]
#[cfg_attr(
    any(miri, feature = "system-heap"),
    ignore = "nothing is looked at without a lock there"
)]
fn who_has_taken_the_lock_waits_for_the_one_who_passes_by() {
    with_a_line(|| {
        let stay = section::enter_alone(crate::metrics::striped::line()).unwrap();
        let cell = new_cell();
        let ways: [fn(&Cell) -> bool; 6] = [
            |cell| cell.try_read().is_some(),
            |cell| cell.read().mask == 0,
            |cell| cell.wait_to_read(None, None).is_some(),
            |cell| cell.try_write().is_some(),
            |cell| cell.write().mask == 0,
            |cell| cell.wait_to_write(None, None).is_some(),
        ];
        for way in ways {
            let glance = cell.glance(&stay).unwrap();
            let passing = cell.pass(&glance).unwrap();
            let (cell, is_over) = (&cell, &AtomicU32::new(0));
            std::thread::scope(|scope| {
                let other = scope.spawn(move || way(cell).then(|| is_over.load(Ordering::Relaxed)));
                while !cell.shard.is_locked() && !other.is_finished() {
                    std::thread::yield_now();
                }
                is_over.store(1, Ordering::Relaxed);
                drop(passing);
                assert_eq!(other.join().unwrap(), Some(1));
            });
        }
    });
}
