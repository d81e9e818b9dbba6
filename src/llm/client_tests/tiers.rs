//! Several clients as one.

use super::*;
use crate::llm::asked::Asked;
use crate::llm::message::{Message, Origin, Role};
use crate::llm::queue::{ItemKind, Queue};
use crate::llm::response::Timings;
use crate::llm::tiered::Tiered;

fn tiers(cheap: Vec<Step>, able: Vec<Step>) -> (Tiered, [Bench; 2]) {
    let benches = [
        bench(&[("retry_count", "0"), ("model", "cheap"), ("price", "cheap=1,2")], cheap),
        bench(&[("retry_count", "0"), ("model", "able"), ("price", "able=10,20")], able),
    ];
    let clients = benches.iter().map(|bench| bench.client.clone()).collect();
    (Tiered::new(clients, false).unwrap(), benches)
}

fn asked(text: &str) -> Request {
    let mut request = Request::new();
    request.add_message("user", text).unwrap();
    request
}

#[test]
fn easy_requests_go_to_the_cheap_tier_and_tell_what_that_saved() {
    let (tiered, _) = tiers(vec![plain("Paris", "stop")], vec![]);
    let response = tiered.chat(&asked("What is the capital of France?"), None).unwrap();
    assert_eq!((response.tier, response.text()), (Some(0), "Paris"));
    assert!((response.saved_usd.unwrap() - 18e-5).abs() < 1e-12, "{:?}", response.saved_usd);
    assert_eq!(tiered.metrics_json()["saved_share"], 0.9);
}

#[test]
fn an_answer_that_was_kept_has_saved_what_the_top_tier_would_have_cost() {
    let cheap = [CACHED[0], CACHED[1], ("model", "cheap"), ("price", "cheap=1,2")];
    let able = bench(&[("model", "able"), ("price", "able=2,4")], vec![]);
    let cheap = bench(&cheap, vec![plain("Paris", "stop")]);
    let tiered = Tiered::new(vec![cheap.client.clone(), able.client.clone()], false).unwrap();
    let saved = || tiered.chat(&asked("hi"), None).unwrap().saved_usd.unwrap();
    assert!((saved() - 2e-5).abs() < 1e-12);
    assert!((saved() - 4e-5).abs() < 1e-12, "it has cost nothing");
    assert_eq!(tiered.metrics_json()["saved_share"], 0.75);
}

#[test]
fn a_callback_decides_where_there_is_one() {
    let (tiered, _) = tiers(vec![], vec![plain("deep", "stop")]);
    tiered.set_complexity(Some(Arc::new(|_: &Request| 0.9)));
    assert_eq!(tiered.chat(&asked("hi"), None).unwrap().tier, Some(1));
}

#[test]
fn a_failing_tier_is_replaced_by_the_next() {
    let (tiered, _) = tiers(vec![failure(500)], vec![ended("from above")]);
    let mut text = String::new();
    let mut sink = |event: &Event| {
        if let EventKind::Text(piece) = &event.kind {
            text.push_str(piece);
        }
        true
    };
    let response = tiered.chat_stream(&asked("hi"), None, &mut sink).unwrap();
    assert_eq!(response.served_from, ServedFrom::Fallback(1));
    assert_eq!(text, "from above");
}

#[test]
fn a_stream_that_is_cut_says_whose_it_was_and_what_it_has_cost_there() {
    let usage = json!({"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5}});
    let cut = format!("{}data: {usage}\n\n", stream("half "));
    let (tiered, benches) = tiers(vec![failure(500)], vec![Step::Cut(cut)]);
    let failed = tiered.chat_stream(&asked("hi"), None, &mut |_| true).unwrap_err();
    let partial = failed.partial.unwrap();
    assert_eq!((partial.tier, partial.served_from), (Some(1), ServedFrom::Fallback(1)));
    let figures = tiered.metrics_json();
    let cost = benches[1].client.metrics_json()["cost_usd"].clone();
    assert_eq!((&figures["cost_usd"], &cost), (&json!(2e-5), &json!(2e-5)), "{figures}");
}

#[test]
fn a_tier_that_sends_nothing_does_not_hide_why_the_one_before_failed() {
    let (cheap, able) = (failure(503), [("provider", "anthropic"), ("retry_count", "0")]);
    let able = bench(&[&able[..], &[("model", "claude-haiku-4-5")]].concat(), vec![]);
    let cheap = bench(&[("retry_count", "0")], vec![cheap]);
    let tiered = Tiered::new(vec![cheap.client.clone(), able.client.clone()], false).unwrap();
    let mut request = asked("hi");
    request.set("seed", "1").unwrap();
    let failed = tiered.chat(&request, None).unwrap_err().error;
    let Error::Call(call) = failed else { panic!("{failed}") };
    assert_eq!((call.status, call.http_status, call.attempts), (Status::Overloaded, Some(503), 1));
    assert_eq!(
        (able.sent(), tiered.metrics_json()["by_status"].clone()),
        (0, json!({"overloaded": 1}))
    );
}

#[test]
fn tiers_answer_through_a_queue_too() {
    let (tiered, _) = tiers(vec![failure(500)], vec![ended("from above")]);
    let queue = Queue::new(1).unwrap();
    let request = Arc::new(asked("hi"));
    queue.submit(Asked::Tiered(Arc::new(tiered)), request, true, None, 3).unwrap();
    let mut events = 0;
    let response = loop {
        match queue.next(Duration::from_secs(60)).unwrap().kind {
            ItemKind::Done(result) => break result.unwrap(),
            _ => events += 1,
        }
    };
    assert!(events > 0 && response.text() == "from above" && response.tier == Some(1));
}

#[test]
fn how_calls_of_tiers_ended_is_counted_once_whatever_each_tier_said() {
    let (tiered, _) = tiers(
        vec![failure(500), failure(500), plain("Paris", "stop")],
        vec![failure(503), plain("from above", "stop")],
    );
    let ends: Vec<_> = (0..3).map(|_| tiered.chat(&asked("hi"), None).is_ok()).collect();
    assert_eq!(ends, [false, true, true]);
    let figures = tiered.metrics_json();
    assert_eq!(figures["by_status"], json!({"ok": 2, "overloaded": 1}));
    assert_eq!((&figures["calls"], &figures["failures"]), (&json!(3), &json!(1)));
    assert_eq!(figures["success_rate"], 2.0 / 3.0);
}

fn told(status: u16, code: &str) -> Step {
    let body = json!({"error": {"message": "no", "code": code}}).to_string();
    Step::Answer(status, &[], body)
}

/// Whether the second tier is asked when the first one fails like this.
fn falls_back(step: Step, on_refusal: bool) -> bool {
    let (_, [cheap, able]) = tiers(vec![step], vec![plain("from above", "stop")]);
    let clients = [&cheap, &able].map(|bench| bench.client.clone()).into();
    let tiered = Tiered::new(clients, on_refusal).unwrap();
    let answer = tiered.chat(&asked("hi"), None);
    assert_eq!(answer.is_ok(), able.sent() == 1);
    answer.is_ok()
}

#[test]
fn what_may_succeed_elsewhere_is_asked_there() {
    for (status, code) in [
        (408, ""),
        (409, ""),
        (429, "rate_limit_exceeded"),
        (429, "insufficient_quota"),
        (404, "model_not_found"),
        (400, "context_length_exceeded"),
        (500, ""),
        (503, ""),
        (529, ""),
    ] {
        assert!(falls_back(told(status, code), false), "{status} {code}");
    }
    let broken = [Failure::TimedOut(Phase::Total), Failure::Connect, Failure::Tls, Failure::Reset];
    for failure in broken {
        assert!(falls_back(Step::Break(failure.clone()), false), "{failure:?}");
    }
    assert!(falls_back(Step::Answer(200, &[], "not JSON".into()), false));
    assert!(falls_back(Step::Cut("{".into()), false));
}

#[test]
fn what_would_fail_elsewhere_too_ends_the_call_unless_asked_otherwise() {
    for (status, code) in [(400, ""), (401, ""), (403, ""), (400, "content_filter")] {
        assert!(!falls_back(told(status, code), false), "{status} {code}");
        assert!(falls_back(told(status, code), true), "{status} {code}");
    }
}

#[test]
fn an_open_breaker_is_passed_by() {
    let options = [("breaker_failure_threshold", "1"), ("retry_count", "0")];
    let cheap = bench(&options, vec![failure(500)]);
    let able = bench(&[], (0..2).map(|_| plain("from above", "stop")).collect());
    let tiered =
        Tiered::new([&cheap, &able].map(|bench| bench.client.clone()).into(), false).unwrap();
    for _ in 0..2 {
        assert_eq!(tiered.chat(&asked("hi"), None).unwrap().tier, Some(1));
    }
    assert_eq!((cheap.sent(), able.sent()), (1, 2));
}

#[test]
fn a_cancel_is_no_reason_to_ask_another() {
    let (tiered, [_, able]) = tiers(vec![plain("no", "stop")], vec![plain("no", "stop")]);
    let cancel = crate::llm::cancel::Cancel::default();
    cancel.trigger();
    assert_eq!(status(tiered.chat(&asked("hi"), Some(&cancel))), Status::Cancelled);
    assert_eq!(able.sent(), 0);
}

#[test]
fn another_providers_tier_gets_the_conversation_in_its_own_terms() {
    let first = bench(
        &[("provider", "anthropic"), ("model", "claude"), ("retry_count", "0")],
        vec![failure(500)],
    );
    let second = bench(&[], vec![plain("from above", "stop")]);
    let tiered =
        Tiered::new([&first, &second].map(|bench| bench.client.clone()).into(), false).unwrap();
    let mut request = asked("hi");
    let said = json!({"role": "assistant", "content": "so I said", "mynah": {
        "provider": "anthropic", "model": "claude", "account": "",
        "blocks": [{"type": "thinking", "thinking": "deep", "signature": "signed"},
            {"type": "text", "text": "so I said"}]}});
    request.messages.push(Message::from_json(&said).unwrap());
    request.add_message("user", "go on").unwrap();
    assert_eq!(tiered.chat(&request, None).unwrap().tier, Some(1));
    let body = |bench: &Bench| String::from_utf8(bench.script.sent.lock()[0].body.clone()).unwrap();
    assert!(body(&first).contains("signed"));
    let other = body(&second);
    assert!(other.contains("so I said") && !other.contains("signed"), "{other}");
}

#[test]
fn an_answer_that_was_filtered_whole_is_a_refusal_also_with_a_200() {
    let end = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"content_filter"}]}"#;
    let events = format!("data: {end}\n\ndata: [DONE]\n\n");
    let silent = || Step::Answer(200, &[], events.clone());
    let half = || Step::Answer(200, &[], stream("half ") + &events);
    let after = |on_refusal, steps: Vec<Step>, is_stream: bool| {
        let able = if is_stream { ended("able") } else { plain("able", "stop") };
        let benches = [("cheap", steps), ("able", vec![able])]
            .map(|(model, steps)| bench(&[("retry_count", "0"), ("model", model)], steps));
        let clients = benches.iter().map(|bench| bench.client.clone()).collect();
        let tiered = Tiered::new(clients, on_refusal).unwrap();
        let mut finishes = Vec::new();
        let mut sink = |event: &Event| {
            if let EventKind::Finish { reason, .. } = &event.kind {
                finishes.push(*reason);
            }
            true
        };
        let response = match is_stream {
            true => tiered.chat_stream(&asked("hi"), None, &mut sink),
            false => tiered.chat(&asked("hi"), None),
        };
        let response = response.unwrap();
        if is_stream {
            assert_eq!(finishes, [response.first().finish_reason.unwrap()]);
        }
        (response.text().to_string(), response.tier, response.attempts)
    };
    let filtered = |text: &str| plain(text, "content_filter");
    assert_eq!(after(true, vec![filtered("")], false), ("able".into(), Some(1), 2));
    assert_eq!(after(true, vec![silent()], true), ("able".into(), Some(1), 2));
    assert_eq!(after(false, vec![filtered("")], false), (String::new(), Some(0), 1));
    assert_eq!(after(false, vec![silent()], true), (String::new(), Some(0), 1));
    assert_eq!(after(true, vec![filtered("half")], false), ("half".into(), Some(0), 1));
    assert_eq!(after(true, vec![half()], true), ("half ".into(), Some(0), 1));
}

#[test]
fn nothing_is_asked_again_once_something_was_delivered() {
    let (tiered, [_, able]) = tiers(vec![Step::Cut(stream("half "))], vec![ended("whole")]);
    let result = tiered.chat_stream(&asked("hi"), None, &mut |_| true);
    assert_eq!(status(result), Status::Truncated);
    assert_eq!(able.sent(), 0);
}

#[test]
fn a_conversation_stays_with_the_tier_whose_tool_is_pending() {
    let (tiered, [cheap, _]) = tiers(vec![], vec![failure(500)]);
    let mut request = asked("hi");
    let mut message = Message::empty(Role::Assistant);
    let origin = |model: &str| Origin {
        provider: "openai".into(),
        model: model.into(),
        ..Origin::default()
    };
    message.origin = Some(Box::new(origin("able")));
    request.messages.push(message);
    request.messages.push(Message::tool_result("call_1", "42", false));
    assert!(tiered.chat(&request, None).is_err());
    assert_eq!(cheap.sent(), 0, "also when that tier fails");
    request.add_message("user", "and what is easy").unwrap();
    assert!(tiered.chat(&request, None).is_err());
    assert_eq!(cheap.sent(), 1, "nothing is pending any more");
}

#[test]
fn of_two_tiers_with_one_model_the_one_that_asked_for_the_tool_goes_on() {
    let tier = |key| bench(&[("api_key", key), ("retry_count", "0")], vec![plain("42", "stop")]);
    let tiers = [tier("sk-one"), tier("sk-two")];
    let tiered = Tiered::new(tiers.iter().map(|tier| tier.client.clone()).collect(), false);
    let tiered = tiered.unwrap();
    // The second one's own message, as it would come back.
    let answer = tiers[1].chat().unwrap();
    tiers[1].script.steps.lock().push_back(plain("and so on", "stop"));
    let mut request = asked("hi");
    request.messages.push(Message::from_json(&answer.first().message.value()).unwrap());
    request.messages.push(Message::tool_result("call_1", "42", false));
    assert_eq!(tiered.chat(&request, None).unwrap().tier, Some(1));
    // A key that was changed since: the first with the model.
    request.messages[1].origin.as_mut().unwrap().account = "another".into();
    assert_eq!(tiered.chat(&request, None).unwrap().tier, Some(0));
}

#[test]
fn a_result_goes_to_the_tier_that_made_the_call_however_its_message_comes_back() {
    let call = || {
        let call = json!({"id": "call_9", "type": "function",
            "function": {"name": "f", "arguments": "{}"}});
        let message = json!({"role": "assistant", "content": null, "tool_calls": [call]});
        let choice = json!({"index": 0, "message": message, "finish_reason": "tool_calls"});
        Step::Answer(200, &[], json!({"model": "gpt-6-luna", "choices": [choice]}).to_string())
    };
    // One model and key, asked to think more or less.
    for (one, other) in [("gpt-6-luna", "gpt-6-luna"), ("gpt-6-luna", "gpt-6-sol")] {
        let tier = |model, effort, steps| {
            bench(&[("retry_count", "0"), ("model", model), ("reasoning_effort", effort)], steps)
        };
        let tiers = [
            tier(one, "low", vec![]),
            tier(other, "high", vec![call(), plain("42", "stop"), plain("42", "stop")]),
        ];
        let clients = tiers.iter().map(|tier| tier.client.clone()).collect();
        let tiered = Tiered::new(clients, false).unwrap();
        tiered.set_complexity(Some(Arc::new(|_: &Request| 0.9)));
        let answer = tiered.chat(&asked("hi"), None).unwrap();
        tiered.set_complexity(Some(Arc::new(|_: &Request| 0.1)));
        let own = answer.first().message.value().into_owned();
        let mut anew = own.clone();
        anew.as_object_mut().unwrap().retain(|key, _| key == "role" || key == "tool_calls");
        for message in [own, anew] {
            let mut request = asked("hi");
            request.messages.push(Message::from_json(&message).unwrap());
            request.messages.push(Message::tool_result("call_9", "42", false));
            assert_eq!(tiered.chat(&request, None).unwrap().tier, Some(1), "{message}");
        }
    }
}

#[test]
fn the_time_that_a_request_gives_is_for_all_tiers() {
    // Each wait of the first is longer than the request may take.
    let limited = || Step::Answer(429, &[("retry-after", "3")], "{}".into());
    let (tiered, benches) = tiers(vec![], vec![plain("late", "stop")]);
    benches[0].script.steps.lock().extend([limited(), limited()]);
    let mut request = asked("hi");
    request.set("timeout_ms", "4000").unwrap();
    request.set("retry_count", "1").unwrap();
    let clock = &benches[0].time;
    let response = tiered.chat(&request, None).unwrap();
    assert_eq!((response.attempts, response.tier), (3, Some(1)), "{clock:?}");
    assert!(response.timings.total.unwrap() >= Duration::from_secs(3));
}

#[test]
fn a_timeout_of_a_later_tier_tells_the_time_that_the_request_gave() {
    let limited = || Step::Answer(429, &[("retry-after", "3")], "{}".into());
    let late = Step::Break(Failure::TimedOut(Phase::Total));
    let (tiered, benches) = tiers(vec![limited(), limited()], vec![late]);
    let mut request = asked("hi");
    request.set("timeout_ms", "4000").unwrap();
    request.set("retry_count", "1").unwrap();
    let error = tiered.chat(&request, None).unwrap_err().error;
    assert_eq!(benches[1].sent(), 1);
    assert!(error.to_string().contains("timeout_ms = 4000"), "{error}");
}

#[test]
fn the_times_of_a_fallback_count_from_the_calls_start_and_its_wait_in_line_is_one() {
    let limited = || Step::Answer(429, &[("retry-after", "3")], "{}".into());
    let (tiered, benches) = tiers(vec![limited(), limited()], vec![ended("from above")]);
    let mut request = asked("hi");
    request.set("retry_count", "1").unwrap();
    let in_line = Duration::from_secs(1);
    let response = tiered.ask(&request, None, Some(&mut |_| true), in_line).unwrap();
    let Timings { queue, first_byte, first_token, total, .. } = response.timings;
    assert_eq!((response.tier, queue), (Some(1), Some(in_line)), "{:?}", benches[0].time);
    for time in [first_byte, first_token, total] {
        assert!(time.unwrap() >= Duration::from_secs(4), "{time:?}");
    }
}

#[test]
fn who_frees_tiers_waits_for_the_function_that_judges_and_for_that_of_a_stream() {
    let (tiered, _) = tiers(vec![plain("hello", "stop")], vec![]);
    let (entered, judging) = std::sync::mpsc::channel();
    let returned = Arc::new(AtomicBool::new(false));
    let (told, judged) = (Mutex::new(entered), returned.clone());
    let tiered = Arc::new(tiered);
    let own = Arc::downgrade(&tiered);
    tiered.set_complexity(Some(Arc::new(move |_: &Request| {
        told.lock().send(()).unwrap();
        while own.upgrade().is_some_and(|tiered| tiered.calls.begin(None).is_ok()) {
            std::thread::yield_now();
        }
        (0..1_000).for_each(|_| std::thread::yield_now());
        judged.store(true, SeqCst);
        0.1
    })));
    std::thread::scope(|scope| {
        let call = scope.spawn(|| tiered.chat(&asked("hi"), None));
        judging.recv_timeout(Duration::from_secs(20)).unwrap();
        tiered.close();
        assert!(returned.load(SeqCst));
        assert_eq!(Arc::strong_count(&returned), 1, "the function is destroyed, too");
        let failed = call.join().unwrap().unwrap_err();
        let message = "the client or tiers were freed before the call had ended";
        assert_eq!(
            (failed.error.status(), &*failed.error.to_string()),
            (Status::Cancelled, message)
        );
    });
    let (tiered, _) = tiers(vec![ended(&"word ".repeat(1_000))], vec![]);
    let stream = |inside: &(dyn Fn() + Sync)| {
        let mut sink = |_: &Event| (inside(), true).1;
        let ended = tiered.chat_stream(&asked("hi"), None, &mut sink);
        assert_eq!(status(ended), Status::Cancelled);
    };
    waited_for(&tiered.calls, stream, || tiered.close());
    assert_eq!(status(tiered.chat(&asked("hi"), None)), Status::Closed);
}

#[test]
fn tiers_that_are_freed_inside_a_function_of_theirs_end_the_call_and_do_not_wait_for_it() {
    let (tiered, _) = tiers(vec![ended("one two three")], vec![]);
    let mut told = 0;
    let mut sink = |_: &Event| {
        told += 1;
        tiered.close();
        true
    };
    let ended = tiered.chat_stream(&asked("hi"), None, &mut sink);
    assert_eq!((status(ended), told), (Status::Cancelled, 1));
}

#[test]
fn tiers_outlive_the_handles_of_their_clients() {
    let (tiered, benches) = tiers(vec![plain("one", "stop")], vec![]);
    benches.iter().for_each(|bench| bench.client.release());
    assert_eq!(tiered.chat(&asked("hi"), None).unwrap().text(), "one");
    drop(tiered);
    assert_eq!(status(benches[0].chat()), Status::Closed);
}
