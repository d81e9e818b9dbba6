//! Thresholds on a client's recent calls: raised once when crossed, and again
//! when all is well.
//!
//! They judge the last [`WINDOW`] calls, so that they recover when the calls
//! do, and nothing before there have been [`ENOUGH`].

use std::collections::VecDeque;

use parking_lot::Mutex;

use crate::error::Status;
use crate::metrics::Alert;
use crate::metrics::alert::changes;
use crate::options::client::ClientOptions;

use super::metrics::Ended;

/// Calls that are looked back on.
const WINDOW: usize = 256;
/// Calls below which a share says nothing.
const ENOUGH: usize = 20;

/// The recent calls of one client, and what is raised.
#[derive(Debug)]
pub struct Watch {
    min_success_rate: f64,
    max_latency_ms: f64,
    max_p99_ms: f64,
    max_cost_usd: f64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    calls: VecDeque<Call>,
    raised: Vec<&'static str>,
}

#[derive(Debug, Clone, Copy)]
struct Call {
    failed: bool,
    ms: f64,
    cost_usd: Option<f64>,
}

/// Whether a call ended as the caller wished it to, or by the caller's wish.
fn is_failure(status: Status) -> bool {
    !matches!(status, Status::Ok | Status::Cancelled | Status::Stopped | Status::NotFound)
}

impl Watch {
    /// With the thresholds of the options.
    pub fn new(options: &ClientOptions) -> Self {
        Watch {
            min_success_rate: options.alert_min_success_rate,
            max_latency_ms: options.alert_max_latency_ms as f64,
            max_p99_ms: options.alert_max_p99_ms as f64,
            max_cost_usd: options.alert_max_cost_usd,
            state: Mutex::default(),
        }
    }

    /// Takes a call that has ended into account; what has changed by it.
    pub fn note(&self, ended: &Ended, cost_usd: Option<f64>) -> Vec<Alert> {
        let mut state = self.state.lock();
        if state.calls.len() == WINDOW {
            state.calls.pop_front();
        }
        state.calls.push_back(Call {
            failed: ended.failure.is_some_and(is_failure),
            ms: ended.total_ns as f64 / 1e6,
            cost_usd,
        });
        if state.calls.len() < ENOUGH {
            return Vec::new();
        }
        let readings = self.readings(&state.calls);
        changes(&mut state.raised, readings)
    }

    /// What is raised now.
    pub fn raised(&self) -> Vec<&'static str> {
        self.state.lock().raised.clone()
    }

    fn readings(&self, calls: &VecDeque<Call>) -> Vec<Alert> {
        let n = calls.len() as f64;
        let success = calls.iter().filter(|call| !call.failed).count() as f64 / n;
        let mean = calls.iter().map(|call| call.ms).sum::<f64>() / n;
        let costs: Vec<f64> = calls.iter().filter_map(|call| call.cost_usd).collect();
        let mut readings = vec![
            Alert {
                name: "alert_min_success_rate",
                raised: success < self.min_success_rate,
                value: success,
                threshold: self.min_success_rate,
            },
            above("alert_max_latency_ms", mean, self.max_latency_ms),
            above("alert_max_p99_ms", p99(calls), self.max_p99_ms),
        ];
        if !costs.is_empty() {
            let mean = costs.iter().sum::<f64>() / costs.len() as f64;
            readings.push(above("alert_max_cost_usd", mean, self.max_cost_usd));
        }
        readings.retain(|alert| alert.threshold > 0.0);
        readings
    }
}

fn above(name: &'static str, value: f64, threshold: f64) -> Alert {
    Alert { name, raised: value > threshold, value, threshold }
}

fn p99(calls: &VecDeque<Call>) -> f64 {
    let mut times: Vec<f64> = calls.iter().map(|call| call.ms).collect();
    let rank = (times.len() * 99).div_ceil(100) - 1;
    *times.select_nth_unstable_by(rank, f64::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(failure: Option<Status>, ms: u64) -> Ended {
        Ended { failure, total_ns: ms * 1_000_000, ..Ended::default() }
    }

    fn names(alerts: &[Alert]) -> Vec<(&'static str, bool)> {
        alerts.iter().map(|alert| (alert.name, alert.raised)).collect()
    }

    #[test]
    fn a_threshold_is_raised_once_and_recovers_once() {
        let watch = Watch::new(&ClientOptions::default());
        let mut told = Vec::new();
        let failed = (0..25).map(|_| Some(Status::Server));
        let well = (0..600).map(|_| None);
        for failure in failed.chain(well) {
            told.extend(watch.note(&call(failure, 10), None));
        }
        let name = "alert_min_success_rate";
        assert_eq!(names(&told), [(name, true), (name, false)]);
    }

    #[test]
    fn latency_cost_and_p99_are_judged_each_by_its_own() {
        let watch = Watch::new(&ClientOptions::default());
        let mut told = Vec::new();
        for n in 0..40 {
            let ms = if n == 30 { 40_000 } else { 4_500 };
            told.extend(watch.note(&call(None, ms), Some(0.6)));
        }
        let mut raised = watch.raised();
        raised.sort();
        assert_eq!(raised, ["alert_max_cost_usd", "alert_max_latency_ms", "alert_max_p99_ms"]);
        assert_eq!(told.len(), 3);
    }

    #[test]
    fn a_callers_own_cancel_is_no_failure_and_zero_is_off() {
        let options = ClientOptions { alert_max_latency_ms: 0, ..ClientOptions::default() };
        let watch = Watch::new(&options);
        for _ in 0..50 {
            assert_eq!(watch.note(&call(Some(Status::Cancelled), 20_000), None), []);
        }
    }
}
