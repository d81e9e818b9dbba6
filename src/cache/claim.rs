//! One loader per key: `get_or_claim`, and the claim that must be settled.
//!
//! Of all who miss a key at once, one gets a [`Claim`]; the others wait for
//! what becomes of it, or take the stale value where there is one. A claim is
//! filled, failed, or dropped: filled and failed reach every waiter, dropped
//! makes the next waiter the claimant. Who stores the key without a claim wakes
//! them too, and leaves the claim to its holder; but what is loaded for a key
//! that was stored or removed meanwhile is older than that, and is only told to
//! those who wait. A flight lives in the map from the claim until it is settled;
//! its lock is never held while the cache is called.

#[cfg(test)]
mod tests;

mod duty;
mod flights;

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::cell::Quit;
use super::directory::cancelled;
use super::entry::{NEGATIVE, Value};
use super::lookup::{Missed, deliver};
use super::{Cache, patiently};
use crate::error::{Error, Result, Status};
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::waiting::Mutex;
use flights::{Flight, Outcome};

pub use duty::Claim;
pub use flights::Claims;

/// What a wait comes to.
enum Ended {
    Answered(Result<Claimed>),
    /// Who had the claim failed.
    Failed(Error),
    /// The claim has passed to the caller.
    Mine,
}

/// What `get_or_claim` has for its caller.
pub enum Claimed {
    /// The value: live, or just loaded by another.
    Hit(Value),
    /// An expired value that somebody is renewing.
    Stale(Value),
    /// The caller is the one to load it.
    Claim(Claim),
}

/// Ends a wait from another thread.
#[derive(Default)]
pub struct Stop {
    stopped: AtomicBool,
    flight: Mutex<Option<Arc<Flight>>>,
}

impl Stop {
    /// Ends the wait, or the one that is about to begin.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        if let Some(flight) = &*self.flight.lock() {
            // Under its lock, so that a waiter is either before its check or
            // already asleep.
            let _state = flight.state.lock();
            flight.changed.notify_all();
        }
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    /// For one who waits for a shard.
    fn quit(&self) -> &AtomicBool {
        &self.stopped
    }
}

impl Cache {
    /// The value of a key, or the duty to load it. Waits up to `wait` for
    /// another who has that duty.
    ///
    /// Errors: `NotFound` if it is known that there is none, `Timeout` and
    /// `Cancelled` of the wait, and what the other failed with.
    pub fn get_or_claim(
        self: &Arc<Self>,
        key: &[u8],
        wait: Duration,
        stop: Option<&Stop>,
    ) -> Result<Claimed> {
        if stop.is_some_and(Stop::is_stopped) {
            return Err(cancelled());
        }
        let mut left = None;
        let found = self.fetch_unless(key, &mut left, stop.map(Stop::quit));
        deliver(left);
        match found {
            Ok(value) => return Ok(Claimed::Hit(value)),
            Err(Missed::NotFound) => {}
            Err(missed) => return Err(missed.error(0)),
        }
        self.wait_or_claim(key, wait, stop)
    }

    /// The same for who has asked already: it goes on with a look-up that has been
    /// counted.
    pub fn wait_or_claim(
        self: &Arc<Self>,
        key: &[u8],
        wait: Duration,
        stop: Option<&Stop>,
    ) -> Result<Claimed> {
        if stop.is_some_and(Stop::is_stopped) {
            return Err(cancelled());
        }
        let quit = stop.map(Stop::quit);
        if let Some(value) = self.is_settled(key, quit)? {
            return known(value);
        }
        let (flight, mine) = self.board(key)?;
        if mine {
            return self.claimed(key, flight, quit);
        }
        if let Some(stale) = self.stale(key, quit).transpose() {
            self.leave(&flight);
            return stale.map(Claimed::Stale);
        }
        self.wait(key, flight, wait, stop)
    }

    /// The duty to load a key that is not there and that nobody loads, however long its
    /// shard is not free. Nobody has asked for it: that counts as neither hit nor miss.
    pub fn claim_absent(self: &Arc<Self>, key: &[u8]) -> Result<Option<Claim>> {
        patiently(|| {
            if self.peek(key, None)?.is_some() {
                return Ok(None);
            }
            let (flight, mine) = self.board(key)?;
            if !mine {
                self.leave(&flight);
                return Ok(None);
            }
            match self.claimed(key, flight, None) {
                Ok(Claimed::Claim(claim)) => Ok(Some(claim)),
                Ok(_) | Err(Error::NotFound) => Ok(None),
                Err(error) => Err(error),
            }
        })
    }

    /// How many of these keys are there, however long their shards are not free.
    pub fn count<'a>(&self, keys: impl Iterator<Item = &'a [u8]>) -> usize {
        keys.filter(|key| patiently(|| self.contains(key)).unwrap_or(false)).count()
    }

    /// The flight of a key, with the caller counted among those who wait unless
    /// it is the caller's own.
    fn board(&self, key: &[u8]) -> Result<(Arc<Flight>, bool)> {
        let mut flights = self.claims.flights.lock();
        if self.is_closed() {
            return Err(Error::Closed("cache"));
        }
        if let Some(flight) = flights.get(key) {
            let flight = flight.clone();
            let mut state = flight.state.lock();
            let mine = matches!(state.outcome, Outcome::Vacant);
            match mine {
                true => state.take(),
                false => state.waiting += 1,
            }
            drop(state);
            return Ok((flight, mine));
        }
        Ok((self.claims.begin(&mut flights, key)?, true))
    }

    /// The claim, unless the value has come between the look-up and the claim.
    fn claimed(self: &Arc<Self>, key: &[u8], flight: Arc<Flight>, quit: Quit) -> Result<Claimed> {
        let claim = Claim { cache: self.clone(), flight, settled: false };
        match self.is_settled(key, quit)? {
            Some(value) => {
                claim.settle(Outcome::Filled(value.clone()));
                known(value)
            }
            None => Ok(Claimed::Claim(claim)),
        }
    }

    /// What is known of a key now: a value, or that there is none. It is part of
    /// a call that has been counted.
    fn is_settled(&self, key: &[u8], quit: Quit) -> Result<Option<Option<Value>>> {
        let found = self.peek(key, quit)?;
        let Some(entry) = found else { return Ok(None) };
        match entry.flags() & NEGATIVE {
            0 => Ok(self.plain(&entry).ok().map(Some)),
            _ => Ok(Some(None)),
        }
    }

    fn wait(
        self: &Arc<Self>,
        key: &[u8],
        flight: Arc<Flight>,
        wait: Duration,
        stop: Option<&Stop>,
    ) -> Result<Claimed> {
        if let Some(stop) = stop {
            *stop.flight.lock() = Some(flight.clone());
        }
        let deadline = Instant::now().checked_add(wait);
        let answer = match self.outcome(key, &flight, deadline, stop) {
            Ended::Mine => return self.claimed(key, flight, stop.map(Stop::quit)),
            Ended::Answered(answer) => answer,
            // It failed for those who wait: to one who only looked it is over.
            Ended::Failed(_) if wait.is_zero() => {
                self.leave(&flight);
                return self.wait_or_claim(key, wait, stop);
            }
            Ended::Failed(error) => Err(error),
        };
        self.leave(&flight);
        answer
    }

    fn outcome(
        &self,
        key: &[u8],
        flight: &Flight,
        deadline: Option<Instant>,
        stop: Option<&Stop>,
    ) -> Ended {
        let mut looked = None;
        loop {
            let mut state = flight.state.lock();
            match &state.outcome {
                Outcome::Filled(value) => return Ended::Answered(known(value.clone())),
                Outcome::Failed(error) => return Ended::Failed(error.clone()),
                Outcome::Vacant => {
                    state.take();
                    state.waiting -= 1;
                    return Ended::Mine;
                }
                Outcome::Held => {}
            }
            if stop.is_some_and(Stop::is_stopped) {
                return Ended::Answered(Err(cancelled()));
            }
            let is_late = looked == Some(state.stores) && {
                match deadline {
                    Some(at) => flight.changed.wait_until(&mut state, at).timed_out(),
                    None => {
                        flight.changed.wait(&mut state);
                        false
                    }
                }
            };
            if !is_late && looked == Some(state.stores) || !matches!(state.outcome, Outcome::Held) {
                continue;
            }
            looked = Some(state.stores);
            drop(state);
            match self.is_settled(key, stop.map(Stop::quit)) {
                Ok(Some(value)) => return Ended::Answered(known(value)),
                _ if is_late => {
                    let message = "another caller is still loading it";
                    return Ended::Answered(Err(Error::call(Status::Timeout, message)));
                }
                _ => {}
            }
        }
    }

    /// Counts a waiter out; the last one takes an abandoned flight away.
    fn leave(&self, flight: &Arc<Flight>) {
        let mut flights = self.claims.flights.lock();
        let mut state = flight.state.lock();
        state.waiting -= 1;
        if state.waiting == 0 && matches!(state.outcome, Outcome::Vacant) {
            drop(state);
            self.claims.forget(&mut flights, flight);
        }
    }

    /// Wakes those who wait for a key that somebody has stored.
    #[inline]
    pub(super) fn tell_waiters(&self, key: &[u8]) {
        if self.claims.are_awaited() {
            self.claims.stored(key);
        }
    }

    /// A key is about to be removed: what is loaded for it now is not to come back.
    #[inline]
    pub(super) fn overtake(&self, key: &[u8]) {
        if self.claims.are_awaited() {
            self.claims.removed(key);
        }
    }

    /// The same of all keys that begin so.
    pub(super) fn overtake_all(&self, prefix: &[u8]) {
        if self.claims.are_awaited() {
            self.claims.removed_all(prefix);
        }
    }

    /// Whether nobody holds a claim or waits for one.
    #[cfg(test)]
    pub(super) fn claims_are_over(&self) -> bool {
        self.claims.flights.lock().is_empty()
    }
}

/// What is known of a key, for who asked for it.
fn known(value: Option<Value>) -> Result<Claimed> {
    value.map(Claimed::Hit).ok_or(Error::NotFound)
}
