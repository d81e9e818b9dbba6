//! Servers that fail, and how each failure is told.

use super::*;

fn fails(address: SocketAddr) -> TransportError {
    let error = fetch(address).unwrap_err();
    assert!(!error.reused, "{error:?}");
    error
}

#[track_caller]
fn assert_fails(answer: &[u8], failure: Failure, answered: bool) {
    let error = fails(answers(answer));
    assert_eq!(error.failure, failure, "{error:?}");
    assert_eq!(error.answered, answered, "{error:?}");
    assert!(error.written);
}

/// Answers these bytes, then resets the connection.
fn resets_after(bytes: &'static [u8]) -> SocketAddr {
    serve(move |mut stream, _| {
        read_request(&mut stream);
        stream.write_all(bytes).unwrap();
        // What was sent must have been read before the reset discards it.
        thread::sleep(Duration::from_millis(50));
        rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
    })
}

#[test]
fn a_request_arrives_whole_and_its_answer_comes_back() {
    let (told, heard) = channel();
    let address = serve(move |mut stream, _| {
        told.send(read_request(&mut stream)).unwrap();
        stream.write_all(ok("hello").as_bytes()).unwrap();
    });
    let mut exchange = transport().send(&request(address), &attempt()).unwrap();
    assert_eq!(exchange.head.status, 200);
    assert_eq!(exchange.head.headers.get("Content-Length"), Some("5"));
    assert!(!exchange.reused && exchange.connect_ns > 0);
    assert!(exchange.first_byte_at_ns >= exchange.sent_at_ns);
    assert_eq!(read_all(&mut *exchange.body).unwrap(), b"hello");
    let heard = heard.recv().unwrap();
    assert!(heard.starts_with("POST /v1/chat HTTP/1.1\r\n") && heard.ends_with("\r\n\r\n{}"));
    assert!(heard.contains("accept-encoding: identity\r\n"), "{heard}");
}

#[test]
fn large_bodies_travel_both_ways() {
    let address = serve(|mut stream, _| {
        let heard = read_request(&mut stream);
        let body = heard.split("\r\n\r\n").nth(1).unwrap().to_string();
        stream.write_all(ok(&body).as_bytes()).unwrap();
    });
    let body = "x".repeat(3_000_000).into_bytes();
    let request = HttpRequest { body: body.clone(), ..request(address) };
    let mut exchange = transport().send(&request, &attempt()).unwrap();
    let back = read_all(&mut *exchange.body).unwrap();
    assert!(back == body);
}

#[test]
fn chunks_and_interim_answers_are_taken_apart() {
    let answer = b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n";
    assert_eq!(fetch(answers(*answer)).unwrap(), (200, b"abcde".to_vec()));
}

#[test]
fn a_status_is_an_answer_and_a_redirect_is_not_followed() {
    let (status, body) =
        fetch(answers("HTTP/1.1 429 Slow\r\ncontent-length: 2\r\n\r\nno")).unwrap();
    assert_eq!((status, body.as_slice()), (429, &b"no"[..]));
    for body in ["content-length: 0\r\n\r\n", "content-length: 2\r\n\r\nno"] {
        let answer = format!("HTTP/1.1 307 Gone\r\nlocation: http://127.0.0.1:1/\r\n{body}");
        let exchange = transport().send(&request(answers(answer)), &attempt()).unwrap();
        assert_eq!(exchange.head.status, 307);
        assert_eq!(exchange.head.headers.get("location"), Some("http://127.0.0.1:1/"));
    }
}

#[test]
fn nobody_listens() {
    // A port that was free a moment ago may be another test's by now.
    let error = fails(SocketAddr::from(([127, 0, 0, 1], 1)));
    assert_eq!(error.failure, Failure::Connect);
    assert!(error.message.contains("refused") && !error.written, "{error:?}");
}

#[test]
fn a_name_that_does_not_exist() {
    let mut request = request("127.0.0.1:1".parse().unwrap());
    request.url = "http://no-such-name.invalid/".into();
    let error = transport().send(&request, &attempt()).err().unwrap();
    assert_eq!(error.failure, Failure::Dns, "{error:?}");
}

#[test]
fn a_request_that_is_none() {
    for url in ["", "not a url", "http://", "ftp://127.0.0.1/"] {
        let mut request = request("127.0.0.1:1".parse().unwrap());
        request.url = url.into();
        let error = transport().send(&request, &attempt()).err().unwrap();
        assert!(!error.written, "{url}: {error:?}");
    }
    let mut request = request("127.0.0.1:1".parse().unwrap());
    request.headers.push("x", "a\r\nb: c");
    let error = transport().send(&request, &attempt()).err().unwrap();
    assert_eq!(error.failure, Failure::Protocol);
}

#[test]
fn the_connection_closes_too_early() {
    assert_fails(b"", Failure::Reset, false);
    assert_fails(b"HTTP/1.1 200 O", Failure::Reset, true);
    assert_fails(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc", Failure::Cut, true);
    assert_fails(
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
        Failure::Cut,
        true,
    );
    assert_fails(
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabc",
        Failure::Cut,
        true,
    );
}

#[test]
fn the_connection_is_reset() {
    for (before, answered) in [
        (&b""[..], false),
        (b"HTTP/1.1 200 OK\r\ncontent-le", true),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc", true),
        // Here only the close would tell the end: a reset is not one.
        (b"HTTP/1.1 200 OK\r\n\r\nabc", true),
    ] {
        let error = fails(resets_after(before));
        assert_eq!(
            (error.failure.clone(), error.answered),
            (Failure::Reset, answered),
            "{error:?}"
        );
    }
}

#[test]
fn a_body_that_ends_with_the_connection_is_whole() {
    let answer = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nabc";
    assert_eq!(fetch(answers(answer)).unwrap().1, b"abc");
}

#[test]
fn what_is_not_http_is_a_protocol_error() {
    for answer in [
        &b"SSH-2.0-OpenSSH_9\r\n\r\n"[..],
        b"\x16\x03\x01\x02\x00",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffffff\r\nabc\r\n",
    ] {
        assert_fails(answer, Failure::Protocol, true);
    }
}

#[test]
fn a_line_of_the_head_may_go_on_in_the_next() {
    let answer = "HTTP/1.1 200 OK\r\nx: a\r\n  b\r\ncontent-length: 4\r\n\r\n\n ab";
    let mut exchange = transport().send(&request(answers(answer)), &attempt()).unwrap();
    assert_eq!(exchange.head.headers.get("x"), Some("a    b"));
    assert_eq!(read_all(&mut *exchange.body).unwrap(), b"\n ab");
}

#[test]
fn a_server_that_speaks_http_2_alone_is_told_as_such() {
    let answer = b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x80\0\0\x08\x07\0\0\0\0\0";
    let error = fails(answers(*answer));
    assert_eq!(error.failure, Failure::Protocol);
    assert!(error.message.ends_with("speaks HTTP/2 only, not HTTP/1.1"), "{error:?}");
}

#[test]
fn a_head_has_a_cap_and_may_be_large_below_it() {
    let answer = |size: usize| {
        format!("HTTP/1.1 200 OK\r\nx-a: {}\r\ncontent-length: 2\r\n\r\nok", "a".repeat(size))
    };
    assert_eq!(fetch(answers(answer(60_000))).unwrap().1, b"ok");
    assert_fails(answer(70_000).as_bytes(), Failure::TooLarge, true);
}

#[test]
fn an_answer_that_is_packed_in_a_way_that_was_not_asked_for_is_named() {
    for packing in ["br", "zstd", "deflate"] {
        let error = fetch(answers(format!(
            "HTTP/1.1 200 OK\r\ncontent-encoding: {packing}\r\ncontent-length: 2\r\n\r\nxx"
        )));
        let error = error.err().unwrap();
        assert_eq!(error.failure, Failure::Protocol);
        assert!(error.message.ends_with(&format!("packed its answer as {packing}, unasked")));
        let failed = format!(
            "HTTP/1.1 503 No\r\ncontent-encoding: {packing}\r\ncontent-length: 2\r\n\r\nxx"
        );
        assert_eq!(fetch(answers(failed)).unwrap().0, 503, "its status says enough");
    }
    let odd = "HTTP/1.1 200 OK\r\ncontent-encoding: utf-8\r\ncontent-length: 2\r\n\r\nok";
    assert_eq!(fetch(answers(odd)).unwrap().1, b"ok");
}

#[test]
fn a_head_has_a_most_of_headers_too_and_says_so() {
    let with = |count: usize| {
        let headers: String = (1..count).map(|n| format!("x-{n}: v\r\n")).collect();
        answers(format!("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n{headers}\r\n"))
    };
    assert!(transport().send(&request(with(128)), &attempt()).is_ok());
    let error = transport().send(&request(with(129)), &attempt()).err().unwrap();
    assert_eq!(error.failure, Failure::TooLarge, "{error:?}");
    assert!(error.message.contains("exceeds 128 headers"), "{error:?}");
}

#[test]
fn a_request_may_have_long_headers_and_a_long_address() {
    let (told, heard) = channel();
    let address = serve(move |mut stream, _| {
        told.send(read_request(&mut stream)).unwrap();
        stream.write_all(ok("taken").as_bytes()).unwrap();
    });
    let long = "x".repeat(100_000);
    let mut request = request(address);
    request.headers.push("x-long", &long);
    request.url.push_str("?q=");
    request.url.push_str(&long[..30_000]);
    let mut exchange = transport().send(&request, &attempt()).unwrap();
    assert_eq!(read_all(&mut *exchange.body).unwrap(), b"taken");
    let heard = heard.recv().unwrap();
    assert!(heard.contains(&format!("x-long: {long}\r\n")) && heard.contains(&long[..30_000]));
}

#[test]
fn interim_heads_without_end_are_as_large_as_a_head_may_be() {
    let address = serve(|mut stream, _| {
        read_request(&mut stream);
        let heads = "HTTP/1.1 102 Processing\r\nx: y\r\n\r\n".repeat(100);
        while stream.write_all(heads.as_bytes()).is_ok() {}
    });
    let error = fetch(address).unwrap_err();
    assert_eq!(error.failure, Failure::TooLarge, "{error:?}");
    assert!(error.message.contains("max_header_bytes = 65536"), "{error:?}");
}

#[test]
fn an_interim_head_may_have_fields() {
    let answer = "HTTP/1.1 100 Continue\r\nserver: x\r\n\r\n".to_string() + &ok("abc");
    assert_eq!(fetch(answers(answer)), Ok((200, b"abc".to_vec())));
}

#[test]
fn a_chunk_size_or_trailer_without_end_is_cut_short() {
    for start in ["", "1\r\na\r\n0\r\nx: "] {
        let address = serve(move |mut stream, _| {
            read_request(&mut stream);
            let head = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{start}");
            let mut left = 1_000_000;
            let _ = stream.write_all(head.as_bytes());
            while left > 0 && stream.write_all(&[b'0'; 1000]).is_ok() {
                left -= 1;
            }
        });
        let error = fetch(address).unwrap_err();
        assert_eq!(error.failure, Failure::Protocol, "{error:?}");
    }
}

#[test]
fn a_damaged_gzip_body_is_no_answer() {
    let half = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x01\x0a\0\xf5\xff";
    let ends = |fields: &str| {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n{fields}\r\n");
        fails(answers([head.as_bytes(), half].concat())).failure
    };
    assert_eq!(ends("content-length: 15\r\n"), Failure::Protocol);
    assert_eq!(ends(""), Failure::Cut, "as the same unpacked would have been");
}

#[test]
fn a_packed_body_in_chunks_is_read_to_its_end_and_its_connection_is_kept() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), Default::default());
    packed.write_all(b"abc").unwrap();
    let packed = packed.finish().unwrap();
    let fields = "transfer-encoding: chunked\r\ncontent-encoding: gzip";
    let size = format!("{:x};{}\r\n", packed.len(), "y".repeat(50));
    let head = format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n{size}");
    let answer = [head.as_bytes(), &packed, b"\r\n0\r\n\r\n"].concat();
    let address = serve(move |mut stream, _| {
        while read_request(&mut stream).ends_with("{}") {
            stream.write_all(&answer).unwrap();
        }
    });
    let transport = transport();
    for reused in [false, true] {
        let mut exchange = transport.send(&request(address), &attempt()).unwrap();
        assert_eq!(exchange.reused, reused);
        assert_eq!(read_all(&mut *exchange.body).unwrap(), b"abc");
    }
}

/// A server that sends these bytes again and again, as fast as they are taken.
fn floods(head: impl Into<Vec<u8>>, bytes: Vec<u8>) -> SocketAddr {
    let head = head.into();
    let bytes = bytes.repeat(10_000);
    serve(move |mut stream, _| {
        read_request(&mut stream);
        let _ = stream.write_all(&head);
        while stream.write_all(&bytes).is_ok() {}
    })
}

#[test]
fn bytes_without_end_that_make_no_piece_do_not_outlast_the_deadline() {
    let packed = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n";
    let nothing = flate2::write::GzEncoder::new(Vec::new(), Default::default()).finish().unwrap();
    let mut exchange = transport().send(&request(floods(packed, nothing)), &attempt()).unwrap();
    let error = exchange.body.piece(in_ms(100, Phase::Total), 0).unwrap_err();
    assert_eq!(error.failure, Failure::TimedOut(Phase::Total));
}

#[test]
fn trailers_and_extensions_without_end_are_as_large_as_a_head_may_be() {
    let extension = format!("1;{}\r\nx\r\n", "y".repeat(1000));
    for (start, bytes) in [("0\r\n", "x: y\r\n"), ("", &extension)] {
        let head = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{start}");
        let error = fetch(floods(head, bytes.into())).unwrap_err();
        assert_eq!(error.failure, Failure::Protocol, "{error:?}");
        assert!(error.message.contains("more beside its chunks"), "{error:?}");
    }
    let small = "1;x=y\r\na\r\n".repeat(100_000);
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let body = fetch(answers(format!("{head}{small}0\r\n\r\n"))).unwrap().1;
    assert_eq!(body.len(), 100_000);
}
