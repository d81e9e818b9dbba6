//! Faults below HTTP, and servers that no mock can be.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::thread;

use mynah::llm::cancel::Cancel;
use rustix::net;

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

/// A provider of which each connection answers one request.
fn provider(listener: TcpListener) {
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || one_answer(stream));
        }
    });
}

#[test]
fn nobody_listens_and_then_somebody_does() {
    // Nobody else can have the port meanwhile: it is taken, and nobody listens.
    let socket = net::socket(net::AddressFamily::INET, net::SocketType::STREAM, None).unwrap();
    net::bind(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = net::getsockname(&socket).unwrap().try_into().unwrap();
    let client = client(&url(address), &[]);
    ends(&client, Connection, 3);
    net::listen(&socket, 16).unwrap();
    provider(TcpListener::from(socket));
    assert_eq!(ask(&client, false).unwrap().attempts, 1);
}

#[test]
fn nothing_answers_to_a_connection_and_then_something_does() {
    let (address, hole) = phases::full();
    let options = [("connect_timeout_ms", "80"), ("retry_count", "1")];
    let client = client(&url(address), &options);
    let began = Instant::now();
    ends(&client, Timeout, 2);
    assert!(began.elapsed() >= Duration::from_millis(160), "{:?}", began.elapsed());
    drop(hole.held);
    provider(hole.listener);
    // The kernel repeats what it dropped after a second.
    ask_patiently(&client, false).unwrap();
}

#[test]
fn a_name_that_is_unknown_and_then_known() {
    let mock = mock(&[]);
    let lost = mock.url().replace("127.0.0.1", "provider.lost");
    let client = client(&lost, &[("allow_insecure_http", "true")]);
    ends(&client, Connection, 3);
    phases::LOST.store(false, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(ask(&client, false).unwrap().attempts, 1);
}

#[test]
fn a_name_that_is_really_unknown() {
    let options = [("allow_insecure_http", "true"), ("retry_count", "0")];
    ends(&client("http://no-such-host.invalid/v1", &options), Connection, 1);
}

#[test]
fn a_server_without_tls_behind_https() {
    let mock = mock(&[]);
    let secure = mock.url().replace("http:", "https:");
    // It hangs up: another one might have been in the middle of a restart.
    ends(&client(&secure, &[]), Tls, 3);
}

#[test]
fn a_kept_connection_that_dies_under_a_request_is_replaced_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    provider(listener);
    let client = client(&url(address), &[]);
    assert_eq!(ask(&client, false).unwrap().attempts, 1);
    for _ in 0..3 {
        assert_eq!(ask(&client, false).unwrap().attempts, 2);
    }
}

/// Answers one request, and hangs up on the second.
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
        assert!(began.elapsed() < Duration::from_secs(60), "{what}: {}", mock.stats());
        thread::sleep(Duration::from_micros(200));
    }
}

/// Within this a call returns once it is cancelled.
const BOUND: Duration = Duration::from_millis(10);

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
        let mut times: Vec<Duration> = Vec::new();
        // At least five, and more where the machine is busy with other things.
        while times.len() < 5 || times.len() < 40 && times.iter().all(|t| *t >= BOUND) {
            let round = times.len() as u64 + 1;
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
        assert!(times.iter().any(|time| *time < BOUND), "{fault:?}: {times:?}");
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
