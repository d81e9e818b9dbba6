//! Look-ups: the entry of a key, and entries by the order of hashes.

use super::bucket::{Bucket, Slot, WIDTH, has_passed, matches, tag_of};
use super::{Entry, Table};
use crate::cache::processor::MATCH_BITS;

impl Table {
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
        let end = self.first_hash(last);
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
