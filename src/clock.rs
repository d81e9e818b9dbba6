//! Time and randomness, as things that are passed in.
//!
//! [`Clock`] is an enum rather than a trait object because the cache reads it
//! on every hit: the system arm inlines to one call into the vDSO. Readings
//! are nanoseconds since an arbitrary start and never go back; `coarse` may lag
//! by one kernel tick (see [`COARSE_TICK_NS`]) and costs a fifth of `now`.
//! The manual clock of the tests stands still until it is advanced, and a wait
//! on it advances it, so nothing ever sleeps; one that is held stands still also then,
//! and a wait on it ends when it is woken.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::waiting::{Condvar, Mutex};

/// The most that [`Clock::coarse_ns`] lags behind [`Clock::now_ns`]:
/// one tick of a kernel at 100 Hz, the slowest in use.
pub const COARSE_TICK_NS: u64 = 10_000_000;

/// A source of time; cheap to clone.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The machine's monotonic clock.
    #[default]
    System,
    /// A clock that moves only when told to.
    Manual(Arc<ManualClock>),
}

/// Time under a test's control.
#[derive(Debug, Default)]
pub struct ManualClock {
    // Relaxed is enough: a reading orders nothing but itself.
    now_ns: AtomicU64,
    unix_offset_ms: AtomicU64,
    is_held: AtomicBool,
    waiting: AtomicUsize,
}

impl ManualClock {
    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.now_ns.fetch_add(by.as_nanos() as u64, Ordering::Relaxed);
    }

    /// Holds it: a wait does not move it any more, and ends when its signal is raised.
    pub fn hold(&self) {
        self.is_held.store(true, Ordering::Relaxed);
    }

    /// How many wait on it while it is held.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    fn wait(&self, signal: &Signal, timeout: Duration) {
        if self.is_held.load(Ordering::Relaxed) {
            self.waiting.fetch_add(1, Ordering::Relaxed);
            signal.wait(Duration::MAX);
            self.waiting.fetch_sub(1, Ordering::Relaxed);
        } else if !signal.is_raised() {
            self.advance(timeout);
        }
    }

    /// Sets what the wall clock shows at the monotonic start, in ms since 1970.
    pub fn set_unix_offset_ms(&self, ms: u64) {
        self.unix_offset_ms.store(ms, Ordering::Relaxed);
    }
}

impl Clock {
    /// A manual clock, and the handle that moves it.
    pub fn manual() -> (Clock, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::default());
        clock.now_ns.store(1_000_000_000, Ordering::Relaxed);
        (Clock::Manual(clock.clone()), clock)
    }

    /// Nanoseconds on the monotonic clock, precise.
    #[inline]
    pub fn now_ns(&self) -> u64 {
        match self {
            Clock::System => system::now_ns(),
            Clock::Manual(clock) => clock.now_ns.load(Ordering::Relaxed),
        }
    }

    /// Nanoseconds on the monotonic clock, up to one tick old.
    #[inline]
    pub fn coarse_ns(&self) -> u64 {
        match self {
            Clock::System => system::coarse_ns(),
            Clock::Manual(clock) => clock.now_ns.load(Ordering::Relaxed),
        }
    }

    /// A moment that is not over yet, and less than two ticks away; as cheap as
    /// `coarse_ns`.
    #[inline(always)]
    pub fn soon_ns(&self) -> u64 {
        match self {
            Clock::System => system::coarse_ns() + COARSE_TICK_NS,
            Clock::Manual(clock) => clock.now_ns.load(Ordering::Relaxed),
        }
    }

    /// Milliseconds since 1970 on the wall clock; may jump either way.
    pub fn unix_ms(&self) -> u64 {
        match self {
            Clock::System => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_millis() as u64),
            Clock::Manual(clock) => {
                clock.unix_offset_ms.load(Ordering::Relaxed)
                    + clock.now_ns.load(Ordering::Relaxed) / 1_000_000
            }
        }
    }

    /// Waits until `signal` is raised or `timeout` has passed; true if raised.
    /// On a manual clock the time passes at once, unless that is held.
    pub fn wait(&self, signal: &Signal, timeout: Duration) -> bool {
        match self {
            Clock::System => signal.wait(timeout),
            Clock::Manual(clock) => {
                clock.wait(signal, timeout);
                signal.is_raised()
            }
        }
    }
}

#[cfg(unix)]
mod system {
    use rustix::time::{ClockId, clock_gettime};

    #[inline(always)]
    fn read(id: ClockId) -> u64 {
        let t = clock_gettime(id);
        t.tv_sec as u64 * 1_000_000_000 + t.tv_nsec as u64
    }

    #[inline]
    pub fn now_ns() -> u64 {
        read(ClockId::Monotonic)
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[inline(always)]
    pub fn coarse_ns() -> u64 {
        read(ClockId::MonotonicCoarse)
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    #[inline]
    pub fn coarse_ns() -> u64 {
        now_ns()
    }
}

#[cfg(not(unix))]
mod system {
    use std::time::Instant;

    use once_cell::sync::Lazy;

    static START: Lazy<Instant> = Lazy::new(Instant::now);

    pub fn now_ns() -> u64 {
        // One second ahead, so that nothing is ever due at zero.
        START.elapsed().as_nanos() as u64 + 1_000_000_000
    }

    pub fn coarse_ns() -> u64 {
        now_ns()
    }
}

/// A flag that can be waited for, raised once.
#[derive(Debug, Default)]
pub struct Signal {
    raised: Mutex<bool>,
    changed: Condvar,
}

impl Signal {
    /// Raises the flag and wakes all who wait.
    pub fn raise(&self) {
        *self.raised.lock() = true;
        self.changed.notify_all();
    }

    /// Whether it has been raised.
    pub fn is_raised(&self) -> bool {
        *self.raised.lock()
    }

    fn wait(&self, timeout: Duration) -> bool {
        let deadline = Instant::now().checked_add(timeout);
        let mut raised = self.raised.lock();
        while !*raised {
            match deadline {
                Some(at) if self.changed.wait_until(&mut raised, at).timed_out() => break,
                Some(_) => {}
                None => self.changed.wait(&mut raised),
            }
        }
        *raised
    }
}

/// Random numbers for jitter, sampling and ids; seeded in tests.
#[derive(Debug)]
pub struct Random(Mutex<fastrand::Rng>);

impl Random {
    /// Seeded by the operating system.
    pub fn from_os() -> Self {
        Random(Mutex::new(fastrand::Rng::new()))
    }

    /// The same sequence every time.
    pub fn seeded(seed: u64) -> Self {
        Random(Mutex::new(fastrand::Rng::with_seed(seed)))
    }

    /// A number below 2^64.
    pub fn u64(&self) -> u64 {
        self.0.lock().u64(..)
    }

    /// A number in `0.0..1.0`.
    pub fn f64(&self) -> f64 {
        self.0.lock().f64()
    }
}

impl Default for Random {
    fn default() -> Self {
        Random::from_os()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_waits_without_sleeping() {
        let (clock, _) = Clock::manual();
        let before = clock.now_ns();
        assert!(!clock.wait(&Signal::default(), Duration::from_secs(3600)));
        assert_eq!(clock.now_ns() - before, 3_600_000_000_000);
    }

    #[test]
    fn a_manual_clock_that_is_held_stands_still_while_somebody_waits() {
        let (clock, time) = Clock::manual();
        let (signal, before) = (Signal::default(), clock.now_ns());
        time.hold();
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| clock.wait(&signal, Duration::from_millis(1)));
            while time.waiting() == 0 {
                std::thread::yield_now();
            }
            signal.raise();
            assert!(waiter.join().unwrap());
        });
        assert_eq!((clock.now_ns(), time.waiting()), (before, 0));
    }

    #[test]
    fn the_coarse_clock_lags_by_less_than_its_tick() {
        let clock = Clock::System;
        for _ in 0..1000 {
            let (coarse, now) = (clock.coarse_ns(), clock.now_ns());
            assert!(coarse <= now && now - coarse <= 2 * COARSE_TICK_NS, "{coarse} {now}");
            assert!(clock.now_ns() < clock.soon_ns() + COARSE_TICK_NS);
        }
    }

    #[test]
    fn a_raised_signal_ends_every_wait() {
        let signal = Signal::default();
        signal.raise();
        assert!(Clock::System.wait(&signal, Duration::from_secs(60)));
    }
}
