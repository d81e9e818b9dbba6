//! What a kind of work costs in CPU time.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Pieces of work of which each is measured; of later ones one in `SAMPLE` is, and
/// stands for so many: to ask the kernel costs as much as to unpack a short value.
const MEASURED: u64 = 256;
const SAMPLE: u64 = 16;

/// CPU time of a kind of work, on whatever threads it was done: without the waits for
/// locks and for a core, which are no cost of the work. Where the system tells no
/// thread's time, they are in it.
#[derive(Debug, Default)]
pub struct CpuTime {
    // Relaxed: two numbers that are looked at alone.
    pieces: AtomicU64,
    ns: AtomicU64,
}

impl CpuTime {
    /// Does a piece of work.
    pub fn of<R>(&self, work: impl FnOnce() -> R) -> R {
        let weight = match self.pieces.fetch_add(1, Relaxed) {
            ..MEASURED => 1,
            piece if piece.is_multiple_of(SAMPLE) => SAMPLE,
            _ => return work(),
        };
        let start = thread_ns();
        let done = work();
        self.ns.fetch_add((thread_ns() - start) * weight, Relaxed);
        done
    }

    /// All of it, in nanoseconds.
    pub fn ns(&self) -> u64 {
        self.ns.load(Relaxed)
    }
}

/// CPU time of this thread, in nanoseconds.
#[cfg(unix)]
fn thread_ns() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

#[cfg(not(unix))]
fn thread_ns() -> u64 {
    crate::clock::Clock::System.now_ns()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busy() {
        let start = thread_ns();
        while thread_ns() - start < 100_000 {}
    }

    #[test]
    #[cfg(unix)]
    fn work_is_in_it_and_waiting_is_not() {
        let time = CpuTime::default();
        time.of(busy);
        let worked = time.ns();
        assert!(worked >= 100_000);
        time.of(|| std::thread::sleep(std::time::Duration::from_millis(50)));
        assert!(time.ns() - worked < 25_000_000, "{}", time.ns() - worked);
    }

    #[test]
    fn of_many_pieces_some_stand_for_the_rest() {
        let time = CpuTime::default();
        (0..MEASURED + 10 * SAMPLE).for_each(|_| time.of(busy));
        let all = (MEASURED + 10 * SAMPLE) * 100_000;
        assert!(time.ns() >= all, "{} of {all}", time.ns());
    }
}
