//! `mynah_client_options`: what a client is made from.

use std::ffi::c_char;
use std::ptr;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::cache::Stake;
use crate::llm::log::Listeners;
use crate::llm::provider::hosts;
use crate::options::client::{self, ClientOptions};
use crate::options::{Layered, Resolved, describe};

use super::cache::mynah_cache;
use super::error::mynah_error;
use super::guard::{guard, guard_or};
use super::handle::{self, Handle, Kind};
use super::options::{self, Draft, OptionsObject};
use super::status::mynah_status;
use super::value::{guard_json, mynah_value};

/// Options of a client, with a setter for each and a string door for all. A
/// handle: belongs to one thread at a time. `mynah_client_new` copies it, so it
/// can be used again.
pub struct mynah_client_options {
    _opaque: (),
}

/// What a client is given that has no text form.
#[derive(Default, Clone)]
pub struct ClientExtras {
    /// A response cache shared with other clients.
    pub cache: Option<Stake>,
    /// Who is told of calls, alerts and the breaker.
    pub listeners: Listeners,
}

/// The draft behind the handle.
pub type ClientDraft = Draft<ClientOptions, ClientExtras>;

impl Handle for ClientDraft {
    const KIND: Kind = Kind::ClientOptions;
    const NAME: &'static str = "mynah_client_options";
}

impl OptionsObject for ClientDraft {
    type Set = ClientOptions;

    fn named(&self) -> &Mutex<Layered<ClientOptions>> {
        &self.named
    }

    fn settle(&self, options: &mut Resolved<ClientOptions>) {
        // What is wrong with them is told when the client is made.
        if self.extras.lock().cache.is_some() {
            let _ = client::share_cache(options);
        }
        let environment = |name: &str| std::env::var(name).ok();
        let _ = hosts::settle(options, &environment).and_then(|()| hosts::lay_base(options));
    }
}

/// Makes client options with every default; NULL if there is no room for
/// another handle. Free them with `mynah_client_options_free`.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_new() -> *mut mynah_client_options {
    guard_or(ptr::null_mut(), || handle::insert(Arc::<ClientDraft>::default()))
}

/// Sets any option from text. `default` withdraws what was set; `unset`
/// removes what a preset or use case would set: no value is left, or the
/// default where there must be one. Repeatable options gather.
///
/// Errors: `MYNAH_UNKNOWN_OPTION`, `MYNAH_OUT_OF_RANGE`,
/// `MYNAH_INVALID_ARGUMENT`, each with name, value and range in the message;
/// nothing is changed then.
///
/// # Safety
/// 1. `name` and `value` are null or NUL-terminated.
/// 2. `err` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_set(
    options: *mut mynah_client_options,
    name: *const c_char,
    value: *const c_char,
    err: *mut *mut mynah_error,
) -> mynah_status {
    // SAFETY: promised by (1) and (2).
    unsafe { options::set_named::<ClientDraft, _>(options, name, value, err) }
}

/// Sets all options of a JSON object, or on an error none; null is `default`.
/// `MYNAH_TOO_LARGE` beyond 16 MiB.
///
/// # Safety
/// 1. `json` points to `len` readable bytes.
/// 2. `err` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_load_json(
    options: *mut mynah_client_options,
    json: *const c_char,
    len: usize,
    err: *mut *mut mynah_error,
) -> mynah_status {
    // SAFETY: promised by (1) and (2).
    unsafe { options::load_json::<ClientDraft, _>(options, json, len, err) }
}

/// The effective value of one option and where it comes from, as JSON:
/// `{"value": ..., "origin": ...}`; key, address and model are those that a client
/// made now would have of the environment or the provider, and `cache_enabled` is as a
/// shared cache makes it. A secret is redacted. The value is the caller's to free.
///
/// # Safety
/// 1. `name` is null or NUL-terminated.
/// 2. `value` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_get(
    options: *const mynah_client_options,
    name: *const c_char,
    value: *mut *mut mynah_value,
) -> mynah_status {
    // SAFETY: promised by (1) and (2).
    unsafe { guard_json(value, || options::get_named::<ClientDraft, _>(options, name)) }
}

/// All client options as a JSON array: key, type, range, default and meaning
/// of each. The value is the caller's to free.
///
/// # Safety
/// 1. `value` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_describe(
    value: *mut *mut mynah_value,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { guard_json(value, || Ok(describe::<ClientOptions>())) }
}

/// Lets clients share a cache for their answers. The options and every client
/// made from them hold it: the handle may be freed at once. Turns
/// `cache_enabled` on unless that was set.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_cache(
    options: *mut mynah_client_options,
    cache: *mut mynah_cache,
) -> mynah_status {
    guard(|| {
        let draft = handle::resolve::<ClientDraft, _>(options)?;
        let before = draft.extras.lock().cache.replace(super::cache::share(cache)?);
        // It may have been the last to hold that one.
        drop(before);
        Ok(())
    })
}

/// Frees client options; null is allowed. Clients made from them live on.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_free(options: *mut mynah_client_options) {
    options::free::<ClientDraft, _>(options);
}

#[cfg(test)]
mod tests {
    use super::super::cache::{mynah_cache_free, mynah_cache_new};
    use super::super::value::{mynah_value_data, mynah_value_free, mynah_value_len};
    use super::*;

    #[test]
    fn what_nobody_has_set_is_shown_as_a_client_would_have_it() {
        let options = mynah_client_options_new();
        let shown = |name: &std::ffi::CStr| -> serde_json::Value {
            let mut value = ptr::null_mut();
            // SAFETY: live options, a NUL-terminated name, a place for the value.
            unsafe {
                assert_eq!(mynah_client_options_get(options, name.as_ptr(), &mut value), 0);
                let data = mynah_value_data(value).cast::<u8>();
                let text = std::slice::from_raw_parts(data, mynah_value_len(value));
                let json = serde_json::from_slice(text).unwrap();
                mynah_value_free(value);
                json
            }
        };
        for (name, value) in [(c"provider", c"kimi"), (c"region", c"cn"), (c"preset", c"fast")] {
            let (name, value) = (name.as_ptr(), value.as_ptr());
            // SAFETY: live options, NUL-terminated texts.
            let set = unsafe { mynah_client_options_set(options, name, value, ptr::null_mut()) };
            assert_eq!(set, 0);
        }
        let (base, model) = (shown(c"base_url"), shown(c"model"));
        assert_eq!(
            (&base["value"], &base["origin"]),
            (&"https://api.moonshot.cn/v1".into(), &"provider".into())
        );
        assert_eq!(
            (&model["value"], &model["origin"]),
            (&"kimi-k2.6".into(), &"preset fast".into())
        );
        let mut cache = ptr::null_mut();
        // SAFETY: a place for the cache.
        let made = unsafe { mynah_cache_new(ptr::null(), &mut cache, ptr::null_mut()) };
        assert_eq!((made, mynah_client_options_set_cache(options, cache)), (0, 0));
        let enabled = shown(c"cache_enabled");
        assert_eq!((&enabled["value"], &enabled["origin"]), (&true.into(), &"set_cache".into()));
        mynah_cache_free(cache);
        mynah_client_options_free(options);
    }
}
