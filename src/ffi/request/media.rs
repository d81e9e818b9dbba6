//! What a message holds beside its text: images and documents.

use std::ffi::{c_char, c_void};

use super::{edit, mynah_request};
use crate::ffi::guard::{bytes, c_text, guard, optional_text};
use crate::ffi::status::mynah_status;
use crate::llm::message::{Part, Source};

/// Adds an image at an address to the last message, if that is the user's, or
/// to a new one. `detail` is low, high, auto or NULL. A `data:` address is
/// taken apart; Ollama takes no others.
///
/// # Safety
/// 1. The texts are null or NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_request_add_image_url(
    request: *mut mynah_request,
    url: *const c_char,
    detail: *const c_char,
) -> mynah_status {
    guard(|| {
        // SAFETY: promised by (1).
        let (url, detail) = unsafe { (c_text("url", url)?, optional_text("detail", detail)?) };
        let part = Part::Image(Source::from_url(url), detail.map(Into::into));
        edit(request, |request| {
            request.attach(part);
            Ok(())
        })
    })
}

/// Adds an image of `len` bytes, of the media type `mime` (such as image/png),
/// to the last message, if that is the user's, or to a new one.
///
/// # Safety
/// 1. `mime` is null or NUL-terminated.
/// 2. `data` points to `len` readable bytes; null only with 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_request_add_image(
    request: *mut mynah_request,
    mime: *const c_char,
    data: *const c_void,
    len: usize,
) -> mynah_status {
    guard(|| {
        // SAFETY: promised by (1) and (2).
        let (mime, data) = unsafe { (c_text("mime", mime)?, bytes("data", data.cast(), len)?) };
        let part = Part::Image(Source::from_bytes(mime, data), None);
        edit(request, |request| {
            request.attach(part);
            Ok(())
        })
    })
}

/// Adds a document of `len` bytes, of the media type `mime` (such as
/// application/pdf), to the last message, if that is the user's, or to a new
/// one. `name` is its file name, or NULL.
///
/// # Safety
/// 1. The texts are null or NUL-terminated.
/// 2. `data` points to `len` readable bytes; null only with 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_request_add_document(
    request: *mut mynah_request,
    mime: *const c_char,
    name: *const c_char,
    data: *const c_void,
    len: usize,
) -> mynah_status {
    guard(|| {
        // SAFETY: promised by (1) and (2).
        let (mime, name, data) = unsafe {
            (c_text("mime", mime)?, optional_text("name", name)?, bytes("data", data.cast(), len)?)
        };
        let name = name.filter(|name| !name.is_empty()).map(Into::into);
        let part = Part::Document(Source::from_bytes(mime, data), name);
        edit(request, |request| {
            request.attach(part);
            Ok(())
        })
    })
}
