//! The typed setters of `mynah_client_options`: one for each option.
//!
//! They are written out, not made by a macro: the header generator must see
//! them, and so must a person who searches for a name. A test compares them
//! with the rows.

use std::ffi::c_char;

use super::client_options::{ClientDraft, mynah_client_options};
use super::options::{set_text, set_value};
use super::status::mynah_status;

/// Who answers; custom is any host that speaks OpenAI's chat completions. One
/// of openai, anthropic, gemini, deepseek, kimi, siliconflow, ollama, cohere,
/// huggingface, custom.
///
/// # Safety
/// 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_set_provider(
    options: *mut mynah_client_options,
    text: *const c_char,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { set_text::<ClientDraft, _>(options, "provider", text) }
}

/// The provider's key; unset: taken from the provider's environment variable.
///
/// # Safety
/// 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_set_api_key(
    options: *mut mynah_client_options,
    text: *const c_char,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { set_text::<ClientDraft, _>(options, "api_key", text) }
}

/// Where the provider is reached, http or https; unset: its environment
/// variable, then its own address.
///
/// # Safety
/// 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_set_base_url(
    options: *mut mynah_client_options,
    text: *const c_char,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { set_text::<ClientDraft, _>(options, "base_url", text) }
}

/// The model's name; unset: the provider's environment variable, then the
/// provider's standard model.
///
/// # Safety
/// 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_set_model(
    options: *mut mynah_client_options,
    text: *const c_char,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { set_text::<ClientDraft, _>(options, "model", text) }
}

/// Most tokens of an answer; unset: the provider's own limit. Range
/// 1..=4294967295.
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

/// How much the model thinks before it answers; unset: the model's own. One of
/// none, minimal, low, medium, high, xhigh, max.
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

/// Milliseconds from the request's end to the first event with content; 0: no
/// bound. Range 0..=3153600000000.
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

/// Retries, as a share of the calls, beyond which none is made. Range 0..=100.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_retry_budget_percent(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "retry_budget_percent", n)
}

/// Requests a minute; more wait their turn; 0: no limit. Range 0..=100000000.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_rate_limit_rpm(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "rate_limit_rpm", n)
}

/// Tokens a minute; more wait their turn; 0: no limit. Range 0..=1000000000000.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_rate_limit_tpm(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "rate_limit_tpm", n)
}

/// Calls at one time; more wait their turn; 0: no limit. Range 0..=1000000.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_max_in_flight(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "max_in_flight", n)
}

/// Idle connections that are kept open. Range 0..=100000.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_max_connections(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "max_connections", n)
}

/// Milliseconds after which an idle connection is closed. Range
/// 0..=3153600000000.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_max_idle_connection_ms(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "max_idle_connection_ms", n)
}

/// Lets plain calls use a stream underneath, so that silence is noticed.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_streaming_enabled(
    options: *mut mynah_client_options,
    on: i32,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "streaming_enabled", on != 0)
}

/// Answers repeated requests from the response cache.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_cache_enabled(
    options: *mut mynah_client_options,
    on: i32,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "cache_enabled", on != 0)
}

/// Milliseconds for which an answer is kept; 0: for ever. Range
/// 0..=3153600000000.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_cache_ttl_ms(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "cache_ttl_ms", n)
}

/// Also keeps answers that call tools.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_cache_tool_calls(
    options: *mut mynah_client_options,
    on: i32,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "cache_tool_calls", on != 0)
}

/// Milliseconds after its expiry during which an answer is given while it is
/// renewed; 0: off. Range 0..=3153600000000.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_cache_stale_while_revalidate_ms(
    options: *mut mynah_client_options,
    n: u64,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "cache_stale_while_revalidate_ms", n)
}

/// Lets identical calls in flight share one request; unset: where the response
/// cache is on.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_coalesce(
    options: *mut mynah_client_options,
    on: i32,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "coalesce", on != 0)
}

/// Sends identical requests of a batch once; unset: as coalesce.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_batch_dedup(
    options: *mut mynah_client_options,
    on: i32,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "batch_dedup", on != 0)
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

/// Largest head of an answer, in bytes. Range 1024..=16777216.
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

/// Lets a key travel over plain http to a host that is not loopback.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_set_allow_insecure_http(
    options: *mut mynah_client_options,
    on: i32,
) -> mynah_status {
    set_value::<ClientDraft, _>(options, "allow_insecure_http", on != 0)
}

/// Which of OpenAI's interfaces is used; auto: chat completions, and Responses
/// for models that refuse tools there. One of auto, chat, responses.
///
/// # Safety
/// 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_set_openai_api(
    options: *mut mynah_client_options,
    text: *const c_char,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { set_text::<ClientDraft, _>(options, "openai_api", text) }
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

/// Asks streams for usage; unset: where the host takes it.
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

/// Which of a regional vendor's hosts is used. One of intl, cn.
///
/// # Safety
/// 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_set_region(
    options: *mut mynah_client_options,
    text: *const c_char,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { set_text::<ClientDraft, _>(options, "region", text) }
}

/// OpenAI's organisation.
///
/// # Safety
/// 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_set_organization_id(
    options: *mut mynah_client_options,
    text: *const c_char,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { set_text::<ClientDraft, _>(options, "organization_id", text) }
}

/// OpenAI's project.
///
/// # Safety
/// 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_set_project_id(
    options: *mut mynah_client_options,
    text: *const c_char,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { set_text::<ClientDraft, _>(options, "project_id", text) }
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

/// A layer of settings for an aim, under the use case and everything that is
/// set explicitly. One of none, development, production, low_cost,
/// high_quality, fast.
///
/// # Safety
/// 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_set_preset(
    options: *mut mynah_client_options,
    text: *const c_char,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { set_text::<ClientDraft, _>(options, "preset", text) }
}

/// A layer of settings for a task, under everything that is set explicitly. One
/// of none, chat, code_generation, translation, summarization, analysis,
/// creative_writing.
///
/// # Safety
/// 1. `text` is NUL-terminated UTF-8, or null to withdraw the option.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_set_use_case(
    options: *mut mynah_client_options,
    text: *const c_char,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { set_text::<ClientDraft, _>(options, "use_case", text) }
}

/// A model's price in USD per million tokens: `model=in,out[,cached in[,cache
/// write]]`; each setting adds one.
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

/// PEM file of certificate authorities that are trusted instead of the built-in
/// ones.
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
