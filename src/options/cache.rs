//! The options of a cache.

use super::fields::{choice, flag, float, int, options};
use super::profiles;
use super::{OptionSet, Row, Suggestions, Value};
use crate::error::Result;

/// A century in milliseconds: the longest interval or lifetime that is taken.
const MS_MAX: u64 = 100 * 365 * 86_400_000;
const MB_MAX: u64 = 1 << 24;

options! {
    /// Everything that can be set on a cache, with its defaults.
    #[derive(Debug, Clone, PartialEq)]
    pub struct CacheOptions

    capacity: u64 = 10_000, int(1..=1 << 40), "Most entries that the whole cache holds.";
    shard_count: u32 = 0, int(0..=65_536),
        "Independently locked parts of the cache, rounded up to a power of two and held to at least 64 entries each, and to three eighths of max_memory_mb; 0: four for each core, at least 256 entries each.";
    default_ttl_ms: u64 = 3_600_000, int(0..=MS_MAX),
        "Lifetime in milliseconds of an entry that is stored without its own; 0: it never expires.";
    cleanup_interval_ms: u64 = 300_000, int(0..=MS_MAX),
        "Milliseconds between sweeps of expired entries; 0: they stay until they are read (not with the strategy periodic) or evicted.";
    cleanup_batch_size: u32 = 100, int(1..=1_000_000),
        "Expired entries that a sweep removes before it lets go of the shard's lock.";
    cleanup_strategy: String = "hybrid".into(), choice(&["periodic", "lazy", "adaptive", "hybrid"]),
        "When expired entries leave: at each interval, only when they are met, at a pace that follows what the sweep finds, or when met and at each interval.";
    adaptive_cleanup: bool = false, flag,
        "Shorthand for the adaptive strategy; set to false: not even where a workload or profile has it.";
    eviction_policy: String = "s3fifo".into(), choice(&["s3fifo", "lru", "lfu", "fifo", "random"]),
        "Which entry leaves when the cache is full.";
    workload_type: String = "none".into(),
        choice(&["none", "read_heavy", "write_heavy", "mixed", "bursty"]),
        "A layer of settings for a kind of load, under everything that is set explicitly.";
    performance_profile: String = "none".into(),
        choice(&["none", "low_latency", "high_throughput", "balanced", "memory_efficient"]),
        "A layer of settings for an aim, under the workload's and everything that is set explicitly.";
    max_retries: u32 = 0, int(0..=1_000),
        "With retry_delay_ms, bounds the wait for a contended shard by their product, then the call answers BUSY; 0 for either: it waits as long as it takes.";
    retry_delay_ms: u64 = 1, int(0..=60_000),
        "Milliseconds that each of max_retries stands for; a waiting call is woken the moment the shard is free.";
    auto_tuning: bool = false, flag,
        "Lets the cache change its shards, sweep interval and eviction policy by what it measures.";
    max_memory_mb: u64 = 0, int(0..=MB_MAX),
        "Hard bound on the accounted bytes of the whole cache, in MiB; 0: no bound.";
    max_entry_bytes: u64 = 0, int(0..=u32::MAX as u64),
        "Largest key and value together that is stored, in bytes, a packed value counted as packed; 0: no bound.";
    compression: bool = false, flag, "Compresses values with zstd where that makes them smaller.";
    compression_level: u32 = 3, int(1..=22), "zstd's level: higher is smaller and slower.";
    compression_threshold: u64 = 1_024, int(0..=u32::MAX as u64),
        "Values of fewer bytes are stored as they are.";
    metrics_enabled: bool = true, flag,
        "Counts hits, misses and latencies; without them auto_tuning decides nothing, and no alert is raised but those on memory and shards, when the metrics are read.";
    ttl_jitter_percent: u32 = 0, int(0..=50),
        "Shortens each lifetime by a random share of up to this many percent, so that entries stored together do not expire together; 0: not at all.";
    stale_while_revalidate_ms: u64 = 0, int(0..=MS_MAX),
        "Milliseconds after its expiry during which get_or_claim answers the old value while one caller renews it; 0: off.";
    hash_seed: u64 = 0, int(0..=u64::MAX),
        "Seed of the key hash, for repeatable runs; 0: random, which keeps others from choosing colliding keys.";
    alert_min_hit_rate: f64 = 0.80, float(0.0..=1.0),
        "Alerts when the hit rate of 100 look-ups or more falls below; 0: off.";
    alert_max_get_latency_us: u64 = 1_000, int(0..=60_000_000),
        "Alerts when the mean latency of some 2,000 gets or more exceeds this many microseconds; 0: off.";
    alert_max_memory_mb: u64 = 1_024, int(0..=MB_MAX),
        "Alerts when the accounted memory exceeds this many MiB; 0: off.";
    alert_max_shard_imbalance: f64 = 0.20, float(0.0..=1.0),
        "Alerts when a shard's entries, and their bytes too, deviate from the mean by more than this share; 0: off.";
}

impl OptionSet for CacheOptions {
    fn rows() -> &'static [Row<Self>] {
        ROWS
    }

    fn layers(chosen: &dyn Fn(&str) -> Option<Value>) -> Result<Vec<Suggestions>> {
        Ok(profiles::layers(chosen))
    }

    fn shorthand(key: &str, value: &Value) -> Option<(&'static str, Value)> {
        let adaptive = key == "adaptive_cleanup" && *value == Value::Bool(true);
        adaptive.then(|| ("cleanup_strategy", "adaptive".into()))
    }

    fn denial(key: &str, value: &Value) -> Option<(&'static str, Value)> {
        let denies = key == "adaptive_cleanup" && *value == Value::Bool(false);
        denies.then(|| ("cleanup_strategy", "adaptive".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Layered, Origin};
    use super::*;

    fn resolved(settings: &[(&str, &str)]) -> super::super::Resolved<CacheOptions> {
        let mut layered = Layered::<CacheOptions>::default();
        settings.iter().for_each(|(key, value)| layered.set(key, value).unwrap());
        layered.resolve().unwrap()
    }

    #[test]
    fn a_profile_lies_under_a_workload_and_both_under_what_is_set() {
        let options = resolved(&[
            ("cleanup_batch_size", "7"),
            ("workload_type", "Write-Heavy"),
            ("performance_profile", "memory_efficient"),
        ]);
        let values = &options.values;
        assert_eq!(values.cleanup_batch_size, 7);
        assert_eq!(
            (values.eviction_policy.as_str(), values.cleanup_interval_ms),
            ("fifo", 120_000)
        );
        assert!(values.compression, "from the profile: the workload says nothing of it");
        let origin = |key| options.origin(key).unwrap().clone();
        assert_eq!(origin("eviction_policy"), Origin::Layer("workload write_heavy".into()));
        assert_eq!(origin("compression"), Origin::Layer("profile memory_efficient".into()));
        assert_eq!(origin("cleanup_batch_size"), Origin::Explicit);
    }

    #[test]
    fn the_adaptive_shorthand_wins_over_a_strategy_of_its_own_layer() {
        let strategy = |settings: &[_]| resolved(settings).values.cleanup_strategy;
        let on = ("adaptive_cleanup", "true");
        assert_eq!(strategy(&[on, ("cleanup_strategy", "lazy")]), "adaptive");
        assert_eq!(strategy(&[on, ("workload_type", "write_heavy")]), "adaptive");
        let off = ("adaptive_cleanup", "false");
        assert_eq!(strategy(&[off, ("workload_type", "write_heavy")]), "periodic");
        assert_eq!(strategy(&[on, ("adaptive_cleanup", "default")]), "hybrid");
    }

    #[test]
    fn what_is_not_to_be_adaptive_is_not_though_a_layer_would_have_it_so() {
        let (off, layer) = (("adaptive_cleanup", "false"), ("workload_type", "bursty"));
        let options = resolved(&[off, layer]);
        assert_eq!(options.values.cleanup_strategy, "hybrid");
        assert_eq!(options.origin("cleanup_strategy"), Ok(&Origin::Explicit));
        let asked = resolved(&[layer, ("cleanup_strategy", "adaptive"), off]);
        assert_eq!(asked.values.cleanup_strategy, "adaptive", "the strategy itself says more");
        let withdrawn = resolved(&[off, layer, ("adaptive_cleanup", "default")]);
        assert_eq!(withdrawn.values.cleanup_strategy, "adaptive");
    }

    #[test]
    fn the_text_default_withdraws_what_was_set() {
        let options = resolved(&[("capacity", "5"), ("capacity", " Default\n")]);
        assert_eq!(options.values.capacity, 10_000);
        assert_eq!(options.origin("capacity"), Ok(&Origin::Default));
    }

    #[test]
    fn a_whole_number_may_be_written_in_any_way() {
        let mut layered = Layered::<CacheOptions>::default();
        for (text, number) in [("1e3", 1_000), (" 12 ", 12), ("5.0", 5)] {
            layered.set("capacity", text).unwrap();
            assert_eq!(layered.resolve().unwrap().values.capacity, number);
        }
        layered.load_json(r#"{"capacity": 2E3}"#).unwrap();
        assert_eq!(layered.resolve().unwrap().values.capacity, 2_000);
        // What a float rounds is not what was meant.
        for rounded in ["9007199254740993.0", "9007199254740992.0", "1e19"] {
            layered.set("hash_seed", rounded).unwrap_err();
            layered.load_json(&format!(r#"{{"hash_seed": {rounded}}}"#)).unwrap_err();
        }
        layered.set("hash_seed", "9007199254740993").unwrap();
    }

    #[test]
    fn a_json_text_larger_than_any_that_makes_sense_is_refused_unread() {
        let mut layered = Layered::<CacheOptions>::default();
        let padded = |len: usize| r#"{"capacity": 5}"#.to_string() + &" ".repeat(len - 15);
        layered.load_json(&padded(16 << 20)).unwrap();
        let refused = layered.load_json(&padded((16 << 20) + 1)).unwrap_err().to_string();
        assert_eq!(refused, "options: 16777217 bytes do not fit into 16777216");
        assert_eq!(layered.resolve().unwrap().values.capacity, 5);
    }

    #[test]
    fn a_refusal_says_what_was_given_and_what_would_do() {
        let told = |key: &str, text: &str| {
            Layered::<CacheOptions>::default().set(key, text).unwrap_err().to_string()
        };
        for (key, text, message) in [
            ("shard_count", "65537", "shard_count: 65537 is outside 0..=65536"),
            ("shard_count", "1.5", "shard_count: 1.5 is outside the whole numbers 0..=65536"),
            (
                "hash_seed",
                "2e19",
                "hash_seed: 2e19 is outside 0..=18446744073709551615, or not written out in digits",
            ),
            ("shard_count", "", "shard_count: \"\" is outside the whole numbers 0..=65536"),
            ("alert_min_hit_rate", "x", "alert_min_hit_rate: x is outside the numbers 0..=1"),
            ("alert_min_hit_rate", "NaN", "alert_min_hit_rate: NaN is outside 0..=1"),
            ("compression", "perhaps", "compression: perhaps is outside true, false"),
        ] {
            assert_eq!(told(key, text), message);
        }
        for (key, message) in [
            ("CAPACITY", "CAPACITY: no such option; did you mean capacity?"),
            ("capacity ", "\"capacity \": no such option; did you mean capacity?"),
            ("", "\"\": no such option"),
        ] {
            assert_eq!(told(key, "1"), message);
        }
        let choice = told("eviction_policy", "mru");
        assert!(choice.starts_with("eviction_policy: mru is outside the choices s3fifo, "));
    }
}
