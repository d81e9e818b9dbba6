//! Any entry: the cheapest order, and a yardstick for the others.

use super::Policy;
use crate::cache::table::{Slot, Table};

/// No order at all.
pub struct Random;

impl Policy for Random {
    fn fork(&self) -> Box<dyn Policy> {
        Box::new(Random)
    }

    fn admit(&mut self, _hash: u64) -> (u8, u32) {
        (0, 0)
    }

    fn victim(&mut self, table: &mut Table, random: u64) -> Option<Slot> {
        table.pick(random)
    }
}
