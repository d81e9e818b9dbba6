//! Inputs that are right: what the mock answers in each dialect.

use std::io::{Read, Write};
use std::net::TcpStream;

use mynah::mock::{MockOptions, MockServer};
use serde_json::{Value, json};

/// Where each dialect is spoken: provider, plain path, streamed path.
pub const DIALECTS: &[(&str, &str, &str)] = &[
    ("openai", "/v1/chat/completions", "/v1/chat/completions"),
    ("responses", "/v1/responses", "/v1/responses"),
    ("anthropic", "/v1/messages", "/v1/messages"),
    ("gemini", "/v1beta/models/m:generateContent", "/v1beta/models/m:streamGenerateContent"),
    ("cohere", "/v2/chat", "/v2/chat"),
    ("ollama", "/api/chat", "/api/chat"),
];

/// Plain answers, or the bodies of streams, of one dialect.
pub fn answers(provider: &str, stream: bool) -> Vec<Vec<u8>> {
    let (_, plain, streamed) =
        DIALECTS.iter().find(|(name, ..)| *name == provider).expect("a dialect");
    let path = if stream { streamed } else { plain };
    let options = |content: &str, status, reasoning_words| MockOptions {
        content: content.into(),
        status,
        reasoning_words,
        answer_words: 6,
        ..MockOptions::default()
    };
    let wanted = [
        (options("right", 0, 0), "hello"),
        (options("right", 0, 4), "hello"),
        (options("right", 0, 0), "call:add {\"a\":1} call:add {\"b\":[2,\"x\"]}"),
        (options("stream_error", 0, 0), "hello"),
        (options("right", 429, 0), "hello"),
    ];
    wanted.into_iter().map(|(options, prompt)| body(options, path, &ask(prompt, stream))).collect()
}

/// A request that every dialect of the mock understands.
fn ask(prompt: &str, stream: bool) -> Value {
    json!({
        "model": "m", "stream": stream, "n": 2, "input": prompt,
        "messages": [{"role": "user", "content": prompt}],
        "contents": [{"role": "user", "parts": [{"text": prompt}]}],
        "stream_options": {"include_usage": true},
        "tools": [{"type": "function", "name": "add", "function": {"name": "add"},
                   "functionDeclarations": [{"name": "add"}]}],
    })
}

/// The body of the mock's answer, without its chunks.
fn body(options: MockOptions, path: &str, request: &Value) -> Vec<u8> {
    let mock = MockServer::start(options).expect("the mock starts");
    let address = mock.url().trim_start_matches("http://").trim_end_matches("/v1");
    let mut socket = TcpStream::connect(address).expect("the mock listens");
    let request = request.to_string();
    let length = request.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nauthorization: k\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    socket.write_all((head + &request).as_bytes()).expect("the mock reads");
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).expect("the mock answers");
    let answer = String::from_utf8(answer).expect("the mock writes UTF-8");
    let (head, body) = answer.split_once("\r\n\r\n").expect("the mock speaks HTTP");
    if !head.contains("chunked") {
        return body.into();
    }
    let (mut whole, mut rest) = (String::new(), body);
    while let Some((size, after)) = rest.split_once("\r\n") {
        match usize::from_str_radix(size, 16) {
            Ok(size @ 1..) => {
                whole.push_str(&after[..size]);
                rest = &after[size + 2..];
            }
            _ => break,
        }
    }
    whole.into_bytes()
}

/// Bodies of recorded answers in a target's dialect; none where the records
/// are not at hand. Never copied into the project.
pub fn recorded(target: &str) -> Vec<Vec<u8>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/cases/cases.jsonl.zst");
    let Some(text) = std::fs::read(path).ok().and_then(|packed| zstd::decode_all(&*packed).ok())
    else {
        return Vec::new();
    };
    let (kind, dialect) = target.split_once('-').unwrap_or((target, ""));
    let speaks = |protocol: &str| {
        dialect.is_empty()
            || protocol.starts_with(if dialect == "responses" { "openai" } else { dialect })
    };
    let fits = |case: &Value| {
        let (found, protocol) = (case["kind"].as_str(), case["protocol"].as_str());
        speaks(protocol.unwrap_or_default())
            && match kind {
                "stream" | "sse" | "ndjson" => found == Some("stream"),
                "plain" => found == Some("chat"),
                "error" => found == Some("error"),
                _ => false,
            }
    };
    let lines = text.split(|byte| *byte == b'\n');
    let cases = lines.filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    let bodies = cases.filter(fits).filter_map(|case| match &case["response"]["body"] {
        Value::String(body) => Some(body.clone().into_bytes()),
        Value::Null => None,
        other => Some(other.to_string().into_bytes()),
    });
    bodies.collect()
}
