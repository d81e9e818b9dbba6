//! Least recently used, to within a thirty-second of the shard's size.
//!
//! The score of an entry is the number of insertions that the shard had seen
//! at its last use, so between two insertions a second hit writes nothing.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::Policy;
use super::calendar::{BINS, Calendar, raise};
use crate::cache::table::{Slot, Table};

/// Bins to the shard's size, as a power of two.
const BINS_LOG2: u32 = 5;

/// A calendar of last uses.
#[derive(Default)]
pub struct Lru {
    insertions: u32,
    calendar: Calendar,
}

impl Policy for Lru {
    fn fork(&self) -> Box<dyn Policy> {
        Box::new(Lru { insertions: self.insertions, calendar: Calendar::default() })
    }

    fn now(&self) -> u32 {
        self.insertions
    }

    fn lists(&self) -> usize {
        BINS
    }

    fn hit(&self, word: &AtomicU32) {
        raise(word, self.insertions);
    }

    fn admit(&mut self, _hash: u64) -> (u8, u32) {
        self.insertions = self.insertions.wrapping_add(1);
        (self.calendar.admit(self.insertions), self.insertions)
    }

    fn place(&mut self, _list: u8, word: &AtomicU32) -> u8 {
        self.calendar.list_of(word.load(Relaxed))
    }

    fn victim(&mut self, table: &mut Table, _random: u64) -> Option<Slot> {
        self.calendar.lowest(table)
    }

    fn sized(&mut self, room: usize) {
        // The calendar begins two sizes back: nothing older is in use.
        let shift = room.next_power_of_two().ilog2().saturating_sub(BINS_LOG2);
        let span = (BINS as u32 / 2) << shift;
        self.calendar.set_width(shift, self.insertions.wrapping_sub(span));
    }
}
