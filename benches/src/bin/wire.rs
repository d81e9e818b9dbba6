//! The client beside libcurl and a bare socket, against one loopback server.
//!
//! CPU time is that of the calling thread, which is all that any of them uses.
//! The callers take short turns, so that what else the machine does befalls all alike;
//! medians are shown, of the times and of the ratios within a round: read the ratios.
//! `wire 9 burst,calls` measures those paths alone; the number, 15 if there is none, is
//! how long. `wire serve` is the server, started by the program itself;
//! `wire --only=plain 1000 libcurl` is one caller on one path, for a profiler.

use mynah_benches::thread_cpu_ns;
use mynah_benches::wire::server::{EVENTS, Server, serve};
use mynah_benches::wire::{Caller, mynah::Mynah, now_ns, socket::Socket};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next().unwrap_or_default();
    if first == "serve" {
        return serve();
    }
    let server = Server::start();
    if let Some(path) = first.strip_prefix("--only=") {
        let calls = arguments.next().map_or(1_000, |n| n.parse().expect("a number of calls"));
        let name = arguments.next().unwrap_or("mynah".into());
        let mut callers = callers(server.port);
        let caller = callers.iter_mut().find(|caller| caller.name() == name);
        let caller = caller.expect("the name of a caller");
        (0..calls).for_each(|_| caller.call(path, &mut |_| ()));
        return;
    }
    let rounds = first.parse().unwrap_or(15);
    let chosen = arguments.next();
    let is_chosen =
        |path: &str| chosen.as_ref().is_none_or(|all| all.split(',').any(|p| p == path));
    let mut callers = callers(server.port);
    for (path, title, calls, rounds) in [
        ("plain", "CPU us a plain call", 10, 30 * rounds),
        ("burst", "CPU us a stream of 1,000 events, a chunk each", 1, 20 * rounds),
        ("calls", "CPU us a stream of 1,000 pieces of a call", 1, 20 * rounds),
        ("blocks", "CPU us a stream of 1,000 events, one chunk", 1, 20 * rounds),
        ("paced", "CPU us a stream of 1,000 events, 200 us apart", 1, rounds.min(7)),
    ] {
        if is_chosen(path) {
            cpu(&mut callers, path, title, calls, rounds);
        }
    }
    if is_chosen("stamped") {
        latency(&mut callers, rounds.max(21));
    }
}

fn callers(port: u16) -> Vec<Box<dyn Caller>> {
    vec![
        Box::new(Socket::new(port)),
        #[cfg(feature = "curl")]
        Box::new(mynah_benches::wire::curl::Curl::new(port)),
        Box::new(Mynah::new(port)),
        #[cfg(feature = "clients")]
        Box::new(mynah_benches::wire::async_openai::AsyncOpenai::new(port)),
        #[cfg(feature = "clients")]
        Box::new(mynah_benches::wire::liter_llm::LiterLlm::new(port)),
    ]
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// CPU time of the calling thread for a call.
fn cpu(callers: &mut [Box<dyn Caller>], path: &str, title: &str, calls: usize, rounds: usize) {
    let mut times = vec![Vec::new(); callers.len()];
    for round in 0..=rounds {
        for (caller, times) in callers.iter_mut().zip(&mut times) {
            let mut seen = 0usize;
            let began = thread_cpu_ns();
            (0..calls).for_each(|_| caller.call(path, &mut |piece| seen += piece.len()));
            let time = (thread_cpu_ns() - began) as f64 / calls as f64 / 1_000.0;
            assert!(seen > 0, "{} got nothing", caller.name());
            // The first round connects and warms up.
            if round > 0 {
                times.push(time);
            }
        }
    }
    show(title, callers, &times);
}

/// From the server's write to the moment the caller has the event, in us.
fn latency(callers: &mut [Box<dyn Caller>], rounds: usize) {
    let mut times = vec![Vec::new(); callers.len()];
    for _ in 0..rounds {
        for (caller, times) in callers.iter_mut().zip(&mut times) {
            let mut all = Vec::with_capacity(EVENTS);
            caller.call("stamped", &mut |piece| {
                let now = now_ns();
                all.extend(stamp(piece).map(|at| (now - at) as f64 / 1_000.0));
            });
            assert!(all.len() > EVENTS / 2, "{} saw {} events", caller.name(), all.len());
            times.push(median(&mut all));
        }
    }
    show("us from the server's write to the caller (median)", callers, &times);
}

/// The last time that is written in a piece.
fn stamp(piece: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(piece).ok()?;
    let mut words = text.split('"').filter(|word| word.len() == 20);
    words.rfind(|word| word.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()
}

fn show(title: &str, callers: &[Box<dyn Caller>], times: &[Vec<f64>]) {
    println!("\n{title}");
    let by = |name: &str| callers.iter().position(|caller| caller.name() == name);
    for (caller, own) in callers.iter().zip(&*times) {
        print!("{:<14}{:>10.1}", caller.name(), median(&mut own.clone()));
        for peer in ["bare socket", "libcurl"] {
            if let Some(place) = by(peer) {
                let ratios = own.iter().zip(&times[place]).map(|(own, peer)| own / peer);
                print!("{:>10.2} x {peer}", median(&mut ratios.collect::<Vec<_>>()));
            }
        }
        println!();
    }
}
