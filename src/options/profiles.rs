//! What the cache's profiles and workloads set.
//!
//! A layer holds only what it has an opinion on. Profiles lie under workloads,
//! and both lie under what the caller sets (see [`super::Layered`]).

use std::thread::available_parallelism;

use super::{Suggestions, Value};

/// Cores that this process may use: affinity and cgroup limits respected.
pub fn cores() -> u32 {
    available_parallelism().map_or(1, |n| n.get() as u32)
}

type Values = Vec<(&'static str, Value)>;

/// The layers that the caller chose, weakest first.
pub(super) fn layers(chosen: &dyn Fn(&str) -> Option<Value>) -> Vec<Suggestions> {
    let mut layers = Vec::new();
    let mut add = |option: &'static str, kind: &str, table: fn(&str) -> Option<Values>| {
        let Some(Value::Text(choice)) = chosen(option) else { return };
        if let Some(values) = table(&choice) {
            layers.push(Suggestions { layer: format!("{kind} {choice}"), values });
        }
    };
    add("performance_profile", "profile", profile);
    add("workload_type", "workload", workload);
    layers
}

fn minutes(n: u64) -> Value {
    Value::Int(n * 60_000)
}

fn shards(per_core: u32) -> Value {
    Value::from((per_core * cores()).min(65_536))
}

/// What each workload and each profile says.
fn common(per_core: u32, interval: u64, batch: u64, strategy: &str) -> Values {
    vec![
        ("shard_count", shards(per_core)),
        ("cleanup_interval_ms", minutes(interval)),
        ("cleanup_batch_size", batch.into()),
        ("cleanup_strategy", strategy.into()),
    ]
}

fn with(mut values: Values, more: &[(&'static str, Value)]) -> Option<Values> {
    values.extend_from_slice(more);
    Some(values)
}

fn workload(name: &str) -> Option<Values> {
    match name {
        "read_heavy" => with(common(4, 10, 100, "hybrid"), &[("eviction_policy", "lru".into())]),
        "write_heavy" => {
            with(common(2, 2, 1_000, "periodic"), &[("eviction_policy", "fifo".into())])
        }
        "mixed" => Some(common(2, 5, 200, "hybrid")),
        "bursty" => with(
            common(8, 5, 200, "adaptive"),
            &[
                ("auto_tuning", true.into()),
                ("max_retries", 5u64.into()),
                ("retry_delay_ms", 10u64.into()),
            ],
        ),
        _ => None,
    }
}

fn profile(name: &str) -> Option<Values> {
    let common = |per_core, interval, batch, retries: u64, strategy| {
        let mut values = common(per_core, interval, batch, strategy);
        values.push(("max_retries", retries.into()));
        values
    };
    match name {
        "low_latency" => Some(common(4, 5, 100, 3, "lazy")),
        "high_throughput" => {
            with(common(8, 10, 500, 2, "adaptive"), &[("eviction_policy", "lru".into())])
        }
        "balanced" => with(common(2, 2, 200, 2, "hybrid"), &[("eviction_policy", "lru".into())]),
        "memory_efficient" => with(
            common(1, 1, 50, 1, "periodic"),
            &[
                ("eviction_policy", "lfu".into()),
                ("compression", true.into()),
                ("compression_threshold", 1_024u64.into()),
            ],
        ),
        _ => None,
    }
}
