//! What metrics cost: CPU time of hits and stores in a cache that counts and in
//! one that does not, in turns, so that the machine's moods meet both.

use std::hint::black_box;

use mynah_benches::mynah_c::Mynah;
use mynah_benches::thread_cpu_ns;

const KEYS: u32 = 1_000;
const CALLS: u32 = 200_000;
const ROUNDS: usize = 41;

fn cache(counts: &str) -> Mynah {
    let cache = Mynah::new(&[("capacity", "100000"), ("metrics_enabled", counts)]);
    (0..KEYS).for_each(|n| cache.set(&key(n), &[7; 64]));
    cache
}

fn key(n: u32) -> [u8; 24] {
    let mut key = [5; 24];
    key[..4].copy_from_slice(&n.to_le_bytes());
    key
}

/// CPU time of one call, in ns.
fn time(mut call: impl FnMut(u32)) -> f64 {
    let begun = thread_cpu_ns();
    (0..CALLS).for_each(|n| call(n % KEYS));
    (thread_cpu_ns() - begun) as f64 / CALLS as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let (counting, silent) = (cache("true"), cache("false"));
    let mut place = [0; 64];
    let hit = |cache: &Mynah, place: &mut [u8]| {
        time(|n| {
            black_box(cache.get_into(&key(n), place));
        })
    };
    let store = |cache: &Mynah| time(|n| cache.set(&key(n), &[8; 64]));
    let (mut hits, mut stores) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        hits.push((hit(&counting, &mut place), hit(&silent, &mut place)));
        stores.push((store(&counting), store(&silent)));
    }
    println!("{:<8}{:>12}{:>12}{:>14}", "ns", "counting", "silent", "of a pair");
    for (name, pairs) in [("hit", hits), ("store", stores)] {
        let with = median(pairs.iter().map(|pair| pair.0).collect());
        let without = median(pairs.iter().map(|pair| pair.1).collect());
        let difference = median(pairs.iter().map(|pair| pair.0 - pair.1).collect());
        println!("{name:<8}{with:>12.1}{without:>12.1}{difference:>14.1}");
    }
}
