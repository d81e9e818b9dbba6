//! Entries that lie behind their home, and how they come back.

use super::{Entry, NIL, PASSED_MAX, STEPS_LOST, Slot, Table, WIDTH, has_passed, replace_id};

/// How many entries a removal pulls back at most, each into the place of the
/// one before it. A third would shorten few ways.
const PULLS_MAX: usize = 2;

impl Table {
    /// One entry fewer lies beyond a bucket that it passed.
    pub(super) fn count_down(&mut self, at: usize) {
        // A count that reached its top has lost track, and stays.
        let count = &mut self.buckets[at].tags[WIDTH];
        if *count & PASSED_MAX != PASSED_MAX {
            *count -= 1;
        }
    }

    /// Pulls an entry that had passed by back into a place that has come free,
    /// and another one into that one's.
    pub(super) fn refill(&mut self, mut free: Slot) {
        for _ in 0..PULLS_MAX {
            let Some((slot, steps)) = self.passer(free.0 as usize >> 3) else { return };
            self.relocate(slot, free, steps);
            free = slot;
        }
    }

    /// The nearest entry that has passed a bucket, and how far behind it lies.
    fn passer(&self, bucket: usize) -> Option<(Slot, u32)> {
        let mut at = bucket;
        for back in 1..STEPS_LOST {
            // What has passed the bucket has passed all up to its own.
            if !has_passed(self.buckets[at].tags) {
                return None;
            }
            at = self.after(at);
            if let Some(i) = self.passer_in(at, back) {
                return Some((Slot::of(at, i), back));
            }
        }
        None
    }

    /// An entry of a bucket that has passed the one so many before.
    fn passer_in(&self, bucket: usize, back: u32) -> Option<usize> {
        let (tags, backs) = (&self.buckets[bucket].tags, &self.backs[bucket]);
        let passed = |i: usize| (back..STEPS_LOST).contains(&backs.steps_of(i)) && tags[i] != 0;
        match backs.steps {
            0 => None,
            _ => (0..WIDTH).find(|i| passed(*i)),
        }
    }

    /// Moves an entry, with its place on its list, to a free slot that lies so
    /// many buckets nearer to its home.
    fn relocate(&mut self, from: Slot, to: Slot, steps: u32) {
        let (at, i) = (from.0 as usize >> 3, from.0 as usize & 7);
        let (new_at, new_i) = (to.0 as usize >> 3, to.0 as usize & 7);
        let bucket = &mut self.buckets[at];
        let (entry, tag) = (bucket.entries[i].take(), std::mem::take(&mut bucket.tags[i]));
        let (link, left) = (self.backs[at].links[i], self.backs[at].steps_of(i) - steps);
        let expiry_ms = entry.as_ref().map_or(0, Entry::expiry_ms);
        let bucket = &mut self.buckets[new_at];
        bucket.tags[new_i] = tag;
        if let Some(entry) = entry {
            bucket.put(new_i, entry);
        }
        self.backs[new_at].links[new_i] = link;
        self.backs[new_at].set_steps(new_i, left);
        let list = self.list_of(to) as usize;
        match link.prev & NIL {
            NIL => self.lists[list].head = to.0,
            prev => replace_id(&mut self.link_of(prev).next, to.0),
        }
        match link.next & NIL {
            NIL => self.lists[list].tail = to.0,
            next => replace_id(&mut self.link_of(next).prev, to.0),
        }
        let mut passed = new_at;
        while passed != at {
            self.count_down(passed);
            passed = self.after(passed);
        }
        // It lapses no earlier than it expires.
        self.lower_due(to, (expiry_ms != 0).then_some(expiry_ms));
    }
}
