//! Removing keys, one or all, and who is told of what left.

use super::Cache;
use super::departure::{Departures, Reason};
use super::entry::{Entry, NEGATIVE};
use super::simulate::What;
use crate::error::Result;

impl Cache {
    /// Removes a key; whether there was a live entry.
    pub fn remove(&self, key: &[u8]) -> bool {
        match self.discard(key) {
            Ok((removed, out)) => {
                out.deliver();
                removed
            }
            Err(_) => false,
        }
    }

    /// As [`Cache::remove`]; what left is the caller's to deliver.
    pub fn discard(&self, key: &[u8]) -> Result<(bool, Departures)> {
        self.overtake(key);
        let hash = self.shared.hash(key);
        let mut out = Departures::default();
        let mut live = false;
        let (_, mut shard) = self.directory.write(hash)?;
        let goes = |entry: &Entry| self.goes(entry, &mut live);
        shard.remove_if(&self.shared, hash, key, goes, &mut out);
        drop(shard);
        self.observe(hash, What::Removed);
        Ok((live, self.finish(out)))
    }

    /// Why an entry goes that somebody removes, and whether it was `live`.
    pub(super) fn goes(&self, entry: &Entry, live: &mut bool) -> Option<Reason> {
        let over = self.is_expired(entry);
        *live = !over && entry.flags() & NEGATIVE == 0;
        Some(if over { Reason::Expired } else { Reason::Removed })
    }

    /// Removes everything.
    pub fn clear(&self) {
        self.clear_for(Reason::Cleared, true);
    }

    pub(super) fn clear_for(&self, reason: Reason, tell: bool) {
        self.overtake_all(b"");
        let structure = self.structure.lock();
        let mut left = Vec::new();
        for cell in self.directory.cells() {
            let mut out = Departures::default();
            cell.write().clear(&self.shared, reason, &mut out);
            if tell {
                self.finish(out).deliver_later(&mut left);
            }
        }
        drop(structure);
        self.simulator.clear(self.now_ms());
        left.into_iter().for_each(Departures::deliver);
    }

    /// Says who is to be told of departures. No lock is held.
    pub(super) fn finish(&self, mut out: Departures) -> Departures {
        if self.shared.tells {
            let packs = self.shared.codec.is_some();
            out.tell(self.listener.read().clone(), packs.then(|| self.me.upgrade()).flatten());
        }
        out
    }
}
