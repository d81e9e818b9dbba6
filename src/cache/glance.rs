//! Looking into a shard without its lock.
//!
//! A shard's version is odd while somebody writes to it, and another one
//! afterwards. Who finds the same even version before and after has read what
//! no writer touched meanwhile; who does not has read nothing, and takes the
//! lock. So a look-up writes to no line that other threads read, but the entry's
//! own. This is a sequence lock, as in Lameter, "Effective synchronization on
//! Linux/NUMA systems", Gelato 2005.
//!
//! What is read meanwhile may be anything, so each step is checked before the
//! next one builds on it: where the buckets are, before one is read; where the
//! entry is, before its header is; its lengths, before its bytes. Memory that
//! was a table's or a small entry's stays mapped, and a block of entries,
//! through the section in which the look-up runs (see `heap`). Large entries
//! are not found here: their buckets say so.
//!
//! Bytes that a writer may be changing are read as if none were: the language
//! has no other way to read them fast, and they are thrown away unless the
//! version says that nobody was. All sequence locks do so.

#![allow(unsafe_code)]

use std::ptr::NonNull;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering::Relaxed};

use super::cell::Passing;
use super::entry::Seen;
use super::processor::MATCH_BITS;
use super::table::{self, Slot};
use crate::section::Alone;
use crate::sync::atomic::{self, Ordering, fence};

/// Buckets that are looked into at most.
const STEPS_MAX: usize = 8;

/// What of a shard is to be known before it is looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Where the table's buckets are.
    pub buckets: usize,
    /// Where their backs are.
    pub backs: usize,
    /// How many there are.
    pub count: usize,
    /// The number of shards less one, as far as the shard has been told.
    pub mask: usize,
    /// Cache lines of a usual entry after the first.
    pub ahead: u32,
    /// See `Policy::counts_up_to`.
    pub counts_up_to: u32,
}

/// A look into a shard that nobody was writing to when it began.
#[derive(Clone, Copy)]
pub struct Glance<'a> {
    version: &'a atomic::AtomicU64,
    began: u64,
    place: Place,
    stay: &'a Alone,
}

/// What a look found.
pub enum Found<'a> {
    /// A small entry that is neither packed nor negative, and where it lies.
    Plain(Seen<'a>, Slot),
    /// There was none, for sure.
    Absent,
    /// Whatever else: take the lock.
    Unclear,
}

impl<'a> Glance<'a> {
    /// Begins to look; none if somebody is writing. `place` is what the shard has
    /// told of itself. The stay must last until nothing that
    /// was found is looked at any more.
    #[inline(always)]
    pub fn begin(
        version: &'a atomic::AtomicU64,
        stay: &'a Alone,
        place: impl FnOnce() -> Place,
    ) -> Option<Glance<'a>> {
        // A sanitizer does not know that what is read may have gone.
        if cfg!(any(miri, feature = "system-heap")) {
            return None;
        }
        let began = version.load(Ordering::Acquire);
        let glance = Glance { version, began, place: place(), stay };
        (began & 1 == 0 && glance.holds()).then_some(glance)
    }

    /// Whether nobody has written since it began, so that what was read is true.
    #[inline(always)]
    pub fn holds(&self) -> bool {
        fence(Ordering::Acquire);
        self.version.load(Ordering::Relaxed) == self.began
    }

    /// The stay in which it looks.
    #[inline(always)]
    pub fn stay(&self) -> &'a Alone {
        self.stay
    }

    /// Whether it looks at what this is the version of.
    pub fn is_of(&self, version: &atomic::AtomicU64) -> bool {
        std::ptr::eq(self.version, version)
    }

    /// The version that it found.
    #[inline(always)]
    pub fn version(&self) -> u64 {
        self.began
    }

    /// What the shard has told of itself.
    #[inline(always)]
    pub fn place(&self) -> Place {
        self.place
    }

    /// Finds the entry of a key if it is the first of its bucket with the key's tag,
    /// which nearly all are, and whatever else would stand in the way of that costs
    /// more than to begin anew. `ahead` of its cache lines after the first will be
    /// needed too.
    #[inline(always)]
    pub fn find_first(&self, hash: u64, key: &[u8], ahead: usize) -> Found<'a> {
        let at = table::home_of(hash, self.place.count);
        let Some((bucket, tags)) = self.tags(at) else { return Found::Unclear };
        let matches = table::matches(tags, table::tag_of(hash));
        if matches == 0 {
            let absent = !table::has_passed(tags) && self.holds();
            return if absent { Found::Absent } else { Found::Unclear };
        }
        let i = matches.trailing_zeros() as usize / MATCH_BITS;
        let Some(seen) = self.entry(bucket, i, ahead) else { return Found::Unclear };
        // SAFETY: what it says of itself was true just now.
        match unsafe { seen.is_plain_of(key) } {
            true => Found::Plain(seen, Slot::of(at, i)),
            false => Found::Unclear,
        }
    }

    /// Finds the entry of a key, wherever it may lie.
    #[inline]
    pub fn find(&self, hash: u64, key: &[u8]) -> Found<'a> {
        let mut at = table::home_of(hash, self.place.count);
        for _ in 0..STEPS_MAX {
            match self.find_in(at, hash, key) {
                (Found::Absent, true) => {}
                (found, _) => return found,
            }
            at = if at + 1 == self.place.count { 0 } else { at + 1 };
        }
        Found::Unclear
    }

    /// As [`Entry::renew`](super::entry::Entry::renew), of what it found, which has
    /// a hit more then; for who is writing in passing since nobody has written.
    #[inline(always)]
    pub fn renew(&self, _: &Passing<'_>, seen: &Seen<'a>, value: &[u8], expiry_ms: u64) -> bool {
        // SAFETY: `find_in` has seen it in the table, where it still is, for nobody
        // has written before the one who calls.
        unsafe { seen.renew(value, expiry_ms, self.place.counts_up_to) }
    }

    /// Copies the value of what it found to a place of its length; whether that
    /// was it.
    #[inline(always)]
    pub fn copy(&self, seen: &Seen<'a>, place: &mut [u8]) -> bool {
        // SAFETY: `find_in` has seen that what it says of itself was true.
        unsafe { seen.copy_to(place) };
        self.holds()
    }

    /// The part of one bucket, and whether to go on to the next.
    fn find_in(&self, at: usize, hash: u64, key: &[u8]) -> (Found<'a>, bool) {
        let Some((bucket, tags)) = self.tags(at) else { return (Found::Unclear, false) };
        let mut matches = table::matches(tags, table::tag_of(hash));
        while matches != 0 {
            let i = matches.trailing_zeros() as usize / MATCH_BITS;
            let Some(seen) = self.entry(bucket, i, 0) else { return (Found::Unclear, false) };
            // SAFETY: what it says of itself was true just now.
            if unsafe { seen.has_key(key) } {
                return (Found::of(seen, Slot::of(at, i)), false);
            }
            matches &= matches - 1;
        }
        match self.holds() {
            true => (Found::Absent, table::has_passed(tags)),
            false => (Found::Unclear, false),
        }
    }

    /// A bucket and its tags; none if it has large entries.
    #[inline(always)]
    fn tags(&self, at: usize) -> Option<(*const u8, [u8; 8])> {
        let bucket = table::bucket_at(self.place.buckets, at);
        // SAFETY: `begin` has seen that there was a table of so many buckets at
        // this address, which stays mapped while the stay lasts. A bucket begins
        // with eight tags, aligned to eight.
        let tags = unsafe { (*bucket.cast::<AtomicU64>()).load(Relaxed) }.to_ne_bytes();
        (!table::has_large(tags)).then_some((bucket, tags))
    }

    /// An entry of a bucket from [`Glance::tags`], and what it says of itself; none
    /// if that need not be true.
    #[inline(always)]
    fn entry(&self, bucket: *const u8, i: usize, ahead: usize) -> Option<Seen<'a>> {
        let entries = bucket.wrapping_add(table::ENTRIES_AT).cast::<AtomicPtr<()>>();
        // SAFETY: as in `tags`; the entries are addresses, side by side.
        let entry = NonNull::new(unsafe { (*entries.wrapping_add(i)).load(Relaxed) })?;
        if !self.holds() {
            return None;
        }
        // SAFETY: it was in the table just now, in a bucket without large
        // entries: until the stay ends there is a block of entries.
        let seen = unsafe { Seen::at(entry, self.stay, ahead) };
        self.holds().then_some(seen)
    }
}

impl<'a> Found<'a> {
    fn of(seen: Seen<'a>, slot: Slot) -> Found<'a> {
        match seen.is_plain() {
            true => Found::Plain(seen, slot),
            false => Found::Unclear,
        }
    }
}
