//! One loader per key: `get_or_claim`, and the claim that must be settled.
//!
//! Of all who miss a key at once, one gets a [`Claim`]; the others wait for
//! what becomes of it, or take the stale value where there is one. A claim is
//! filled, failed, or dropped: filled and failed reach every waiter, dropped
//! makes the next waiter the claimant. A flight lives in the map from the claim
//! until it is settled; its lock is never held while the cache is called.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::waiting::{Condvar, Mutex};

use super::entry::Value;
use super::lookup::{Missed, deliver};
use super::{Cache, Ttl};
use crate::error::{Error, Result, Status};
use crate::sync::atomic::{AtomicBool, Ordering};

/// Keys that are being loaded.
#[derive(Default)]
pub struct Claims(Mutex<HashMap<Box<[u8]>, Arc<Flight>>>);

#[derive(Default)]
struct Flight {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: usize,
    outcome: Outcome,
}

#[derive(Default, Clone)]
enum Outcome {
    /// Somebody holds the claim.
    #[default]
    Held,
    /// It was dropped: whoever comes first takes it.
    Vacant,
    /// The value, or that there is none.
    Filled(Option<Value>),
    Failed(Error),
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

/// The duty to load a key. Dropped without being settled, it passes to the
/// next who waits.
pub struct Claim {
    cache: Arc<Cache>,
    key: Box<[u8]>,
    flight: Arc<Flight>,
    settled: bool,
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
        let mut left = None;
        let found = self.fetch(key, &mut left);
        deliver(left);
        match found {
            Ok(value) => return Ok(Claimed::Hit(value)),
            Err(Missed::NotFound) => {}
            Err(missed) => return Err(missed.error(0)),
        }
        if self.is_negative(key)? {
            return Err(Error::NotFound);
        }
        let deadline = Instant::now().checked_add(wait);
        let (flight, mine) = self.board(key)?;
        if mine {
            return self.claimed(key, flight);
        }
        if let Some(value) = self.stale(key)? {
            self.leave(key, &flight);
            return Ok(Claimed::Stale(value));
        }
        self.wait(key, flight, deadline, stop)
    }

    /// The flight of a key, with the caller counted among those who wait unless
    /// it is the caller's own.
    fn board(&self, key: &[u8]) -> Result<(Arc<Flight>, bool)> {
        let mut flights = self.claims.0.lock();
        if self.is_closed() {
            return Err(Error::Closed("cache"));
        }
        if let Some(flight) = flights.get(key) {
            let flight = flight.clone();
            let mut state = flight.state.lock();
            let mine = matches!(state.outcome, Outcome::Vacant);
            match mine {
                true => state.outcome = Outcome::Held,
                false => state.waiting += 1,
            }
            drop(state);
            return Ok((flight, mine));
        }
        let flight = Arc::<Flight>::default();
        flights.insert(key.into(), flight.clone());
        Ok((flight, true))
    }

    /// The claim, unless the value has come between the look-up and the claim.
    fn claimed(self: &Arc<Self>, key: &[u8], flight: Arc<Flight>) -> Result<Claimed> {
        let claim = Claim { cache: self.clone(), key: key.into(), flight, settled: false };
        match self.is_settled(key)? {
            Some(value) => {
                claim.settle(Outcome::Filled(value.clone()));
                value.map(Claimed::Hit).ok_or(Error::NotFound)
            }
            None => Ok(Claimed::Claim(claim)),
        }
    }

    /// What is known of a key now: a value, or that there is none.
    fn is_settled(&self, key: &[u8]) -> Result<Option<Option<Value>>> {
        if !self.contains(key)? {
            return Ok(self.is_negative(key)?.then_some(None));
        }
        let mut left = None;
        let found = self.fetch(key, &mut left);
        deliver(left);
        Ok(found.ok().map(Some))
    }

    fn wait(
        self: &Arc<Self>,
        key: &[u8],
        flight: Arc<Flight>,
        deadline: Option<Instant>,
        stop: Option<&Stop>,
    ) -> Result<Claimed> {
        if let Some(stop) = stop {
            *stop.flight.lock() = Some(flight.clone());
        }
        let ended = {
            let mut state = flight.state.lock();
            loop {
                match &state.outcome {
                    Outcome::Filled(value) => {
                        break value.clone().map(Claimed::Hit).ok_or(Error::NotFound);
                    }
                    Outcome::Failed(error) => break Err(error.clone()),
                    Outcome::Vacant => {
                        state.outcome = Outcome::Held;
                        state.waiting -= 1;
                        drop(state);
                        return self.claimed(key, flight);
                    }
                    Outcome::Held => {}
                }
                if stop.is_some_and(Stop::is_stopped) {
                    break Err(Error::call(Status::Cancelled, "the wait was cancelled"));
                }
                let timed_out = match deadline {
                    Some(at) => flight.changed.wait_until(&mut state, at).timed_out(),
                    None => {
                        flight.changed.wait(&mut state);
                        false
                    }
                };
                if timed_out && matches!(state.outcome, Outcome::Held) {
                    break Err(Error::call(Status::Timeout, "another caller is still loading it"));
                }
            }
        };
        self.leave(key, &flight);
        ended
    }

    /// Counts a waiter out; the last one takes an abandoned flight away.
    fn leave(&self, key: &[u8], flight: &Arc<Flight>) {
        let mut flights = self.claims.0.lock();
        let mut state = flight.state.lock();
        state.waiting -= 1;
        if state.waiting == 0 && matches!(state.outcome, Outcome::Vacant) {
            drop(state);
            forget(&mut flights, key, flight);
        }
    }

    /// Whether nobody holds a claim or waits for one.
    #[cfg(test)]
    pub(super) fn claims_are_over(&self) -> bool {
        self.claims.0.lock().is_empty()
    }

    /// Ends every wait, because the cache is being closed.
    pub(super) fn close_claims(&self) {
        let flights = std::mem::take(&mut *self.claims.0.lock());
        for flight in flights.into_values() {
            flight.state.lock().outcome = Outcome::Failed(Error::Closed("cache"));
            flight.changed.notify_all();
        }
    }
}

fn forget(flights: &mut HashMap<Box<[u8]>, Arc<Flight>>, key: &[u8], flight: &Arc<Flight>) {
    if flights.get(key).is_some_and(|there| Arc::ptr_eq(there, flight)) {
        flights.remove(key);
    }
}

impl Claim {
    /// The key to load.
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// Stores the value and gives it to all who wait; they get it also if it
    /// is too large to be stored.
    pub fn fill(self, value: &[u8], ttl: Ttl) -> Result<()> {
        let shared = Value::copy_from(value)?;
        let stored = self.cache.set(&self.key, value, ttl);
        self.settle(Outcome::Filled(Some(shared)));
        stored
    }

    /// Stores that there is nothing, and tells all who wait.
    pub fn fill_negative(self, ttl: Ttl) -> Result<()> {
        let stored = self.cache.set_negative(&self.key, ttl);
        self.settle(Outcome::Filled(None));
        stored
    }

    /// Ends the wait of all with this error. Nothing is stored.
    pub fn fail(self, error: Error) {
        self.settle(Outcome::Failed(error));
    }

    fn settle(mut self, outcome: Outcome) {
        self.settled = true;
        let mut flights = self.cache.claims.0.lock();
        forget(&mut flights, &self.key, &self.flight);
        self.flight.state.lock().outcome = outcome;
        drop(flights);
        self.flight.changed.notify_all();
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        let mut flights = self.cache.claims.0.lock();
        let mut state = self.flight.state.lock();
        state.outcome = Outcome::Vacant;
        if state.waiting == 0 {
            drop(state);
            forget(&mut flights, &self.key, &self.flight);
            return;
        }
        drop((state, flights));
        // Not only one: a stale-taker may be among the counted.
        self.flight.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::cache;
    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    fn claim(cache: &Arc<Cache>, key: &[u8]) -> Claim {
        match cache.get_or_claim(key, LONG, None).unwrap() {
            Claimed::Claim(claim) => claim,
            _ => panic!("a value, where a claim was expected"),
        }
    }

    /// Callers that wait for a key, each with what it got.
    fn waiters<T: Send>(
        cache: &Arc<Cache>,
        count: usize,
        then: impl FnOnce() -> T,
    ) -> Vec<Result<Option<Vec<u8>>>> {
        std::thread::scope(|scope| {
            let wait = || match cache.get_or_claim(b"k", LONG, None)? {
                Claimed::Hit(value) | Claimed::Stale(value) => Ok(Some(value.as_bytes().to_vec())),
                Claimed::Claim(claim) => {
                    claim.fill(b"second", Ttl::Default)?;
                    Ok(None)
                }
            };
            let all: Vec<_> = (0..count).map(|_| scope.spawn(wait)).collect();
            let waiting = || {
                let flights = cache.claims.0.lock();
                flights.get(&b"k"[..]).map_or(0, |flight| flight.state.lock().waiting)
            };
            while waiting() < count {
                std::thread::yield_now();
            }
            then();
            all.into_iter().map(|waiter| waiter.join().unwrap()).collect()
        })
    }

    #[test]
    fn one_caller_claims_and_the_others_get_what_it_fills() {
        let (cache, _) = cache("{}");
        let claim = claim(&cache, b"k");
        let got = waiters(&cache, 4, || claim.fill(b"first", Ttl::Default).unwrap());
        assert!(got.iter().all(|g| *g == Ok(Some(b"first".to_vec()))));
        assert!(matches!(cache.get_or_claim(b"k", LONG, None), Ok(Claimed::Hit(_))));
        assert!(cache.claims_are_over());
    }

    #[test]
    fn a_failure_reaches_the_waiters_and_the_next_caller_may_try() {
        let (cache, _) = cache("{}");
        let failed = claim(&cache, b"k");
        let error = Error::call(Status::Server, "down");
        let got = waiters(&cache, 3, || failed.fail(error.clone()));
        assert!(got.iter().all(|g| *g == Err(error.clone())));
        claim(&cache, b"k").fill(b"v", Ttl::Default).unwrap();
    }

    #[test]
    fn a_dropped_claim_passes_to_one_of_the_waiters() {
        let (cache, _) = cache("{}");
        let dropped = claim(&cache, b"k");
        let got = waiters(&cache, 3, || drop(dropped));
        assert_eq!(got.iter().filter(|g| **g == Ok(None)).count(), 1);
        assert_eq!(got.iter().filter(|g| **g == Ok(Some(b"second".to_vec()))).count(), 2);
    }

    #[test]
    fn a_wait_ends_by_time_and_by_stop_and_with_the_cache() {
        let (cache, _) = cache("{}");
        let held = claim(&cache, b"k");
        let late = cache.get_or_claim(b"k", Duration::ZERO, None).map(|_| ()).unwrap_err();
        assert_eq!(late.status(), Status::Timeout);
        let stop = Stop::default();
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| cache.get_or_claim(b"k", LONG, Some(&stop)).map(|_| ()));
            stop.stop();
            assert_eq!(waiter.join().unwrap().unwrap_err().status(), Status::Cancelled);
        });
        let got = waiters(&cache, 1, || cache.close());
        assert_eq!(got, [Err(Error::Closed("cache"))]);
        assert_eq!(held.fill(b"v", Ttl::Default), Err(Error::Closed("cache")));
    }

    #[test]
    fn while_one_renews_the_others_get_the_stale_value() {
        let (cache, clock) = cache(r#"{"stale_while_revalidate_ms": 1000}"#);
        cache.set(b"k", b"old", Ttl::Millis(10)).unwrap();
        clock.advance(Duration::from_millis(10));
        assert!(cache.get(b"k").is_none(), "a plain get takes nothing stale");
        let renewal = claim(&cache, b"k");
        match cache.get_or_claim(b"k", LONG, None).unwrap() {
            Claimed::Stale(value) => assert_eq!(value.as_bytes(), b"old"),
            _ => panic!("not stale"),
        }
        clock.advance(Duration::from_millis(1_000));
        let late = cache.get_or_claim(b"k", Duration::ZERO, None).map(|_| ()).unwrap_err();
        assert_eq!(late.status(), Status::Timeout, "too old to serve");
        renewal.fill(b"new", Ttl::Default).unwrap();
        assert_eq!(cache.get(b"k").unwrap().as_bytes(), b"new");
    }

    #[test]
    fn a_negative_entry_misses_without_asking_anybody_to_load() {
        let (cache, clock) = cache("{}");
        claim(&cache, b"k").fill_negative(Ttl::Millis(5)).unwrap();
        let known = cache.get_or_claim(b"k", LONG, None).map(|_| ());
        assert_eq!(known, Err(Error::NotFound));
        assert!(!cache.contains(b"k").unwrap());
        clock.advance(Duration::from_millis(5));
        drop(claim(&cache, b"k"));
        assert!(cache.claims_are_over());
    }
}
