//! The limiter as a whole: rates, lines, deadlines, calls inside calls.

mod stated;

use super::*;
use crate::clock::ManualClock;
use crate::llm::cancel::Reason;

const FAR: u64 = u64::MAX;

fn limiter(change: impl FnOnce(&mut ClientOptions)) -> (RateLimiter, Arc<ManualClock>) {
    let mut options = ClientOptions::default();
    change(&mut options);
    let (clock, time) = Clock::manual();
    (RateLimiter::new(&options, &clock), time)
}

fn acquire(
    limiter: &RateLimiter,
    line: &str,
    tokens: u64,
    deadline_ns: &dyn Fn() -> u64,
    interrupt: &Interrupt,
) -> Result<Permit> {
    let asker = Asker { deadline_ns, interrupt, held: None, waits: &mut Vec::new() };
    limiter.acquire(line, tokens, asker)
}

fn waited(limiter: &RateLimiter, tokens: u64) -> Duration {
    acquire(limiter, "line", tokens, &|| FAR, &Interrupt::default()).unwrap().waited
}

#[test]
fn a_minutes_worth_may_burst_and_then_the_rate_is_steady() {
    let (limiter, _) = limiter(|o| o.rate_limit_rpm = 60);
    (0..60).for_each(|_| assert_eq!(waited(&limiter, 0), Duration::ZERO));
    (0..5).for_each(|_| assert_eq!(waited(&limiter, 0).as_millis(), 1_000));
}

#[test]
fn tokens_are_limited_and_corrected_by_what_was_used() {
    let (limiter, _) = limiter(|o| o.rate_limit_tpm = 6_000);
    let first = acquire(&limiter, "line", 6_000, &|| FAR, &Interrupt::default()).unwrap();
    first.correct(1_000);
    drop(first);
    assert_eq!(waited(&limiter, 5_000), Duration::ZERO, "5,000 came back");
    assert_eq!(waited(&limiter, 100).as_millis(), 1_000);
}

#[test]
fn an_estimate_above_the_whole_limit_goes_through_alone() {
    let (limiter, _) = limiter(|o| o.rate_limit_tpm = 1_000);
    assert_eq!(waited(&limiter, 50_000), Duration::ZERO);
    assert!(waited(&limiter, 1).as_secs() > 2_000, "and is paid for by those after it");
}

#[test]
fn a_wait_beyond_the_deadline_fails_at_once() {
    let (limiter, _) = limiter(|o| o.rate_limit_rpm = 1);
    assert_eq!(waited(&limiter, 0), Duration::ZERO);
    let deadline = limiter.clock.now_ns() + 59_000_000_000;
    let before = limiter.clock.now_ns();
    let error = acquire(&limiter, "line", 0, &|| deadline, &Interrupt::default()).unwrap_err();
    assert_eq!(error.status(), Status::RateLimited);
    assert_eq!(limiter.clock.now_ns(), before);
    assert_eq!(limiter.line("line").waiting(), 0);
}

#[test]
fn a_call_whose_time_is_up_is_not_told_that_it_was_the_limits() {
    let (limiter, _) = limiter(|_| {});
    let passed = limiter.clock.now_ns() - 1;
    let permit = acquire(&limiter, "line", 0, &|| passed, &Interrupt::default());
    assert_eq!(permit.unwrap().waited, Duration::ZERO, "the sending tells");
}

#[test]
fn each_line_has_its_own_room() {
    let (limiter, _) = limiter(|o| o.rate_limit_rpm = 1);
    for line in ["a", "b"] {
        let permit = acquire(&limiter, line, 0, &|| FAR, &Interrupt::default()).unwrap();
        assert_eq!(permit.waited, Duration::ZERO);
    }
}

#[test]
fn lines_that_nobody_needs_do_not_pile_up() {
    let (limiter, time) = limiter(|o| o.rate_limit_rpm = 60);
    let held = acquire(&limiter, "held", 0, &|| FAR, &Interrupt::default()).unwrap();
    for n in 0..1_000 {
        acquire(&limiter, &n.to_string(), 0, &|| FAR, &Interrupt::default()).unwrap();
        time.advance(Duration::from_secs(1));
    }
    let lines = limiter.lines.lock();
    assert!(lines.by_name.len() <= SWEEP_LEAST, "{}", lines.by_name.len());
    assert!(Arc::ptr_eq(&lines.by_name["held"], &held.line));
}

/// What `line` says of a call that comes while one is under way and that
/// ends when `then` has been done; how many were waiting by then.
fn while_waiting(
    limiter: &RateLimiter,
    calls: usize,
    deadline_ns: &(dyn Fn() -> u64 + Sync),
    then: impl FnOnce(),
) -> Vec<Status> {
    std::thread::scope(|scope| {
        let ask = || acquire(limiter, "line", 0, deadline_ns, &Interrupt::default());
        let asked: Vec<_> = (0..calls).map(|_| scope.spawn(ask)).collect();
        while limiter.line("line").waiting() < calls {
            std::thread::yield_now();
        }
        then();
        let status = |end: Result<Permit>| end.map_or_else(|e| e.status(), |_| Status::Ok);
        asked.into_iter().map(|call| status(call.join().unwrap())).collect()
    })
}

/// In real time, where only `busy` can make room.
fn one_at_a_time() -> (RateLimiter, Permit) {
    let options = ClientOptions { max_in_flight: 1, ..ClientOptions::default() };
    let limiter = RateLimiter::new(&options, &Clock::System);
    let busy = acquire(&limiter, "line", 0, &|| FAR, &Interrupt::default()).unwrap();
    (limiter, busy)
}

#[test]
fn a_deadline_that_is_raised_while_its_call_waits_is_the_one_that_holds() {
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
    let (limiter, busy) = one_at_a_time();
    let (raised, told) = (AtomicBool::new(false), AtomicU64::new(0));
    // Always a little ahead, so that no call is late before it was raised.
    let get = || {
        let near = Clock::System.now_ns() + 60_000_000;
        told.store(near, SeqCst);
        if raised.load(SeqCst) { FAR } else { near }
    };
    let ends = while_waiting(&limiter, 1, &get, || {
        raised.store(true, SeqCst);
        while Clock::System.now_ns() < told.load(SeqCst) + 30_000_000 {
            std::thread::yield_now();
        }
        drop(busy);
    });
    assert_eq!(ends, [Status::Ok]);
}

/// A place in flight that another thread holds.
fn held_elsewhere(limiter: &RateLimiter) -> Permit {
    let acquire = || acquire(limiter, "line", 0, &|| FAR, &Interrupt::default()).unwrap();
    std::thread::scope(|scope| scope.spawn(acquire).join().unwrap())
}

#[test]
fn a_call_inside_a_call_goes_first_and_needs_no_place_beside_it() {
    let (limiter, outer) = one_at_a_time();
    let (order, take) = (Mutex::new(Vec::new()), |limiter: &RateLimiter| {
        acquire(limiter, "line", 0, &|| FAR, &Interrupt::default()).unwrap()
    });
    std::thread::scope(|scope| {
        scope.spawn(|| (take(&limiter), order.lock().push("in line")).1);
        while limiter.line("line").waiting() == 0 {
            std::thread::yield_now();
        }
        let inner = take(&limiter);
        order.lock().push("inner");
        drop(take(&limiter));
        drop(inner);
        assert_eq!(limiter.line("line").in_flight(), 1);
        order.lock().push("outer");
        drop(outer);
    });
    assert_eq!(*order.lock(), ["inner", "outer", "in line"]);
    assert_eq!(limiter.line("line").in_flight(), 0);
    assert!(!nesting::is_inside(limiter.line("line").place()));
}

#[test]
fn a_call_inside_a_call_waits_for_the_rate_as_any_other() {
    let (limiter, _) = limiter(|o| o.rate_limit_rpm = 1);
    let _outer = acquire(&limiter, "line", 0, &|| FAR, &Interrupt::default()).unwrap();
    assert_eq!(waited(&limiter, 0).as_secs(), 60);
}

#[test]
fn who_finds_no_room_in_time_is_told_of_the_option() {
    let (limiter, _time) = limiter(|o| o.max_in_flight = 1);
    let _busy = held_elsewhere(&limiter);
    let deadline = limiter.clock.now_ns() + 5_000_000_000;
    let error = acquire(&limiter, "line", 0, &|| deadline, &Interrupt::default()).unwrap_err();
    assert_eq!((error.status(), limiter.clock.now_ns()), (Status::RateLimited, deadline));
    assert!(error.to_string().contains("max_in_flight = 1"), "{error}");
    assert_eq!(error.bound(), Some(Bound::InFlight));
}

#[test]
fn a_call_that_waits_for_room_waits_for_that_and_not_for_the_rate() {
    let (limiter, busy) = one_at_a_time();
    std::thread::scope(|scope| {
        let ask = || {
            let (interrupt, mut waits) = (&Interrupt::default(), Vec::new());
            let asker = Asker { deadline_ns: &|| FAR, interrupt, held: None, waits: &mut waits };
            (limiter.acquire("line", 0, asker).unwrap().waited, waits)
        };
        let asked = scope.spawn(ask);
        while limiter.line("line").waiting() < 1 {
            std::thread::yield_now();
        }
        drop(busy);
        let (waited, waits) = asked.join().unwrap();
        assert!(waits.iter().all(|(bound, _)| *bound == Bound::InFlight));
        let sum = waits.into_iter().map(|(_, ns)| ns).sum();
        assert_eq!(Duration::from_nanos(sum), waited);
    });
}

#[test]
fn an_interrupted_call_leaves_the_line() {
    let (limiter, _) = limiter(|o| o.max_in_flight = 1);
    let _busy = held_elsewhere(&limiter);
    let interrupt = Interrupt::default();
    interrupt.trip(Reason::Cancelled);
    let error = acquire(&limiter, "line", 0, &|| FAR, &interrupt).unwrap_err();
    assert_eq!(error.status(), Status::Cancelled);
    assert_eq!(limiter.line("line").waiting(), 0);
}

#[test]
fn the_first_to_come_is_the_first_to_be_served() {
    let options = ClientOptions { max_in_flight: 1, ..ClientOptions::default() };
    let limiter = RateLimiter::new(&options, &Clock::System);
    let order = Mutex::new(Vec::new());
    let busy = acquire(&limiter, "line", 0, &|| FAR, &Interrupt::default()).unwrap();
    std::thread::scope(|scope| {
        for n in 0..8 {
            let (limiter, order) = (&limiter, &order);
            scope.spawn(move || {
                let permit = acquire(limiter, "line", 0, &|| FAR, &Interrupt::default());
                order.lock().push(n);
                drop(permit);
            });
            while limiter.line("line").waiting() <= n {
                std::thread::yield_now();
            }
        }
        drop(busy);
    });
    assert_eq!(order.into_inner(), (0..8).collect::<Vec<_>>());
}

#[test]
fn what_was_not_sent_counts_for_nothing() {
    let (limiter, _) = limiter(|o| (o.rate_limit_rpm, o.rate_limit_tpm) = (1, 100));
    for _ in 0..5 {
        let permit = acquire(&limiter, "line", 100, &|| FAR, &Interrupt::default()).unwrap();
        assert_eq!(permit.waited, Duration::ZERO);
        permit.unsent();
    }
}

/// What one in line is told of its wait, in ms and by its bound, and what it says to have
/// waited for once it has given up.
fn told_of(change: impl FnOnce(&mut ClientOptions)) -> (u64, Option<Bound>, Vec<Bound>) {
    let (limiter, _) = limiter(change);
    let _busy = held_elsewhere(&limiter);
    let (interrupt, mut waits, told) = (Interrupt::default(), Vec::new(), Mutex::default());
    let began_ns = limiter.clock.now_ns();
    let held = |until_ns: u64, error: &dyn Fn() -> Error| {
        *told.lock() = (until_ns.saturating_sub(began_ns) / 1_000_000, error().bound());
        interrupt.trip(Reason::Cancelled);
    };
    let (deadline_ns, interrupt) = (&|| FAR, &interrupt);
    let asker = Asker { deadline_ns, interrupt, held: Some(&held), waits: &mut waits };
    assert_eq!(limiter.acquire("line", 0, asker).unwrap_err().status(), Status::Cancelled);
    let (until_ms, bound) = *told.lock();
    (until_ms, bound, waits.into_iter().map(|(bound, _)| bound).collect())
}

#[test]
fn who_waits_is_told_how_it_would_end_and_who_gives_up_has_waited_for_something_too() {
    let requests = (60_000, Some(Bound::Requests), vec![Bound::Requests]);
    assert_eq!(told_of(|o| o.rate_limit_rpm = 1), requests);
    let in_flight = (0, Some(Bound::InFlight), vec![Bound::InFlight]);
    assert_eq!(told_of(|o| o.max_in_flight = 1), in_flight);
}

#[test]
fn there_is_room_while_one_who_came_would_not_have_to_wait() {
    let (limiter, time) = limiter(|o| o.rate_limit_rpm = 1);
    assert!(limiter.has_room("line", 0));
    drop(acquire(&limiter, "line", 0, &|| FAR, &Interrupt::default()).unwrap());
    assert!(!limiter.has_room("line", 0), "it is used up");
    time.advance(Duration::from_secs(60));
    assert!(limiter.has_room("line", 0));
    let (limiter, busy) = one_at_a_time();
    assert!(!limiter.has_room("line", 0), "somebody is under way");
    drop(busy);
    assert!(limiter.has_room("line", 0));
}

#[test]
fn who_may_stand_in_no_line_is_refused_where_there_is_no_room_at_once() {
    let (limiter, _) = limiter(|o| o.max_in_flight = 1);
    let busy = held_elsewhere(&limiter);
    let before = limiter.clock.now_ns();
    let error = acquire(&limiter, "line", 0, &|| 0, &Interrupt::default()).unwrap_err();
    assert_eq!((error.bound(), limiter.clock.now_ns()), (Some(Bound::InFlight), before));
    drop(busy);
    acquire(&limiter, "line", 0, &|| 0, &Interrupt::default()).unwrap();
}
