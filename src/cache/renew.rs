//! The shortest way to store: over an old value of the same size.
//!
//! Most stores in a running cache renew what is there, with a value about as
//! long. Where nobody holds the old value, nobody is told of departures and
//! nothing is packed, its bytes are written over: nothing is allocated, freed,
//! drawn from the budget or put in another place. If the table need not know of
//! it either, that is done past the shard's lock (see `cell`).

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::cell::{Cell, Writing};
use super::departure::Departures;
use super::entry::{Entry, Seen};
use super::glance::{Found, Glance};
use super::quick::COPIED;
use super::shard::Shared;
use super::store::Expiry;
use super::table::Slot;
use super::{Cache, Ttl};
use crate::error::Result;
use crate::section::Alone;
use crate::sync::spin_loop;

/// What the shortest way came to.
pub enum Stored {
    /// The value is stored.
    Renewed,
    /// There is nothing under the key, whose hash this is: call
    /// [`Cache::store_absent`].
    Absent(u64),
    /// Nothing has been counted or changed: call [`Cache::store`].
    Unsure,
    /// The same, but only because somebody is writing to the shard, or just was: call
    /// [`Cache::late_store`].
    Late,
}

/// How often one who was late tries again: longer than most write, and shorter than
/// queueing for the lock takes.
const TRIES: usize = 16;

impl Cache {
    /// As [`Cache::store`], in the fewest steps. It looks for the old value before
    /// it writes or takes a lock: what the processor has to fetch keeps nobody
    /// waiting, and the place is known if nobody has come between.
    #[inline(always)]
    pub fn quick_store(&self, stay: &Alone, key: &[u8], value: &[u8], ttl: Ttl) -> Stored {
        let Some(sets) = self.metrics.untimed_set(stay.line()) else { return Stored::Unsure };
        if !self.renews(key, value) {
            return Stored::Unsure;
        }
        let hash = self.shared.hash(key);
        if self.simulator.samples(hash) {
            return Stored::Unsure;
        }
        let Some(at) = self.directory.glance_to_write(hash, stay) else { return Stored::Late };
        match at.1.find_first(hash, key, 0) {
            Found::Unclear => self.renew_farther(sets, at, hash, key, value, ttl),
            found => self.renew_found(sets, at, hash, found, value, ttl),
        }
    }

    /// Goes on where [`Cache::quick_store`] was late: most who write are done in less
    /// time than it takes to queue for the lock.
    #[cold]
    pub fn late_store(&self, stay: &Alone, key: &[u8], value: &[u8], ttl: Ttl) -> Stored {
        let again = (0..TRIES).find_map(|_| {
            spin_loop();
            let stored = self.quick_store(stay, key, value, ttl);
            (!matches!(stored, Stored::Late)).then_some(stored)
        });
        again.unwrap_or(Stored::Unsure)
    }

    /// The same wherever the entry lies.
    #[cold]
    #[inline(never)]
    fn renew_farther(
        &self,
        sets: &AtomicU64,
        at: (&Cell, Glance<'_>),
        hash: u64,
        key: &[u8],
        value: &[u8],
        ttl: Ttl,
    ) -> Stored {
        self.renew_found(sets, at, hash, at.1.find(hash, key), value, ttl)
    }

    #[inline(always)]
    fn renew_found<'a>(
        &self,
        sets: &AtomicU64,
        (cell, glance): (&Cell, Glance<'a>),
        hash: u64,
        found: Found<'a>,
        value: &[u8],
        ttl: Ttl,
    ) -> Stored {
        let (seen, slot) = match found {
            Found::Plain(seen, slot) => (seen, slot),
            Found::Absent => {
                cell.fetch_to_store(hash, &glance);
                add_one(sets);
                return Stored::Absent(hash);
            }
            Found::Unclear => return Stored::Unsure,
        };
        seen.fetch_to_write();
        let expiry = self.expiry(ttl);
        // The policy only counts, and the table's time for the entry's bucket is
        // early enough for the other expiry.
        let is_known_of =
            glance.place().counts_up_to > 0 && expiry.is_like_before(seen.expiry_ms());
        let lapse = match is_known_of {
            true => self.renew_past(cell, &glance, &seen, value, expiry.ms),
            false => self.renew_after(cell, &glance, slot, value, expiry),
        };
        match lapse {
            Ok(lapse) => {
                self.expect_lapse(lapse);
                add_one(sets);
                Stored::Renewed
            }
            Err(not) => not,
        }
    }

    /// The rest of a store of which [`Cache::quick_store`] says that there is
    /// nothing under the key. What left on the way is the caller's to deliver.
    #[inline(never)]
    pub fn store_absent(
        &self,
        hash: u64,
        key: &[u8],
        value: &[u8],
        ttl: Ttl,
    ) -> Result<Departures> {
        self.store_anew(hash, key, value, self.expiry_ms(ttl))
    }

    /// Renews what a look has found, past the lock; when it leaves by itself now, or
    /// what stands in the way.
    #[inline(always)]
    fn renew_past<'a>(
        &self,
        cell: &Cell,
        glance: &Glance<'a>,
        seen: &Seen<'a>,
        value: &[u8],
        expiry_ms: u64,
    ) -> Result<Option<u64>, Stored> {
        let mut passing = cell.pass(glance).ok_or(Stored::Late)?;
        if self.is_closed() || !glance.renew(&passing, seen, value, expiry_ms) {
            return Err(Stored::Unsure);
        }
        passing.renewed();
        Ok(self.shared.lapse_of(expiry_ms))
    }

    /// The same under the lock.
    fn renew_after(
        &self,
        cell: &Cell,
        glance: &Glance<'_>,
        slot: Slot,
        value: &[u8],
        expiry: Expiry,
    ) -> Result<Option<u64>, Stored> {
        let mut shard = cell.write_after(glance).ok_or(Stored::Late)?;
        self.renew_at(&mut shard, slot, value, expiry).ok_or(Stored::Unsure)
    }

    /// Renews the value in a slot, if it may be; when it leaves by itself now.
    #[inline(always)]
    fn renew_at(
        &self,
        shard: &mut Writing<'_>,
        slot: Slot,
        value: &[u8],
        expiry: Expiry,
    ) -> Option<Option<u64>> {
        let expires = || shard.table.entry(slot).map_or(0, Entry::expiry_ms);
        let may = self.claims.are_none() || self.may_renew(expires());
        may.then(|| shard.renew_at(&self.shared, slot, value, expiry)).flatten()
    }

    /// Whether a value may be written over one that expires then, though the cache
    /// is closed or keys are being loaded: who waits for a key whose value has
    /// expired is told of another, which is stored anew for that.
    #[cold]
    #[inline(never)]
    fn may_renew(&self, expiry_ms: u64) -> bool {
        !self.is_closed() && !self.shared.is_over(expiry_ms)
    }

    /// Whether the value of a key may be one to renew.
    #[inline(always)]
    fn renews(&self, key: &[u8], value: &[u8]) -> bool {
        let simple = value.len() <= COPIED && self.shared.codec.is_none() && !self.shared.tells;
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
        expiry: Expiry,
    ) -> Result<bool> {
        if !self.renews(key, value) {
            return Ok(false);
        }
        let (_, mut shard) = self.directory.write(hash)?;
        let found = shard.table.find_ahead(hash, key, shard.lines_ahead());
        let renewed = found.and_then(|slot| self.renew_at(&mut shard, slot, value, expiry));
        let Some(lapse) = renewed else { return Ok(false) };
        drop(shard);
        self.expect_lapse(lapse);
        Ok(true)
    }
}

impl Writing<'_> {
    /// Renews the value in a slot; when the entry leaves by itself now. None, and
    /// nothing has changed, if it cannot.
    #[inline(always)]
    fn renew_at(
        &mut self,
        shared: &Shared,
        slot: Slot,
        value: &[u8],
        expiry: Expiry,
    ) -> Option<Option<u64>> {
        let entry = self.table.entry_mut(slot)?;
        let before = entry.expiry_ms();
        if !entry.renew(value, expiry.ms) {
            return None;
        }
        let lapse = shared.lapse(entry);
        // Storing again is a use like any other.
        if let Some(entry) = self.table.entry(slot) {
            self.hit(entry.word());
        }
        match expiry.is_like_before(before) {
            true => self.add_renewed(),
            false => self.renewed_unlike(shared, slot, lapse, before),
        }
        Some(lapse)
    }

    /// A value was stored over one that had expired, or lives longer, or for ever
    /// where the other does not.
    #[cold]
    #[inline(never)]
    fn renewed_unlike(&mut self, shared: &Shared, slot: Slot, lapse: Option<u64>, before: u64) {
        // The bucket's time is no later than that of the value before.
        if lapse.is_some() {
            self.table.lower_due(slot, lapse);
        }
        match shared.is_over(before) {
            true => self.counts.add_renewed_late(),
            false => self.add_renewed(),
        }
    }
}

#[inline(always)]
fn add_one(place: &AtomicU64) {
    place.store(place.load(Relaxed) + 1, Relaxed);
}

#[cfg(test)]
mod tests;
