//! What the whole cache may hold, drawn by its shards in small credits.
//!
//! A [`Pool`] is one number that all shards share: what is left of the bound.
//! A shard takes a little more than it needs, so that it seldom touches the
//! shared line. When the pool is empty it becomes *tight*: nobody keeps any
//! more, every shard's leftover is collected, and only when that is done may
//! anybody evict. So a cache evicts only when it is full to the last entry. The
//! pool is at ease again when an eighth has come free.
//!
//! An entry that leaves gives one entry's credit, but more or fewer bytes than the
//! next one needs, and what is left over is whoever's comes first: so the shards' parts
//! of the bytes would drift apart, each by chance. Who must evict, and has more than its
//! share, therefore evicts one more.

use crate::sync::atomic::{AtomicI64, AtomicU32, Ordering::Relaxed};

/// Stands for "no bound": what nothing can use up.
pub const UNBOUNDED: i64 = i64::MAX / 4;

/// What a shard draws at once where there is no bound.
const UNBOUNDED_IN_HAND: i64 = 1 << 30;

/// Shards keep a little in hand.
const AT_EASE: u32 = 0;
/// They keep nothing any more, and what they had is being collected.
const COLLECTING: u32 = 1;
/// It has been collected: who needs more must evict.
const TIGHT: u32 = 2;
/// Where the count of times begins.
const TIMES: u32 = 4;

/// What is left of one bound.
pub struct Pool {
    // Relaxed: the number stands for itself. It may be below zero for a while
    // when the bound has just been lowered.
    free: AtomicI64,
    limit: AtomicI64,
    /// One of the three states below, and above it how often the pool came to
    /// be at ease. Changed before the leftovers are collected under the shards'
    /// locks, and read under them: a shard that was collected from sees it.
    state: AtomicU32,
    /// The most that one shard keeps in hand.
    most_in_hand: i64,
}

impl Pool {
    /// A full pool.
    pub fn new(limit: i64, most_in_hand: i64) -> Pool {
        Pool { free: limit.into(), limit: limit.into(), state: AT_EASE.into(), most_in_hand }
    }

    /// The bound.
    pub fn limit(&self) -> i64 {
        self.limit.load(Relaxed)
    }

    /// Whether there is a bound.
    #[inline]
    pub fn is_bounded(&self) -> bool {
        self.limit() != UNBOUNDED
    }

    /// What is left.
    #[cfg(test)]
    pub fn free(&self) -> i64 {
        self.free.load(Relaxed)
    }

    /// Takes at least `need`, and up to `more` beyond it; 0 if there is not
    /// enough.
    pub fn take(&self, need: i64, more: i64) -> i64 {
        let more = if self.is_tight() { 0 } else { more };
        let mut free = self.free.load(Relaxed);
        while free >= need {
            let grant = free.min(need + more);
            match self.free.compare_exchange_weak(free, free - grant, Relaxed, Relaxed) {
                Ok(_) => return grant,
                Err(now) => free = now,
            }
        }
        0
    }

    /// Takes what is left, up to `most`.
    fn take_some(&self, most: i64) -> i64 {
        let rest = |free: i64| (free > 0).then(|| free - free.min(most));
        self.free.fetch_update(Relaxed, Relaxed, rest).map_or(0, |free| free.min(most))
    }

    /// Puts back.
    pub fn give(&self, amount: i64) {
        if amount != 0 {
            let free = self.free.fetch_add(amount, Relaxed) + amount;
            if free > self.limit() / 8 && self.is_tight() {
                self.relax();
            }
        }
    }

    /// What a shard may keep in hand when there are so many (a power of two).
    pub fn in_hand(&self, shards: usize) -> i64 {
        match self.limit() {
            UNBOUNDED => UNBOUNDED_IN_HAND,
            limit => (limit >> (shards.ilog2() + 4)).min(self.most_in_hand),
        }
    }

    /// Whether shards must keep nothing in hand.
    pub fn is_tight(&self) -> bool {
        self.state.load(Relaxed) % TIMES != AT_EASE
    }

    /// Whether all that they had in hand has been collected too.
    fn is_collected(&self) -> bool {
        self.state.load(Relaxed) % TIMES == TIGHT
    }

    #[cold]
    fn relax(&self) {
        // Another number each time: a collection that began before says nothing.
        let ease = |state: u32| {
            (state % TIMES != AT_EASE).then(|| (state - state % TIMES).wrapping_add(TIMES))
        };
        let _ = self.state.fetch_update(Relaxed, Relaxed, ease);
    }

    /// Makes it tight; what to say when the leftovers have been collected, if
    /// they must be.
    fn tighten(&self) -> Option<u32> {
        let state = self.state.load(Relaxed);
        match state % TIMES {
            TIGHT => None,
            COLLECTING => Some(state),
            _ => {
                let next = state + COLLECTING;
                let changed = self.state.compare_exchange(state, next, Relaxed, Relaxed);
                Some(changed.map_or_else(|now| now, |_| next))
            }
        }
    }

    /// Every shard has given up what it had in hand since `tighten` answered
    /// `state`.
    fn collected(&self, state: u32) {
        if state % TIMES == COLLECTING {
            let tight = state - COLLECTING + TIGHT;
            let _ = self.state.compare_exchange(state, tight, Relaxed, Relaxed);
        }
    }

    /// Moves the bound; what is missing afterwards.
    pub fn set_limit(&self, limit: i64) -> i64 {
        let old = self.limit.swap(limit, Relaxed);
        (-(self.free.fetch_add(limit - old, Relaxed) + limit - old)).max(0)
    }

    /// No more than this is in use.
    pub fn most_in_use(&self) -> u64 {
        (self.limit() + self.missing()).max(0) as u64
    }

    /// How much more has been given out than the bound allows.
    pub fn missing(&self) -> i64 {
        (-self.free.load(Relaxed)).max(0)
    }
}

/// What one of so many is asked for of an amount, so that together they have all.
fn part(amount: i64, of: usize) -> i64 {
    let of = of.max(1) as i64;
    (amount + of - 1) / of
}

/// Entries and bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount {
    /// Entries.
    pub entries: i64,
    /// Bytes.
    pub bytes: i64,
}

impl Amount {
    /// Whether either is above zero.
    pub fn is_some(self) -> bool {
        self.entries > 0 || self.bytes > 0
    }

    /// What of `need` this does not cover.
    pub fn lacks(self, need: Amount) -> Amount {
        Amount {
            entries: (need.entries - self.entries).max(0),
            bytes: (need.bytes - self.bytes).max(0),
        }
    }

    /// The part of one who gives of so many.
    pub fn part(self, of: usize) -> Amount {
        Amount { entries: part(self.entries, of), bytes: part(self.bytes, of) }
    }

    /// Adds another to it.
    pub fn add(&mut self, other: Amount) {
        self.entries += other.entries;
        self.bytes += other.bytes;
    }
}

/// Both bounds of a cache.
pub struct Budget {
    /// Entries: `capacity`.
    pub entries: Pool,
    /// Bytes: `max_memory_mb`.
    pub bytes: Pool,
    /// Bytes that calls carry from one place to another. Relaxed: who waits for them
    /// looks again.
    under_way: AtomicI64,
    /// Bytes in use that no shard accounts for. Relaxed: it is looked at alone.
    outside: AtomicI64,
}

impl Budget {
    /// Full pools; no bytes stand for no bound.
    pub fn new(capacity: u64, max_bytes: Option<u64>) -> Budget {
        Budget {
            entries: Pool::new((capacity as i64).min(UNBOUNDED), 64),
            bytes: Pool::new(max_bytes.map_or(UNBOUNDED, |b| (b as i64).min(UNBOUNDED)), 1 << 16),
            under_way: AtomicI64::new(0),
            outside: AtomicI64::new(0),
        }
    }

    /// Counts bytes that no shard accounts for, or, below zero, as given up.
    pub fn keeps_outside(&self, bytes: i64) {
        self.outside.fetch_add(bytes, Relaxed);
    }

    /// Bytes that no shard accounts for.
    pub fn outside(&self) -> i64 {
        self.outside.load(Relaxed)
    }

    /// The bytes of a shard if all have alike.
    pub fn share_of_bytes(&self, shards: usize) -> i64 {
        (self.bytes.limit() - self.outside()) >> shards.ilog2()
    }

    /// Counts bytes as being on their way, or, below zero, as having arrived.
    pub fn sets_out(&self, bytes: i64) {
        if bytes != 0 {
            self.under_way.fetch_add(bytes, Relaxed);
        }
    }

    /// Bytes that are on their way now.
    pub fn under_way(&self) -> i64 {
        self.under_way.load(Relaxed)
    }

    /// Draws what is lacking, and some to keep in hand when there are so many
    /// shards.
    pub fn draw(&self, lacking: Amount, shards: usize) -> Amount {
        let draw = |pool: &Pool, need| match need > 0 {
            true => pool.take(need, pool.in_hand(shards)),
            false => 0,
        };
        Amount {
            entries: draw(&self.entries, lacking.entries),
            bytes: draw(&self.bytes, lacking.bytes),
        }
    }

    /// Draws what there is of what is lacking: the rest is to be found elsewhere.
    pub fn draw_some(&self, lacking: Amount) -> Amount {
        let draw = |pool: &Pool, need| if need > 0 { pool.take_some(need) } else { 0 };
        Amount {
            entries: draw(&self.entries, lacking.entries),
            bytes: draw(&self.bytes, lacking.bytes),
        }
    }

    /// Puts back.
    pub fn give(&self, amount: Amount) {
        self.entries.give(amount.entries);
        self.bytes.give(amount.bytes);
    }

    /// Makes the pools that lack something tight. Unless they were,
    /// [`Budget::collected`] must be told the result when the leftovers have
    /// been collected.
    pub fn tighten(&self, lacking: Amount) -> Option<Collection> {
        let entries = (lacking.entries > 0).then(|| self.entries.tighten()).flatten();
        let bytes = (lacking.bytes > 0).then(|| self.bytes.tighten()).flatten();
        (entries.is_some() || bytes.is_some()).then_some(Collection { entries, bytes })
    }

    /// The leftovers have been collected: from now on room comes from evictions.
    pub fn collected(&self, collection: Collection) {
        if let Some(state) = collection.entries {
            self.entries.collected(state);
        }
        if let Some(state) = collection.bytes {
            self.bytes.collected(state);
        }
    }

    /// Whether what is lacking can only come from evictions.
    pub fn must_evict(&self, lacking: Amount) -> bool {
        (lacking.entries == 0 || self.entries.is_collected())
            && (lacking.bytes == 0 || self.bytes.is_collected())
    }
}

/// A collection of leftovers that has begun: the states of the pools then.
pub struct Collection {
    entries: Option<u32>,
    bytes: Option<u32>,
}
