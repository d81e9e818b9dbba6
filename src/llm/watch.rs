//! Thresholds on a client's recent calls: raised once when crossed, and again
//! when all is well.
//!
//! They judge the last [`WINDOW`] calls, so that they recover when the calls
//! do, and nothing before there have been [`ENOUGH`].

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::metrics::Alert;
use crate::metrics::alert::{Untold, changes};
use crate::options::client::ClientOptions;

use super::metrics::{Ended, is_failure};
use super::pricing::nano;

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
    /// What has changed.
    pub untold: Arc<Untold>,
}

#[derive(Debug, Default)]
struct State {
    calls: VecDeque<Call>,
    sums: Sums,
    raised: Vec<&'static str>,
}

/// What the calls of the window add up to, so that a call costs the same
/// whatever the window; whole numbers, so that nothing drifts.
#[derive(Debug, Default)]
struct Sums {
    failed: usize,
    /// Calls that took longer than the bound of the 99th percentile.
    slow: usize,
    ns: u64,
    priced: usize,
    nano_usd: u64,
}

#[derive(Debug, Clone, Copy)]
struct Call {
    failed: bool,
    ns: u64,
    nano_usd: Option<u64>,
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
            untold: Arc::default(),
        }
    }

    /// Takes a call that has ended into account; whether anything has changed by it.
    pub fn note(&self, ended: &Ended) -> bool {
        let call = Call {
            failed: ended.failure.is_some_and(is_failure),
            ns: ended.total_ns,
            nano_usd: ended.cost_usd.map(nano),
        };
        let mut state = self.state.lock();
        let State { calls, sums, raised } = &mut *state;
        if calls.len() == WINDOW
            && let Some(oldest) = calls.pop_front()
        {
            sums.remove(&oldest, self.max_p99_ms);
        }
        calls.push_back(call);
        sums.add(&call, self.max_p99_ms);
        if calls.len() < ENOUGH {
            return false;
        }
        let crossed = self.crossed(calls.len(), sums);
        if crossed.iter().all(|(name, now)| raised.contains(name) == *now) {
            return false;
        }
        self.untold.add(changes(raised, self.readings(calls, sums, &crossed)));
        true
    }

    /// What is raised now.
    pub fn raised(&self) -> Vec<&'static str> {
        self.state.lock().raised.clone()
    }

    /// Each threshold, and whether it is crossed.
    fn crossed(&self, calls: usize, sums: &Sums) -> [(&'static str, bool); 4] {
        let success = (calls - sums.failed) as f64 / calls as f64;
        // The 99th percentile is beyond its bound if so many calls are.
        let beyond = calls + 1 - (calls * 99).div_ceil(100);
        let above = |value: Option<f64>, bound| bound > 0.0 && value.is_some_and(|v| v > bound);
        [
            ("alert_min_success_rate", success < self.min_success_rate),
            ("alert_max_latency_ms", above(Some(sums.mean_ms(calls)), self.max_latency_ms)),
            ("alert_max_p99_ms", self.max_p99_ms > 0.0 && sums.slow >= beyond),
            ("alert_max_cost_usd", above(sums.mean_usd(), self.max_cost_usd)),
        ]
    }

    /// The thresholds with what was measured.
    fn readings(
        &self,
        calls: &VecDeque<Call>,
        sums: &Sums,
        crossed: &[(&'static str, bool); 4],
    ) -> Vec<Alert> {
        let success = (calls.len() - sums.failed) as f64 / calls.len() as f64;
        let measured = [
            (success, self.min_success_rate),
            (sums.mean_ms(calls.len()), self.max_latency_ms),
            (p99(calls), self.max_p99_ms),
            (sums.mean_usd().unwrap_or(0.0), self.max_cost_usd),
        ];
        let alert = |((name, raised), (value, threshold)): (&(&'static str, bool), _)| Alert {
            name,
            raised: *raised,
            value,
            threshold,
        };
        crossed.iter().zip(measured).map(alert).collect()
    }
}

impl Sums {
    fn add(&mut self, call: &Call, p99_ms: f64) {
        self.failed += usize::from(call.failed);
        self.slow += usize::from(call.ms() > p99_ms);
        self.ns += call.ns;
        self.priced += usize::from(call.nano_usd.is_some());
        self.nano_usd += call.nano_usd.unwrap_or(0);
    }

    fn remove(&mut self, call: &Call, p99_ms: f64) {
        self.failed -= usize::from(call.failed);
        self.slow -= usize::from(call.ms() > p99_ms);
        self.ns -= call.ns;
        self.priced -= usize::from(call.nano_usd.is_some());
        self.nano_usd -= call.nano_usd.unwrap_or(0);
    }

    fn mean_ms(&self, calls: usize) -> f64 {
        self.ns as f64 / 1e6 / calls as f64
    }

    fn mean_usd(&self) -> Option<f64> {
        (self.priced > 0).then(|| self.nano_usd as f64 / 1e9 / self.priced as f64)
    }
}

impl Call {
    fn ms(&self) -> f64 {
        self.ns as f64 / 1e6
    }
}

/// The 99th percentile: the least of the hundredth that took longest.
fn p99(calls: &VecDeque<Call>) -> f64 {
    let count = calls.len() + 1 - (calls.len() * 99).div_ceil(100);
    let mut longest = Vec::with_capacity(count + 1);
    for call in calls {
        longest.insert(longest.partition_point(|ns| *ns >= call.ns), call.ns);
        longest.truncate(count);
    }
    longest.last().map_or(0.0, |ns| *ns as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Status;

    fn call(failure: Option<Status>, ms: u64, cost_usd: Option<f64>) -> Ended {
        Ended { failure, total_ns: ms * 1_000_000, cost_usd, ..Ended::default() }
    }

    /// What has changed by a call.
    fn told(watch: &Watch, call: &Ended) -> Vec<Alert> {
        let told = std::cell::RefCell::new(Vec::new());
        if watch.note(call) {
            watch.untold.tell(|alert| told.borrow_mut().push(alert.clone()));
        }
        told.into_inner()
    }

    fn names(alerts: &[Alert]) -> Vec<(&'static str, bool)> {
        alerts.iter().map(|alert| (alert.name, alert.raised)).collect()
    }

    #[test]
    fn a_threshold_is_raised_once_and_recovers_once() {
        let watch = Watch::new(&ClientOptions::default());
        let mut changes = Vec::new();
        let failed = (0..25).map(|_| Some(Status::Server));
        let well = (0..600).map(|_| None);
        for failure in failed.chain(well) {
            changes.extend(told(&watch, &call(failure, 10, None)));
        }
        let name = "alert_min_success_rate";
        assert_eq!(names(&changes), [(name, true), (name, false)]);
    }

    #[test]
    fn latency_cost_and_p99_are_judged_each_by_its_own() {
        let watch = Watch::new(&ClientOptions::default());
        let mut changes = Vec::new();
        for n in 0..40 {
            let ms = if n == 30 { 40_000 } else { 4_500 };
            changes.extend(told(&watch, &call(None, ms, Some(0.6))));
        }
        let mut raised = watch.raised();
        raised.sort();
        assert_eq!(raised, ["alert_max_cost_usd", "alert_max_latency_ms", "alert_max_p99_ms"]);
        assert_eq!(changes.len(), 3);
    }

    #[test]
    fn the_sums_are_those_of_the_window_and_p99_is_the_percentiles_own() {
        let options = ClientOptions { alert_max_p99_ms: 500, ..ClientOptions::default() };
        let (watch, mut random) = (Watch::new(&options), fastrand::Rng::with_seed(3));
        for n in 0..3_000 {
            let failure = (random.u8(..) < 20).then_some(Status::Server);
            let slow = random.u32(..10_000) < if n / 700 % 2 == 0 { 20 } else { 300 };
            let ms = if slow { 600 } else { random.u64(1..400) };
            watch.note(&call(failure, ms, random.bool().then_some(0.01)));
            let state = watch.state.lock();
            let count = |which: fn(&&Call) -> bool| state.calls.iter().filter(which).count();
            assert_eq!(state.sums.failed, count(|call| call.failed));
            assert_eq!(state.sums.priced, count(|call| call.nano_usd.is_some()));
            assert_eq!(state.sums.ns, state.calls.iter().map(|call| call.ns).sum::<u64>());
            if state.calls.len() >= ENOUGH {
                let beyond = p99(&state.calls) > 500.0;
                assert_eq!(state.raised.contains(&"alert_max_p99_ms"), beyond);
            }
        }
    }

    #[test]
    fn a_callers_own_cancel_is_no_failure_and_zero_is_off() {
        let options = ClientOptions { alert_max_latency_ms: 0, ..ClientOptions::default() };
        let watch = Watch::new(&options);
        for _ in 0..50 {
            assert!(!watch.note(&call(Some(Status::Cancelled), 20_000, None)));
        }
    }
}
