//! The mock as a client on a bare socket sees it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{MockOptions, MockServer};

fn start(options: MockOptions) -> MockServer {
    MockServer::start(options).unwrap()
}

fn connect(mock: &MockServer) -> TcpStream {
    let address = mock.url().trim_start_matches("http://").trim_end_matches("/v1");
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

fn write(stream: &mut TcpStream, path: &str, body: &Value, close: bool) {
    let (body, close) = (body.to_string(), if close { "connection: close\r\n" } else { "" });
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer k\r\n{close}content-length: {length}\r\n\r\n"
    );
    stream.write_all((head + &body).as_bytes()).unwrap();
}

/// Head and body of one exchange; the body with its chunks taken apart.
fn post(mock: &MockServer, path: &str, body: &Value) -> (String, String) {
    let (mut stream, mut bytes) = (connect(mock), Vec::new());
    write(&mut stream, path, body, true);
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    match head.contains("chunked") {
        true => (head.into(), join_chunks(body)),
        false => (head.into(), body.into()),
    }
}

fn join_chunks(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let Ok(size @ 1..) = usize::from_str_radix(size, 16) else { break };
        whole.push_str(&rest[..size]);
        body = &rest[size + 2..];
    }
    whole
}

fn prompt(text: &str, stream: bool) -> Value {
    json!({"model": "m", "stream": stream, "messages": [{"role": "user", "content": text}],
           "stream_options": {"include_usage": true}})
}

/// The JSON of each event.
fn events(body: &str) -> Vec<Value> {
    let lines = body.lines().map(|line| line.strip_prefix("data: ").unwrap_or(line));
    lines.filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[test]
fn the_last_request_is_told_without_what_lets_its_sender_in() {
    let mock = start(MockOptions::default());
    let secret = ["Proxy-Authorization", "X-Access-Token", "Cookie", "X-Goog-Api-Key"];
    let lines = secret.map(|name| format!("{name}: hidden\r\n")).concat();
    let request = format!("GET /v1/models HTTP/1.1\r\nhost: h\r\n{lines}x-plain: seen\r\n\r\n");
    let mut stream = connect(&mock);
    stream.write_all(request.as_bytes()).unwrap();
    stream.read_exact(&mut [0; 12]).unwrap();
    let told = mock.stats()["last_request"]["headers"].clone();
    for name in secret {
        assert_eq!(told[name.to_ascii_lowercase()], "(redacted)", "{name}");
    }
    assert_eq!(told["x-plain"], "seen");
}

#[test]
fn the_same_prompt_gets_the_same_answer_plain_and_streamed() {
    let mock = start(MockOptions::default());
    let (head, body) = post(&mock, "/v1/chat/completions", &prompt("good morning", false));
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    let plain: Value = serde_json::from_str(&body).unwrap();
    let text = plain["choices"][0]["message"]["content"].as_str().unwrap().to_string();
    let (_, body) = post(&mock, "/v1/chat/completions", &prompt("good morning", true));
    assert!(body.ends_with("data: [DONE]\n\n"), "{body}");
    let events = events(&body);
    let streamed: String =
        events.iter().filter_map(|e| e["choices"][0]["delta"]["content"].as_str()).collect();
    assert_eq!(streamed, text);
    assert_eq!(events.last().unwrap()["usage"], plain["usage"]);
    let stats = mock.stats();
    assert_eq!(stats["requests"], 2);
    assert_eq!(stats["by_path"]["/v1/chat/completions"], 2);
    assert_eq!(stats["last_request"]["headers"]["authorization"], "(redacted)");
    assert_eq!(stats["last_request"]["body"]["messages"][0]["content"], "good morning");
}

/// Path, request, where the text lies in a plain answer, and in an event.
fn dialects() -> Vec<(&'static str, &'static str, Value, &'static str, &'static str)> {
    let text = "say something";
    let gemini = json!({"contents": [{"role": "user", "parts": [{"text": text}]}]});
    let responses = json!({"model": "m", "input": text});
    let messages = prompt(text, false);
    vec![
        (
            "/v1/chat/completions",
            "",
            messages.clone(),
            "/choices/0/message/content",
            "/choices/0/delta/content",
        ),
        ("/v1/responses", "", responses, "/output/0/content/0/text", "/delta"),
        ("/v1/messages", "", messages.clone(), "/content/0/text", "/delta/text"),
        (
            "/v1beta/models/m:generateContent",
            "/v1beta/models/m:streamGenerateContent?alt=sse",
            gemini,
            "/candidates/0/content/parts/0/text",
            "/candidates/0/content/parts/0/text",
        ),
        (
            "/v2/chat",
            "",
            messages.clone(),
            "/message/content/0/text",
            "/delta/message/content/text",
        ),
        ("/api/chat", "", messages, "/message/content", "/message/content"),
    ]
}

#[test]
fn six_dialects_say_the_same_plain_and_streamed() {
    let mock = start(MockOptions::default());
    let mut said = Vec::new();
    for (path, streamed, mut request, plain_at, event_at) in dialects() {
        let (_, body) = post(&mock, path, &request);
        let plain: Value = serde_json::from_str(&body).unwrap();
        let text = plain
            .pointer(plain_at)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("{path}: {plain}"));
        request["stream"] = true.into();
        let streamed = if streamed.is_empty() { path } else { streamed };
        let (_, body) = post(&mock, streamed, &request);
        let pieces: String =
            events(&body).iter().filter_map(|e| e.pointer(event_at)?.as_str()).collect();
        assert_eq!(pieces, text, "{path}");
        said.push(text.to_string());
    }
    assert!(said[0].starts_with("I heard: say something "), "{said:?}");
}

#[test]
fn tools_are_called_where_the_prompt_asks_for_it() {
    let mock = start(MockOptions::default());
    let mut request = prompt("call:add {\"a\":1}", true);
    request["tools"] = json!([{"type": "function", "function": {"name": "add"}}]);
    let (_, body) = post(&mock, "/v1/chat/completions", &request);
    let arguments: String = events(&body)
        .iter()
        .filter_map(|e| e.pointer("/choices/0/delta/tool_calls/0/function/arguments")?.as_str())
        .collect();
    assert_eq!(arguments, "{\"a\":1}");
    assert!(body.contains("\"finish_reason\":\"tool_calls\""), "{body}");
}

#[test]
fn embeddings_come_in_every_form() {
    let mock = start(MockOptions::default());
    let forms = [
        ("/v1/embeddings", json!({"input": ["a", "b"], "dimensions": 4}), "/data/1/embedding"),
        (
            "/v1beta/models/m:batchEmbedContents",
            json!({"requests": [{"content": {"parts": [{"text": "a"}]}}]}),
            "/embeddings/0/values",
        ),
        ("/v2/embed", json!({"texts": ["a"]}), "/embeddings/float/0"),
        ("/api/embed", json!({"input": "a"}), "/embeddings/0"),
    ];
    for (path, request, at) in forms {
        let (_, body) = post(&mock, path, &request);
        let body: Value = serde_json::from_str(&body).unwrap();
        assert!(body.pointer(at).is_some_and(Value::is_array), "{path}: {body}");
    }
}

#[test]
fn an_input_in_tokens_is_one() {
    let mock = start(MockOptions::default());
    let (_, body) = post(&mock, "/v1/embeddings", &json!({"input": [1, 2]}));
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["data"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_status_comes_so_often_with_its_headers_and_then_success() {
    let mock = start(MockOptions {
        status: 429,
        status_times: 2,
        status_header: vec!["retry-after: 1".into()],
        ..MockOptions::default()
    });
    let heads: Vec<String> =
        (0..3).map(|_| post(&mock, "/v1/chat/completions", &prompt("x", false)).0).collect();
    assert!(heads[0].starts_with("HTTP/1.1 429") && heads[0].contains("retry-after: 1"));
    assert!(heads[1].starts_with("HTTP/1.1 429") && heads[2].starts_with("HTTP/1.1 200"));
    assert_eq!(mock.stats()["by_status"]["429"], 2);
}

#[test]
fn a_wrong_key_and_an_unknown_path_are_refused() {
    let mock = start(MockOptions { api_key: Some("other".into()), ..MockOptions::default() });
    let (head, body) = post(&mock, "/v1/messages", &prompt("x", false));
    assert!(head.starts_with("HTTP/1.1 401") && body.contains("authentication_error"), "{body}");
    let mock = start(MockOptions::default());
    assert!(post(&mock, "/nothing", &json!({})).0.starts_with("HTTP/1.1 404"));
}

#[test]
fn a_fault_comes_after_its_number_of_bytes() {
    for (fault, after) in [("cut", 10), ("cut", 300), ("reset", 40)] {
        let mock = start(MockOptions {
            fault: fault.into(),
            fault_after_bytes: after,
            ..MockOptions::default()
        });
        let (mut stream, mut bytes) = (connect(&mock), Vec::new());
        write(&mut stream, "/v1/chat/completions", &prompt("x", true), false);
        let ended = stream.read_to_end(&mut bytes);
        assert_eq!(ended.is_err(), fault == "reset", "{ended:?}");
        assert_eq!(bytes.len() as u64, after, "{fault}");
        assert_eq!(mock.stats()["faults"], 1);
    }
}

#[test]
fn every_wrong_content_is_sent() {
    let wrong = [
        ("empty", "content-length: 0"),
        ("garbage", "<html>"),
        ("json_bomb", "[[[["),
        ("not_http", "SSH-2.0"),
        ("huge_header", "x-filler: aaaa"),
        ("huge_body", "     "),
        ("bad_chunk", "zz\r\n"),
        ("cut_gzip", "content-encoding: gzip"),
        ("redirect", "location: http://127.0.0.1"),
        ("bad_utf8", "\u{fffd}"),
    ];
    for (content, sign) in wrong {
        let options = MockOptions {
            content: content.into(),
            content_bytes: 1 << 17,
            ..MockOptions::default()
        };
        let mock = start(options);
        let (mut stream, mut bytes) = (connect(&mock), Vec::new());
        write(&mut stream, "/v1/chat/completions", &prompt("x", false), true);
        let _ = stream.read_to_end(&mut bytes);
        assert!(String::from_utf8_lossy(&bytes).contains(sign), "{content}");
    }
}

#[test]
fn what_is_damaged_of_a_stream_is_the_json_of_an_event_in_every_dialect() {
    for (path, streamed, mut request, ..) in dialects() {
        let streamed = if streamed.is_empty() { path } else { streamed };
        request["stream"] = true.into();
        for (content, words) in [("bad_json", 1), ("bad_json", 36), ("bad_utf8", 20)] {
            let answer_words = words;
            let options =
                MockOptions { content: content.into(), answer_words, ..MockOptions::default() };
            let (_, body) = post(&start(options), streamed, &request);
            let data = body.lines().map(|line| line.strip_prefix("data: ").unwrap_or(line));
            let mut json = data.filter(|line| line.starts_with(['{', '[', ',']));
            let is_damaged = |line: &str| {
                let line = line.trim_start_matches(['[', ',']);
                line.contains('\u{fffd}') || serde_json::from_str::<Value>(line).is_err()
            };
            assert!(json.any(is_damaged), "{path} {content}: {body}");
        }
    }
}

#[test]
fn the_parts_of_an_item_of_responses_begin_and_end() {
    let mock = start(MockOptions { reasoning_words: 2, ..MockOptions::default() });
    let (_, body) = post(&mock, "/v1/responses", &json!({"input": "x", "stream": true}));
    let mut kinds: Vec<_> =
        events(&body).iter().map(|e| e["type"].as_str().unwrap_or_default().to_string()).collect();
    kinds.dedup();
    let of = |name: &str| format!("response.{name}");
    let expected = [
        "created",
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ];
    assert_eq!(kinds, expected.map(of));
}

#[test]
fn a_stream_can_end_early_or_with_an_error() {
    for (path, ..) in dialects().into_iter().filter(|(path, ..)| !path.contains("generate")) {
        let request =
            json!({"stream": true, "input": "x", "messages": [{"role": "user", "content": "x"}]});
        let body = |content: &str| {
            let mock = start(MockOptions { content: content.into(), ..MockOptions::default() });
            post(&mock, path, &request).1
        };
        let (right, early, failed) = (body("right"), body("no_end"), body("stream_error"));
        assert!(right.starts_with(&early) && early.len() < right.len(), "{path}");
        assert!(failed.contains("error") || failed.contains("ERROR"), "{path}: {failed}");
    }
}

#[test]
fn bodies_are_cut_where_they_should_be() {
    let mock = start(MockOptions { cut_at: Some("every 5".into()), ..MockOptions::default() });
    let (mut stream, mut bytes) = (connect(&mock), Vec::new());
    write(&mut stream, "/v1/chat/completions", &prompt("x", true), true);
    stream.read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let chunks = text.split("\r\n\r\n").nth(1).unwrap();
    assert!(chunks.starts_with("5\r\ndata:\r\n5\r\n"), "{chunks}");
}

#[test]
fn it_sees_a_client_go_while_it_waits() {
    let mock = start(MockOptions { delay_headers_ms: 60_000, ..MockOptions::default() });
    let mut stream = connect(&mock);
    write(&mut stream, "/v1/chat/completions", &prompt("x", false), false);
    drop(stream);
    let since = Instant::now();
    while mock.stats()["connections_closed_by_peer"] != 1 {
        assert!(since.elapsed() < Duration::from_secs(5), "{}", mock.stats());
        std::thread::yield_now();
    }
}

#[test]
fn it_stops_at_once_whatever_it_is_doing() {
    let mock = start(MockOptions { fault: "stall".into(), ..MockOptions::default() });
    let mut streams: Vec<TcpStream> = (0..8).map(|_| connect(&mock)).collect();
    let half = streams.len() / 2;
    for stream in &mut streams[..half] {
        write(stream, "/v1/chat/completions", &prompt("x", false), false);
    }
    while mock.stats()["requests"] != half as u64 {
        std::thread::yield_now();
    }
    let since = Instant::now();
    drop(mock);
    assert!(since.elapsed() < Duration::from_millis(50), "{:?}", since.elapsed());
    streams.iter_mut().for_each(|stream| assert!(matches!(stream.read(&mut [0]), Ok(0) | Err(_))));
}
