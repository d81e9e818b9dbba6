//! Memory that was given back while somebody may still look at it.
//!
//! Look-ups read tables and entries without a lock (see `glance`), each in a
//! section. What one has found may have gone meanwhile, and a block may be
//! another entry by then; but it must be a block of entries still, and mapped.
//! So pages wait here, before they become something else, until every section
//! is over that was open when they came. They wait in groups: to ask all
//! threads costs as much as ten look-ups.

use std::ptr::NonNull;

use super::array;
use super::pages::SMALL;
use super::system;
use crate::metrics::striped;
use crate::process_lock::ProcessLock;
use crate::section::{self, Grace};

/// So many pieces, or bytes, ask for the end of their wait.
const PIECES: usize = 16;
const BYTES: usize = 256 * 1024;

/// What waits.
pub enum Piece {
    /// A run of [`SMALL`]'s: where it begins, and its pages.
    Run(NonNull<u8>, usize),
    /// A mapping, and its bytes.
    Map(NonNull<u8>, usize),
    /// An array of the system's allocator, and its bytes.
    Plain(NonNull<u8>, usize),
}

// SAFETY: memory that nobody owns belongs to no thread.
unsafe impl Send for Piece {}

pub struct Limbo {
    /// Came since the last group began to wait.
    fresh: Vec<Piece>,
    bytes: usize,
    /// The group that waits, and for whom.
    waiting: Vec<Piece>,
    grace: Grace,
}

/// Its lock comes after those of spans and before those of pages.
pub static LIMBO: ProcessLock<Limbo> = ProcessLock::new(Limbo::new());

/// Gives memory back once nobody can be looking at it.
///
/// # Safety
/// 1. It is what the piece says, and nobody uses it, but those who look.
pub unsafe fn retire(piece: Piece) {
    if cfg!(all(test, feature = "model")) {
        // Sections are the model's there, and must not be touched under a lock
        // that is not. What a model leaves behind is little.
        return;
    }
    // Before the lock: a thread's first question for its line takes another.
    let line = striped::line();
    LIMBO.lock().push(piece, line);
}

/// Gives back what nobody can be looking at any more.
pub fn settle() {
    let line = striped::line();
    let mut limbo = LIMBO.lock();
    if !(limbo.fresh.is_empty() && limbo.waiting.is_empty()) {
        limbo.settle(line);
    }
}

impl Limbo {
    const fn new() -> Limbo {
        Limbo { fresh: Vec::new(), bytes: 0, waiting: Vec::new(), grace: Grace::NONE }
    }

    /// `line` is the calling thread's.
    fn push(&mut self, piece: Piece, line: usize) {
        self.bytes += match piece {
            Piece::Run(_, pages) => pages * super::PAGE,
            Piece::Map(_, bytes) | Piece::Plain(_, bytes) => bytes,
        };
        self.fresh.push(piece);
        if self.fresh.len() >= PIECES || self.bytes >= BYTES {
            self.settle(line);
        }
    }

    #[cold]
    fn settle(&mut self, line: usize) {
        if self.grace.is_over() {
            self.waiting.drain(..).for_each(give_back);
            // The calling thread does not look while it stores or removes.
            self.grace = section::grace(line);
            (self.waiting, self.bytes) = (std::mem::take(&mut self.fresh), 0);
            if self.grace.is_over() {
                self.waiting.drain(..).for_each(give_back);
            }
        }
    }
}

fn give_back(piece: Piece) {
    // SAFETY: promised to `retire`; those who looked have gone.
    unsafe {
        match piece {
            Piece::Run(run, pages) => SMALL.lock().put(run, pages),
            Piece::Map(at, bytes) => system::unmap(at, bytes),
            Piece::Plain(at, bytes) => system::release_plain(at, bytes, array::ALIGN),
        }
    }
}

#[cfg(test)]
#[cfg(all(unix, not(feature = "model")))]
mod tests {
    use super::*;
    use std::sync::Barrier;

    fn map(bytes: usize) -> Piece {
        Piece::Map(system::map(bytes).unwrap(), bytes)
    }

    #[test]
    fn what_somebody_may_be_looking_at_waits_until_they_have_left() {
        section::prepare();
        let (inside, settled) = (Barrier::new(2), Barrier::new(2));
        std::thread::scope(|scope| {
            let looker = scope.spawn(|| {
                let stay = section::enter_alone(striped::line());
                inside.wait();
                settled.wait();
                stay.is_some()
            });
            let mut limbo = Limbo::new();
            inside.wait();
            // As much as asks for the end of the wait.
            limbo.push(map(BYTES), striped::line());
            let waiting = limbo.waiting.len();
            // Others may look for a moment in other tests.
            (0..100).for_each(|_| limbo.settle(striped::line()));
            let still = limbo.waiting.len();
            settled.wait();
            if looker.join().unwrap() {
                assert_eq!((waiting, still), (1, 1));
            }
            while !limbo.waiting.is_empty() {
                std::thread::yield_now();
                limbo.settle(striped::line());
            }
        });
    }

    #[test]
    fn a_few_small_pieces_wait_for_more() {
        let mut limbo = Limbo::new();
        for n in 1..PIECES {
            limbo.push(map(super::super::PAGE), striped::line());
            assert_eq!((limbo.fresh.len(), limbo.waiting.len()), (n, 0));
        }
        limbo.push(map(super::super::PAGE), striped::line());
        assert!(limbo.fresh.is_empty());
        while !limbo.waiting.is_empty() {
            std::thread::yield_now();
            limbo.settle(striped::line());
        }
    }
}
