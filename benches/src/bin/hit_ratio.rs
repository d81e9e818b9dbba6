//! Hit ratios of every policy on the traces, through the C functions, beside
//! what was measured of others on the same requests: what stands in brackets is
//! the difference to that policy's own figure in the table that lies with the
//! traces (for lfu the aged one). `hit_ratio orm-busy` runs one trace.

use mynah_benches::mynah_c::Mynah;
use mynah_benches::traces;

/// Each policy, and whose column of the table it is held to.
const POLICIES: [(&str, Option<&str>); 5] = [
    ("fifo", Some("FIFO")),
    ("lru", Some("LRU")),
    ("lfu", Some("LFU sampled, aged")),
    ("s3fifo", Some("S3-FIFO")),
    ("random", None),
];
/// What a policy may be worse by, in points.
const TOLERATED: f64 = 0.5;

fn main() {
    let only = std::env::args().nth(1);
    let table = traces::ratios();
    if table.is_empty() {
        println!("skipped: the traces are not here");
        return;
    }
    let names: String = POLICIES.iter().map(|(name, _)| format!("{name:>15}")).collect();
    println!("{:<10}{:>5}{:>9}{names}", "trace", "cap", "entries");
    let mut misses = 0;
    for row in table.iter().filter(|row| only.as_ref().is_none_or(|o| *o == row.trace)) {
        let Some(trace) = traces::read(&row.trace) else {
            println!("{}: skipped, it is not here", row.trace);
            continue;
        };
        let distinct = trace.iter().max().map_or(0, |m| m + 1);
        let capacity = distinct * row.percent / 100;
        print!("{:<10}{:>4}%{capacity:>9}", row.trace, row.percent);
        for (policy, column) in POLICIES {
            let ratio = run(&trace, capacity, policy);
            match column.and_then(|column| row.column(column)) {
                Some(expected) => {
                    let off = ratio - expected;
                    misses += (off < -TOLERATED) as u32;
                    print!("{ratio:>8.1} ({off:>+4.1})");
                }
                None => print!("{ratio:>15.1}"),
            }
        }
        println!();
    }
    println!("{misses} cells are worse by more than {TOLERATED} points");
}

fn run(trace: &[u32], capacity: u32, policy: &str) -> f64 {
    let capacity = capacity.to_string();
    let cache = Mynah::new(&[
        ("capacity", &capacity),
        ("eviction_policy", policy),
        ("hash_seed", "1"),
        ("default_ttl_ms", "0"),
    ]);
    let mut place = [0u8; 8];
    let hits = trace.iter().filter(|id| {
        let key = id.to_le_bytes();
        let hit = cache.get_into(&key, &mut place).is_some();
        if !hit {
            cache.set(&key, b"v");
        }
        hit
    });
    hits.count() as f64 * 100.0 / trace.len() as f64
}
