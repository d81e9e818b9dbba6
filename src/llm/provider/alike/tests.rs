use std::cell::RefCell;
use std::sync::Arc;

use super::*;
use crate::llm::provider::{Chat, provider_for};
use crate::llm::request::Request;
use crate::llm::transport::{Head, Headers};
use crate::options::Layered;
use crate::options::client::ClientOptions;

const LANE: Lane = Lane::new(3, PieceOf::Text);
const MAX: usize = 1 << 20;

/// How much of these bytes is taken, and the texts of it.
fn taken(alike: &mut Alike, bytes: &[u8]) -> (usize, Vec<String>) {
    let (len, mut texts) = (alike.take(bytes, MAX), Vec::new());
    if let Some((lane, pieces)) = alike.taken() {
        assert_eq!(lane, LANE);
        let mut rest = pieces.text;
        for len in pieces.lens {
            let (text, after) = rest.split_at(*len);
            texts.push(text.to_string());
            rest = after;
        }
    }
    alike.told();
    (len, texts)
}

/// What has been learnt from `before{"n":7,"t":"<text>"}after`.
fn learnt(before: &str, text: &str, after: &str) -> Alike {
    let data = format!(r#"{{"n":7,"t":"{text}"}}"#);
    let at = data.rfind(text).unwrap();
    let added = Added { lane: LANE, text: &data[at..at + text.len()], noise: &["n", "none"] };
    let mut alike = Alike::default();
    alike.propose(b"", data.as_bytes(), &added);
    alike.learn(format!("{before}{data}{after}").as_bytes());
    alike
}

#[test]
fn an_event_that_differs_in_its_text_and_in_noise_is_taken() {
    let mut alike = learnt("data: ", "old", "\n\n");
    let bytes = b"data: {\"n\":18,\"t\":\"new\"}\n\ndata: {\"n\"";
    assert_eq!(taken(&mut alike, bytes), (26, vec!["new".into()]));
    let bytes = b"data: {\"n\":0,\"t\":\"\"}\n\n";
    assert_eq!(taken(&mut alike, bytes), (22, vec!["".into()]));
    let bytes = br#"data: {"n":1,"t":"a\"\n\u00e4"}"#;
    assert_eq!(taken(&mut alike, bytes), (0, vec![]), "the event has not come whole");
    let whole = b"data: {\"n\":1,\"t\":\"a\\\"\\n\\u00e4\"}\n\n";
    assert_eq!(taken(&mut alike, whole), (whole.len(), vec!["a\"\n\u{e4}".into()]));
}

#[test]
fn events_that_came_together_are_taken_together() {
    let mut alike = learnt("", "old", "\n");
    let texts = ["a", "", "\u{e4}\u{1f600}", "\\n", "long enough to be no short one", "b"];
    let bytes: String = texts.iter().map(|t| format!("{{\"n\":5,\"t\":\"{t}\"}}\n")).collect();
    let wanted = texts.map(|text| text.replace("\\n", "\n")).to_vec();
    for cut in 0..bytes.len() {
        let (len, mut all) = taken(&mut alike, &bytes.as_bytes()[..cut]);
        let (rest, more) = taken(&mut alike, &bytes.as_bytes()[len..]);
        all.extend(more);
        assert_eq!((len + rest, &all), (bytes.len(), &wanted), "cut at {cut}");
    }
    assert_eq!(alike.take(bytes.as_bytes(), 16), 31, "the third is longer");
}

#[test]
fn a_text_with_escapes_says_what_other_readers_read() {
    let mut random = fastrand::Rng::with_seed(3);
    let pieces = ["\\n", "\\\"", "\\\\", "\\/", "\\t", "\\r", "\\b", "\\u00e4", "\\ud83e\\udd9c"];
    let others = ["a", "some words", "\u{e4}", "\\x", "\\ud83e", "\\", "\u{7}", "\\u12"];
    for _ in 0..5_000 {
        let which = |n| if n < 9 { pieces[n] } else { others[n % others.len()] };
        let text: String = (0..random.usize(0..6)).map(|_| which(random.usize(0..25))).collect();
        let mut alike = learnt("", "old", "\n");
        let data = format!("{{\"n\":1,\"t\":\"{text}\"}}\n");
        let wanted = serde_json::from_str::<serde_json::Value>(&data);
        let wanted: Vec<String> = wanted.iter().map(|v| v["t"].as_str().unwrap().into()).collect();
        assert_eq!(taken(&mut alike, data.as_bytes()).1, wanted, "{text}");
    }
}

#[test]
fn an_event_that_differs_otherwise_is_read_in_full() {
    let mut alike = learnt("data: ", "old", "\n\n");
    let others: &[&[u8]] = &[
        b"data:{\"n\":7,\"t\":\"new\"}\n\n",
        b"data: {\"n\":7,\"t\":\"new\"}\r\n",
        b"data: {\"n\":7,\"t\":\"new\",\"x\":1}\n\n",
        b"data: {\"n\":7,\"t\":null}\n\n",
        // What is no JSON.
        b"data: {\"n\":07,\"t\":\"new\"}\n\n",
        b"data: {\"n\":,\"t\":\"new\"}\n\n",
        b"data: {\"n\":7,\"t\":\"n\tw\"}\n\n",
        b"data: {\"n\":7,\"t\":\"n\\x\"}\n\n",
        b"data: {\"n\":7,\"t\":\"n\xff\"}\n\n",
        b"data: {\"n\":7,\"t\":\"\\",
        b"",
    ];
    for other in others {
        assert_eq!(alike.take(other, MAX), 0, "{}", String::from_utf8_lossy(other));
    }
}

#[test]
fn an_event_that_was_put_together_is_taken_by_its_name_and_json() {
    let mut alike = learnt("event: a\ndata: ", "old", "\n\n");
    let data = br#"{"n":18,"t":"n\u00e4w"}"#;
    assert!(alike.take_data(b"", data));
    assert_eq!(alike.taken(), Some((LANE, Pieces { text: "n\u{e4}w", lens: &[4] })));
    assert!(!alike.take_data(b"b", data), "another event");
    for other in [&b"{\"n\":18,\"t\":\"new\"}\n"[..], b"{\"n\":18,\"t\":\"new\"", b"{}", b""] {
        assert!(!alike.take_data(b"", other));
    }
}

#[test]
fn where_the_json_stands_twice_nothing_is_learnt() {
    let twin = r#"{"n":7,"t":"old"}"#;
    let mut alike = learnt(&format!(": {twin}\ndata: "), "old", "\n\n");
    assert_eq!(alike.take(format!(": {twin}\ndata: {twin}\n\n").as_bytes(), MAX), 0);
}

#[test]
fn a_stream_whose_events_differ_is_left_alone() {
    let mut alike = Alike::default();
    for _ in 0..UNUSED_MAX {
        assert!(alike.is_willing());
        let data = r#"{"t":"x"}"#;
        let added = Added { lane: LANE, text: &data[6..7], noise: &[] };
        alike.propose(b"", data.as_bytes(), &added);
        alike.learn(data.as_bytes());
    }
    assert!(!alike.is_willing());
}

/// A telling of events that were like the one before: of what, and the text of each.
type Telling = (PieceOf, Vec<String>);

thread_local! {
    /// The tellings of this thread.
    static TOLD: RefCell<Vec<Telling>> = const { RefCell::new(Vec::new()) };
}

/// Takes note of what is told without being read.
pub(super) fn note(taken: Option<(Lane, Pieces<'_>)>) {
    let telling =
        |(lane, pieces): (Lane, Pieces)| (lane.of, pieces.iter().map(String::from).collect());
    TOLD.with_borrow_mut(|told| told.extend(taken.map(telling)));
}

/// What is told without being read of the rest of a stream, in pieces of this size, when
/// the first of it came in one piece.
fn told_unread(options: &[(&str, &str)], first: &str, rest: &str, size: usize) -> Vec<Telling> {
    let mut layered = Layered::<ClientOptions>::default();
    let always = [("model", "m"), ("api_key", "k"), ("base_url", "https://example.test")];
    for (key, value) in always.iter().chain(options) {
        layered.set(key, value).unwrap();
    }
    let request =
        Request::from_json(r#"{"messages": [{"role": "user", "content": "Hi"}]}"#).unwrap();
    let options = request.effective(&Arc::new(layered.resolve().unwrap())).unwrap();
    let provider = provider_for(&options.values, &request);
    let chat = Chat { request: &request, options: &options, stream: true };
    let context = provider.prepare(&chat).unwrap().context;
    let head = Head { status: 200, headers: Headers::default() };
    let mut decoder = provider.stream(&context, &head);
    decoder.feed(first.as_bytes()).unwrap();
    TOLD.take();
    rest.as_bytes().chunks(size).for_each(|bytes| decoder.feed(bytes).unwrap());
    TOLD.take()
}

/// Each dialect's events that add a text: the options, the events before them, one of
/// them, and what it is a piece of.
type Row = (&'static [(&'static str, &'static str)], &'static str, &'static str, PieceOf);

const CHAT: &[(&str, &str)] = &[("provider", "custom")];
const RESPONSES: &[(&str, &str)] = &[("provider", "openai"), ("openai_api", "responses")];
const ANTHROPIC: &[(&str, &str)] = &[("provider", "anthropic")];
const COHERE: &[(&str, &str)] = &[("provider", "cohere")];
const OLLAMA: &[(&str, &str)] = &[("provider", "ollama")];

const ROWS: &[Row] = &[
    (CHAT, "", r#"data: {"choices":[{"index":0,"delta":{"content":"$T"}}]}"#, PieceOf::Text),
    (
        CHAT,
        "",
        r#"data: {"choices":[{"index":0,"delta":{"reasoning_content":"$T"}}]}"#,
        PieceOf::Thought,
    ),
    (
        CHAT,
        r#"data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":3,"id":"c","function":{"name":"f","arguments":""}}]}}]}"#,
        r#"data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":3,"function":{"arguments":"$T"}}]}}]}"#,
        PieceOf::Arguments(3),
    ),
    (
        RESPONSES,
        r#"data: {"type":"response.output_item.added","output_index":0,"item":{"id":"i","type":"message"}}"#,
        r#"data: {"type":"response.output_text.delta","item_id":"i","output_index":0,"content_index":0,"delta":"$T","logprobs":[]}"#,
        PieceOf::Text,
    ),
    (
        RESPONSES,
        r#"data: {"type":"response.output_item.added","output_index":0,"item":{"id":"i","type":"reasoning"}}"#,
        r#"data: {"type":"response.reasoning_text.delta","item_id":"i","output_index":0,"content_index":0,"delta":"$T"}"#,
        PieceOf::Thought,
    ),
    (
        RESPONSES,
        r#"data: {"type":"response.output_item.added","output_index":0,"item":{"id":"i","type":"reasoning"}}"#,
        r#"data: {"type":"response.reasoning_summary_text.delta","item_id":"i","output_index":0,"summary_index":0,"delta":"$T"}"#,
        PieceOf::Thought,
    ),
    (
        RESPONSES,
        r#"data: {"type":"response.output_item.added","output_index":0,"item":{"id":"i","type":"function_call","call_id":"c","name":"f","arguments":""}}"#,
        r#"data: {"type":"response.function_call_arguments.delta","item_id":"i","output_index":0,"delta":"$T"}"#,
        PieceOf::Arguments(0),
    ),
    (
        RESPONSES,
        r#"data: {"type":"response.output_item.added","output_index":0,"item":{"id":"i","type":"custom_tool_call","call_id":"c","name":"f","input":""}}"#,
        r#"data: {"type":"response.custom_tool_call_input.delta","item_id":"i","output_index":0,"delta":"$T"}"#,
        PieceOf::Arguments(0),
    ),
    (
        ANTHROPIC,
        r#"data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        r#"data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"$T"}}"#,
        PieceOf::Text,
    ),
    (
        ANTHROPIC,
        r#"data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}"#,
        r#"data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"$T"}}"#,
        PieceOf::Thought,
    ),
    (
        ANTHROPIC,
        r#"data: {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"c","name":"f","input":{}}}"#,
        r#"data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"$T"}}"#,
        PieceOf::Arguments(2),
    ),
    (
        COHERE,
        "",
        r#"data: {"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"$T"}}}}"#,
        PieceOf::Text,
    ),
    (
        COHERE,
        "",
        r#"data: {"type":"content-delta","index":0,"delta":{"message":{"content":{"thinking":"$T"}}}}"#,
        PieceOf::Thought,
    ),
    (
        COHERE,
        r#"data: {"type":"tool-call-start","index":1,"delta":{"message":{"tool_calls":{"id":"c","type":"function","function":{"name":"f","arguments":""}}}}}"#,
        r#"data: {"type":"tool-call-delta","index":1,"delta":{"message":{"tool_calls":{"function":{"arguments":"$T"}}}}}"#,
        PieceOf::Arguments(1),
    ),
    (
        OLLAMA,
        "",
        r#"{"model":"m","message":{"role":"assistant","content":"$T"},"done":false}"#,
        PieceOf::Text,
    ),
    (
        OLLAMA,
        "",
        r#"{"model":"m","message":{"role":"assistant","content":"","thinking":"$T"},"done":false}"#,
        PieceOf::Thought,
    ),
];

#[test]
fn what_adds_a_text_in_any_dialect_is_read_once_and_then_taken() {
    let mut missed = Vec::new();
    for (options, before, piece, of) in ROWS {
        let end = if piece.starts_with('{') { "\n" } else { "\n\n" };
        let events = |texts: &[&str]| -> String {
            texts.iter().map(|text| piece.replace("$T", text) + end).collect()
        };
        let first = format!("{before}{end}{}", events(&["{", "read"]));
        let rest = events(&["some", " \\n", "words"]);
        let texts = ["some", " \n", "words"].map(String::from);
        let at_once = vec![(*of, texts.to_vec())];
        let one_by_one = texts.map(|text| (*of, vec![text])).to_vec();
        for (size, wanted) in [(rest.len(), at_once), (1, one_by_one)] {
            if told_unread(options, &first, &rest, size) != wanted {
                missed.push(format!("in pieces of {size} bytes: {piece}"));
            }
        }
    }
    assert!(missed.is_empty(), "read in full:\n{}", missed.join("\n"));
}
