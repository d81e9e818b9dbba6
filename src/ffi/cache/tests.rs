//! A cache through the C functions.

use std::ffi::{CStr, CString, c_char, c_void};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed, Ordering::SeqCst};

use super::super::cache_iter::*;
use super::super::cache_listeners::*;
use super::super::cache_options::*;
use super::super::claim::warm::*;
use super::super::claim::*;
use super::super::value::{mynah_value_free, mynah_value_len};
use super::entries::*;
use super::state::*;
use super::*;
use crate::cache::Reason;
use crate::error::Status;

fn p<T>(bytes: &[T]) -> *const c_void {
    bytes.as_ptr().cast()
}

fn status(status: Status) -> i32 {
    status.code()
}

unsafe extern "C" fn count(
    user: *mut c_void,
    _: *const c_void,
    key_len: usize,
    _: *const c_void,
    value_len: usize,
    reason: i32,
) {
    // SAFETY: the test registered it with a counter.
    let counter = unsafe { &*user.cast::<AtomicU32>() };
    counter.fetch_add(1, Relaxed);
    assert_eq!((key_len, value_len, reason), (1, 5, Reason::Removed as i32));
}

unsafe extern "C" fn destroyed(user: *mut c_void) {
    // SAFETY: as above.
    unsafe { &*user.cast::<AtomicU32>() }.fetch_add(100, Relaxed);
}

#[test]
fn a_cache_lives_through_the_c_functions() {
    let told = AtomicU32::new(0);
    let user = (&raw const told).cast_mut().cast::<c_void>();
    let (mut cache, mut value, mut len) = (ptr::null_mut(), ptr::null_mut(), 0usize);
    let mut buf = [0u8; 16];
    let at = buf.as_mut_ptr().cast();
    // SAFETY: every pointer is to a live local, every text ends with a NUL.
    unsafe {
        let options = mynah_cache_options_new();
        let set = |k: &[c_char], v: &[c_char]| {
            mynah_cache_options_set(options, k.as_ptr(), v.as_ptr(), ptr::null_mut())
        };
        let c = |s: &'static std::ffi::CStr| {
            std::slice::from_raw_parts(s.as_ptr(), 32.min(s.count_bytes() + 1))
        };
        assert_eq!(set(c(c"capacity"), c(c"100")), 0);
        assert_eq!(set(c(c"capacity"), c(c"0")), status(Status::OutOfRange));
        assert_eq!(mynah_cache_options_on_evict(options, Some(count), user, Some(destroyed)), 0);
        assert_eq!(mynah_cache_new(options, &mut cache, ptr::null_mut()), 0);
        mynah_cache_options_free(options);
        assert_eq!(mynah_cache_capacity(cache), 100);
        assert_eq!(mynah_cache_set(cache, p(b"k"), 1, p(b"value"), 5, MYNAH_TTL_NEVER), 0);
        assert_eq!(mynah_cache_get_into(cache, p(b"k"), 1, at, 16, &mut len), 0);
        assert_eq!(&buf[..len], b"value");
        let small = mynah_cache_get_into(cache, p(b"k"), 1, at, 3, &mut len);
        assert_eq!((small, len), (status(Status::TooLarge), 5));
        assert_eq!(mynah_cache_get(cache, p(b"k"), 1, &mut value), 0);
        assert_eq!(mynah_cache_contains(cache, p(b"k"), 1), 0);
        assert_eq!(mynah_cache_remove(cache, p(b"k"), 1), 0);
        assert_eq!(told.load(Relaxed), 1);
        assert_eq!(mynah_cache_remove(cache, p(b"k"), 1), status(Status::NotFound));
        assert_eq!(mynah_cache_get(cache, p(b"k"), 1, ptr::null_mut()), 1);
        mynah_cache_free(cache);
        assert_eq!(told.load(Relaxed), 101);
        assert_eq!(mynah_cache_len(cache), 0);
        assert_eq!(mynah_cache_clear(cache), status(Status::InvalidHandle));
        assert_eq!(mynah_value_len(value), 5);
        mynah_value_free(value);
        mynah_cache_free(cache);
        mynah_cache_free(ptr::null_mut());
    }
}

#[test]
fn a_cache_that_was_given_to_clients_ends_with_the_last_who_holds_it() {
    use super::super::client::{mynah_client_free, mynah_client_new};
    use super::super::client_options::*;
    for free_handle_first in [true, false] {
        let told = AtomicU32::new(0);
        let user = (&raw const told).cast_mut().cast::<c_void>();
        let (mut cache, mut client) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: every pointer is to a live local, every text ends with a NUL.
        unsafe {
            let made_from = mynah_cache_options_new();
            mynah_cache_options_on_evict(made_from, Some(count), user, Some(destroyed));
            assert_eq!(mynah_cache_new(made_from, &mut cache, ptr::null_mut()), 0);
            mynah_cache_options_free(made_from);
            let options = mynah_client_options_new();
            let ollama = (c"provider".as_ptr(), c"ollama".as_ptr());
            mynah_client_options_set(options, ollama.0, ollama.1, ptr::null_mut());
            assert_eq!(mynah_client_options_set_cache(options, cache), 0);
            assert_eq!(mynah_client_new(options, &mut client, ptr::null_mut()), 0);
            mynah_client_options_free(options);
            if free_handle_first {
                mynah_cache_free(cache);
                assert_eq!(told.load(Relaxed), 0, "the client keeps it");
            }
            mynah_client_free(client);
            mynah_cache_free(cache);
            assert_eq!(told.load(Relaxed), 100, "nobody does");
        }
    }
}

/// What a function of the caller's has been through.
#[derive(Default)]
struct Inside {
    cache: usize,
    entered: AtomicBool,
    returned: AtomicBool,
    freed: AtomicBool,
}

impl Inside {
    unsafe fn pass(user: *mut c_void) -> i32 {
        // SAFETY: the test registered it with one.
        let inside = unsafe { &*user.cast::<Inside>() };
        assert!(!inside.freed.load(SeqCst), "it is called after the end");
        inside.entered.store(true, SeqCst);
        while mynah_cache_capacity(inside.cache as *mut mynah_cache) > 0 {
            std::thread::yield_now();
        }
        (0..1_000).for_each(|_| std::thread::yield_now());
        inside.returned.store(true, SeqCst);
        0
    }
}

unsafe extern "C" fn told(user: *mut c_void, _: u64, _: u64) -> i32 {
    // SAFETY: as above.
    unsafe { Inside::pass(user) }
}

unsafe extern "C" fn loading(
    user: *mut c_void,
    _: *const c_void,
    _: usize,
    _: *mut mynah_claim,
) -> i32 {
    // SAFETY: as above.
    unsafe { Inside::pass(user) }
}

/// Saves, loads or warms, by a handle.
fn transferred(way: u32, path: &CStr, inside: &Inside) -> i32 {
    let (cache, path) = (inside.cache as *mut mynah_cache, path.as_ptr());
    let none = ptr::null_mut();
    let user = std::ptr::from_ref(inside).cast_mut().cast::<c_void>();
    let (told, load, count) = (Some(told as _), Some(loading as _), ptr::null_mut());
    // SAFETY: live locals with their lengths; the functions take what they are given.
    unsafe {
        match way {
            0 => mynah_cache_save_with(cache, path, told, user, count, none),
            1 => mynah_cache_load_with(cache, path, told, user, count, none),
            _ => mynah_cache_warm(cache, p(b"ab"), [1, 1].as_ptr(), 2, load, user, count, none),
        }
    }
}

#[test]
fn who_frees_a_cache_waits_for_the_functions_of_saving_loading_and_warming() {
    let folder = tempfile::tempdir().unwrap();
    let path = CString::new(folder.path().join("s").to_str().unwrap()).unwrap();
    for way in 0..3 {
        let mut cache = ptr::null_mut::<mynah_cache>();
        // SAFETY: live locals with their lengths; the cache is freed once.
        unsafe {
            mynah_cache_new(ptr::null(), &mut cache, ptr::null_mut());
            mynah_cache_set(cache, p(b"k"), 1, p(b"v"), 1, 0);
            assert_eq!(mynah_cache_save(cache, path.as_ptr(), ptr::null_mut()), 0);
        }
        let inside = Inside { cache: cache as usize, ..Inside::default() };
        std::thread::scope(|scope| {
            let call = scope.spawn(|| transferred(way, &path, &inside));
            while !inside.entered.load(SeqCst) {
                std::thread::yield_now();
            }
            mynah_cache_free(cache);
            inside.freed.store(true, SeqCst);
            assert!(inside.returned.load(SeqCst), "it is not waited for");
            // It may have come to its end before what was in the cache had gone.
            assert!([0, status(Status::Closed)].contains(&call.join().unwrap()));
        });
    }
}
