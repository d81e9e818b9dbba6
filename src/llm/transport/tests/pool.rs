//! Connections that are kept, and what can happen to them meanwhile.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::flight::{Flight, Length};
use super::*;
use crate::llm::cancel::Reason;

/// Answers on each connection until the client closes it; counts connections.
fn keeps() -> (SocketAddr, Arc<AtomicUsize>) {
    let opened = Arc::new(AtomicUsize::new(0));
    let count = opened.clone();
    let address = serve(move |mut stream, _| {
        count.fetch_add(1, Ordering::Relaxed);
        while read_request(&mut stream).ends_with("{}") {
            stream.write_all(ok("abc").as_bytes()).unwrap();
        }
    });
    (address, opened)
}

fn once(transport: &UreqTransport, address: SocketAddr) -> (bool, Vec<u8>) {
    let mut exchange = transport.send(&request(address), &attempt()).unwrap();
    (exchange.reused, read_all(&mut *exchange.body).unwrap())
}

#[test]
fn a_connection_is_used_again_and_costs_no_connecting() {
    let (address, opened) = keeps();
    let transport = transport();
    assert!(!once(&transport, address).0);
    for _ in 0..10 {
        let mut exchange = transport.send(&request(address), &attempt()).unwrap();
        assert!(exchange.reused && exchange.connect_ns == 0);
        assert_eq!(read_all(&mut *exchange.body).unwrap(), b"abc");
    }
    assert_eq!(opened.load(Ordering::Relaxed), 1);
}

#[test]
fn who_wants_a_new_connection_gets_none_of_those_that_were_kept() {
    let (address, opened) = keeps();
    let transport = transport();
    once(&transport, address);
    let exchange = transport.send(&request(address), &Attempt { fresh: true, ..attempt() });
    assert!(!exchange.unwrap().reused);
    assert_eq!(opened.load(Ordering::Relaxed), 2);
}

#[test]
fn none_is_kept_where_none_is_wanted_or_the_body_was_left_unread() {
    let (address, opened) = keeps();
    let options = ClientOptions { max_connections: 0, ..options() };
    let none = UreqTransport::new(&options, Clock::System).unwrap();
    (0..3).for_each(|_| assert!(!once(&none, address).0));
    assert_eq!(opened.load(Ordering::Relaxed), 3);
    let transport = transport();
    drop(transport.send(&request(address), &attempt()).unwrap());
    assert!(!once(&transport, address).0);
}

#[test]
fn an_old_idle_connection_is_not_used() {
    let (address, _) = keeps();
    let options = ClientOptions { max_idle_connection_ms: 1, ..options() };
    let transport = UreqTransport::new(&options, Clock::System).unwrap();
    once(&transport, address);
    thread::sleep(Duration::from_millis(5));
    assert!(!once(&transport, address).0);
}

#[test]
fn an_old_idle_connection_is_closed_by_the_next_call_to_whomever() {
    let (old, gone) = watching(|stream| {
        read_request(stream);
        stream.write_all(ok("abc").as_bytes()).unwrap();
    });
    let options = ClientOptions { max_idle_connection_ms: 0, ..options() };
    let transport = UreqTransport::new(&options, Clock::System).unwrap();
    once(&transport, old);
    assert!(gone.try_recv().is_err());
    once(&transport, keeps().0);
    gone.recv_timeout(LONG).unwrap();
}

#[test]
fn a_connection_that_the_server_closed_while_idle_never_fails_a_call() {
    let address = serve(|mut stream, _| {
        read_request(&mut stream);
        stream.write_all(ok("abc").as_bytes()).unwrap();
    });
    let transport = transport();
    for _ in 0..5 {
        assert_eq!(once(&transport, address), (false, b"abc".to_vec()));
        // The close must have arrived.
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn one_that_breaks_under_a_request_says_that_it_was_reused_and_unanswered() {
    let address = serve(|mut stream, n| {
        read_request(&mut stream);
        stream.write_all(ok("abc").as_bytes()).unwrap();
        if n == 0 {
            // Closes on the second request, without a byte.
            read_request(&mut stream);
        }
    });
    let transport = transport();
    once(&transport, address);
    let error = transport.send(&request(address), &attempt()).err().unwrap();
    assert_eq!(error.failure, Failure::Reset);
    assert!(error.reused && error.written && !error.answered, "{error:?}");
    assert!(!once(&transport, address).0);
}

#[test]
fn bytes_after_the_answer_spoil_a_connection() {
    let address = serve(|mut stream, _| {
        while read_request(&mut stream).ends_with("{}") {
            let _ = stream.write_all((ok("abc") + "HTTP/1.1 500 Smuggled\r\n\r\n").as_bytes());
        }
    });
    let transport = transport();
    (0..3).for_each(|_| assert_eq!(once(&transport, address), (false, b"abc".to_vec())));
}

/// Head and chunks of a body `abc`, up to and without what ends it.
const CHUNKED: &str =
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n";

#[test]
fn a_connection_is_kept_after_chunks_that_end_and_nothing_follows() {
    for (end, kept) in [("\r\n", true), ("x: y\r\n\r\n", true), ("\r\nHTTP/1.1 500", false)] {
        let address = serve(move |mut stream, _| {
            while read_request(&mut stream).ends_with("{}") {
                let _ = stream.write_all((CHUNKED.to_string() + end).as_bytes());
            }
        });
        let transport = transport();
        assert_eq!(once(&transport, address), (false, b"abc".to_vec()));
        for _ in 0..3 {
            assert_eq!(once(&transport, address), (kept, b"abc".to_vec()), "{end:?}");
        }
    }
}

#[test]
fn chunks_whose_last_line_is_missing_are_whole_and_their_connection_is_not_kept() {
    let address = serve(|mut stream, _| {
        read_request(&mut stream);
        stream.write_all(CHUNKED.as_bytes()).unwrap();
    });
    let transport = transport();
    (0..2).for_each(|_| assert_eq!(once(&transport, address), (false, b"abc".to_vec())));
}

#[test]
fn chunks_that_are_left_unread_take_their_connection_with_them() {
    let (address, gone) = watching(|stream| {
        read_request(stream);
        stream.write_all(CHUNKED.as_bytes()).unwrap();
    });
    let transport = transport();
    let mut exchange = transport.send(&request(address), &attempt()).unwrap();
    assert_eq!(exchange.body.piece(Deadline::NEVER, 0), Ok(&b"abc"[..]));
    drop(exchange);
    gone.recv_timeout(LONG).unwrap();
}

#[test]
fn a_chunked_answer_of_an_old_server_is_not_taken_apart() {
    let answer = CHUNKED.replace("HTTP/1.1", "HTTP/1.0");
    let body = answer.split_once("\r\n\r\n").unwrap().1.as_bytes().to_vec();
    assert_eq!(fetch(answers(answer)).unwrap().1, body);
}

#[test]
fn an_interrupt_of_a_call_that_is_over_leaves_its_connection_alone() {
    let (address, opened) = keeps();
    let transport = transport();
    let old = attempt();
    let mut exchange = transport.send(&request(address), &old).unwrap();
    read_all(&mut *exchange.body).unwrap();
    old.interrupt.trip(Reason::Cancelled);
    assert!(once(&transport, address).0);
    assert_eq!(opened.load(Ordering::Relaxed), 1);
}

#[test]
fn many_threads_share_a_pool() {
    let (address, opened) = keeps();
    let transport = transport();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..50).for_each(|_| assert_eq!(once(&transport, address).1, b"abc")));
        }
    });
    assert!(opened.load(Ordering::Relaxed) <= 16, "{opened:?}");
}

#[test]
fn a_dead_address_does_not_hold_up_a_live_one() {
    let (dead, _full) = cancel::full();
    let (live, _) = keeps();
    let mut flight = Flight::new(&attempt(), "both".into(), Length::default(), Clock::System);
    let began = Instant::now();
    super::super::socket::connect(&[dead, live], &mut flight).unwrap();
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[test]
fn a_refused_address_is_followed_by_the_next_at_once() {
    // A port that was free a moment ago may be another test's by now.
    let closed = SocketAddr::from(([127, 0, 0, 1], 1));
    let (live, _) = keeps();
    let mut flight = Flight::new(&attempt(), "both".into(), Length::default(), Clock::System);
    super::super::socket::connect(&[closed, live], &mut flight).unwrap();
    assert!(super::super::socket::connect(&[closed], &mut flight).is_err());
}

#[test]
fn a_connection_is_kept_where_its_answer_has_an_end_and_nobody_says_otherwise() {
    for (answer, kept) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc", true),
        ("HTTP/1.1 200 OK\ncontent-length: 3\n\nabc", true),
        ("HTTP/1.1 200 OK\r\ncontent-length: 3, 3\r\n\r\nabc", true),
        ("HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: upgrade, Close\r\n\r\nabc", false),
        ("HTTP/1.0 200 OK\r\ncontent-length: 3\r\n\r\nabc", false),
        ("HTTP/1.0 200 OK\r\ncontent-length: 3\r\nconnection: Keep-Alive\r\n\r\nabc", true),
        ("HTTP/1.1 500 No\r\ncontent-length: 3\r\n\r\nabc", true),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 100\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            true,
        ),
        ("HTTP/1.1 204 None\r\n\r\n", true),
        ("HTTP/1.1 204 None\r\ncontent-length: 3\r\n\r\nabc", false),
        ("HTTP/1.1 304 Same\r\ncontent-length: 3\r\n\r\n", true),
        ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", true),
        ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\ncontent-encoding: gzip\r\n\r\n", true),
        ("HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc", true),
        ("HTTP/1.1 101 Switch\r\nconnection: upgrade\r\n\r\n", false),
    ] {
        let address = serve(move |mut stream, _| {
            while read_request(&mut stream).ends_with("{}") {
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        let transport = transport();
        once(&transport, address);
        assert_eq!(once(&transport, address).0, kept, "{answer:?}");
    }
}
