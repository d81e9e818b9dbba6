//! Setters of `mynah_client_options`: what is answered without asking again.

use super::super::client_options::{ClientDraft, mynah_client_options};
use super::super::options::set_value;
use super::super::status::mynah_status;

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
