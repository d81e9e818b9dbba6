//! One shard: a table, a policy, and what is in hand of the cache's budget.
//!
//! Everything here happens under the shard's lock: the methods that take
//! `&self` under the read lock, the others under the write lock. Nothing is
//! freed, compressed or told under it: entries that leave go to
//! [`Departures`](super::departure::Departures).

use std::sync::atomic::AtomicU32;

use super::budget::{Amount, Budget, Pool};
use super::cell::Cell;
use super::compress::Codec;
use super::entry::{Entry, NEGATIVE};
use super::glance::Place;
use super::hash;
use super::ledger::Ledger;
use super::policy::{self, Policy};
use super::table::Table;
use crate::clock::{COARSE_TICK_NS, Clock};

mod counts;
mod leaving;
mod moves;
mod storing;
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
    /// What the lives of entries are measured by.
    pub clock: Clock,
    /// Whether somebody is told of what leaves.
    pub tells: bool,
    /// Packs values, if that is asked for.
    pub codec: Option<Codec>,
}

impl Shared {
    /// The hash of a key.
    #[inline(always)]
    pub fn hash(&self, key: &[u8]) -> u64 {
        hash::of(key, &self.secrets)
    }

    /// Whether the time of an entry that expires then, in ms or 0 for never, is over,
    /// to the millisecond: the coarse clock decides, unless the two are within a tick.
    #[inline(always)]
    pub fn is_over(&self, expiry_ms: u64) -> bool {
        if expiry_ms == 0 {
            return false;
        }
        let (expiry, coarse) = (expiry_ms * 1_000_000, self.clock.coarse_ns());
        match coarse + COARSE_TICK_NS >= expiry {
            true => coarse >= expiry || self.clock.now_ns() >= expiry,
            false => false,
        }
    }

    /// When an entry leaves by itself, in ms. That there is no value is never stale.
    #[inline]
    pub fn lapse(&self, entry: &Entry) -> Option<u64> {
        match entry.flags() & NEGATIVE {
            0 => self.lapse_of(entry.expiry_ms()),
            _ => Some(entry.expiry_ms()).filter(|ms| *ms != 0),
        }
    }

    /// The same of a value by when it expires, in ms; 0: never.
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
/// Who has this part of its share beyond it gives some of it up.
const RICH: i64 = 64;
/// So many entries beyond that are no reason to.
const FEW: i64 = 4;
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
        table.bytes() + policy::bytes_with(&*policy, table.room())
    }

    /// Bytes of table and policy.
    pub fn overhead_bytes(&self) -> u64 {
        self.table.bytes() + policy::bytes_with(&*self.policy, self.table.room())
    }

    /// Bytes of the entries.
    pub fn entry_bytes(&self) -> u64 {
        self.entry_bytes
    }

    fn grown_bytes(&self, room: usize) -> u64 {
        let lists = self.table.bytes() - Table::bytes_for(self.table.room());
        Table::bytes_for(room) + lists + policy::bytes_with(&*self.policy, room)
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

    /// By how many bytes it has more than its share.
    fn excess(&self, budget: &Budget) -> i64 {
        let own = size_of::<Cell>() as u64 + self.overhead_bytes() + self.entry_bytes;
        own as i64 + self.in_hand.bytes - budget.share_of_bytes(self.mask + 1)
    }

    /// Whether it has so many bytes more than its share that others lack them; a few
    /// entries more are what each has at times.
    fn is_rich(&self, budget: &Budget) -> bool {
        if !budget.bytes.is_tight() {
            return false;
        }
        let few = FEW * self.entry_bytes as i64 / self.table.len().max(1) as i64;
        self.excess(budget) > budget.share_of_bytes(self.mask + 1) / RICH + few
    }

    /// Keeps little in hand, and nothing where the pool is tight.
    #[inline]
    pub fn settle(&mut self, shared: &Shared) {
        let may_be_much = self.in_hand.entries > 0 || shared.budget.bytes.is_bounded();
        if may_be_much {
            self.give_up_surplus(shared);
        }
    }

    fn give_up_surplus(&mut self, shared: &Shared) {
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
}
