//! Bytes an entry: growth of the process's resident memory, and what the cache
//! accounts for, at a million entries with 32-byte keys and 100-byte values.

use mynah_benches::mynah_c::Mynah;
use mynah_benches::peers::{Moka, Peer, Quick};
use mynah_benches::resident;
use mynah_benches::work::Keys;

const ENTRIES: usize = 1_000_000;

fn main() {
    let which = std::env::args().nth(1).unwrap_or_else(|| "mynah".into());
    let keys = Keys::new(ENTRIES, 32);
    let capacity = ENTRIES.to_string();
    let before = resident();
    let mynah = (which == "mynah").then(|| Mynah::new(&[("capacity", &capacity)]));
    let peer: Box<dyn Peer> = match which.as_str() {
        "quick_cache" => Box::new(Quick::new(ENTRIES)),
        "moka" => Box::new(Moka::new(ENTRIES)),
        _ => Box::new(Quick::new(1)),
    };
    for rank in 0..ENTRIES as u32 {
        match &mynah {
            Some(mynah) => mynah.set(keys.get(rank), &[7; 100]),
            None => peer.set(keys.get(rank), &[7; 100]),
        }
    }
    let grown = (resident() - before) as f64 / ENTRIES as f64;
    println!("{which}: {grown:.1} resident bytes an entry");
    if let Some(mynah) = mynah {
        let accounted = mynah.memory_bytes() as f64 / mynah.entries() as f64;
        println!("mynah: {accounted:.1} accounted bytes an entry, {} entries", mynah.entries());
    }
}
