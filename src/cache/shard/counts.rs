//! What a shard counts: stores, and how entries leave.

use crate::cache::departure::Reason;

/// Counts that only writers change.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    /// Values stored.
    pub sets: u64,
    /// Entries that left, by reason.
    pub left: [u64; Reason::COUNT],
    /// Values that were stored packed.
    pub packed: u64,
    /// Their bytes before.
    pub raw_bytes: u64,
    /// Their bytes after.
    pub packed_bytes: u64,
    /// Sum of the ages of evicted entries, in ms, of those whose age is known.
    pub aged_ms: u64,
    /// How many those are.
    pub aged: u64,
}

impl Counts {
    /// Adds another's.
    pub fn add(&mut self, other: &Counts) {
        self.sets += other.sets;
        self.left.iter_mut().zip(other.left).for_each(|(a, b)| *a += b);
        self.packed += other.packed;
        self.raw_bytes += other.raw_bytes;
        self.packed_bytes += other.packed_bytes;
        self.aged_ms += other.aged_ms;
        self.aged += other.aged;
    }

    /// Adds a value that was stored packed.
    pub fn add_packed(&mut self, raw_len: usize, packed_len: usize) {
        self.packed += 1;
        self.raw_bytes += raw_len as u64;
        self.packed_bytes += packed_len as u64;
    }

    /// Adds values that were stored over old ones in their place.
    pub fn add_renewed(&mut self, values: u64) {
        self.sets += values;
        self.left[Reason::Replaced as usize] += values;
    }

    /// Adds a value that was stored over one whose time was over.
    pub fn add_renewed_late(&mut self) {
        self.sets += 1;
        self.left[Reason::Expired as usize] += 1;
    }

    /// Entries that had to make room.
    pub fn evicted(&self) -> u64 {
        self.left[Reason::Capacity as usize] + self.left[Reason::Memory as usize]
    }

    /// How old entries are on average when they must make room.
    pub fn mean_age_ms(&self) -> Option<f64> {
        (self.aged > 0).then(|| self.aged_ms as f64 / self.aged as f64)
    }
}
