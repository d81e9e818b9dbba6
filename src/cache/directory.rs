//! Where the shards are, and which one a hash belongs to.
//!
//! Cells are allocated in segments that never move and never go before the
//! cache does, so finding one needs no lock and no reference count. The global
//! mask is a hint that may be out of date while the number of shards changes:
//! what counts is the mask inside the shard, read under its lock. A call that
//! finds there that its hash has moved on follows it. Growing raises the
//! shards' masks first, pair by pair, and the global one last; shrinking the
//! other way round. At any time a hash belongs to exactly one shard.

use std::ops::Range;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::cell::{Cell, Quit, Writing};
use super::glance::Glance;
use super::lent;
use super::shard::Shard;
use crate::error::{Error, Result, Status};
use crate::section::Alone;
use crate::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use crate::sync::{RwLockReadGuard, spin_loop};

/// How often a look pauses for one who is writing: longer than most write, and
/// shorter than queueing for the lock takes.
const PAUSES: usize = 16;

/// Most shards.
pub const SHARDS_MAX: usize = 65_536;

/// The cells of these indices.
fn cells(indices: Range<usize>, make: impl Fn(usize) -> Shard) -> Result<Box<[Cell]>> {
    let mut cells = Vec::new();
    let bytes = indices.len().saturating_mul(size_of::<Cell>());
    let lacking = |_| Error::Internal(format!("out of memory for {bytes} bytes of shards"));
    cells.try_reserve_exact(indices.len()).map_err(lacking)?;
    cells.extend(indices.map(|index| Cell::new(make(index))));
    Ok(cells.into())
}

/// The error of a wait that somebody has ended.
pub fn cancelled() -> Error {
    Error::call(Status::Cancelled, "the wait was cancelled")
}

/// All shards of a cache.
pub struct Directory {
    first: Box<[Cell]>,
    /// Segment k has as many cells as there are before it.
    more: [OnceLock<Box<[Cell]>>; SHARDS_MAX.ilog2() as usize + 1],
    /// Number of shards less one. Release/Acquire: whoever sees a larger mask
    /// sees the segment that it needs.
    mask: AtomicUsize,
    /// Cells that may hold something: those beyond it rest. Release/Acquire, as the
    /// mask.
    used: AtomicUsize,
    /// Bytes of the cells that rest. Relaxed: a sum.
    resting_bytes: AtomicU64,
    /// How long a call waits for a shard; none: as long as it takes.
    patience: Option<Duration>,
    /// Calls that found that too short. Relaxed: it orders nothing.
    gave_up: AtomicU64,
}

impl Directory {
    /// `count` shards, a power of two, each made by `make` from its index and
    /// the mask; an error if there is no memory for so many.
    pub fn new(
        count: usize,
        patience: Option<Duration>,
        make: impl Fn(usize, usize) -> Shard,
    ) -> Result<Directory> {
        Ok(Directory {
            first: cells(0..count, |i| make(i, count - 1))?,
            more: [const { OnceLock::new() }; SHARDS_MAX.ilog2() as usize + 1],
            mask: AtomicUsize::new(count - 1),
            used: AtomicUsize::new(count),
            resting_bytes: AtomicU64::new(0),
            patience,
            gave_up: AtomicU64::new(0),
        })
    }

    /// Calls that waited for a shard in vain.
    pub fn gave_up(&self) -> u64 {
        self.gave_up.load(Ordering::Relaxed)
    }

    #[cold]
    fn give_up(&self, quit: Quit) -> Error {
        if quit.is_some_and(|quit| quit.load(Ordering::Acquire)) {
            return cancelled();
        }
        self.gave_up.fetch_add(1, Ordering::Relaxed);
        Error::Busy
    }

    /// How many shards there are.
    pub fn count(&self) -> usize {
        self.mask.load(Ordering::Acquire) + 1
    }

    /// Sets the number of shards that calls try first.
    pub fn set_count(&self, count: usize) {
        self.mask.store(count - 1, Ordering::Release);
    }

    /// How many cells exist, in use or not.
    pub fn ever(&self) -> usize {
        let more = self.more.iter().filter_map(OnceLock::get).map(|cells| cells.len());
        self.first.len() + more.sum::<usize>()
    }

    /// Cells that may hold something, as many as there are when it comes to them.
    pub fn cells(&self) -> impl Iterator<Item = &Cell> {
        (0..).take_while(|index| *index < self.used()).map(|index| self.cell(index))
    }

    /// How many those are.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Acquire)
    }

    /// Sets how many cells may hold something; the others must be empty. For one who
    /// lets nobody add up meanwhile.
    pub fn set_used(&self, count: usize) {
        let before = self.used();
        let changed = (before.min(count)..before.max(count)).map(|index| self.cell(index).bytes());
        let bytes = changed.sum();
        match count < before {
            true => self.resting_bytes.fetch_add(bytes, Ordering::Relaxed),
            false => self.resting_bytes.fetch_sub(bytes, Ordering::Relaxed),
        };
        self.used.store(count, Ordering::Release);
    }

    /// Bytes of the cells that rest.
    pub fn resting_bytes(&self) -> u64 {
        self.resting_bytes.load(Ordering::Relaxed)
    }

    /// The cell of an index below the number of shards, or of one that has
    /// been in use.
    #[inline(always)]
    pub fn cell(&self, index: usize) -> &Cell {
        match self.first.get(index) {
            Some(cell) => cell,
            None => self.later_cell(index),
        }
    }

    #[cold]
    fn later_cell(&self, index: usize) -> &Cell {
        let segment = (index / self.first.len()).ilog2() as usize;
        let cells = self.more[segment].get().expect("made before any mask named it");
        &cells[index - (self.first.len() << segment)]
    }

    /// Makes sure that the cells up to `count` exist; `make` is as in `new`. A
    /// new shard has the mask of the shards before it: a call that jumps to it
    /// from a shard that has been split, before its own neighbour has, is sent
    /// on to that neighbour. They rest. For one at a time.
    pub fn provide(&self, count: usize, make: impl Fn(usize, usize) -> Shard) -> Result<()> {
        let mut have = self.first.len();
        for segment in &self.more {
            if have >= count {
                break;
            }
            if segment.get().is_none() {
                let cells = cells(have..have * 2, |i| make(i, have - 1))?;
                let bytes = cells.iter().map(Cell::bytes).sum();
                self.resting_bytes.fetch_add(bytes, Ordering::Relaxed);
                let _ = segment.set(cells);
            }
            have *= 2;
        }
        Ok(())
    }

    /// See [`Cell::watch`].
    #[cold]
    pub fn watch(&self, hash: u64) {
        self.cell(hash as usize & self.mask.load(Ordering::Acquire)).watch();
    }

    /// Counts what has been lent, for one who lets all shards go.
    pub fn call_in(&self) {
        if (0..self.ever()).any(|index| self.cell(index).lends()) {
            lent::call_in();
        }
    }

    /// The number of shards less one, as it is at this moment.
    #[inline]
    pub fn mask(&self) -> usize {
        self.mask.load(Ordering::Relaxed)
    }

    /// A look into the shard of a hash, unless that takes its lock.
    #[inline(always)]
    pub fn glance<'a>(&'a self, hash: u64, stay: &'a Alone) -> Option<(&'a Cell, Glance<'a>)> {
        let index = hash as usize & self.mask.load(Ordering::Acquire);
        let cell = self.cell(index);
        let glance = cell.glance(stay)?;
        (hash as usize & glance.place().mask == index).then_some((cell, glance))
    }

    /// As [`Directory::glance`], for one who will write: has the processor take
    /// what it takes to say so from the others, rather than ask for it twice.
    #[inline(always)]
    pub fn glance_to_write<'a>(
        &'a self,
        hash: u64,
        stay: &'a Alone,
    ) -> Option<(&'a Cell, Glance<'a>)> {
        self.cell(hash as usize & self.mask.load(Ordering::Acquire)).fetch_version();
        self.glance(hash, stay)
    }

    /// As [`Directory::glance`], for a shard that is being written to: most who
    /// write are done in less time than it takes to queue for the lock.
    #[cold]
    pub fn glance_soon<'a>(&'a self, hash: u64, stay: &'a Alone) -> Option<(&'a Cell, Glance<'a>)> {
        (0..PAUSES).find_map(|_| {
            spin_loop();
            self.glance(hash, stay)
        })
    }

    /// As [`Directory::read`], if that needs neither waiting nor following.
    #[inline(always)]
    pub fn try_read(&self, hash: u64) -> Option<RwLockReadGuard<'_, Shard>> {
        let index = hash as usize & self.mask.load(Ordering::Acquire);
        let cell = self.cell(index);
        cell.fetch_bucket(hash);
        let shard = cell.try_read()?;
        (hash as usize & shard.mask == index).then_some(shard)
    }

    /// Read access to the shard that a hash belongs to.
    #[inline]
    pub fn read(&self, hash: u64) -> Result<(&Cell, RwLockReadGuard<'_, Shard>)> {
        self.read_unless(hash, None)
    }

    /// As [`Directory::read`]; a wait for it ends when it is to quit, with `Cancelled`.
    #[inline]
    pub fn read_unless(
        &self,
        hash: u64,
        quit: Quit,
    ) -> Result<(&Cell, RwLockReadGuard<'_, Shard>)> {
        let mut index = hash as usize & self.mask.load(Ordering::Acquire);
        loop {
            let cell = self.cell(index);
            let shard = match cell.try_read() {
                Some(shard) => shard,
                None => cell.wait_to_read(self.until(), quit).ok_or_else(|| self.give_up(quit))?,
            };
            let home = hash as usize & shard.mask;
            if home == index {
                return Ok((cell, shard));
            }
            index = home;
        }
    }

    /// Write access to the shard that a hash belongs to.
    #[inline(always)]
    pub fn write(&self, hash: u64) -> Result<(&Cell, Writing<'_>)> {
        self.write_unless(hash, None)
    }

    /// As [`Directory::write`], and as [`Directory::read_unless`].
    #[inline(always)]
    pub fn write_unless(&self, hash: u64, quit: Quit) -> Result<(&Cell, Writing<'_>)> {
        let mut index = hash as usize & self.mask.load(Ordering::Acquire);
        loop {
            let cell = self.cell(index);
            cell.fetch_bucket(hash);
            let shard = match cell.try_write() {
                Some(shard) => shard,
                None => cell.wait_to_write(self.until(), quit).ok_or_else(|| self.give_up(quit))?,
            };
            let home = hash as usize & shard.mask;
            if home == index {
                return Ok((cell, shard));
            }
            index = home;
        }
    }

    /// Until when a call waits for a shard, if not as long as it takes.
    fn until(&self) -> Option<Instant> {
        self.patience.map(|time| Instant::now() + time)
    }

    /// Until when a call waits for what it does beside its own work, at `most`.
    pub fn aside_until(&self, most: Duration) -> Instant {
        Instant::now() + self.patience.map_or(most, |time| time.min(most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::tests::with_a_line;
    use crate::section;

    #[test]
    fn shards_that_came_later_are_reached_without_waiting_too() {
        let maker = crate::cache::policy::maker("s3fifo");
        let make = |index, _| Shard::new(index, 7, maker, 7);
        let directory = Directory::new(2, None, make).unwrap();
        directory.provide(8, make).unwrap();
        directory.set_count(8);
        for hash in 0..8 {
            assert_eq!(directory.try_read(hash).map(|shard| shard.index), Some(hash as usize));
        }
    }

    #[test]
    fn more_shards_than_there_is_memory_for_are_an_error() {
        let made = Directory::new(1 << 58, None, |_, _| panic!("there is no room for it"));
        let message = made.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(message.contains("out of memory"), "{message}");
    }

    #[test]
    #[cfg_attr(
        any(miri, feature = "system-heap"),
        ignore = "nothing is looked at without a lock there"
    )]
    fn a_look_holds_until_somebody_writes_and_then_sees_what_there_is() {
        with_a_line(|| {
            let stay = section::enter_alone(crate::metrics::striped::line()).unwrap();
            let maker = crate::cache::policy::maker("s3fifo");
            let make = |index, _| Shard::new(index, 0, maker, 7);
            let directory = Directory::new(1, None, make).unwrap();
            let (cell, glance) = directory.glance(0, &stay).unwrap();
            assert!(glance.holds());
            let mut shard = cell.write();
            assert!(!glance.holds() && directory.glance(0, &stay).is_none());
            shard.mask = 1;
            drop(shard);
            assert!(!glance.holds());
            // Hash 1 belongs to another shard now.
            assert!(directory.glance(0, &stay).is_some() && directory.glance(1, &stay).is_none());
            directory.set_count(2);
            directory.provide(2, make).unwrap();
            assert!(directory.glance(1, &stay).is_none());
        });
    }
}
