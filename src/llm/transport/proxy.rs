//! The first words to a proxy: HTTP CONNECT, or SOCKS 5.
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

/// Asks a proxy at the other end of `link` for a tunnel to `host`.
pub(super) fn tunnel(
    link: &mut Link,
    proxy: &Proxy,
    host: &str,
    port: u16,
    flight: &mut Flight,
) -> io::Result<()> {
    match proxy.protocol() {
        ProxyProtocol::Http | ProxyProtocol::Https => connect(link, proxy, host, port, flight),
        ProxyProtocol::Socks5 | ProxyProtocol::Socks5h => socks5(link, proxy, host, port, flight),
        other => Err(flight.fail(Failure::Connect, format!("{other} proxies are not supported"))),
    }
}

fn connect(
    link: &mut Link,
    proxy: &Proxy,
    host: &str,
    port: u16,
    flight: &mut Flight,
) -> io::Result<()> {
    let mut request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n");
    if proxy.username().is_some() || proxy.password().is_some() {
        let user = proxy.username().unwrap_or_default();
        let password = proxy.password().unwrap_or_default();
        let credentials = STANDARD.encode(format!("{user}:{password}"));
        request.push_str(&format!("Proxy-Authorization: Basic {credentials}\r\n"));
    }
    request.push_str("\r\n");
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
        Ok(200..=299) => Ok(()),
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

fn refuse(flight: &mut Flight, reason: &str) -> io::Error {
    let message = format!("{} gave no way to {}: {reason}", flight.peer(), flight.host);
    flight.fail(Failure::Connect, message)
}
