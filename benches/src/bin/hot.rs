//! Operations of one kind on one peer, for a profiler: `hot [mynah|quick_cache|floor] [copied|reference|mixed|missing]
//! [rounds] [operations]`. `mixed` is half stores, over ten times as many keys as
//! fit; `missing` is look-ups of such keys alone.

use mynah_benches::mynah_c::Mynah;
use mynah_benches::peers::*;
use mynah_benches::thread_cpu_ns;
use mynah_benches::work::{Keys, Zipf};

const RESIDENT: usize = 100_000;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let arg = |i: usize, or: &str| args.get(i).map_or(or.to_string(), String::clone);
    let mixed = arg(1, "copied") == "mixed";
    let missing = arg(1, "copied") == "missing";
    let (universe, room) =
        if mixed || missing { (RESIDENT * 10, RESIDENT) } else { (RESIDENT, RESIDENT * 2) };
    let (keys, value) = (Keys::new(universe, 24), [7u8; 256]);
    let capacity = room.to_string();
    let peer: Box<dyn Peer> = match arg(0, "mynah").as_str() {
        "quick_cache" => Box::new(Quick::new(room)),
        "floor" => {
            let all = (0..RESIDENT as u32).map(|r| keys.get(r));
            Box::new(Floor::new(all, RESIDENT, &value))
        }
        _ => Box::new(Mynah::new(&[("capacity", &capacity)])),
    };
    (0..RESIDENT as u32).for_each(|rank| peer.set(keys.get(rank), &value));
    let operations: usize = arg(3, "1000000").parse().expect("a number of operations");
    let zipf = Zipf::new(universe, 0.99);
    let mut random = fastrand::Rng::with_seed(1);
    let order = keys.in_order((0..operations).map(|_| zipf.draw(&mut random)));
    let mut place = [0u8; 256];
    let copied = arg(1, "copied") == "copied" || missing;
    for _ in 0..arg(2, "5").parse::<usize>().expect("a number of rounds") {
        let start = thread_cpu_ns();
        let mut turn = 0;
        let found = order.iter().filter(|key| match copied {
            _ if mixed => {
                turn += 1;
                match turn % 2 {
                    0 => peer.get_into(key, &mut place).is_some(),
                    _ => {
                        peer.set(key, &value);
                        false
                    }
                }
            }
            true => peer.get_into(key, &mut place).is_some(),
            false => peer.get_value(key),
        });
        let found = found.count();
        let time = (thread_cpu_ns() - start) as f64 / operations as f64;
        println!("{time:.1} ns, {found} found");
    }
}
