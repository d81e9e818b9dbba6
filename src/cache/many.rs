//! Many look-ups at once.
//!
//! Values that are shared are found one by one. Where they are copied, a batch of
//! keys is dealt out to its shards, so that each shard is locked once for all of
//! its keys, and the lines of the table, then those of the entries, are asked for
//! before the first is needed: the processor then waits for many of them at a
//! time. As in `quick`, whatever is out of the ordinary is left to `lookup`,
//! before anything has been counted or noted.

use std::hint::black_box;
use std::sync::atomic::Ordering::Relaxed;

use super::Cache;
use super::entry::Value;
use super::lookup::{Missed, deliver};
use super::quick::{COPIED, Next, Quick, is_near};
use super::shard::Shard;
use crate::error::{Error, Result};

/// Keys of a batch at most.
pub const BATCH: usize = 64;
/// What is left to a look-up of its own.
const UNSURE: Quick<(usize, usize)> = Quick::Unsure(Next::Fetch);
/// Ends a chain of keys.
const NONE: u8 = u8::MAX;

/// The caller's buffer. What does not fit is measured all the same.
pub struct Room<'a> {
    /// Where values are copied.
    pub place: &'a mut [u8],
    /// Bytes that all values so far take, whether they fit or not.
    pub needed: usize,
    /// Look-ups so far that count as hits and as misses.
    pub counted: [u64; 2],
}

impl Room<'_> {
    /// Whether there is too little for the values so far.
    #[inline(always)]
    pub fn is_short(&self) -> bool {
        self.needed > self.place.len()
    }

    /// Takes a value in, if it fits, and answers where it begins.
    #[inline(always)]
    fn take(&mut self, value: &[u8]) -> usize {
        let at = self.needed;
        self.needed += value.len();
        if let Some(place) = self.place.get_mut(at..self.needed) {
            place.copy_from_slice(value);
        }
        at
    }

    /// The part that is not used yet.
    pub fn rest(&mut self) -> &mut [u8] {
        let at = self.needed.min(self.place.len());
        &mut self.place[at..]
    }
}

/// Keys by shard: chains through `next`, by the low bits of the shard's number.
struct Dealt {
    first: [u8; BATCH],
    next: [u8; BATCH],
}

impl Cache {
    /// The values of many keys, in their order; none for a miss.
    pub fn get_many<'a>(&self, keys: impl Iterator<Item = &'a [u8]>) -> Result<Vec<Option<Value>>> {
        let (mut values, count) = (Vec::new(), keys.size_hint().0);
        let no_memory = |_| Error::Internal(format!("out of memory for {count} values"));
        values.try_reserve(count).map_err(no_memory)?;
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

    /// Copies the values of up to [`BATCH`] keys. `found[i]` becomes where the
    /// value of `keys[i]` begins, and its length. `line` is the calling
    /// thread's (see `metrics::striped`).
    pub fn quick_copies(
        &self,
        line: usize,
        keys: &[&[u8]],
        room: &mut Room<'_>,
        found: &mut [Quick<(usize, usize)>; BATCH],
    ) {
        let mut hashes = [0; BATCH];
        let mut dealt = Dealt { first: [NONE; BATCH], next: [NONE; BATCH] };
        let mask = self.directory.mask();
        // One look at the clock: what is nearer to its end is left to others.
        let soon_ns = self.clock.soon_ns();
        for (i, key) in keys.iter().enumerate().take(BATCH) {
            hashes[i] = self.shared.hash(key);
            let chain = hashes[i] as usize & mask & (BATCH - 1);
            dealt.next[i] = std::mem::replace(&mut dealt.first[chain], i as u8);
        }
        for first in dealt.first {
            if first == NONE {
                continue;
            }
            let read = self.directory.try_read(hashes[first as usize]);
            let Some(mut shard) = read else { continue };
            for i in chain(first, &dealt.next) {
                black_box(shard.table.touch(hashes[i]));
            }
            let lines = shard.lines_ahead();
            for i in chain(first, &dealt.next) {
                shard.table.fetch_entry(hashes[i], lines);
            }
            for i in chain(first, &dealt.next) {
                if hashes[i] as usize & shard.mask != shard.index {
                    drop(shard);
                    match self.directory.try_read(hashes[i]) {
                        Some(other) => shard = other,
                        None => break,
                    }
                }
                found[i] = self.quick_one(line, soon_ns, &shard, hashes[i], keys[i], room);
            }
        }
    }

    /// Takes a batch out of the count that there was too little room for: who asks
    /// again counts again.
    #[cold]
    pub fn in_vain(&self, room: &Room<'_>) {
        let [hits, misses] = room.counted;
        self.metrics.in_vain(hits, misses);
    }

    #[inline(always)]
    fn quick_one(
        &self,
        line: usize,
        soon_ns: u64,
        shard: &Shard,
        hash: u64,
        key: &[u8],
        room: &mut Room<'_>,
    ) -> Quick<(usize, usize)> {
        let Some(gets) = self.metrics.untimed_get(line) else { return UNSURE };
        if self.simulator.samples(hash) {
            return UNSURE;
        }
        let Some(entry) = shard.table.get(hash, key) else {
            self.metrics.untimed_miss(line, gets);
            return Quick::Miss;
        };
        let Some((expiry_ms, value)) = entry.plain() else { return UNSURE };
        if value.len() > COPIED || is_near(expiry_ms, || soon_ns) {
            return UNSURE;
        }
        let at = room.take(value);
        if !room.is_short() {
            shard.hit(entry.word());
        }
        gets.store(gets.load(Relaxed) + 1, Relaxed);
        Quick::Hit((at, value.len()))
    }
}

fn chain(first: u8, next: &[u8; BATCH]) -> impl Iterator<Item = usize> + '_ {
    let link = |i: u8| (i != NONE).then_some(i);
    std::iter::successors(link(first), move |i| link(next[*i as usize])).map(usize::from)
}
