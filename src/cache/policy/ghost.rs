//! What left lately, as fingerprints: a memory of keys without the keys.
//!
//! Sets of sixteen words, a cache line, each half fingerprint and half age. Age
//! is counted in departures, in steps of 1/512 of the memory's length, so no queue is needed
//! and forgetting costs nothing. About one look-up in ten thousand finds a
//! fingerprint that is another key's; that costs one entry a better place.

use crate::cache::heap::taken_plain;
use crate::cache::processor::fetch;

const SET: usize = 16;
/// Age steps to the length of the memory.
pub const STEPS: u64 = 512;

/// A set: one cache line, scanned whole and without branches.
#[derive(Clone, Copy, Default)]
#[repr(align(64))]
struct Set([u32; SET]);

/// Fingerprints of the last so many departures.
#[derive(Default)]
pub struct Ghost {
    sets: Box<[Set]>,
    length: u64,
    departures: u64,
    /// The present, in age steps.
    now: u16,
    /// The departure at which the next step begins.
    next_step_at: u64,
}

fn sets_for(length: usize) -> usize {
    // A quarter more than needed, so that a set seldom overflows.
    (length * 5 / 4).div_ceil(SET).max(1)
}

impl Ghost {
    /// A memory of the last `length` departures; none if there is no room for one.
    pub fn new(length: usize) -> Option<Ghost> {
        let (mut sets, count) = (Vec::new(), sets_for(length));
        sets.try_reserve_exact(count).ok()?;
        sets.resize(count, Set::default());
        Some(Ghost { sets: sets.into(), length: length.max(1) as u64, ..Ghost::default() })
    }

    /// Bytes of one.
    pub fn bytes_for(length: usize) -> u64 {
        taken_plain(sets_for(length) * size_of::<Set>(), align_of::<Set>()) as u64
    }

    /// Departures that it remembers.
    pub fn length(&self) -> usize {
        self.length as usize
    }

    fn place(&self, hash: u64) -> usize {
        (((hash >> 32) * self.sets.len() as u64) >> 32) as usize
    }

    fn set(&mut self, hash: u64) -> &mut [u32; SET] {
        &mut self.sets[self.place(hash)].0
    }

    /// Has the processor fetch what a question about a hash will read.
    pub fn fetch(&self, hash: u64) {
        if let Some(set) = self.sets.get(self.place(hash)) {
            fetch((&raw const *set).cast());
        }
    }

    /// Remembers a departure.
    pub fn insert(&mut self, hash: u64) {
        if self.sets.is_empty() {
            return;
        }
        self.departures += 1;
        if self.departures >= self.next_step_at {
            // Several steps at once where the memory is shorter than that.
            let step = self.departures * STEPS / self.length;
            self.now = step as u16;
            self.next_step_at = ((step + 1) * self.length).div_ceil(STEPS);
        }
        let now = self.now;
        let cells = self.set(hash);
        // Age above, place below: the largest names the oldest.
        let mut oldest = 0;
        for (i, cell) in cells.iter().enumerate() {
            let age = if *cell == 0 { u16::MAX } else { now.wrapping_sub(*cell as u16) };
            oldest = oldest.max((age as u32) << 4 | i as u32);
        }
        cells[oldest as usize % SET] = fingerprint(hash) | now as u32;
    }

    /// How long ago it left, in [`STEPS`], if that was lately; asked once, it is
    /// forgotten.
    pub fn remove(&mut self, hash: u64) -> Option<u64> {
        if self.sets.is_empty() {
            return None;
        }
        let (now, fingerprint) = (self.now, fingerprint(hash));
        let cells = self.set(hash);
        let same = |cell: u32| cell & 0xffff_0000 == fingerprint;
        if !cells.iter().fold(false, |any, cell| any | same(*cell)) {
            return None;
        }
        let age = |cell: u32| now.wrapping_sub(cell as u16) as u64;
        let found = cells.iter_mut().find(|cell| same(**cell) && age(**cell) < STEPS);
        found.map(|cell| age(std::mem::take(cell)))
    }
}

/// The upper half of a cell; never 0. These bits choose neither shard (of the
/// usual counts) nor set.
fn fingerprint(hash: u64) -> u32 {
    ((hash >> 8) as u32 & 0xffff_0000) | 1 << 16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(n: u64) -> u64 {
        rapidhash::v3::rapidhash_v3(&n.to_le_bytes())
    }

    #[test]
    fn it_remembers_its_length_and_little_more() {
        let mut ghost = Ghost::new(1_000).unwrap();
        (0..10_000).for_each(|n| ghost.insert(hash(n)));
        let late = (9_000..10_000).filter(|n| ghost.remove(hash(*n)).is_some()).count();
        ghost.insert(hash(1));
        (0..300).for_each(|n| ghost.insert(hash(n + 20_000)));
        let age = ghost.remove(hash(1)).unwrap();
        assert!((STEPS / 4..STEPS / 3).contains(&age), "{age}");
        let early = (0..8_900).filter(|n| ghost.remove(hash(*n)).is_some()).count();
        assert!(late > 950, "{late}");
        assert!(early < 30, "{early}");
        assert_eq!(ghost.remove(hash(9_999)), None, "asked twice");
    }

    #[test]
    fn one_for_which_there_is_no_room_remembers_nothing() {
        assert!(Ghost::new(usize::MAX / 64).is_none());
        let mut ghost = Ghost::default();
        ghost.insert(hash(1));
        assert_eq!(ghost.remove(hash(1)), None);
    }
}
