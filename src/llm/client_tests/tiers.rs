//! Several clients as one.

use super::*;
use crate::llm::asked::Asked;
use crate::llm::message::{Message, Origin, Role};
use crate::llm::queue::{ItemKind, Queue};
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
fn what_would_fail_elsewhere_too_ends_the_call() {
    for status in [400, 401] {
        let (tiered, [_, able]) = tiers(vec![failure(status)], vec![plain("no", "stop")]);
        assert!(tiered.chat(&asked("hi"), None).is_err());
        assert_eq!(able.sent(), 0);
    }
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
    message.origin = Some(origin("able"));
    request.messages.push(message);
    request.messages.push(Message::tool_result("call_1", "42", false));
    assert!(tiered.chat(&request, None).is_err());
    assert_eq!(cheap.sent(), 0);
}
