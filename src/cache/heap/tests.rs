use std::collections::HashMap;

use super::class::{CHUNK_PAGES, PAGE};
use super::*;

/// Fills a block of so many bytes with its number.
fn make(bytes: usize, number: u8) -> (NonNull<u8>, usize, u8) {
    let block = allocate(bytes).expect("memory");
    assert_eq!(block.as_ptr() as usize % ALIGN, 0);
    // SAFETY: the block has as many bytes, and is nobody else's.
    unsafe { block.write_bytes(number, bytes) };
    (block, bytes, number)
}

fn check_and_release((block, bytes, number): (NonNull<u8>, usize, u8)) {
    // SAFETY: `make` has written as many bytes, and the block is released once.
    unsafe {
        let all = std::slice::from_raw_parts(block.as_ptr(), bytes);
        assert!(all.iter().all(|byte| *byte == number), "{bytes} bytes");
        block.cast::<u32>().write_unaligned(0);
        release(block, bytes);
    }
}

/// Small, coarse, of pages, and mapped alone.
fn any_size(random: &mut fastrand::Rng) -> usize {
    match random.u8(..20) {
        0..14 => random.usize(LEAST..600),
        14..18 => random.usize(600..40_000),
        18 => random.usize(40_000..900_000),
        _ => random.usize(900_000..1_600_000),
    }
}

#[test]
fn blocks_of_all_sizes_never_overlap() {
    let mut random = fastrand::Rng::with_seed(1);
    let mut live = Vec::new();
    for turn in 0..20_000 {
        if live.len() > 300 || (!live.is_empty() && random.bool()) {
            check_and_release(live.swap_remove(random.usize(..live.len())));
        } else {
            live.push(make(any_size(&mut random), turn as u8));
        }
    }
    live.into_iter().for_each(check_and_release);
}

#[test]
fn blocks_may_end_on_other_threads_than_they_began_on() {
    let (send, receive) = crossbeam_channel::bounded(100);
    std::thread::scope(|scope| {
        for seed in 0..4 {
            let send = send.clone();
            scope.spawn(move || {
                let mut random = fastrand::Rng::with_seed(seed);
                for turn in 0..5_000 {
                    let (block, bytes, number) =
                        make(LEAST + any_size(&mut random) / 8, turn as u8);
                    send.send((block.as_ptr() as usize, bytes, number)).unwrap();
                }
            });
        }
        drop(send);
        for _ in 0..2 {
            scope.spawn(|| {
                for (address, bytes, number) in receive.iter() {
                    let block = NonNull::new(address as *mut u8).unwrap();
                    check_and_release((block, bytes, number));
                }
            });
        }
    });
}

#[test]
fn memory_of_one_size_serves_another_and_goes_back_in_the_end() {
    // A heap of its own: that of the process serves other tests too.
    let mut pages = pages::Pages::new(1, 64, Some(2));
    let mut runs: Vec<_> = (0..2_000).map(|_| pages.take(4).unwrap()).collect();
    let full = pages.resident();
    assert!(full <= (8_000 + 2 * CHUNK_PAGES) * PAGE, "{full}");
    for run in runs.drain(..) {
        // SAFETY: it was taken with as many pages and is put back once.
        unsafe { pages.put(run, 4) };
    }
    assert!(pages.resident() <= 80 * PAGE, "{}", pages.resident());
    let large: Vec<_> = (0..36).map(|_| pages.take(130).unwrap()).collect();
    assert!(pages.resident() <= full, "{} of {full}", pages.resident());
    for run in large {
        // SAFETY: as above.
        unsafe { pages.put(run, 130) };
    }
    assert!(pages.resident() <= 80 * PAGE, "{}", pages.resident());
}

#[test]
fn what_comes_after_a_cache_that_is_gone_lies_in_huge_pages_again() {
    let mut pages = pages::Pages::new(1, 64, Some(2));
    let mut runs: Vec<_> = (0..2_000).map(|_| pages.take(4).unwrap()).collect();
    // As a cache's entries go: from all chunks alike.
    fastrand::Rng::with_seed(1).shuffle(&mut runs);
    let mut purged = 0;
    for run in runs.drain(..) {
        // SAFETY: it was taken with as many pages and is put back once.
        unsafe { pages.put(run, 4) };
        purged = purged.max(pages.sparse());
    }
    assert!(purged > 0, "no chunk lost pages on the way");
    assert_eq!(pages.sparse(), 0);
}

#[test]
fn a_growing_cache_keeps_its_huge_pages() {
    let mut pages = pages::Pages::new(1, pages::SPARE, Some(1));
    let mut tables = Vec::new();
    for room in [25, 30, 35, 40] {
        (0..300).for_each(|_| _ = pages.take(4).unwrap());
        let larger = (0..8).map(|_| (pages.take(room).unwrap(), room)).collect();
        for (table, room) in std::mem::replace(&mut tables, larger) {
            // SAFETY: it was taken with as many pages and is put back once.
            unsafe { pages.put(table, room) };
            assert_eq!(pages.sparse(), 0);
        }
    }
}

#[test]
fn idle_pages_go_back_from_as_few_chunks_as_will_do() {
    let mut pages = pages::Pages::new(1, 300, Some(1));
    let mut runs: Vec<_> = (0..10 * 127).map(|_| pages.take(4).unwrap()).collect();
    // Most of one chunk, and a little of each other.
    let last = runs.split_off(9 * 127);
    let few = runs.into_iter().step_by(40);
    for run in few.chain(last.into_iter().skip(50)) {
        // SAFETY: it was taken with as many pages and is put back once.
        unsafe { pages.put(run, 4) };
    }
    assert_eq!(pages.sparse(), 1);
}

#[test]
fn runs_of_pages_never_overlap() {
    let mut pages = pages::Pages::new(0, 16, None);
    let mut random = fastrand::Rng::with_seed(3);
    let mut live: Vec<(NonNull<u8>, usize)> = Vec::new();
    let mut owner = HashMap::new();
    for turn in 0..20_000 {
        if live.len() > 60 || (!live.is_empty() && random.bool()) {
            let (run, len) = live.swap_remove(random.usize(..live.len()));
            for page in 0..len {
                owner.remove(&(run.as_ptr() as usize + page * PAGE));
            }
            // SAFETY: it was taken with as many pages and is put back once.
            unsafe { pages.put(run, len) };
        } else {
            let len = random.usize(1..=RUN_MAX);
            let run = pages.take(len).unwrap();
            for page in 0..len {
                let taken = owner.insert(run.as_ptr() as usize + page * PAGE, turn);
                assert_eq!(taken, None);
            }
            live.push((run, len));
        }
    }
    for (run, len) in live {
        // SAFETY: as above.
        unsafe { pages.put(run, len) };
    }
}
