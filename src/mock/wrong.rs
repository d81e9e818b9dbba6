//! Answers that are not as they should be: what `content` asks for.

use std::time::Duration;

use super::connection::{Body, Reply, send, send_events};
use super::http::{Framing, head};
use super::outlet::{End, Outlet};
use super::server::Shared;

/// Sends what `content` asks for instead of the answer.
pub(super) fn wrong(outlet: &mut Outlet, mut reply: Reply, shared: &Shared) -> Result<(), End> {
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
