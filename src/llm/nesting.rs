//! What a thread is inside of, by which a call from a callback knows that it is nested.
//!
//! Who waits for what its own thread has to end first waits for ever. So whoever
//! closes a queue, takes a place in the limiter's line or joins a flight asks here
//! whether this thread is inside that very thing. A thread that helps another one
//! (a batch has such) is inside of what the other is: that waits for its help.

use crate::own::OwnList;

/// Something that a thread can be inside of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
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
