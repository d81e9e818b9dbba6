//! What to change about a cache, computed from its figures.
//!
//! It is the guide's table of troubles: what was seen, the numbers that it rests
//! on, the likely cause, and which option to set to what, or what to look at where
//! none would help. Where a simulation of
//! the same requests says what another setting would have done, that is told.

use serde_json::Value as Json;

use super::Cache;
use super::departure::Reason;
use super::making::{cell_bytes, shards_for};
use super::report::Report;
use super::simulate::{BETTER_BY, Forecast};
use crate::object::json;
use crate::options::cache::CacheOptions;
use crate::options::{Kind, OptionSet};

/// One call in so many may be given up before that is told.
const SELDOM_BUSY: u64 = 10_000;

/// What callers have met at the shards so far.
#[derive(Clone, Copy, Default)]
pub struct AtShards {
    operations: u64,
    contended: u64,
    /// Sum of the times of the gets that were timed in ns, and how many.
    timed_gets: (u64, u64),
}

impl AtShards {
    fn since(self, before: AtShards) -> AtShards {
        let ((sum, count), (sum_before, count_before)) = (self.timed_gets, before.timed_gets);
        AtShards {
            operations: self.operations.saturating_sub(before.operations),
            contended: self.contended.saturating_sub(before.contended),
            timed_gets: (sum.saturating_sub(sum_before), count.saturating_sub(count_before)),
        }
    }

    fn get_mean_ns(&self) -> Option<f64> {
        let (sum, count) = self.timed_gets;
        (count > 0).then(|| sum as f64 / count as f64)
    }
}

impl Cache {
    fn at_shards(&self, report: &Report) -> AtShards {
        AtShards {
            operations: self.metrics.operations(),
            contended: report.contended,
            timed_gets: report.timed_gets,
        }
    }

    /// There are more shards now, or fewer: what was met before says nothing of these.
    pub(super) fn begin_with_shards(&self) {
        let met = self.at_shards(&self.report());
        *self.before_shards.lock() = met;
    }

    /// What should be changed, and why.
    pub fn advise_json(&self) -> Json {
        let report = self.report();
        self.fit_simulation(&report);
        let forecast = self.simulator.forecast(&report);
        let mut findings = Vec::new();
        self.advise_hit_rate(&report, forecast.as_ref(), &mut findings);
        self.advise_locks(&report, &mut findings);
        self.advise_waits(&mut findings);
        self.advise_memory(&report, &mut findings);
        json!({
            "findings": findings,
            "predicted": match &forecast {
                Some(forecast) => forecast.json(),
                None => self.why_unpredicted().into(),
            },
        })
    }

    /// Why there is no forecast.
    fn why_unpredicted(&self) -> &'static str {
        match (self.simulator.simulates(), self.options.values.metrics_enabled) {
            (true, _) => "too few requests yet",
            (false, true) => "nothing is simulated: max_memory_mb has no room for it",
            (false, false) => "nothing is simulated: metrics_enabled is false",
        }
    }

    fn advise_hit_rate(&self, report: &Report, forecast: Option<&Forecast>, all: &mut Vec<Json>) {
        let values = &self.options.values;
        let Some(rate) = report.hit_rate() else { return };
        let least = or_usual(values.alert_min_hit_rate, |usual| usual.alert_min_hit_rate);
        if report.hits + report.misses < 1_000 || rate >= least {
            return;
        }
        self.advise_lifetime(report, rate, all);
        if let Some(forecast) = forecast {
            self.advise_bound(report, forecast, all);
            advise_policy(forecast, all);
        }
    }

    fn advise_lifetime(&self, report: &Report, rate: f64, all: &mut Vec<Json>) {
        let ttl_ms = self.options.values.default_ttl_ms;
        let expired = report.counts.left[Reason::Expired as usize];
        let evicted = report.counts.evicted();
        let longer = ttl_ms.saturating_mul(2).min(most("default_ttl_ms"));
        if expired <= evicted {
            return;
        }
        let evidence = json!({
            "hit_rate": rate, "expired": expired, "evicted": evicted,
            "avg_age_at_eviction_ms": report.counts.mean_age_ms(),
        });
        let (symptom, cause) = ("low hit rate", "entries expire before they are asked for again");
        // Lives that are given with the values are not the option's.
        if !self.metrics.use_default_life() {
            let place = "the lifetimes that are given with the values";
            all.push(look(symptom, evidence, cause, place));
        } else if longer > ttl_ms {
            all.push(finding(symptom, evidence, cause, "default_ttl_ms", longer.into()));
        }
    }

    fn advise_bound(&self, report: &Report, forecast: &Forecast, all: &mut Vec<Json>) {
        let evicted = report.counts.evicted();
        let is_better = |ratio: f64| ratio > forecast.measured + BETTER_BY;
        let larger = forecast.scaled.iter().find(|(scale, r)| *scale > 1.0 && is_better(*r));
        if let Some((scale, ratio)) = larger
            && evicted > 0
        {
            // Both of the time since the simulation began.
            let evidence = json!({"hit_rate": forecast.measured, "predicted_hit_rate": ratio,
                "evicted": evicted});
            let bound = match forecast.by {
                "capacity" => self.capacity(),
                _ => self.options.values.max_memory_mb,
            };
            let value = ((bound as f64 * scale) as u64).min(most(forecast.by)).into();
            let cause = "what is used does not fit";
            all.push(finding("low hit rate", evidence, cause, forecast.by, value));
        }
    }

    fn advise_locks(&self, report: &Report, all: &mut Vec<Json>) {
        let values = &self.options.values;
        let met = self.at_shards(report).since(*self.before_shards.lock());
        let share = met.contended as f64 / met.operations.max(1) as f64;
        let mean_ns = met.get_mean_ns();
        let shards = self.shard_count() as u64;
        let most_us = or_usual(values.alert_max_get_latency_us as f64, |usual| {
            usual.alert_max_get_latency_us as f64
        });
        let slow = mean_ns.is_some_and(|ns| ns > most_us * 1_000.0);
        let evidence = json!({"contended_share": share, "get_mean_ns": mean_ns, "shards": shards});
        let symptom = if slow { "high latency" } else { "lock contention" };
        if slow && share <= CONTENDED && met.operations >= 1_000 {
            all.push(match values.compression {
                true => {
                    let cause = "values are unpacked at each look-up, and nobody waits for a lock";
                    finding(symptom, evidence, cause, "compression", false.into())
                }
                false => {
                    let cause = "look-ups are slow, and nobody waits for a lock";
                    let place = "the sizes of the values, and what else the machine is busy with";
                    look(symptom, evidence, cause, place)
                }
            });
        } else if share > CONTENDED && met.operations >= 1_000 && shards < most("shard_count") {
            let (cause, option, value) = self.what_bars(shards * 2).unwrap_or((
                "too few shards for so many callers",
                "shard_count",
                shards * 2,
            ));
            all.push(finding(symptom, evidence, cause, option, value.into()));
        }
        self.advise_shards(shards, all);
        let (off, chance) = (report.unevenness(), report.imbalance_by_chance());
        let most =
            or_usual(values.alert_max_shard_imbalance, |usual| usual.alert_max_shard_imbalance);
        if off > most && off > chance {
            let evidence = json!({"shard_imbalance": off, "by_chance": chance});
            let (symptom, cause) = ("uneven load", "the seed lets keys collide");
            all.push(match values.hash_seed {
                0 => look(symptom, evidence, cause, "a cache made anew, which has another seed"),
                _ => finding(symptom, evidence, cause, "hash_seed", 0.into()),
            });
        }
    }

    /// Calls that answered `BUSY` failed for want of patience, whatever they waited for.
    fn advise_waits(&self, all: &mut Vec<Json>) {
        let values = &self.options.values;
        let (busy, operations) = (self.directory.gave_up(), self.metrics.operations());
        if operations < 1_000 || busy * SELDOM_BUSY < operations {
            return;
        }
        let longer = (values.max_retries as u64 * 2).min(most("max_retries"));
        // 0: as long as it takes.
        let value = if longer > values.max_retries.into() { longer } else { 0 };
        let evidence = json!({
            "busy": busy, "busy_share": busy as f64 / operations as f64,
            "max_retries": values.max_retries, "retry_delay_ms": values.retry_delay_ms,
        });
        let cause = "the wait for a shard is shorter than others may hold it";
        all.push(finding("busy shards", evidence, cause, "max_retries", value.into()));
    }

    /// Says what keeps the cache from having as many shards as it was asked for.
    fn advise_shards(&self, shards: u64, all: &mut Vec<Json>) {
        let asked = self.options_now().values.shard_count as u64;
        let wanted = asked.next_power_of_two();
        if asked == 0 || wanted <= shards {
            return;
        }
        let evidence = json!({"asked": asked, "shards": shards, "capacity": self.capacity()});
        let (cause, option, value) = self.what_bars(wanted).unwrap_or((
            "they were laid out for another capacity: resize the cache",
            "shard_count",
            asked,
        ));
        all.push(finding("fewer shards than asked for", evidence, cause, option, value.into()));
    }

    /// Why the cache cannot have so many shards, and which option makes it, if it
    /// cannot.
    fn what_bars(&self, shards: u64) -> Option<(&'static str, &'static str, u64)> {
        let empty = cell_bytes(*self.maker.lock());
        if (shards_for(shards, self.capacity()) as u64) < shards {
            return Some(("a shard holds at least 64 entries", "capacity", shards * 64));
        }
        if (self.shards_that_fit() as u64) < shards {
            let cause = "empty shards take up to three eighths of the bound on memory";
            let mb = (shards * empty * 8 / 3).div_ceil(1 << 20);
            return Some((cause, "max_memory_mb", mb));
        }
        None
    }

    fn advise_memory(&self, report: &Report, all: &mut Vec<Json>) {
        let values = &self.options.values;
        let most = values.alert_max_memory_mb << 20;
        if self.max_bytes().is_none() && most > 0 && report.memory > most {
            let evidence = json!({"memory_bytes": report.memory, "items": report.total()});
            all.push(finding(
                "memory growth",
                evidence,
                "no bound on memory is set",
                "max_memory_mb",
                values.alert_max_memory_mb.into(),
            ));
        }
        let mean = report.memory.saturating_sub(report.overhead) / report.total().max(1);
        let for_memory = report.counts.left[Reason::Memory as usize];
        if for_memory > 0 && !values.compression && mean > values.compression_threshold {
            let evidence = json!({"evicted_for_memory": for_memory, "mean_entry_bytes": mean});
            all.push(finding(
                "evictions for memory",
                evidence,
                "large values are stored as they are",
                "compression",
                true.into(),
            ));
        }
    }
}

/// A share of calls that wait for a lock which is worth a word.
const CONTENDED: f64 = 0.01;

/// The most that an option takes.
fn most(option: &str) -> u64 {
    let row = CacheOptions::rows().iter().find(|row| row.key == option);
    match row.map(|row| &row.kind) {
        Some(Kind::Int(range)) => *range.end(),
        _ => u64::MAX,
    }
}

/// The caller's threshold, or the usual one where the alert is off.
fn or_usual(threshold: f64, usual: fn(&CacheOptions) -> f64) -> f64 {
    if threshold > 0.0 { threshold } else { usual(&CacheOptions::default()) }
}

fn advise_policy(forecast: &Forecast, all: &mut Vec<Json>) {
    if let Some((name, ratio)) = forecast.best_policy() {
        let evidence = json!({"hit_rate": forecast.measured, "predicted_hit_rate": ratio});
        let cause = "another order of eviction suits these requests";
        all.push(finding("low hit rate", evidence, cause, "eviction_policy", name.into()));
    }
}

fn finding(symptom: &str, evidence: Json, cause: &str, option: &str, value: Json) -> Json {
    json!({
        "symptom": symptom, "evidence": evidence, "cause": cause,
        "option": option, "value": value, "look_at": null,
    })
}

/// A finding that no option would help: what to look at.
fn look(symptom: &str, evidence: Json, cause: &str, place: &str) -> Json {
    json!({
        "symptom": symptom, "evidence": evidence, "cause": cause,
        "option": null, "value": null, "look_at": place,
    })
}
