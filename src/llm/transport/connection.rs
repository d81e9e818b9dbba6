//! Connections as ureq sees them: how one is made, and what travels on it.
//!
//! ureq asks `is_open` twice in the life of a pooled connection, and only
//! there does a connection change hands: when a call gives it back, its socket
//! is taken from the call's interrupt before the pool has it; when another
//! call takes it out, it is probed and published to that call.
//!
//! A connection can be without its [`Wire`], while that is read past ureq
//! ([`super::chunked`]).

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::ClientConfig;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};
use ureq::{Proxy, ProxyProtocol};

use super::Failure;
use super::buffers::IoBuffers;
use super::flight::{self, Flight};
use super::link::Link;
use super::names::Names;
use super::no_proxy::NoProxy;
use super::proxy::{Forward, Way, refuse, tunnel};
use super::socket;
use super::wire::Wire;

/// Makes connections.
pub(super) struct Dialer {
    names: Names,
    no_proxy: NoProxy,
    /// Whether the proxy, if there is one, is the environment's.
    is_from_env: bool,
    /// Why the proxy that there should be cannot be used.
    bad_proxy: Option<String>,
    /// The proxy has given no tunnel for plain HTTP: it is not asked again. Relaxed:
    /// who does not see it yet asks in vain.
    hands_on: AtomicBool,
    tls: Arc<ClientConfig>,
}

impl fmt::Debug for Dialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dialer")
    }
}

impl Dialer {
    /// `is_from_env`: the proxy is not one that an option names. `bad_proxy`: why it
    /// cannot be used, which matters to those alone who would go by it.
    pub fn new(tls: Arc<ClientConfig>, is_from_env: bool, bad_proxy: Option<String>) -> Self {
        let (names, no_proxy) = (Names::default(), NoProxy::of(|name| std::env::var(name).ok()));
        Dialer { names, no_proxy, is_from_env, bad_proxy, hands_on: AtomicBool::new(false), tls }
    }

    fn dial(&self, details: &ConnectionDetails, flight: &mut Flight) -> io::Result<Connection> {
        flight.connecting();
        let uri = details.uri;
        let secure = details.needs_tls();
        let host = uri.host().unwrap_or_default();
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let proxy = details.config.proxy().filter(|_| !self.goes_direct(host, port));
        if let Some(reason) = self.bad_proxy.as_ref().filter(|_| !self.goes_direct(host, port)) {
            return Err(flight.fail(Failure::Connect, reason));
        }
        flight.proxy = proxy.map(|proxy| self.named(proxy));
        let (mut link, forward) = match proxy {
            None => (self.reach(host, port, false, flight)?, None),
            Some(proxy) => self.pass(proxy, (host, port), secure, flight)?,
        };
        flight.proxy = None;
        if secure {
            link = link.secure(self.tls.clone(), host, flight)?;
        }
        flight.connected();
        let mut buffers = IoBuffers::new(details.config.max_response_header_size());
        buffers.expect(flight.length);
        let wire = Some(Wire::new(link, buffers, forward));
        Ok(Connection { wire, none: IoBuffers::default(), secure, idle: false })
    }

    /// A link to this host itself, of the provider or the proxy.
    fn reach(&self, host: &str, port: u16, secure: bool, flight: &mut Flight) -> io::Result<Link> {
        let addresses = self.names.look_up(host, port, flight)?;
        let link = Link::Tcp(socket::connect(&addresses, flight)?);
        if secure { link.secure(self.tls.clone(), host, flight) } else { Ok(link) }
    }

    /// A way through the proxy: a tunnel, or, of plain HTTP where it gives none, the
    /// proxy itself, which hands the requests on.
    fn pass(
        &self,
        proxy: &Proxy,
        (host, port): (&str, u16),
        secure: bool,
        flight: &mut Flight,
    ) -> io::Result<(Link, Option<Forward>)> {
        let is_secure = proxy.protocol() == ProxyProtocol::Https;
        let mut link = self.reach(proxy.host(), proxy.port(), is_secure, flight)?;
        if !self.hands_on.load(Ordering::Relaxed) || secure {
            match tunnel(&mut link, proxy, host, port, flight)? {
                Way::Tunnel => return Ok((link, None)),
                Way::NoTunnel(status) if secure => {
                    return Err(refuse(flight, &format!("it answered {status}")));
                }
                Way::NoTunnel(_) => self.hands_on.store(true, Ordering::Relaxed),
            }
            // Who has refused may have closed, or have yet to say why.
            link = self.reach(proxy.host(), proxy.port(), is_secure, flight)?;
        }
        Ok((link, Some(Forward::to(proxy, host, port))))
    }

    /// A proxy in messages: without its user, and with the place where it was named.
    fn named(&self, proxy: &Proxy) -> String {
        let whose = if self.is_from_env { "of the environment, see" } else { "of" };
        format!("the proxy {}:{} ({whose} option proxy)", proxy.host(), proxy.port())
    }

    /// Whether the proxy is left aside for this host; only one of the environment is.
    fn goes_direct(&self, host: &str, port: u16) -> bool {
        self.is_from_env && self.no_proxy.is_direct(host, port)
    }
}

impl Connector<()> for Dialer {
    type Out = Connection;

    fn connect(
        &self,
        details: &ConnectionDetails,
        _: Option<()>,
    ) -> Result<Option<Connection>, ureq::Error> {
        Ok(Some(flight::with(|flight| self.dial(details, flight))?))
    }
}

/// Answers no address: ureq asks also when it will use a kept connection, so
/// names are looked up by the [`Dialer`].
#[derive(Debug)]
pub(super) struct NoResolver;

impl Resolver for NoResolver {
    fn resolve(
        &self,
        _: &Uri,
        _: &ureq::config::Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        Ok(self.empty())
    }
}

/// One connection.
pub(super) struct Connection {
    /// None while it is lent to a body.
    wire: Option<Wire>,
    /// What ureq sees meanwhile.
    none: IoBuffers,
    secure: bool,
    /// In the pool, or just taken from it.
    idle: bool,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("secure", &self.secure).finish()
    }
}

impl Connection {
    /// The call is done with it: true if it may be used again. Whether the other
    /// side has closed it is asked when it is taken out: only then does it matter.
    fn give_back(&mut self, flight: &mut Flight) -> bool {
        flight.attempt.interrupt.unwatch();
        self.idle = true;
        self.wire.iter_mut().for_each(Wire::release);
        let whole = self.wire.is_some() && !flight.broke;
        whole && flight.attempt.interrupt.reason().is_none()
    }

    /// A call takes it out of the pool: true if it is still good, and good enough.
    fn take_out(&mut self, flight: &mut Flight) -> bool {
        if flight.attempt.fresh {
            return false;
        }
        let Some(wire) = self.wire.as_mut().filter(|wire| wire.link.is_quiet()) else {
            return false;
        };
        self.idle = false;
        wire.buffers.expect(flight.length);
        flight.reused = true;
        socket::watch(flight, wire.link.socket());
        true
    }

    /// Waits for input, or hands the wire over, or takes it back.
    fn input(&mut self, flight: &mut Flight) -> io::Result<bool> {
        let Some(wire) = &mut self.wire else {
            self.wire = flight.wire.take();
            return Ok(self.wire.is_some());
        };
        if flight.takes_wire {
            flight.wire = self.wire.take();
            // Whatever ureq wanted to read: it cannot.
            return Err(io::ErrorKind::WouldBlock.into());
        }
        wire.await_answer(flight)
    }
}

impl Transport for Connection {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.wire.as_mut().map_or(&mut self.none, |wire| &mut wire.buffers)
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        let Some(wire) = &mut self.wire else { return Ok(()) };
        if wire.buffers.hold(amount) {
            flight::with(|flight| wire.send_held(flight))?;
        } else if amount == 0 {
            // Whoever has nothing to send must not be able to go on for ever.
            flight::with(|flight| flight.left().map(drop))?;
        }
        Ok(())
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        Ok(flight::with(|flight| self.input(flight))?)
    }

    fn is_open(&mut self) -> bool {
        let open = flight::with(|flight| {
            Ok(if self.idle { self.take_out(flight) } else { self.give_back(flight) })
        });
        open.unwrap_or(false)
    }

    fn is_tls(&self) -> bool {
        self.secure
    }
}
