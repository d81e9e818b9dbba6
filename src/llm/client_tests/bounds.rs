//! What ended calls or held them up, in the figures.

use super::*;
use crate::error::Bound;

/// The figures after calls with these answers, the last of which fails.
fn figures(options: &[(&str, &str)], steps: Vec<Step>, streamed: bool) -> serde_json::Value {
    let calls = steps.len();
    let bench = bench(&[&[("retry_count", "0")], options].concat(), steps);
    for call in 1..=calls {
        let ended = if streamed { bench.stream().0 } else { bench.chat() };
        assert_eq!(ended.is_err(), call == calls, "{ended:?}");
    }
    let figures = bench.client.metrics_json();
    let told = bench.records.lock().last().unwrap()["mynah.bound"].clone();
    let bounds = figures["by_bound"].as_object().unwrap();
    assert_eq!(bounds.keys().next(), told.as_str().map(String::from).as_ref(), "{figures}");
    figures
}

fn broken_by(failure: Failure) -> Vec<Step> {
    vec![Step::Break(failure)]
}

#[test]
fn what_ended_a_call_is_counted_and_told_by_its_bound() {
    let late = |phase| broken_by(Failure::TimedOut(phase));
    let no_options: &[(&str, &str)] = &[];
    for (options, steps, bound) in [
        (no_options, late(Phase::Connect), Bound::Connect),
        (no_options, late(Phase::FirstByte), Bound::FirstByte),
        (no_options, late(Phase::FirstToken), Bound::FirstToken),
        (no_options, late(Phase::Silence), Bound::Silence),
        (no_options, late(Phase::Idle), Bound::Idle),
        (no_options, late(Phase::Total), Bound::Total),
        (no_options, broken_by(Failure::TooLarge), Bound::HeaderBytes),
        (
            &[("max_response_bytes", "1024")],
            vec![plain(&"x".repeat(2_000), "stop")],
            Bound::ResponseBytes,
        ),
    ] {
        let figures = figures(options, steps, false);
        assert_eq!(figures["by_bound"], json!({bound.name(): 1}));
    }
}

#[test]
fn an_event_that_is_too_long_is_ended_by_its_own_bound_and_names_it() {
    let options = [("max_event_bytes", "1024")];
    let long = bench(&options, vec![ended(&"x".repeat(2_000))]).stream().0.unwrap_err();
    assert_eq!(long.error.to_string(), "an event of the answer exceeds max_event_bytes = 1024");
    let figures = figures(&options, vec![ended(&"x".repeat(2_000))], true);
    assert_eq!(figures["by_bound"], json!({"max_event_bytes": 1}));
}

#[test]
fn a_refusal_by_the_clients_own_limit_names_it_and_that_of_the_provider_none() {
    let hasty = |option| [(option, "1"), ("timeout_ms", "1000")];
    for option in ["rate_limit_rpm", "rate_limit_tpm"] {
        let steps = vec![plain("ok", "stop"), plain("never", "stop")];
        let figures = figures(&hasty(option), steps, false);
        assert_eq!(figures["by_status"], json!({"ok": 1, "rate_limited": 1}));
        assert_eq!(figures["by_bound"], json!({option: 1}));
    }
    assert_eq!(figures(&[], vec![failure(429)], false)["by_bound"], json!({}));
}

#[test]
fn a_wait_for_the_limits_says_which_one_it_was_for() {
    let left = &[("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "7s")];
    let Step::Answer(status, _, body) = plain("ok", "stop") else { panic!() };
    for (options, headers, waits) in [
        (&[("rate_limit_rpm", "1")][..], &[][..], json!({"rate_limit_rpm": 60_000.0})),
        (&[], left, json!({"provider_limits": 7_000.0})),
    ] {
        let first = Step::Answer(status, headers, body.clone());
        let bench = bench(options, vec![first, plain("ok", "stop")]);
        (0..2).for_each(|_| _ = bench.chat().unwrap());
        assert_eq!(bench.client.metrics_json()["limiter_wait_for_ms"], waits);
    }
}

#[test]
fn advice_names_the_limit_that_real_calls_ran_into() {
    for (phase, option) in [
        (Phase::FirstToken, "first_token_timeout_ms"),
        (Phase::Silence, "silence_timeout_ms"),
        (Phase::Total, "timeout_ms"),
    ] {
        let late = (0..20).map(|_| Step::Break(Failure::TimedOut(phase))).collect();
        let bench = bench(&[("retry_count", "0")], late);
        (0..20).for_each(|_| _ = bench.chat());
        let advice = bench.client.advise_json();
        let found: Vec<_> = advice["findings"].as_array().unwrap().iter().collect();
        assert_eq!((found.len(), &found[0]["option"]), (1, &json!(option)), "{advice}");
    }
}

#[test]
fn a_stream_that_broke_off_is_told_apart_from_an_answer_of_which_nothing_was_delivered() {
    let streamed = figures(&[], vec![Step::Cut(stream("half "))], true);
    let plain = figures(&[], vec![Step::Cut("{".into())], false);
    let cut = |figures: &serde_json::Value| {
        (figures["by_status"]["truncated"].clone(), figures["streams_cut"].clone())
    };
    assert_eq!(cut(&streamed), (json!(1), json!(1)));
    assert_eq!(cut(&plain), (json!(1), json!(0)));
}

#[test]
fn a_kept_connection_that_was_closed_meanwhile_is_counted() {
    let bench = bench(&[], vec![Step::Stale, plain("over a new one", "stop")]);
    bench.chat().unwrap();
    assert_eq!(bench.client.metrics_json()["stale_connections"], 1);
}
