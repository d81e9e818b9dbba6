//! Where the shards are, and which one a hash belongs to.
//!
//! Cells are allocated in segments that never move and never go before the
//! cache does, so finding one needs no lock and no reference count. The global
//! mask is a hint that may be out of date while the number of shards changes:
//! what counts is the mask inside the shard, read under its lock. A call that
//! finds there that its hash has moved on follows it. Growing raises the
//! shards' masks first, pair by pair, and the global one last; shrinking the
//! other way round. At any time a hash belongs to exactly one shard.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::processor::{fetch, fetch_to_write};
use super::shard::Shard;
use super::table;
use crate::error::{Error, Result};
use crate::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use crate::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Most shards.
pub const SHARDS_MAX: usize = 65_536;

/// A shard with its lock, in cache lines of its own.
#[repr(C, align(128))]
pub struct Cell {
    hint: Hint,
    /// The shard.
    pub shard: RwLock<Shard>,
    /// Calls that found the lock taken. Relaxed: it orders nothing.
    pub contended: AtomicU64,
}

/// Where a shard's buckets are, and how many, as a look-up last saw it: so the
/// next one has the processor fetch its bucket while it takes the lock. In a
/// cache line of its own, which threads share, where they take that of the lock
/// from each other. Relaxed, and perhaps wrong: nobody follows it.
#[repr(align(64))]
struct Hint {
    buckets: AtomicUsize,
    count: AtomicUsize,
}

/// All shards of a cache.
pub struct Directory {
    first: Box<[Cell]>,
    /// Segment k has as many cells as there are before it.
    more: [OnceLock<Box<[Cell]>>; SHARDS_MAX.ilog2() as usize + 1],
    /// Number of shards less one. Release/Acquire: whoever sees a larger mask
    /// sees the segment that it needs.
    mask: AtomicUsize,
    /// How long a call waits for a shard; none: as long as it takes.
    patience: Option<Duration>,
}

impl Directory {
    /// `count` shards, a power of two, each made by `make` from its index and
    /// the mask.
    pub fn new(
        count: usize,
        patience: Option<Duration>,
        make: impl Fn(usize, usize) -> Shard,
    ) -> Directory {
        Directory {
            first: (0..count).map(|i| Cell::new(make(i, count - 1))).collect(),
            more: [const { OnceLock::new() }; SHARDS_MAX.ilog2() as usize + 1],
            mask: AtomicUsize::new(count - 1),
            patience,
        }
    }

    /// How many shards there are.
    pub fn count(&self) -> usize {
        self.mask.load(Ordering::Acquire) + 1
    }

    /// Sets the number of shards that calls try first.
    pub fn set_count(&self, count: usize) {
        self.mask.store(count - 1, Ordering::Release);
    }

    /// Cells that exist, in use or not.
    pub fn cells(&self) -> impl Iterator<Item = &Cell> {
        let more = self.more.iter().filter_map(OnceLock::get).flat_map(|cells| cells.iter());
        self.first.iter().chain(more)
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
    /// on to that neighbour.
    pub fn provide(&self, count: usize, make: impl Fn(usize, usize) -> Shard) {
        let mut have = self.first.len();
        for segment in &self.more {
            if have >= count {
                break;
            }
            segment
                .get_or_init(|| (have..have * 2).map(|i| Cell::new(make(i, have - 1))).collect());
            have *= 2;
        }
    }

    /// The number of shards less one, as it is at this moment.
    #[inline]
    pub fn mask(&self) -> usize {
        self.mask.load(Ordering::Relaxed)
    }

    /// As [`Directory::read`], if that needs neither waiting nor following; also
    /// the hash's home in the shard's table.
    #[inline(always)]
    pub fn try_read(&self, hash: u64) -> Option<(RwLockReadGuard<'_, Shard>, usize)> {
        let index = hash as usize & self.mask.load(Ordering::Acquire);
        let cell = self.cell(index);
        let (seen, home) = cell.fetch_bucket(hash);
        let shard = cell.shard.try_read()?;
        let home = match shard.table.place() == seen {
            true => home,
            false => cell.note_buckets(&shard, hash),
        };
        (hash as usize & shard.mask == index).then_some((shard, home))
    }

    /// Read access to the shard that a hash belongs to.
    #[inline]
    pub fn read(&self, hash: u64) -> Result<(&Cell, RwLockReadGuard<'_, Shard>)> {
        let mut index = hash as usize & self.mask.load(Ordering::Acquire);
        loop {
            let cell = self.cell(index);
            let shard = match cell.shard.try_read() {
                Some(shard) => shard,
                None => self.wait_to_read(cell)?,
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
    pub fn write(&self, hash: u64) -> Result<(&Cell, RwLockWriteGuard<'_, Shard>)> {
        let mut index = hash as usize & self.mask.load(Ordering::Acquire);
        loop {
            let cell = self.cell(index);
            cell.fetch_bucket(hash);
            let shard = match cell.shard.try_write() {
                Some(shard) => shard,
                None => self.wait_to_write(cell)?,
            };
            let home = hash as usize & shard.mask;
            if home == index {
                return Ok((cell, shard));
            }
            index = home;
        }
    }

    #[cold]
    fn wait_to_read<'a>(&self, cell: &'a Cell) -> Result<RwLockReadGuard<'a, Shard>> {
        cell.contended.fetch_add(1, Ordering::Relaxed);
        match self.patience {
            None => Ok(cell.shard.read()),
            Some(time) => cell.shard.try_read_until(Instant::now() + time).ok_or(Error::Busy),
        }
    }

    #[cold]
    fn wait_to_write<'a>(&self, cell: &'a Cell) -> Result<RwLockWriteGuard<'a, Shard>> {
        cell.contended.fetch_add(1, Ordering::Relaxed);
        match self.patience {
            None => Ok(cell.shard.write()),
            Some(time) => cell.shard.try_write_until(Instant::now() + time).ok_or(Error::Busy),
        }
    }
}

impl Cell {
    fn new(shard: Shard) -> Cell {
        Cell {
            hint: Hint { buckets: AtomicUsize::new(0), count: AtomicUsize::new(0) },
            shard: RwLock::new(shard),
            contended: AtomicU64::new(0),
        }
    }

    /// Has the processor fetch the bucket that is a hash's home, if what was seen
    /// of the table, which it answers, is still so.
    #[inline(always)]
    fn fetch_bucket(&self, hash: u64) -> ((usize, usize), usize) {
        fetch_to_write((&raw const self.shard).cast());
        let buckets = self.hint.buckets.load(Ordering::Relaxed);
        let count = self.hint.count.load(Ordering::Relaxed);
        let home = table::home_of(hash, count);
        fetch(table::bucket_at(buckets, home));
        ((buckets, count), home)
    }

    /// Sees where the table is now; the home of a hash in it.
    #[cold]
    fn note_buckets(&self, shard: &Shard, hash: u64) -> usize {
        let (buckets, count) = shard.table.place();
        self.hint.buckets.store(buckets, Ordering::Relaxed);
        self.hint.count.store(count, Ordering::Relaxed);
        table::home_of(hash, count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_that_came_later_are_reached_without_waiting_too() {
        let maker = crate::cache::policy::maker("s3fifo");
        let make = |index, _| Shard::new(index, 7, maker, 7);
        let directory = Directory::new(2, None, make);
        directory.provide(8, make);
        directory.set_count(8);
        for hash in 0..8 {
            assert_eq!(directory.try_read(hash).map(|(shard, _)| shard.index), Some(hash as usize));
        }
    }

    #[test]
    fn a_look_up_reads_one_cache_line_of_a_shard() {
        let maker = crate::cache::policy::maker("s3fifo");
        let cell = Cell::new(Shard::new(0, 0, maker, 7));
        let shard = cell.shard.write();
        let line = |at: *const u8| at as usize / 64;
        let first = line((&raw const cell.shard).cast());
        assert_eq!(line((&raw const shard.mask).cast()), first);
        // A table begins with what says where its buckets are.
        assert_eq!(line((&raw const shard.table).cast::<u8>().wrapping_add(15)), first);
    }
}
