//! The table of peers: CPU time of single operations, all in one process.
//!
//! Each figure is the best of several interleaved rounds, so that a noisy
//! machine disturbs all alike; read the ratios.

use std::hint::black_box;
use std::time::Instant;

use mynah_benches::mynah_c::Mynah;
use mynah_benches::peers::*;
use mynah_benches::work::{InOrder, Keys, Zipf};
use mynah_benches::{process_cpu_ns, thread_cpu_ns};

const UNIVERSE: usize = 1_000_000;
const RESIDENT: usize = 100_000;

struct Setting {
    key_len: usize,
    value_len: usize,
    rounds: usize,
    ops: usize,
}

/// The number after an argument.
fn arg(name: &str, or: usize) -> usize {
    let mut args = std::env::args().skip_while(|a| a != name);
    args.nth(1).map_or(or, |v| v.parse().expect("a number"))
}

fn main() {
    let setting = Setting {
        key_len: arg("--key", 24),
        value_len: arg("--value", 256),
        rounds: arg("--rounds", 5),
        ops: arg("--ops", 2_000_000),
    };
    println!(
        "{} B keys, {} B values, Zipf 0.99, {UNIVERSE} keys, {RESIDENT} resident; CPU ns an operation, best of {}",
        setting.key_len, setting.value_len, setting.rounds
    );
    let keys = Keys::new(UNIVERSE, setting.key_len);
    if arg("--hits", 1) > 0 {
        hits(&setting, &keys);
    }
    if arg("--mixed", 1) > 0 {
        mixed(&setting, &keys);
    }
}

/// All, or with `--first N` so many.
fn all(capacity: usize) -> Vec<Box<dyn Peer>> {
    let capacity_text = capacity.to_string();
    let mut peers: Vec<Box<dyn Peer>> = vec![
        Box::new(Mynah::new(&[("capacity", &capacity_text)])),
        Box::new(Quick::new(capacity)),
        Box::new(Moka::new(capacity)),
        Box::new(Foyer::new(capacity)),
        Box::new(ShardedLru::new(capacity)),
    ];
    peers.truncate(arg("--first", peers.len()));
    peers
}

/// Hits on resident keys alone, on one thread.
fn hits(setting: &Setting, keys: &Keys) {
    // Room for all, so that every look-up is a hit with each peer.
    let peers = all(RESIDENT * 2);
    let value = vec![7u8; setting.value_len];
    for peer in &peers {
        (0..RESIDENT as u32).for_each(|rank| peer.set(keys.get(rank), &value));
    }
    // Called as the peers are.
    let floor: Box<dyn Peer> =
        Box::new(Floor::new((0..RESIDENT as u32).map(|r| keys.get(r)), RESIDENT, &value));
    let floor = black_box(floor);
    let zipf = Zipf::new(RESIDENT, 0.99);
    let mut random = fastrand::Rng::with_seed(1);
    let order = keys.in_order((0..setting.ops).map(|_| zipf.draw(&mut random)));

    let mut copied = vec![f64::MAX; peers.len()];
    let mut taken = vec![f64::MAX; peers.len()];
    let mut least = f64::MAX;
    let mut place = vec![0u8; setting.value_len];
    let measure = |f: &mut dyn FnMut(&[u8]) -> bool| {
        let start = thread_cpu_ns();
        let found = order.iter().filter(|key| f(key)).count();
        let time = (thread_cpu_ns() - start) as f64 / order.iter().len() as f64;
        (time, found as f64 / order.iter().len() as f64)
    };
    for _ in 0..setting.rounds {
        least = least.min(measure(&mut |key| floor.get_into(key, &mut place).is_some()).0);
        for (i, peer) in peers.iter().enumerate() {
            let (time, found) = measure(&mut |key| peer.get_into(key, &mut place).is_some());
            assert!(found > 0.97, "{} lost entries: {found}", peer.name());
            copied[i] = copied[i].min(time);
            taken[i] = taken[i].min(measure(&mut |key| peer.get_value(key)).0);
        }
    }
    println!(
        "\n{:<14}{:>12}{:>9}{:>14}{:>9}",
        "hit", "copied out", "ratio", "by reference", "ratio"
    );
    println!("{:<14}{:>12.1}{:>9.2}", "floor", least, least / copied[0]);
    for (i, peer) in peers.iter().enumerate() {
        let (c, t) = (copied[i], taken[i]);
        println!(
            "{:<14}{:>12.1}{:>9.2}{:>14.1}{:>9.2}",
            peer.name(),
            c,
            c / copied[0],
            t,
            t / taken[0]
        );
    }
}

/// Gets and sets over ten times as many keys as fit.
fn mixed(setting: &Setting, keys: &Keys) {
    let zipf = Zipf::new(UNIVERSE, 0.99);
    for (name, set_percent) in [("95/5", 5u8), ("50/50", 50)] {
        for threads in [2usize, 8] {
            let mut random = fastrand::Rng::with_seed(2);
            let orders: Vec<Order> = (0..threads)
                .map(|_| {
                    let ranks = (0..setting.ops / 2).map(|_| zipf.draw(&mut random));
                    let keys = keys.in_order(ranks);
                    let sets =
                        (0..keys.iter().len()).map(|_| random.u8(..100) < set_percent).collect();
                    Order { keys, sets }
                })
                .collect();
            let peers = all(RESIDENT);
            let mut best = vec![(f64::MAX, 0.0, u64::MAX); peers.len()];
            for round in 0..=setting.rounds {
                for (peer, best) in peers.iter().zip(&mut best) {
                    let run = run(peer.as_ref(), setting, &orders, threads == 2);
                    // The first round fills.
                    if round > 0 {
                        *best = (best.0.min(run.0), run.1, best.2.min(run.2));
                    }
                }
            }
            let p999 = if threads == 2 { "p99.9 ns" } else { "" };
            println!(
                "\n{:<14}{:>12}{:>9}{:>14}{:>12}",
                format!("{name}, {threads} thr"),
                "CPU ns",
                "ratio",
                "hit ratio %",
                p999
            );
            for (peer, (time, ratio, tail)) in peers.iter().zip(&best) {
                let tail = if threads == 2 { tail.to_string() } else { String::new() };
                println!(
                    "{:<14}{:>12.1}{:>9.2}{:>14.1}{:>12}",
                    peer.name(),
                    time,
                    time / best[0].0,
                    ratio * 100.0,
                    tail
                );
            }
        }
    }
}

/// What a thread does: with each key a get, or a set.
struct Order {
    keys: InOrder,
    sets: Vec<bool>,
}

impl Order {
    fn iter(&self) -> impl Iterator<Item = (&[u8], bool)> {
        self.keys.iter().zip(self.sets.iter().copied())
    }
}

/// CPU ns per operation, hit ratio of the gets, and p99.9 in ns of every
/// operation of a second, timed pass.
fn run(peer: &dyn Peer, setting: &Setting, orders: &[Order], timed: bool) -> (f64, f64, u64) {
    let value = vec![9u8; setting.value_len];
    let step = |place: &mut [u8], key: &[u8], set: bool| match set {
        true => {
            peer.set(key, &value);
            false
        }
        false => peer.get_into(key, place).is_some(),
    };
    let start = process_cpu_ns();
    let hits: usize = std::thread::scope(|scope| {
        let workers: Vec<_> = orders
            .iter()
            .map(|order| {
                scope.spawn(move || {
                    let mut place = vec![0u8; setting.value_len];
                    order.iter().filter(|(key, set)| step(&mut place, key, *set)).count()
                })
            })
            .collect();
        workers.into_iter().map(|w| w.join().expect("no panic")).sum()
    });
    let total: usize = orders.iter().map(|order| order.sets.len()).sum();
    let time = (process_cpu_ns() - start) as f64 / total as f64;
    let gets = orders.iter().flat_map(|order| &order.sets).filter(|set| !**set).count();
    let tail = if timed { tail(orders, &step, setting) } else { 0 };
    (time, hits as f64 / gets as f64, tail)
}

/// One operation: a place for the value, the key, and whether it is a store;
/// whether it was a hit.
type Step<'a> = dyn Fn(&mut [u8], &[u8], bool) -> bool + Sync + 'a;

fn tail(orders: &[Order], step: &Step<'_>, setting: &Setting) -> u64 {
    let mut all: Vec<u64> = std::thread::scope(|scope| {
        let workers: Vec<_> = orders
            .iter()
            .map(|order| {
                scope.spawn(move || {
                    let mut place = vec![0u8; setting.value_len];
                    let timed = order.iter().take(order.sets.len() / 4).map(|(key, set)| {
                        let start = Instant::now();
                        step(&mut place, key, set);
                        start.elapsed().as_nanos() as u64
                    });
                    timed.collect::<Vec<_>>()
                })
            })
            .collect();
        workers.into_iter().flat_map(|w| w.join().expect("no panic")).collect()
    });
    all.sort_unstable();
    all[all.len() - 1 - all.len() / 1000]
}
