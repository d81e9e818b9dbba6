//! Sections: while a thread is inside one, what it has found by a handle stays.
//!
//! Entering must cost next to nothing, for every cache call does it: a thread
//! writes to a line of its own, without a fence. The fence that is missing
//! there is paid by whoever frees: [`wait`] has the kernel run a barrier on
//! every core of the process (`membarrier(2)`), and then waits until no thread
//! is inside that was when it began. Where the kernel has no such call, those
//! who enter pay for a fence. This is read-copy-update with asymmetric fences,
//! as in Desnoyers et al., "User-Level Implementations of Read-Copy Update",
//! IEEE TPDS 23(2), 2012; threads beyond the lines share two counters that take
//! turns, as in sleepable RCU.

#![allow(unsafe_code)]

use std::sync::atomic::{AtomicBool, compiler_fence, fence};

use crate::metrics::striped::OWNED;
use crate::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use crate::sync::{spin_loop, yield_now};
use crate::waiting::{Mutex, MutexGuard};

/// Odd while its thread is inside.
#[repr(align(64))]
struct Line(AtomicU64);

/// What who enters looks at.
struct Stays {
    lines: [Line; OWNED],
    /// Whether those who enter must fence. Relaxed: it is cleared once the kernel
    /// has promised its barrier, and who sees that late fences in vain.
    fenced: AtomicBool,
}

static STAYS: Stays =
    Stays { lines: [const { Line(AtomicU64::new(0)) }; OWNED], fenced: AtomicBool::new(true) };
/// Threads inside that have no line, by the phase in which they entered.
static CROWD: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];
static PHASE: AtomicUsize = AtomicUsize::new(0);
/// One waits at a time; held across `fork`. Whether the kernel has been asked
/// for its promise.
static WAITING: Mutex<bool> = Mutex::new(false);

/// Orders what this thread has written before what it reads next, for those who run
/// [`barrier`]: of the two, one sees what the other has written.
#[inline(always)]
pub fn light_fence() {
    match STAYS.fenced.load(Ordering::Relaxed) {
        true => fence(Ordering::SeqCst),
        // Its other half is the kernel's barrier.
        false => compiler_fence(Ordering::SeqCst),
    }
}

/// Whether such a fence costs next to nothing.
pub fn is_light() -> bool {
    !STAYS.fenced.load(Ordering::Relaxed)
}

/// A stay in a section; it ends when this is dropped.
pub struct Section {
    place: &'static AtomicU64,
    /// What the line shows afterwards.
    after: u64,
    /// The counter of a thread without a line.
    crowd: Option<&'static AtomicUsize>,
}

/// Enters a section; `line` is the calling thread's (see `metrics::striped`).
/// A section inside another is part of the outer one.
#[inline(always)]
pub fn enter(line: usize) -> Section {
    let Some(Line(place)) = STAYS.lines.get(line) else { return enter_crowd() };
    let before = place.load(Ordering::Relaxed);
    place.store(before | 1, Ordering::Relaxed);
    light_fence();
    let after = if before & 1 == 0 { before + 2 } else { before };
    Section { place, after, crowd: None }
}

/// A stay of a thread that was not inside, on a line of its own.
pub struct Alone {
    place: &'static AtomicU64,
    line: usize,
}

impl Alone {
    /// The thread's line.
    #[inline(always)]
    pub fn line(&self) -> usize {
        self.line
    }
}

/// As [`enter`], in fewer steps; none if the thread is inside already.
#[inline(always)]
pub fn enter_alone(line: usize) -> Option<Alone> {
    let Line(place) = STAYS.lines.get(line)?;
    let before = place.load(Ordering::Relaxed);
    if before & 1 == 1 {
        return None;
    }
    place.store(before + 1, Ordering::Relaxed);
    light_fence();
    Some(Alone { place, line })
}

impl Drop for Alone {
    #[inline(always)]
    fn drop(&mut self) {
        // Release: what was done inside is over for whoever waits.
        self.place.store(self.place.load(Ordering::Relaxed) + 1, Ordering::Release);
    }
}

#[cold]
fn enter_crowd() -> Section {
    let crowd = &CROWD[PHASE.load(Ordering::Relaxed) & 1];
    crowd.fetch_add(1, Ordering::SeqCst);
    // As in `enter`: what is read inside is read after others can see the stay.
    fence(Ordering::SeqCst);
    Section { place: &STAYS.lines[0].0, after: 0, crowd: Some(crowd) }
}

impl Drop for Section {
    #[inline(always)]
    fn drop(&mut self) {
        match self.crowd {
            // Release: what was done inside is over for whoever waits.
            None => self.place.store(self.after, Ordering::Release),
            Some(crowd) => _ = crowd.fetch_sub(1, Ordering::Release),
        }
    }
}

/// Waits until every thread that is inside now has left. What was taken out of
/// reach before is nobody's any more afterwards. Never from inside a section.
pub fn wait() {
    let _one = WAITING.lock();
    barrier();
    for Line(place) in &STAYS.lines {
        let seen = place.load(Ordering::Acquire);
        if seen & 1 == 1 {
            pause_until(|| place.load(Ordering::Acquire) != seen);
        }
    }
    // Twice, for a thread may have read the phase before the first turn and
    // enter after it.
    for _ in 0..2 {
        let crowd = &CROWD[PHASE.fetch_add(1, Ordering::SeqCst) & 1];
        pause_until(|| crowd.load(Ordering::SeqCst) == 0);
    }
}

fn pause_until(over: impl Fn() -> bool) {
    let mut turns = 0;
    while !over() {
        turns += 1;
        match turns {
            ..100 => spin_loop(),
            100..1_000 => yield_now(),
            _ => std::thread::sleep(std::time::Duration::from_micros(50)),
        }
    }
}

/// Stays that were under way at some moment.
pub struct Grace(Vec<(&'static AtomicU64, u64)>);

impl Grace {
    /// None at all.
    pub const NONE: Grace = Grace(Vec::new());

    /// Whether all have ended. Never waits.
    pub fn is_over(&mut self) -> bool {
        // Acquire: what was done inside is over for whoever sees it.
        self.0.retain(|(place, seen)| place.load(Ordering::Acquire) == *seen);
        self.0.is_empty()
    }
}

/// The stays of now on lines of their own, but for that on one line: once they
/// have ended, nobody who came by [`enter_alone`] knows what was taken out of
/// reach before.
pub fn grace(but: usize) -> Grace {
    barrier();
    let others = STAYS.lines.iter().enumerate().filter(|(line, _)| *line != but);
    let inside = others.map(|(_, Line(place))| (place, place.load(Ordering::Acquire)));
    Grace(inside.filter(|(_, seen)| seen & 1 == 1).collect())
}

/// Gets the kernel's promise, once, before there is anything to find. In a
/// process with several threads that takes the kernel some milliseconds.
pub fn prepare() {
    let mut asked = WAITING.lock();
    if !*asked {
        *asked = true;
        STAYS.fenced.store(!membarrier(REGISTER), Ordering::Relaxed);
    }
}

/// Runs a barrier on every core that a thread of the process is on.
pub fn barrier() {
    fence(Ordering::SeqCst);
    if !STAYS.fenced.load(Ordering::Relaxed) && !membarrier(EXPEDITED) {
        // A child of fork may have to ask anew. It was granted once; that it
        // is refused now is not foreseen, so give the readers time.
        if !(membarrier(REGISTER) && membarrier(EXPEDITED)) {
            STAYS.fenced.store(true, Ordering::SeqCst);
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }
    fence(Ordering::SeqCst);
}

/// `MEMBARRIER_CMD_PRIVATE_EXPEDITED` and its registration, linux/membarrier.h.
const EXPEDITED: libc::c_int = 1 << 3;
const REGISTER: libc::c_int = 1 << 4;

#[cfg(any(target_os = "linux", target_os = "android"))]
fn membarrier(command: libc::c_int) -> bool {
    // SAFETY: the call takes numbers only and touches no memory of ours.
    unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn membarrier(_: libc::c_int) -> bool {
    false
}

/// The waiters' lock, while the process forks.
pub struct Held(#[allow(dead_code)] MutexGuard<'static, bool>);

/// Keeps others from waiting until the guard is dropped.
pub fn hold() -> Held {
    Held(WAITING.lock())
}

/// In a child of fork: nobody is inside any more.
pub fn forget() {
    for Line(place) in &STAYS.lines {
        let seen = place.load(Ordering::Relaxed);
        place.store(seen + (seen & 1), Ordering::Relaxed);
    }
    CROWD.iter().for_each(|crowd| crowd.store(0, Ordering::Relaxed));
}

#[cfg(test)]
mod tests;
