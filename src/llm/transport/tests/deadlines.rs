//! Servers that are late, and which deadline ends the wait for them.

use super::secure::{Authority, read_tls_request, secure};
use super::*;

/// How late a deadline of 60 ms may fire.
const IN_TIME: Duration = Duration::from_millis(80);
const MS: u64 = 1_000_000;

/// A request whose deadline passes; with its time, which is never too short.
#[track_caller]
fn times_out(address: SocketAddr, phase: Phase, limits: impl Fn() -> Attempt) {
    times_out_over(&transport(), &request(address), phase, limits);
}

#[track_caller]
fn times_out_over(
    transport: &UreqTransport,
    request: &HttpRequest,
    phase: Phase,
    limits: impl Fn() -> Attempt,
) {
    promptly(IN_TIME, || {
        let began = Instant::now();
        let error = transport.send(request, &limits()).err().unwrap();
        assert_eq!(error.failure, Failure::TimedOut(phase), "{error:?}");
        assert!(began.elapsed() >= Duration::from_millis(60), "{phase:?}");
        began.elapsed()
    });
}

#[test]
fn every_deadline_fires_in_time_and_names_its_phase() {
    let silent = watching(|stream| drop(read_request(stream))).0;
    times_out(silent, Phase::FirstByte, || Attempt { first_byte_ns: 60 * MS, ..attempt() });
    times_out(silent, Phase::FirstToken, || Attempt { first_token_ns: 60 * MS, ..attempt() });
    times_out(silent, Phase::Silence, || Attempt { silence_ns: 60 * MS, ..attempt() });
    times_out(silent, Phase::Total, || Attempt { total: in_ms(60, Phase::Total), ..attempt() });
}

#[test]
fn a_head_that_comes_in_part_brings_no_content() {
    let (half, _) = watching(|stream| {
        read_request(stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
    });
    times_out(half, Phase::FirstToken, || Attempt { first_token_ns: 60 * MS, ..attempt() });
}

#[test]
fn a_head_tells_when_its_first_byte_came_and_its_last() {
    let (address, _) = watching(|stream| {
        read_request(stream);
        let _ = stream.write_all(b"HTTP/1.1 102 Processing\r\n\r\n");
        std::thread::sleep(Duration::from_millis(20));
        let _ = stream.write_all(ok("abc").as_bytes());
    });
    // Where this thread was kept waiting, it finds both at once.
    let apart = || {
        let exchange = transport().send(&request(address), &attempt()).unwrap();
        exchange.last_byte_at_ns >= exchange.first_byte_at_ns + 10 * MS
    };
    assert!((0..10).any(|_| apart()));
}

#[test]
fn from_the_first_byte_on_only_silence_counts() {
    let (half, _) = watching(|stream| {
        read_request(stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
    });
    let limits = || Attempt { silence_ns: 60 * MS, first_byte_ns: 30 * MS, ..attempt() };
    promptly(IN_TIME, || {
        let began = Instant::now();
        let error = transport().send(&request(half), &limits()).err().unwrap();
        match error.failure {
            // A server that the machine has kept waiting.
            Failure::TimedOut(Phase::FirstByte) if !error.answered => Duration::MAX,
            failure => {
                assert_eq!(failure, Failure::TimedOut(Phase::Silence));
                began.elapsed()
            }
        }
    });
}

#[test]
fn the_connect_deadline_bounds_connecting_and_tls() {
    let limits = || Attempt { connect: in_ms(60, Phase::Connect), ..attempt() };
    let (full, _full) = cancel::full();
    times_out(full, Phase::Connect, limits);
    let (mute, _) = watching(|_| ());
    times_out_over(&transport(), &secure(mute), Phase::Connect, limits);
    for scheme in ["http", "https", "socks5"] {
        let options = ClientOptions { proxy: Some(format!("{scheme}://{mute}")), ..options() };
        let transport = UreqTransport::new(&options, Clock::System).unwrap();
        times_out_over(&transport, &request(mute), Phase::Connect, limits);
    }
}

#[test]
fn every_deadline_fires_in_time_over_tls() {
    let authority = Authority::new("late");
    let client = authority.client();
    let (silent, _) = cancel::agreeing(&authority, |stream| assert!(read_tls_request(stream)));
    let times_out = |request: &HttpRequest, phase, limits: &dyn Fn() -> Attempt| {
        times_out_over(&client, request, phase, limits);
    };
    times_out(&silent, Phase::FirstByte, &|| Attempt { first_byte_ns: 60 * MS, ..attempt() });
    times_out(&silent, Phase::Silence, &|| Attempt { silence_ns: 60 * MS, ..attempt() });
    // What is not taken is silence too, and lasts as long as the call at most.
    let (stays, _) = cancel::agreeing(&authority, |_| early::stay());
    let large = HttpRequest { body: vec![b' '; 16 << 20], ..stays };
    times_out(&large, Phase::Total, &|| Attempt { total: in_ms(60, Phase::Total), ..attempt() });
}

#[test]
fn a_read_ends_at_its_own_deadline_and_the_body_with_it() {
    let (address, _) = watching(|stream| {
        read_request(stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc").unwrap();
    });
    promptly(IN_TIME, || {
        let mut exchange = transport().send(&request(address), &attempt()).unwrap();
        assert_eq!(exchange.body.piece(Deadline::NEVER, 0), Ok(&b"abc"[..]));
        let began = Instant::now();
        let error = exchange.body.piece(in_ms(60, Phase::Idle), 0).unwrap_err();
        let took = began.elapsed();
        assert_eq!(error.failure, Failure::TimedOut(Phase::Idle));
        assert_eq!(exchange.body.piece(Deadline::NEVER, 0), Err(error));
        took
    });
}

#[test]
fn a_read_that_waits_in_the_kernel_ends_at_its_deadline_and_not_before() {
    for head in ["content-length: 9", "transfer-encoding: chunked"] {
        let (address, _) = watching(move |stream| {
            read_request(stream);
            let answer = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n5\r\nab");
            let (answer, rest) = answer.split_at(answer.len() - 1);
            stream.write_all(answer.as_bytes()).unwrap();
            // Longer than the kernel waits at first, which nobody is told of.
            thread::sleep(Duration::from_millis(350));
            stream.write_all(rest.as_bytes()).unwrap();
        });
        promptly(Duration::from_millis(20), || {
            let mut exchange = transport().send(&request(address), &attempt()).unwrap();
            exchange.body.piece(Deadline::NEVER, 0).unwrap();
            match exchange.body.piece(in_ms(600, Phase::Idle), 0) {
                Ok(piece) => assert_eq!(piece, b"b"),
                // The server was too late: once more.
                Err(error) if error.failure == Failure::TimedOut(Phase::Idle) => return LONG,
                Err(error) => panic!("{error:?}"),
            }
            let began = Instant::now();
            let error = exchange.body.piece(in_ms(450, Phase::Silence), 0).unwrap_err();
            assert_eq!(error.failure, Failure::TimedOut(Phase::Silence));
            began.elapsed().checked_sub(Duration::from_millis(450)).unwrap()
        });
    }
}

/// What a shared request ends with whose deadline is raised when it has arrived,
/// and which is answered in two parts, both after the deadline that was first.
fn raised_in_time(first_ms: u64) -> Result<usize, TransportError> {
    let shared = Arc::<Shared>::default();
    let (now, mine) = (Clock::System.now_ns(), shared.clone());
    shared.wanted(now + first_ms * MS, u64::MAX);
    let address = serve(move |mut stream, _| {
        read_request(&mut stream);
        mine.wanted(now + 60_000 * MS, u64::MAX);
        for part in [&b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"[..], b"hi"] {
            thread::sleep(Duration::from_millis(2 * first_ms));
            let _ = stream.write_all(part);
        }
    });
    let attempt = Attempt { shared: Some(shared.clone()), ..attempt() };
    let mut exchange = transport().send(&request(address), &attempt)?;
    assert!(shared.pulse().answered && shared.pulse().sent_ns.is_some());
    let piece = exchange.body.piece(Deadline { at_ns: now, phase: Phase::Total }, 0);
    piece.map(|piece| piece.len())
}

#[test]
fn the_deadline_of_a_shared_request_may_be_raised_while_it_is_waited_for() {
    assert!([60, 300, 1_500].into_iter().map(raised_in_time).any(|end| end == Ok(2)));
    let address = watching(|stream| drop(read_request(stream))).0;
    let late = Attempt { shared: Some(Arc::default()), ..attempt() };
    let error = transport().send(&request(address), &late).err().unwrap();
    assert_eq!(error.failure, Failure::TimedOut(Phase::Total));
}

#[test]
fn a_shared_request_that_has_limits_keeps_them_in_its_body_too() {
    let (shared, head) = (Arc::<Shared>::default(), "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n");
    shared.wanted(Clock::System.now_ns() + 60_000 * MS, u64::MAX);
    let address = watching(move |stream| {
        read_request(stream);
        stream.write_all(head.as_bytes()).unwrap();
    })
    .0;
    let attempt = Attempt { shared: Some(shared), silence_ns: 30 * MS, ..attempt() };
    let mut exchange = transport().send(&request(address), &attempt).unwrap();
    let deadline = Deadline { at_ns: attempt.end().at_ns, phase: Phase::Total };
    let error = exchange.body.piece(deadline, exchange.last_byte_at_ns).unwrap_err();
    assert_eq!(error.failure, Failure::TimedOut(Phase::Silence));
}
