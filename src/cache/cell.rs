//! A shard with its lock, and the ways in.
//!
//! - Under the lock, for one writer ([`Writing`]) or many readers.
//! - Past it, to look ([`Glance`]): the version is odd while somebody writes.
//! - Past it, to write over one value ([`Passing`]): most stores do no more, and
//!   taking and giving back a lock is most of what they would cost. Whoever makes
//!   the version odd may write. To make it so is a step that can fail, so two
//!   writers exclude each other by it, and whoever passes by goes back if
//!   somebody has the lock; who has just taken it waits out the one who passes.

mod access;
mod lending;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use super::glance::{Glance, Place};
use super::processor::{fetch, fetch_to_write, settle};
use super::shard::Shard;
use super::table;
use crate::section::Alone;
use crate::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};
use crate::sync::{RwLock, RwLockReadGuard, pause, spin_loop};
pub use access::{Passing, Writing};

/// Bytes of a cache line.
const LINE: usize = 64;
/// How often one pauses for the lock before one queues: longer than most hold it,
/// and shorter than queueing takes.
const PAUSES: usize = 48;
/// How long one queues before one looks whether one is to give up.
const LOOK_EVERY: Duration = Duration::from_millis(4);

/// Raised by whoever wants a wait to end, if anybody may.
pub type Quit<'a> = Option<&'a AtomicBool>;

/// Queues until then, if ever, or until one is to quit.
fn in_turns<G>(
    until: Option<Instant>,
    quit: Quit,
    queue: impl Fn(Option<Instant>) -> Option<G>,
) -> Option<G> {
    let Some(quit) = quit else { return queue(until) };
    loop {
        let turn = Instant::now() + LOOK_EVERY;
        let turn = until.map_or(turn, |until| until.min(turn));
        let got = queue(Some(turn));
        if got.is_some() || quit.load(Ordering::Acquire) || until.is_some_and(|at| at <= turn) {
            return got;
        }
    }
}

/// A shard with its lock, in cache lines of its own.
#[repr(C, align(128))]
pub struct Cell {
    told: Told,
    /// Odd while somebody writes to the shard (see `glance`).
    version: AtomicU64,
    /// Values that were stored over old ones in their place. Relaxed: changed by
    /// whoever has made the version odd.
    renewed: AtomicU64,
    shard: RwLock<Shard>,
    /// Calls that found the lock taken. Relaxed: it orders nothing.
    contended: AtomicU64,
    /// The version at the last look at whether it changes, and how many such looks
    /// have found the same. Relaxed: a guess is as good.
    watched: (AtomicU64, AtomicU32),
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
    /// 1 while values are lent: nobody is writing, and whoever is about to calls them
    /// in first. Changed by who has made the version odd.
    lends: AtomicU32,
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
    /// A cell with this shard.
    pub fn new(shard: Shard) -> Cell {
        let told = Told::default();
        told.set(shard.place());
        Cell {
            told,
            version: AtomicU64::new(0),
            renewed: AtomicU64::new(0),
            shard: RwLock::new(shard),
            contended: AtomicU64::new(0),
            watched: (AtomicU64::new(0), AtomicU32::new(0)),
        }
    }

    /// How often a call found the lock taken.
    pub fn contended(&self) -> u64 {
        self.contended.load(Ordering::Relaxed)
    }

    /// How many values were stored over old ones in their place.
    pub fn renewed(&self) -> u64 {
        self.renewed.load(Ordering::Relaxed)
    }

    /// Bytes of an empty one.
    pub fn bytes(&self) -> u64 {
        size_of::<Cell>() as u64 + self.read().overhead_bytes()
    }

    /// Takes over what another has counted, of whose shard nothing is left, for one
    /// who writes to both.
    pub fn take_counts(&self, of: &Cell) {
        let renewed = self.renewed() + of.renewed.swap(0, Ordering::Relaxed);
        self.renewed.store(renewed, Ordering::Relaxed);
        let contended = of.contended.swap(0, Ordering::Relaxed);
        self.contended.fetch_add(contended, Ordering::Relaxed);
    }

    /// A look past the lock, unless somebody is writing.
    #[inline(always)]
    pub fn glance<'a>(&'a self, stay: &'a Alone) -> Option<Glance<'a>> {
        Glance::begin(&self.version, stay, || self.told.get())
    }

    /// The lock beside other readers, if it is free for them.
    #[inline(always)]
    pub fn try_read(&self) -> Option<RwLockReadGuard<'_, Shard>> {
        self.shard.try_read().map(|shard| self.quiet(shard))
    }

    /// Waits for the lock, beside other readers.
    pub fn read(&self) -> RwLockReadGuard<'_, Shard> {
        self.quiet(self.shard.read())
    }

    /// As [`Cell::read`], after a try in vain, no longer than until then, if ever, and
    /// until it is to quit.
    #[cold]
    pub fn wait_to_read(
        &self,
        until: Option<Instant>,
        quit: Quit,
    ) -> Option<RwLockReadGuard<'_, Shard>> {
        self.contended.fetch_add(1, Ordering::Relaxed);
        let queue = |until| match until {
            None => Some(self.shard.read()),
            Some(until) => self.shard.try_read_until(until),
        };
        let shard = self.soon(|| self.shard.try_read()).or_else(|| in_turns(until, quit, queue));
        shard.map(|shard| self.quiet(shard))
    }

    /// The lock, if it is free.
    #[inline(always)]
    pub fn try_write(&self) -> Option<Writing<'_>> {
        self.shard.try_write().map(|shard| Writing::begin(self, shard))
    }

    /// Waits for the lock.
    pub fn write(&self) -> Writing<'_> {
        Writing::begin(self, self.shard.write())
    }

    /// As [`Cell::write`], after a try in vain, no longer than until then, if ever, and
    /// until it is to quit.
    #[cold]
    pub fn wait_to_write(&self, until: Option<Instant>, quit: Quit) -> Option<Writing<'_>> {
        self.contended.fetch_add(1, Ordering::Relaxed);
        let queue = |until| match until {
            None => Some(self.shard.write()),
            Some(until) => self.shard.try_write_until(until),
        };
        let shard = self.soon(|| self.shard.try_write()).or_else(|| in_turns(until, quit, queue));
        shard.map(|shard| Writing::begin(self, shard))
    }

    /// Takes the lock if it comes free before it is worth queueing for.
    fn soon<G>(&self, take: impl Fn() -> Option<G>) -> Option<G> {
        (0..PAUSES).find_map(|_| {
            spin_loop();
            if self.is_locked() { None } else { take() }
        })
    }

    /// As [`Cell::write`], if it need not wait and nobody has written since the
    /// look.
    #[inline(always)]
    pub fn write_after(&self, glance: &Glance<'_>) -> Option<Writing<'_>> {
        let shard = self.try_write()?;
        let version = self.version.load(Ordering::Relaxed);
        (version == glance.version() + 1).then_some(shard)
    }

    /// Leave to write over a value past the lock, if nobody has written since the
    /// look and nobody has the lock. For a few dozen instructions: whoever comes
    /// for the lock meanwhile waits without queueing.
    #[inline(always)]
    pub fn pass(&self, glance: &Glance<'_>) -> Option<Passing<'_>> {
        debug_assert!(glance.is_of(&self.version), "a look into another shard");
        let (before, odd) = (glance.version(), glance.version() + 1);
        // Acquire: what was written before is there to be written over.
        self.version.compare_exchange(before, odd, Ordering::Acquire, Ordering::Relaxed).ok()?;
        let passing = Passing { cell: self, after: before };
        settle();
        // What is written from here on is not seen before the version is.
        fence(Ordering::Release);
        // Who has the lock calls in what is lent.
        (!self.shard.is_locked() && !self.lends()).then_some(passing)
    }

    /// The lock of one who has not begun to write.
    #[cfg(test)]
    pub fn lock(&self) -> crate::sync::RwLockWriteGuard<'_, Shard> {
        self.shard.write()
    }

    /// Whether somebody is about to write, or is writing.
    #[inline(always)]
    pub fn is_locked(&self) -> bool {
        self.shard.is_locked_exclusive()
    }

    /// For one who has just taken the lock beside other readers: waits until nobody
    /// is passing by any more.
    #[inline(always)]
    fn quiet<G>(&self, lock: G) -> G {
        settle();
        // Acquire: what was written in passing is there to be read.
        if self.version.load(Ordering::Acquire) & 1 == 1 {
            self.wait_out();
        }
        lock
    }

    #[cold]
    fn wait_out(&self) {
        for turn in 0u32.. {
            if self.version.load(Ordering::Acquire) & 1 == 0 {
                return;
            }
            pause(turn);
        }
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

    /// Has the processor fetch the lock's line, to be written.
    #[inline(always)]
    pub fn fetch_version(&self) {
        fetch_to_write((&raw const self.version).cast());
    }

    /// Has the processor fetch the bucket that is most likely a hash's home, and
    /// the lock's line.
    #[inline(always)]
    pub fn fetch_bucket(&self, hash: u64) {
        self.fetch_version();
        let buckets = self.told.buckets.load(Ordering::Relaxed);
        let home = table::home_of(hash, self.told.count.load(Ordering::Relaxed));
        fetch(table::bucket_at(buckets, home));
    }

    /// Makes an even version odd, for who has the lock; false if it is odd.
    #[inline(always)]
    fn make_odd(&self) -> bool {
        let version = self.version.load(Ordering::Relaxed);
        let (before, odd) = (version & !1, version | 1);
        // Acquire: what was written in passing is there.
        self.version.compare_exchange(before, odd, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    #[inline(always)]
    fn add_renewed(&self) {
        self.renewed.store(self.renewed() + 1, Ordering::Relaxed);
    }
}
