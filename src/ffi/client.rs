//! `mynah_client`: calls to a language model.

use std::ffi::{c_char, c_void};
use std::ptr;
use std::sync::Arc;

use crate::llm::asked::Asked;
use crate::llm::client::{Client, Parts};
use crate::llm::provider::hosts;

use super::call;
use super::cancel::{self, mynah_cancel};
use super::client_options::{ClientDraft, ClientExtras, mynah_client_options};
use super::error::{guard_err, mynah_error};
use super::event::mynah_event;
use super::guard::{clear, guard, guard_or, non_null, text};
use super::handle::{self, Handle, Kind};
use super::options::or_default;
use super::request::mynah_request;
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
    const KIND: Kind = Kind::Client;
    const NAME: &'static str = "mynah_client";
}

/// Makes a client; null options are all defaults, with the key from the
/// environment. The options are copied. Nothing is sent. Free it with
/// `mynah_client_free`.
///
/// Errors: `MYNAH_IO` for a `ca_file` or a `price_file` that cannot be read,
/// `MYNAH_INVALID_ARGUMENT` for one that is none, and `MYNAH_OUT_OF_RANGE` for what the
/// environment says. A key that the provider needs and nobody gave, and what a provider
/// or a model does not take, are errors of the first call.
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
        // The stake lasts until the client has its own.
        let shared = cache.as_ref().map(|stake| stake.cache().clone());
        let parts = Parts { cache: shared, listeners, ..Parts::default() };
        let made = handle::insert(Arc::new(Client::new(resolved, parts)?))?;
        // SAFETY: promised by (1).
        unsafe { place.write(made) };
        Ok(())
    };
    // SAFETY: promised by (2).
    unsafe { guard_err(err, body) }
}

/// Asks and waits for the whole answer. Blocks until the answer is there, the
/// call fails, or `cancel` is triggered; `timeout_ms` bounds it.
///
/// `cancel` may be null. `*response` is the caller's to free.
///
/// Errors: any of a call's, from `MYNAH_CANCELLED` to `MYNAH_CIRCUIT_OPEN`, for which
/// `*err` says what would help; `docs/errors.md` has each with its cause and cure. Also
/// `MYNAH_INVALID_ARGUMENT` for a request without a message, or options that lack an
/// address, a model or a sealed way for the key; `MYNAH_TOO_LARGE` beyond
/// `max_response_bytes`, `max_event_bytes` or `max_header_bytes`; and `MYNAH_NOT_FOUND`
/// if `cache` is `only` and the answer is not there.
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
    let asked = || handle::resolve::<Client, _>(client).map(Asked::Client);
    // SAFETY: promised by (1).
    unsafe { call::chat(asked, request, cancel, response, err) }
}

/// Asks and hands each piece of the answer to `callback` as it arrives, on
/// this thread. Blocks until the stream has ended. `response` may be null;
/// otherwise `*response` is the whole answer, the caller's to free. After
/// `MYNAH_STOPPED`, `MYNAH_CANCELLED`, `MYNAH_TIMEOUT` and `MYNAH_TRUNCATED` it
/// holds what had arrived, if anything had, without a finish reason.
///
/// Errors: as of `mynah_client_chat`; `MYNAH_STOPPED` by the callback.
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
    let asked = || handle::resolve::<Client, _>(client).map(Asked::Client);
    // SAFETY: promised by (1) and (2).
    unsafe { call::chat_stream(asked, request, (callback, user), cancel, response, err) }
}

/// Makes embeddings: takes the body of OpenAI's `/embeddings` (`input`, `model`,
/// which must be there, because the client's own is for chats, `dimensions`, ...)
/// and gives OpenAI's answer, whatever the provider. Blocks as `mynah_client_chat`
/// does. `*value` is the caller's to free.
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
        let cancel = cancel::given(cancel)?;
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
/// symptom, evidence (numbers), cause, the option to change and the value; where no
/// option would help, `option` is null and `look_at` says what to look at. The value
/// is the caller's to free.
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
        give_text(value, &handle::resolve::<Client, _>(client)?.prometheus())
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

/// Frees a client; null is allowed. Cancels its calls and batches, those in the line of
/// a queue too, and waits until they have returned; from inside one of their callbacks it
/// returns at once. Tiers that it is one of hold it: then that is done when the last
/// of them is freed.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_free(client: *mut mynah_client) {
    guard_or((), || {
        handle::remove::<Client, _>(client)?.release();
        Ok(())
    });
}
