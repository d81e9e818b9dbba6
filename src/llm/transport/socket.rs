//! TCP that can be broken off from another thread.
//!
//! A wait ends when the time that the call has left is over: reads wait in the
//! kernel where its own limit serves ([`Patience`]), everything else in a `poll`.
//! A call publishes its socket before it connects, and interrupting it shuts the
//! socket down, which ends either wait. Several addresses are tried a quarter of
//! a second apart, and the first connection wins, so that one dead route does not
//! use up the time of all.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use rustix::event::{PollFd, PollFlags};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, Shutdown, sockopt};

use super::Failure;
use super::flight::Flight;
use super::patience::Patience;
use super::system::{self, CONNECTING, RECV_AT_ONCE, RECV_WAITS, SEND_AT_ONCE, TOO_MANY};
use crate::forks::Process;
use crate::llm::cancel::Breakable;

/// Head start of an address over the next one.
const STAGGER: Duration = Duration::from_millis(250);

/// How a read goes about it when nothing has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// It waits.
    Waits,
    /// It waits too, but something has probably come: that is tried first.
    Eager,
    /// It is over, with `WouldBlock`.
    AtOnce,
}

/// A TCP socket.
#[derive(Debug)]
pub(super) struct Socket {
    fd: OwnedFd,
    patience: Patience,
    /// Whose connection it is.
    process: Process,
}

impl Breakable for Socket {
    fn break_off(&self) {
        // In a child that would end its parent's call.
        if self.process.is_this() {
            let _ = rustix::net::shutdown(&self.fd, Shutdown::Both);
        }
    }
}

impl Socket {
    /// Opens a socket that is not connected.
    fn open(address: &SocketAddr) -> Result<Socket, Errno> {
        let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let fd = system::open(family)?;
        sockopt::set_tcp_nodelay(&fd, true)?;
        Ok(Socket { fd, patience: Patience::default(), process: Process::this() })
    }

    /// Reads what has come; 0 at the end.
    pub fn read(&self, flight: &mut Flight, buffer: &mut [u8], pace: Pace) -> io::Result<usize> {
        let mut flags = match pace {
            Pace::Waits => self.before_read(flight, false)?,
            Pace::Eager => {
                // Who never pauses must not outlast the call.
                flight.left()?;
                RECV_AT_ONCE
            }
            Pace::AtOnce => RECV_AT_ONCE,
        };
        loop {
            match rustix::net::recv(&self.fd, &mut *buffer, flags) {
                Ok((0, _)) => {
                    flight.check()?;
                    return Ok(0);
                }
                Ok((n, _)) => {
                    flight.alive();
                    return Ok(n);
                }
                Err(Errno::AGAIN) if pace == Pace::AtOnce => {
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                Err(Errno::AGAIN | Errno::INTR) => {
                    flags = self.before_read(flight, !flags.contains(RECV_AT_ONCE))?;
                }
                Err(error) => return Err(broken(flight, error)),
            }
        }
    }

    /// How the next `recv` is made: it waits itself, or has been waited for here.
    /// `in_vain`: one has waited itself, and nothing came.
    fn before_read(&self, flight: &mut Flight, in_vain: bool) -> io::Result<RecvFlags> {
        let left = flight.left()?;
        if RECV_WAITS && self.patience.suits(&self.fd, left, in_vain) {
            return Ok(RecvFlags::empty());
        }
        flight.wait(&mut [PollFd::new(&self.fd, PollFlags::IN)], None)?;
        Ok(RECV_AT_ONCE)
    }

    /// Sends what goes without a wait: how many of the bytes. Once the other side takes
    /// no more, what it has said by then is the answer, or else the failure that is
    /// noted here.
    pub fn offer(&self, flight: &mut Flight, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() || flight.broke {
            return Ok(0);
        }
        match rustix::net::send(&self.fd, bytes, SEND_AT_ONCE) {
            Ok(n) => {
                flight.alive();
                Ok(n)
            }
            Err(Errno::AGAIN | Errno::INTR) => Ok(0),
            Err(error) => {
                let error = broken(flight, error);
                if flight.attempt.interrupt.reason().is_some() {
                    return Err(error);
                }
                flight.broke = true;
                Ok(0)
            }
        }
    }

    /// Waits until more can be sent, or, where the caller `heeds` it, something has
    /// come: false if it is that alone.
    pub fn wait_for_room(&self, flight: &mut Flight, heeds: bool) -> io::Result<bool> {
        let input = if heeds { PollFlags::IN } else { PollFlags::empty() };
        let mut fds = [PollFd::new(&self.fd, PollFlags::OUT | input)];
        flight.wait(&mut fds, None)?;
        Ok(fds[0].revents().contains(PollFlags::OUT))
    }

    /// Whether the other side has neither closed nor sent anything.
    pub fn is_quiet(&self) -> bool {
        let flags = RecvFlags::PEEK.union(RECV_AT_ONCE);
        let peeked = rustix::net::recv(&self.fd, &mut [0u8], flags);
        matches!(peeked, Err(Errno::AGAIN))
    }
}

fn broken(flight: &mut Flight, error: Errno) -> io::Error {
    if let Err(interrupted) = flight.check() {
        return interrupted;
    }
    let message = format!("the connection to {} broke: {}", flight.peer(), words(error));
    flight.fail(Failure::Reset, message)
}

/// An error number in words.
fn words(error: Errno) -> String {
    if TOO_MANY.contains(&error) {
        return "too many open files".into();
    }
    let error = io::Error::from(error);
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".into(),
        io::ErrorKind::ConnectionReset => "connection reset".into(),
        io::ErrorKind::BrokenPipe => "closed by the other side".into(),
        _ => error.to_string(),
    }
}

/// Sockets that are being connected, to be broken off together.
#[derive(Default)]
struct Race {
    sockets: Mutex<Vec<Arc<Socket>>>,
}

impl Breakable for Race {
    fn break_off(&self) {
        self.sockets.lock().iter().for_each(|socket| socket.break_off());
    }
}

/// Connects to the first of the addresses that answers.
pub(super) fn connect(addresses: &[SocketAddr], flight: &mut Flight) -> io::Result<Arc<Socket>> {
    let race = Arc::new(Race::default());
    let breakable: Arc<dyn Breakable> = race.clone();
    flight.attempt.interrupt.watch(Arc::downgrade(&breakable));
    let mut left = addresses.iter();
    let mut last = Errno::CONNREFUSED;
    loop {
        let pending = race.sockets.lock().clone();
        let another = match left.next() {
            Some(address) => start(address).inspect_err(|error| last = *error).ok(),
            None if pending.is_empty() => return Err(refused(flight, last)),
            None => None,
        };
        race.sockets.lock().extend(another);
        if let Some(winner) = first(&race, flight, left.len() > 0, &mut last)? {
            watch(flight, &winner);
            return Ok(winner);
        }
    }
}

/// Begins to connect.
fn start(address: &SocketAddr) -> Result<Arc<Socket>, Errno> {
    let socket = Socket::open(address)?;
    match rustix::net::connect(&socket.fd, address) {
        Err(error) if !CONNECTING.contains(&error) => Err(error),
        _ => Ok(Arc::new(socket)),
    }
}

/// Waits for one of the sockets to be connected; `None` when it is time to try
/// another address: after a failure, or after the stagger if `more` are left.
fn first(
    race: &Race,
    flight: &mut Flight,
    more: bool,
    last: &mut Errno,
) -> io::Result<Option<Arc<Socket>>> {
    let sockets = race.sockets.lock().clone();
    if sockets.is_empty() {
        return Ok(None);
    }
    let mut fds: Vec<PollFd> =
        sockets.iter().map(|socket| PollFd::new(&socket.fd, PollFlags::OUT)).collect();
    flight.wait(&mut fds, more.then_some(STAGGER))?;
    for (fd, socket) in fds.iter().zip(&sockets) {
        if fd.revents().is_empty() {
            continue;
        }
        match sockopt::socket_error(&socket.fd).and_then(|outcome| outcome) {
            Ok(()) => {
                system::connected(&socket.fd).map_err(|error| broken(flight, error))?;
                return Ok(Some(socket.clone()));
            }
            Err(error) => {
                *last = error;
                race.sockets.lock().retain(|other| !Arc::ptr_eq(other, socket));
            }
        }
    }
    Ok(None)
}

fn refused(flight: &mut Flight, error: Errno) -> io::Error {
    if let Err(interrupted) = flight.check() {
        return interrupted;
    }
    let message = format!("cannot connect to {}: {}", flight.peer(), words(error));
    let is_ours = TOO_MANY.contains(&error);
    flight.fail(if is_ours { Failure::Exhausted } else { Failure::Connect }, message)
}

/// Lets the call's interrupt break this socket.
pub(super) fn watch(flight: &Flight, socket: &Arc<Socket>) {
    let socket: Arc<dyn Breakable> = socket.clone();
    let weak: Weak<dyn Breakable> = Arc::downgrade(&socket);
    flight.attempt.interrupt.watch(weak);
}
