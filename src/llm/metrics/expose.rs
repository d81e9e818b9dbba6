//! The figures of a client in Prometheus' text format.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::metrics::Exposition;
use crate::metrics::prometheus::Labels;

use super::ClientMetrics;

impl ClientMetrics {
    /// Adds all figures to a text in Prometheus' format.
    pub fn expose(&self, text: &mut Exposition) {
        let get = |counter: &AtomicU64| counter.load(Relaxed) as f64;
        let counts = self.by_status.counts();
        let labels: Vec<_> =
            counts.iter().map(|(s, n)| ([("status", s.name())], *n as f64)).collect();
        let calls: Vec<(Labels, f64)> = labels.iter().map(|(l, n)| (&l[..], *n)).collect();
        text.counters("mynah_llm_calls_total", "Calls by how they ended.", &calls);
        self.ended_by.expose(
            text,
            "mynah_llm_calls_bounded_total",
            "Calls by the bound that ended them.",
            1.0,
        );
        self.waited_for.expose(
            text,
            "mynah_llm_limiter_wait_for_seconds_total",
            "Waits for rate limits by the limit.",
            1e-9,
        );
        for (name, help, value) in [
            ("streams_cut", "Streams that broke off half-way.", get(&self.streams_cut)),
            ("stale_connections", "Dead ones, replaced.", get(&self.stale_connections)),
            ("attempts", "Requests sent.", get(&self.attempts)),
            ("retries", "Requests sent again.", get(&self.retries)),
            ("coalesced", "Calls that another's request answered.", get(&self.coalesced)),
            ("cache_hits", "Calls that the response cache answered.", get(&self.cache_hits)),
            ("cache_misses", "Calls that it could not answer.", get(&self.cache_misses)),
            ("stale_hits", "Answers past their time.", get(&self.stale_hits)),
            ("renewals", "Requests to renew such answers.", get(&self.renewals)),
            ("renewals_failed", "Those that failed.", get(&self.renewals_failed)),
            ("input_tokens", "Tokens of prompts.", get(&self.input_tokens)),
            ("output_tokens", "Tokens generated.", get(&self.output_tokens)),
            (
                "cached_input_tokens",
                "Prompt tokens from the provider's cache.",
                get(&self.cached_input_tokens),
            ),
            ("reasoning_tokens", "Tokens generated while thinking.", get(&self.reasoning_tokens)),
            ("cost_usd", "Known cost in US dollars.", get(&self.cost_nano_usd) / 1e9),
            (
                "saved_usd",
                "Cost that answers of the cache and of identical calls saved.",
                get(&self.saved_nano_usd) / 1e9,
            ),
        ] {
            text.counter(&format!("mynah_llm_{name}_total"), help, value);
        }
        text.histogram("mynah_llm_latency_seconds", "Whole calls.", &self.latency);
        text.histogram("mynah_llm_first_token_seconds", "To the first content.", &self.first_token);
        text.histogram("mynah_llm_limiter_wait_seconds", "Waits for rate limits.", &self.queued);
        text.histogram("mynah_llm_queue_wait_seconds", "In the line of a queue.", &self.in_line);
        text.histogram("mynah_llm_overhead_seconds", "The library's own time.", &self.overhead);
        let tokens = self.tokens_per_second();
        text.gauge("mynah_llm_tokens_per_second", "Tokens by generating time.", tokens);
    }
}
