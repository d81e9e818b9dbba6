//! Figures: histograms, counters, and the texts that show them.

pub mod alert;
pub mod cpu_time;
pub mod gate;
pub mod histogram;
pub mod log;
pub mod prometheus;
pub mod striped;
pub mod told;

pub use alert::{Alert, AlertListener};
pub use cpu_time::CpuTime;
pub use gate::Gate;
pub use histogram::Histogram;
pub use log::{Level, LogListener};
pub use prometheus::Exposition;
pub use striped::Striped;
