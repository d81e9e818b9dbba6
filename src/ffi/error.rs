//! `mynah_error`: what went wrong, as a plain object of the caller's.

use std::ffi::{CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use crate::error::{Error, Result, Status};

use super::guard;
use super::status::mynah_status;
use super::value::{guard_json, mynah_value};

/// What went wrong in a call: a status, a sentence and, for calls to a
/// provider, its facts. Made by the library when a call fails and the caller
/// passed a place for it; freed once with `mynah_error_free`. Read-only: may be
/// read from any thread.
pub struct mynah_error {
    error: Error,
    message: CString,
}

impl mynah_error {
    fn new(error: Error) -> Self {
        let text = error.to_string().replace('\0', " ");
        mynah_error { message: CString::new(text).unwrap_or_default(), error }
    }
}

/// Runs the body of an exported function; a failure also fills `*err`, which
/// is emptied first.
///
/// # Safety
/// 1. `err` is null or points to a writable pointer.
pub unsafe fn guard_err(err: *mut *mut mynah_error, body: impl FnOnce() -> Result<()>) -> i32 {
    // SAFETY: promised by (1).
    unsafe { guard::clear(err, ptr::null_mut()) };
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => Status::Ok.code(),
        // SAFETY: promised by (1).
        Ok(Err(error)) => unsafe { report(err, error) },
        // SAFETY: as above.
        Err(panic) => unsafe { report(err, guard::caught(panic)) },
    }
}

/// Hands an error out, if there is a place for it; its number. Once for all functions,
/// not a copy in each.
///
/// # Safety
/// 1. `err` is null or writable.
#[cold]
#[inline(never)]
unsafe fn report(err: *mut *mut mynah_error, error: Error) -> i32 {
    let code = error.status().code();
    if !err.is_null() {
        // SAFETY: promised by (1).
        unsafe { err.write(Box::into_raw(Box::new(mynah_error::new(error)))) };
    }
    code
}

/// The status of the failed call: one of the `MYNAH_` numbers; `MYNAH_OK` for
/// null.
///
/// # Safety
/// 1. `error` is null or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_error_status(error: *const mynah_error) -> i32 {
    // SAFETY: promised by (1).
    unsafe { error.as_ref() }.map_or(0, |error| error.error.status().code())
}

/// One sentence that says what went wrong and what would do: NUL-terminated
/// UTF-8, never with a key in it, and with a prompt only where the provider's
/// message quotes it. Belongs to the error and lives as long; an empty text for null.
///
/// # Safety
/// 1. `error` is null or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_error_message(error: *const mynah_error) -> *const c_char {
    // SAFETY: promised by (1).
    unsafe { error.as_ref() }.map_or(c"".as_ptr(), |error| error.message.as_ptr())
}

/// Everything known about a failure, as JSON: `status` (its name), `message`,
/// `http_status`, `provider_code`, `provider_type` (beside the code, where the provider
/// says both), `request_id`, `retriable`, `retry_after_ms` and `attempts`; `null` is
/// what is not known. Never with a key in it, and with a prompt only where the
/// provider's message quotes it. The value is the caller's to free.
///
/// # Safety
/// 1. `error` is null or a live error.
/// 2. `value` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_error_json(
    error: *const mynah_error,
    value: *mut *mut mynah_value,
) -> mynah_status {
    // SAFETY: promised by (2).
    unsafe {
        guard_json(value, || {
            // SAFETY: promised by (1).
            error.as_ref().map(|e| e.error.to_json()).ok_or(Error::NullArgument("error"))
        })
    }
}

/// Frees an error; null is allowed.
///
/// # Safety
/// 1. `error` is null or a live error, which is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_error_free(error: *mut mynah_error) {
    // SAFETY: made by `Box::into_raw`; freed once, by (1).
    unsafe { guard::free(error) }
}
