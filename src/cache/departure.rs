//! Entries that have left, on their way out of the lock.
//!
//! Whoever takes entries out of a shard puts them here and lets go of the lock
//! first; then they are freed, or reported to the evict callback and freed.

use std::sync::Arc;

use super::Cache;
use super::entry::{COMPRESSED, Entry, NEGATIVE};
use crate::metrics::told::tell;

/// Why an entry left. The numbers are part of the C ABI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Reason {
    /// Room for another entry was needed.
    Capacity = 0,
    /// Its bytes were needed.
    Memory = 1,
    /// Its time was over.
    Expired = 2,
    /// Another value took its place.
    Replaced = 3,
    /// Somebody removed it.
    Removed = 4,
    /// The cache was cleared.
    Cleared = 5,
}

impl Reason {
    /// How many there are.
    pub const COUNT: usize = 6;
    /// All of them, in order.
    pub const ALL: [Reason; Reason::COUNT] = [
        Reason::Capacity,
        Reason::Memory,
        Reason::Expired,
        Reason::Replaced,
        Reason::Removed,
        Reason::Cleared,
    ];

    /// The name in the metrics.
    pub fn name(self) -> &'static str {
        ["capacity", "memory", "expired", "replaced", "removed", "cleared"][self as usize]
    }
}

/// What is told of an entry that left: its key, its value and the reason.
pub type Listener = dyn Fn(&[u8], &[u8], Reason) + Send + Sync;

/// Entries that left during one call, and who wants to know.
///
/// Small, for it is on the way of every store: most have one entry to free, or
/// none, and nobody to tell.
#[derive(Default)]
#[must_use = "deliver them when no lock is held"]
pub struct Departures {
    first: Option<(Entry, Reason)>,
    rest: Option<Box<Rest>>,
}

#[derive(Default)]
struct Rest {
    more: Vec<(Entry, Reason)>,
    listener: Option<(Arc<Listener>, Option<Arc<Cache>>)>,
    tick: Option<Arc<Cache>>,
}

impl Departures {
    /// Adds one.
    #[inline]
    pub fn push(&mut self, entry: Entry, reason: Reason) {
        match self.first {
            None => self.first = Some((entry, reason)),
            Some(_) => self.rest().more.push((entry, reason)),
        }
    }

    #[cold]
    fn rest(&mut self) -> &mut Rest {
        self.rest.get_or_insert_default()
    }

    /// Says who wants to know, and the cache that can unpack values for them.
    pub fn tell(&mut self, listener: Option<Arc<Listener>>, cache: Option<Arc<Cache>>) {
        if self.first.is_some() {
            self.rest().listener = listener.map(|listener| (listener, cache));
        }
    }

    /// Has the cache do at delivery what is done now and then.
    pub fn tick(&mut self, cache: Option<Arc<Cache>>) {
        self.rest().tick = cache;
    }

    /// Puts them with others that are to be told once a lock is free again; what
    /// nobody is told of is freed now.
    pub fn deliver_later(self, left: &mut Vec<Departures>) {
        if self.concern_somebody() {
            left.push(self);
        }
    }

    /// Whether delivery does anything but free them.
    #[inline]
    pub fn concern_somebody(&self) -> bool {
        self.rest.as_ref().is_some_and(|rest| rest.listener.is_some() || rest.tick.is_some())
    }

    /// Tells the listener, if there is one. Called from inside a listener, the
    /// departures wait until it has returned: consequences are never nested.
    #[inline]
    pub fn deliver(self) {
        if let Some(rest) = self.rest {
            rest.deliver(self.first);
        }
    }
}

impl Rest {
    #[cold]
    fn deliver(self, first: Option<(Entry, Reason)>) {
        if let Some((listener, cache)) = self.listener {
            let all = first.into_iter().chain(self.more);
            tell(Box::new(move || {
                all.for_each(|(entry, reason)| {
                    report(&*listener, cache.as_deref(), &entry, reason)
                });
            }));
        }
        if let Some(cache) = self.tick {
            cache.maintain();
        }
    }
}

fn report(listener: &Listener, cache: Option<&Cache>, entry: &Entry, reason: Reason) {
    match cache {
        // Somebody had said that there was no value: that none is left is no news.
        _ if entry.flags() & NEGATIVE != 0 => {}
        Some(cache) if entry.flags() & COMPRESSED != 0 => {
            cache.with_departed(entry, |value| listener(entry.key(), value, reason));
        }
        _ => listener(entry.key(), entry.value(), reason),
    }
}
