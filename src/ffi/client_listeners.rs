//! Who is told of what a client does: callbacks that the library keeps.

use std::ffi::{CString, c_char, c_void};
use std::sync::Arc;

use crate::llm::log::{BreakerListener, Level, LogListener};
use crate::llm::policy::breaker::{State, Transition};
use crate::llm::queue::{ItemKind, Queue};

use super::callback::{
    Kept, alert_listener, level_of, log_listener, mynah_alert_fn, mynah_destroy_fn, mynah_log_fn,
};
use super::client_options::{ClientDraft, mynah_client_options};
use super::guard::guard;
use super::handle;
use super::queue::mynah_queue;
use super::status::mynah_status;

/// For whoever looks for a defect.
pub const MYNAH_LOG_DEBUG: i32 = 1;
/// A call that ended well.
pub const MYNAH_LOG_INFO: i32 = 2;
/// Something that was coped with: a retry, an open breaker, an alert.
pub const MYNAH_LOG_WARNING: i32 = 3;
/// A call that failed.
pub const MYNAH_LOG_ERROR: i32 = 4;

/// The circuit breaker lets all calls through.
pub const MYNAH_BREAKER_CLOSED: i32 = 0;
/// It lets none through.
pub const MYNAH_BREAKER_OPEN: i32 = 1;
/// It lets one through, which decides.
pub const MYNAH_BREAKER_HALF_OPEN: i32 = 2;

/// Takes a change of the circuit breaker: two of the `MYNAH_BREAKER_` states,
/// and why in words, NUL-terminated, valid during the call only.
pub type mynah_breaker_fn =
    Option<unsafe extern "C" fn(user: *mut c_void, from: i32, to: i32, reason: *const c_char)>;

/// Has a function told of what the clients made from these options do: a
/// record of each call that ends, in the attribute names of OpenTelemetry's
/// conventions for generative AI, and of retries, renewals that failed, breaker
/// changes and alerts.
/// `docs/metrics.md` lists the fields of each. Keys are never in it, prompts and
/// answers only where a provider's error message quotes them. Called with no lock
/// held, on the thread that caused the record; any function may be called from
/// inside, and what that causes is told once the callback has returned.
///
/// `destroy` (NULL allowed) is called with `user` once, after the last call,
/// when the options and every client made from them are gone, or at once if
/// this fails, or is replaced and no client was made with it. NULL for `callback`
/// withdraws what was set.
///
/// Errors: `MYNAH_OUT_OF_RANGE` for a level that is none of `MYNAH_LOG_DEBUG` to
/// `MYNAH_LOG_ERROR`.
///
/// # Safety
/// 1. `callback` and `destroy` may be called with `user` on any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_on_log(
    options: *mut mynah_client_options,
    least_level: i32,
    callback: mynah_log_fn,
    user: *mut c_void,
    destroy: mynah_destroy_fn,
) -> mynah_status {
    let kept = Kept::new(callback, user, destroy);
    guard(|| {
        let draft = handle::resolve::<ClientDraft, _>(options)?;
        let level = level_of(least_level)?;
        let listener = callback.is_some().then(|| (level, log_listener(kept)));
        draft.listen(|extras| &mut extras.listeners.log, listener)
    })
}

/// Has log records arrive in a queue instead, as `MYNAH_ITEM_LOG`; those of
/// alerts and of the circuit breaker are among them, as `MYNAH_LOG_WARNING`. A
/// queue keeps up to 10,000 records, alerts and departures, and 64 MiB of them;
/// more are dropped.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_client_options_log_to_queue(
    options: *mut mynah_client_options,
    least_level: i32,
    queue: *mut mynah_queue,
) -> mynah_status {
    guard(|| {
        let draft = handle::resolve::<ClientDraft, _>(options)?;
        let queue = Arc::downgrade(&handle::resolve::<Queue, _>(queue)?);
        let listener: Arc<LogListener> = Arc::new(move |level: Level, record: &str| {
            if let Some(queue) = queue.upgrade() {
                queue.push_notice(level as u64, ItemKind::Log(record.into()));
            }
        });
        let listener = Some((level_of(least_level)?, listener));
        draft.listen(|extras| &mut extras.listeners.log, listener)
    })
}

/// Has a function told when the circuit breaker of a client made from these
/// options changes. As `mynah_client_options_on_log` otherwise.
///
/// # Safety
/// 1. `callback` and `destroy` may be called with `user` on any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_on_breaker(
    options: *mut mynah_client_options,
    callback: mynah_breaker_fn,
    user: *mut c_void,
    destroy: mynah_destroy_fn,
) -> mynah_status {
    let kept = Kept::new(callback, user, destroy);
    guard(|| {
        let draft = handle::resolve::<ClientDraft, _>(options)?;
        let listener = callback.is_some().then(|| breaker_listener(kept));
        draft.listen(|extras| &mut extras.listeners.breaker, listener)
    })
}

fn breaker_listener(kept: Kept<mynah_breaker_fn>) -> Arc<BreakerListener> {
    Arc::new(move |change: &Transition| {
        if let (Some(callback), user) = kept.parts() {
            let reason = CString::new(change.reason.as_str()).unwrap_or_default();
            // SAFETY: promised by whoever registered it; the text lives for
            // the length of the call.
            unsafe { callback(user, code(change.from), code(change.to), reason.as_ptr()) }
        }
    })
}

fn code(state: State) -> i32 {
    match state {
        State::Closed => MYNAH_BREAKER_CLOSED,
        State::Open => MYNAH_BREAKER_OPEN,
        State::HalfOpen => MYNAH_BREAKER_HALF_OPEN,
    }
}

/// Has a function told when a client made from these options crosses one of
/// its `alert_` thresholds, once each time, and once when it recovers. They
/// judge the last 256 calls, from the 20th call on. As
/// `mynah_client_options_on_log` otherwise.
///
/// # Safety
/// 1. `callback` and `destroy` may be called with `user` on any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_options_on_alert(
    options: *mut mynah_client_options,
    callback: mynah_alert_fn,
    user: *mut c_void,
    destroy: mynah_destroy_fn,
) -> mynah_status {
    let kept = Kept::new(callback, user, destroy);
    guard(|| {
        let draft = handle::resolve::<ClientDraft, _>(options)?;
        let listener = callback.is_some().then(|| alert_listener(kept));
        draft.listen(|extras| &mut extras.listeners.alert, listener)
    })
}
