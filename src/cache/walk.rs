//! Many keys at a time: batches, prefixes, and walking over everything.
//!
//! A walk goes over hashes, not over shards: in the order of their low sixteen
//! bits read backwards. In that order each shard is one unbroken range, and a
//! split or a merger cuts a range in two or joins two neighbours. So a walk that
//! takes one shard's slice at a time neither misses nor repeats an entry,
//! however often the cache is resized on the way.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::departure::{Departures, Reason};
use super::entry::{COMPRESSED, Entry, NEGATIVE, Value};
use super::operations::{Missed, deliver};
use super::{Cache, Ttl};
use crate::error::{Error, Result};

/// Positions of a walk.
const END: u32 = 1 << 16;
/// Removals under one write lock.
const BATCH: usize = 256;

/// A walk over the entries of a cache.
pub struct Walk {
    cache: Arc<Cache>,
    position: u32,
    slice: std::vec::IntoIter<Entry>,
}

/// A key and its value.
pub struct Pair {
    entry: Entry,
    value: Value,
}

impl Pair {
    /// The key.
    pub fn key(&self) -> &[u8] {
        self.entry.key()
    }

    /// The value.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// When it expires, in ms on the cache's clock; 0: never.
    pub(super) fn expiry_ms(&self) -> u64 {
        self.entry.expiry_ms()
    }
}

impl Iterator for Walk {
    type Item = Result<Pair>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            for entry in self.slice.by_ref() {
                let gone = entry.flags() & NEGATIVE != 0 || self.cache.is_expired(&entry);
                if gone {
                    continue;
                }
                match self.cache.plain(&entry) {
                    // Its dictionary went with it: it is no longer there.
                    Err(Error::NotFound) => continue,
                    Err(error) => return Some(Err(error)),
                    Ok(value) => return Some(Ok(Pair { entry, value })),
                }
            }
            if self.position >= END {
                return None;
            }
            match self.cache.slice(&mut self.position) {
                Ok(entries) => self.slice = entries.into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// The place of a hash in the order of a walk.
fn place(hash: usize) -> u32 {
    (hash as u16).reverse_bits().into()
}

impl Cache {
    /// Walks over all entries. What is there from beginning to end comes once;
    /// what comes or goes meanwhile may or may not.
    pub fn walk(self: &Arc<Self>) -> Walk {
        Walk { cache: self.clone(), position: 0, slice: Vec::new().into_iter() }
    }

    /// References to the entries of one shard from a position on, which moves
    /// to the end of that shard's range.
    fn slice(&self, position: &mut u32) -> Result<Vec<Entry>> {
        let hash = (*position as u16).reverse_bits() as u64;
        let (_, shard) = self.directory.read(hash)?;
        let hashed = |entry: &&Entry| place(self.shared.hash(entry.key()) as usize) >= *position;
        let entries = shard.table.iter().filter(hashed);
        let slice = entries.map(|entry| entry.share().map_or_else(|| entry.copy(), Ok)).collect();
        *position = place(shard.index) + END / (shard.mask as u32 + 1);
        slice
    }

    /// The value of an entry, as it was stored.
    fn plain(&self, entry: &Entry) -> Result<Value> {
        match entry.flags() & COMPRESSED {
            0 => Ok(Value::of(entry.share().map_or_else(|| entry.copy(), Ok)?)),
            _ => self.unpack(entry),
        }
    }

    /// Removes every key that begins with `prefix`; how many live entries went.
    /// Readers are never blocked for more than a batch.
    pub fn remove_prefix(&self, prefix: &[u8]) -> Result<u64> {
        let (mut position, mut removed) = (0, 0);
        while position < END {
            let mut slice = self.slice(&mut position)?;
            slice.retain(|entry| entry.key().starts_with(prefix));
            for batch in slice.chunks(BATCH) {
                removed += self.remove_all(batch)?;
            }
        }
        Ok(removed)
    }

    fn remove_all(&self, entries: &[Entry]) -> Result<u64> {
        let mut out = Departures::default();
        let mut removed = 0;
        for entry in entries {
            let hash = self.shared.hash(entry.key());
            let (_, mut shard) = self.directory.write(hash)?;
            let live = |old: &Entry| {
                removed += (!self.is_expired(old) && old.flags() & NEGATIVE == 0) as u64;
                true
            };
            shard.remove_if(&self.shared, hash, entry.key(), Reason::Removed, live, &mut out);
        }
        self.finish(out).deliver();
        Ok(removed)
    }

    /// The values of many keys, in their order; none for a miss.
    pub fn get_many<'a>(&self, keys: impl Iterator<Item = &'a [u8]>) -> Result<Vec<Option<Value>>> {
        let mut values = Vec::new();
        values.try_reserve(keys.size_hint().0).map_err(|_| Error::TooLarge {
            what: "count",
            needed: keys.size_hint().0 as u64,
            limit: 0,
        })?;
        for key in keys {
            let mut left = None;
            let value = self.fetch(key, &mut left);
            deliver(left);
            values.push(match value {
                Ok(value) => Some(value),
                Err(Missed::NotFound) => None,
                Err(missed) => return Err(missed.error(0)),
            });
        }
        Ok(values)
    }

    /// Says that there is nothing under a key, for a while: look-ups miss, and
    /// nobody is asked to load it.
    pub fn set_negative(&self, key: &[u8], ttl: Ttl) -> Result<()> {
        let entry = Entry::new(key, &[], self.expiry_ms(ttl), NEGATIVE)?;
        self.put(self.shared.hash(key), entry, 0).map(Departures::deliver)
    }

    /// A live entry that says there is nothing.
    pub(super) fn is_negative(&self, key: &[u8]) -> Result<bool> {
        let hash = self.shared.hash(key);
        let (_, shard) = self.directory.read(hash)?;
        let entry = shard.table.get(hash, key);
        Ok(entry.is_some_and(|e| e.flags() & NEGATIVE != 0 && !self.is_expired(e)))
    }

    /// A value that has expired and may still serve while it is renewed.
    pub(super) fn stale(&self, key: &[u8]) -> Result<Option<Value>> {
        if self.shared.stale_ms == 0 {
            return Ok(None);
        }
        let hash = self.shared.hash(key);
        let now_ms = self.now_ms();
        let (_, shard) = self.directory.read(hash)?;
        let serves = |entry: &&Entry| {
            entry.flags() & NEGATIVE == 0
                && self.shared.lapse(entry).is_some_and(|lapse| now_ms < lapse)
        };
        let entry = shard.table.get(hash, key).filter(serves).and_then(Entry::share);
        drop(shard);
        let Some(entry) = entry else { return Ok(None) };
        self.metrics.stale.fetch_add(1, Relaxed);
        self.plain(&entry).map(Some)
    }
}
