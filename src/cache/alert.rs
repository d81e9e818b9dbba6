//! Thresholds: raised once when crossed, and again when all is well.
//!
//! They are looked at once a second at most, by a call that is being timed
//! anyway, and whenever the metrics are asked for; an idle cache looks at
//! nothing. Hit rate and latency are those of the look-ups since the last time,
//! if they were enough to tell: what was long ago neither hides trouble nor
//! keeps an alert up. Changes are told in their order.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use parking_lot::Mutex;
use serde_json::Value as Json;

use super::Cache;
use super::report::Report;
use crate::metrics::alert::{Untold, changes};
use crate::metrics::told::{Telling, tell};
use crate::metrics::{Alert, AlertListener, Level, LogListener};

/// Look-ups below which a hit rate says nothing.
const ENOUGH: u64 = 100;
/// Timed look-ups below which their mean says nothing.
const ENOUGH_TIMED: u64 = 8;
/// Between two looks, in ns.
const PERIOD_NS: u64 = 1_000_000_000;

/// What is raised at the moment.
pub struct Alerts {
    next_ns: AtomicU64,
    state: Mutex<State>,
    untold: Untold,
    listener: Mutex<Option<Arc<AlertListener>>>,
    log: Mutex<Option<(Level, Arc<LogListener>)>>,
}

#[derive(Default)]
struct State {
    raised: Vec<&'static str>,
    hits: u64,
    misses: u64,
    timed_gets: (u64, u64),
}

impl Alerts {
    /// Nothing raised yet.
    pub fn new(
        listener: Option<Arc<AlertListener>>,
        log: Option<(Level, Arc<LogListener>)>,
    ) -> Alerts {
        Alerts {
            next_ns: AtomicU64::new(0),
            state: Mutex::default(),
            untold: Untold::default(),
            listener: Mutex::new(listener),
            log: Mutex::new(log),
        }
    }

    /// Whether it is time to look; true for one caller each time.
    pub fn is_due(&self, now_ns: u64) -> bool {
        let next = self.next_ns.load(Relaxed);
        now_ns >= next
            && self.next_ns.compare_exchange(next, now_ns + PERIOD_NS, Relaxed, Relaxed).is_ok()
    }

    /// Forgets whom to tell.
    pub fn close(&self) {
        let (listener, log) = (self.listener.lock().take(), self.log.lock().take());
        drop((listener, log));
    }

    /// What is raised.
    pub fn raised(&self) -> Vec<&'static str> {
        self.state.lock().raised.clone()
    }
}

impl Cache {
    /// Compares the figures with the thresholds, and tells what changed once no
    /// other listener runs on this thread.
    pub(super) fn check_alerts(&self, report: &Report) {
        let mut state = self.alerts.state.lock();
        let readings = self.readings(report, &mut state);
        let changed = changes(&mut state.raised, readings);
        if changed.is_empty() {
            return;
        }
        self.alerts.untold.add(changed);
        drop(state);
        if let Some(cache) = self.me.upgrade() {
            tell(Box::new(move || cache.tell_alerts()));
        }
    }

    /// Tells of what changed, one after the other.
    fn tell_alerts(&self) {
        self.alerts.untold.tell(|alert| {
            let record = || alert.record("mynah.cache.alert");
            if let Some(telling) = self.logging(Level::Warning, record) {
                telling();
            }
            let listener = self.alerts.listener.lock().clone();
            if let Some(listener) = listener {
                listener(alert);
            }
        });
    }

    /// Tells whoever wants records of a level, once no other listener runs on
    /// this thread. No lock is held.
    pub(super) fn log(&self, level: Level, record: impl FnOnce() -> Json) {
        if let Some(telling) = self.logging(level, record) {
            tell(telling);
        }
    }

    /// What tells of a record, if anybody wants it.
    fn logging(&self, level: Level, record: impl FnOnce() -> Json) -> Option<Telling> {
        let log = self.alerts.log.lock().clone();
        let (_, listener) = log.filter(|(least, _)| level >= *least)?;
        let mut record = record();
        record["level"] = level.name().into();
        Some(Box::new(move || listener(level, &record.to_string())))
    }

    /// Each threshold that is set and can be judged.
    fn readings(&self, report: &Report, state: &mut State) -> Vec<Alert> {
        let values = &self.options.values;
        let mut readings = Vec::new();
        let mut read = |name, raised, value, threshold: f64| {
            if threshold > 0.0 {
                readings.push(Alert { name, raised, value, threshold });
            }
        };
        let hits = report.hits.saturating_sub(state.hits);
        let all = hits + report.misses.saturating_sub(state.misses);
        if all >= ENOUGH {
            let rate = hits as f64 / all as f64;
            let least = values.alert_min_hit_rate;
            read("alert_min_hit_rate", rate < least, rate, least);
            (state.hits, state.misses) = (report.hits, report.misses);
        }
        let ((sum, count), before) = (report.timed_gets, state.timed_gets);
        let timed = count.saturating_sub(before.1);
        if timed >= ENOUGH_TIMED {
            let us = sum.saturating_sub(before.0) as f64 / timed as f64 / 1_000.0;
            let most = values.alert_max_get_latency_us as f64;
            read("alert_max_get_latency_us", us > most, us, most);
            state.timed_gets = report.timed_gets;
        }
        let (mb, most) = (report.memory as f64 / 1_048_576.0, values.alert_max_memory_mb as f64);
        read("alert_max_memory_mb", mb > most, mb, most);
        // A few entries to a shard are never even; that is no finding.
        let (off, most) = (report.unevenness(), values.alert_max_shard_imbalance);
        let uneven = off > most && off > report.imbalance_by_chance();
        read("alert_max_shard_imbalance", uneven, off, most);
        readings
    }

    /// What is done now and then, at most once a second, on a caller's thread
    /// with no lock held; not this time, where a shard is not free soon.
    pub fn maintain(&self) {
        if let Some(report) = self.report_aside() {
            self.look_after(&report);
        }
    }

    /// The same with the figures of now.
    pub(super) fn look_after(&self, report: &Report) {
        self.check_alerts(report);
        self.fit_simulation(report);
        self.tune_aside();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Listeners;
    use crate::cache::tests::cache;
    use crate::clock::Clock;
    use crate::options::Layered;
    use crate::options::cache::CacheOptions;

    const IN_TURN: [(bool, &str); 4] =
        [(true, "begins"), (true, "ends"), (false, "begins"), (false, "ends")];

    #[test]
    fn what_an_alert_causes_waits_until_its_listener_has_returned() {
        let (told, place) =
            (Arc::<Mutex<Vec<_>>>::default(), Arc::<Mutex<Option<Arc<Cache>>>>::default());
        let (heard_of, inside) = (told.clone(), place.clone());
        let cache = heard(move |alert| {
            heard_of.lock().push((alert.raised, "begins"));
            if let Some(cache) = inside.lock().take() {
                check(&cache, 0);
            }
            heard_of.lock().push((alert.raised, "ends"));
        });
        *place.lock() = Some(cache.clone());
        check(&cache, 9 << 20);
        assert_eq!(*told.lock(), IN_TURN);
    }

    /// A cache with a bound of a MB to the alert, which is heard here.
    fn heard(listener: impl Fn(&Alert) + Send + Sync + 'static) -> Arc<Cache> {
        let mut layered = Layered::<CacheOptions>::default();
        layered.set("alert_max_memory_mb", "1").unwrap();
        let listeners = Listeners { alerts: Some(Arc::new(listener)), ..Listeners::default() };
        Cache::with_listeners(layered.resolve().unwrap(), Clock::System, listeners).unwrap()
    }

    /// The thresholds beside so many bytes.
    fn check(cache: &Cache, memory: u64) {
        let mut report = cache.report();
        report.memory = memory;
        cache.check_alerts(&report);
    }

    #[test]
    fn changes_that_two_threads_find_are_told_in_their_order() {
        let told = Arc::<Mutex<Vec<_>>>::default();
        let (begun, begins) = std::sync::mpsc::channel();
        let (found, other) = std::sync::mpsc::channel();
        let (heard_of, other) = (told.clone(), Mutex::new(other));
        let cache = heard(move |alert| {
            heard_of.lock().push((alert.raised, "begins"));
            if alert.raised {
                begun.send(()).unwrap();
                other.lock().recv().unwrap();
            }
            heard_of.lock().push((alert.raised, "ends"));
        });
        std::thread::scope(|scope| {
            scope.spawn(|| check(&cache, 9 << 20));
            begins.recv().unwrap();
            check(&cache, 0);
            found.send(()).unwrap();
        });
        assert_eq!(*told.lock(), IN_TURN);
    }

    #[test]
    fn the_latency_that_is_judged_is_that_of_late() {
        let (cache, _) = cache("{}");
        let mut report = cache.report();
        let mut look = |sum_ns, count| {
            report.timed_gets = (report.timed_gets.0 + sum_ns, report.timed_gets.1 + count);
            cache.check_alerts(&report);
            cache.alerts.raised()
        };
        assert!(look(8_000, 8).is_empty());
        assert!(look(50_000_000, 1).is_empty(), "one is not enough to tell");
        assert_eq!(look(50_000_000, 9), ["alert_max_get_latency_us"]);
        assert_eq!(look(100, 1), ["alert_max_get_latency_us"]);
        assert!(look(9_000, 9).is_empty(), "it has recovered");
    }
}
