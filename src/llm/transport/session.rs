//! A TLS session, and the link that lies under it.
//!
//! Nothing here waits but a read that is told to: what cannot be sent yet is kept,
//! and sent with what follows. When the session breaks, what had come by then is
//! read first.

use std::io::{self, Read, Write};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use super::Failure;
use super::flight::Flight;
use super::link::Link;
use super::socket::Pace;
use super::tls::explain;

/// One end of a TLS session.
pub(super) struct Session {
    tls: ClientConnection,
    below: Link,
    /// What has broken it.
    broken: Option<rustls::Error>,
}

impl Session {
    /// A session that is yet to begin.
    pub fn new(
        below: Link,
        config: Arc<ClientConfig>,
        host: &str,
        flight: &mut Flight,
    ) -> io::Result<Session> {
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_string());
        let tls = name
            .map_err(|e| e.to_string())
            .and_then(|name| ClientConnection::new(config, name).map_err(|e| e.to_string()))
            .map_err(|e| flight.fail(Failure::Tls, format!("no TLS with {host}: {e}")))?;
        Ok(Session { tls, below, broken: None })
    }

    /// What it lies upon.
    pub fn below(&self) -> &Link {
        &self.below
    }

    /// Whether the two sides have not agreed yet.
    pub fn is_handshaking(&self) -> bool {
        self.tls.is_handshaking()
    }

    /// Whether some of what was taken has yet to be given on.
    pub fn is_behind(&self) -> bool {
        self.tls.wants_write() || self.below.is_behind()
    }

    /// Whether something has come that the socket no longer has, be it the end.
    pub fn has_input(&self) -> bool {
        !self.tls.wants_read() || self.broken.is_some() || self.below.has_input()
    }

    /// Reads what has come; 0 at the end.
    pub fn read(
        &mut self,
        flight: &mut Flight,
        buffer: &mut [u8],
        pace: Pace,
    ) -> io::Result<usize> {
        loop {
            match self.tls.reader().read(buffer) {
                Ok(n) => return Ok(n),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => {
                    flight.unclean_end = true;
                    return Ok(0);
                }
            }
            self.fill(flight, pace)?;
        }
    }

    /// Gives on as much as goes without a wait: how many of the bytes were taken.
    pub fn offer(&mut self, flight: &mut Flight, bytes: &[u8]) -> io::Result<usize> {
        self.check(flight)?;
        let taken = self.tls.writer().write(bytes)?;
        self.push(flight)?;
        Ok(taken)
    }

    /// Reads from below and decrypts; 0 at the end.
    pub fn fill(&mut self, flight: &mut Flight, pace: Pace) -> io::Result<usize> {
        self.check(flight)?;
        let pace = if pace == Pace::AtOnce { pace } else { Pace::Waits };
        let count = self.tls.read_tls(&mut Below { link: &mut self.below, flight, pace })?;
        self.broken = self.tls.process_new_packets().err();
        if self.broken.is_none() {
            self.push(flight)?;
        } else {
            // The other side is told why, if it still listens.
            let _ = self.push(flight);
            flight.retract(&Failure::Reset);
        }
        Ok(count)
    }

    /// An error once it is broken.
    fn check(&self, flight: &mut Flight) -> io::Result<()> {
        let Some(error) = &self.broken else { return Ok(()) };
        // That one is wanted a certificate of is learnt when the handshake is over.
        let is_first = !flight.reused && !flight.answered;
        let refuses = is_first && matches!(error, rustls::Error::AlertReceived(_));
        if self.is_handshaking() || refuses {
            return Err(flight.fail(Failure::Tls, explain(error, flight.peer())));
        }
        let message = format!("the TLS with {} broke: {error}", flight.peer());
        Err(flight.fail(Failure::Reset, message))
    }

    /// Gives on what goes without a wait.
    fn push(&mut self, flight: &mut Flight) -> io::Result<()> {
        while self.tls.wants_write() {
            let mut below = Below { link: &mut self.below, flight, pace: Pace::AtOnce };
            match self.tls.write_tls(&mut below) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                other => other?,
            };
        }
        self.below.offer(flight, &[]).map(drop)
    }
}

/// The link under a session, as rustls reads and writes it.
struct Below<'a> {
    link: &'a mut Link,
    flight: &'a mut Flight,
    pace: Pace,
}

impl Read for Below<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.link.read(self.flight, buffer, self.pace)
    }
}

impl Write for Below<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.link.offer(self.flight, bytes)? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            taken => Ok(taken),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
