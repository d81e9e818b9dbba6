//! Calls that take long: a smaller model, shorter answers.

use serde_json::Value;

use super::Change::{self, Look, Set};
use super::{Figures, finding};
use crate::llm::price_table;
use crate::llm::provider::models::default_model;
use crate::object::json;
use crate::options::Origin;
use crate::options::presets::ModelSize;

/// A mean answer of more tokens is long.
const LONG_ANSWER: f64 = 1_000.0;

const OTHERWISE: &str = "shorter prompts and answers, less reasoning_effort, or a stream, which \
    shows the first words sooner";

impl Figures<'_> {
    /// What waits of one kind come to for each call, in ms.
    pub(super) fn waited_ms(&self, group: &str) -> f64 {
        self.number(group, "mean") * self.number(group, "count") / self.calls
    }

    /// The mean time of a call without its waits for limits and threads, in ms.
    pub(super) fn own_latency_ms(&self) -> f64 {
        let waited = self.waited_ms("limiter_wait_ms") + self.waited_ms("queue_wait_ms");
        self.number("latency_ms", "mean") - waited
    }

    /// Whether calls take longer than they should.
    pub(super) fn is_slow(&self) -> bool {
        let limit = self.options.alert_max_latency_ms as f64;
        limit > 0.0 && self.number("latency_ms", "mean") > limit
    }

    pub(super) fn latency(&self) -> Option<Value> {
        // What is spent in waiting has a finding of its own.
        let is_their_own = self.own_latency_ms() > self.options.alert_max_latency_ms as f64;
        if !self.is_slow() || !is_their_own {
            return None;
        }
        let evidence = json!({"mean_ms": self.number("latency_ms", "mean"),
            "p99_ms": self.number("latency_ms", "p99"),
            "tokens_per_second": self.metrics["tokens_per_second"]});
        let large = "a large model, or long answers: a smaller model answers sooner";
        let (cause, change) = match (self.smaller_model(), self.shorter_answers()) {
            (Some(change), _) => (large, change),
            (None, Some(change)) => ("long answers", change),
            (None, None) => ("the model takes its time", Look(OTHERWISE)),
        };
        Some(finding("high latency", evidence, cause, change))
    }

    /// A cap below the answers, where there is none and they are long.
    pub(super) fn shorter_answers(&self) -> Option<Change> {
        let mean_tokens = self.figure("output_tokens") / self.calls;
        let is_long = self.options.max_tokens.is_none() && mean_tokens > LONG_ANSWER;
        is_long.then(|| Set("max_tokens", ((mean_tokens / 2.0) as u64).into()))
    }

    /// The provider's small model, unless it is used, or the one that is may be as small.
    /// A preset chooses it too, but not over a model that was named.
    fn smaller_model(&self) -> Option<Change> {
        let options = self.options;
        let small = default_model(&options.provider, ModelSize::Small)?;
        let origin = self.resolved.origin("model").ok()?;
        if matches!(origin, Origin::Default | Origin::Layer(_)) {
            let is_small = options.model.as_deref() == Some(small);
            let by_preset = options.preset != "fast" && options.use_case != "code_generation";
            let change =
                if by_preset { Set("preset", "fast".into()) } else { Set("model", small.into()) };
            return (!is_small).then_some(change);
        }
        let price = |model: &str| price_table::find(&options.provider, model, u64::MAX);
        let (named, least) = (price(options.model.as_deref()?)?, price(small)?);
        (named.output > least.output).then(|| Set("model", small.into()))
    }
}
