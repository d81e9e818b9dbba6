//! Chunks of 2 MiB, and the runs of pages in them.
//!
//! A run is taken from the chunk in which the fewest pages lie together that
//! are enough, so that the emptiest chunks become empty. An empty chunk goes
//! back to the system, and so do pages that lie idle, once those are many; the
//! chunk is of plain pages then, and goes once it is empty, so that another
//! begins with huge ones. The first chunk is of plain pages, for a small cache
//! should not take 2 MiB for ten entries; it becomes a huge one when another is
//! needed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ptr::NonNull;

use super::class::{CHUNK_PAGES, PAGE};
use super::system;
use crate::process_lock::ProcessLock;

/// What spans lie in: huge pages, the first page of each chunk its head.
pub static SMALL: ProcessLock<Pages> = ProcessLock::new(Pages::new(1, SPARE, Some(1)));
/// What large entries lie in.
pub static LARGE: ProcessLock<Pages> = ProcessLock::new(Pages::new(0, 128, None));

/// Pages of a new chunk, all idle at first, and as many as the tables of a
/// growing cache leave behind.
pub const SPARE: usize = CHUNK_PAGES + 256;
/// Pages may lie idle up to this part of those in use.
const IDLE_PART: usize = 32;
const WORDS: usize = CHUNK_PAGES / 64;

/// A bit for each page of a chunk.
#[derive(Clone, Copy, Default)]
struct Bits([u64; WORDS]);

impl Bits {
    fn set(&mut self, from: usize, len: usize, value: bool) {
        for page in from..from + len {
            let bit = 1 << (page % 64);
            match value {
                true => self.0[page / 64] |= bit,
                false => self.0[page / 64] &= !bit,
            }
        }
    }

    fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    fn and_not(&self, other: &Bits) -> Bits {
        Bits(std::array::from_fn(|i| self.0[i] & !other.0[i]))
    }

    /// The first page from `from` on whose bit is `value`, or the end.
    fn next(&self, from: usize, value: bool) -> usize {
        let flip = if value { 0 } else { u64::MAX };
        let mut skip = from % 64;
        for (i, word) in self.0.iter().enumerate().skip(from / 64) {
            let rest = (word ^ flip) >> skip << skip;
            if rest != 0 {
                return i * 64 + rest.trailing_zeros() as usize;
            }
            skip = 0;
        }
        CHUNK_PAGES
    }

    /// Runs of set bits: where each begins, and its length.
    fn runs(&self) -> impl Iterator<Item = (usize, usize)> {
        let mut at = 0;
        std::iter::from_fn(move || {
            let from = self.next(at, true);
            at = self.next(from, false);
            (from < CHUNK_PAGES).then_some((from, at - from))
        })
    }
}

struct Chunk {
    at: NonNull<u8>,
    used: Bits,
    /// Pages that the system has given memory to.
    backed: Bits,
    /// The longest run of unused pages.
    room: usize,
    /// Pages of it have been purged: it is to be of plain ones until all are used.
    sparse: bool,
}

// SAFETY: the address of memory that belongs to no thread.
unsafe impl Send for Chunk {}

impl Chunk {
    fn free(&self) -> Bits {
        Bits([u64::MAX; WORDS]).and_not(&self.used)
    }

    fn longest(&self) -> usize {
        self.free().runs().map(|(_, len)| len).max().unwrap_or(0)
    }
}

/// Chunks of one kind.
pub struct Pages {
    chunks: BTreeMap<usize, Chunk>,
    /// The chunks by their room.
    by_room: BTreeSet<(usize, usize)>,
    /// Pages at the start of each chunk that are never given out.
    head: usize,
    used: usize,
    /// Backed and not used.
    idle: usize,
    /// So many may be, however few are in use.
    idle_min: usize,
    /// From how many chunks on they are huge pages.
    huge_from: Option<usize>,
}

impl Pages {
    /// No chunks yet. `head` pages at the start of each are never given out;
    /// `idle_min` may be idle however few are in use; with `huge_from` or more
    /// chunks all are of huge pages.
    pub const fn new(head: usize, idle_min: usize, huge_from: Option<usize>) -> Pages {
        Pages {
            chunks: BTreeMap::new(),
            by_room: BTreeSet::new(),
            head,
            used: 0,
            idle: 0,
            idle_min,
            huge_from,
        }
    }

    /// Whether there is a run of so many pages without asking the system.
    pub fn has_room(&self, pages: usize) -> bool {
        self.by_room.range((pages, 0)..).next().is_some()
    }

    /// A run of pages, at most [`super::class::RUN_MAX`]; none when the system
    /// has no more.
    pub fn take(&mut self, pages: usize) -> Option<NonNull<u8>> {
        let base = match self.by_room.range((pages, 0)..).next() {
            Some((_, base)) => *base,
            None => self.grow()?,
        };
        self.change(base, |chunk| {
            let (at, _) = chunk.free().runs().find(|(_, len)| *len >= pages)?;
            chunk.used.set(at, pages, true);
            chunk.backed.set(at, pages, true);
            if chunk.sparse && chunk.used.count() == CHUNK_PAGES {
                chunk.sparse = false;
                system::prefer_huge(chunk.at, system::CHUNK);
            }
            // SAFETY: a page of the chunk.
            Some(unsafe { chunk.at.add(at * PAGE) })
        })?
    }

    /// Gives a run back.
    ///
    /// # Safety
    /// 1. It came from [`Pages::take`] with as many pages, and nobody uses it
    ///    any more.
    pub unsafe fn put(&mut self, run: NonNull<u8>, pages: usize) {
        let address = run.as_ptr() as usize;
        let base = address & !(system::CHUNK - 1);
        let head = self.head;
        let spent = self.change(base, |chunk| {
            chunk.used.set((address - base) / PAGE, pages, false);
            chunk.sparse && chunk.used.count() == head
        });
        if spent == Some(true) {
            self.unmap(base);
        }
        let limit = self.idle_min.max(self.used / IDLE_PART);
        if self.idle > limit {
            self.give_back(limit / 2);
        }
    }

    /// Bytes that the system has given memory to.
    #[cfg(test)]
    pub fn resident(&self) -> usize {
        (self.used + self.idle + self.head * self.chunks.len()) * PAGE
    }

    /// Chunks that are of plain pages since some of theirs went back.
    #[cfg(test)]
    pub fn sparse(&self) -> usize {
        self.chunks.values().filter(|chunk| chunk.sparse).count()
    }

    /// Changes what is used or backed of a chunk, and keeps the sums.
    fn change<R>(&mut self, base: usize, change: impl FnOnce(&mut Chunk) -> R) -> Option<R> {
        let chunk = self.chunks.get_mut(&base)?;
        let count = |chunk: &Chunk| {
            (chunk.used.count(), chunk.backed.and_not(&chunk.used).count(), chunk.room)
        };
        let before = count(chunk);
        let result = change(chunk);
        chunk.room = chunk.longest();
        let after = count(chunk);
        self.used = self.used + after.0 - before.0;
        self.idle = self.idle + after.1 - before.1;
        if before.2 != after.2 {
            self.by_room.remove(&(before.2, base));
            self.by_room.insert((after.2, base));
        }
        Some(result)
    }

    fn grow(&mut self) -> Option<usize> {
        let at = system::map_chunk()?;
        let base = at.as_ptr() as usize;
        let mut chunk =
            Chunk { at, used: Bits::default(), backed: Bits::default(), room: 0, sparse: false };
        chunk.used.set(0, self.head, true);
        chunk.backed.set(0, self.head, true);
        let count = self.chunks.len();
        if self.huge_from.is_some_and(|from| count >= from) {
            if self.huge_from == Some(count) {
                for earlier in self.chunks.values_mut() {
                    system::prefer_huge(earlier.at, system::CHUNK);
                    system::make_huge(earlier.at, system::CHUNK);
                    self.idle += CHUNK_PAGES - earlier.backed.count();
                    earlier.backed = Bits([u64::MAX; WORDS]);
                    earlier.sparse = false;
                }
            }
            system::prefer_huge(at, system::CHUNK);
            // The first touch brings all of it.
            chunk.backed = Bits([u64::MAX; WORDS]);
            self.idle += CHUNK_PAGES - self.head;
        }
        chunk.room = CHUNK_PAGES - self.head;
        self.by_room.insert((chunk.room, base));
        self.chunks.insert(base, chunk);
        Some(base)
    }

    /// Gives idle pages back to the system until so many are left: from the chunks
    /// with the most first, for each that loses some is of plain pages then, and
    /// an empty one, which goes whole, has the most of all.
    #[cold]
    fn give_back(&mut self, keep: usize) {
        let idle = |chunk: &Chunk| chunk.backed.and_not(&chunk.used).count();
        let mut idlest: Vec<_> =
            self.chunks.iter().map(|(base, chunk)| (idle(chunk), *base)).collect();
        idlest.sort_unstable_by_key(|chunk| Reverse(*chunk));
        for (_, base) in idlest {
            if self.idle <= keep {
                return;
            }
            match self.chunks.get(&base).is_some_and(|chunk| chunk.used.count() == self.head) {
                true => self.unmap(base),
                false => self.purge(base),
            }
        }
    }

    fn unmap(&mut self, base: usize) {
        if let Some(chunk) = self.chunks.remove(&base) {
            self.by_room.remove(&(chunk.room, base));
            self.idle -= chunk.backed.and_not(&chunk.used).count();
            // SAFETY: a chunk of ours, of which no run is used.
            unsafe { system::unmap(chunk.at, system::CHUNK) };
        }
    }

    fn purge(&mut self, base: usize) {
        let may_be_huge = self.huge_from.is_some();
        self.change(base, |chunk| {
            if may_be_huge && !chunk.sparse {
                chunk.sparse = true;
                system::avoid_huge(chunk.at);
            }
            let idle = chunk.backed.and_not(&chunk.used);
            for (from, len) in idle.runs() {
                // SAFETY: pages of the chunk that no run uses.
                unsafe { system::purge(chunk.at.add(from * PAGE), len * PAGE) };
            }
            chunk.backed = chunk.used;
        });
    }
}
