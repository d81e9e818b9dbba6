//! Eviction policies: which entry of a shard leaves when it must make room.
//!
//! One file per policy, one row in [`POLICIES`]. A policy keeps its order as
//! lists in the shard's table and one word in each entry. A hit may write that
//! word, under the shard's read lock, and nothing else; lists change only under
//! the write lock. Recency and age are counted in the shard's insertions,
//! never in time.

mod calendar;
mod fifo;
mod ghost;
mod lfu;
mod lru;
mod passed;
mod random;
mod s3fifo;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::heap::taken_plain;
use super::table::{Slot, Table};

/// The order in which the entries of one shard leave.
pub trait Policy: Send + Sync {
    /// Another shard's of the same kind, at the same point of its own count.
    fn fork(&self) -> Box<dyn Policy>;

    /// The present on the scale of the entries' words, where there is one.
    fn now(&self) -> u32 {
        0
    }

    /// How many lists it keeps in the table.
    fn lists(&self) -> usize {
        1
    }

    /// Notes a hit in the entry's word; several threads may do so at once.
    fn hit(&self, word: &AtomicU32) {
        count(word, self.counts_up_to());
    }

    /// The number up to which a hit counts in the word, if that is all it does
    /// (see [`count`]); 0 if [`Policy::hit`] must be asked, or nothing is noted.
    fn counts_up_to(&self) -> u32 {
        0
    }

    /// Says that the entry of a hash will come in soon, or be evicted: what that
    /// takes may be fetched from memory meanwhile.
    fn prefetch(&self, _hash: u64) {}

    /// The list and the word of an entry that is about to come in.
    fn admit(&mut self, hash: u64) -> (u8, u32);

    /// The list of an entry that moves to a rebuilt table, from another list
    /// of the same policy.
    fn place(&mut self, list: u8, _word: &AtomicU32) -> u8 {
        list
    }

    /// The entry that leaves next; `random` is any number.
    fn victim(&mut self, table: &mut Table, random: u64) -> Option<Slot>;

    /// Notes that an entry has been evicted from a list.
    fn evicted(&mut self, _hash: u64, _list: u8) {}

    /// Notes that the shard's table now has room for so many entries.
    fn sized(&mut self, _room: usize) {}

    /// Bytes that it would take beside a table with room for so many entries.
    fn bytes_for(&self, _room: usize) -> u64 {
        0
    }
}

/// Bytes of a policy with what it takes beside a table with room for so many entries.
pub fn bytes_with(policy: &dyn Policy, room: usize) -> u64 {
    let own = taken_plain(size_of_val(policy), align_of_val(policy));
    own as u64 + policy.bytes_for(room)
}

/// Counts a hit in an entry's word, up to `top`. Two at once may count as one:
/// the store keeps it at most `top`.
#[inline(always)]
pub fn count(word: &AtomicU32, top: u32) {
    let hits = word.load(Relaxed);
    if hits < top {
        word.store(hits + 1, Relaxed);
    }
}

/// A name and how to make it.
type Row = (&'static str, fn() -> Box<dyn Policy>);

/// All policies, by the name that the option has.
pub const POLICIES: &[Row] = &[
    ("s3fifo", || Box::<s3fifo::S3Fifo>::default()),
    ("lru", || Box::<lru::Lru>::default()),
    ("lfu", || Box::<lfu::Lfu>::default()),
    ("fifo", || Box::new(fifo::Fifo)),
    ("random", || Box::new(random::Random)),
];

/// The name of a maker's policy.
pub fn name(maker: fn() -> Box<dyn Policy>) -> &'static str {
    let row = POLICIES.iter().find(|(_, make)| std::ptr::fn_addr_eq(*make, maker));
    row.map_or(POLICIES[0].0, |(name, _)| name)
}

/// The maker of a policy; the option's row has checked the name.
pub fn maker(name: &str) -> fn() -> Box<dyn Policy> {
    POLICIES.iter().find(|(row, _)| *row == name).map_or(POLICIES[0].1, |(_, make)| *make)
}
