//! `NO_PROXY`: the hosts that the environment's proxy is not meant for.
//!
//! The list is read as curl reads it, which is what most lists are written for: a
//! name stands for itself and all below it, with or without a dot before it, and
//! an address for itself or, with `/bits`, for its network. A port behind either
//! narrows it, and `*` also stands for any beginning or end.

use std::net::IpAddr;

use crate::options::url::is_loopback_host;

/// The entries, in small letters.
#[derive(Debug, Default)]
pub(super) struct NoProxy(Vec<String>);

impl NoProxy {
    /// The list of an environment.
    pub fn of(env: impl Fn(&str) -> Option<String>) -> NoProxy {
        let set = ["no_proxy", "NO_PROXY"].into_iter().filter_map(env);
        NoProxy::read(&set.into_iter().find(|text| !text.is_empty()).unwrap_or_default())
    }

    fn read(text: &str) -> NoProxy {
        let entries = text.split([',', ' ', '\t']).filter(|entry| !entry.is_empty());
        NoProxy(entries.map(str::to_ascii_lowercase).collect())
    }

    /// Whether the environment's proxy is left aside for a host: for this machine itself
    /// it is never meant.
    pub fn is_direct(&self, host: &str, port: u16) -> bool {
        is_loopback_host(host) || self.covers(host, port)
    }

    /// Whether a host is in the list.
    fn covers(&self, host: &str, port: u16) -> bool {
        let host = bare(host).trim_end_matches('.').to_ascii_lowercase();
        self.0.iter().any(|entry| covers(entry, &host, port))
    }
}

fn covers(entry: &str, host: &str, port: u16) -> bool {
    let (entry, only) = split_port(entry);
    if only.is_some_and(|only| only != port) {
        return false;
    }
    let address = host.parse::<IpAddr>().ok();
    if let (Some(address), Some((network, bits))) = (address, entry.split_once('/')) {
        return in_network(address, network, bits).unwrap_or(false);
    }
    if let Some(end) = entry.strip_prefix('*') {
        return host.ends_with(end);
    }
    if let Some(start) = entry.strip_suffix('*') {
        return host.starts_with(start);
    }
    match address {
        Some(address) => {
            bare(entry).parse() == Ok(address) || entry.ends_with('.') && host.starts_with(entry)
        }
        None => {
            let name = entry.trim_start_matches('.').trim_end_matches('.');
            let rest = host.strip_suffix(name).filter(|_| !name.is_empty());
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        }
    }
}

/// An address without the brackets that it has in a URL.
fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

/// An entry and its port, if it has one; the colons of an address are none.
fn split_port(entry: &str) -> (&str, Option<u16>) {
    let split =
        entry.rsplit_once(':').filter(|(name, _)| name.ends_with(']') || !name.contains(':'));
    match split.and_then(|(name, port)| Some((name, port.parse().ok()?))) {
        Some((name, port)) => (name, Some(port)),
        None => (entry, None),
    }
}

fn in_network(address: IpAddr, network: &str, bits: &str) -> Option<bool> {
    let (network, bits) = (bare(network).parse().ok()?, bits.parse::<u32>().ok()?);
    let same = |a: u128, b: u128, all: u32| {
        (bits <= all).then(|| (a ^ b).checked_shr(all - bits).unwrap_or(0) == 0)
    };
    match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(b)) => same(a.to_bits().into(), b.to_bits().into(), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => same(a.to_bits(), b.to_bits(), 128),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn holds(list: &str, covered: &[&str], others: &[&str]) {
        let list = NoProxy::read(list);
        for host in covered {
            assert!(list.covers(host, 443), "{host} is not in {list:?}");
        }
        for host in others {
            assert!(!list.covers(host, 443), "{host} is in {list:?}");
        }
    }

    #[test]
    fn a_name_stands_for_itself_and_all_below_it() {
        for list in ["example.com", ".example.com", "example.com.", "EXAMPLE.com", "a, example.com"]
        {
            let covered = ["example.com", "api.example.com", "a.b.Example.com", "example.com."];
            holds(list, &covered, &["badexample.com", "example.com.test", "com"]);
        }
        holds("", &[], &["example.com", "10.0.0.1"]);
        holds(".", &[], &["example.com", "10.0.0.1"]);
    }

    #[test]
    fn entries_are_parted_by_commas_and_by_blanks() {
        holds(
            "a.test,b.test c.test ,\td.test",
            &["a.test", "b.test", "c.test", "d.test"],
            &["e.test"],
        );
    }

    #[test]
    fn a_star_stands_for_anything() {
        holds("*", &["example.com", "10.0.0.1", "[::1]"], &[]);
        holds("*.example.com", &["api.example.com"], &["example.com", "badexample.com"]);
        holds("10.1.*", &["10.1.2.3"], &["10.2.1.3"]);
        holds("10.1.", &["10.1.2.3"], &["10.2.1.3"]);
    }

    #[test]
    fn addresses_are_compared_as_such_and_by_network() {
        holds("10.0.0.1", &["10.0.0.1"], &["10.0.0.11", "0.0.0.1"]);
        holds("0.1", &[], &["10.0.0.1"]);
        holds("10.0.0.0/8", &["10.200.3.4"], &["11.0.0.1", "10.test"]);
        holds("192.168.4.0/22", &["192.168.7.9"], &["192.168.8.1"]);
        holds("0.0.0.0/0", &["8.8.8.8"], &["[::1]"]);
        holds("10.0.0.0/33,10.0.0.0/x", &[], &["10.0.0.0"]);
        holds("[fd00::1]", &["[fd00::1]", "[fd00:0::1]"], &["[fd00::2]"]);
        holds("fd00::1", &["[fd00::1]"], &["[fd00::2]"]);
        holds("fd00::/8", &["[fdab::1]"], &["[fe80::1]"]);
        holds("::/0", &["[::1]", "[fe80::1]"], &["10.0.0.1"]);
    }

    #[test]
    fn a_port_narrows_an_entry() {
        holds("example.com:443", &["example.com", "api.example.com"], &["other.test"]);
        holds(
            "example.com:80,10.0.0.1:80,[fd00::1]:80",
            &[],
            &["example.com", "10.0.0.1", "[fd00::1]"],
        );
        holds("[fd00::1]:443", &["[fd00::1]"], &[]);
    }
}
