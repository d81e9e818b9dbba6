//! Telling listeners, one after the other.
//!
//! What a listener causes while it runs waits until it has returned, and is told
//! then, on the same thread: no listener runs inside another, and one that calls
//! the library does not use up the stack.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

/// A listener with what it is to be told.
pub type Telling = Box<dyn FnOnce()>;

thread_local! {
    static WAITING: RefCell<VecDeque<Telling>> = const { RefCell::new(VecDeque::new()) };
    static TELLING: Cell<bool> = const { Cell::new(false) };
}

/// Tells now, or once the listener has returned that runs on this thread.
pub fn tell(telling: Telling) {
    if TELLING.get() {
        return WAITING.with_borrow_mut(|waiting| waiting.push_back(telling));
    }
    TELLING.set(true);
    let _reset = Reset;
    telling();
    while let Some(next) = WAITING.with_borrow_mut(VecDeque::pop_front) {
        next();
    }
}

/// Ends the telling, also when a listener panics.
struct Reset;

impl Drop for Reset {
    fn drop(&mut self) {
        TELLING.set(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;

    #[test]
    fn what_a_listener_causes_waits_until_it_has_returned() {
        let told = Rc::new(RefCell::new(Vec::new()));
        let note = |what: &'static str| {
            let told = told.clone();
            move || told.borrow_mut().push(what)
        };
        let (before, inner, after) = (note("outer begins"), note("inner"), note("outer ends"));
        tell(Box::new(move || {
            before();
            tell(Box::new(inner));
            after();
        }));
        assert_eq!(*told.borrow(), ["outer begins", "outer ends", "inner"]);
    }
}
