//! Everything at once, for as long as one likes: best under a sanitizer.
//!
//! Values carry their key and are checked by whoever reads them; a reader that
//! finds anything else ends the process. Ten minutes under AddressSanitizer,
//! with a nightly compiler:
//!
//! ```text
//! RUSTFLAGS=-Zsanitizer=address ASAN_OPTIONS=quarantine_size_mb=16 cargo +nightly run \
//!     --target x86_64-unknown-linux-gnu --no-default-features \
//!     --features system-heap --bin soak -- 600
//! ```
//!
//! What is resident is printed as it goes, and must not grow after the first
//! tenth. (The sanitizer keeps what was freed for a while: the option bounds
//! that.)

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use mynah::cache::{Cache, Claimed, Ttl};
use mynah::clock::Clock;
use mynah::error::{Error, Status};
use mynah::options::Layered;
use mynah::options::cache::CacheOptions;
use mynah_benches::resident;

/// The bound on memory, and what dictionaries and models may lag behind it.
const BOUND: u64 = 16 << 20;
const SLACK: u64 = 1 << 20;
/// Threads that get, set, remove and claim.
const CALLERS: u64 = 4;

const OPTIONS: &str = r#"{"capacity": 20000, "max_memory_mb": 16, "compression": true,
    "compression_threshold": 200, "default_ttl_ms": 200, "cleanup_interval_ms": 50,
    "stale_while_revalidate_ms": 50, "auto_tuning": true}"#;

/// The key, and bytes that follow from it: every other key's do not pack.
fn value(key: u32, len: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(key.into());
    let step = key % 2 * 255;
    let rest = (0..len).map(|_| (key + random.u32(..=step)) as u8);
    key.to_le_bytes().into_iter().chain(rest).collect()
}

fn check(key: u32, bytes: &[u8]) {
    let right = bytes.len() >= 4 && bytes == value(key, bytes.len() - 4);
    assert!(right, "a value that was never stored under {key}");
}

fn main() {
    let seconds: u64 = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(60);
    let mut options = Layered::<CacheOptions>::default();
    options.load_json(OPTIONS).expect("options");
    let cache = Cache::new(options.resolve().expect("options"), Clock::System).expect("a cache");
    let (stop, operations) = (AtomicBool::new(false), AtomicU64::new(0));
    let path = std::env::temp_dir().join(format!("mynah-soak-{}", std::process::id()));
    std::thread::scope(|scope| {
        let (cache, stop, operations, path) = (&cache, &stop, &operations, &path);
        for seed in 0..CALLERS {
            scope.spawn(move || {
                let _ends = EndsAll(stop);
                call(cache, seed, stop, operations);
            });
        }
        scope.spawn(move || {
            let _ends = EndsAll(stop);
            change(cache, stop, path);
        });
        watch(cache, seconds, stop, operations);
        stop.store(true, Relaxed);
    });
    let _ = std::fs::remove_file(&path);
    println!("{} operations in {seconds} s without a finding", operations.load(Relaxed));
}

/// A thread that fails ends the others, so that its message is the last word.
struct EndsAll<'a>(&'a AtomicBool);

impl Drop for EndsAll<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

/// What callers do: single keys, some of them held on to, some claimed.
fn call(cache: &Arc<Cache>, seed: u64, stop: &AtomicBool, operations: &AtomicU64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut held = Vec::new();
    let mut place = [0; 2_048];
    while !stop.load(Relaxed) {
        let key = (random.f64().powi(3) * 60_000.0) as u32;
        let name = key.to_le_bytes();
        match random.u8(..100) {
            0..35 => drop(cache.get(&name).map(|v| check(key, v.as_bytes()))),
            35..45 => {
                if let Ok(len) = cache.fetch_into(&name, &mut place, &mut None) {
                    check(key, &place[..len]);
                }
            }
            45..88 => {
                // Some expire, some must be evicted.
                let ttl = if random.bool() { Ttl::Default } else { Ttl::Never };
                cache.set(&name, &value(key, random.usize(..1_500)), ttl).expect("a set");
            }
            88..92 => drop(cache.remove(&name)),
            92..94 => drop(cache.touch(&name, Ttl::Millis(500))),
            94..96 => held.extend(cache.get(&name).map(|value| (key, value))),
            // Few keys, so that callers meet.
            _ => claim(cache, key % 64, random.u8(..4)),
        }
        if held.len() > 50 {
            held.drain(..).for_each(|(key, value)| check(key, value.as_bytes()));
        }
        operations.fetch_add(1, Relaxed);
    }
}

/// A claim that is filled, failed, or dropped for the next; or a wait for one.
fn claim(cache: &Arc<Cache>, key: u32, choice: u8) {
    match cache.get_or_claim(&key.to_le_bytes(), Duration::from_millis(2), None) {
        Ok(Claimed::Hit(value) | Claimed::Stale(value)) => check(key, value.as_bytes()),
        Ok(Claimed::Claim(claim)) => match choice {
            0 => claim.fail(Error::call(Status::Server, "on purpose")),
            1 => drop(claim),
            2 => claim.fill_negative(Ttl::Millis(3)).expect("a fill"),
            _ => claim.fill(&value(key, 100), Ttl::Millis(20)).expect("a fill"),
        },
        Err(error) => {
            let status = error.status();
            let known = [Status::Timeout, Status::Server, Status::NotFound];
            assert!(known.contains(&status), "{error}");
        }
    }
}

/// What changes the cache as a whole.
fn change(cache: &Arc<Cache>, stop: &AtomicBool, path: &Path) {
    let mut random = fastrand::Rng::with_seed(99);
    while !stop.load(Relaxed) {
        match random.u8(..9) {
            0 | 1 => cache.resize(1 << random.u64(..8)).expect("a resize"),
            2 => drop(cache.save(path, &mut |_, _| true).expect("a save")),
            3 => drop(cache.load(path, &mut |_, _| true)),
            4 => cache.walk().for_each(|pair| {
                let pair = pair.expect("a pair");
                let key = u32::from_le_bytes(pair.key().try_into().expect("four bytes"));
                check(key, pair.value().as_bytes());
            }),
            5 => cache.set_capacity(random.u64(5_000..30_000)).expect("a capacity"),
            6 => drop(cache.sweep()),
            7 => drop(cache.remove_prefix(&[random.u8(..)]).expect("a removal")),
            _ => drop((cache.metrics_json(), cache.advise_json())),
        }
        let memory = cache.memory_bytes();
        assert!(memory <= BOUND + SLACK, "{memory} bytes are beyond the bound");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Prints what is resident twenty times, and holds it to what it was after the
/// first tenth.
fn watch(cache: &Cache, seconds: u64, stop: &AtomicBool, operations: &AtomicU64) {
    let start = Instant::now();
    let mut settled = 0;
    println!(
        "{:>6}{:>14}{:>14}{:>16}{:>12}",
        "s", "operations", "resident KiB", "accounted KiB", "pinned KiB"
    );
    for part in 1..=20u32 {
        let due = Duration::from_secs(seconds) * part / 20;
        while start.elapsed() < due && !stop.load(Relaxed) {
            std::thread::sleep(Duration::from_millis(100));
        }
        let resident = resident() / 1024;
        if part == 2 {
            settled = resident;
        }
        println!(
            "{:>6}{:>14}{resident:>14}{:>16}{:>12}",
            start.elapsed().as_secs(),
            operations.load(Relaxed),
            cache.memory_bytes() / 1024,
            cache.pinned().1 / 1024
        );
    }
    let end = resident() / 1024;
    assert!(end < settled + settled / 4 + 16_384, "it grew from {settled} KiB to {end}");
}
