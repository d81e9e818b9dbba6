//! Answers drawn at random, plain and as each vendor streams them: both ways of
//! reading come to the same.

use fastrand::Rng;
use mynah::llm::event::EventKind;
use serde_json::json;

use crate::any_answer::{Answer, DIALECTS, Told, draw};
use crate::*;

/// What of a response does not tell how it came.
fn essence(mut response: Response) -> Response {
    response.raw = None;
    response
}

/// Reads an answer in each way, and holds them together.
fn check((provider, model): (&str, &str), answer: &Answer, (plain, events): Told) {
    let client = any_request::client_of(provider, model);
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, mut context) = reader(&client, &asked);
    let lines: String = events.iter().map(|event| format!("{event}\n")).collect();
    let (text, otherwise) = match provider {
        "ollama" => (lines, sse(&events)),
        _ => (sse(&events), lines),
    };
    let read = dialect.reply(&context, &head(200, &[]), plain.to_string().as_bytes());
    let read = essence(read.unwrap());
    let (told, streamed) = stream(dialect, &context, &text).unwrap();
    assert_eq!(read, essence(streamed), "{provider}: {plain:#}\n{text}");
    let calls: Vec<_> = read.first().tool_calls.iter().map(|call| call.id.clone()).collect();
    let wanted: Vec<_> = answer.calls.iter().map(|call| call.0.clone()).collect();
    assert_eq!(calls, wanted, "{provider}: {plain:#}");
    // The bytes show how the events are told apart, whoever sends them.
    let in_another_way = stream(dialect, &context, &otherwise).unwrap();
    assert_eq!((&told, &read), (&in_another_way.0, &essence(in_another_way.1)), "{otherwise}");
    // Who hears of the raw events has each of them read in full.
    context.raw_events = true;
    let (mut in_full, streamed) = stream(dialect, &context, &text).unwrap();
    in_full.retain(|event| !matches!(event.kind, EventKind::Raw(_)));
    assert_eq!(told, in_full, "{provider}: {text}");
    assert_eq!(read, essence(streamed), "{provider}: {text}");
}

#[test]
fn a_plain_answer_and_a_stream_come_to_the_same() {
    let mut random = Rng::with_seed(42);
    for _ in 0..300 {
        let answer = draw(&mut random);
        for (provider, model, tell) in DIALECTS {
            check((provider, model), &answer, tell(&answer, &mut random));
        }
    }
}
