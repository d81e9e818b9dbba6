//! Least frequently used, with frequencies that fade.
//!
//! Each use counts one, up to four, and every count halves in the course of
//! somewhat fewer insertions than the shard has room for, so yesterday's
//! favourite makes room for today's. A count that fades evenly needs no
//! clockwork: with half-life H, a count c at insertion t ranks like t + H log2 c
//! for ever after, and that score is what an entry's word holds. A use turns the
//! score s into t + H log2 (2^((s - t) / H) + 1).

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use once_cell::sync::Lazy;

use super::Policy;
use super::calendar::{BINS, Calendar, raise};
use crate::cache::table::{Slot, Table};

/// Score units to a half-life, as a power of two.
const HALF_LIFE_LOG2: u32 = 8;
/// Width of a bin of the calendar: a quarter of a half-life.
const BIN_LOG2: u32 = HALF_LIFE_LOG2 - 2;
/// Half-life in insertions, for each entry that the shard has room for. Chosen
/// with `HIGH` on traces: twice as long keeps what a busy shop no longer asks
/// for, half as long is as good as LRU and forgets what a database still needs.
const SIZES_TO_HALVE: f64 = 0.6;

/// Scores above the present go up to here: a count of four, so that what was
/// asked for very often is not kept very long after.
const HIGH: i32 = 2 << HALF_LIFE_LOG2;
/// Scores below it down to here: a count of 1/256, as good as nothing.
const LOW: i32 = -(8 << HALF_LIFE_LOG2);
/// The table of gains has one value for so many units, as a power of two.
const STEP_LOG2: u32 = 3;

/// How far above the present a use lifts a score that lay so far above it.
static LIFTED: Lazy<Box<[i16]>> = Lazy::new(|| {
    let unit = (1 << HALF_LIFE_LOG2) as f64;
    (LOW >> STEP_LOG2..=HIGH >> STEP_LOG2)
        .map(|step| {
            let above = ((step << STEP_LOG2) as f64 + 0.5 * (1 << STEP_LOG2) as f64) / unit;
            let gain = (1.0 + (-above).exp2()).log2() * unit;
            gain.round() as i16
        })
        .collect()
});

/// A calendar of fading counts.
pub struct Lfu {
    /// The present, in score units with 16 more bits.
    now: u64,
    /// What an insertion adds to it.
    pace: u64,
    calendar: Calendar,
    lifted: &'static [i16],
}

impl Default for Lfu {
    fn default() -> Self {
        Lfu { now: 0, pace: 1 << 16, calendar: Calendar::default(), lifted: &LIFTED }
    }
}

impl Lfu {
    fn present(&self) -> u32 {
        (self.now >> 16) as u32
    }
}

impl Policy for Lfu {
    fn fork(&self) -> Box<dyn Policy> {
        Box::new(Lfu { now: self.now, ..Lfu::default() })
    }

    fn now(&self) -> u32 {
        self.present()
    }

    fn lists(&self) -> usize {
        BINS
    }

    fn hit(&self, word: &AtomicU32) {
        let (score, now) = (word.load(Relaxed), self.present());
        let above = (score.wrapping_sub(now) as i32).clamp(LOW, HIGH);
        let gain = self.lifted[((above - LOW) >> STEP_LOG2) as usize] as i32;
        raise(word, now.wrapping_add_signed((above + gain).min(HIGH)));
    }

    fn admit(&mut self, _hash: u64) -> (u8, u32) {
        self.now += self.pace;
        (self.calendar.admit(self.present()), self.present())
    }

    fn place(&mut self, _list: u8, word: &AtomicU32) -> u8 {
        self.calendar.list_of(word.load(Relaxed))
    }

    fn victim(&mut self, table: &mut Table, _random: u64) -> Option<Slot> {
        self.calendar.lowest(table)
    }

    fn sized(&mut self, room: usize) {
        let half_life = (room as f64 * SIZES_TO_HALVE).max(1.0) as u64;
        self.pace = ((1u64 << (16 + HALF_LIFE_LOG2)) / half_life).max(1);
        let span = (BINS as u32 / 8) << BIN_LOG2;
        self.calendar.set_width(BIN_LOG2, self.present().wrapping_sub(span));
    }
}
