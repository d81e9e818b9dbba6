//! Calls through a queue.

use super::*;
use crate::llm::asked::Asked;
use crate::llm::cancel::Cancel;
use crate::llm::queue::{ItemKind, Queue};
use crate::llm::tiered::Tiered;

const LONG: Duration = Duration::from_secs(60);

#[test]
fn a_queued_stream_brings_its_events_in_order_and_then_its_end() {
    let bench = bench(&[], vec![ended("one two three")]);
    let queue = Queue::new(4).unwrap();
    queue.submit(Asked::Client(bench.client.clone()), Arc::new(request()), true, None, 42).unwrap();
    let mut text = String::new();
    let response = loop {
        let item = queue.next(LONG).unwrap();
        assert_eq!(item.tag, 42);
        match item.kind {
            ItemKind::Event(Event { kind: EventKind::Text(piece), .. }) => text += &piece,
            ItemKind::Done(result) => break result.unwrap(),
            _ => {}
        }
    };
    assert_eq!((text.as_str(), response.text()), ("one two three", "one two three"));
    assert_eq!(queue.pending(), 0);
}

#[test]
fn a_stream_that_nobody_takes_waits_and_loses_nothing() {
    let words = "word ".repeat(1_000);
    let bench = bench(&[], vec![ended(&words)]);
    let queue = Queue::new(1).unwrap();
    queue.submit(Asked::Client(bench.client.clone()), Arc::new(request()), true, None, 1).unwrap();
    let mut pieces = 0;
    loop {
        match queue.next(LONG).unwrap().kind {
            ItemKind::Event(Event { kind: EventKind::Text(_), .. }) => pieces += 1,
            ItemKind::Done(result) => break assert!(result.is_ok()),
            _ => {}
        }
    }
    assert_eq!(pieces, 1_000);
}

#[test]
fn a_stream_that_nobody_takes_in_its_time_says_so() {
    let words = "word ".repeat(1_000);
    for way in [&[][..], &[("cache_enabled", "true")]] {
        let options = [&[("timeout_ms", "30")], way].concat();
        let bench = bench(&options, vec![ended(&words)]);
        let queue = Queue::new(1).unwrap();
        let asked = Asked::Client(bench.client.clone());
        queue.submit(asked, Arc::new(request()), true, None, 1).unwrap();
        while bench.client.calls.in_flight() == 0 && queue.pending() > 0 && bench.sent() == 0 {
            std::thread::yield_now();
        }
        while bench.client.calls.in_flight() > 0 {
            std::thread::yield_now();
        }
        let end = loop {
            if let ItemKind::Done(result) = queue.next(LONG).unwrap().kind {
                break result;
            }
        };
        assert_eq!(end.unwrap_err().error.status(), Status::Timeout, "{way:?}");
    }
}

#[test]
fn a_callback_that_takes_all_the_time_there_is_ends_the_call() {
    let words = "word ".repeat(100);
    for way in [&[][..], &[("cache_enabled", "true")]] {
        let own = [("timeout_ms", "5000"), ("breaker_failure_threshold", "1")];
        let options = [&own, way].concat();
        let bench = bench(&options, vec![ended(&words), ended("next")]);
        let mut events = 0;
        let mut sink = |_: &Event| {
            events += 1;
            bench.time.advance(Duration::from_secs(1));
            true
        };
        let end = bench.client.chat_stream(&request(), None, &mut sink);
        assert_eq!(status(end), Status::Timeout, "{way:?}");
        assert!(events <= 6, "{events}");
        // It says nothing of the provider.
        let figures = bench.client.metrics_json();
        assert_eq!(figures["breaker_state"], json!("closed"), "{way:?}: {figures}");
    }
}

#[test]
fn waking_timing_out_and_closing_each_say_so() {
    let queue = Queue::new(1).unwrap();
    let status = |queue: &Queue| queue.next(Duration::ZERO).unwrap_err().status();
    assert_eq!(status(&queue), Status::Timeout);
    queue.wake();
    assert_eq!(status(&queue), Status::Stopped);
    assert_eq!(status(&queue), Status::Timeout);
    queue.close();
    assert_eq!(status(&queue), Status::Closed);
}

#[test]
fn closing_ends_calls_that_nobody_reads() {
    let words = "word ".repeat(10_000);
    let bench = bench(&[], vec![ended(&words), ended(&words)]);
    let queue = Queue::new(2).unwrap();
    (0..2).for_each(|tag| {
        queue
            .submit(Asked::Client(bench.client.clone()), Arc::new(request()), true, None, tag)
            .unwrap();
    });
    queue.next(LONG).unwrap();
    queue.close();
    assert_eq!((queue.pending(), bench.client.calls.in_flight()), (0, 0));
}

#[test]
fn a_call_that_still_stands_in_line_ends_when_its_token_is_triggered() {
    let (open, gate) = std::sync::mpsc::channel();
    let bench = bench(&[], vec![plain("first", "stop"), plain("third", "stop")]);
    let bench = gated(bench, gate);
    let queue = Queue::new(1).unwrap();
    let cancel = Arc::<Cancel>::default();
    for (tag, cancel) in [(1, None), (2, Some(&cancel)), (3, None)] {
        queue
            .submit(Asked::Client(bench.client.clone()), Arc::new(request()), true, cancel, tag)
            .unwrap();
    }
    cancel.trigger();
    let item = queue.next(Duration::ZERO).unwrap();
    let ItemKind::Done(result) = item.kind else { panic!("an event") };
    assert_eq!((item.tag, status(result.map(|r| *r))), (2, Status::Cancelled));
    assert_eq!(queue.pending(), 2);
    (0..2).for_each(|_| open.send(()).unwrap());
    let mut ended = Vec::new();
    while ended.len() < 2 {
        let item = queue.next(LONG).unwrap();
        if let ItemKind::Done(result) = item.kind {
            assert!(result.is_ok());
            ended.push(item.tag);
        }
    }
    assert_eq!((ended, bench.sent()), (vec![1, 3], 2));
}

#[test]
fn the_time_of_a_call_runs_while_it_stands_in_line_and_ends_it_there() {
    let (open, gate) = std::sync::mpsc::channel();
    let bench = gated(bench(&[], vec![plain("first", "stop"), plain("third", "stop")]), gate);
    let queue = Queue::new(1).unwrap();
    for (tag, ms) in [(1, "600000"), (3, "600000"), (2, "20")] {
        let mut request = request();
        request.set("timeout_ms", ms).unwrap();
        let asked = Asked::Client(bench.client.clone());
        queue.submit(asked, Arc::new(request), false, None, tag).unwrap();
    }
    let item = queue.next(LONG).unwrap();
    let ItemKind::Done(Err(failed)) = item.kind else { panic!("{item:?}") };
    assert_eq!((item.tag, failed.error.status()), (2, Status::Timeout));
    let words = "no thread of the queue was free within timeout_ms = 20";
    assert!(failed.error.to_string().starts_with(words), "{}", failed.error);
    (0..2).for_each(|_| open.send(()).unwrap());
    let first = queue.next(LONG).unwrap();
    let last = queue.next(LONG).unwrap();
    assert_eq!((first.tag, last.tag, bench.sent()), (1, 3, 2));
    let ItemKind::Done(Ok(response)) = last.kind else { panic!("{last:?}") };
    assert!(response.timings.queue.unwrap() >= Duration::from_millis(20), "it waited that long");
}

/// A queue whose only thread waits at the gate with a call, and so many more in line
/// behind it that may take so long, and their token.
fn with_a_line(asked: &Asked, calls: u64, ms: &str) -> (Arc<Queue>, Arc<Cancel>) {
    let (queue, cancel) = (Queue::new(1).unwrap(), Arc::<Cancel>::default());
    let mut late = request();
    late.set("timeout_ms", ms).unwrap();
    let late = Arc::new(late);
    queue.submit(asked.clone(), Arc::new(request()), false, None, 0).unwrap();
    for tag in 1..=calls {
        queue.submit(asked.clone(), late.clone(), false, Some(&cancel), tag).unwrap();
    }
    (queue, cancel)
}

/// How the next call ended, if it failed.
fn next_failure(queue: &Queue) -> Status {
    match queue.next(LONG).unwrap().kind {
        ItemKind::Done(Err(failed)) => failed.error.status(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_call_that_ends_in_line_counts_with_its_waiting_time_and_is_told_as_any_that_failed() {
    let (_open, gate) = std::sync::mpsc::channel();
    let bench = gated(bench(&[], vec![]), gate);
    let (queue, _) = with_a_line(&Asked::Client(bench.client.clone()), 30, "20");
    for _ in 0..30 {
        assert_eq!(next_failure(&queue), Status::Timeout);
    }
    let figures = bench.client.metrics_json();
    assert_eq!((&figures["failures"], &figures["by_status"]["timeout"]), (&json!(30), &json!(30)));
    assert_eq!(figures["alerts"], json!(["alert_min_success_rate"]));
    for times in [&figures["latency_ms"], &figures["queue_wait_ms"]] {
        assert!(times["count"] == 30 && times["p50"].as_f64().unwrap() >= 20.0, "{times}");
    }
    let records = bench.records.lock();
    let told: Vec<_> = records.iter().filter(|record| record["error.type"] == "timeout").collect();
    assert_eq!((told.len(), &told[0]["level"]), (30, &json!("error")));
    assert_eq!(told[0]["gen_ai.request.model"], "gpt");
    assert!(told[0]["mynah.queue_wait_ms"].as_f64().unwrap() >= 20.0, "{}", told[0]);
}

#[test]
fn calls_and_batches_that_are_cancelled_in_line_count_each_as_a_cancelled_call() {
    let (_open, gate) = std::sync::mpsc::channel();
    let bench = gated(bench(&[], vec![]), gate);
    let (queue, cancel) = with_a_line(&Asked::Client(bench.client.clone()), 2, "600000");
    let requests = (0..3).map(|_| Arc::new(request())).collect();
    queue.submit_batch(bench.client.clone(), requests, 1, Some(&cancel), 7, drop).unwrap();
    cancel.trigger();
    let figures = bench.client.metrics_json();
    assert_eq!((&figures["calls"], &figures["failures"]), (&json!(5), &json!(0)));
    assert_eq!(figures["by_status"], json!({"cancelled": 5}));
    assert_eq!(bench.records.lock().len(), 5);
}

#[test]
fn freeing_the_client_ends_what_stands_in_line_at_once_and_waits_for_it() {
    let (_open, gate) = std::sync::mpsc::channel();
    let (busy, own) = (gated(bench(&[], vec![]), gate), bench(&[], vec![]));
    let (queue, _) = with_a_line(&Asked::Client(busy.client), 0, "1");
    let asked = Asked::Client(own.client.clone());
    for tag in [1, 2] {
        queue.submit(asked.clone(), Arc::new(request()), false, None, tag).unwrap();
    }
    let requests = (0..3).map(|_| Arc::new(request())).collect();
    queue.submit_batch(own.client.clone(), requests, 1, None, 7, drop).unwrap();
    own.client.close();
    assert_eq!(own.client.metrics_json()["by_status"], json!({"cancelled": 5}));
    assert_eq!([next_failure(&queue), next_failure(&queue)], [Status::Cancelled; 2]);
    let ItemKind::Batch(Err(error)) = queue.next(LONG).unwrap().kind else { panic!() };
    assert_eq!(error.status(), Status::Cancelled);
    let late = queue.submit(asked, Arc::new(request()), false, None, 8);
    assert_eq!(late.unwrap_err().status(), Status::Closed);
}

#[test]
fn a_listener_may_free_the_client_of_the_call_that_ended_in_line() {
    let (_open, gate) = std::sync::mpsc::channel();
    let bench = gated(bench(&[], vec![]), gate);
    let client = Arc::new(Mutex::new(None::<Arc<Client>>));
    let (freed, told) = std::sync::mpsc::channel();
    let listener = {
        let client = client.clone();
        move |_, _: &str| {
            let client = client.lock().take();
            client.iter().for_each(|client| client.close());
            client.iter().for_each(|_| freed.send(()).unwrap());
        }
    };
    let log = Some((Level::Info, Arc::new(listener) as Arc<LogListener>));
    let parts = Parts { listeners: Listeners { log, ..Listeners::default() }, ..Parts::default() };
    let own = made(&[], parts);
    *client.lock() = Some(own.clone());
    let (queue, _) = with_a_line(&Asked::Client(bench.client.clone()), 0, "1");
    let (asked, cancel) = (Asked::Client(own), Arc::<Cancel>::default());
    queue.submit(asked, Arc::new(request()), false, Some(&cancel), 1).unwrap();
    std::thread::spawn(move || cancel.trigger());
    told.recv_timeout(Duration::from_secs(20)).unwrap();
    assert_eq!(next_failure(&queue), Status::Cancelled);
}

#[test]
fn freeing_tiers_ends_what_stands_in_line_for_them_inside_a_listener_of_a_tiers_too() {
    let (_open, gate) = std::sync::mpsc::channel();
    let busy = gated(bench(&[], vec![]), gate);
    let (queue, _) = with_a_line(&Asked::Client(busy.client), 0, "1");
    let place = Arc::new(Mutex::new(None::<Arc<Tiered>>));
    let listener = {
        let place = place.clone();
        move |_, _: &str| {
            let tiered = place.lock().take();
            tiered.iter().for_each(|tiered| tiered.close());
        }
    };
    let cheap = logged(Arc::new(listener), vec![]);
    let clients = vec![cheap, bench(&[], vec![]).client];
    let tiered = Arc::new(Tiered::new(clients, false).unwrap());
    let (asked, cancel) = (Asked::Tiered(tiered.clone()), Arc::<Cancel>::default());
    queue.submit(asked.clone(), Arc::new(request()), false, None, 1).unwrap();
    queue.submit(asked, Arc::new(request()), false, Some(&cancel), 2).unwrap();
    *place.lock() = Some(tiered);
    std::thread::spawn(move || cancel.trigger());
    assert_eq!([next_failure(&queue), next_failure(&queue)], [Status::Cancelled; 2]);
}

#[test]
fn a_call_of_tiers_that_ends_in_line_counts_with_the_tier_that_fits_it() {
    let (_open, gate) = std::sync::mpsc::channel();
    let (cheap, able) = (gated(bench(&[], vec![]), gate), bench(&[], vec![]));
    let clients = [&cheap, &able].map(|bench| bench.client.clone()).into();
    let tiered = Arc::new(Tiered::new(clients, false).unwrap());
    let (queue, _) = with_a_line(&Asked::Tiered(tiered.clone()), 1, "20");
    assert_eq!(next_failure(&queue), Status::Timeout);
    assert_eq!(tiered.metrics_json()["by_status"], json!({"timeout": 1}));
    assert_eq!(cheap.client.metrics_json()["by_status"], json!({"timeout": 1}));
    assert_eq!(able.client.metrics_json()["calls"], 0);
}

#[test]
fn a_call_of_tiers_stands_in_line_no_longer_than_the_most_patient_of_them_may_take() {
    let (_open, gate) = std::sync::mpsc::channel();
    let other = gated(bench(&[], vec![]), gate);
    let tier = |ms| bench(&[("timeout_ms", ms)], vec![]).client;
    let tiered = Tiered::new(vec![tier("40"), tier("20")], false).unwrap();
    let (queue, _) = with_a_line(&Asked::Client(other.client), 0, "1");
    let asked = Asked::Tiered(Arc::new(tiered));
    queue.submit(asked, Arc::new(request()), false, None, 1).unwrap();
    let ItemKind::Done(Err(failed)) = queue.next(LONG).unwrap().kind else { panic!() };
    let words = "no thread of the queue was free within timeout_ms = 40";
    assert!(failed.error.to_string().starts_with(words), "{}", failed.error);
}

#[test]
fn a_call_whose_tiers_time_went_in_line_is_not_sent_to_it_nor_to_another() {
    let (cheap, able) = (bench(&[], vec![]), bench(&[("timeout_ms", "3600000")], vec![]));
    let clients = [&cheap, &able].map(|bench| bench.client.clone()).into();
    let tiered = Tiered::new(clients, false).unwrap();
    cheap.time.advance(Duration::from_secs(600));
    let late = tiered.ask(&request(), None, None, Duration::from_secs(600));
    assert_eq!((status(late), cheap.sent(), able.sent()), (Status::Timeout, 0, 0));
    cheap.script.steps.lock().push_back(plain("in time", "stop"));
    let waited = Duration::from_secs(599);
    let response = tiered.ask(&request(), None, None, waited).unwrap();
    assert_eq!((response.text(), response.timings.queue), ("in time", Some(waited)));
}

#[test]
fn a_call_whose_time_went_in_line_is_not_sent_and_says_nothing_of_the_provider() {
    let bench = bench(&[("breaker_failure_threshold", "1")], vec![plain("next", "stop")]);
    let ten_minutes = Duration::from_secs(600);
    bench.time.advance(ten_minutes);
    let late = bench.client.ask(&request(), None, None, ten_minutes);
    assert_eq!((status(late), bench.sent()), (Status::Timeout, 0));
    assert_eq!(bench.client.metrics_json()["breaker_state"], json!("closed"));
    assert_eq!(bench.chat().unwrap().text(), "next");
}

#[test]
fn a_call_whose_turn_comes_when_its_time_is_up_is_not_sent() {
    let options = [("rate_limit_rpm", "1"), ("timeout_ms", "60000")];
    let bench = bench(&options, vec![plain("first", "stop"), plain("late", "stop")]);
    assert_eq!(bench.chat().unwrap().text(), "first");
    assert_eq!((status(bench.chat()), bench.sent()), (Status::Timeout, 1));
}

#[test]
fn a_batch_through_a_queue_tells_of_its_end_once_and_in_line_it_can_be_cancelled() {
    let (open, gate) = std::sync::mpsc::channel();
    let bench = gated(bench(&[], (0..3).map(|_| plain("ok", "stop")).collect()), gate);
    let queue = Queue::new(1).unwrap();
    let cancel = Arc::<Cancel>::default();
    let requests = || {
        let mut requests: Vec<_> = (0..3).map(|_| request()).collect();
        for (n, request) in requests.iter_mut().enumerate() {
            request.set("user", &n.to_string()).unwrap();
            request.set("cache", "bypass").unwrap();
        }
        requests.into_iter().map(Arc::new).collect::<Vec<_>>()
    };
    let outcomes = Arc::new(Mutex::new(None));
    for (tag, cancel) in [(7, None), (8, Some(&cancel))] {
        let place = outcomes.clone();
        let done = move |all| *place.lock() = Some((tag, all));
        let client = bench.client.clone();
        queue.submit_batch(client, requests(), 1, cancel, tag, done).unwrap();
    }
    cancel.trigger();
    let item = queue.next(Duration::ZERO).unwrap();
    let ItemKind::Batch(Err(error)) = item.kind else { panic!("{item:?}") };
    assert_eq!((item.tag, error.status()), (8, Status::Cancelled));
    assert!(outcomes.lock().is_none());
    (0..3).for_each(|_| open.send(()).unwrap());
    let item = queue.next(LONG).unwrap();
    assert!(matches!(item.kind, ItemKind::Batch(Ok(()))), "{item:?}");
    let (tag, all) = outcomes.lock().take().unwrap();
    assert_eq!((tag, item.tag), (7, 7));
    assert!(all.iter().all(|outcome| outcome.as_ref().unwrap().text() == "ok"));
    assert_eq!((queue.pending(), bench.sent()), (0, 3));
}

/// Takes as much of the stack as is promised to a function of the caller's.
fn takes_a_megabyte() {
    let mut bytes = [0u8; 1 << 20];
    std::hint::black_box(&mut bytes);
}

#[test]
fn a_function_that_a_thread_of_the_library_calls_has_a_megabyte_of_stack() {
    let worker = bench(&[], vec![plain("ok", "stop")]);
    let clients = vec![worker.client.clone(), bench(&[], vec![]).client];
    let tiered = Tiered::new(clients, false).unwrap();
    tiered.set_complexity(Some(Arc::new(|_: &Request| {
        takes_a_megabyte();
        0.1
    })));
    let queue = Queue::new(1).unwrap();
    let asked = Asked::Tiered(Arc::new(tiered));
    queue.submit(asked, Arc::new(request()), false, None, 1).unwrap();
    assert!(matches!(queue.next(LONG).unwrap().kind, ItemKind::Done(Ok(_))));

    let requests: Vec<_> = (0..4).map(|_| Arc::new(request())).collect();
    let mut told = |_, _| takes_a_megabyte();
    crate::llm::batch::run(&worker.client, &requests, 4, None, &mut told);

    let (_open, gate) = std::sync::mpsc::channel();
    let (busy, (told, ended)) = (gated(bench(&[], vec![]), gate), std::sync::mpsc::channel());
    let (queue, _) = with_a_line(&Asked::Client(busy.client), 0, "1");
    let told = Mutex::new(told);
    let listener = move |_, _: &str| {
        takes_a_megabyte();
        told.lock().send(std::thread::current().name().map(String::from)).unwrap();
    };
    let mut late = request();
    late.set("timeout_ms", "1").unwrap();
    let asked = Asked::Client(logged(Arc::new(listener), vec![]));
    queue.submit(asked, Arc::new(late), false, None, 1).unwrap();
    let by = ended.recv_timeout(Duration::from_secs(20)).unwrap();
    assert_eq!(by.as_deref(), Some("mynah-line"));
}

#[test]
fn notices_are_bounded_in_number_and_in_bytes() {
    let queue = Queue::new(1).unwrap();
    let log = |text: &str| queue.push_notice(1, ItemKind::Log(text.into()));
    (0..10_001).for_each(|_| log("x"));
    let taken = || std::iter::from_fn(|| queue.next(Duration::ZERO).ok()).count();
    assert_eq!(taken(), 10_000);
    let big = "x".repeat(40 << 20);
    (0..3).for_each(|_| log(&big));
    assert_eq!(taken(), 1);
    log(&big);
    assert_eq!(taken(), 1, "what was taken makes room");
}

#[test]
fn freeing_the_client_ends_a_stream_that_nobody_takes() {
    let bench = bench(&[], vec![ended(&"word ".repeat(1_000))]);
    let queue = Queue::new(1).unwrap();
    queue.submit(Asked::Client(bench.client.clone()), Arc::new(request()), true, None, 1).unwrap();
    queue.next(LONG).unwrap();
    bench.client.close();
    let end = std::iter::from_fn(|| queue.next(LONG).ok());
    let done = end.map(|item| item.kind).find_map(|kind| match kind {
        ItemKind::Done(result) => Some(result),
        _ => None,
    });
    assert_eq!(status(done.unwrap().map(|r| *r)), Status::Cancelled);
}

#[test]
fn a_stream_that_nobody_takes_ends_when_its_whole_time_is_up() {
    let bench = bench(&[("timeout_ms", "1000")], vec![ended(&"word ".repeat(1_000))]);
    let queue = Queue::new(1).unwrap();
    queue.submit(Asked::Client(bench.client.clone()), Arc::new(request()), true, None, 1).unwrap();
    while bench.sent() == 0 {
        std::thread::yield_now();
    }
    bench.time.advance(Duration::from_secs(2));
    while bench.client.calls.in_flight() > 0 {
        std::thread::yield_now();
    }
    let mut items = std::iter::from_fn(|| queue.next(LONG).ok());
    let end = items.find_map(|item| match item.kind {
        ItemKind::Done(result) => Some(result),
        _ => None,
    });
    assert_eq!(status(end.unwrap().map(|r| *r)), Status::Timeout);
}

#[test]
fn a_triggered_token_ends_a_queued_call() {
    let bench = bench(&[], vec![plain("never", "stop")]);
    let queue = Queue::new(1).unwrap();
    let cancel = Arc::<Cancel>::default();
    cancel.trigger();
    queue
        .submit(Asked::Client(bench.client.clone()), Arc::new(request()), false, Some(&cancel), 7)
        .unwrap();
    let ItemKind::Done(result) = queue.next(LONG).unwrap().kind else { panic!("an event") };
    assert_eq!(result.unwrap_err().error.status(), Status::Cancelled);
}
