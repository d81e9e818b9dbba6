//! Values as C holds them.

#![allow(unsafe_code)]

use std::ptr;

use super::entry::Value;
use super::lent::Lent;

/// Set in what stands for a value that was lent: an entry's address is even.
const LENT: usize = 1;

/// A value that was handed out, in one way or the other.
pub enum Handed {
    /// A counted reference.
    Counted(Value),
    /// One that nobody has counted.
    Lent(Lent),
}

impl Handed {
    /// The bytes.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Handed::Counted(value) => value.as_bytes(),
            Handed::Lent(lent) => lent.as_bytes(),
        }
    }

    /// Gives it to C, as one word that is not null.
    #[inline(always)]
    pub fn into_raw(self) -> *mut () {
        match self {
            Handed::Counted(value) => value.into_raw(),
            Handed::Lent(lent) => ptr::without_provenance_mut(lent.into_number() << 1 | LENT),
        }
    }

    /// Takes it back; none if it is no such word.
    ///
    /// # Safety
    /// 1. `raw` is odd, or came from [`Handed::into_raw`] and has not been taken back
    ///    yet.
    #[inline(always)]
    pub unsafe fn from_raw(raw: *mut ()) -> Option<Handed> {
        match raw.addr() & LENT {
            // SAFETY: by (1) it is a value's.
            0 => Some(Handed::Counted(unsafe { Value::from_raw(raw) })),
            _ => Lent::of_number(raw.addr() >> 1).map(Handed::Lent),
        }
    }
}

impl From<Value> for Handed {
    fn from(value: Value) -> Handed {
        Handed::Counted(value)
    }
}
