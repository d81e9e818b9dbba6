//! What left lately, as fingerprints: a memory of keys without the keys.
//!
//! Sets of sixteen words, a cache line, each half fingerprint and half age. Age is counted in
//! departures, in steps of 1/512 of the memory's length, so no queue is needed
//! and forgetting costs nothing. About one look-up in ten thousand finds a
//! fingerprint that is another key's; that costs one entry a better place.

const SET: usize = 16;
/// Age steps to the length of the memory.
const STEPS: u64 = 512;

/// Fingerprints of the last so many departures.
#[derive(Default)]
pub struct Ghost {
    cells: Box<[u32]>,
    length: u64,
    departures: u64,
}

fn sets_for(length: usize) -> usize {
    // A quarter more than needed, so that a set seldom overflows.
    (length * 5 / 4).div_ceil(SET).max(1)
}

impl Ghost {
    /// A memory of the last `length` departures.
    pub fn new(length: usize) -> Ghost {
        Ghost {
            cells: vec![0; sets_for(length) * SET].into(),
            length: length.max(1) as u64,
            departures: 0,
        }
    }

    /// Bytes of one.
    pub fn bytes_for(length: usize) -> u64 {
        (sets_for(length) * SET * 4) as u64 + 16
    }

    /// Departures that it remembers.
    pub fn length(&self) -> usize {
        self.length as usize
    }

    fn set(&mut self, hash: u64) -> &mut [u32] {
        let sets = (self.cells.len() / SET) as u64;
        let at = (((hash >> 32) * sets) >> 32) as usize * SET;
        &mut self.cells[at..at + SET]
    }

    fn now(&self) -> u16 {
        (self.departures * STEPS / self.length) as u16
    }

    fn is_live(cell: u32, now: u16) -> bool {
        cell != 0 && (now.wrapping_sub(cell as u16) as u64) < STEPS
    }

    /// Remembers a departure.
    pub fn insert(&mut self, hash: u64) {
        self.departures += 1;
        let now = self.now();
        let age = |cell: u32| match cell {
            0 => u16::MAX,
            cell => now.wrapping_sub(cell as u16),
        };
        let fingerprint = fingerprint(hash);
        if let Some(oldest) = self.set(hash).iter_mut().max_by_key(|cell| age(**cell)) {
            *oldest = fingerprint | now as u32;
        }
    }

    /// Whether it left lately; asked once, it is forgotten.
    pub fn remove(&mut self, hash: u64) -> bool {
        let (now, fingerprint) = (self.now(), fingerprint(hash));
        let found = self
            .set(hash)
            .iter_mut()
            .find(|cell| **cell & 0xffff_0000 == fingerprint && Self::is_live(**cell, now));
        found.map(|cell| *cell = 0).is_some()
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
        let mut ghost = Ghost::new(1_000);
        (0..10_000).for_each(|n| ghost.insert(hash(n)));
        let late = (9_000..10_000).filter(|n| ghost.remove(hash(*n))).count();
        let early = (0..8_900).filter(|n| ghost.remove(hash(*n))).count();
        assert!(late > 950, "{late}");
        assert!(early < 30, "{early}");
        assert!(!ghost.remove(hash(9_999)), "asked twice");
    }
}
