//! One shard: a table, a policy, and what is in hand of the cache's budget.
//!
//! Everything here happens under the shard's lock: the methods that take
//! `&self` under the read lock, the others under the write lock. Nothing is
//! freed, compressed or told under it: entries that leave go to
//! [`Departures`].

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::budget::{Amount, Budget, Pool};
use super::compress::Codec;
use super::departure::{Departures, Reason};
use super::entry::Entry;
use super::glance::Place;
use super::hash;
use super::ledger::Ledger;
use super::policy::{self, Policy};
use super::table::{Slot, Table};

mod counts;
mod moves;
pub use counts::Counts;

/// How to make a policy.
pub type Maker = fn() -> Box<dyn Policy>;

/// What all shards of a cache share.
pub struct Shared {
    /// The seed of the hash, expanded.
    pub secrets: rapidhash::v3::RapidSecrets,
    /// The bounds.
    pub budget: Budget,
    /// Who pays for entries held outside.
    pub ledger: Ledger,
    /// How long an entry stays after its expiry, in ms.
    pub stale_ms: u64,
    /// Packs values, if that is asked for.
    pub codec: Option<Codec>,
}

impl Shared {
    /// The hash of a key.
    #[inline(always)]
    pub fn hash(&self, key: &[u8]) -> u64 {
        hash::of(key, &self.secrets)
    }

    /// When an entry leaves by itself, in ms.
    #[inline]
    pub fn lapse(&self, entry: &Entry) -> Option<u64> {
        self.lapse_of(entry.expiry_ms())
    }

    /// The same by when it expires, in ms; 0: never.
    #[inline]
    pub fn lapse_of(&self, expiry_ms: u64) -> Option<u64> {
        (expiry_ms != 0).then(|| expiry_ms.saturating_add(self.stale_ms))
    }
}

/// A part of the cache with a lock of its own. What a look-up reads comes
/// first: it lies in the cache line of the lock, which is there by then.
#[repr(C)]
pub struct Shard {
    /// The number of shards less one, as far as this shard has been told.
    pub mask: usize,
    /// Cache lines of a usual entry after the first.
    lines_ahead: u32,
    /// See [`Policy::counts_up_to`].
    counts_up_to: u32,
    /// The entries.
    pub table: Table,
    /// The order of the entries.
    pub policy: Box<dyn Policy>,
    /// Which hashes belong here: those whose low bits, under `mask`, are `index`.
    pub index: usize,
    /// Drawn from the budget and not used.
    in_hand: Amount,
    /// The last time that it was told, in ms.
    now_ms: u64,
    /// Bytes of the entries.
    entry_bytes: u64,
    /// What writers count, but for what the cell counts.
    pub counts: Counts,
    random: fastrand::Rng,
    /// Some entries' hashes and when they came in, to know their age when they
    /// leave. An entry is chosen when it comes, never dropped for another, so
    /// long and short lives are met alike.
    born: [(u64, u64); BORN],
}

/// Bytes of a cache line.
const LINE: usize = 64;
/// Most lines that are fetched ahead: a core has about sixteen misses in flight.
const LINES_AHEAD_MAX: usize = 5;
/// Entries of a shard whose age is followed.
const BORN: usize = 8;

/// Whether an entry is one of those whose age may be followed: a quarter, so
/// that the others cost nothing.
#[inline(always)]
fn is_followed(hash: u64) -> bool {
    hash >> 62 == 0
}

/// The room of a table that has never held anything.
const SMALLEST_ROOM: usize = 1;

impl Shard {
    /// An empty shard. The bytes of its table must have been paid for.
    pub fn new(index: usize, mask: usize, make: Maker, seed: u64) -> Shard {
        let mut policy = make();
        let table = Table::new(SMALLEST_ROOM, policy.lists());
        policy.sized(table.room());
        Shard {
            index,
            mask,
            table,
            counts_up_to: policy.counts_up_to(),
            policy,
            in_hand: Amount::default(),
            now_ms: 0,
            entry_bytes: 0,
            lines_ahead: 0,
            counts: Counts::default(),
            random: fastrand::Rng::with_seed(seed ^ index as u64),
            born: [(0, 0); BORN],
        }
    }

    /// What it tells those who look without its lock.
    #[inline(always)]
    pub fn place(&self) -> Place {
        let (buckets, backs, count) = self.table.place();
        let (ahead, counts_up_to) = (self.lines_ahead, self.counts_up_to);
        Place { buckets, backs, count, mask: self.mask, ahead, counts_up_to }
    }

    /// Bytes of an empty shard with this policy, without the shard itself.
    pub fn smallest_bytes(make: Maker) -> u64 {
        let policy = make();
        let table = Table::new(SMALLEST_ROOM, policy.lists());
        table.bytes() + policy.bytes_for(table.room())
    }

    /// Bytes of table and policy.
    pub fn overhead_bytes(&self) -> u64 {
        self.table.bytes() + self.policy.bytes_for(self.table.room())
    }

    /// Bytes of the entries.
    pub fn entry_bytes(&self) -> u64 {
        self.entry_bytes
    }

    fn grown_bytes(&self, room: usize) -> u64 {
        let lists = self.table.bytes() - Table::bytes_for(self.table.room());
        Table::bytes_for(room) + lists + self.policy.bytes_for(room)
    }

    /// Cache lines of a usual entry after the first, no more than are worth
    /// fetching before they are asked for.
    #[inline(always)]
    pub fn lines_ahead(&self) -> usize {
        self.lines_ahead as usize
    }

    /// Notes a hit in an entry's word, without asking the policy if all that it
    /// does is to count.
    #[inline(always)]
    pub fn hit(&self, word: &AtomicU32) {
        match self.counts_up_to {
            0 => self.policy.hit(word),
            top => policy::count(word, top),
        }
    }

    /// Takes over what is in hand elsewhere.
    pub fn receive(&mut self, amount: Amount) {
        self.in_hand.add(amount);
    }

    /// Gives up all that is in hand.
    pub fn surrender(&mut self) -> Amount {
        std::mem::take(&mut self.in_hand)
    }

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
        loop {
            if self.table.is_largest() && self.table.len() >= self.table.room() {
                self.evict(shared, Reason::Capacity, out);
                old = self.table.find(hash, entry.key());
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
            if !lacking.is_some() {
                if let Some(room) = grow {
                    self.rebuild(shared, room, None);
                }
                self.commit(shared, hash, old, entry, now_ms, out);
                self.settle(shared);
                return Ok(());
            }
            let reason = if lacking.entries > 0 { Reason::Capacity } else { Reason::Memory };
            let makes_room = shared.budget.must_evict(lacking)
                && (self.evict(shared, reason, out) || self.shrink(shared));
            if !makes_room {
                return Err((entry, lacking));
            }
            if old.is_some() {
                // It may have been the one to go.
                old = self.table.find(hash, entry.key());
            }
        }
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
            self.leaves(shared, old, Reason::Replaced, out);
        }
    }

    /// Keeps little in hand, and nothing where the pool is tight.
    pub fn settle(&mut self, shared: &Shared) {
        let (budget, shards) = (&shared.budget, self.mask + 1);
        let surplus = |held: i64, pool: &Pool| match pool.is_tight() {
            true => held.max(0),
            false if held > 2 * pool.in_hand(shards) => held - pool.in_hand(shards),
            false => 0,
        };
        let amount = Amount {
            entries: surplus(self.in_hand.entries, &budget.entries),
            bytes: surplus(self.in_hand.bytes, &budget.bytes),
        };
        if amount.is_some() {
            self.in_hand.entries -= amount.entries;
            self.in_hand.bytes -= amount.bytes;
            budget.give(amount);
        }
    }

    fn leaves(&mut self, shared: &Shared, entry: Entry, reason: Reason, out: &mut Departures) {
        self.counts.left[reason as usize] += 1;
        if let Some(codec) = &shared.codec {
            codec.count(&entry, -1);
        }
        entry.leave(shared.ledger.index());
        out.push(entry, reason);
    }

    /// Lets the policy's choice go; false when there is nothing left.
    pub fn evict(&mut self, shared: &Shared, reason: Reason, out: &mut Departures) -> bool {
        let random = self.random.u64(..);
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

    /// Gives up the table of many entries that left for a few large ones; false
    /// if there is nothing to give up.
    pub fn shrink(&mut self, shared: &Shared) -> bool {
        let larger = self.table.len() == 0 && self.table.room() > Table::rounded(SMALLEST_ROOM);
        if larger {
            self.rebuild(shared, SMALLEST_ROOM, None);
        }
        larger
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

    /// Removes a key for which `goes` holds; whether it did.
    pub fn remove_if(
        &mut self,
        shared: &Shared,
        hash: u64,
        key: &[u8],
        reason: Reason,
        goes: impl FnOnce(&Entry) -> bool,
        out: &mut Departures,
    ) -> bool {
        let Some(slot) = self.table.find(hash, key) else { return false };
        if !self.table.entry(slot).is_some_and(goes) {
            return false;
        }
        self.take(shared, slot, hash, reason, out);
        self.settle(shared);
        true
    }

    /// Removes up to `max` entries that have lapsed; how many it did.
    pub fn sweep(
        &mut self,
        shared: &Shared,
        now_ms: u64,
        max: usize,
        out: &mut Departures,
    ) -> usize {
        let lapsed = |entry: &Entry| shared.lapse(entry).is_some_and(|ms| ms <= now_ms);
        let slots = self.table.lapsed(now_ms, max, |entry| shared.lapse(entry));
        let before = self.table.len();
        // Backwards, because a removal may pull another entry into the slot
        // from a later one. What is moved from an earlier one even so, round
        // the end of the table, is due again.
        for slot in slots.into_iter().rev() {
            if let Some(entry) = self.table.entry(slot).filter(|entry| lapsed(entry)) {
                let hash = shared.hash(entry.key());
                self.take(shared, slot, hash, Reason::Expired, out);
            }
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
            let drawn = shared.budget.draw_only(debt);
            self.in_hand.add(drawn);
            if self.in_hand.bytes < 0 && !self.evict(shared, Reason::Memory, out) {
                shared.budget.give(self.surrender());
            }
        }
        self.settle(shared);
    }
}
