//! Who is told of what happens in a cache, each behind one gate.

use std::sync::Arc;

use super::departure::Listener;
use crate::metrics::{AlertListener, Gate, Level, LogListener};

/// Who is told of what happens in a cache.
#[derive(Clone, Default)]
pub struct Listeners {
    /// Of every departure.
    pub departures: Option<Arc<Listener>>,
    /// Of thresholds crossed.
    pub alerts: Option<Arc<AlertListener>>,
    /// Of these and of what self-tuning decides, as records of at least a level.
    pub log: Option<(Level, Arc<LogListener>)>,
}

impl Listeners {
    /// The same, each behind a gate.
    pub(super) fn behind(self, gate: &Arc<Gate>) -> Listeners {
        let departures = self.departures.map(|listener| {
            let gate = gate.clone();
            let told: Arc<Listener> = Arc::new(move |key, value, reason| {
                gate.pass(|| listener(key, value, reason));
            });
            told
        });
        let alerts = self.alerts.map(|listener| {
            let gate = gate.clone();
            let told: Arc<AlertListener> = Arc::new(move |alert| {
                gate.pass(|| listener(alert));
            });
            told
        });
        let log = self.log.map(|(least, listener)| {
            let gate = gate.clone();
            let told: Arc<LogListener> = Arc::new(move |level, record| {
                gate.pass(|| listener(level, record));
            });
            (least, told)
        });
        Listeners { departures, alerts, log }
    }
}
