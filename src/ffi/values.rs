//! `mynah_values`: what many keys had, in one crossing.

use std::ffi::c_void;
use std::ptr;

use super::cache::mynah_cache;
use super::cache::reach::{here, look, met, place};
use super::guard::{bytes, clear, free, guard, guard_code, guard_or, non_null, put};
use super::handle;
use super::status::mynah_status;
use crate::cache::{BATCH, Cache, Missed, Next, Quick, Room, Ttl, Value};
use crate::error::{Error, Result, Status};

/// The answers of a `mynah_cache_get_many`. Belongs to the caller until it is
/// given to `mynah_values_free`; never changes, and may be read from several
/// threads.
pub struct mynah_values {
    values: Vec<Option<Value>>,
}

/// Slices that lie back to back.
#[derive(Clone)]
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

/// Slices, under the names of the arguments `data` and `lens`.
///
/// # Safety
/// 1. `lens` points to `count` lengths, `data` to as many bytes as their sum.
pub(super) unsafe fn packed<'a>(
    [name, lens_name]: [&'static str; 2],
    data: *const c_void,
    lens: *const usize,
    count: usize,
) -> Result<Packed<'a>> {
    let too_large = || Error::TooLarge { what: name, needed: u64::MAX, limit: isize::MAX as u64 };
    if count == 0 {
        return Ok(Packed { rest: &[], lens: [].iter() });
    }
    if lens.is_null() {
        return Err(Error::NullArgument(lens_name));
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
/// `count` lengths in `key_lens`. The answers come in the same order; free them with
/// `mynah_values_free`. Any thread; waits for a writer of each key's shard in turn.
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
            packed(["keys", "key_lens"], keys, key_lens, count)?
        };
        non_null("values", values)?;
        let found = here(|| handle::resolve::<Cache, _>(cache)?.get_many(keys))?;
        let found = Box::into_raw(Box::new(mynah_values { values: found }));
        // SAFETY: promised by (2).
        unsafe { put("values", values, found) }
    })
}

/// Looks many keys up in one call and copies their values into the caller's
/// buffer, in an order of the library's: the value of the `i`-th key begins at
/// `offsets[i]` and has `lens[i]` bytes; a length of `SIZE_MAX` is a miss. The
/// keys lie back to back in `keys`, their `count` lengths in `key_lens`.
/// `*needed` is how many bytes all values take, and 0 after other errors than
/// `MYNAH_TOO_LARGE`. Any thread; waits for a writer
/// of each key's shard in turn.
///
/// Errors: `MYNAH_TOO_LARGE` if `*needed` is more than `cap`; what the buffer
/// holds is then not to be relied on, and none of the keys counts as hit or miss.
/// `MYNAH_BUSY` as `max_retries` says.
///
/// # Safety
/// 1. `key_lens` points to `count` lengths, `keys` to as many bytes as their sum.
/// 2. `buf` points to `cap` writable bytes; null only with 0.
/// 3. `offsets` and `lens` have room for `count` numbers; `needed` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_get_many_into(
    cache: *mut mynah_cache,
    keys: *const c_void,
    key_lens: *const usize,
    count: usize,
    buf: *mut c_void,
    cap: usize,
    offsets: *mut usize,
    lens: *mut usize,
    needed: *mut usize,
) -> mynah_status {
    guard_code(|| {
        // SAFETY: promised by (3), (1) and (2).
        let (keys, place) = unsafe {
            clear(needed, 0);
            match packed(["keys", "key_lens"], keys, key_lens, count) {
                Err(error) => return error.status().code(),
                _ if needed.is_null() || buf.is_null() && cap > 0 => {
                    return Status::NullArgument.code();
                }
                _ if count > 0 && (offsets.is_null() || lens.is_null()) => {
                    return Status::NullArgument.code();
                }
                Ok(keys) => (keys, place(buf.cast(), cap)),
            }
        };
        let mut room = Room { place, needed: 0, counted: [0; 2] };
        let status = copy_many(cache, keys, &mut room, |i, found| {
            let (at, len) = found.unwrap_or((0, usize::MAX));
            // SAFETY: promised by (3), and not null: there are `count` keys.
            unsafe {
                offsets.add(i).write(at);
                lens.add(i).write(len);
            }
        });
        if status != 0 {
            return status;
        }
        // SAFETY: promised by (3), and not null.
        unsafe { needed.write(room.needed) };
        if !room.is_short() {
            return 0;
        }
        _ = handle::with::<Cache, _, _>(cache, |cache| cache.in_vain(&room));
        Status::TooLarge.code()
    })
}

/// Looks keys up batch by batch; `tell` learns where each value lies, or that
/// there is none.
fn copy_many(
    cache: *mut mynah_cache,
    mut keys: Packed<'_>,
    room: &mut Room<'_>,
    mut tell: impl FnMut(usize, Option<(usize, usize)>),
) -> mynah_status {
    let mut done = 0;
    loop {
        let mut batch: [&[u8]; BATCH] = [&[]; BATCH];
        let mut count = 0;
        while count < BATCH
            && let Some(key) = keys.next()
        {
            batch[count] = key;
            count += 1;
        }
        let batch = &batch[..count];
        let mut found = [const { Quick::Unsure(Next::Fetch) }; BATCH];
        match handle::hot::<Cache, _>(cache) {
            Some(hot) => hot.quick_copies(hot.stay.line(), batch, room, &mut found),
            // All are left to be looked up one by one, if there is a cache.
            None if handle::with::<Cache, _, _>(cache, |_| ()).is_some() => {}
            None => return handle::refused::<Cache, _>(cache).status().code(),
        }
        if count == 0 {
            return 0;
        }
        for (i, key) in batch.iter().enumerate() {
            match found[i] {
                Quick::Hit(at) => {
                    room.counted[0] += 1;
                    tell(done + i, Some(at));
                }
                Quick::Miss => {
                    room.counted[1] += 1;
                    tell(done + i, None);
                }
                Quick::Unsure(_) => match copy_one(cache, key, room) {
                    Ok(at) => tell(done + i, at),
                    Err(status) => return status,
                },
            }
        }
        done += count;
    }
}

/// A look-up that the batch left out: often only because one before it had to
/// be timed.
fn copy_one(
    cache: *mut mynah_cache,
    key: &[u8],
    room: &mut Room<'_>,
) -> Result<Option<(usize, usize)>, mynah_status> {
    let at = room.needed;
    let hot = handle::hot::<Cache, _>(cache);
    match hot.map(|hot| hot.soon_copy(&hot.stay, key, room.rest())) {
        Some(Quick::Hit(len)) => {
            room.counted[0] += 1;
            room.needed += len;
            return Ok(Some((at, len)));
        }
        Some(Quick::Miss) => {
            room.counted[1] += 1;
            return Ok(None);
        }
        _ => {}
    }
    let mut len = None;
    let status = look(cache, |cache, left| {
        match cache.fetch_into(key, room.rest(), left) {
            Ok(n) => {
                room.counted[0] += 1;
                len = Some(n);
            }
            Err(Missed::TooLarge(n)) => len = Some(n),
            Err(Missed::NotFound) => room.counted[1] += 1,
            Err(missed) => return Err(missed),
        }
        Ok(())
    });
    if status != 0 {
        return Err(status);
    }
    room.needed += len.unwrap_or(0);
    Ok(len.map(|len| (at, len)))
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
            (
                packed(["keys", "key_lens"], keys, key_lens, count)?,
                packed(["values", "value_lens"], values, value_lens, count)?,
            )
        };
        let cache = handle::resolve::<Cache, _>(cache)?;
        let ttl = Ttl::from_millis(ttl_ms);
        let mut pairs = keys.zip(values);
        here(|| pairs.try_for_each(|(key, value)| cache.set(key, value, ttl)).map_err(met))
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
    // SAFETY: made by `Box::into_raw`; freed once, by (1).
    unsafe { free(values) }
}

#[cfg(test)]
mod tests;
