//! Setters of `mynah_client_options`: what is tried again, and when nothing is tried.

use super::super::client_options::{ClientDraft, mynah_client_options};
use super::super::options::set_value;
use super::super::status::mynah_status;

/// Attempts after the first one that failed. Range 0..=20.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_retry_count(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "retry_count", n)
}

/// Milliseconds of the first back-off; the actual one is random below it. Range
/// 0..=3153600000000.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_retry_delay_ms(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "retry_delay_ms", n)
}

/// Longest back-off in milliseconds. Range 0..=3153600000000.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_max_retry_delay_ms(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "max_retry_delay_ms", n)
}

/// Doubles the back-off from attempt to attempt.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_exponential_backoff(
    options: *mut mynah_client_options,
    on: i32,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "exponential_backoff", on != 0)
}

/// A provider that asks to wait longer than this ends the call. Range
/// 0..=3153600000000.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_max_retry_after_ms(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "max_retry_after_ms", n)
}

/// Also repeats requests that may have reached the provider, which may then
/// bill twice.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_retry_after_send(
    options: *mut mynah_client_options,
    on: i32,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "retry_after_send", on != 0)
}

/// Retries, as a share of the calls, beyond which none is made but from a reserve
/// of 20, which fills by one a second. Range 0..=100.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_retry_budget_percent(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "retry_budget_percent", n)
}

/// Failures in a row that open the circuit breaker; 0: no breaker by count.
/// Range 0..=1000000.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_breaker_failure_threshold(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "breaker_failure_threshold", n)
}

/// Share of failures in the window that opens the circuit breaker; 0: no
/// breaker by ratio. Range 0.0..=1.0.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_breaker_failure_ratio(
    options: *mut mynah_client_options,
    x: f64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "breaker_failure_ratio", x)
}

/// Milliseconds that breaker_failure_ratio looks back. Range
/// 1000..=3153600000000.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_breaker_window_ms(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "breaker_window_ms", n)
}

/// Calls in the window before breaker_failure_ratio counts. Range 1..=1000000.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_breaker_min_calls(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "breaker_min_calls", n)
}

/// Milliseconds until an open breaker lets one trial call through. Range
/// 1..=3153600000000.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_breaker_reset_timeout_ms(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "breaker_reset_timeout_ms", n)
}
