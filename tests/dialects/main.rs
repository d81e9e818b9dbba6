//! The dialects as a client uses them: what goes out, what comes back, and
//! conversations of several turns.

#![allow(clippy::unwrap_used)] // helpers of tests

mod alike;
mod answers;
mod any_answer;
mod any_request;
mod any_stream;
mod any_vendor;
mod azure;
mod choices;
mod claude;
mod cohere;
mod compatible;
mod conversations;
mod digits;
mod envelopes;
mod fees;
mod gateways;
mod gemini;
mod given_up;
mod halves;
mod in_full;
mod incoming;
mod items;
mod kimi;
mod models;
mod moved;
mod noted;
mod ollama;
mod outgoing;
mod own_form;
mod parts;
mod refusals;
mod regions;
mod responses;
mod rests;
mod results;
mod returned;
mod said;
mod schemas;
mod spec;
mod strays;
mod taken;
mod tools;
mod vendors;

use std::sync::Arc;

use mynah::error::Result;
use mynah::llm::event::Event;
use mynah::llm::provider::{Chat, Context, Prepared, Provider, StreamDecoder, provider_for};
use mynah::llm::request::Request;
use mynah::llm::response::Response;
use mynah::llm::transport::{Head, Headers};
use mynah::options::client::ClientOptions;
use mynah::options::{Layered, Resolved};
use serde_json::Value;

/// A client's options, from names and values.
pub fn options(set: &[(&str, &str)]) -> Resolved<ClientOptions> {
    let mut options = Layered::<ClientOptions>::default();
    for (key, value) in set {
        options.set(key, value).unwrap_or_else(|e| panic!("{key}={value}: {e}"));
    }
    options.resolve().unwrap()
}

/// A client of a provider and model, with a key.
pub fn client(provider: &str, model: &str) -> Resolved<ClientOptions> {
    options(&[
        ("provider", provider),
        ("model", model),
        ("api_key", "sk-secret-key"),
        ("base_url", "https://example.test"),
    ])
}

/// A client of OpenAI's Responses.
pub fn responses() -> Resolved<ClientOptions> {
    options(&[
        ("provider", "openai"),
        ("model", "gpt-6-sol"),
        ("api_key", "k"),
        ("openai_api", "responses"),
    ])
}

/// Holds what is sent to a vendor's schema, if that is there.
pub fn fits(file: &'static str, schema: &str, body: &Value) {
    if let Some(spec) = spec::Spec::load(file) {
        spec.check(schema, body);
    }
}

/// A request from OpenAI's JSON.
pub fn request(json: Value) -> Request {
    Request::from_json(&json.to_string()).unwrap()
}

/// What is sent.
pub fn prepare(
    client: &Resolved<ClientOptions>,
    request: &Request,
    stream: bool,
) -> Result<Prepared> {
    let options = request.effective(&Arc::new(client.clone()))?;
    let chat = Chat { request, options: &options, stream };
    provider_for(&options.values, request).prepare(&chat)
}

/// The body of what is sent.
pub fn body(client: &Resolved<ClientOptions>, request: &Request) -> Value {
    serde_json::from_slice(&prepare(client, request, false).unwrap().http.body).unwrap()
}

/// A head with these headers.
pub fn head(status: u16, headers: &[(&str, &str)]) -> Head {
    let mut head = Head { status, headers: Headers::default() };
    headers.iter().for_each(|(name, value)| head.headers.push(name, value));
    head
}

/// A provider, and what reading its answers needs.
pub fn reader(
    client: &Resolved<ClientOptions>,
    request: &Request,
) -> (&'static dyn Provider, Context) {
    let context = prepare(client, request, true).unwrap().context;
    (provider_for(&client.values, request), context)
}

/// Reads a stream in one piece and byte by byte, and holds the two together.
pub fn stream(
    provider: &dyn Provider,
    context: &Context,
    text: &str,
) -> Result<(Vec<Event>, Response)> {
    let read = |size: usize| {
        let mut decoder = provider.stream(context, &head(200, &[]));
        let mut events = Vec::new();
        let mut deliver = |decoder: &mut dyn StreamDecoder| {
            events.extend(decoder.events().take());
        };
        let fed = text.as_bytes().chunks(size).try_for_each(|bytes| {
            let fed = decoder.feed(bytes);
            deliver(&mut *decoder);
            fed
        });
        let end = fed.and_then(|()| decoder.finish());
        deliver(&mut *decoder);
        (end, events, decoder.response())
    };
    let (end, events, response) = read(text.len().max(1));
    let (end_of_bytes, events_of_bytes, response_of_bytes) = read(1);
    // The message may tell how many bytes there were.
    let status = |end: &Result<()>| end.as_ref().err().map(|error| error.status());
    assert_eq!(status(&end), status(&end_of_bytes));
    assert_eq!(events, events_of_bytes, "another cut, other events");
    assert_eq!(response, response_of_bytes);
    end.map(|()| (events, response))
}

/// Reads a stream in one piece, which must cost no more than a moment.
pub fn soon(provider: &dyn Provider, context: &Context, text: &str) -> Response {
    let mut decoder = provider.stream(context, &head(200, &[]));
    let since = std::time::Instant::now();
    decoder.feed(text.as_bytes()).and_then(|()| decoder.finish()).unwrap();
    assert!(since.elapsed().as_secs() < 15, "{:?}", since.elapsed());
    decoder.response()
}

/// Server-sent events of these data.
pub fn sse(events: &[Value]) -> String {
    events.iter().map(|event| format!("data: {event}\n\n")).collect()
}
