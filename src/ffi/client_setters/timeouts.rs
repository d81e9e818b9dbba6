//! Setters of `mynah_client_options`: how long a call and each of its phases may take.

use super::super::client_options::{ClientDraft, mynah_client_options};
use super::super::options::set_value;
use super::super::status::mynah_status;

/// Milliseconds for the whole call: all attempts and waits. Range
/// 1..=3153600000000.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_timeout_ms(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "timeout_ms", n)
}

/// Milliseconds to look up the name, connect and agree on TLS; 0: no bound.
/// Range 0..=3153600000000.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_connect_timeout_ms(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "connect_timeout_ms", n)
}

/// Milliseconds from the request's end to the answer's first byte; 0: no bound.
/// Range 0..=3153600000000.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_first_byte_timeout_ms(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "first_byte_timeout_ms", n)
}

/// Milliseconds from the request's end to the first event with content of a stream;
/// 0: no bound. Range 0..=3153600000000.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_first_token_timeout_ms(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "first_token_timeout_ms", n)
}

/// Milliseconds without any byte; comments and pings count as life; 0: no
/// bound. Range 0..=3153600000000.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_silence_timeout_ms(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "silence_timeout_ms", n)
}

/// Milliseconds without an event with content, counted from the first one; 0:
/// no bound. Range 0..=3153600000000.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_idle_timeout_ms(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "idle_timeout_ms", n)
}
