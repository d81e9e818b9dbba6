//! Calls that fail, are sent again, or are not sent.

use super::*;

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
fn a_call_that_is_cancelled_while_it_waits_to_be_sent_again_says_what_the_provider_had_said() {
    let cancel = Arc::new(super::super::cancel::Cancel::default());
    let token = cancel.clone();
    let listener = move |_, text: &str| {
        if text.contains("mynah.retry") {
            token.trigger();
        }
    };
    let client = logged(Arc::new(listener), vec![failure(503), plain("no", "stop")]);
    let ended = client.chat(&request(), Some(&cancel)).unwrap_err().error;
    let Error::Call(call) = ended else { panic!("not a call's error") };
    assert_eq!((call.status, call.http_status, call.attempts), (Status::Cancelled, Some(503), 1));
}

#[test]
fn a_kept_connection_that_was_closed_meanwhile_fails_no_call() {
    let options = [("retry_count", "0"), ("retry_budget_percent", "0")];
    let stale = bench(&options, vec![Step::Stale, plain("over a new one", "stop")]);
    let before = stale.client.clock.now_ns();
    assert_eq!(stale.chat().unwrap().text(), "over a new one");
    assert_eq!(stale.client.clock.now_ns(), before, "it waited");
    // Nor does it count towards the limit.
    let options = [("rate_limit_rpm", "1"), ("timeout_ms", "5000")];
    let limited = bench(&options, vec![Step::Stale, plain("within it", "stop")]);
    assert_eq!(limited.chat().unwrap().text(), "within it");
    // Nor does it take a retry from those that failures have.
    let options = [("retry_count", "1")];
    let both = bench(&options, vec![Step::Stale, failure(503), plain("at last", "stop")]);
    assert_eq!(both.chat().unwrap().attempts, 3);
    let twice = bench(&[("retry_count", "0")], vec![Step::Stale, Step::Stale]);
    assert_eq!(twice.chat().unwrap_err().error.status(), Status::Truncated);
}

#[test]
fn an_error_whose_words_break_off_is_that_error() {
    let cut = |status, body: &str| Step::CutAnswer(status, &[("retry-after", "7")], body.into());
    for (status, body, expected) in [
        (401, "", Status::Authentication),
        (429, r#"{"error":{"message":"slow do"#, Status::RateLimited),
        (400, "{", Status::BadRequest),
    ] {
        let bench = bench(&[("retry_count", "0")], vec![cut(status, body)]);
        let Error::Call(call) = bench.chat().unwrap_err().error else { panic!("not a call's") };
        assert_eq!((call.status, call.http_status), (expected, Some(status)));
        assert_eq!(call.retry_after, Some(Duration::from_secs(7)));
    }
}

#[test]
fn a_request_above_a_limit_is_not_sent_again() {
    let above = r#"{"error":{"message":"Request too large for m: Limit 9, Requested 10",
        "code":"rate_limit_exceeded"}}"#;
    for http in [429, 200] {
        let bench = bench(&[], vec![Step::Answer(http, &[], above.into()), plain("no", "stop")]);
        let Error::Call(call) = bench.chat().unwrap_err().error else { panic!("not a call's") };
        assert_eq!((call.status, call.retriable, call.attempts), (Status::RateLimited, false, 1));
    }
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
fn a_date_to_wait_for_counts_from_our_own_clock_where_the_answer_has_none() {
    // The manual clock's calendar begins with 1970.
    let date = &[("retry-after", "Thu, 01 Jan 1970 00:00:09 GMT")];
    let limited = Step::Answer(503, date, "{}".into());
    let bench = bench(&[], vec![limited, plain("ok", "stop")]);
    let before = bench.client.clock.unix_ms();
    bench.chat().unwrap();
    assert!(before < 9_000 && bench.client.clock.unix_ms() >= 9_000, "{before}");
}

#[test]
fn a_failure_that_there_is_no_room_to_repeat_is_the_calls_own() {
    let options = [("rate_limit_rpm", "1"), ("timeout_ms", "5000")];
    let bench = bench(&options, vec![failure(503), plain("never sent", "stop")]);
    let Error::Call(call) = bench.chat().unwrap_err().error else { panic!("not a call's error") };
    assert_eq!((call.status, call.http_status), (Status::Overloaded, Some(503)));
    assert_eq!(bench.sent(), 1);
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
fn a_cut_stream_is_truncated_gives_what_came_and_is_not_kept() {
    let steps = vec![Step::Cut(stream("half an ")), ended("whole")];
    let bench = bench(CACHED, steps);
    let (result, _) = bench.stream();
    let failed = result.unwrap_err();
    assert_eq!(failed.error.status(), Status::Truncated);
    let partial = failed.partial.unwrap();
    assert_eq!((partial.text(), partial.first().finish_reason), ("half an ", None));
    // What only the request knew of it.
    assert!(partial.timings.first_byte.is_some() && partial.timings.first_token.is_some());
    assert_eq!(bench.stream().1, "whole");
}

#[test]
fn nothing_is_replayed_once_it_was_delivered() {
    let bench = bench(&[("retry_after_send", "true")], vec![Step::Cut(stream("a b "))]);
    assert_eq!(status(bench.stream().0), Status::Truncated);
    assert_eq!(bench.sent(), 1);
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
fn a_herd_that_waits_for_the_limiter_does_not_pass_a_breaker_that_opens_meanwhile() {
    let (open, gate) = std::sync::mpsc::channel();
    let options = [
        ("max_in_flight", "1"),
        ("breaker_failure_threshold", "1"),
        ("breaker_reset_timeout_ms", "100"),
        ("rate_limit_rpm", "12"),
        ("timeout_ms", "2000"),
        ("retry_count", "0"),
    ];
    let inner = bench(&[], vec![failure(500), plain("well", "stop")]);
    inner.time.hold();
    let clock = Clock::Manual(inner.time.clone());
    let bench = gated_with(inner, gate, clock, &options);
    std::thread::scope(|scope| {
        let calls: Vec<_> = (0..12).map(|_| scope.spawn(|| bench.chat())).collect();
        // All have passed the breaker, which is closed; one is under way.
        while bench.time.waiting() < 11 {
            std::thread::yield_now();
        }
        open.send(()).unwrap();
        let ends: Vec<_> = calls.into_iter().map(|call| status(call.join().unwrap())).collect();
        assert_eq!(ends.iter().filter(|end| **end == Status::Server).count(), 1, "{ends:?}");
        assert_eq!(ends.iter().filter(|end| **end == Status::CircuitOpen).count(), 11);
    });
    assert_eq!(bench.sent(), 1);
    // What was not sent counts for nothing with the limits.
    bench.time.advance(Duration::from_millis(100));
    open.send(()).unwrap();
    assert_eq!(bench.chat().unwrap().text(), "well");
}

#[test]
fn the_tokens_of_an_attempt_without_an_answer_are_not_used() {
    let limited = [("rate_limit_tpm", "1000"), ("max_tokens", "900"), ("retry_delay_ms", "1")];
    let steps = vec![failure(500), failure(503), plain("at last", "stop")];
    let bench = bench(&[&limited[..], &[("timeout_ms", "5000")]].concat(), steps);
    let response = bench.chat().unwrap();
    assert_eq!((response.text(), response.attempts), ("at last", 3));
    assert!(response.timings.queue.unwrap() < Duration::from_secs(1));
}

#[test]
fn the_tokens_of_a_request_of_which_nothing_came_may_be_used() {
    let limited = [("rate_limit_tpm", "1000"), ("max_tokens", "900"), ("retry_count", "0")];
    let options = [&limited[..], &[("timeout_ms", "5000")]].concat();
    let Step::Answer(.., whole) = plain("whole", "stop") else { panic!() };
    for (unknown, failure) in [
        (Step::Break(Failure::TimedOut(Phase::FirstByte)), Status::Timeout),
        (Step::CutAnswer(200, &[], whole[..20].into()), Status::Truncated),
        (Step::Answer(200, &[], "no JSON".into()), Status::Protocol),
    ] {
        let bench = bench(&options, vec![unknown, plain("never", "stop")]);
        assert_eq!(status(bench.chat()), failure);
        assert_eq!(status(bench.chat()), Status::RateLimited, "after {failure:?}");
        assert_eq!(bench.sent(), 1);
    }
}

#[test]
fn what_breaks_off_names_the_providers_id_of_the_request() {
    let id = &[("x-request-id", "req_9")];
    let cut = |body: &str| Step::CutAnswer(200, id, body.into());
    let named = |ended: Result<Response, Failed>| match ended.unwrap_err().error {
        Error::Call(call) => call.request_id,
        _ => None,
    };
    let bench = |step| bench(&[("retry_count", "0")], vec![step]);
    assert_eq!(named(bench(cut("{")).chat()).as_deref(), Some("req_9"));
    let stopped = bench(cut(&stream("half an ")));
    let ended = stopped.client.chat_stream(&request(), None, &mut |_| false);
    assert_eq!(named(ended).as_deref(), Some("req_9"));
}

#[test]
fn a_breaker_that_opens_during_the_back_off_leaves_the_call_its_own_failure() {
    let place = Arc::new(std::sync::OnceLock::<Arc<Client>>::new());
    let inside = place.clone();
    // Another call's failure opens it while this one waits to be sent again.
    let listener = move |_, text: &str| {
        if text.contains("mynah.retry") {
            let _ = inside.get().unwrap().chat(&request(), None);
        }
    };
    let options =
        [("breaker_failure_threshold", "1"), ("retry_count", "1"), ("retry_delay_ms", "1")];
    let steps = Mutex::new(vec![failure(503), failure(500), failure(500)].into());
    let parts = Parts {
        transport: Some(Arc::new(Script { steps, ..Script::default() })),
        listeners: Listeners { log: Some((Level::Info, Arc::new(listener))), ..Default::default() },
        ..Parts::default()
    };
    let mut layered = Layered::<ClientOptions>::default();
    layered.load_json(r#"{"api_key": "k", "model": "m"}"#).unwrap();
    options.iter().for_each(|(name, value)| layered.set(name, value).unwrap());
    let client = Arc::new(Client::new(layered.resolve().unwrap(), parts).unwrap());
    let ended = place.get_or_init(|| client).chat(&request(), None).unwrap_err().error;
    let Error::Call(call) = ended else { panic!("not a call's error") };
    assert_eq!((call.status, call.http_status), (Status::Overloaded, Some(503)));
}

/// Tells of a head that took two seconds, and notes since when its body is awaited.
struct SlowHead(Arc<Mutex<Option<u64>>>);

struct Noting(Arc<Mutex<Option<u64>>>);

impl Body for Noting {
    fn piece(&mut self, _: Deadline, since_ns: u64) -> Result<&[u8], TransportError> {
        *self.0.lock() = Some(since_ns);
        Ok(&[])
    }
}

impl Transport for SlowHead {
    fn send(&self, request: &HttpRequest, attempt: &Attempt) -> Result<Exchange, TransportError> {
        let script = Script::default();
        script.steps.lock().push_back(plain("", "stop"));
        let exchange = script.send(request, attempt)?;
        let last_byte_at_ns = exchange.first_byte_at_ns + 2_000_000_000;
        Ok(Exchange { last_byte_at_ns, body: Box::new(Noting(self.0.clone())), ..exchange })
    }
}

#[test]
fn silence_counts_from_the_last_byte_of_the_head() {
    let noted = Arc::new(Mutex::new(None));
    let transport = Some(Arc::new(SlowHead(noted.clone())) as Arc<dyn Transport>);
    let parts = Parts { transport, clock: Clock::manual().0, ..Parts::default() };
    let client = made(&[("silence_timeout_ms", "500"), ("retry_count", "0")], parts);
    assert!(client.chat(&request(), None).is_err(), "nothing came");
    assert_eq!(noted.lock().unwrap(), 1_000_000_000 + 2_000_000_000);
}
