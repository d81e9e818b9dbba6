//! Makes include/mynah.h, and fails where the one that is checked in differs.
//!
//! cbindgen runs once for each file below `src/ffi`, so that this list and not the
//! module tree decides the order in which the header is read. Of its output the
//! object types move to the top; the rest follows file by file, under a
//! heading taken from the file's own first sentence.

use std::collections::HashSet;
use std::fmt::Write;

use mynah::error::Status;

use crate::{here, read};

/// The files below `src/ffi` in the order of reading; others follow these.
const ORDER: &[&str] = &[
    "version",
    "status",
    "error",
    "value",
    "process",
    "cancel",
    "cache_options",
    "cache_setters",
    "cache_listeners",
    "cache",
    "cache/entries",
    "cache/state",
    "values",
    "claim",
    "claim/warm",
    "cache_iter",
    "client_options",
    "client_setters/provider",
    "client_setters/generation",
    "client_setters/timeouts",
    "client_setters/failures",
    "client_setters/limits",
    "client_setters/connections",
    "client_setters/sharing",
    "client_setters/watching",
    "client_listeners",
    "request",
    "request/media",
    "client",
    "response",
    "event",
    "item",
    "queue",
    "batch",
    "tiered",
    "mock_options",
    "mock",
];

/// Exports that are in no release, and so not in the header.
const HIDDEN: &[&str] = &["test_hooks"];

/// Types of several files: each goes to the first that uses it.
const SHARED: &str = "src/ffi/callback.rs";

const RENEW: &str = "MYNAH_RENEW_HEADER";

#[test]
fn the_header_is_current() {
    let header = generate();
    if std::env::var_os(RENEW).is_some() {
        std::fs::write(here("include/mynah.h"), header).expect("include/ is writable");
        return;
    }
    let stale = read("include/mynah.h") != header;
    assert!(!stale, "include/mynah.h is stale: run `make header` and commit the result");
}

/// A file of exports, through cbindgen.
struct Section {
    heading: String,
    /// Comment and declaration of each object type.
    objects: Vec<String>,
    items: Vec<String>,
}

fn generate() -> String {
    let mut config = cbindgen::Config::from_file(here("cbindgen.toml")).expect("cbindgen.toml");
    let opening = config.header.take().unwrap_or_default();
    let mut sections: Vec<Section> = files().iter().map(|name| section(name, &config)).collect();
    let mut seen = HashSet::new();
    sections.iter_mut().for_each(|s| s.items.retain(|item| seen.insert(item.clone())));
    let mut out = format!("{}\n\n{}", opening.trim(), prologue());
    heading(&mut out, "The objects.");
    for object in sections.iter().flat_map(|s| &s.objects) {
        write!(out, "{object}\n\n").unwrap();
    }
    for section in sections.iter().filter(|s| !s.items.is_empty()) {
        heading(&mut out, &section.heading);
        for item in &section.items {
            write!(out, "{item}\n\n").unwrap();
        }
    }
    out + EPILOGUE
}

/// The files with exports, in the order of reading.
pub fn files() -> Vec<String> {
    let mut names = modules("src/ffi/mod.rs", "");
    names.retain(|name| {
        !HIDDEN.contains(&&**name) && read(&format!("src/ffi/{name}.rs")).contains("no_mangle")
    });
    let place = |name: &str| ORDER.iter().position(|o| *o == name).unwrap_or(ORDER.len());
    names.sort_by_key(|name| (place(name), name.clone()));
    names
}

/// The modules that a file declares public, and those that they declare.
fn modules(file: &str, folder: &str) -> Vec<String> {
    let text = read(file);
    let names = text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let with_its_own = |name: &str| {
        let path = format!("{folder}{name}");
        let mut all = modules(&format!("src/ffi/{path}.rs"), &format!("{path}/"));
        all.push(path);
        all
    };
    names.flat_map(with_its_own).collect()
}

fn section(name: &str, config: &cbindgen::Config) -> Section {
    let path = format!("src/ffi/{name}.rs");
    let bindings = cbindgen::Builder::new()
        .with_config(config.clone())
        .with_src(here(SHARED))
        .with_src(here(&path))
        .generate()
        .unwrap_or_else(|e| panic!("{path}: {e}"));
    let mut text = Vec::new();
    bindings.write(&mut text);
    let text = String::from_utf8(text).expect("cbindgen writes UTF-8");
    let blocks = text.split("\n\n").map(|b| manual(b.trim())).filter(|b| !b.is_empty());
    let (objects, mut items): (Vec<_>, Vec<_>) = blocks.partition(|block| {
        block.contains("\ntypedef struct ") || block.starts_with("typedef struct ")
    });
    if name == "status" {
        items.splice(0..0, statuses());
    }
    Section { heading: first_sentence(&path), objects, items }
}

/// The constants of the statuses, and what each one means.
fn statuses() -> [String; 1] {
    let line = |status: &Status| {
        let name = format!("MYNAH_{}", status.name().to_uppercase());
        format!("#define {name:<24} {:>2} /* {} */", status.code(), status.doc())
    };
    [Status::ALL.iter().map(line).collect::<Vec<_>>().join("\n")]
}

/// A doc comment of Rust as a C programmer would write it.
fn manual(block: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut promises = false;
    for line in block.lines() {
        match line.trim_start_matches(" *").trim() {
            "# Safety" => promises = true,
            rest if promises && rest.starts_with("1. None: ") => {
                lines.push(format!(" * Note: {}", &rest["1. None: ".len()..]));
                promises = false;
            }
            rest if promises && rest.starts_with("1. ") => {
                lines.push(" * The caller promises:".into());
                lines.push(line.to_string());
                promises = false;
            }
            _ => lines.push(line.to_string()),
        }
    }
    lines.join("\n").replace("[`", "`").replace("`]", "`").replace("\t", "    ")
}

fn first_sentence(path: &str) -> String {
    let source = read(path);
    let lines = source.lines().map_while(|l| l.strip_prefix("//!")).map(str::trim);
    lines.take_while(|l| !l.is_empty()).collect::<Vec<_>>().join(" ").replace('`', "")
}

fn heading(out: &mut String, text: &str) {
    let rule = "-".repeat(74);
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("it begins with one");
        match last.len() + word.len() < 74 {
            true => write!(last, " {word}").unwrap(),
            false => lines.push(format!(" {word}")),
        }
    }
    write!(out, "/* {rule}\n *{}\n * {rule} */\n\n", lines.join("\n *")).unwrap();
}

fn prologue() -> String {
    let [major, minor, patch] = [
        env!("CARGO_PKG_VERSION_MAJOR"),
        env!("CARGO_PKG_VERSION_MINOR"),
        env!("CARGO_PKG_VERSION_PATCH"),
    ];
    let version = env!("CARGO_PKG_VERSION");
    format!(
        r#"#ifndef MYNAH_H
#define MYNAH_H

#include <stddef.h>
#include <stdint.h>

#define MYNAH_VERSION "{version}"
#define MYNAH_VERSION_MAJOR {major}
#define MYNAH_VERSION_MINOR {minor}
#define MYNAH_VERSION_PATCH {patch}

/* Windows: define MYNAH_STATIC when linking the static library. */
#if defined(_WIN32) && !defined(MYNAH_STATIC)
#define MYNAH_API __declspec(dllimport)
#elif defined(__GNUC__)
#define MYNAH_API __attribute__((visibility("default")))
#else
#define MYNAH_API
#endif

#ifdef __cplusplus
extern "C" {{
#endif

"#
    )
}

const EPILOGUE: &str = "#ifdef __cplusplus
} /* extern \"C\" */
#endif

#endif /* MYNAH_H */
";
