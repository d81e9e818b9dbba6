//! `mynah_tiered`: several clients as one.

use std::ffi::{c_char, c_void};
use std::ptr;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::llm::asked::Asked;
use crate::llm::client::Client;
use crate::llm::request::Request;
use crate::llm::tiered::{Complexity, Tiered};

use super::call;
use super::callback::{Kept, mynah_destroy_fn};
use super::cancel::mynah_cancel;
use super::client::{mynah_client, mynah_stream_fn};
use super::error::{guard_err, mynah_error};
use super::guard::{clear, guard, guard_or, non_null};
use super::handle::{self, Handle, Kind};
use super::request::mynah_request;
use super::response::mynah_response;
use super::status::mynah_status;
use super::value::{guard_json, mynah_value};

/// Several clients as one: the cheap one for what is easy, the able one for
/// what is hard, another when one fails. A handle: may be used from any thread
/// at any time.
pub struct mynah_tiered {
    _opaque: (),
}

/// Says how hard a request is, from 0 to 1; NaN leaves it to the built-in
/// estimate. `text` is the last user message, `len` bytes, not NUL-terminated,
/// valid during the call only; `messages` is how many there are. Called on the
/// thread that makes the call: for one that was submitted, one of the library's.
pub type mynah_complexity_fn = Option<
    unsafe extern "C" fn(
        user: *mut c_void,
        text: *const c_char,
        len: usize,
        messages: usize,
    ) -> f64,
>;

impl Handle for Tiered {
    const KIND: Kind = Kind::Tiered;
    const NAME: &'static str = "mynah_tiered";
}

/// Makes tiers of `count` clients (two or more), the cheapest first. The
/// clients may be freed: the tiers hold them. With `fallback_on_refusal` other
/// than 0 the next tier is also asked after a bad request, a refused key or a
/// content filter, be it an error or an answer of no word. Free them with `mynah_tiered_free`.
///
/// Errors: `MYNAH_INVALID_ARGUMENT` for fewer than two clients.
///
/// # Safety
/// 1. `clients` points to `count` handles.
/// 2. `tiered` and `err` are null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_tiered_new(
    clients: *const *mut mynah_client,
    count: usize,
    fallback_on_refusal: i32,
    tiered: *mut *mut mynah_tiered,
    err: *mut *mut mynah_error,
) -> mynah_status {
    // SAFETY: promised by (2).
    unsafe { clear(tiered, ptr::null_mut()) };
    let body = || {
        let place = non_null("tiered", tiered)?;
        if clients.is_null() && count > 0 {
            return Err(Error::NullArgument("clients"));
        }
        if count > 64 {
            return Err(Error::invalid("count", "at most 64 tiers"));
        }
        let resolved: Result<Vec<Arc<Client>>> = (0..count)
            // SAFETY: promised by (1).
            .map(|i| handle::resolve::<Client, _>(unsafe { *clients.add(i) }))
            .collect();
        let made = handle::insert(Arc::new(Tiered::new(resolved?, fallback_on_refusal != 0)?))?;
        // SAFETY: promised by (2).
        unsafe { place.write(made) };
        Ok(())
    };
    // SAFETY: promised by (2).
    unsafe { guard_err(err, body) }
}

/// Lets a function say how hard a request is. `destroy` (NULL allowed) is
/// called with `user` once, when the function is replaced or the tiers are
/// gone, or at once if this fails. NULL for `callback` brings the built-in
/// estimate back.
///
/// # Safety
/// 1. `callback` and `destroy` may be called with `user` on any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_tiered_on_complexity(
    tiered: *mut mynah_tiered,
    callback: mynah_complexity_fn,
    user: *mut c_void,
    destroy: mynah_destroy_fn,
) -> mynah_status {
    let kept = Kept::new(callback, user, destroy);
    guard(|| {
        let tiered = handle::resolve::<Tiered, _>(tiered)?;
        tiered.set_complexity(callback.is_some().then(|| complexity(kept)));
        Ok(())
    })
}

fn complexity(kept: Kept<mynah_complexity_fn>) -> Arc<Complexity> {
    Arc::new(move |request: &Request| {
        let (Some(callback), user) = kept.parts() else { return f64::NAN };
        let asked = request.messages.iter().rev().find(|m| m.role.name() == "user");
        let text = asked.map(|message| message.text()).unwrap_or_default();
        // SAFETY: promised by whoever registered it; the text lives for the
        // length of the call.
        unsafe { callback(user, text.as_ptr().cast(), text.len(), request.messages.len()) }
    })
}

/// As `mynah_client_chat`, by the tier that fits. The response's JSON names the
/// `tier` (0 is the cheapest), and `saved_usd` is what the last tier would have
/// cost more, where both prices are known.
///
/// # Safety
/// 1. `response` and `err` are null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_tiered_chat(
    tiered: *mut mynah_tiered,
    request: *const mynah_request,
    cancel: *mut mynah_cancel,
    response: *mut *mut mynah_response,
    err: *mut *mut mynah_error,
) -> mynah_status {
    let asked = || handle::resolve::<Tiered, _>(tiered).map(Asked::Tiered);
    // SAFETY: promised by (1).
    unsafe { call::chat(asked, request, cancel, response, err) }
}

/// As `mynah_client_chat_stream`, by the tier that fits. Once content has been
/// delivered no other tier is asked; before that another may begin anew, with a
/// START of its own.
///
/// # Safety
/// 1. `callback` may be called with `user` on this thread.
/// 2. `response` and `err` are null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_tiered_chat_stream(
    tiered: *mut mynah_tiered,
    request: *const mynah_request,
    callback: mynah_stream_fn,
    user: *mut c_void,
    cancel: *mut mynah_cancel,
    response: *mut *mut mynah_response,
    err: *mut *mut mynah_error,
) -> mynah_status {
    let asked = || handle::resolve::<Tiered, _>(tiered).map(Asked::Tiered);
    // SAFETY: promised by (1) and (2).
    unsafe { call::chat_stream(asked, request, (callback, user), cancel, response, err) }
}

/// Calls, cost and savings of each tier and of all, fallbacks of each, and how the
/// calls ended after the last tier that was asked, as JSON. The value is the caller's to
/// free.
///
/// # Safety
/// 1. `value` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_tiered_metrics_json(
    tiered: *mut mynah_tiered,
    value: *mut *mut mynah_value,
) -> mynah_status {
    let json = || Ok(handle::resolve::<Tiered, _>(tiered)?.metrics_json());
    // SAFETY: promised by (1).
    unsafe { guard_json(value, json) }
}

/// Frees tiers; null is allowed. Cancels their calls, those in the line of a queue
/// too, and waits until they have returned; from inside one of their callbacks it
/// returns at once.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_tiered_free(tiered: *mut mynah_tiered) {
    guard_or((), || {
        handle::remove::<Tiered, _>(tiered)?.close();
        Ok(())
    });
}
