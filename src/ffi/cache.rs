//! `mynah_cache`: bytes by bytes, shared by any number of threads.
//!
//! Short calls run in a section, which costs less than a count and lets
//! `mynah_cache_free` race with them; what left a cache during such a call is
//! reported after it. Calls that may take long hold a count.

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

use crate::cache::{Cache, Departures, Left, Missed, Quick, Stored, Ttl, deliver};
use crate::clock::Clock;
use crate::error::{Error, Result, Status};

use super::cache_options::{self, mynah_cache_options};
use super::error::{guard_err, mynah_error};
use super::guard::{bytes, clear, guard, guard_code, guard_or, put};
use super::handle::{self, Handle};
use super::status::mynah_status;
use super::value::{clear_value, give_text, guard_json, mynah_value};

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
    const KIND: u8 = 4;
    const NAME: &'static str = "mynah_cache";
}

/// A reference that keeps the cache in use after its handle is freed.
pub(super) fn share(cache: *const mynah_cache) -> Result<Arc<Cache>> {
    let cache = handle::resolve::<Cache, _>(cache)?;
    cache.keep_open();
    Ok(cache)
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
        if cache.is_null() {
            return Err(Error::NullArgument("cache"));
        }
        let (options, extras) = cache_options::resolve(options)?;
        let made = Cache::with_listeners(options, Clock::System, extras.listeners)?;
        // SAFETY: promised by (1).
        unsafe { put("cache", cache, handle::insert_hot(made)?) }
    };
    // SAFETY: promised by (2).
    unsafe { guard_err(err, body) }
}

/// Runs a short operation in a section, and reports what left after it.
#[inline(always)]
fn write(cache: *mut mynah_cache, f: impl FnOnce(&Cache) -> Result<Departures>) -> mynah_status {
    guard_code(|| match handle::with::<Cache, _, _>(cache, f) {
        Some(done) => told(done),
        None => handle::refused::<Cache, _>(cache).status().code(),
    })
}

/// Reports what left. To a call that meets a free, the cache is gone, whichever
/// of the two was first.
#[inline(always)]
fn told(done: Result<Departures>) -> mynah_status {
    match done {
        Ok(departures) => {
            departures.deliver();
            0
        }
        Err(Error::Closed(_)) => Error::InvalidHandle("mynah_cache").status().code(),
        Err(error) => error.status().code(),
    }
}

/// As [`write`], for look-ups.
#[inline(always)]
pub(super) fn look(
    cache: *mut mynah_cache,
    f: impl FnOnce(&Cache, &mut Left) -> Result<(), Missed>,
) -> mynah_status {
    let mut left = None;
    let found = handle::with::<Cache, _, _>(cache, |cache| f(cache, &mut left));
    if left.is_some() {
        deliver(left);
    }
    match found {
        Some(Ok(())) => 0,
        Some(Err(missed)) => missed.status().code(),
        None => handle::refused::<Cache, _>(cache).status().code(),
    }
}

/// Runs a short operation in a section.
#[inline]
fn with<R>(cache: *mut mynah_cache, f: impl FnOnce(&Cache) -> Result<R>) -> Result<R> {
    match handle::with::<Cache, _, _>(cache, f) {
        Some(result) => result,
        None => Err(handle::refused::<Cache, _>(cache)),
    }
}

/// Stores a copy of a value under a key, replacing any earlier one.
///
/// `ttl_ms`: lifetime in milliseconds, `MYNAH_TTL_DEFAULT` (0) for the cache's
/// own, or `MYNAH_TTL_NEVER`. When it returns, the cache is within its bounds.
/// Any thread; waits for the key's shard.
///
/// Errors: `MYNAH_TOO_LARGE` beyond `max_entry_bytes`, or half of
/// `max_memory_mb`; `MYNAH_BUSY` as `max_retries` says.
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
                Stored::Unsure => {}
            }
        }
        // SAFETY: promised by (1).
        unsafe { set(cache, key, key_len, value, value_len, ttl_ms) }
    })
}

/// The part of [`mynah_cache_set`] that is not the shortest way.
///
/// # Safety
/// 1. As (1) there.
#[inline(never)]
unsafe fn set(
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

/// Finds a key's value: a counted reference, not a copy, unless it is stored
/// compressed. It stays valid after the entry and the cache are gone; free it
/// with `mynah_value_free`. Any thread; waits for a writer of the key's shard.
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
            let found = hot.quick_value(&hot.stay, key);
            drop(hot);
            let (found, status) = match found {
                Quick::Hit(found) => (found.into_raw().cast(), Status::Ok),
                Quick::Miss => (ptr::null_mut(), Status::NotFound),
                // SAFETY: promised by (1) and (2).
                Quick::Unsure => return unsafe { get(cache, key.as_ptr().cast(), key_len, value) },
            };
            // SAFETY: promised by (2), and not null.
            unsafe { value.write(found) };
            return status.code();
        }
        // SAFETY: promised by (1) and (2).
        unsafe { get(cache, key, key_len, value) }
    })
}

/// The part of [`mynah_cache_get`] that is not the shortest way to a hit.
///
/// # Safety
/// 1. As (1) and (2) there.
#[inline(never)]
unsafe fn get(
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
        let found = cache.fetch(key, left)?;
        // SAFETY: promised by (1), and not null.
        unsafe { value.write(found.into_raw().cast()) };
        Ok(())
    })
}

/// Whether a pointer and a length are a text that is not empty.
#[inline(always)]
fn is_plain(data: *const c_void, len: usize) -> bool {
    !data.is_null() & (len as isize > 0)
}

/// Copies a key's value into the caller's buffer and sets `*len`. Any thread;
/// waits for a writer of the key's shard. What the buffer holds after an error,
/// and beyond the value, is undefined.
///
/// Errors: `MYNAH_NOT_FOUND` on a miss; `MYNAH_TOO_LARGE` if it does not fit,
/// with the needed length in `*len`; `MYNAH_BUSY` as `max_retries` says.
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
            let found = hot.quick_copy(&hot.stay, key, place);
            drop(hot);
            let (found, status) = match found {
                Quick::Hit(found) => (found, Status::Ok),
                Quick::Miss => (0, Status::NotFound),
                // SAFETY: promised by (1), (2) and (3).
                Quick::Unsure => return unsafe { get_into(cache, key, place, len) },
            };
            // SAFETY: promised by (3), and not null.
            unsafe { len.write(found) };
            return status.code();
        }
        // SAFETY: promised by (1), (2) and (3).
        unsafe { get_into_checked(cache, key, key_len, buf, cap, len) }
    })
}

/// [`mynah_cache_get_into`] with arguments that may be wrong.
///
/// # Safety
/// 1. As (1), (2) and (3) there.
#[inline(never)]
unsafe fn get_into_checked(
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

/// The part of [`mynah_cache_get_into`] that is not the shortest way to a hit.
///
/// # Safety
/// 1. `len` is writable.
#[inline(never)]
unsafe fn get_into(
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

/// The caller's buffer.
///
/// # Safety
/// 1. `buf` points to `cap` writable bytes; null only with 0.
#[inline(always)]
pub(super) unsafe fn place<'a>(buf: *mut u8, cap: usize) -> &'a mut [u8] {
    match cap {
        0 => &mut [],
        // SAFETY: promised by (1).
        cap => unsafe { std::slice::from_raw_parts_mut(buf, cap.min(isize::MAX as usize)) },
    }
}

/// `MYNAH_OK` if there is a live value under a key, else `MYNAH_NOT_FOUND`.
/// Counts as neither hit nor miss. Any thread.
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
        left.deliver();
        live.then_some(()).ok_or(Error::NotFound)
    })
}

/// Removes everything. What is set meanwhile may stay. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_clear(cache: *mut mynah_cache) -> mynah_status {
    guard(|| {
        handle::resolve::<Cache, _>(cache)?.clear();
        Ok(())
    })
}

/// How many entries there are, those included that have expired and not left
/// yet; 0 for what is not a live cache. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_len(cache: *mut mynah_cache) -> u64 {
    guard_or(0, || Ok(handle::resolve::<Cache, _>(cache)?.len()))
}

/// Accounted bytes, at the size the allocator takes: entries, tables, queues
/// and the cache itself; 0 for what is not a live cache. Never above
/// `max_memory_mb` after a set has returned. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_memory_bytes(cache: *mut mynah_cache) -> u64 {
    guard_or(0, || Ok(handle::resolve::<Cache, _>(cache)?.memory_bytes()))
}

/// How many shards there are; 0 for what is not a live cache. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_shard_count(cache: *mut mynah_cache) -> u32 {
    guard_or(0, || Ok(handle::resolve::<Cache, _>(cache)?.shard_count()))
}

/// The most entries that it holds; 0 for what is not a live cache. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_capacity(cache: *mut mynah_cache) -> u64 {
    guard_or(0, || Ok(handle::resolve::<Cache, _>(cache)?.capacity()))
}

/// Changes the number of shards to what the option `shard_count` would make of
/// `shards`; 0 lets the cache choose. Gets and sets go on meanwhile and lose
/// nothing; each waits for one shard's part at most. Returns when it is done.
/// Any thread.
///
/// Errors: `MYNAH_OUT_OF_RANGE`.
///
/// # Safety
/// 1. `err` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_resize(
    cache: *mut mynah_cache,
    shards: u32,
    err: *mut *mut mynah_error,
) -> mynah_status {
    let body = || handle::resolve::<Cache, _>(cache)?.resize(shards.into());
    // SAFETY: promised by (1).
    unsafe { guard_err(err, body) }
}

/// Changes the most entries that the cache holds. When it returns, no more are
/// held. Any thread.
///
/// Errors: `MYNAH_OUT_OF_RANGE`.
///
/// # Safety
/// 1. `err` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_set_capacity(
    cache: *mut mynah_cache,
    capacity: u64,
    err: *mut *mut mynah_error,
) -> mynah_status {
    let body = || handle::resolve::<Cache, _>(cache)?.set_capacity(capacity);
    // SAFETY: promised by (1).
    unsafe { guard_err(err, body) }
}

/// The effective options as JSON: for each its value and the layer that it
/// came from, or what has changed it since: `set_capacity`, `resize` or
/// `auto_tuning`. The value is the caller's to free. Any thread.
///
/// # Safety
/// 1. `value` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_options_json(
    cache: *mut mynah_cache,
    value: *mut *mut mynah_value,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { guard_json(value, || Ok(handle::resolve::<Cache, _>(cache)?.options_now().to_json())) }
}

/// All figures as JSON: hits, misses, rates, departures by reason, latencies,
/// memory, shards, sweep, compression, raised alerts. The value is the caller's
/// to free. Any thread; takes each shard's read lock in turn.
///
/// # Safety
/// 1. `value` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_metrics_json(
    cache: *mut mynah_cache,
    value: *mut *mut mynah_value,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { guard_json(value, || Ok(handle::resolve::<Cache, _>(cache)?.metrics_json())) }
}

/// Advice as JSON: `findings` (symptom, evidence, cause, the option to change
/// and its value) and `predicted`: hit rates at half, twice and four times the
/// capacity with an error, or the text that there were too few requests yet.
/// The value is the caller's to free. Any thread.
///
/// # Safety
/// 1. `value` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_advise_json(
    cache: *mut mynah_cache,
    value: *mut *mut mynah_value,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { guard_json(value, || Ok(handle::resolve::<Cache, _>(cache)?.advise_json())) }
}

/// The figures in Prometheus' text form, for an endpoint of the caller's. The
/// value is the caller's to free. Any thread, as above.
///
/// # Safety
/// 1. `value` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_metrics_prometheus(
    cache: *mut mynah_cache,
    value: *mut *mut mynah_value,
) -> mynah_status {
    // SAFETY: promised by (1), here and below.
    guard(|| unsafe {
        clear_value(value);
        give_text(value, &handle::resolve::<Cache, _>(cache)?.metrics_prometheus())
    })
}

/// Frees a cache; null is allowed. Its memory goes back at once, but for
/// values that are still held, and unless clients share it: then they keep it.
/// Waits for the short calls that are inside to leave; longer ones finish by
/// themselves. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_free(cache: *mut mynah_cache) {
    guard_or((), || match handle::remove::<Cache, _>(cache) {
        Ok(cache) => {
            cache.release();
            Ok(())
        }
        Err(error) if error.status() == Status::NullArgument => Ok(()),
        Err(error) => Err(error),
    });
}

#[cfg(test)]
mod tests {
    use super::super::cache_options::*;
    use super::super::value::{mynah_value_free, mynah_value_len};
    use super::*;
    use std::ffi::c_char;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    fn p<T>(bytes: &[T]) -> *const c_void {
        bytes.as_ptr().cast()
    }

    fn status(status: Status) -> i32 {
        status.code()
    }

    unsafe extern "C" fn count(
        user: *mut c_void,
        _: *const c_void,
        key_len: usize,
        _: *const c_void,
        value_len: usize,
        reason: i32,
    ) {
        // SAFETY: the test registered it with a counter.
        let counter = unsafe { &*user.cast::<AtomicU32>() };
        counter.fetch_add(1, Relaxed);
        assert_eq!((key_len, value_len, reason), (1, 5, Reason::Removed as i32));
    }
    use crate::cache::Reason;

    unsafe extern "C" fn destroyed(user: *mut c_void) {
        // SAFETY: as above.
        unsafe { &*user.cast::<AtomicU32>() }.fetch_add(100, Relaxed);
    }

    #[test]
    fn a_cache_lives_through_the_c_functions() {
        let told = AtomicU32::new(0);
        let user = (&raw const told).cast_mut().cast::<c_void>();
        let (mut cache, mut value, mut len) = (ptr::null_mut(), ptr::null_mut(), 0usize);
        let mut buf = [0u8; 16];
        let at = buf.as_mut_ptr().cast();
        // SAFETY: every pointer is to a live local, every text ends with a NUL.
        unsafe {
            let options = mynah_cache_options_new();
            let set = |k: &[c_char], v: &[c_char]| {
                mynah_cache_options_set(options, k.as_ptr(), v.as_ptr(), ptr::null_mut())
            };
            let c = |s: &'static std::ffi::CStr| {
                std::slice::from_raw_parts(s.as_ptr(), 32.min(s.count_bytes() + 1))
            };
            assert_eq!(set(c(c"capacity"), c(c"100")), 0);
            assert_eq!(set(c(c"capacity"), c(c"0")), status(Status::OutOfRange));
            assert_eq!(
                mynah_cache_options_on_evict(options, Some(count), user, Some(destroyed)),
                0
            );
            assert_eq!(mynah_cache_new(options, &mut cache, ptr::null_mut()), 0);
            mynah_cache_options_free(options);
            assert_eq!(mynah_cache_capacity(cache), 100);
            assert_eq!(mynah_cache_set(cache, p(b"k"), 1, p(b"value"), 5, MYNAH_TTL_NEVER), 0);
            assert_eq!(mynah_cache_get_into(cache, p(b"k"), 1, at, 16, &mut len), 0);
            assert_eq!(&buf[..len], b"value");
            let small = mynah_cache_get_into(cache, p(b"k"), 1, at, 3, &mut len);
            assert_eq!((small, len), (status(Status::TooLarge), 5));
            assert_eq!(mynah_cache_get(cache, p(b"k"), 1, &mut value), 0);
            assert_eq!(mynah_cache_contains(cache, p(b"k"), 1), 0);
            assert_eq!(mynah_cache_remove(cache, p(b"k"), 1), 0);
            assert_eq!(told.load(Relaxed), 1);
            assert_eq!(mynah_cache_remove(cache, p(b"k"), 1), status(Status::NotFound));
            assert_eq!(mynah_cache_get(cache, p(b"k"), 1, ptr::null_mut()), 1);
            mynah_cache_free(cache);
            assert_eq!(told.load(Relaxed), 101);
            assert_eq!(mynah_cache_len(cache), 0);
            assert_eq!(mynah_cache_clear(cache), status(Status::InvalidHandle));
            assert_eq!(mynah_value_len(value), 5);
            mynah_value_free(value);
            mynah_cache_free(cache);
            mynah_cache_free(ptr::null_mut());
        }
    }
}
