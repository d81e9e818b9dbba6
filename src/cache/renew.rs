//! The shortest way to store: over an old value of the same size.
//!
//! Most stores in a running cache renew what is there, with a value about as
//! long. Where nobody holds the old value, nobody is told of departures and
//! nothing is packed, its bytes are written over under the shard's lock:
//! nothing is allocated, freed, drawn from the budget or put in another place.

use super::Cache;
use super::departure::Reason;
use super::quick::COPIED;
use super::shard::{Shard, Shared};
use crate::error::Result;

impl Cache {
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
        let simple = value.len() <= COPIED && self.shared.codec.is_none() && !self.has_listener;
        if !simple || self.is_too_large(key.len() + value.len()) {
            return Ok(false);
        }
        let (_, mut shard) = self.directory.write(hash)?;
        if self.is_closed() {
            return Ok(false);
        }
        let Some(lapse) = shard.renew(&self.shared, hash, key, value, expiry_ms) else {
            return Ok(false);
        };
        drop(shard);
        self.expect_lapse(lapse);
        Ok(true)
    }
}

impl Shard {
    /// As [`Cache::renew`]; when the entry leaves by itself now.
    #[inline]
    fn renew(
        &mut self,
        shared: &Shared,
        hash: u64,
        key: &[u8],
        value: &[u8],
        expiry_ms: u64,
    ) -> Option<Option<u64>> {
        let slot = self.table.find_ahead(hash, key, self.lines_ahead())?;
        let entry = self.table.entry_mut(slot)?;
        if !entry.renew(value, expiry_ms) {
            return None;
        }
        let lapse = shared.lapse(entry);
        self.table.lower_due(slot, lapse);
        // Storing again is a use like any other.
        if let Some(entry) = self.table.entry(slot) {
            self.hit(entry.word());
        }
        self.counts.sets += 1;
        self.counts.left[Reason::Replaced as usize] += 1;
        Some(lapse)
    }
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
