//! Another value in the place of an entry's old one.

use std::sync::atomic::Ordering;

use super::{
    BYTES, EXPIRY_BITS, EXPIRY_MASK, EXPIRY_MAX_MS, Entry, KEY_SHIFT, LONG_KEY, allocated,
};

impl Entry {
    /// Writes another value over this one; false, and nothing has changed, if
    /// somebody else holds it, it is no plain one, or the new one does not take
    /// the same room. Only while nobody else may write to the shard, or read it
    /// under its lock: who reads it without a lock then finds that it has read
    /// nothing (see `glance`), and nobody can come to hold it, for it says that it
    /// has no references.
    #[inline]
    pub fn renew(&mut self, value: &[u8], expiry_ms: u64) -> bool {
        let time = self.header().time.load(Ordering::Relaxed);
        let (flags, key_len) = (time >> EXPIRY_BITS & 0xf, (time >> KEY_SHIFT) as usize);
        if flags != 0 || key_len >= LONG_KEY {
            return false;
        }
        let place = BYTES + key_len;
        let Some(end) = place.checked_add(value.len()) else { return false };
        if allocated(end) != allocated(place + self.value_len()) {
            return false;
        }
        if !self.claim() {
            return false;
        }
        // SAFETY: the allocation is as large as `allocated` says, of the old
        // value as of the new one. This is the only reference to it, borrowed for
        // writing, and there cannot be another until the count is put back, so
        // nobody else writes the bytes, or reads them and keeps what was read;
        // `value` cannot lie in them, for whoever lent it would hold a reference.
        unsafe {
            let to = self.0.as_ptr().cast::<u8>().add(place);
            to.copy_from_nonoverlapping(value.as_ptr(), value.len());
        }
        self.header().value_len.store(value.len() as u32, Ordering::Relaxed);
        let expiry = expiry_ms.min(EXPIRY_MAX_MS);
        self.header().time.store(time & !EXPIRY_MASK | expiry, Ordering::Relaxed);
        if !cfg!(any(target_arch = "x86_64", target_arch = "x86")) {
            // Release: whoever comes to hold it has the new value.
            self.header().refs.store(1, Ordering::Release);
        }
        true
    }

    /// Whether nobody else holds it; nobody can come to, then, while nobody else
    /// may write to the shard, until [`Header::refs`] is 1 again.
    ///
    /// An x86 processor orders what made the version odd before this load, and what
    /// [`Seen::share`] does before it is seen that the version is even: of the two
    /// one sees the other. Elsewhere the count itself says it.
    #[inline(always)]
    fn claim(&self) -> bool {
        let refs = &self.header().refs;
        match cfg!(any(target_arch = "x86_64", target_arch = "x86")) {
            true => refs.load(Ordering::Acquire) == 1,
            false => refs.compare_exchange(1, 0, Ordering::Acquire, Ordering::Relaxed).is_ok(),
        }
    }
}
