//! Each option acts: a row for every one, with two values and what is seen of
//! a cache under either. An option that is ignored is seen alike under both.

use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex as Plain;
use serde_json::{Value as Json, json};

use super::*;
use crate::clock::ManualClock;
use crate::options::{Layered, OptionSet};

/// A cache under a setting, on a clock that stands still.
struct Probe {
    cache: Arc<Cache>,
    clock: Arc<ManualClock>,
    /// Entries that were left when the first one was told to have gone.
    left_at_first: Arc<OnceLock<u64>>,
}

struct Effect {
    key: &'static str,
    /// What the effect needs beside the option.
    base: &'static str,
    /// A value, and what is then seen; null: whatever the other does not show.
    one: (&'static str, Json),
    other: (&'static str, Json),
    seen: fn(&Probe) -> Json,
}

fn effects() -> Vec<Effect> {
    let row = |key, base, one: (&'static str, Json), other: (&'static str, Json), seen| Effect {
        key,
        base,
        one,
        other,
        seen,
    };
    vec![
        row("capacity", "{}", ("10", json!(10)), ("20", json!(20)), |p| {
            p.fill(50, 1);
            p.cache.len().into()
        }),
        row("shard_count", "{}", ("2", json!(2)), ("8", json!(8)), |p| {
            p.cache.shard_count().into()
        }),
        row("default_ttl_ms", "{}", ("10", json!(0)), ("0", json!(1)), |p| {
            p.fill(1, 1);
            p.clock.advance(Duration::from_millis(10));
            p.alive()
        }),
        row(
            "cleanup_interval_ms",
            r#"{"default_ttl_ms": 10}"#,
            ("0", json!(null)),
            ("5000", json!(6_000)),
            |p| {
                p.fill(1, 1);
                p.cache.next_sweep_ms().map_or("never".into(), Json::from)
            },
        ),
        row(
            "cleanup_batch_size",
            r#"{"default_ttl_ms": 10, "shard_count": 1}"#,
            ("1", json!(true)),
            ("1000", json!(false)),
            |p| {
                p.fill(100, 1);
                p.clock.advance(Duration::from_secs(1));
                p.cache.sweep();
                // The lock was let go of in between, and the rest was there.
                (*p.left_at_first.get().unwrap() > 0).into()
            },
        ),
        row(
            "cleanup_strategy",
            r#"{"default_ttl_ms": 10}"#,
            ("periodic", json!(1)),
            ("lazy", json!(0)),
            |p| {
                p.fill(1, 1);
                p.clock.advance(Duration::from_millis(10));
                assert!(p.cache.get(&0u32.to_le_bytes()).is_none());
                p.cache.len().into()
            },
        ),
        row(
            "adaptive_cleanup",
            r#"{"cleanup_interval_ms": 1000}"#,
            ("false", json!(1_000)),
            ("true", json!(2_000)),
            |p| {
                p.fill(1, 1);
                p.cache.sweep();
                p.metrics("/sweep/pace_ms")
            },
        ),
        row(
            "eviction_policy",
            r#"{"capacity": 10, "shard_count": 1}"#,
            ("fifo", json!(false)),
            ("lru", json!(true)),
            |p| {
                p.fill(10, 1);
                p.cache.get(&0u32.to_le_bytes());
                p.fill_from(10, 12, 1);
                p.cache.contains(&0u32.to_le_bytes()).unwrap().into()
            },
        ),
        row(
            "workload_type",
            "{}",
            ("read_heavy", json!("lru")),
            ("write_heavy", json!("fifo")),
            |p| p.cache.policy_name().into(),
        ),
        row(
            "performance_profile",
            "{}",
            ("balanced", json!(null)),
            ("memory_efficient", json!(1)),
            |p| {
                p.fill(1, 4_000);
                p.metrics("/compression/packed_values")
            },
        ),
        row(
            "max_retries",
            r#"{"retry_delay_ms": 1, "shard_count": 1}"#,
            ("0", json!("waited")),
            ("1", json!("busy")),
            Probe::contend,
        ),
        row(
            "retry_delay_ms",
            r#"{"max_retries": 1, "shard_count": 1}"#,
            ("60000", json!("waited")),
            ("1", json!("busy")),
            Probe::contend,
        ),
        row("auto_tuning", "{}", ("false", json!(300_000)), ("true", json!(600_000)), |p| {
            for _ in 0..3 {
                p.clock.advance(Duration::from_secs(60));
                p.cache.maintain();
                while p.cache.is_tuning() {
                    std::thread::yield_now();
                }
            }
            p.cache.sweep_interval().into()
        }),
        row("max_memory_mb", r#"{"capacity": 100000}"#, ("1", json!(0)), ("2", json!(1)), |p| {
            p.fill(4_000, 1_000);
            // As many as the bound are not more.
            ((p.cache.memory_bytes() - 1) >> 20).into()
        }),
        row("max_entry_bytes", "{}", ("10", json!(false)), ("0", json!(true)), |p| {
            p.cache.set(b"key", &[0; 20], Ttl::Default).is_ok().into()
        }),
        row("compression", "{}", ("false", json!(null)), ("true", json!(1)), |p| {
            p.fill(1, 4_000);
            p.metrics("/compression/packed_values")
        }),
        row(
            "compression_level",
            r#"{"compression": true}"#,
            ("1", json!(null)),
            ("19", json!(null)),
            |p| {
                p.cache.set(b"text", &text(20_000), Ttl::Default).unwrap();
                p.metrics("/compression/packed_bytes")
            },
        ),
        row(
            "compression_threshold",
            r#"{"compression": true}"#,
            ("100", json!(1)),
            ("10000", json!(0)),
            |p| {
                p.fill(1, 4_000);
                p.metrics("/compression/packed_values")
            },
        ),
        row("metrics_enabled", "{}", ("false", json!(0)), ("true", json!(1)), |p| {
            p.cache.get(b"nothing");
            p.metrics("/misses")
        }),
        row(
            "ttl_jitter_percent",
            r#"{"default_ttl_ms": 1000}"#,
            ("0", json!(false)),
            ("50", json!(true)),
            |p| {
                p.fill(1_000, 1);
                p.clock.advance(Duration::from_millis(900));
                (p.cache.sweep() > 0).into()
            },
        ),
        row(
            "stale_while_revalidate_ms",
            r#"{"default_ttl_ms": 10}"#,
            ("0", json!("nothing")),
            ("1000", json!("stale")),
            |p| {
                p.fill(1, 1);
                p.clock.advance(Duration::from_millis(10));
                let ask = || p.cache.get_or_claim(&0u32.to_le_bytes(), Duration::ZERO, None);
                let _renewal = ask().unwrap_or_else(|_| panic!("the first one claims"));
                match ask() {
                    Ok(Claimed::Stale(_)) => "stale".into(),
                    _ => "nothing".into(),
                }
            },
        ),
        row("hash_seed", "{}", ("1", json!(null)), ("2", json!(null)), |p| {
            p.cache.shared.hash(b"key").into()
        }),
        row("alert_min_hit_rate", QUIET, ("0", json!([])), ("0.9", json!(null)), |p| {
            (0..200).for_each(|_| assert!(p.cache.get(b"nothing").is_none()));
            p.metrics("/alerts")
        }),
        row("alert_max_get_latency_us", QUIET, ("0", json!([])), ("1", json!(null)), |p| {
            p.slow_gets()
        }),
        row("alert_max_memory_mb", QUIET, ("0", json!([])), ("1", json!(null)), |p| {
            p.fill(2_000, 1_000);
            p.metrics("/alerts")
        }),
        row("alert_max_shard_imbalance", QUIET, ("0", json!([])), ("0.01", json!(null)), |p| {
            let lopsided = |n: &u32| p.cache.shared.hash(&n.to_le_bytes()) & 1 == 0;
            let keys = (0..1_000u32).filter(lopsided);
            keys.for_each(|n| p.cache.set(&n.to_le_bytes(), b"v", Ttl::Default).unwrap());
            p.metrics("/alerts")
        }),
    ]
}

/// No threshold but the row's own.
const QUIET: &str = r#"{"alert_min_hit_rate": 0, "alert_max_get_latency_us": 0,
    "alert_max_memory_mb": 0, "alert_max_shard_imbalance": 0, "shard_count": 2}"#;

/// Something that packs, and better the harder one tries.
fn text(len: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(1);
    (0..len).map(|_| b"etaoin shrdlu"[random.usize(..13).min(random.usize(..13))]).collect()
}

impl Probe {
    fn new(layered: &Layered<CacheOptions>) -> Probe {
        let (told, place) =
            (Arc::<OnceLock<u64>>::default(), Arc::<OnceLock<Weak<Cache>>>::default());
        let listener = {
            let (told, place) = (told.clone(), place.clone());
            move |_: &[u8], _: &[u8], _: Reason| {
                if let Some(cache) = place.get().and_then(Weak::upgrade) {
                    told.get_or_init(|| cache.len());
                }
            }
        };
        let listeners = Listeners { departures: Some(Arc::new(listener)), ..Listeners::default() };
        let (clock, hand) = Clock::manual();
        let cache = Cache::with_listeners(layered.resolve().unwrap(), clock, listeners).unwrap();
        place.set(Arc::downgrade(&cache)).unwrap();
        Probe { cache, clock: hand, left_at_first: told }
    }

    fn fill(&self, count: u32, len: usize) {
        self.fill_from(0, count, len);
    }

    fn fill_from(&self, from: u32, to: u32, len: usize) {
        let set = |n: u32| self.cache.set(&n.to_le_bytes(), &vec![0; len], Ttl::Default).unwrap();
        (from..to).for_each(set);
    }

    fn alive(&self) -> Json {
        (self.cache.contains(&0u32.to_le_bytes()).unwrap() as u32).into()
    }

    fn metrics(&self, place: &str) -> Json {
        self.cache.metrics_json().pointer(place).cloned().unwrap_or_else(|| "absent".into())
    }

    /// A call on a shard that somebody holds: whether it waits or gives up.
    fn contend(&self) -> Json {
        self.fill(1, 1);
        let ended = Plain::new(None);
        std::thread::scope(|scope| {
            let held = self.cache.directory.cell(0).write();
            let call = scope.spawn(|| {
                let found = self.cache.fetch(&0u32.to_le_bytes(), &mut None);
                *ended.lock() = Some(found.is_ok());
            });
            let begun = Instant::now();
            while !call.is_finished() && begun.elapsed() < Duration::from_millis(500) {
                std::thread::yield_now();
            }
            drop(held);
        });
        match ended.into_inner() {
            Some(true) => "waited".into(),
            _ => "busy".into(),
        }
    }

    /// What is raised after gets that took three microseconds each.
    fn slow_gets(&self) -> Json {
        let mut report = self.cache.report();
        report.timed_gets = (100 * 3_000, 100);
        self.cache.check_alerts(&report);
        self.cache.alerts.raised().into()
    }
}

/// What is seen under a value that came by one of the doors.
fn under(effect: &Effect, value: &str, door: usize) -> Json {
    let mut layered = Layered::<CacheOptions>::default();
    layered.set("hash_seed", "7").unwrap();
    layered.load_json(effect.base).unwrap();
    match door {
        0 => layered.set(effect.key, value).unwrap(),
        1 => layered.load_json(&json!({effect.key: value}).to_string()).unwrap(),
        _ => {
            let row = CacheOptions::rows().iter().find(|row| row.key == effect.key).unwrap();
            layered.set_value(effect.key, row.parse(value).unwrap()).unwrap();
        }
    }
    (effect.seen)(&Probe::new(&layered))
}

#[test]
fn every_option_acts() {
    for (n, effect) in effects().iter().enumerate() {
        let seen = (under(effect, effect.one.0, n % 3), under(effect, effect.other.0, (n + 1) % 3));
        assert_ne!(seen.0, seen.1, "{} is ignored", effect.key);
        for (expected, seen) in [(&effect.one.1, &seen.0), (&effect.other.1, &seen.1)] {
            assert!(expected.is_null() || expected == seen, "{}: {seen}", effect.key);
        }
    }
}

#[test]
fn every_option_has_a_row_here() {
    let rows: Vec<_> = CacheOptions::rows().iter().map(|row| row.key).collect();
    let tested: Vec<_> = effects().iter().map(|effect| effect.key).collect();
    assert_eq!(tested, rows);
}

/// Retries, their delay, self-tuning and compression of a layer.
fn beyond_the_columns(name: &str) -> (u32, u64, bool, (bool, u64)) {
    let (retries, delay_ms) = match name {
        "bursty" => (5, 10),
        "low_latency" => (3, 1),
        "high_throughput" | "balanced" => (2, 1),
        "memory_efficient" => (1, 1),
        _ => (0, 1),
    };
    (retries, delay_ms, name == "bursty", (name == "memory_efficient", 1_024))
}

#[test]
fn every_layer_sets_what_its_table_says_and_yields_to_what_is_set() {
    let cpu = crate::options::profiles::cores();
    // shards, sweep in minutes, batch, policy, strategy
    let layers = [
        ("workload_type", "read_heavy", 4, 10, 100, "lru", "hybrid"),
        ("workload_type", "write_heavy", 2, 2, 1_000, "fifo", "periodic"),
        ("workload_type", "mixed", 2, 5, 200, "s3fifo", "hybrid"),
        ("workload_type", "bursty", 8, 5, 200, "s3fifo", "adaptive"),
        ("performance_profile", "low_latency", 4, 5, 100, "s3fifo", "lazy"),
        ("performance_profile", "high_throughput", 8, 10, 500, "lru", "adaptive"),
        ("performance_profile", "balanced", 2, 2, 200, "lru", "hybrid"),
        ("performance_profile", "memory_efficient", 1, 1, 50, "lfu", "periodic"),
    ];
    let chosen = |option: &str| layers.iter().filter(|layer| layer.0 == option).count() + 1;
    for row in CacheOptions::rows() {
        if let crate::options::Kind::Choice(words) = &row.kind
            && ["workload_type", "performance_profile"].contains(&row.key)
        {
            assert_eq!(words.len(), chosen(row.key), "{}", row.key);
        }
    }
    for (option, name, per_core, minutes, batch, policy, strategy) in layers {
        let mut layered = Layered::<CacheOptions>::default();
        layered.set("capacity", "1000000").unwrap();
        layered.set(option, name).unwrap();
        let probe = Probe::new(&layered);
        let values = &probe.cache.options.values;
        assert_eq!(probe.cache.shard_count(), (per_core * cpu).next_power_of_two(), "{name}");
        assert_eq!(probe.cache.sweep_interval(), minutes * 60_000, "{name}");
        assert_eq!((values.cleanup_batch_size, probe.cache.policy_name()), (batch, policy));
        assert_eq!(probe.cache.strategy(), strategy, "{name}");
        let packs = (values.compression, values.compression_threshold);
        let rest = (values.max_retries, values.retry_delay_ms, values.auto_tuning, packs);
        assert_eq!(rest, beyond_the_columns(name), "{name}");
        let mine = [
            ("shard_count", "16"),
            ("cleanup_interval_ms", "7"),
            ("cleanup_batch_size", "9"),
            ("eviction_policy", "random"),
            ("cleanup_strategy", if strategy == "lazy" { "periodic" } else { "lazy" }),
            ("auto_tuning", "false"),
            ("max_retries", "4"),
            ("retry_delay_ms", "6"),
            ("compression", "false"),
            ("compression_threshold", "8"),
        ];
        mine.iter().for_each(|(key, value)| layered.set(key, value).unwrap());
        let resolved = layered.resolve().unwrap().to_json();
        for (key, value) in mine {
            let shown = &resolved[key]["value"];
            let shown = shown.as_str().map_or_else(|| shown.to_string(), str::to_string);
            assert_eq!((key, shown.as_str()), (key, value), "{name}");
            assert_eq!(resolved[key]["origin"], "explicit");
        }
    }
}
