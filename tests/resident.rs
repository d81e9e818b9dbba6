//! What the process holds is what the cache says it holds, whatever sizes come
//! and go. Alone in its process, whose memory it measures.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)] // a test's helpers

mod memory;

use memory::{cache, resident};
use mynah::cache::{Cache, Ttl};

const BOUND: usize = 128 << 20;

static VALUE: [u8; 200_000] = [7; 200_000];

/// Fills the cache twice over with values of such sizes.
fn fill(cache: &Cache, seed: u64, size: fn(&mut fastrand::Rng) -> usize) {
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut key, mut written) = (seed << 40, 0);
    while written < 2 * BOUND {
        let len = size(&mut random);
        cache.set(&key.to_le_bytes(), &VALUE[..len], Ttl::Never).unwrap();
        (key, written) = (key + 1, written + len + 60);
    }
}

#[test]
fn resident_memory_is_within_15_percent_of_what_is_accounted_as_sizes_shift() {
    let before = resident();
    let cache = cache(r#"{"max_memory_mb": 128, "capacity": 10000000}"#);
    let check = |when: &str| {
        let grown = (resident() - before) as f64;
        let ratio = grown / cache.memory_bytes() as f64;
        assert!(cache.memory_bytes() as usize > BOUND / 10 * 9, "{when}: it is full");
        assert!(ratio < 1.15, "{when}: {ratio:.2} of what is accounted");
    };
    let mixed = |random: &mut fastrand::Rng| match random.u8(..10) {
        0 => random.usize(500..150_000),
        _ => random.usize(..500),
    };
    fill(&cache, 1, |_| 100);
    check("100 bytes");
    fill(&cache, 2, |random| random.usize(..2_000));
    check("then up to 2,000");
    fill(&cache, 3, mixed);
    check("then up to 500, and a tenth up to 150,000");
    std::thread::scope(|scope| {
        for seed in 4..8 {
            let cache = &cache;
            scope.spawn(move || fill(cache, seed, |random| random.usize(..4_000)));
        }
    });
    check("then up to 4,000, by four threads that have ended");
    cache.clear();
    let left = resident() - before;
    assert!(left < BOUND / 8, "after clearing {left} bytes are left");
}
