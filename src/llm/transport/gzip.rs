//! Bodies that come as gzip, though no call asks for it.
//!
//! Several packed members one after the other are one body, and an empty body needs
//! none. What follows the last and begins no other is left unread, as it is by browsers
//! and by Python's clients.

use std::io::{self, BufRead, ErrorKind, Read};

use flate2::bufread::GzDecoder;

use super::flight::cut_by;
use super::{Body, Deadline, Failure, TransportError};
use crate::clock::Clock;

/// The largest piece.
const PIECE: usize = 8 << 10;
/// With this every member begins.
const MAGIC: u8 = 0x1f;

/// A body that is unpacked as it is read.
pub(super) struct GzipBody {
    state: State,
    /// Whether a member has begun.
    begun: bool,
    buffer: Vec<u8>,
    origin: Origin,
}

/// What an error is to say of where a body comes from.
pub(super) struct Origin {
    /// For messages.
    pub host: String,
    /// It comes over a kept connection.
    pub reused: bool,
    /// Nothing but the end of the connection is the body's end.
    pub ends_by_close: bool,
}

enum State {
    /// Before a member, or the end.
    Between(Packed),
    Within(Box<GzDecoder<Packed>>),
    Ended,
    Failed(TransportError),
}

/// The packed body, until when it is awaited, and why it failed.
struct Packed {
    body: Box<dyn Body>,
    held: Vec<u8>,
    used: usize,
    deadline: Deadline,
    quiet_since_ns: u64,
    clock: Clock,
    failure: Option<TransportError>,
}

impl GzipBody {
    /// What a body unpacks to.
    pub fn new(body: Box<dyn Body>, origin: Origin, clock: Clock) -> GzipBody {
        let (held, used, failure) = (Vec::new(), 0, None);
        let (deadline, quiet_since_ns) = (Deadline::NEVER, 0);
        let packed = Packed { body, held, used, deadline, quiet_since_ns, clock, failure };
        let state = State::Between(packed);
        GzipBody { state, begun: false, buffer: vec![0; PIECE], origin }
    }

    /// Unpacks some; 0 at the end.
    fn unpack(&mut self) -> Result<usize, TransportError> {
        loop {
            match std::mem::replace(&mut self.state, State::Ended) {
                State::Between(packed) => self.state = self.next_member(packed)?,
                State::Within(mut decoder) => match decoder.read(&mut self.buffer) {
                    Ok(0) => self.state = State::Between(decoder.into_inner()),
                    Ok(count) => {
                        self.state = State::Within(decoder);
                        return Ok(count);
                    }
                    Err(error) => return Err(self.fail(decoder.into_inner(), error)),
                },
                State::Ended => return Ok(0),
                State::Failed(error) => {
                    self.state = State::Failed(error.clone());
                    return Err(error);
                }
            }
        }
    }

    fn next_member(&mut self, mut packed: Packed) -> Result<State, TransportError> {
        match packed.fill_buf().map(|bytes| bytes.first().copied()) {
            Ok(Some(MAGIC)) => {
                self.begun = true;
                Ok(State::Within(Box::new(GzDecoder::new(packed))))
            }
            Ok(Some(_)) if !self.begun => {
                Err(self.fail(packed, io::Error::other("it is not packed as its head says")))
            }
            Ok(_) => Ok(State::Ended),
            Err(error) => Err(self.fail(packed, error)),
        }
    }

    /// The packed body's own failure, or else what is wrong with it.
    fn fail(&mut self, packed: Packed, error: io::Error) -> TransportError {
        let failure = packed.failure.unwrap_or_else(|| {
            let Origin { host, reused, ends_by_close } = &self.origin;
            let has_no_end = error.kind() == ErrorKind::UnexpectedEof;
            let (failure, message) = match (has_no_end, ends_by_close) {
                (true, true) => (Failure::Cut, cut_by(host)),
                // A whole body with half a gzip in it is no connection that was cut.
                (true, false) => (Failure::Protocol, damaged(host, "its gzip has no end")),
                (false, _) => (Failure::Protocol, damaged(host, &error.to_string())),
            };
            TransportError { failure, message, written: true, reused: *reused, answered: true }
        });
        self.state = State::Failed(failure.clone());
        failure
    }
}

fn damaged(host: &str, reason: &str) -> String {
    format!("the answer of {host} is damaged: {reason}")
}

impl Body for GzipBody {
    fn piece(&mut self, deadline: Deadline, quiet_since_ns: u64) -> Result<&[u8], TransportError> {
        let packed = match &mut self.state {
            State::Between(packed) => Some(packed),
            State::Within(decoder) => Some(decoder.get_mut()),
            _ => None,
        };
        if let Some(packed) = packed {
            (packed.deadline, packed.quiet_since_ns) = (deadline, quiet_since_ns);
        }
        let count = self.unpack()?;
        Ok(&self.buffer[..count])
    }
}

impl BufRead for Packed {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.used == self.held.len() {
            self.used = 0;
            self.held.clear();
            match self.body.piece(self.deadline, self.quiet_since_ns) {
                Ok(piece) => self.held.extend_from_slice(piece),
                Err(failure) => {
                    self.failure = Some(failure);
                    return Err(ErrorKind::Other.into());
                }
            }
            // It has just brought something, which need not be enough.
            self.quiet_since_ns = self.clock.now_ns();
        }
        Ok(&self.held[self.used..])
    }

    fn consume(&mut self, amount: usize) {
        self.used += amount;
    }
}

impl Read for Packed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// A body in pieces of a size, and whether it breaks off instead of ending.
    struct Pieces {
        all: Vec<u8>,
        at: usize,
        size: usize,
        cut: bool,
    }

    fn cut() -> TransportError {
        let (failure, message) = (Failure::Cut, "cut".to_string());
        TransportError { failure, message, written: true, reused: false, answered: true }
    }

    impl Body for Pieces {
        fn piece(&mut self, _: Deadline, _: u64) -> Result<&[u8], TransportError> {
            let (start, end) = (self.at, self.all.len().min(self.at + self.size));
            self.at = end;
            if start == end && self.cut { Err(cut()) } else { Ok(&self.all[start..end]) }
        }
    }

    /// What a body unpacks to, whatever the size of its pieces.
    #[track_caller]
    fn unpacked(all: &[u8], cut: bool) -> Result<Vec<u8>, TransportError> {
        unpacked_of(all, cut, false)
    }

    #[track_caller]
    fn unpacked_of(all: &[u8], cut: bool, by_close: bool) -> Result<Vec<u8>, TransportError> {
        let read = |size: usize| {
            let body = Box::new(Pieces { all: all.to_vec(), at: 0, size, cut });
            let origin = Origin { host: "host".into(), reused: false, ends_by_close: by_close };
            let mut body = GzipBody::new(body, origin, Clock::System);
            let mut text = Vec::new();
            loop {
                match body.piece(Deadline::NEVER, 0).map(<[u8]>::to_vec) {
                    Ok(piece) if piece.is_empty() => {
                        assert_eq!(body.piece(Deadline::NEVER, 0), Ok(&[][..]));
                        return Ok(text);
                    }
                    Ok(piece) => text.extend(piece),
                    Err(error) => {
                        assert_eq!(body.piece(Deadline::NEVER, 0), Err(error.clone()));
                        return Err(error);
                    }
                }
            }
        };
        let whole = read(usize::MAX >> 1);
        for size in [1, 2, 7, 4096] {
            assert_eq!(read(size), whole, "{size}");
        }
        whole
    }

    #[test]
    fn a_packed_body_comes_out_whole_or_not_at_all() {
        let text = "mynah ".repeat(10_000).into_bytes();
        let body = packed(&text);
        assert_eq!(unpacked(&body, false), Ok(text));
        for len in [1, 5, body.len() / 2, body.len() - 1] {
            let error = unpacked(&body[..len], false).unwrap_err();
            assert_eq!(error.failure, Failure::Protocol);
            assert_eq!(error.message, "the answer of host is damaged: its gzip has no end");
            assert_eq!(unpacked(&body[..len], true), Err(cut()));
            let error = unpacked_of(&body[..len], false, true).unwrap_err();
            assert_eq!(error.failure, Failure::Cut, "its end is where the connection closes");
        }
    }

    #[test]
    fn members_are_one_body_which_may_be_empty_and_what_follows_is_left() {
        let two = [packed(b"a"), packed(b""), packed(b"bc")].concat();
        assert_eq!(unpacked(&two, false), Ok(b"abc".to_vec()));
        assert_eq!(unpacked(b"", false), Ok(vec![]));
        assert_eq!(unpacked(&[two.clone(), vec![0; 99]].concat(), false), Ok(b"abc".to_vec()));
        assert_eq!(unpacked(&[two, b"garbage".to_vec()].concat(), true), Ok(b"abc".to_vec()));
    }

    #[test]
    fn what_is_not_packed_or_wrongly_so_is_refused() {
        let mut wrong = packed(b"abc");
        let end = wrong.len();
        wrong[end - 6] ^= 1;
        for (body, reason) in
            [(&b"{}"[..], "not packed"), (&wrong, "checksum"), (b"\x1fno gzip at all", "header")]
        {
            let error = unpacked(body, false).unwrap_err();
            assert!(error.message.contains(reason), "{error:?}");
        }
    }
}
