//! The shortest way to a hit.
//!
//! Most look-ups find a live, plain entry in a shard that nobody writes to.
//! This is that case alone, in as few steps as it takes: it is a hundred
//! nanoseconds in which every instruction shows. Whatever is out of the
//! ordinary leaves through one exit, before anything has been counted or
//! noted, and is done again by `operations`.

use std::sync::atomic::Ordering::Relaxed;

use super::Cache;
use super::entry::{Entry, Value};
use crate::clock::COARSE_TICK_NS;

/// Values up to this size are copied under the lock.
pub(super) const COPIED: usize = 1024;

/// What the shortest way came to.
pub enum Quick<R> {
    /// A live entry.
    Hit(R),
    /// There is none.
    Miss,
    /// Ask [`Cache::fetch`] or [`Cache::fetch_into`].
    Unsure,
}

impl Cache {
    /// Copies the value of a key to the start of `place` and answers its
    /// length. `line` is the calling thread's (see `metrics::striped`).
    #[inline(always)]
    pub fn quick_copy(&self, line: usize, key: &[u8], place: &mut [u8]) -> Quick<usize> {
        self.quick(
            line,
            key,
            true,
            move |value| place.get_mut(..value.len()).filter(|_| value.len() <= COPIED),
            |place, _, value| {
                place.copy_from_slice(value);
                Some(value.len())
            },
        )
    }

    /// The value of a key.
    #[inline(always)]
    pub fn quick_value(&self, line: usize, key: &[u8]) -> Quick<Value> {
        self.quick(line, key, false, |_| Some(()), |(), entry, _| entry.share().map(Value::of))
    }

    /// A tick from now; the end of time if nothing expires, so that an entry that
    /// does after all, having come since, is not taken for a live one.
    #[inline(always)]
    pub(super) fn soon_ns(&self) -> u64 {
        match self.expires.load(Relaxed) {
            true => self.clock.coarse_ns() + COARSE_TICK_NS,
            false => u64::MAX,
        }
    }

    /// `reads`: whether `take` reads the value. It may still refuse, having
    /// been counted; what `fits` refuses has not.
    #[inline(always)]
    fn quick<P, R>(
        &self,
        line: usize,
        key: &[u8],
        reads: bool,
        fits: impl FnOnce(&[u8]) -> Option<P>,
        take: impl FnOnce(P, &Entry, &[u8]) -> Option<R>,
    ) -> Quick<R> {
        let Some(gets) = self.metrics.untimed_get(line) else { return Quick::Unsure };
        // Before the lock: what is under it can begin only once it is taken.
        let soon_ns = self.soon_ns();
        let hash = self.shared.hash(key);
        if self.simulator.samples(hash) {
            return Quick::Unsure;
        }
        let Some((shard, home)) = self.directory.try_read(hash) else { return Quick::Unsure };
        let ahead = if reads { shard.lines_ahead() } else { 0 };
        let Some(entry) = shard.table.get_at(home, hash, key, ahead) else {
            drop(shard);
            self.metrics.untimed_miss(line, gets);
            return Quick::Miss;
        };
        let Some((expiry_ms, value)) = entry.plain() else { return Quick::Unsure };
        // Nearer to its end than a tick of the clock: the precise one decides.
        if expiry_ms != 0 && soon_ns >= expiry_ms.wrapping_mul(1_000_000) {
            return Quick::Unsure;
        }
        let Some(place) = fits(value) else { return Quick::Unsure };
        shard.hit(entry.word());
        gets.store(gets.load(Relaxed) + 1, Relaxed);
        match take(place, entry, value) {
            Some(taken) => Quick::Hit(taken),
            None => Quick::Unsure,
        }
    }
}
