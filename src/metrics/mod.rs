//! Figures: histograms, counters, and the texts that show them.

pub mod histogram;
pub mod prometheus;
pub mod striped;

pub use histogram::Histogram;
pub use prometheus::Exposition;
pub use striped::Striped;
