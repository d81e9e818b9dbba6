//! zstd's contexts, of which there are no more than can be at work.
//!
//! One takes from some kilobytes up to hundreds of megabytes, by the level and the
//! length of what it packs. Threads beyond what the processor runs at once would
//! only add to them, so they wait for one that is given back. Those that are light
//! are kept, as far as there is room that was paid for. Heavy ones go after use, and
//! share a room while they work: one that fills it works alone.

use crate::options::profiles::cores;
use crate::waiting::{Condvar, Mutex};

/// Bytes up to which a context is light: what the default level takes at most.
pub const LIGHT: u64 = 1_280 << 10;

/// Contexts of one kind.
pub struct Contexts<T> {
    state: Mutex<State<T>>,
    given_back: Condvar,
    most: usize,
    /// Bytes that those may have which are kept.
    room: u64,
    make: fn() -> Option<T>,
    size: fn(&T) -> usize,
    heavy: Heavy,
}

struct State<T> {
    /// With their sizes, and the sum of these: of those that were kept, also while
    /// they are lent.
    free: Vec<(T, u64)>,
    kept: u64,
    made: usize,
}

/// A context in use, which goes back when this is dropped; none if none could be
/// made. `kept`: bytes that it had when it was kept.
struct Lent<'a, T> {
    from: &'a Contexts<T>,
    own: Option<T>,
    kept: u64,
}

/// The heavy ones at work. Who waits for room holds `turn`: they come in one after
/// the other, so that none waits for ever because lighter ones fit.
struct Heavy {
    turn: Mutex<()>,
    at_work: Mutex<u64>,
    left: Condvar,
    room: u64,
}

/// Bytes of [`Heavy`] that are given back when this is dropped.
struct Share<'a>(&'a Heavy, u64);

impl<T> Contexts<T> {
    /// None yet, and twice as many as there are processors at most. Bytes for those
    /// that are kept, and for the heavy ones at work.
    pub fn new(make: fn() -> Option<T>, size: fn(&T) -> usize, room: u64, heavy: u64) -> Self {
        let state = State { free: Vec::new(), kept: 0, made: 0 };
        let most = 2 * cores() as usize;
        let (state, given_back) = (Mutex::new(state), Condvar::new());
        Contexts { state, given_back, most, room, make, size, heavy: Heavy::new(heavy) }
    }

    /// Works with one that will take up to so many bytes. Waits for it; none if
    /// there is no memory for it.
    pub fn with<R>(&self, bytes: u64, work: impl FnOnce(&mut T) -> R) -> Option<R> {
        let _share = (bytes > LIGHT).then(|| self.heavy.enter(bytes));
        let mut state = self.state.lock();
        self.given_back
            .wait_while(&mut state, |state| state.free.is_empty() && state.made == self.most);
        let free = state.free.pop();
        state.made += usize::from(free.is_none());
        drop(state);
        let (own, kept) = free.map_or((None, 0), |(own, kept)| (Some(own), kept));
        let mut lent = Lent { from: self, own: own.or_else(self.make), kept };
        lent.own.as_mut().map(work)
    }

    /// Bytes of those that are kept.
    #[cfg(test)]
    pub fn kept(&self) -> u64 {
        self.state.lock().kept
    }
}

impl<T> Drop for Lent<'_, T> {
    fn drop(&mut self) {
        let size = self.own.as_ref().map_or(0, self.from.size) as u64;
        let mut state = self.from.state.lock();
        state.kept -= self.kept;
        match self.own.take() {
            Some(own) if size <= LIGHT && state.kept + size <= self.from.room => {
                state.kept += size;
                state.free.push((own, size));
            }
            // Freed before another is made in its place.
            own => {
                drop(own);
                state.made -= 1;
            }
        }
        drop(state);
        self.from.given_back.notify_one();
    }
}

impl Heavy {
    fn new(room: u64) -> Heavy {
        Heavy { turn: Mutex::new(()), at_work: Mutex::new(0), left: Condvar::new(), room }
    }

    fn enter(&self, bytes: u64) -> Share<'_> {
        let _turn = self.turn.lock();
        let mut at_work = self.at_work.lock();
        self.left.wait_while(&mut at_work, |at_work| *at_work > 0 && *at_work + bytes > self.room);
        *at_work += bytes;
        Share(self, bytes)
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        *self.0.at_work.lock() -= self.1;
        self.0.left.notify_one();
    }
}

#[cfg(test)]
#[cfg(not(feature = "model"))]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use super::*;

    static MADE: AtomicUsize = AtomicUsize::new(0);

    #[test]
    fn no_more_are_made_than_can_be_at_work_and_all_who_wait_get_one() {
        let make = || Some(MADE.fetch_add(1, SeqCst));
        let contexts = Contexts::<usize>::new(make, |_| 1, u64::MAX, 0);
        std::thread::scope(|scope| {
            for _ in 0..8 * contexts.most {
                scope.spawn(|| {
                    let lent = contexts.with(0, |context| {
                        std::thread::yield_now();
                        *context
                    });
                    assert!(lent.unwrap() < contexts.most);
                });
            }
        });
        assert!((1..=contexts.most).contains(&MADE.load(SeqCst)));
    }

    #[test]
    fn one_that_cannot_be_made_keeps_nobody_waiting() {
        let contexts = Contexts::<u8>::new(|| None, |_| 0, 0, 0);
        (0..contexts.most + 1).for_each(|_| assert!(contexts.with(0, |_| ()).is_none()));
    }

    #[test]
    fn those_that_have_grown_heavy_or_find_no_room_are_not_kept() {
        let make = || Some(Vec::<u8>::new());
        let contexts = Contexts::new(make, Vec::len, LIGHT, 0);
        let grow = |len: u64| contexts.with(len, |context| context.resize(len as usize, 0));
        for (len, left) in [(LIGHT + 1, 0), (LIGHT, LIGHT), (LIGHT + 1, 0), (7, 7)] {
            grow(len);
            assert_eq!(contexts.kept(), left, "after {len}");
        }
        // Two at once, for which there is no room together.
        contexts.with(0, |_| grow(LIGHT));
        assert_eq!(contexts.kept(), 7);
    }

    #[test]
    fn heavy_ones_work_alone_where_there_is_no_room_for_two() {
        let contexts = Contexts::<()>::new(|| Some(()), |_| 0, 0, 3 * LIGHT);
        let (heavy, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    contexts.with(2 * LIGHT, |_| {
                        most.fetch_max(heavy.fetch_add(1, SeqCst) + 1, SeqCst);
                        std::thread::yield_now();
                        heavy.fetch_sub(1, SeqCst);
                    })
                });
            }
        });
        assert_eq!(most.load(SeqCst), 1);
    }
}
