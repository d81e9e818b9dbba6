//! Every option has its typed setter in C, which says of it what its row says.

use mynah::options::OptionSet;
use mynah::options::cache::CacheOptions;
use mynah::options::client::ClientOptions;

use crate::names::declared;
use crate::read;

fn without_setter<T: OptionSet>(object: &str) -> Vec<String> {
    let declared = declared();
    T::rows()
        .iter()
        .map(|row| format!("{object}_set_{}", row.key))
        .filter(|name| !declared.contains(name))
        .collect()
}

#[test]
fn every_option_of_the_cache_has_its_typed_setter() {
    assert_eq!(without_setter::<CacheOptions>("mynah_cache_options"), Vec::<String>::new());
}

#[test]
fn every_option_of_the_client_has_its_typed_setter() {
    assert_eq!(without_setter::<ClientOptions>("mynah_client_options"), Vec::<String>::new());
}

/// The options whose setter says something else in the header than their row.
fn told_otherwise<T: OptionSet>(object: &str) -> Vec<&'static str> {
    let header = read("include/mynah.h");
    let plain = |text: &str| text.replace('`', "");
    let doc = |key: &str| {
        let before = header.split(&format!(" {object}_set_{key}(")).next()?;
        let comment = before.rsplit("/**").next()?.lines();
        let lines = comment.filter_map(|line| line.trim_start().strip_prefix("* "));
        Some(plain(&lines.collect::<Vec<_>>().join(" ")))
    };
    let rows = T::rows().iter();
    let differ = rows.filter(|row| !doc(row.key).is_some_and(|d| d.starts_with(&plain(row.doc))));
    differ.map(|row| row.key).collect()
}

#[test]
fn a_setter_says_of_its_option_what_the_row_says() {
    assert_eq!(told_otherwise::<CacheOptions>("mynah_cache_options"), Vec::<&str>::new());
    assert_eq!(told_otherwise::<ClientOptions>("mynah_client_options"), Vec::<&str>::new());
}

/// The options whose function says something else in Go than their row, but that a
/// time is one there, and not a number of milliseconds.
fn told_otherwise_in_go<T: OptionSet>(file: &str) -> Vec<&'static str> {
    let lines = read(file);
    let comments = lines.lines().filter_map(|line| line.strip_prefix("// "));
    let comments = comments.collect::<Vec<_>>().join(" ").replace("0 and cache.Forever:", "0:");
    let differs = |key: &str, doc: &str| {
        let told = comments.split(&format!(" is {key}: ")).nth(1);
        let as_time = doc.replacen("Milliseconds", "Time", 1);
        told.is_some_and(|told| !told.starts_with(doc) && !told.starts_with(&as_time))
    };
    T::rows().iter().filter(|row| differs(row.key, row.doc)).map(|row| row.key).collect()
}

#[test]
fn a_function_of_go_says_of_its_option_what_the_row_says() {
    let cache = told_otherwise_in_go::<CacheOptions>("bindings/go/cache/options.go");
    let client = told_otherwise_in_go::<ClientOptions>("bindings/go/llm/options.go");
    assert_eq!((cache, client), (Vec::<&str>::new(), Vec::<&str>::new()));
}
