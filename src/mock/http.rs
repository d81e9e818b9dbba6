//! Reading requests, and the heads of answers.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::TcpStream;

/// The largest request that is taken, in bytes.
const REQUEST_MAX: usize = 256 << 20;

/// A request, whole.
#[derive(Debug, Default)]
pub(super) struct Request {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// Whether the client wants the connection closed afterwards.
    pub fn closes(&self) -> bool {
        self.header("connection").is_some_and(|v| v.eq_ignore_ascii_case("close"))
    }

    /// The key that it carries, in whichever vendor's header.
    pub fn key(&self) -> Option<&str> {
        let bearer = self.header("authorization").map(|v| v.strip_prefix("Bearer ").unwrap_or(v));
        bearer.or_else(|| self.header("x-api-key")).or_else(|| self.header("x-goog-api-key"))
    }
}

/// Reads the next request; `None` if the peer closed the connection instead.
/// What was read beyond it stays in `buffer`.
pub(super) fn read_request(
    mut stream: &TcpStream,
    buffer: &mut Vec<u8>,
) -> io::Result<Option<Request>> {
    let mut continued = false;
    loop {
        if let Some((mut request, head, length)) = parse(buffer)? {
            if buffer.len() >= head + length {
                request.body = buffer[head..head + length].to_vec();
                buffer.drain(..head + length);
                return Ok(Some(request));
            }
            if !continued && request.header("expect").is_some() {
                stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            }
            continued = true;
        }
        let mut chunk = [0; 16_384];
        match stream.read(&mut chunk) {
            Ok(0) => return Ok(None),
            Ok(n) => buffer.extend_from_slice(&chunk[..n]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The head of a request, its size, and the size of the body after it.
fn parse(buffer: &[u8]) -> io::Result<Option<(Request, usize, usize)>> {
    let mut fields = [httparse::EMPTY_HEADER; 96];
    let mut parsed = httparse::Request::new(&mut fields);
    let head = match parsed.parse(buffer).map_err(io::Error::other)? {
        httparse::Status::Complete(head) => head,
        httparse::Status::Partial => return Ok(None),
    };
    let own = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let request = Request {
        method: parsed.method.unwrap_or_default().into(),
        path: parsed.path.unwrap_or_default().into(),
        headers: parsed.headers.iter().map(|h| (h.name.to_string(), own(h.value))).collect(),
        body: Vec::new(),
    };
    let length = match request.header("content-length") {
        Some(text) => text.trim().parse().map_err(io::Error::other)?,
        None if request.header("transfer-encoding").is_some() => {
            return Err(io::Error::other("chunked requests are not understood"));
        }
        None => 0,
    };
    if length > REQUEST_MAX {
        return Err(io::Error::other("the request is too large"));
    }
    Ok(Some((request, head, length)))
}

/// How the end of a body is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    Length(u64),
    Chunked,
}

/// The head of an answer.
pub(super) fn head(status: u16, headers: &[(String, String)], framing: Framing) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} {}\r\n", reason(status));
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    let _ = match framing {
        Framing::Length(length) => write!(head, "content-length: {length}\r\n\r\n"),
        Framing::Chunked => write!(head, "transfer-encoding: chunked\r\n\r\n"),
    };
    head.into_bytes()
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        307 => "Temporary Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        408 => "Request Timeout",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        529 => "Overloaded",
        _ => "Status",
    }
}

/// `Name: value`, as options write headers.
pub(super) fn split_header(line: &str) -> (String, String) {
    let (name, value) = line.split_once(':').unwrap_or((line, ""));
    (name.trim().to_string(), value.trim().to_string())
}
