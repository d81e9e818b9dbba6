//! A shard's table: tag-probed buckets that also carry the policy's lists.
//!
//! A bucket is a cache line of seven one-byte tags and seven entries, so a
//! look-up reads one line of the table and then the entry. Its back, a line in
//! another array, holds what only writers need: the links of the list that each
//! entry is on, and the time before which nothing in the bucket lapses. Apart,
//! they leave twice as many buckets to a processor's caches.
//! An entry whose home is full lies in a later bucket, and every bucket that
//! it passed counts it; removal counts down, so there are no tombstones. It also
//! pulls back an entry that had passed by, into the place that has come free:
//! without that, places in full homes would fill with strangers as entries come
//! and go, until most look-ups of what is not there had to walk far.
//!
//! Lists are threaded through the buckets by slot number rather than by
//! address: an entry is unlinked from the middle in constant time, in safe
//! code, for eight bytes. The number of its list shares the words of the links.

mod due;
mod lists;
mod spread;
#[cfg(test)]
mod tests;

use super::entry::Entry;
use super::heap::{self, Array};
use super::processor::{self, MATCH_BITS};

pub use due::{end_of, tick_of};

/// Entries to a bucket.
const WIDTH: usize = 7;
/// In a bucket's last tag: how many entries passed by, and whether a large one
/// has ever been in it.
const PASSED_MAX: u8 = LARGE - 1;
const LARGE: u8 = 0x80;
/// Where in a bucket the entries are, after the tags.
pub const ENTRIES_AT: usize = 8;
/// Share of the slots that may be used, in 64ths: fuller tables are smaller
/// and probe more.
const FULL_64THS: usize = 49;
/// No slot: the end of a list.
const NIL: u32 = (1 << ID_SHIFT) - 1;
/// The upper four bits of each link hold half of the list's number.
const ID_SHIFT: u32 = 28;
/// Most buckets: what a link can name.
const BUCKETS_MAX: usize = (NIL >> 3) as usize;
/// Steps from home that are told apart; so many or more count as lost.
const STEPS_LOST: u32 = 15;
/// A time that never comes.
pub const NEVER: u32 = u32::MAX;
/// Buckets whose times are summed up in one word.
const GROUP: usize = 64;

/// Where an entry lies, until the table is rebuilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot(u32);

impl Slot {
    /// The place of a number in a bucket.
    #[inline(always)]
    pub fn of(bucket: usize, i: usize) -> Slot {
        Slot((bucket << 3 | i) as u32)
    }
}

#[derive(Clone, Copy)]
struct Link {
    prev: u32,
    next: u32,
}

#[repr(C, align(64))]
#[derive(Default)]
struct Bucket {
    /// Tags of the entries, 0 for none; last, what [`PASSED_MAX`] says.
    tags: [u8; 8],
    entries: [Option<Entry>; WIDTH],
}

impl Bucket {
    /// Puts an entry in a place; the one before it.
    #[inline]
    fn put(&mut self, i: usize, entry: Entry) -> Option<Entry> {
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
struct Back {
    links: [Link; WIDTH],
    /// No entry here lapses before this tick.
    due: u32,
    /// Four bits an entry: by how many buckets it has missed its home.
    steps: u32,
}

impl Default for Back {
    fn default() -> Self {
        Back { links: [Link { prev: NIL, next: NIL }; WIDTH], due: NEVER, steps: 0 }
    }
}

impl Back {
    fn steps_of(&self, i: usize) -> u32 {
        self.steps >> (i * 4) & STEPS_LOST
    }

    fn set_steps(&mut self, i: usize, steps: u32) {
        self.steps = self.steps & !(STEPS_LOST << (i * 4)) | steps.min(STEPS_LOST) << (i * 4);
    }
}

#[derive(Debug, Clone, Copy)]
struct List {
    head: u32,
    tail: u32,
    len: u32,
}

const EMPTY: List = List { head: NIL, tail: NIL, len: 0 };

/// Entries by hash, each on one list. The buckets, which look-ups read, first.
#[repr(C)]
pub struct Table {
    buckets: Array<Bucket>,
    /// As many as there are buckets.
    backs: Array<Back>,
    /// The earliest `due` of each [`GROUP`] of buckets.
    groups: Box<[u32]>,
    lists: Vec<List>,
    len: usize,
}

/// Puts another slot into a link's word, beside its half of the list's number.
fn replace_id(word: &mut u32, slot: u32) {
    *word = *word & !NIL | slot;
}

/// Bytes of so many buckets and their backs.
fn bucket_bytes(count: usize) -> usize {
    heap::taken(count * size_of::<Bucket>()) + heap::taken(count * size_of::<Back>())
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

impl Table {
    /// An empty table with room for `entries`, whose entries go on `lists`
    /// lists.
    pub fn new(entries: usize, lists: usize) -> Table {
        let buckets = Self::buckets_for(entries);
        Table {
            buckets: Array::new(buckets, Bucket::default),
            backs: Array::new(buckets, Back::default),
            groups: vec![NEVER; buckets.div_ceil(GROUP)].into(),
            lists: vec![EMPTY; lists],
            len: 0,
        }
    }

    fn buckets_for(entries: usize) -> usize {
        (entries * 64).div_ceil(WIDTH * FULL_64THS).clamp(1, BUCKETS_MAX)
    }

    /// The room that a table made for `entries` has.
    pub fn rounded(entries: usize) -> usize {
        (Self::buckets_for(entries) * WIDTH * FULL_64THS / 64).max(1)
    }

    /// Bytes that a table with room for `entries` takes.
    pub fn bytes_for(entries: usize) -> u64 {
        let buckets = Self::buckets_for(entries);
        (bucket_bytes(buckets) + buckets.div_ceil(GROUP) * 4) as u64 + 48
    }

    /// Bytes that it takes.
    pub fn bytes(&self) -> u64 {
        (bucket_bytes(self.buckets.len())
            + self.groups.len() * 4
            + self.lists.capacity() * size_of::<List>()) as u64
            + 64
    }

    /// Entries in it.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Entries that it takes before it must grow.
    #[inline]
    pub fn room(&self) -> usize {
        self.buckets.len() * WIDTH * FULL_64THS / 64
    }

    /// Whether it is as large as a table can be.
    pub fn is_largest(&self) -> bool {
        self.buckets.len() >= BUCKETS_MAX
    }

    #[inline]
    fn home(&self, hash: u64) -> usize {
        home_of(hash, self.buckets.len())
    }

    /// The addresses of the buckets and of their backs, and how many there are.
    #[inline(always)]
    pub fn place(&self) -> (usize, usize, usize) {
        (self.buckets.as_ptr() as usize, self.backs.as_ptr() as usize, self.buckets.len())
    }

    #[inline]
    fn after(&self, bucket: usize) -> usize {
        if bucket + 1 == self.buckets.len() { 0 } else { bucket + 1 }
    }

    /// Reads where a key's tag would be, so that the line is there soon.
    #[inline(always)]
    pub fn touch(&self, hash: u64) -> u8 {
        self.buckets[self.home(hash)].tags[0]
    }

    /// Has the processor fetch the entry that a hash most likely stands for, and
    /// so many of its cache lines after the first.
    #[inline(always)]
    pub fn fetch_entry(&self, hash: u64, lines: usize) {
        let bucket = &self.buckets[self.home(hash)];
        let found = matches(bucket.tags, tag_of(hash));
        if found != 0
            && let Some(entry) = &bucket.entries[found.trailing_zeros() as usize / MATCH_BITS]
        {
            entry.fetch();
            entry.fetch_ahead(lines);
        }
    }

    /// The entry of a key.
    #[inline(always)]
    pub fn get(&self, hash: u64, key: &[u8]) -> Option<&Entry> {
        self.get_ahead(hash, key, 0)
    }

    /// As [`Table::get`], when so many of the entry's cache lines after the first
    /// will be needed too.
    #[inline(always)]
    pub fn get_ahead(&self, hash: u64, key: &[u8], lines: usize) -> Option<&Entry> {
        self.probe(hash, key, lines).map(|(_, entry)| entry)
    }

    /// The slot of a key.
    pub fn find(&self, hash: u64, key: &[u8]) -> Option<Slot> {
        self.probe(hash, key, 0).map(|(slot, _)| slot)
    }

    /// As [`Table::find`], with lines ahead as [`Table::get_ahead`].
    #[inline(always)]
    pub fn find_ahead(&self, hash: u64, key: &[u8], lines: usize) -> Option<Slot> {
        self.probe(hash, key, lines).map(|(slot, _)| slot)
    }

    /// Nearly every key lies in its home bucket.
    #[inline(always)]
    fn probe(&self, hash: u64, key: &[u8], ahead: usize) -> Option<(Slot, &Entry)> {
        let at = self.home(hash);
        let bucket = &self.buckets[at];
        match self.within(at, bucket, hash, key, ahead) {
            None if has_passed(bucket.tags) => self.probe_on(at, hash, key),
            found => found,
        }
    }

    #[inline(never)]
    fn probe_on(&self, home: usize, hash: u64, key: &[u8]) -> Option<(Slot, &Entry)> {
        let mut at = home;
        for _ in 1..self.buckets.len() {
            at = self.after(at);
            let bucket = &self.buckets[at];
            let found = self.within(at, bucket, hash, key, 0);
            if found.is_some() || !has_passed(bucket.tags) {
                return found;
            }
        }
        None
    }

    #[inline(always)]
    fn within<'a>(
        &self,
        at: usize,
        bucket: &'a Bucket,
        hash: u64,
        key: &[u8],
        ahead: usize,
    ) -> Option<(Slot, &'a Entry)> {
        let mut found = matches(bucket.tags, tag_of(hash));
        while found != 0 {
            let i = found.trailing_zeros() as usize / MATCH_BITS;
            if let Some(entry) = &bucket.entries[i] {
                entry.fetch_ahead(ahead);
                if entry.has_key(key) {
                    return Some((Slot::of(at, i), entry));
                }
            }
            found &= found - 1;
        }
        None
    }

    /// Calls `each` for the entries whose hash has an upper half of `from` or
    /// more, in about so many buckets; the upper half from which to go on, or one
    /// beyond the largest at the end. The order is that of hashes, so the next
    /// part may as well be of a table that this one has been rebuilt to.
    pub fn scan<'a>(
        &'a self,
        from: u64,
        buckets: usize,
        hash: impl Fn(&Entry) -> u64,
        mut each: impl FnMut(&'a Entry, u64),
    ) -> u64 {
        let all = self.buckets.len();
        let first = self.home(from << 32);
        let last = (first + buckets).min(all);
        let end = ((last as u64) << 32).div_ceil(all as u64);
        let mut at = first;
        for step in 0..all {
            for entry in self.buckets[at].entries.iter().flatten() {
                let hash = hash(entry);
                if (from..end).contains(&(hash >> 32)) {
                    each(entry, hash);
                }
            }
            // What was full has sent some on.
            if first + step + 1 >= last && !has_passed(self.buckets[at].tags) {
                break;
            }
            at = self.after(at);
        }
        end
    }

    /// The entry in a slot.
    #[inline]
    pub fn entry(&self, slot: Slot) -> Option<&Entry> {
        self.buckets.get(slot.0 as usize >> 3)?.entries.get(slot.0 as usize & 7)?.as_ref()
    }

    /// The entry in a slot, to be changed.
    #[inline]
    pub fn entry_mut(&mut self, slot: Slot) -> Option<&mut Entry> {
        self.buckets.get_mut(slot.0 as usize >> 3)?.entries.get_mut(slot.0 as usize & 7)?.as_mut()
    }

    /// Puts an entry in, at the end of a list. The key must not be there yet,
    /// and there must be room.
    pub fn insert(&mut self, hash: u64, entry: Entry, lapse_ms: Option<u64>, list: u8) -> Slot {
        let (mut at, mut steps) = (self.home(hash), 0);
        loop {
            let bucket = &mut self.buckets[at];
            if let Some(i) = bucket.tags[..WIDTH].iter().position(|tag| *tag == 0) {
                bucket.tags[i] = tag_of(hash);
                bucket.put(i, entry);
                self.backs[at].set_steps(i, steps);
                self.len += 1;
                let slot = Slot::of(at, i);
                self.link(slot, list);
                self.lower_due(slot, lapse_ms);
                return slot;
            }
            let is_lost = bucket.tags[WIDTH] & PASSED_MAX == PASSED_MAX;
            bucket.tags[WIDTH] += !is_lost as u8;
            (at, steps) = (self.after(at), steps + 1);
        }
    }

    /// Puts another entry of the same key in the place of an old one.
    pub fn replace(&mut self, slot: Slot, entry: Entry, lapse_ms: Option<u64>) -> Option<Entry> {
        let old = self.buckets[slot.0 as usize >> 3].put(slot.0 as usize & 7, entry);
        self.lower_due(slot, lapse_ms);
        old
    }

    /// Takes the entry out of a slot; `hash` is that of its key. Other entries
    /// may move to other slots.
    pub fn take(&mut self, slot: Slot, hash: u64) -> Option<Entry> {
        self.unlink(slot);
        let (at, i) = (slot.0 as usize >> 3, slot.0 as usize & 7);
        let entry = self.buckets[at].entries[i].take()?;
        self.buckets[at].tags[i] = 0;
        self.len -= 1;
        let mut passed = self.home(hash);
        while passed != at {
            self.count_down(passed);
            passed = self.after(passed);
        }
        self.refill(slot);
        Some(entry)
    }

    /// Gives up every entry, with the number of its list: list by list, oldest
    /// first, so that another table can keep their order.
    pub fn drain(mut self) -> impl Iterator<Item = (Entry, u8)> {
        let (mut list, mut at) = (0usize, self.lists.first().map_or(NIL, |l| l.head));
        std::iter::from_fn(move || {
            while at == NIL {
                list += 1;
                at = self.lists.get(list)?.head;
            }
            let link = *self.link_of(at);
            let entry = self.buckets[at as usize >> 3].entries[at as usize & 7].take();
            at = link.next & NIL;
            entry.map(|entry| (entry, list as u8))
        })
    }

    /// Every entry, in the order of the buckets.
    #[cfg(test)]
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.buckets.iter().flat_map(|bucket| bucket.entries.iter().flatten())
    }

    /// The slot of the first entry at or after a place that `random` picks.
    pub fn pick(&self, random: u64) -> Option<Slot> {
        let buckets = self.buckets.len();
        let start = (random >> 32) as usize % buckets;
        let turn = random as usize % WIDTH;
        (0..buckets).map(|n| (start + n) % buckets).find_map(|at| {
            (0..WIDTH)
                .map(|n| (turn + n) % WIDTH)
                .find(|i| self.buckets[at].entries[*i].is_some())
                .map(|i| Slot::of(at, i))
        })
    }
}
