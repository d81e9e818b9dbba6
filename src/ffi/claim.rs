//! `mynah_claim`: the duty of one caller to load a key for all.

pub mod warm;

use std::ffi::{CStr, c_char, c_void};
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::cache::mynah_cache;
use super::cache::reach::{here, met};
use super::cancel::mynah_cancel;
use super::error::{guard_err, mynah_error};
use super::guard::{bytes, clear, guard, guard_or, non_null, put};
use super::handle::{self, Handle, Kind};
use super::status::mynah_status;
use super::value::{clear_value, give, mynah_value};
use crate::cache::{Cache, Claim, Claimed, Stop, Ttl};
use crate::error::{Error, Result, Status};
use crate::llm::cancel::{Breakable, Cancel, Interrupt};

/// The duty to load a key that others may be waiting for. A handle: settle it
/// from any thread with `mynah_claim_fill`, `mynah_claim_fill_negative` or
/// `mynah_claim_fail`, and free it in any case; freed unsettled, it passes to
/// the next who waits.
pub struct mynah_claim {
    _opaque: (),
}

/// A claim until it is settled.
struct Held(Mutex<Option<Claim>>);

impl Handle for Held {
    const KIND: Kind = Kind::Claim;
    const NAME: &'static str = "mynah_claim";
}

/// Lets a cancel token end a wait.
struct Waiting(Stop);

impl Breakable for Waiting {
    fn break_off(&self) {
        self.0.stop();
    }
}

/// Finds a key's value, or gives the caller the duty to load it. With
/// `MYNAH_OK` exactly one of `*value` and `*claim` is set:
///
/// - the value, live, or expired and being renewed by another
///   (`stale_while_revalidate_ms`); free it with `mynah_value_free`;
/// - a claim: nobody has the value and nobody else is loading it. Settle it.
///
/// If another caller holds the claim, this one waits up to `wait_ms` for what
/// becomes of it, or for a value that somebody stores without it. Any thread.
///
/// Errors: `MYNAH_NOT_FOUND` if it is known that there is no value;
/// `MYNAH_TIMEOUT`; `MYNAH_CANCELLED` through the token (NULL allowed), also if
/// it was triggered before; `MYNAH_BUSY` as `max_retries` says, however long
/// `wait_ms` is; `MYNAH_CLOSED` if the cache is freed meanwhile; and the status
/// that the other caller's `mynah_claim_fail` gave.
///
/// # Safety
/// 1. `key` points to that many readable bytes; null only with 0.
/// 2. `value` and `claim` are null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_get_or_claim(
    cache: *mut mynah_cache,
    key: *const c_void,
    key_len: usize,
    wait_ms: u64,
    cancel: *mut mynah_cancel,
    value: *mut *mut mynah_value,
    claim: *mut *mut mynah_claim,
) -> mynah_status {
    // SAFETY: promised by (1) and (2).
    guard(|| unsafe {
        ask(Cache::get_or_claim, cache, (key, key_len), wait_ms, cancel, value, claim)
    })
}

/// As `mynah_cache_get_or_claim`, for a caller who has asked it and was answered
/// `MYNAH_TIMEOUT`: goes on waiting. It is the same look-up, counts as no other, and is
/// no use of the entry; so who must not block for long can wait in pieces. `*err` has
/// what the other caller's `mynah_claim_fail` said. Any thread.
///
/// # Safety
/// 1. `key` points to that many readable bytes; null only with 0.
/// 2. `value`, `claim` and `err` are null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_wait_or_claim(
    cache: *mut mynah_cache,
    key: *const c_void,
    key_len: usize,
    wait_ms: u64,
    cancel: *mut mynah_cancel,
    value: *mut *mut mynah_value,
    claim: *mut *mut mynah_claim,
    err: *mut *mut mynah_error,
) -> mynah_status {
    // SAFETY: promised by (1) and (2).
    let body = || unsafe {
        ask(Cache::wait_or_claim, cache, (key, key_len), wait_ms, cancel, value, claim)
    };
    // SAFETY: promised by (2).
    unsafe { guard_err(err, body) }
}

/// `Cache::get_or_claim` or `Cache::wait_or_claim`.
type Asked = fn(&Arc<Cache>, &[u8], Duration, Option<&Stop>) -> Result<Claimed>;

/// # Safety
/// 1. `key` points to that many readable bytes; null only with 0.
/// 2. `value` and `claim` are null or writable.
unsafe fn ask(
    asked: Asked,
    cache: *mut mynah_cache,
    (key, key_len): (*const c_void, usize),
    wait_ms: u64,
    cancel: *mut mynah_cancel,
    value: *mut *mut mynah_value,
    claim: *mut *mut mynah_claim,
) -> Result<()> {
    // SAFETY: promised by (2) and (1).
    let key = unsafe {
        clear_value(value);
        clear(claim, ptr::null_mut());
        bytes("key", key.cast(), key_len)?
    };
    non_null("value", value)?;
    non_null("claim", claim)?;
    let cache = handle::resolve::<Cache, _>(cache)?;
    let waiting = Arc::new(Waiting(Stop::default()));
    let interrupt = attach(cancel, &waiting)?;
    let wait = Duration::from_millis(wait_ms);
    let claimed = asked(&cache, key, wait, Some(&waiting.0));
    drop(interrupt);
    match claimed? {
        // SAFETY: promised by (2).
        Claimed::Hit(found) | Claimed::Stale(found) => unsafe { give("value", value, found) },
        Claimed::Claim(made) => {
            let held = handle::insert(Arc::new(Held(Mutex::new(Some(made)))))?;
            // SAFETY: promised by (2).
            unsafe { put("claim", claim, held) }
        }
    }
}

/// Lets a token, if there is one, end the wait for as long as the interrupt
/// lives.
fn attach(cancel: *mut mynah_cancel, waiting: &Arc<Waiting>) -> Result<Option<Arc<Interrupt>>> {
    if cancel.is_null() {
        return Ok(None);
    }
    let cancel = handle::resolve::<Cancel, _>(cancel)?;
    let interrupt = Arc::<Interrupt>::default();
    let waiting: Arc<dyn Breakable> = waiting.clone();
    interrupt.watch(Arc::downgrade(&waiting));
    cancel.attach(&interrupt);
    Ok(Some(interrupt))
}

/// Takes the claim out of its handle; `Closed` if it has been settled.
fn take(claim: *mut mynah_claim) -> Result<Claim> {
    let held = handle::resolve::<Held, _>(claim)?;
    let claim = held.0.lock().take();
    claim.ok_or(Error::Closed("mynah_claim"))
}

/// Stores the value of a claimed key and gives it to all who wait; if the key was
/// stored, removed or cleared since it was claimed, it is only given. `ttl_ms` as
/// for `mynah_cache_set`. The claim is settled, and still to be freed. Any
/// thread.
///
/// Errors: those of `mynah_cache_set` (the waiters get the value all the same);
/// `MYNAH_CLOSED` if it was settled before, or the cache was freed;
/// `MYNAH_NULL_ARGUMENT` for the value leaves the claim unsettled.
///
/// # Safety
/// 1. `value` points to that many readable bytes; null only with 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_claim_fill(
    claim: *mut mynah_claim,
    value: *const c_void,
    len: usize,
    ttl_ms: u64,
) -> mynah_status {
    guard(|| {
        // SAFETY: promised by (1).
        let value = unsafe { bytes("value", value.cast(), len)? };
        here(|| take(claim)?.fill(value, Ttl::from_millis(ttl_ms)))
    })
}

/// Stores that there is nothing under the claimed key, for a while: look-ups
/// and `mynah_cache_get_or_claim` answer `MYNAH_NOT_FOUND`, count as misses, and
/// nobody is asked to load it. `ttl_ms` as for `mynah_cache_set`. The waiters get
/// `MYNAH_NOT_FOUND`. Any thread.
///
/// Errors: those of `mynah_cache_set` (the claim is settled all the same);
/// `MYNAH_CLOSED` if it was settled before, or the cache was freed.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_claim_fill_negative(claim: *mut mynah_claim, ttl_ms: u64) -> mynah_status {
    guard(|| here(|| take(claim)?.fill_negative(Ttl::from_millis(ttl_ms))))
}

/// Tells all who wait that the value could not be loaded: their calls answer
/// `status` (not `MYNAH_OK`), and `message` where they have a place for an error
/// (`mynah_cache_wait_or_claim`). Nothing is stored. NULL for `message` is allowed, and
/// what is not UTF-8 in it is replaced: a failure's text is whatever it is. Any
/// thread.
///
/// Errors: `MYNAH_INVALID_ARGUMENT` if `status` is `MYNAH_OK` or no status, which
/// leaves the claim unsettled; `MYNAH_CLOSED` if it was settled before.
///
/// # Safety
/// 1. `message` is null or NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_claim_fail(
    claim: *mut mynah_claim,
    status: mynah_status,
    message: *const c_char,
) -> mynah_status {
    guard(|| {
        let status = Status::from_code(status).filter(|status| *status != Status::Ok);
        let status = status.ok_or_else(|| Error::invalid("status", "must be a failure"))?;
        let message = match message.is_null() {
            true => "the value could not be loaded".into(),
            // SAFETY: promised by (1).
            false => unsafe { CStr::from_ptr(message) }.to_string_lossy(),
        };
        take(claim)?.fail(Error::call(status, message));
        Ok(())
    })
}

/// Frees a claim; null is allowed. Unsettled, it passes to the next who waits.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_claim_free(claim: *mut mynah_claim) {
    guard_or((), || {
        drop(handle::remove::<Held, _>(claim)?.0.lock().take());
        Ok(())
    });
}

/// Stores that there is nothing under a key; see `mynah_claim_fill_negative`.
///
/// Errors: those of `mynah_cache_set`.
///
/// # Safety
/// 1. `key` points to that many readable bytes; null only with 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_set_negative(
    cache: *mut mynah_cache,
    key: *const c_void,
    key_len: usize,
    ttl_ms: u64,
) -> mynah_status {
    guard(|| {
        // SAFETY: promised by (1).
        let key = unsafe { bytes("key", key.cast(), key_len)? };
        let cache = handle::resolve::<Cache, _>(cache)?;
        here(|| cache.set_negative(key, Ttl::from_millis(ttl_ms)).map_err(met))
    })
}

#[cfg(test)]
mod tests;
