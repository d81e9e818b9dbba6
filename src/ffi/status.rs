//! Statuses: how a call ended, as a small number that never changes.

use std::ffi::{CString, c_char};
use std::ptr;

use once_cell::sync::Lazy;

use super::guard::guard_or;
use crate::error::{Error, Status};

/// How a call ended: `MYNAH_OK` or one of the constants above.
pub type mynah_status = i32;

static NAMES: Lazy<Vec<CString>> = Lazy::new(|| all(|status| status.name().into()));
static TEXTS: Lazy<Vec<CString>> = Lazy::new(|| all(text));

fn all(of: fn(Status) -> String) -> Vec<CString> {
    Status::ALL.iter().map(|status| CString::new(of(*status)).unwrap_or_default()).collect()
}

/// The sentence of a status as messages are written: in lower case, without a stop.
fn text(status: Status) -> String {
    let (first, rest) = status.doc().trim_end_matches('.').split_at(1);
    [&first.to_ascii_lowercase(), rest].concat()
}

fn told(texts: &[CString], status: mynah_status) -> *const c_char {
    guard_or(ptr::null(), || {
        let index = usize::try_from(status).ok();
        Ok(index.and_then(|i| texts.get(i)).ok_or(Error::NotFound)?.as_ptr())
    })
}

/// The name of a status in lower case, such as `not_found`, the word that
/// stands for it in JSON too. NULL for a number that is no status. The text is
/// NUL-terminated, belongs to the library and is never freed. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_status_name(status: mynah_status) -> *const c_char {
    told(&NAMES, status)
}

/// What a status means, such as `larger than a buffer or a bound`, to be shown where
/// there is no `mynah_error`. NULL and lifetime as with `mynah_status_name`. Any
/// thread.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_status_text(status: mynah_status) -> *const c_char {
    told(&TEXTS, status)
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::*;

    #[test]
    fn each_status_has_a_name_and_a_meaning_and_nothing_else_has() {
        // SAFETY: a status has a static, NUL-terminated name and text.
        let of = |text| unsafe { CStr::from_ptr(text) }.to_str().unwrap();
        for status in Status::ALL {
            assert_eq!(of(mynah_status_name(status.code())), status.name());
            assert_eq!(of(mynah_status_text(status.code())), text(*status));
        }
        assert_eq!(text(Status::Tls), "the TLS handshake or a certificate failed");
        for number in [-1, Status::ALL.len() as i32, i32::MIN, i32::MAX] {
            assert!(mynah_status_name(number).is_null());
            assert!(mynah_status_text(number).is_null());
        }
    }
}
