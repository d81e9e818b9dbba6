//! Looking keys up.

use super::Cache;
use super::cell::Quit;
use super::compress::Codec;
use super::departure::{Departures, Reason};
use super::entry::{COMPRESSED, Entry, NEGATIVE, Value};
use super::quick::COPIED;
use super::simulate::What;
use crate::error::{Error, Result, Status};

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
        self.fetch_if(key, left, None, |_| false)
    }

    /// As [`Cache::fetch`]; a wait for the shard ends when it is to quit.
    pub(super) fn fetch_unless(
        &self,
        key: &[u8],
        left: &mut Left,
        quit: Quit,
    ) -> Result<Value, Missed> {
        self.fetch_if(key, left, quit, |_| false)
    }

    /// As [`Cache::fetch`], for one who has asked [`Cache::quick_value`]: some of these
    /// calls look whether it should lend.
    #[inline(always)]
    pub fn fetch_unsure(&self, key: &[u8], left: &mut Left) -> Result<Value, Missed> {
        self.fetch_if(key, left, None, Entry::is_lendable)
    }

    #[inline(always)]
    fn fetch_if(
        &self,
        key: &[u8],
        left: &mut Left,
        quit: Quit,
        watches: impl FnOnce(&Entry) -> bool,
    ) -> Result<Value, Missed> {
        let shared = |entry: &Entry| match entry.share() {
            Some(entry) => Ok(entry),
            None => Ok(entry.copy()?),
        };
        self.look(key, left, quit, watches, shared, |entry| match entry.flags() & COMPRESSED {
            0 => Ok(Value::of(entry)),
            _ => Ok(self.unpack(&entry)?),
        })
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
        // Copied under the lock, and outside; never both.
        let place = std::cell::RefCell::new(place);
        let copied = |entry: &Entry| {
            let value = entry.value();
            let packed = entry.flags() & COMPRESSED != 0;
            let len = if packed { Codec::length(value) } else { value.len() };
            let mut place = place.borrow_mut();
            let place = place.get_mut(..len).ok_or(Missed::TooLarge(len))?;
            if !packed && len <= COPIED {
                place.copy_from_slice(value);
                return Ok(Found::Copied(len));
            }
            match entry.share() {
                Some(entry) => Ok(Found::Outside(entry)),
                None => Ok(Found::Outside(entry.copy()?)),
            }
        };
        self.look(
            key,
            left,
            None,
            |_| false,
            copied,
            |found| match found {
                Found::Copied(len) => Ok(len),
                Found::Outside(entry) => self.copy_outside(&entry, &mut place.borrow_mut()),
            },
        )
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

    /// The live entry of a key, also one that says there is nothing. Counts as
    /// neither hit nor miss, and is no use of the entry.
    pub(super) fn peek(&self, key: &[u8], quit: Quit) -> Result<Option<Entry>> {
        let hash = self.shared.hash(key);
        let (_, shard) = self.directory.read_unless(hash, quit)?;
        let entry = shard.table.get(hash, key).filter(|entry| !self.is_expired(entry));
        entry.map(|entry| entry.share().map_or_else(|| entry.copy(), Ok)).transpose()
    }

    /// A value that has expired and may still serve while it is renewed.
    pub(super) fn stale(&self, key: &[u8], quit: Quit) -> Result<Option<Value>> {
        if self.shared.stale_ms == 0 {
            return Ok(None);
        }
        let hash = self.shared.hash(key);
        let now_ms = self.now_ms();
        let (_, shard) = self.directory.read_unless(hash, quit)?;
        let serves = |entry: &&Entry| {
            entry.flags() & NEGATIVE == 0
                && self.shared.lapse(entry).is_some_and(|lapse| now_ms < lapse)
        };
        let entry = shard.table.get(hash, key).filter(serves).and_then(Entry::share);
        drop(shard);
        let Some(entry) = entry else { return Ok(None) };
        let value = self.plain(&entry)?;
        self.metrics.found_stale();
        Ok(Some(value))
    }

    /// The value of an entry, as it was stored.
    pub(super) fn plain(&self, entry: &Entry) -> Result<Value> {
        match entry.flags() & COMPRESSED {
            0 => Ok(Value::of(entry.share().map_or_else(|| entry.copy(), Ok)?)),
            _ => self.unpack(entry),
        }
    }

    /// Finds a live entry, calls `found` under the lock, and notes the hit, unless
    /// there was too little room for it: then it is as if nobody had asked. What was found
    /// goes through `after` without the lock, which is part of what the call takes.
    /// `watches`: whether one of these calls that found this looks if values should be lent.
    #[inline(always)]
    fn look<R, T>(
        &self,
        key: &[u8],
        left: &mut Left,
        quit: Quit,
        watches: impl FnOnce(&R) -> bool,
        found: impl FnOnce(&Entry) -> Result<R, Missed>,
        after: impl FnOnce(R) -> Result<T, Missed>,
    ) -> Result<T, Missed> {
        let timer = self.metrics.start_get(&self.clock);
        let hash = self.shared.hash(key);
        let mut expiry_ms = None;
        let result = self.look_up(hash, key, left, quit, |entry| {
            expiry_ms = Some(entry.expiry_ms());
            found(entry)
        });
        self.metrics.looked(result.as_ref().err());
        if !matches!(result, Err(Missed::TooLarge(_) | Missed::Busy)) {
            self.observe(hash, What::Looked(expiry_ms));
        }
        let Some(start) = timer else { return result.and_then(after) };
        let is_watched = result.as_ref().is_ok_and(watches);
        let result = result.and_then(after);
        self.timed(start, left);
        if is_watched {
            self.directory.watch(hash);
        }
        result
    }

    #[inline(always)]
    fn look_up<R>(
        &self,
        hash: u64,
        key: &[u8],
        left: &mut Left,
        quit: Quit,
        found: impl FnOnce(&Entry) -> Result<R, Missed>,
    ) -> Result<R, Missed> {
        let (_, shard) = match self.directory.read_unless(hash, quit) {
            Ok(found) => found,
            Err(Error::Busy) => return Err(Missed::Busy),
            Err(error) => return Err(error.into()),
        };
        let Some(entry) = shard.table.get(hash, key) else {
            return Err(Missed::NotFound);
        };
        if self.is_expired(entry) {
            drop(shard);
            self.meet_expired(hash, key, left, quit);
            return Err(Missed::NotFound);
        }
        if entry.flags() & NEGATIVE != 0 {
            shard.hit(entry.word());
            return Err(Missed::NotFound);
        }
        let found = found(entry);
        if !matches!(found, Err(Missed::TooLarge(_))) {
            shard.hit(entry.word());
        }
        found
    }

    /// The end of a timed look-up.
    #[cold]
    fn timed(&self, start: u64, left: &mut Left) {
        let end = self.metrics.end_get(&self.clock, start);
        if self.alerts.is_due(end) {
            left.get_or_insert_default().tick(self.me.upgrade());
        }
    }

    /// Whether an entry's time is over, to the millisecond.
    #[inline(always)]
    pub(super) fn is_expired(&self, entry: &Entry) -> bool {
        self.shared.is_over(entry.expiry_ms())
    }

    /// A look-up met an entry that is over: it leaves, unless the strategy
    /// leaves that to the sweep, or it may still serve as a stale value.
    #[cold]
    fn meet_expired(&self, hash: u64, key: &[u8], left: &mut Left, quit: Quit) {
        if !self.leaves_when_met() {
            return;
        }
        let mut out = Departures::default();
        if let Ok((_, mut shard)) = self.directory.write_unless(hash, quit) {
            let now = self.now_ms();
            let lapsed = |entry: &Entry| {
                let lapse = self.shared.lapse(entry).filter(|ms| *ms <= now);
                lapse.map(|_| Reason::Expired)
            };
            shard.remove_if(&self.shared, hash, key, lapsed, &mut out);
        }
        *left = Some(Box::new(self.finish(out)));
    }

    fn leaves_when_met(&self) -> bool {
        self.strategy() != "periodic"
    }
}
