//! The figures of a cache in Prometheus' text form: all that the JSON has.

use super::Cache;
use super::departure::Reason;
use super::report::Report;
use crate::metrics::{Exposition, Histogram};
use crate::options::OptionSet;
use crate::options::cache::CacheOptions;

/// Percentiles since the cache was made, beside the buckets, which are coarser below a
/// microsecond.
const QUANTILES: [(&str, f64); 4] = [("0.5", 0.5), ("0.9", 0.9), ("0.99", 0.99), ("0.999", 0.999)];

impl Cache {
    /// The figures in Prometheus' text form.
    pub fn metrics_prometheus(&self) -> String {
        let report = self.report();
        self.look_after(&report);
        let mut text = Exposition::default();
        self.expose_calls(&report, &mut text);
        self.expose_contents(&report, &mut text);
        self.expose_upkeep(&report, &mut text);
        text.finish()
    }

    fn expose_calls(&self, report: &Report, text: &mut Exposition) {
        let metrics = &self.metrics;
        let sets = report.counts.sets;
        text.counter("mynah_cache_hits_total", "Look-ups that found a value.", report.hits as f64);
        text.counter("mynah_cache_misses_total", "Look-ups that did not.", report.misses as f64);
        let stale = metrics.stale_hits() as f64;
        text.counter("mynah_cache_stale_hits_total", "Hits whose value had expired.", stale);
        text.counter("mynah_cache_sets_total", "Values stored.", sets as f64);
        text.counter("mynah_cache_contended_total", "Waits for a shard.", report.contended as f64);
        let busy = self.directory.gave_up() as f64;
        text.counter("mynah_cache_busy_total", "Waits for a shard that were given up.", busy);
        let rate = report.hit_rate();
        text.gauge("mynah_cache_hit_ratio", "Hits among look-ups.", rate);
        let missed = rate.map(|rate| 1.0 - rate);
        text.gauge("mynah_cache_miss_ratio", "Misses among look-ups.", missed);
        text.gauge("mynah_cache_operations_per_second", "Gets and sets.", Some(report.per_second));
        text.histogram("mynah_cache_get_seconds", "Sampled times of a get.", &metrics.get_ns);
        text.histogram("mynah_cache_set_seconds", "Sampled times of a set.", &metrics.set_ns);
        expose_quantiles("mynah_cache_get_quantile_seconds", &metrics.get_ns, text);
        expose_quantiles("mynah_cache_set_quantile_seconds", &metrics.set_ns, text);
    }

    fn expose_contents(&self, report: &Report, text: &mut Exposition) {
        let mut gauge = |name: &str, help: &str, n: u64| text.gauge(name, help, Some(n as f64));
        gauge("mynah_cache_items", "Entries.", report.total());
        gauge("mynah_cache_capacity", "Most entries.", self.capacity());
        gauge("mynah_cache_memory_bytes", "Accounted bytes.", report.memory);
        gauge("mynah_cache_overhead_bytes", "Those that are no entries'.", report.overhead);
        if let Some(most) = self.max_bytes() {
            gauge("mynah_cache_max_memory_bytes", "Bound on accounted bytes.", most);
        }
        let (entries, bytes) = self.pinned();
        gauge("mynah_cache_pinned_entries", "Departed entries in use.", entries);
        gauge("mynah_cache_pinned_bytes", "Bytes of departed entries in use.", bytes);
        gauge("mynah_cache_shards", "Shards.", report.items.len() as u64);
        let numbers: Vec<String> = (0..report.items.len()).map(|n| n.to_string()).collect();
        let labels: Vec<_> = numbers.iter().map(|n| [("shard", n.as_str())]).collect();
        let items: Vec<(&[_], f64)> =
            labels.iter().zip(&report.items).map(|(label, n)| (&label[..], *n as f64)).collect();
        text.gauges("mynah_cache_shard_items", "Entries of each shard.", &items);
        text.gauge(
            "mynah_cache_shard_imbalance_ratio",
            "Largest deviation from the mean.",
            Some(report.imbalance()),
        );
    }

    fn expose_upkeep(&self, report: &Report, text: &mut Exposition) {
        let counts = &report.counts;
        let reasons = Reason::ALL.map(|reason| [("reason", reason.name())]);
        let left: Vec<(&[_], f64)> =
            reasons.iter().zip(counts.left).map(|(label, n)| (&label[..], n as f64)).collect();
        text.counters("mynah_cache_departures_total", "Entries that left, by reason.", &left);
        let age = counts.mean_age_ms().map(|ms| ms / 1e3);
        text.gauge("mynah_cache_age_at_eviction_seconds", "Mean age of the evicted.", age);
        let sweep = self.sweep_json();
        let number = |key: &str| sweep[key].as_f64().unwrap_or(0.0);
        text.counter("mynah_cache_sweeps_total", "Sweeps that ran.", number("sweeps"));
        let found = number("expired_found");
        text.counter("mynah_cache_sweep_expired_total", "Entries that sweeps found.", found);
        let pace = Some(number("pace_ms") / 1e3);
        text.gauge("mynah_cache_sweep_pace_seconds", "Pause between sweeps.", pace);
        let packing = self.compression_json(counts);
        if !packing.is_null() {
            let number = |key: &str| packing[key].as_f64();
            let seconds = |key: &str| number(key).unwrap_or(0.0) / 1e9;
            let ratio = number("ratio");
            text.gauge(
                "mynah_cache_compression_ratio",
                "Bytes of packed values before, by those after.",
                ratio,
            );
            let (packed, unpacked) = (seconds("pack_ns"), seconds("unpack_ns"));
            text.counter("mynah_cache_pack_seconds_total", "Time spent on packing.", packed);
            text.counter("mynah_cache_unpack_seconds_total", "And on unpacking.", unpacked);
            let dictionaries = number("dictionary_bytes");
            text.gauge("mynah_cache_dictionary_bytes", "Bytes of dictionaries.", dictionaries);
        }
        let raised = self.alerts.raised();
        let all = CacheOptions::rows().iter().map(|row| row.key);
        text.thresholds("mynah_cache_alert_raised", all, &raised);
        let policies = [[("policy", self.policy_name())]];
        text.gauges("mynah_cache_policy", "The policy in use.", &[(&policies[0][..], 1.0)]);
        let decisions = self.decisions() as f64;
        text.counter("mynah_cache_tuning_total", "Decisions of self-tuning.", decisions);
    }
}

fn expose_quantiles(name: &str, times: &Histogram, text: &mut Exposition) {
    let labels = QUANTILES.map(|(label, _)| [("quantile", label)]);
    let known = labels
        .iter()
        .zip(QUANTILES)
        .filter_map(|(label, (_, q))| times.quantile_ns(q).map(|ns| (&label[..], ns as f64 / 1e9)));
    text.gauges(name, "Percentiles of the sampled times.", &known.collect::<Vec<_>>());
}

#[cfg(test)]
mod tests {
    use crate::cache::Ttl;
    use crate::cache::tests::cache;

    /// What both forms must have: the place in the JSON, the name in the text.
    const FIGURES: &[(&str, &str)] = &[
        ("/hits", "mynah_cache_hits_total "),
        ("/misses", "mynah_cache_misses_total "),
        ("/hit_rate", "mynah_cache_hit_ratio "),
        ("/miss_rate", "mynah_cache_miss_ratio "),
        ("/sets", "mynah_cache_sets_total "),
        ("/departures/capacity", "mynah_cache_departures_total{reason=\"capacity\"} "),
        ("/departures/memory", "mynah_cache_departures_total{reason=\"memory\"} "),
        ("/departures/expired", "mynah_cache_departures_total{reason=\"expired\"} "),
        ("/departures/replaced", "mynah_cache_departures_total{reason=\"replaced\"} "),
        ("/departures/removed", "mynah_cache_departures_total{reason=\"removed\"} "),
        ("/departures/cleared", "mynah_cache_departures_total{reason=\"cleared\"} "),
        ("/avg_age_at_eviction_ms", "mynah_cache_age_at_eviction_seconds "),
        ("/get_latency_ns/mean", "mynah_cache_get_seconds_sum "),
        ("/get_latency_ns/p50", "mynah_cache_get_quantile_seconds{quantile=\"0.5\"} "),
        ("/get_latency_ns/p90", "mynah_cache_get_quantile_seconds{quantile=\"0.9\"} "),
        ("/get_latency_ns/p99", "mynah_cache_get_quantile_seconds{quantile=\"0.99\"} "),
        ("/get_latency_ns/p99_9", "mynah_cache_get_quantile_seconds{quantile=\"0.999\"} "),
        ("/set_latency_ns/mean", "mynah_cache_set_seconds_sum "),
        ("/set_latency_ns/p50", "mynah_cache_set_quantile_seconds{quantile=\"0.5\"} "),
        ("/set_latency_ns/p90", "mynah_cache_set_quantile_seconds{quantile=\"0.9\"} "),
        ("/set_latency_ns/p99", "mynah_cache_set_quantile_seconds{quantile=\"0.99\"} "),
        ("/set_latency_ns/p99_9", "mynah_cache_set_quantile_seconds{quantile=\"0.999\"} "),
        ("/operations_per_second", "mynah_cache_operations_per_second "),
        ("/items", "mynah_cache_items "),
        ("/shard_items/1", "mynah_cache_shard_items{shard=\"1\"} "),
        ("/shard_imbalance", "mynah_cache_shard_imbalance_ratio "),
        ("/capacity", "mynah_cache_capacity "),
        ("/memory_bytes", "mynah_cache_memory_bytes "),
        ("/max_memory_bytes", "mynah_cache_max_memory_bytes "),
        ("/pinned_bytes", "mynah_cache_pinned_bytes "),
        ("/contended", "mynah_cache_contended_total "),
        ("/busy", "mynah_cache_busy_total "),
        ("/compression/ratio", "mynah_cache_compression_ratio "),
        ("/compression/pack_ns", "mynah_cache_pack_seconds_total "),
        ("/compression/unpack_ns", "mynah_cache_unpack_seconds_total "),
        ("/sweep/sweeps", "mynah_cache_sweeps_total "),
        ("/sweep/expired_found", "mynah_cache_sweep_expired_total "),
        ("/sweep/pace_ms", "mynah_cache_sweep_pace_seconds "),
        ("/eviction_policy", "mynah_cache_policy{policy=\"s3fifo\"} "),
        ("/alerts", "mynah_cache_alert_raised{threshold=\"alert_min_hit_rate\"} "),
        ("/tuning/decisions", "mynah_cache_tuning_total "),
    ];

    #[test]
    fn every_figure_is_in_the_json_and_in_the_text() {
        let options = r#"{"capacity": 300, "shard_count": 2, "compression": true,
            "compression_threshold": 50, "max_memory_mb": 1}"#;
        let (cache, clock) = cache(options);
        for n in 0..1_000u32 {
            cache.set(&n.to_le_bytes(), &[n as u8; 100], Ttl::Default).unwrap();
            clock.advance(std::time::Duration::from_millis(5));
            cache.get(&n.to_le_bytes()).unwrap();
            (0..9u32).for_each(|m| assert!(cache.get(&[m as u8]).is_none()));
        }
        let (json, text) = (cache.metrics_json(), cache.metrics_prometheus());
        for (place, name) in FIGURES {
            let shown = json.pointer(place);
            assert!(shown.is_some_and(|figure| !figure.is_null()), "{place} in {json}");
            assert!(text.contains(&format!("\n{name}")), "{name} in {text}");
        }
    }

    #[test]
    fn operations_a_second_are_known_before_the_first_second_is_over() {
        let (cache, clock) = cache("{}");
        (0..100).for_each(|_| assert!(cache.get(b"k").is_none()));
        clock.advance(std::time::Duration::from_millis(100));
        assert_eq!(cache.metrics_json()["operations_per_second"], 1_000.0);
    }
}
