//! zstd's contexts, of which there are no more than can be at work.
//!
//! One takes up to some megabytes. Threads beyond what the processor runs at once
//! would only add to them, so they wait for one that is given back.

use crate::options::profiles::cores;
use crate::waiting::{Condvar, Mutex};

/// Contexts of one kind.
pub struct Contexts<T> {
    state: Mutex<State<T>>,
    given_back: Condvar,
    most: usize,
    make: fn() -> Option<T>,
}

struct State<T> {
    free: Vec<T>,
    made: usize,
}

/// A context in use, which goes back when this is dropped; none if none could be
/// made.
struct Lent<'a, T> {
    from: &'a Contexts<T>,
    own: Option<T>,
}

impl<T> Contexts<T> {
    /// None yet, and twice as many as there are processors at most.
    pub fn new(make: fn() -> Option<T>) -> Self {
        let state = State { free: Vec::new(), made: 0 };
        let most = 2 * cores() as usize;
        Contexts { state: Mutex::new(state), given_back: Condvar::new(), most, make }
    }

    /// Works with one, which it waits for; none if there is no memory for it.
    pub fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> Option<R> {
        let mut state = self.state.lock();
        self.given_back
            .wait_while(&mut state, |state| state.free.is_empty() && state.made == self.most);
        let free = state.free.pop();
        state.made += usize::from(free.is_none());
        drop(state);
        let mut lent = Lent { from: self, own: free.or_else(self.make) };
        lent.own.as_mut().map(work)
    }
}

impl<T> Drop for Lent<'_, T> {
    fn drop(&mut self) {
        let mut state = self.from.state.lock();
        match self.own.take() {
            Some(own) => state.free.push(own),
            None => state.made -= 1,
        }
        drop(state);
        self.from.given_back.notify_one();
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
        let contexts = Contexts::<usize>::new(make);
        std::thread::scope(|scope| {
            for _ in 0..8 * contexts.most {
                scope.spawn(|| {
                    let lent = contexts.with(|context| {
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
        let contexts = Contexts::<u8>::new(|| None);
        (0..contexts.most + 1).for_each(|_| assert!(contexts.with(|_| ()).is_none()));
    }
}
