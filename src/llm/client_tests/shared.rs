//! Identical calls that share a request, in real time: over transports that
//! hold each request until the test lets it go.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;

use super::*;
use crate::llm::cancel::Cancel;
use crate::llm::event::Sink;

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
    while !holds() {
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
fn a_call_inside_a_callback_is_one_of_its_own() {
    let scene = scene(&[], vec![ended("outer"), ended("inner")]);
    scene.let_go();
    let mut inner = None;
    let client = scene.client.clone();
    let mut sink = |event: &Event| {
        if event.kind.is_content() && inner.is_none() {
            inner = Some(client.chat_stream(&request(), None, &mut |_| true));
        }
        true
    };
    let outer = scene.client.chat_stream(&request(), None, &mut sink).unwrap();
    let inner = inner.unwrap().unwrap();
    assert_eq!((outer.text(), inner.text()), ("outer", "inner"));
    assert_eq!(inner.served_from, ServedFrom::Provider);
    assert_eq!(scene.begun(), 2);
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

/// A scene in which an old answer is kept that may still be given.
fn stale() -> Scene {
    stale_with(("timeout_ms", "600000"))
}

/// The same with an option of the client's.
fn stale_with(option: (&str, &str)) -> Scene {
    let options = [
        ("cache_enabled", "true"),
        ("cache_ttl_ms", "1"),
        ("cache_stale_while_revalidate_ms", "600000"),
        option,
    ];
    let scene = scene(&options, vec![plain("old", "stop"), plain("new", "stop")]);
    scene.let_go();
    assert_eq!(scene.ask(PATIENT, None).unwrap().text(), "old");
    scene.held.let_go.store(false, SeqCst);
    thread::sleep(Duration::from_millis(5));
    scene
}

#[test]
fn freeing_the_client_ends_the_renewal_of_an_answer_and_waits_for_it() {
    let scene = stale();
    assert_eq!(scene.ask(PATIENT, None).unwrap().served_from, ServedFrom::Stale);
    until(|| scene.begun() == 2);
    scene.client.close();
    assert_eq!(scene.held.broken_off.load(SeqCst), 1);
    assert_eq!(scene.client.flying.in_flight(), 0);
}

#[test]
fn a_renewal_is_made_once_and_whoever_wants_it_anew_joins_it() {
    let scene = stale();
    for _ in 0..3 {
        assert_eq!(scene.ask(PATIENT, None).unwrap().served_from, ServedFrom::Stale);
    }
    thread::scope(|scope| {
        let anew = scope.spawn(|| scene.ask(("cache", "refresh"), None));
        // The renewal itself counts as one that stays.
        scene.joined(2);
        scene.let_go();
        assert_eq!(anew.join().unwrap().unwrap().text(), "new");
    });
    assert_eq!(scene.begun(), 2);
}

#[test]
fn a_renewal_of_which_nothing_comes_ends_by_its_own_limit() {
    let scene = stale_with(("first_byte_timeout_ms", "20"));
    assert_eq!(scene.ask(PATIENT, None).unwrap().served_from, ServedFrom::Stale);
    until(|| scene.begun() == 2 && scene.client.flights.count() == 0);
    assert_eq!(scene.held.broken_off.load(SeqCst), 0);
    scene.let_go();
    assert_eq!(scene.ask(("cache", "refresh"), None).unwrap().text(), "new");
}

#[test]
fn who_has_joined_a_renewal_that_ends_by_its_own_limit_asks_for_itself() {
    let scene = stale_with(("first_byte_timeout_ms", "50"));
    assert_eq!(scene.ask(PATIENT, None).unwrap().served_from, ServedFrom::Stale);
    until(|| scene.begun() == 2);
    let mut patient = request();
    patient.set("cache", "refresh").unwrap();
    patient.set("first_byte_timeout_ms", "0").unwrap();
    thread::scope(|scope| {
        let anew = scope.spawn(|| scene.client.chat(&patient, None));
        until(|| scene.begun() == 3);
        scene.let_go();
        assert_eq!(anew.join().unwrap().unwrap().text(), "new");
    });
}

#[test]
fn a_call_that_wants_the_cache_alone_sends_nothing_for_a_stale_answer_either() {
    let scene = stale();
    let answer = scene.ask(("cache", "only"), None).unwrap();
    assert_eq!((answer.served_from, answer.text()), (ServedFrom::Stale, "old"));
    assert_eq!((scene.client.flights.count(), scene.begun()), (0, 1));
}

#[test]
fn an_answer_is_not_given_for_longer_than_the_clients_own_options_say() {
    let scene = stale();
    scene.let_go();
    // Stored by a client that keeps answers for longer than this call takes them.
    let mut strict = request();
    strict.set("cache_stale_while_revalidate_ms", "0").unwrap();
    assert_eq!(scene.client.chat(&strict, None).unwrap().text(), "new");
}

#[test]
fn what_a_callback_throws_away_or_leaves_does_not_reach_the_others() {
    let scene = scene(&[], vec![ended("one two three")]);
    let read = |pieces: usize| {
        let mut text = String::new();
        let mut sink = |event: &Event| {
            if let EventKind::Text(piece) = &event.kind {
                text.push_str(piece);
            }
            text.split_whitespace().count() < pieces
        };
        let sink: &mut Sink<'_> = &mut sink;
        let end = scene.client.chat_stream(&request(), None, sink);
        (end.map(|_| ()).map_err(|failed| failed.error.status()), text)
    };
    thread::scope(|scope| {
        let calls: Vec<_> = [1, 2, 9].map(|n| scope.spawn(move || read(n))).into();
        scene.joined(3);
        scene.let_go();
        let ends: Vec<_> = calls.into_iter().map(|call| call.join().unwrap()).collect();
        let stopped = Err(Status::Stopped);
        assert_eq!(ends[0], (stopped, "one ".into()));
        assert_eq!(ends[1], (stopped, "one two ".into()));
        assert_eq!(ends[2], (Ok(()), "one two three".into()));
    });
    assert_eq!(scene.begun(), 1);
}

#[test]
fn identical_calls_share_one_request_plain_and_streamed() {
    let (open, gate) = std::sync::mpsc::channel();
    let bench = gated(bench(&[], vec![ended("shared by all")]), gate);
    std::thread::scope(|scope| {
        let joined = |count| {
            while bench.client.flights.participants() < count {
                std::thread::yield_now();
            }
        };
        let stream = || scope.spawn(|| bench.stream());
        // The script answers with a stream, so a stream has to be first.
        let first = stream();
        joined(1);
        let streams: Vec<_> = std::iter::once(first).chain((0..3).map(|_| stream())).collect();
        let plains: Vec<_> = (0..4).map(|_| scope.spawn(|| bench.chat())).collect();
        joined(8);
        open.send(()).unwrap();
        let mut shared = 0;
        for stream in streams {
            let (result, text) = stream.join().unwrap();
            assert_eq!(text, "shared by all");
            shared += u32::from(result.unwrap().served_from == ServedFrom::Coalesced);
        }
        for plain in plains {
            let response = plain.join().unwrap().unwrap();
            assert_eq!(response.text(), "shared by all");
            shared += u32::from(response.served_from == ServedFrom::Coalesced);
        }
        assert_eq!(shared, 7);
    });
    assert_eq!(bench.sent(), 1);
}

#[test]
fn a_participant_that_takes_its_time_or_stops_delays_nobody() {
    let (open, gate) = std::sync::mpsc::channel();
    let bench = gated(bench(&[], vec![ended("one two three")]), gate);
    let (finished, wait) = std::sync::mpsc::channel::<()>();
    let ask = |sink: &mut Sink<'_>| bench.client.chat_stream(&request(), None, sink);
    let joined = |count| {
        while bench.client.flights.participants() < count {
            std::thread::yield_now();
        }
    };
    std::thread::scope(|scope| {
        // The first to come waits in its callback until the others are done.
        let slow = scope.spawn(|| {
            let mut pieces = 0;
            let wait = wait;
            ask(&mut |event| {
                if event.kind.is_content() && pieces == 0 {
                    wait.recv().unwrap();
                }
                pieces += u32::from(event.kind.is_content());
                true
            })
        });
        joined(1);
        let stops = scope.spawn(|| ask(&mut |_| false));
        joined(2);
        let quick = scope.spawn(|| ask(&mut |_| true));
        joined(3);
        open.send(()).unwrap();
        assert_eq!(status(stops.join().unwrap()), Status::Stopped);
        assert_eq!(quick.join().unwrap().unwrap().text(), "one two three");
        finished.send(()).unwrap();
        assert_eq!(slow.join().unwrap().unwrap().text(), "one two three");
    });
    assert_eq!(bench.sent(), 1);
}

#[test]
fn what_nobody_hears_of_a_stream_is_asked_for_again_when_it_breaks_off() {
    let piece = r#"data: {"choices":[{"index":0,"delta":{"content":"half"}}]}"#;
    let busy = r#"data: {"error":{"message":"overloaded","code":503}}"#;
    let broken = Step::Answer(200, &[], format!("{piece}\n\n{busy}\n\n"));
    let options = [("streaming_enabled", "true"), ("retry_delay_ms", "1"), ("retry_count", "1")];
    let scene = scene(&options, vec![broken, ended("whole")]);
    scene.held.let_go.store(true, SeqCst);
    let response = scene.client.chat(&request(), None).unwrap();
    assert_eq!((response.text(), response.attempts), ("whole", 2));
}

#[test]
fn a_call_that_is_given_no_events_of_a_shared_stream_knows_when_its_content_came() {
    let scene = scene(&[("streaming_enabled", "true")], vec![ended("for both")]);
    thread::scope(|scope| {
        let both = [0, 1].map(|_| scope.spawn(|| scene.ask(PATIENT, None)));
        scene.joined(2);
        scene.let_go();
        for call in both {
            assert!(call.join().unwrap().unwrap().timings.first_token.is_some());
        }
    });
    assert_eq!(scene.begun(), 1);
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
