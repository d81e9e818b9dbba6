//! `mynah_response`: an answer, as a plain object of the caller's.

use std::ffi::c_char;
use std::ptr;

use super::guard::{clear, free};
use super::status::mynah_status;
use super::value::{guard_json, mynah_value};
use crate::error::Error;
use crate::llm::message::ToolCall;
use crate::llm::response::{FinishReason, Response};

/// An answer. A plain object of the caller's: freed once with
/// `mynah_response_free`. Read-only: may be read from any thread. The texts that
/// its functions answer belong to it, live as long, and are not NUL-terminated
/// where a length is given.
pub struct mynah_response {
    response: Response,
}

impl mynah_response {
    /// The answer.
    pub fn response(&self) -> &Response {
        &self.response
    }

    /// As C holds it, until `mynah_response_free`.
    pub fn into_raw(response: Response) -> *mut mynah_response {
        Box::into_raw(Box::new(mynah_response { response }))
    }
}

/// A text and its length; null where there is none.
///
/// # Safety
/// 1. `len` is null or points to a writable `size_t`.
pub(super) unsafe fn give_str(text: Option<&str>, len: *mut usize) -> *const c_char {
    // SAFETY: promised by (1).
    unsafe { clear(len, text.map_or(0, str::len)) };
    text.map_or(ptr::null(), |text| text.as_ptr().cast())
}

/// The answer's text; empty where there is none (see its calls), NULL only for
/// NULL.
///
/// # Safety
/// 1. `response` is null or a live response.
/// 2. `len` is null or points to a writable `size_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_response_text(
    response: *const mynah_response,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: promised by (1) and (2).
    unsafe { give_str(response.as_ref().map(|r| r.response.text()), len) }
}

/// The model's thinking, as far as the provider shows it; NULL where it does
/// not.
///
/// # Safety
/// 1. `response` is null or a live response.
/// 2. `len` is null or points to a writable `size_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_response_reasoning(
    response: *const mynah_response,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: promised by (1) and (2).
    unsafe {
        let reasoning = response.as_ref().and_then(|r| r.response.first().reasoning.as_deref());
        give_str(reasoning, len)
    }
}

/// Why the answer ended: stop, length, tool_calls, content_filter, refusal,
/// pause or other. NUL-terminated and static; NULL while the answer is not
/// complete.
///
/// # Safety
/// 1. `response` is null or a live response.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_response_finish_reason(
    response: *const mynah_response,
) -> *const c_char {
    // SAFETY: promised by (1).
    let reason = unsafe { response.as_ref() }.and_then(|r| r.response.first().finish_reason);
    let name = match reason {
        Some(FinishReason::Stop) => c"stop",
        Some(FinishReason::Length) => c"length",
        Some(FinishReason::ToolCalls) => c"tool_calls",
        Some(FinishReason::ContentFilter) => c"content_filter",
        Some(FinishReason::Refusal) => c"refusal",
        Some(FinishReason::Pause) => c"pause",
        Some(FinishReason::Other) => c"other",
        None => return ptr::null(),
    };
    name.as_ptr()
}

/// How many calls of tools the answer asks for.
///
/// # Safety
/// 1. `response` is null or a live response.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_response_tool_call_count(response: *const mynah_response) -> usize {
    // SAFETY: promised by (1).
    unsafe { response.as_ref() }.map_or(0, |r| r.response.first().tool_calls.len())
}

/// The call at a place, from 0.
///
/// # Safety
/// 1. `response` is null or a live response during `'a`.
unsafe fn call<'a>(response: *const mynah_response, i: usize) -> Option<&'a ToolCall> {
    // SAFETY: promised by (1).
    unsafe { response.as_ref() }?.response.first().tool_calls.get(i)
}

/// The id of a call, for `mynah_request_add_tool_result`; NULL beyond the last.
///
/// # Safety
/// 1. `response` is null or a live response.
/// 2. `len` is null or points to a writable `size_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_response_tool_call_id(
    response: *const mynah_response,
    i: usize,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: promised by (1) and (2).
    unsafe { give_str(call(response, i).map(|call| call.id.as_str()), len) }
}

/// The function that is to be called; NULL beyond the last call.
///
/// # Safety
/// 1. `response` is null or a live response.
/// 2. `len` is null or points to a writable `size_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_response_tool_call_name(
    response: *const mynah_response,
    i: usize,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: promised by (1) and (2).
    unsafe { give_str(call(response, i).map(|call| call.name.as_str()), len) }
}

/// The arguments of a call, a JSON text; NULL beyond the last call.
///
/// # Safety
/// 1. `response` is null or a live response.
/// 2. `len` is null or points to a writable `size_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_response_tool_call_arguments(
    response: *const mynah_response,
    i: usize,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: promised by (1) and (2).
    unsafe { give_str(call(response, i).map(|call| call.arguments.as_str()), len) }
}

/// The provider's own JSON, as it came; NULL for answers that came as a stream
/// or from the cache.
///
/// # Safety
/// 1. `response` is null or a live response.
/// 2. `len` is null or points to a writable `size_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_response_raw(
    response: *const mynah_response,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: promised by (1) and (2).
    unsafe { give_str(response.as_ref().and_then(|r| r.response.raw.as_deref()), len) }
}

/// Everything that is known of the answer, as JSON; what the provider did not
/// say is null. The value is freed with `mynah_value_free`.
///
/// # Safety
/// 1. `response` is null or a live response.
/// 2. `json` is null or points to a writable pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_response_json(
    response: *const mynah_response,
    json: *mut *mut mynah_value,
) -> mynah_status {
    // SAFETY: promised by (2) and (1).
    unsafe {
        guard_json(json, || {
            let response = response.as_ref();
            Ok(response.ok_or(Error::NullArgument("response"))?.response.to_json())
        })
    }
}

/// Frees an answer; null is allowed.
///
/// # Safety
/// 1. `response` is null or a live response, which is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_response_free(response: *mut mynah_response) {
    // SAFETY: made by `Box::into_raw`; freed once, by (1).
    unsafe { free(response) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ffi::request::*;
    use crate::llm::response::Choice;

    #[test]
    fn an_answer_is_read_added_to_a_request_and_freed() {
        let message = serde_json::json!({"role": "assistant", "content": "Hi"});
        let call = ToolCall { id: "c1".into(), name: "f".into(), ..ToolCall::default() };
        let choice = Choice {
            text: "Hi".into(),
            tool_calls: vec![call],
            message: message.into(),
            finish_reason: Some(FinishReason::Stop),
            ..Choice::default()
        };
        let response = Response { choices: vec![choice], ..Response::default() };
        let response = mynah_response::into_raw(response);
        let mut len = 99;
        // SAFETY: the response lives until it is freed at the end.
        unsafe {
            assert!(!mynah_response_text(response, &mut len).is_null());
            assert_eq!(len, 2);
            assert!(mynah_response_reasoning(response, &mut len).is_null());
            assert_eq!((len, mynah_response_tool_call_count(response)), (0, 1));
            assert!(!mynah_response_tool_call_name(response, 0, &mut len).is_null());
            assert!(mynah_response_tool_call_id(response, 1, &mut len).is_null());
            let reason = std::ffi::CStr::from_ptr(mynah_response_finish_reason(response));
            assert_eq!(reason, c"stop");
            let request = mynah_request_new();
            assert_eq!(mynah_request_add_response(request, response), 0);
            assert_ne!(mynah_request_add_response(request, ptr::null()), 0);
            assert_eq!(snapshot(request).unwrap().messages[0].text(), "Hi");
            mynah_request_free(request);
            mynah_response_free(response);
            mynah_response_free(ptr::null_mut());
        }
    }
}
