//! A connected socket, with any number of TLS sessions upon it.
//!
//! One session is the provider's; there are two where the proxy is reached by
//! TLS too.

use std::io::{self, Read, Write};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use super::Failure;
use super::flight::Flight;
use super::socket::Socket;
use super::tls::explain;

/// A way for bytes.
pub(super) enum Link {
    Tcp(Arc<Socket>),
    Tls(Box<Session>),
}

/// A TLS session, and what lies under it.
pub(super) struct Session {
    tls: ClientConnection,
    below: Link,
}

impl Link {
    /// The socket at the bottom.
    pub fn socket(&self) -> &Arc<Socket> {
        match self {
            Link::Tcp(socket) => socket,
            Link::Tls(session) => session.below.socket(),
        }
    }

    /// Reads what has come, waiting for it if need be; 0 at the end.
    pub fn read(
        &mut self,
        flight: &mut Flight,
        buffer: &mut [u8],
        eager: bool,
    ) -> io::Result<usize> {
        match self {
            Link::Tcp(socket) => socket.read(flight, buffer, eager),
            Link::Tls(session) => session.read(flight, buffer),
        }
    }

    /// Writes all of it, or as much as the other side takes: if it has stopped, the
    /// reason may be there to be read.
    pub fn write_all(&mut self, flight: &mut Flight, bytes: &[u8]) -> io::Result<()> {
        match self {
            Link::Tcp(socket) => socket.write_all(flight, bytes, true),
            Link::Tls(session) => session.write_all(flight, bytes),
        }
    }

    /// The same, for a session upon it: what comes meanwhile may be TLS's own.
    fn write_below(&mut self, flight: &mut Flight, bytes: &[u8]) -> io::Result<()> {
        match self {
            Link::Tcp(socket) => socket.write_all(flight, bytes, false),
            Link::Tls(session) => session.write_all(flight, bytes),
        }
    }

    /// Puts a TLS session upon it, for this host.
    pub fn secure(
        self,
        config: Arc<ClientConfig>,
        host: &str,
        flight: &mut Flight,
    ) -> io::Result<Link> {
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_string());
        let tls = name
            .map_err(|e| e.to_string())
            .and_then(|name| ClientConnection::new(config, name).map_err(|e| e.to_string()))
            .map_err(|e| flight.fail(Failure::Tls, format!("no TLS with {host}: {e}")))?;
        let mut session = Box::new(Session { tls, below: self });
        match session.shake_hands(flight) {
            Ok(()) => Ok(Link::Tls(session)),
            Err(error) => {
                match flight.retract(&Failure::Reset) {
                    Some(reason) => Err(flight
                        .fail(Failure::Handshake, format!("during the TLS handshake {reason}"))),
                    None => Err(error),
                }
            }
        }
    }
}

impl Session {
    fn shake_hands(&mut self, flight: &mut Flight) -> io::Result<()> {
        while self.tls.is_handshaking() {
            self.flush(flight)?;
            if self.tls.is_handshaking() && self.fill(flight)? == 0 {
                let message = format!("{} closed the connection", flight.peer());
                return Err(flight.fail(Failure::Reset, message));
            }
        }
        self.flush(flight)
    }

    fn read(&mut self, flight: &mut Flight, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.tls.reader().read(buffer) {
                Ok(n) => return Ok(n),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => {
                    flight.unclean_end = true;
                    return Ok(0);
                }
            }
            self.fill(flight)?;
            self.flush(flight)?;
        }
    }

    fn write_all(&mut self, flight: &mut Flight, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let taken = self.tls.writer().write(bytes)?;
            bytes = &bytes[taken..];
            self.flush(flight)?;
        }
        Ok(())
    }

    /// Reads from below and decrypts.
    fn fill(&mut self, flight: &mut Flight) -> io::Result<usize> {
        let count = self.tls.read_tls(&mut Below { link: &mut self.below, flight })?;
        if let Err(error) = self.tls.process_new_packets() {
            // The other side is told why, if it still listens.
            let _ = self.tls.write_tls(&mut Below { link: &mut self.below, flight });
            flight.retract(&Failure::Reset);
            let message = explain(&error, flight.peer());
            return Err(flight.fail(Failure::Tls, message));
        }
        Ok(count)
    }

    fn flush(&mut self, flight: &mut Flight) -> io::Result<()> {
        while self.tls.wants_write() {
            self.tls.write_tls(&mut Below { link: &mut self.below, flight })?;
        }
        Ok(())
    }
}

/// The link under a session, as rustls reads and writes it.
struct Below<'a> {
    link: &'a mut Link,
    flight: &'a mut Flight,
}

impl Read for Below<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.link.read(self.flight, buffer, false)
    }
}

impl Write for Below<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.link.write_below(self.flight, bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
