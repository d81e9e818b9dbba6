//! What is shown to Prometheus, read by a parser that forgives nothing: its text
//! format, version 0.0.4, and the rules on names that its own checker has.

#![allow(clippy::unwrap_used)] // helpers of tests

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mynah::cache::{Cache, Ttl};
use mynah::clock::Clock;
use mynah::llm::client::{Client, Parts};
use mynah::llm::request::Request;
use mynah::llm::totals;
use mynah::mock::{MockOptions, MockServer};
use mynah::options::Layered;
use mynah::options::cache::CacheOptions;
use mynah::options::client::ClientOptions;

type Labels = BTreeMap<String, String>;

#[derive(Debug, Default)]
struct Family {
    kind: String,
    samples: Vec<(String, Labels, f64)>,
}

fn is_name(text: &str) -> bool {
    let first = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == ':');
    first && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':')
}

/// `{a="b",c="d"}`: the labels, and what follows them.
fn labels(text: &str) -> Result<(Labels, &str), String> {
    let Some(mut rest) = text.strip_prefix('{') else { return Ok((Labels::new(), text)) };
    let mut labels = Labels::new();
    loop {
        let (name, after) = rest.split_once("=\"").ok_or("a label without a value")?;
        if !is_name(name) || name.contains(':') {
            return Err(format!("label {name:?}"));
        }
        let (mut value, mut chars) = (String::new(), after.char_indices());
        let end = loop {
            match chars.next().ok_or("a value without end")? {
                (at, '"') => break at,
                (_, '\\') => match chars.next() {
                    Some((_, '\\')) => value.push('\\'),
                    Some((_, '"')) => value.push('"'),
                    Some((_, 'n')) => value.push('\n'),
                    other => return Err(format!("escape {other:?}")),
                },
                (_, c) => value.push(c),
            }
        };
        if labels.insert(name.into(), value).is_some() {
            return Err(format!("label {name} twice"));
        }
        rest = &after[end + 1..];
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None => return Ok((labels, rest.strip_prefix('}').ok_or("labels without end")?)),
        }
    }
}

fn number(text: &str) -> Result<f64, String> {
    match text {
        "+Inf" => Ok(f64::INFINITY),
        "-Inf" => Ok(f64::NEG_INFINITY),
        "NaN" => Ok(f64::NAN),
        _ if text.contains(|c: char| !"0123456789.eE+-".contains(c)) => Err(text.into()),
        _ => text.parse().map_err(|_| text.into()),
    }
}

fn parse(text: &str) -> Result<BTreeMap<String, Family>, String> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let (mut current, mut helped, mut seen) = (String::new(), BTreeSet::new(), BTreeSet::new());
    for line in text.strip_suffix('\n').ok_or("no line end at the end")?.split('\n') {
        let wrong = |what: &str| Err(format!("{what}: {line:?}"));
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let Some((name, help)) = rest.split_once(' ') else { return wrong("no help") };
            if !is_name(name) || help.is_empty() || !helped.insert(name.to_string()) {
                return wrong("bad help, or a second one");
            }
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let Some((name, kind)) = rest.split_once(' ') else { return wrong("no type") };
            let known = ["counter", "gauge", "histogram"].contains(&kind);
            if !known || !helped.contains(name) || families.contains_key(name) {
                return wrong("bad type, without help, or a second one");
            }
            current = name.into();
            let family = Family { kind: kind.into(), ..Family::default() };
            families.insert(name.into(), family);
        } else {
            let end = line.find(['{', ' ']).ok_or("no value")?;
            let (labels, rest) = labels(&line[end..]).map_err(|e| format!("{e}: {line:?}"))?;
            let Some(value) = rest.strip_prefix(' ') else { return wrong("no space") };
            let value = number(value)?;
            let name = &line[..end];
            let Some(family) = families.get_mut(&current) else { return wrong("no family") };
            let suffix = name.strip_prefix(current.as_str());
            let fits = match family.kind.as_str() {
                "histogram" => matches!(suffix, Some("_bucket" | "_sum" | "_count")),
                _ => suffix == Some(""),
            };
            if !fits || !is_name(name) || !seen.insert((name.to_string(), labels.clone())) {
                return wrong("not of its family, or a second one");
            }
            family.samples.push((name.into(), labels, value));
        }
    }
    Ok(families)
}

/// What the format and the rules on names ask of each family.
fn check(text: &str) -> BTreeMap<String, Family> {
    let families = parse(text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    for (name, family) in &families {
        assert!(name.starts_with("mynah_"), "{name}");
        assert_eq!(family.kind == "counter", name.ends_with("_total"), "{name}");
        let scaled = name.split('_').any(|word| ["ms", "us", "ns", "kib"].contains(&word));
        assert!(!scaled, "{name}: base units only");
        if family.kind == "counter" {
            assert!(family.samples.iter().all(|(.., value)| *value >= 0.0), "{name}");
        }
        if family.kind == "histogram" {
            histogram(name, family);
        }
    }
    families
}

fn histogram(name: &str, family: &Family) {
    let value = |suffix: &str| {
        let wanted = format!("{name}{suffix}");
        family.samples.iter().find(|(name, ..)| *name == wanted).map(|(.., value)| *value)
    };
    let buckets: Vec<(f64, f64)> = family
        .samples
        .iter()
        .filter(|(_, labels, _)| !labels.is_empty())
        .map(|(_, labels, value)| (number(&labels["le"]).unwrap(), *value))
        .collect();
    assert!(buckets.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1), "{name}: {buckets:?}");
    assert_eq!(buckets.last().map(|last| last.0), Some(f64::INFINITY), "{name}");
    assert_eq!(buckets.last().map(|last| last.1), value("_count"), "{name}");
    assert!(value("_sum").is_some_and(|sum| sum >= 0.0), "{name}");
}

#[test]
fn the_parser_forgives_nothing() {
    let good = "# HELP a_b Help.\n# TYPE a_b gauge\na_b{c=\"d\\\"\"} 1.5e3\n";
    assert!(parse(good).is_ok());
    for (from, to) in [
        ("Help.\n", "Help."),
        ("# HELP a_b Help.\n", ""),
        ("gauge", "gouge"),
        ("1.5e3", "inf"),
        ("1.5e3\n", "1.5e3"),
        ("1.5e3", "1 1.5e3x"),
        ("{c=", "{c-c="),
        ("\\\"\"", "\\x\""),
        ("\na_b{", "\na_c{"),
        ("c=\"d", "c=\"d\",c=\"e"),
        ("1.5e3\n", "1\na_b{c=\"d\\\"\"} 2\n"),
    ] {
        let bad = good.replace(from, to);
        assert!(bad != good && parse(&bad).is_err(), "{bad:?}");
    }
}

#[test]
fn what_clients_caches_and_the_process_show_is_valid() {
    let mock = MockServer::start(MockOptions::default()).unwrap();
    let mut options = Layered::<ClientOptions>::default();
    for (name, value) in [
        ("base_url", mock.url()),
        ("api_key", "k"),
        ("model", "m"),
        ("proxy", "none"),
        ("cache_enabled", "true"),
        ("price", "m=1,2"),
        ("alert_max_latency_ms", "1"),
        ("breaker_failure_threshold", "5"),
    ] {
        options.set(name, value).unwrap();
    }
    let client = Arc::new(Client::new(options.resolve().unwrap(), Parts::default()).unwrap());
    check(&client.prometheus());
    for n in 0..30 {
        let mut request = Request::new();
        request.add_message("user", &format!("hello {}", n / 2)).unwrap();
        client.chat_stream(&request, None, &mut |_| true).unwrap();
    }
    let families = check(&client.prometheus());
    let value = |name: &str| families[name].samples[0].2;
    assert_eq!(value("mynah_llm_calls_total"), 30.0);
    assert_eq!((value("mynah_llm_cache_hits_total"), value("mynah_llm_in_flight")), (15.0, 0.0));
    assert_eq!(families["mynah_llm_breaker_state"].samples.len(), 3);
    let total = check(&totals::ALL.prometheus());
    assert!(total["mynah_llm_calls_total"].samples[0].2 >= 30.0);

    let options = Layered::<CacheOptions>::default().resolve().unwrap();
    let cache = Cache::new(options, Clock::System).unwrap();
    check(&cache.metrics_prometheus());
    (0..100u32).for_each(|n| cache.set(&n.to_le_bytes(), b"value", Ttl::Default).unwrap());
    (0..200u32).for_each(|n| _ = cache.get(&n.to_le_bytes()));
    check(&cache.metrics_prometheus());
}
