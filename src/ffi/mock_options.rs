//! `mynah_mock_options`: how a mock provider behaves.

use std::ffi::c_char;
use std::ptr;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::mock::MockOptions;
use crate::options::{Layered, describe};

use super::error::mynah_error;
use super::guard::guard_or;
use super::handle::{self, Handle, Kind};
use super::options::{self, Draft, OptionsObject};
use super::status::mynah_status;
use super::value::{guard_json, mynah_value};

/// How a mock provider behaves: its pace, and what goes wrong. A handle; use
/// it from one thread at a time.
pub struct mynah_mock_options {
    _opaque: (),
}

pub(super) type MockDraft = Draft<MockOptions, ()>;

impl Handle for MockDraft {
    const KIND: Kind = Kind::MockOptions;
    const NAME: &'static str = "mynah_mock_options";
}

impl OptionsObject for MockDraft {
    type Set = MockOptions;

    fn named(&self) -> &Mutex<Layered<MockOptions>> {
        &self.named
    }
}

/// Makes options with which a mock answers at once and without faults; NULL if
/// there is no room for another handle. Free them with
/// `mynah_mock_options_free`.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_mock_options_new() -> *mut mynah_mock_options {
    guard_or(ptr::null_mut(), || handle::insert(Arc::<MockDraft>::default()))
}

/// Sets an option by name from text, such as `delay_event_ms` to `20` or
/// `fault` to `reset`; `mynah_mock_options_describe_json` has all of them.
/// `default` withdraws what was set; options that repeat gain one more value.
///
/// Errors: as of `mynah_client_options_set`.
///
/// # Safety
/// 1. `name` and `value` are NUL-terminated UTF-8.
/// 2. `err` is null or points to a writable pointer; an error in it is freed
///    with `mynah_error_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_mock_options_set(
    options: *mut mynah_mock_options,
    name: *const c_char,
    value: *const c_char,
    err: *mut *mut mynah_error,
) -> mynah_status {
    // SAFETY: promised by (1) and (2).
    unsafe { options::set_named::<MockDraft, _>(options, name, value, err) }
}

/// Sets every option of a JSON object, all or, on an error, none;
/// `MYNAH_TOO_LARGE` beyond 16 MiB.
///
/// # Safety
/// 1. `json` points to `len` readable bytes of UTF-8.
/// 2. `err` is null or points to a writable pointer; an error in it is freed
///    with `mynah_error_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_mock_options_load_json(
    options: *mut mynah_mock_options,
    json: *const c_char,
    len: usize,
    err: *mut *mut mynah_error,
) -> mynah_status {
    // SAFETY: promised by (1) and (2).
    unsafe { options::load_json::<MockDraft, _>(options, json, len, err) }
}

/// All options of a mock: key, type, range, default and meaning, as JSON. Free
/// the value with `mynah_value_free`.
///
/// # Safety
/// 1. `value` points to a writable pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_mock_options_describe_json(
    value: *mut *mut mynah_value,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { guard_json(value, || Ok(describe::<MockOptions>())) }
}

/// Frees the options; null is allowed. Mocks made from them go on.
///
/// # Safety
/// 1. None: a handle that is freed or of another kind is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_mock_options_free(options: *mut mynah_mock_options) {
    options::free::<MockDraft, _>(options);
}
