//! The least that can be done: a socket, and the bytes that come on it.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::{Caller, PROMPT};

pub struct Socket {
    socket: TcpStream,
    buffer: Vec<u8>,
}

impl Socket {
    pub fn new(port: u16) -> Socket {
        let socket = TcpStream::connect(("127.0.0.1", port)).expect("the server listens");
        socket.set_nodelay(true).expect("a TCP socket");
        Socket { socket, buffer: vec![0; 16 << 10] }
    }
}

impl Caller for Socket {
    fn name(&self) -> &'static str {
        "bare socket"
    }

    /// Reads until the end of chunks, or of some 700 bytes with a length.
    fn call(&mut self, path: &str, seen: &mut dyn FnMut(&[u8])) {
        let body = super::curl::body(path);
        let request = format!(
            "POST /{path}/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer k\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.socket.write_all(request.as_bytes()).expect("the server reads");
        debug_assert!(request.contains(PROMPT));
        loop {
            let n = self.socket.read(&mut self.buffer).expect("the server answers");
            assert!(n > 0, "the server closed the connection");
            seen(&self.buffer[..n]);
            if path == "plain" || self.buffer[..n].ends_with(b"0\r\n\r\n") {
                return;
            }
        }
    }
}
