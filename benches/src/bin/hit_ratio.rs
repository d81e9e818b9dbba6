//! Hit ratios of every policy on the traces, through the C functions.

use mynah_benches::mynah_c::Mynah;
use mynah_benches::traces;

const TRACES: [(&str, &[u32]); 4] =
    [("corda", &[1, 20]), ("OLTP", &[1, 5, 20]), ("P3", &[1, 5, 20]), ("orm-busy", &[1, 5, 20])];
const POLICIES: [&str; 5] = ["fifo", "lru", "lfu", "s3fifo", "random"];

fn main() {
    println!(
        "{:<10}{:>5}{:>9}{}",
        "trace",
        "cap",
        "entries",
        POLICIES.map(|p| format!("{p:>9}")).concat()
    );
    let only = std::env::args().nth(1);
    for (name, shares) in TRACES {
        if only.as_ref().is_some_and(|o| o != name) {
            continue;
        }
        let Some(trace) = traces::read(name) else {
            println!("{name}: skipped, the traces are not here");
            continue;
        };
        let distinct = trace.iter().max().map_or(0, |m| m + 1);
        for percent in shares {
            let capacity = distinct * percent / 100;
            let ratios = POLICIES.map(|policy| format!("{:>9.1}", run(&trace, capacity, policy)));
            println!("{name:<10}{percent:>4}%{capacity:>9}{}", ratios.concat());
        }
    }
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
