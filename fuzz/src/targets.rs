//! What is fuzzed, and what must hold.

use std::sync::Arc;

use fastrand::Rng;
use mynah::error::Error;
use mynah::llm::event::{Event, EventKind};
use mynah::llm::provider::{Chat, Context, Provider, provider_for};
use mynah::llm::request::Request;
use mynah::llm::transport::chunks::Chunks;
use mynah::llm::transport::ndjson::NdjsonParser;
use mynah::llm::transport::sse::{SseEvent, SseParser};
use mynah::llm::transport::{Head, Headers};
use mynah::mock::MockOptions;
use mynah::options::cache::CacheOptions;
use mynah::options::client::ClientOptions;
use mynah::options::{Layered, OptionSet};

use crate::seeds::{DIALECTS, answers};

/// Something that reads foreign bytes.
pub struct Target {
    pub name: &'static str,
    pub seeds: Vec<Vec<u8>>,
    /// An error says what did not hold.
    pub check: Box<dyn Fn(&[u8], &mut Rng) -> Result<(), String>>,
}

/// All targets.
pub fn all() -> Vec<Target> {
    let mut targets = vec![sse(), ndjson(), chunks(), request(), options(), limits()];
    for (name, ..) in DIALECTS {
        targets.extend([plain(name), stream(name), error(name)]);
    }
    targets
}

fn target(
    name: &'static str,
    seeds: Vec<Vec<u8>>,
    check: impl Fn(&[u8], &mut Rng) -> Result<(), String> + 'static,
) -> Target {
    Target { name, seeds, check: Box::new(check) }
}

/// Random pieces of the input, in order.
fn cut<'a>(mut input: &'a [u8], random: &mut Rng) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    while !input.is_empty() {
        let most = [1, 3, 40, input.len()][random.usize(..4)].min(input.len());
        let (piece, rest) = input.split_at(random.usize(1..=most));
        pieces.push(piece);
        input = rest;
    }
    pieces
}

fn same<T: PartialEq + std::fmt::Debug>(whole: T, pieces: T) -> Result<(), String> {
    match whole == pieces {
        true => Ok(()),
        false => Err(format!("whole: {whole:?}\nin pieces: {pieces:?}")),
    }
}

fn sse() -> Target {
    let parse = |pieces: &[&[u8]]| {
        let (mut parser, mut events) = (SseParser::new(1_000), Vec::new());
        let mut push = |event: SseEvent<'_>| {
            events.push(match event {
                SseEvent::Message { name, data } => (name.to_vec(), data.to_vec()),
                SseEvent::Unknown(line) => (b"?".to_vec(), line.to_vec()),
            })
        };
        let fed = pieces.iter().try_for_each(|piece| parser.feed(piece, &mut push));
        let result = fed.and_then(|()| parser.finish(&mut push));
        (events, result.is_ok(), parser.comments())
    };
    let mut seeds = answers("openai", true);
    seeds.extend(answers("anthropic", true));
    seeds.extend(answers("gemini", true));
    target("sse", seeds, move |input, random| same(parse(&[input]), parse(&cut(input, random))))
}

fn ndjson() -> Target {
    let parse = |pieces: &[&[u8]]| {
        let (mut parser, mut lines) = (NdjsonParser::new(1_000), Vec::new());
        let mut push = |line: &[u8]| lines.push(line.to_vec());
        let fed = pieces.iter().try_for_each(|piece| parser.feed(piece, &mut push));
        parser.finish(&mut push);
        (lines, fed.is_ok())
    };
    target("ndjson", answers("ollama", true), move |input, random| {
        // After an error the parser is of no further use: what it had
        // delivered before is what counts.
        let (whole, pieces) = (parse(&[input]), parse(&cut(input, random)));
        if whole.1 && pieces.1 { same(whole, pieces) } else { same(whole.1, pieces.1) }
    })
}

/// What chunks hold, however the bytes are cut.
fn chunks() -> Target {
    let parse = |pieces: &[&[u8]]| {
        let (mut chunks, mut bytes, mut body) = (Chunks::Size, Vec::new(), Vec::new());
        for piece in pieces {
            bytes.extend_from_slice(piece);
            let Ok(found) = chunks.take(&mut bytes) else { return None };
            body.extend_from_slice(&bytes[found.start..found.end]);
            bytes.drain(..found.used);
        }
        Some((body, chunks))
    };
    let chunked = |body: Vec<u8>| {
        let mut bytes = Vec::new();
        for chunk in body.chunks(60) {
            bytes.extend_from_slice(format!("{:x};name=value\r\n", chunk.len()).as_bytes());
            bytes.extend_from_slice(chunk);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"0\r\nTrailer: x\r\n\r\n");
        bytes
    };
    let seeds = answers("openai", true).into_iter().map(chunked).collect();
    target("chunks", seeds, move |input, random| same(parse(&[input]), parse(&cut(input, random))))
}

/// A dialect, and what it must know to read an answer.
fn dialect(name: &str) -> (&'static dyn Provider, Context) {
    let (provider, api) =
        if name == "responses" { ("openai", "responses") } else { (name, "chat") };
    let mut layered = Layered::<ClientOptions>::default();
    let set = [("provider", provider), ("openai_api", api), ("api_key", "k"), ("model", "m")];
    set.iter().for_each(|(key, value)| layered.set(key, value).expect("an option"));
    let options = layered.resolve().expect("options that fit");
    let mut request = Request::new();
    request.add_message("user", "hello").expect("a message");
    let provider = provider_for(&options.values, &request);
    let chat = Chat { request: &request, options: &options, stream: true };
    let prepared = provider.prepare(&chat).expect("a request that every provider takes");
    (provider, prepared.context)
}

fn head(status: u16) -> Head {
    Head { status, headers: Headers::default() }
}

fn name(prefix: &str, provider: &str) -> &'static str {
    Box::leak(format!("{prefix}-{provider}").into_boxed_str())
}

fn plain(provider: &'static str) -> Target {
    let (reader, context) = dialect(provider);
    target(name("plain", provider), answers(provider, false), move |input, _| {
        if let Ok(response) = reader.reply(&context, &head(200), input) {
            let bytes = response.to_json().to_string();
            let _ = (bytes, response.replay());
        }
        Ok(())
    })
}

fn error(provider: &'static str) -> Target {
    let (reader, context) = dialect(provider);
    target(name("error", provider), answers(provider, false), move |input, random| {
        let status = [400, 401, 404, 429, 500, 503][random.usize(..6)];
        let _ = reader.error(&context, &head(status), input);
        Ok(())
    })
}

fn stream(provider: &'static str) -> Target {
    let (reader, context) = dialect(provider);
    // Who hears of the raw events has each of them read in full, also where one is
    // like the last.
    let mut in_full = context.clone();
    in_full.raw_events = true;
    let decode =
        move |context: &Context, pieces: &[&[u8]]| -> (Vec<Event>, Result<(), Error>, String) {
            let mut decoder = reader.stream(context, &head(200));
            let mut events = Vec::new();
            let mut result = Ok(());
            for piece in pieces {
                result = decoder.feed(piece);
                events.extend(decoder.events().take());
                // What follows the end mark is not read, wherever it lies.
                if result.is_err() || decoder.is_complete() {
                    break;
                }
            }
            if result.is_ok() {
                result = decoder.finish();
            }
            events.extend(decoder.events().take());
            events.retain(|event| !matches!(event.kind, EventKind::Raw(_)));
            (events, result, decoder.response().to_json().to_string())
        };
    target(name("stream", provider), answers(provider, true), move |input, random| {
        let other = if random.bool() { &in_full } else { &context };
        same(decode(&context, &[input]), decode(other, &cut(input, random)))
    })
}

fn request() -> Target {
    let seeds = [
        r#"{"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"t"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}],"temperature":0.5,"stop":["a"]}"#,
        r#"{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c","content":"r"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],"tool_choice":"auto"}"#,
        r#"{"messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"}}},"max_tokens":5,"n":2,"seed":1,"reasoning_effort":"low"}"#,
    ];
    let dialects: Vec<_> = DIALECTS.iter().map(|(name, ..)| (*name, dialect(name).0)).collect();
    target("request", seeds.map(|seed| seed.as_bytes().to_vec()).to_vec(), move |input, random| {
        let Ok(text) = std::str::from_utf8(input) else { return Ok(()) };
        let Ok(request) = Request::from_json(text) else { return Ok(()) };
        let (name, provider) = dialects[random.usize(..dialects.len())];
        let mut layered = Layered::<ClientOptions>::default();
        let host = if name == "responses" { "openai" } else { name };
        for (key, value) in [("provider", host), ("api_key", "k"), ("unsupported", "drop")] {
            layered.set(key, value).map_err(|e| e.to_string())?;
        }
        let client = Arc::new(layered.resolve().map_err(|e| e.to_string())?);
        let Ok(options) = request.effective(&client) else { return Ok(()) };
        let chat = Chat { request: &request, options: &options, stream: random.bool() };
        if let Ok(prepared) = provider.prepare(&chat) {
            let json: Result<serde_json::Value, _> = serde_json::from_slice(&prepared.http.body);
            json.map_err(|e| format!("{name} wrote no JSON: {e}"))?;
        }
        Ok(())
    })
}

fn load<T: OptionSet>(text: &str) -> Result<(), String> {
    let mut layered = Layered::<T>::default();
    if layered.load_json(text).is_ok()
        && let Ok(resolved) = layered.resolve()
    {
        let _ = resolved.to_json().to_string();
    }
    Ok(())
}

fn options() -> Target {
    let seeds = [
        r#"{"capacity":100,"shard_count":4,"eviction_policy":"lru","compression":true,"default_ttl_ms":1000}"#,
        r#"{"provider":"gemini","temperature":0.5,"header":["a: b"],"price":["m=1,2"],"preset":"fast","api_key":"k"}"#,
        r#"{"fault":"reset","fault_after_bytes":3,"cut_at":"every 3","status":500,"header":["x: y"]}"#,
    ];
    target("options", seeds.map(|seed| seed.as_bytes().to_vec()).to_vec(), |input, random| {
        let Ok(text) = std::str::from_utf8(input) else { return Ok(()) };
        match random.u8(..3) {
            0 => load::<CacheOptions>(text),
            1 => load::<ClientOptions>(text),
            _ => load::<MockOptions>(text),
        }
    })
}

fn limits() -> Target {
    let seeds = ["1m19.156s", "2026-09-21T14:13:30Z", "1790000005000", "8ms", "6h0m0s", "0"];
    target("limits", seeds.map(|seed| seed.as_bytes().to_vec()).to_vec(), |input, _| {
        let mut headers = Headers::default();
        let text = String::from_utf8_lossy(input);
        for name in
            ["x-ratelimit-reset-requests", "anthropic-ratelimit-tokens-reset", "retry-after"]
        {
            headers.push(name, text.as_ref());
        }
        let _ =
            mynah::llm::policy::limit_headers::Learned::from_headers(&headers, 1_790_000_000_000);
        let _ = mynah::llm::provider::waits::retry_after(&headers);
        Ok(())
    })
}
