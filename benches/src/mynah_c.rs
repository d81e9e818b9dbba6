//! mynah as a C program calls it: through function pointers that the optimizer
//! cannot look behind.

use std::ffi::{CString, c_void};
use std::hint::black_box;
use std::ptr;

use mynah::ffi::cache::entries::*;
use mynah::ffi::cache::state::*;
use mynah::ffi::cache::*;
use mynah::ffi::cache_options::*;
use mynah::ffi::value::*;

type GetInto = unsafe extern "C" fn(
    *mut mynah_cache,
    *const c_void,
    usize,
    *mut c_void,
    usize,
    *mut usize,
) -> i32;
type Get =
    unsafe extern "C" fn(*mut mynah_cache, *const c_void, usize, *mut *mut mynah_value) -> i32;
type Set =
    unsafe extern "C" fn(*mut mynah_cache, *const c_void, usize, *const c_void, usize, u64) -> i32;
type Free = unsafe extern "C" fn(*mut mynah_value);

pub struct Mynah {
    cache: *mut mynah_cache,
    get_into: GetInto,
    get: Get,
    set: Set,
    free: Free,
}

// SAFETY: the library says that a cache may be used from any thread.
unsafe impl Send for Mynah {}
// SAFETY: as above.
unsafe impl Sync for Mynah {}

impl Mynah {
    pub fn new(options: &[(&str, &str)]) -> Mynah {
        let mut cache = ptr::null_mut();
        // SAFETY: live options, NUL-terminated texts, a place for the handle.
        unsafe {
            let made = mynah_cache_options_new();
            for (name, value) in options {
                let (name, value) = (CString::new(*name).unwrap(), CString::new(*value).unwrap());
                let status =
                    mynah_cache_options_set(made, name.as_ptr(), value.as_ptr(), ptr::null_mut());
                assert_eq!(status, 0, "{name:?} {value:?}");
            }
            assert_eq!(mynah_cache_new(made, &mut cache, ptr::null_mut()), 0);
            mynah_cache_options_free(made);
        }
        Mynah {
            cache,
            get_into: black_box(mynah_cache_get_into),
            get: black_box(mynah_cache_get),
            set: black_box(mynah_cache_set),
            free: black_box(mynah_value_free),
        }
    }

    #[inline]
    pub fn get_into(&self, key: &[u8], place: &mut [u8]) -> Option<usize> {
        let mut len = 0;
        // SAFETY: live cache, slices with their lengths.
        let status = unsafe {
            (self.get_into)(
                self.cache,
                key.as_ptr().cast(),
                key.len(),
                place.as_mut_ptr().cast(),
                place.len(),
                &mut len,
            )
        };
        (status == 0).then_some(len)
    }

    /// A hit by reference: taken, and given back.
    #[inline]
    pub fn get_value(&self, key: &[u8]) -> bool {
        let mut value = ptr::null_mut();
        // SAFETY: live cache, a slice with its length, a place for the value,
        // which is freed once.
        unsafe {
            let status = (self.get)(self.cache, key.as_ptr().cast(), key.len(), &mut value);
            (self.free)(value);
            status == 0
        }
    }

    #[inline]
    pub fn set(&self, key: &[u8], value: &[u8]) {
        // SAFETY: live cache, slices with their lengths.
        let status = unsafe {
            (self.set)(
                self.cache,
                key.as_ptr().cast(),
                key.len(),
                value.as_ptr().cast(),
                value.len(),
                0,
            )
        };
        // Not by reference: a status that must lie in memory is read back before all
        // that was written is done.
        assert!(status == 0);
    }

    pub fn entries(&self) -> u64 {
        mynah_cache_len(self.cache)
    }

    pub fn memory_bytes(&self) -> u64 {
        mynah_cache_memory_bytes(self.cache)
    }

    pub fn handle(&self) -> *mut mynah_cache {
        self.cache
    }
}

impl Drop for Mynah {
    fn drop(&mut self) {
        mynah_cache_free(self.cache);
    }
}
