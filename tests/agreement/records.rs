//! The fields of log records, as the page on metrics lists them, and as clients and
//! caches write them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mynah::cache::{Cache, Listeners as CacheListeners};
use mynah::clock::Clock;
use mynah::llm::asked::Asked;
use mynah::llm::client::{Client, Parts};
use mynah::llm::log::{Level, Listeners, LogListener};
use mynah::llm::queue::Queue;
use mynah::llm::request::Request;
use mynah::mock::{MockOptions, MockServer};
use mynah::options::cache::CacheOptions;
use mynah::options::client::ClientOptions;
use mynah::options::{Layered, OptionSet};
use serde_json::{Map, Value};

use crate::read;

type Records = Arc<Mutex<Vec<Map<String, Value>>>>;

fn listener(records: &Records) -> Option<(Level, Arc<LogListener>)> {
    let records = records.clone();
    let listener = move |_, text: &str| {
        records.lock().unwrap().push(serde_json::from_str(text).unwrap());
    };
    Some((Level::Debug, Arc::new(listener)))
}

fn options<T: OptionSet>(set: &[(&str, &str)]) -> Layered<T> {
    let mut options = Layered::default();
    set.iter().for_each(|(name, value)| options.set(name, value).unwrap());
    options
}

fn client(mock: &MockServer, records: &Records, set: &[(&str, &str)]) -> Arc<Client> {
    let own = [("provider", "custom"), ("model", "mock"), ("proxy", "none")];
    let own = [&own[..], &[("base_url", mock.url()), ("retry_delay_ms", "0")], set].concat();
    let options = options::<ClientOptions>(&own).resolve().unwrap();
    let listeners = Listeners { log: listener(records), ..Listeners::default() };
    Arc::new(Client::new(options, Parts { listeners, ..Parts::default() }).unwrap())
}

fn mock(set: &[(&str, &str)]) -> MockServer {
    MockServer::start(options::<MockOptions>(set).resolve().unwrap().values).unwrap()
}

/// Calls that end well and badly, directly and through a queue, are sent again, and
/// cross a threshold and the breaker; and an answer that cannot be renewed.
fn calls(records: &Records) {
    let mut request = Request::new();
    request.add_message("user", "hello").unwrap();
    let (well, long) = (mock(&[]), mock(&[("answer_words", "2000")]));
    let healthy = client(&well, records, &[]);
    healthy.chat(&request, None).unwrap();
    healthy.embed("not JSON", None).unwrap_err();
    let (queue, queued) = (Queue::new(1).unwrap(), Arc::new(request.clone()));
    queue.submit(Asked::Client(healthy), queued, false, None, 1).unwrap();
    queue.next(Duration::from_secs(60)).unwrap();
    let bounded = client(&long, records, &[("max_response_bytes", "1024")]);
    bounded.chat(&request, None).unwrap_err();
    let sick = mock(&[("status", "500")]);
    let again = client(&sick, records, &[("retry_count", "1")]);
    again.chat(&request, None).unwrap_err();
    let broken = client(&sick, records, &[("breaker_failure_threshold", "1")]);
    (0..20).for_each(|_| _ = broken.chat(&request, None));
    let gone = mock(&[]);
    let lifetimes = [("cache_ttl_ms", "1"), ("cache_stale_while_revalidate_ms", "600000")];
    let renewing = client(&gone, records, &[&[("cache_enabled", "true")], &lifetimes[..]].concat());
    renewing.chat(&request, None).unwrap();
    drop(gone);
    let is_told = |record: &Map<String, Value>| record["event"] == "mynah.renewal_failed";
    while !records.lock().unwrap().iter().any(is_told) {
        renewing.chat(&request, None).unwrap();
    }
}

/// A cache that changes itself, and that crosses a threshold.
fn cache(records: &Records) {
    let set = [("capacity", "100000"), ("auto_tuning", "true"), ("alert_min_hit_rate", "0.9")];
    let options = options::<CacheOptions>(&set).resolve().unwrap();
    let (clock, time) = Clock::manual();
    let listeners = CacheListeners { log: listener(records), ..CacheListeners::default() };
    let cache = Cache::with_listeners(options, clock, listeners).unwrap();
    (0..1_000).for_each(|_| assert!(cache.get(b"key").is_none()));
    // It changes itself on a thread of its own.
    while !records.lock().unwrap().iter().any(|record| record["event"] == "mynah.cache.tuning") {
        time.advance(Duration::from_secs(60));
        cache.metrics_json();
        std::thread::yield_now();
    }
}

/// The fields that the page lists for each event, and in which records they are.
fn listed() -> BTreeMap<String, BTreeMap<String, String>> {
    let page = read("docs/metrics.md");
    let mut listed: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut events: Vec<String> = Vec::new();
    for line in page.lines() {
        let quoted = |text: &str| -> Vec<String> {
            text.split('`').skip(1).step_by(2).map(String::from).collect()
        };
        if line.starts_with('#') {
            let names = line.strip_prefix("### ").map(|line| line.split(':').next().unwrap());
            events = names.map(quoted).unwrap_or_default();
        } else if let Some(row) = line.strip_prefix("| `") {
            let field = row.split('`').next().unwrap();
            let place = row.trim_end_matches(" |").rsplit("| ").next().unwrap();
            for event in &events {
                let fields = listed.entry(event.clone()).or_default();
                fields.insert(field.into(), place.into());
            }
        }
    }
    listed
}

#[test]
fn the_page_lists_each_field_of_a_log_record_and_no_other() {
    let records = Records::default();
    calls(&records);
    cache(&records);
    let records = records.lock().unwrap();
    let listed = listed();
    let events: BTreeSet<_> = records.iter().map(|r| r["event"].as_str().unwrap()).collect();
    assert_eq!(events, listed.keys().map(String::as_str).collect());
    for (event, fields) in &listed {
        let those: Vec<_> = records.iter().filter(|record| record["event"] == **event).collect();
        let found: BTreeSet<_> = those.iter().flat_map(|record| record.keys()).collect();
        let common = ["event".to_string(), "level".to_string()];
        assert_eq!(found, fields.keys().chain(&common).collect(), "{event}");
        for (field, place) in fields {
            let (with, without): (Vec<_>, Vec<_>) =
                those.iter().partition(|record| record.contains_key(field));
            let ended_badly = |record: &&&Map<String, Value>| record.contains_key("error.type");
            assert!(
                match place.as_str() {
                    "each" => without.is_empty(),
                    "answered" => !with.iter().any(ended_badly) && without.iter().all(ended_badly),
                    "unanswered" =>
                        with.iter().all(ended_badly) && !without.iter().any(ended_badly),
                    _ => !with.is_empty() && !without.is_empty(),
                },
                "{event} {field}: {place}"
            );
        }
    }
}
