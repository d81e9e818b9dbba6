//! Predicted hit ratios beside real runs, on the traces.

use std::ptr;

use mynah::ffi::cache::mynah_cache_free;
use mynah::ffi::cache::state::mynah_cache_advise_json;
use mynah::ffi::value::{mynah_value_data, mynah_value_free, mynah_value_len};
use mynah_benches::mynah_c::Mynah;
use mynah_benches::traces;

fn main() {
    println!(
        "{:<10}{:>9}{:>7}{:>11}{:>9}{:>8}",
        "trace", "capacity", "scale", "predicted", "real", "error"
    );
    for (name, capacity) in
        [("OLTP", 9_344u32), ("P3", 38_128), ("orm-busy", 4_000), ("corda", 4_500)]
    {
        let Some(trace) = traces::read(name) else {
            println!("{name}: skipped, the traces are not here");
            continue;
        };
        let (cache, _) = run(&trace, capacity);
        let advice = advice(&cache);
        for (scale, factor) in [("0.5x", 0.5), ("2x", 2.0), ("4x", 4.0)] {
            let real = run(&trace, (capacity as f64 * factor) as u32).1 * 100.0;
            match number(&advice, scale) {
                Some(predicted) => println!(
                    "{name:<10}{capacity:>9}{scale:>7}{:>11.1}{real:>9.1}{:>8.1}",
                    predicted * 100.0,
                    predicted * 100.0 - real
                ),
                None => println!("{name:<10}{capacity:>9}{scale:>7}  {advice}"),
            }
        }
    }
    mynah_cache_free(ptr::null_mut());
}

fn run(trace: &[u32], capacity: u32) -> (Mynah, f64) {
    let capacity = capacity.to_string();
    let cache = Mynah::new(&[("capacity", &capacity), ("hash_seed", "1"), ("default_ttl_ms", "0")]);
    let mut place = [0u8; 8];
    let hits = trace.iter().filter(|id| {
        let key = id.to_le_bytes();
        let hit = cache.get_into(&key, &mut place).is_some();
        if !hit {
            cache.set(&key, b"v");
        }
        hit
    });
    let hits = hits.count();
    (cache, hits as f64 / trace.len() as f64)
}

fn advice(cache: &Mynah) -> String {
    let mut value = ptr::null_mut();
    // SAFETY: a live cache, a place for the value, which is freed once.
    unsafe {
        assert_eq!(mynah_cache_advise_json(cache.handle(), &mut value), 0);
        let bytes = std::slice::from_raw_parts(
            mynah_value_data(value).cast::<u8>(),
            mynah_value_len(value),
        );
        let text = String::from_utf8_lossy(bytes).into_owned();
        mynah_value_free(value);
        text
    }
}

/// The number in `"2x":{"hit_rate":0.5}`.
fn number(json: &str, scale: &str) -> Option<f64> {
    let rest = json.split_once(&format!("\"{scale}\":{{\"hit_rate\":"))?.1;
    rest.split('}').next()?.parse().ok()
}
