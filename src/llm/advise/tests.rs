//! What is said of which figures.

use super::*;
use crate::options::{Layered, Origin};

fn defaults() -> Resolved<ClientOptions> {
    Layered::default().resolve().unwrap()
}

fn findings(metrics: Value, change: impl FnOnce(&mut ClientOptions)) -> Vec<Value> {
    let mut options = defaults();
    change(&mut options.values);
    let advice = advise(&metrics, &options);
    advice["findings"].as_array().unwrap().clone()
}

/// What each finding names: its symptom, and the option or where to look.
fn symptoms(metrics: Value, change: impl FnOnce(&mut ClientOptions)) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_string();
    let named = |finding: &Value| {
        assert_ne!(finding["option"].is_null(), finding["look_at"].is_null(), "{finding}");
        let first_two = |look: &str| look.split(' ').take(2).collect::<Vec<_>>().join(" ");
        let look = finding["look_at"].as_str().map(|look| format!("look at {}", first_two(look)));
        let place = look.unwrap_or_else(|| text(&finding["option"]));
        (text(&finding["symptom"]), place)
    };
    findings(metrics, change).iter().map(named).collect()
}

fn pair(symptom: &str, option: &str) -> (String, String) {
    (symptom.into(), option.into())
}

/// Ten of a hundred calls that a bound ended with this status.
fn ended(status: &str, bound: &str) -> Value {
    json!({"calls": 100, "by_status": {status: 10}, "by_bound": {bound: 10}})
}

#[test]
fn nothing_is_said_before_there_have_been_enough_calls_or_of_a_healthy_client() {
    let few = json!({"calls": 5, "by_status": {"rate_limited": 5}});
    let advice = advise(&few, &defaults());
    assert!(advice["note"].as_str().unwrap().contains("5 of 20"));
    assert_eq!(symptoms(json!({"calls": 500, "by_status": {"ok": 500}}), |_| {}), []);
}

#[test]
fn each_row_of_the_table_has_its_finding() {
    let limited = json!({"calls": 100, "request_rate": 2.0, "by_status": {"rate_limited": 10}});
    assert_eq!(symptoms(limited, |_| {}), [pair("rate limit errors", "rate_limit_rpm")]);
    let late = ended("timeout", "timeout_ms");
    assert_eq!(symptoms(late.clone(), |_| {}), [pair("timeouts", "timeout_ms")]);
    let mut long = late;
    long["output_tokens"] = 300_000.into();
    assert_eq!(symptoms(long, |_| {}), [pair("timeouts", "max_tokens")]);
    let slow = json!({"calls": 100, "latency_ms": {"mean": 9_000.0}});
    assert_eq!(symptoms(slow, |_| {}), [pair("high latency", "preset")]);
    let dear = json!({"calls": 100, "cost_per_request_usd": 0.9});
    assert_eq!(symptoms(dear, |_| {}), [pair("high costs", "cache_enabled")]);
    let missed = json!({"calls": 100, "cost_per_request_usd": 0.9, "cache_hit_rate": 0.01,
        "uptime_seconds": 900.0});
    assert_eq!(symptoms(missed, |_| {}), [pair("high costs", "cache_ttl_ms")]);
    let mut met = json!({"calls": 100, "cost_per_request_usd": 0.9, "uptime_seconds": 900.0});
    met["cache_hit_rate"] = 0.86.into();
    let found = findings(met, |_| {})[0].to_string();
    assert!(found.contains("smaller model"), "{found}");
    let hot = symptoms(json!({"calls": 100}), |o| o.temperature = Some(1.4));
    assert_eq!(hot, [pair("inconsistent output", "temperature")]);
}

#[test]
fn what_makes_slow_calls_faster_is_what_would_act() {
    let told = |set: &[(&str, &str)], origin: Origin, output_tokens: u64| {
        let slow = json!({"calls": 100, "latency_ms": {"mean": 9_000.0},
            "output_tokens": output_tokens});
        let mut options = Layered::<ClientOptions>::default();
        set.iter().for_each(|(key, value)| options.set(key, value).unwrap());
        let mut resolved = options.resolve().unwrap();
        if let Some(model) = resolved.values.model.take() {
            resolved.lay("model", model.as_str().into(), origin).unwrap();
        }
        let finding = &advise(&slow, &resolved)["findings"][0];
        (finding["option"].clone(), finding["value"].clone())
    };
    let layer = || Origin::Layer("preset".into());
    let set = |option: &str, value: Value| (json!(option), value);
    let nothing = (Value::Null, Value::Null);
    let small = "gpt-6-luna";
    // A preset chooses no model where one was named, and none over a use case's.
    assert_eq!(told(&[], layer(), 0), set("preset", json!("fast")));
    assert_eq!(told(&[("model", "gpt-4")], Origin::Explicit, 0), set("model", json!(small)));
    let code = [("use_case", "code_generation"), ("model", "gpt-6-sol")];
    assert_eq!(told(&code, layer(), 0), set("model", json!(small)));
    // What is small already, or may be, is left.
    assert_eq!(told(&[("model", small)], Origin::Explicit, 0), nothing);
    assert_eq!(told(&[("preset", "fast"), ("model", small)], layer(), 0), nothing);
    assert_eq!(told(&[("model", "mine")], Origin::Explicit, 0), nothing);
    let custom = [("provider", "custom"), ("model", "mine")];
    assert_eq!(told(&custom, Origin::Explicit, 300_000), set("max_tokens", json!(1_500)));
}

#[test]
fn a_cache_that_nobody_asks_is_not_turned_on_again() {
    let dear = json!({"calls": 100, "cost_per_request_usd": 0.9});
    let found = symptoms(dear, |o| o.cache_enabled = true);
    assert_eq!(found, [pair("high costs", "look at the calls")]);
}

#[test]
fn answers_are_kept_longer_only_where_one_may_have_expired_and_the_option_allows_it() {
    let dear = |seconds: u64, ttl_ms: u64| {
        let metrics = json!({"calls": 100, "cost_per_request_usd": 0.9, "cache_hit_rate": 0.01,
            "uptime_seconds": seconds});
        let found = findings(metrics, |o| o.cache_ttl_ms = ttl_ms);
        (found[0]["value"].clone(), found[0]["look_at"].is_string())
    };
    const CENTURY: u64 = 3_153_600_000_000;
    assert_eq!(dear(900, 300_000), (json!(1_200_000), false));
    assert_eq!(dear(200, 300_000), (Value::Null, true), "nothing has expired");
    assert_eq!(dear(900, 0), (Value::Null, true), "nothing expires");
    assert_eq!(dear(CENTURY, CENTURY / 2), (json!(CENTURY), false));
    assert_eq!(dear(CENTURY, CENTURY), (Value::Null, true), "no longer time is taken");
}

#[test]
fn what_the_provider_takes_while_it_refuses_is_what_is_advised() {
    let metrics = json!({"calls": 150, "request_rate": 40.0, "by_status": {"rate_limited": 100},
        "taken_while_refusing": {"requests_per_minute": 600.0, "tokens_per_minute": 7_200.0}});
    assert_eq!(findings(metrics, |_| {})[0]["value"], 540);
}

#[test]
fn a_timeout_is_laid_to_the_limit_that_it_was_and_to_no_other() {
    for option in ["first_byte_timeout_ms", "first_token_timeout_ms", "silence_timeout_ms"] {
        assert_eq!(symptoms(ended("timeout", option), |_| {}), [pair("timeouts", option)]);
    }
    let idle = &findings(ended("timeout", "idle_timeout_ms"), |o| o.idle_timeout_ms = 4_000)[0];
    assert_eq!((&idle["option"], &idle["value"]), (&json!("idle_timeout_ms"), &json!(8_000)));
    let evidence =
        json!({"timeout": 10.0, "by_bound": {"idle_timeout_ms": 10.0}, "idle_timeout_ms": 4_000});
    assert_eq!(idle["evidence"], evidence);
}

#[test]
fn more_time_is_not_advised_where_it_would_not_help() {
    let connect = || ended("timeout", "connect_timeout_ms");
    assert_eq!(symptoms(connect(), |_| {}), [pair("timeouts", "look at the network,")]);
    let hasty = symptoms(connect(), |o| o.connect_timeout_ms = 100);
    assert_eq!(hasty, [pair("timeouts", "connect_timeout_ms")]);
    let in_line = ended("timeout", "max_workers");
    assert_eq!(symptoms(in_line, |_| {}), [pair("timeouts", "look at max_workers of")]);
    // The provider's own time limit.
    let theirs = json!({"calls": 100, "by_status": {"timeout": 10}});
    assert_eq!(symptoms(theirs, |_| {}), [pair("timeouts", "look at what is")]);
    let mut waits = ended("timeout", "timeout_ms");
    waits["limiter_wait_ms"] = json!({"p99": 400_000.0});
    waits["limiter_wait_for_ms"] = json!({"max_in_flight": 9e6, "rate_limit_rpm": 10.0});
    let relieved = findings(waits, |o| o.max_in_flight = 4);
    assert_eq!(
        (&relieved[0]["option"], &relieved[0]["value"]),
        (&json!("max_in_flight"), &json!(8))
    );
}

#[test]
fn a_refusal_of_the_clients_own_is_not_laid_to_the_provider_nor_the_other_way_round() {
    for option in ["rate_limit_rpm", "rate_limit_tpm", "max_in_flight"] {
        let refused = symptoms(ended("rate_limited", option), |_| {});
        assert_eq!(refused, [pair("calls refused by a limit", option)]);
    }
    let stated = symptoms(ended("rate_limited", "provider_limits"), |_| {});
    assert_eq!(stated, [pair("calls refused by a limit", "look at the limits")]);
    let refused = |rate: f64| {
        json!({"calls": 100, "request_rate": rate, "by_status": {"rate_limited": 10},
            "input_tokens": 60_000, "uptime_seconds": 60.0})
    };
    let change = |metrics, tpm| {
        let found = findings(metrics, |o| (o.rate_limit_rpm, o.rate_limit_tpm) = (60, tpm));
        (found[0]["option"].clone(), found[0]["value"].clone())
    };
    assert_eq!(change(refused(1.0), 0), (json!("rate_limit_rpm"), json!(48)));
    assert_eq!(change(refused(0.1), 0), (json!("rate_limit_tpm"), json!(54_000)));
    assert_eq!(change(refused(0.1), 10_000), (json!("rate_limit_tpm"), json!(9_000)));
}

#[test]
fn calls_that_the_breaker_refuses_are_laid_to_it_only_where_few_others_fail() {
    let rare = json!({"calls": 100, "by_status": {"circuit_open": 30, "server": 5}});
    let symptom = "calls refused by the breaker";
    assert_eq!(symptoms(rare, |_| {}), [pair(symptom, "breaker_reset_timeout_ms")]);
    let sick = json!({"calls": 100, "by_status": {"circuit_open": 30, "connection": 60},
        "breaker_transitions": 4});
    assert_eq!(symptoms(sick, |_| {}), [pair(symptom, "look at why the")]);
}

#[test]
fn answers_that_are_too_large_name_the_bound_that_they_exceed() {
    for option in ["max_response_bytes", "max_event_bytes", "max_header_bytes"] {
        let large = symptoms(ended("too_large", option), |_| {});
        assert_eq!(large, [pair("answers too large", option)]);
    }
}

#[test]
fn what_breaks_off_is_told_by_what_had_come_of_it() {
    let cut =
        |streams| json!({"calls": 100, "by_status": {"truncated": 10}, "streams_cut": streams});
    assert_eq!(symptoms(cut(9), |_| {}), [pair("cut answers", "look at what stands")]);
    assert_eq!(symptoms(cut(1), |_| {}), [pair("cut answers", "retry_after_send")]);
    let again = symptoms(cut(1), |o| o.retry_after_send = true);
    assert_eq!(again, [pair("cut answers", "look at what stands")]);
    let dead = json!({"calls": 100, "attempts": 110, "stale_connections": 10});
    assert_eq!(symptoms(dead, |_| {}), [pair("dead connections", "max_idle_connection_ms")]);
}

#[test]
fn time_that_goes_in_waiting_asks_for_no_smaller_model() {
    let slow = |group: &str, extra: Value| {
        let mut metrics = json!({"calls": 100, "latency_ms": {"mean": 9_000.0},
            group: {"mean": 8_000.0, "count": 100}});
        metrics.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        symptoms(metrics, |_| {})
    };
    let waited = json!({"limiter_wait_for_ms": {"rate_limit_tpm": 8e5}});
    assert_eq!(slow("limiter_wait_ms", waited), [pair("calls wait their turn", "rate_limit_tpm")]);
    let in_line = slow("queue_wait_ms", json!({}));
    assert_eq!(in_line, [pair("calls wait for a thread", "look at max_workers of")]);
    // Short waits that are why calls are slow all the same.
    let hasty = json!({"calls": 100, "latency_ms": {"mean": 900.0},
        "limiter_wait_ms": {"mean": 800.0, "count": 100},
        "limiter_wait_for_ms": {"provider_limits": 8e4}});
    let found = symptoms(hasty, |o| o.alert_max_latency_ms = 500);
    assert_eq!(found, [pair("calls wait their turn", "look at the limits")]);
}

#[test]
fn a_timeout_of_the_requests_own_is_not_laid_to_the_clients() {
    let mut own = ended("timeout", "timeout_ms");
    own["latency_ms"] = json!({"p99_9": 25.0});
    assert_eq!(symptoms(own.clone(), |_| {}), [pair("timeouts", "look at timeout_ms, as")]);
    own["latency_ms"] = json!({"p99_9": 590_000.0});
    assert_eq!(symptoms(own, |_| {}), [pair("timeouts", "timeout_ms")]);
}

#[test]
fn what_is_refused_each_time_is_told_by_its_status() {
    let refused = |status: &str, count: u64| {
        symptoms(json!({"calls": 40, "by_status": {status: count}}), |_| {})
    };
    for (status, place) in [
        ("authentication", "api_key"),
        ("model_not_found", "model"),
        ("permission", "look at what the"),
        ("bad_request", "look at the messages"),
        ("context_length", "look at how much"),
    ] {
        assert_eq!(refused(status, 40), [pair("calls refused for good", place)], "{status}");
        assert_eq!(refused(status, 3), []);
    }
}
