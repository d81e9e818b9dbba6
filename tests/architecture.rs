//! Holds the drawing of the layers: imports run downwards, and raw memory is
//! touched in few places only.
//!
//! It reads the sources as text: every path that begins with `crate::` or
//! `super::`, in `use` lines and in the code alike, without comments and tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What carries data and does nothing: open to all of `llm`.
const DATA: &[&str] = &[
    "llm::message",
    "llm::model_name",
    "llm::request",
    "llm::response",
    "llm::usage",
    "llm::finish",
    "llm::context",
    "llm::event",
    "llm::events",
    "llm::dates",
    "llm::json",
    "llm::kept",
    "llm::lazy",
    "llm::excerpt",
    "llm::timing",
];
/// The message types of the transport, without what sends them.
const WIRE_TYPES: &[&str] =
    &["llm::transport::HttpRequest", "llm::transport::Head", "llm::transport::Headers"];
/// How long things may take, in the transport's terms.
const DEADLINES: &[&str] = &[
    "llm::transport::Deadline",
    "llm::transport::Phase",
    "llm::transport::Pulse",
    "llm::transport::Shared",
];
/// What stands in for the standard library's locks and thread-locals, knows of forks,
/// and writes JSON in place: open to all.
const COMMON: &[&str] =
    &["process_lock", "waiting", "sync", "own", "nesting", "forks", "object", "files"];
const PARSERS: &[&str] = &["llm::transport::sse", "llm::transport::ndjson"];

/// What a room may import besides itself. The longest name that fits a file
/// holds; `llm` alone is for what puts the parts together.
const RULES: &[(&str, &[&[&str]])] = &[
    ("error", &[]),
    ("process_lock", &[]),
    ("waiting", &[]),
    ("sync", &[]),
    ("own", &[]),
    ("nesting", &[]),
    ("object", &[]),
    ("forks", &[&["error"]]),
    ("files", &[&["error"]]),
    ("clock", &[&["error"]]),
    ("metrics", &[&["error", "clock"]]),
    ("section", &[&["metrics"]]),
    ("options", &[&["error"]]),
    ("cache", &[&["options", "clock", "metrics", "section", "error"]]),
    ("mock", &[&["options", "clock", "metrics", "error"]]),
    ("llm::message", &[DATA, &["options", "error"]]),
    ("llm::request", &[DATA, &["options", "error"]]),
    ("llm::response", &[DATA, &["options", "error"]]),
    ("llm::usage", &[]),
    ("llm::finish", &[]),
    ("llm::context", &[]),
    ("llm::excerpt", &[]),
    ("llm::model_name", &[]),
    ("llm::event", &[DATA, &["error"]]),
    ("llm::events", &[DATA, &["error"]]),
    ("llm::cancel", &[&["clock", "error"]]),
    ("llm::pricing", &[DATA, &["llm::price_table", "options", "clock", "error"]]),
    ("llm::timing", &[DEADLINES, &["options", "clock", "error"]]),
    ("llm::provider", &[DATA, WIRE_TYPES, PARSERS, &["llm::assemble", "options", "error"]]),
    ("llm::transport", &[&["llm::cancel", "options", "clock", "metrics", "error"]]),
    (
        "llm::policy",
        &[
            DATA,
            WIRE_TYPES,
            DEADLINES,
            &["llm::cancel", "llm::timing", "options", "clock", "metrics", "error"],
        ],
    ),
    (
        "llm::policy::response_cache",
        &[DATA, WIRE_TYPES, &["cache", "llm::cancel", "options", "clock", "metrics", "error"]],
    ),
    ("llm", &[&["cache", "options", "clock", "metrics", "error"]]),
    ("ffi", &[&["llm", "cache", "options", "metrics", "section", "clock", "mock", "error"]]),
];

/// Where `unsafe` may stand: the boundary, the kernel's barrier, a stored entry,
/// a look at it without a lock, the memory that entries lie in, and the
/// processor's own instructions.
const RAW_ROOMS: &[&str] = &[
    "ffi",
    "section",
    "cache::entry",
    "cache::glance",
    "cache::handed",
    "cache::heap",
    "cache::lent",
    "cache::processor",
];

struct Source {
    /// Such as `llm::policy::retry`.
    module: String,
    path: PathBuf,
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("src is readable").flatten() {
            let path = entry.path();
            let of_tests = path.ends_with("tests") || path.ends_with("tests.rs");
            if path.is_dir() && !of_tests {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") && !of_tests {
                let text = fs::read_to_string(&path).expect("a source is readable");
                let module = module_of(path.strip_prefix(&root).expect("below src"));
                found.push(Source { module, code: code_of(&text), path });
            }
        }
    }
    found
}

fn module_of(relative: &Path) -> String {
    let name = relative.with_extension("").to_string_lossy().replace('/', "::");
    name.strip_suffix("::mod").unwrap_or(&name).to_string()
}

/// Without comments, and without the tests at the end; those in a file of their own are
/// only named, and the code goes on.
fn code_of(text: &str) -> String {
    const TESTS: &str = "#[cfg(test)]\nmod ";
    let is_here = |at: &usize| {
        text[at + TESTS.len()..].lines().next().is_some_and(|name| name.ends_with('{'))
    };
    let end = text.match_indices(TESTS).map(|(at, _)| at).find(is_here).unwrap_or(text.len());
    let line = |line: &str| match line.trim_start().starts_with("//") {
        true => String::new(),
        false => line.split(" // ").next().unwrap_or_default().to_string(),
    };
    text[..end].lines().map(line).collect::<Vec<_>>().join("\n")
}

/// The modules that a source names, from the crate's root.
fn imports(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    let starts_word = |at: usize| {
        !source.code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
    };
    for (at, _) in source.code.match_indices("crate::").filter(|(at, _)| starts_word(*at)) {
        expand("", &source.code[at + "crate::".len()..], &mut found);
    }
    for (at, _) in source.code.match_indices("super::").filter(|(at, _)| starts_word(*at)) {
        let mut base: Vec<&str> = source.module.split("::").collect();
        let mut rest = &source.code[at..];
        while let Some(after) = rest.strip_prefix("super::") {
            base.pop();
            rest = after;
        }
        expand(&base.join("::"), rest, &mut found);
    }
    found
}

/// Adds the paths of `a::b` or `a::{b, c::d}`; returns what follows them.
fn expand<'a>(base: &str, text: &'a str, found: &mut Vec<String>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = expand(base, rest, found).trim_start();
            match rest.strip_prefix(',') {
                Some(after) => rest = after,
                None => return rest.strip_prefix('}').unwrap_or(rest),
            }
        }
    }
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let path = match (base, word) {
        ("", word) => word.to_string(),
        (base, "" | "self") => base.to_string(),
        (base, word) => format!("{base}::{word}"),
    };
    match rest.strip_prefix("::") {
        Some(after) => expand(&path, after, found),
        None => {
            found.push(path);
            rest.split_once(" as ").filter(|(gap, _)| gap.is_empty()).map_or(rest, |(_, after)| {
                after.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_')
            })
        }
    }
}

fn within(path: &str, room: &str) -> bool {
    path.strip_prefix(room).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

#[test]
fn imports_run_downwards_only() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|s| s.module != "lib") {
        let rule = RULES.iter().filter(|(room, _)| within(&source.module, room));
        let Some((room, may)) = rule.max_by_key(|(room, _)| room.len()) else {
            wrong.push(format!("{}: no rule for this room", source.module));
            continue;
        };
        // A folder's own parts, seen from a room with a rule of its own.
        let family = room.rsplit_once("::").map_or(*room, |(parent, _)| match parent {
            "llm" => *room,
            parent => parent,
        });
        for path in imports(source) {
            let allowed =
                may.iter().flat_map(|list| list.iter()).chain(COMMON).any(|m| within(&path, m));
            if !allowed && !within(&path, family) && !path.is_empty() {
                wrong.push(format!("{} imports {path}", source.module));
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "imports against the stream:\n  {}", wrong.join("\n  "));
}

/// The room of a path: of `llm` each file or folder is one, elsewhere the folder.
fn room_of(path: &str) -> String {
    let words = if within(path, "llm") { 2 } else { 1 };
    path.split("::").take(words).collect::<Vec<_>>().join("::")
}

#[test]
fn no_room_imports_one_that_imports_it() {
    let sources = sources();
    let rooms: BTreeSet<_> = sources.iter().map(|source| room_of(&source.module)).collect();
    let mut roads = BTreeMap::<String, BTreeSet<String>>::new();
    for source in sources.iter().filter(|source| source.module != "lib") {
        let from = room_of(&source.module);
        let to = imports(source).into_iter().map(|path| room_of(&path));
        let to = to.filter(|to| rooms.contains(to) && *to != from);
        roads.entry(from.clone()).or_default().extend(to);
    }
    // Who imports nothing that is still there goes; a circle stays.
    let mut left = rooms;
    loop {
        let leads = |room: &String| roads.get(room).is_some_and(|to| !to.is_disjoint(&left));
        let (stay, go): (BTreeSet<_>, BTreeSet<_>) = left.iter().cloned().partition(leads);
        left = stay;
        if go.is_empty() {
            break;
        }
    }
    assert!(left.is_empty(), "these import each other, or those that do: {left:?}");
}

#[test]
fn raw_memory_is_touched_in_its_rooms_alone() {
    let has_unsafe = |code: &str| {
        code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe")
    };
    let files: Vec<_> = sources()
        .into_iter()
        .filter(|s| !RAW_ROOMS.iter().any(|room| within(&s.module, room)) && has_unsafe(&s.code))
        .map(|s| s.path)
        .collect();
    assert!(files.is_empty(), "unsafe outside its rooms: {files:?}");
}

#[test]
fn the_reader_of_imports_sees_groups_parents_and_paths_in_code() {
    let source = Source {
        module: "llm::policy::retry".into(),
        path: PathBuf::new(),
        code: "use crate::{clock::Clock, error::{Error, Result as R}};\n\
               use super::super::client;\nfn f() { crate::cache::Cache::new() }"
            .into(),
    };
    let expected =
        ["clock::Clock", "error::Error", "error::Result", "cache::Cache::new", "llm::client"];
    assert_eq!(imports(&source), expected);
}

#[test]
fn code_goes_on_after_tests_that_lie_in_a_file_of_their_own() {
    let text = "mod a;\n#[cfg(test)]\nmod tests;\nuse b;\n#[cfg(test)]\nmod tests {\nuse c;\n}\n";
    assert_eq!(code_of(text), "mod a;\n#[cfg(test)]\nmod tests;\nuse b;");
}

/// Providers that speak another's dialect, and whose ways are their rows'.
const ROWS_ONLY: &[&str] = &["deepseek", "kimi", "siliconflow", "huggingface"];

#[test]
fn what_a_host_does_in_its_own_way_is_a_row_and_no_match_on_its_name() {
    let is_row = |module: &str| {
        ["hosts", "models"].iter().any(|room| within(module, &format!("llm::provider::{room}")))
    };
    let dialects = sources();
    let dialects = dialects.iter().filter(|source| within(&source.module, "llm::provider"));
    for source in dialects.filter(|source| !is_row(&source.module)) {
        for name in ROWS_ONLY {
            let is_named = source.code.contains(&format!("\"{name}\""));
            assert!(!is_named, "{} has a match on {name}", source.path.display());
        }
    }
}
