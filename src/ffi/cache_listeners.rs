//! Who is told of what a cache does: callbacks that the library keeps, and queues.

use std::ffi::c_void;
use std::sync::{Arc, Weak};

use serde_json::json;

use crate::cache::{Listener, Reason};
use crate::error::Error;
use crate::llm::queue::{Departed, ItemKind, Queue};
use crate::metrics::{Alert, AlertListener};

use super::cache_options::{CacheDraft, mynah_cache_options};
use super::callback::{
    Kept, alert_listener, level_of, log_listener, mynah_alert_fn, mynah_destroy_fn, mynah_log_fn,
};
use super::guard::guard;
use super::handle;
use super::queue::mynah_queue;
use super::status::mynah_status;

/// The entry left because room for another one was needed.
pub const MYNAH_EVICT_CAPACITY: i32 = 0;
/// It left because its bytes were needed.
pub const MYNAH_EVICT_MEMORY: i32 = 1;
/// Its time was over.
pub const MYNAH_EVICT_EXPIRED: i32 = 2;
/// Another value took its place.
pub const MYNAH_EVICT_REPLACED: i32 = 3;
/// It was removed.
pub const MYNAH_EVICT_REMOVED: i32 = 4;
/// The cache was cleared.
pub const MYNAH_EVICT_CLEARED: i32 = 5;

// In figures above, because the header generator reads no expressions.
const _: () = assert!(
    MYNAH_EVICT_CAPACITY == Reason::Capacity as i32
        && MYNAH_EVICT_MEMORY == Reason::Memory as i32
        && MYNAH_EVICT_EXPIRED == Reason::Expired as i32
        && MYNAH_EVICT_REPLACED == Reason::Replaced as i32
        && MYNAH_EVICT_REMOVED == Reason::Removed as i32
        && MYNAH_EVICT_CLEARED == Reason::Cleared as i32
);

/// Told of an entry that has left a cache: its key, its value, and one of the
/// `MYNAH_EVICT_` reasons. The pointers are valid during the call only.
pub type mynah_evict_fn = Option<
    unsafe extern "C" fn(
        user: *mut c_void,
        key: *const c_void,
        key_len: usize,
        value: *const c_void,
        value_len: usize,
        reason: i32,
    ),
>;

/// Has a function told of every entry that leaves the caches made from these
/// options, and why. It runs with no lock held, on the thread whose call made
/// the entry leave, before that call returns, or on the cache's own thread for
/// what a sweep finds; so it must be safe to call from any thread. Any function
/// may be called from inside; departures that this causes are reported after it
/// has returned. Entries that are in a cache when it is freed are not reported, nor
/// is what says that a key has no value (`mynah_cache_set_negative`).
/// What waits to be told of is held in addition to `max_memory_mb`: after
/// `mynah_cache_clear` and `mynah_cache_set_capacity` that is all that left.
///
/// `destroy` (NULL allowed) is called with `user` once, after the last call,
/// when the options and every cache made from them are gone, or it has been
/// replaced and no cache was made with it, or at once if this fails. NULL for
/// `callback` withdraws what was set.
///
/// # Safety
/// 1. `callback` and `destroy` may be called with `user` on any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_options_on_evict(
    options: *mut mynah_cache_options,
    callback: mynah_evict_fn,
    user: *mut c_void,
    destroy: mynah_destroy_fn,
) -> mynah_status {
    let kept = Kept::new(callback, user, destroy);
    guard(|| {
        let draft = handle::resolve::<CacheDraft, _>(options)?;
        let listener = callback.is_some().then(|| listener(kept));
        draft.listen(|extras| &mut extras.listeners.departures, listener)
    })
}

fn listener(kept: Kept<mynah_evict_fn>) -> Arc<Listener> {
    Arc::new(move |key: &[u8], value: &[u8], reason: Reason| {
        if let (Some(callback), user) = kept.parts() {
            // SAFETY: promised by whoever registered it; the bytes live for
            // the length of the call.
            unsafe {
                callback(
                    user,
                    key.as_ptr().cast(),
                    key.len(),
                    value.as_ptr().cast(),
                    value.len(),
                    reason as i32,
                );
            }
        }
    })
}

/// Has a function told when a cache made from these options crosses one of its
/// `alert_` thresholds, once each time, and once when it recovers. Thresholds
/// are looked at during one in some hundreds of the gets and sets, at most once a
/// second, and when the metrics are read; the function runs on that call's thread
/// with no lock held, and may call anything; what that causes is told once it has
/// returned. Changes are told in their order, one at a time: what a call finds while
/// another thread is being told of one is told there next. `user` and `destroy` as
/// for `mynah_cache_options_on_evict`.
///
/// # Safety
/// 1. `callback` and `destroy` may be called with `user` on any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_options_on_alert(
    options: *mut mynah_cache_options,
    callback: mynah_alert_fn,
    user: *mut c_void,
    destroy: mynah_destroy_fn,
) -> mynah_status {
    let kept = Kept::new(callback, user, destroy);
    guard(|| {
        let draft = handle::resolve::<CacheDraft, _>(options)?;
        let listener = callback.is_some().then(|| alert_listener(kept));
        draft.listen(|extras| &mut extras.listeners.alerts, listener)
    })
}

/// Has a function told what the caches made from these options decide about
/// themselves (`auto_tuning`), with the reason, as `MYNAH_LOG_INFO`, and of the
/// thresholds that they cross, as `MYNAH_LOG_WARNING`. It runs with no lock
/// held, on the thread of the call that found it or on one of the library's.
/// Records of a lower level than `least_level` are left out. `user` and
/// `destroy` as for `mynah_cache_options_on_evict`.
///
/// Errors: `MYNAH_OUT_OF_RANGE` for a level that is none of `MYNAH_LOG_DEBUG` to
/// `MYNAH_LOG_ERROR`.
///
/// # Safety
/// 1. `callback` and `destroy` may be called with `user` on any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cache_options_on_log(
    options: *mut mynah_cache_options,
    least_level: i32,
    callback: mynah_log_fn,
    user: *mut c_void,
    destroy: mynah_destroy_fn,
) -> mynah_status {
    let kept = Kept::new(callback, user, destroy);
    guard(|| {
        let draft = handle::resolve::<CacheDraft, _>(options)?;
        let level = level_of(least_level)?;
        let listener = callback.is_some().then(|| (level, log_listener(kept)));
        draft.listen(|extras| &mut extras.listeners.log, listener)
    })
}

/// For `mynah_cache_options_events_to_queue`: thresholds that are crossed.
pub const MYNAH_CACHE_ALERTS: i32 = 1;
/// For `mynah_cache_options_events_to_queue`: entries that leave.
pub const MYNAH_CACHE_DEPARTURES: i32 = 2;

/// Has alerts, departures or both (`which` is one of `MYNAH_CACHE_ALERTS` and
/// `MYNAH_CACHE_DEPARTURES`, or their sum) arrive in a queue instead of a
/// callback, as `MYNAH_ITEM_ALERT` and `MYNAH_ITEM_EVICT` with a copy of the
/// entry. A queue keeps up to 10,000 records, alerts and departures, and 64 MiB
/// of them; more are dropped.
///
/// Errors: `MYNAH_OUT_OF_RANGE` for another `which`.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cache_options_events_to_queue(
    options: *mut mynah_cache_options,
    which: i32,
    queue: *mut mynah_queue,
) -> mynah_status {
    guard(|| {
        let draft = handle::resolve::<CacheDraft, _>(options)?;
        let queue = Arc::downgrade(&handle::resolve::<Queue, _>(queue)?);
        let both = MYNAH_CACHE_ALERTS | MYNAH_CACHE_DEPARTURES;
        if !(1..=both).contains(&which) {
            return Err(Error::OutOfRange {
                key: "which".into(),
                given: which.to_string(),
                allowed: format!("1..={both}"),
            });
        }
        if which & MYNAH_CACHE_ALERTS != 0 {
            draft.listen(|extras| &mut extras.listeners.alerts, Some(alerts_to(queue.clone())))?;
        }
        if which & MYNAH_CACHE_DEPARTURES != 0 {
            draft.listen(|extras| &mut extras.listeners.departures, Some(departures_to(queue)))?;
        }
        Ok(())
    })
}

fn alerts_to(queue: Weak<Queue>) -> Arc<AlertListener> {
    Arc::new(move |alert: &Alert| {
        let Some(queue) = queue.upgrade() else { return };
        let json = json!({
            "name": alert.name,
            "raised": alert.raised,
            "value": alert.value,
            "threshold": alert.threshold,
        });
        queue.push_notice(alert.raised.into(), ItemKind::Alert(json.to_string()));
    })
}

fn departures_to(queue: Weak<Queue>) -> Arc<Listener> {
    Arc::new(move |key: &[u8], value: &[u8], reason: Reason| {
        let Some(queue) = queue.upgrade() else { return };
        let entry = Departed { key: key.into(), value: value.into() };
        queue.push_notice(reason as u64, ItemKind::Left(Box::new(entry)));
    })
}
