//! A figure for each bound that may end calls or hold them up.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde_json::{Map, Value};

use crate::error::Bound;
use crate::metrics::Exposition;
use crate::metrics::prometheus::Labels;

/// The figures.
#[derive(Debug, Default)]
pub struct ByBound([AtomicU64; Bound::COUNT]);

impl ByBound {
    /// Adds to that of one bound.
    pub fn add(&self, bound: Bound, amount: u64) {
        self.0[bound as usize].fetch_add(amount, Relaxed);
    }

    /// Adds all that another has.
    pub fn add_all(&self, other: &ByBound) {
        other.all().for_each(|(bound, amount)| self.add(bound, amount));
    }

    /// Those that are not 0.
    fn all(&self) -> impl Iterator<Item = (Bound, u64)> {
        let amounts = self.0.iter().map(|amount| amount.load(Relaxed));
        Bound::all().zip(amounts).filter(|(_, amount)| *amount > 0)
    }

    /// By name, as `shown`.
    pub fn json(&self, shown: fn(u64) -> Value) -> Map<String, Value> {
        self.all().map(|(bound, amount)| (bound.name().to_string(), shown(amount))).collect()
    }

    /// As a counter with a label, in a unit of its own.
    pub fn expose(&self, text: &mut Exposition, name: &str, help: &str, unit: f64) {
        let labels: Vec<_> =
            self.all().map(|(bound, n)| ([("bound", bound.name())], n as f64 * unit)).collect();
        let samples: Vec<(Labels, f64)> = labels.iter().map(|(l, n)| (&l[..], *n)).collect();
        text.counters(name, help, &samples);
    }
}
