//! One connection: a request is read, understood, answered, and again.

use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use super::answer::{Answer, Ask};
use super::dialect::{self, Dialect, Route};
use super::http::{Framing, Request, head, read_request, split_header};
use super::outlet::{End, Fault, Outlet};
use super::plan::Plan;
use super::server::Shared;

/// Serves a connection to its end; true if the client ended it.
pub(super) fn run(stream: &TcpStream, shared: &Shared) -> bool {
    let _ = stream.set_nodelay(true);
    let mut buffer = Vec::new();
    loop {
        let request = match read_request(stream, &mut buffer) {
            Ok(Some(request)) => request,
            Ok(None) => return true,
            Err(_) => return false,
        };
        shared.stats.lock().request(&request);
        let plan = shared.planner.lock().next(&shared.options);
        let mut outlet = outlet(stream, shared, plan);
        let result = answer(&mut outlet, &request, shared, plan);
        {
            let mut stats = shared.stats.lock();
            stats.in_flight -= 1;
            stats.bytes_sent += outlet.sent;
            stats.faults += u64::from(outlet.faulty);
        }
        match result {
            Ok(()) if !request.closes() => {}
            Ok(()) | Err(End::Fault) => return false,
            Err(End::Gone) => return true,
        }
    }
}

fn outlet<'a>(stream: &'a TcpStream, shared: &'a Shared, plan: Plan) -> Outlet<'a> {
    let options = &shared.options;
    let mut outlet = Outlet::new(stream);
    outlet.cuts(shared.cuts.as_ref());
    if plan.fault {
        let fault = match options.fault.as_str() {
            "reset" => Fault::Reset,
            "stall" => Fault::Stall,
            _ => Fault::Cut,
        };
        outlet.fault(fault, options.fault_after_bytes);
    }
    if plan.content && options.content == "drip" {
        outlet.drip(Duration::from_millis(options.delay_event_ms.max(1)));
    }
    outlet
}

/// The body of an answer.
enum Body {
    Whole(Vec<u8>),
    /// The events of a stream; how many of the last ones complete it; the
    /// event that reports an error.
    Events {
        events: Vec<String>,
        endings: usize,
        error: String,
    },
}

/// An answer before anything is done to it.
struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Body,
    /// A text in the body, to find the middle of its content.
    mark: String,
}

impl Reply {
    fn json(status: u16, body: &Value) -> Reply {
        let headers = vec![("content-type".into(), "application/json".into())];
        let body = Body::Whole(body.to_string().into_bytes());
        Reply { status, headers, body, mark: String::new() }
    }
}

fn answer(outlet: &mut Outlet, request: &Request, shared: &Shared, plan: Plan) -> Result<(), End> {
    let options = &shared.options;
    outlet.pause(Duration::from_millis(options.delay_headers_ms))?;
    let mut reply = reply(request, shared, plan);
    reply.headers.push(("x-request-id".into(), "req_mock".into()));
    reply.headers.extend(options.header.iter().map(|line| split_header(line)));
    if plan.content {
        return wrong(outlet, reply, shared);
    }
    send(outlet, reply, shared)
}

fn reply(request: &Request, shared: &Shared, plan: Plan) -> Reply {
    let options = &shared.options;
    let route = dialect::route(&request.path, request.key().is_some());
    let fail = |status: u16, message: &str| {
        let body = match &route {
            Some(Route::Chat(dialect)) => dialect.error(status, message),
            _ => serde_json::json!({"error": {"message": message}}),
        };
        Reply::json(status, &body)
    };
    if let Some(status) = plan.status {
        let mut reply = fail(status, "the mock was asked to fail");
        if let Some(body) = &options.status_body {
            reply.body = Body::Whole(body.clone().into_bytes());
        }
        reply.headers.extend(options.status_header.iter().map(|line| split_header(line)));
        return reply;
    }
    if options.api_key.is_some() && request.key() != options.api_key.as_deref() {
        return fail(401, "the key is not the one that the mock was given");
    }
    let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
        return fail(if route.is_some() { 400 } else { 404 }, "the body is not JSON");
    };
    match route {
        None => fail(404, "the mock has no such path"),
        Some(Route::Embed(form)) => Reply::json(200, &dialect::embed(form, &body)),
        Some(Route::Chat(dialect)) => {
            let ask = dialect.ask(&request.path, &body);
            chat(dialect, &ask, &ask.answer(options))
        }
    }
}

fn chat(dialect: &dyn Dialect, ask: &Ask, answer: &Answer) -> Reply {
    let mark = answer.text().chars().take(7).collect();
    if !ask.stream {
        return Reply { mark, ..Reply::json(200, &dialect.plain(ask, answer)) };
    }
    let headers = vec![
        ("content-type".into(), dialect.stream_type().into()),
        ("cache-control".into(), "no-cache".into()),
    ];
    let body = Body::Events {
        events: dialect.stream(ask, answer),
        endings: dialect.endings(ask),
        error: dialect.stream_error(),
    };
    Reply { status: 200, headers, body, mark }
}

/// Sends an answer as it should be.
fn send(outlet: &mut Outlet, reply: Reply, shared: &Shared) -> Result<(), End> {
    let first = Duration::from_millis(shared.options.delay_first_event_ms);
    shared.stats.lock().status(reply.status);
    match reply.body {
        Body::Whole(body) => {
            let framing = Framing::Length(body.len() as u64);
            let mut head = head(reply.status, &reply.headers, framing);
            if first.is_zero() && shared.cuts.is_none() {
                head.extend_from_slice(&body);
                return outlet.raw(&head);
            }
            outlet.raw(&head)?;
            outlet.pause(first)?;
            outlet.body(&body, framing)
        }
        Body::Events { events, .. } => {
            outlet.raw(&head(reply.status, &reply.headers, Framing::Chunked))?;
            outlet.pause(first)?;
            send_events(outlet, &events, shared)?;
            outlet.raw(b"0\r\n\r\n")
        }
    }
}

fn send_events(outlet: &mut Outlet, events: &[String], shared: &Shared) -> Result<(), End> {
    let between = Duration::from_millis(shared.options.delay_event_ms);
    for (i, event) in events.iter().enumerate() {
        if i > 0 {
            outlet.pause(between)?;
        }
        outlet.body(event.as_bytes(), Framing::Chunked)?;
        shared.stats.lock().events += 1;
    }
    Ok(())
}

/// Sends what `content` asks for instead of the answer.
fn wrong(outlet: &mut Outlet, mut reply: Reply, shared: &Shared) -> Result<(), End> {
    let options = &shared.options;
    let size = options.content_bytes;
    match options.content.as_str() {
        "empty" => reply.body = Body::Whole(Vec::new()),
        "garbage" => {
            reply.body = Body::Whole(b"<html>this is not what you asked for</html>".into())
        }
        "json_bomb" => reply.body = Body::Whole(vec![b'['; 200_000]),
        "bad_json" => halve(&mut reply.body),
        "bad_utf8" => spoil(&mut reply.body, reply.mark.as_bytes()),
        "huge_header" => reply.headers.push(("x-filler".into(), "a".repeat(size as usize))),
        "redirect" => {
            let to = options.redirect_to.clone();
            let to = to.unwrap_or_else(|| format!("{}/elsewhere", shared.origin));
            reply.headers.push(("location".into(), to));
            reply.status = 307;
            reply.body = Body::Whole(Vec::new());
        }
        "cut_gzip" => {
            reply.headers.push(("content-encoding".into(), "gzip".into()));
            reply.body = Body::Whole(cut_gzip(&whole(&reply.body)));
        }
        "stream_error" => fail_in_mid_stream(&mut reply.body),
        "no_end" => return without_end(outlet, reply, shared),
        "endless" => return endless(outlet, reply, shared),
        "not_http" => {
            outlet.raw(b"SSH-2.0-mock\r\nthis is no HTTP\r\n\r\n")?;
            return Err(End::Fault);
        }
        "huge_body" => return huge_body(outlet, reply, size),
        "bad_chunk" => {
            outlet.raw(&head(reply.status, &reply.headers, Framing::Chunked))?;
            outlet.raw(b"zz\r\nthis chunk has no size\r\n")?;
            return Err(End::Fault);
        }
        "wrong_length" => {
            let body = whole(&reply.body);
            let framing = Framing::Length(body.len() as u64 + 100);
            outlet.raw(&head(reply.status, &reply.headers, framing))?;
            outlet.body(&body, framing)?;
            return Err(End::Fault);
        }
        // Only the pace is wrong.
        _ => {}
    }
    send(outlet, reply, shared)
}

/// The bytes of a body, whatever it consists of.
fn whole(body: &Body) -> Vec<u8> {
    match body {
        Body::Whole(bytes) => bytes.clone(),
        Body::Events { events, .. } => events.concat().into_bytes(),
    }
}

/// Leaves half of a JSON value: of the body, or of the stream's second event.
fn halve(body: &mut Body) {
    match body {
        Body::Whole(bytes) => bytes.truncate(bytes.len() / 2),
        Body::Events { events, .. } => {
            // One with something to say: the first ones may have none, as a ping.
            let at = events.len() / 2;
            let event = &mut events[at];
            let end = event.trim_end().len();
            let half = event.floor_char_boundary(end / 2);
            event.replace_range(half..end, "");
        }
    }
}

/// Puts bytes that are no UTF-8 into the text.
fn spoil(body: &mut Body, mark: &[u8]) {
    let mut bytes = whole(body);
    let found = memchr::memmem::find(&bytes, mark).filter(|_| !mark.is_empty());
    // In a text of its JSON, for elsewhere a reader may pass over them.
    let middle = bytes.len() / 2;
    let in_text = memchr::memmem::find(&bytes[middle..], b"\":\"").map(|at| middle + at + 3);
    let at = found.map(|at| at + 1).or(in_text).unwrap_or(middle);
    bytes.splice(at..at, *b"\xff\xfe");
    *body = Body::Whole(bytes);
}

/// A gzip member of one stored block, of which the second half is missing.
fn cut_gzip(bytes: &[u8]) -> Vec<u8> {
    let bytes = &bytes[..bytes.len().min(65_535)];
    let length = bytes.len() as u16;
    let mut gzip = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    gzip.extend_from_slice(&length.to_le_bytes());
    gzip.extend_from_slice(&(!length).to_le_bytes());
    gzip.extend_from_slice(&bytes[..bytes.len() / 2]);
    gzip
}

/// Half of the events, and an error; of a plain answer, the error alone.
fn fail_in_mid_stream(body: &mut Body) {
    match body {
        Body::Whole(bytes) => {
            *bytes = br#"{"error":{"message":"the mock was asked to fail"}}"#.into()
        }
        Body::Events { events, error, .. } => {
            events.truncate(events.len() / 2);
            events.push(std::mem::take(error));
        }
    }
}

/// A stream whose body ends properly before its last events; of a plain
/// answer, half.
fn without_end(outlet: &mut Outlet, mut reply: Reply, shared: &Shared) -> Result<(), End> {
    match &mut reply.body {
        Body::Whole(_) => halve(&mut reply.body),
        Body::Events { events, endings, .. } => {
            events.truncate(events.len().saturating_sub(*endings));
        }
    }
    send(outlet, reply, shared)
}

/// Events, or blanks, for ever.
fn endless(outlet: &mut Outlet, reply: Reply, shared: &Shared) -> Result<(), End> {
    shared.stats.lock().status(reply.status);
    outlet.raw(&head(reply.status, &reply.headers, Framing::Chunked))?;
    let between = Duration::from_millis(shared.options.delay_event_ms);
    let events = match reply.body {
        Body::Whole(_) => vec![" ".repeat(1024)],
        Body::Events { mut events, endings, .. } => {
            events.truncate(events.len().saturating_sub(endings).max(1));
            events
        }
    };
    loop {
        send_events(outlet, &events, shared)?;
        outlet.pause(between)?;
    }
}

/// The answer after so many blanks.
fn huge_body(outlet: &mut Outlet, reply: Reply, blanks: u64) -> Result<(), End> {
    let body = whole(&reply.body);
    let framing = Framing::Length(body.len() as u64 + blanks);
    outlet.raw(&head(reply.status, &reply.headers, framing))?;
    let block = [b' '; 65_536];
    let mut left = blanks;
    while left > 0 {
        let now = left.min(block.len() as u64);
        outlet.body(&block[..now as usize], framing)?;
        left -= now;
    }
    outlet.body(&body, framing)
}
