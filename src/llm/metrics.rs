//! What a client has done: counts, times, tokens and money.
//!
//! All figures are relaxed atomics that each call writes once, at its end.
//! Money is kept in nano-dollars, so that it adds up exactly.

mod by_bound;
mod by_status;
mod expose;
mod pace;
mod records;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde_json::Value;

use crate::clock::Clock;
use crate::error::Status;
use crate::metrics::Histogram;
use crate::object::json;

use super::pricing::nano;
use super::response::Usage;

use by_bound::ByBound;
pub use by_status::ByStatus;
use pace::Pace;
pub use records::{Ended, Spent, is_failure};

/// The figures of one client.
#[derive(Debug)]
pub struct ClientMetrics {
    clock: Clock,
    started_ns: u64,
    by_status: ByStatus,
    /// Calls that each has ended.
    ended_by: ByBound,
    /// ns that were waited for each.
    waited_for: ByBound,
    streams_cut: AtomicU64,
    stale_connections: AtomicU64,
    cache_hits: AtomicU64,
    cache_misses: AtomicU64,
    stale_hits: AtomicU64,
    renewals: AtomicU64,
    renewals_failed: AtomicU64,
    coalesced: AtomicU64,
    attempts: AtomicU64,
    retries: AtomicU64,
    input_tokens: AtomicU64,
    output_tokens: AtomicU64,
    cached_input_tokens: AtomicU64,
    reasoning_tokens: AtomicU64,
    cost_nano_usd: AtomicU64,
    priced_calls: AtomicU64,
    unpriced_calls: AtomicU64,
    saved_nano_usd: AtomicU64,
    generation_ns: AtomicU64,
    generated_tokens: AtomicU64,
    latency: Histogram,
    first_token: Histogram,
    overhead: Histogram,
    queued: Histogram,
    in_line: Histogram,
    pace: Pace,
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

impl ClientMetrics {
    /// Empty figures from now on.
    pub fn new(clock: &Clock) -> Self {
        let zero = AtomicU64::default;
        ClientMetrics {
            clock: clock.clone(),
            started_ns: clock.now_ns(),
            by_status: ByStatus::default(),
            ended_by: ByBound::default(),
            waited_for: ByBound::default(),
            streams_cut: zero(),
            stale_connections: zero(),
            cache_hits: zero(),
            cache_misses: zero(),
            stale_hits: zero(),
            renewals: zero(),
            renewals_failed: zero(),
            coalesced: zero(),
            attempts: zero(),
            retries: zero(),
            input_tokens: zero(),
            output_tokens: zero(),
            cached_input_tokens: zero(),
            reasoning_tokens: zero(),
            cost_nano_usd: zero(),
            priced_calls: zero(),
            unpriced_calls: zero(),
            saved_nano_usd: zero(),
            generation_ns: zero(),
            generated_tokens: zero(),
            latency: Histogram::default(),
            first_token: Histogram::default(),
            overhead: Histogram::default(),
            queued: Histogram::default(),
            in_line: Histogram::default(),
            pace: Pace::default(),
        }
    }

    /// Counts a call that has ended.
    pub fn record(&self, ended: &Ended) {
        self.by_status.add(ended.failure.unwrap_or(Status::Ok));
        ended.bound.iter().for_each(|bound| self.ended_by.add(*bound, 1));
        if ended.failure == Some(Status::RateLimited) && ended.bound.is_none() {
            self.pace.refused(self.clock.now_ns(), self.taken());
        }
        self.streams_cut.fetch_add(ended.cut.into(), Relaxed);
        self.latency.record(ended.total_ns);
        self.overhead.record(ended.total_ns.saturating_sub(ended.outside_ns));
        match ended.cache_hit {
            Some(true) => _ = self.cache_hits.fetch_add(1, Relaxed),
            Some(false) => _ = self.cache_misses.fetch_add(1, Relaxed),
            None => {}
        }
        self.stale_hits.fetch_add(ended.stale.into(), Relaxed);
        self.coalesced.fetch_add(ended.coalesced.into(), Relaxed);
        self.priced_calls.fetch_add(ended.cost_usd.is_some().into(), Relaxed);
        let is_unpriced = ended.failure.is_none() && ended.cost_usd.is_none();
        self.unpriced_calls.fetch_add(is_unpriced.into(), Relaxed);
        ended.first_token_ns.iter().for_each(|ns| self.first_token.record(*ns));
        ended.in_line_ns.iter().for_each(|ns| self.in_line.record(*ns));
        self.saved_nano_usd.fetch_add(nano(ended.saved_usd.unwrap_or(0.0)), Relaxed);
    }

    /// Counts a request that was to renew a kept answer.
    pub fn renewed(&self, has_failed: bool) {
        self.renewals.fetch_add(1, Relaxed);
        self.renewals_failed.fetch_add(has_failed.into(), Relaxed);
    }

    /// Counts a request that was sent, and has ended by now.
    pub fn spend(&self, spent: &Spent, now_ns: u64) {
        self.attempts.fetch_add(spent.attempts, Relaxed);
        self.retries.fetch_add(spent.attempts.saturating_sub(1), Relaxed);
        self.stale_connections.fetch_add(spent.stale, Relaxed);
        self.queued.record(spent.queued_ns);
        spent.waits.iter().for_each(|(bound, ns)| self.waited_for.add(*bound, *ns));
        if let Some(usage) = &spent.usage {
            self.spend_tokens(usage, now_ns.saturating_sub(spent.began_ns));
        }
        if let Some(usd) = spent.cost_usd {
            self.cost_nano_usd.fetch_add(nano(usd), Relaxed);
        }
    }

    fn spend_tokens(&self, usage: &Usage, total_ns: u64) {
        let add = |counter: &AtomicU64, tokens: Option<u64>| {
            counter.fetch_add(tokens.unwrap_or(0), Relaxed);
        };
        add(&self.input_tokens, usage.input_tokens);
        add(&self.output_tokens, usage.output_tokens);
        add(&self.cached_input_tokens, usage.cached_input_tokens);
        add(&self.reasoning_tokens, usage.reasoning_tokens);
        if let Some(tokens) = usage.output_tokens {
            self.generation_ns.fetch_add(total_ns, Relaxed);
            self.generated_tokens.fetch_add(tokens, Relaxed);
        }
    }

    /// All figures as JSON; times in ms, rates per second, shares 0..1, and
    /// null where nothing has been measured yet.
    pub fn to_json(&self) -> Value {
        let get = |counter: &AtomicU64| counter.load(Relaxed);
        let mut ends = self.by_status.json();
        let calls = ends["calls"].as_u64().unwrap_or(0);
        let hits = get(&self.cache_hits);
        let seconds = self.seconds();
        let cost = get(&self.cost_nano_usd) as f64 / 1e9;
        let figures = json!({
            "uptime_seconds": seconds,
            "by_bound": self.ended_by.json(|calls| calls.into()),
            "streams_cut": get(&self.streams_cut),
            "stale_connections": get(&self.stale_connections),
            "request_rate": calls as f64 / seconds.max(1e-9),
            "attempts": get(&self.attempts),
            "retries": get(&self.retries),
            "retry_rate": share(get(&self.retries), calls),
            "cache_hits": hits,
            "cache_misses": get(&self.cache_misses),
            "stale_hits": get(&self.stale_hits),
            "renewals": get(&self.renewals),
            "renewals_failed": get(&self.renewals_failed),
            "coalesced": get(&self.coalesced),
            "cache_hit_rate": share(hits, hits + get(&self.cache_misses)),
            "input_tokens": get(&self.input_tokens),
            "output_tokens": get(&self.output_tokens),
            "cached_input_tokens": get(&self.cached_input_tokens),
            "reasoning_tokens": get(&self.reasoning_tokens),
            "tokens_per_second": self.tokens_per_second(),
            "cost_usd": cost,
            "cost_per_request_usd": match get(&self.priced_calls) {
                0 => None,
                // Kept answers cost nothing, of those that were paid for nothing is known.
                _ if cost == 0.0 && get(&self.unpriced_calls) > 0 => None,
                n => Some(cost / n as f64),
            },
            "saved_usd": get(&self.saved_nano_usd) as f64 / 1e9,
            "latency_ms": times(&self.latency),
            "first_token_ms": times(&self.first_token),
            "overhead_ms": times(&self.overhead),
            "limiter_wait_ms": times(&self.queued),
            "limiter_wait_for_ms": self.waited_for.json(|ns| (ns as f64 / 1e6).into()),
            "queue_wait_ms": times(&self.in_line),
        });
        if let Value::Object(mut figures) = figures {
            ends.append(&mut figures);
        }
        ends.into()
    }

    /// Adds what another has counted.
    pub fn add(&mut self, other: &ClientMetrics) {
        self.started_ns = self.started_ns.min(other.started_ns);
        let counters = |metrics: &ClientMetrics| metrics.counters().map(|one| one.load(Relaxed));
        for (own, more) in self.counters().into_iter().zip(counters(other)) {
            own.fetch_add(more, Relaxed);
        }
        self.by_status.add_all(&other.by_status);
        self.ended_by.add_all(&other.ended_by);
        self.waited_for.add_all(&other.waited_for);
        for (own, more) in self.histograms().into_iter().zip(other.histograms()) {
            own.add(more);
        }
    }

    fn counters(&self) -> [&AtomicU64; 20] {
        [
            &self.streams_cut,
            &self.stale_connections,
            &self.cache_hits,
            &self.cache_misses,
            &self.stale_hits,
            &self.renewals,
            &self.renewals_failed,
            &self.coalesced,
            &self.attempts,
            &self.retries,
            &self.input_tokens,
            &self.output_tokens,
            &self.cached_input_tokens,
            &self.reasoning_tokens,
            &self.cost_nano_usd,
            &self.priced_calls,
            &self.unpriced_calls,
            &self.saved_nano_usd,
            &self.generation_ns,
            &self.generated_tokens,
        ]
    }

    fn histograms(&self) -> [&Histogram; 5] {
        [&self.latency, &self.first_token, &self.overhead, &self.queued, &self.in_line]
    }

    /// Requests that the provider has answered, and their tokens.
    fn taken(&self) -> [u64; 2] {
        let get = |counter: &AtomicU64| counter.load(Relaxed);
        let spared = get(&self.cache_hits) + get(&self.coalesced);
        let answered = self.by_status.count(Status::Ok).saturating_sub(spared);
        [answered, get(&self.input_tokens) + get(&self.output_tokens)]
    }

    /// Requests and tokens a minute that the provider takes while it refuses more.
    pub fn taken_per_minute(&self) -> Option<[f64; 2]> {
        self.pace.per_minute()
    }

    fn tokens_per_second(&self) -> Option<f64> {
        match self.generation_ns.load(Relaxed) {
            0 => None,
            ns => Some(self.generated_tokens.load(Relaxed) as f64 / (ns as f64 / 1e9)),
        }
    }

    fn seconds(&self) -> f64 {
        self.clock.now_ns().saturating_sub(self.started_ns) as f64 / 1e9
    }
}

/// Mean and percentiles in ms.
fn times(histogram: &Histogram) -> Value {
    let ms = |q| histogram.quantile_ns(q).map(|ns| ns as f64 / 1e6);
    json!({
        "count": histogram.count(),
        "mean": histogram.mean_ns().map(|ns| ns / 1e6),
        "p50": ms(0.5),
        "p90": ms(0.9),
        "p99": ms(0.99),
        "p99_9": ms(0.999),
    })
}

#[cfg(test)]
mod tests;
