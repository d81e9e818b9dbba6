//! One stored entry: key, value and header in a single allocation, counted.
//!
//! Its memory is the [`heap`]'s. [`Entry`] is one word that owns a
//! counted reference; the table holds one, and each [`Value`] that was handed
//! out holds another, so a value outlives its eviction and its cache. Texts
//! that are handed out, and decompressed copies, have the same form with an
//! empty key.
//!
//! The header takes 20 bytes, because it is paid a million times: the key's
//! length lies with expiry and flags in one word (a key of 65,535 bytes or
//! more has its length in front of it instead).

#![allow(unsafe_code)]

use std::ptr::NonNull;
use std::slice;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::heap;
use super::processor::fetch;
use crate::error::{Error, Result};

mod references;
mod renew;
mod seen;
#[cfg(test)]
mod tests;
mod value;
pub use seen::Seen;
pub use value::Value;

#[repr(C)]
struct Header {
    /// References. Relaxed to take one, Release to give one back, Acquire
    /// before the memory goes: as in `Arc`.
    refs: AtomicU32,
    /// The policy's word. Relaxed: it is a hint. Once the entry has left its
    /// cache while shared, the index of the ledger that carries its bytes.
    word: AtomicU32,
    /// Expiry in ms (44 bits, 0: never), flags (4), length of the key (16).
    /// Relaxed: written only by who may write to the shard, under its lock or in
    /// passing (see `cell`); who reads it without the lock looks at the shard's
    /// version afterwards.
    time: AtomicU64,
    /// Relaxed: as the time.
    value_len: AtomicU32,
}

/// Where the bytes begin.
const BYTES: usize = 20;
const EXPIRY_BITS: u32 = 44;
const EXPIRY_MASK: u64 = (1 << EXPIRY_BITS) - 1;
const KEY_SHIFT: u32 = 48;
/// Stands for a length that lies in front of the key.
const LONG_KEY: usize = 0xffff;

/// The stored bytes are compressed (see `compress`).
pub const COMPRESSED: u8 = 1;
/// Says that there is nothing under this key.
pub const NEGATIVE: u8 = 2;
/// Left its cache while somebody held it.
const PINNED: u8 = 4;
/// Set in a word that is a ledger's index: no count of hits is so large.
const LEDGER: u32 = 1 << 31;

/// The longest life that fits: 557 years after the clock's start.
pub const EXPIRY_MAX_MS: u64 = EXPIRY_MASK;

/// A counted reference to key, value and header.
pub struct Entry(NonNull<Header>);

// SAFETY: all fields that change are atomic. The bytes change in `renew` alone,
// which writes only while the table's is the one reference and no other can come to
// be; who looks at them without one throws away what a writer may have touched (see
// `glance`). The count makes the last holder, whichever thread it is on, free them.
unsafe impl Send for Entry {}
// SAFETY: as above.
unsafe impl Sync for Entry {}

/// Bytes of an allocation.
#[inline]
fn size(prefix: usize, key: usize, value: usize) -> Result<usize> {
    let bytes = key.checked_add(value).filter(|n| *n <= u32::MAX as usize);
    let size = bytes.and_then(|bytes| (BYTES + prefix).checked_add(bytes));
    size.map(|size| size.max(size_of::<Header>())).ok_or_else(|| Error::TooLarge {
        what: "entry",
        needed: (key as u64).saturating_add(value as u64),
        limit: u32::MAX as u64,
    })
}

fn prefix(key_len: usize) -> usize {
    if key_len >= LONG_KEY { 4 } else { 0 }
}

impl Entry {
    /// Copies key and value into one allocation.
    pub fn new(key: &[u8], value: &[u8], expiry_ms: u64, flags: u8) -> Result<Entry> {
        Self::build(key, value.len(), expiry_ms, flags, |place| {
            // SAFETY: the place has room for as many bytes, and is fresh.
            unsafe { place.copy_from_nonoverlapping(value.as_ptr(), value.len()) };
            Ok(())
        })
    }

    /// As [`Entry::new`], with a value that `fill` writes over zeros.
    pub fn with(
        key: &[u8],
        value_len: usize,
        expiry_ms: u64,
        flags: u8,
        fill: impl FnOnce(&mut [u8]) -> Result<()>,
    ) -> Result<Entry> {
        Self::build(key, value_len, expiry_ms, flags, |place| {
            // SAFETY: the place has room for as many bytes, which are
            // initialized before `fill` sees them; nobody else knows of them.
            fill(unsafe {
                place.write_bytes(0, value_len);
                slice::from_raw_parts_mut(place, value_len)
            })
        })
    }

    /// `fill` must initialize the value's bytes.
    #[inline]
    fn build(
        key: &[u8],
        value_len: usize,
        expiry_ms: u64,
        flags: u8,
        fill: impl FnOnce(*mut u8) -> Result<()>,
    ) -> Result<Entry> {
        let prefix = prefix(key.len());
        let size = size(prefix, key.len(), value_len)?;
        let time = expiry_ms.min(EXPIRY_MAX_MS)
            | (flags as u64) << EXPIRY_BITS
            | (key.len().min(LONG_KEY) as u64) << KEY_SHIFT;
        let Some(raw) = heap::allocate(size) else {
            return Err(Error::Internal(format!("out of memory for {size} bytes")));
        };
        let (header, raw) = (raw.cast::<Header>(), raw.as_ptr());
        // SAFETY: `raw` is fresh, aligned, and has `size` bytes: the header,
        // then prefix, key and value from BYTES on. The header's last four
        // bytes are padding; whatever lies there is written after it.
        let (entry, place) = unsafe {
            header.write(Header {
                refs: AtomicU32::new(1),
                word: AtomicU32::new(0),
                time: AtomicU64::new(time),
                value_len: AtomicU32::new(value_len as u32),
            });
            let mut at = raw.add(BYTES);
            if prefix > 0 {
                at.cast::<u32>().write_unaligned(key.len() as u32);
                at = at.add(prefix);
            }
            at.copy_from_nonoverlapping(key.as_ptr(), key.len());
            (Entry(header), at.add(key.len()))
        };
        fill(place)?;
        Ok(entry)
    }

    #[inline]
    fn header(&self) -> &Header {
        // SAFETY: the reference that `self` owns keeps the allocation alive.
        unsafe { self.0.as_ref() }
    }

    #[inline]
    fn bytes_at(&self, offset: usize, len: usize) -> &[u8] {
        // SAFETY: callers ask for the key or the value, whose place follows
        // from the lengths that the allocation was made with; they were
        // initialized in `build`, and never change while `self` lives.
        unsafe { slice::from_raw_parts(self.0.as_ptr().cast::<u8>().add(offset), len) }
    }

    /// Where the key begins, and its length.
    #[inline]
    fn key_span(&self) -> (usize, usize) {
        let short = (self.header().time.load(Ordering::Relaxed) >> KEY_SHIFT) as usize;
        if short < LONG_KEY {
            return (BYTES, short);
        }
        let mut len = [0; 4];
        len.copy_from_slice(self.bytes_at(BYTES, 4));
        (BYTES + 4, u32::from_ne_bytes(len) as usize)
    }

    /// The key.
    #[inline]
    pub fn key(&self) -> &[u8] {
        let (at, len) = self.key_span();
        self.bytes_at(at, len)
    }

    /// Whether its key is this one.
    #[inline(always)]
    pub fn has_key(&self, key: &[u8]) -> bool {
        let short = (self.header().time.load(Ordering::Relaxed) >> KEY_SHIFT) as usize;
        match short == key.len() && short < LONG_KEY {
            true => same(self.bytes_at(BYTES, short), key),
            false => short == LONG_KEY && self.key() == key,
        }
    }

    /// Has the processor fetch the cache lines after the first, about so many,
    /// while the key is being compared. Lines beyond the end cost a little and
    /// do no harm.
    #[inline(always)]
    pub fn fetch_ahead(&self, lines: usize) {
        fetch_lines(self.0, lines);
    }

    /// Has the processor fetch the header, and the key if it is short.
    #[inline(always)]
    pub fn fetch(&self) {
        fetch(self.0.as_ptr().cast());
    }

    #[inline(always)]
    fn value_len(&self) -> usize {
        self.header().value_len.load(Ordering::Relaxed) as usize
    }

    /// The value as it is stored.
    #[inline]
    pub fn value(&self) -> &[u8] {
        let (at, len) = self.key_span();
        self.bytes_at(at + len, self.value_len())
    }

    /// Expiry and value of an entry that is neither packed nor negative, whose
    /// key is not of the longest kind.
    #[inline(always)]
    pub fn plain(&self) -> Option<(u64, &[u8])> {
        let time = self.header().time.load(Ordering::Relaxed);
        let key_len = (time >> KEY_SHIFT) as usize;
        let special = ((COMPRESSED | NEGATIVE) as u64) << EXPIRY_BITS;
        if time & special != 0 || key_len >= LONG_KEY {
            return None;
        }
        let value = self.bytes_at(BYTES + key_len, self.value_len());
        Some((time & EXPIRY_MASK, value))
    }

    /// When it expires, in ms on the cache's clock; 0: never.
    #[inline]
    pub fn expiry_ms(&self) -> u64 {
        self.header().time.load(Ordering::Relaxed) & EXPIRY_MASK
    }

    /// Moves the expiry. Only under the shard's write lock.
    pub fn set_expiry_ms(&self, ms: u64) {
        let rest = self.header().time.load(Ordering::Relaxed) & !EXPIRY_MASK;
        self.header().time.store(rest | ms.min(EXPIRY_MAX_MS), Ordering::Relaxed);
    }

    /// [`COMPRESSED`], [`NEGATIVE`].
    #[inline]
    pub fn flags(&self) -> u8 {
        (self.header().time.load(Ordering::Relaxed) >> EXPIRY_BITS) as u8 & 0xf
    }

    /// The policy's word.
    #[inline]
    pub fn word(&self) -> &AtomicU32 {
        &self.header().word
    }

    /// Bytes that the allocator takes for it.
    #[inline]
    pub fn cost(&self) -> u64 {
        let (at, key_len) = self.key_span();
        allocated((at + key_len + self.value_len()).max(size_of::<Header>()))
    }

    /// Whether its memory is not of the kind that [`Seen`] may see.
    #[inline]
    pub fn is_large(&self) -> bool {
        let (at, key_len) = self.key_span();
        !heap::has_class(at + key_len + self.value_len())
    }

    /// Whether a look without a lock can find it, and take its value as it is.
    pub fn is_lendable(&self) -> bool {
        self.plain().is_some() && !self.is_large()
    }

    /// The address that it can be told by while it is there.
    #[inline]
    pub fn address(&self) -> NonNull<()> {
        self.0.cast()
    }

    /// The same key and value in an allocation of its own.
    pub fn copy(&self) -> Result<Entry> {
        Entry::new(self.key(), self.value(), self.expiry_ms(), self.flags() & !PINNED)
    }
}

/// See [`Entry::fetch_ahead`].
#[inline(always)]
fn fetch_lines(at: NonNull<Header>, lines: usize) {
    let line = |n: usize| fetch(at.as_ptr().cast::<u8>().wrapping_add(n * 64));
    if lines > 0 {
        line(1);
    }
    if lines > 1 {
        line(2);
        line(3);
    }
    if lines > 3 {
        line(4);
        line(5);
    }
}

/// Whether two texts of one length are equal; without a call for the usual
/// lengths of keys, where that would take longer than the comparison.
#[inline(always)]
fn same(a: &[u8], b: &[u8]) -> bool {
    const WORD: usize = 16;
    let first = |text: &[u8]| text.first_chunk::<WORD>().map(|word| u128::from_ne_bytes(*word));
    let last = |text: &[u8]| text.last_chunk::<WORD>().map(|word| u128::from_ne_bytes(*word));
    // The last words may overlap those before them.
    match (a.len(), b.len()) {
        (WORD..=32, WORD..=32) => first(a) == first(b) && last(a) == last(b),
        (33..=64, 33..=64) => {
            let inner = |text: &[u8]| (first(&text[WORD..]), last(&text[..text.len() - WORD]));
            first(a) == first(b) && last(a) == last(b) && inner(a) == inner(b)
        }
        _ => a == b,
    }
}

/// Bytes that the heap takes for an allocation of `size`.
#[inline]
pub fn allocated(size: usize) -> u64 {
    heap::allocated(size) as u64
}
