//! `mynah_cache`: bytes by bytes, shared by any number of threads.
//!
//! Short calls run in a section, which costs less than a count and lets
//! `mynah_cache_free` race with them; what left a cache during such a call is
//! reported after it. Calls that may take long hold a count.

pub mod entries;
mod farther;
pub(super) mod reach;
pub mod state;
#[cfg(test)]
mod tests;

use std::ptr;

use crate::cache::{Cache, Stake};
use crate::clock::Clock;
use crate::error::{Error, Result};

use super::cache_options::{self, mynah_cache_options};
use super::error::{guard_err, mynah_error};
use super::guard::{clear, guard_or, non_null, put};
use super::handle::{self, Handle, Kind};
use super::status::mynah_status;

/// A cache. A handle: may be used from any thread at any time, and freed while
/// others use it; their calls finish, or answer `MYNAH_INVALID_HANDLE`.
pub struct mynah_cache {
    _opaque: (),
}

/// The cache's `default_ttl_ms`.
pub const MYNAH_TTL_DEFAULT: u64 = 0;
/// Never expires.
pub const MYNAH_TTL_NEVER: u64 = u64::MAX;

impl Handle for Cache {
    const KIND: Kind = Kind::Cache;
    const NAME: &'static str = "mynah_cache";
}

/// A part in the cache, which keeps it in use after its handle is freed.
pub(super) fn share(cache: *const mynah_cache) -> Result<Stake> {
    let stake = handle::resolve::<Cache, _>(cache)?.stake();
    // It was freed meanwhile.
    stake.map_err(|_| Error::InvalidHandle("mynah_cache"))
}

/// Makes a cache. NULL options are the defaults. Free it with
/// `mynah_cache_free`.
///
/// Errors: those of the options' handle; `MYNAH_INTERNAL` if there is no room
/// for another handle.
///
/// # Safety
/// 1. `cache` is null or writable.
/// 2. `err` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_new(
    options: *const mynah_cache_options,
    cache: *mut *mut mynah_cache,
    err: *mut *mut mynah_error,
) -> mynah_status {
    let body = || {
        // SAFETY: promised by (1).
        unsafe { clear(cache, ptr::null_mut()) };
        non_null("cache", cache)?;
        let (options, extras) = cache_options::resolve(options)?;
        let made = Cache::with_listeners(options, Clock::System, extras.listeners)?;
        // SAFETY: promised by (1).
        unsafe { put("cache", cache, handle::insert_hot(made)?) }
    };
    // SAFETY: promised by (2).
    unsafe { guard_err(err, body) }
}

/// Frees a cache; null is allowed. Its memory goes back at once, but for
/// values that are still held, and unless client options or clients share it: then
/// it goes on in them, with its callbacks, and goes with the last. Waits for the short
/// calls that are inside to leave, and for its callbacks that run on other threads,
/// those of saving, loading and warming too; no other is called then. Called from
/// inside a callback of a cache it does not wait, and inside one of its own, what has
/// left is still told. In any case `destroy` is the end. Longer calls finish by
/// themselves. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_free(cache: *mut mynah_cache) {
    guard_or((), || {
        handle::remove::<Cache, _>(cache)?.release();
        Ok(())
    });
}
