//! How many entries are passed over before one must go.
//!
//! An entry that was asked for since it was last looked at stays, and the next one
//! is looked at. Where all of them were asked for that would go through the whole
//! shard, while everybody waits for its lock. So a store passes over so many, and
//! then the one with the least score of those goes. Bounds like it are in RocksDB's
//! HyperClockCache and in memcached.

use crate::cache::table::Slot;

/// Entries that an insertion passes over at most, on its way to its first victim:
/// some microseconds. A sample of so many has nearly always one that is as good a
/// choice as the best.
const MOST: u32 = 256;
/// And on its way to each of the others, if it needs more room than for one.
pub const FEW: u32 = 16;

/// Who has been passed over.
#[derive(Debug, Default)]
pub struct Passed {
    left: u32,
    least: Option<(u32, Slot)>,
}

impl Passed {
    /// There is an insertion: the next one may pass over as many again.
    pub fn renew(&mut self) {
        self.left = MOST;
    }

    /// A search for a victim begins.
    pub fn begin(&mut self) {
        *self = Passed { left: self.left.max(FEW), least: None };
    }

    /// Passes over an entry; who has to go instead, if no more may be passed over.
    pub fn over(&mut self, slot: Slot, score: u32) -> Option<Slot> {
        if self.least.is_none_or(|(least, _)| score < least) {
            self.least = Some((score, slot));
        }
        self.left -= 1;
        self.least.filter(|_| self.left == 0).map(|(_, slot)| slot)
    }
}
