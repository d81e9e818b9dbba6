//! A cache of hashes, fed with what happens to the real one.
//!
//! What the real cache finds, the model would have found or would have been given,
//! for who misses stores. What the real cache lacks comes into the model with a
//! store, or not at all: a key that nobody ever stores takes no room in either.

use std::sync::atomic::Ordering::Relaxed;

use crate::cache::entry::{Entry, NEGATIVE};
use crate::cache::policy::{self, Policy};
use crate::cache::table::{Round, Slot, Table};

/// What a simulated entry takes: itself, and its place in a table.
pub const ENTRY_BYTES: u64 = 48 + 28;

/// What a share of hits gains from twice the room where all that was missing fits at once.
const CLIFF: f64 = 0.5;

/// What happened to a key, and when.
#[derive(Clone, Copy)]
pub struct Request {
    /// The key's hash.
    pub hash: u64,
    /// In ms.
    pub at_ms: u64,
    /// What it was.
    pub what: What,
}

/// What happens to keys. Times are in ms; an entry that expires at 0 never does.
#[derive(Clone, Copy)]
pub enum What {
    /// It was looked up; when the value expires, if there was one.
    Looked(Option<u64>),
    /// A value was stored that expires then.
    Stored(u64),
    /// That there is none was stored.
    Denied(u64),
    /// It was removed.
    Removed,
    /// All keys were.
    Cleared,
}

/// A cache of hashes.
pub struct Model {
    table: Table,
    policy: Box<dyn Policy>,
    /// Most entries.
    pub capacity: usize,
    hits: u64,
    /// Look-ups so far.
    pub requests: u64,
    random: fastrand::Rng,
}

impl Model {
    /// An empty one under the policy of that name.
    pub fn new(name: &str, capacity: usize) -> Model {
        let mut policy = policy::maker(name)();
        let table = Table::new(capacity, policy.lists());
        policy.sized(table.room());
        let random = fastrand::Rng::with_seed(capacity as u64);
        Model { table, policy, capacity, hits: 0, requests: 0, random }
    }

    /// The share of the look-ups that would have found a value.
    pub fn ratio(&self) -> f64 {
        self.hits as f64 / self.requests.max(1) as f64
    }

    /// How far a predicted share may be off because the sample has some keys more or
    /// fewer than it stands for, which is as if the bound were another: the slope between
    /// two of twice the size, and all of a cliff, which may lie anywhere between them.
    pub fn slip(&self, pair: &[(f64, f64)]) -> f64 {
        let [(_, lower), (_, higher)] = pair else { return 0.0 };
        let (rise, off) = ((higher - lower).abs(), 2.0 / (self.capacity as f64).sqrt());
        if rise > CLIFF { rise } else { rise * off / std::f64::consts::LN_2 }
    }

    /// Takes what happened, in order.
    pub fn take(&mut self, requests: &[Request]) {
        for Request { hash, at_ms, what } in requests {
            match *what {
                What::Looked(found) => self.look(*hash, *at_ms, found),
                What::Stored(expiry_ms) => self.store(*hash, *at_ms, expiry_ms, 0),
                What::Denied(expiry_ms) => self.store(*hash, *at_ms, expiry_ms, NEGATIVE),
                What::Removed => self.remove(*hash),
                What::Cleared => self.clear(),
            }
        }
    }

    fn look(&mut self, hash: u64, at_ms: u64, found: Option<u64>) {
        self.requests += 1;
        let Some(expiry_ms) = found else {
            // The use is the store that follows, which would not have been one then.
            let slot = self.find_live(hash, at_ms);
            let entry = slot.and_then(|slot| self.table.entry(slot));
            self.hits += entry.is_some_and(|entry| entry.flags() & NEGATIVE == 0) as u64;
            return;
        };
        let slot = self.table.find(hash, &hash.to_le_bytes());
        let Some((slot, entry)) = slot.and_then(|slot| Some((slot, self.table.entry(slot)?)))
        else {
            return self.admit(hash, at_ms, expiry_ms, 0);
        };
        self.hits += 1;
        self.policy.hit(entry.word());
        if entry.expiry_ms() != expiry_ms {
            entry.set_expiry_ms(expiry_ms);
            self.table.lower_due(slot, lapse(expiry_ms));
        }
    }

    fn store(&mut self, hash: u64, at_ms: u64, expiry_ms: u64, flags: u8) {
        let Some(slot) = self.find_live(hash, at_ms) else {
            return self.admit(hash, at_ms, expiry_ms, flags);
        };
        let Ok(entry) = Entry::new(&hash.to_le_bytes(), &[], expiry_ms, flags) else { return };
        if let Some(old) = self.table.entry(slot) {
            entry.word().store(old.word().load(Relaxed), Relaxed);
            self.policy.hit(entry.word());
        }
        self.table.replace(slot, entry, lapse(expiry_ms));
    }

    /// Where a key is; what has expired leaves.
    fn find_live(&mut self, hash: u64, now_ms: u64) -> Option<Slot> {
        let slot = self.table.find(hash, &hash.to_le_bytes())?;
        if self.table.entry(slot).is_some_and(|entry| is_over(entry, now_ms)) {
            self.table.take(slot, hash);
            return None;
        }
        Some(slot)
    }

    fn admit(&mut self, hash: u64, now_ms: u64, expiry_ms: u64, flags: u8) {
        if self.table.len() >= self.capacity {
            self.sweep(now_ms);
        }
        while self.table.len() >= self.capacity {
            let Some(slot) = self.policy.victim(&mut self.table, self.random.u64(..)) else {
                break;
            };
            let (leaving, list) = (self.hash_at(slot), self.table.list_of(slot));
            self.policy.evicted(leaving, list);
            self.table.take(slot, leaving);
        }
        if let Ok(entry) = Entry::new(&hash.to_le_bytes(), &[], expiry_ms, flags) {
            let (list, word) = self.policy.admit(hash);
            entry.word().store(word, Relaxed);
            self.table.insert(hash, entry, lapse(expiry_ms), list);
        }
    }

    fn remove(&mut self, hash: u64) {
        if let Some(slot) = self.table.find(hash, &hash.to_le_bytes()) {
            self.table.take(slot, hash);
        }
    }

    fn clear(&mut self) {
        self.table = Table::new(self.capacity, self.policy.lists());
        self.policy.sized(self.table.room());
    }

    fn sweep(&mut self, now_ms: u64) {
        let mut round = Round::default();
        round.looks = usize::MAX;
        let time = |entry: &Entry| lapse(entry.expiry_ms());
        while let Some(slot) = self.table.next_lapsed(&mut round, now_ms, time) {
            self.table.take(slot, self.hash_at(slot));
        }
    }

    /// The hash in a slot, which is its key.
    fn hash_at(&self, slot: Slot) -> u64 {
        let key = self.table.entry(slot).and_then(|entry| entry.key().try_into().ok());
        key.map_or(0, u64::from_le_bytes)
    }
}

fn lapse(expiry_ms: u64) -> Option<u64> {
    (expiry_ms != 0).then_some(expiry_ms)
}

fn is_over(entry: &Entry, now_ms: u64) -> bool {
    lapse(entry.expiry_ms()).is_some_and(|ms| ms <= now_ms)
}
