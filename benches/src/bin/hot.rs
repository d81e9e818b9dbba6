//! Operations of one kind on one peer, for a profiler:
//! `hot [mynah|quick_cache|floor] [copied|reference|mixed|missing] [rounds]
//! [operations of a thread] [threads]`. `mixed` is half stores, over ten times as
//! many keys as fit; `missing` is look-ups of such keys alone.

use mynah_benches::mynah_c::Mynah;
use mynah_benches::peers::*;
use mynah_benches::process_cpu_ns;
use mynah_benches::work::{InOrder, Keys, Zipf};

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
    let threads: u64 = arg(4, "1").parse().expect("a number of threads");
    let zipf = Zipf::new(universe, 0.99);
    let orders: Vec<InOrder> = (1..=threads)
        .map(|seed| {
            let mut random = fastrand::Rng::with_seed(seed);
            keys.in_order((0..operations).map(|_| zipf.draw(&mut random)))
        })
        .collect();
    let way = match arg(1, "copied").as_str() {
        "mixed" => Way::Mixed,
        "reference" => Way::Reference,
        _ => Way::Copied,
    };
    for _ in 0..arg(2, "5").parse::<usize>().expect("a number of rounds") {
        let (peer, start) = (&*peer, process_cpu_ns());
        let found: usize = std::thread::scope(|scope| {
            let run = |order| scope.spawn(move || round(peer, order, way));
            let running: Vec<_> = orders.iter().map(run).collect();
            running.into_iter().map(|thread| thread.join().expect("it does not panic")).sum()
        });
        let time = (process_cpu_ns() - start) as f64 / (operations as u64 * threads) as f64;
        println!("{time:.1} ns, {found} found");
    }
}

#[derive(Clone, Copy)]
enum Way {
    Copied,
    Reference,
    Mixed,
}

/// All operations once; how many found something.
fn round(peer: &dyn Peer, order: &InOrder, way: Way) -> usize {
    let (mut place, value, mut turn) = ([0u8; 256], [7u8; 256], 0);
    let found = order.iter().filter(|key| {
        turn += 1;
        match way {
            Way::Reference => peer.get_value(key),
            Way::Mixed if turn % 2 == 1 => {
                peer.set(key, &value);
                false
            }
            Way::Copied | Way::Mixed => peer.get_into(key, &mut place).is_some(),
        }
    });
    found.count()
}
