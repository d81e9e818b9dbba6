//! Filling a cache before it is needed.

use std::ffi::c_void;
use std::sync::Arc;

use parking_lot::Mutex;

use super::{Held, mynah_claim, mynah_claim_free};
use crate::cache::Cache;
use crate::error::{Error, Status};
use crate::ffi::cache::mynah_cache;
use crate::ffi::error::{guard_err, mynah_error};
use crate::ffi::guard::clear;
use crate::ffi::handle;
use crate::ffi::status::mynah_status;
use crate::ffi::values::packed;

/// Loads one key: fill or fail the claim, which stays the library's. 0 goes on,
/// anything else stops the warming.
pub type mynah_load_fn = Option<
    unsafe extern "C" fn(
        user: *mut c_void,
        key: *const c_void,
        key_len: usize,
        claim: *mut mynah_claim,
    ) -> i32,
>;

/// Fills a cache before it is needed: calls `load` with a claim for every key
/// that is not there and not being loaded already, one after another on this
/// thread, and counts in `*loaded` (NULL allowed) how many of all keys are there
/// afterwards, also where it ended sooner. What it looks up counts as neither hit nor
/// miss. The keys lie back to back, their lengths in `key_lens`.
///
/// Errors: `MYNAH_STOPPED` if `load` said so, `MYNAH_CLOSED` if the cache was
/// freed meanwhile.
///
/// # Safety
/// 1. `key_lens` points to `count` lengths, `keys` to as many bytes as their sum.
/// 2. `load` may be called with `user`.
/// 3. `loaded` and `err` are null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_warm(
    cache: *mut mynah_cache,
    keys: *const c_void,
    key_lens: *const usize,
    count: usize,
    load: mynah_load_fn,
    user: *mut c_void,
    loaded: *mut u64,
    err: *mut *mut mynah_error,
) -> mynah_status {
    let body = || {
        // SAFETY: promised by (3) and (1).
        let keys = unsafe {
            clear(loaded, 0);
            packed(["keys", "key_lens"], keys, key_lens, count)?
        };
        let load = load.ok_or(Error::NullArgument("load"))?;
        let cache = handle::resolve::<Cache, _>(cache)?;
        let ended = keys.clone().try_for_each(|key| {
            if let Some(claim) = cache.claim_absent(key)? {
                let held = handle::insert(Arc::new(Held(Mutex::new(Some(claim)))))?;
                let bytes = key.as_ptr().cast();
                // SAFETY: promised by (2); the key lives through the call.
                let stop = cache.call_back(|| unsafe { load(user, bytes, key.len(), held) });
                mynah_claim_free(held);
                if stop? != 0 {
                    return Err(Error::call(Status::Stopped, "the loader stopped the warming"));
                }
            }
            cache.check_open()
        });
        if let Err(Error::Forked(_)) = ended {
            return ended;
        }
        // Only now: what was loaded may have had to leave for what came after it.
        let there = cache.count(keys);
        // SAFETY: promised by (3).
        unsafe { clear(loaded, there as u64) };
        ended
    };
    // SAFETY: promised by (3).
    unsafe { guard_err(err, body) }
}
