//! What callers do with single keys.

use std::sync::atomic::Ordering::Relaxed;

use super::departure::{Departures, Reason};
use super::directory::Cell;
use super::entry::{COMPRESSED, EXPIRY_MAX_MS, Entry, NEGATIVE, Value};
use super::shard::Shard;
use super::{Amount, Cache, Ttl};
use crate::clock::COARSE_TICK_NS;
use crate::error::{Error, Result};

/// Values up to this size are copied under the lock; larger ones outside.
const COPIED_UNDER_LOCK: usize = 1024;

impl Cache {
    /// The value of a key, if there is one and its shard is not contended for
    /// longer than the options allow.
    pub fn get(&self, key: &[u8]) -> Option<Value> {
        let (value, left) = self.fetch(key);
        left.deliver();
        value.ok()
    }

    /// The value of a key; `NotFound`, or `Busy`. What left on the way is the
    /// caller's to deliver.
    #[inline]
    pub fn fetch(&self, key: &[u8]) -> (Result<Value>, Departures) {
        let (found, left) = self.look(key, |entry| match entry.share() {
            Some(entry) => Ok(entry),
            None => entry.copy(),
        });
        (found.flatten().and_then(|entry| self.value_of(entry)), left)
    }

    /// Copies the value of a key into `place` and answers its length; an error
    /// with the length if it does not fit.
    #[inline]
    pub fn fetch_into(&self, key: &[u8], place: &mut [u8]) -> (Result<usize>, Departures) {
        enum Found {
            Copied(usize),
            Outside(Entry),
        }
        let limit = place.len();
        let too_large =
            |len: usize| Error::TooLarge { what: "value", needed: len as u64, limit: limit as u64 };
        let (found, left) = self.look(key, |entry| {
            let value = entry.value();
            let plain = entry.flags() & COMPRESSED == 0;
            if plain && value.len() > place.len() {
                return Err(too_large(value.len()));
            }
            if plain && value.len() <= COPIED_UNDER_LOCK {
                place[..value.len()].copy_from_slice(value);
                return Ok(Found::Copied(value.len()));
            }
            match entry.share() {
                Some(entry) => Ok(Found::Outside(entry)),
                None => entry.copy().map(Found::Outside),
            }
        });
        let found = found.flatten().and_then(|found| match found {
            Found::Copied(len) => Ok(len),
            Found::Outside(entry) => {
                let value = self.value_of(entry)?;
                let bytes = value.as_bytes();
                match place.get_mut(..bytes.len()) {
                    Some(place) => place.copy_from_slice(bytes),
                    None => return Err(too_large(bytes.len())),
                }
                Ok(bytes.len())
            }
        });
        (found, left)
    }

    /// Whether there is a value under a key. Counts as neither hit nor miss,
    /// and is no use of the entry.
    pub fn contains(&self, key: &[u8]) -> Result<bool> {
        let hash = self.shared.hash(key);
        let (_, shard) = self.directory.read(hash)?;
        let entry = shard.table.get(hash, key);
        Ok(entry.is_some_and(|e| e.flags() & NEGATIVE == 0 && !self.is_expired(e)))
    }

    /// Finds a live entry, notes the hit, and calls `found` under the lock.
    #[inline]
    fn look<R>(&self, key: &[u8], found: impl FnOnce(&Entry) -> R) -> (Result<R>, Departures) {
        let hash = self.shared.hash(key);
        let (cell, shard) = match self.directory.read(hash) {
            Ok(place) => place,
            Err(busy) => return (Err(busy), Departures::default()),
        };
        let Some(entry) = shard.table.get(hash, key) else {
            cell.misses.fetch_add(1, Relaxed);
            return (Err(Error::NotFound), Departures::default());
        };
        if self.is_expired(entry) {
            drop(shard);
            return (Err(Error::NotFound), self.meet_expired(cell, hash, key));
        }
        shard.policy.hit(entry.word());
        cell.hits.fetch_add(1, Relaxed);
        if entry.flags() & NEGATIVE != 0 {
            return (Err(Error::NotFound), Departures::default());
        }
        (Ok(found(entry)), Departures::default())
    }

    /// Whether an entry's time is over, to the millisecond: the coarse clock
    /// decides, unless the two are within a tick.
    #[inline]
    pub(super) fn is_expired(&self, entry: &Entry) -> bool {
        let expiry_ms = entry.expiry_ms();
        if expiry_ms == 0 {
            return false;
        }
        let (expiry, coarse) = (expiry_ms * 1_000_000, self.clock.coarse_ns());
        match coarse + COARSE_TICK_NS >= expiry {
            true => coarse >= expiry || self.clock.now_ns() >= expiry,
            false => false,
        }
    }

    /// A look-up met an entry that is over: it leaves, unless the strategy
    /// leaves that to the sweep, or it may still serve as a stale value.
    #[cold]
    fn meet_expired(&self, cell: &Cell, hash: u64, key: &[u8]) -> Departures {
        cell.misses.fetch_add(1, Relaxed);
        let mut out = Departures::default();
        if !self.leaves_when_met() {
            return out;
        }
        if let Ok((_, mut shard)) = self.directory.write(hash) {
            let now = self.now_ms();
            let lapsed = |entry: &Entry| self.shared.lapse(entry).is_some_and(|ms| ms <= now);
            shard.remove_if(&self.shared, hash, key, Reason::Expired, lapsed, &mut out);
        }
        self.finish(out)
    }

    fn leaves_when_met(&self) -> bool {
        self.options.values.cleanup_strategy != "periodic"
    }

    /// The bytes of a stored value, decompressed if need be.
    fn value_of(&self, entry: Entry) -> Result<Value> {
        Ok(Value::of(entry))
    }

    /// Stores a copy of `value` under `key`.
    pub fn set(&self, key: &[u8], value: &[u8], ttl: Ttl) -> Result<()> {
        self.store(key, value, ttl).map(Departures::deliver)
    }

    /// As [`Cache::set`]; what left on the way is the caller's to deliver.
    pub fn store(&self, key: &[u8], value: &[u8], ttl: Ttl) -> Result<Departures> {
        let entry = Entry::new(key, value, self.expiry_ms(ttl), 0)?;
        self.put(self.shared.hash(key), entry)
    }

    /// When an entry that is stored now expires, in ms; 0: never.
    pub(super) fn expiry_ms(&self, ttl: Ttl) -> u64 {
        let values = &self.options.values;
        let ms = match ttl {
            Ttl::Never => 0,
            Ttl::Default => values.default_ttl_ms,
            Ttl::Millis(ms) => ms,
        };
        if ms == 0 {
            return 0;
        }
        let ms = ms - self.jitter(ms, values.ttl_jitter_percent.into());
        // Rounded up, so that a life is never shorter than asked for.
        let now_ms = self.clock.now_ns().div_ceil(1_000_000);
        now_ms.saturating_add(ms.max(1)).min(EXPIRY_MAX_MS)
    }

    /// A random part of up to so many percent.
    fn jitter(&self, ms: u64, percent: u64) -> u64 {
        let most = (ms as u128 * percent as u128 / 100) as u64;
        if most == 0 {
            return 0;
        }
        let step = self.jitter.fetch_add(0x9e37_79b9_7f4a_7c15, Relaxed);
        fastrand::Rng::with_seed(step).u64(0..=most)
    }

    /// Stores an entry, making room for it wherever there is some to make.
    pub(super) fn put(&self, hash: u64, mut entry: Entry) -> Result<Departures> {
        self.check_size(&entry)?;
        let mut out = Departures::default();
        let mut carried = Amount::default();
        let mut rounds = 0;
        let stored = loop {
            let mut shard = match self.directory.write(hash) {
                Ok((_, shard)) => shard,
                Err(busy) => break Err(busy),
            };
            if self.is_closed() {
                break Err(Error::Closed("cache"));
            }
            shard.receive(std::mem::take(&mut carried));
            match shard.put(&self.shared, self.share(), hash, entry, &mut out) {
                Ok(()) => break Ok(()),
                Err((back, lacking)) => {
                    entry = back;
                    let index = shard.index;
                    drop(shard);
                    carried = self.gather(index, lacking, &mut out);
                    rounds += 1;
                    if rounds > 8 && !carried.is_some() {
                        break Err(self.no_room(&entry));
                    }
                }
            }
        };
        self.shared.budget.give(carried);
        let out = self.finish(out);
        match stored {
            Ok(()) => Ok(out),
            Err(error) => {
                out.deliver();
                Err(error)
            }
        }
    }

    /// Finds what a shard lacks elsewhere: first what others have in hand,
    /// then, entry by entry, what they hold. One lock at a time.
    fn gather(&self, home: usize, lacking: Amount, out: &mut Departures) -> Amount {
        if self.shared.budget.tighten(lacking) {
            for cell in self.directory.cells() {
                let amount = cell.shard.write().surrender();
                self.shared.budget.give(amount);
            }
            return Amount::default();
        }
        let mut gathered = self.shared.budget.draw(lacking, Amount::default());
        let count = self.directory.count();
        for step in 1..count {
            let missing = gathered.lacks(lacking);
            if !missing.is_some() {
                break;
            }
            let mut shard = self.directory.cell((home + step) % count).shard.write();
            gathered.add(self.evict_for(&mut shard, missing, out));
        }
        gathered
    }

    fn evict_for(&self, shard: &mut Shard, missing: Amount, out: &mut Departures) -> Amount {
        let mut found = shard.surrender();
        let reason = if missing.entries > 0 { Reason::Capacity } else { Reason::Memory };
        while found.lacks(missing).is_some() && shard.evict(&self.shared, reason, out) {
            found.add(shard.surrender());
        }
        found
    }

    /// The bounds of a single entry.
    fn check_size(&self, entry: &Entry) -> Result<()> {
        let values = &self.options.values;
        let size = (entry.key().len() + entry.value().len()) as u64;
        let limit = match values.max_memory_mb {
            0 => values.max_entry_bytes,
            mb => match values.max_entry_bytes {
                0 => mb << 19,
                most => most.min(mb << 19),
            },
        };
        match limit > 0 && size > limit {
            true => Err(Error::TooLarge { what: "entry", needed: size, limit }),
            false => Ok(()),
        }
    }

    fn no_room(&self, entry: &Entry) -> Error {
        let limit = self.shared.budget.bytes.limit() as u64;
        Error::TooLarge { what: "entry", needed: entry.cost(), limit }
    }

    /// Removes a key; whether there was a live entry.
    pub fn remove(&self, key: &[u8]) -> bool {
        match self.discard(key) {
            Ok((removed, out)) => {
                out.deliver();
                removed
            }
            Err(_) => false,
        }
    }

    /// As [`Cache::remove`]; what left is the caller's to deliver.
    pub fn discard(&self, key: &[u8]) -> Result<(bool, Departures)> {
        let hash = self.shared.hash(key);
        let mut out = Departures::default();
        let mut live = false;
        let mut note = |entry: &Entry| {
            live = !self.is_expired(entry) && entry.flags() & NEGATIVE == 0;
            true
        };
        let (_, mut shard) = self.directory.write(hash)?;
        shard.remove_if(&self.shared, hash, key, Reason::Removed, &mut note, &mut out);
        drop(shard);
        Ok((live, self.finish(out)))
    }

    /// Gives a live entry another lifetime from now; `NotFound`, or `Busy`.
    pub fn touch(&self, key: &[u8], ttl: Ttl) -> Result<()> {
        let hash = self.shared.hash(key);
        let expiry = self.expiry_ms(ttl);
        let (_, mut shard) = self.directory.write(hash)?;
        let slot = shard.table.find(hash, key).ok_or(Error::NotFound)?;
        let entry = shard.table.entry(slot).ok_or(Error::NotFound)?;
        if self.is_expired(entry) || entry.flags() & NEGATIVE != 0 {
            return Err(Error::NotFound);
        }
        entry.set_expiry_ms(expiry);
        let lapse = self.shared.lapse(entry);
        shard.table.lower_due(slot, lapse);
        Ok(())
    }

    /// Removes everything.
    pub fn clear(&self) {
        self.clear_for(Reason::Cleared, true);
    }

    pub(super) fn clear_for(&self, reason: Reason, tell: bool) {
        let structure = self.structure.lock();
        let mut all = Vec::new();
        for cell in self.directory.cells() {
            let mut out = Departures::default();
            cell.shard.write().clear(&self.shared, reason, &mut out);
            if tell {
                all.push(self.finish(out));
            }
        }
        drop(structure);
        all.into_iter().for_each(Departures::deliver);
    }

    /// Says who is to be told of departures. No lock is held.
    pub(super) fn finish(&self, mut out: Departures) -> Departures {
        if self.has_listener {
            out.tell(self.listener.read().clone());
        }
        out
    }
}
