//! `mynah_cache_iter`, and what else goes over a whole cache: prefixes,
//! snapshots.

use std::ffi::{c_char, c_void};
use std::path::PathBuf;
use std::ptr;
use std::sync::Arc;

use parking_lot::Mutex;

use super::cache::mynah_cache;
use super::cache::reach::here;
use super::error::{guard_err, mynah_error};
use super::guard::{bytes, c_text, clear, guard, guard_or, non_null, put};
use super::handle::{self, Handle, Kind};
use super::status::mynah_status;
use super::value::{clear_value, give, mynah_value};
use crate::cache::{Cache, Walk};
use crate::error::{Error, Result};

/// A walk over the entries of a cache. A handle: belongs to one thread at a
/// time. It keeps the cache's memory until it is freed.
pub struct mynah_cache_iter {
    _opaque: (),
}

struct Iter(Mutex<Walk>);

impl Handle for Iter {
    const KIND: Kind = Kind::CacheIter;
    const NAME: &'static str = "mynah_cache_iter";
}

/// Begins a walk over all live entries. What is in the cache from beginning to
/// end comes exactly once, however it is resized meanwhile; what is stored or
/// leaves on the way may or may not come. Free it with `mynah_cache_iter_free`.
///
/// # Safety
/// 1. `iter` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_iter_new(
    cache: *mut mynah_cache,
    iter: *mut *mut mynah_cache_iter,
) -> mynah_status {
    guard(|| {
        // SAFETY: promised by (1).
        unsafe { clear(iter, ptr::null_mut()) };
        non_null("iter", iter)?;
        let walk = handle::resolve::<Cache, _>(cache)?.walk();
        let made = handle::insert(Arc::new(Iter(Mutex::new(walk))))?;
        // SAFETY: promised by (1).
        unsafe { put("iter", iter, made) }
    })
}

/// The next entry: copies of key and value, each to be freed with
/// `mynah_value_free`. `MYNAH_NOT_FOUND` at the end, `MYNAH_CLOSED` if the cache
/// was freed before that. No shard stays locked between calls.
///
/// Errors: `MYNAH_BUSY` as `max_retries` says; the next call goes on where it was.
/// `MYNAH_INTERNAL` if a compressed value cannot be unpacked; the next call goes on
/// behind it.
///
/// # Safety
/// 1. `key` and `value` are null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_iter_next(
    iter: *mut mynah_cache_iter,
    key: *mut *mut mynah_value,
    value: *mut *mut mynah_value,
) -> mynah_status {
    guard(|| {
        // SAFETY: promised by (1).
        unsafe {
            clear_value(key);
            clear_value(value);
        }
        non_null("key", key)?;
        non_null("value", value)?;
        let next = handle::resolve::<Iter, _>(iter)?.0.lock().next();
        let pair = next.ok_or(Error::NotFound)??;
        let named = crate::cache::Value::copy_from(pair.key())?;
        // SAFETY: promised by (1), and not null.
        unsafe {
            give("key", key, named)?;
            give("value", value, pair.value().clone())
        }
    })
}

/// Ends a walk; null is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_iter_free(iter: *mut mynah_cache_iter) {
    guard_or((), || handle::remove::<Iter, _>(iter).map(drop));
}

/// Removes every key that begins with a prefix and counts in `*removed` (NULL
/// allowed) how many live entries went. Looks at every key, however long it takes
/// until a shard is free; readers and writers go on meanwhile. Any thread.
///
/// # Safety
/// 1. `prefix` points to that many readable bytes; null only with 0.
/// 2. `removed` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_remove_prefix(
    cache: *mut mynah_cache,
    prefix: *const c_void,
    prefix_len: usize,
    removed: *mut u64,
) -> mynah_status {
    guard(|| {
        // SAFETY: promised by (2) and (1).
        let prefix = unsafe {
            clear(removed, 0);
            bytes("prefix", prefix.cast(), prefix_len)?
        };
        let count = here(|| handle::resolve::<Cache, _>(cache)?.remove_prefix(prefix))?;
        // SAFETY: promised by (2).
        unsafe { clear(removed, count) };
        Ok(())
    })
}

/// Told how far a save or a load has come; 0 goes on, anything else stops it.
pub type mynah_transfer_fn =
    Option<unsafe extern "C" fn(user: *mut c_void, done: u64, total: u64) -> i32>;

/// A direction: `Cache::save` or `Cache::load`.
type Transfer = fn(&Arc<Cache>, PathBuf, &mut dyn FnMut(u64, u64) -> bool) -> Result<u64>;

fn save(cache: &Arc<Cache>, path: PathBuf, told: &mut dyn FnMut(u64, u64) -> bool) -> Result<u64> {
    cache.save(&path, told)
}

fn load(cache: &Arc<Cache>, path: PathBuf, told: &mut dyn FnMut(u64, u64) -> bool) -> Result<u64> {
    cache.load(&path, told)
}

/// # Safety
/// 1. `path` is null or NUL-terminated.
/// 2. `progress` may be called with `user`.
/// 3. `count` is null or writable.
unsafe fn transfer(
    direction: Transfer,
    cache: *mut mynah_cache,
    path: *const c_char,
    progress: mynah_transfer_fn,
    user: *mut c_void,
    count: *mut u64,
) -> Result<()> {
    // SAFETY: promised by (3) and (1).
    let path = unsafe {
        clear(count, 0);
        PathBuf::from(c_text("path", path)?)
    };
    let cache = handle::resolve::<Cache, _>(cache)?;
    let mut closed = Ok(());
    let mut told = |done, total| {
        let Some(progress) = progress else { return true };
        // SAFETY: promised by (2).
        let answer = cache.call_back(|| unsafe { progress(user, done, total) });
        answer.map(|answer| answer == 0).unwrap_or_else(|error| {
            closed = Err(error);
            false
        })
    };
    let done = direction(&cache, path, &mut told);
    let done = closed.and(done)?;
    // SAFETY: promised by (3).
    unsafe { clear(count, done) };
    Ok(())
}

/// Saves all live entries to a file, with what remains of their lives. The file
/// is written beside its place, under a name of its own, and renamed: a reader
/// sees the old one or the new one, whole. A link is followed, and a file that
/// is there keeps its permissions. Blocks until it is on the disk; gets and sets
/// of other threads go on. Any thread.
///
/// Errors: `MYNAH_IO`, also if `path` is there and is no file; `MYNAH_CLOSED` if
/// the cache is freed meanwhile. The old file stays then.
///
/// # Safety
/// 1. `path` is NUL-terminated UTF-8.
/// 2. `err` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_save(
    cache: *mut mynah_cache,
    path: *const c_char,
    err: *mut *mut mynah_error,
) -> mynah_status {
    let none = ptr::null_mut();
    // SAFETY: promised by (1); nothing is called or written; promised by (2).
    unsafe { guard_err(err, || transfer(save, cache, path, None, none, ptr::null_mut())) }
}

/// As `mynah_cache_save`, told how far it has come, first and last too, and
/// counting the entries in `*count` (NULL allowed). `MYNAH_STOPPED` if `progress`
/// says so; the old file stays then.
///
/// # Safety
/// 1. `path` is NUL-terminated UTF-8.
/// 2. `progress` may be called with `user` on this thread.
/// 3. `count` and `err` are null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_save_with(
    cache: *mut mynah_cache,
    path: *const c_char,
    progress: mynah_transfer_fn,
    user: *mut c_void,
    count: *mut u64,
    err: *mut *mut mynah_error,
) -> mynah_status {
    // SAFETY: promised by (1), (2) and (3).
    unsafe { guard_err(err, || transfer(save, cache, path, progress, user, count)) }
}

/// Stores what a file of `mynah_cache_save` holds, over what is there and
/// within this cache's bounds. The whole file is checked first: one that is
/// cut, changed or foreign leaves the cache as it was. Blocks. Any thread.
///
/// An entry larger than this cache allows is left out.
///
/// Errors: `MYNAH_IO` if it cannot be read, `MYNAH_PROTOCOL` if it is refused,
/// `MYNAH_CLOSED` if the cache is freed meanwhile.
///
/// # Safety
/// 1. `path` is NUL-terminated UTF-8.
/// 2. `err` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_load(
    cache: *mut mynah_cache,
    path: *const c_char,
    err: *mut *mut mynah_error,
) -> mynah_status {
    let none = ptr::null_mut();
    // SAFETY: promised by (1); nothing is called or written; promised by (2).
    unsafe { guard_err(err, || transfer(load, cache, path, None, none, ptr::null_mut())) }
}

/// As `mynah_cache_load`, told how far it has come, first and last too, and
/// counting the entries that it stored in `*count` (NULL allowed).
/// `MYNAH_STOPPED` if `progress` says so; what came before stays then.
///
/// # Safety
/// 1. `path` is NUL-terminated UTF-8.
/// 2. `progress` may be called with `user` on this thread.
/// 3. `count` and `err` are null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_load_with(
    cache: *mut mynah_cache,
    path: *const c_char,
    progress: mynah_transfer_fn,
    user: *mut c_void,
    count: *mut u64,
    err: *mut *mut mynah_error,
) -> mynah_status {
    // SAFETY: promised by (1), (2) and (3).
    unsafe { guard_err(err, || transfer(load, cache, path, progress, user, count)) }
}
