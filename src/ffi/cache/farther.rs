//! Storing and finding entries, where the shortest way led nowhere.

use std::ffi::c_void;
use std::ptr;

use crate::cache::{Cache, Handed, Missed, Next, Quick, Stored, Ttl};
use crate::error::Status;

use super::super::guard::{bytes, clear};
use super::super::handle;
use super::super::status::mynah_status;
use super::super::value::{clear_value, mynah_value};
use super::mynah_cache;
use super::reach::{look, place, told, write};

/// `mynah_cache_set` where the shortest way was late.
#[cold]
#[inline(never)]
pub(super) fn set_late(
    cache: *mut mynah_cache,
    key: &[u8],
    value: &[u8],
    ttl_ms: u64,
) -> mynah_status {
    let ttl = Ttl::from_millis(ttl_ms);
    if let Some(hot) = handle::hot::<Cache, _>(cache) {
        match hot.late_store(&hot.stay, key, value, ttl) {
            Stored::Renewed => return 0,
            Stored::Absent(hash) => {
                let stored = hot.store_absent(hash, key, value, ttl);
                drop(hot);
                return told(stored);
            }
            Stored::Late | Stored::Unsure => {}
        }
    }
    write(cache, |cache| cache.store(key, value, ttl))
}

/// The part of `mynah_cache_set` that is not the shortest way.
///
/// # Safety
/// 1. As (1) there.
#[inline(never)]
pub(super) unsafe fn set(
    cache: *mut mynah_cache,
    key: *const c_void,
    key_len: usize,
    value: *const c_void,
    value_len: usize,
    ttl_ms: u64,
) -> mynah_status {
    write(cache, |cache| {
        // SAFETY: promised by (1).
        let (key, value) = unsafe {
            (bytes("key", key.cast(), key_len)?, bytes("value", value.cast(), value_len)?)
        };
        cache.store(key, value, Ttl::from_millis(ttl_ms))
    })
}

/// `mynah_cache_get` where the shortest way led nowhere.
///
/// # Safety
/// 1. `value` is writable.
#[cold]
#[inline(never)]
pub(super) unsafe fn get_late(
    cache: *mut mynah_cache,
    key: &[u8],
    next: Next,
    value: *mut *mut mynah_value,
) -> mynah_status {
    let hot = handle::hot::<Cache, _>(cache);
    let (found, status) = match hot.map(|hot| hot.late_value(&hot.stay, key, next)) {
        Some(Quick::Hit(found)) => (found.into_raw().cast(), Status::Ok),
        Some(Quick::Miss) => (ptr::null_mut(), Status::NotFound),
        // SAFETY: promised by (1).
        _ => return unsafe { get(cache, key.as_ptr().cast(), key.len(), value) },
    };
    // SAFETY: promised by (1).
    unsafe { value.write(found) };
    status.code()
}

/// The part of `mynah_cache_get` that is not the shortest way to a hit.
///
/// # Safety
/// 1. As (1) and (2) there.
#[inline(never)]
pub(super) unsafe fn get(
    cache: *mut mynah_cache,
    key: *const c_void,
    key_len: usize,
    value: *mut *mut mynah_value,
) -> mynah_status {
    // SAFETY: promised by (1).
    let key = unsafe {
        clear_value(value);
        match bytes("key", key.cast(), key_len) {
            Ok(key) if !value.is_null() => key,
            Ok(_) => return Status::NullArgument.code(),
            Err(error) => return error.status().code(),
        }
    };
    look(cache, |cache, left| {
        let found = cache.fetch_unsure(key, left)?;
        // SAFETY: promised by (1), and not null.
        unsafe { value.write(Handed::from(found).into_raw().cast()) };
        Ok(())
    })
}

/// `mynah_cache_get_into` where the shortest way led nowhere.
///
/// # Safety
/// 1. `len` is writable.
#[cold]
#[inline(never)]
pub(super) unsafe fn get_into_late(
    cache: *mut mynah_cache,
    key: &[u8],
    place: &mut [u8],
    next: Next,
    len: *mut usize,
) -> mynah_status {
    let hot = handle::hot::<Cache, _>(cache);
    let (found, status) = match hot.map(|hot| hot.late_copy(&hot.stay, key, place, next)) {
        Some(Quick::Hit(found)) => (found, Status::Ok),
        Some(Quick::Miss) => (0, Status::NotFound),
        // SAFETY: promised by (1).
        _ => return unsafe { get_into(cache, key, place, len) },
    };
    // SAFETY: promised by (1).
    unsafe { len.write(found) };
    status.code()
}

/// `mynah_cache_get_into` with arguments that may be wrong.
///
/// # Safety
/// 1. As (1), (2) and (3) there.
#[inline(never)]
pub(super) unsafe fn get_into_checked(
    cache: *mut mynah_cache,
    key: *const c_void,
    key_len: usize,
    buf: *mut c_void,
    cap: usize,
    len: *mut usize,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe {
        clear(len, 0);
        match (bytes("key", key.cast(), key_len), buf.is_null() && cap > 0) {
            (Ok(key), false) if !len.is_null() => get_into(cache, key, place(buf.cast(), cap), len),
            (Err(error), _) => error.status().code(),
            _ => Status::NullArgument.code(),
        }
    }
}

/// The part of `mynah_cache_get_into` that is not the shortest way to a hit.
///
/// # Safety
/// 1. `len` is writable.
#[inline(never)]
pub(super) unsafe fn get_into(
    cache: *mut mynah_cache,
    key: &[u8],
    place: &mut [u8],
    len: *mut usize,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { len.write(0) };
    look(cache, |cache, left| {
        let found = cache.fetch_into(key, place, left);
        let needed = match found {
            Ok(needed) | Err(Missed::TooLarge(needed)) => needed,
            Err(_) => 0,
        };
        // SAFETY: promised by (1).
        unsafe { len.write(needed) };
        found.map(drop)
    })
}
