//! A link and its buffers: all of a connection but what ureq wants to see.

use std::io;

use ureq::unversioned::transport::Buffers;

use super::Failure;
use super::buffers::IoBuffers;
use super::flight::Flight;
use super::link::Link;

/// What a connection consists of.
pub(super) struct Wire {
    pub link: Link,
    pub buffers: IoBuffers,
    /// The last read filled the buffer: there is probably more.
    eager: bool,
}

impl Wire {
    /// A link on which nothing has come.
    pub fn new(link: Link, buffers: IoBuffers) -> Self {
        Wire { link, buffers, eager: false }
    }

    /// Sends what ureq has written.
    pub fn send_held(&mut self, flight: &mut Flight) -> io::Result<()> {
        if !self.buffers.held().is_empty() {
            flight.sending();
            self.link.write_all(flight, self.buffers.held())?;
            self.buffers.sent();
        }
        Ok(())
    }

    /// Sends what is left of the request: what follows is the answer.
    pub fn end_request(&mut self, flight: &mut Flight) -> io::Result<()> {
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
        let count = self.link.read(flight, space, self.eager)?;
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
