//! A chat that blocks, whoever is asked: a client, or tiers.

use std::ffi::c_void;
use std::ptr;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::forks::Process;
use crate::llm::asked::Asked;
use crate::llm::cancel::Cancel;
use crate::llm::event::{Event, Sink};
use crate::llm::failed::Failed;
use crate::llm::request::Request;
use crate::llm::response::Response;

use super::cancel::{self, mynah_cancel};
use super::client::mynah_stream_fn;
use super::error::{guard_err, mynah_error};
use super::event::lend;
use super::guard::{clear, non_null};
use super::request::{mynah_request, snapshot};
use super::response::mynah_response;
use super::status::mynah_status;

/// Asks with callbacks that may fork: in the child the call is over.
fn ask(
    asked: &Asked,
    request: &Request,
    cancel: Option<&Cancel>,
    sink: Option<&mut Sink<'_>>,
) -> Result<Result<Response, Failed>> {
    let process = Process::this();
    let answer = asked.ask(request, cancel, sink, Duration::ZERO);
    process.check("client").map(|()| answer)
}

/// Hands out the answer, or what had arrived of it beside the error.
///
/// # Safety
/// 1. `place` is null or writable.
pub unsafe fn give_answer(
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

/// Asks and waits for the whole answer.
///
/// # Safety
/// 1. `response` and `err` are null or writable.
pub unsafe fn chat(
    asked: impl FnOnce() -> Result<Asked>,
    request: *const mynah_request,
    cancel: *mut mynah_cancel,
    response: *mut *mut mynah_response,
    err: *mut *mut mynah_error,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { clear(response, ptr::null_mut()) };
    let body = || {
        non_null("response", response)?;
        let (asked, request, cancel) = (asked()?, snapshot(request)?, cancel::given(cancel)?);
        let answer = ask(&asked, &request, cancel.as_deref(), None)?;
        // SAFETY: promised by (1).
        unsafe { give_answer(response, answer) }
    };
    // SAFETY: promised by (1).
    unsafe { guard_err(err, body) }
}

/// Asks and hands each event to `callback`.
///
/// # Safety
/// 1. `callback` may be called with `user` on this thread.
/// 2. `response` and `err` are null or writable.
pub unsafe fn chat_stream(
    asked: impl FnOnce() -> Result<Asked>,
    request: *const mynah_request,
    (callback, user): (mynah_stream_fn, *mut c_void),
    cancel: *mut mynah_cancel,
    response: *mut *mut mynah_response,
    err: *mut *mut mynah_error,
) -> mynah_status {
    // SAFETY: promised by (2).
    unsafe { clear(response, ptr::null_mut()) };
    let body = || {
        let callback = callback.ok_or(Error::NullArgument("callback"))?;
        let (asked, request, cancel) = (asked()?, snapshot(request)?, cancel::given(cancel)?);
        let process = Process::this();
        let mut sink = |event: &Event| {
            // SAFETY: promised by (1); the event outlives the call.
            let answer = unsafe { callback(user, lend(event)) };
            answer == 0 && process.is_this()
        };
        let answer = ask(&asked, &request, cancel.as_deref(), Some(&mut sink))?;
        // SAFETY: promised by (2).
        unsafe { give_answer(response, answer) }
    };
    // SAFETY: promised by (2).
    unsafe { guard_err(err, body) }
}
