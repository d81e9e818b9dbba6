//! A threshold that was crossed, one way or the other.

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
