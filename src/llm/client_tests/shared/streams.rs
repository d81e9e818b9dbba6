//! Streams that share a request, each delivered at its own pace.

use super::*;
use crate::llm::event::Sink;

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
fn a_call_inside_the_callback_of_a_long_shared_stream_finds_room() {
    let long = "word ".repeat(1_000);
    let options = [("max_in_flight", "1"), ("timeout_ms", "10000")];
    let scene = scene(&options, vec![ended(&long), plain("inner", "stop")]);
    scene.let_go();
    let mut inner = None;
    let client = scene.client.clone();
    let mut sink = |event: &Event| {
        if event.kind.is_content() && inner.is_none() {
            let mut other = request();
            other.add_message("user", "and you").unwrap();
            inner = Some(client.chat(&other, None));
        }
        true
    };
    let outer = scene.client.chat_stream(&request(), None, &mut sink).unwrap();
    assert_eq!((outer.text(), inner.unwrap().unwrap().text()), (long.as_str(), "inner"));
}

#[test]
fn who_comes_while_nobody_takes_a_shared_stream_joins_it() {
    let long = "word ".repeat(1_000);
    let options = [("coalesce", "true"), ("idle_timeout_ms", "20"), ("silence_timeout_ms", "20")];
    let bench = bench(&options, vec![ended(&long)]);
    bench.time.hold();
    let mut served = None;
    let mut sink = |_: &Event| {
        if served.is_none() {
            // Who reads the stream can go on no further.
            until(|| bench.time.waiting() == 1);
            bench.time.advance(Duration::from_millis(60));
            let ask = || bench.stream().0.unwrap().served_from;
            served = Some(thread::scope(|scope| scope.spawn(ask).join().unwrap()));
        }
        true
    };
    bench.client.chat_stream(&request(), None, &mut sink).unwrap();
    assert_eq!((served, bench.sent()), (Some(ServedFrom::Coalesced), 1));
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
