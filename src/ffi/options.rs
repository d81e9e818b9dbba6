//! What the options objects of all kinds have in common.
//!
//! An options object is a [`Draft`]: what the caller has set by name, and what
//! has no name because it is not a value (callbacks, a shared cache). Each
//! exported function of `mynah_cache_options`, `mynah_client_options` and
//! `mynah_mock_options` is one line on top of these.

use std::ffi::c_char;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::error::Result;
use crate::options::{Layered, OptionSet, Resolved, Value};

use super::error::{guard_err, mynah_error};
use super::guard::{c_text, guard, text};
use super::handle::{self, Handle};

/// Options in the making: named values, and `extras` that have no text form.
#[derive(Default)]
pub struct Draft<T: OptionSet, X> {
    /// The named values.
    pub named: Mutex<Layered<T>>,
    /// Callbacks and shared objects.
    pub extras: Mutex<X>,
}

impl<T: OptionSet, X> Draft<T, X> {
    /// Puts a listener in its place; the one before it is dropped outside the lock, as
    /// its `destroy` may call anything.
    pub fn listen<L>(
        &self,
        place: impl FnOnce(&mut X) -> &mut Option<L>,
        listener: Option<L>,
    ) -> Result<()> {
        let old = std::mem::replace(place(&mut self.extras.lock()), listener);
        drop(old);
        Ok(())
    }
}

/// The draft behind a handle, as a type that C knows: `O`.
pub trait OptionsObject: Handle {
    /// The named options.
    type Set: OptionSet;

    /// Where they are kept.
    fn named(&self) -> &Mutex<Layered<Self::Set>>;

    /// Fills in what is taken from elsewhere when an object is made of them.
    fn settle(&self, _options: &mut Resolved<Self::Set>) {}
}

/// A typed setter.
pub fn set_value<O: OptionsObject, C>(options: *mut C, key: &str, value: impl Into<Value>) -> i32 {
    guard(|| handle::resolve::<O, C>(options)?.named().lock().set_value(key, value.into()))
}

/// A typed setter of a text; null withdraws what was set.
///
/// # Safety
/// 1. `value` is null or NUL-terminated.
pub unsafe fn set_text<O: OptionsObject, C>(
    options: *mut C,
    key: &str,
    value: *const c_char,
) -> i32 {
    guard(|| {
        let draft = handle::resolve::<O, C>(options)?;
        if value.is_null() {
            return draft.named().lock().set(key, "default");
        }
        // SAFETY: promised by (1).
        let value = unsafe { c_text("value", value) }.map_err(|error| error.of(key))?;
        draft.named().lock().set_typed_text(key, value)
    })
}

/// The string door.
///
/// # Safety
/// 1. `name` and `value` are null or NUL-terminated.
/// 2. `err` is null or writable.
pub unsafe fn set_named<O: OptionsObject, C>(
    options: *mut C,
    name: *const c_char,
    value: *const c_char,
    err: *mut *mut mynah_error,
) -> i32 {
    let body = || {
        let draft = handle::resolve::<O, C>(options)?;
        // SAFETY: promised by (1).
        let (name, value) = unsafe { (c_text("name", name)?, c_text("value", value)) };
        let value = value.map_err(|error| error.of(name))?;
        draft.named().lock().set(name, value)
    };
    // SAFETY: promised by (2).
    unsafe { guard_err(err, body) }
}

/// The JSON door.
///
/// # Safety
/// 1. `json` points to `len` readable bytes.
/// 2. `err` is null or writable.
pub unsafe fn load_json<O: OptionsObject, C>(
    options: *mut C,
    json: *const c_char,
    len: usize,
    err: *mut *mut mynah_error,
) -> i32 {
    let body = || {
        let draft = handle::resolve::<O, C>(options)?;
        // SAFETY: promised by (1).
        let json = unsafe { text("json", json.cast(), len) }?;
        draft.named().lock().load_json(json)
    };
    // SAFETY: promised by (2).
    unsafe { guard_err(err, body) }
}

/// What one option is now, as `{"value": ..., "origin": ...}`.
///
/// # Safety
/// 1. `name` is null or NUL-terminated.
pub unsafe fn get_named<O: OptionsObject, C>(
    options: *const C,
    name: *const c_char,
) -> Result<serde_json::Value> {
    let draft = handle::resolve::<O, C>(options)?;
    // SAFETY: promised by (1).
    let name = unsafe { c_text("name", name) }?;
    let mut resolved = draft.named().lock().resolve_unchecked()?;
    draft.settle(&mut resolved);
    resolved.show(name)
}

/// The options behind a handle, or those of a fresh object for null.
pub fn or_default<O: OptionsObject + Default, C>(options: *const C) -> Result<Arc<O>> {
    match options.is_null() {
        true => Ok(Arc::default()),
        false => handle::resolve::<O, C>(options),
    }
}

/// Ends an options object; null is allowed.
pub fn free<O: OptionsObject, C>(options: *mut C) {
    super::guard::guard_or((), || handle::remove::<O, C>(options).map(drop));
}
