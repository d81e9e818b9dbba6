//! The pages of `docs` that say what the sources say: the table of options is
//! printed from the rows, and no status or provider goes unmentioned.

use std::fmt::Write;

use mynah::error::Status;
use mynah::mock::MockOptions;
use mynah::options::cache::CacheOptions;
use mynah::options::client::ClientOptions;
use mynah::options::profiles::cores;
use mynah::options::{Kind, Layered, OptionSet, Origin};

use crate::{here, read};

const PAGE: &str = "docs/options.md";
const RENEW: &str = "MYNAH_RENEW_DOCS";

const OPENING: &str = "# Options

This page is printed from the library's own table (`make docs`); the same rows are
what `mynah_cache_options_describe` and `mynah_client_options_describe` answer, what
`mynah.describe(\"cache\")` and `mynah.describe(\"client\")` give in Python, and what the setters
check against.

Every option can be set by a typed setter (`mynah_cache_options_set_capacity`), by name
from text (`mynah_cache_options_set(o, \"capacity\", \"1000\", &err)`), from a JSON
object, by `WithCapacity(1000)` in Go and by `capacity=1000` in Python. A wrong name,
value or range is refused at once, with the range in the message.

From weakest to strongest, whatever the order of the calls: the default; for a cache
the profile, then the workload; for a client the preset, then the use case; what was
set explicitly; for a client's call, what the request sets. The text `default`
withdraws a setting, `unset` removes what a layer set: the option has no value, or its
default where it must have one. The effective value of each option and the layer that
it came from are told by `mynah_cache_options_json` and `mynah_client_options_json`.

";

#[test]
fn the_page_of_options_is_current() {
    let page = page();
    if std::env::var_os(RENEW).is_some() {
        std::fs::write(here(PAGE), page).expect("docs/ is writable");
        return;
    }
    assert!(read(PAGE) == page, "{PAGE} is stale: run `make docs` and commit the result");
}

fn page() -> String {
    let mut out = String::from(OPENING);
    table::<CacheOptions>(&mut out, "Of a cache");
    layers::<CacheOptions>(&mut out, "performance_profile", "What the profiles set");
    layers::<CacheOptions>(&mut out, "workload_type", "What the workloads set");
    table::<ClientOptions>(&mut out, "Of a client");
    layers::<ClientOptions>(&mut out, "preset", "What the presets set");
    layers::<ClientOptions>(&mut out, "use_case", "What the use cases set");
    table::<MockOptions>(&mut out, "Of a mock");
    out.trim_end().to_string() + "\n"
}

fn table<T: OptionSet>(out: &mut String, heading: &str) {
    write!(out, "## {heading}\n\n| option | type | range | default | |\n|---|---|---|---|---|\n")
        .unwrap();
    let defaults = T::default();
    for row in T::rows() {
        let default = match row.show(&(row.get)(&defaults)) {
            serde_json::Value::Null => "unset".into(),
            serde_json::Value::String(text) => text,
            serde_json::Value::Array(_) => "none".into(),
            value => value.to_string(),
        };
        let range = row.kind.range();
        let (key, kind, doc) = (row.key, row.kind.type_name(), row.doc);
        writeln!(out, "| `{key}` | {kind} | {range} | {default} | {doc} |").unwrap();
    }
    out.push('\n');
}

/// What each choice of an option that stands for a layer sets.
fn layers<T: OptionSet>(out: &mut String, option: &str, heading: &str) {
    let row = T::rows().iter().find(|row| row.key == option).expect("the option exists");
    let Kind::Choice(choices) = row.kind else { panic!("{option} is no choice") };
    write!(out, "### {heading}\n\n| `{option}` | |\n|---|---|\n").unwrap();
    for choice in choices.iter().filter(|choice| **choice != "none") {
        let mut set = Layered::<T>::default();
        set.set(option, choice).expect("a choice");
        let resolved = set.resolve().expect("a layer alone is coherent");
        let told: Vec<String> = T::rows()
            .iter()
            .filter(|row| matches!(resolved.origin(row.key), Ok(Origin::Layer(_))))
            .map(|row| told(row.key, &row.show(&(row.get)(&resolved.values))))
            .collect();
        writeln!(out, "| {choice} | {} |", told.join(", ")).unwrap();
    }
    out.push('\n');
}

/// A layer's value, the same on every machine.
fn told(key: &str, value: &serde_json::Value) -> String {
    match (key, value.as_u64()) {
        ("shard_count", Some(n)) => format!("`{key}` {} x cores", n / u64::from(cores())),
        _ => format!("`{key}` {}", value.to_string().trim_matches('"')),
    }
}

fn unmentioned<'a>(page: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let page = read(page);
    names.filter(|name| !page.contains(&format!("`{name}`"))).collect()
}

#[test]
fn every_status_has_its_row_on_the_page_of_errors() {
    let names = Status::ALL.iter().map(|status| status.name()).filter(|name| *name != "ok");
    assert_eq!(unmentioned("docs/errors.md", names), Vec::<&str>::new());
}

#[test]
fn every_provider_has_its_row_on_the_page_of_providers() {
    let row = ClientOptions::rows().iter().find(|row| row.key == "provider").expect("an option");
    let Kind::Choice(providers) = row.kind else { panic!("provider is no choice") };
    assert_eq!(unmentioned("docs/providers.md", providers.iter().copied()), Vec::<&str>::new());
}
