//! What each operation answers: against a plain map, and across resizes.

use std::collections::HashMap;

use super::*;
use crate::error::Error;

#[test]
fn random_operations_agree_with_a_plain_map() {
    for policy in policy::POLICIES.iter().map(|(name, _)| name) {
        let options = format!(
            r#"{{"capacity": 100000, "eviction_policy": "{policy}",
            "shard_count": 4, "default_ttl_ms": 5000, "max_memory_mb": 64}}"#
        );
        let (cache, clock) = cache(&options);
        let mut model: HashMap<Vec<u8>, (Vec<u8>, u64)> = HashMap::new();
        let mut random = fastrand::Rng::with_seed(3);
        let mut now = 0;
        for step in 0..20_000u64 {
            let key = random.u64(..500).to_string().into_bytes();
            let live = model.get(&key).filter(|(_, dies)| *dies > now).map(|(v, _)| v.clone());
            match random.u8(..10) {
                0..4 => {
                    let value = vec![step as u8; random.usize(..3_000)];
                    let (ttl, ms) = match random.u8(..4) {
                        0 => (Ttl::Never, u64::MAX / 2),
                        1 => (Ttl::Millis(random.u64(1..2_000)), 0),
                        _ => (Ttl::Default, 5_000),
                    };
                    let ms = if let Ttl::Millis(ms) = ttl { ms } else { ms };
                    cache.set(&key, &value, ttl).unwrap();
                    model.insert(key, (value, now + ms));
                }
                4 => {
                    assert_eq!(cache.remove(&key), live.is_some());
                    model.remove(&key);
                }
                5 => {
                    assert_eq!(cache.touch(&key, Ttl::Millis(700)).is_ok(), live.is_some());
                    if live.is_some() {
                        model.entry(key).and_modify(|(_, dies)| *dies = now + 700);
                    }
                }
                6 => assert_eq!(cache.contains(&key).unwrap(), live.is_some()),
                7 if step % 50 == 0 => cache.resize(1 << random.u64(..7)).unwrap(),
                7 => {
                    clock.advance(Duration::from_millis(37));
                    now += 37;
                }
                _ => {
                    let got = cache.get(&key).map(|value| value.as_bytes().to_vec());
                    assert_eq!(got, live, "{policy} at step {step}");
                }
            }
            if step % 1_000 == 0 {
                audit(&cache);
            }
        }
        cache.clear();
        assert!(cache.is_empty());
        audit(&cache);
    }
}

#[test]
fn a_walk_meets_everything_once_though_the_cache_is_resized_on_the_way() {
    let (cache, _) = cache(r#"{"capacity": 100000, "shard_count": 8}"#);
    (0..5_000u32).for_each(|n| cache.set(&n.to_le_bytes(), b"v", Ttl::Default).unwrap());
    let mut random = fastrand::Rng::with_seed(11);
    for _ in 0..5 {
        let mut seen = std::collections::HashSet::new();
        for (step, pair) in cache.walk().enumerate() {
            let pair = pair.unwrap();
            assert_eq!(pair.value().as_bytes(), b"v");
            assert!(seen.insert(pair.key().to_vec()), "twice");
            if step % 300 == 0 {
                cache.resize(1 << random.u64(..10)).unwrap();
            }
        }
        assert_eq!(seen.len(), 5_000);
    }
}

#[test]
fn a_prefix_goes_and_the_rest_stays() {
    let (cache, _) = cache(r#"{"shard_count": 8}"#);
    for n in 0..500u32 {
        cache.set(format!("user:{n}").as_bytes(), b"v", Ttl::Default).unwrap();
        cache.set(format!("page:{n}").as_bytes(), b"v", Ttl::Default).unwrap();
    }
    assert_eq!(cache.remove_prefix(b"user:4").unwrap(), 111);
    assert_eq!(cache.len(), 889);
    assert!(cache.get(b"user:4").is_none() && cache.get(b"user:399").is_some());
    assert_eq!(cache.remove_prefix(b"").unwrap(), 889);
    audit(&cache);
}

#[test]
fn many_keys_answer_in_their_order() {
    let (cache, _) = cache("{}");
    cache.set(b"a", b"1", Ttl::Default).unwrap();
    cache.set(b"c", b"3", Ttl::Default).unwrap();
    let keys: [&[u8]; 3] = [b"a", b"b", b"c"];
    let values = cache.get_many(keys.into_iter()).unwrap();
    let bytes: Vec<_> = values.iter().map(|v| v.as_ref().map(Value::as_bytes)).collect();
    assert_eq!(bytes, [Some(&b"1"[..]), None, Some(b"3")]);
}

#[test]
fn more_keys_than_there_is_memory_for_are_refused_as_such() {
    let (cache, _) = cache("{}");
    let keys = std::iter::repeat_n(&b"k"[..], usize::MAX);
    let refused = cache.get_many(keys).map(drop);
    let said = Error::Internal(format!("out of memory for {} values", usize::MAX));
    assert_eq!(refused, Err(said));
}
