//! Setters of `mynah_client_options`: how much is sent at a time, and how large an answer may be.

use super::super::client_options::{ClientDraft, mynah_client_options};
use super::super::options::set_value;
use super::super::status::mynah_status;

/// Requests a minute of each model; more wait their turn; 0: no limit. Range
/// 0..=100000000.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_rate_limit_rpm(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "rate_limit_rpm", n)
}

/// Tokens a minute of each model; more wait their turn; 0: no limit. Range
/// 0..=1000000000000.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_rate_limit_tpm(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "rate_limit_tpm", n)
}

/// Calls of each model at one time; more wait their turn; 0: no limit. Range
/// 0..=1000000.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_max_in_flight(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "max_in_flight", n)
}

/// Largest head of an answer, in bytes; of 128 headers at most. Range 1024..=16777216.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_max_header_bytes(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "max_header_bytes", n)
}

/// Largest event of a stream, in bytes. Range 1024..=4294967295.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_max_event_bytes(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "max_event_bytes", n)
}

/// Largest answer, in bytes. Range 1024..=4294967295.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_max_response_bytes(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "max_response_bytes", n)
}
