//! S3-FIFO: three queues, two of entries and one of ghosts.
//!
//! A twelfth of the shard is a small queue that newcomers pass through; those
//! asked for there move to the main queue, the others leave and stay in memory as
//! ghosts. A ghost that comes back goes straight to the main queue, which gives
//! each entry as many rounds as it had hits, up to three. One-time keys so never
//! displace what is used, and a hit on a popular entry writes nothing at all.
//!
//! From Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023,
//! who take a tenth and two hits.

use std::sync::atomic::Ordering::Relaxed;

use super::Policy;
use super::ghost::Ghost;
use crate::cache::table::{Slot, Table};

const SMALL: u8 = 0;
const MAIN: u8 = 1;
/// Hits that are remembered.
const TOP: u32 = 3;
/// Hits in the small queue that earn a place in the main one.
const PROMOTED_AT: u32 = 1;
/// One of so many entries is in the small queue.
const SMALL_SHARE: usize = 12;

/// The ghosts; the queues are the table's lists.
#[derive(Default)]
pub struct S3Fifo {
    ghosts: Ghost,
}

/// As many ghosts as the main queue has entries.
fn ghosts_for(room: usize) -> usize {
    room * 9 / 10
}

impl Policy for S3Fifo {
    fn fork(&self) -> Box<dyn Policy> {
        Box::<S3Fifo>::default()
    }

    fn lists(&self) -> usize {
        2
    }

    fn counts_up_to(&self) -> u32 {
        TOP
    }

    fn prefetch(&self, hash: u64) {
        self.ghosts.fetch(hash);
    }

    fn admit(&mut self, hash: u64) -> (u8, u32) {
        match self.ghosts.remove(hash) {
            true => (MAIN, 0),
            false => (SMALL, 0),
        }
    }

    fn victim(&mut self, table: &mut Table, _random: u64) -> Option<Slot> {
        loop {
            let small = table.list_len(SMALL);
            let from_small = small * SMALL_SHARE >= table.len() || table.list_len(MAIN) == 0;
            let slot = table.front(if from_small { SMALL } else { MAIN })?;
            let word = table.entry(slot)?.word();
            let hits = word.load(Relaxed);
            match (from_small, hits) {
                (true, PROMOTED_AT..) => word.store(0, Relaxed),
                (true, _) | (false, 0) => return Some(slot),
                (false, _) => word.store(hits - 1, Relaxed),
            }
            table.move_to(slot, MAIN);
            table.fetch_front(if from_small { SMALL } else { MAIN });
        }
    }

    fn evicted(&mut self, hash: u64, list: u8) {
        if list == SMALL {
            self.ghosts.insert(hash);
        }
    }

    fn sized(&mut self, room: usize) {
        if self.ghosts.length() != ghosts_for(room).max(1) {
            self.ghosts = Ghost::new(ghosts_for(room));
        }
    }

    fn bytes_for(&self, room: usize) -> u64 {
        Ghost::bytes_for(ghosts_for(room))
    }
}
