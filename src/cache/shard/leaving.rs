//! Entries on their way out of a shard: what leaves goes to the [`Departures`], and
//! its credit stays in hand.

use super::{BORN, SMALLEST_ROOM, Shard, Shared, is_followed};
use crate::cache::budget::Amount;
use crate::cache::departure::{Departures, Reason};
use crate::cache::entry::Entry;
use crate::cache::table::{Round, Slot, Table};

/// A table is sparse that has room for so many times its entries: those are large ones
/// then, of whole pages. For smaller ones it stays, since what it would give up the
/// process could not use well while sizes shift: their pages are used in part.
const SPARSE: usize = 128;

impl Shard {
    pub(super) fn leaves(
        &mut self,
        shared: &Shared,
        entry: Entry,
        reason: Reason,
        out: &mut Departures,
    ) {
        self.counts.left[reason as usize] += 1;
        // What is told of needs its dictionary until then.
        if let Some(codec) = shared.codec.as_ref().filter(|_| !shared.tells) {
            codec.count(&entry, -1);
        }
        entry.leave(shared.ledger.index());
        out.push(entry, reason);
    }

    /// Lets an entry go that has lapsed, which nobody can have any more, or else the
    /// policy's choice; false when there is nothing left.
    pub fn evict(&mut self, shared: &Shared, reason: Reason, out: &mut Departures) -> bool {
        let random = self.random.u64(..);
        let from = (random >> 32) as u32;
        if let Some(slot) = self.table.any_lapsed(self.now_ms, from, |entry| shared.lapse(entry))
            && let Some(entry) = self.table.entry(slot)
        {
            let hash = shared.hash(entry.key());
            self.take(shared, slot, hash, Reason::Expired, out);
            return true;
        }
        let Some(slot) = self.policy.victim(&mut self.table, random) else { return false };
        let Some(entry) = self.table.entry(slot) else { return false };
        let (hash, list) = (shared.hash(entry.key()), self.table.list_of(slot));
        self.policy.prefetch(hash);
        if is_followed(hash)
            && let Some((_, born)) = self.born.iter().find(|(known, _)| *known == hash)
        {
            self.counts.aged_ms += self.now_ms.saturating_sub(*born);
            self.counts.aged += 1;
        }
        self.take(shared, slot, hash, reason, out);
        self.policy.evicted(hash, list);
        self.table.fetch_front(list);
        true
    }

    /// Gives up most of a table that was made for many small entries, where few large
    /// ones are left or none; false if there is little to give up.
    #[inline]
    pub fn shrink(&mut self, shared: &Shared) -> bool {
        self.table.len() * SPARSE <= self.table.room() && self.shrink_to(shared)
    }

    #[cold]
    fn shrink_to(&mut self, shared: &Shared) -> bool {
        // Not so far that a few more would make it grow at once.
        let room = (self.table.len() * 2).max(SMALLEST_ROOM);
        let smaller = Table::rounded(room) < self.table.room();
        if smaller {
            self.rebuild(shared, room, None);
        }
        smaller
    }

    /// Takes the entry out of a slot; its credit stays in hand.
    fn take(
        &mut self,
        shared: &Shared,
        slot: Slot,
        hash: u64,
        reason: Reason,
        out: &mut Departures,
    ) {
        if let Some(entry) = self.table.take(slot, hash) {
            let cost = entry.cost();
            if is_followed(hash)
                && let Some(known) = self.born.iter_mut().find(|(known, _)| *known == hash)
            {
                *known = (0, 0);
            }
            self.entry_bytes -= cost;
            self.in_hand.add(Amount { entries: 1, bytes: cost as i64 });
            self.leaves(shared, entry, reason, out);
        }
    }

    /// Removes a key for a reason, if there is one; whether it did.
    pub fn remove_if(
        &mut self,
        shared: &Shared,
        hash: u64,
        key: &[u8],
        reason: impl FnOnce(&Entry) -> Option<Reason>,
        out: &mut Departures,
    ) -> bool {
        let Some(slot) = self.table.find(hash, key) else { return false };
        let Some(reason) = self.table.entry(slot).and_then(reason) else { return false };
        self.take(shared, slot, hash, reason, out);
        self.settle(shared);
        true
    }

    /// Goes on with a sweep's round: removes up to `max` entries that have lapsed, and
    /// looks at no more buckets in vain; how many it removed.
    pub fn sweep(
        &mut self,
        shared: &Shared,
        now_ms: u64,
        max: usize,
        round: &mut Round,
        out: &mut Departures,
    ) -> usize {
        let before = self.table.len();
        round.looks = max;
        while before - self.table.len() < max
            && let Some(slot) = self.table.next_lapsed(round, now_ms, |entry| shared.lapse(entry))
            && let Some(entry) = self.table.entry(slot)
        {
            let hash = shared.hash(entry.key());
            self.take(shared, slot, hash, Reason::Expired, out);
        }
        self.settle(shared);
        before - self.table.len()
    }

    /// Empties it; the table shrinks to its smallest, and what it held goes
    /// back to the budget.
    pub fn clear(&mut self, shared: &Shared, reason: Reason, out: &mut Departures) {
        let before = self.overhead_bytes();
        let table =
            std::mem::replace(&mut self.table, Table::new(SMALLEST_ROOM, self.policy.lists()));
        self.policy.sized(self.table.room());
        self.born = [(0, 0); BORN];
        for (entry, _) in table.drain() {
            self.in_hand.add(Amount { entries: 1, bytes: entry.cost() as i64 });
            self.leaves(shared, entry, reason, out);
        }
        self.entry_bytes = 0;
        self.in_hand.bytes += before as i64 - self.overhead_bytes() as i64;
        self.settle(shared);
    }

    /// Pays a debt of bytes to the budget, by evictions if need be; what is left
    /// of it then is the budget's to collect elsewhere.
    pub fn repay(&mut self, shared: &Shared, out: &mut Departures) {
        while self.in_hand.bytes < 0 {
            let debt = Amount { entries: 0, bytes: -self.in_hand.bytes };
            let drawn = shared.budget.draw_some(debt);
            self.in_hand.add(drawn);
            if self.in_hand.bytes < 0 && !self.evict(shared, Reason::Memory, out) {
                shared.budget.give(self.surrender());
            }
        }
        self.settle(shared);
    }
}
