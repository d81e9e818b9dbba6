use std::time::Duration;

use super::*;
use crate::error::CallError;
use crate::llm::cancel::Reason;
use crate::llm::event::EventKind;
use crate::llm::timing::Progress;
use crate::llm::transport::{Hold, Phase};
use crate::options::client::ClientOptions;

const KEY: Key = [7; 32];
const STREAM: Manner = Manner { streamed: true, told: true, renews: false };

fn text(text: &str) -> Event {
    Event { choice: 0, kind: EventKind::Text(text.into()) }
}

struct Caller {
    clock: Clock,
    timing: Timing,
    interrupt: Interrupt,
}

impl Caller {
    fn new(change: impl FnOnce(&mut ClientOptions)) -> Self {
        Caller::on(&Clock::System, change)
    }

    /// On a clock that passes at once while it waits, say.
    fn on(clock: &Clock, change: impl FnOnce(&mut ClientOptions)) -> Self {
        let mut options = ClientOptions::default();
        change(&mut options);
        let timing = Timing::start(&options, clock);
        Caller { timing, clock: clock.clone(), interrupt: Interrupt::default() }
    }

    /// Begins a request.
    fn first<'a>(&self, flights: &'a Flights, manner: Manner) -> Participant<'a> {
        match flights.join(KEY, &self.timing, manner, |_| Ok(())) {
            Joined::First(place) => place,
            _ => panic!("somebody was there before"),
        }
    }

    /// Whether it joins the request that there is, from a thread of its own.
    fn joins(self, flights: &Flights) -> bool {
        let ask = move || match flights.join(KEY, &self.timing, STREAM, |_| Ok(())) {
            Joined::Later(_) => true,
            Joined::First(_) => false,
            Joined::Alone => panic!("it is not inside"),
        };
        std::thread::scope(|scope| scope.spawn(ask).join().unwrap())
    }

    fn follow(&self, place: &Participant) -> (Result<Response>, String) {
        let mut seen = String::new();
        let mut sink = |event: &Event| {
            if let EventKind::Text(piece) = &event.kind {
                seen.push_str(piece);
            }
            true
        };
        let mut progress = self.timing.progress();
        let end = place.follow(
            &self.clock,
            &self.timing,
            &self.interrupt,
            Some(&mut sink),
            &mut progress,
            &mut Vec::new(),
        );
        (end, seen)
    }
}

#[test]
fn the_reading_waits_where_the_one_who_is_furthest_has_yet_to_take_much() {
    let (flights, clock) = (Flights::default(), Clock::manual().0);
    let caller = Caller::on(&clock, |_| {});
    let (near, far) = (caller.first(&flights, STREAM), Caller::on(&clock, |_| {}));
    let flight = near.flight.clone();
    assert!((1..UNTAKEN_MAX).all(|_| flight.push(&text("a")).is_none()));
    let room = flight.push(&text("b")).unwrap();
    std::thread::scope(|scope| {
        let (flights, clock, room) = (&flights, &clock, &room);
        scope.spawn(move || {
            let Joined::Later(place) = flights.join(KEY, &far.timing, STREAM, |_| Ok(())) else {
                panic!("there is one");
            };
            place.look(UNTAKEN_MAX / 2 - 1, clock);
            assert!(!room.is_raised(), "it has taken too little");
            place.look(UNTAKEN_MAX / 2, clock);
        });
    });
    assert!(room.is_raised());
    assert_eq!(flight.shared.pulse().last_byte_ns, Some(clock.now_ns()), "nobody was silent");
    near.look(1, &clock);
    assert!(flight.push(&text("c")).is_none(), "who is behind delays nobody");
    drop(near);
    let renewing = Manner { renews: true, ..STREAM };
    let renewal = caller.first(&flights, renewing);
    assert!((0..2 * UNTAKEN_MAX).all(|_| renewal.flight.push(&text("a")).is_none()));
}

/// A call that may take so many seconds.
fn timing(seconds: u64) -> Timing {
    let options = ClientOptions { timeout_ms: seconds * 1_000, ..ClientOptions::default() };
    Timing::start(&options, &Clock::System)
}

fn first(flights: &Flights) -> Participant<'_> {
    match flights.join(KEY, &timing(50), STREAM, |_| Ok(())) {
        Joined::First(place) => place,
        _ => panic!("somebody was there before"),
    }
}

fn later(flights: &Flights) -> Participant<'_> {
    match flights.join(KEY, &timing(9_000), STREAM, |_| panic!("it is under way")) {
        Joined::Later(place) => place,
        _ => panic!("nobody was there before"),
    }
}

#[test]
fn late_joiners_get_what_came_and_then_follow() {
    let flights = Flights::default();
    let leader = first(&flights);
    leader.flight.push(&text("a"));
    std::thread::scope(|scope| {
        let follower = scope.spawn(|| Caller::new(|_| {}).follow(&later(&flights)));
        while !leader.flight.shared.is_waited_for() {
            std::thread::yield_now();
        }
        leader.flight.push(&text("b"));
        leader.flight.end(Ok(Response::default()));
        assert_eq!(follower.join().unwrap().1, "ab");
    });
    assert_eq!(Caller::new(|_| {}).follow(&leader).1, "ab");
    let left = leader.flight.shared.until_ns() - Clock::System.now_ns();
    assert!(left > 8_000_000_000_000, "the longest of both: {left}");
}

#[test]
fn a_failure_is_shared() {
    let flights = Flights::default();
    let place = first(&flights);
    place.flight.end(Err(Error::call(Status::Server, "down")));
    let error = Caller::new(|_| {}).follow(&place).0.unwrap_err();
    assert_eq!(error.status(), Status::Server);
}

#[test]
fn the_request_ends_when_the_last_has_left_and_not_before() {
    let flights = Flights::default();
    let place = first(&flights);
    let flight = place.flight.clone();
    std::thread::scope(|scope| {
        scope.spawn(|| drop(later(&flights)));
    });
    assert_eq!(flight.interrupt.reason(), None);
    drop(place);
    assert_eq!(flight.interrupt.reason(), Some(Reason::Cancelled));
    drop(first(&flights));
}

#[test]
fn each_keeps_its_own_deadline_and_its_own_cancel() {
    let flights = Flights::default();
    let place = first(&flights);
    let hasty = Caller::new(|o| o.timeout_ms = 1);
    assert_eq!(hasty.follow(&place).0.unwrap_err().status(), Status::Timeout);
    let cancelled = Caller::new(|_| {});
    cancelled.interrupt.trip(Reason::Cancelled);
    assert_eq!(cancelled.follow(&place).0.unwrap_err().status(), Status::Cancelled);
    assert_eq!(place.flight.interrupt.reason(), None);
}

#[test]
fn a_call_from_inside_a_callback_does_not_wait_for_itself() {
    let flights = Flights::default();
    let _place = first(&flights);
    let start = |_: &Arc<Flight>| panic!("it is under way");
    assert!(matches!(flights.join(KEY, &timing(5), STREAM, start), Joined::Alone));
}

#[test]
fn nobody_joins_a_flight_that_cannot_begin() {
    let flights = Flights::default();
    let refuse = |_: &Arc<Flight>| Err(Error::Internal("no thread".into()));
    assert!(matches!(flights.join(KEY, &timing(5), STREAM, refuse), Joined::Alone));
    assert_eq!(flights.count(), 0);
    drop(first(&flights));
}

#[test]
fn a_request_that_all_have_given_up_for_lack_of_time_was_late() {
    let flights = Flights::default();
    let place = first(&flights);
    let flight = place.flight.clone();
    let hasty = Caller::new(|o| o.timeout_ms = 1);
    assert_eq!(hasty.follow(&place).0.unwrap_err().status(), Status::Timeout);
    drop(place);
    assert_eq!(flight.interrupt.reason(), Some(Reason::Late));
}

/// What ends a follower of a request that has come this far.
fn limit(change: impl FnOnce(&mut ClientOptions), streamed: bool) -> String {
    let flights = Flights::default();
    let caller = Caller::new(change);
    let join =
        flights.join(KEY, &timing(50), Manner { streamed, told: streamed, ..STREAM }, |flight| {
            flight.shared.sent(caller.clock.now_ns());
            Ok(())
        });
    let Joined::First(place) = join else { panic!("nobody was there before") };
    caller.follow(&place).0.unwrap_err().to_string()
}

#[test]
fn each_keeps_its_own_limits_by_the_pulse_of_the_request() {
    let both = |o: &mut ClientOptions, first_byte| {
        (o.timeout_ms, o.first_byte_timeout_ms) = (400, first_byte);
    };
    assert!(limit(|o| both(o, 10), true).contains("first_byte_timeout_ms = 10"));
    let silent = |o: &mut ClientOptions| (o.timeout_ms, o.silence_timeout_ms) = (400, 10);
    assert!(limit(|o| silent(o), false).contains("silence_timeout_ms = 10"));
    let token = |o: &mut ClientOptions| (o.timeout_ms, o.first_token_timeout_ms) = (60, 10);
    assert!(limit(|o| token(o), true).contains("first_token_timeout_ms = 10"));
    let whole = limit(|o| token(o), false);
    assert!(whole.contains("timeout_ms = 60"), "no events are to be expected: {whole}");
}

#[test]
fn a_stream_that_limits_its_first_content_joins_no_request_that_brings_it_at_the_end() {
    let joins = |to_a_stream, first_token_timeout_ms| {
        let flights = Flights::default();
        let Joined::First(_place) = flights.join(
            KEY,
            &timing(50),
            Manner { streamed: to_a_stream, told: to_a_stream, ..STREAM },
            |_| Ok(()),
        ) else {
            panic!("somebody was there before")
        };
        let options = ClientOptions { first_token_timeout_ms, ..ClientOptions::default() };
        let ask = || {
            let own = Timing::start(&options, &Clock::System);
            !matches!(flights.join(KEY, &own, STREAM, |_| Ok(())), Joined::Alone)
        };
        std::thread::scope(|scope| scope.spawn(ask).join().unwrap())
    };
    assert!(!joins(false, 1_000));
    assert!(joins(false, 0) && joins(true, 1_000) && joins(true, 0));
}

#[test]
fn a_limit_of_a_request_that_goes_out_later_ends_in_its_own_time() {
    let flights = Flights::default();
    let place = first(&flights);
    let caller = Caller::new(|o| (o.timeout_ms, o.first_byte_timeout_ms) = (60_000, 20));
    let flight = place.flight.clone();
    let began = std::time::Instant::now();
    let sender = std::thread::spawn(move || {
        while !flight.shared.is_waited_for() {
            std::thread::yield_now();
        }
        flight.shared.sent(Clock::System.now_ns());
    });
    let error = caller.follow(&place).0.unwrap_err().to_string();
    assert!(error.contains("first_byte_timeout_ms = 20"), "{error}");
    assert!(began.elapsed().as_secs() < 30, "it waited for the whole time");
    sender.join().unwrap();
}

#[test]
fn no_limit_runs_while_no_request_is_out() {
    let flights = Flights::default();
    let place = first(&flights);
    place.flight.shared.sent(Clock::System.now_ns());
    place.flight.shared.rest();
    let hasty = Caller::new(|o| {
        (o.timeout_ms, o.silence_timeout_ms, o.first_byte_timeout_ms) = (60, 10, 10);
        o.first_token_timeout_ms = 10;
    });
    let error = hasty.follow(&place).0.unwrap_err().to_string();
    assert!(error.contains(" timeout_ms = 60"), "{error}");
}

/// Whether a newcomer with this limit joins a request of which nothing came for a second.
fn joins_after_a_second(change: impl FnOnce(&mut ClientOptions)) -> bool {
    let (flights, (clock, time)) = (Flights::default(), Clock::manual());
    let place = Caller::on(&clock, |_| {}).first(&flights, STREAM);
    place.flight.shared.sent(clock.now_ns());
    time.advance(Duration::from_secs(1));
    Caller::on(&clock, change).joins(&flights)
}

#[test]
fn nobody_joins_a_request_that_was_silent_for_longer_than_it_would_wait() {
    assert!(!joins_after_a_second(|o| o.first_byte_timeout_ms = 1_000));
    assert!(!joins_after_a_second(|o| o.silence_timeout_ms = 1_000));
    assert!(joins_after_a_second(|o| {
        (o.first_byte_timeout_ms, o.silence_timeout_ms) = (1_001, 1_001);
    }));
    assert!(joins_after_a_second(|o| (o.first_byte_timeout_ms, o.silence_timeout_ms) = (0, 0)));
}

#[test]
fn who_joins_a_renewal_does_not_make_it_last_longer() {
    let flights = Flights::default();
    let place = Caller::new(|_| {}).first(&flights, Manner { renews: true, ..STREAM });
    let until_ns = place.flight.shared.until_ns();
    std::thread::scope(|scope| {
        scope.spawn(|| drop(later(&flights)));
    });
    assert_eq!(place.flight.shared.until_ns(), until_ns);
}

/// Whether a request of which nothing comes is joined once a participant with this limit
/// has left it.
fn is_joined_after(change: impl FnOnce(&mut ClientOptions)) -> bool {
    let (flights, (clock, _)) = (Flights::default(), Clock::manual());
    let place = Caller::on(&clock, |_| {}).first(&flights, STREAM);
    place.flight.shared.sent(clock.now_ns());
    let left = Caller::on(&clock, change).follow(&place).0.unwrap_err();
    assert_eq!(left.status(), Status::Timeout);
    let joined = Caller::on(&clock, |_| {}).joins(&flights);
    assert_eq!(place.flight.interrupt.reason(), None, "who is inside stays");
    joined
}

#[test]
fn a_request_that_a_participant_has_left_as_too_slow_is_joined_by_nobody() {
    assert!(!is_joined_after(|o| o.first_byte_timeout_ms = 300));
    assert!(!is_joined_after(|o| o.silence_timeout_ms = 300));
    assert!(!is_joined_after(|o| o.first_token_timeout_ms = 300));
    assert!(is_joined_after(|o| o.timeout_ms = 300));
}

#[test]
fn a_request_that_has_outlived_the_time_of_who_began_it_is_joined_by_nobody() {
    for (passed_ms, joined) in [(299, true), (300, false)] {
        let (flights, (clock, time)) = (Flights::default(), Clock::manual());
        let place = Caller::on(&clock, |o| o.timeout_ms = 300).first(&flights, STREAM);
        time.advance(Duration::from_millis(passed_ms));
        assert_eq!(Caller::on(&clock, |_| {}).joins(&flights), joined);
        drop(place);
    }
}

/// What ends a call that is given no events of a stream, whose content `came` or not.
fn limit_without_events(streamed: bool, came: bool) -> String {
    let (flights, (clock, _)) = (Flights::default(), Clock::manual());
    let caller = Caller::on(&clock, |o| {
        (o.first_token_timeout_ms, o.idle_timeout_ms, o.timeout_ms) = (300, 200, 9_000);
    });
    let place = caller.first(&flights, Manner { told: false, ..STREAM });
    place.flight.shared.sent(clock.now_ns());
    if came {
        place.flight.shared.content(clock.now_ns());
    }
    let mut progress = Progress { streamed, ..caller.timing.progress() };
    let (timing, interrupt) = (&caller.timing, &caller.interrupt);
    let end = place.follow(&clock, timing, interrupt, None, &mut progress, &mut Vec::new());
    end.unwrap_err().to_string()
}

#[test]
fn who_is_given_no_events_keeps_its_limits_on_content_by_the_pulse_of_the_request() {
    assert_eq!(limit_without_events(true, false), "no content within first_token_timeout_ms = 300");
    assert_eq!(limit_without_events(true, true), "no more content within idle_timeout_ms = 200");
    let plain = "not finished within timeout_ms = 9000";
    assert_eq!(limit_without_events(false, true), plain, "it wants no stream");
}

/// How a call with so much time ends, and after how many ms, that shares a request which
/// is held up for so long.
fn held_up(hold_ms: u64, timeout_ms: u64) -> (Status, Option<u16>, u64) {
    let (flights, (clock, _)) = (Flights::default(), Clock::manual());
    let place = Caller::on(&clock, |_| {}).first(&flights, STREAM);
    let mut error = CallError::new(Status::Overloaded, "down");
    error.http_status = Some(503);
    let (error, began_ns) = (Error::Call(Box::new(error)), clock.now_ns());
    place.flight.shared.held(Hold { error, until_ns: began_ns + hold_ms * 1_000_000 });
    let Error::Call(end) =
        Caller::on(&clock, |o| o.timeout_ms = timeout_ms).follow(&place).0.unwrap_err()
    else {
        panic!("not a call's error")
    };
    (end.status, end.http_status, (clock.now_ns() - began_ns) / 1_000_000)
}

#[test]
fn who_has_no_time_for_what_holds_a_request_up_ends_as_if_it_were_its_own() {
    assert_eq!(held_up(3_000, 1_000), (Status::Overloaded, Some(503), 0));
    assert_eq!(held_up(0, 1_000), (Status::Overloaded, Some(503), 1_000));
}

#[test]
fn what_has_been_sent_again_is_not_held_up_any_more() {
    let shared = Shared::default();
    let error = Error::call(Status::Overloaded, "down");
    shared.held(Hold { error, until_ns: 1 });
    shared.attempt();
    assert!(shared.hold().is_none());
}

#[test]
fn whose_time_is_up_says_so_with_its_own_number() {
    let flights = Flights::default();
    let place = first(&flights);
    let end = Caller::new(|o| o.timeout_ms = 200).timing.error(Phase::Total);
    place.flight.end(Err(end));
    let error = Caller::new(|o| o.timeout_ms = 700).follow(&place).0.unwrap_err();
    assert_eq!(error.to_string(), "not finished within timeout_ms = 700");
}

#[test]
fn whose_time_is_up_names_the_status_that_had_come() {
    let (flights, (clock, _)) = (Flights::default(), Clock::manual());
    let hasty = Caller::on(&clock, |o| o.timeout_ms = 200);
    let place = hasty.first(&flights, STREAM);
    place.flight.shared.head(200);
    let Error::Call(end) = hasty.follow(&place).0.unwrap_err() else { panic!() };
    assert_eq!((end.status, end.http_status), (Status::Timeout, Some(200)));
}

#[test]
fn the_first_pays_or_the_next_if_it_has_left_and_nobody_for_a_renewal() {
    let flights = Flights::default();
    let join =
        || std::thread::scope(|scope| scope.spawn(|| later(&flights).pays()).join().unwrap());
    let place = first(&flights);
    assert!(!join() && place.pays() && !place.pays());
    drop(place);

    let place = first(&flights);
    std::thread::scope(|scope| {
        let (left, wait) = std::sync::mpsc::channel::<()>();
        let (joined, entered) = std::sync::mpsc::channel();
        let flights = &flights;
        let heir = scope.spawn(move || {
            let place = later(flights);
            joined.send(()).unwrap();
            assert!(wait.recv().is_err());
            place.pays()
        });
        entered.recv().unwrap();
        drop((place, left));
        assert!(heir.join().unwrap());
    });

    let renewal = Caller::new(|_| {}).first(&flights, Manner { renews: true, ..STREAM });
    assert!(!renewal.pays());
    renewal.leave_it_flying();
    assert!(!join());
}
