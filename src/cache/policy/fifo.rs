//! First in, first out: exact, and untouched by hits.

use super::Policy;
use crate::cache::table::{Slot, Table};

/// One list in order of insertion.
pub struct Fifo;

impl Policy for Fifo {
    fn fork(&self) -> Box<dyn Policy> {
        Box::new(Fifo)
    }

    fn admit(&mut self, _hash: u64) -> (u8, u32) {
        (0, 0)
    }

    fn victim(&mut self, table: &mut Table, _random: u64) -> Option<Slot> {
        table.front(0)
    }
}
