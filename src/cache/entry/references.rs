//! The references to an entry: who takes one, and what its last holder frees.

use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::slice;
use std::sync::atomic::{Ordering, fence};

use super::{EXPIRY_BITS, Entry, LEDGER, PINNED, prefix, size};
use crate::cache::{heap, ledger};

impl Entry {
    /// Another reference; none when there are two thousand million already,
    /// which only a caller who never frees can reach.
    #[inline]
    pub fn share(&self) -> Option<Entry> {
        if self.header().refs.fetch_add(1, Ordering::Relaxed) < u32::MAX / 2 {
            return Some(Entry(self.0));
        }
        self.header().refs.fetch_sub(1, Ordering::Relaxed);
        None
    }

    /// How many references there are.
    #[cfg(test)]
    pub fn references(&self) -> usize {
        self.header().refs.load(Ordering::Relaxed) as usize
    }

    /// Another reference to the entry at an address.
    ///
    /// # Safety
    /// 1. It is there.
    pub unsafe fn count(at: NonNull<()>) -> Entry {
        let entry = ManuallyDrop::new(Entry(at.cast()));
        // By (1) somebody has one. It is one of a few hundred at most, so that they
        // do not become too many.
        entry.header().refs.fetch_add(1, Ordering::Relaxed);
        ManuallyDrop::into_inner(entry)
    }

    /// The value of the entry at an address.
    ///
    /// # Safety
    /// 1. It is there as long as the result is in use.
    #[inline]
    pub unsafe fn value_at<'a>(at: NonNull<()>) -> &'a [u8] {
        let entry = ManuallyDrop::new(Entry(at.cast()));
        let value = entry.value();
        // SAFETY: by (1) the bytes stay, and no value that is held changes.
        unsafe { slice::from_raw_parts(value.as_ptr(), value.len()) }
    }

    /// Whether somebody else holds it too.
    fn is_shared(&self) -> bool {
        self.header().refs.load(Ordering::Acquire) > 1
    }

    /// Says that it has left its cache, under the shard's lock: while others
    /// hold it, its bytes stand in the ledger of this index.
    pub fn leave(&self, ledger: u32) {
        if self.is_shared() {
            ledger::pin(ledger, self.cost());
            self.word().store(ledger | LEDGER, Ordering::Relaxed);
            let time = self.header().time.load(Ordering::Relaxed);
            let flag = (PINNED as u64) << EXPIRY_BITS;
            self.header().time.store(time | flag, Ordering::Relaxed);
        }
    }

    #[cold]
    fn free(&mut self) {
        fence(Ordering::Acquire);
        if self.flags() & PINNED != 0 {
            ledger::unpin(self.word().load(Ordering::Relaxed) & !LEDGER, self.cost());
        }
        let (_, key_len) = self.key_span();
        let value_len = self.value_len();
        if let Ok(size) = size(prefix(key_len), key_len, value_len) {
            // SAFETY: the last reference is gone, and the size is what it was
            // allocated with, or of the same room (see `renew`).
            unsafe { heap::release(self.0.cast(), size) };
        }
    }
}

impl Drop for Entry {
    #[inline]
    fn drop(&mut self) {
        if self.header().refs.fetch_sub(1, Ordering::Release) == 1 {
            self.free();
        }
    }
}
