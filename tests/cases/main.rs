//! Every recorded exchange, read as a client would read it.
//!
//! The recordings lie beside the project and are not part of it; where they
//! are absent the tests pass, and `tests/run.py` counts them as skipped. Streams are also cut at every byte
//! (small ones) or at random places (large ones): the events must be the same.

#![allow(clippy::unwrap_used)] // helpers of tests

use std::collections::BTreeMap;
use std::io::Read;

use mynah::error::Status;
use mynah::llm::event::{Event, EventKind};
use mynah::llm::kept;
use mynah::llm::provider::{Chat, Context, Provider, finish, provider_for};
use mynah::llm::request::Request;
use mynah::llm::response::{Response, Usage};
use mynah::llm::transport::{Head, Headers};
use mynah::options::Layered;
use mynah::options::client::ClientOptions;
use serde_json::Value;

mod rewritten;

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/cases/cases.jsonl.zst");

/// Protocols that are no dialect of ours; their errors count all the same.
fn is_in_scope(case: &Value) -> bool {
    let other =
        ["anthropic.other", "ollama.generate", "hf.inference", "openai.other", "cohere.generate"];
    let protocol = case["protocol"].as_str().unwrap();
    let first_cohere = protocol == "cohere.chat" && case["request"]["path"] == "/v1/chat";
    !first_cohere
        && case["id"] != "d-gemini-stream-002"
        && (case["kind"] == "error" || !other.contains(&protocol))
}

fn cases() -> Option<Vec<Value>> {
    let file = std::fs::File::open(CASES).ok()?;
    let mut text = String::new();
    zstd::stream::read::Decoder::new(file).unwrap().read_to_string(&mut text).unwrap();
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

struct Case<'a> {
    case: &'a Value,
    provider: &'static dyn Provider,
    context: Context,
    head: Head,
    body: Vec<u8>,
}

impl Case<'_> {
    fn new(case: &Value) -> Case<'_> {
        let name = match (case["provider"].as_str().unwrap(), case["protocol"].as_str().unwrap()) {
            ("compat", _) | ("ollama", "openai.chat") => "custom",
            (name, _) => name,
        };
        let mut options = Layered::<ClientOptions>::default();
        options.set("provider", name).unwrap();
        options.set("base_url", "http://127.0.0.1:1/v1").unwrap();
        options.set("model", "some-model").unwrap();
        options.set("openai_api", "chat").unwrap();
        let options = options.resolve().unwrap();
        let mut request = Request::new();
        request.add_message("user", "Hi").unwrap();
        let provider = provider_for(&options.values, &request);
        let stream = case["kind"] == "stream";
        let chat = Chat { request: &request, options: &options, stream };
        let context = provider.prepare(&chat).unwrap().context;
        let response = &case["response"];
        let headers = response["headers"].as_object().cloned().unwrap_or_default();
        let mut head = Head {
            status: response["status"].as_u64().unwrap() as u16,
            headers: Headers::default(),
        };
        for (key, value) in &headers {
            head.headers.push(key.as_str(), value.as_str().unwrap_or_default());
        }
        let body = match &response["body"] {
            Value::String(text) => text.clone().into_bytes(),
            json => json.to_string().into_bytes(),
        };
        Case { case, provider, context, head, body }
    }

    fn stream<'b>(
        &self,
        pieces: impl IntoIterator<Item = &'b [u8]>,
    ) -> Result<(Vec<Event>, Response), String> {
        let mut decoder = self.provider.stream(&self.context, &self.head);
        let mut events = Vec::new();
        for piece in pieces {
            decoder.feed(piece).map_err(|e| e.to_string())?;
            events.extend(decoder.events().take());
        }
        decoder.finish().map_err(|e| e.to_string())?;
        events.extend(decoder.events().take());
        Ok((events, decoder.response()))
    }

    fn run(&self) -> Result<(), String> {
        match self.case["kind"].as_str().unwrap() {
            "error" => self.check_error(),
            "embedding" => self.check_embedding(),
            "stream" => {
                let (events, response) = self.stream([self.body.as_slice()])?;
                self.check_cuts(&events)?;
                check_events(&events, &response)?;
                check(&self.case["expect"], &response, self.case)
            }
            _ => {
                let reply = self.provider.reply(&self.context, &self.head, &self.body);
                let response = reply.map_err(|e| e.to_string())?;
                check(&self.case["expect"], &response, self.case)?;
                let again = kept::read(&kept::write(&response));
                // Times, attempts and the raw body are the call's, not kept.
                let again = again.ok_or("the kept bytes cannot be read")?;
                same("choices from the cache", &again.choices, &response.choices)?;
                same("usage from the cache", &again.usage, &response.usage)
            }
        }
    }

    fn check_cuts(&self, whole: &[Event]) -> Result<(), String> {
        let body = self.body.as_slice();
        let mut random = fastrand::Rng::with_seed(7);
        let compare = |pieces: Vec<&[u8]>, what: String| {
            let (events, _) = self.stream(pieces)?;
            if events == whole { Ok(()) } else { Err(format!("other events when {what}")) }
        };
        compare(body.chunks(1).collect(), "fed byte by byte".into())?;
        let every = body.len() <= 4_000;
        let rounds = if every { body.len() } else { 30 };
        for round in 0..rounds {
            let cut = if every { round } else { random.usize(0..body.len()) };
            let (a, b) = body.split_at(cut);
            compare(vec![a, b], format!("cut at {cut}"))?;
        }
        for round in 0..20 {
            let (mut pieces, mut rest) = (Vec::new(), body);
            while !rest.is_empty() {
                let most = rest.len().min(1 << random.usize(1..10));
                let (piece, after) = rest.split_at(random.usize(1..=most));
                pieces.push(piece);
                rest = after;
            }
            compare(pieces, format!("cut at random, round {round}"))?;
        }
        Ok(())
    }

    fn check_error(&self) -> Result<(), String> {
        let expect = &self.case["expect"]["error"];
        let error = self.provider.error(&self.context, &self.head, &self.body);
        let message = expect["message"].as_str().unwrap();
        if !message.is_empty() {
            same("message", error.message.as_str(), message)?;
        }
        let label = |key: &str| match &expect[key] {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        if let Some(code) = label("code").or_else(|| label("type")) {
            same("code", error.provider_code.clone().unwrap_or_default(), code)?;
        }
        let wanted = status_of(self.case["id"].as_str().unwrap());
        same("status", error.status, wanted.unwrap_or(error.status))
    }

    fn check_embedding(&self) -> Result<(), String> {
        let expect = &self.case["expect"];
        let reply = self.provider.embed_reply(&self.context, &self.head, &self.body);
        let json = reply.map_err(|e| e.to_string())?;
        let vectors = json["data"].as_array().ok_or("no data")?;
        same("vectors", vectors.len() as u64, expect["vectors"].as_u64().unwrap())?;
        let dim = vectors[0]["embedding"].as_array().ok_or("no vector")?.len() as u64;
        same("dimensions", dim, expect["dim"].as_u64().unwrap())?;
        if let Some(input) = expect["usage"]["input"].as_u64() {
            same("tokens", json["usage"]["prompt_tokens"].as_u64(), Some(input))?;
        }
        Ok(())
    }
}

/// What each recorded error has to become.
fn status_of(id: &str) -> Option<Status> {
    Some(match id {
        "d-openai-error-001" => Status::Server,
        "d-openai-error-002" | "d-openai-error-003" | "d-openai-error-004" => Status::BadRequest,
        "d-anthropic-error-001" | "d-anthropic-error-002" => Status::BadRequest,
        "d-anthropic-error-003" => Status::Overloaded,
        "d-gemini-error-001" => Status::Permission,
        "d-gemini-error-002" => Status::RateLimited,
        "d-huggingface-error-001" => Status::BadRequest,
        "d-huggingface-error-002" => Status::Overloaded,
        "d-compat-error-001" | "d-siliconflow-error-001" => Status::RateLimited,
        "d-kimi-error-001" => Status::QuotaExhausted,
        _ => return None,
    })
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, got: T, wanted: T) -> Result<(), String> {
    if got == wanted { Ok(()) } else { Err(format!("{what}: {got:?}, wanted {wanted:?}")) }
}

/// Arguments as JSON: a recording may hold the text or the object.
fn json(value: &Value) -> Value {
    match value {
        Value::String(text) => serde_json::from_str(text).unwrap_or(value.clone()),
        value => value.clone(),
    }
}

fn check(expect: &Value, response: &Response, case: &Value) -> Result<(), String> {
    let out = response.to_json();
    same("text", response.text(), expect["text"].as_str().unwrap_or_default())?;
    if let Some(reasoning) = expect["reasoning"].as_str() {
        let got = out["reasoning"].as_str().unwrap_or_default();
        same("reasoning", got, reasoning)?;
    }
    let mut wanted = expect["tool_calls"].as_array().cloned().unwrap_or_default();
    // Gemini's nameless fragments were noted as calls; their arguments belong
    // to the call before them.
    let fragments = wanted.iter().any(|call| call["name"].is_null());
    wanted.retain(|call| !call["name"].is_null());
    if expect["function_call"].is_object() {
        wanted.push(expect["function_call"].clone());
    }
    let got = out["tool_calls"].as_array().unwrap();
    same("number of calls", got.len(), wanted.len())?;
    for (got, wanted) in got.iter().zip(&wanted) {
        same("name", &got["name"], &wanted["name"])?;
        if !fragments {
            same("arguments", json(&got["arguments"]), json(&wanted["arguments"]))?;
        }
        if wanted["id"].is_string() {
            same("id", &got["id"], &wanted["id"])?;
        }
    }
    check_finish(expect, &out)?;
    if let Some(model) = expect["model"].as_str() {
        same("model", out["model"].as_str(), Some(model))?;
    }
    check_usage(expect, response, case)
}

fn check_finish(expect: &Value, out: &Value) -> Result<(), String> {
    let word = match &expect["finish_reason"] {
        Value::String(word) => word.clone(),
        Value::Number(number) => number.to_string(),
        _ => return same("finish reason", out["finish_reason"].is_string(), true),
    };
    same("vendor's finish reason", out["provider_finish_reason"].as_str(), Some(&word))?;
    let calls = !out["tool_calls"].as_array().unwrap().is_empty();
    let reason = match (finish::reason(&word).name(), word.as_str()) {
        ("stop", _) | (_, "1") if calls => "tool_calls",
        (_, "1") => "stop",
        (reason, _) => reason,
    };
    same("finish reason", out["finish_reason"].as_str(), Some(reason))
}

/// The vendor's figures in our meaning.
fn check_usage(expect: &Value, response: &Response, case: &Value) -> Result<(), String> {
    let usage = &expect["usage"];
    if usage.is_null() {
        return same("usage", response.usage.clone(), None);
    }
    let n = |key: &str| usage[key].as_u64();
    let provider = case["provider"].as_str().unwrap();
    let cached = n("cached_input").or(n("cache_read"));
    let mut wanted = Usage {
        input_tokens: n("input"),
        output_tokens: n("output"),
        total_tokens: n("total"),
        cached_input_tokens: cached,
        cache_write_tokens: n("cache_creation"),
        reasoning_tokens: n("reasoning"),
        provider_usage: None,
    };
    if provider == "anthropic" {
        let parts = cached.unwrap_or(0) + n("cache_creation").unwrap_or(0);
        wanted.input_tokens = n("input").map(|input| input + parts);
    }
    let apart = n("input").unwrap_or(0) + n("output").unwrap_or(0) + n("reasoning").unwrap_or(0);
    if provider == "gemini" || n("total") == Some(apart) {
        wanted.output_tokens = n("output").map(|o| o + n("reasoning").unwrap_or(0));
    }
    let mut got = response.usage.clone().ok_or("no usage")?;
    got.provider_usage = None;
    // Not every figure that a host states was noted down.
    wanted.cached_input_tokens = wanted.cached_input_tokens.or(got.cached_input_tokens);
    wanted.reasoning_tokens = wanted.reasoning_tokens.or(got.reasoning_tokens);
    same("usage", got, wanted.with_total())
}

/// The events together say what the response says.
fn check_events(events: &[Event], response: &Response) -> Result<(), String> {
    let mut text = String::new();
    let mut arguments = BTreeMap::<u32, String>::new();
    for event in events.iter().filter(|event| event.choice == 0) {
        match &event.kind {
            EventKind::Text(piece) => text.push_str(piece),
            EventKind::ToolCall { index, arguments: piece, .. } => {
                arguments.entry(*index).or_default().push_str(piece);
            }
            _ => {}
        }
    }
    same("text of the events", text.as_str(), response.text())?;
    for (index, call) in response.first().tool_calls.iter().enumerate() {
        let told = arguments.get(&(index as u32)).cloned().unwrap_or_default();
        same("arguments of the events", json(&told.into()), json(&call.arguments.clone().into()))?;
    }
    let last = events.last().map(|event| &event.kind);
    same("last event is the finish", matches!(last, Some(EventKind::Finish { .. })), true)
}

#[test]
fn recorded_exchanges_mean_what_they_meant() {
    let Some(cases) = cases() else {
        return println!("skip recorded exchanges: no {CASES}");
    };
    let mut tally = BTreeMap::<String, (u32, u32)>::new();
    let mut failures = Vec::new();
    for case in cases.iter().filter(|case| is_in_scope(case)) {
        let (passed, all) = tally.entry(case["provider"].as_str().unwrap().into()).or_default();
        *all += 1;
        match Case::new(case).run() {
            Ok(()) => *passed += 1,
            Err(why) => failures.push(format!("{}: {why}", case["id"])),
        }
    }
    for (provider, (passed, all)) in &tally {
        println!("{provider}: {passed} of {all}");
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
