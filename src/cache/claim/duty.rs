//! The duty to load a key, and how it ends.

use std::borrow::Borrow;
use std::sync::Arc;

use super::flights::{Flight, Outcome};
use crate::cache::entry::Value;
use crate::cache::{Cache, Ttl};
use crate::error::{Error, Result};

/// The duty to load a key. Dropped without being settled, it passes to the
/// next who waits.
pub struct Claim {
    pub(super) cache: Arc<Cache>,
    pub(super) flight: Arc<Flight>,
    pub(super) settled: bool,
}

impl Claim {
    /// The key to load.
    pub fn key(&self) -> &[u8] {
        self.flight.key.borrow()
    }

    /// Stores the value, unless the key has been stored or removed since, and gives it
    /// to all who wait; they get it also if it is too large to be stored.
    pub fn fill(self, value: &[u8], ttl: Ttl) -> Result<()> {
        let shared = Value::copy_from(value)?;
        let stored = match self.is_overtaken() {
            true => self.cache.check_open(),
            false => self.cache.set(self.key(), value, ttl),
        };
        self.settle(Outcome::Filled(Some(shared)));
        stored
    }

    /// Stores that there is nothing, and tells all who wait.
    pub fn fill_negative(self, ttl: Ttl) -> Result<()> {
        let stored = match self.is_overtaken() {
            true => self.cache.check_open(),
            false => self.cache.set_negative(self.key(), ttl),
        };
        self.settle(Outcome::Filled(None));
        stored
    }

    fn is_overtaken(&self) -> bool {
        self.flight.state.lock().overtaken
    }

    /// Ends the wait of all with this error. Nothing is stored.
    pub fn fail(self, error: Error) {
        self.settle(Outcome::Failed(error));
    }

    pub(super) fn settle(mut self, outcome: Outcome) {
        self.settled = true;
        let mut flights = self.cache.claims.flights.lock();
        self.cache.claims.forget(&mut flights, &self.flight);
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
        let mut flights = self.cache.claims.flights.lock();
        let mut state = self.flight.state.lock();
        state.outcome = Outcome::Vacant;
        if state.waiting == 0 {
            drop(state);
            self.cache.claims.forget(&mut flights, &self.flight);
            return;
        }
        drop((state, flights));
        // Not only one: a stale-taker may be among the counted.
        self.flight.changed.notify_all();
    }
}
