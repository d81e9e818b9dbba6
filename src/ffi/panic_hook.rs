//! Silence: the C libraries never print, not even when a panic is caught.
//!
//! Rust's own hook writes each panic to standard error before the guard at the
//! boundary turns it into a status. The C libraries carry their own copy of
//! std, so replacing the hook there concerns nobody else; a Rust program that
//! uses the crate keeps its hook, because only the feature `capi` replaces it.

/// Called once, before the first handle exists.
#[cfg(feature = "capi")]
pub fn install() {
    std::panic::set_hook(Box::new(|_| {}));
}

/// Called once, before the first handle exists.
#[cfg(not(feature = "capi"))]
pub fn install() {}
