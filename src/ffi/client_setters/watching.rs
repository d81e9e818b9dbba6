//! Setters of `mynah_client_options`: what tokens cost, and what is worth an alert.

use std::ffi::c_char;

use super::super::client_options::{ClientDraft, mynah_client_options};
use super::super::options::{set_text, set_value};
use super::super::status::mynah_status;

/// The price of a model, also under its dated names, in USD per million tokens:
/// `model=in,out[,cached in[,cache write]]`; `=in,out` is that of all others;
/// each setting adds one.
///
/// # Safety
/// 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_set_price(
    options: *mut mynah_client_options,
    text: *const c_char,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { set_text::<ClientDraft, _>(options, "price", text) }
}

/// A JSON file of models' prices in the form that LiteLLM publishes; read when
/// the client is made; unset: the built-in table.
///
/// # Safety
/// 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_set_price_file(
    options: *mut mynah_client_options,
    text: *const c_char,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { set_text::<ClientDraft, _>(options, "price_file", text) }
}

/// Alerts when the share of calls that succeed falls below; 0: off. Range
/// 0.0..=1.0.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_alert_min_success_rate(
    options: *mut mynah_client_options,
    x: f64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "alert_min_success_rate", x)
}

/// Alerts when the mean latency exceeds this many milliseconds; 0: off. Range
/// 0..=3153600000000.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_alert_max_latency_ms(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "alert_max_latency_ms", n)
}

/// Alerts when the 99th percentile of the latency exceeds this many
/// milliseconds; 0: off. Range 0..=3153600000000.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_alert_max_p99_ms(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "alert_max_p99_ms", n)
}

/// Alerts when the mean cost of a request exceeds this many US dollars; 0: off.
/// Range 0.0..=1000000.0.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_alert_max_cost_usd(
    options: *mut mynah_client_options,
    x: f64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "alert_max_cost_usd", x)
}
