//! What the process holds beside what the cache accounts for, for mixes of
//! sizes: `resident [MB]`. Each mix fills a cache three times over; then the
//! sizes shift, and it is filled three times again; then it is cleared.
//!
//! Asked: for bounds of 64 MB and more the growth since the cache was made is
//! within 15 % of what is accounted.

use mynah::ffi::cache::entries::mynah_cache_clear;
use mynah_benches::mynah_c::Mynah;
use mynah_benches::resident;

struct Mix {
    name: &'static str,
    before: fn(&mut fastrand::Rng) -> usize,
    after: fn(&mut fastrand::Rng) -> usize,
}

const MIXES: &[Mix] = &[
    Mix { name: "100 B, then 300 B", before: |_| 100, after: |_| 300 },
    Mix { name: "4 KB, then 60 B", before: |_| 4_000, after: |_| 60 },
    Mix {
        name: "0-2 KB, then 0-20 KB",
        before: |random| random.usize(..2_000),
        after: |random| random.usize(..20_000),
    },
    Mix {
        name: "0-500 B, a tenth to 150 KB; then 0-500 B alone",
        before: |random| match random.u8(..10) {
            0 => random.usize(500..150_000),
            _ => random.usize(..500),
        },
        after: |random| random.usize(..500),
    },
    Mix {
        name: "40-400 KB, then 1-4 MB",
        before: |random| random.usize(40_000..400_000),
        after: |random| random.usize(1_000_000..4_000_000),
    },
];

fn main() {
    let megabytes = std::env::args().nth(1).unwrap_or_else(|| "64".into());
    let bound: u64 = megabytes.parse::<u64>().expect("megabytes") << 20;
    println!("{megabytes} MB; growth of the process beside what is accounted");
    println!("{:<48}{:>8}{:>8}{:>9}{:>10}", "", "filled", "shifted", "threads", "cleared");
    let value = vec![7u8; 4 << 20];
    for mix in MIXES {
        let before = resident();
        let cache = Mynah::new(&[("max_memory_mb", &megabytes), ("capacity", "10000000")]);
        let ratio =
            |cache: &Mynah| resident().saturating_sub(before) as f64 / cache.memory_bytes() as f64;
        let fill = |seed: u64, size: fn(&mut fastrand::Rng) -> usize| {
            let mut random = fastrand::Rng::with_seed(seed);
            let (mut key, mut written) = (seed << 40, 0);
            while written < 3 * bound {
                let len = size(&mut random);
                cache.set(&key.to_le_bytes(), &value[..len]);
                (key, written) = (key + 1, written + len as u64 + 60);
            }
        };
        fill(1, mix.before);
        let filled = ratio(&cache);
        fill(2, mix.after);
        let shifted = ratio(&cache);
        std::thread::scope(|scope| {
            let fill = &fill;
            (3..11).for_each(|seed| _ = scope.spawn(move || fill(seed, mix.before)));
        });
        let threads = ratio(&cache);
        assert_eq!(mynah_cache_clear(cache.handle()), 0);
        let left = resident().saturating_sub(before) as f64 / 1048576.0;
        println!("{:<48}{filled:>8.2}{shifted:>8.2}{threads:>9.2}{left:>7.1} MB", mix.name);
    }
}
