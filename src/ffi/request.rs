//! `mynah_request`: a chat, built call by call or given whole as JSON.

pub mod media;

use std::ffi::c_char;
use std::ptr;
use std::sync::Arc;

use parking_lot::Mutex;

use super::error::{guard_err, mynah_error};
use super::guard::{c_text, clear, guard, guard_or, non_null, optional_text, put, text};
use super::handle::{self, Handle, Kind};
use super::response::mynah_response;
use super::status::mynah_status;
use crate::error::{Error, Result};
use crate::llm::message::Message;
use crate::llm::request::Request;

/// A chat to be sent any number of times, to any client: messages, tools, and
/// what differs from the client's options. A handle: belongs to one thread at a
/// time; a call that has begun keeps its own copy.
pub struct mynah_request {
    _opaque: (),
}

/// The request behind a handle. Calls take a counted reference, and a change
/// made meanwhile works on a copy.
#[derive(Debug, Default)]
pub struct Shared(Mutex<Arc<Request>>);

impl Handle for Shared {
    const KIND: Kind = Kind::Request;
    const NAME: &'static str = "mynah_request";
}

/// The request as it is now.
pub fn snapshot(request: *const mynah_request) -> Result<Arc<Request>> {
    Ok(handle::resolve::<Shared, _>(request)?.0.lock().clone())
}

fn edit(request: *mut mynah_request, f: impl FnOnce(&mut Request) -> Result<()>) -> Result<()> {
    let shared = handle::resolve::<Shared, _>(request)?;
    let mut request = shared.0.lock();
    f(Arc::make_mut(&mut request))
}

/// Makes an empty request; NULL if there is no room for another handle.
/// Free it with `mynah_request_free`.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_request_new() -> *mut mynah_request {
    guard_or(ptr::null_mut(), || handle::insert(Arc::<Shared>::default()))
}

/// Adds a message of `len` bytes of text. `role` is system (or developer),
/// user or assistant; results of tools have a function of their own.
///
/// Errors: `MYNAH_INVALID_ARGUMENT` for another role, or text that is no UTF-8.
///
/// # Safety
/// 1. `role` is null or NUL-terminated.
/// 2. `content` points to `len` readable bytes; null only with 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_request_add_message(
    request: *mut mynah_request,
    role: *const c_char,
    content: *const c_char,
    len: usize,
) -> mynah_status {
    guard(|| {
        // SAFETY: promised by (1) and (2).
        let (role, content) =
            unsafe { (c_text("role", role)?, text("content", content.cast(), len)?) };
        edit(request, |request| request.add_message(role, content))
    })
}

/// Adds an answer as the assistant's turn, whole: text, calls, and what the
/// provider needs back (signatures, thoughts), which only it is given.
///
/// # Safety
/// 1. `response` is null or a live response.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_request_add_response(
    request: *mut mynah_request,
    response: *const mynah_response,
) -> mynah_status {
    guard(|| {
        // SAFETY: promised by (1).
        let response = unsafe { response.as_ref() }.ok_or(Error::NullArgument("response"))?;
        let message = Message::from_json(&response.response().first().message.value())?;
        edit(request, |request| {
            request.messages.push(message);
            Ok(())
        })
    })
}

/// Adds a message in the form of OpenAI's chat completions: any role, content
/// as a text or in parts (text, image_url, file), tool_calls, tool_call_id. The
/// `message` of a response's JSON can be added so; its member `mynah` holds what
/// was said in the provider's own words, which that provider is given instead of
/// the rest: who changes the rest takes it out.
///
/// Errors: `MYNAH_INVALID_ARGUMENT` for what is no such message, with its reason.
///
/// # Safety
/// 1. `openai_message` points to `len` readable bytes; null only with 0.
/// 2. `err` is null or points to a writable pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_request_add_message_json(
    request: *mut mynah_request,
    openai_message: *const c_char,
    len: usize,
    err: *mut *mut mynah_error,
) -> mynah_status {
    // SAFETY: promised by (2) and (1).
    unsafe {
        guard_err(err, || {
            let json = text("openai_message", openai_message.cast(), len)?;
            edit(request, |request| request.add_message_json(json))
        })
    }
}

/// Adds the result of a call that an earlier answer asked for. `is_error` other
/// than 0 tells the model that the tool failed, with `anthropic` and `gemini`: the
/// others have no field for it, which stands in the answer's `adjusted`. Let
/// `content` say it too. An empty `call_id` is malformed.
///
/// # Safety
/// 1. `call_id` is null or NUL-terminated.
/// 2. `content` points to `len` readable bytes; null only with 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_request_add_tool_result(
    request: *mut mynah_request,
    call_id: *const c_char,
    content: *const c_char,
    len: usize,
    is_error: i32,
) -> mynah_status {
    guard(|| {
        // SAFETY: promised by (1) and (2).
        let (id, content) =
            unsafe { (c_text("call_id", call_id)?, text("content", content.cast(), len)?) };
        edit(request, |request| request.add_tool_result(id, content, is_error != 0))
    })
}

/// Adds a function that the model may call. `description` may be NULL;
/// `schema_json` is the JSON schema of its arguments, NULL for none.
///
/// Errors: `MYNAH_INVALID_ARGUMENT` for a name that no function can have, or a schema
/// that is no JSON object.
///
/// # Safety
/// 1. The texts are null or NUL-terminated.
/// 2. `err` is null or points to a writable pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_request_add_tool(
    request: *mut mynah_request,
    name: *const c_char,
    description: *const c_char,
    schema_json: *const c_char,
    err: *mut *mut mynah_error,
) -> mynah_status {
    // SAFETY: promised by (2) and (1).
    unsafe {
        guard_err(err, || {
            let name = c_text("name", name)?;
            let description = optional_text("description", description)?;
            let schema = optional_text("schema_json", schema_json)?;
            edit(request, |request| {
                request.add_tool(name, description.unwrap_or(""), schema.unwrap_or(""))
            })
        })
    }
}

/// Sets a field of the request, or overrides an option of the client for it:
/// model, temperature, max_tokens, stop and so on as in
/// `mynah_client_options_set`; tool_choice, parallel_tool_calls,
/// response_format, user, metadata, extra_json (merged last into the body),
/// cache (default, bypass, refresh, only). Values that are objects are JSON.
/// `default` withdraws a setting; `unset` removes what the client set: no value
/// is left, or the default where there must be one. A seed, top_k or max_tokens below
/// 0 goes to the provider as it is: some hosts have a meaning for it.
///
/// Errors: `MYNAH_UNKNOWN_OPTION`, `MYNAH_OUT_OF_RANGE` and `MYNAH_INVALID_ARGUMENT`, which
/// name the field, the value and what is allowed; the request is as it was then.
///
/// # Safety
/// 1. The texts are null or NUL-terminated.
/// 2. `err` is null or points to a writable pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_request_set(
    request: *mut mynah_request,
    name: *const c_char,
    value: *const c_char,
    err: *mut *mut mynah_error,
) -> mynah_status {
    // SAFETY: promised by (2) and (1).
    unsafe {
        guard_err(err, || {
            let (name, value) = (c_text("name", name)?, c_text("value", value));
            let value = value.map_err(|error| error.of(name))?;
            edit(request, |request| request.set(name, value))
        })
    }
}

/// Makes a request of a whole chat in the form of OpenAI's chat completions.
/// Its `stream` is ignored: which function is called decides. Free it with
/// `mynah_request_free`.
///
/// Errors: as of `mynah_request_set` and `mynah_request_add_message_json`.
///
/// # Safety
/// 1. `openai_json` points to `len` readable bytes; null only with 0.
/// 2. `request` is null or points to a writable pointer.
/// 3. `err` is null or points to a writable pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_request_from_json(
    openai_json: *const c_char,
    len: usize,
    request: *mut *mut mynah_request,
    err: *mut *mut mynah_error,
) -> mynah_status {
    // SAFETY: promised by (3), (2) and (1).
    unsafe {
        guard_err(err, || {
            clear(request, ptr::null_mut());
            non_null("request", request)?;
            let json = text("openai_json", openai_json.cast(), len)?;
            let made = Shared(Mutex::new(Arc::new(Request::from_json(json)?)));
            put("request", request, handle::insert(Arc::new(made))?)
        })
    }
}

/// Frees a request; null is allowed. Calls that were made with it go on.
///
/// # Safety
/// 1. None: a request that is freed or of another kind is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_request_free(request: *mut mynah_request) {
    guard_or((), || handle::remove::<Shared, _>(request).map(drop));
}

#[cfg(test)]
mod tests {
    use super::media::*;
    use super::*;

    #[test]
    fn a_request_is_built_set_and_freed() {
        let request = mynah_request_new();
        let mut err = ptr::null_mut();
        // SAFETY: literals are NUL-terminated; lengths are theirs; the error
        // is freed once.
        unsafe {
            let text = c"Hi".as_ptr();
            assert_eq!(mynah_request_add_message(request, c"user".as_ptr(), text, 2), 0);
            let png = c"image/png".as_ptr();
            assert_eq!(mynah_request_add_image(request, png, b"abc".as_ptr().cast(), 3), 0);
            let set = |name: &std::ffi::CStr, value: &std::ffi::CStr, err| {
                mynah_request_set(request, name.as_ptr(), value.as_ptr(), err)
            };
            assert_eq!(set(c"temperature", c"0.5", ptr::null_mut()), 0);
            assert_eq!(set(c"cache", c"bypass", ptr::null_mut()), 0);
            assert_ne!(set(c"temprature", c"0.5", &mut err), 0);
            assert!(!err.is_null());
            super::super::error::mynah_error_free(err);
            let request = snapshot(request).unwrap();
            assert_eq!(request.messages.len(), 1, "the image joined the user's message");
            assert_eq!(request.messages[0].content.len(), 2);
        }
        // SAFETY: no promises are needed.
        unsafe { mynah_request_free(request) };
        assert!(snapshot(request).is_err());
    }

    #[test]
    fn a_chat_in_json_becomes_a_request_or_an_error() {
        let json = br#"{"model":"m","messages":[{"role":"user","content":"Hi"}]}"#;
        let (mut request, mut err) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: the pointers and lengths are those of live data.
        unsafe {
            let data = json.as_ptr().cast();
            assert_eq!(mynah_request_from_json(data, json.len(), &mut request, &mut err), 0);
            assert_eq!(snapshot(request).unwrap().messages.len(), 1);
            mynah_request_free(request);
            assert_ne!(mynah_request_from_json(data, 5, &mut request, &mut err), 0);
            assert!(request.is_null() && !err.is_null());
            super::super::error::mynah_error_free(err);
        }
    }
}
