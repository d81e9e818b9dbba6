//! What to change, computed from a client's figures.
//!
//! Each finding names a symptom, the numbers it rests on, the likely cause, and
//! the option to change with a value; or, where no option would help, what to look
//! at instead. Nothing is said before there have been [`ENOUGH`] calls, and nothing
//! that the figures do not show.

mod bounds;
mod failures;
mod latency;
#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::error::Bound;
use crate::object::json;
use crate::options::client::ClientOptions;
use crate::options::{Kind, OptionSet, Resolved};

/// Calls below which shares say nothing.
const ENOUGH: u64 = 20;

/// The findings, as `{"calls", "findings": [...]}`, gravest first; `note` says
/// so where there have been too few calls.
pub fn advise(metrics: &Value, resolved: &Resolved<ClientOptions>) -> Value {
    let calls = metrics["calls"].as_u64().unwrap_or(0);
    if calls < ENOUGH {
        let note = format!("too few calls yet: {calls} of {ENOUGH}");
        return json!({"calls": calls, "findings": [], "note": note});
    }
    let figures = Figures { metrics, resolved, options: &resolved.values, calls: calls as f64 };
    let one = |finding: Option<Value>| finding.into_iter().collect();
    let findings = [
        one(figures.quota()),
        figures.refused(),
        one(figures.rate_limited()),
        figures.refused_by_limits(),
        one(figures.failing()),
        one(figures.refused_by_breaker()),
        figures.timeouts(),
        figures.sizes(),
        one(figures.cut_off()),
        one(figures.dead_connections()),
        one(figures.latency()),
        figures.waits(),
        one(figures.costs()),
        one(figures.variation()),
    ];
    let findings: Vec<Value> = findings.concat();
    json!({"calls": calls, "findings": findings})
}

struct Figures<'a> {
    metrics: &'a Value,
    resolved: &'a Resolved<ClientOptions>,
    options: &'a ClientOptions,
    calls: f64,
}

/// What is to be done.
enum Change {
    /// An option, and a value for it.
    Set(&'static str, Value),
    /// No option would help: what to look at.
    Look(&'static str),
}

use Change::{Look, Set};

/// Share of answers from the cache beyond which more of them would change little.
const HITS: f64 = 0.5;
const DEAR: &str = "the answers themselves, most of which are from the cache already: a smaller \
                    model, or a lower max_tokens, costs less";
const REPEATS: &str = "how often the same is asked: a time, an id or a name in a prompt makes \
    it another";

/// An option at so many times its value, as far as its range goes.
fn raised(option: &'static str, value: u64, times: u64) -> Change {
    let row = ClientOptions::rows().iter().find(|row| row.key == option);
    let most = match row.map(|row| &row.kind) {
        Some(Kind::Int(range) | Kind::OptionalInt(range)) => *range.end(),
        _ => u64::MAX,
    };
    match value < most {
        true => Set(option, value.saturating_mul(times).min(most).into()),
        false => Look("what is asked for: the option that would be raised is at its largest value"),
    }
}

const PASSED: &str = "the calls that bypass or refresh what the cache holds";

fn finding(symptom: &str, evidence: Value, cause: &str, change: Change) -> Value {
    let (option, value, look_at) = match change {
        Set(option, value) => (Some(option), value, None),
        Look(at) => (None, Value::Null, Some(at)),
    };
    json!({
        "symptom": symptom,
        "evidence": evidence,
        "cause": cause,
        "option": option,
        "value": value,
        "look_at": look_at,
    })
}

impl Figures<'_> {
    fn figure(&self, name: &str) -> f64 {
        self.metrics[name].as_f64().unwrap_or(0.0)
    }

    fn number(&self, group: &str, name: &str) -> f64 {
        self.metrics[group][name].as_f64().unwrap_or(0.0)
    }

    /// Calls that ended with a status.
    fn ended(&self, status: &str) -> f64 {
        self.number("by_status", status)
    }

    /// Calls that a bound ended.
    fn ended_by(&self, bound: Bound) -> f64 {
        self.number("by_bound", bound.name())
    }

    fn costs(&self) -> Option<Value> {
        let (cost, limit) = (self.figure("cost_per_request_usd"), self.options.alert_max_cost_usd);
        let cached = self.metrics["cache_hit_rate"].as_f64();
        if limit == 0.0 || cost <= limit {
            return None;
        }
        let evidence = json!({"cost_per_request_usd": cost, "cache_hit_rate": cached,
            "cost_usd": self.metrics["cost_usd"]});
        let (cause, change) = match cached {
            None if self.options.cache_enabled => ("calls that do not ask the cache", Look(PASSED)),
            None => ("no caching", Set("cache_enabled", true.into())),
            Some(rate) if rate >= HITS => ("answers that cost much", Look(DEAR)),
            Some(_) if !self.has_expired() => {
                ("few answers come from the cache, and none has expired yet", Look(REPEATS))
            }
            Some(_) => {
                let cause = "few answers come from the cache: they expire before they recur";
                (cause, raised("cache_ttl_ms", self.options.cache_ttl_ms, 4))
            }
        };
        Some(finding("high costs", evidence, cause, change))
    }

    /// Whether an answer can have been kept for longer than it may be.
    fn has_expired(&self) -> bool {
        let ttl = self.options.cache_ttl_ms;
        ttl > 0 && self.figure("uptime_seconds") * 1_000.0 >= ttl as f64
    }

    fn variation(&self) -> Option<Value> {
        let temperature = self.options.temperature.filter(|t| *t > 0.9)?;
        let evidence = json!({"temperature": temperature});
        let cause = "a high temperature: the same question is answered differently";
        Some(finding("inconsistent output", evidence, cause, Set("temperature", 0.3.into())))
    }
}
