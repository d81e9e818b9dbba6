use super::super::cache::*;
use super::super::cancel::*;
use super::super::error::*;
use super::super::value::mynah_value_free;
use super::warm::*;
use super::*;

unsafe extern "C" fn echo(
    _: *mut c_void,
    key: *const c_void,
    key_len: usize,
    claim: *mut mynah_claim,
) -> i32 {
    // SAFETY: the library's key and claim.
    unsafe { mynah_claim_fill(claim, key, key_len, 0) }
}

/// Fills the first key and has the warming stopped at the second.
unsafe extern "C" fn one_only(
    user: *mut c_void,
    key: *const c_void,
    key_len: usize,
    claim: *mut mynah_claim,
) -> i32 {
    // SAFETY: the test's counter; the library's key and claim.
    unsafe {
        let calls = &mut *user.cast::<i32>();
        *calls += 1;
        if *calls == 1 { mynah_claim_fill(claim, key, key_len, 0) } else { 1 }
    }
}

/// Frees the cache whose handle it is given.
unsafe extern "C" fn freeing(
    user: *mut c_void,
    _: *const c_void,
    _: usize,
    _: *mut mynah_claim,
) -> i32 {
    mynah_cache_free(user.cast());
    0
}

#[test]
fn warming_says_that_the_cache_was_freed_meanwhile() {
    let (mut cache, mut loaded) = (ptr::null_mut(), 9u64);
    let (key, len, none) = (b"a".as_ptr().cast(), 1usize, ptr::null_mut());
    // SAFETY: live locals with their lengths; the cache is freed once.
    let warm = unsafe {
        mynah_cache_new(ptr::null(), &mut cache, none);
        mynah_cache_warm(cache, key, &len, 1, Some(freeing), cache.cast(), &mut loaded, none)
    };
    assert_eq!((warm, loaded), (Status::Closed.code(), 0));
}

#[test]
fn warming_ends_when_the_loader_says_so_and_leaves_no_claim_behind() {
    let (mut cache, mut calls, mut loaded) = (ptr::null_mut(), 0i32, 9u64);
    let (keys, lens) = (b"abc".as_ptr().cast(), [1usize; 3]);
    let user = (&raw mut calls).cast();
    let none = ptr::null_mut();
    // SAFETY: live locals with their lengths; each object freed once.
    unsafe {
        mynah_cache_new(ptr::null(), &mut cache, none);
        let lens = lens.as_ptr();
        let warm = mynah_cache_warm(cache, keys, lens, 3, Some(one_only), user, &mut loaded, none);
        assert_eq!((warm, loaded, calls), (Status::Stopped.code(), 1, 2));
        let warm =
            mynah_cache_warm(cache, keys, lens, 3, Some(echo), none.cast(), &mut loaded, none);
        assert_eq!((warm, loaded), (0, 3));
        mynah_cache_free(cache);
    }
}

#[test]
fn a_failure_settles_a_claim_whatever_the_bytes_of_its_text_are() {
    let (mut cache, mut value) = (ptr::null_mut(), ptr::null_mut());
    let (mut claim, none) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: live locals with their lengths; each object freed once.
    unsafe {
        mynah_cache_new(ptr::null(), &mut cache, ptr::null_mut());
        let key = b"k".as_ptr().cast();
        mynah_cache_get_or_claim(cache, key, 1, 0, none, &mut value, &mut claim);
        assert_eq!(mynah_claim_fail(claim, 23, c"Datei f\xe4llt aus".as_ptr()), 0);
        assert_eq!(mynah_claim_fail(claim, 23, ptr::null()), Status::Closed.code());
        mynah_claim_free(claim);
        mynah_cache_free(cache);
    }
}

/// Fails a claim while somebody waits; what he is told, unless he came too late.
fn told_of_a_failure(cache: usize) -> Option<(i32, String)> {
    let (mut value, mut claim) = (ptr::null_mut(), ptr::null_mut());
    let (key, token) = (b"k".as_ptr().cast(), ptr::null_mut());
    let handle = cache as *mut mynah_cache;
    // SAFETY: live locals with their lengths; each object freed once.
    unsafe { mynah_cache_get_or_claim(handle, key, 1, 0, token, &mut value, &mut claim) };
    let waiter = std::thread::spawn(move || {
        let (cache, key, token) = (cache as *mut _, b"k".as_ptr().cast(), ptr::null_mut());
        let (mut value, mut claim, mut err) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
        // SAFETY: as above.
        unsafe {
            let status = mynah_cache_wait_or_claim(
                cache, key, 1, 20_000, token, &mut value, &mut claim, &mut err,
            );
            mynah_claim_free(claim);
            let text = (status != 0).then(|| CStr::from_ptr(mynah_error_message(err)));
            let told = text.map(|text| (status, text.to_string_lossy().into_owned()));
            mynah_error_free(err);
            told
        }
    });
    (0..1_000).for_each(|_| std::thread::yield_now());
    // SAFETY: as above.
    unsafe { mynah_claim_fail(claim, Status::Server.code(), c"no such user".as_ptr()) };
    mynah_claim_free(claim);
    waiter.join().unwrap()
}

#[test]
fn who_goes_on_waiting_is_told_why_the_load_failed() {
    let mut cache = ptr::null_mut();
    // SAFETY: a live local.
    unsafe { mynah_cache_new(ptr::null(), &mut cache, ptr::null_mut()) };
    let told = std::iter::repeat_with(|| told_of_a_failure(cache as usize)).find_map(|t| t);
    assert_eq!(told, Some((Status::Server.code(), "no such user".into())));
    mynah_cache_free(cache);
}

#[test]
fn warming_counts_what_is_there_in_the_end() {
    let (mut cache, mut loaded, lens) = (ptr::null_mut(), 9u64, [1usize; 26]);
    let (keys, none) = (b"abcdefghijklmnopqrstuvwxyz".as_ptr().cast(), ptr::null_mut());
    // SAFETY: live locals with their lengths; the cache is freed once.
    unsafe {
        mynah_cache_new(ptr::null(), &mut cache, none);
        assert_eq!(state::mynah_cache_set_capacity(cache, 4, none), 0);
        let (lens, user) = (lens.as_ptr(), none.cast());
        let warm = mynah_cache_warm(cache, keys, lens, 26, Some(echo), user, &mut loaded, none);
        assert_eq!((warm, loaded), (0, 4));
        mynah_cache_free(cache);
    }
}

#[test]
fn a_claim_is_filled_failed_cancelled_and_warmed_through_c() {
    let (mut cache, mut value) = (ptr::null_mut(), ptr::null_mut());
    let (mut claim, mut other) = (ptr::null_mut(), ptr::null_mut());
    let key = b"k".as_ptr().cast();
    // SAFETY: live locals with their lengths; each object freed once.
    unsafe {
        mynah_cache_new(ptr::null(), &mut cache, ptr::null_mut());
        let mut get = |cancel, claim: &mut *mut mynah_claim| {
            mynah_cache_get_or_claim(cache, key, 1, 20_000, cancel, &mut value, claim)
        };
        assert_eq!(get(ptr::null_mut(), &mut claim), 0);
        let cancel = mynah_cancel_new();
        mynah_cancel_trigger(cancel);
        assert_eq!(get(cancel, &mut other), Status::Cancelled.code());
        mynah_cancel_free(cancel);
        assert_eq!(mynah_claim_fail(claim, 0, ptr::null()), Status::InvalidArgument.code());
        assert_eq!(mynah_claim_fail(claim, 23, c"down".as_ptr()), 0);
        assert_eq!(mynah_claim_fill(claim, key, 1, 0), Status::Closed.code());
        mynah_claim_free(claim);
        let mut loaded = 0;
        let lens = [1usize, 1];
        let (keys, user, err) = (b"kl".as_ptr().cast(), ptr::null_mut(), ptr::null_mut());
        let warm =
            mynah_cache_warm(cache, keys, lens.as_ptr(), 2, Some(echo), user, &mut loaded, err);
        assert_eq!((warm, loaded), (0, 2));
        assert_eq!(get(ptr::null_mut(), &mut claim), 0);
        assert!(claim.is_null() && !value.is_null());
        mynah_value_free(value);
        mynah_cache_free(cache);
    }
}
