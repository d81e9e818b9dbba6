//! What must agree: the header with the sources, the exported functions with
//! the header, each option with its setter, the names that others rely on, the
//! pages with what is so.

#![allow(clippy::unwrap_used)] // helpers of tests

mod header;
mod names;
mod options;
mod pages;
mod records;

use std::path::PathBuf;

/// A path inside the project.
fn here(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The text of a file of the project.
fn read(path: &str) -> String {
    std::fs::read_to_string(here(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}
