//! The functions that the header declares, and those that others rely on.

use std::collections::BTreeSet;

use crate::header::files;
use crate::read;

/// The functions of include/mynah.h.
pub fn declared() -> BTreeSet<String> {
    names_before_parenthesis(&without_comments(&read("include/mynah.h")))
}

fn without_comments(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("/*") {
        out.push_str(&rest[..start]);
        rest = rest[start..].split_once("*/").map_or("", |(_, after)| after);
    }
    out + rest
}

fn names_before_parenthesis(text: &str) -> BTreeSet<String> {
    let ends = text.match_indices('(').map(|(at, _)| &text[..at]);
    let word = |before: &str| {
        let start = before.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |i| i + 1);
        before[start..].to_string()
    };
    ends.map(word).filter(|name| name.starts_with("mynah_")).collect()
}

/// The exports of the sources: a function follows its `no_mangle`.
fn exported_by_sources() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in files() {
        let source = read(&format!("src/ffi/{file}.rs"));
        for part in source.split("#[unsafe(no_mangle)]").skip(1) {
            let part = part.split_once("fn ").map_or("", |(_, after)| after);
            names.insert(part.split('(').next().unwrap_or_default().to_string());
        }
    }
    names
}

#[test]
fn the_header_declares_what_the_sources_export() {
    assert_eq!(declared(), exported_by_sources());
}

#[test]
fn besides_the_setters_there_are_few_functions() {
    let others = |name: &&String| !name.contains("_options_set_");
    let count = declared().iter().filter(others).count();
    assert!(count < 160, "{count}: can one of them be an option, or JSON?");
}

#[test]
fn the_names_that_programs_rely_on_exist() {
    let relied_on = names_before_parenthesis(&without_comments(&read("tests/c/contract.c")));
    let declared = declared();
    let missing: Vec<_> = relied_on.iter().filter(|name| !declared.contains(*name)).collect();
    assert_eq!(missing, Vec::<&String>::new());
}
