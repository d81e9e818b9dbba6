//! The path of a call, over a transport that answers by a script.

mod batched;
mod bounds;
mod ends;
mod failures;
mod kept;
mod queued;
mod shared;
mod tiers;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::json;

use crate::clock::{Clock, ManualClock, Random};
use crate::error::{Error, Status};
use crate::options::Layered;
use crate::options::client::ClientOptions;

use super::call::Calls;
use super::client::{Client, Parts};
use super::event::{Event, EventKind};
use super::failed::Failed;
use super::log::{Level, Listeners, LogListener};
use super::request::Request;
use super::response::{Response, ServedFrom};
use super::transport::*;

/// What the scripted provider does with one request.
enum Step {
    Answer(u16, &'static [(&'static str, &'static str)], String),
    /// Cuts the body after its bytes.
    Cut(String),
    /// As an answer, which is cut after its bytes.
    CutAnswer(u16, &'static [(&'static str, &'static str)], String),
    /// Fails so after its bytes.
    Stop(String, Failure),
    /// A kept connection that turns out to have been closed.
    Stale,
    /// Breaks before the answer.
    Break(Failure),
}

#[derive(Default)]
struct Script {
    steps: Mutex<VecDeque<Step>>,
    sent: Mutex<Vec<HttpRequest>>,
}

/// A body in small pieces, and what befalls it before its end.
struct Bytes {
    all: Vec<u8>,
    at: usize,
    end: Option<Failure>,
}

impl Body for Bytes {
    fn piece(&mut self, _: Deadline, _: u64) -> Result<&[u8], TransportError> {
        let (start, end) = (self.at, self.all.len().min(self.at + 7));
        self.at = end;
        match &self.end {
            Some(failure) if start == end => Err(broken(failure.clone(), true)),
            _ => Ok(&self.all[start..end]),
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
        let cut = Some(Failure::Cut);
        let (status, headers, body, end) = match self.steps.lock().pop_front() {
            Some(Step::Answer(status, headers, body)) => (status, headers, body, None),
            Some(Step::Cut(body)) => (200, &[][..], body, cut),
            Some(Step::CutAnswer(status, headers, body)) => (status, headers, body, cut),
            Some(Step::Stop(body, failure)) => (200, &[][..], body, Some(failure)),
            Some(Step::Stale) => {
                return Err(TransportError { reused: true, ..broken(Failure::Cut, true) });
            }
            Some(Step::Break(failure)) => return Err(broken(failure, true)),
            None => return Err(broken(Failure::Connect, false)),
        };
        Ok(Exchange {
            head: Head { status, headers: headers.iter().copied().collect() },
            body: Box::new(Bytes { all: body.into_bytes(), at: 0, end }),
            reused: false,
            connect_ns: 0,
            sent_at_ns: attempt.total.at_ns.min(1_000_000_000),
            first_byte_at_ns: 1_000_000_000,
            last_byte_at_ns: 1_000_000_000,
        })
    }
}

/// A client in real time.
fn made(options: &[(&str, &str)], parts: Parts) -> Arc<Client> {
    let mut layered = Layered::<ClientOptions>::default();
    let own = [("api_key", "sk"), ("model", "gpt"), ("retry_delay_ms", "60000")];
    own.iter().chain(options).for_each(|(name, value)| layered.set(name, value).unwrap());
    Arc::new(Client::new(layered.resolve().unwrap(), parts).unwrap())
}

/// A client whose log records are taken by `listener`.
fn logged(listener: Arc<LogListener>, steps: Vec<Step>) -> Arc<Client> {
    let script = Script { steps: Mutex::new(steps.into()), ..Script::default() };
    let listeners = Listeners { log: Some((Level::Info, listener)), ..Listeners::default() };
    made(&[], Parts { transport: Some(Arc::new(script)), listeners, ..Parts::default() })
}

struct Bench {
    client: Arc<Client>,
    script: Arc<Script>,
    time: Arc<ManualClock>,
    records: Records,
}

/// Log records, as JSON.
type Records = Arc<Mutex<Vec<serde_json::Value>>>;

fn tell(records: &Records) -> Arc<LogListener> {
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

/// Whether who frees something waits until the caller's function that runs inside of
/// it has returned, and no other is called then.
fn waited_for(calls: &Calls, call: impl FnOnce(&(dyn Fn() + Sync)) + Send, free: impl FnOnce()) {
    let (entered, inside) = std::sync::mpsc::channel();
    let (returned, freed) = (AtomicBool::new(false), AtomicBool::new(false));
    let function = || {
        assert!(!freed.load(SeqCst), "it is called after the end");
        let _ = entered.send(());
        while calls.begin(None).is_ok() {
            std::thread::yield_now();
        }
        (0..1_000).for_each(|_| std::thread::yield_now());
        returned.store(true, SeqCst);
    };
    std::thread::scope(|scope| {
        scope.spawn(|| call(&function));
        inside.recv_timeout(Duration::from_secs(20)).unwrap();
        free();
        freed.store(true, SeqCst);
        assert!(returned.load(SeqCst), "it is not waited for");
    });
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
    gated_with(inner, gate, Clock::System, &[("coalesce", "true")])
}

/// The same with other options, and on another clock.
fn gated_with(
    inner: Bench,
    gate: std::sync::mpsc::Receiver<()>,
    clock: Clock,
    options: &[(&str, &str)],
) -> Bench {
    let transport = Gated(Mutex::new(Gate(inner.script.clone(), gate)));
    let mut layered = Layered::<ClientOptions>::default();
    let own = [("api_key", "sk"), ("price", "gpt=1,1"), ("model", "gpt")];
    for (name, value) in own.iter().chain(options) {
        layered.set(name, value).unwrap();
    }
    let log = Some((Level::Debug, tell(&inner.records)));
    let listeners = Listeners { log, ..Listeners::default() };
    let transport = Some(Arc::new(transport) as Arc<dyn Transport>);
    let parts = Parts { transport, listeners, clock, ..Parts::default() };
    let client = Arc::new(Client::new(layered.resolve().unwrap(), parts).unwrap());
    Bench { client, ..inner }
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
fn what_a_stopped_stream_has_cost_is_known_where_its_usage_had_come() {
    let usage = r#"data: {"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5}}"#;
    let body = format!("{}{usage}\n\n{usage}\n\n", stream("one two "));
    let bench = bench(&[], vec![Step::Answer(200, &[], body)]);
    let mut sink = |event: &Event| !matches!(event.kind, EventKind::Usage(_));
    let failed = bench.client.chat_stream(&request(), None, &mut sink).unwrap_err();
    let partial = failed.partial.unwrap();
    assert_eq!((failed.error.status(), partial.cost_usd), (Status::Stopped, Some(2e-5)));
    assert_eq!((partial.attempts, partial.served_from), (1, ServedFrom::Provider));
    assert!(partial.timings.first_token.is_some() && partial.timings.total.is_some());
    let figures = bench.client.metrics().to_json();
    assert_eq!((&figures["output_tokens"], &figures["failures"]), (&json!(5), &json!(0)));
    assert_eq!(figures["first_token_ms"]["count"], 1);
}

#[test]
fn half_a_call_is_neither_told_nor_sent_back() {
    let piece = |arguments: &str| {
        let function = json!({"name": "f", "arguments": arguments});
        let call = json!({"index": 0, "id": "c", "type": "function", "function": function});
        let chunk = json!({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]});
        format!("data: {chunk}\n\n")
    };
    let body = [stream("so far "), piece("{\"city\""), piece(":1}")].concat();
    let bench = bench(&[], vec![Step::Answer(200, &[], body)]);
    let mut sink = |event: &Event| !matches!(event.kind, EventKind::ToolCall { .. });
    let failed = bench.client.chat_stream(&request(), None, &mut sink).unwrap_err();
    let partial = failed.partial.unwrap();
    assert!(partial.first().tool_calls.is_empty());
    let expected = json!({"role": "assistant", "content": "so far "});
    assert_eq!(*partial.first().message.value(), expected);
}

#[test]
fn what_had_been_said_over_responses_goes_back() {
    let delta = r#"data: {"type":"response.output_text.delta","output_index":0,"delta":"so far"}"#;
    let options = [("openai_api", "responses")];
    let bench = bench(&options, vec![Step::Answer(200, &[], format!("{delta}\n\n{delta}\n\n"))]);
    let mut sink = |event: &Event| !event.kind.is_content();
    let failed = bench.client.chat_stream(&request(), None, &mut sink).unwrap_err();
    let message = failed.partial.unwrap().first().message.value().into_owned();
    let mut next = request();
    next.add_message_json(&message.to_string()).unwrap();
    let _ = bench.client.chat(&next, None);
    let sent = bench.script.sent.lock();
    let sent = String::from_utf8_lossy(&sent.last().unwrap().body).into_owned();
    assert!(sent.contains("so far"), "{sent}");
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
