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
            piece if is_sampled(piece) => SAMPLE,
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

/// Whether a piece is one of those that are measured: by chance, as it were, for work may
/// come in turns of any number.
fn is_sampled(piece: u64) -> bool {
    // Fibonacci hashing, of which the upper bits are even.
    piece.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 60 == 0
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
    fn of_many_pieces_some_stand_for_the_rest_in_whatever_turns_they_come() {
        for turn in [1, 2, 16, 32, 100] {
            let sampled = (0..16_000).filter(|n| is_sampled(n * turn)).count();
            assert!((500..2_000).contains(&sampled), "{sampled} of 16,000, every {turn}");
        }
        let time = CpuTime::default();
        (0..MEASURED + 10).for_each(|_| time.of(busy));
        assert!(time.ns() >= MEASURED * 100_000);
    }
}
