//! Who keeps a cache in use: its handle, and those that it was given to.
//!
//! A cache ends when the last of them lets go, whichever it is: then it is closed,
//! even if somebody still waits in it or walks over it.

use std::sync::Arc;

use super::Cache;
use crate::error::{Error, Result};
use crate::sync::atomic::Ordering;

/// A part in a cache, which stays in use until this is dropped.
pub struct Stake(Arc<Cache>);

impl Stake {
    /// The cache.
    pub fn cache(&self) -> &Arc<Cache> {
        &self.0
    }
}

impl Cache {
    /// A part in it beside its handle; `Closed` if it has ended.
    pub fn stake(self: &Arc<Self>) -> Result<Stake> {
        let one_more = |holders: usize| (holders > 0).then_some(holders + 1);
        match self.holders.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more) {
            Ok(_) => Ok(Stake(self.clone())),
            Err(_) => Err(Error::Closed("cache")),
        }
    }

    /// The handle was freed, or a stake given up: the last one closes it.
    pub fn release(&self) {
        if self.holders.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.close();
        }
    }
}

impl Clone for Stake {
    fn clone(&self) -> Self {
        self.0.holders.fetch_add(1, Ordering::Relaxed);
        Stake(self.0.clone())
    }
}

impl Drop for Stake {
    fn drop(&mut self) {
        self.0.release();
    }
}

#[cfg(test)]
mod tests {
    use crate::cache::Ttl;
    use crate::cache::tests::cache;

    #[test]
    fn the_last_who_has_a_part_in_a_cache_closes_it() {
        for handle_first in [true, false] {
            let (cache, _) = cache("{}");
            cache.set(b"k", b"v", Ttl::Never).unwrap();
            let stake = cache.stake().unwrap();
            let another = stake.clone();
            drop(stake);
            let mut ends: [Box<dyn FnOnce()>; 2] =
                [Box::new(|| cache.release()), Box::new(|| drop(another))];
            if !handle_first {
                ends.reverse();
            }
            let [first, last] = ends;
            first();
            assert!(!cache.is_closed() && cache.get(b"k").is_some());
            last();
            assert!(cache.is_closed() && cache.is_empty());
            assert!(cache.stake().is_err());
        }
    }
}
