//! How calls end when two things happen at the same time.

use std::sync::Barrier;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use parking_lot::Condvar;

use super::*;
use crate::cache::Cache;
use crate::llm::asked::Asked;
use crate::llm::batch;
use crate::llm::cancel::Cancel;
use crate::llm::log::LogListener;
use crate::llm::queue::Queue;
use crate::llm::response::FinishReason;
use crate::options::cache::CacheOptions;

const LONG: Duration = Duration::from_secs(60);

/// Answers by a script, and triggers a token when the answer has been read.
struct Tripping {
    script: Script,
    cancel: Arc<Cancel>,
}

struct TrippingBody(Box<dyn Body>, Arc<Cancel>);

impl Transport for Tripping {
    fn send(&self, request: &HttpRequest, attempt: &Attempt) -> Result<Exchange, TransportError> {
        let exchange = self.script.send(request, attempt)?;
        let body = Box::new(TrippingBody(exchange.body, self.cancel.clone()));
        Ok(Exchange { body, ..exchange })
    }
}

impl Body for TrippingBody {
    fn piece(&mut self, deadline: Deadline, since_ns: u64) -> Result<&[u8], TransportError> {
        self.0.piece(deadline, since_ns)
    }
}

impl Drop for TrippingBody {
    fn drop(&mut self) {
        self.1.trigger();
    }
}

/// A client of such a provider, and the token.
fn tripping(options: &[(&str, &str)], steps: Vec<Step>) -> (Arc<Client>, Arc<Cancel>) {
    let script = Script { steps: Mutex::new(steps.into()), ..Script::default() };
    let cancel = Arc::<Cancel>::default();
    let transport = Arc::new(Tripping { script, cancel: cancel.clone() });
    let client = made(options, Parts { transport: Some(transport), ..Parts::default() });
    (client, cancel)
}

#[test]
fn a_cancel_between_an_answer_and_what_is_made_of_it_is_how_the_call_ends() {
    for answer in [503, 429, 401] {
        for shared in ["false", "true"] {
            let (client, cancel) = tripping(&[("coalesce", shared)], vec![failure(answer)]);
            let failed = client.chat(&request(), Some(&cancel)).unwrap_err();
            assert_eq!(failed.error.status(), Status::Cancelled, "{answer}, shared: {shared}");
        }
        let (client, cancel) = tripping(&[], vec![failure(answer)]);
        let failed = client.chat_stream(&request(), Some(&cancel), &mut |_| true).unwrap_err();
        let Error::Call(call) = failed.error else { panic!("not a call's error") };
        assert_eq!((call.status, call.attempts), (Status::Cancelled, 1));
        let (client, cancel) = tripping(&[], vec![failure(answer)]);
        let error = client.embed(r#"{"input":"hi","model":"e"}"#, Some(&cancel)).unwrap_err();
        assert_eq!(error.status(), Status::Cancelled);
    }
    let (client, cancel) = tripping(&[], vec![failure(503)]);
    let outcomes = batch::run(&client, &[Arc::new(request())], 1, Some(&cancel), &mut |_, _| {});
    assert_eq!(outcomes[0].as_ref().unwrap_err().error.status(), Status::Cancelled);
    let figures = client.metrics().to_json();
    assert_eq!(figures["by_status"], json!({"cancelled": 1}));
}

#[test]
fn a_cancel_beside_the_failure_of_a_stream_leaves_what_was_delivered() {
    let error = r#"data: {"error":{"message":"down","code":500}}"#;
    let body = format!("{}{error}\n\n", stream("half an "));
    let (client, cancel) = tripping(&[], vec![Step::Answer(200, &[], body.clone())]);
    let failed = client.chat_stream(&request(), Some(&cancel), &mut |_| true).unwrap_err();
    assert_eq!(failed.error.status(), Status::Cancelled);
    assert_eq!(failed.partial.unwrap().text(), "half an ");
    for shared in ["false", "true"] {
        let (client, _) =
            tripping(&[("coalesce", shared)], vec![Step::Answer(200, &[], body.clone())]);
        let failed = client.chat_stream(&request(), None, &mut |_| true).unwrap_err();
        assert_eq!(failed.error.status(), Status::Server);
        assert!(failed.partial.is_none(), "an answer that failed is not one that was cut");
    }
}

#[test]
fn a_callback_that_stops_a_kept_answer_gets_what_it_has_seen() {
    let bench = bench(CACHED, vec![plain("kept", "stop")]);
    bench.chat().unwrap();
    let mut sink = |event: &Event| !event.kind.is_content();
    let failed = bench.client.chat_stream(&request(), None, &mut sink).unwrap_err();
    assert_eq!(failed.error.status(), Status::Stopped);
    let partial = failed.partial.unwrap();
    assert_eq!((partial.text(), partial.served_from), ("kept", ServedFrom::Cache));
    assert_eq!((partial.first().finish_reason, &*partial.provider), (None, "openai"));
    let first = bench.client.chat_stream(&request(), None, &mut |_| false).unwrap_err();
    assert_eq!(first.partial.unwrap().text(), "");
}

#[test]
fn closing_waits_until_the_call_has_been_told_of() {
    let (entered, inside) = channel();
    let (open, gate) = channel::<()>();
    let gate = Mutex::new(gate);
    let listener = move |_, _: &str| {
        entered.send(()).unwrap();
        let _ = gate.lock().recv_timeout(LONG);
    };
    let client = logged(Arc::new(listener), vec![plain("hi", "stop")]);
    let (closed, told) = channel();
    thread::scope(|scope| {
        scope.spawn(|| client.chat(&request(), None));
        inside.recv_timeout(LONG).unwrap();
        scope.spawn(|| (client.close(), closed.send(()).unwrap()));
        assert!(told.recv_timeout(Duration::from_millis(50)).is_err(), "the callback runs yet");
        open.send(()).unwrap();
        told.recv_timeout(LONG).unwrap();
    });
}

/// A stream whose first event frees something when both are inside; how it ends.
fn freeing(
    client: &Arc<Client>,
    both: &Arc<Barrier>,
    free: impl Fn() + Send + 'static,
) -> Receiver<Status> {
    let (client, both, (done, ended)) = (client.clone(), both.clone(), channel());
    thread::spawn(move || {
        let mut first = true;
        let end = client.chat_stream(&request(), None, &mut |_| {
            if std::mem::take(&mut first) {
                both.wait();
                free();
            }
            true
        });
        done.send(end.unwrap_err().error.status())
    });
    ended
}

#[test]
fn two_callbacks_that_free_each_others_clients_do_not_wait_for_each_other() {
    for _ in 0..20 {
        let [one, other] = [(); 2].map(|_| bench(&[], vec![ended("hello")]));
        let both = Arc::new(Barrier::new(2));
        let closing = |bench: &Bench| {
            let client = bench.client.clone();
            move || client.close()
        };
        let ends = [
            freeing(&one.client, &both, closing(&other)),
            freeing(&other.client, &both, closing(&one)),
        ];
        for end in ends {
            assert_eq!(end.recv_timeout(LONG), Ok(Status::Cancelled));
        }
    }
}

#[test]
fn callbacks_of_a_client_and_a_cache_that_free_each_others_do_not_wait_for_each_other() {
    let (bench, both) = (bench(&[], vec![ended("hello")]), Arc::new(Barrier::new(2)));
    let options = Layered::<CacheOptions>::default().resolve().unwrap();
    let cache = Arc::new(Cache::new(options, Clock::System).unwrap());
    let (client, calling, told) = (bench.client.clone(), cache.clone(), both.clone());
    let (done, freed) = channel();
    thread::spawn(move || {
        let freeing = || (told.wait(), client.close());
        done.send(calling.call_back(freeing).is_ok())
    });
    let end = freeing(&bench.client, &both, move || cache.close());
    assert_eq!(end.recv_timeout(LONG), Ok(Status::Cancelled));
    assert_eq!(freed.recv_timeout(LONG), Ok(true));
}

/// Has the first record of a call close the queue that it runs in.
fn closing_inside(submit: impl FnOnce(&Arc<Queue>, Arc<Client>)) -> Receiver<()> {
    let queue = Queue::new(2).unwrap();
    let (closed, told) = channel();
    let inside = queue.clone();
    let listener = move |_, _: &str| {
        inside.close();
        let _ = closed.send(());
    };
    let client = logged(Arc::new(listener), vec![plain("hi", "stop"), plain("ho", "stop")]);
    submit(&queue, client);
    told
}

#[test]
fn a_queue_that_is_closed_from_inside_a_callback_of_its_own_does_not_wait_for_itself() {
    let call = closing_inside(|queue, client| {
        queue.submit(Asked::Client(client), Arc::new(request()), false, None, 1).unwrap();
    });
    call.recv_timeout(LONG).unwrap();
    let batch = closing_inside(|queue, client| {
        let requests = ["one", "two"].map(|text| {
            let mut request = Request::new();
            request.add_message("user", text).unwrap();
            Arc::new(request)
        });
        queue.submit_batch(client, requests.into(), 2, None, 1, drop).unwrap();
    });
    batch.recv_timeout(LONG).unwrap();
}

#[test]
fn a_wake_is_not_lost_to_whoever_takes_what_is_there() {
    let queue = Queue::new(1).unwrap();
    queue.push_notice(1, crate::llm::queue::ItemKind::Log("x".into()));
    queue.wake();
    assert_eq!(queue.next_many(Duration::ZERO, 5).unwrap().len(), 1);
    assert_eq!(queue.next(Duration::ZERO).unwrap_err().status(), Status::Stopped);
}

#[test]
fn warming_counts_the_answers_that_are_kept() {
    let steps = vec![plain("one", "stop"), plain("cut", "length"), failure(400)];
    let bench = bench(CACHED, steps);
    let mut told = Vec::new();
    let mut progress = |done, of| told.push((done, of));
    let prompts = r#"["1","2","3"]"#;
    assert_eq!(batch::warm(&bench.client, prompts, 1, None, &mut progress).unwrap(), 1);
    assert_eq!(told, [(1, 3), (2, 3), (3, 3)]);
}

#[test]
fn a_call_from_a_callback_of_the_thread_that_reads_for_all_is_one_of_its_own() {
    let client = Arc::new(std::sync::OnceLock::<Arc<Client>>::new());
    let (inside, answers) = (client.clone(), Arc::new(Mutex::new(Vec::new())));
    let told = answers.clone();
    let listener = move |_, text: &str| {
        if text.contains("mynah.retry") {
            let inner = inside.get().unwrap().chat(&request(), None);
            told.lock().push(inner.unwrap().text().to_string());
        }
    };
    let steps = vec![failure(503), plain("inner", "stop"), plain("outer", "stop")];
    let script = Script { steps: Mutex::new(steps.into()), ..Script::default() };
    let listener: Arc<LogListener> = Arc::new(listener);
    let listeners = Listeners { log: Some((Level::Info, listener)), ..Listeners::default() };
    let parts = Parts { transport: Some(Arc::new(script)), listeners, ..Parts::default() };
    let options = [("coalesce", "true"), ("retry_delay_ms", "1"), ("timeout_ms", "20000")];
    let outer = client.get_or_init(|| made(&options, parts)).chat(&request(), None);
    assert_eq!(outer.unwrap().text(), "outer");
    assert_eq!(*answers.lock(), ["inner"]);
}

#[test]
fn a_call_from_inside_a_callback_finds_room_where_only_one_may_be_in_flight() {
    let steps = vec![ended("outer"), plain("inner", "stop")];
    let bench = bench(&[("max_in_flight", "1"), ("timeout_ms", "1000")], steps);
    let mut inner = None;
    let mut sink = |event: &Event| {
        if event.kind.is_content() && inner.is_none() {
            inner = Some(bench.chat());
        }
        true
    };
    bench.client.chat_stream(&request(), None, &mut sink).unwrap();
    assert_eq!(inner.unwrap().unwrap().text(), "inner");
}

#[test]
fn a_shared_call_from_inside_a_callback_needs_no_place_beside_that_of_its_own_thread() {
    let inner = || vec![ended("outer"), plain("inner", "stop")];
    let options = [("max_in_flight", "1"), ("timeout_ms", "10000"), ("coalesce", "true")];
    let (open, gate) = std::sync::mpsc::channel();
    let bench = gated_with(bench(&[], inner()), gate, Clock::System, &options);
    (0..2).for_each(|_| open.send(()).unwrap());
    let mut outer = request();
    outer.set("cache", "bypass").unwrap();
    let mut nested = None;
    let mut sink = |event: &Event| {
        if event.kind.is_content() && nested.is_none() {
            nested = Some(bench.chat());
        }
        true
    };
    bench.client.chat_stream(&outer, None, &mut sink).unwrap();
    assert_eq!(nested.unwrap().unwrap().text(), "inner");
}

/// Answers a stream, and plain calls once two of them are on their way.
struct Together(Mutex<usize>, Condvar);

impl Transport for Together {
    fn send(&self, sent: &HttpRequest, attempt: &Attempt) -> Result<Exchange, TransportError> {
        let script = Script::default();
        let streamed = String::from_utf8_lossy(&sent.body).contains("\"stream\":true");
        script.steps.lock().push_back(if streamed { ended("outer") } else { plain("in", "stop") });
        if !streamed {
            let mut on_their_way = self.0.lock();
            *on_their_way += 1;
            self.1.notify_all();
            let long = Duration::from_secs(20);
            self.1.wait_while_for(&mut on_their_way, |count| *count < 2, long);
        }
        script.send(sent, attempt)
    }
}

#[test]
fn a_batch_from_inside_a_callback_finds_room_for_all_of_its_threads() {
    let transport = Some(Arc::new(Together(Mutex::default(), Condvar::new())) as Arc<_>);
    let options = [("max_in_flight", "1"), ("timeout_ms", "10000"), ("retry_count", "0")];
    let client = made(&options, Parts { transport, ..Parts::default() });
    let mut outcomes = Vec::new();
    let mut sink = |_: &Event| {
        if outcomes.is_empty() {
            let mut other = request();
            other.add_message("user", "and you").unwrap();
            let requests = [request(), other].map(Arc::new);
            outcomes = batch::run(&client, &requests, 2, None, &mut |_, _| {});
        }
        true
    };
    client.chat_stream(&request(), None, &mut sink).unwrap();
    let texts: Vec<_> = outcomes.iter().map(|o| o.as_ref().unwrap().text()).collect();
    assert_eq!(texts, ["in", "in"]);
}

#[test]
fn a_call_that_a_listener_makes_is_told_of_when_it_has_returned() {
    let client = Arc::new(std::sync::OnceLock::<Arc<Client>>::new());
    let (inside, depth) = (client.clone(), Arc::new(Mutex::new((0, 0, 0))));
    let count = depth.clone();
    let listener = move |_, _: &str| {
        let nth = {
            let mut count = count.lock();
            *count = (count.0 + 1, count.1 + 1, count.2.max(count.1 + 1));
            count.0
        };
        if nth < 3 {
            inside.get().unwrap().chat(&request(), None).unwrap();
        }
        count.lock().1 -= 1;
    };
    let steps = (0..3).map(|_| plain("hi", "stop")).collect();
    client.get_or_init(|| logged(Arc::new(listener), steps)).chat(&request(), None).unwrap();
    assert_eq!(*depth.lock(), (3, 0, 1), "three records, and none inside another");
}

#[test]
fn an_answer_that_has_ended_is_one_also_if_its_connection_stays_open() {
    let chunk = |delta: serde_json::Value, reason: serde_json::Value| {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": reason});
        format!("data: {}\n\n", json!({"choices": [choice]}))
    };
    let whole = stream("a b") + &chunk(json!({}), json!("stop"));
    // Some hosts say with each piece how the answer will end.
    let each = |text: &str| chunk(json!({"content": text}), json!("stop"));
    let silence = || Failure::TimedOut(Phase::Silence);
    for (body, failure, failed) in [
        (whole.clone(), silence(), None),
        (whole.clone(), Failure::TimedOut(Phase::Idle), None),
        (whole.clone(), Failure::TimedOut(Phase::Total), None),
        (whole.clone(), Failure::Cut, None),
        (whole.clone(), Failure::Interrupted, Some(Status::Cancelled)),
        (whole + "data: {\"usage\":", silence(), Some(Status::Timeout)),
        (stream("a b"), silence(), Some(Status::Timeout)),
        (each("a "), silence(), None),
        (each("a ") + &each("b"), silence(), Some(Status::Timeout)),
        (each("a ") + &each("b"), Failure::Cut, Some(Status::Truncated)),
    ] {
        let bench = bench(&[("retry_count", "0")], vec![Step::Stop(body.clone(), failure.clone())]);
        let result = bench.stream().0;
        match failed {
            None => {
                let response = result.unwrap_or_else(|failed| panic!("{body}: {}", failed.error));
                assert_eq!(response.first().finish_reason, Some(FinishReason::Stop));
            }
            Some(failed) => assert_eq!(status(result), failed, "{body} and then {failure:?}"),
        }
    }
}
