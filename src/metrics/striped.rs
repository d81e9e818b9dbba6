//! Counters that threads add to without meeting.
//!
//! Each thread owns a line in every set of counters as long as it lives, so an
//! addition is a plain load and store: exact, and without the locked operation
//! that would cost as much as a third of a cache hit. Threads beyond the number
//! of lines share the last one and pay for it.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use std::sync::MutexGuard;

use crate::process_lock::ProcessLock;

/// Lines that one thread may own.
pub const OWNED: usize = 63;
/// The line that all others share.
const SHARED: usize = OWNED;
const UNKNOWN: usize = usize::MAX;

/// Lines that nobody owns: those given back, and the first never given out.
/// Its lock also orders the writes of a line's owners one after another.
static FREE: ProcessLock<(Vec<usize>, usize)> = ProcessLock::new((Vec::new(), 0));

/// The lock of the lines, while the process forks.
pub struct Held(#[allow(dead_code)] MutexGuard<'static, (Vec<usize>, usize)>);

/// Keeps threads from taking lines and giving them back until the guard is
/// dropped.
pub fn hold() -> Held {
    Held(FREE.lock())
}

thread_local! {
    static LINE: Cell<usize> = const { Cell::new(UNKNOWN) };
    static OWNER: Owner = Owner::take();
}

struct Owner(usize);

impl Owner {
    fn take() -> Owner {
        let (returned, next) = &mut *FREE.lock();
        let line = returned.pop().unwrap_or_else(|| {
            *next = (*next + 1).min(OWNED + 1);
            *next - 1
        });
        Owner(line)
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        LINE.set(SHARED);
        if self.0 != SHARED {
            FREE.lock().0.push(self.0);
        }
    }
}

#[cold]
fn claim_line() -> usize {
    // A thread that is ending has given its line back already.
    let line = OWNER.try_with(|owner| owner.0).unwrap_or(SHARED);
    LINE.set(line);
    line
}

/// The number of this thread's line; [`OWNED`] if it has none of its own.
#[cfg(not(all(test, feature = "model")))]
#[inline(always)]
pub fn line() -> usize {
    match LINE.get() {
        UNKNOWN => claim_line(),
        line => line,
    }
}

/// As [`line`], if the thread owns one and has asked for it before.
#[cfg(not(all(test, feature = "model")))]
#[inline(always)]
pub fn own() -> Option<usize> {
    let line = LINE.get();
    (line < OWNED).then_some(line)
}

/// As above, in a model.
#[cfg(all(test, feature = "model"))]
pub fn own() -> Option<usize> {
    Some(line()).filter(|line| *line < OWNED)
}

/// In a model the threads are tasks of one thread; every other one has a line.
#[cfg(all(test, feature = "model"))]
pub fn line() -> usize {
    _ = (&LINE, claim_line as fn() -> usize);
    match crate::sync::task() {
        task if task % 2 == 0 => task,
        _ => SHARED,
    }
}

/// Runs a test on a thread that owns a line: others may have all of them, and
/// give one back when they end.
#[cfg(test)]
pub fn with_a_line(test: impl Fn() + Sync) {
    let owns_one = || line() < OWNED;
    let tested = || owns_one().then(&test).is_some();
    while !std::thread::scope(|scope| scope.spawn(tested).join().unwrap()) {
        std::thread::yield_now();
    }
}

#[derive(Debug)]
#[repr(align(64))]
struct Line<const N: usize>([AtomicU64; N]);

/// `N` counters.
#[derive(Debug)]
pub struct Striped<const N: usize>(Box<[Line<N>; OWNED + 1]>);

impl<const N: usize> Default for Striped<N> {
    fn default() -> Self {
        Striped(Box::new([const { Line([const { AtomicU64::new(0) }; N]) }; OWNED + 1]))
    }
}

impl<const N: usize> Striped<N> {
    /// Adds one; what this thread had counted before, which is good for
    /// sampling every so many.
    #[inline]
    pub fn add(&self, counter: usize) -> u64 {
        self.add_many(counter, 1)
    }

    /// As [`Striped::add`], of so many.
    #[inline]
    pub fn add_many(&self, counter: usize, count: u64) -> u64 {
        let line = line();
        let place = &self.0[line].0[counter];
        if line == SHARED {
            return place.fetch_add(count, Relaxed);
        }
        let before = place.load(Relaxed);
        place.store(before + count, Relaxed);
        before
    }

    /// What this thread has counted, and those that share its line.
    #[inline]
    pub fn own(&self, counter: usize) -> u64 {
        self.0[line()].0[counter].load(Relaxed)
    }

    /// What the owner of a line has counted.
    #[inline(always)]
    pub fn owned(&self, line: usize, counter: usize) -> Option<&AtomicU64> {
        match line < OWNED {
            true => Some(&self.0.get(line)?.0[counter]),
            false => None,
        }
    }

    /// All that was counted.
    pub fn sum(&self, counter: usize) -> u64 {
        self.0.iter().map(|line| line.0[counter].load(Relaxed)).sum()
    }

    /// Bytes of the lines.
    pub fn bytes(&self) -> u64 {
        (self.0.len() * size_of::<Line<N>>()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_however_many_threads_come_and_go() {
        let counters = Striped::<2>::default();
        for _ in 0..3 {
            std::thread::scope(|scope| {
                for _ in 0..100 {
                    scope.spawn(|| {
                        (0..1_000).for_each(|_| {
                            counters.add(1);
                        })
                    });
                }
            });
        }
        assert_eq!((counters.sum(0), counters.sum(1)), (0, 300_000));
    }
}
