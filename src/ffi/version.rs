//! Version: which library a program found at run time.

use std::ffi::c_char;

/// The binary interface of this header, to compare with `mynah_abi_version`. Raised
/// when a program compiled against an earlier header can no longer work with the
/// library; the number in the shared library's name.
pub const MYNAH_ABI_VERSION: u32 = 0;

/// The library's version, such as `0.1.0`. NUL-terminated, belongs to the
/// library, never freed. Any thread. Compare with `MYNAH_VERSION`, which is the
/// version of the header that the program was compiled with.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The number of the binary interface, the one in the shared library's name: a
/// program works with every library that answers the same number. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_abi_version() -> u32 {
    MYNAH_ABI_VERSION
}
