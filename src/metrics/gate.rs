//! A gate before listeners: who ends an object waits until none of its runs.
//!
//! What a listener works with may go as soon as the object is freed, so a thread
//! that frees it stays until the listeners that run have returned, and no other
//! begins. A listener that frees the object itself is not waited for, nor does one
//! that frees another object wait: that one's listener may be freeing its own.

use std::sync::Arc;

use crate::forks::Process;
use crate::nesting::{self, Place};
use crate::waiting::{Condvar, Mutex};

/// Counts the listeners that run.
pub struct Gate {
    /// Where a thread is that runs one.
    place: Place,
    state: Mutex<State>,
    changed: Condvar,
}

impl Default for Gate {
    fn default() -> Self {
        let place = Place::Gate(nesting::number());
        Gate { place, state: Mutex::default(), changed: Condvar::new() }
    }
}

#[derive(Default)]
struct State {
    running: usize,
    shut: bool,
}

/// A listener's stay behind a gate.
struct Inside<'a> {
    gate: &'a Gate,
    process: Process,
    _inside: nesting::Inside,
}

impl Gate {
    /// Runs a listener, unless the gate has been shut: none then.
    pub fn pass<R>(self: &Arc<Self>, listener: impl FnOnce() -> R) -> Option<R> {
        let _inside = self.enter()?;
        Some(listener())
    }

    fn enter(&self) -> Option<Inside<'_>> {
        let mut state = self.state.lock();
        if state.shut {
            return None;
        }
        state.running += 1;
        drop(state);
        Some(Inside { gate: self, process: Process::this(), _inside: nesting::enter(self.place) })
    }

    /// Lets no other listener begin, and waits for those that run. Neither, if this
    /// thread is in one of them; and no wait, if it is in a listener of another's.
    pub fn shut(&self) {
        let places = nesting::places();
        if places.contains(&self.place) {
            return;
        }
        self.state.lock().shut = true;
        if places.iter().any(|place| matches!(place, Place::Gate(_))) {
            return;
        }
        nesting::wait_for(self.place, || {
            let mut state = self.state.lock();
            self.changed.wait_while(&mut state, |state| state.running > 0);
        });
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        // A child that the listener has forked waits for no lock of its parent's threads.
        if self.process.is_this() {
            self.gate.state.lock().running -= 1;
            self.gate.changed.notify_all();
        }
    }
}

#[cfg(test)]
#[cfg(not(feature = "model"))]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn who_shuts_a_gate_waits_for_those_inside_and_lets_nobody_in() {
        let gate = Arc::<Gate>::default();
        let (returned, (entered, inside)) = (AtomicBool::new(false), channel());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                gate.pass(|| {
                    entered.send(()).unwrap();
                    (0..1_000).for_each(|_| std::thread::yield_now());
                    returned.store(true, SeqCst);
                });
            });
            inside.recv().unwrap();
            gate.shut();
            assert!(returned.load(SeqCst));
        });
        gate.pass(|| panic!("it is shut"));
    }

    #[test]
    fn listeners_that_shut_each_others_gates_do_not_wait_for_each_other() {
        let gates = [Arc::<Gate>::default(), Arc::<Gate>::default()];
        let inside = std::sync::Barrier::new(2);
        std::thread::scope(|scope| {
            for own in 0..2 {
                let (gates, inside) = (&gates, &inside);
                scope.spawn(move || {
                    gates[own].pass(|| {
                        inside.wait();
                        gates[1 - own].shut();
                    });
                });
            }
        });
        gates.iter().for_each(|gate| _ = gate.pass(|| panic!("it is shut")));
    }

    #[test]
    fn a_listener_that_shuts_its_own_gate_is_not_waited_for() {
        let gate = Arc::<Gate>::default();
        let mut told = 0;
        gate.pass(|| gate.shut());
        gate.pass(|| told += 1);
        assert_eq!(told, 1, "what is still to be told is");
        gate.shut();
        gate.pass(|| told += 1);
        assert_eq!(told, 1);
    }
}
