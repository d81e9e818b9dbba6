//! Answers that come before the request is out.

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::secure::{Authority, secure, serve_tls};
use super::*;

/// A request that no buffers between here and there can hold.
fn large(request: HttpRequest) -> HttpRequest {
    HttpRequest { body: vec![b' '; 16 << 20], ..request }
}

/// An answer that should have been there long before the call gives up.
fn answer(
    transport: &UreqTransport,
    request: HttpRequest,
) -> Result<(u16, Vec<u8>), TransportError> {
    let attempt = Attempt { total: in_ms(30_000, Phase::Total), ..attempt() };
    let mut exchange = transport.send(&large(request), &attempt)?;
    Ok((exchange.head.status, read_all(&mut *exchange.body)?))
}

const TOO_LARGE: &[u8] = b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 2\r\n\r\nno";

/// What a server does once it has answered: it stays, and reads nothing more, or
/// closes.
const THEN: [fn(); 2] = [stay, || ()];

pub(super) fn stay() {
    loop {
        thread::park();
    }
}

/// Reads a little, and answers in these segments.
fn refuse(stream: &mut (impl Read + Write), segments: &[&[u8]]) {
    let _ = stream.read(&mut [0; 1_000]);
    for segment in segments {
        let _ = stream.write_all(segment).and_then(|()| stream.flush());
        thread::sleep(Duration::from_millis(20));
    }
}

/// The same answer, cut in ways in which it may come.
fn cuts() -> [Vec<&'static [u8]>; 4] {
    let (start, rest) = TOO_LARGE.split_at(5);
    let interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n";
    let (hints, more) = interim.split_at(40);
    [vec![TOO_LARGE], vec![start, rest], vec![interim, TOO_LARGE], vec![hints, more, start, rest]]
}

#[test]
fn an_answer_that_comes_before_the_request_is_out_is_the_answer() {
    for segments in cuts() {
        for then in THEN {
            let segments = segments.clone();
            let address = serve(move |mut stream, _| {
                refuse(&mut stream, &segments);
                then();
            });
            assert_eq!(answer(&transport(), request(address)), Ok((413, b"no".to_vec())));
        }
    }
}

#[test]
fn it_is_so_over_tls() {
    let authority = Authority::new("early");
    for segments in cuts() {
        for then in THEN {
            let segments = segments.clone();
            let address = serve_tls(authority.server("127.0.0.1", |_| ()), move |stream| {
                refuse(stream, &segments);
                then();
            });
            assert_eq!(answer(&authority.client(), secure(address)), Ok((413, b"no".to_vec())));
        }
    }
}

#[test]
fn it_is_so_for_an_answer_that_came_with_the_end_of_the_handshake() {
    let authority = Authority::new("early-with-handshake");
    let mut config = ServerConfig::clone(&authority.server("127.0.0.1", |_| ()));
    config.send_half_rtt_data = true;
    let config = Arc::new(config);
    let address = serve(move |mut stream, _| {
        let mut session = ServerConnection::new(config.clone()).unwrap();
        while !session.wants_write() {
            session.read_tls(&mut stream).unwrap();
            session.process_new_packets().unwrap();
        }
        session.writer().write_all(TOO_LARGE).unwrap();
        let mut first = Vec::new();
        while session.wants_write() {
            session.write_tls(&mut first).unwrap();
        }
        stream.write_all(&first).unwrap();
        stay();
    });
    assert_eq!(answer(&authority.client(), secure(address)), Ok((413, b"no".to_vec())));
}

#[test]
fn it_is_so_over_tls_within_the_tls_of_a_proxy() {
    let authority = Authority::new("early-proxied");
    let (outer, inner) =
        (authority.server("127.0.0.1", |_| ()), authority.server("far.test", |_| ()));
    let proxy = serve_tls(outer, move |stream| {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
        let session = ServerConnection::new(inner.clone()).unwrap();
        refuse(&mut StreamOwned::new(session, stream), &[TOO_LARGE]);
        stay();
    });
    let transport =
        authority.client_with(|options| options.proxy = Some(format!("https://{proxy}")));
    let request = HttpRequest { url: "https://far.test/".into(), ..request(proxy) };
    assert_eq!(answer(&transport, request), Ok((413, b"no".to_vec())));
}

#[test]
fn a_word_that_the_answer_will_come_does_not_end_the_request() {
    let address = serve(|mut stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n");
        let length = read_request(&mut stream).len();
        let _ = stream.write_all(ok(&length.to_string()).as_bytes());
    });
    let (_, length) = answer(&transport(), request(address)).unwrap();
    let length: usize = String::from_utf8(length).unwrap().parse().unwrap();
    assert!(length > 16 << 20, "{length}");
}

#[test]
fn who_agrees_before_the_request_is_out_reads_on() {
    let address = serve(|mut stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n");
        let length = read_request(&mut stream).len();
        let _ = stream.write_all(if length > 16 << 20 { b"ok" } else { b"no" });
    });
    assert_eq!(answer(&transport(), request(address)), Ok((200, b"ok".to_vec())));
}

#[test]
fn a_request_that_is_not_taken_and_not_answered_was_not_written() {
    let address = serve(|mut stream, _| refuse(&mut stream, &[]));
    let error = answer(&transport(), request(address)).unwrap_err();
    assert_eq!((&error.failure, error.written, error.answered), (&Failure::Reset, false, false));
    assert!(error.message.contains("broke"), "{error:?}");
}

#[test]
fn who_says_no_more_and_has_not_answered_is_written_to_no_further() {
    let address = serve(|mut stream, _| {
        refuse(&mut stream, &[]);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        stay();
    });
    let error = answer(&transport(), request(address)).unwrap_err();
    assert_eq!((&error.failure, error.written, error.answered), (&Failure::Reset, false, false));
    assert!(error.message.contains("closed the connection without an answer"), "{error:?}");
}

#[test]
fn what_is_no_http_ends_the_request_too() {
    let address = serve(|mut stream, _| {
        refuse(&mut stream, &[b"\0\0\x12\x04\0\0\0\0\0"]);
        stay();
    });
    let error = answer(&transport(), request(address)).unwrap_err();
    assert_eq!(error.failure, Failure::Protocol, "{error:?}");
}
