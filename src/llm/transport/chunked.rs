//! The chunked body of an answer, read past ureq.
//!
//! ureq takes chunks apart byte by byte, which is most of what a stream of small
//! chunks costs. So once the head of a chunked answer has come, the connection's
//! [`Wire`] is taken from under ureq ([`Flight`] carries it), read here, and given
//! back at the body's end with an empty last chunk in its buffer: that is all that
//! ureq sees of the body, and the connection goes to its pool as ever. A body that
//! does not end properly keeps the wire, and closes it.

use std::io::{self, ErrorKind, Read};
use std::ops::Range;

use super::chunks::Chunks;
use super::flight::{self, Flight};
use super::ureq::{Reader, finish};
use super::wire::Wire;
use super::{Body, Deadline, Failure, TransportError};

/// What ureq takes for the whole body.
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// A body in chunks.
pub(super) struct ChunkedBody {
    /// ureq's end of the connection.
    reader: Box<Reader>,
    progress: Progress,
    state: State,
}

/// How far the chunks have been taken apart.
struct Progress {
    chunks: Chunks,
    /// Bytes of the input that the last piece was made of.
    used: usize,
    /// Bytes beside the data: sizes, extensions, trailers. What a byte of data may
    /// well cost is taken off.
    beside: usize,
}

/// A chunk of one byte costs five more, and its extension is seldom longer.
const COST_OF_A_BYTE: usize = 16;

/// ureq's end, and the exchange.
type Lender = (Box<Reader>, Box<Flight>);

enum State {
    Open(Box<Flight>, Wire),
    Ended,
    Failed(TransportError),
}

impl ChunkedBody {
    /// The body that this reader would read; both back if its connection has no
    /// wire to lend.
    pub fn new(mut reader: Box<Reader>, mut flight: Box<Flight>) -> Result<Self, Lender> {
        flight.takes_wire = true;
        let (_, mut flight) = flight::during(flight, || reader.read(&mut [0]));
        flight.takes_wire = false;
        match flight.wire.take() {
            Some(wire) => {
                let progress = Progress { chunks: Chunks::Size, used: 0, beside: 0 };
                Ok(ChunkedBody { reader, progress, state: State::Open(flight, wire) })
            }
            None => Err((reader, flight)),
        }
    }

    /// Gives the wire back to ureq: another call may use the connection, unless
    /// something has come after the body.
    fn end(&mut self) {
        let State::Open(mut flight, mut wire) = std::mem::replace(&mut self.state, State::Ended)
        else {
            return;
        };
        if wire.buffers.replace_input(self.progress.used, LAST_CHUNK) {
            flight.wire = Some(wire);
            flight = flight::during(flight, || self.reader.read(&mut [0])).1;
        }
        flight.attempt.interrupt.unwatch();
    }
}

impl Progress {
    /// Where the next piece lies in the input; empty at the proper end.
    fn next(&mut self, flight: &mut Flight, wire: &mut Wire) -> io::Result<Range<usize>> {
        loop {
            wire.buffers.consume(std::mem::take(&mut self.used));
            let piece = self.take(wire).map_err(|reason| {
                let message = format!("the answer of {} is damaged: {reason}", flight.host);
                flight.fail(Failure::Protocol, message)
            })?;
            if !piece.is_empty() || self.chunks == Chunks::Ended {
                return Ok(piece);
            }
            wire.buffers.consume(std::mem::take(&mut self.used));
            if wire.fill(flight)? == 0 {
                // Some servers leave out the line after the last chunk.
                let whole = self.chunks == Chunks::Trailer && !flight.unclean_end;
                return if whole { Ok(0..0) } else { Err(ErrorKind::UnexpectedEof.into()) };
            }
        }
    }

    /// Takes what has come.
    fn take(&mut self, wire: &mut Wire) -> Result<Range<usize>, &'static str> {
        let piece = self.chunks.take(wire.buffers.input_mut())?;
        self.used = piece.used;
        let data = piece.end - piece.start;
        self.beside = (self.beside + piece.used - data).saturating_sub(COST_OF_A_BYTE * data);
        match self.beside > wire.buffers.max_head() {
            true => Err("there is more beside its chunks than in them"),
            false => Ok(piece.start..piece.end),
        }
    }
}

impl Body for ChunkedBody {
    fn piece(&mut self, deadline: Deadline, quiet_since_ns: u64) -> Result<&[u8], TransportError> {
        let (flight, wire) = match &mut self.state {
            State::Open(flight, wire) => (flight, wire),
            State::Ended => return Ok(&[]),
            State::Failed(error) => return Err(error.clone()),
        };
        flight.reading(deadline, quiet_since_ns);
        let result = self.progress.next(flight, wire);
        // A socket that was shut down can look like the end of the body.
        match flight.check().and(result) {
            Ok(place) if place.is_empty() => {
                self.end();
                Ok(&[])
            }
            Ok(place) => match &self.state {
                State::Open(_, wire) => Ok(&wire.buffers.held_input()[place]),
                _ => Ok(&[]),
            },
            Err(error) => {
                let error = finish(flight, error.into());
                self.state = State::Failed(error.clone());
                Err(error)
            }
        }
    }
}

/// A body that is not read to its end takes its connection with it.
impl Drop for ChunkedBody {
    fn drop(&mut self) {
        if let State::Open(flight, _) = &self.state {
            flight.attempt.interrupt.unwatch();
        }
    }
}
