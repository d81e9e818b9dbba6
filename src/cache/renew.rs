//! The shortest way to store: over an old value of the same size.
//!
//! Most stores in a running cache renew what is there, with a value about as
//! long. Where nobody holds the old value, nobody is told of departures and
//! nothing is packed, its bytes are written over under the shard's lock:
//! nothing is allocated, freed, drawn from the budget or put in another place.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::departure::Departures;
use super::glance::Found;
use super::quick::COPIED;
use super::shard::{Shard, Shared};
use super::table::Slot;
use super::{Cache, Ttl};
use crate::error::Result;
use crate::section::Alone;

impl Cache {
    /// As [`Cache::store`], in the fewest steps; none, and nothing has been
    /// counted or changed, if that must be asked. It looks for the old value
    /// before it takes the lock: what the processor has to fetch keeps nobody
    /// waiting, and the place is known if nobody has come between.
    #[inline(always)]
    pub fn quick_store(
        &self,
        stay: &Alone,
        key: &[u8],
        value: &[u8],
        ttl: Ttl,
    ) -> Option<Result<Departures>> {
        let sets = self.metrics.untimed_set(stay.line())?;
        if !self.renews(key, value) {
            return None;
        }
        let hash = self.shared.hash(key);
        let (cell, glance) = self.directory.glance(hash, stay)?;
        let (seen, slot) = match glance.find(hash, key, 0) {
            Found::Plain(seen, slot) => (seen, slot),
            Found::Absent => {
                cell.fetch_to_store(hash, &glance);
                add_one(sets);
                return Some(self.store_anew(hash, key, value, self.expiry_ms(ttl)));
            }
            Found::Unclear => return None,
        };
        seen.fetch_to_write();
        let expiry_ms = self.expiry_ms(ttl);
        let mut shard = cell.write_after(&glance)?;
        if self.is_closed() {
            return None;
        }
        let lapse = shard.renew_at(&self.shared, slot, value, expiry_ms)?;
        drop(shard);
        self.expect_lapse(lapse);
        add_one(sets);
        Some(Ok(Departures::default()))
    }

    /// Whether the value of a key may be one to renew.
    #[inline(always)]
    fn renews(&self, key: &[u8], value: &[u8]) -> bool {
        let simple = value.len() <= COPIED && self.shared.codec.is_none() && !self.has_listener;
        simple && !self.is_too_large(key.len() + value.len())
    }

    /// Renews the value of a key in its place. False if that cannot be done:
    /// nothing has changed then.
    #[inline]
    pub(super) fn renew(
        &self,
        hash: u64,
        key: &[u8],
        value: &[u8],
        expiry_ms: u64,
    ) -> Result<bool> {
        if !self.renews(key, value) {
            return Ok(false);
        }
        let (_, mut shard) = self.directory.write(hash)?;
        if self.is_closed() {
            return Ok(false);
        }
        let found = shard.table.find_ahead(hash, key, shard.lines_ahead());
        let renewed = found.and_then(|slot| shard.renew_at(&self.shared, slot, value, expiry_ms));
        let Some(lapse) = renewed else { return Ok(false) };
        drop(shard);
        self.expect_lapse(lapse);
        Ok(true)
    }
}

impl Shard {
    /// Renews the value in a slot; when the entry leaves by itself now. None, and
    /// nothing has changed, if it cannot.
    #[inline(always)]
    fn renew_at(
        &mut self,
        shared: &Shared,
        slot: Slot,
        value: &[u8],
        expiry_ms: u64,
    ) -> Option<Option<u64>> {
        let entry = self.table.entry_mut(slot)?;
        let before = shared.lapse(entry);
        if !entry.renew(value, expiry_ms) {
            return None;
        }
        let lapse = shared.lapse(entry);
        // Storing again is a use like any other.
        if let Some(entry) = self.table.entry(slot) {
            self.hit(entry.word());
        }
        // The bucket's time is no later than that of the value before.
        if before.is_none() || lapse < before {
            self.table.lower_due(slot, lapse);
        }
        self.renewed += 1;
        Some(lapse)
    }
}

#[inline(always)]
fn add_one(place: &AtomicU64) {
    place.store(place.load(Relaxed) + 1, Relaxed);
}

#[cfg(test)]
mod tests {
    use crate::cache::tests::{audit, cache};
    use crate::cache::{Cache, Ttl};

    fn address(cache: &Cache, key: &[u8]) -> usize {
        cache.get(key).unwrap().as_bytes().as_ptr() as usize
    }

    #[test]
    fn a_value_of_about_the_same_size_takes_the_place_of_the_old_one() {
        let (cache, _) = cache(r#"{"capacity": 100}"#);
        cache.set(b"k", &[1; 100], Ttl::Never).unwrap();
        let (place, bytes) = (address(&cache, b"k"), cache.memory_bytes());
        // 20 + 1 + 100 bytes take 128 of the heap, and so do 7 more.
        for len in [100, 107, 101, 104] {
            cache.set(b"k", &vec![len as u8; len], Ttl::Never).unwrap();
            assert_eq!(address(&cache, b"k"), place);
            assert_eq!(cache.get(b"k").unwrap().as_bytes(), vec![len as u8; len]);
            assert_eq!(cache.memory_bytes(), bytes);
        }
        cache.set(b"k", &[2; 300], Ttl::Never).unwrap();
        assert_eq!(cache.get(b"k").unwrap().as_bytes(), [2; 300]);
        audit(&cache);
    }

    #[test]
    fn a_value_that_somebody_holds_is_left_as_it_is() {
        let (cache, _) = cache(r#"{"capacity": 100}"#);
        cache.set(b"k", &[1; 100], Ttl::Never).unwrap();
        let held = cache.get(b"k").unwrap();
        cache.set(b"k", &[2; 100], Ttl::Never).unwrap();
        assert_eq!(held.as_bytes(), [1; 100]);
        assert_eq!(cache.get(b"k").unwrap().as_bytes(), [2; 100]);
        audit(&cache);
    }

    #[test]
    fn a_value_beyond_the_bound_of_one_entry_is_refused_whatever_was_there() {
        let (cache, _) = cache(r#"{"capacity": 100, "max_entry_bytes": 1024}"#);
        cache.set(b"k", &[1; 1_019], Ttl::Never).unwrap();
        assert!(cache.set(b"k", &[2; 1_024], Ttl::Never).is_err());
        assert_eq!(cache.get(b"k").unwrap().as_bytes(), [1; 1_019]);
    }
}
