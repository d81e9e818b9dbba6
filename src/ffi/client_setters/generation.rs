//! Setters of `mynah_client_options`: how an answer is made, and in what form it comes.

use std::ffi::c_char;

use super::super::client_options::{ClientDraft, mynah_client_options};
use super::super::options::{set_text, set_value};
use super::super::status::mynah_status;

/// Most tokens of an answer; a layer's value means text alone, and what thinking
/// may take comes on top; unset: the provider's own limit. Range 1..=4294967295.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_max_tokens(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "max_tokens", n)
}

/// Sampling temperature; unset: not sent. Range 0.0..=2.0.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_temperature(
    options: *mut mynah_client_options,
    x: f64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "temperature", x)
}

/// Share of probability that sampling draws from; unset: not sent. Range
/// 0.0..=1.0.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_top_p(
    options: *mut mynah_client_options,
    x: f64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "top_p", x)
}

/// Number of tokens that sampling draws from, where the provider has it; unset:
/// not sent. Range 0..=1000000.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_top_k(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "top_k", n)
}

/// Penalty for tokens that have occurred; unset: not sent. Range -2.0..=2.0.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_presence_penalty(
    options: *mut mynah_client_options,
    x: f64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "presence_penalty", x)
}

/// Penalty by how often tokens have occurred; unset: not sent. Range
/// -2.0..=2.0.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_frequency_penalty(
    options: *mut mynah_client_options,
    x: f64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "frequency_penalty", x)
}

/// Asks for repeatable sampling, where the provider has it; unset: not sent.
/// Range 0..=9223372036854775807.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_seed(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "seed", n)
}

/// Number of answers to one request; unset: one. Range 1..=128.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_n(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "n", n)
}

/// Text that ends the answer; each setting adds one.
///
/// # Safety
/// 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_set_stop(
    options: *mut mynah_client_options,
    text: *const c_char,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { set_text::<ClientDraft, _>(options, "stop", text) }
}

/// How much the model thinks before it answers; where that is a budget of tokens,
/// at most half of an explicit max_tokens, or the least that the model takes;
/// unset: the model's own. One of none, minimal, low, medium, high, xhigh, max.
///
/// # Safety
/// 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_set_reasoning_effort(
    options: *mut mynah_client_options,
    text: *const c_char,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { set_text::<ClientDraft, _>(options, "reasoning_effort", text) }
}

/// Most tokens of thinking, where the provider counts them; unset: not sent.
/// Range 0..=10000000.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_reasoning_budget(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "reasoning_budget", n)
}

/// A system message put before every conversation that has none.
///
/// # Safety
/// 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_set_system_prompt(
    options: *mut mynah_client_options,
    text: *const c_char,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { set_text::<ClientDraft, _>(options, "system_prompt", text) }
}

/// What happens with an explicit value that provider or model cannot take: an
/// error before anything is sent, or it is left out and reported. One of error,
/// drop.
///
/// # Safety
/// 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_set_unsupported(
    options: *mut mynah_client_options,
    text: *const c_char,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { set_text::<ClientDraft, _>(options, "unsupported", text) }
}

/// Lets plain calls use a stream underneath, so that silence is noticed.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_streaming_enabled(
    options: *mut mynah_client_options,
    on: i32,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "streaming_enabled", on != 0)
}

/// Asks streams of chat completions for usage; unset: it does.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_include_usage(
    options: *mut mynah_client_options,
    on: i32,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "include_usage", on != 0)
}

/// Also delivers each of the provider's own events as JSON.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_raw_events(
    options: *mut mynah_client_options,
    on: i32,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "raw_events", on != 0)
}
