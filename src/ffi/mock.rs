//! `mynah_mock`: a provider on loopback, inside the process.

use std::ffi::{CString, c_char};
use std::ptr;
use std::sync::Arc;

use crate::mock::MockServer;

use super::error::{guard_err, mynah_error};
use super::guard::{clear, guard_or, non_null, put};
use super::handle::{self, Handle, Kind};
use super::mock_options::{MockDraft, mynah_mock_options};
use super::options::or_default;
use super::status::mynah_status;
use super::value::{guard_json, mynah_value};

/// A provider on loopback that answers every prompt the same way each time,
/// for tests without a network or a key. It speaks the dialects of all
/// providers, chosen by the path of a request. A handle: may be used from any
/// thread at any time.
pub struct mynah_mock {
    _opaque: (),
}

struct Mock {
    server: MockServer,
    url: CString,
}

impl Handle for Mock {
    const KIND: Kind = Kind::Mock;
    const NAME: &'static str = "mynah_mock";
}

/// Starts a mock provider on a free port of 127.0.0.1, with its own threads.
/// `or_null` is copied; NULL stands for a mock that answers at once and without
/// faults. Free the mock with `mynah_mock_free`. `MYNAH_IO` if it cannot
/// listen.
///
/// # Safety
/// 1. `mock` points to a writable pointer.
/// 2. `err` is null or points to a writable pointer; an error in it is freed
///    with `mynah_error_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_mock_new(
    or_null: *const mynah_mock_options,
    mock: *mut *mut mynah_mock,
    err: *mut *mut mynah_error,
) -> mynah_status {
    let body = || {
        // SAFETY: promised by (1).
        unsafe { clear(mock, ptr::null_mut()) };
        non_null("mock", mock)?;
        let options = or_default::<MockDraft, _>(or_null)?.named.lock().resolve()?;
        let server = MockServer::start(options.values)?;
        let url = CString::new(server.url()).unwrap_or_default();
        let made = handle::insert(Arc::new(Mock { server, url }))?;
        // SAFETY: promised by (1).
        unsafe { put("mock", mock, made) }
    };
    // SAFETY: promised by (2).
    unsafe { guard_err(err, body) }
}

/// The mock's base URL, as `http://127.0.0.1:PORT/v1`: the `base_url` of a
/// client whose provider speaks OpenAI's dialects (openai, deepseek, kimi,
/// siliconflow, huggingface, custom). For anthropic, gemini, cohere and ollama
/// leave the `/v1` away. NUL-terminated; belongs to the mock and lives as long;
/// an empty text for a handle that is not a live mock.
///
/// # Safety
/// 1. None: a handle that is null, freed or of another kind is told from a
///    mock.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_mock_url(mock: *mut mynah_mock) -> *const c_char {
    guard_or(c"".as_ptr(), || Ok(handle::resolve::<Mock, _>(mock)?.url.as_ptr()))
}

/// What the mock has received and sent so far, as JSON: `requests`,
/// `by_status`, `by_path`, `bytes_received`, `bytes_sent`, `events_sent`,
/// `faults`, `connections_opened`, `connections_open`,
/// `connections_closed_by_peer`, `last_request` and more. Keys are redacted.
/// Free the value with `mynah_value_free`.
///
/// # Safety
/// 1. `value` points to a writable pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_mock_stats_json(
    mock: *mut mynah_mock,
    value: *mut *mut mynah_value,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { guard_json(value, || Ok(handle::resolve::<Mock, _>(mock)?.server.stats())) }
}

/// Stops a mock: closes its sockets and ends its threads, which it waits for,
/// some milliseconds. Null is allowed; in a forked child it does nothing.
///
/// # Safety
/// 1. None: a handle that is freed or of another kind is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_mock_free(mock: *mut mynah_mock) {
    guard_or((), || handle::remove::<Mock, _>(mock).map(drop));
}
