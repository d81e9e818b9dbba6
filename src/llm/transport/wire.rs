//! A link and its buffers: all of a connection but what ureq wants to see.

use std::io;

use ureq::unversioned::transport::Buffers;

use super::Failure;
use super::buffers::IoBuffers;
use super::flight::Flight;
use super::link::Link;
use super::opening::{interim, is_http2, unfold};
use super::proxy::Forward;
use super::socket::Pace;

/// What a connection consists of.
pub(super) struct Wire {
    pub link: Link,
    pub buffers: IoBuffers,
    /// Who hands its requests on.
    forward: Option<Forward>,
    /// The last read filled the buffer: there is probably more.
    eager: bool,
}

impl Wire {
    /// A link on which nothing has come.
    pub fn new(link: Link, buffers: IoBuffers, forward: Option<Forward>) -> Self {
        Wire { link, buffers, forward, eager: false }
    }

    /// Sends what ureq has written.
    pub fn send_held(&mut self, flight: &mut Flight) -> io::Result<()> {
        let (output, held) = self.buffers.lend_output();
        let mut result = Ok(());
        if held > 0 {
            let forward = self.forward.as_ref().filter(|_| !flight.is_sending());
            let forwarded = forward.map(|forward| forward.rewrite(&output[..held]));
            let bytes = forwarded.as_deref().unwrap_or(&output[..held]);
            flight.sending();
            result = self.link.write_heeding(flight, bytes, &mut self.buffers);
        }
        self.buffers.sent(output);
        result
    }

    /// Waits for some of the answer, which is none that is interim: whether it has come.
    pub fn await_answer(&mut self, flight: &mut Flight) -> io::Result<bool> {
        if !flight.is_sent {
            self.end_request(flight)?;
            if self.has_answer(flight)? {
                flight.arrived();
                return Ok(true);
            }
        }
        loop {
            if self.fill(flight)? == 0 {
                return Ok(false);
            }
            if flight.is_in_body() || self.has_answer(flight)? {
                return Ok(true);
            }
        }
    }

    /// Whether something has come that is no interim head. Those are dropped, and
    /// bounded all together as one head is.
    fn has_answer(&mut self, flight: &mut Flight) -> io::Result<bool> {
        let used = interim(self.buffers.held_input());
        self.buffers.consume(used);
        flight.interim += used;
        if flight.interim > self.buffers.max_head() {
            return Err(flight.head_too_large(self.buffers.max_head()));
        }
        unfold(self.buffers.input_mut());
        if is_http2(self.buffers.held_input()) {
            let message = format!("{} speaks HTTP/2 only, not HTTP/1.1", flight.host);
            return Err(flight.fail(Failure::Protocol, message));
        }
        Ok(!self.buffers.held_input().is_empty())
    }

    /// Sends what is left of the request: what follows is the answer.
    fn end_request(&mut self, flight: &mut Flight) -> io::Result<()> {
        self.send_held(flight)?;
        self.buffers.drop_output();
        flight.sent();
        Ok(())
    }

    /// Reads what has come, waiting for it if need be: how much, 0 at the end.
    pub fn fill(&mut self, flight: &mut Flight) -> io::Result<usize> {
        self.buffers.suit(self.eager);
        let space = self.buffers.input_append_buf();
        let room = space.len();
        if room == 0 {
            let message = format!("{} sends a chunk or trailer without end", flight.host);
            return Err(flight.fail(Failure::Protocol, message));
        }
        let pace = if self.eager { Pace::Eager } else { Pace::Waits };
        let count = self.link.read(flight, space, pace)?;
        self.eager = count == room;
        if count > 0 {
            self.buffers.input_appended(count);
            flight.arrived();
        }
        Ok(count)
    }

    /// The connection goes idle.
    pub fn release(&mut self) {
        self.buffers.release();
        self.eager = false;
    }
}
