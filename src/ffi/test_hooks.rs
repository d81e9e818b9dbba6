//! Misbehaviour on purpose, so that tests can prove what the guard does.
//!
//! Only with the feature `test-hooks`; neither in a release nor in the header.

use super::guard::guard;
use super::status::mynah_status;

/// Panics inside the guard: answers `MYNAH_PANIC`.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_test_panic() -> mynah_status {
    guard(|| panic!("on purpose"))
}

/// Panics with a payload that panics again when it is destroyed.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_test_panic_twice() -> mynah_status {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("again, on purpose");
        }
    }
    guard(|| std::panic::panic_any(Bomb))
}
