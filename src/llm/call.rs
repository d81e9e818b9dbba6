//! Calls in progress: who runs, on which thread, until when.
//!
//! A client keeps a [`Calls`] register. [`Calls::begin`] enters a call and
//! gives it an interrupt; closing trips all interrupts and waits until the
//! register is empty. A call made on a thread that is already inside a call
//! (from a callback) is told apart by a thread-local stack: closing from
//! there must not wait for itself.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::waiting::{Condvar, Mutex};

use crate::error::{Error, Result};

use super::cancel::{Cancel, Interrupt, Reason};

/// The calls of one client.
#[derive(Debug)]
pub struct Calls {
    /// Tells registers apart in the thread-local stack.
    id: u64,
    state: Mutex<State>,
    emptied: Condvar,
}

#[derive(Debug, Default)]
struct State {
    closed: bool,
    running: Vec<Arc<Interrupt>>,
}

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

thread_local! {
    /// Registers whose calls run on this thread, outermost first.
    static STACK: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

impl Default for Calls {
    fn default() -> Self {
        Calls {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
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
}

impl Calls {
    /// Enters a call, unless the client has been closed or the token triggered.
    pub fn begin(&self, cancel: Option<&Cancel>) -> Result<Running<'_>> {
        let interrupt = Arc::<Interrupt>::default();
        {
            let mut state = self.state.lock();
            if state.closed {
                return Err(Error::Closed("mynah_client"));
            }
            state.running.push(interrupt.clone());
        }
        STACK.with_borrow_mut(|stack| stack.push(self.id));
        let running = Running { calls: self, interrupt };
        if let Some(cancel) = cancel {
            cancel.attach(&running.interrupt);
        }
        running.interrupt.check()?;
        Ok(running)
    }

    /// Calls that run now.
    pub fn in_flight(&self) -> usize {
        self.state.lock().running.len()
    }

    /// Ends all calls and lets no other begin. Waits until they have left,
    /// unless this thread is inside one of them.
    pub fn close(&self) {
        let running = {
            let mut state = self.state.lock();
            state.closed = true;
            state.running.clone()
        };
        running.iter().for_each(|call| call.trip(Reason::Closed));
        if self.is_mine() {
            return;
        }
        let mut state = self.state.lock();
        self.emptied.wait_while(&mut state, |state| !state.running.is_empty());
    }

    /// Whether this thread is inside a call of this register.
    pub fn is_mine(&self) -> bool {
        STACK.with_borrow(|stack| stack.contains(&self.id))
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        STACK.with_borrow_mut(|stack| {
            if let Some(place) = stack.iter().rposition(|id| *id == self.calls.id) {
                stack.remove(place);
            }
        });
        let mut state = self.calls.state.lock();
        state.running.retain(|call| !Arc::ptr_eq(call, &self.interrupt));
        if state.running.is_empty() {
            self.calls.emptied.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Status;

    #[test]
    fn closing_trips_running_calls_and_refuses_new_ones() {
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
            calls.close();
            assert_eq!(calls.in_flight(), 0, "close returned before the call had left");
        });
        assert_eq!(calls.begin(None).unwrap_err().status(), Status::Closed);
    }

    #[test]
    fn closing_from_inside_a_call_does_not_wait_for_itself() {
        let calls = Calls::default();
        let running = calls.begin(None).unwrap();
        calls.close();
        assert_eq!(running.interrupt.reason(), Some(Reason::Closed));
    }

    #[test]
    fn a_triggered_token_keeps_a_call_from_beginning() {
        let (calls, cancel) = (Calls::default(), Cancel::default());
        cancel.trigger();
        assert_eq!(calls.begin(Some(&cancel)).unwrap_err().status(), Status::Cancelled);
        assert_eq!(calls.in_flight(), 0);
    }
}
