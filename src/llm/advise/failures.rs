//! Calls that the provider, the network or the breaker failed.

use serde_json::Value;

use super::Change::{Look, Set};
use super::bounds::LIMITS;
use super::{Figures, finding};
use crate::object::json;

const BREAKS: &str = "what stands between here and the provider: a proxy or load balancer that \
    ends long or quiet connections";

const ACCOUNT: &str = "what the key's account is allowed, and where it is used from";
const MESSAGES: &str = "the messages of the errors: they name the field and what would be right";
const LENGTH: &str = "how much of a conversation is sent again, or a model with a longer context";

impl Figures<'_> {
    pub(super) fn quota(&self) -> Option<Value> {
        let refused = self.ended("quota_exhausted");
        if refused == 0.0 {
            return None;
        }
        let evidence = json!({"quota_exhausted": refused});
        let cause = "the account has nothing left; waiting does not help";
        let change = Set("api_key", Value::Null);
        Some(finding("calls refused for good", evidence, cause, change))
    }

    /// Calls that fail in the same way however often they are made.
    pub(super) fn refused(&self) -> Vec<Value> {
        let lasting = [
            ("authentication", "the key is not accepted", Set("api_key", Value::Null)),
            ("permission", "the account may not do this", Look(ACCOUNT)),
            ("model_not_found", "there is no such model", Set("model", Value::Null)),
            ("bad_request", "the requests are not what the model takes", Look(MESSAGES)),
            ("context_length", "the conversations are longer than the model takes", Look(LENGTH)),
        ];
        let is_frequent =
            |status: &str| self.ended(status) / self.calls >= 0.1 && self.ended(status) >= 5.0;
        let lasting = lasting.into_iter().filter(|(status, ..)| is_frequent(status));
        let told = |(status, cause, change): (&str, &str, _)| {
            let evidence = json!({status: self.ended(status)});
            finding("calls refused for good", evidence, cause, change)
        };
        lasting.map(told).collect()
    }

    /// Refusals by the provider; those by the client's own limits are not among them.
    pub(super) fn rate_limited(&self) -> Option<Value> {
        let refused = self.ended("rate_limited") - self.ended_by_any(&LIMITS);
        if refused / self.calls < 0.01 {
            return None;
        }
        let options = self.options;
        let per_minute = |count: f64| count / self.figure("uptime_seconds").max(1e-9) * 60.0;
        // What the provider takes shows while it refuses more; else there is the mean
        // since the client was made.
        let taken = |name: &str, mean: f64| {
            self.metrics["taken_while_refusing"][name].as_f64().unwrap_or(mean)
        };
        let tokens = per_minute(self.figure("input_tokens") + self.figure("output_tokens"));
        let tokens = taken("tokens_per_minute", tokens);
        let answered = self.figure("request_rate") * 60.0 * (1.0 - refused / self.calls);
        let answered = taken("requests_per_minute", answered);
        let below = |rate: f64| Value::from((rate * 0.9).max(1.0) as u64);
        // Where requests are well below their limit, it is tokens that are too many.
        let by_requests =
            options.rate_limit_rpm == 0 || answered >= 0.8 * options.rate_limit_rpm as f64;
        let (cause, change) = match (by_requests, options.rate_limit_tpm) {
            (true, _) => {
                ("more requests than the provider takes", Set("rate_limit_rpm", below(answered)))
            }
            (false, 0) => {
                ("more tokens than the provider takes", Set("rate_limit_tpm", below(tokens)))
            }
            (false, tpm) => {
                ("more tokens than the provider takes", Set("rate_limit_tpm", below(tpm as f64)))
            }
        };
        let evidence = json!({"rate_limited": refused, "requests_per_minute": answered.round(),
            "tokens_per_minute": tokens.round()});
        Some(finding("rate limit errors", evidence, cause, change))
    }

    /// A provider that fails, and no breaker that says so at once.
    pub(super) fn failing(&self) -> Option<Value> {
        let opened = self.figure("breaker_transitions");
        let failed: f64 =
            ["server", "overloaded", "connection"].map(|s| self.ended(s)).iter().sum();
        if failed / self.calls < 0.2 || opened > 0.0 || self.options.breaker_failure_threshold > 0 {
            return None;
        }
        let evidence = json!({"server": self.ended("server"),
            "overloaded": self.ended("overloaded"), "connection": self.ended("connection")});
        let cause = "the provider fails, and every call waits to find that out";
        let change = Set("breaker_failure_threshold", 5.into());
        Some(finding("failing provider", evidence, cause, change))
    }

    /// Calls that the open breaker did not let through.
    pub(super) fn refused_by_breaker(&self) -> Option<Value> {
        let refused = self.ended("circuit_open");
        if refused / self.calls < 0.01 {
            return None;
        }
        let sick = ["server", "overloaded", "connection", "timeout", "truncated"];
        let failed: f64 = sick.iter().map(|status| self.ended(status)).sum();
        let evidence = json!({"circuit_open": refused, "failed_before": failed,
            "breaker_transitions": self.metrics["breaker_transitions"],
            "breaker_reset_timeout_ms": self.options.breaker_reset_timeout_ms});
        let is_rare = failed / (self.calls - refused).max(1.0) < 0.2;
        let (cause, change) = if is_rare {
            let sooner = (self.options.breaker_reset_timeout_ms / 2).max(1);
            let cause = "few calls fail, and many are refused after each time";
            (cause, Set("breaker_reset_timeout_ms", sooner.into()))
        } else {
            let look = "why the provider fails: by_status, and the mynah.breaker records of the \
                log; tiers over a second provider answer meanwhile";
            ("the provider fails, and the breaker keeps calls from it", Look(look))
        };
        Some(finding("calls refused by the breaker", evidence, cause, change))
    }

    /// Answers that broke off.
    pub(super) fn cut_off(&self) -> Option<Value> {
        let (cut, streams) = (self.ended("truncated"), self.figure("streams_cut"));
        if cut / self.calls < 0.02 {
            return None;
        }
        let evidence = json!({"truncated": cut, "streams_cut": streams,
            "retry_after_send": self.options.retry_after_send});
        let (cause, change) = if 2.0 * streams > cut {
            let cause = "streams break off; what was delivered cannot be asked for again";
            (cause, Look(BREAKS))
        } else if self.options.retry_after_send {
            (
                "connections break while the answer comes, when it is asked for again too",
                Look(BREAKS),
            )
        } else {
            let cause = "connections break before anything was delivered: it can be asked for \
                again, where paying twice does no harm";
            (cause, Set("retry_after_send", true.into()))
        };
        Some(finding("cut answers", evidence, cause, change))
    }

    /// Kept connections that the provider had closed.
    pub(super) fn dead_connections(&self) -> Option<Value> {
        let (stale, attempts) = (self.figure("stale_connections"), self.figure("attempts"));
        if stale == 0.0 || stale / attempts < 0.02 {
            return None;
        }
        let evidence = json!({"stale_connections": stale, "attempts": attempts,
            "max_idle_connection_ms": self.options.max_idle_connection_ms});
        let cause = "the provider closes idle connections sooner than they are dropped here";
        let sooner = (self.options.max_idle_connection_ms / 2).max(1);
        let change = Set("max_idle_connection_ms", sooner.into());
        Some(finding("dead connections", evidence, cause, change))
    }
}
