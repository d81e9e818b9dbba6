//! Setters of `mynah_client_options`: the way to the provider.

use std::ffi::c_char;

use super::super::client_options::{ClientDraft, mynah_client_options};
use super::super::options::{set_text, set_value};
use super::super::status::mynah_status;

/// Idle connections that are kept open. Range 0..=100000.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_max_connections(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "max_connections", n)
}

/// Milliseconds after which an idle connection is not used again; the client's
/// next call closes it. Range 0..=3153600000000.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_max_idle_connection_ms(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "max_idle_connection_ms", n)
}

/// Proxy URL (http, https, socks5), or none; unset: the environment's.
///
/// # Safety
/// 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_set_proxy(
    options: *mut mynah_client_options,
    text: *const c_char,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { set_text::<ClientDraft, _>(options, "proxy", text) }
}

/// A header that is sent with every request.
///
/// As `Name: value`; each call adds one, or replaces the one of that name.
///
/// # Safety
/// 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_set_header(
    options: *mut mynah_client_options,
    text: *const c_char,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { set_text::<ClientDraft, _>(options, "header", text) }
}

/// Lets a key travel over plain http to a host that is not loopback.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_allow_insecure_http(
    options: *mut mynah_client_options,
    on: i32,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "allow_insecure_http", on != 0)
}

/// PEM file of authorities, or servers' own certificates, that are trusted instead
/// of the system's.
///
/// # Safety
/// 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_set_ca_file(
    options: *mut mynah_client_options,
    text: *const c_char,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { set_text::<ClientDraft, _>(options, "ca_file", text) }
}

/// Checks the provider's certificate; false only for tests.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_tls_verify(
    options: *mut mynah_client_options,
    on: i32,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "tls_verify", on != 0)
}
