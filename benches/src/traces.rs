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

/// A row of the table of hit ratios that lies with the traces.
pub struct Ratios {
    /// The trace.
    pub trace: String,
    /// Capacity as a share of its distinct keys.
    pub percent: u32,
    columns: Vec<(String, f64)>,
}

impl Ratios {
    /// The figure of a column, in percent.
    pub fn column(&self, name: &str) -> Option<f64> {
        self.columns.iter().find(|(column, _)| column == name).map(|(_, ratio)| *ratio)
    }
}

/// That table; empty where it is not.
pub fn ratios() -> Vec<Ratios> {
    let text = folder().and_then(|at| std::fs::read_to_string(at.join("README.md")).ok());
    let text = text.unwrap_or_default();
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches(['|', ' ']).split('|').map(|cell| cell.trim().to_string()).collect()
    };
    let mut lines = text.lines().skip_while(|line| !line.starts_with("| trace | cap |"));
    let names = cells(lines.next().unwrap_or_default());
    let rows = lines.take_while(|line| line.starts_with('|')).map(cells);
    rows.filter_map(|row| {
        let percent = row.get(1)?.strip_suffix('%')?.parse().ok()?;
        let columns = names.iter().zip(&row).skip(2);
        let columns = columns.filter_map(|(name, cell)| Some((name.clone(), cell.parse().ok()?)));
        Some(Ratios { trace: row[0].clone(), percent, columns: columns.collect() })
    })
    .collect()
}
