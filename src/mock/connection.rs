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
use super::wrong::wrong;

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
pub(super) enum Body {
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
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Body,
    /// A text in the body, to find the middle of its content.
    pub(super) mark: String,
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
pub(super) fn send(outlet: &mut Outlet, reply: Reply, shared: &Shared) -> Result<(), End> {
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

pub(super) fn send_events(
    outlet: &mut Outlet,
    events: &[String],
    shared: &Shared,
) -> Result<(), End> {
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
