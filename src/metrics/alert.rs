//! A threshold that was crossed, one way or the other, and who is told of it.

use std::collections::VecDeque;

use parking_lot::Mutex;
use serde_json::{Value, json};

/// What whoever watches thresholds tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// The option that holds the threshold.
    pub name: &'static str,
    /// Crossed, or back within.
    pub raised: bool,
    /// What was measured, in the option's unit.
    pub value: f64,
    /// What it was compared with.
    pub threshold: f64,
}

impl Alert {
    /// What a log tells of it, as an event of this name.
    pub fn record(&self, event: &str) -> Value {
        json!({
            "event": event,
            "mynah.alert.name": self.name,
            "mynah.alert.raised": self.raised,
            "mynah.alert.value": self.value,
            "mynah.alert.threshold": self.threshold,
        })
    }
}

/// Who is told.
pub type AlertListener = dyn Fn(&Alert) + Send + Sync;

/// Keeps the readings that change what is raised, and notes the change.
pub fn changes(raised: &mut Vec<&'static str>, mut readings: Vec<Alert>) -> Vec<Alert> {
    readings.retain(|alert| raised.contains(&alert.name) != alert.raised);
    for alert in &readings {
        raised.retain(|name| *name != alert.name);
        if alert.raised {
            raised.push(alert.name);
        }
    }
    readings
}

/// Changes that nobody has been told of. They are told in their order, by one
/// thread at a time: another that finds a change leaves it to the one that is
/// telling.
#[derive(Debug, Default)]
pub struct Untold(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    changes: VecDeque<Alert>,
    /// Whether somebody is being told of one.
    telling: bool,
}

/// The turn of a change to be told of. It ends also when a listener panics.
struct Turn<'a>(&'a Untold);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.0.lock().telling = false;
    }
}

impl Untold {
    /// Adds changes, under the lock of whoever has found them: their order is that
    /// in which they were found.
    pub fn add(&self, changes: Vec<Alert>) {
        self.0.lock().changes.extend(changes);
    }

    /// Tells of all there are, one after the other, unless somebody is doing so.
    pub fn tell(&self, listener: impl Fn(&Alert)) {
        while let Some((alert, _turn)) = self.next() {
            listener(&alert);
        }
    }

    fn next(&self) -> Option<(Alert, Turn<'_>)> {
        let mut waiting = self.0.lock();
        let alert = if waiting.telling { None } else { waiting.changes.pop_front() }?;
        waiting.telling = true;
        Some((alert, Turn(self)))
    }
}
