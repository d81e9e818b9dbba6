//! An entry that was found without a lock.

use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::slice;
use std::sync::atomic::Ordering;

use super::{
    BYTES, COMPRESSED, EXPIRY_BITS, EXPIRY_MASK, Entry, Header, KEY_SHIFT, LONG_KEY, NEGATIVE,
    fetch_lines, same,
};
use crate::cache::{policy, processor};
use crate::section::Alone;

/// An entry that was found without a lock (see `glance`). It may have gone, or
/// have become another one, so what is read of it means nothing until it turns
/// out that nobody has written to its shard meanwhile.
pub struct Seen<'a> {
    at: NonNull<Header>,
    time: u64,
    value_len: usize,
    stay: PhantomData<&'a Alone>,
}

impl<'a> Seen<'a> {
    /// What an entry says of itself; `ahead` of its cache lines after the first
    /// will be needed too.
    ///
    /// # Safety
    /// 1. An entry that is not [`Entry::is_large`] has been there during the stay.
    #[inline(always)]
    pub unsafe fn at(at: NonNull<()>, _stay: &'a Alone, ahead: usize) -> Seen<'a> {
        let at = at.cast::<Header>();
        fetch_lines(at, ahead);
        // SAFETY: by (1) it is mapped, and what lies there is a header, or was
        // one; the heap keeps to itself what may not be looked at.
        let header = unsafe { at.as_ref() };
        let value_len = header.value_len.load(Ordering::Relaxed) as usize;
        Seen { at, time: header.time.load(Ordering::Relaxed), value_len, stay: PhantomData }
    }

    /// Has the processor fetch the lines of it that writing over the value takes,
    /// the first five at most.
    #[inline(always)]
    pub fn fetch_to_write(&self) {
        const LINES_MAX: usize = 5;
        let lines = (BYTES + self.key_len() + self.value_len) / 64;
        for line in 0..=lines.min(LINES_MAX) {
            processor::fetch_to_write(self.at.as_ptr().cast::<u8>().wrapping_add(line * 64));
        }
    }

    #[inline(always)]
    fn key_len(&self) -> usize {
        (self.time >> KEY_SHIFT) as usize
    }

    /// Whether its key was this one.
    ///
    /// # Safety
    /// 1. What it says of itself was true in this section.
    #[inline(always)]
    pub unsafe fn has_key(&self, key: &[u8]) -> bool {
        // SAFETY: by (1) there are as many bytes in its block, which is mapped.
        let own = || unsafe { self.key_at(key.len()) };
        self.key_len() == key.len() && key.len() < LONG_KEY && same(own(), key)
    }

    /// Whether it is neither packed nor negative, nor has left its cache, and its key
    /// was this one: in fewer steps than to ask for each.
    ///
    /// # Safety
    /// 1. As of [`Seen::has_key`].
    #[inline(always)]
    pub unsafe fn is_plain_of(&self, key: &[u8]) -> bool {
        // Flags and length lie side by side.
        let plain = (key.len() as u64) << (KEY_SHIFT - EXPIRY_BITS);
        // SAFETY: promised by (1).
        let own = || unsafe { self.key_at(key.len()) };
        self.time >> EXPIRY_BITS == plain && key.len() < LONG_KEY && same(own(), key)
    }

    /// So many bytes where its key is.
    ///
    /// # Safety
    /// 1. So many are in its block, which is mapped.
    #[inline(always)]
    unsafe fn key_at(&self, len: usize) -> &[u8] {
        // SAFETY: promised by (1).
        unsafe { slice::from_raw_parts(self.at.as_ptr().cast::<u8>().add(BYTES), len) }
    }

    /// Whether it is neither packed nor negative.
    #[inline(always)]
    pub fn is_plain(&self) -> bool {
        self.time & ((COMPRESSED | NEGATIVE) as u64) << EXPIRY_BITS == 0
    }

    /// See [`Entry::expiry_ms`].
    #[inline(always)]
    pub fn expiry_ms(&self) -> u64 {
        self.time & EXPIRY_MASK
    }

    /// Bytes of its value.
    #[inline(always)]
    pub fn value_len(&self) -> usize {
        self.value_len
    }

    /// Copies its value to a place of that length.
    ///
    /// # Safety
    /// 1. As of [`Seen::has_key`].
    #[inline(always)]
    pub unsafe fn copy_to(&self, place: &mut [u8]) {
        let len = self.value_len.min(place.len());
        // SAFETY: by (1) there are as many bytes in its block, which is mapped;
        // the place is the caller's alone.
        unsafe {
            let value = self.at.as_ptr().cast::<u8>().add(BYTES + self.key_len());
            place.as_mut_ptr().copy_from_nonoverlapping(value, len);
        }
    }

    /// Writes another value over its own, if [`Entry::renew`] can, and counts a hit.
    ///
    /// # Safety
    /// 1. It is in a table to which the caller alone may write meanwhile, and which
    ///    nobody reads under its lock: who looks without it finds an odd version.
    #[inline(always)]
    pub unsafe fn renew(&self, value: &[u8], expiry_ms: u64, top: u32) -> bool {
        // The table's reference, borrowed: by (1) the table does not drop it.
        let mut entry = ManuallyDrop::new(Entry(self.at));
        let renewed = entry.renew(value, expiry_ms);
        if renewed {
            policy::count(entry.word(), top);
        }
        renewed
    }

    /// Where it lies.
    #[inline(always)]
    pub fn address(&self) -> NonNull<()> {
        self.at.cast()
    }

    /// A reference to whatever entry is there by now; none if there is none.
    #[inline(always)]
    pub fn share(&self) -> Option<Entry> {
        // SAFETY: as in `at`. A free block's count is 0.
        let refs = unsafe { &self.at.as_ref().refs };
        let mut count = refs.load(Ordering::Relaxed);
        while count != 0 && count < u32::MAX / 2 {
            // Acquire: what its maker has written is there to be read.
            let more = count + 1;
            match refs.compare_exchange_weak(count, more, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return Some(Entry(self.at)),
                Err(now) => count = now,
            }
        }
        None
    }

    /// Counts a hit in its word, up to `top`. Should it be another entry's by
    /// now, that one has a hit more, which is a hint as good as any; an index of
    /// a ledger is no count.
    #[inline(always)]
    pub fn count(&self, top: u32) {
        // SAFETY: as in `at`. Nothing of a free block is where its word was.
        let word = unsafe { &self.at.as_ref().word };
        let hits = word.load(Ordering::Relaxed);
        if hits < top {
            _ = word.compare_exchange(hits, hits + 1, Ordering::Relaxed, Ordering::Relaxed);
        }
    }
}
