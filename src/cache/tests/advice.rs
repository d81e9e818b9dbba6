//! Advice that can be taken.

use super::*;

/// The options that a cache is advised to set, with their values.
fn advised(cache: &Cache) -> Vec<(String, u64)> {
    let advice = cache.advise_json();
    let findings = advice["findings"].as_array().unwrap();
    let number = |value: &serde_json::Value| value.as_u64().unwrap();
    let options = findings.iter().filter(|f| f["look_at"].is_null());
    options.map(|f| (f["option"].as_str().unwrap().into(), number(&f["value"]))).collect()
}

#[test]
fn advice_names_the_option_that_bars_more_shards() {
    let slow = |capacity: u64, shards: u64, rest: &str| {
        let (cache, _) =
            cache(&format!(r#"{{"capacity": {capacity}, "shard_count": {shards}{rest}}}"#));
        cache.set(b"k", b"v", Ttl::Never).unwrap();
        (0..2_000).for_each(|_| assert!(cache.get(b"k").is_some()));
        (0..40).for_each(|_| drop(cache.directory.cell(0).wait_to_read(None, None)));
        cache.metrics.get_ns.record(1_000_000_000);
        (advised(&cache), cache)
    };
    let one = |option: &str, value| vec![(option.to_string(), value)];
    assert_eq!(slow(100, 1, "").0, one("capacity", 128));
    assert_eq!(slow(128, 1, "").0, one("shard_count", 2));
    assert_eq!(slow(128, 2, "").1.shard_count(), 2);
    let (tight, cache) = slow(1_000_000, 256, r#", "max_memory_mb": 1"#);
    assert_eq!(tight[0].0, "max_memory_mb");
    let shards = cache.shard_count() as u64 * 2;
    let enough = format!(r#", "max_memory_mb": {}"#, tight[0].1);
    assert_eq!(slow(1_000_000, shards, &enough).1.shard_count() as u64, shards);
}

#[test]
fn a_longer_default_life_is_advised_where_it_would_help_and_else_a_look_at_the_lives() {
    let told = |default_ms: u64, ttl| {
        let (cache, clock) = cache(&format!(r#"{{"default_ttl_ms": {default_ms}}}"#));
        for n in 0..1_500u32 {
            assert!(cache.get(&n.to_le_bytes()).is_none());
            cache.set(&n.to_le_bytes(), b"v", ttl).unwrap();
            clock.advance(Duration::from_millis(100));
        }
        cache.sweep();
        let advice = cache.advise_json();
        let looks = advice["findings"].as_array().unwrap().iter().map(|f| &f["look_at"]);
        let looks = looks.filter_map(|place| place.as_str()).collect::<Vec<_>>().join(", ");
        let advised = advised(&cache);
        let longer = advised.into_iter().find(|(option, _)| option == "default_ttl_ms");
        (longer.map(|found| found.1), looks)
    };
    let (most, own) = (100 * 365 * 86_400_000, "the lifetimes that are given with the values");
    assert_eq!(told(50, Ttl::Default), (Some(100), "".into()));
    assert_eq!(told(50, Ttl::Millis(50)), (None, own.into()));
    assert_eq!(told(most, Ttl::Millis(50)), (None, own.into()));
}
