use super::*;
use crate::metrics::striped::{self, with_a_line};
use std::sync::Barrier;
use std::sync::atomic::AtomicBool;

/// One thread stays inside until told to leave; `wait` must not end before.
fn wait_outlasts_a_stay(enter: fn() -> Section) {
    prepare();
    let (inside, left, waited) = (Barrier::new(2), AtomicBool::new(false), Barrier::new(2));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let section = enter();
            inside.wait();
            waited.wait();
            (0..1_000).for_each(|_| std::thread::yield_now());
            left.store(true, Ordering::Relaxed);
            drop(section);
        });
        inside.wait();
        waited.wait();
        wait();
        assert!(left.load(Ordering::Relaxed));
    });
}

#[test]
fn whoever_waits_outlasts_those_inside() {
    wait_outlasts_a_stay(|| enter(striped::line()));
}

#[test]
fn whoever_waits_outlasts_those_without_a_line() {
    wait_outlasts_a_stay(enter_crowd);
}

#[test]
fn a_section_inside_another_ends_with_the_outer_one() {
    with_a_line(|| {
        let Line(place) = &STAYS.lines[striped::line()];
        let outer = enter(striped::line());
        drop(enter(striped::line()));
        assert_eq!(place.load(Ordering::Relaxed) & 1, 1);
        drop(outer);
        assert_eq!(place.load(Ordering::Relaxed) & 1, 0);
    });
}

#[test]
fn nothing_is_reused_while_a_reader_may_see_it() {
    prepare();
    // Readers follow an index to a slot that a writer retires and, after
    // waiting, poisons.
    let current = AtomicUsize::new(0);
    let slots = [const { AtomicU64::new(1) }; 2];
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let section = enter(striped::line());
                    let at = current.load(Ordering::Acquire);
                    for _ in 0..20 {
                        assert_eq!(slots[at].load(Ordering::Relaxed), 1);
                    }
                    drop(section);
                }
            });
        }
        for turn in 0..2_000usize {
            let (old, new) = (turn % 2, (turn + 1) % 2);
            slots[new].store(1, Ordering::Relaxed);
            current.store(new, Ordering::SeqCst);
            wait();
            slots[old].store(0, Ordering::Relaxed);
        }
        stop.store(true, Ordering::Relaxed);
    });
}
