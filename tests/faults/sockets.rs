//! Faults below HTTP, and servers that no mock can be.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use mynah::llm::cancel::Cancel;

use super::*;

fn url(address: SocketAddr) -> String {
    format!("http://{address}/v1")
}

#[track_caller]
fn ends(client: &Arc<Client>, status: Status, made: u32) {
    let failed = ask(client, false).unwrap_err();
    assert_eq!(failed.error.status(), status, "{}", failed.error);
    assert_eq!(attempts(&failed.error), made, "{}", failed.error);
}

#[test]
fn nobody_listens_and_the_request_is_tried_again() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    ends(&client(&url(address), &[]), Connection, 3);
}

#[test]
fn a_name_that_is_unknown() {
    let options = [("allow_insecure_http", "true"), ("retry_count", "0")];
    ends(&client("http://no-such-host.invalid/v1", &options), Connection, 1);
}

#[test]
fn a_server_without_tls_behind_https() {
    let mock = mock(&[]);
    let secure = mock.url().replace("http:", "https:");
    ends(&client(&secure, &[]), Tls, 1);
}

#[test]
fn a_kept_connection_that_dies_under_a_request_is_replaced_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // Each connection answers one request, and hangs up on the second.
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || one_answer(stream.unwrap()));
        }
    });
    let client = client(&url(address), &[]);
    assert_eq!(ask(&client, false).unwrap().attempts, 1);
    for _ in 0..3 {
        assert_eq!(ask(&client, false).unwrap().attempts, 2);
    }
}

fn one_answer(mut stream: TcpStream) {
    read_request(&mut stream);
    let body = r#"{"id":"x","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}"#;
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all((head + body).as_bytes()).unwrap();
    read_request(&mut stream);
}

fn read_request(stream: &mut TcpStream) {
    let (mut bytes, mut byte) = (Vec::new(), [0]);
    while !bytes.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Result::Ok(1) => bytes.push(byte[0]),
            _ => return,
        }
    }
    let head = String::from_utf8(bytes).unwrap().to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.unwrap_or("0").parse().unwrap()];
    let _ = stream.read_exact(&mut body);
}

/// Waits until the mock has seen something.
fn until(mock: &MockServer, what: &str, count: u64) {
    let began = Instant::now();
    while mock.stats()[what].as_u64() < Some(count) {
        assert!(began.elapsed() < Duration::from_secs(10), "{what}: {}", mock.stats());
        thread::yield_now();
    }
}

#[test]
fn a_cancelled_call_returns_at_once_and_the_provider_sees_it_go() {
    for fault in [
        ("delay_headers_ms", "60000"),
        ("delay_first_event_ms", "60000"),
        ("delay_event_ms", "60000"),
    ] {
        let mock = mock(&[fault]);
        let client = client(mock.url(), &[]);
        let mut request = Request::new();
        request.add_message("user", "hello").unwrap();
        let mut times = Vec::new();
        for round in 1..=5 {
            let cancel = Cancel::default();
            let failed = thread::scope(|scope| {
                let call = scope.spawn(|| {
                    let result = client.chat_stream(&request, Some(&cancel), &mut |_| true);
                    (result, Instant::now())
                });
                until(&mock, "requests", round);
                thread::sleep(Duration::from_millis(20));
                let tripped = Instant::now();
                cancel.trigger();
                let (result, returned) = call.join().unwrap();
                times.push(returned - tripped);
                result.unwrap_err()
            });
            assert_eq!(failed.error.status(), Cancelled, "{}", failed.error);
            until(&mock, "connections_closed_by_peer", round);
        }
        let fastest = times.iter().min().unwrap();
        assert!(*fastest < Duration::from_millis(10), "{fault:?}: {times:?}");
    }
}

#[test]
fn a_callback_that_stops_closes_the_connection() {
    let mock = mock(&[("delay_event_ms", "5")]);
    let client = client(mock.url(), &[]);
    let mut request = Request::new();
    request.add_message("user", "hello").unwrap();
    let mut left = 3;
    let failed = client.chat_stream(&request, None, &mut |event| {
        left -= i32::from(event.kind.is_content());
        left > 0
    });
    let failed = failed.unwrap_err();
    assert_eq!(failed.error.status(), Stopped);
    assert!(failed.partial.is_some_and(|partial| partial.text().starts_with("I heard:")));
    until(&mock, "connections_closed_by_peer", 1);
}
