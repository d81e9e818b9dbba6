//! A queue ordered by scores that rise without telling it.
//!
//! Entries lie in bins by the score they had when last looked at; a hit raises
//! the score in the entry's word and leaves the entry where it is. Whoever
//! looks for the lowest score takes the first entry of the first bin: if its
//! score has risen meanwhile it moves to the bin where it belongs, else it is
//! the one. So order is exact to the width of a bin (but where very many have risen,
//! see `passed`), a hit writes one word, and an entry is moved at most once for each
//! time that it comes round.
//!
//! Scores are 32 bits that wrap; what counts is the distance to the first bin.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::passed::Passed;
use crate::cache::table::{Slot, Table};

/// Bins, each a list of the table.
pub const BINS: usize = 64;

/// The bins' place on the scale of scores.
#[derive(Debug, Default)]
pub struct Calendar {
    /// The first bin that may hold anything, counted without end.
    first: u32,
    /// Width of a bin, as a power of two.
    shift: u32,
    passed: Passed,
}

impl Calendar {
    /// Sets the width. What is in the bins must be placed anew afterwards.
    pub fn set_width(&mut self, shift: u32, lowest: u32) {
        (self.first, self.shift) = (lowest >> shift, shift);
    }

    /// The list of an entry that is about to come in with a score.
    pub fn admit(&mut self, score: u32) -> u8 {
        self.passed.renew();
        self.list_of(score)
    }

    /// The list of a score.
    pub fn list_of(&self, score: u32) -> u8 {
        self.list(self.distance(score))
    }

    /// How many bins a score lies behind the first one.
    fn distance(&self, score: u32) -> u32 {
        let ahead = score.wrapping_sub(self.first << self.shift) as i32 >> self.shift;
        ahead.clamp(0, BINS as i32 - 1) as u32
    }

    fn list(&self, distance: u32) -> u8 {
        (self.first.wrapping_add(distance) % BINS as u32) as u8
    }

    /// The entry of the lowest score, or one of many that have risen.
    pub fn lowest(&mut self, table: &mut Table) -> Option<Slot> {
        if table.len() == 0 {
            return None;
        }
        self.passed.begin();
        loop {
            let list = self.list(0);
            let Some(slot) = table.front(list) else {
                self.first = self.first.wrapping_add(1);
                continue;
            };
            let score = table.entry(slot).map(|entry| entry.word().load(Relaxed))?;
            match self.distance(score) {
                0 => return Some(slot),
                distance => {
                    table.move_to(slot, self.list(distance));
                    if let Some(slot) = self.passed.over(slot, distance) {
                        return Some(slot);
                    }
                }
            }
        }
    }
}

/// Raises a score, unless it stands there already: what is not written keeps
/// its cache line with every reader.
pub fn raise(word: &AtomicU32, score: u32) {
    if word.load(Relaxed) != score {
        word.store(score, Relaxed);
    }
}
