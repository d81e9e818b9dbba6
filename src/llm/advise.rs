//! What to change, computed from a client's figures.
//!
//! Each finding names a symptom, the numbers it rests on, the likely cause, and
//! the option to change with a value. Nothing is said before there have been
//! [`ENOUGH`] calls, and nothing that the figures do not show.

use serde_json::{Value, json};

use crate::options::client::ClientOptions;

/// Calls below which shares say nothing.
const ENOUGH: u64 = 20;

/// The findings, as `{"calls", "findings": [...]}`, gravest first; `note` says
/// so where there have been too few calls.
pub fn advise(metrics: &Value, options: &ClientOptions) -> Value {
    let calls = metrics["calls"].as_u64().unwrap_or(0);
    if calls < ENOUGH {
        let note = format!("too few calls yet: {calls} of {ENOUGH}");
        return json!({"calls": calls, "findings": [], "note": note});
    }
    let figures = Figures { metrics, options, calls: calls as f64 };
    let findings = [
        figures.quota(),
        figures.rate_limited(),
        figures.breaker(),
        figures.timeouts(),
        figures.cut_off(),
        figures.latency(),
        figures.waits(),
        figures.costs(),
        figures.variation(),
    ];
    let findings: Vec<Value> = findings.into_iter().flatten().collect();
    json!({"calls": calls, "findings": findings})
}

struct Figures<'a> {
    metrics: &'a Value,
    options: &'a ClientOptions,
    calls: f64,
}

fn finding(
    symptom: &str,
    evidence: Value,
    cause: &str,
    option: &str,
    value: Value,
) -> Option<Value> {
    Some(json!({
        "symptom": symptom,
        "evidence": evidence,
        "cause": cause,
        "option": option,
        "value": value,
    }))
}

impl Figures<'_> {
    /// Calls that ended with a status.
    fn ended(&self, status: &str) -> f64 {
        self.metrics["by_status"][status].as_f64().unwrap_or(0.0)
    }

    fn number(&self, group: &str, name: &str) -> f64 {
        self.metrics[group][name].as_f64().unwrap_or(0.0)
    }

    fn quota(&self) -> Option<Value> {
        let refused = self.ended("quota_exhausted");
        if refused == 0.0 {
            return None;
        }
        let evidence = json!({"quota_exhausted": refused});
        let cause = "the account has nothing left; waiting does not help";
        finding("calls refused for good", evidence, cause, "api_key", Value::Null)
    }

    fn rate_limited(&self) -> Option<Value> {
        let refused = self.ended("rate_limited");
        if refused / self.calls < 0.01 || self.options.rate_limit_rpm > 0 {
            return None;
        }
        let rate = self.metrics["request_rate"].as_f64().unwrap_or(0.0) * 60.0;
        let rpm = (rate * (1.0 - refused / self.calls) * 0.9).max(1.0) as u64;
        let evidence = json!({"rate_limited": refused, "requests_per_minute": rate.round()});
        let cause = "more requests than the provider takes";
        finding("rate limit errors", evidence, cause, "rate_limit_rpm", rpm.into())
    }

    fn breaker(&self) -> Option<Value> {
        let opened = self.metrics["breaker_transitions"].as_f64().unwrap_or(0.0);
        let failed: f64 =
            ["server", "overloaded", "connection"].map(|s| self.ended(s)).iter().sum();
        if failed / self.calls < 0.2 || opened > 0.0 || self.options.breaker_failure_threshold > 0 {
            return None;
        }
        let evidence = json!({"server": self.ended("server"),
            "overloaded": self.ended("overloaded"), "connection": self.ended("connection")});
        let cause = "the provider fails, and every call waits to find that out";
        finding("failing provider", evidence, cause, "breaker_failure_threshold", 5.into())
    }

    fn timeouts(&self) -> Option<Value> {
        let late = self.ended("timeout");
        if late / self.calls < 0.02 {
            return None;
        }
        let mean_tokens = self.metrics["output_tokens"].as_f64().unwrap_or(0.0) / self.calls;
        let evidence = json!({"timeout": late, "timeout_ms": self.options.timeout_ms,
            "mean_output_tokens": mean_tokens.round()});
        let cause = "answers take longer than they are given";
        match self.options.max_tokens {
            None if mean_tokens > 1_000.0 => {
                let cap = (mean_tokens / 2.0) as u64;
                finding("timeouts", evidence, "long answers", "max_tokens", cap.into())
            }
            _ => {
                let longer = self.options.timeout_ms.saturating_mul(2);
                finding("timeouts", evidence, cause, "timeout_ms", longer.into())
            }
        }
    }

    fn cut_off(&self) -> Option<Value> {
        let cut = self.ended("truncated");
        if cut / self.calls < 0.02 {
            return None;
        }
        let evidence = json!({"truncated": cut});
        let cause = "connections break while the answer comes";
        let idle = (self.options.max_idle_connection_ms / 2).max(1);
        finding("cut answers", evidence, cause, "max_idle_connection_ms", idle.into())
    }

    fn latency(&self) -> Option<Value> {
        let (mean, limit) = (self.number("latency_ms", "mean"), self.options.alert_max_latency_ms);
        if limit == 0 || mean <= limit as f64 {
            return None;
        }
        let evidence = json!({"mean_ms": mean, "p99_ms": self.number("latency_ms", "p99"),
            "tokens_per_second": self.metrics["tokens_per_second"]});
        let cause = "a large model, or long answers: a smaller model answers sooner";
        finding("high latency", evidence, cause, "preset", "fast".into())
    }

    fn waits(&self) -> Option<Value> {
        let wait = self.number("limiter_wait_ms", "mean");
        if wait < 1_000.0 {
            return None;
        }
        let evidence = json!({"limiter_wait_mean_ms": wait,
            "limiter_wait_p99_ms": self.number("limiter_wait_ms", "p99")});
        let cause = "calls wait for the limits that were set or that the provider states";
        let rpm = self.options.rate_limit_rpm.saturating_mul(2);
        finding("calls wait their turn", evidence, cause, "rate_limit_rpm", rpm.into())
    }

    fn costs(&self) -> Option<Value> {
        let cost = self.metrics["cost_per_request_usd"].as_f64().unwrap_or(0.0);
        let limit = self.options.alert_max_cost_usd;
        let cached = self.metrics["cache_hit_rate"].as_f64();
        if limit == 0.0 || cost <= limit {
            return None;
        }
        let evidence = json!({"cost_per_request_usd": cost, "cache_hit_rate": cached,
            "cost_usd": self.metrics["cost_usd"]});
        match cached {
            None => finding("high costs", evidence, "no caching", "cache_enabled", true.into()),
            Some(_) => {
                let ttl = self.options.cache_ttl_ms.saturating_mul(4);
                let cause = "few answers come from the cache: they expire before they recur";
                finding("high costs", evidence, cause, "cache_ttl_ms", ttl.into())
            }
        }
    }

    fn variation(&self) -> Option<Value> {
        let temperature = self.options.temperature.filter(|t| *t > 0.9)?;
        let evidence = json!({"temperature": temperature});
        let cause = "a high temperature: the same question is answered differently";
        finding("inconsistent output", evidence, cause, "temperature", 0.3.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symptoms(metrics: Value, change: impl FnOnce(&mut ClientOptions)) -> Vec<(String, String)> {
        let mut options = ClientOptions::default();
        change(&mut options);
        let advice = advise(&metrics, &options);
        let findings = advice["findings"].as_array().unwrap().iter();
        let text = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_string();
        findings.map(|f| (text(f, "symptom"), text(f, "option"))).collect()
    }

    fn pair(symptom: &str, option: &str) -> (String, String) {
        (symptom.into(), option.into())
    }

    #[test]
    fn nothing_is_said_before_there_have_been_enough_calls_or_of_a_healthy_client() {
        let few = json!({"calls": 5, "by_status": {"rate_limited": 5}});
        let advice = advise(&few, &ClientOptions::default());
        assert!(advice["note"].as_str().unwrap().contains("5 of 20"));
        assert_eq!(symptoms(json!({"calls": 500, "by_status": {"ok": 500}}), |_| {}), []);
    }

    #[test]
    fn each_row_of_the_table_has_its_finding() {
        let limited = json!({"calls": 100, "request_rate": 2.0, "by_status": {"rate_limited": 10}});
        assert_eq!(symptoms(limited, |_| {}), [pair("rate limit errors", "rate_limit_rpm")]);
        let late = json!({"calls": 100, "by_status": {"timeout": 10}});
        assert_eq!(symptoms(late, |_| {}), [pair("timeouts", "timeout_ms")]);
        let long = json!({"calls": 100, "by_status": {"timeout": 10}, "output_tokens": 300_000});
        assert_eq!(symptoms(long, |_| {}), [pair("timeouts", "max_tokens")]);
        let slow = json!({"calls": 100, "latency_ms": {"mean": 9_000.0}});
        assert_eq!(symptoms(slow, |_| {}), [pair("high latency", "preset")]);
        let dear = json!({"calls": 100, "cost_per_request_usd": 0.9});
        assert_eq!(symptoms(dear, |_| {}), [pair("high costs", "cache_enabled")]);
        let missed = json!({"calls": 100, "cost_per_request_usd": 0.9, "cache_hit_rate": 0.01});
        assert_eq!(symptoms(missed, |_| {}), [pair("high costs", "cache_ttl_ms")]);
        let hot = symptoms(json!({"calls": 100}), |o| o.temperature = Some(1.4));
        assert_eq!(hot, [pair("inconsistent output", "temperature")]);
    }
}
