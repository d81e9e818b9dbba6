//! Calls in progress: who runs, on which thread, until when.
//!
//! A client keeps a [`Calls`] register, as do tiers. [`Calls::begin`] enters a call and
//! gives it an interrupt; closing trips all interrupts and waits until the
//! register is empty. A call that stands in a queue's line is in the register too:
//! it has no thread yet, and is ended there. A call made on a thread that is already inside a call
//! (from a callback) is told apart by a thread-local stack: closing from
//! there must not wait for itself.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock, Signal};
use crate::error::{Error, Result};
use crate::nesting::{self, Place};
use crate::own::OwnList;
use crate::waiting::{Condvar, Mutex};

use super::cancel::{Cancel, Interrupt, Reason};
use super::timing::Timing;

/// The calls of one client, or of tiers.
#[derive(Debug)]
pub struct Calls {
    /// Whose they are.
    owner: &'static str,
    /// Where a thread is that runs one.
    place: Place,
    state: Mutex<State>,
    emptied: Condvar,
}

#[derive(Debug, Default)]
struct State {
    closed: bool,
    running: Vec<Arc<Interrupt>>,
    /// In the line of a queue, in the order in which they came.
    standing: BTreeMap<u64, Arc<Interrupt>>,
    next_place: u64,
}

impl State {
    fn is_empty(&self) -> bool {
        self.running.is_empty() && self.standing.is_empty()
    }
}

/// A call that runs on this thread.
struct Frame {
    register: Place,
    interrupt: Arc<Interrupt>,
    /// The end of its whole time, once that is known.
    until: Option<Timing>,
}

thread_local! {
    /// The calls of this thread, outermost first.
    static STACK: OwnList<Frame> = const { OwnList::empty() };
}

/// Waits, inside the callback of the call that runs on this thread, until
/// `signal` is raised; false if the call was interrupted or its time is up first,
/// which interrupts it. Waits in real time, in which whoever raises the signal
/// lives.
pub fn wait_inside(signal: &Arc<Signal>) -> bool {
    let innermost = |stack: &mut VecDeque<Frame>| {
        stack.back().map(|frame| (frame.interrupt.clone(), frame.until.clone()))
    };
    let found = STACK.with(|stack| stack.with(innermost));
    let Some((interrupt, until)) = found else { return false };
    let left = until.map_or(Duration::MAX, |timing| timing.left());
    if interrupt.wait_or(&Clock::System, signal, left).is_err() {
        return false;
    }
    let raised = signal.is_raised();
    if !raised {
        interrupt.trip(Reason::Late);
    }
    raised
}

impl Default for Calls {
    fn default() -> Self {
        Calls::of("mynah_client")
    }
}

impl Calls {
    /// No calls of somebody's yet.
    pub fn of(owner: &'static str) -> Self {
        Calls {
            owner,
            place: Place::Calls(nesting::number()),
            state: Mutex::default(),
            emptied: Condvar::new(),
        }
    }
}

/// A call that runs; leaves the register when dropped.
#[derive(Debug)]
pub struct Running<'a> {
    calls: &'a Calls,
    /// The call's switch.
    pub interrupt: Arc<Interrupt>,
    _inside: Inside,
}

/// This thread's place inside a call, left when dropped.
#[derive(Debug)]
pub struct Inside {
    register: Place,
    _inside: nesting::Inside,
}

impl Calls {
    /// Enters a call, unless its owner has been closed. It is interrupted from
    /// the start if the token has been triggered.
    pub fn begin(&self, cancel: Option<&Cancel>) -> Result<Running<'_>> {
        let running = self.enter(Arc::default())?;
        if let Some(cancel) = cancel {
            cancel.attach(&running.interrupt);
        }
        Ok(running)
    }

    /// Enters what has an interrupt already, unless its owner has been closed.
    pub fn enter(&self, interrupt: Arc<Interrupt>) -> Result<Running<'_>> {
        {
            let mut state = self.state.lock();
            if state.closed {
                return Err(Error::Closed(self.owner));
            }
            state.running.push(interrupt.clone());
        }
        let inside = self.inside(&interrupt);
        Ok(Running { calls: self, interrupt, _inside: inside })
    }

    /// Says that this thread is inside a call of this register, until it is dropped.
    pub fn inside(&self, interrupt: &Arc<Interrupt>) -> Inside {
        let frame = Frame { register: self.place, interrupt: interrupt.clone(), until: None };
        STACK.with(|stack| stack.add(frame));
        Inside { register: self.place, _inside: nesting::enter(self.place) }
    }

    /// Enters a call that stands in a queue's line, unless its owner has been closed;
    /// its place.
    pub fn stand(&self, interrupt: Arc<Interrupt>) -> Result<u64> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(Error::Closed(self.owner));
        }
        let place = state.next_place;
        state.next_place += 1;
        state.standing.insert(place, interrupt);
        Ok(place)
    }

    /// Takes a call out that stood in a queue's line.
    pub fn leave_line(&self, place: u64) {
        let mut state = self.state.lock();
        state.standing.remove(&place);
        self.left(&state);
    }

    /// Tells whoever waits once nobody is there any more.
    fn left(&self, state: &State) {
        // Who waits has shut the register before; waking nobody is a system call.
        if state.closed && state.is_empty() {
            self.emptied.notify_all();
        }
    }

    /// The error of who finds that its owner has been closed.
    pub fn check_open(&self) -> Result<()> {
        if self.state.lock().closed { Err(Error::Closed(self.owner)) } else { Ok(()) }
    }

    /// Calls that run now.
    pub fn in_flight(&self) -> usize {
        self.state.lock().running.len()
    }

    /// Ends all calls and lets no other begin.
    pub fn shut(&self) {
        let calls: Vec<_> = {
            let mut state = self.state.lock();
            state.closed = true;
            // Those in line first: where one that runs ends the next one is taken up.
            state.standing.values().chain(&state.running).cloned().collect()
        };
        calls.iter().for_each(|call| call.trip(Reason::Closed));
    }

    /// Waits until all calls have left, after [`Calls::shut`]; not, if they wait for
    /// this thread.
    pub fn wait(&self) {
        nesting::wait_for(self.place, || {
            let mut state = self.state.lock();
            self.emptied.wait_while(&mut state, |state| !state.is_empty());
        });
    }

    /// Whether this thread is inside a call of this register.
    pub fn is_mine(&self) -> bool {
        nesting::is_inside(self.place)
    }
}

impl Running<'_> {
    /// Says until when the call may take.
    pub fn until(&self, timing: &Timing) {
        let note = |stack: &mut VecDeque<Frame>| {
            if let Some(frame) = stack.back_mut() {
                frame.until = Some(timing.clone());
            }
        };
        STACK.with(|stack| stack.with(note));
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        STACK.with(|stack| stack.take_last(|frame| frame.register == self.register));
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut state = self.calls.state.lock();
        state.running.retain(|call| !Arc::ptr_eq(call, &self.interrupt));
        self.calls.left(&state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Status;

    #[test]
    fn shutting_trips_running_calls_and_refuses_new_ones() {
        let calls = Calls::default();
        std::thread::scope(|scope| {
            let (entered, wait) = std::sync::mpsc::channel();
            let calls = &calls;
            scope.spawn(move || {
                let running = calls.begin(None).unwrap();
                entered.send(()).unwrap();
                let error = running
                    .interrupt
                    .wait(&crate::clock::Clock::System, std::time::Duration::from_secs(60));
                assert_eq!(error.unwrap_err().status(), Status::Cancelled);
            });
            wait.recv().unwrap();
            assert!(!calls.is_mine());
            calls.shut();
            calls.wait();
            assert_eq!(calls.in_flight(), 0, "the wait was over before the call had left");
        });
        assert_eq!(calls.begin(None).unwrap_err().status(), Status::Closed);
    }

    #[test]
    fn who_shuts_from_inside_a_call_knows_it() {
        let calls = Calls::default();
        let running = calls.begin(None).unwrap();
        assert!(calls.is_mine());
        calls.shut();
        assert_eq!(running.interrupt.reason(), Some(Reason::Closed));
    }

    #[test]
    fn a_call_with_a_triggered_token_is_interrupted_from_the_start() {
        let (calls, cancel) = (Calls::default(), Cancel::default());
        cancel.trigger();
        let running = calls.begin(Some(&cancel)).unwrap();
        assert_eq!(running.interrupt.check().unwrap_err().status(), Status::Cancelled);
        drop(running);
        assert_eq!(calls.in_flight(), 0);
    }
}
