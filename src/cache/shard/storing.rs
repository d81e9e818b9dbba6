//! An entry on its way into a shard, and the credit that it takes.

use std::sync::atomic::Ordering::Relaxed;

use super::{LINE, LINES_AHEAD_MAX, Shard, Shared, is_followed};
use crate::cache::budget::Amount;
use crate::cache::departure::{Departures, Reason};
use crate::cache::entry::Entry;
use crate::cache::table::{Slot, Table};
use crate::clock::COARSE_TICK_NS;

impl Shard {
    /// The room that the table should have next. `share` is what this shard
    /// would hold if all held alike.
    fn next_room(&self, share: usize) -> usize {
        let room = self.table.room();
        let share = share + 2 * share.isqrt() + 1;
        Table::rounded(match room {
            _ if room >= share => room + room / 8 + 7,
            _ if room >= share / 2 => share,
            _ => (room * 2).max(12),
        })
    }

    /// Stores an entry. Without enough credit it evicts its own, if the pools
    /// are tight; else, or when nothing is left, it gives the entry back with
    /// what is lacking.
    pub fn put(
        &mut self,
        shared: &Shared,
        share: usize,
        hash: u64,
        entry: Entry,
        now_ms: u64,
        out: &mut Departures,
    ) -> Result<(), (Entry, Amount)> {
        self.now_ms = now_ms;
        let mut old = self.table.find(hash, entry.key());
        if old.is_none() {
            self.policy.prefetch(hash);
        }
        let mut made_room = false;
        loop {
            if self.table.is_largest() && self.table.len() >= self.table.room() {
                old = self.evict_beside(shared, Reason::Capacity, hash, entry.key(), out);
                continue;
            }
            let grow = (old.is_none() && self.table.len() >= self.table.room())
                .then(|| self.next_room(share));
            let need = self.need(old, &entry, grow);
            let mut lacking = self.in_hand.lacks(need);
            if lacking.is_some() {
                self.in_hand.add(shared.budget.draw(lacking, self.mask + 1));
                lacking = self.in_hand.lacks(need);
            }
            if !lacking.is_some() && made_room && self.is_rich(&shared.budget) {
                // One more, for those who have less.
                made_room = false;
                old = self.evict_beside(shared, Reason::Memory, hash, entry.key(), out);
                continue;
            }
            if !lacking.is_some() {
                if let Some(room) = grow
                    && !self.grow(shared, room)
                {
                    // It stays as large as it is.
                    old = self.evict_beside(shared, Reason::Capacity, hash, entry.key(), out);
                    continue;
                }
                self.commit(shared, hash, old, entry, now_ms, out);
                self.settle(shared);
                return Ok(());
            }
            let reason = if lacking.entries > 0 { Reason::Capacity } else { Reason::Memory };
            let makes_room = shared.budget.must_evict(lacking)
                && (lacking.bytes > 0 && self.shrink(shared) || self.evict(shared, reason, out));
            if !makes_room {
                return Err((entry, lacking));
            }
            made_room = true;
            if old.is_some() {
                // It may have been the one to go.
                old = self.table.find(hash, entry.key());
            }
        }
    }

    /// Lets an entry go, which may be that of this key; where that one is then.
    fn evict_beside(
        &mut self,
        shared: &Shared,
        reason: Reason,
        hash: u64,
        key: &[u8],
        out: &mut Departures,
    ) -> Option<Slot> {
        self.evict(shared, reason, out);
        self.table.find(hash, key)
    }

    fn need(&self, old: Option<Slot>, entry: &Entry, grow: Option<usize>) -> Amount {
        let old_cost = old.and_then(|slot| self.table.entry(slot)).map(Entry::cost);
        let growth =
            grow.map_or(0, |room| self.grown_bytes(room) as i64 - self.overhead_bytes() as i64);
        Amount {
            entries: old_cost.is_none() as i64,
            bytes: growth + entry.cost() as i64 - old_cost.unwrap_or(0) as i64,
        }
    }

    fn commit(
        &mut self,
        shared: &Shared,
        hash: u64,
        old: Option<Slot>,
        entry: Entry,
        now_ms: u64,
        out: &mut Departures,
    ) {
        if let Some(codec) = &shared.codec {
            codec.count(&entry, 1);
        }
        let (cost, lapse) = (entry.cost(), shared.lapse(&entry));
        self.counts.sets += 1;
        self.entry_bytes += cost;
        if self.counts.sets.is_multiple_of(256) || self.counts.sets == 1 {
            let mean = self.entry_bytes as usize / (self.table.len() + 1);
            self.lines_ahead = (mean / LINE).min(LINES_AHEAD_MAX) as u32;
        }
        self.in_hand.bytes -= cost as i64;
        let Some(slot) = old else {
            self.in_hand.entries -= 1;
            let (list, word) = self.policy.admit(hash);
            entry.word().store(word, Relaxed);
            self.table.insert(hash, entry, lapse, list);
            if is_followed(hash)
                && let Some(free) = self.born.iter_mut().find(|(known, _)| *known == 0)
            {
                *free = (hash, now_ms);
            }
            return;
        };
        // Storing again is a use like any other.
        if let Some(old) = self.table.entry(slot) {
            let word = old.word().load(Relaxed);
            entry.word().store(word, Relaxed);
            self.policy.hit(entry.word());
        }
        if let Some(old) = self.table.replace(slot, entry, lapse) {
            self.entry_bytes -= old.cost();
            self.in_hand.bytes += old.cost() as i64;
            // The coarse clock spares most the look at the precise one.
            let near = old.expiry_ms() <= now_ms + COARSE_TICK_NS / 1_000_000;
            let over = near && shared.is_over(old.expiry_ms());
            self.leaves(shared, old, if over { Reason::Expired } else { Reason::Replaced }, out);
        }
    }
}
