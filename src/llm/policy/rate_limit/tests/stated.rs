//! What a provider states of its limits, and until when.

use super::*;
use crate::llm::policy::limit_headers::Limit;
use crate::llm::policy::rate_limit::limits::LONGEST_HOLD;

#[test]
fn headers_lower_the_limit_and_hold_everybody_until_the_reset() {
    let (limiter, _) = limiter(|o| o.rate_limit_rpm = 600);
    let requests =
        Limit { limit: Some(60), remaining: Some(0), reset: Some(Duration::from_secs(7)) };
    limiter.learn("line", &Learned { requests, ..Learned::default() });
    assert_eq!(waited(&limiter, 0).as_secs(), 7);
    let line = limiter.line("line");
    let state = |limit| {
        let requests = Limit { limit: Some(limit), ..Limit::default() };
        limiter.learn("line", &Learned { requests, ..Learned::default() });
        line.requests_per_minute()
    };
    assert_eq!(state(60), 60.0);
    assert_eq!(state(0), 60.0, "nothing is no limit");
    assert_eq!(state(100), 100.0, "the account was given more");
    assert_eq!(state(9_999), 600.0, "but never more than was configured");
}

#[test]
fn what_a_provider_gives_back_at_its_reset_is_there_at_once() {
    let (limiter, _) = limiter(|_| ());
    let learn = |limit, remaining, reset_ms| {
        let reset = Some(Duration::from_millis(reset_ms));
        let requests = Limit { limit: Some(limit), remaining: Some(remaining), reset };
        limiter.learn("line", &Learned { requests, ..Learned::default() });
    };
    // Three a window of a second, whatever a minute would have.
    for window in 0..4 {
        for left in (0..3).rev() {
            let first = window > 0 && left == 2;
            assert_eq!(waited(&limiter, 0), Duration::from_secs(first.into()));
            learn(3, left, 1_000);
        }
    }
    // What comes evenly is there before a reset that is far.
    learn(60, 1, 60_000);
    assert_eq!(waited(&limiter, 0), Duration::from_secs(1), "the hold of the last window");
    assert_eq!(waited(&limiter, 0), Duration::ZERO, "of a second");
    assert_eq!(waited(&limiter, 0), Duration::from_secs(1));
}

#[test]
fn what_is_left_as_stated_is_not_corrected_by_what_was_estimated() {
    let (limiter, _) = limiter(|_| ());
    let tokens = |left| Limit { limit: Some(1_000), remaining: Some(left), reset: None };
    let learn = |left| {
        limiter.learn("line", &Learned { tokens: tokens(left), ..Learned::default() });
    };
    let permit = acquire(&limiter, "line", 900, &|| FAR, &Interrupt::default()).unwrap();
    learn(300);
    permit.correct(10);
    drop(permit);
    assert_eq!(waited(&limiter, 300), Duration::ZERO);
    assert!(waited(&limiter, 900) > Duration::from_secs(50), "the provider counts the estimate");
}

#[test]
fn a_long_line_is_not_refused_for_what_a_short_window_may_give() {
    let (limiter, _) = limiter(|_| ());
    let reset = Some(Duration::from_secs(1));
    let requests = Limit { limit: Some(20), remaining: Some(0), reset };
    limiter.learn("line", &Learned { requests, ..Learned::default() });
    let line = limiter.line("line");
    let (now, soon) = (limiter.clock.now_ns(), 30_000_000_000);
    let entered = (0..100).map(|_| line.enter(now, 0, now + soon));
    assert!(entered.into_iter().all(|entered| entered.is_ok()));
}

#[test]
fn a_hold_that_is_learned_while_others_wait_ends_those_that_it_makes_too_late() {
    let (limiter, busy) = one_at_a_time();
    let deadline = Clock::System.now_ns() + 3_600_000_000_000;
    let reset = Some(Duration::from_secs(7_200));
    let requests = Limit { remaining: Some(0), reset, ..Limit::default() };
    let learn = || limiter.learn("line", &Learned { requests, ..Learned::default() });
    let ends = while_waiting(&limiter, 5, &|| deadline, learn);
    assert_eq!(ends, [Status::RateLimited; 5], "at once, and not only the first in line");
    drop(busy);
}

#[test]
fn an_absurd_reset_holds_nobody_for_more_than_a_day() {
    let (limiter, _) = limiter(|o| o.rate_limit_rpm = 600);
    let reset = Some(Duration::from_millis(u64::MAX));
    let requests = Limit { limit: Some(60), remaining: Some(0), reset };
    limiter.learn("line", &Learned { requests, ..Learned::default() });
    assert_eq!(waited(&limiter, 0), LONGEST_HOLD);
}
