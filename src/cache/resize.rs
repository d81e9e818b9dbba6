//! Changing the number of shards, and the capacity, while calls go on.

use super::departure::{Departures, Reason};
use super::making::{cell_bytes, shards_for};
use super::shard::{Shard, Shared};
use super::{Cache, Cell, table};
use crate::error::{Error, Result};
use crate::options::OptionSet;
use crate::options::cache::CacheOptions;

/// Evictions under one lock when the capacity is lowered.
const BATCH: u64 = 1_024;

/// A split or a merger.
type Change = fn(&mut Shard, &Shared, &mut Shard, &mut Departures);

impl Cache {
    /// Changes the number of shards to what `shard_count` would make of it; 0
    /// lets the cache choose. Gets and sets go on: each waits for the split or
    /// the merger of one shard at most, and no entry is lost.
    pub fn resize(&self, shards: u64) -> Result<()> {
        in_range("shard_count", shards)?;
        self.reshard(shards)?;
        self.changed("shard_count", shards.into(), "resize");
        Ok(())
    }

    /// As [`Cache::resize`], whoever wants it.
    pub(super) fn reshard(&self, shards: u64) -> Result<()> {
        let structure = self.structure.lock();
        let wanted = shards_for(shards, self.capacity()).min(self.shards_that_fit());
        let before = self.directory.count();
        let (mut left, mut grown) = (Vec::new(), Ok(()));
        while self.directory.count() < wanted && grown.is_ok() {
            grown = self.double(&mut left);
        }
        while self.directory.count() > wanted {
            self.halve(&mut left);
        }
        drop(structure);
        if wanted != before {
            self.begin_with_shards();
        }
        left.into_iter().for_each(Departures::deliver);
        // A sweep that ran meanwhile may have passed by what moved.
        let due = self.directory.cells().map(|cell| cell.read().table.next_due()).min();
        self.expect_lapse(due.filter(|due| *due != table::NEVER).map(table::end_of));
        grown
    }

    /// Splits every shard. Entries leave only where the larger tables do not
    /// fit into the bound on memory.
    fn double(&self, left: &mut Vec<Departures>) -> Result<()> {
        let count = self.directory.count();
        self.provide(count * 2, left)?;
        for index in 0..count {
            self.pair(index, index + count, Shard::split).deliver_later(left);
        }
        self.directory.set_count(count * 2);
        Ok(())
    }

    /// Pays for the shards up to `count` that there have never been, makes them, and
    /// lets none of those rest.
    fn provide(&self, count: usize, left: &mut Vec<Departures>) -> Result<()> {
        let make = *self.maker.lock();
        let new = count.saturating_sub(self.directory.ever());
        let mut out = Departures::default();
        let bytes = new as i64 * cell_bytes(make) as i64;
        self.reserve(bytes, &mut out);
        let made =
            self.directory.provide(count, |index, mask| Shard::new(index, mask, make, self.seed));
        match made {
            Ok(()) => {
                let _moving = self.moving.write();
                self.directory.set_used(count);
            }
            Err(_) => self.shared.budget.bytes.give(bytes),
        }
        self.finish(out).deliver_later(left);
        made
    }

    /// Merges the shards by twos. The upper ones rest then: a call that was made
    /// before may still come by there.
    fn halve(&self, left: &mut Vec<Departures>) {
        let count = self.directory.count() / 2;
        self.directory.set_count(count);
        for index in 0..count {
            self.pair(index, index + count, Shard::merge).deliver_later(left);
        }
        let _moving = self.moving.write();
        self.directory.set_used(count);
    }

    fn pair(&self, lower: usize, upper: usize, change: Change) -> Departures {
        let mut out = Departures::default();
        // Two tables that are as small as can be may take more than one: nothing
        // in them could make room for that.
        let margin = 2 * Shard::smallest_bytes(*self.maker.lock()) as i64;
        let mut margin = self.free_up(margin, &mut out);
        let moving = self.moving.write();
        let cells = [lower, upper].map(|index| self.directory.cell(index));
        let [mut lower, mut upper] = cells.map(Cell::write);
        lower.receive(margin.put_down());
        change(&mut lower, &self.shared, &mut upper, &mut out);
        if upper.is_resting() {
            cells[0].take_counts(cells[1]);
        }
        drop((lower, upper, moving));
        self.pay_debt(&mut out);
        self.finish(out)
    }

    /// Moves the bound on entries. When it returns, no more are held.
    pub fn set_capacity(&self, capacity: u64) -> Result<()> {
        in_range("capacity", capacity)?;
        let structure = self.structure.lock();
        self.shared.budget.entries.set_limit(capacity as i64);
        let mut left = Vec::new();
        // What is in hand counts as held: no entry is to leave for that.
        for cell in self.directory.cells() {
            let amount = cell.write().surrender();
            self.shared.budget.give(amount);
        }
        while self.shared.budget.entries.missing() > 0 {
            for cell in self.directory.cells() {
                let missing = self.shared.budget.entries.missing();
                let mut out = Departures::default();
                let mut shard = cell.write();
                let (held, all) = (shard.table.len() as u64, self.directory.count() as u64);
                let part = held.min(missing as u64).min(missing as u64 / all + 1).min(BATCH);
                for _ in 0..part {
                    shard.evict(&self.shared, Reason::Capacity, &mut out);
                }
                self.shared.budget.give(shard.surrender());
                drop(shard);
                self.finish(out).deliver_later(&mut left);
            }
            // What is missing may be on its way to a shard in another's hands.
            crate::sync::yield_now();
        }
        drop(structure);
        self.changed("capacity", capacity.into(), "set_capacity");
        self.restart_simulation();
        left.into_iter().for_each(Departures::deliver);
        Ok(())
    }
}

/// Holds a number to the range of the option of that name.
fn in_range(key: &str, value: u64) -> Result<()> {
    let row = CacheOptions::rows().iter().find(|row| row.key == key);
    let row = row.ok_or_else(|| Error::Internal(format!("no option {key}")))?;
    row.check(value.into()).map(drop)
}

#[cfg(test)]
mod tests {
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
            let (cache, _) = cache(&format!(
                r#"{{"max_memory_mb": 1, "capacity": 5000, "shard_count": {shards}}}"#
            ));
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
}
