//! `mynah_values`: what many keys had, in one crossing.

use std::ffi::c_void;
use std::ptr;

use super::cache::mynah_cache;
use super::guard::{bytes, clear, guard, guard_or, put};
use super::handle;
use super::status::mynah_status;
use crate::cache::{Cache, Ttl, Value};
use crate::error::{Error, Result};

/// The answers of a `mynah_cache_get_many`. Belongs to the caller until it is
/// given to `mynah_values_free`; never changes, and may be read from several
/// threads.
pub struct mynah_values {
    values: Vec<Option<Value>>,
}

/// Slices that lie back to back.
pub(super) struct Packed<'a> {
    rest: &'a [u8],
    lens: std::slice::Iter<'a, usize>,
}

impl<'a> Iterator for Packed<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (head, rest) = self.rest.split_at_checked(*self.lens.next()?)?;
        self.rest = rest;
        Some(head)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.lens.size_hint()
    }
}

/// # Safety
/// 1. `lens` points to `count` lengths, `data` to as many bytes as their sum.
pub(super) unsafe fn packed<'a>(
    name: &'static str,
    data: *const c_void,
    lens: *const usize,
    count: usize,
) -> Result<Packed<'a>> {
    let too_large = || Error::TooLarge { what: name, needed: u64::MAX, limit: isize::MAX as u64 };
    if count == 0 {
        return Ok(Packed { rest: &[], lens: [].iter() });
    }
    if lens.is_null() {
        return Err(Error::NullArgument(name));
    }
    if count > isize::MAX as usize / size_of::<usize>() {
        return Err(too_large());
    }
    // SAFETY: promised by (1), and not null.
    let lens = unsafe { std::slice::from_raw_parts(lens, count) };
    let total = lens.iter().try_fold(0usize, |sum, len| sum.checked_add(*len));
    // SAFETY: promised by (1).
    let rest = unsafe { bytes(name, data.cast(), total.ok_or_else(too_large)?)? };
    Ok(Packed { rest, lens: lens.iter() })
}

/// Looks many keys up in one call. The keys lie back to back in `keys`, their
/// `count` lengths in `key_lens`. The answers come in the same order. Any
/// thread; waits for a writer of each key's shard in turn.
///
/// Errors: `MYNAH_BUSY` as `max_retries` says; a miss is none.
///
/// # Safety
/// 1. `key_lens` points to `count` lengths, `keys` to as many bytes as their sum.
/// 2. `values` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_get_many(
    cache: *mut mynah_cache,
    keys: *const c_void,
    key_lens: *const usize,
    count: usize,
    values: *mut *mut mynah_values,
) -> mynah_status {
    guard(|| {
        // SAFETY: promised by (2) and (1).
        let keys = unsafe {
            clear(values, ptr::null_mut());
            packed("keys", keys, key_lens, count)?
        };
        if values.is_null() {
            return Err(Error::NullArgument("values"));
        }
        let found = handle::resolve::<Cache, _>(cache)?.get_many(keys)?;
        let found = Box::into_raw(Box::new(mynah_values { values: found }));
        // SAFETY: promised by (2).
        unsafe { put("values", values, found) }
    })
}

/// Stores many values in one call. Keys and values lie back to back, their
/// `count` lengths in `key_lens` and `value_lens`; `ttl_ms` as for
/// `mynah_cache_set`. Any thread.
///
/// Errors: those of `mynah_cache_set`; what came before the value that failed
/// is stored.
///
/// # Safety
/// 1. `key_lens` points to `count` lengths, `keys` to as many bytes as their sum.
/// 2. `value_lens` points to `count` lengths, `values` to as many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_set_many(
    cache: *mut mynah_cache,
    keys: *const c_void,
    key_lens: *const usize,
    values: *const c_void,
    value_lens: *const usize,
    count: usize,
    ttl_ms: u64,
) -> mynah_status {
    guard(|| {
        // SAFETY: promised by (1) and (2).
        let (keys, values) = unsafe {
            (packed("keys", keys, key_lens, count)?, packed("values", values, value_lens, count)?)
        };
        let cache = handle::resolve::<Cache, _>(cache)?;
        let ttl = Ttl::from_millis(ttl_ms);
        keys.zip(values).try_for_each(|(key, value)| cache.set(key, value, ttl))
    })
}

/// How many answers there are, misses included; 0 for NULL.
///
/// # Safety
/// 1. `values` is null or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_values_count(values: *const mynah_values) -> usize {
    // SAFETY: promised by (1).
    guard_or(0, || Ok(unsafe { values.as_ref() }.map_or(0, |v| v.values.len())))
}

/// The value of the `i`-th key and its length; NULL for a miss, and for an
/// index that there is not. Lives as long as `values`.
///
/// # Safety
/// 1. `values` is null or live.
/// 2. `len` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_values_get(
    values: *const mynah_values,
    i: usize,
    len: *mut usize,
) -> *const c_void {
    guard_or(ptr::null(), || {
        // SAFETY: promised by (2) and (1).
        let values = unsafe {
            clear(len, 0);
            values.as_ref()
        };
        let value = values.and_then(|v| v.values.get(i)).and_then(Option::as_ref);
        let found = value.ok_or(Error::NotFound)?.as_bytes();
        // SAFETY: promised by (2).
        unsafe { clear(len, found.len()) };
        Ok(found.as_ptr().cast())
    })
}

/// Gives the answers back, once; null is allowed.
///
/// # Safety
/// 1. `values` is null or live, and not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_values_free(values: *mut mynah_values) {
    guard_or((), || {
        if !values.is_null() {
            // SAFETY: made by `Box::into_raw`; freed once, by (1).
            drop(unsafe { Box::from_raw(values) });
        }
        Ok(())
    });
}

#[cfg(test)]
mod tests {
    use super::super::cache::*;
    use super::*;

    #[test]
    fn many_cross_at_once_and_misses_are_null() {
        let (mut cache, mut values) = (ptr::null_mut(), ptr::null_mut());
        let (keys, lens) = (b"abbccc", [1usize, 2, 3]);
        // SAFETY: live locals with their lengths; each object freed once.
        unsafe {
            assert_eq!(mynah_cache_new(ptr::null(), &mut cache, ptr::null_mut()), 0);
            let (at, lengths) = (keys.as_ptr().cast(), lens.as_ptr());
            let set = mynah_cache_set_many(cache, at, lengths, at, lengths, 2, 0);
            let got = mynah_cache_get_many(cache, at, lengths, 3, &mut values);
            assert_eq!((set, got, mynah_values_count(values)), (0, 0, 3));
            let mut len = 9;
            let second = mynah_values_get(values, 1, &mut len).cast::<u8>();
            assert_eq!(std::slice::from_raw_parts(second, len), b"bb");
            assert!(mynah_values_get(values, 2, &mut len).is_null() && len == 0);
            assert!(mynah_values_get(values, 3, &mut len).is_null());
            mynah_values_free(values);
            let huge = [usize::MAX, 2, 3];
            assert_ne!(mynah_cache_get_many(cache, at, huge.as_ptr(), 3, &mut values), 0);
            mynah_cache_free(cache);
        }
    }
}
