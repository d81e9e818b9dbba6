//! shuttle's locks in the shape of parking_lot's.

use std::time::Instant;

pub use shuttle::hint::spin_loop;
pub use shuttle::sync::{RwLockReadGuard, RwLockWriteGuard, atomic};
pub use shuttle::thread::yield_now;

/// Lets the others go on.
pub fn pause(_: u32) {
    yield_now();
}

/// What `waiting` is made of.
pub mod std_like {
    pub use shuttle::sync::{Condvar, Mutex, MutexGuard};
}

/// A lock for one.
#[derive(Debug, Default)]
pub struct Mutex<T>(shuttle::sync::Mutex<T>);

impl<T> Mutex<T> {
    /// An open lock.
    pub const fn new(value: T) -> Self {
        Mutex(shuttle::sync::Mutex::new(value))
    }

    /// Waits for the lock.
    pub fn lock(&self) -> shuttle::sync::MutexGuard<'_, T> {
        self.0.lock().unwrap()
    }
}

/// A lock for one writer or many readers.
#[derive(Debug, Default)]
pub struct RwLock<T>(shuttle::sync::RwLock<T>);

impl<T> RwLock<T> {
    /// An open lock.
    pub const fn new(value: T) -> Self {
        RwLock(shuttle::sync::RwLock::new(value))
    }

    /// Waits for the lock, beside other readers.
    pub fn read(&self) -> RwLockReadGuard<'_, T> {
        self.0.read().unwrap()
    }

    /// Waits for the lock.
    pub fn write(&self) -> RwLockWriteGuard<'_, T> {
        self.0.write().unwrap()
    }

    /// The lock, if it is free for a reader.
    pub fn try_read(&self) -> Option<RwLockReadGuard<'_, T>> {
        self.0.try_read().ok()
    }

    /// The lock, if it is free.
    pub fn try_write(&self) -> Option<RwLockWriteGuard<'_, T>> {
        self.0.try_write().ok()
    }

    /// Whether anybody has it.
    pub fn is_locked(&self) -> bool {
        self.0.try_write().is_err()
    }

    /// In a model whoever has written is seen to have: nobody needs to ask.
    pub fn is_locked_exclusive(&self) -> bool {
        false
    }

    /// A model knows no time: it waits.
    pub fn try_read_until(&self, _: Instant) -> Option<RwLockReadGuard<'_, T>> {
        Some(self.read())
    }

    /// As `try_read_until`.
    pub fn try_write_until(&self, _: Instant) -> Option<RwLockWriteGuard<'_, T>> {
        Some(self.write())
    }
}

/// The number of the task that runs, from 0.
pub fn task() -> usize {
    shuttle::current::me().into()
}

/// Stack of a thread of a model: code that is not optimised takes several times what
/// shuttle's own 32 KiB are meant for.
const STACK: usize = 256 << 10;

/// Runs a model in many orders: half of them random, half with few changes of
/// thread at the worst places. `MYNAH_MODEL_RUNS` says how many.
///
/// One model at a time: handles and sections are the process's, and a scheduler
/// knows its own threads only.
pub fn explore(model: impl Fn() + Send + Sync + 'static) {
    static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let runs = std::env::var("MYNAH_MODEL_RUNS").ok().and_then(|n| n.parse().ok()).unwrap_or(4_000);
    let model = std::sync::Arc::new(model);
    let same = model.clone();
    let mut config = shuttle::Config::default();
    config.stack_size = STACK;
    let random = shuttle::scheduler::RandomScheduler::new(runs);
    shuttle::Runner::new(random, config.clone()).run(move || model());
    let few_changes = shuttle::scheduler::PctScheduler::new(3, runs);
    shuttle::Runner::new(few_changes, config).run(move || same());
}

/// Runs threads of a model to their end.
pub fn at_once(threads: Vec<Box<dyn FnOnce() + Send>>) {
    let all: Vec<_> = threads.into_iter().map(shuttle::thread::spawn).collect();
    all.into_iter().for_each(|thread| thread.join().unwrap());
}
