//! `mynah_client`: calls to a language model.

use std::ffi::{c_char, c_void};
use std::ptr;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::llm::cancel::Cancel;
use crate::llm::client::{Client, Failed, Parts};
use crate::llm::event::Event;
use crate::llm::provider::hosts;
use crate::llm::request::Request;
use crate::llm::response::Response;

use super::cancel::mynah_cancel;
use super::client_options::{ClientDraft, ClientExtras, mynah_client_options};
use super::error::{guard_err, mynah_error};
use super::event::{lend, mynah_event};
use super::guard::{clear, guard, guard_or, non_null, text};
use super::handle::{self, Handle};
use super::options::or_default;
use super::request::{mynah_request, snapshot};
use super::response::mynah_response;
use super::status::mynah_status;
use super::value::{clear_value, give_text, guard_json, mynah_value};

/// A client of one provider. A handle: may be used from any thread at any
/// time, by any number of calls at once.
pub struct mynah_client {
    _opaque: (),
}

/// Receives the events of a stream, on the thread that made the call, one at a
/// time. The event is valid during the call only. Answers 0 to go on; anything
/// else ends the stream with `MYNAH_STOPPED`. May call every function of the
/// library; freeing the client in here cancels the call and returns at once.
pub type mynah_stream_fn =
    Option<unsafe extern "C" fn(user: *mut c_void, event: *const mynah_event) -> i32>;

impl Handle for Client {
    const KIND: u8 = 5;
    const NAME: &'static str = "mynah_client";
}

/// Makes a client; null options are all defaults, with the key from the
/// environment. The options are copied. Nothing is sent.
///
/// Errors: what the options' values cannot be together, with names and values. A
/// key that the provider needs and nobody gave is an error of the first call.
///
/// # Safety
/// 1. `client` is null or writable.
/// 2. `err` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_new(
    options: *const mynah_client_options,
    client: *mut *mut mynah_client,
    err: *mut *mut mynah_error,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { clear(client, ptr::null_mut()) };
    let body = || {
        let place = non_null("client", client)?;
        let draft = or_default::<ClientDraft, _>(options)?;
        let mut resolved = draft.named.lock().resolve()?;
        hosts::settle(&mut resolved, &|name| std::env::var(name).ok())?;
        let extras = draft.extras.lock().clone();
        let ClientExtras { cache, listeners } = extras;
        let parts = Parts { cache, listeners, ..Parts::default() };
        let made = handle::insert(Arc::new(Client::new(resolved, parts)?))?;
        // SAFETY: promised by (1).
        unsafe { place.write(made) };
        Ok(())
    };
    // SAFETY: promised by (2).
    unsafe { guard_err(err, body) }
}

/// What the chat calls have in common.
struct Call {
    client: Arc<Client>,
    request: Arc<Request>,
    cancel: Option<Arc<Cancel>>,
}

impl Call {
    fn resolve(
        client: *mut mynah_client,
        request: *const mynah_request,
        cancel: *mut mynah_cancel,
    ) -> Result<Call> {
        let client = handle::resolve::<Client, _>(client)?;
        let request = snapshot(request)?;
        let cancel = match cancel.is_null() {
            true => None,
            false => Some(handle::resolve::<Cancel, _>(cancel)?),
        };
        Ok(Call { client, request, cancel })
    }
}

/// Hands out the answer, or what had arrived of it beside the error.
///
/// # Safety
/// 1. `place` is null or writable.
pub(super) unsafe fn give_answer(
    place: *mut *mut mynah_response,
    answer: Result<Response, Failed>,
) -> Result<()> {
    let (response, result) = match answer {
        Ok(response) => (Some(response), Ok(())),
        Err(failed) => (failed.partial.map(|partial| *partial), Err(failed.error)),
    };
    if let (Some(response), false) = (response, place.is_null()) {
        // SAFETY: promised by (1).
        unsafe { place.write(mynah_response::into_raw(response)) };
    }
    result
}

/// Asks and waits for the whole answer. Blocks until the answer is there, the
/// call fails, or `cancel` is triggered; `timeout_ms` bounds it.
///
/// `cancel` may be null. `*response` is the caller's to free.
///
/// # Safety
/// 1. `response` and `err` are null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_chat(
    client: *mut mynah_client,
    request: *const mynah_request,
    cancel: *mut mynah_cancel,
    response: *mut *mut mynah_response,
    err: *mut *mut mynah_error,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { clear(response, ptr::null_mut()) };
    let body = || {
        non_null("response", response)?;
        let call = Call::resolve(client, request, cancel)?;
        let answer = call.client.chat(&call.request, call.cancel.as_deref());
        // SAFETY: promised by (1).
        unsafe { give_answer(response, answer) }
    };
    // SAFETY: promised by (1).
    unsafe { guard_err(err, body) }
}

/// Asks and hands each piece of the answer to `callback` as it arrives, on
/// this thread. Blocks until the stream has ended. `response` may be null;
/// otherwise `*response` is the whole answer, the caller's to free. After
/// `MYNAH_STOPPED`, `MYNAH_CANCELLED`, `MYNAH_TIMEOUT` and `MYNAH_TRUNCATED` it
/// holds what had arrived, if anything had, without a finish reason.
///
/// # Safety
/// 1. `callback` may be called with `user` on this thread.
/// 2. `response` and `err` are null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_chat_stream(
    client: *mut mynah_client,
    request: *const mynah_request,
    callback: mynah_stream_fn,
    user: *mut c_void,
    cancel: *mut mynah_cancel,
    response: *mut *mut mynah_response,
    err: *mut *mut mynah_error,
) -> mynah_status {
    // SAFETY: promised by (2).
    unsafe { clear(response, ptr::null_mut()) };
    let body = || {
        let callback = callback.ok_or(Error::NullArgument("callback"))?;
        let call = Call::resolve(client, request, cancel)?;
        let mut sink = |event: &Event| {
            // SAFETY: promised by (1); the event outlives the call.
            unsafe { callback(user, lend(event)) == 0 }
        };
        let answer = call.client.chat_stream(&call.request, call.cancel.as_deref(), &mut sink);
        // SAFETY: promised by (2).
        unsafe { give_answer(response, answer) }
    };
    // SAFETY: promised by (2).
    unsafe { guard_err(err, body) }
}

/// Makes embeddings: takes the body of OpenAI's `/embeddings` (`input`,
/// `model`, `dimensions`, ...) and gives OpenAI's answer, whatever the
/// provider. Blocks as `mynah_client_chat` does. `*value` is the caller's to
/// free.
///
/// # Safety
/// 1. `json` points to `len` readable bytes.
/// 2. `value` and `err` are null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_embed_json(
    client: *mut mynah_client,
    json: *const c_char,
    len: usize,
    cancel: *mut mynah_cancel,
    value: *mut *mut mynah_value,
    err: *mut *mut mynah_error,
) -> mynah_status {
    // SAFETY: promised by (2).
    unsafe { clear(value, ptr::null_mut()) };
    let body = || {
        non_null("value", value)?;
        let client = handle::resolve::<Client, _>(client)?;
        let cancel = match cancel.is_null() {
            true => None,
            false => Some(handle::resolve::<Cancel, _>(cancel)?),
        };
        // SAFETY: promised by (1) and (2).
        unsafe {
            let json = text("json", json.cast(), len)?;
            give_text(value, &client.embed(json, cancel.as_deref())?)
        }
    };
    // SAFETY: promised by (2).
    unsafe { guard_err(err, body) }
}

/// The client's figures as JSON. The value is the caller's to free.
///
/// # Safety
/// 1. `value` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_metrics_json(
    client: *mut mynah_client,
    value: *mut *mut mynah_value,
) -> mynah_status {
    let json = || Ok(handle::resolve::<Client, _>(client)?.metrics_json());
    // SAFETY: promised by (1).
    unsafe { guard_json(value, json) }
}

/// What to change, computed from the client's figures, as JSON: findings with
/// symptom, evidence (numbers), cause, the option to change and the value. The
/// value is the caller's to free.
///
/// # Safety
/// 1. `value` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_advise_json(
    client: *mut mynah_client,
    value: *mut *mut mynah_value,
) -> mynah_status {
    let json = || Ok(handle::resolve::<Client, _>(client)?.advise_json());
    // SAFETY: promised by (1).
    unsafe { guard_json(value, json) }
}

/// The client's figures in Prometheus' text format (version 0.0.4). The value
/// is the caller's to free.
///
/// # Safety
/// 1. `value` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_metrics_prometheus(
    client: *mut mynah_client,
    value: *mut *mut mynah_value,
) -> mynah_status {
    // SAFETY: promised by (1).
    guard(|| unsafe {
        clear_value(value);
        give_text(value, &handle::resolve::<Client, _>(client)?.metrics().prometheus())
    })
}

/// The effective value of every option and the layer it came from, as JSON,
/// secrets redacted. The value is the caller's to free.
///
/// # Safety
/// 1. `value` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_json(
    client: *mut mynah_client,
    value: *mut *mut mynah_value,
) -> mynah_status {
    let json = || Ok(handle::resolve::<Client, _>(client)?.options_json());
    // SAFETY: promised by (1).
    unsafe { guard_json(value, json) }
}

/// Frees a client; null is allowed. Cancels its calls and waits until they
/// have returned; from inside one of their callbacks it returns at once.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_free(client: *mut mynah_client) {
    guard_or((), || {
        handle::remove::<Client, _>(client)?.close();
        Ok(())
    });
}
