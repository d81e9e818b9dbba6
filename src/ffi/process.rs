//! What concerns the whole process: how the library was built, and the figures
//! of all clients together.

use serde_json::json;

use crate::llm::totals;

use super::guard::guard;
use super::status::mynah_status;
use super::value::{clear_value, give_text, guard_json, mynah_value};
use super::version::MYNAH_ABI_VERSION;

/// How the library was built, as JSON: `version`, `abi_version`, `target`,
/// `profile`, `compiler`, `features` (what can be left out, and was not), and the
/// versions of what it is built on. Any thread. The value is the caller's to
/// free.
///
/// # Safety
/// 1. `value` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_build_info_json(value: *mut *mut mynah_value) -> mynah_status {
    let features = [("mock", cfg!(feature = "mock")), ("test-hooks", cfg!(feature = "test-hooks"))];
    let features: Vec<&str> =
        features.iter().filter(|(_, on)| *on).map(|(name, _)| *name).collect();
    let json = || {
        Ok(json!({
            "version": env!("CARGO_PKG_VERSION"),
            "abi_version": MYNAH_ABI_VERSION,
            "target": env!("MYNAH_TARGET"),
            "profile": env!("MYNAH_PROFILE"),
            "compiler": env!("MYNAH_RUSTC"),
            "features": features,
            "zstd": zstd::zstd_safe::version_string(),
            "tls": "rustls, ring",
        }))
    };
    // SAFETY: promised by (1).
    unsafe { guard_json(value, json) }
}

/// The figures of all clients of the process together, those that are freed
/// included, as JSON: the members of `mynah_client_metrics_json` but what is one
/// client's own (breaker, alerts, calls in flight), with the number of `clients` that
/// are there now. Any thread. The value is the caller's to free.
///
/// # Safety
/// 1. `value` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_metrics_json(value: *mut *mut mynah_value) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { guard_json(value, || Ok(totals::ALL.to_json())) }
}

/// The same in Prometheus' text format (version 0.0.4): what a process with
/// several clients shows a scraper. Any thread. The value is the caller's to
/// free.
///
/// # Safety
/// 1. `value` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_metrics_prometheus(value: *mut *mut mynah_value) -> mynah_status {
    // SAFETY: promised by (1).
    guard(|| unsafe {
        clear_value(value);
        give_text(value, &totals::ALL.prometheus())
    })
}
