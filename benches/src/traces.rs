//! Traces of real caches, read from `../shared/traces` where that folder lies.

use std::path::{Path, PathBuf};

/// Where the traces are, if they are.
pub fn folder() -> Option<PathBuf> {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/traces"));
    let near = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/traces"));
    [path, near].into_iter().find(|p| p.is_dir()).map(Path::to_path_buf)
}

/// The requests of one trace: ids, dense from 0.
pub fn read(name: &str) -> Option<Vec<u32>> {
    let packed = std::fs::read(folder()?.join(format!("{name}.zst"))).ok()?;
    let bytes = zstd::decode_all(&packed[..]).ok()?;
    let n = bytes.len() / 4;
    let mut id = 0i64;
    let ids = (0..n).map(|i| {
        let zigzag = (0..4).fold(0u32, |sum, p| sum | (bytes[p * n + i] as u32) << (8 * p));
        id += (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64);
        id as u32
    });
    Some(ids.collect())
}
