//! Where the shards are, and which one a hash belongs to.
//!
//! Cells are allocated in segments that never move and never go before the
//! cache does, so finding one needs no lock and no reference count. The global
//! mask is a hint that may be out of date while the number of shards changes:
//! what counts is the mask inside the shard, read under its lock. A call that
//! finds there that its hash has moved on follows it. Growing raises the
//! shards' masks first, pair by pair, and the global one last; shrinking the
//! other way round. At any time a hash belongs to exactly one shard.

use std::ops::{Deref, DerefMut};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::glance::{Glance, Place};
use super::processor::{fetch, fetch_to_write};
use super::shard::Shard;
use super::table;
use crate::error::{Error, Result};
use crate::section::Alone;
use crate::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};
use crate::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard, spin_loop};

/// Bytes of a cache line.
const LINE: usize = 64;
/// How often a look pauses for one who is writing.
const PAUSES: usize = 4;

/// Most shards.
pub const SHARDS_MAX: usize = 65_536;

/// A shard with its lock, in cache lines of its own.
#[repr(C, align(128))]
pub struct Cell {
    told: Told,
    /// Odd while somebody writes to the shard (see `glance`).
    version: AtomicU64,
    shard: RwLock<Shard>,
    /// Calls that found the lock taken. Relaxed: it orders nothing.
    pub contended: AtomicU64,
}

/// What the shard tells of itself to those who look without its lock; whoever
/// writes to it says so at the end. In a cache line of its own, which threads
/// share, where writers take that of the lock from each other. Relaxed: the
/// version says whether it may be believed.
#[derive(Default)]
#[repr(align(64))]
struct Told {
    buckets: AtomicUsize,
    backs: AtomicUsize,
    count: AtomicUsize,
    mask: AtomicUsize,
    ahead: AtomicU32,
    counts_up_to: AtomicU32,
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

    /// A look into the shard of a hash, unless that takes its lock.
    #[inline(always)]
    pub fn glance<'a>(&'a self, hash: u64, stay: &'a Alone) -> Option<(&'a Cell, Glance<'a>)> {
        let index = hash as usize & self.mask.load(Ordering::Acquire);
        let cell = self.cell(index);
        let glance = Glance::begin(&cell.version, stay, || cell.told.get())?;
        (hash as usize & glance.place().mask == index).then_some((cell, glance))
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
        let shard = cell.shard.try_read()?;
        (hash as usize & shard.mask == index).then_some(shard)
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
    pub fn write(&self, hash: u64) -> Result<(&Cell, Writing<'_>)> {
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
                return Ok((cell, Writing::begin(cell, shard)));
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

impl Told {
    #[inline(always)]
    fn get(&self) -> Place {
        Place {
            buckets: self.buckets.load(Ordering::Relaxed),
            backs: self.backs.load(Ordering::Relaxed),
            count: self.count.load(Ordering::Relaxed),
            mask: self.mask.load(Ordering::Relaxed),
            ahead: self.ahead.load(Ordering::Relaxed),
            counts_up_to: self.counts_up_to.load(Ordering::Relaxed),
        }
    }

    #[cold]
    fn set(&self, place: Place) {
        self.buckets.store(place.buckets, Ordering::Relaxed);
        self.backs.store(place.backs, Ordering::Relaxed);
        self.count.store(place.count, Ordering::Relaxed);
        self.mask.store(place.mask, Ordering::Relaxed);
        self.ahead.store(place.ahead, Ordering::Relaxed);
        self.counts_up_to.store(place.counts_up_to, Ordering::Relaxed);
    }
}

impl Cell {
    fn new(shard: Shard) -> Cell {
        let told = Told::default();
        told.set(shard.place());
        Cell {
            told,
            version: AtomicU64::new(0),
            shard: RwLock::new(shard),
            contended: AtomicU64::new(0),
        }
    }

    /// Waits for the lock, beside other readers.
    pub fn read(&self) -> RwLockReadGuard<'_, Shard> {
        self.shard.read()
    }

    /// Waits for the lock.
    pub fn write(&self) -> Writing<'_> {
        Writing::begin(self, self.shard.write())
    }

    /// The lock of one who has not begun to write.
    #[cfg(test)]
    pub fn lock(&self) -> RwLockWriteGuard<'_, Shard> {
        self.shard.write()
    }

    /// As [`Cell::write`], if it need not wait and nobody has written since the
    /// look.
    #[inline(always)]
    pub fn write_after(&self, glance: &Glance<'_>) -> Option<Writing<'_>> {
        let shard = Writing::begin(self, self.shard.try_write()?);
        glance.held_until(self.version.load(Ordering::Relaxed)).then_some(shard)
    }

    /// Whether somebody is about to write, or is writing.
    #[inline(always)]
    pub fn is_locked(&self) -> bool {
        self.shard.is_locked_exclusive()
    }

    /// Has the processor fetch what it takes to store an entry that was not there:
    /// the shard, and what goes with the bucket of a look.
    #[inline(always)]
    pub fn fetch_to_store(&self, hash: u64, glance: &Glance<'_>) {
        let shard: *const u8 = (&raw const self.version).cast();
        for line in 0..size_of::<Cell>() / LINE - 1 {
            fetch_to_write(shard.wrapping_add(line * LINE));
        }
        let place = glance.place();
        fetch_to_write(table::back_at(place.backs, table::home_of(hash, place.count)));
    }

    /// Has the processor fetch the bucket that is most likely a hash's home, and
    /// the lock's line.
    #[inline(always)]
    fn fetch_bucket(&self, hash: u64) {
        fetch_to_write((&raw const self.version).cast());
        let buckets = self.told.buckets.load(Ordering::Relaxed);
        let home = table::home_of(hash, self.told.count.load(Ordering::Relaxed));
        fetch(table::bucket_at(buckets, home));
    }
}

/// Write access to a shard. While it lasts the version is odd.
pub struct Writing<'a> {
    cell: &'a Cell,
    shard: RwLockWriteGuard<'a, Shard>,
}

impl<'a> Writing<'a> {
    #[inline(always)]
    fn begin(cell: &'a Cell, shard: RwLockWriteGuard<'a, Shard>) -> Writing<'a> {
        cell.version.store(cell.version.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        // What is written from here on is not seen before the version is.
        fence(Ordering::Release);
        Writing { cell, shard }
    }
}

impl Drop for Writing<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        let (told, place) = (&self.cell.told, self.shard.place());
        if told.get() != place {
            told.set(place);
        }
        let version = self.cell.version.load(Ordering::Relaxed);
        // Release: who sees this version sees all that was written before.
        self.cell.version.store(version + 1, Ordering::Release);
    }
}

impl Deref for Writing<'_> {
    type Target = Shard;

    #[inline(always)]
    fn deref(&self) -> &Shard {
        &self.shard
    }
}

impl DerefMut for Writing<'_> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut Shard {
        &mut self.shard
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::section;

    #[test]
    fn shards_that_came_later_are_reached_without_waiting_too() {
        let maker = crate::cache::policy::maker("s3fifo");
        let make = |index, _| Shard::new(index, 7, maker, 7);
        let directory = Directory::new(2, None, make);
        directory.provide(8, make);
        directory.set_count(8);
        for hash in 0..8 {
            assert_eq!(directory.try_read(hash).map(|shard| shard.index), Some(hash as usize));
        }
    }

    #[test]
    fn what_writers_write_at_first_lies_in_one_cache_line_and_what_a_look_reads_in_another() {
        let maker = crate::cache::policy::maker("s3fifo");
        let cell = Cell::new(Shard::new(0, 0, maker, 7));
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
    fn a_look_holds_until_somebody_writes_and_then_sees_what_there_is() {
        let Some(stay) = section::enter_alone(crate::metrics::striped::line()) else { return };
        let maker = crate::cache::policy::maker("s3fifo");
        let directory = Directory::new(1, None, |index, _| Shard::new(index, 0, maker, 7));
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
        directory.provide(2, |index, _| Shard::new(index, 0, maker, 7));
        assert!(directory.glance(1, &stay).is_none());
    }
}
