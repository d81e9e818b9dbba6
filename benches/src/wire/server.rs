//! A provider that does next to nothing, so that what is measured is not it.
//!
//! It answers from bytes made beforehand, and runs as a process of its own: its
//! CPU time and memory are not the caller's. The path's first part says how:
//!
//! - `plain`: an answer of some 700 bytes.
//! - `burst`: a stream, written as fast as it is taken.
//! - `calls`: the same, but that nearly all of it is what a call is given.
//! - `blocks`: the same, as one chunk of HTTP instead of one for each event.
//! - `paced`: a stream, an event each 200 us.
//! - `stamped`: a stream, an event each 500 us, whose text is the time of its
//!   writing.
//! - `open`: the beginning of a stream, and no end of it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use super::now_ns;

/// Events with text in a stream.
pub const EVENTS: usize = 1_000;

static PLAIN: OnceLock<Vec<u8>> = OnceLock::new();
static BURST: OnceLock<Vec<u8>> = OnceLock::new();
static BLOCKS: OnceLock<Vec<u8>> = OnceLock::new();
static CALLS: OnceLock<Vec<u8>> = OnceLock::new();

/// The server's process; ends with this.
pub struct Server {
    process: Child,
    pub port: u16,
}

impl Server {
    /// Starts this same program once more, to serve.
    pub fn start() -> Server {
        let program = std::env::current_exe().expect("this program has a path");
        let mut process = Command::new(program)
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("this program can be started again");
        let mut line = String::new();
        let output = process.stdout.take().expect("it is piped");
        BufReader::new(output).read_line(&mut line).expect("the server tells its port");
        Server { process, port: line.trim().parse().expect("a port") }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Serves until nobody holds the other end of its input any more.
pub fn serve() {
    std::thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    println!("{}", listener.local_addr().expect("an address").port());
    let small = || std::thread::Builder::new().stack_size(64 << 10);
    for socket in listener.incoming().flatten() {
        small().spawn(move || answer_all(socket)).expect("a thread");
    }
}

fn answer_all(mut socket: TcpStream) {
    let _ = socket.set_nodelay(true);
    let mut request = vec![0; 8 << 10];
    while let Some(path) = next_path(&mut socket, &mut request) {
        let written = match path.as_str() {
            "plain" => socket.write_all(PLAIN.get_or_init(plain)),
            "burst" => socket.write_all(BURST.get_or_init(|| stream(texts(), true))),
            "calls" => socket.write_all(CALLS.get_or_init(|| stream(arguments(), true))),
            "blocks" => socket.write_all(BLOCKS.get_or_init(|| stream(texts(), false))),
            "paced" => paced(&mut socket, Duration::from_micros(200), |n| event(&word(n))),
            "stamped" => {
                let stamp = |_| event(&format!("{:020}", now_ns()));
                paced(&mut socket, Duration::from_micros(500), stamp)
            }
            _ => {
                let begun = socket.write_all((head() + &chunk(&event("begun"))).as_bytes());
                let _ = socket.read(&mut request);
                begun
            }
        };
        if written.is_err() {
            return;
        }
    }
}

/// Reads one request; the first part of its path.
fn next_path(socket: &mut TcpStream, buffer: &mut [u8]) -> Option<String> {
    let mut have = 0;
    loop {
        let n = socket.read(&mut buffer[have..]).ok().filter(|n| *n > 0)?;
        have += n;
        let text = std::str::from_utf8(&buffer[..have]).ok()?;
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
        });
        if body.len() >= length.unwrap_or(0) {
            return Some(head.split(['/', ' ']).nth(2)?.to_string());
        }
    }
}

fn plain() -> Vec<u8> {
    let text = "It says what it has heard before, and a little that it has not. ".repeat(5);
    let body = format!(
        r#"{{"id":"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG","object":"chat.completion","created":1741570283,"model":"gpt-5.4-mini-2026-03-17","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}","refusal":null,"annotations":[]}},"logprobs":null,"finish_reason":"stop"}}],"usage":{{"prompt_tokens":19,"completion_tokens":80,"total_tokens":99,"prompt_tokens_details":{{"cached_tokens":0,"audio_tokens":0}},"completion_tokens_details":{{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}},"service_tier":"default","system_fingerprint":"fp_fc9f1d7035"}}"#
    );
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req_1\r\nopenai-processing-ms: 5\r\nx-ratelimit-limit-requests: 300000000\r\nx-ratelimit-remaining-requests: 299999999\r\nx-ratelimit-reset-requests: 1ms\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
}

fn head() -> String {
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-request-id: req_1\r\ntransfer-encoding: chunked\r\n\r\n".into()
}

fn chunk(data: &str) -> String {
    format!("{:x}\r\n{data}\r\n", data.len())
}

/// A word of the answer: now and then a line end or a quotation, as in prose.
fn word(n: usize) -> String {
    const WORDS: &[&str] = &[" the", " mynah", ",", " repeats", " what", " it", " has", " heard"];
    match n % 40 {
        39 => "\\n\\n".into(),
        20 => " \\\"so\\\"".into(),
        _ => WORDS[n % WORDS.len()].into(),
    }
}

/// An event with a piece of text, as OpenAI writes them today.
fn event(text: &str) -> String {
    let noise = &"xK7bQz2mWp9d"[..12 - text.len() % 12];
    format!(
        r#"data: {{"id":"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG","object":"chat.completion.chunk","created":1741570283,"model":"gpt-5.4-mini-2026-03-17","service_tier":"default","system_fingerprint":"fp_fc9f1d7035","choices":[{{"index":0,"delta":{{"content":"{text}"}},"logprobs":null,"finish_reason":null}}],"usage":null,"obfuscation":"{noise}"}}"#
    ) + "\n\n"
}

/// What follows the last piece of text.
fn last() -> [String; 3] {
    let finish = event("").replace(r#""finish_reason":null"#, r#""finish_reason":"stop""#);
    let usage = r#"data: {"id":"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG","object":"chat.completion.chunk","created":1741570283,"model":"gpt-5.4-mini-2026-03-17","choices":[],"usage":{"prompt_tokens":19,"completion_tokens":1000,"total_tokens":1019}}"#;
    [finish, format!("{usage}\n\n"), "data: [DONE]\n\n".into()]
}

fn texts() -> impl Iterator<Item = String> {
    (0..EVENTS).map(|n| event(&word(n)))
}

/// A text, and a call that is given a thousand pieces.
fn arguments() -> impl Iterator<Item = String> {
    let calls = |call: &str| {
        let delta = format!(r#""delta":{{"tool_calls":[{{"index":0,{call}}}]}}"#);
        event("").replace(r#""delta":{"content":""}"#, &delta)
    };
    let head = r#""id":"call_1","type":"function","function":{"name":"write","arguments":""}"#;
    let piece = move |text: &str| calls(&format!(r#""function":{{"arguments":"{text}"}}"#));
    // A text within JSON within JSON.
    let within = move |n| piece(&word(n).replace('\\', r"\\").replace('"', r#"\""#));
    let begun = [event("I write."), calls(head), piece(r#"{\"text\":\""#)];
    begun.into_iter().chain((0..EVENTS).map(within)).chain([piece(r#"\"}"#)])
}

fn stream(events: impl Iterator<Item = String>, chunk_each: bool) -> Vec<u8> {
    let events = events.chain(last());
    let body = match chunk_each {
        true => events.map(|event| chunk(&event)).collect(),
        false => chunk(&events.collect::<String>()),
    };
    (head() + &body + "0\r\n\r\n").into_bytes()
}

fn paced(
    socket: &mut TcpStream,
    pause: Duration,
    event: impl Fn(usize) -> String,
) -> std::io::Result<()> {
    socket.write_all(head().as_bytes())?;
    for n in 0..EVENTS {
        std::thread::sleep(pause);
        socket.write_all(chunk(&event(n)).as_bytes())?;
    }
    let end: String = last().iter().map(|event| chunk(event)).collect();
    socket.write_all((end + "0\r\n\r\n").as_bytes())
}
