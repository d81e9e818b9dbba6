//! What the process holds is what a cache of very many shards says it holds. Alone in
//! its process, whose memory it measures.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)] // a test's helpers

mod memory;

use memory::{cache, resident};
use mynah::cache::Ttl;

#[test]
fn resident_memory_is_within_15_percent_of_what_is_accounted_with_very_many_shards() {
    let before = resident();
    let cache = cache(
        r#"{"max_memory_mb": 64, "capacity": 100000000, "shard_count": 16384, "hash_seed": 1}"#,
    );
    let ratio = || (resident() - before) as f64 / cache.memory_bytes() as f64;
    assert_eq!(cache.shard_count(), 16_384);
    assert!(ratio() < 1.15, "empty: {:.2} of what is accounted", ratio());
    let mut random = fastrand::Rng::with_seed(1);
    for key in 0..1_500_000u64 {
        let value = [7; 300];
        cache.set(&key.to_le_bytes(), &value[..random.usize(..300)], Ttl::Never).unwrap();
    }
    assert!(ratio() < 1.15, "full: {:.2} of what is accounted", ratio());
}
