use super::*;

#[test]
fn figures_agree_while_calls_end() {
    let metrics = ClientMetrics::new(&Clock::manual().0);
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Relaxed) {
                metrics.record(&Ended::default());
            }
        });
        for _ in 0..2_000 {
            let json = metrics.to_json();
            let number = |name: &str| json[name].as_u64().unwrap();
            assert_eq!(number("successes") + number("failures"), number("calls"));
            assert_eq!(number("failures"), 0);
        }
        stop.store(true, Relaxed);
    });
}

#[test]
fn figures_add_up_and_nothing_measured_is_null() {
    let metrics = ClientMetrics::new(&Clock::manual().0);
    assert_eq!(metrics.to_json()["success_rate"], Value::Null);
    let usage = Usage { output_tokens: Some(50), ..Usage::default() };
    let spent = Spent {
        began_ns: 100_000_000,
        attempts: 3,
        usage: Some(usage),
        cost_usd: Some(0.25),
        ..Spent::default()
    };
    metrics.spend(&spent, 600_000_000);
    let cost_usd = Some(0.25);
    metrics.record(&Ended { cache_hit: Some(false), cost_usd, ..Ended::default() });
    // From the cache: it has cost nothing. By the caller's wish: no failure.
    metrics.record(&Ended { cost_usd: Some(0.0), ..Ended::default() });
    metrics.record(&Ended { failure: Some(Status::Stopped), ..Ended::default() });
    metrics.record(&Ended { failure: Some(Status::Timeout), ..Ended::default() });
    let json = metrics.to_json();
    assert_eq!(json["success_rate"], 2.0 / 3.0);
    assert_eq!((&json["successes"], &json["failures"]), (&json!(2), &json!(1)));
    assert_eq!(json["by_status"], json!({"ok": 2, "stopped": 1, "timeout": 1}));
    assert_eq!(json["retry_rate"], 0.5);
    assert_eq!(json["tokens_per_second"], 100.0);
    assert_eq!(json["cost_per_request_usd"], 0.125);
    assert_eq!(json["cache_hit_rate"], 0.0);
}

#[test]
fn what_a_request_costs_is_not_known_where_only_kept_answers_are_free() {
    let metrics = ClientMetrics::new(&Clock::System);
    metrics.record(&Ended::default());
    for _ in 0..3 {
        metrics.record(&Ended { cost_usd: Some(0.0), cache_hit: Some(true), ..Ended::default() });
    }
    assert_eq!(metrics.to_json()["cost_per_request_usd"], Value::Null);
    let free = ClientMetrics::new(&Clock::System);
    free.record(&Ended { cost_usd: Some(0.0), ..Ended::default() });
    assert_eq!(free.to_json()["cost_per_request_usd"], 0.0);
}
