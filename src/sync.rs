//! What threads share: the locks and atomics of the concurrent parts.
//!
//! In the library these are parking_lot's locks and std's atomics, by their own
//! names. Built for tests with the feature `model`, they are shuttle's:
//! then a scheduler, not the machine, decides at each of them which thread goes
//! on, and a model (see `cache::models`) tries as many orders as it is asked
//! to. A lock that is not from here must not be held while one that is is
//! touched, or the model hangs.

#[cfg(not(all(test, feature = "model")))]
mod real {
    pub use parking_lot::{Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};
    pub use std::hint::spin_loop;
    pub use std::sync::atomic;
    pub use std::thread::yield_now;

    /// Waits for what takes a few dozen instructions, unless whoever does it has
    /// lost the processor. `turn`: how often one has waited already.
    pub fn pause(turn: u32) {
        match turn {
            0..64 => spin_loop(),
            64..128 => yield_now(),
            // Others may be kept from the processor by those who yield.
            _ => std::thread::sleep(std::time::Duration::from_micros(50)),
        }
    }

    /// What `waiting` is made of.
    pub mod std_like {
        pub use std::sync::{Condvar, Mutex, MutexGuard};
    }
}
#[cfg(not(all(test, feature = "model")))]
pub use real::*;

#[cfg(test)]
#[cfg(feature = "model")]
mod modelled;
#[cfg(all(test, feature = "model"))]
pub use modelled::*;
