//! Bytes that were handed out.

use std::ptr::NonNull;

use super::{COMPRESSED, Entry};
use crate::error::Result;

/// Bytes that were handed out: stored ones by reference, or a copy.
pub struct Value(Entry);

impl Value {
    /// A copy of bytes that belong to nobody.
    pub fn copy_from(bytes: &[u8]) -> Result<Value> {
        Entry::new(&[], bytes, 0, 0).map(Value)
    }

    /// A value that `fill` writes over zeros.
    pub fn with(len: usize, fill: impl FnOnce(&mut [u8]) -> Result<()>) -> Result<Value> {
        Entry::with(&[], len, 0, 0, fill).map(Value)
    }

    /// The value of an entry that is not compressed.
    pub(in crate::cache) fn of(entry: Entry) -> Value {
        debug_assert!(entry.flags() & COMPRESSED == 0);
        Value(entry)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.value()
    }

    /// Gives the reference to C.
    pub fn into_raw(self) -> *mut () {
        let raw = self.0.0.as_ptr().cast();
        std::mem::forget(self);
        raw
    }

    /// Takes the reference back.
    ///
    /// # Safety
    /// 1. `raw` came from [`Value::into_raw`] and has not been taken back yet.
    pub unsafe fn from_raw(raw: *mut ()) -> Value {
        // SAFETY: by (1) it is the address of a header, so not null, and the
        // reference that it stands for passes to the result.
        Value(Entry(unsafe { NonNull::new_unchecked(raw.cast()) }))
    }
}

impl Clone for Value {
    fn clone(&self) -> Self {
        match self.0.share() {
            Some(entry) => Value(entry),
            // Practically unreachable (see `share`); a copy is as good.
            None => Value::copy_from(self.as_bytes()).expect("memory for a copy"),
        }
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Value({} bytes)", self.as_bytes().len())
    }
}
