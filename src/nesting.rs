//! What a thread is inside of, by which a call from a callback knows that it is nested.
//!
//! Who waits for what its own thread has to end first waits for ever. So whoever
//! closes a client or queue, takes a place in the limiter's line or joins a flight asks
//! here whether this thread is inside that very thing. A thread that helps another one
//! (a batch has such) is inside of what the other is: that waits for its help.
//!
//! Two threads that free, in a callback each, the object whose callback the other is in
//! would wait for each other. So who waits inside of anything notes it, and a wait that
//! would close a circle is not made.

#[cfg(unix)]
use std::sync::MutexGuard;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::own::OwnList;
use crate::process_lock::ProcessLock;

/// Stack of a thread that may call a function of the caller's: of that code nobody
/// knows how deep it goes, and what it does not touch takes addresses, not memory.
/// No more than a huge page, of which one would be touched whole.
const STACK: usize = 2 << 20;

/// How such a thread is made.
pub fn thread(name: &str) -> std::thread::Builder {
    std::thread::Builder::new().name(name.into()).stack_size(STACK)
}

/// Something that a thread can be inside of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A call of the register with this number.
    Calls(u64),
    /// A listener behind the gate with this number.
    Gate(u64),
    /// A job of the queue at this address.
    Queue(usize),
    /// A request in flight, sent from the limiter's line at this address.
    Line(usize),
    /// A shared request for what has this key, flown or followed.
    Flight([u8; 32]),
}

thread_local! {
    /// Outermost first.
    static PLACES: OwnList<Place> = const { OwnList::empty() };
}

/// The threads that wait, inside of what, and until nobody is inside of which place.
static WAITS: ProcessLock<Vec<Wait>> = ProcessLock::new(Vec::new());

struct Wait {
    number: u64,
    inside: Vec<Place>,
    awaited: Place,
}

/// A number for a place or a wait. Relaxed: only that it is another one matters.
pub fn number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The lock of who waits, while the process forks.
#[cfg(unix)]
pub struct Held(#[allow(dead_code)] MutexGuard<'static, Vec<Wait>>);

/// Keeps others from waiting until the guard is dropped.
#[cfg(unix)]
pub fn hold() -> Held {
    Held(WAITS.lock())
}

/// Says that this thread is inside a place, until it is dropped.
#[derive(Debug)]
pub struct Inside(Place);

/// Enters a place.
pub fn enter(place: Place) -> Inside {
    PLACES.with(|places| places.add(place));
    Inside(place)
}

/// Whether this thread is inside a place.
pub fn is_inside(place: Place) -> bool {
    PLACES.with(|places| places.with(|list| list.contains(&place)))
}

/// All that this thread is inside of, for one that helps it to enter.
pub fn places() -> Vec<Place> {
    PLACES.with(|places| places.with(|list| list.iter().copied().collect()))
}

/// Waits, as `wait` does it, until nobody is inside of a place; not, if this thread is,
/// or if one that is waits itself for what this thread is inside of.
pub fn wait_for(place: Place, wait: impl FnOnce()) {
    let inside = places();
    if inside.is_empty() {
        return wait();
    }
    let number = number();
    {
        let mut waits = WAITS.lock();
        if leads_to(&waits, place, &inside) {
            return;
        }
        waits.push(Wait { number, inside, awaited: place });
    }
    wait();
    WAITS.lock().retain(|wait| wait.number != number);
}

/// Whether one of these places has to end before this one can.
fn leads_to(waits: &[Wait], from: Place, places: &[Place]) -> bool {
    let mut reached = vec![from];
    let mut looked_at = 0;
    while let Some(place) = reached.get(looked_at).copied() {
        looked_at += 1;
        if places.contains(&place) {
            return true;
        }
        for wait in waits.iter().filter(|wait| wait.inside.contains(&place)) {
            if !reached.contains(&wait.awaited) {
                reached.push(wait.awaited);
            }
        }
    }
    false
}

impl Drop for Inside {
    fn drop(&mut self) {
        PLACES.with(|places| places.take_last(|place| *place == self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_inside_what_it_has_entered_until_it_leaves_by_a_panic_too() {
        let (line, flight) = (Place::Line(1), Place::Flight([1; 32]));
        let (outer, inner) = (enter(line), enter(line));
        assert!(is_inside(line) && !is_inside(Place::Queue(1)) && !is_inside(flight));
        drop(outer);
        assert!(is_inside(line), "once more");
        drop(inner);
        assert!(!is_inside(line));
        let panics = || {
            let _inside = enter(flight);
            std::panic::resume_unwind(Box::new(()));
        };
        assert!(std::panic::catch_unwind(panics).is_err() && !is_inside(flight));
    }

    #[test]
    fn who_would_close_a_circle_of_waits_does_not_wait() {
        let wait = |inside: &[u64], awaited| Wait {
            number: 0,
            inside: inside.iter().map(|n| Place::Calls(*n)).collect(),
            awaited: Place::Calls(awaited),
        };
        let waits = [wait(&[1, 2], 3), wait(&[3], 4), wait(&[4], 3)];
        let leads = |from, to| leads_to(&waits, Place::Calls(from), &[Place::Calls(to)]);
        assert!(leads(1, 4) && leads(2, 3) && leads(5, 5));
        assert!(!leads(3, 1) && !leads(1, 2) && !leads(5, 1));
    }

    #[test]
    fn threads_that_wait_for_each_others_places_both_go_on() {
        let places = [Place::Calls(number()), Place::Gate(number())];
        let (both, left) = (std::sync::Barrier::new(2), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for own in 0..2 {
                let (both, left) = (&both, &left);
                scope.spawn(move || {
                    let inside = enter(places[own]);
                    both.wait();
                    wait_for(places[1 - own], || {
                        while left.load(Ordering::SeqCst) == 0 {
                            std::thread::yield_now();
                        }
                    });
                    drop(inside);
                    left.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        let mine = |wait: &Wait| places.contains(&wait.awaited);
        assert!(!WAITS.lock().iter().any(mine), "nobody waits any more");
    }

    #[test]
    fn a_helper_is_inside_of_what_it_helps_in() {
        let _inside = [Place::Queue(1), Place::Line(2)].map(enter);
        let places = places();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                assert!(!is_inside(Place::Queue(1)));
                let _inside: Vec<_> = places.into_iter().map(enter).collect();
                assert!(is_inside(Place::Queue(1)) && is_inside(Place::Line(2)));
            });
        });
    }
}
