//! The transport against servers that behave as real ones sometimes do.
//!
//! Each server is a bare socket on loopback and a few lines that say what it
//! does, so that every byte on the wire is the test's own.

mod cancel;
mod deadlines;
mod early;
mod faults;
#[path = "../../../../tests/faults/machine.rs"]
mod machine;
mod pool;
mod proxies;
mod secure;
mod silence;
mod trust;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use self::machine::lateness_during;
use super::*;
use crate::clock::Clock;
use crate::options::client::ClientOptions;

/// Longer than any test takes.
const LONG: Duration = Duration::from_secs(20);

/// A server; each connection is given to `script` on a thread of its own.
fn serve(script: impl Fn(TcpStream, usize) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let script = Arc::new(script);
    thread::spawn(move || {
        for (n, stream) in listener.incoming().enumerate() {
            let (script, stream) = (script.clone(), stream.unwrap());
            stream.set_read_timeout(Some(LONG)).unwrap();
            // What is written leaves at once, and not when the last of it is acknowledged.
            stream.set_nodelay(true).unwrap();
            thread::spawn(move || script(stream, n));
        }
    });
    address
}

/// A server that answers every request with these bytes, and then closes.
fn answers(bytes: impl Into<Vec<u8>>) -> SocketAddr {
    let bytes = bytes.into();
    serve(move |mut stream, _| {
        read_request(&mut stream);
        let _ = stream.write_all(&bytes);
    })
}

/// A server that does something, then tells when its client has gone.
fn watching(
    script: impl Fn(&mut TcpStream) + Send + Sync + 'static,
) -> (SocketAddr, Receiver<Instant>) {
    let (gone, seen) = channel();
    let address = serve(move |mut stream, _| {
        script(&mut stream);
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
        let _ = gone.send(Instant::now());
    });
    (address, seen)
}

/// Head and body of a request with a content length.
fn read_request(stream: &mut TcpStream) -> String {
    let (mut bytes, mut byte) = (Vec::new(), [0]);
    while !bytes.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => bytes.push(byte[0]),
            _ => return String::from_utf8(bytes).unwrap(),
        }
    }
    let head = String::from_utf8(bytes).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).unwrap();
    head + &String::from_utf8(body).unwrap()
}

fn options() -> ClientOptions {
    ClientOptions { proxy: Some("none".into()), ..ClientOptions::default() }
}

fn transport() -> UreqTransport {
    UreqTransport::new(&options(), Clock::System).unwrap()
}

fn request(address: SocketAddr) -> HttpRequest {
    let mut headers = Headers::default();
    headers.push("content-type", "application/json");
    HttpRequest { url: format!("http://{address}/v1/chat"), headers, body: b"{}".to_vec() }
}

#[test]
fn headers_are_found_and_replaced_whatever_their_case_and_keep_their_order() {
    let mut headers: Headers = [("A", "1"), ("b", ""), ("a", "2")].into_iter().collect();
    assert_eq!((headers.get("a"), headers.get("B"), headers.get("c")), (Some("1"), Some(""), None));
    headers.replace("a", "3");
    headers.replace("c", "4");
    assert_eq!(headers.iter().collect::<Vec<_>>(), [("b", ""), ("a", "3"), ("c", "4")]);
}

/// An attempt without limits.
fn attempt() -> Attempt {
    Attempt {
        interrupt: Arc::default(),
        connect: Deadline::NEVER,
        first_byte_ns: u64::MAX,
        first_token_ns: u64::MAX,
        fresh: false,
        silence_ns: u64::MAX,
        total: Deadline::NEVER,
        shared: None,
    }
}

fn in_ms(ms: u64, phase: Phase) -> Deadline {
    Deadline { at_ns: Clock::System.now_ns() + ms * 1_000_000, phase }
}

/// The whole body.
fn read_all(body: &mut dyn Body) -> Result<Vec<u8>, TransportError> {
    let mut all = Vec::new();
    loop {
        match body.piece(Deadline::NEVER, Clock::System.now_ns())? {
            [] => return Ok(all),
            piece => all.extend_from_slice(piece),
        }
    }
}

/// The status and the body, or the failure of either.
fn fetch(address: SocketAddr) -> Result<(u16, Vec<u8>), TransportError> {
    let mut exchange = transport().send(&request(address), &attempt())?;
    Ok((exchange.head.status, read_all(&mut *exchange.body)?))
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// Does it again until it took less than `limit`, or no longer than a machine
/// that is busy with other things made it: that fails no test.
#[track_caller]
fn promptly(limit: Duration, mut run: impl FnMut() -> Duration) {
    let mut times = Vec::new();
    while times.len() < 40 {
        let (took, late) = lateness_during(&mut run);
        if took.saturating_sub(4 * late) < limit {
            return;
        }
        times.push((took, late));
    }
    panic!("{times:?} instead of less than {limit:?}");
}
