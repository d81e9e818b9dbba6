//! Characters that a host cuts in two: JSON escapes them in two halves, of which one
//! event has the first and the next the other.

use mynah::llm::event::EventKind;
use serde_json::{Value, json};

use crate::*;

/// A stream of one dialect, in which `@1` and `@2` stand for two pieces of a text.
struct Told {
    provider: &'static str,
    model: &'static str,
    /// Before and after what tells the pieces.
    around: (Vec<Value>, Vec<Value>),
    /// Two events each for a text, a thought, and the arguments of a call.
    pieces: Vec<[Value; 2]>,
}

/// A dialect's events, of which `piece` tells a text.
fn both(piece: impl Fn(&str) -> Value) -> [Value; 2] {
    [piece("@1"), piece("@2")]
}

/// The same for arguments.
fn arguments(piece: impl Fn(&str) -> Value) -> [Value; 2] {
    [piece("{\"t\":\"@1"), piece("@2\"}")]
}

fn chat() -> Told {
    let chunk = |delta: Value, reason: Value| {
        json!({"id": "c", "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})
    };
    let call = |text: &str| {
        let function = json!({"name": "f", "arguments": text});
        chunk(json!({"tool_calls": [{"index": 0, "id": "a", "function": function}]}), Value::Null)
    };
    Told {
        provider: "siliconflow",
        model: "m",
        around: (vec![], vec![chunk(json!({}), "stop".into())]),
        pieces: vec![
            both(|text| chunk(json!({"content": text}), Value::Null)),
            both(|text| chunk(json!({"reasoning_content": text}), Value::Null)),
            arguments(call),
        ],
    }
}

fn anthropic() -> Told {
    let block = |index: u32, block: Value| json!({"type": "content_block_start", "index": index, "content_block": block});
    let delta = |index: u32, delta: Value| json!({"type": "content_block_delta", "index": index, "delta": delta});
    Told {
        provider: "anthropic",
        model: "claude-sonnet-5-5",
        around: (
            vec![
                json!({"type": "message_start", "message": {"id": "m", "model": "m"}}),
                block(0, json!({"type": "text", "text": ""})),
                block(1, json!({"type": "thinking", "thinking": ""})),
                block(2, json!({"type": "tool_use", "id": "a", "name": "f", "input": {}})),
            ],
            vec![
                json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}}),
                json!({"type": "message_stop"}),
            ],
        ),
        pieces: vec![
            both(|text| delta(0, json!({"type": "text_delta", "text": text}))),
            both(|text| delta(1, json!({"type": "thinking_delta", "thinking": text}))),
            arguments(|text| delta(2, json!({"type": "input_json_delta", "partial_json": text}))),
        ],
    }
}

fn responses() -> Told {
    let item = json!({"type": "function_call", "id": "f", "call_id": "a", "name": "f",
        "arguments": ""});
    let delta = |kind: &str, index: u32, text: &str| json!({"type": format!("response.{kind}.delta"), "output_index": index, "delta": text});
    Told {
        provider: "responses",
        model: "gpt-6-sol",
        around: (
            vec![json!({"type": "response.output_item.added", "output_index": 2, "item": item})],
            vec![json!({"type": "response.completed", "response": {"id": "r", "model": "m",
                "status": "completed", "output": []}})],
        ),
        pieces: vec![
            both(|text| delta("output_text", 0, text)),
            both(|text| delta("reasoning_summary_text", 1, text)),
            arguments(|text| delta("function_call_arguments", 2, text)),
        ],
    }
}

fn gemini() -> Told {
    let part = |part: Value, more: Value| {
        let mut candidate = json!({"content": {"parts": [part]}});
        candidate.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"candidates": [candidate]})
    };
    let call = |name: Option<&str>, text: &str| {
        let piece = json!({"jsonPath": "$.t", "stringValue": text, "willContinue": true});
        let call = json!({"name": name, "partialArgs": [piece], "willContinue": true});
        part(json!({"functionCall": call}), json!({}))
    };
    Told {
        provider: "gemini",
        model: "gemini-3.8-flash",
        around: (vec![], vec![part(json!({"text": ""}), json!({"finishReason": "STOP"}))]),
        pieces: vec![
            both(|text| part(json!({"text": text}), json!({}))),
            both(|text| part(json!({"text": text, "thought": true}), json!({}))),
            [call(Some("f"), "@1"), call(None, "@2")],
        ],
    }
}

fn cohere() -> Told {
    let event = |kind: &str, message: Value| json!({"type": kind, "index": 0, "delta": {"message": message}});
    let call = |text: &str| json!({"tool_calls": {"function": {"arguments": text}}});
    let begun = json!({"tool_calls": {"id": "a", "type": "function",
        "function": {"name": "f", "arguments": ""}}});
    Told {
        provider: "cohere",
        model: "command-a-03-2025",
        around: (
            vec![json!({"type": "message-start", "id": "c"}), event("tool-call-start", begun)],
            vec![json!({"type": "message-end", "delta": {"finish_reason": "COMPLETE"}})],
        ),
        pieces: vec![
            both(|text| event("content-delta", json!({"content": {"text": text}}))),
            both(|text| event("content-delta", json!({"content": {"thinking": text}}))),
            arguments(|text| event("tool-call-delta", call(text))),
        ],
    }
}

fn ollama() -> Told {
    let line = |message: Value, done: bool| json!({"model": "m", "message": message, "done": done, "done_reason": "stop"});
    Told {
        provider: "ollama",
        model: "qwen3",
        around: (vec![], vec![line(json!({"content": ""}), true)]),
        pieces: vec![
            both(|text| line(json!({"content": text}), false)),
            both(|text| line(json!({"thinking": text}), false)),
        ],
    }
}

/// A stream of these events with `@1` and `@2` replaced.
fn text_of(provider: &str, events: &[Value], one: &str, two: &str) -> String {
    let text: String = match provider {
        "ollama" => events.iter().map(|event| format!("{event}\n")).collect(),
        _ => sse(events),
    };
    text.replace("@1", one).replace("@2", two)
}

fn read(told: &Told, text: &str) -> (Vec<Event>, Response) {
    let client = any_request::client_of(told.provider, told.model);
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, context) = reader(&client, &asked);
    stream(dialect, &context, text).unwrap()
}

/// All that a response says: text, thought and arguments, and the message's own words.
fn said(response: &Response) -> String {
    let first = response.first();
    let calls = first.tool_calls.iter().map(|call| call.arguments.as_str());
    let words = [first.text.as_str(), first.reasoning.as_deref().unwrap_or_default()];
    let all: String = words.into_iter().chain(calls).collect();
    format!("{all} {}", first.message.value())
}

#[test]
fn a_character_cut_in_two_arrives_whole_in_every_dialect() {
    for told in [chat(), anthropic(), responses(), gemini(), cohere(), ollama()] {
        for [one, two] in &told.pieces {
            let (before, after) = told.around.clone();
            let events = [before, vec![one.clone(), two.clone()], after].concat();
            let text = text_of(told.provider, &events, r"a\ud83d", r"\ude00b");
            let (events, response) = read(&told, &text);
            let said = said(&response);
            assert!(said.contains("a\u{1f600}b") && !said.contains('\u{fffd}'), "{said}\n{text}");
            // The same as where the host cuts elsewhere, but for where the pieces end.
            let whole = text.replace(r"a\ud83d", r"a\ud83d\ude00").replace(r#""\ude00b"#, r#""b"#);
            assert_eq!((events, response), read(&told, &whole), "{text}");
        }
    }
}

#[test]
fn half_a_character_that_stays_alone_is_replaced() {
    for told in [chat(), anthropic(), responses(), gemini(), cohere(), ollama()] {
        for [one, two] in &told.pieces {
            let (before, after) = told.around.clone();
            for (first, second) in [(r"a\ud83d", "b"), ("a", r"\ude00b"), (r"a\ud83d", r"\ud83db")]
            {
                let events = [&before[..], &[one.clone(), two.clone()], &after[..]].concat();
                let text = text_of(told.provider, &events, first, second);
                let said = said(&read(&told, &text).1);
                let halves = if second.len() > 1 && first.len() > 1 { 2 } else { 1 };
                let wanted = format!("a{}b", "\u{fffd}".repeat(halves));
                assert!(said.contains(&wanted), "{said}\n{text}");
            }
            // Nothing more of it comes.
            if !one.to_string().contains("{\\\"") {
                let events = [&before[..], std::slice::from_ref(one), &after[..]].concat();
                let text = text_of(told.provider, &events, r"a\ud83d", "");
                let said = said(&read(&told, &text).1);
                assert!(said.contains("a\u{fffd}"), "{said}\n{text}");
            }
        }
    }
}

#[test]
fn what_comes_between_the_halves_of_a_character_does_not_part_them() {
    let told = anthropic();
    let (before, after) = told.around.clone();
    let [one, two] = &told.pieces[0];
    let between = [
        json!({"type": "ping"}),
        json!({"type": "content_block_delta", "index": 1,
        "delta": {"type": "thinking_delta", "thinking": "Hm"}}),
    ];
    let pieces = [vec![one.clone()], between.to_vec(), vec![two.clone()]].concat();
    let events = [before, pieces, after].concat();
    let (_, response) = read(&told, &text_of("anthropic", &events, r"\ud83d", r"\ude00"));
    assert_eq!(response.text(), "\u{1f600}");
    assert_eq!(response.first().reasoning.as_deref(), Some("Hm"));
    let told = chat();
    let other = json!({"id": "c", "choices": [{"index": 1, "delta": {"content": "x"}}]});
    let end = json!({"id": "c", "choices": [{"index": 1, "delta": {}, "finish_reason": "stop"}]});
    let [one, two] = &told.pieces[0];
    let events = [&[one.clone(), other, two.clone(), end], &told.around.1[..]].concat();
    let (events, response) = read(&told, &text_of("siliconflow", &events, r"\ud83d", r"\ude00"));
    assert_eq!((response.text(), &*response.choices[1].text), ("\u{1f600}", "x"));
    let texts = events.iter().filter(|event| matches!(event.kind, EventKind::Text(_))).count();
    assert_eq!(texts, 2);
}

#[test]
fn half_a_character_of_a_large_event_waits_for_few_others() {
    let told = anthropic();
    let (before, after) = told.around.clone();
    let [one, two] = &told.pieces[0];
    for (len, pings, is_joined) in [(1, 2_000, true), (600_000, 2, true), (600_000, 3, false)] {
        let pings = vec![json!({"type": "ping"}); pings];
        let pieces = [vec![one.clone()], pings, vec![two.clone()]].concat();
        let events = [&before[..], &pieces, &after].concat();
        let first = "a".repeat(len) + r"\ud83d";
        let (_, response) = read(&told, &text_of("anthropic", &events, &first, r"\ude00"));
        let end = if is_joined { "\u{1f600}" } else { "\u{fffd}\u{fffd}" };
        assert_eq!(&response.text()[len..], end);
    }
}

#[test]
fn a_stream_that_ends_within_a_character_is_cut_and_has_what_came() {
    let told = chat();
    let client = any_request::client_of(told.provider, told.model);
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, context) = reader(&client, &asked);
    let mut decoder = dialect.stream(&context, &head(200, &[]));
    let text = text_of("siliconflow", &told.pieces[0][..1], r"a\ud83d", "");
    decoder.feed(text.as_bytes()).unwrap();
    assert!(decoder.finish().is_err());
    assert_eq!(decoder.response().text(), "a\u{fffd}");
    // The last chunk says that it is the last, too.
    let last = json!({"id": "c", "choices": [
        {"index": 0, "delta": {"content": "@1"}, "finish_reason": "length"}]});
    let (_, response) = read(&told, &text_of("siliconflow", &[last], r"a\ud83d", ""));
    assert_eq!(response.text(), "a\u{fffd}");
}
