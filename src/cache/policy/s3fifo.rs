//! S3-FIFO: three queues, two of entries and one of ghosts.
//!
//! At most a twelfth of the shard is a small queue that newcomers pass through;
//! those asked for there move to the main queue, the others leave and stay in
//! memory as ghosts. A ghost that comes back goes straight to the main queue, which
//! gives each entry as many rounds as it had hits, up to three (see `passed`). One-time keys so
//! never displace what is used, and a hit on a popular entry writes nothing at all.
//!
//! How large the small queue is follows from the ghosts. Where many come back soon
//! after they left, they left too soon, and it grows; where they come back whenever
//! it may be, no such queue would have kept them, and it leaves its room to the main
//! one: down to a hundredth.
//!
//! From Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023,
//! who take a tenth, always, and two hits.

use std::sync::atomic::Ordering::Relaxed;

use super::Policy;
use super::ghost::{self, Ghost};
use super::passed::Passed;
use crate::cache::table::{Slot, Table};

const SMALL: u8 = 0;
const MAIN: u8 = 1;
/// Hits that are remembered.
const TOP: u32 = 3;
/// Hits in the small queue that earn a place in the main one.
const PROMOTED_AT: u32 = 1;
/// Shares are counted in parts of this.
const WHOLE: usize = 6_144;
/// The small queue's largest share, which it begins with, and its least one.
const SHARE_MAX: usize = WHOLE / 12;
const SHARE_MIN: usize = WHOLE / 100;
/// Ghosts younger than this are young: a quarter of all if age meant nothing. The
/// share stays as it is where a third of those who come back are.
const YOUNG: u64 = ghost::STEPS / 4;
const GROWS_BY: usize = 2;
const SHRINKS_BY: usize = 1;

/// The ghosts, and the small queue's share; the queues are the table's lists.
pub struct S3Fifo {
    ghosts: Ghost,
    share: usize,
    passed: Passed,
}

impl Default for S3Fifo {
    fn default() -> S3Fifo {
        S3Fifo { ghosts: Ghost::default(), share: SHARE_MAX, passed: Passed::default() }
    }
}

impl S3Fifo {
    /// Learns from a ghost of this age that has come back.
    fn learn(&mut self, age: u64) {
        self.share = match age < YOUNG {
            true => (self.share + GROWS_BY).min(SHARE_MAX),
            false => (self.share - SHRINKS_BY).max(SHARE_MIN),
        };
    }
}

/// As many ghosts as the main queue has entries.
fn ghosts_for(room: usize) -> usize {
    room * 9 / 10
}

impl Policy for S3Fifo {
    fn fork(&self) -> Box<dyn Policy> {
        Box::new(S3Fifo { share: self.share, ..S3Fifo::default() })
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
        self.passed.renew();
        match self.ghosts.remove(hash) {
            Some(age) => {
                self.learn(age);
                (MAIN, 0)
            }
            None => (SMALL, 0),
        }
    }

    fn victim(&mut self, table: &mut Table, _random: u64) -> Option<Slot> {
        self.passed.begin();
        loop {
            let small = table.list_len(SMALL);
            let from_small = small * WHOLE >= table.len() * self.share || table.list_len(MAIN) == 0;
            let slot = table.front(if from_small { SMALL } else { MAIN })?;
            let word = table.entry(slot)?.word();
            let hits = word.load(Relaxed);
            match (from_small, hits) {
                (true, PROMOTED_AT..) => word.store(0, Relaxed),
                (true, _) | (false, 0) => return Some(slot),
                (false, _) => word.store(hits - 1, Relaxed),
            }
            table.move_to(slot, MAIN);
            if let Some(slot) = self.passed.over(slot, hits) {
                return Some(slot);
            }
            table.fetch_front(if from_small { SMALL } else { MAIN });
        }
    }

    fn evicted(&mut self, hash: u64, list: u8) {
        if list == SMALL {
            self.ghosts.insert(hash);
        }
    }

    fn sized(&mut self, room: usize) {
        if self.ghosts.length() != ghosts_for(room).max(1)
            && let Some(ghosts) = Ghost::new(ghosts_for(room))
        {
            self.ghosts = ghosts;
        }
    }

    fn bytes_for(&self, room: usize) -> u64 {
        Ghost::bytes_for(ghosts_for(room))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(n: u64) -> u64 {
        rapidhash::v3::rapidhash_v3(&n.to_le_bytes())
    }

    /// The share after 6,000 ghosts have come back, each so many departures after it
    /// left.
    fn share_after(policy: &mut S3Fifo, age: impl Fn(u64) -> u64) -> usize {
        for n in 0..60_000 {
            policy.evicted(hash(n), SMALL);
            if n % 10 == 0 {
                policy.admit(hash(n.saturating_sub(age(n))));
            }
        }
        policy.share
    }

    #[test]
    fn the_small_queue_is_as_large_as_those_who_come_back_soon_make_it() {
        let mut policy = S3Fifo::default();
        policy.sized(1_000);
        assert_eq!(policy.share, SHARE_MAX);
        // At whatever age: no small queue would have kept them.
        assert!(share_after(&mut policy, |n| hash(n) % 900) < SHARE_MAX / 4);
        assert_eq!(share_after(&mut policy, |_| 100), SHARE_MAX);
        // Long after: a loop.
        assert_eq!(share_after(&mut policy, |_| 700), SHARE_MIN);
    }
}
