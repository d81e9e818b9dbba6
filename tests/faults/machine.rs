//! How busy the machine is: what a test may put down to it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Runs something, and tells by how much, at most, the machine woke a thread
/// too late meanwhile.
pub fn lateness_during<R>(run: impl FnOnce() -> R) -> (R, Duration) {
    let over = AtomicBool::new(false);
    let watch = || {
        let (mut worst, pause) = (Duration::ZERO, Duration::from_millis(5));
        while !over.load(Ordering::Relaxed) {
            let began = Instant::now();
            thread::sleep(pause);
            worst = worst.max(began.elapsed() - pause);
        }
        worst
    };
    thread::scope(|scope| {
        let watch = scope.spawn(watch);
        let result = run();
        over.store(true, Ordering::Relaxed);
        (result, watch.join().unwrap_or_default())
    })
}
