//! The entries of a `mynah_cache`: stored, found, given another lifetime, removed.
//!
//! A set and a get first go the shortest way, which takes no lock and checks no
//! argument twice; where that leads nowhere, `farther` answers.

use std::ffi::c_void;
use std::ptr;

use crate::cache::{Cache, Quick, Stored, Ttl};
use crate::error::{Error, Status};

use super::super::guard::{bytes, guard, guard_code};
use super::super::handle;
use super::super::status::mynah_status;
use super::super::value::mynah_value;
use super::farther::{get, get_into_checked, get_into_late, get_late, set, set_late};
use super::mynah_cache;
use super::reach::{here, is_plain, place, told, with};

/// Stores a copy of a value under a key, replacing any earlier one.
///
/// `ttl_ms`: lifetime in milliseconds, `MYNAH_TTL_DEFAULT` (0) for the cache's
/// own, or `MYNAH_TTL_NEVER`. When it returns, the cache is within its bounds.
/// Any thread; waits for the key's shard.
///
/// Errors: `MYNAH_TOO_LARGE` beyond `max_entry_bytes`, half of `max_memory_mb`, or,
/// whatever those are, 4294967295 bytes of key and value together; `MYNAH_BUSY` as
/// `max_retries` says. What was under the key before stays then.
///
/// # Safety
/// 1. `key` and `value` point to that many readable bytes; null only with 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_set(
    cache: *mut mynah_cache,
    key: *const c_void,
    key_len: usize,
    value: *const c_void,
    value_len: usize,
    ttl_ms: u64,
) -> mynah_status {
    guard_code(|| {
        if is_plain(key, key_len)
            && is_plain(value, value_len)
            && let Some(hot) = handle::hot::<Cache, _>(cache)
        {
            // SAFETY: promised by (1), and just checked.
            let (key, value) = unsafe {
                (
                    std::slice::from_raw_parts(key.cast(), key_len),
                    std::slice::from_raw_parts(value.cast(), value_len),
                )
            };
            let ttl = Ttl::from_millis(ttl_ms);
            match hot.quick_store(&hot.stay, key, value, ttl) {
                Stored::Renewed => return 0,
                Stored::Absent(hash) => {
                    let stored = hot.store_absent(hash, key, value, ttl);
                    drop(hot);
                    return told(stored);
                }
                Stored::Late => {
                    drop(hot);
                    return set_late(cache, key, value, ttl_ms);
                }
                Stored::Unsure => {}
            }
        }
        // SAFETY: promised by (1).
        unsafe { set(cache, key, key_len, value, value_len, ttl_ms) }
    })
}

/// Finds a key's value: a reference, not a copy, unless it is stored compressed. It
/// stays valid after the entry and the cache are gone; free it with
/// `mynah_value_free`. Any thread; waits for a writer of the key's shard.
///
/// Errors: `MYNAH_NOT_FOUND` on a miss; `MYNAH_BUSY` as `max_retries` says.
///
/// # Safety
/// 1. `key` points to that many readable bytes; null only with 0.
/// 2. `value` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_get(
    cache: *mut mynah_cache,
    key: *const c_void,
    key_len: usize,
    value: *mut *mut mynah_value,
) -> mynah_status {
    guard_code(|| {
        if !value.is_null()
            && is_plain(key, key_len)
            && let Some(hot) = handle::hot::<Cache, _>(cache)
        {
            // SAFETY: promised by (1), and just checked.
            let key = unsafe { std::slice::from_raw_parts(key.cast(), key_len) };
            let (found, status) = match hot.quick_value(&hot.stay, key) {
                Quick::Hit(found) => (found.into_raw().cast(), Status::Ok),
                Quick::Miss => (ptr::null_mut(), Status::NotFound),
                Quick::Unsure(next) => {
                    drop(hot);
                    // SAFETY: promised by (1) and (2), and not null.
                    return unsafe { get_late(cache, key, next, value) };
                }
            };
            drop(hot);
            // SAFETY: promised by (2), and not null.
            unsafe { value.write(found) };
            return status.code();
        }
        // SAFETY: promised by (1) and (2).
        unsafe { get(cache, key, key_len, value) }
    })
}

/// Copies a key's value into the caller's buffer and sets `*len`. Any thread;
/// waits for a writer of the key's shard. What the buffer holds after an error,
/// and beyond the value, is undefined.
///
/// Errors: `MYNAH_NOT_FOUND` on a miss; `MYNAH_TOO_LARGE` if it does not fit,
/// with the needed length in `*len`, which counts as neither hit nor miss;
/// `MYNAH_BUSY` as `max_retries` says.
///
/// # Safety
/// 1. `key` points to `key_len` readable bytes; null only with 0.
/// 2. `buf` points to `cap` writable bytes; null only with 0.
/// 3. `len` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_get_into(
    cache: *mut mynah_cache,
    key: *const c_void,
    key_len: usize,
    buf: *mut c_void,
    cap: usize,
    len: *mut usize,
) -> mynah_status {
    guard_code(|| {
        if !len.is_null()
            && is_plain(key, key_len)
            && is_plain(buf, cap)
            && let Some(hot) = handle::hot::<Cache, _>(cache)
        {
            // SAFETY: promised by (1) and (2), and just checked.
            let (key, place) = unsafe {
                (std::slice::from_raw_parts(key.cast(), key_len), place(buf.cast(), cap))
            };
            let (found, status) = match hot.quick_copy(&hot.stay, key, place) {
                Quick::Hit(found) => (found, Status::Ok),
                Quick::Miss => (0, Status::NotFound),
                Quick::Unsure(next) => {
                    drop(hot);
                    // SAFETY: promised by (3), and not null.
                    return unsafe { get_into_late(cache, key, place, next, len) };
                }
            };
            drop(hot);
            // SAFETY: promised by (3), and not null.
            unsafe { len.write(found) };
            return status.code();
        }
        // SAFETY: promised by (1), (2) and (3).
        unsafe { get_into_checked(cache, key, key_len, buf, cap, len) }
    })
}

/// `MYNAH_OK` if there is a live value under a key, else `MYNAH_NOT_FOUND`.
/// Counts as neither hit nor miss. Any thread.
///
/// Errors: `MYNAH_BUSY` as `max_retries` says.
///
/// # Safety
/// 1. `key` points to that many readable bytes; null only with 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_contains(
    cache: *mut mynah_cache,
    key: *const c_void,
    key_len: usize,
) -> mynah_status {
    guard(|| {
        // SAFETY: promised by (1).
        let key = unsafe { bytes("key", key.cast(), key_len)? };
        match with(cache, |cache| cache.contains(key))? {
            true => Ok(()),
            false => Err(Error::NotFound),
        }
    })
}

/// Gives a live entry another lifetime from now; `ttl_ms` as for
/// `mynah_cache_set`. `MYNAH_NOT_FOUND` if there is none. Any thread.
///
/// Errors: `MYNAH_BUSY` as `max_retries` says.
///
/// # Safety
/// 1. `key` points to that many readable bytes; null only with 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_touch(
    cache: *mut mynah_cache,
    key: *const c_void,
    key_len: usize,
    ttl_ms: u64,
) -> mynah_status {
    guard(|| {
        // SAFETY: promised by (1).
        let key = unsafe { bytes("key", key.cast(), key_len)? };
        with(cache, |cache| cache.touch(key, Ttl::from_millis(ttl_ms)))
    })
}

/// Removes a key; `MYNAH_NOT_FOUND` if there was no live entry. Any thread.
///
/// Errors: `MYNAH_BUSY` as `max_retries` says.
///
/// # Safety
/// 1. `key` points to that many readable bytes; null only with 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_remove(
    cache: *mut mynah_cache,
    key: *const c_void,
    key_len: usize,
) -> mynah_status {
    guard(|| {
        // SAFETY: promised by (1).
        let key = unsafe { bytes("key", key.cast(), key_len)? };
        let (live, left) = with(cache, |cache| cache.discard(key))?;
        here(|| {
            left.deliver();
            live.then_some(()).ok_or(Error::NotFound)
        })
    })
}

/// Removes everything. What is set meanwhile may stay. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_clear(cache: *mut mynah_cache) -> mynah_status {
    guard(|| {
        let cache = handle::resolve::<Cache, _>(cache)?;
        here(|| {
            cache.clear();
            Ok(())
        })
    })
}
