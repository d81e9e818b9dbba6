//! The path of a call, over a transport that answers by a script.

mod batched;
mod ends;
mod queued;
mod shared;
mod tiers;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::json;

use crate::clock::{Clock, ManualClock, Random};
use crate::error::{Error, Status};
use crate::options::Layered;
use crate::options::client::ClientOptions;

use super::client::{Client, Failed, Parts};
use super::event::{Event, EventKind};
use super::log::{Level, Listeners};
use super::request::Request;
use super::response::{Response, ServedFrom};
use super::transport::*;

/// What the scripted provider does with one request.
enum Step {
    Answer(u16, &'static [(&'static str, &'static str)], String),
    /// Cuts the body after its bytes.
    Cut(String),
    /// Breaks before the answer.
    Break(Failure),
}

#[derive(Default)]
struct Script {
    steps: Mutex<VecDeque<Step>>,
    sent: Mutex<Vec<HttpRequest>>,
}

/// A body in small pieces, and whether it ends too early.
struct Bytes {
    all: Vec<u8>,
    at: usize,
    cut: bool,
}

impl Body for Bytes {
    fn piece(&mut self, _: Deadline) -> Result<&[u8], TransportError> {
        let (start, end) = (self.at, self.all.len().min(self.at + 7));
        self.at = end;
        match start == end && self.cut {
            true => Err(broken(Failure::Cut, true)),
            false => Ok(&self.all[start..end]),
        }
    }
}

fn broken(failure: Failure, written: bool) -> TransportError {
    let message = "it broke".to_string();
    TransportError { failure, message, written, reused: false, answered: false }
}

impl Transport for Script {
    fn send(&self, request: &HttpRequest, attempt: &Attempt) -> Result<Exchange, TransportError> {
        self.sent.lock().push(request.clone());
        attempt.interrupt.check().map_err(|_| broken(Failure::Interrupted, false))?;
        let (status, headers, body, cut) = match self.steps.lock().pop_front() {
            Some(Step::Answer(status, headers, body)) => (status, headers, body, false),
            Some(Step::Cut(body)) => (200, &[][..], body, true),
            Some(Step::Break(failure)) => return Err(broken(failure, true)),
            None => return Err(broken(Failure::Connect, false)),
        };
        let headers = headers.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
        Ok(Exchange {
            head: Head { status, headers: Headers(headers) },
            body: Box::new(Bytes { all: body.into_bytes(), at: 0, cut }),
            reused: false,
            connect_ns: 0,
            sent_at_ns: attempt.total.at_ns.min(1_000_000_000),
            first_byte_at_ns: 1_000_000_000,
        })
    }
}

struct Bench {
    client: Arc<Client>,
    script: Arc<Script>,
    time: Arc<ManualClock>,
    records: Records,
}

/// Log records, as JSON.
type Records = Arc<Mutex<Vec<serde_json::Value>>>;

fn tell(records: &Records) -> Arc<super::log::LogListener> {
    let records = records.clone();
    Arc::new(move |_, text| records.lock().push(serde_json::from_str(text).unwrap()))
}

fn bench(options: &[(&str, &str)], steps: Vec<Step>) -> Bench {
    let mut layered = Layered::<ClientOptions>::default();
    layered.set("api_key", "sk-test").unwrap();
    layered.set("model", "gpt-test").unwrap();
    layered.set("price", "gpt-test=1,2").unwrap();
    options.iter().for_each(|(name, value)| layered.set(name, value).unwrap());
    let records = Records::default();
    let script = Arc::new(Script { steps: Mutex::new(steps.into()), ..Script::default() });
    let (clock, time) = Clock::manual();
    let parts = Parts {
        clock,
        random: Random::seeded(1),
        transport: Some(script.clone()),
        cache: None,
        listeners: Listeners { log: Some((Level::Debug, tell(&records))), ..Default::default() },
    };
    let client = Arc::new(Client::new(layered.resolve().unwrap(), parts).unwrap());
    Bench { client, script, time, records }
}

/// With a clock that runs ahead of other threads, calls are not shared.
const CACHED: &[(&str, &str)] = &[("cache_enabled", "true"), ("coalesce", "false")];

fn plain(text: &str, finish: &str) -> Step {
    let body = json!({"id": "chatcmpl-1", "model": "gpt-test",
        "choices": [{"index": 0, "finish_reason": finish,
            "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}});
    Step::Answer(200, &[("x-request-id", "req_1")], body.to_string())
}

fn stream(text: &str) -> String {
    let mut body = String::new();
    for piece in text.split_inclusive(' ') {
        let chunk = json!({"id": "c", "model": "gpt-test",
            "choices": [{"index": 0, "delta": {"content": piece}}]});
        body.push_str(&format!("data: {chunk}\n\n"));
    }
    body
}

fn ended(text: &str) -> Step {
    let end = r#"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
    Step::Answer(200, &[], format!("{}{end}\n\ndata: [DONE]\n\n", stream(text)))
}

fn failure(status: u16) -> Step {
    let body = json!({"error": {"message": "no"}}).to_string();
    Step::Answer(status, &[], body)
}

fn request() -> Request {
    let mut request = Request::new();
    request.add_message("user", "hello").unwrap();
    request
}

impl Bench {
    fn chat(&self) -> Result<Response, Failed> {
        self.client.chat(&request(), None)
    }

    fn stream(&self) -> (Result<Response, Failed>, String) {
        let mut text = String::new();
        let mut sink = |event: &Event| {
            if let EventKind::Text(piece) = &event.kind {
                text.push_str(piece);
            }
            true
        };
        let result = self.client.chat_stream(&request(), None, &mut sink);
        (result, text)
    }

    fn sent(&self) -> usize {
        self.script.sent.lock().len()
    }
}

fn status(result: Result<Response, Failed>) -> Status {
    result.unwrap_err().error.status()
}

#[test]
fn a_plain_call_is_answered_and_counted() {
    let bench = bench(&[], vec![plain("hi", "stop")]);
    let response = bench.chat().unwrap();
    assert_eq!(response.text(), "hi");
    assert_eq!((response.attempts, response.served_from), (1, ServedFrom::Provider));
    assert_eq!(response.cost_usd, Some(2e-5));
    let figures = bench.client.metrics().to_json();
    assert_eq!((&figures["calls"], &figures["output_tokens"]), (&json!(1), &json!(5)));
}

#[test]
fn a_stream_delivers_its_pieces_and_then_the_whole() {
    let bench = bench(&[], vec![ended("one two three")]);
    let (result, text) = bench.stream();
    assert_eq!(text, "one two three");
    assert_eq!(result.unwrap().text(), "one two three");
}

#[test]
fn the_second_answer_comes_from_the_cache_also_as_a_stream() {
    let bench = bench(CACHED, vec![plain("kept", "stop")]);
    bench.chat().unwrap();
    let again = bench.chat().unwrap();
    assert_eq!((again.served_from, again.cost_usd), (ServedFrom::Cache, Some(0.0)));
    assert_eq!((again.saved_usd, again.text()), (Some(2e-5), "kept"));
    let (streamed, text) = bench.stream();
    assert_eq!((text.as_str(), streamed.unwrap().served_from), ("kept", ServedFrom::Cache));
    assert_eq!(bench.sent(), 1);
    let figures = bench.client.metrics().to_json();
    assert_eq!((&figures["cache_hits"], &figures["input_tokens"]), (&json!(2), &json!(10)));
}

#[test]
fn each_mode_of_the_cache_does_what_it_says() {
    let steps = ["first", "second", "third"].map(|text| plain(text, "stop"));
    let bench = bench(CACHED, steps.into());
    let ask = |mode: &str| {
        let mut request = request();
        request.set("cache", mode).unwrap();
        bench.client.chat(&request, None).map(|response| response.text().to_string())
    };
    let missed = ask("only").map(|_| ()).map_err(|failed| failed.error.status());
    assert_eq!((missed, bench.sent()), (Err(Status::NotFound), 0));
    assert_eq!(ask("bypass").unwrap(), "first");
    assert_eq!(ask("only").unwrap_err().error.status(), Status::NotFound, "nothing was kept");
    assert_eq!(ask("default").unwrap(), "second");
    assert_eq!(ask("only").unwrap(), "second");
    assert_eq!(ask("refresh").unwrap(), "third");
    assert_eq!((ask("default").unwrap(), ask("only").unwrap()), ("third".into(), "third".into()));
    assert_eq!(bench.sent(), 3);
}

#[test]
fn a_retry_after_beside_an_error_inside_a_200_is_not_waited_for() {
    let error = r#"data: {"error":{"message":"busy","type":"overloaded_error","code":529}}"#;
    let headers = &[("retry-after", "100")];
    let steps = vec![Step::Answer(200, headers, format!("{error}\n\n")), ended("then it works")];
    let bench = bench(&[], steps);
    let before = bench.client.clock.now_ns();
    let (result, text) = bench.stream();
    let response = result.unwrap();
    assert_eq!((response.attempts, text.as_str()), (2, "then it works"));
    // The back-off of the first retry is below a second.
    assert!(bench.client.clock.now_ns() - before < 1_000_000_000);
}

#[test]
fn what_is_not_a_complete_answer_is_not_kept() {
    for step in [plain("cut off", "length"), plain("", "content_filter")] {
        let bench = bench(CACHED, vec![step, plain("whole", "stop")]);
        bench.chat().unwrap();
        assert_eq!(bench.chat().unwrap().text(), "whole");
    }
}

#[test]
fn a_cut_stream_is_truncated_gives_what_came_and_is_not_kept() {
    let steps = vec![Step::Cut(stream("half an ")), ended("whole")];
    let bench = bench(CACHED, steps);
    let (result, _) = bench.stream();
    let failed = result.unwrap_err();
    assert_eq!(failed.error.status(), Status::Truncated);
    let partial = failed.partial.unwrap();
    assert_eq!((partial.text(), partial.first().finish_reason), ("half an ", None));
    assert_eq!(bench.stream().1, "whole");
}

#[test]
fn a_failing_provider_is_asked_again_and_the_attempts_are_counted() {
    let bench = bench(&[], vec![failure(500), failure(503), plain("at last", "stop")]);
    let response = bench.chat().unwrap();
    assert_eq!((response.attempts, response.text()), (3, "at last"));
}

#[test]
fn the_last_failure_is_the_calls_own() {
    let bench = bench(&[("retry_count", "1")], vec![failure(500), failure(503)]);
    let Error::Call(call) = bench.chat().unwrap_err().error else { panic!("not a call's error") };
    assert_eq!((call.attempts, call.http_status), (2, Some(503)));
}

#[test]
fn retry_after_is_waited_for() {
    let limited = Step::Answer(429, &[("retry-after", "7")], "{}".into());
    let bench = bench(&[], vec![limited, plain("ok", "stop")]);
    let before = bench.client.clock.now_ns();
    bench.chat().unwrap();
    assert_eq!((bench.client.clock.now_ns() - before) / 1_000_000_000, 7);
}

#[test]
fn nothing_is_replayed_once_it_was_delivered() {
    let bench = bench(&[("retry_after_send", "true")], vec![Step::Cut(stream("a b "))]);
    assert_eq!(status(bench.stream().0), Status::Truncated);
    assert_eq!(bench.sent(), 1);
}

#[test]
fn a_callback_that_stops_gets_what_it_has_seen() {
    let bench = bench(&[], vec![ended("one two three")]);
    let mut seen = 0;
    let mut sink = |event: &Event| {
        seen += u32::from(event.kind.is_content());
        seen < 2
    };
    let failed = bench.client.chat_stream(&request(), None, &mut sink).unwrap_err();
    assert_eq!(failed.error.status(), Status::Stopped);
    assert!(failed.partial.is_some());
    assert_eq!(seen, 2);
}

#[test]
fn an_open_breaker_answers_at_once() {
    let options = [("breaker_failure_threshold", "2"), ("retry_count", "0")];
    let bench = bench(&options, vec![failure(500), failure(500), plain("well", "stop")]);
    (0..2).for_each(|_| assert_eq!(status(bench.chat()), Status::Server));
    assert_eq!(status(bench.chat()), Status::CircuitOpen);
    assert_eq!(bench.sent(), 2);
    bench.time.advance(Duration::from_secs(30));
    assert_eq!(bench.chat().unwrap().text(), "well");
}

#[test]
fn the_rate_limit_makes_a_call_wait() {
    let steps = (0..3).map(|_| plain("ok", "stop")).collect();
    let bench = bench(&[("rate_limit_rpm", "2")], steps);
    let waits: Vec<u64> =
        (0..3).map(|_| bench.chat().unwrap().timings.queue.unwrap().as_secs()).collect();
    assert_eq!(waits, [0, 0, 30]);
    let speed = bench.client.metrics().to_json()["tokens_per_second"].clone();
    assert!(speed.is_null(), "nothing is generated while a call waits: {speed}");
}

#[test]
fn an_answer_past_its_time_is_given_while_it_is_renewed() {
    let options = [
        CACHED[0],
        CACHED[1],
        ("cache_ttl_ms", "1000"),
        ("cache_stale_while_revalidate_ms", "60000"),
    ];
    let bench = bench(&options, vec![plain("old", "stop"), plain("new", "stop")]);
    bench.chat().unwrap();
    bench.time.advance(Duration::from_secs(2));
    let stale = bench.chat().unwrap();
    assert_eq!((stale.served_from, stale.text()), (ServedFrom::Stale, "old"));
    while bench.sent() < 2 || bench.client.flights.count() > 0 {
        std::thread::yield_now();
    }
    let fresh = bench.chat().unwrap();
    assert_eq!((fresh.served_from, fresh.text()), (ServedFrom::Cache, "new"));
}

#[test]
fn a_wall_clock_that_is_set_back_makes_no_call_wait_and_no_answer_older() {
    const DAY: u64 = 86_400_000;
    let headers = &[
        ("date", "Tue, 22 Sep 2026 14:13:20 GMT"),
        ("x-ratelimit-limit-requests", "60"),
        ("x-ratelimit-remaining-requests", "0"),
        ("x-ratelimit-reset-requests", "1790086410000"),
    ];
    let limited = |_| match plain("ok", "stop") {
        Step::Answer(status, _, body) => Step::Answer(status, headers, body),
        other => other,
    };
    let bench = bench(CACHED, (0..3).map(limited).collect());
    bench.time.set_unix_offset_ms(1_790_086_400_000);
    let first = bench.chat().unwrap();
    bench.time.set_unix_offset_ms(1_790_086_400_000 - DAY);
    let again = bench.chat().unwrap();
    assert_eq!((again.served_from, again.age_ms), (ServedFrom::Cache, Some(0)));
    assert!(first.timings.total.unwrap() < Duration::from_secs(1));

    // The provider's reset is ten seconds after its own date, whatever ours is.
    let mut request = request();
    request.set("cache", "bypass").unwrap();
    let waited = bench.client.chat(&request, None).unwrap().timings.queue.unwrap();
    assert_eq!(waited.as_secs(), 10);
    // The time that answers are kept for is counted by another clock.
    bench.time.advance(Duration::from_secs(301));
    let waited = bench.chat().unwrap();
    assert_eq!(waited.served_from, ServedFrom::Provider);
}

#[test]
fn the_key_is_never_shown() {
    let bench = bench(
        &[],
        vec![Step::Answer(401, &[], r#"{"error":{"message":"bad key sk-test"}}"#.into())],
    );
    let error = bench.chat().unwrap_err().error;
    assert_eq!(error.status(), Status::Authentication);
    assert!(!error.to_string().contains("sk-test"), "{error}");
    assert!(!bench.client.options_json().to_string().contains("sk-test"));
    assert!(!json!(*bench.records.lock()).to_string().contains("sk-test"));
}

#[test]
fn each_call_and_each_retry_leaves_a_record_in_opentelemetrys_words() {
    let bench = bench(&[], vec![failure(500), plain("hi", "stop")]);
    bench.chat().unwrap();
    let records = bench.records.lock();
    assert_eq!(records[0]["event"], "mynah.retry");
    let call = &records[1];
    assert_eq!(call["gen_ai.operation.name"], "chat");
    assert_eq!(call["gen_ai.request.model"], "gpt-test");
    assert_eq!(call["gen_ai.response.finish_reasons"], json!(["stop"]));
    assert_eq!(call["gen_ai.usage.output_tokens"], 5);
    assert_eq!((&call["level"], &call["mynah.attempts"]), (&json!("info"), &json!(2)));
    assert!(!call.to_string().contains("hello"), "no prompt in the log");
}

/// Answers once its gate is opened.
struct Gate(Arc<Script>, std::sync::mpsc::Receiver<()>);

// The receiver is only used by one request at a time.
struct Gated(Mutex<Gate>);

impl Transport for Gated {
    fn send(&self, request: &HttpRequest, attempt: &Attempt) -> Result<Exchange, TransportError> {
        let gate = self.0.lock();
        gate.1.recv().map_err(|_| broken(Failure::Connect, false))?;
        gate.0.send(request, attempt)
    }
}

/// The same script behind a gate, for a client that shares its calls and lives
/// in real time.
fn gated(inner: Bench, gate: std::sync::mpsc::Receiver<()>) -> Bench {
    gated_with(inner, gate, &[("coalesce", "true")])
}

/// The same with other options.
fn gated_with(
    inner: Bench,
    gate: std::sync::mpsc::Receiver<()>,
    options: &[(&str, &str)],
) -> Bench {
    let transport = Gated(Mutex::new(Gate(inner.script.clone(), gate)));
    let mut layered = Layered::<ClientOptions>::default();
    let own = [("api_key", "sk"), ("price", "gpt=1,1"), ("model", "gpt")];
    for (name, value) in own.iter().chain(options) {
        layered.set(name, value).unwrap();
    }
    let parts = Parts { transport: Some(Arc::new(transport)), ..Parts::default() };
    let client = Arc::new(Client::new(layered.resolve().unwrap(), parts).unwrap());
    Bench { client, ..inner }
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
    let ask = |sink: &mut super::event::Sink<'_>| bench.client.chat_stream(&request(), None, sink);
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
fn a_herd_that_waits_for_the_limiter_does_not_pass_a_breaker_that_opens_meanwhile() {
    let (open, gate) = std::sync::mpsc::channel();
    let options =
        [("max_in_flight", "1"), ("breaker_failure_threshold", "1"), ("retry_count", "0")];
    let bench = gated_with(bench(&[], vec![failure(500)]), gate, &options);
    std::thread::scope(|scope| {
        let calls: Vec<_> = (0..12).map(|_| scope.spawn(|| bench.chat())).collect();
        // All have passed the breaker, which is closed; one is under way.
        while bench.client.calls.in_flight() < 12 {
            std::thread::yield_now();
        }
        std::thread::sleep(Duration::from_millis(20));
        open.send(()).unwrap();
        drop(open);
        let ends: Vec<_> = calls.into_iter().map(|call| status(call.join().unwrap())).collect();
        assert_eq!(ends.iter().filter(|end| **end == Status::Server).count(), 1, "{ends:?}");
        assert_eq!(ends.iter().filter(|end| **end == Status::CircuitOpen).count(), 11);
    });
    assert_eq!(bench.sent(), 1);
}
