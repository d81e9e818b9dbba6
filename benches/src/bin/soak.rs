//! Everything at once, for as long as one likes: best under a sanitizer.
//!
//! Values carry their key and a checksum; a reader that finds anything else
//! ends the process. Memory must not grow after the first tenth.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use mynah::cache::{Cache, Ttl};
use mynah::clock::Clock;
use mynah::options::Layered;
use mynah::options::cache::CacheOptions;

fn value(key: u32, len: usize) -> Vec<u8> {
    let mut bytes = key.to_le_bytes().to_vec();
    bytes.resize(4 + len, (key % 251) as u8);
    bytes
}

fn check(key: u32, bytes: &[u8]) {
    let right = bytes.len() >= 4
        && bytes[..4] == key.to_le_bytes()
        && bytes[4..].iter().all(|b| *b == (key % 251) as u8);
    assert!(right, "a value that was never stored under {key}");
}

fn main() {
    let seconds: u64 = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(60);
    let mut options = Layered::<CacheOptions>::default();
    let json = r#"{"capacity": 20000, "max_memory_mb": 16, "compression": true, "compression_threshold": 200,
        "default_ttl_ms": 200, "cleanup_interval_ms": 50, "stale_while_revalidate_ms": 50, "auto_tuning": true}"#;
    options.load_json(json).expect("options");
    let cache = Cache::new(options.resolve().expect("options"), Clock::System).expect("a cache");
    let (stop, operations) = (AtomicBool::new(false), AtomicU64::new(0));
    let path = std::env::temp_dir().join(format!("mynah-soak-{}", std::process::id()));
    std::thread::scope(|scope| {
        let (cache, stop, operations, path) = (&cache, &stop, &operations, &path);
        for seed in 0..4u64 {
            scope.spawn(move || {
                let mut random = fastrand::Rng::with_seed(seed);
                let mut held = Vec::new();
                while !stop.load(Relaxed) {
                    let key = (random.f64().powi(3) * 60_000.0) as u32;
                    let name = key.to_le_bytes();
                    match random.u8(..100) {
                        0..45 => drop(cache.get(&name).map(|v| check(key, v.as_bytes()))),
                        45..90 => cache
                            .set(&name, &value(key, random.usize(..1_500)), Ttl::Default)
                            .expect("a set"),
                        90..94 => drop(cache.remove(&name)),
                        94..96 => drop(cache.touch(&name, Ttl::Millis(500))),
                        96..98 => held.extend(cache.get(&name)),
                        _ => drop(cache.get_or_claim(&name, Duration::ZERO, None)),
                    }
                    if held.len() > 50 {
                        held.clear();
                    }
                    operations.fetch_add(1, Relaxed);
                }
            });
        }
        scope.spawn(move || {
            let mut random = fastrand::Rng::with_seed(99);
            while !stop.load(Relaxed) {
                match random.u8(..6) {
                    0 => cache.resize(1 << random.u64(..8)).expect("a resize"),
                    1 => drop(cache.save(path, &mut |_, _| true).expect("a save")),
                    2 => drop(cache.load(path, &mut |_, _| true)),
                    3 => cache.walk().for_each(|pair| drop(pair.expect("a pair"))),
                    4 => cache.set_capacity(random.u64(5_000..30_000)).expect("a capacity"),
                    _ => drop(cache.metrics_json()),
                }
                assert!(cache.memory_bytes() <= (16 << 20) + (1 << 20), "beyond the bound");
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        let start = Instant::now();
        let mut settled = 0;
        while start.elapsed() < Duration::from_secs(seconds) {
            std::thread::sleep(Duration::from_millis(500));
            if settled == 0 && start.elapsed() > Duration::from_secs(seconds) / 10 {
                settled = resident();
            }
        }
        stop.store(true, Relaxed);
        let end = resident();
        println!("resident: {settled} KiB after a tenth, {end} KiB at the end");
        assert!(end < settled + settled / 4 + 16_384, "it grew");
    });
    let _ = std::fs::remove_file(&path);
    println!("{} operations in {seconds} s without a finding", operations.load(Relaxed));
}

fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0) * 4
}
