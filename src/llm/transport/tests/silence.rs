//! What counts as a sign of life: every byte on the socket, and nothing else.

use rustls::ServerConnection;

use super::secure::{Authority, secure};
use super::*;

const MS: u64 = 1_000_000;
const BODY: &str = "of some thirty bytes, and more";

/// An answer of which some comes at once, and the rest byte by byte.
struct Answer {
    at_once: Vec<u8>,
    slowly: Vec<u8>,
}

impl Answer {
    fn new(at_once: &str, slowly: impl Into<Vec<u8>>) -> Answer {
        Answer { at_once: at_once.into(), slowly: slowly.into() }
    }
}

/// How a server gives it.
type Give = Arc<dyn Fn(&Answer, TcpStream) + Send + Sync>;

/// Servers whose bytes make no piece of a body for long.
fn servers(authority: &Authority, give: &Give) -> Vec<(&'static str, HttpRequest)> {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1e;";
    let chunk = move || Answer::new(chunked, format!("{BODY}\r\n{BODY}\r\n0\r\n\r\n"));
    vec![
        ("a head", plain(give, || Answer::new("", ok(BODY)))),
        ("a chunk's extension", plain(give, chunk)),
        ("the name of a packed file", plain(give, packed)),
        ("a record of TLS", sealed(authority, give)),
    ]
}

fn plain(give: &Give, answer: impl Fn() -> Answer + Send + Sync + 'static) -> HttpRequest {
    let give = give.clone();
    request(serve(move |mut stream, _| {
        read_request(&mut stream);
        give(&answer(), stream);
    }))
}

fn packed() -> Answer {
    let mut packed = flate2::GzBuilder::new().filename(BODY).write(Vec::new(), Default::default());
    packed.write_all(BODY.as_bytes()).unwrap();
    let body = packed.finish().unwrap();
    let fields = format!("content-encoding: gzip\r\ncontent-length: {}", body.len());
    Answer::new(&format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n"), body)
}

fn sealed(authority: &Authority, give: &Give) -> HttpRequest {
    let (config, give) = (authority.server("127.0.0.1", |_| ()), give.clone());
    secure(serve(move |mut stream, _| {
        let mut session = ServerConnection::new(config.clone()).unwrap();
        while session.reader().read(&mut [0; 4096]).is_err() {
            session.complete_io(&mut stream).unwrap();
        }
        let mut seal = |text: &str| {
            let mut record = Vec::new();
            session.writer().write_all(text.as_bytes()).unwrap();
            session.write_tls(&mut record).unwrap();
            record
        };
        let (head, body) = (ok(BODY).replace(BODY, ""), BODY);
        give(&Answer { at_once: seal(&head), slowly: seal(body) }, stream);
    }))
}

/// What comes of a request that allows this much silence.
fn ask(
    authority: &Authority,
    request: &HttpRequest,
    silence_ms: u64,
) -> Result<Vec<u8>, TransportError> {
    let attempt = Attempt { silence_ns: silence_ms * MS, ..attempt() };
    let mut exchange = authority.client().send(request, &attempt)?;
    read_all(&mut *exchange.body)
}

/// Pauses between bytes, from short to long: a busy machine adds to each, but
/// hardly as much as to a long one.
const PAUSES_MS: [u64; 3] = [3, 20, 100];

#[test]
fn every_byte_counts_as_life_whether_it_makes_a_piece_or_not() {
    let authority = Authority::new("dripping");
    let mut ends = Vec::new();
    for pause_ms in PAUSES_MS {
        let give: Give = Arc::new(move |answer, mut stream| {
            let _ = stream.write_all(&answer.at_once);
            let (drops, rest) = answer.slowly.split_at(25);
            for piece in drops.chunks(1).chain([rest]) {
                thread::sleep(Duration::from_millis(pause_ms));
                let _ = stream.write_all(piece);
            }
            let _ = stream.read(&mut [0]);
        });
        // Longer than a pause, and shorter than all of them.
        let end = |(name, request)| (name, ask(&authority, &request, 15 * pause_ms));
        ends = servers(&authority, &give).into_iter().map(end).collect();
        if ends.iter().all(|(_, end)| *end == Ok(BODY.into())) {
            return;
        }
    }
    panic!("{ends:?}");
}

#[test]
fn silence_is_over_when_its_time_has_passed_since_the_last_byte() {
    let (authority, (told, last)) = (Authority::new("silent"), channel());
    let give: Give = Arc::new(move |answer, mut stream| {
        let mut began = Instant::now();
        let _ = stream.write_all(&answer.at_once);
        for piece in answer.slowly[..5].chunks(1) {
            thread::sleep(Duration::from_millis(15));
            began = Instant::now();
            let _ = stream.write_all(piece);
        }
        told.send(began).unwrap();
        let _ = stream.read(&mut [0]);
    });
    for (name, request) in servers(&authority, &give) {
        promptly(Duration::from_millis(20), || {
            let error = ask(&authority, &request, 60).unwrap_err();
            let passed = last.recv_timeout(LONG).unwrap().elapsed();
            assert_eq!(error.failure, Failure::TimedOut(Phase::Silence), "{name}");
            // One that the machine has kept waiting in the midst of it.
            passed.checked_sub(Duration::from_millis(60)).unwrap_or(Duration::MAX)
        });
    }
}
