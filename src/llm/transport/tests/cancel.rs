//! Interrupting a call in each of its phases.

use rustls::{ServerConnection, StreamOwned};

use super::secure::{Authority, Stream, read_tls_request, secure, serve_tls};
use super::*;
use crate::llm::cancel::{Interrupt, Reason};

/// The most that may pass between the interrupt and the call's return.
const PROMPT: Duration = Duration::from_millis(10);

/// An address on which connecting neither succeeds nor fails: the listener's
/// queue is full. It stays so while what comes with it lives.
pub(super) fn full() -> (SocketAddr, impl Drop) {
    struct Full(#[allow(dead_code)] rustix::fd::OwnedFd, Vec<TcpStream>);
    impl Drop for Full {
        fn drop(&mut self) {
            self.1.clear();
        }
    }
    use rustix::net::{AddressFamily, SocketType, bind, getsockname, listen, socket};
    let fd = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&fd, &"127.0.0.1:0".parse::<SocketAddr>().unwrap()).unwrap();
    listen(&fd, 0).unwrap();
    let address = SocketAddr::try_from(getsockname(&fd).unwrap()).unwrap();
    let mut held = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(30)) {
        held.push(stream);
    }
    (address, Full(fd, held))
}

/// Trips the interrupt after a while; answers when it did.
fn trip_soon(interrupt: &Arc<Interrupt>) -> thread::JoinHandle<Instant> {
    let interrupt = interrupt.clone();
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(60));
        let at = Instant::now();
        interrupt.trip(Reason::Cancelled);
        at
    })
}

/// Sends a request that is interrupted while it waits. The call returns in
/// time, and where the server tells, it sees the connection close.
#[track_caller]
fn interrupted(request: &HttpRequest, gone: Option<&Receiver<Instant>>) {
    interrupted_over(&transport(), request, gone);
}

#[track_caller]
fn interrupted_over(
    transport: &UreqTransport,
    request: &HttpRequest,
    gone: Option<&Receiver<Instant>>,
) {
    promptly(PROMPT, || {
        let attempt = attempt();
        let tripped = trip_soon(&attempt.interrupt);
        let error = transport.send(request, &attempt).err().unwrap();
        let returned = Instant::now();
        assert_eq!(error.failure, Failure::Interrupted, "{error:?}");
        let closed = gone.map_or(returned, |gone| gone.recv_timeout(LONG).unwrap());
        returned.max(closed) - tripped.join().unwrap()
    });
}

#[test]
fn while_connecting() {
    let (address, _full) = full();
    interrupted(&request(address), None);
}

#[test]
fn while_agreeing_on_tls() {
    let (address, gone) = watching(|_| ());
    let mut request = request(address);
    request.url = request.url.replace("http:", "https:");
    interrupted(&request, Some(&gone));
}

#[test]
fn while_writing() {
    let (leave, stay) = channel::<()>();
    let stay = parking_lot::Mutex::new(stay);
    let address = serve(move |_stream, _| {
        let _ = stay.lock().recv();
    });
    let request = HttpRequest { body: vec![b' '; 50_000_000], ..request(address) };
    interrupted(&request, None);
    drop(leave);
}

/// A TLS server that agrees, and then does this.
pub(super) fn agreeing(
    authority: &Authority,
    then: fn(&mut Stream),
) -> (HttpRequest, Receiver<Instant>) {
    let config = authority.server("127.0.0.1", |_| ());
    let (address, gone) = watching(move |stream| {
        let mut session = ServerConnection::new(config.clone()).unwrap();
        while session.is_handshaking() {
            session.complete_io(stream).unwrap();
        }
        then(&mut StreamOwned::new(session, stream.try_clone().unwrap()));
    });
    (secure(address), gone)
}

#[test]
fn in_each_phase_over_tls() {
    let authority = Authority::new("cancelled");
    let (request, gone) = agreeing(&authority, |stream| assert!(read_tls_request(stream)));
    interrupted_over(&authority.client(), &request, Some(&gone));
    let (request, gone) = agreeing(&authority, |stream| {
        read_tls_request(stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\nx: ").unwrap();
    });
    interrupted_over(&authority.client(), &request, Some(&gone));
    let (leave, stay) = channel::<()>();
    let stay = parking_lot::Mutex::new(stay);
    let config = authority.server("127.0.0.1", |_| ());
    let address = serve_tls(config, move |stream| {
        let _ = stream.read(&mut [0]);
        let _ = stay.lock().recv();
    });
    let large = HttpRequest { body: vec![b' '; 50_000_000], ..secure(address) };
    interrupted_over(&authority.client(), &large, None);
    drop(leave);
}

#[test]
fn while_a_proxy_keeps_silent() {
    let (proxy, gone) = watching(|_| ());
    for scheme in ["http", "https", "socks5"] {
        let options = ClientOptions { proxy: Some(format!("{scheme}://{proxy}")), ..options() };
        let transport = UreqTransport::new(&options, Clock::System).unwrap();
        interrupted_over(&transport, &request(proxy), Some(&gone));
    }
}

#[test]
fn while_waiting_for_the_answer() {
    let (address, gone) = watching(|stream| drop(read_request(stream)));
    interrupted(&request(address), Some(&gone));
}

#[test]
fn in_the_middle_of_the_head() {
    let (address, gone) = watching(|stream| {
        read_request(stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\nx: ").unwrap();
    });
    interrupted(&request(address), Some(&gone));
}

#[test]
fn in_the_middle_of_the_body_and_never_taken_for_its_end() {
    for head in ["", "content-length: 100\r\n", "transfer-encoding: chunked\r\n"] {
        let (address, gone) = watching(move |stream| {
            read_request(stream);
            let head = format!("HTTP/1.1 200 OK\r\n{head}\r\n3\r\nabc\r\n");
            stream.write_all(head.as_bytes()).unwrap();
        });
        promptly(PROMPT, || {
            let attempt = attempt();
            let mut exchange = transport().send(&request(address), &attempt).unwrap();
            let tripped = trip_soon(&attempt.interrupt);
            let error = read_all(&mut *exchange.body).unwrap_err();
            let returned = Instant::now();
            assert_eq!(error.failure, Failure::Interrupted);
            returned.max(gone.recv_timeout(LONG).unwrap()) - tripped.join().unwrap()
        });
    }
}

#[test]
fn before_anything_is_sent() {
    let address = answers(ok("x"));
    let attempt = attempt();
    attempt.interrupt.trip(Reason::Cancelled);
    let error = transport().send(&request(address), &attempt).err().unwrap();
    assert_eq!(error.failure, Failure::Interrupted);
    assert!(!error.written);
}

#[test]
fn a_hundred_cancels_at_random_moments_return_in_time() {
    let mut random = fastrand::Rng::with_seed(1);
    let address = serve(|mut stream, _| {
        while read_request(&mut stream).ends_with("{}") {
            let piece = b"1\r\nx\r\n";
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
            if (0..200).any(|_| stream.write_all(piece).is_err()) {
                return;
            }
            let _ = stream.write_all(b"0\r\n\r\n");
        }
    });
    let (transport, mut times) = (transport(), Vec::new());
    for _ in 0..100 {
        let (attempt, pause) = (attempt(), Duration::from_micros(random.u64(0..2_000)));
        let interrupt = attempt.interrupt.clone();
        let tripper = thread::spawn(move || {
            thread::sleep(pause);
            let at = Instant::now();
            interrupt.trip(Reason::Cancelled);
            at
        });
        let result = transport.send(&request(address), &attempt);
        let outcome = result.and_then(|mut exchange| read_all(&mut *exchange.body));
        let returned = Instant::now();
        let tripped = tripper.join().unwrap();
        match outcome {
            Ok(body) => assert_eq!(body.len(), 200),
            Err(error) => assert_eq!(error.failure, Failure::Interrupted, "{error:?}"),
        }
        times.push(returned.saturating_duration_since(tripped));
    }
    times.sort();
    assert!(times[80] < PROMPT, "{times:?}");
}
