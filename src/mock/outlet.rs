//! Writing an answer to a socket, at the pace and with the faults asked for.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::http::Framing;
use super::options::Cuts;

/// Why an answer was not written to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The client closed the connection, or it broke, or the mock stops.
    Gone,
    /// A fault that was asked for: the connection is closed.
    Fault,
}

/// What befalls the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Reset,
    Stall,
    Cut,
}

/// The way to one client, for one answer.
pub(super) struct Outlet<'a> {
    stream: &'a TcpStream,
    /// The fault, and the number of bytes before it.
    fault: Option<(Fault, u64)>,
    cuts: Option<&'a Cuts>,
    drip: Option<Duration>,
    /// Bytes of the body so far.
    body: u64,
    /// Bytes of the answer so far.
    pub sent: u64,
    /// Whether the fault has been met.
    pub faulty: bool,
}

impl<'a> Outlet<'a> {
    /// A way without faults.
    pub fn new(stream: &'a TcpStream) -> Self {
        Outlet { stream, fault: None, cuts: None, drip: None, body: 0, sent: 0, faulty: false }
    }

    /// After `bytes`, this happens.
    pub fn fault(&mut self, fault: Fault, bytes: u64) {
        self.fault = Some((fault, bytes));
    }

    /// Ends writes of the body here.
    pub fn cuts(&mut self, cuts: Option<&'a Cuts>) {
        self.cuts = cuts;
    }

    /// Sends one byte at a time, with a pause after each.
    pub fn drip(&mut self, pause: Duration) {
        self.drip = Some(pause);
    }

    /// Sends bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) -> Result<(), End> {
        let Some(pause) = self.drip else { return self.whole(bytes) };
        bytes.iter().try_for_each(|byte| {
            self.whole(std::slice::from_ref(byte))?;
            self.pause(pause)
        })
    }

    /// Sends bytes of a body.
    pub fn body(&mut self, mut bytes: &[u8], framing: Framing) -> Result<(), End> {
        while !bytes.is_empty() {
            let room = self.cuts.map_or(u64::MAX, |cuts| cuts.next(self.body));
            let (piece, rest) = bytes.split_at(bytes.len().min(room as usize));
            match framing {
                Framing::Length(_) => self.raw(piece)?,
                Framing::Chunked => {
                    let mut chunk = format!("{:x}\r\n", piece.len()).into_bytes();
                    chunk.extend_from_slice(piece);
                    chunk.extend_from_slice(b"\r\n");
                    self.raw(&chunk)?;
                }
            }
            self.body += piece.len() as u64;
            bytes = rest;
        }
        Ok(())
    }

    /// Waits; over at once when the client goes or the mock stops.
    pub fn pause(&self, time: Duration) -> Result<(), End> {
        match time.is_zero() || !gone_within(self.stream, Some(time)) {
            true => Ok(()),
            false => Err(End::Gone),
        }
    }

    /// Waits until the client goes or the mock stops.
    pub fn stall(&self) -> End {
        gone_within(self.stream, None);
        End::Gone
    }

    fn whole(&mut self, bytes: &[u8]) -> Result<(), End> {
        let Some((fault, after)) = self.fault else { return self.write(bytes) };
        let room = after.saturating_sub(self.sent);
        if (bytes.len() as u64) < room {
            return self.write(bytes);
        }
        self.write(&bytes[..room as usize])?;
        self.faulty = true;
        match fault {
            Fault::Stall => return Err(self.stall()),
            Fault::Reset => reset(self.stream),
            Fault::Cut => {}
        }
        Err(End::Fault)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), End> {
        let mut stream = self.stream;
        stream.write_all(bytes).map_err(|_| End::Gone)?;
        self.sent += bytes.len() as u64;
        Ok(())
    }
}

/// Makes the coming close a reset.
fn reset(stream: &TcpStream) {
    let _ = rustix::net::sockopt::set_socket_linger(stream, Some(Duration::ZERO));
}

/// What the other side's close looks like to `poll`.
#[cfg(any(target_os = "linux", target_os = "android"))]
const CLOSED: PollFlags = PollFlags::RDHUP;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const CLOSED: PollFlags = PollFlags::IN;

/// Waits for the connection to go; true if it went within the time.
fn gone_within(stream: &TcpStream, time: Option<Duration>) -> bool {
    let end = time.map(|time| Instant::now() + time);
    loop {
        let left = end.map(|end| end.saturating_duration_since(Instant::now()));
        let timeout = left.and_then(|left| Timespec::try_from(left).ok());
        let mut fds = [PollFd::new(stream, CLOSED)];
        match poll(&mut fds, timeout.as_ref()) {
            Ok(0) if left.is_some_and(|left| left.is_zero()) => return false,
            Ok(0) => {}
            Ok(_) => return true,
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return true,
        }
    }
}
