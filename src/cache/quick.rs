//! The shortest way to a hit.
//!
//! Most look-ups find a live, plain entry in a shard that nobody writes to.
//! This is that case alone, in as few steps as it takes: it is a hundred
//! nanoseconds in which every instruction shows. It looks without the shard's
//! lock (see `glance`), or, where that does not do, under it. Whatever is out of
//! the ordinary leaves through one exit, before anything has been counted or
//! noted, and is done again by `lookup`.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::Cache;
use super::cell::Cell;
use super::entry::{Entry, Seen, Value};
use super::glance::{Found, Glance};
use super::handed::Handed;
use super::lent::Free;
use super::processor::settle;
use crate::section::Alone;

/// Values up to this size are copied while looking, under the lock or without it;
/// larger ones afterwards.
pub(super) const COPIED: usize = 1024;

/// What the shortest way came to.
pub enum Quick<R> {
    /// A live entry.
    Hit(R),
    /// There is none.
    Miss,
    /// It is not known yet: this way goes on.
    Unsure(Next),
}

/// The ways that a look-up can go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// [`Cache::late_value`] or [`Cache::late_copy`]: the entry lies elsewhere, or
    /// somebody is writing to the shard.
    Look,
    /// The same: the policy is to be told of the hit, under the lock.
    Lock,
    /// [`Cache::fetch_unsure`] or [`Cache::fetch_into`]: it is out of the ordinary.
    Fetch,
}

/// What becomes of an entry that was found.
trait Take {
    type Taken;
    /// Whether it reads the value.
    const READS: bool;
    /// Whether it can be done with a value so long.
    fn fits(&self, len: usize) -> bool;
    /// Takes what was found without a lock; none if that was not true any more.
    fn seen<'a>(self, seen: &Seen<'a>, cell: &Cell, glance: &Glance<'a>) -> Option<Self::Taken>;
    /// Takes what was found under the lock; none if it cannot be.
    fn held(self, entry: &Entry, value: &[u8]) -> Option<Self::Taken>;
}

/// Copies the value to the start of a place; its length.
struct Copied<'a>(&'a mut [u8]);

impl<'a> Copied<'a> {
    /// To the start of a place, which is all that a value copied so can take of it.
    #[inline(always)]
    fn to(place: &'a mut [u8]) -> Copied<'a> {
        let room = place.len().min(COPIED);
        Copied(&mut place[..room])
    }
}

impl Take for Copied<'_> {
    type Taken = usize;
    const READS: bool = true;

    #[inline(always)]
    fn fits(&self, len: usize) -> bool {
        len <= self.0.len()
    }

    #[inline(always)]
    fn seen<'a>(self, seen: &Seen<'a>, _: &Cell, glance: &Glance<'a>) -> Option<usize> {
        let place = self.0.get_mut(..seen.value_len())?;
        glance.copy(seen, place).then_some(place.len())
    }

    #[inline(always)]
    fn held(self, _: &Entry, value: &[u8]) -> Option<usize> {
        self.0.get_mut(..value.len())?.copy_from_slice(value);
        Some(value.len())
    }
}

/// Takes a reference, lent or counted.
struct Shared;

impl Take for Shared {
    type Taken = Handed;
    const READS: bool = false;

    #[inline(always)]
    fn fits(&self, _: usize) -> bool {
        true
    }

    #[inline(always)]
    fn seen<'a>(self, seen: &Seen<'a>, cell: &Cell, glance: &Glance<'a>) -> Option<Handed> {
        if cell.lends()
            && let Some(free) = Free::of(glance.stay())
        {
            return free.lend(seen.address(), || glance.holds()).map(Handed::Lent);
        }
        let entry = seen.share()?;
        settle();
        // Who has the lock already may have seen the entry without this
        // reference, and not have said that it is writing.
        (!cell.is_locked() && glance.holds()).then(|| Value::of(entry).into())
    }

    #[inline(always)]
    fn held(self, entry: &Entry, _: &[u8]) -> Option<Handed> {
        entry.share().map(|entry| Value::of(entry).into())
    }
}

impl Cache {
    /// Copies the value of a key to the start of `place` and answers its
    /// length. What lies beyond it in `place`, and all of it without a hit, may
    /// have changed.
    #[inline(always)]
    pub fn quick_copy(&self, stay: &Alone, key: &[u8], place: &mut [u8]) -> Quick<usize> {
        self.quick(stay, key, Copied::to(place))
    }

    /// Goes on where [`Cache::quick_copy`] was unsure.
    #[cold]
    pub fn late_copy(
        &self,
        stay: &Alone,
        key: &[u8],
        place: &mut [u8],
        next: Next,
    ) -> Quick<usize> {
        self.late(stay, key, Copied::to(place), next)
    }

    /// Both, in one stay.
    #[inline]
    pub fn soon_copy(&self, stay: &Alone, key: &[u8], place: &mut [u8]) -> Quick<usize> {
        match self.quick_copy(stay, key, place) {
            Quick::Unsure(next) => self.late_copy(stay, key, place, next),
            found => found,
        }
    }

    /// The value of a key.
    #[inline(always)]
    pub fn quick_value(&self, stay: &Alone, key: &[u8]) -> Quick<Handed> {
        self.quick(stay, key, Shared)
    }

    /// Goes on where [`Cache::quick_value`] was unsure.
    #[cold]
    pub fn late_value(&self, stay: &Alone, key: &[u8], next: Next) -> Quick<Handed> {
        self.late(stay, key, Shared, next)
    }

    #[inline(always)]
    fn quick<T: Take>(&self, stay: &Alone, key: &[u8], take: T) -> Quick<T::Taken> {
        // What memory is slowest to answer is asked first.
        let hash = self.shared.hash(key);
        let Some((cell, glance)) = self.directory.glance(hash, stay) else {
            return Quick::Unsure(Next::Look);
        };
        let Some(gets) = self.counted(stay, hash) else { return Quick::Unsure(Next::Fetch) };
        let place = glance.place();
        let ahead = if T::READS { place.ahead as usize } else { 0 };
        match glance.find_first(hash, key, ahead) {
            Found::Plain(seen, _) if place.counts_up_to > 0 => {
                self.take(gets, seen, cell, &glance, take)
            }
            Found::Plain(..) => Quick::Unsure(Next::Lock),
            Found::Absent => {
                self.metrics.untimed_miss(stay.line(), gets);
                Quick::Miss
            }
            Found::Unclear => Quick::Unsure(Next::Look),
        }
    }

    /// Where a look-up is counted; none if it is one of the few that are looked at
    /// more closely.
    #[inline(always)]
    fn counted(&self, stay: &Alone, hash: u64) -> Option<&AtomicU64> {
        let gets = self.metrics.untimed_get(stay.line())?;
        (!self.simulator.samples(hash)).then_some(gets)
    }

    /// Takes what was found, if it is still alive.
    #[inline(always)]
    fn take<'a, T: Take>(
        &self,
        gets: &AtomicU64,
        seen: Seen<'a>,
        cell: &Cell,
        glance: &Glance<'a>,
        take: T,
    ) -> Quick<T::Taken> {
        // The processor looks at the clock while it waits for the entry.
        let ends = is_near(seen.expiry_ms(), || self.clock.soon_ns());
        if ends || !take.fits(seen.value_len()) {
            return Quick::Unsure(Next::Fetch);
        }
        let Some(taken) = take.seen(&seen, cell, glance) else { return Quick::Unsure(Next::Fetch) };
        seen.count(glance.place().counts_up_to);
        gets.store(gets.load(Relaxed) + 1, Relaxed);
        Quick::Hit(taken)
    }

    /// The same wherever the entry lies, and in a shard that is being written to.
    #[inline(never)]
    fn late<T: Take>(&self, stay: &Alone, key: &[u8], take: T, next: Next) -> Quick<T::Taken> {
        if next == Next::Fetch {
            return Quick::Unsure(next);
        }
        let hash = self.shared.hash(key);
        let Some(gets) = self.counted(stay, hash) else { return Quick::Unsure(Next::Fetch) };
        let glance = match next {
            Next::Look => self.directory.glance(hash, stay),
            _ => return self.quick_held(stay.line(), gets, hash, key, take),
        };
        let Some((cell, glance)) = glance.or_else(|| self.directory.glance_soon(hash, stay)) else {
            return self.quick_held(stay.line(), gets, hash, key, take);
        };
        match glance.find(hash, key) {
            Found::Plain(seen, _) if glance.place().counts_up_to > 0 => {
                self.take(gets, seen, cell, &glance, take)
            }
            Found::Absent => {
                self.metrics.untimed_miss(stay.line(), gets);
                Quick::Miss
            }
            _ => self.quick_held(stay.line(), gets, hash, key, take),
        }
    }

    /// The same under the lock.
    #[inline(never)]
    fn quick_held<T: Take>(
        &self,
        line: usize,
        gets: &AtomicU64,
        hash: u64,
        key: &[u8],
        take: T,
    ) -> Quick<T::Taken> {
        let Some(shard) = self.directory.try_read(hash) else { return Quick::Unsure(Next::Fetch) };
        let ahead = if T::READS { shard.lines_ahead() } else { 0 };
        let Some(entry) = shard.table.get_ahead(hash, key, ahead) else {
            drop(shard);
            self.metrics.untimed_miss(line, gets);
            return Quick::Miss;
        };
        let Some((expiry_ms, value)) = entry.plain() else { return Quick::Unsure(Next::Fetch) };
        if is_near(expiry_ms, || self.clock.soon_ns()) || !take.fits(value.len()) {
            return Quick::Unsure(Next::Fetch);
        }
        let Some(taken) = take.held(entry, value) else { return Quick::Unsure(Next::Fetch) };
        shard.hit(entry.word());
        gets.store(gets.load(Relaxed) + 1, Relaxed);
        Quick::Hit(taken)
    }
}

/// Whether a time is nearer than a tick of the clock: the precise one decides.
#[inline(always)]
pub(super) fn is_near(expiry_ms: u64, soon_ns: impl FnOnce() -> u64) -> bool {
    expiry_ms != 0 && soon_ns() >= expiry_ms.wrapping_mul(1_000_000)
}
