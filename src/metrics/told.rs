//! Telling listeners, one after the other.
//!
//! What a listener causes while it runs waits until it has returned, and is told
//! then, on the same thread: no listener runs inside another, and one that calls
//! the library does not use up the stack.

use std::cell::Cell;

use crate::own::OwnList;

/// A listener with what it is to be told.
pub type Telling = Box<dyn FnOnce()>;

/// What one thread has to tell, whatever the listeners are.
struct Tellings {
    waiting: OwnList<Telling>,
    telling: Cell<bool>,
}

thread_local! {
    static TELLINGS: Tellings = const {
        Tellings { waiting: OwnList::empty(), telling: Cell::new(false) }
    };
}

impl Tellings {
    fn add(&self, telling: Telling) {
        if self.telling.replace(true) {
            return self.waiting.add(telling);
        }
        let _reset = Reset(&self.telling);
        telling();
        while let Some(next) = self.waiting.take_first() {
            next();
        }
    }
}

/// Ends the telling, also when a listener panics.
struct Reset<'a>(&'a Cell<bool>);

impl Drop for Reset<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

/// Tells now, or once the listener has returned that runs on this thread.
pub fn tell(telling: Telling) {
    TELLINGS.with(|tellings| tellings.add(telling));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
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
