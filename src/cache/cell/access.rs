//! The ways to write to a shard: under its lock, and past it.

use std::ops::{Deref, DerefMut};

use super::Cell;
use crate::cache::processor::settle;
use crate::cache::shard::Shard;
use crate::sync::RwLockWriteGuard;
use crate::sync::atomic::{Ordering, fence};

/// Write access to a shard. While it lasts the version is odd.
pub struct Writing<'a> {
    cell: &'a Cell,
    shard: RwLockWriteGuard<'a, Shard>,
}

impl<'a> Writing<'a> {
    #[inline(always)]
    pub(super) fn begin(cell: &'a Cell, shard: RwLockWriteGuard<'a, Shard>) -> Writing<'a> {
        settle();
        while !cell.make_odd() {
            cell.wait_out();
        }
        // What is written from here on is not seen before the version is.
        fence(Ordering::Release);
        if cell.lends() {
            cell.call_in();
        }
        Writing { cell, shard }
    }

    /// Counts a value that was stored over an old one in its place.
    #[inline(always)]
    pub(in crate::cache) fn add_renewed(&self) {
        self.cell.add_renewed();
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

/// Leave to write over a value past the lock. While it lasts the version is odd.
pub struct Passing<'a> {
    pub(super) cell: &'a Cell,
    /// The version to come.
    pub(super) after: u64,
}

impl Passing<'_> {
    /// A value was stored over an old one: who looked before has read nothing.
    #[inline(always)]
    pub fn renewed(&mut self) {
        self.after += 2;
        self.cell.add_renewed();
    }
}

impl Drop for Passing<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        // Release: who sees this version sees all that was written before.
        self.cell.version.store(self.after, Ordering::Release);
    }
}
