//! The wall at the boundary: no panic passes, no bad pointer is followed.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice;
use std::str;

use crate::error::{Error, Result};

/// Runs the body of an exported function and answers its status.
#[inline]
pub fn guard(body: impl FnOnce() -> Result<()>) -> i32 {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => 0,
        Ok(Err(error)) => error.status().code(),
        Err(panic) => caught(panic).status().code(),
    }
}

/// As [`guard`], for the shortest calls: no error is made where a number does.
#[inline(always)]
pub fn guard_code(body: impl FnOnce() -> i32) -> i32 {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(code) => code,
        Err(panic) => caught(panic).status().code(),
    }
}

/// As [`guard`], for functions whose failure is the value `otherwise`.
pub fn guard_or<R>(otherwise: R, body: impl FnOnce() -> Result<R>) -> R {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(value)) => value,
        Ok(Err(_)) => otherwise,
        Err(panic) => {
            caught(panic);
            otherwise
        }
    }
}

/// The error of a caught panic. The payload is destroyed under a guard of its
/// own, for a payload can panic too.
#[cold]
pub fn caught(panic: Box<dyn Any + Send>) -> Error {
    let text = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text.to_string(),
        (_, Some(text)) => text.clone(),
        _ => "no message".to_string(),
    };
    let _ = catch_unwind(AssertUnwindSafe(|| drop(panic)));
    Error::Panic(text)
}

/// Largest length that a caller can mean.
const LEN_MAX: usize = isize::MAX as usize;

/// The bytes of a pointer and a length; null with 0 is empty.
///
/// # Safety
/// 1. `data` points to `len` readable bytes that nobody writes to during `'a`.
#[inline(always)]
pub unsafe fn bytes<'a>(name: &'static str, data: *const u8, len: usize) -> Result<&'a [u8]> {
    if len == 0 {
        return Ok(&[]);
    }
    if data.is_null() {
        return Err(Error::NullArgument(name));
    }
    if len > LEN_MAX {
        return Err(Error::TooLarge { what: name, needed: len as u64, limit: LEN_MAX as u64 });
    }
    // SAFETY: promised by (1); the length has just been checked.
    Ok(unsafe { slice::from_raw_parts(data, len) })
}

/// As [`bytes`], as text.
///
/// # Safety
/// 1. As (1) of [`bytes`].
pub unsafe fn text<'a>(name: &'static str, data: *const u8, len: usize) -> Result<&'a str> {
    // SAFETY: promised by (1).
    utf8(name, unsafe { bytes(name, data, len) }?)
}

/// Bytes of a text for which it is asked first whether there is memory.
const LONG: usize = 1 << 20;
/// Copies of a text that there may be at a time: its tree, what is sent, and the text.
const COPIES: usize = 4;

/// Refuses a long text where there is no memory for what is made of it, which would end
/// the process further in.
fn check_room(name: &'static str, len: usize) -> Result<()> {
    let needed = len.saturating_mul(COPIES);
    if len >= LONG && Vec::<u8>::new().try_reserve_exact(needed).is_err() {
        return Err(Error::Internal(format!("out of memory for {name} of {len} bytes")));
    }
    Ok(())
}

/// A NUL-terminated text.
///
/// # Safety
/// 1. `data` is null or points to bytes that end with a NUL and stay unchanged
///    during `'a`.
pub unsafe fn c_text<'a>(name: &'static str, data: *const std::ffi::c_char) -> Result<&'a str> {
    if data.is_null() {
        return Err(Error::NullArgument(name));
    }
    // SAFETY: promised by (1).
    utf8(name, unsafe { std::ffi::CStr::from_ptr(data) }.to_bytes())
}

/// As [`c_text`], where none may be given.
///
/// # Safety
/// 1. As (1) of [`c_text`].
pub unsafe fn optional_text<'a>(
    name: &'static str,
    data: *const std::ffi::c_char,
) -> Result<Option<&'a str>> {
    if data.is_null() {
        return Ok(None);
    }
    // SAFETY: promised by (1).
    unsafe { c_text(name, data) }.map(Some)
}

fn utf8<'a>(name: &'static str, bytes: &'a [u8]) -> Result<&'a str> {
    check_room(name, bytes.len())?;
    str::from_utf8(bytes)
        .map_err(|error| Error::invalid(name, format!("not UTF-8 at byte {}", error.valid_up_to())))
}

/// Writes through an out-parameter that may not be null.
///
/// # Safety
/// 1. `place` is null or points to a writable `T`.
pub unsafe fn put<T>(name: &'static str, place: *mut T, value: T) -> Result<()> {
    let place = non_null(name, place)?;
    // SAFETY: promised by (1), and not null.
    unsafe { place.write(value) };
    Ok(())
}

/// An out-parameter that must be there.
pub fn non_null<T>(name: &'static str, place: *mut T) -> Result<*mut T> {
    if place.is_null() { Err(Error::NullArgument(name)) } else { Ok(place) }
}

/// Frees a result that C was given; null is allowed.
///
/// # Safety
/// 1. `result` is null or made by `Box::into_raw`, and not used again.
pub unsafe fn free<T>(result: *mut T) {
    guard_or((), || {
        if !result.is_null() {
            // SAFETY: promised by (1).
            drop(unsafe { Box::from_raw(result) });
        }
        Ok(())
    });
}

/// Empties an out-parameter on entry, if there is one.
///
/// # Safety
/// 1. `place` is null or points to a writable `T`.
#[inline(always)]
pub unsafe fn clear<T>(place: *mut T, empty: T) {
    if !place.is_null() {
        // SAFETY: promised by (1).
        unsafe { place.write(empty) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_for_which_there_is_no_room_is_an_error_and_a_short_one_is_not_asked_for() {
        let error = check_room("json", isize::MAX as usize).unwrap_err();
        assert!(error.to_string().contains("out of memory for json"), "{error}");
        assert!(check_room("json", LONG).is_ok() && check_room("json", 3).is_ok());
    }
}
