//! Whether a shard lends its values (see `lent`): while nobody writes to it.

use super::Cell;
use crate::cache::lent;
use crate::section;
use crate::sync::atomic::Ordering;

/// Looks in a row that find nobody has written before values are lent. One look-up in
/// 256 is such a look, so what calling in costs comes after what many have saved.
const CALM: u32 = 8;

impl Cell {
    /// Whether values may be lent. What is lent must be noted before a look at the
    /// version that finds nobody has written since this was asked.
    #[inline(always)]
    pub fn lends(&self) -> bool {
        self.told.lends.load(Ordering::Relaxed) != 0
    }

    /// Looks whether anybody has written since the last time, for one who has taken
    /// a value, and is one of a few who do: once nobody has for long, values are lent.
    #[cold]
    pub fn watch(&self) {
        let (version, (watched, calm)) = (self.version.load(Ordering::Relaxed), &self.watched);
        if watched.swap(version, Ordering::Relaxed) != version {
            calm.store(0, Ordering::Relaxed);
        } else if calm.fetch_add(1, Ordering::Relaxed) + 1 >= CALM && !self.lends() {
            self.lend();
        }
    }

    /// Has values lent from now on, if that needs no waiting and would save anything.
    pub(in crate::cache) fn lend(&self) {
        // Without looks past the lock nothing is lent, nor where the policy is to be
        // told of each hit.
        if section::is_light()
            && !cfg!(any(miri, feature = "system-heap"))
            && self.told.counts_up_to.load(Ordering::Relaxed) > 0
            && let Some(_writing) = self.try_write()
        {
            self.told.lends.store(1, Ordering::Relaxed);
        }
    }

    /// Counts what has been lent, for one who has made the version odd.
    #[cold]
    #[inline(never)]
    pub(super) fn call_in(&self) {
        self.told.lends.store(0, Ordering::Relaxed);
        lent::call_in();
    }
}
