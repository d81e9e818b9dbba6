//! Ending a call from another thread.
//!
//! Each call in progress has an [`Interrupt`]: a flag, a signal for those who
//! wait, and the socket that the call is using, if any. A caller's [`Cancel`]
//! token and the client's own closing both work by tripping interrupts, so
//! whatever phase a call is in, one mechanism ends it.

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;

use crate::clock::{Clock, Signal};
use crate::error::{Bound, CallError, Error, Status};

/// Why a call was interrupted; the first reason stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Reason {
    /// The caller's token.
    Cancelled = 1,
    /// The client or tiers were freed.
    Closed = 2,
    /// The caller's callback said stop.
    Stopped = 3,
    /// The time of those who waited for a shared request was up, or of a call
    /// whose events nobody took.
    Late = 4,
}

impl Reason {
    /// The error that the call ends with.
    pub fn error(self) -> Error {
        match self {
            Reason::Cancelled => Error::call(Status::Cancelled, "the call was cancelled"),
            Reason::Closed => {
                let message = "the client or tiers were freed before the call had ended";
                Error::call(Status::Cancelled, message)
            }
            Reason::Stopped => Error::call(Status::Stopped, "the callback stopped the stream"),
            Reason::Late => {
                Error::bounded(Status::Timeout, Bound::Total, "not finished within timeout_ms")
            }
        }
    }

    /// The same in place of another error, of which it keeps the circumstances.
    pub fn instead_of(self, other: &Error) -> Error {
        let own = self.error();
        match (own, other) {
            // It says more; but a token tells nothing of whose end has triggered it.
            (own, other) if own.status() == other.status() && self != Reason::Closed => {
                other.clone()
            }
            (Error::Call(own), Error::Call(other)) => Error::Call(Box::new(CallError {
                http_status: other.http_status,
                request_id: other.request_id.clone(),
                attempts: other.attempts,
                ..*own
            })),
            (own, _) => own,
        }
    }
}

/// Something that an interrupt can break: a socket, usually.
pub trait Breakable: Send + Sync {
    /// Makes blocked and later operations on it fail at once.
    fn break_off(&self);
}

/// Whoever waits on a signal can be woken by an interrupt.
impl Breakable for Signal {
    fn break_off(&self) {
        self.raise();
    }
}

/// The switch of one call.
#[derive(Default)]
pub struct Interrupt {
    /// 0, or a [`Reason`]. Acquire/Release: whoever sees it also sees what
    /// went before the trip.
    reason: AtomicU8,
    signal: Signal,
    /// What the call is blocked on. Held while it is broken, so that a socket
    /// cannot go back to the pool between.
    in_use: Mutex<Option<Weak<dyn Breakable>>>,
}

impl fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interrupt").field("reason", &self.reason()).finish()
    }
}

impl Interrupt {
    /// Ends the call for this reason, unless it has ended for another.
    pub fn trip(&self, reason: Reason) {
        let first =
            self.reason.compare_exchange(0, reason as u8, Ordering::AcqRel, Ordering::Acquire);
        if first.is_err() {
            return;
        }
        self.signal.raise();
        let in_use = self.in_use.lock();
        if let Some(breakable) = in_use.as_ref().and_then(Weak::upgrade) {
            breakable.break_off();
        }
    }

    /// Why the call was interrupted, if it was.
    pub fn reason(&self) -> Option<Reason> {
        match self.reason.load(Ordering::Acquire) {
            0 => None,
            1 => Some(Reason::Cancelled),
            2 => Some(Reason::Closed),
            3 => Some(Reason::Stopped),
            _ => Some(Reason::Late),
        }
    }

    /// An error once interrupted.
    pub fn check(&self) -> Result<(), Error> {
        self.reason().map_or(Ok(()), |reason| Err(reason.error()))
    }

    /// Says what the call is about to block on; broken at once if the call has
    /// been interrupted already.
    pub fn watch(&self, breakable: Weak<dyn Breakable>) {
        self.exchange(Some(breakable));
    }

    /// As [`Interrupt::watch`]; what was watched before.
    fn exchange(&self, breakable: Option<Weak<dyn Breakable>>) -> Option<Weak<dyn Breakable>> {
        let mut in_use = self.in_use.lock();
        if self.reason().is_some()
            && let Some(breakable) = breakable.as_ref().and_then(Weak::upgrade)
        {
            breakable.break_off();
        }
        std::mem::replace(&mut *in_use, breakable)
    }

    /// Takes back what [`Interrupt::watch`] said. After this returns, it is
    /// not broken any more.
    pub fn unwatch(&self) {
        *self.in_use.lock() = None;
    }

    /// Waits for `time`, or an error once interrupted.
    pub fn wait(&self, clock: &Clock, time: Duration) -> Result<(), Error> {
        clock.wait(&self.signal, time);
        self.check()
    }

    /// Waits for `time`, until `wake` is raised, or an error once interrupted.
    /// What was watched before is watched again after it.
    pub fn wait_or(&self, clock: &Clock, wake: &Arc<Signal>, time: Duration) -> Result<(), Error> {
        let wake_weak: Weak<Signal> = Arc::downgrade(wake);
        let before = self.exchange(Some(wake_weak));
        clock.wait(wake, time);
        self.exchange(before);
        self.check()
    }
}

/// A caller's token: may be given to any number of calls, and triggered once.
#[derive(Debug, Default)]
pub struct Cancel {
    state: Mutex<CancelState>,
}

#[derive(Debug, Default)]
struct CancelState {
    triggered: bool,
    calls: Held<Interrupt>,
    tokens: Held<Cancel>,
}

/// What a token ends. What is gone is swept out whenever the list has doubled
/// since the last sweep, so that adding costs the same however many there are.
#[derive(Debug)]
struct Held<T> {
    list: Vec<Weak<T>>,
    sweep_at: usize,
}

/// A list shorter than this is not worth a sweep.
const SWEEP_LEAST: usize = 32;

impl<T> Default for Held<T> {
    fn default() -> Self {
        Held { list: Vec::new(), sweep_at: SWEEP_LEAST }
    }
}

impl<T> Held<T> {
    fn add(&mut self, one: &Arc<T>) {
        if self.list.len() >= self.sweep_at {
            self.list.retain(|held| held.strong_count() > 0);
            self.sweep_at = (2 * self.list.len()).max(SWEEP_LEAST);
        }
        self.list.push(Arc::downgrade(one));
    }

    fn take(&mut self) -> impl Iterator<Item = Arc<T>> + use<T> {
        std::mem::take(&mut self.list).into_iter().filter_map(|held| held.upgrade())
    }
}

impl Cancel {
    /// Ends all calls that hold the token, and all that will.
    pub fn trigger(&self) {
        let (calls, tokens) = {
            let mut state = self.state.lock();
            state.triggered = true;
            (state.calls.take(), state.tokens.take())
        };
        calls.for_each(|call| call.trip(Reason::Cancelled));
        tokens.for_each(|token| token.trigger());
    }

    /// Triggers another token along with this one.
    pub fn pass_on(&self, other: &Arc<Cancel>) {
        let mut state = self.state.lock();
        if state.triggered {
            drop(state);
            return other.trigger();
        }
        state.tokens.add(other);
    }

    /// Whether it has been triggered.
    pub fn is_triggered(&self) -> bool {
        self.state.lock().triggered
    }

    /// Lets the token end a call until the call's interrupt is dropped.
    pub fn attach(&self, call: &Arc<Interrupt>) {
        let mut state = self.state.lock();
        if state.triggered {
            drop(state);
            return call.trip(Reason::Cancelled);
        }
        state.calls.add(call);
    }
}

/// A call that consists of others ends them by a token.
impl Breakable for Cancel {
    fn break_off(&self) {
        self.trigger();
    }
}

#[cfg(test)]
mod tests;
