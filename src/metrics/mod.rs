//! Figures: histograms, counters, and the texts that show them.

pub mod alert;
pub mod histogram;
pub mod prometheus;
pub mod striped;

pub use alert::{Alert, AlertListener};
pub use histogram::Histogram;
pub use prometheus::Exposition;
pub use striped::Striped;
