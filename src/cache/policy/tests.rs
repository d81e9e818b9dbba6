//! What every policy must do, whichever it is: each row of [`POLICIES`] goes
//! through all of it.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use super::*;
use crate::cache::Ttl;
use crate::cache::entry::Entry;
use crate::cache::tests::{audit, cache};
use crate::options::cache::CacheOptions;
use crate::options::{Kind, OptionSet};

fn each(check: impl Fn(&'static str, Box<dyn Policy>)) {
    POLICIES.iter().for_each(|(name, make)| check(name, make()));
}

fn hash(n: u64) -> u64 {
    n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// A table under a policy, as a shard has it.
struct Bench {
    table: Table,
    policy: Box<dyn Policy>,
    random: fastrand::Rng,
}

impl Bench {
    fn new(mut policy: Box<dyn Policy>, room: usize) -> Bench {
        let table = Table::new(room, policy.lists());
        policy.sized(table.room());
        Bench { table, policy, random: fastrand::Rng::with_seed(5) }
    }

    fn insert(&mut self, n: u64) {
        let entry = Entry::new(&n.to_le_bytes(), b"", 0, 0).unwrap();
        let (list, word) = self.policy.admit(hash(n));
        assert!((list as usize) < self.policy.lists());
        entry.word().store(word, Relaxed);
        self.table.insert(hash(n), entry, None, list);
    }

    fn hit(&self, n: u64) -> bool {
        let entry = self.table.get(hash(n), &n.to_le_bytes());
        entry.inspect(|entry| self.policy.hit(entry.word())).is_some()
    }

    fn evict(&mut self) -> Option<u64> {
        let slot = self.policy.victim(&mut self.table, self.random.u64(..))?;
        let entry = self.table.entry(slot).expect("a victim is an entry");
        let n = u64::from_le_bytes(entry.key().try_into().unwrap());
        self.policy.evicted(hash(n), self.table.list_of(slot));
        assert!(self.table.take(slot, hash(n)).is_some());
        Some(n)
    }

    /// The list and the word of each entry.
    fn state(&self) -> HashMap<u64, (u8, u32)> {
        let number = |entry: &Entry| u64::from_le_bytes(entry.key().try_into().unwrap());
        let state = |entry: &Entry| {
            let slot = self.table.find(hash(number(entry)), entry.key()).unwrap();
            (self.table.list_of(slot), entry.word().load(Relaxed))
        };
        self.table.iter().map(|entry| (number(entry), state(entry))).collect()
    }

    /// Evicts all that is left; each key once.
    fn drain(&mut self) -> HashSet<u64> {
        let mut gone = HashSet::new();
        while let Some(n) = self.evict() {
            assert!(gone.insert(n), "{n} left twice");
        }
        assert_eq!(self.table.len(), 0, "something could not be evicted");
        gone
    }

    /// Moves all into a table of another size, as a shard does that grows.
    fn rebuild(&mut self, room: usize) {
        let lists = self.policy.lists();
        let old = std::mem::replace(&mut self.table, Table::new(1, lists));
        self.table = Table::new(room.max(old.len()), lists);
        self.policy.sized(self.table.room());
        for (entry, list) in old.drain() {
            let hash = hash(u64::from_le_bytes(entry.key().try_into().unwrap()));
            let list = self.policy.place(list, entry.word());
            assert!((list as usize) < lists);
            self.table.insert(hash, entry, None, list);
        }
    }
}

#[test]
fn an_empty_shard_has_no_victim_and_a_full_one_gives_up_each_entry_once() {
    each(|name, policy| {
        let mut bench = Bench::new(policy, 500);
        assert_eq!(bench.evict(), None);
        (0..500).for_each(|n| bench.insert(n));
        (0..500).step_by(3).for_each(|n| assert!(bench.hit(n)));
        assert_eq!(bench.drain(), (0..500).collect(), "{name}");
        assert_eq!(bench.evict(), None);
    });
}

#[test]
fn a_store_passes_over_few_entries_though_all_have_been_asked_for() {
    each(|name, policy| {
        let mut bench = Bench::new(policy, 8_000);
        (0..8_000).for_each(|n| bench.insert(n));
        (0..3).for_each(|_| (0..8_000).for_each(|n| assert!(bench.hit(n))));
        // The first one makes room for one; the second for a hundred.
        for (n, victims) in [(8_000, 1), (8_001, 100)] {
            bench.hit(7_999);
            let before = bench.state();
            let gone: Vec<_> = (0..victims).map(|_| bench.evict().unwrap()).collect();
            let after = bench.state();
            let moved =
                before.iter().filter(|(n, state)| after.get(n).is_some_and(|s| s != *state));
            let (moved, most) = (moved.count(), 256 + passed::FEW as usize * victims);
            assert!(moved <= most, "{name}: {moved} entries were passed over");
            assert!(gone.iter().all(|n| !after.contains_key(n)));
            bench.insert(n);
        }
    });
}

#[test]
fn order_survives_growing_and_shrinking_tables() {
    each(|name, policy| {
        let mut bench = Bench::new(policy, 64);
        let mut live = HashSet::new();
        for n in 0..5_000u64 {
            if bench.table.len() >= 64 {
                assert!(live.remove(&bench.evict().unwrap()));
            }
            bench.insert(n);
            live.insert(n);
            bench.hit(n.saturating_sub(n % 50));
            if n % 700 == 0 {
                bench.rebuild(64 << (n / 700 % 3));
            }
        }
        assert_eq!(bench.drain(), live, "{name}");
    });
}

#[test]
fn a_fork_is_of_the_same_kind_and_takes_over_where_the_first_one_is() {
    each(|name, policy| {
        let mut bench = Bench::new(policy, 200);
        (0..200).for_each(|n| bench.insert(n));
        let fork = bench.policy.fork();
        assert_eq!((fork.lists(), fork.now()), (bench.policy.lists(), bench.policy.now()));
        let mut other = Bench::new(fork, 200);
        (200..300).for_each(|n| other.insert(n));
        assert_eq!(other.drain(), (200..300).collect(), "{name}");
        assert_eq!(bench.drain(), (0..200).collect(), "{name}");
    });
}

#[test]
fn what_it_takes_grows_with_the_room_and_not_faster() {
    each(|name, policy| {
        let bytes = [100, 1_000, 10_000].map(|room| policy.bytes_for(room));
        assert!(bytes.is_sorted(), "{name} {bytes:?}");
        assert!(bytes[2] <= 10_000 * 16, "{name} takes more than ghosts should");
    });
}

/// Share of hits when few keys are asked for often.
fn hit_rate(policy: Box<dyn Policy>) -> f64 {
    let mut bench = Bench::new(policy, 300);
    let mut random = fastrand::Rng::with_seed(9);
    let hits = (0..60_000).filter(|_| {
        let n = (random.f64().powi(4) * 3_000.0) as u64;
        let hit = bench.hit(n);
        if !hit {
            if bench.table.len() >= 300 {
                bench.evict();
            }
            bench.insert(n);
        }
        hit
    });
    hits.count() as f64 / 60_000.0
}

#[test]
fn none_is_worse_than_chance() {
    let chance = hit_rate(maker("random")());
    each(|name, policy| {
        let rate = hit_rate(policy);
        assert!(rate > chance - 0.01, "{name}: {rate} where chance has {chance}");
    });
}

#[test]
fn a_cache_under_any_policy_holds_its_bounds_through_resizes_and_changes_of_policy() {
    each(|name, _| {
        let options = format!(
            r#"{{"capacity": 600, "max_memory_mb": 1, "shard_count": 4, "eviction_policy": "{name}",
            "default_ttl_ms": 400}}"#
        );
        let (cache, clock) = cache(&options);
        let mut random = fastrand::Rng::with_seed(4);
        for step in 0..12_000u32 {
            let key = random.u32(..2_000).to_le_bytes();
            match random.u8(..10) {
                0..6 => cache.set(&key, &vec![1; random.usize(..4_000)], Ttl::Default).unwrap(),
                6 => _ = cache.remove(&key),
                7 if step % 40 == 0 => cache.resize(1 << random.u64(..4)).unwrap(),
                7 => clock.advance(Duration::from_millis(1)),
                _ => drop(cache.get(&key)),
            }
            assert!(cache.len() <= 600);
            if step % 3_000 == 2_999 {
                assert!(cache.memory_bytes() <= 1 << 20);
                cache.sweep();
                audit(&cache);
                let other = POLICIES[step as usize / 3_000 % POLICIES.len()].0;
                cache.set_policy(other);
                audit(&cache);
                cache.set_policy(name);
            }
        }
        assert_eq!(cache.policy_name(), name);
        cache.clear();
        audit(&cache);
    });
}

#[test]
fn every_policy_has_its_word_in_the_option_and_comes_back_by_its_name() {
    let row = CacheOptions::rows().iter().find(|row| row.key == "eviction_policy").unwrap();
    let Kind::Choice(words) = &row.kind else { panic!("a choice") };
    assert_eq!(words.to_vec(), POLICIES.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    each(|known, _| assert_eq!(name(maker(known)), known));
}
