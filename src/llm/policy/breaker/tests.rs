use super::*;
use crate::clock::ManualClock;
use std::sync::Arc;

fn breaker(change: impl FnOnce(&mut ClientOptions)) -> (Breaker, Arc<ManualClock>) {
    let mut options = ClientOptions::default();
    change(&mut options);
    let (clock, time) = Clock::manual();
    (Breaker::new(&options, &clock), time)
}

fn call(breaker: &Breaker, failure: Option<Status>) -> Option<Transition> {
    breaker.enter().0.unwrap().end(failure)
}

const DOWN: Option<Status> = Some(Status::Server);
const RESET: Duration = Duration::from_millis(30_000);

#[test]
fn failures_in_a_row_open_it_and_a_success_between_starts_anew() {
    let (breaker, _) = breaker(|o| o.breaker_failure_threshold = 3);
    for failure in [DOWN, DOWN, None, DOWN, DOWN] {
        assert_eq!(call(&breaker, failure), None);
    }
    let opened = call(&breaker, DOWN).unwrap();
    assert_eq!((opened.to, opened.reason.as_str()), (State::Open, "3 failures in a row"));
    let error = breaker.enter().0.unwrap_err();
    assert_eq!(error.status(), Status::CircuitOpen);
    assert!(error.to_string().contains("30000 ms"), "{error}");
}

#[test]
fn a_share_of_the_window_opens_it_once_there_are_enough_calls() {
    let (breaker, time) = breaker(|o| {
        (o.breaker_failure_ratio, o.breaker_min_calls) = (0.5, 4);
    });
    [DOWN, DOWN].iter().for_each(|f| assert_eq!(call(&breaker, *f), None));
    time.advance(Duration::from_secs(61));
    [None, DOWN, None]
        .iter()
        .for_each(|f| assert_eq!(call(&breaker, *f), None, "old ones are gone"));
    assert_eq!(call(&breaker, DOWN).unwrap().reason, "2 of 4 calls failed");
}

#[test]
fn as_many_calls_are_remembered_as_have_to_be_there() {
    let (breaker, _) = breaker(|o| {
        (o.breaker_failure_ratio, o.breaker_min_calls) = (0.5, RECENT_MAX as u64 + 5);
    });
    (1..RECENT_MAX + 5).for_each(|_| assert_eq!(call(&breaker, DOWN), None));
    assert_eq!(call(&breaker, DOWN).unwrap().reason, "10005 of 10005 calls failed");
}

#[test]
fn a_half_open_breaker_admits_one_call_and_the_herd_waits() {
    let (breaker, time) = breaker(|o| o.breaker_failure_threshold = 1);
    call(&breaker, DOWN);
    time.advance(RESET);
    let (trial, transition) = breaker.enter();
    assert_eq!(transition.unwrap().to, State::HalfOpen);
    for _ in 0..100 {
        assert!(breaker.enter().0.is_err());
    }
    assert_eq!(trial.unwrap().end(None).unwrap().to, State::Closed);
    assert_eq!(breaker.transitions(), 3);
    assert!(breaker.enter().0.is_ok());
}

#[test]
fn a_leave_from_before_it_opened_stands_no_more_until_it_has_closed() {
    let (breaker, time) = breaker(|o| o.breaker_failure_threshold = 1);
    let early = breaker.enter().0.unwrap();
    assert!(early.stands().is_ok());
    call(&breaker, Some(Status::Server));
    assert_eq!(early.stands().unwrap_err().status(), Status::CircuitOpen);
    time.advance(breaker.reset);
    let trial = breaker.enter().0.unwrap();
    assert!(trial.stands().is_ok());
    assert_eq!(early.stands().unwrap_err().status(), Status::CircuitOpen);
    let _ = trial.end(None);
    assert!(early.stands().is_ok());
    let _ = early.end(None);
}

#[test]
fn a_failed_trial_opens_it_for_the_whole_time_again() {
    let (breaker, time) = breaker(|o| o.breaker_failure_threshold = 1);
    call(&breaker, DOWN);
    time.advance(RESET);
    assert_eq!(call(&breaker, DOWN).unwrap().to, State::Open);
    time.advance(RESET - Duration::from_millis(1));
    assert!(breaker.enter().0.is_err());
}

#[test]
fn a_trial_without_a_verdict_leaves_the_door_to_the_next() {
    let (breaker, time) = breaker(|o| o.breaker_failure_threshold = 1);
    call(&breaker, DOWN);
    time.advance(RESET);
    drop(breaker.enter().0.unwrap());
    let back = call(&breaker, Some(Status::Cancelled)).unwrap();
    assert_eq!((back.from, back.to), (State::HalfOpen, State::Open));
    assert_eq!(breaker.enter().0.unwrap().give_back().unwrap().to, State::Open);
    assert_eq!(call(&breaker, None).unwrap().to, State::Closed);
}

#[test]
fn the_callers_own_mistakes_do_not_count() {
    let (breaker, _) = breaker(|o| o.breaker_failure_threshold = 1);
    for status in [Status::BadRequest, Status::Authentication, Status::RateLimited] {
        assert_eq!(call(&breaker, Some(status)), None);
    }
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn without_thresholds_it_never_opens() {
    let (breaker, _) = breaker(|_| {});
    (0..1000).for_each(|_| assert_eq!(call(&breaker, DOWN), None));
}
