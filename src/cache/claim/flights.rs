//! The keys that are being loaded, and those who wait for them.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::sync::Arc;

use crate::cache::entry::Value;
use crate::error::{Error, Result};
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::waiting::{Condvar, Mutex};

/// Keys that are being loaded.
#[derive(Default)]
pub struct Claims {
    /// Apart: what is written here is not to disturb who reads the word.
    pub(super) flights: Box<Mutex<Flights>>,
    /// Twice as many as there are, and one more once the cache is closed: 0 says in
    /// one look that who stores need think of neither. Relaxed: who stores meanwhile
    /// may miss one that has just begun, whose waiters look once more before they
    /// give up.
    word: AtomicUsize,
}

const SHUT: usize = 1;
const ONE: usize = 2;

pub(super) type Flights = HashMap<Key, Arc<Flight>>;

/// A key that is being loaded: one copy for the map and for whoever has to do with it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Key(pub(super) Arc<Vec<u8>>);

impl Key {
    fn copy(key: &[u8]) -> Result<Key> {
        let mut copy = Vec::new();
        let lacking = |_| Error::Internal(format!("out of memory for {} bytes", key.len()));
        copy.try_reserve_exact(key.len()).map_err(lacking)?;
        copy.extend_from_slice(key);
        Ok(Key(Arc::new(copy)))
    }
}

impl Borrow<[u8]> for Key {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

/// A key's loading, and those who wait for it.
pub(super) struct Flight {
    pub(super) key: Key,
    pub(super) state: Mutex<State>,
    pub(super) changed: Condvar,
}

/// What has become of it so far.
#[derive(Default)]
pub(super) struct State {
    pub(super) waiting: usize,
    /// How often somebody else has stored the key.
    pub(super) stores: u32,
    /// Somebody has stored or removed the key since the claim was had: what is loaded
    /// for it is older than that.
    pub(super) overtaken: bool,
    pub(super) outcome: Outcome,
}

impl State {
    /// Gives the claim to somebody, who begins anew.
    pub(super) fn take(&mut self) {
        (self.outcome, self.overtaken) = (Outcome::Held, false);
    }
}

/// What it came to.
#[derive(Default, Clone)]
pub(super) enum Outcome {
    /// Somebody holds the claim.
    #[default]
    Held,
    /// It was dropped: whoever comes first takes it.
    Vacant,
    /// The value, or that there is none.
    Filled(Option<Value>),
    Failed(Error),
}

impl Claims {
    /// Whether the cache is open and no key is being loaded.
    #[inline(always)]
    pub fn are_none(&self) -> bool {
        self.word.load(Ordering::Relaxed) == 0
    }

    /// Whether any key is being loaded.
    #[inline(always)]
    pub fn are_awaited(&self) -> bool {
        self.word.load(Ordering::Relaxed) >= ONE
    }

    /// No claim begins any more: the cache is closed.
    pub fn shut(&self) {
        self.word.fetch_or(SHUT, Ordering::Release);
    }

    /// Whether the cache is closed.
    #[inline(always)]
    pub fn are_shut(&self) -> bool {
        self.word.load(Ordering::Relaxed) & SHUT != 0
    }

    /// Ends every wait, because the cache is being closed.
    pub fn close(&self) {
        let flights = std::mem::take(&mut *self.flights.lock());
        self.word.fetch_sub(flights.len() * ONE, Ordering::Relaxed);
        for flight in flights.into_values() {
            flight.state.lock().outcome = Outcome::Failed(Error::Closed("cache"));
            flight.changed.notify_all();
        }
    }

    /// A key begins to be loaded.
    pub(super) fn begin(&self, flights: &mut Flights, key: &[u8]) -> Result<Arc<Flight>> {
        let key = Key::copy(key)?;
        let (state, changed) = Default::default();
        let flight = Arc::new(Flight { key: key.clone(), state, changed });
        flights.insert(key, flight.clone());
        self.word.fetch_add(ONE, Ordering::Relaxed);
        Ok(flight)
    }

    pub(super) fn forget(&self, flights: &mut Flights, flight: &Arc<Flight>) {
        if flights.get(&flight.key).is_some_and(|there| Arc::ptr_eq(there, flight)) {
            flights.remove(&flight.key);
            self.word.fetch_sub(ONE, Ordering::Relaxed);
        }
    }

    /// What is being loaded for this key is not to be stored.
    #[cold]
    pub(super) fn removed(&self, key: &[u8]) {
        if let Some(flight) = self.flights.lock().get(key) {
            flight.state.lock().overtaken = true;
        }
    }

    /// The same for all keys that begin so.
    pub(super) fn removed_all(&self, prefix: &[u8]) {
        let flights = self.flights.lock();
        for flight in flights.values().filter(|flight| flight.key.0.starts_with(prefix)) {
            flight.state.lock().overtaken = true;
        }
    }

    #[cold]
    pub(super) fn stored(&self, key: &[u8]) {
        let Some(flight) = self.flights.lock().get(key).cloned() else { return };
        let mut state = flight.state.lock();
        state.stores = state.stores.wrapping_add(1);
        state.overtaken = true;
        if state.waiting > 0 {
            flight.changed.notify_all();
        }
    }
}
