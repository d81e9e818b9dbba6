//! A bucket, its back, and what a hash says of them.

use crate::cache::entry::Entry;
use crate::cache::processor::{self, MATCH_BITS};

/// Entries to a bucket.
pub const WIDTH: usize = 7;
/// In a bucket's last tag: how many entries passed by, so many or more.
pub const PASSED_MAX: u8 = LARGE - 1;
/// Beside it: whether a large entry has ever been in the bucket.
const LARGE: u8 = 0x80;
/// Where in a bucket the entries are, after the tags.
pub const ENTRIES_AT: usize = 8;
/// No slot: the end of a list.
pub const NIL: u32 = (1 << ID_SHIFT) - 1;
/// The upper four bits of each link hold half of the list's number.
pub const ID_SHIFT: u32 = 28;
/// Steps from home that are told apart; so many or more count as lost.
pub const STEPS_LOST: u32 = 15;
/// A time that never comes.
pub const NEVER: u32 = u32::MAX;

/// Where an entry lies, until the table is rebuilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot(pub(super) u32);

impl Slot {
    /// The place of a number in a bucket.
    #[inline(always)]
    pub fn of(bucket: usize, i: usize) -> Slot {
        Slot((bucket << 3 | i) as u32)
    }
}

/// The slots before and after an entry on its list, each with half of the
/// list's number above it.
#[derive(Clone, Copy)]
pub struct Link {
    /// Towards the head.
    pub prev: u32,
    /// Towards the tail.
    pub next: u32,
}

/// What look-ups read: a cache line.
#[repr(C, align(64))]
#[derive(Default)]
pub struct Bucket {
    /// Tags of the entries, 0 for none; last, what [`PASSED_MAX`] says.
    pub tags: [u8; 8],
    /// Filled and free places in any order.
    pub entries: [Option<Entry>; WIDTH],
}

impl Bucket {
    /// Puts an entry in a place; the one before it.
    #[inline]
    pub fn put(&mut self, i: usize, entry: Entry) -> Option<Entry> {
        if entry.is_large() {
            self.tags[WIDTH] |= LARGE;
        }
        self.entries[i].replace(entry)
    }
}

// What `glance` builds on.
const _: () = assert!(std::mem::offset_of!(Bucket, entries) == ENTRIES_AT);
const _: () = assert!(size_of::<Option<Entry>>() == size_of::<*const u8>());

/// Whether entries have passed a bucket, by its tags: those that found it full.
#[inline(always)]
pub fn has_passed(tags: [u8; 8]) -> bool {
    tags[WIDTH] & PASSED_MAX != 0
}

/// Whether a bucket may hold a large entry, by its tags.
#[inline(always)]
pub fn has_large(tags: [u8; 8]) -> bool {
    tags[WIDTH] & LARGE != 0
}

/// What writers need of a bucket beside it.
#[repr(C, align(64))]
pub struct Back {
    /// Of each entry.
    pub links: [Link; WIDTH],
    /// No entry here lapses before this tick.
    pub due: u32,
    /// Four bits an entry: by how many buckets it has missed its home.
    pub steps: u32,
}

impl Default for Back {
    fn default() -> Self {
        Back { links: [Link { prev: NIL, next: NIL }; WIDTH], due: NEVER, steps: 0 }
    }
}

impl Back {
    /// By how many buckets an entry has missed its home, up to [`STEPS_LOST`].
    pub fn steps_of(&self, i: usize) -> u32 {
        self.steps >> (i * 4) & STEPS_LOST
    }

    /// Notes them.
    pub fn set_steps(&mut self, i: usize, steps: u32) {
        self.steps = self.steps & !(STEPS_LOST << (i * 4)) | steps.min(STEPS_LOST) << (i * 4);
    }
}

/// Puts another slot into a link's word, beside its half of the list's number.
pub fn replace_id(word: &mut u32, slot: u32) {
    *word = *word & !NIL | slot;
}

/// The tag of a hash; never 0.
#[inline]
pub fn tag_of(hash: u64) -> u8 {
    (hash >> 24) as u8 | 0x80
}

/// Which of a bucket's entries have a tag: see [`processor::matches`].
#[inline(always)]
pub fn matches(tags: [u8; 8], tag: u8) -> u64 {
    const ENTRIES: u64 = (1 << (WIDTH * MATCH_BITS)) - 1;
    processor::matches(tags, tag) & ENTRIES
}

/// The bucket, of so many, in which a hash is at home.
#[inline(always)]
pub fn home_of(hash: u64, buckets: usize) -> usize {
    (((hash >> 32) * buckets as u64) >> 32) as usize
}

/// Where a bucket is, when there are any at such an address.
#[inline(always)]
pub fn bucket_at(buckets: usize, number: usize) -> *const u8 {
    buckets.wrapping_add(number * size_of::<Bucket>()) as *const u8
}

/// As [`bucket_at`], of a bucket's back.
#[inline(always)]
pub fn back_at(backs: usize, number: usize) -> *const u8 {
    backs.wrapping_add(number * size_of::<Back>()) as *const u8
}
