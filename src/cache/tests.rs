//! The cache as a whole: a subject a file, and here what all of them use.

mod advice;
mod compression;
mod departures;
mod expiry;
mod figures;
mod looks;
mod operations;
mod predictions;
mod room;
mod threads;
mod tuning;

use std::time::Duration;

use super::*;
use crate::clock::ManualClock;
use crate::metrics::striped;
pub use crate::metrics::striped::with_a_line;
use crate::options::Layered;
use crate::section;

/// A cache on a manual clock, from options as JSON.
pub fn cache(options: &str) -> (Arc<Cache>, Arc<ManualClock>) {
    let mut layered = Layered::<CacheOptions>::default();
    layered.set("hash_seed", "7").unwrap();
    layered.load_json(options).unwrap();
    let (clock, hand) = Clock::manual();
    (Cache::new(layered.resolve().unwrap(), clock).unwrap(), hand)
}

/// Stores in the shortest way that leads on, as C's `set` does.
pub fn quick_set(cache: &Cache, key: &[u8], value: &[u8], ttl: Ttl) -> Result<()> {
    if let Some(stay) = section::enter_alone(striped::line()) {
        let stored = match cache.quick_store(&stay, key, value, ttl) {
            Stored::Late => cache.late_store(&stay, key, value, ttl),
            stored => stored,
        };
        match stored {
            Stored::Renewed => return Ok(()),
            Stored::Absent(hash) => {
                let stored = cache.store_absent(hash, key, value, ttl);
                drop(stay);
                return stored.map(Departures::deliver);
            }
            Stored::Unsure | Stored::Late => drop(stay),
        }
    }
    cache.set(key, value, ttl)
}

/// Finds a value in the shortest way that leads on, as C's `get_into` and `get`
/// do.
pub fn quick_get(cache: &Cache, key: &[u8], copied: bool) -> Option<Handed> {
    let mut place = [0; 2_048];
    let slow = || {
        let mut left = None;
        let value = match copied {
            true => cache.fetch(key, &mut left),
            false => cache.fetch_unsure(key, &mut left),
        };
        deliver(left);
        value.ok().map(Handed::from)
    };
    let Some(stay) = section::enter_alone(striped::line()) else { return slow() };
    let found = match copied {
        true => match cache.soon_copy(&stay, key, &mut place) {
            Quick::Hit(len) => Quick::Hit(Value::copy_from(&place[..len]).unwrap().into()),
            Quick::Miss => Quick::Miss,
            Quick::Unsure(next) => Quick::Unsure(next),
        },
        false => match cache.quick_value(&stay, key) {
            Quick::Unsure(next) => cache.late_value(&stay, key, next),
            found => found,
        },
    };
    drop(stay);
    match found {
        Quick::Hit(value) => Some(value),
        Quick::Miss => None,
        Quick::Unsure(_) => slow(),
    }
}

impl Cache {
    /// Has values lent, in all shards.
    pub fn lend(&self) {
        section::prepare();
        self.directory.cells().for_each(Cell::lend);
    }

    /// Does something while the last shard is being written to.
    pub fn while_one_is_written_to<R>(&self, act: impl FnOnce() -> R) -> R {
        let _held = self.directory.cell(self.directory.count() - 1).write();
        act()
    }

    /// What comes of a call whose shard, the only one, is not free before so many
    /// calls have given up.
    pub fn while_it_gives_up<R: Send>(&self, calls: u64, act: impl FnOnce() -> R + Send) -> R {
        let until = self.directory.gave_up() + calls;
        std::thread::scope(|scope| {
            let held = self.directory.cell(0).write();
            let call = scope.spawn(act);
            while self.directory.gave_up() < until && !call.is_finished() {
                std::thread::yield_now();
            }
            drop(held);
            call.join().unwrap()
        })
    }
}

/// Counts everything anew and compares with the books.
pub fn audit(cache: &Cache) {
    let (mut entries, mut bytes) = (0i64, cache.own_bytes() as i64);
    let mut in_hand = Amount::default();
    for cell in cache.directory.cells() {
        let mut shard = cell.write();
        let cost: u64 = shard.table.iter().map(|entry| entry.cost()).sum();
        assert_eq!(shard.entry_bytes(), cost);
        assert_eq!(shard.table.iter().count(), shard.table.len());
        let lists: usize = (0..shard.policy.lists()).map(|l| shard.table.list_len(l as u8)).sum();
        assert_eq!(lists, shard.table.len());
        assert!(shard.follows_its_own());
        for entry in shard.table.iter() {
            let hash = cache.shared.hash(entry.key());
            assert_eq!(hash as usize & shard.mask, shard.index);
            assert!(shard.table.get(hash, entry.key()).is_some());
        }
        entries += shard.table.len() as i64;
        bytes += (cost + shard.overhead_bytes()) as i64 + size_of::<Cell>() as i64;
        let held = shard.surrender();
        in_hand.add(held);
        shard.receive(held);
    }
    let budget = &cache.shared.budget;
    assert_eq!(budget.entries.limit() - budget.entries.free() - in_hand.entries, entries);
    assert_eq!(budget.bytes.limit() - budget.bytes.free() - in_hand.bytes, bytes);
    assert_eq!(cache.memory_bytes() as i64, bytes);
    assert!(entries <= budget.entries.limit());
}
