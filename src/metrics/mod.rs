//! Figures: histograms, and the texts that show them.

pub mod histogram;

pub use histogram::Histogram;
