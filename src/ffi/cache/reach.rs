//! How a short call reaches a cache: in a section, and what left is told after it.

use std::ffi::c_void;

use crate::cache::{Cache, Departures, Left, Missed};
use crate::error::{Error, Result};
use crate::forks::Process;

use super::super::guard::guard_code;
use super::super::handle;
use super::super::status::mynah_status;
use super::mynah_cache;

/// Runs a short operation in a section, and reports what left after it.
#[inline(always)]
pub fn write(
    cache: *mut mynah_cache,
    f: impl FnOnce(&Cache) -> Result<Departures>,
) -> mynah_status {
    guard_code(|| match handle::with::<Cache, _, _>(cache, f) {
        Some(done) => told(done),
        None => handle::refused::<Cache, _>(cache).status().code(),
    })
}

/// What an error is to a call that may meet a free: the cache is gone then, whichever
/// of the two was first.
pub fn met(error: Error) -> Error {
    match error {
        Error::Closed(_) => Error::InvalidHandle("mynah_cache"),
        error => error,
    }
}

/// Runs what may call a function of the caller's. In a child that this has forked, the
/// call is over.
pub fn here<R>(body: impl FnOnce() -> Result<R>) -> Result<R> {
    let process = Process::this();
    let done = body()?;
    process.check("mynah_cache").map(|()| done)
}

/// Reports what left.
#[inline(always)]
pub fn told(done: Result<Departures>) -> mynah_status {
    match done {
        Ok(departures) if departures.concern_somebody() => tell(departures),
        Ok(_) => 0,
        Err(error) => met(error).status().code(),
    }
}

#[cold]
fn tell(departures: Departures) -> mynah_status {
    match here(|| {
        departures.deliver();
        Ok(())
    }) {
        Ok(()) => 0,
        Err(error) => error.status().code(),
    }
}

/// As [`write`], for look-ups.
#[inline(always)]
pub fn look(
    cache: *mut mynah_cache,
    f: impl FnOnce(&Cache, &mut Left) -> Result<(), Missed>,
) -> mynah_status {
    let mut left = None;
    let found = handle::with::<Cache, _, _>(cache, |cache| f(cache, &mut left));
    let told = match left {
        Some(left) => tell(*left),
        None => 0,
    };
    match found {
        // A hit has been handed out.
        Some(Err(Missed::NotFound)) if told != 0 => told,
        Some(Ok(())) => 0,
        Some(Err(missed)) => missed.status().code(),
        None => handle::refused::<Cache, _>(cache).status().code(),
    }
}

/// Runs a short operation in a section.
#[inline]
pub fn with<R>(cache: *mut mynah_cache, f: impl FnOnce(&Cache) -> Result<R>) -> Result<R> {
    match handle::with::<Cache, _, _>(cache, f) {
        Some(result) => result,
        None => Err(handle::refused::<Cache, _>(cache)),
    }
}

/// Whether a pointer and a length are a text that is not empty.
#[inline(always)]
pub fn is_plain(data: *const c_void, len: usize) -> bool {
    !data.is_null() && len as isize > 0
}

/// The caller's buffer.
///
/// # Safety
/// 1. `buf` points to `cap` writable bytes; null only with 0.
#[inline(always)]
pub unsafe fn place<'a>(buf: *mut u8, cap: usize) -> &'a mut [u8] {
    match cap {
        0 => &mut [],
        // SAFETY: promised by (1).
        cap => unsafe { std::slice::from_raw_parts_mut(buf, cap.min(isize::MAX as usize)) },
    }
}
