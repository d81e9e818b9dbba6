//! The transport that calls really use: ureq, on connections of our own.
//!
//! ureq frames HTTP/1.1 and keeps the pool; connecting, TLS, waiting and
//! interrupting are ours, because ureq can do none of them for one call alone.
//! It is given no timeout: the [`Flight`] has them all. Redirects are answers
//! like any other, for ureq would carry `x-api-key` to another host.

use std::io::Read;
use std::time::Duration;

use ureq::http;
use ureq::{Agent, Proxy};

use super::chunked::ChunkedBody;
use super::connection::{Dialer, NoResolver};
use super::flight::{self, Flight, Length};
use super::gzip::{GzipBody, Origin};
use super::heads::Heads;
use super::{
    Attempt, Body, Deadline, Exchange, Failure, Head, Headers, HttpRequest, Transport,
    TransportError, env_proxy, tls,
};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::forks::Process;
use crate::options::client::ClientOptions;
use crate::options::{form, url};

/// Sends requests over TCP and TLS, keeping connections.
pub struct UreqTransport {
    agent: Agent,
    clock: Clock,
    /// Whose connections it keeps.
    process: Process,
    heads: Heads,
}

impl UreqTransport {
    /// A transport with the options' proxy, certificates, caps and pool.
    pub fn new(options: &ClientOptions, clock: Clock) -> Result<UreqTransport> {
        let connections = options.max_connections as usize;
        let (proxy, bad_proxy) = match (proxy(options), &options.proxy) {
            (Ok(proxy), _) => (proxy, None),
            (Err(error), None) => (None, Some(error.to_string())),
            (Err(error), Some(_)) => return Err(error),
        };
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(proxy)
            .max_response_header_size(options.max_header_bytes as usize)
            .max_idle_connections(connections)
            .max_idle_connections_per_host(connections)
            .max_idle_age(Duration::from_millis(options.max_idle_connection_ms))
            .build();
        let dialer = Dialer::new(tls::config(options)?, options.proxy.is_none(), bad_proxy);
        let agent = Agent::with_parts(config, dialer, NoResolver);
        Ok(UreqTransport { agent, clock, process: Process::this(), heads: Heads::default() })
    }
}

/// The proxy that was asked for, or the environment's.
fn proxy(options: &ClientOptions) -> Result<Option<Proxy>> {
    let Some(text) = options.proxy.as_deref() else {
        let secure = options.base_url.as_deref().is_none_or(url::is_secure);
        return env_proxy::find(secure, |name| std::env::var(name).ok());
    };
    form::proxy(text).ok_or_else(|| {
        let given = (form::PROXY.show)(text);
        Error::OutOfRange { key: "proxy".into(), given, allowed: form::PROXY.words.into() }
    })
}

impl Transport for UreqTransport {
    fn send(&self, request: &HttpRequest, attempt: &Attempt) -> Result<Exchange, TransportError> {
        let (host, length) = (host_of(&request.url), length_of(request));
        let mut flight = Flight::new(attempt, host, length, self.clock.clone());
        if !self.process.is_this() {
            // Its connections are its parent's too: what is sent there would mix with that's.
            let error = flight.fail(Failure::Interrupted, "the process has forked");
            return Err(finish(&mut flight, error.into()));
        }
        let http = match self.heads.of(request) {
            Ok(head) => head.map(|()| request.body.as_slice()),
            Err(error) => return Err(finish(&mut flight, error.into())),
        };
        let (result, mut flight) = flight::during(flight, || self.agent.run(http));
        match result {
            Ok(response) => match foreign_packing(&response) {
                None => Ok(exchange(response, flight)),
                Some(packing) => {
                    let host = &flight.host;
                    let message = format!("{host} packed its answer as {packing}, unasked");
                    let error = flight.fail(Failure::Protocol, message);
                    Err(finish(&mut flight, error.into()))
                }
            },
            Err(error) => Err(finish(&mut flight, error)),
        }
    }
}

/// Host and port of a URL: what messages may show of it.
fn host_of(url: &str) -> String {
    match url::place(url) {
        "" => "the provider".into(),
        place => place.into(),
    }
}

/// What ureq adds to a request: some headers of its own.
const OWN_HEADERS: usize = 256;

fn length_of(request: &HttpRequest) -> Length {
    let headers = request.headers.iter().map(|(name, value)| name.len() + value.len() + 4);
    let head = 2 * request.url.len() + headers.sum::<usize>() + OWN_HEADERS;
    Length { head, body: request.body.len() }
}

/// ureq's body of an answer.
pub(super) type Reader = ureq::BodyReader<'static>;

fn exchange(response: http::Response<ureq::Body>, flight: Box<Flight>) -> Exchange {
    let (parts, body) = response.into_parts();
    let bytes = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    let mut headers = Headers::with_capacity(parts.headers.len(), bytes);
    for (name, value) in &parts.headers {
        match value.to_str() {
            Ok(value) => headers.push(name.as_str(), value),
            Err(_) => headers.push(name.as_str(), &String::from_utf8_lossy(value.as_bytes())),
        }
    }
    let head = Head { status: parts.status.as_u16(), headers };
    let ends_by_close = head.ends_by_close();
    Exchange {
        head,
        reused: flight.reused,
        connect_ns: flight.connect_ns,
        sent_at_ns: flight.sent_at_ns,
        first_byte_at_ns: flight.first_byte_at_ns,
        last_byte_at_ns: flight.last_byte_ns,
        body: body_of(&parts, ends_by_close, body, flight),
    }
}

/// What packs the body of an answer, if it can be read by nobody here. An error is one
/// whatever its words are.
fn foreign_packing(response: &http::Response<ureq::Body>) -> Option<String> {
    let packing = response.headers().get(http::header::CONTENT_ENCODING)?;
    let packing = packing.to_str().ok()?.trim().to_ascii_lowercase();
    // By name: some say what is no packing, such as utf-8.
    let is_foreign = ["br", "zstd", "deflate", "compress"].contains(&packing.as_str());
    (response.status().is_success() && is_foreign).then_some(packing)
}

/// The way to read a body, which may be packed.
fn body_of(
    parts: &http::response::Parts,
    ends_by_close: bool,
    body: ureq::Body,
    flight: Box<Flight>,
) -> Box<dyn Body> {
    let reader = Box::new(body.into_with_config().reader());
    if !says(parts, "content-encoding", &["gzip", "x-gzip"]) {
        return framed(parts, reader, flight);
    }
    let origin = Origin { host: flight.host.clone(), reused: flight.reused, ends_by_close };
    let clock = flight.clock().clone();
    Box::new(GzipBody::new(framed(parts, reader, flight), origin, clock))
}

/// The way to read a body as it is framed: chunks past ureq, and all else by it.
fn framed(
    parts: &http::response::Parts,
    reader: Box<Reader>,
    flight: Box<Flight>,
) -> Box<dyn Body> {
    // HTTP/1.0 knows no chunks, and so says ureq.
    if parts.version == http::Version::HTTP_11 && says(parts, "transfer-encoding", &["chunked"]) {
        return match ChunkedBody::new(reader, flight) {
            Ok(body) => Box::new(body),
            Err((reader, flight)) => UreqBody::boxed(reader, flight, PIECE),
        };
    }
    let length = parts.headers.get("content-length").and_then(|value| value.to_str().ok());
    let length = length.and_then(|length| length.trim().parse().ok()).unwrap_or(PIECE);
    UreqBody::boxed(reader, flight, length.clamp(1, PIECE))
}

/// Whether one of these words is among a header's.
fn says(parts: &http::response::Parts, name: &str, words: &[&str]) -> bool {
    let values = parts.headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let mut given = values.flat_map(|value| value.split(',')).map(str::trim);
    given.any(|given| words.iter().any(|word| given.eq_ignore_ascii_case(word)))
}

/// Ends a flight that failed.
pub(super) fn finish(flight: &mut Flight, error: ureq::Error) -> TransportError {
    flight.attempt.interrupt.unwatch();
    // Whatever ureq made of it: a call that was interrupted was interrupted.
    let _ = flight.check();
    flight.error(error)
}

/// The body of an answer, and the connection that it comes on.
struct UreqBody {
    reader: Box<Reader>,
    state: State,
    buffer: Vec<u8>,
}

enum State {
    Open(Box<Flight>),
    Ended,
    Failed(TransportError),
}

/// The largest piece.
const PIECE: usize = 8 << 10;

impl UreqBody {
    fn boxed(reader: Box<Reader>, flight: Box<Flight>, piece: usize) -> Box<dyn Body> {
        Box::new(UreqBody { reader, state: State::Open(flight), buffer: vec![0; piece] })
    }

    fn read(&mut self, deadline: Deadline, quiet_since_ns: u64) -> Result<usize, TransportError> {
        let mut flight = match std::mem::replace(&mut self.state, State::Ended) {
            State::Open(flight) => flight,
            State::Ended => return Ok(0),
            State::Failed(error) => {
                self.state = State::Failed(error.clone());
                return Err(error);
            }
        };
        flight.reading(deadline, quiet_since_ns);
        let (result, mut flight) = flight::during(flight, || self.reader.read(&mut self.buffer));
        // A socket that was shut down can look like the end of the body.
        let result = flight.check().and(result).and_then(|count| {
            match count == 0 && std::mem::take(&mut flight.unclean_end) {
                true => Err(std::io::ErrorKind::UnexpectedEof.into()),
                false => Ok(count),
            }
        });
        match result {
            Ok(0) => {
                flight.attempt.interrupt.unwatch();
                Ok(0)
            }
            Ok(count) => {
                self.state = State::Open(flight);
                Ok(count)
            }
            Err(error) => {
                let error = finish(&mut flight, error.into());
                self.state = State::Failed(error.clone());
                Err(error)
            }
        }
    }
}

impl Body for UreqBody {
    fn piece(&mut self, deadline: Deadline, quiet_since_ns: u64) -> Result<&[u8], TransportError> {
        let count = self.read(deadline, quiet_since_ns)?;
        Ok(&self.buffer[..count])
    }
}

/// A body that is not read to its end takes its connection with it.
impl Drop for UreqBody {
    fn drop(&mut self) {
        if let State::Open(flight) = &self.state {
            flight.attempt.interrupt.unwatch();
        }
    }
}
