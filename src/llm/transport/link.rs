//! A connected socket, with any number of TLS sessions upon it.
//!
//! One session is the provider's; there are two where the proxy is reached by
//! TLS too.

use std::io;
use std::sync::Arc;

use rustls::ClientConfig;
use ureq::unversioned::transport::Buffers;

use super::Failure;
use super::buffers::IoBuffers;
use super::flight::Flight;
use super::opening::{Opening, interim, opening};
use super::session::Session;
use super::socket::{Pace, Socket};

/// A way for bytes.
pub(super) enum Link {
    Tcp(Arc<Socket>),
    Tls(Box<Session>),
}

impl Link {
    /// The socket at the bottom.
    pub fn socket(&self) -> &Arc<Socket> {
        match self {
            Link::Tcp(socket) => socket,
            Link::Tls(session) => session.below().socket(),
        }
    }

    /// Reads what has come, waiting for it if need be; 0 at the end.
    pub fn read(
        &mut self,
        flight: &mut Flight,
        buffer: &mut [u8],
        pace: Pace,
    ) -> io::Result<usize> {
        match self {
            Link::Tcp(socket) => socket.read(flight, buffer, pace),
            Link::Tls(session) => session.read(flight, buffer, pace),
        }
    }

    /// Writes all of it, or as much as the other side takes: if it has stopped, the
    /// reason may be there to be read.
    pub fn write_all(&mut self, flight: &mut Flight, bytes: &[u8]) -> io::Result<()> {
        self.write(flight, bytes, None)
    }

    /// Writes the request, and whenever it has to wait takes note of what is said
    /// meanwhile: who has refused, and takes no more of it, is written to no further.
    pub fn write_heeding(
        &mut self,
        flight: &mut Flight,
        bytes: &[u8],
        heard: &mut IoBuffers,
    ) -> io::Result<()> {
        self.write(flight, bytes, Some(heard))
    }

    fn write(
        &mut self,
        flight: &mut Flight,
        mut bytes: &[u8],
        mut heard: Option<&mut IoBuffers>,
    ) -> io::Result<()> {
        flight.check()?;
        while !flight.broke {
            let taken = self.offer(flight, bytes)?;
            bytes = &bytes[taken..];
            let is_behind = self.is_behind();
            if bytes.is_empty() && !is_behind {
                break;
            }
            if taken > 0 && !is_behind {
                continue;
            }
            match heard.as_deref_mut().filter(|_| flight.heeds) {
                None => self.socket().wait_for_room(flight, false).map(drop)?,
                Some(heard) => {
                    if self.has_input() || !self.socket().wait_for_room(flight, true)? {
                        self.hear(flight, heard)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Gives on as much as goes without a wait: how many of the bytes were taken.
    pub fn offer(&mut self, flight: &mut Flight, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Link::Tcp(socket) => socket.offer(flight, bytes),
            Link::Tls(session) => session.offer(flight, bytes),
        }
    }

    /// Whether some of what was taken has yet to be given on.
    pub fn is_behind(&self) -> bool {
        match self {
            Link::Tcp(_) => false,
            Link::Tls(session) => session.is_behind(),
        }
    }

    /// Whether the other side has neither closed nor said anything.
    pub fn is_quiet(&self) -> bool {
        !self.has_input() && self.socket().is_quiet()
    }

    /// Whether something has come that the socket no longer has.
    pub fn has_input(&self) -> bool {
        match self {
            Link::Tcp(_) => false,
            Link::Tls(session) => session.has_input(),
        }
    }

    /// Takes what has come of the answer before the request is out. Who has agreed, or
    /// has said that the answer will come, may go on reading; whoever has refused, or
    /// has closed, has not much use for the rest.
    fn hear(&mut self, flight: &mut Flight, heard: &mut IoBuffers) -> io::Result<()> {
        let space = heard.input_append_buf();
        if space.is_empty() {
            flight.heeds = false;
            return Ok(());
        }
        match self.read(flight, space, Pace::AtOnce) {
            Ok(0) => flight.broke = true,
            Ok(count) => {
                heard.input_appended(count);
                let answer = &heard.held_input()[interim(heard.held_input())..];
                flight.broke = opening(answer) == Opening::Refuses;
                flight.heeds = opening(answer) != Opening::Agrees;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Puts a TLS session upon it, for this host.
    pub fn secure(
        self,
        config: Arc<ClientConfig>,
        host: &str,
        flight: &mut Flight,
    ) -> io::Result<Link> {
        let mut link = Link::Tls(Box::new(Session::new(self, config, host, flight)?));
        match link.shake_hands(flight) {
            Ok(()) => Ok(link),
            Err(error) => {
                match flight.retract(&Failure::Reset) {
                    Some(reason) => Err(flight
                        .fail(Failure::Handshake, format!("during the TLS handshake {reason}"))),
                    None => Err(error),
                }
            }
        }
    }

    fn shake_hands(&mut self, flight: &mut Flight) -> io::Result<()> {
        loop {
            self.write_all(flight, &[])?;
            let Link::Tls(session) = self else { return Ok(()) };
            if !session.is_handshaking() {
                return Ok(());
            }
            if session.fill(flight, Pace::Waits)? == 0 {
                let message = format!("{} closed the connection", flight.peer());
                return Err(flight.fail(Failure::Reset, message));
            }
        }
    }
}
