//! Walking over everything, and removing all that begins alike.
//!
//! A walk goes over hashes, not over shards: in the order of their low sixteen
//! bits read backwards, and then of their upper halves. In that order each shard
//! is one unbroken range, and a split or a merger cuts a range in two or joins two
//! neighbours. So a walk that takes a part of one shard's slice at a time neither
//! misses nor repeats an entry, however often the cache is resized on the way, and
//! it holds a lock no longer than a few hundred look-ups would.

use std::sync::Arc;

use super::departure::Departures;
use super::entry::{Entry, NEGATIVE, Value};
use super::simulate::What;
use super::table::HASHES;
use super::{Cache, patiently};
use crate::error::{Error, Result};

/// Positions of a walk.
const END: u32 = 1 << 16;
/// Buckets of a table that are looked at under one lock.
const BUCKETS: usize = 128;
/// Removals under one write lock.
const BATCH: usize = 256;

/// A walk over the entries of a cache.
pub struct Walk {
    cache: Arc<Cache>,
    rest: Rest,
    slice: std::vec::IntoIter<Entry>,
}

/// Ranges of hashes that a walk has still to see, the next one last.
struct Rest(Vec<Range>);

/// Hashes by their places; those with an upper half below `high` have been seen.
struct Range {
    first: u32,
    end: u32,
    high: u64,
}

impl Rest {
    fn all() -> Rest {
        Rest(vec![Range { first: 0, end: END, high: 0 }])
    }
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
            // What is freed is empty: there is nothing any more, and that was not all.
            if self.cache.is_closed() {
                return Some(Err(Error::Closed("cache")));
            }
            for entry in self.slice.by_ref() {
                match self.cache.pair_of(entry) {
                    Ok(None) => {}
                    Ok(Some(pair)) => return Some(Ok(pair)),
                    Err(error) => return Some(Err(error)),
                }
            }
            match self.cache.slice(&mut self.rest) {
                Some(Ok(entries)) => self.slice = entries.into_iter(),
                Some(Err(error)) => return Some(Err(error)),
                None if self.cache.is_closed() => {}
                None => return None,
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
        Walk { cache: self.clone(), rest: Rest::all(), slice: Vec::new().into_iter() }
    }

    /// What a walk gives of an entry that it met, or of the one that has come in its
    /// place; none if there is none any more.
    fn pair_of(&self, met: Entry) -> Result<Option<Pair>> {
        let Some(value) = self.live_value(&met)? else {
            let Some(now) = self.now_under(met.key())? else { return Ok(None) };
            let value = self.live_value(&now)?;
            return Ok(value.map(|value| Pair { entry: now, value }));
        };
        Ok(Some(Pair { entry: met, value }))
    }

    /// The value of an entry; none if its time is over, it says that there is none, or
    /// it has left, and so has the dictionary that it needs.
    fn live_value(&self, entry: &Entry) -> Result<Option<Value>> {
        if entry.flags() & NEGATIVE != 0 || self.is_expired(entry) {
            return Ok(None);
        }
        match self.plain(entry) {
            Err(Error::NotFound) => Ok(None),
            plain => plain.map(Some),
        }
    }

    /// The entry that there is under a key now.
    fn now_under(&self, key: &[u8]) -> Result<Option<Entry>> {
        let hash = self.shared.hash(key);
        let (_, shard) = patiently(|| self.directory.read(hash))?;
        let entry = shard.table.get(hash, key);
        entry.map(|entry| entry.share().map_or_else(|| entry.copy(), Ok)).transpose()
    }

    /// References to the next entries, all of one shard; none at the end. A
    /// failure leaves the rest as it was.
    fn slice(&self, rest: &mut Rest) -> Option<Result<Vec<Entry>>> {
        let Range { first, end, high } = rest.0.pop()?;
        let hash = (first as u16).reverse_bits() as u64;
        let (_, shard) = match self.directory.read(hash) {
            Ok(found) => found,
            Err(error) => {
                rest.0.push(Range { first, end, high });
                return Some(Err(error));
            }
        };
        let shards_end = place(shard.index) + END / (shard.mask as u32 + 1);
        if shards_end < end {
            // It has been split since; the other part has been seen as far.
            rest.0.push(Range { first: shards_end, end, high });
        }
        let end = end.min(shards_end);
        let mut slice = Vec::new();
        let hash = |entry: &Entry| self.shared.hash(entry.key());
        let next = shard.table.scan(high, BUCKETS, hash, |entry, hash| {
            if (first..end).contains(&place(hash as usize)) {
                slice.push(entry.share().map_or_else(|| entry.copy(), Ok));
            }
        });
        drop(shard);
        if next < HASHES {
            rest.0.push(Range { first, end, high: next });
        }
        Some(slice.into_iter().collect())
    }

    /// Removes every key that begins with `prefix`, however long a shard is not free;
    /// how many live entries went. Readers are never blocked for more than a batch.
    pub fn remove_prefix(&self, prefix: &[u8]) -> Result<u64> {
        self.overtake_all(prefix);
        let (mut rest, mut removed) = (Rest::all(), 0);
        while let Some(mut slice) = patiently(|| self.slice(&mut rest).transpose())? {
            slice.retain(|entry| entry.key().starts_with(prefix));
            for batch in slice.chunks(BATCH) {
                self.remove_all(batch, &mut removed)?;
            }
        }
        Ok(removed)
    }

    /// Removes entries, and counts those that were live; what went before a
    /// failure is told of too.
    fn remove_all(&self, entries: &[Entry], removed: &mut u64) -> Result<()> {
        let mut out = Departures::default();
        let ended = entries.iter().try_for_each(|entry| {
            let hash = self.shared.hash(entry.key());
            let (_, mut shard) = patiently(|| self.directory.write(hash))?;
            let mut live = false;
            let goes = |old: &Entry| self.goes(old, &mut live);
            shard.remove_if(&self.shared, hash, entry.key(), goes, &mut out);
            drop(shard);
            self.observe(hash, What::Removed);
            *removed += live as u64;
            Ok(())
        });
        self.finish(out).deliver();
        ended
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::tests::cache;
    use super::*;
    use crate::cache::Ttl;

    #[test]
    fn a_walk_over_a_cache_that_is_freed_says_so_at_its_end() {
        let (cache, _) = cache("{}");
        (0..3u8).for_each(|n| cache.set(&[n], b"v", Ttl::Never).unwrap());
        assert!(cache.walk().all(|pair| pair.is_ok()));
        let (mut walk, mut begun) = (cache.walk(), cache.walk());
        assert!(begun.next().is_some_and(|pair| pair.is_ok()));
        cache.close();
        for walk in [&mut walk, &mut begun] {
            assert_eq!(walk.next().map(|pair| pair.map(drop)), Some(Err(Error::Closed("cache"))));
        }
    }

    #[test]
    fn a_walk_gives_what_is_there_from_beginning_to_end_though_it_is_set_again_meanwhile() {
        let (cache, time) = cache(r#"{"shard_count": 1}"#);
        let set = |ttl| (0..50u8).for_each(|n| cache.set(&[n], &[n], ttl).unwrap());
        set(Ttl::Exactly(100));
        let mut walk = cache.walk();
        let mut seen: HashSet<_> =
            walk.next().map(|pair| pair.unwrap().key().to_vec()).into_iter().collect();
        set(Ttl::Exactly(1_000));
        time.advance(std::time::Duration::from_millis(200));
        (0..10u8).for_each(|n| assert!(cache.remove(&[n])));
        for pair in walk {
            let pair = pair.unwrap();
            assert_eq!(pair.key(), pair.value().as_bytes());
            assert!(seen.insert(pair.key().to_vec()), "twice");
        }
        assert!((10..50u8).all(|n| seen.contains(&[n][..])), "{}", seen.len());
        assert!(seen.len() <= 41, "what was removed is not there: {}", seen.len());
    }

    #[test]
    fn a_walk_takes_few_entries_at_a_time_and_none_twice_though_tables_grow_and_shards_change() {
        let (cache, _) = cache(r#"{"capacity": 1000000, "shard_count": 1}"#);
        let set = |n: u32| cache.set(&n.to_le_bytes(), b"v", Ttl::Never).unwrap();
        (0..20_000).for_each(set);
        let (mut rest, mut seen, mut random) =
            (Rest::all(), HashSet::new(), fastrand::Rng::with_seed(3));
        let mut newcomers = 20_000..;
        while let Some(slice) = cache.slice(&mut rest) {
            let slice = slice.unwrap();
            assert!(slice.len() < 2 * BUCKETS * 7, "{} under one lock", slice.len());
            for entry in slice {
                assert!(seen.insert(entry.key().to_vec()), "twice");
            }
            match random.u8(..4) {
                0 => cache.resize(1 << random.u64(..6)).unwrap(),
                1 => newcomers.by_ref().take(500).for_each(set),
                _ => {}
            }
        }
        assert!((0..20_000u32).all(|n| seen.contains(&n.to_le_bytes()[..])));
    }

    #[test]
    fn a_prefix_is_removed_however_long_a_shard_is_not_free() {
        let (cache, _) = cache(r#"{"shard_count": 1, "max_retries": 1, "retry_delay_ms": 1}"#);
        (0..10u8).for_each(|n| cache.set(&[n % 2, n], b"v", Ttl::Never).unwrap());
        assert_eq!(cache.while_it_gives_up(2, || cache.remove_prefix(&[1])), Ok(5));
        assert_eq!(cache.len(), 5);
    }
}
