//! Figures: histograms, and the texts that show them.

pub mod histogram;
pub mod prometheus;

pub use histogram::Histogram;
pub use prometheus::Exposition;
