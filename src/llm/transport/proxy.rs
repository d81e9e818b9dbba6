//! The first words to a proxy: HTTP CONNECT, or SOCKS 5; and requests that an HTTP
//! proxy is to hand on itself.
//!
//! ureq has its own, on sockets that no call can be cancelled on.

use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ureq::{Proxy, ProxyProtocol};

use super::Failure;
use super::flight::Flight;
use super::link::Link;
use super::opening::{head, interim};
use super::socket::Pace;

/// The most that a proxy may say before the tunnel stands.
const REPLY_MAX: usize = 16 << 10;

/// Statuses with which proxies refuse tunnels as such: Squid gives none to port 80.
const NO_TUNNELS: [u16; 5] = [400, 403, 404, 405, 501];

/// What a proxy has answered to who wants a tunnel.
#[derive(Debug, PartialEq)]
pub(super) enum Way {
    /// There it is.
    Tunnel,
    /// It gives none, with this status; a request it may hand on nevertheless.
    NoTunnel(u16),
}

/// Asks a proxy at the other end of `link` for a tunnel to `host`.
pub(super) fn tunnel(
    link: &mut Link,
    proxy: &Proxy,
    host: &str,
    port: u16,
    flight: &mut Flight,
) -> io::Result<Way> {
    match proxy.protocol() {
        ProxyProtocol::Http | ProxyProtocol::Https => connect(link, proxy, host, port, flight),
        ProxyProtocol::Socks5 | ProxyProtocol::Socks5h => {
            socks5(link, proxy, host, port, flight).map(|()| Way::Tunnel)
        }
        other => Err(flight.fail(Failure::Connect, format!("{other} proxies are not supported"))),
    }
}

/// Requests over plain HTTP that the proxy hands on: RFC 9112, 3.2.2.
pub(super) struct Forward {
    /// What stands before the path.
    origin: String,
    /// The header that names the user, or nothing.
    authorization: String,
}

impl Forward {
    /// To a host.
    pub fn to(proxy: &Proxy, host: &str, port: u16) -> Forward {
        let port = if port == 80 { String::new() } else { format!(":{port}") };
        Forward { origin: format!("http://{host}{port}"), authorization: authorization(proxy) }
    }

    /// The beginning of a request as the proxy wants it.
    pub fn rewrite(&self, request: &[u8]) -> Vec<u8> {
        let method = memchr::memchr(b' ', request).map_or(0, |at| at + 1);
        let line = memchr::memchr(b'\n', request).map_or(request.len(), |at| at + 1);
        let (origin, authorization) = (self.origin.as_bytes(), self.authorization.as_bytes());
        let (path, rest) = request[method..].split_at(line - method);
        [&request[..method], origin, path, authorization, rest].concat()
    }
}

/// The header that names the proxy's user; nothing if there is none.
fn authorization(proxy: &Proxy) -> String {
    if proxy.username().is_none() && proxy.password().is_none() {
        return String::new();
    }
    let user = proxy.username().unwrap_or_default();
    let password = proxy.password().unwrap_or_default();
    let credentials = STANDARD.encode(format!("{user}:{password}"));
    format!("Proxy-Authorization: Basic {credentials}\r\n")
}

fn connect(
    link: &mut Link,
    proxy: &Proxy,
    host: &str,
    port: u16,
    flight: &mut Flight,
) -> io::Result<Way> {
    let user = authorization(proxy);
    let request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n{user}\r\n");
    link.write_all(flight, request.as_bytes())?;
    let mut reply = Vec::new();
    while !reply.ends_with(b"\n") || head(&reply[interim(&reply)..]).is_none() {
        // Byte by byte: what follows the reply belongs to the tunnel.
        let mut byte = [0];
        if reply.len() >= REPLY_MAX || link.read(flight, &mut byte, Pace::Eager)? == 0 {
            return Err(refuse(flight, "it did not answer"));
        }
        reply.push(byte[0]);
    }
    // RFC 9110, 9.3.6: any 2xx opens the tunnel.
    let mut words =
        reply[interim(&reply)..].split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let status = String::from_utf8_lossy(words.nth(1).unwrap_or_default()).into_owned();
    match status.parse::<u16>() {
        Ok(200..=299) => Ok(Way::Tunnel),
        Ok(status) if NO_TUNNELS.contains(&status) => Ok(Way::NoTunnel(status)),
        Ok(status) => Err(refuse(flight, &format!("it answered {status}"))),
        Err(_) => Err(refuse(flight, "it did not answer in HTTP")),
    }
}

fn socks5(
    link: &mut Link,
    proxy: &Proxy,
    host: &str,
    port: u16,
    flight: &mut Flight,
) -> io::Result<()> {
    let (user, password) = (proxy.username(), proxy.password().unwrap_or_default());
    let greeting: &[u8] = if user.is_some() { &[5, 2, 0, 2] } else { &[5, 1, 0] };
    link.write_all(flight, greeting)?;
    match (read::<2>(link, flight)?, user) {
        ([5, 0], _) => {}
        ([5, 2], Some(user)) => {
            let mut login = vec![1];
            push_counted(&mut login, user, flight)?;
            push_counted(&mut login, password, flight)?;
            link.write_all(flight, &login)?;
            if read::<2>(link, flight)?[1] != 0 {
                return Err(refuse(flight, "it refused user name or password"));
            }
        }
        ([5, _], _) => return Err(refuse(flight, "it wants another kind of login")),
        _ => return Err(refuse(flight, "it does not speak SOCKS 5")),
    }
    let mut request = vec![5, 1, 0];
    match host.trim_matches(['[', ']']).parse() {
        Ok(std::net::IpAddr::V4(address)) => {
            request.push(1);
            request.extend(address.octets());
        }
        Ok(std::net::IpAddr::V6(address)) => {
            request.push(4);
            request.extend(address.octets());
        }
        Err(_) => {
            request.push(3);
            push_counted(&mut request, host, flight)?;
        }
    }
    request.extend(port.to_be_bytes());
    link.write_all(flight, &request)?;
    let [_, code, _, kind] = read::<4>(link, flight)?;
    if code != 0 {
        return Err(refuse(flight, &format!("it answered SOCKS error {code}")));
    }
    let rest = match kind {
        1 => 4,
        4 => 16,
        _ => read::<1>(link, flight)?[0] as usize,
    };
    (0..rest + 2).try_for_each(|_| read::<1>(link, flight).map(drop))
}

fn push_counted(bytes: &mut Vec<u8>, text: &str, flight: &mut Flight) -> io::Result<()> {
    let length = u8::try_from(text.len());
    bytes.push(length.map_err(|_| refuse(flight, "a name is longer than 255 bytes"))?);
    bytes.extend(text.bytes());
    Ok(())
}

fn read<const N: usize>(link: &mut Link, flight: &mut Flight) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    let mut have = 0;
    while have < N {
        match link.read(flight, &mut bytes[have..], Pace::Eager)? {
            0 => return Err(refuse(flight, "it closed the connection")),
            n => have += n,
        }
    }
    Ok(bytes)
}

/// The proxy has not done what it was asked for.
pub(super) fn refuse(flight: &mut Flight, reason: &str) -> io::Error {
    let message = format!("{} gave no way to {}: {reason}", flight.peer(), flight.host);
    flight.fail(Failure::Connect, message)
}
