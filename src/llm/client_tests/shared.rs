//! Identical calls that share a request, in real time: over transports that
//! hold each request until the test lets it go.

mod renewals;
mod streams;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Instant;

use super::*;
use crate::llm::cancel::Cancel;

/// Holds requests until they are let go, interrupted, or out of time.
#[derive(Default)]
struct Held {
    script: Script,
    let_go: AtomicBool,
    begun: AtomicUsize,
    /// How many were interrupted.
    broken_off: AtomicUsize,
}

impl Transport for Held {
    fn send(&self, request: &HttpRequest, attempt: &Attempt) -> Result<Exchange, TransportError> {
        self.begun.fetch_add(1, SeqCst);
        let began_ns = Clock::System.now_ns();
        while !self.let_go.load(SeqCst) {
            if attempt.interrupt.wait(&Clock::System, Duration::from_millis(1)).is_err() {
                self.broken_off.fetch_add(1, SeqCst);
                return Err(broken(Failure::Interrupted, true));
            }
            if Clock::System.now_ns() >= attempt.end().at_ns {
                return Err(broken(Failure::TimedOut(Phase::Total), true));
            }
            if Clock::System.now_ns() - began_ns >= attempt.first_byte_ns {
                return Err(broken(Failure::TimedOut(Phase::FirstByte), true));
            }
        }
        self.script.send(request, attempt)
    }
}

struct Scene {
    client: Arc<Client>,
    held: Arc<Held>,
}

fn scene(options: &[(&str, &str)], steps: Vec<Step>) -> Scene {
    let script = Script { steps: Mutex::new(steps.into()), ..Script::default() };
    let held = Arc::new(Held { script, ..Held::default() });
    let mut layered = Layered::<ClientOptions>::default();
    let own = [("api_key", "sk"), ("model", "gpt"), ("price", "gpt=1,1"), ("coalesce", "true")];
    for (name, value) in own.iter().chain(options) {
        layered.set(name, value).unwrap();
    }
    let parts = Parts { transport: Some(held.clone()), ..Parts::default() };
    let client = Arc::new(Client::new(layered.resolve().unwrap(), parts).unwrap());
    Scene { client, held }
}

/// Waits for something that will be.
fn until(holds: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < end, "it has not come to that within a minute");
        thread::sleep(Duration::from_millis(1));
    }
}

impl Scene {
    /// Makes a call with an option of its own.
    fn ask(&self, option: (&str, &str), cancel: Option<&Cancel>) -> Result<Response, Failed> {
        let mut request = request();
        request.set(option.0, option.1).unwrap();
        self.client.chat(&request, cancel)
    }

    fn joined(&self, count: usize) {
        until(|| self.client.flights.participants() == count);
    }

    fn begun(&self) -> usize {
        self.held.begun.load(SeqCst)
    }

    fn let_go(&self) {
        self.held.let_go.store(true, SeqCst);
    }
}

const PATIENT: (&str, &str) = ("timeout_ms", "600000");

#[test]
fn the_first_to_ask_may_be_cancelled_and_the_others_get_their_answer_and_one_pays_for_it() {
    let scene = scene(&[], vec![plain("for the rest", "stop")]);
    let cancel = Cancel::default();
    thread::scope(|scope| {
        let first = scope.spawn(|| scene.ask(PATIENT, Some(&cancel)));
        scene.joined(1);
        let others: Vec<_> = (0..3).map(|_| scope.spawn(|| scene.ask(PATIENT, None))).collect();
        scene.joined(4);
        cancel.trigger();
        assert_eq!(status(first.join().unwrap()), Status::Cancelled);
        scene.joined(3);
        scene.let_go();
        let others = others.into_iter().map(|other| other.join().unwrap().unwrap());
        let mut paid: Vec<_> = others
            .map(|response| {
                assert_eq!(response.text(), "for the rest");
                (response.cost_usd, response.saved_usd)
            })
            .collect();
        paid.sort_by(|one, other| one.partial_cmp(other).unwrap());
        let (cost, spared) = (Some(1.5e-5), (Some(0.0), Some(1.5e-5)));
        assert_eq!(paid, [spared, spared, (cost, None)]);
    });
    let figures = scene.client.metrics_json();
    assert_eq!((&figures["cost_usd"], &figures["saved_usd"]), (&json!(1.5e-5), &json!(3e-5)));
    assert_eq!((scene.begun(), scene.held.broken_off.load(SeqCst)), (1, 0));
}

#[test]
fn who_shares_a_request_is_told_what_was_left_out_of_its_own() {
    let scene = scene(&[("unsupported", "drop")], vec![plain("one", "stop")]);
    thread::scope(|scope| {
        let odd = scope.spawn(|| scene.ask(("top_k", "5"), None));
        scene.joined(1);
        let even = scope.spawn(|| scene.ask(PATIENT, None));
        scene.joined(2);
        scene.let_go();
        let [odd, even] = [odd, even].map(|call| call.join().unwrap().unwrap().adjusted);
        assert!(odd[0].starts_with("top_k: ") && even.is_empty(), "{odd:?} {even:?}");
    });
    assert_eq!(scene.begun(), 1);
}

/// The attempts that the error of a call names, and how it ended.
fn attempts(ended: Result<Response, Failed>) -> (Status, u32) {
    let Error::Call(call) = ended.unwrap_err().error else { panic!("not a call's error") };
    (call.status, call.attempts)
}

#[test]
fn who_leaves_a_shared_request_names_the_attempts_that_it_has_made_so_far() {
    let scene = scene(&[], vec![]);
    let cancel = Cancel::default();
    thread::scope(|scope| {
        let first = scope.spawn(|| scene.ask(PATIENT, Some(&cancel)));
        until(|| scene.begun() == 1);
        // On a busy machine it may be too late to join.
        let late = |ms| attempts(scene.ask(("timeout_ms", ms), None)) == (Status::Timeout, 1);
        let named = ["20", "200", "2000"].into_iter().any(late);
        cancel.trigger();
        assert_eq!(attempts(first.join().unwrap()), (Status::Cancelled, 1));
        assert!(named);
    });
}

#[test]
fn what_came_of_a_shared_request_that_was_cut_says_whose_it_was() {
    let scene = scene(&[], vec![Step::Cut(stream("half an "))]);
    let stream = || scene.client.chat_stream(&request(), None, &mut |_| true);
    let served = |ended: Result<Response, Failed>| ended.unwrap_err().partial.unwrap().served_from;
    thread::scope(|scope| {
        let first = scope.spawn(stream);
        scene.joined(1);
        let later = scope.spawn(stream);
        scene.joined(2);
        scene.let_go();
        assert_eq!(served(first.join().unwrap()), ServedFrom::Provider);
        assert_eq!(served(later.join().unwrap()), ServedFrom::Coalesced);
    });
}

#[test]
fn a_stream_with_a_limit_on_its_first_content_is_sent_beside_a_plain_request() {
    let scene = scene(&[], vec![]);
    let mut own = request();
    own.set("first_token_timeout_ms", "60000").unwrap();
    let cancel = Cancel::default();
    thread::scope(|scope| {
        let plain = scope.spawn(|| scene.ask(PATIENT, Some(&cancel)));
        scene.joined(1);
        let stream = || scene.client.chat_stream(&own, Some(&cancel), &mut |_| true);
        let stream = scope.spawn(stream);
        until(|| scene.begun() == 2);
        assert_eq!(scene.client.flights.participants(), 1);
        cancel.trigger();
        assert_eq!(status(plain.join().unwrap()), Status::Cancelled);
        assert_eq!(status(stream.join().unwrap()), Status::Cancelled);
    });
}

/// Whether a call without much time was joined by a patient one before it ended.
fn joined_in_time(hasty_ms: &str) -> bool {
    let scene = scene(&[], vec![plain("late", "stop")]);
    thread::scope(|scope| {
        let hasty = scope.spawn(|| scene.ask(("timeout_ms", hasty_ms), None));
        until(|| scene.begun() == 1);
        let patient = scope.spawn(|| scene.ask(PATIENT, None));
        let both = || scene.client.flights.participants() == 2;
        until(|| both() || hasty.is_finished());
        let joined = both() && !hasty.is_finished();
        assert_eq!(status(hasty.join().unwrap()), Status::Timeout);
        scene.joined(1);
        scene.let_go();
        assert_eq!(patient.join().unwrap().unwrap().text(), "late");
        joined && scene.begun() == 1
    })
}

#[test]
fn the_deadline_is_the_longest_among_those_who_wait_and_each_keeps_its_own() {
    // On a busy machine the second may come too late to join.
    assert!(["50", "200", "1000", "4000"].into_iter().any(joined_in_time));
}

#[test]
fn the_request_is_broken_off_when_the_last_has_left_and_not_before() {
    let scene = scene(&[], vec![]);
    let cancels = [Cancel::default(), Cancel::default()];
    thread::scope(|scope| {
        let asked: Vec<_> = cancels
            .iter()
            .map(|cancel| scope.spawn(|| status(scene.ask(PATIENT, Some(cancel)))))
            .collect();
        scene.joined(2);
        until(|| scene.begun() == 1);
        cancels[0].trigger();
        scene.joined(1);
        assert_eq!(scene.held.broken_off.load(SeqCst), 0);
        cancels[1].trigger();
        asked.into_iter().for_each(|call| assert_eq!(call.join().unwrap(), Status::Cancelled));
    });
    until(|| scene.held.broken_off.load(SeqCst) == 1);
    until(|| scene.client.flying.in_flight() == 0);
}

#[test]
fn a_failure_is_shared_and_not_repeated_for_each() {
    let scene = scene(&[("retry_count", "0")], vec![failure(503)]);
    thread::scope(|scope| {
        let asked: Vec<_> = (0..4).map(|_| scope.spawn(|| scene.ask(PATIENT, None))).collect();
        scene.joined(4);
        scene.let_go();
        for call in asked {
            let Error::Call(error) = call.join().unwrap().unwrap_err().error else { panic!() };
            assert_eq!((error.status, error.attempts), (Status::Overloaded, 1));
        }
    });
    assert_eq!(scene.begun(), 1);
}

#[test]
fn a_shared_request_for_which_there_was_no_time_opens_the_breaker_as_any_other() {
    for shared in ["true", "false"] {
        let options = [("breaker_failure_threshold", "1"), ("coalesce", shared)];
        let scene = scene(&options, vec![]);
        assert_eq!(status(scene.ask(("timeout_ms", "40"), None)), Status::Timeout);
        until(|| scene.client.flying.in_flight() == 0);
        assert_eq!(status(scene.ask(PATIENT, None)), Status::CircuitOpen, "shared: {shared}");
    }
}

#[test]
fn a_cancel_of_all_says_nothing_to_the_breaker() {
    let scene = scene(&[("breaker_failure_threshold", "1")], vec![plain("well", "stop")]);
    let cancel = Cancel::default();
    thread::scope(|scope| {
        let call = scope.spawn(|| status(scene.ask(PATIENT, Some(&cancel))));
        until(|| scene.begun() == 1);
        cancel.trigger();
        assert_eq!(call.join().unwrap(), Status::Cancelled);
    });
    until(|| scene.client.flying.in_flight() == 0);
    scene.let_go();
    assert_eq!(scene.ask(PATIENT, None).unwrap().text(), "well");
}

#[test]
fn who_waits_in_vain_for_a_place_in_flight_is_told_so_by_a_shared_request_too() {
    let scene = scene(&[("max_in_flight", "1")], vec![]);
    let cancel = Cancel::default();
    let mut other = request();
    other.set("seed", "1").unwrap();
    other.set("timeout_ms", "40").unwrap();
    thread::scope(|scope| {
        let busy = scope.spawn(|| scene.ask(PATIENT, Some(&cancel)));
        until(|| scene.begun() == 1);
        assert_eq!(status(scene.client.chat(&other, None)), Status::RateLimited);
        until(|| scene.client.flying.in_flight() == 1);
        cancel.trigger();
        assert_eq!(status(busy.join().unwrap()), Status::Cancelled);
    });
    let figures = scene.client.metrics_json();
    assert_eq!(figures["by_bound"], json!({"max_in_flight": 1}));
    let waits: Vec<_> = figures["limiter_wait_for_ms"].as_object().unwrap().keys().collect();
    assert_eq!(waits, ["max_in_flight"]);
}

#[test]
fn who_has_no_time_for_the_pause_before_a_retry_ends_with_what_the_provider_said() {
    let down = Step::Answer(503, &[("retry-after", "30")], "{}".into());
    let scene = scene(&[], vec![down]);
    scene.let_go();
    let cancel = Cancel::default();
    thread::scope(|scope| {
        let patient = scope.spawn(|| scene.ask(PATIENT, Some(&cancel)));
        until(|| scene.begun() == 1);
        let ended = scene.ask(("timeout_ms", "20000"), None).unwrap_err().error;
        let Error::Call(call) = ended else { panic!("not a call's error") };
        assert_eq!((call.status, call.http_status), (Status::Overloaded, Some(503)));
        assert_eq!((call.retry_after, call.attempts), (Some(Duration::from_secs(30)), 1));
        cancel.trigger();
        let ended = patient.join().unwrap().unwrap_err().error;
        let Error::Call(call) = ended else { panic!("not a call's error") };
        assert_eq!((call.status, call.http_status), (Status::Cancelled, Some(503)));
    });
    assert_eq!(scene.begun(), 1);
}
