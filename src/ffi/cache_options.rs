//! `mynah_cache_options`: what a cache is made from.

use std::ffi::c_char;
use std::ptr;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::cache::Listeners;
use crate::error::Error;
use crate::options::cache::CacheOptions;
use crate::options::{Layered, describe};

use super::error::mynah_error;
use super::guard::guard_or;
use super::handle::{self, Handle, Kind};
use super::options::{self, Draft, OptionsObject};
use super::status::mynah_status;
use super::value::{guard_json, mynah_value};

/// Options of a cache, with a setter for each and a string door for all. A
/// handle: belongs to one thread at a time. `mynah_cache_new` copies it, so it
/// can be used again.
pub struct mynah_cache_options {
    _opaque: (),
}

/// What a cache is given that has no text form.
#[derive(Default, Clone)]
pub struct CacheExtras {
    /// Who is told of what happens.
    pub listeners: Listeners,
}

/// The draft behind the handle.
pub type CacheDraft = Draft<CacheOptions, CacheExtras>;

impl Handle for CacheDraft {
    const KIND: Kind = Kind::CacheOptions;
    const NAME: &'static str = "mynah_cache_options";
}

impl OptionsObject for CacheDraft {
    type Set = CacheOptions;

    fn named(&self) -> &Mutex<Layered<CacheOptions>> {
        &self.named
    }
}

/// Makes cache options with every default; NULL if there is no room for
/// another handle. Free them with `mynah_cache_options_free`.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_options_new() -> *mut mynah_cache_options {
    guard_or(ptr::null_mut(), || handle::insert(Arc::<CacheDraft>::default()))
}

/// Sets any option from text. `default` withdraws what was set; `unset` removes
/// what a profile or workload would set, so that the default counts.
///
/// Errors: `MYNAH_UNKNOWN_OPTION`, `MYNAH_OUT_OF_RANGE`,
/// `MYNAH_INVALID_ARGUMENT`, each with name, value and range in the message;
/// nothing is changed then.
///
/// # Safety
/// 1. `name` and `value` are null or NUL-terminated.
/// 2. `err` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_options_set(
    options: *mut mynah_cache_options,
    name: *const c_char,
    value: *const c_char,
    err: *mut *mut mynah_error,
) -> mynah_status {
    // SAFETY: promised by (1) and (2).
    unsafe { options::set_named::<CacheDraft, _>(options, name, value, err) }
}

/// Sets all options of a JSON object, or on an error none; null is `default`.
/// `MYNAH_TOO_LARGE` beyond 16 MiB.
///
/// # Safety
/// 1. `json` points to `len` readable bytes.
/// 2. `err` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_options_load_json(
    options: *mut mynah_cache_options,
    json: *const c_char,
    len: usize,
    err: *mut *mut mynah_error,
) -> mynah_status {
    // SAFETY: promised by (1) and (2).
    unsafe { options::load_json::<CacheDraft, _>(options, json, len, err) }
}

/// The effective value of one option and where it comes from, as JSON:
/// `{"value": ..., "origin": ...}`. The value is the caller's to free.
///
/// Errors: `MYNAH_UNKNOWN_OPTION`.
///
/// # Safety
/// 1. `name` is null or NUL-terminated.
/// 2. `value` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_options_get(
    options: *const mynah_cache_options,
    name: *const c_char,
    value: *mut *mut mynah_value,
) -> mynah_status {
    // SAFETY: promised by (1) and (2).
    unsafe { guard_json(value, || options::get_named::<CacheDraft, _>(options, name)) }
}

/// All cache options as a JSON array: key, type, range, default and meaning of
/// each. The value is the caller's to free.
///
/// # Safety
/// 1. `value` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_options_describe(
    value: *mut *mut mynah_value,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { guard_json(value, || Ok(describe::<CacheOptions>())) }
}

/// Frees cache options; null is allowed. Caches made from them live on.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_options_free(options: *mut mynah_cache_options) {
    options::free::<CacheDraft, _>(options);
}

/// The draft's values and extras, for a constructor.
pub(super) fn resolve(
    options: *const mynah_cache_options,
) -> Result<(crate::options::Resolved<CacheOptions>, CacheExtras), Error> {
    let draft = options::or_default::<CacheDraft, _>(options)?;
    let values = draft.named.lock().resolve()?;
    let extras = draft.extras.lock().clone();
    Ok((values, extras))
}
