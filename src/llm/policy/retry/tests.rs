use super::*;

const HOUR: Duration = Duration::from_secs(3600);

fn verdict(facts: Facts, options: &ClientOptions) -> Decision {
    let budget = Budget::new(10, &Clock::manual().0);
    decide(&facts, 1, options, HOUR, &Random::seeded(1), &budget)
}

fn again(facts: Facts) -> bool {
    verdict(facts, &ClientOptions::default()) != Decision::GiveUp
}

fn answered(http: u16, status: Status) -> Facts {
    let facts = Facts { written: true, answered: true, ..Facts::default() };
    Facts { http_status: Some(http), status: Some(status), ..facts }
}

#[test]
fn a_status_is_judged_by_the_table() {
    for http in [408, 409, 429, 500, 502, 503, 529] {
        assert!(again(answered(http, Status::Server)), "{http}");
    }
    for http in [400, 401, 403, 404, 422] {
        assert!(!again(answered(http, Status::BadRequest)), "{http}");
    }
    assert!(again(answered(402, Status::RateLimited)));
    assert!(again(answered(498, Status::Overloaded)));
    assert!(!again(answered(498, Status::Authentication)));
    assert!(!again(answered(402, Status::QuotaExhausted)));
    for lasting in [Status::QuotaExhausted, Status::ContextLength, Status::Authentication] {
        assert!(!again(answered(500, lasting)), "{lasting:?}");
    }
}

#[test]
fn a_504_is_repeated_only_when_that_was_asked_for() {
    let mut options = ClientOptions::default();
    assert_eq!(verdict(answered(504, Status::Server), &options), Decision::GiveUp);
    options.retry_after_send = true;
    assert_ne!(verdict(answered(504, Status::Server), &options), Decision::GiveUp);
}

#[test]
fn the_provider_overrules_the_table_both_ways() {
    let with =
        |http, should| Facts { should_retry: Some(should), ..answered(http, Status::Server) };
    assert!(again(with(400, true)));
    assert!(!again(with(500, false)));
}

#[test]
fn the_provider_has_no_say_in_what_befell_its_answer() {
    for status in [Status::Cancelled, Status::Timeout, Status::TooLarge] {
        let facts = Facts { should_retry: Some(true), ..answered(500, status) };
        assert!(!again(facts), "{status:?}");
    }
    let cut = Facts { should_retry: Some(true), ..answered(200, Status::Truncated) };
    assert!(!again(cut), "the answer to a 200 that was cut");
    assert!(again(answered(408, Status::Timeout)), "a timeout of the provider's own");
}

#[test]
fn without_a_status_only_what_cannot_have_arrived_is_repeated() {
    let broken = Facts { status: Some(Status::Connection), ..Facts::default() };
    assert!(again(broken.clone()));
    let written = Facts { written: true, ..broken };
    assert!(!again(written.clone()));
    let reused = Facts { reused: true, ..written };
    assert!(again(reused.clone()), "a kept connection that had died");
    assert!(!again(Facts { reused_before: true, ..reused.clone() }), "but only once");
    assert!(!again(Facts { answered: true, ..reused }));
}

#[test]
fn a_kept_connection_that_had_died_costs_no_retry_and_no_wait() {
    let options = ClientOptions { retry_count: 0, ..ClientOptions::default() };
    for status in [Status::Connection, Status::Truncated] {
        let facts = Facts { status: Some(status), reused: true, ..Facts::default() };
        for written in [false, true] {
            let facts = Facts { written, ..facts.clone() };
            assert_eq!(verdict(facts.clone(), &options), Decision::AtOnce);
            let twice = Facts { reused_before: true, ..facts };
            assert_eq!(verdict(twice, &options), Decision::GiveUp);
        }
    }
    let timeout = Facts { status: Some(Status::Timeout), reused: true, ..Facts::default() };
    assert_eq!(verdict(timeout, &options), Decision::GiveUp);
}

#[test]
fn a_timeout_after_sending_is_final() {
    let late = Facts { status: Some(Status::Timeout), written: true, ..Facts::default() };
    assert!(!again(late.clone()));
    assert!(again(Facts { written: false, ..late }));
}

#[test]
fn an_error_event_counts_as_its_status_until_something_was_delivered() {
    let event = answered(200, Status::Overloaded);
    assert!(again(event.clone()));
    assert!(!again(Facts { delivered: true, ..event }));
}

#[test]
fn a_status_outside_the_table_is_final_whatever_its_body_says() {
    for http in [302, 400, 401, 403, 404, 413, 422] {
        assert!(!again(answered(http, Status::Server)), "{http}");
        assert!(!again(answered(http, Status::Overloaded)), "{http}");
    }
}

#[test]
fn a_wait_that_is_asked_for_is_kept_to_or_ends_the_call() {
    let asks = |s| Facts {
        retry_after: Some(Duration::from_secs(s)),
        ..answered(429, Status::RateLimited)
    };
    let options = ClientOptions::default();
    assert_eq!(verdict(asks(7), &options), Decision::Again(Duration::from_secs(7)));
    assert_eq!(verdict(asks(121), &options), Decision::GiveUp, "beyond max_retry_after_ms");
    let budget = Budget::new(10, &Clock::manual().0);
    let short = Duration::from_secs(5);
    let decision = decide(&asks(7), 1, &options, short, &Random::seeded(1), &budget);
    assert_eq!(decision, Decision::GiveUp, "beyond the deadline");
}

#[test]
fn the_bound_of_the_wait_doubles_up_to_its_cap() {
    let options =
        ClientOptions { retry_delay_ms: 100, max_retry_delay_ms: 350, ..Default::default() };
    let random = Random::seeded(7);
    let longest =
        |attempt| (0..500).map(|_| backoff(attempt, &options, &random)).max().unwrap().as_millis();
    for (attempt, bound) in [(1, 100), (2, 200), (3, 350), (60, 350)] {
        assert!((bound * 9 / 10..=bound).contains(&longest(attempt)), "{attempt}");
    }
}

#[test]
fn retries_are_a_share_of_the_calls_and_a_reserve() {
    let (clock, time) = Clock::manual();
    let budget = Budget::new(10, &clock);
    assert_eq!((0..100).filter(|_| budget.spend()).count() as u64, RESERVE);
    (0..100).for_each(|_| budget.earn());
    assert_eq!((0..100).filter(|_| budget.spend()).count(), 10);
    time.advance(Duration::from_secs(3));
    assert_eq!((0..100).filter(|_| budget.spend()).count(), 3);
}
