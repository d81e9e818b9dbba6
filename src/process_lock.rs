//! Locks of the whole process, which are held while it forks.
//!
//! A child of `fork` has the memory of its parent and only one of its threads.
//! A lock that another thread held would stay locked for ever, so the few locks
//! that belong to no object are taken before the fork and given back after it,
//! on both sides (see the handle table). They are the standard library's and
//! not parking_lot's, which in the child could hand the lock over to a thread
//! that is not there.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A lock in a static.
pub struct ProcessLock<T>(Mutex<T>);

impl<T> ProcessLock<T> {
    /// An open lock.
    pub const fn new(value: T) -> Self {
        ProcessLock(Mutex::new(value))
    }

    /// Waits for the lock.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
