//! Locks that threads wait under, safe to meet in a forked child.
//!
//! They have the shape of parking_lot's and are made of std's. Whoever waits on
//! a condition of parking_lot passes through a table that all such locks of the
//! process share, and that has locks of its own: a thread that happened to be in
//! there while another one forked would leave a part of it locked in the child
//! for good. std's wait in the kernel, on the object's own word.

use std::ops::{Deref, DerefMut};
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use crate::sync::std_like;

/// A lock without poisoning: what it guards is never left half changed.
#[derive(Debug, Default)]
pub struct Mutex<T>(std_like::Mutex<T>);

impl<T> Mutex<T> {
    /// An open lock.
    pub const fn new(value: T) -> Self {
        Mutex(std_like::Mutex::new(value))
    }

    /// Waits for the lock.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        MutexGuard(Some(self.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Holds the lock; empty only inside a wait.
#[derive(Debug)]
pub struct MutexGuard<'a, T>(Option<std_like::MutexGuard<'a, T>>);

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().expect("a wait gives back what it takes")
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.as_mut().expect("a wait gives back what it takes")
    }
}

/// How a bounded wait ended.
#[derive(Debug, Clone, Copy)]
pub struct Waited(bool);

impl Waited {
    /// Whether the time ran out before anyone notified.
    pub fn timed_out(self) -> bool {
        self.0
    }
}

/// What threads wait for, and are told of.
#[derive(Debug, Default)]
pub struct Condvar(std_like::Condvar);

impl Condvar {
    /// Nobody waits yet.
    pub const fn new() -> Self {
        Condvar(std_like::Condvar::new())
    }

    /// Wakes all who wait.
    pub fn notify_all(&self) {
        self.0.notify_all();
    }

    /// Wakes one of those who wait.
    pub fn notify_one(&self) {
        self.0.notify_one();
    }

    /// Gives the lock away until somebody notifies.
    pub fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
        if let Some(held) = guard.0.take() {
            guard.0 = Some(self.0.wait(held).unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// As [`wait`](Self::wait), as long as `condition` holds.
    pub fn wait_while<T>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        mut condition: impl FnMut(&mut T) -> bool,
    ) {
        while condition(guard) {
            self.wait(guard);
        }
    }

    /// As [`wait`](Self::wait), no longer than `timeout`.
    pub fn wait_for<T>(&self, guard: &mut MutexGuard<'_, T>, timeout: Duration) -> Waited {
        let Some(held) = guard.0.take() else { return Waited(true) };
        let (held, result) =
            self.0.wait_timeout(held, timeout).unwrap_or_else(PoisonError::into_inner);
        guard.0 = Some(held);
        Waited(result.timed_out())
    }

    /// As [`wait`](Self::wait), no longer than until `at`.
    pub fn wait_until<T>(&self, guard: &mut MutexGuard<'_, T>, at: Instant) -> Waited {
        self.wait_for(guard, at.saturating_duration_since(Instant::now()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_wait_ends_when_it_is_notified_or_runs_out() {
        let pair = Arc::new((Mutex::new(0), Condvar::new()));
        let other = pair.clone();
        let thread = std::thread::spawn(move || {
            *other.0.lock() = 7;
            other.1.notify_all();
        });
        let mut value = pair.0.lock();
        pair.1.wait_while(&mut value, |value| *value == 0);
        assert_eq!(*value, 7);
        assert!(pair.1.wait_for(&mut value, Duration::from_millis(1)).timed_out());
        assert!(pair.1.wait_until(&mut value, Instant::now()).timed_out());
        drop(value);
        thread.join().unwrap();
    }
}
