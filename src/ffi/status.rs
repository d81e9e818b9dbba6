//! Statuses: how a call ended, as a small number that never changes.

use std::ffi::{CString, c_char};
use std::ptr;

use once_cell::sync::Lazy;

use super::guard::guard_or;
use crate::error::{Error, Status};

/// How a call ended: `MYNAH_OK` or one of the constants above.
pub type mynah_status = i32;

static NAMES: Lazy<Vec<CString>> = Lazy::new(|| {
    Status::ALL.iter().map(|status| CString::new(status.name()).unwrap_or_default()).collect()
});

/// The name of a status in lower case, such as `not_found`, the word that
/// stands for it in JSON too. NULL for a number that is no status. The text is
/// NUL-terminated, belongs to the library and is never freed. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_status_name(status: mynah_status) -> *const c_char {
    guard_or(ptr::null(), || {
        let index = usize::try_from(status).ok();
        let name = index.and_then(|i| NAMES.get(i)).ok_or(Error::NotFound)?;
        Ok(name.as_ptr())
    })
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::*;

    #[test]
    fn each_status_has_a_name_and_nothing_else_has() {
        for status in Status::ALL {
            // SAFETY: a status has a static, NUL-terminated name.
            let name = unsafe { CStr::from_ptr(mynah_status_name(status.code())) };
            assert_eq!(name.to_str(), Ok(status.name()));
        }
        for number in [-1, Status::ALL.len() as i32, i32::MIN, i32::MAX] {
            assert!(mynah_status_name(number).is_null());
        }
    }
}
