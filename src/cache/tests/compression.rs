//! Values that are stored packed.

use super::*;

/// A body as chat APIs answer it, with a text that differs.
fn answer(n: u64) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(n);
    let words = ["river", "stone", "light", "paper", "north", "seven", "glass", "quiet"];
    let text: Vec<&str> = (0..30).map(|_| words[random.usize(..8)]).collect();
    format!(
        r#"{{"id":"chatcmpl-{:016x}","object":"chat.completion","created":{},"model":"gpt-4.1-mini","choices":[{{"index":0,"message":{{"role":"assistant","content":"{}","refusal":null}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":{},"completion_tokens":{}}}}}"#,
        random.u64(..),
        1_700_000_000 + n,
        text.join(" "),
        random.u8(..),
        random.u8(..),
    )
    .into_bytes()
}

#[test]
fn packed_values_come_back_and_a_dictionary_makes_short_ones_small() {
    let (cache, _) = cache(r#"{"compression": true, "compression_threshold": 100}"#);
    for n in 0..200u64 {
        cache.set(&n.to_le_bytes(), &answer(n), Ttl::Default).unwrap();
    }
    let plain = cache.metrics_json()["compression"]["ratio"].as_f64().unwrap();
    cache.train_next();
    audit(&cache);
    let before = cache.metrics_json();
    for n in 1_000..1_200u64 {
        cache.set(&n.to_le_bytes(), &answer(n), Ttl::Default).unwrap();
    }
    let after = cache.metrics_json();
    let part = |key: &str| {
        let bytes = |json: &serde_json::Value| json["compression"][key].as_f64().unwrap();
        bytes(&after) - bytes(&before)
    };
    let ratio = part("raw_bytes") / part("packed_bytes");
    assert!(ratio > 2.5 && ratio > plain * 1.3, "{plain} {ratio}");
    for n in (0..200).chain(1_000..1_200u64) {
        assert_eq!(cache.get(&n.to_le_bytes()).unwrap().as_bytes(), answer(n));
    }
    let mut place = [0; 2_000];
    let len = cache.fetch_into(&7u64.to_le_bytes(), &mut place, &mut None).unwrap();
    assert_eq!(&place[..len], answer(7));
    let small = cache.fetch_into(&7u64.to_le_bytes(), &mut place[..10], &mut None);
    assert_eq!(small, Err(Missed::TooLarge(answer(7).len())));
    audit(&cache);
}

#[test]
fn what_waits_to_be_told_of_keeps_its_dictionary() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let place: Arc<Mutex<Option<Arc<Cache>>>> = Arc::default();
    let listener = {
        let (told, place) = (told.clone(), place.clone());
        move |key: &[u8], value: &[u8], _: Reason| {
            let first = told.lock().is_empty();
            told.lock().push((key.to_vec(), value.to_vec()));
            // Another dictionary takes the place of that of the entries that wait.
            if let Some(cache) = place.lock().clone().filter(|_| first) {
                for n in 0..200u8 {
                    let text: Vec<u8> = (0..300).map(|i| (i as u8).wrapping_mul(n | 1)).collect();
                    cache.set(b"other", &text, Ttl::Never).unwrap();
                }
                cache.remove(b"other");
                cache.train_next();
            }
        }
    };
    let listeners = Listeners { departures: Some(Arc::new(listener)), ..Listeners::default() };
    let mut layered = Layered::<CacheOptions>::default();
    layered.load_json(r#"{"compression": true, "compression_threshold": 32}"#).unwrap();
    let cache =
        Cache::with_listeners(layered.resolve().unwrap(), Clock::System, listeners).unwrap();
    (0..200u64).for_each(|n| cache.set(&n.to_le_bytes(), &answer(n), Ttl::Never).unwrap());
    cache.train_next();
    cache.clear();
    told.lock().clear();
    (0..50u64).for_each(|n| cache.set(&n.to_le_bytes(), &answer(n), Ttl::Never).unwrap());
    let trained = cache.metrics_json()["compression"]["dictionaries_trained"].as_u64();
    *place.lock() = Some(cache.clone());
    cache.clear();
    place.lock().take();
    let json = cache.metrics_json();
    assert!(json["compression"]["dictionaries_trained"].as_u64() > trained, "another is better");
    let all = std::mem::take(&mut *told.lock());
    let of_answers = all.iter().filter(|(key, _)| key.len() == 8);
    let whole = of_answers.map(|(key, value)| {
        let n = u64::from_le_bytes(key[..].try_into().unwrap());
        assert!(*value == answer(n), "{n}: {} bytes", value.len());
    });
    assert_eq!(whole.count(), 50);
    // Once all have been told of, the first dictionary goes.
    cache.clear();
    let both = json["compression"]["dictionary_bytes"].as_u64().unwrap();
    cache.train_next();
    assert!(cache.metrics_json()["compression"]["dictionary_bytes"].as_u64().unwrap() < both);
}

#[test]
fn values_that_do_not_shrink_and_short_ones_are_stored_as_they_are() {
    let (cache, _) = cache(r#"{"compression": true}"#);
    let mut random = fastrand::Rng::with_seed(1);
    let noise: Vec<u8> = (0..4_000).map(|_| random.u8(..)).collect();
    cache.set(b"noise", &noise, Ttl::Default).unwrap();
    cache.set(b"short", &[0; 1_023], Ttl::Default).unwrap();
    assert_eq!(cache.metrics_json()["compression"]["packed_values"], 0);
    cache.set(b"long", &[0; 1_024], Ttl::Default).unwrap();
    assert_eq!(cache.metrics_json()["compression"]["packed_values"], 1);
    assert_eq!(cache.get(b"noise").unwrap().as_bytes(), noise);
}
