//! `mynah_value`: bytes that the library hands out.

use std::mem::ManuallyDrop;
use std::ptr;

use super::guard::{clear, guard, guard_or, non_null};
use crate::cache::{Handed, Value};
use crate::error::Result;

/// Bytes that belong to the caller until they are given to `mynah_value_free`:
/// a cached value, or a JSON text. They never change, may be read from several
/// threads, and stay valid after the object that they came from is gone.
pub struct mynah_value {
    _opaque: (),
}

/// Hands a value out through an out-parameter.
///
/// # Safety
/// 1. `place` is null or points to a writable pointer.
pub unsafe fn give(name: &'static str, place: *mut *mut mynah_value, value: Value) -> Result<()> {
    non_null(name, place)?;
    // SAFETY: promised by (1), and not null.
    unsafe { place.write(Handed::from(value).into_raw().cast()) };
    Ok(())
}

/// Hands out a text.
///
/// # Safety
/// 1. As (1) of [`give`].
pub unsafe fn give_text(place: *mut *mut mynah_value, text: &str) -> Result<()> {
    // SAFETY: promised by (1).
    unsafe { give("value", place, Value::copy_from(text.as_bytes())?) }
}

/// Hands out JSON as a text.
///
/// # Safety
/// 1. As (1) of [`give`].
pub unsafe fn give_json(place: *mut *mut mynah_value, json: &serde_json::Value) -> Result<()> {
    // SAFETY: promised by (1).
    unsafe { give_text(place, &json.to_string()) }
}

/// Sets an out-parameter to null on entry.
///
/// # Safety
/// 1. `place` is null or points to a writable pointer.
pub unsafe fn clear_value(place: *mut *mut mynah_value) {
    // SAFETY: promised by (1).
    unsafe { clear(place, ptr::null_mut()) }
}

/// The whole body of a function that answers a JSON text.
///
/// # Safety
/// 1. `place` is null or points to a writable pointer.
pub unsafe fn guard_json(
    place: *mut *mut mynah_value,
    json: impl FnOnce() -> Result<serde_json::Value>,
) -> i32 {
    // SAFETY: promised by (1).
    guard(|| unsafe {
        clear_value(place);
        give_json(place, &json()?)
    })
}

/// Runs `f` on a value that C still owns.
///
/// # Safety
/// 1. `value` is null or a live value.
unsafe fn borrow<R>(value: *const mynah_value, f: impl FnOnce(&[u8]) -> R) -> Option<R> {
    if value.is_null() {
        return None;
    }
    // SAFETY: by (1) the pointer came from `into_raw`; what C owns is not given
    // back here.
    let value = unsafe { Handed::from_raw(value.cast_mut().cast()) }.map(ManuallyDrop::new)?;
    Some(f(value.as_bytes()))
}

/// The bytes; not terminated by a NUL. NULL for NULL.
///
/// # Safety
/// 1. `value` is null or a value that has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_value_data(value: *const mynah_value) -> *const std::ffi::c_void {
    guard_or(ptr::null(), || {
        // SAFETY: promised by (1).
        let data = unsafe { borrow(value, |bytes| bytes.as_ptr().cast()) };
        Ok(data.unwrap_or(ptr::null()))
    })
}

/// How many bytes there are; 0 for NULL.
///
/// # Safety
/// 1. `value` is null or a value that has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_value_len(value: *const mynah_value) -> usize {
    // SAFETY: promised by (1).
    guard_or(0, || Ok(unsafe { borrow(value, <[u8]>::len) }.unwrap_or(0)))
}

/// Gives a value back, once. NULL does nothing.
///
/// # Safety
/// 1. `value` is null or a value that has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_value_free(value: *mut mynah_value) {
    guard_or((), || {
        if !value.is_null() {
            // SAFETY: by (1) the pointer came from `into_raw` and C gives up
            // its reference.
            match unsafe { Handed::from_raw(value.cast()) } {
                Some(Handed::Lent(lent)) => drop(lent),
                Some(Handed::Counted(counted)) => drop(counted),
                None => {}
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_crosses_and_is_freed_once() {
        let mut out = ptr::null_mut();
        // SAFETY: `out` is a place for a pointer; the value is freed once.
        unsafe {
            give_json(&mut out, &serde_json::json!({"a": 1})).unwrap();
            let (data, len) = (mynah_value_data(out).cast::<u8>(), mynah_value_len(out));
            assert_eq!(std::slice::from_raw_parts(data, len), br#"{"a":1}"#);
            mynah_value_free(out);
            mynah_value_free(ptr::null_mut());
            assert!(mynah_value_data(ptr::null()).is_null());
            assert!(give_text(ptr::null_mut(), "x").is_err());
        }
    }
}
