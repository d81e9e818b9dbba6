use super::super::cache::entries::*;
use super::super::cache::state::*;
use super::super::cache::*;
use super::*;

#[test]
fn many_cross_at_once_and_misses_are_null() {
    let (mut cache, mut values) = (ptr::null_mut(), ptr::null_mut());
    let (keys, lens) = (b"abbccc", [1usize, 2, 3]);
    // SAFETY: live locals with their lengths; each object freed once.
    unsafe {
        assert_eq!(mynah_cache_new(ptr::null(), &mut cache, ptr::null_mut()), 0);
        let (at, lengths) = (keys.as_ptr().cast(), lens.as_ptr());
        let set = mynah_cache_set_many(cache, at, lengths, at, lengths, 2, 0);
        let got = mynah_cache_get_many(cache, at, lengths, 3, &mut values);
        assert_eq!((set, got, mynah_values_count(values)), (0, 0, 3));
        let mut len = 9;
        let second = mynah_values_get(values, 1, &mut len).cast::<u8>();
        assert_eq!(std::slice::from_raw_parts(second, len), b"bb");
        assert!(mynah_values_get(values, 2, &mut len).is_null() && len == 0);
        assert!(mynah_values_get(values, 3, &mut len).is_null());
        mynah_values_free(values);
        let huge = [usize::MAX, 2, 3];
        assert_ne!(mynah_cache_get_many(cache, at, huge.as_ptr(), 3, &mut values), 0);
        mynah_cache_free(cache);
    }
}

#[test]
fn the_argument_that_is_null_is_named() {
    let (keys, lens) = (b"abbccc".as_ptr().cast(), [1usize, 2, 3]);
    let names = ["keys", "key_lens"];
    // SAFETY: the lengths are those of the keys, and null is refused.
    let null = |keys, lens| unsafe { packed(names, keys, lens, 3) }.map(drop).unwrap_err();
    assert_eq!(null(keys, ptr::null()), Error::NullArgument("key_lens"));
    assert_eq!(null(ptr::null(), lens.as_ptr()), Error::NullArgument("keys"));
}

/// A key, and what is stored under it.
fn entry(i: usize) -> (String, Vec<u8>) {
    let size = match i % 10 {
        0 => 0,
        1 => 3000,
        2 => 20_000,
        _ => i % 97,
    };
    (format!("key {i}"), (0..size).map(|at| (i * 31 + at / 7) as u8).collect())
}

#[test]
fn keys_count_once_whether_or_not_the_first_buffer_was_large_enough() {
    let mut cache = ptr::null_mut();
    let asked: Vec<_> = (0..200).map(entry).collect();
    let keys: Vec<u8> = asked.iter().flat_map(|(key, _)| key.bytes()).collect();
    let key_lens: Vec<usize> = asked.iter().map(|(key, _)| key.len()).collect();
    // SAFETY: live locals with their lengths; each object freed once.
    unsafe {
        assert_eq!(mynah_cache_new(ptr::null(), &mut cache, ptr::null_mut()), 0);
        for (key, value) in &asked[..100] {
            let at = (key.as_ptr().cast(), value.as_ptr().cast());
            assert_eq!(mynah_cache_set(cache, at.0, key.len(), at.1, value.len(), 0), 0);
        }
        let (mut offsets, mut lens, mut needed) = (vec![0; 200], vec![0; 200], 0);
        let mut buf = Vec::<u8>::new();
        // Often, for now and then a look-up is timed.
        for turn in 1..=20 {
            buf.clear();
            buf.resize(turn as usize * 1_000, 0);
            let mut statuses = Vec::new();
            for _ in 0..2 {
                statuses.push(mynah_cache_get_many_into(
                    cache,
                    keys.as_ptr().cast(),
                    key_lens.as_ptr(),
                    asked.len(),
                    buf.as_mut_ptr().cast(),
                    buf.len(),
                    offsets.as_mut_ptr(),
                    lens.as_mut_ptr(),
                    &mut needed,
                ));
                buf.resize(needed, 0);
            }
            assert_eq!(statuses, [Status::TooLarge.code(), 0]);
            let report = share(cache).unwrap().cache().report();
            assert_eq!((report.hits, report.misses), (100 * turn, 100 * turn));
        }
        mynah_cache_free(cache);
    }
}

#[test]
fn many_are_copied_into_a_buffer_whatever_they_are() {
    let mut cache = ptr::null_mut();
    let total = 300;
    let asked: Vec<_> = (0..total * 2).chain([7, 7]).map(entry).collect();
    let keys: Vec<u8> = asked.iter().flat_map(|(key, _)| key.bytes()).collect();
    let key_lens: Vec<usize> = asked.iter().map(|(key, _)| key.len()).collect();
    let all: usize = asked[..total].iter().map(|(_, value)| value.len()).sum();
    let all = all + 2 * entry(7).1.len();
    // SAFETY: live locals with their lengths; each object freed once.
    unsafe {
        let options = crate::ffi::cache_options::mynah_cache_options_new();
        for (name, value) in [(c"compression", c"true"), (c"shard_count", c"4")] {
            let set = crate::ffi::cache_options::mynah_cache_options_set;
            assert_eq!(set(options, name.as_ptr(), value.as_ptr(), ptr::null_mut()), 0);
        }
        assert_eq!(mynah_cache_new(options, &mut cache, ptr::null_mut()), 0);
        crate::ffi::cache_options::mynah_cache_options_free(options);
        for (key, value) in &asked[..total] {
            let at = (key.as_ptr().cast(), value.as_ptr().cast());
            assert_eq!(mynah_cache_set(cache, at.0, key.len(), at.1, value.len(), 0), 0);
        }
        let gone = entry(8).0;
        mynah_cache_set(cache, gone.as_ptr().cast(), gone.len(), ptr::null(), 0, 1);
        std::thread::sleep(std::time::Duration::from_millis(5));
        let all = all - entry(8).1.len();
        let (mut offsets, mut lens, mut needed) = (vec![0; 602], vec![0; 602], 9);
        let mut buf = vec![0u8; all];
        let mut ask = |cap: usize| {
            mynah_cache_get_many_into(
                cache,
                keys.as_ptr().cast(),
                key_lens.as_ptr(),
                asked.len(),
                buf.as_mut_ptr().cast(),
                cap,
                offsets.as_mut_ptr(),
                lens.as_mut_ptr(),
                &mut needed,
            )
        };
        for small in [0, 1, all / 2, all - 1] {
            assert_eq!(ask(small), Status::TooLarge.code());
        }
        assert_eq!(mynah_cache_resize(cache, 2, ptr::null_mut()), 0);
        assert_eq!(ask(all), 0);
        assert_eq!(needed, all);
        for (i, (key, value)) in asked.iter().enumerate() {
            if i == 8 || (total..total * 2).contains(&i) {
                assert_eq!(lens[i], usize::MAX, "{key}");
            } else {
                assert_eq!(&buf[offsets[i]..offsets[i] + lens[i]], value, "{key}");
            }
        }
        mynah_cache_free(cache);
        let none = mynah_cache_get_many_into(
            cache,
            ptr::null(),
            ptr::null(),
            0,
            ptr::null_mut(),
            0,
            ptr::null_mut(),
            ptr::null_mut(),
            &mut needed,
        );
        assert_eq!((none, needed), (Status::InvalidHandle.code(), 0));
    }
}

#[test]
fn how_much_is_needed_is_not_told_where_a_shard_was_not_free_in_time() {
    let mut cache = ptr::null_mut();
    let keys: Vec<u8> = (0..100).collect();
    let (key_lens, mut needed) = ([1usize; 100], 9);
    let (mut buf, mut offsets, mut lens) = ([0u8; 100], [0; 100], [0; 100]);
    // SAFETY: live locals with their lengths; each object freed once.
    unsafe {
        let options = crate::ffi::cache_options::mynah_cache_options_new();
        for (name, value) in [
            (c"shard_count", c"2"),
            (c"max_retries", c"1"),
            (c"retry_delay_ms", c"1"),
            (c"hash_seed", c"7"),
        ] {
            let set = crate::ffi::cache_options::mynah_cache_options_set;
            assert_eq!(set(options, name.as_ptr(), value.as_ptr(), ptr::null_mut()), 0);
        }
        assert_eq!(mynah_cache_new(options, &mut cache, ptr::null_mut()), 0);
        crate::ffi::cache_options::mynah_cache_options_free(options);
        let at = (keys.as_ptr().cast(), key_lens.as_ptr());
        assert_eq!(mynah_cache_set_many(cache, at.0, at.1, at.0, at.1, 100, 0), 0);
        let mut ask = || {
            let place = buf.as_mut_ptr().cast();
            let told = (offsets.as_mut_ptr(), lens.as_mut_ptr());
            mynah_cache_get_many_into(
                cache,
                at.0,
                at.1,
                100,
                place,
                100,
                told.0,
                told.1,
                &mut needed,
            )
        };
        assert_eq!(ask(), 0);
        let stake = share(cache).unwrap();
        assert_eq!(stake.cache().while_one_is_written_to(&mut ask), Status::Busy.code());
        drop(stake);
        assert_eq!(needed, 0);
        mynah_cache_free(cache);
    }
}

#[test]
fn a_call_that_meets_a_free_finds_the_handle_invalid() {
    let mut cache = ptr::null_mut();
    let (key, len) = (b"k".as_ptr().cast(), 1usize);
    // SAFETY: live locals with their lengths; each object freed once.
    unsafe {
        assert_eq!(mynah_cache_new(ptr::null(), &mut cache, ptr::null_mut()), 0);
        // As of a free that has not taken the handle away yet.
        share(cache).unwrap().cache().close();
        let gone = Status::InvalidHandle.code();
        assert_eq!(mynah_cache_set(cache, key, 1, key, 1, 0), gone);
        assert_eq!(mynah_cache_set_many(cache, key, &len, key, &len, 1, 0), gone);
        assert_eq!(crate::ffi::claim::mynah_cache_set_negative(cache, key, 1, 0), gone);
        mynah_cache_free(cache);
    }
}
