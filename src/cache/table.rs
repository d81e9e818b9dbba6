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

mod bucket;
mod due;
mod lists;
mod probe;
mod spread;
#[cfg(test)]
mod tests;

use super::entry::Entry;
use super::heap::{self, Array};
use bucket::{Back, Bucket, ID_SHIFT, Link, NIL, PASSED_MAX, STEPS_LOST, WIDTH, replace_id};

pub use bucket::{
    ENTRIES_AT, NEVER, Slot, back_at, bucket_at, has_large, has_passed, home_of, matches, tag_of,
};
pub use due::{Round, end_of, tick_of};

/// Share of the slots that may be used, in 64ths: fuller tables are smaller
/// and probe more.
const FULL_64THS: usize = 49;
/// Most buckets: what a link can name.
const BUCKETS_MAX: usize = (NIL >> 3) as usize;
/// Buckets whose times are summed up in one word.
const GROUP: usize = 64;
/// Upper halves of hashes.
pub const HASHES: u64 = 1 << 32;

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
    len: u32,
    /// The tick before which it is in vain to look for what has lapsed.
    soonest: u32,
}

/// Bytes of so many buckets, their backs and their groups.
fn bucket_bytes(count: usize) -> usize {
    heap::taken(count * size_of::<Bucket>())
        + heap::taken(count * size_of::<Back>())
        + heap::taken_plain(count.div_ceil(GROUP) * size_of::<u32>(), align_of::<u32>())
}

impl Table {
    /// An empty table with room for `entries`, whose entries go on `lists`
    /// lists.
    pub fn new(entries: usize, lists: usize) -> Table {
        let buckets = Self::buckets_for(entries);
        let backs = Array::new(buckets, Back::default);
        Self::of(Array::new(buckets, Bucket::default), backs, lists)
    }

    /// The same; none if there is no memory for it.
    pub fn try_new(entries: usize, lists: usize) -> Option<Table> {
        let count = Self::buckets_for(entries);
        // Both, before either is written to.
        let (buckets, backs) = (Array::room(count)?, Array::room(count)?);
        Some(Self::of(buckets.fill(Bucket::default), backs.fill(Back::default), lists))
    }

    fn of(buckets: Array<Bucket>, backs: Array<Back>, lists: usize) -> Table {
        let groups = vec![NEVER; buckets.len().div_ceil(GROUP)].into();
        let lists = vec![EMPTY; lists];
        Table { buckets, backs, groups, lists, len: 0, soonest: NEVER }
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
        bucket_bytes(Self::buckets_for(entries)) as u64
    }

    /// Bytes that it takes.
    pub fn bytes(&self) -> u64 {
        let lists = self.lists.capacity() * size_of::<List>();
        (bucket_bytes(self.buckets.len()) + heap::taken_plain(lists, align_of::<List>())) as u64
    }

    /// Entries in it.
    #[inline]
    pub fn len(&self) -> usize {
        self.len as usize
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

    /// The least upper half of the hashes that are at home in a bucket or later.
    fn first_hash(&self, bucket: usize) -> u64 {
        (bucket as u64 * HASHES).div_ceil(self.buckets.len() as u64)
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
}
