//! Callbacks that the library keeps: a function, its user word, and how the
//! word is destroyed.

use std::ffi::{CString, c_char, c_void};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::llm::log::{Level, LogListener};
use crate::metrics::{Alert, AlertListener};

/// Called once with the user word of a callback, when no call of it can come
/// any more. NULL: nothing is to be destroyed.
pub type mynah_destroy_fn = Option<unsafe extern "C" fn(user: *mut c_void)>;

/// Takes a log record: `len` bytes of JSON, one object, not NUL-terminated,
/// valid during the call only.
pub type mynah_log_fn =
    Option<unsafe extern "C" fn(user: *mut c_void, level: i32, json: *const c_char, len: usize)>;

/// Told when a threshold is crossed (`raised` 1) and when the figure is back
/// within it (0): the option that holds the threshold, what was measured, and
/// the threshold. The text is NUL-terminated and lives during the call only.
pub type mynah_alert_fn = Option<
    unsafe extern "C" fn(
        user: *mut c_void,
        name: *const c_char,
        raised: i32,
        value: f64,
        threshold: f64,
    ),
>;

/// A kept callback; dropping the last holder destroys the user word.
pub struct Kept<F> {
    function: F,
    user: *mut c_void,
    destroy: mynah_destroy_fn,
}

// SAFETY: whoever registers a callback promises that it may be called, and its
// word destroyed, on any thread (see each registering function).
unsafe impl<F: Send> Send for Kept<F> {}
// SAFETY: as above.
unsafe impl<F: Sync> Sync for Kept<F> {}

impl<F: Copy> Kept<F> {
    /// Takes over the user word.
    pub fn new(function: F, user: *mut c_void, destroy: mynah_destroy_fn) -> Self {
        Kept { function, user, destroy }
    }

    /// The function and its word, to be called.
    pub fn parts(&self) -> (F, *mut c_void) {
        (self.function, self.user)
    }
}

impl<F> Drop for Kept<F> {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy {
            // SAFETY: the word came with this function, and this is the last
            // holder: it is destroyed once, after every call.
            unsafe { destroy(self.user) };
        }
    }
}

/// A kept callback as whoever watches thresholds calls it.
pub fn alert_listener(kept: Kept<mynah_alert_fn>) -> Arc<AlertListener> {
    Arc::new(move |alert: &Alert| {
        let name = CString::new(alert.name).unwrap_or_default();
        if let (Some(callback), user) = kept.parts() {
            // SAFETY: promised by whoever registered it; the text lives for
            // the length of the call.
            unsafe {
                callback(user, name.as_ptr(), alert.raised as i32, alert.value, alert.threshold);
            }
        }
    })
}

/// The level of one of the `MYNAH_LOG_` numbers.
pub fn level_of(code: i32) -> Result<Level> {
    Level::from_code(code).ok_or_else(|| Error::OutOfRange {
        key: "least_level".into(),
        given: code.to_string(),
        allowed: "1..=4".into(),
    })
}

/// A kept callback as whoever writes log records calls it.
pub fn log_listener(kept: Kept<mynah_log_fn>) -> Arc<LogListener> {
    Arc::new(move |level: Level, record: &str| {
        if let (Some(callback), user) = kept.parts() {
            // SAFETY: promised by whoever registered it; the text lives for
            // the length of the call.
            unsafe { callback(user, level as i32, record.as_ptr().cast(), record.len()) }
        }
    })
}
