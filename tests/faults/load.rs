//! Many threads, one client, and a provider of which a fifth goes wrong.

use std::collections::BTreeMap;
use std::thread;

use super::machine::lateness_during;
use super::*;

/// 64 threads for this long; `MYNAH_SOAK_SECONDS` makes it longer.
fn duration() -> Duration {
    let seconds = std::env::var("MYNAH_SOAK_SECONDS").ok().and_then(|s| s.parse().ok());
    Duration::from_secs(seconds.unwrap_or(2))
}

#[test]
fn every_call_ends_once_in_time_and_the_counters_add_up() {
    let faults = [("reset", "200"), ("cut", "500"), ("stall", "300")];
    let mocks: Vec<MockServer> = faults
        .iter()
        .map(|(fault, after)| {
            mock(&[("fault", fault), ("fault_after_bytes", after), ("fault_percent", "20")])
        })
        .collect();
    let limits =
        [("timeout_ms", "2000"), ("silence_timeout_ms", "100"), ("retry_after_send", "true")];
    let clients: Vec<Arc<Client>> = mocks.iter().map(|mock| client(mock.url(), &limits)).collect();
    let end = Instant::now() + duration();
    let run = |n: usize| {
        let (mut ends, mut calls, mut slowest) = (BTreeMap::new(), 0u64, Duration::ZERO);
        while Instant::now() < end {
            let began = Instant::now();
            let result = ask(&clients[n % clients.len()], calls % 2 == 0);
            slowest = slowest.max(began.elapsed());
            let status = result.err().map_or(Ok, |failed| failed.error.status());
            *ends.entry(status.name()).or_insert(0u64) += 1;
            calls += 1;
        }
        (ends, calls, slowest)
    };
    let all = || {
        thread::scope(|scope| {
            let run = &run;
            let threads: Vec<_> = (0..64).map(|n| scope.spawn(move || run(n))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        })
    };
    let (results, lateness) = lateness_during(all);
    let mut ends: BTreeMap<&str, u64> = BTreeMap::new();
    results.iter().flat_map(|(e, ..)| e).for_each(|(k, v)| *ends.entry(k).or_default() += v);
    let calls: u64 = results.iter().map(|(_, calls, _)| calls).sum();
    let slowest = results.iter().map(|(.., slowest)| *slowest).max().unwrap();
    println!("{calls} calls, slowest {slowest:?}, machine late by {lateness:?}: {ends:?}");
    assert_eq!(ends.values().sum::<u64>(), calls);
    // A call's whole time, and what the machine adds to it.
    let bound = Duration::from_millis(2_500) + 8 * lateness;
    assert!(slowest < bound, "{slowest:?} instead of {bound:?}");
    let allowed = ["ok", "connection", "truncated", "timeout"];
    assert!(ends.keys().all(|status| allowed.contains(status)), "{ends:?}");
    let counted: u64 =
        clients.iter().map(|c| c.metrics().to_json()["calls"].as_u64().unwrap()).sum();
    assert_eq!(counted, calls);
    for mock in &mocks {
        let stats = mock.stats();
        let share = stats["faults"].as_f64().unwrap() / stats["requests"].as_f64().unwrap();
        assert!((0.1..0.3).contains(&share), "{stats}");
    }
}
