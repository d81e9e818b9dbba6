//! What callers do with single keys.

use std::sync::atomic::Ordering::Relaxed;

use super::departure::{Departures, Reason};
use super::entry::{COMPRESSED, EXPIRY_MAX_MS, Entry, NEGATIVE, Value};
use super::shard::Shard;
use super::{Amount, Cache, Ttl};
use crate::clock::COARSE_TICK_NS;
use crate::error::{Error, Result, Status};

/// Values up to this size are copied under the lock; larger ones outside.
const COPIED_UNDER_LOCK: usize = 1024;
/// Rounds of looking for bytes in vain after which there are none.
const ROUNDS_MAX: u32 = 4_096;
/// Lives from here on are counted from the coarse clock, in ms.
const LONG_LIFE_MS: u64 = 60_000;

/// What left during a look-up, to be delivered when no lock is held. Nearly
/// always nothing.
pub type Left = Option<Box<Departures>>;

/// Delivers what left during a look-up.
pub fn deliver(left: Left) {
    if let Some(left) = left {
        left.deliver();
    }
}

/// Why a look-up has no value; small, because it is on the way of every hit.
#[derive(Debug, PartialEq)]
pub enum Missed {
    /// No live entry.
    NotFound,
    /// The shard was not free in time.
    Busy,
    /// It has so many bytes, more than there is room for.
    TooLarge(usize),
    /// Anything else.
    Failed(Box<Error>),
}

impl From<Error> for Missed {
    #[cold]
    fn from(error: Error) -> Self {
        Missed::Failed(Box::new(error))
    }
}

impl Missed {
    /// As a status.
    #[inline]
    pub fn status(&self) -> Status {
        match self {
            Missed::NotFound => Status::NotFound,
            Missed::Busy => Status::Busy,
            Missed::TooLarge(_) => Status::TooLarge,
            Missed::Failed(error) => error.status(),
        }
    }

    /// As an error; `limit` is the room that there was.
    pub fn error(self, limit: usize) -> Error {
        match self {
            Missed::NotFound => Error::NotFound,
            Missed::Busy => Error::Busy,
            Missed::TooLarge(needed) => {
                Error::TooLarge { what: "value", needed: needed as u64, limit: limit as u64 }
            }
            Missed::Failed(error) => *error,
        }
    }
}

/// A value that was copied under the lock, or is to be copied outside.
enum Found {
    Copied(usize),
    Outside(Entry),
}

impl Cache {
    /// The value of a key, if there is one and its shard is not contended for
    /// longer than the options allow.
    pub fn get(&self, key: &[u8]) -> Option<Value> {
        let mut left = None;
        let value = self.fetch(key, &mut left).ok();
        deliver(left);
        value
    }

    /// The value of a key. What left on the way is the caller's to deliver.
    #[inline(always)]
    pub fn fetch(&self, key: &[u8], left: &mut Left) -> Result<Value, Missed> {
        let entry = self.look(key, left, |entry| match entry.share() {
            Some(entry) => Ok(entry),
            None => Ok(entry.copy()?),
        })?;
        match entry.flags() & COMPRESSED {
            0 => Ok(Value::of(entry)),
            _ => Ok(self.unpack(&entry)?),
        }
    }

    /// Copies the value of a key into `place` and answers its length. What left
    /// on the way is the caller's to deliver.
    #[inline(always)]
    pub fn fetch_into(
        &self,
        key: &[u8],
        place: &mut [u8],
        left: &mut Left,
    ) -> Result<usize, Missed> {
        let found = self.look(key, left, |entry| {
            let value = entry.value();
            if entry.flags() & COMPRESSED == 0 {
                let Some(place) = place.get_mut(..value.len()) else {
                    return Err(Missed::TooLarge(value.len()));
                };
                if value.len() <= COPIED_UNDER_LOCK {
                    place.copy_from_slice(value);
                    return Ok(Found::Copied(value.len()));
                }
            }
            match entry.share() {
                Some(entry) => Ok(Found::Outside(entry)),
                None => Ok(Found::Outside(entry.copy()?)),
            }
        })?;
        match found {
            Found::Copied(len) => Ok(len),
            Found::Outside(entry) => self.copy_outside(&entry, place),
        }
    }

    /// The part of a copy that needs no lock.
    #[cold]
    fn copy_outside(&self, entry: &Entry, place: &mut [u8]) -> Result<usize, Missed> {
        if entry.flags() & COMPRESSED != 0 {
            let value = self.unpack(entry)?;
            let len = value.as_bytes().len();
            let place = place.get_mut(..len).ok_or(Missed::TooLarge(len))?;
            place.copy_from_slice(value.as_bytes());
            return Ok(len);
        }
        let value = entry.value();
        let place = place.get_mut(..value.len()).ok_or(Missed::TooLarge(value.len()))?;
        place.copy_from_slice(value);
        Ok(value.len())
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
    #[inline(always)]
    fn look<R>(
        &self,
        key: &[u8],
        left: &mut Left,
        found: impl FnOnce(&Entry) -> Result<R, Missed>,
    ) -> Result<R, Missed> {
        let timer = self.metrics.start_get(&self.clock);
        let result = self.look_up(key, left, found);
        if let Some(start) = timer {
            self.timed(start, left);
        }
        result
    }

    #[inline(always)]
    fn look_up<R>(
        &self,
        key: &[u8],
        left: &mut Left,
        found: impl FnOnce(&Entry) -> Result<R, Missed>,
    ) -> Result<R, Missed> {
        let hash = self.shared.hash(key);
        self.simulator.observe(hash);
        let Ok((_, shard)) = self.directory.read(hash) else {
            return Err(self.metrics.busy());
        };
        let Some(entry) = shard.table.get(hash, key) else {
            return Err(self.metrics.missed());
        };
        if self.is_expired(entry) {
            drop(shard);
            self.meet_expired(hash, key, left);
            return Err(self.metrics.missed());
        }
        shard.hit(entry.word());
        if entry.flags() & NEGATIVE != 0 {
            return Err(Missed::NotFound);
        }
        found(entry)
    }

    /// The end of a timed look-up.
    #[cold]
    fn timed(&self, start: u64, left: &mut Left) {
        let end = self.metrics.end_get(&self.clock, start);
        if self.alerts.is_due(end) {
            left.get_or_insert_default().tick(self.me.upgrade());
        }
    }

    /// Whether an entry's time is over, to the millisecond: the coarse clock
    /// decides, unless the two are within a tick.
    #[inline(always)]
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
    fn meet_expired(&self, hash: u64, key: &[u8], left: &mut Left) {
        if !self.leaves_when_met() {
            return;
        }
        let mut out = Departures::default();
        if let Ok((_, mut shard)) = self.directory.write(hash) {
            let now = self.now_ms();
            let lapsed = |entry: &Entry| self.shared.lapse(entry).is_some_and(|ms| ms <= now);
            shard.remove_if(&self.shared, hash, key, Reason::Expired, lapsed, &mut out);
        }
        *left = Some(Box::new(self.finish(out)));
    }

    fn leaves_when_met(&self) -> bool {
        self.strategy() != "periodic"
    }

    /// Stores a copy of `value` under `key`.
    pub fn set(&self, key: &[u8], value: &[u8], ttl: Ttl) -> Result<()> {
        self.store(key, value, ttl).map(Departures::deliver)
    }

    /// As [`Cache::set`]; what left on the way is the caller's to deliver.
    pub fn store(&self, key: &[u8], value: &[u8], ttl: Ttl) -> Result<Departures> {
        let start = self.metrics.start_set(&self.clock);
        let (hash, expiry_ms) = (self.shared.hash(key), self.expiry_ms(ttl));
        let mut out = match self.renew(hash, key, value, expiry_ms)? {
            true => Departures::default(),
            false => self.store_anew(hash, key, value, expiry_ms)?,
        };
        if let Some(start) = start {
            let end = self.metrics.end_set(&self.clock, start);
            self.tick(end, &mut out);
        }
        Ok(out)
    }

    /// Stores a copy in an entry of its own.
    pub(super) fn store_anew(
        &self,
        hash: u64,
        key: &[u8],
        value: &[u8],
        expiry_ms: u64,
    ) -> Result<Departures> {
        let encoded = self.encode(key, value, expiry_ms)?;
        let out = self.put(hash, encoded.entry, encoded.raw_len)?;
        if encoded.train {
            self.train_aside();
        }
        Ok(out)
    }

    /// Has what is due now and then done at delivery.
    #[cold]
    fn tick(&self, now_ns: u64, out: &mut Departures) {
        if self.alerts.is_due(now_ns) {
            out.tick(self.me.upgrade());
        }
    }

    /// When an entry that is stored now expires, in ms; 0: never.
    pub(super) fn expiry_ms(&self, ttl: Ttl) -> u64 {
        let values = &self.options.values;
        let ms = match ttl {
            Ttl::Never => 0,
            Ttl::Default => values.default_ttl_ms,
            Ttl::Millis(ms) | Ttl::Exactly(ms) => ms,
        };
        if ms == 0 {
            return 0;
        }
        let percent = match ttl {
            Ttl::Exactly(_) => 0,
            _ => values.ttl_jitter_percent.into(),
        };
        let ms = if percent == 0 { ms } else { ms - self.jitter(ms, percent) };
        // A life of a minute or more may end a tick late: the precise clock
        // costs as much as the rest of a small store. Rounded up, so that no
        // life is ever shorter than asked for.
        let now_ns = if ms < LONG_LIFE_MS { self.clock.now_ns() } else { self.clock.soon_ns() };
        let now_ms = now_ns.div_ceil(1_000_000);
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
    pub(super) fn put(&self, hash: u64, mut entry: Entry, raw_len: usize) -> Result<Departures> {
        self.check_size(&entry)?;
        let packed = entry.flags() & COMPRESSED != 0;
        let (packed_len, lapse) = (entry.value().len(), self.shared.lapse(&entry));
        let now_ms = self.clock.coarse_ns() / 1_000_000;
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
            match shard.put(&self.shared, self.share(), hash, entry, now_ms, &mut out) {
                Ok(()) => {
                    if packed {
                        shard.counts.packed += 1;
                        shard.counts.raw_bytes += raw_len as u64;
                        shard.counts.packed_bytes += packed_len as u64;
                    }
                    break Ok(());
                }
                Err((back, lacking)) => {
                    entry = back;
                    let index = shard.index;
                    drop(shard);
                    carried = self.gather(index, lacking, &mut out);
                    // There is a place for every entry; bytes there may not be.
                    rounds += (lacking.bytes > 0) as u32;
                    if !carried.is_some() {
                        if rounds > ROUNDS_MAX {
                            break Err(self.no_room(&entry));
                        }
                        // Others hold what there is, on its way to where it goes.
                        crate::sync::yield_now();
                    }
                }
            }
        };
        self.shared.budget.give(carried);
        let out = self.finish(out);
        match stored {
            Ok(()) => {
                self.expect_lapse(lapse);
                Ok(out)
            }
            Err(error) => {
                out.deliver();
                Err(error)
            }
        }
    }

    /// Finds what a shard lacks elsewhere: first what others have in hand,
    /// then, entry by entry, what they hold. One lock at a time.
    fn gather(&self, home: usize, lacking: Amount, out: &mut Departures) -> Amount {
        if let Some(collection) = self.shared.budget.tighten(lacking) {
            for cell in self.directory.cells() {
                let amount = cell.write().surrender();
                self.shared.budget.give(amount);
            }
            self.shared.budget.collected(collection);
            return Amount::default();
        }
        let mut gathered = self.shared.budget.draw_only(lacking);
        let count = self.directory.count();
        for step in 1..count {
            let missing = gathered.lacks(lacking);
            if !missing.is_some() {
                break;
            }
            let mut shard = self.directory.cell((home + step) % count).write();
            gathered.add(self.evict_for(&mut shard, missing, out));
        }
        gathered
    }

    pub(super) fn evict_for(
        &self,
        shard: &mut Shard,
        missing: Amount,
        out: &mut Departures,
    ) -> Amount {
        let mut found = shard.surrender();
        let reason = if missing.entries > 0 { Reason::Capacity } else { Reason::Memory };
        while found.lacks(missing).is_some() {
            if !shard.evict(&self.shared, reason, out) && !shard.shrink(&self.shared) {
                break;
            }
            found.add(shard.surrender());
        }
        found
    }

    /// The bounds of a single entry.
    fn check_size(&self, entry: &Entry) -> Result<()> {
        let size = entry.key().len() + entry.value().len();
        match self.is_too_large(size) {
            true => Err(Error::TooLarge {
                what: "entry",
                needed: size as u64,
                limit: self.entry_limit(),
            }),
            false => Ok(()),
        }
    }

    /// Whether no entry may have so many bytes.
    #[inline]
    pub(super) fn is_too_large(&self, size: usize) -> bool {
        let limit = self.entry_limit();
        limit > 0 && size as u64 > limit
    }

    /// Most bytes of an entry; 0: no limit.
    #[inline]
    fn entry_limit(&self) -> u64 {
        let values = &self.options.values;
        match (values.max_memory_mb, values.max_entry_bytes) {
            (0, most) => most,
            (mb, 0) => mb << 19,
            (mb, most) => most.min(mb << 19),
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
        drop(shard);
        self.expect_lapse(lapse);
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
            cell.write().clear(&self.shared, reason, &mut out);
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
            let packs = self.shared.codec.is_some();
            out.tell(self.listener.read().clone(), packs.then(|| self.me.upgrade()).flatten());
        }
        out
    }
}
