//! Values that are lent: references that nobody has counted.
//!
//! To count a reference takes a locked operation on the entry's own line, which is
//! seldom at hand, and which threads take from each other where all of them ask for
//! one key. In a shard that nobody has written to for a while (see `cell`), a thread
//! notes the entry on a line of its own instead, with plain stores. Who writes there
//! next calls in what is lent: the kernel runs a barrier on every core, so that every
//! note is seen, and each entry that is noted gets a reference which stands for its
//! note. From then on the counts say all there is to know; when the note is taken
//! back, that reference goes. The notes are hazard pointers, as in Michael, "Hazard
//! Pointers: Safe Memory Reclamation for Lock-Free Objects", IEEE TPDS 15(6), 2004;
//! the barrier is the one of `section`.
//!
//! A note is tentative until its thread has seen that nobody had begun to write when
//! it was there: only then is there an entry for sure. Who calls in waits for it to
//! become one or the other, which is a matter of a few instructions.

#![allow(unsafe_code)]

use std::mem::ManuallyDrop;
use std::ptr::{self, NonNull};

use super::entry::Entry;
use crate::metrics::striped::OWNED;
use crate::section::{self, Alone};
use crate::sync::atomic::{AtomicPtr, AtomicUsize, Ordering, fence};
use crate::sync::pause;
use crate::waiting::Mutex;
#[cfg(unix)]
use crate::waiting::MutexGuard;

/// Values that a thread may be lent at a time; with the word beside them they fill a
/// cache line. Further ones are counted.
const NOTES: usize = 7;
/// Numbers of notes to a line.
const TO_A_LINE: usize = NOTES + 1;
/// Set in a note that is tentative.
const TENTATIVE: usize = 1;

/// The notes of one thread. It alone makes them; any thread may take one back.
#[repr(align(64))]
struct Line {
    /// The entries' addresses; null where there is none.
    notes: [AtomicPtr<()>; NOTES],
    /// A bit for each note that a reference stands for. Changed under the lock of
    /// `COUNTED`.
    counted: AtomicUsize,
}

static LINES: [Line; OWNED] = [const {
    Line { notes: [const { AtomicPtr::new(ptr::null_mut()) }; NOTES], counted: AtomicUsize::new(0) }
}; OWNED];

/// The references that stand for notes, each in its note's place. Locked for a moment
/// at a time; held across `fork`.
static COUNTED: Mutex<Counted> = Mutex::new([const { [const { None }; NOTES] }; OWNED]);
type Counted = [[Option<Entry>; NOTES]; OWNED];

/// Calls that are looking for notes. Raised before their barrier: who takes a note
/// back that was seen there sees this, or later the bit of his note. He need not wait
/// for them: each looks again at what it has counted.
static CALLS: AtomicUsize = AtomicUsize::new(0);

/// A free place for a note.
pub struct Free<'a> {
    note: &'static AtomicPtr<()>,
    number: usize,
    _stay: &'a Alone,
}

impl<'a> Free<'a> {
    /// One of the calling thread, if it has not borrowed too much.
    #[inline(always)]
    pub fn of(stay: &'a Alone) -> Option<Free<'a>> {
        let line = LINES.get(stay.line())?;
        // Acquire: who sees the next note sees that what the last one named has been
        // read, whichever thread has given it back.
        let is_free = |note: &AtomicPtr<()>| note.load(Ordering::Acquire).is_null();
        let at = line.notes.iter().position(is_free)?;
        Some(Free { note: &line.notes[at], number: stay.line() * TO_A_LINE + at, _stay: stay })
    }

    /// Notes the entry at an address, if `holds` says then that nobody has begun to
    /// write to its shard since it was found there.
    #[inline(always)]
    pub fn lend(self, entry: NonNull<()>, holds: impl FnOnce() -> bool) -> Option<Lent> {
        let tentative = entry.as_ptr().map_addr(|at| at | TENTATIVE);
        self.note.store(tentative, Ordering::Relaxed);
        // Its other half is the barrier in `call_in`.
        section::light_fence();
        let holds = holds();
        let noted = if holds { entry.as_ptr() } else { ptr::null_mut() };
        self.note.store(noted, Ordering::Release);
        holds.then(|| Lent { number: self.number })
    }
}

/// A value that was lent; it is given back when this is dropped.
pub struct Lent {
    number: usize,
}

impl Lent {
    /// The number that stands for it.
    #[inline(always)]
    pub fn into_number(self) -> usize {
        ManuallyDrop::new(self).number
    }

    /// What a number stands for, which [`Lent::into_number`] has told and which is
    /// not used again.
    #[inline(always)]
    pub fn of_number(number: usize) -> Option<Lent> {
        let is_one = number / TO_A_LINE < OWNED && number % TO_A_LINE < NOTES;
        is_one.then_some(number).map(|number| Lent { number })
    }

    #[inline(always)]
    fn line(&self) -> &'static Line {
        &LINES[self.number / TO_A_LINE]
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        let noted = self.line().notes[self.number % TO_A_LINE].load(Ordering::Relaxed);
        match NonNull::new(noted) {
            // SAFETY: it is noted as long as this lives, so it is there.
            Some(entry) => unsafe { Entry::value_at(entry) },
            None => &[],
        }
    }
}

impl Drop for Lent {
    #[inline(always)]
    fn drop(&mut self) {
        let (line, at) = (self.line(), self.number % TO_A_LINE);
        // Release: who sees that it has been taken back may free what was read.
        line.notes[at].store(ptr::null_mut(), Ordering::Release);
        // Its other half is the barrier in `call_in`.
        section::light_fence();
        // Acquire: once no call is seen any more, the bits that it has set are.
        if CALLS.load(Ordering::Acquire) != 0 || line.counted.load(Ordering::Relaxed) >> at & 1 != 0
        {
            settle(self.number);
        }
    }
}

/// Lets go of the reference that stood for a note which was taken back, if there is
/// one.
#[cold]
#[inline(never)]
fn settle(number: usize) {
    let (line, at) = (number / TO_A_LINE, number % TO_A_LINE);
    // Its other half is before the second look in `call_in`: of the two, one sees what
    // the other has done.
    fence(Ordering::SeqCst);
    if LINES[line].counted.load(Ordering::Relaxed) >> at & 1 == 0 {
        return;
    }
    let mut counted = COUNTED.lock();
    let gone = take_stale(&mut counted[line][at], &LINES[line], at);
    // Freeing takes other locks.
    drop(counted);
    drop(gone);
}

/// The reference in a note's place, if it does not stand for the note of now.
fn take_stale(counted: &mut Option<Entry>, line: &Line, at: usize) -> Option<Entry> {
    let noted = firm(&line.notes[at]);
    if counted.as_ref().is_some_and(|entry| Some(entry.address()) != noted) {
        line.counted.fetch_and(!(1 << at), Ordering::Relaxed);
        return counted.take();
    }
    None
}

/// Counts whatever is lent: for one who is about to write to a shard where values are,
/// and who has told that he is.
pub fn call_in() {
    CALLS.fetch_add(1, Ordering::SeqCst);
    let mut counted = COUNTED.lock();
    // Who makes a note from here on sees that somebody is writing.
    section::barrier();
    let mut gone = count_noted(&mut counted);
    // Its other half is in `settle`.
    fence(Ordering::SeqCst);
    gone.extend(take_all_stale(&mut counted));
    // Release: as there.
    CALLS.fetch_sub(1, Ordering::Release);
    drop(counted);
    drop(gone);
}

/// Counts what is noted, after a barrier since when nobody may be lent what the caller
/// will write to; the references that stood for other notes.
fn count_noted(counted: &mut Counted) -> Vec<Entry> {
    let mut gone = Vec::new();
    for (line, counted) in LINES.iter().zip(counted) {
        for (at, counted) in counted.iter_mut().enumerate() {
            gone.extend(take_stale(counted, line, at));
            // SAFETY: who has made it has seen the entry in its shard. There it is
            // still, or somebody has written to that shard since, and has been here,
            // so that a reference stands for it, which goes under this lock alone.
            let count = |entry| unsafe { Entry::count(entry) };
            if counted.is_none()
                && let Some(entry) = firm(&line.notes[at])
            {
                *counted = Some(count(entry));
                line.counted.fetch_or(1 << at, Ordering::Relaxed);
            }
        }
    }
    gone
}

/// The references whose notes were taken back before it was seen that they are counted.
fn take_all_stale(counted: &mut Counted) -> Vec<Entry> {
    let lines = LINES.iter().zip(counted);
    let some = lines.filter(|(line, _)| line.counted.load(Ordering::Relaxed) != 0);
    let places = some.flat_map(|(line, counted)| {
        counted.iter_mut().enumerate().map(move |(at, counted)| (line, at, counted))
    });
    places.filter_map(|(line, at, counted)| take_stale(counted, line, at)).collect()
}

/// What a note says once it is not tentative any more.
fn firm(note: &AtomicPtr<()>) -> Option<NonNull<()>> {
    for turn in 0.. {
        // Acquire: what was read of a value that has been taken back is read.
        let noted = note.load(Ordering::Acquire);
        if noted.addr() & TENTATIVE == 0 {
            return NonNull::new(noted);
        }
        pause(turn);
    }
    None
}

/// The lock of what is counted, while the process forks.
#[cfg(unix)]
pub struct Held(#[allow(dead_code)] MutexGuard<'static, Counted>);

/// Keeps the counted references as they are until the guard is dropped.
#[cfg(unix)]
pub fn hold() -> Held {
    Held(COUNTED.lock())
}

/// In a child of fork: nobody is about to make a note any more, or looks for some.
#[cfg(unix)]
pub fn forget() {
    CALLS.store(0, Ordering::Relaxed);
    LINES.iter().flat_map(|line| &line.notes).for_each(forget_note);
}

#[cfg(unix)]
fn forget_note(note: &AtomicPtr<()>) {
    if note.load(Ordering::Relaxed).addr() & TENTATIVE != 0 {
        note.store(ptr::null_mut(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
