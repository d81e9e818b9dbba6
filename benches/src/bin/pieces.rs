//! What the pieces of a hit cost on this machine.
use std::hint::black_box;
use std::time::Instant;

fn time(name: &str, mut f: impl FnMut()) {
    let n = 2_000_000;
    let mut best = f64::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        (0..n).for_each(|_| f());
        best = best.min(start.elapsed().as_nanos() as f64 / n as f64);
    }
    println!("{name:<28}{best:>8.1}");
}

fn main() {
    let clock = mynah::clock::Clock::System;
    time("coarse clock", || {
        black_box(clock.coarse_ns());
    });
    time("precise clock", || {
        black_box(clock.now_ns());
    });
    let lock = parking_lot::RwLock::new(1u64);
    time("read lock", || {
        black_box(*lock.read());
    });
    time("write lock", || *lock.write() += 1);
    let counter = std::sync::atomic::AtomicU64::new(0);
    time("fetch_add", || {
        counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    });
    let key = black_box([7u8; 24]);
    time("hash 24", || {
        black_box(rapidhash::v3::rapidhash_v3(black_box(&key)));
    });
    let m = mynah_benches::mynah_c::Mynah::new(&[("capacity", "100000")]);
    m.set(&key, &[1; 256]);
    let mut place = [0u8; 256];
    time("hot hit copied", || {
        black_box(m.get_into(&key, &mut place));
    });
    time("hot hit by reference", || {
        black_box(m.get_value(&key));
    });
    time("miss", || {
        black_box(m.get_into(&key[..23], &mut place));
    });
    time("overwrite", || m.set(&key, &place));
    let m = mynah_benches::mynah_c::Mynah::new(&[("capacity", "100000"), ("default_ttl_ms", "0")]);
    m.set(&key, &[1; 256]);
    time("hot hit copied, no ttl", || {
        black_box(m.get_into(&key, &mut place));
    });
    let q = mynah_benches::peers::Quick::new(100000);
    use mynah_benches::peers::Peer;
    q.set(&key, &[1; 256]);
    time("quick hot hit copied", || {
        black_box(q.get_into(&key, &mut place));
    });
}
