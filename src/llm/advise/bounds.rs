//! Calls that a bound has ended or held up: which one it was, and whether it is the
//! one to raise.

use serde_json::Value;

use super::Change::{self, Look};
use super::{Figures, finding, raised};
use crate::error::Bound;
use crate::object::json;

/// Those that end calls with `TIMEOUT`.
const TIMES: [Bound; 7] = [
    Bound::Total,
    Bound::Connect,
    Bound::FirstByte,
    Bound::FirstToken,
    Bound::Silence,
    Bound::Idle,
    Bound::Workers,
];
/// Those that end calls with `RATE_LIMITED`, or hold them up.
pub(super) const LIMITS: [Bound; 4] =
    [Bound::Requests, Bound::Tokens, Bound::InFlight, Bound::Provider];
/// Those that end calls with `TOO_LARGE`.
const SIZES: [Bound; 3] = [Bound::ResponseBytes, Bound::EventBytes, Bound::HeaderBytes];

/// A share of calls that may be late.
const LATE: f64 = 0.02;
/// A share of calls that may be refused.
const REFUSED: f64 = 0.01;
/// A bound on connecting that is generous, in ms.
const PATIENT_CONNECT_MS: u64 = 5_000;
/// A mean wait that is worth a word, in ms.
const LONG_WAIT_MS: f64 = 1_000.0;

const ACCOUNT: &str = "the limits of the account, which the provider states in its headers: \
    a higher one, or tiers over two accounts";
const OWN_TIME: &str = "timeout_ms, as requests set it for themselves";
const WORKERS: &str = "max_workers of mynah_queue_new: the queue has fewer threads than there \
    are calls at once";

impl Figures<'_> {
    /// The time limits that ended calls, the most frequent first.
    pub(super) fn timeouts(&self) -> Vec<Value> {
        let mut found: Vec<_> =
            self.above(&TIMES, LATE).into_iter().map(|bound| self.late(bound)).collect();
        let theirs = self.ended("timeout") - self.ended_by_any(&TIMES);
        if theirs / self.calls >= LATE {
            let evidence = json!({"timeout": theirs, "by_bound": self.metrics["by_bound"]});
            let cause = "the provider, or what stands before it, has a time limit of its own";
            let look = "what is asked of the provider at once: shorter answers, or a stream";
            found.push(finding("timeouts", evidence, cause, Look(look)));
        }
        found
    }

    fn late(&self, bound: Bound) -> Value {
        let longer = raised(bound.name(), self.value_of(bound), 2);
        let (cause, change) = match bound {
            Bound::Total => return self.late_as_a_whole(),
            Bound::Workers => {
                ("calls stand in the line of their queue until it is too late", Look(WORKERS))
            }
            Bound::Connect if self.value_of(bound) >= PATIENT_CONNECT_MS => {
                let look = "the network, the proxy and base_url: a connection takes milliseconds";
                ("no connection comes about, however long it is given", Look(look))
            }
            Bound::Connect => ("connecting takes longer than it is given", longer),
            Bound::FirstByte => {
                ("answers begin later than they may; a plain one begins when it is ready", longer)
            }
            Bound::FirstToken => ("the first content comes later than it may", longer),
            Bound::Silence => ("the provider is silent for longer than it may be", longer),
            _ => ("content pauses for longer than it may", longer),
        };
        finding("timeouts", self.evidence("timeout", bound), cause, change)
    }

    /// Calls whose whole time was up: in waiting, with long answers, or else.
    fn late_as_a_whole(&self) -> Value {
        let mut evidence = self.evidence("timeout", Bound::Total);
        let time = self.options.timeout_ms;
        let p99 = |group: &str| self.number(group, "p99");
        let (limiter, line) = (p99("limiter_wait_ms"), p99("queue_wait_ms"));
        if 2.0 * limiter.max(line) >= time as f64 {
            evidence["limiter_wait_p99_ms"] = limiter.into();
            evidence["queue_wait_p99_ms"] = line.into();
            let change = if line > limiter { Look(WORKERS) } else { self.relief() };
            return finding("timeouts", evidence, "most of the time goes in waiting", change);
        }
        // No call has taken as long as the client gives.
        let longest = self.number("latency_ms", "p99_9");
        if longest > 0.0 && longest < time as f64 / 2.0 {
            evidence["latency_p99_9_ms"] = longest.into();
            let cause = "calls have less time of their own than the client gives";
            return finding("timeouts", evidence, cause, Look(OWN_TIME));
        }
        let mean_tokens = self.figure("output_tokens") / self.calls;
        evidence["mean_output_tokens"] = mean_tokens.round().into();
        if let Some(change) = self.shorter_answers() {
            return finding("timeouts", evidence, "long answers", change);
        }
        let cause = "answers take longer than they are given";
        finding("timeouts", evidence, cause, raised("timeout_ms", time, 2))
    }

    /// The client's limits that refused calls, as no place would be free in their time.
    pub(super) fn refused_by_limits(&self) -> Vec<Value> {
        let cause = "more calls than the limit lets through in their time";
        let refused = |bound| {
            let evidence = self.evidence("rate_limited", bound);
            finding("calls refused by a limit", evidence, cause, self.relief_of(bound))
        };
        self.above(&LIMITS, REFUSED).into_iter().map(refused).collect()
    }

    /// Waits for the limits, and for a thread, that are long or make calls slow.
    pub(super) fn waits(&self) -> Vec<Value> {
        let (limiter, line) = (self.waited_ms("limiter_wait_ms"), self.waited_ms("queue_wait_ms"));
        let is_why =
            self.is_slow() && self.own_latency_ms() <= self.options.alert_max_latency_ms as f64;
        let is_long =
            |group: &str, more: bool| self.number(group, "mean") >= LONG_WAIT_MS || is_why && more;
        let mut found = Vec::new();
        if is_long("limiter_wait_ms", limiter >= line) {
            let evidence = json!({"limiter_wait_mean_ms": self.number("limiter_wait_ms", "mean"),
                "limiter_wait_p99_ms": self.number("limiter_wait_ms", "p99"),
                "limiter_wait_for_ms": self.metrics["limiter_wait_for_ms"]});
            let cause = "calls wait for the limits that were set or that the provider states";
            found.push(finding("calls wait their turn", evidence, cause, self.relief()));
        }
        if is_long("queue_wait_ms", line > limiter) {
            let evidence = json!({"queue_wait_mean_ms": self.number("queue_wait_ms", "mean"),
                "queue_wait_p99_ms": self.number("queue_wait_ms", "p99")});
            let cause = "calls stand in the line of their queue";
            found.push(finding("calls wait for a thread", evidence, cause, Look(WORKERS)));
        }
        found
    }

    /// The bounds on sizes that ended calls.
    pub(super) fn sizes(&self) -> Vec<Value> {
        let cause = "answers are larger than they may be";
        let large = |bound: Bound| {
            let more = raised(bound.name(), self.value_of(bound), 2);
            finding("answers too large", self.evidence("too_large", bound), cause, more)
        };
        self.above(&SIZES, REFUSED).into_iter().map(large).collect()
    }

    /// Calls that any of these bounds ended.
    pub(super) fn ended_by_any(&self, bounds: &[Bound]) -> f64 {
        bounds.iter().map(|bound| self.ended_by(*bound)).sum()
    }

    /// Those that ended a share of all calls, the most frequent first.
    fn above(&self, bounds: &[Bound], share: f64) -> Vec<Bound> {
        let mut found: Vec<_> =
            bounds.iter().map(|bound| (self.ended_by(*bound), *bound)).collect();
        found.retain(|(calls, _)| calls / self.calls >= share);
        found.sort_unstable_by(|(one, _), (other, _)| other.total_cmp(one));
        found.into_iter().map(|(_, bound)| bound).collect()
    }

    fn evidence(&self, status: &str, bound: Bound) -> Value {
        let mut evidence =
            json!({status: self.ended(status), "by_bound": {(bound.name()): self.ended_by(bound)}});
        let value = self.value_of(bound);
        if value > 0 {
            evidence[bound.name()] = value.into();
        }
        evidence
    }

    /// What would make the waits for the limits shorter.
    fn relief(&self) -> Change {
        let waited = |bound: Bound| self.number("limiter_wait_for_ms", bound.name());
        let longest = LIMITS.into_iter().max_by(|a, b| waited(*a).total_cmp(&waited(*b)));
        self.relief_of(longest.unwrap_or(Bound::Provider))
    }

    fn relief_of(&self, bound: Bound) -> Change {
        match bound {
            Bound::Provider => Look(ACCOUNT),
            own => raised(own.name(), self.value_of(own), 2),
        }
    }

    /// What the options say of a bound; 0 of one that is none of theirs.
    fn value_of(&self, bound: Bound) -> u64 {
        let options = self.options;
        match bound {
            Bound::Connect => options.connect_timeout_ms,
            Bound::FirstByte => options.first_byte_timeout_ms,
            Bound::FirstToken => options.first_token_timeout_ms,
            Bound::Silence => options.silence_timeout_ms,
            Bound::Idle => options.idle_timeout_ms,
            Bound::Total => options.timeout_ms,
            Bound::Requests => options.rate_limit_rpm,
            Bound::Tokens => options.rate_limit_tpm,
            Bound::InFlight => options.max_in_flight,
            Bound::HeaderBytes => options.max_header_bytes,
            Bound::EventBytes => options.max_event_bytes,
            Bound::ResponseBytes => options.max_response_bytes,
            Bound::Workers | Bound::Provider => 0,
        }
    }
}
