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
mod tests;
