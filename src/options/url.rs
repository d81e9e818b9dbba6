//! What a URL says of where it leads, and what of it may be shown.
//!
//! The parts are found by their marks alone, in the order that RFC 3986 gives
//! them: whether the whole is a URL at all is for [`super::form`] to say. User
//! names, passwords and keys in a query are used as they stand, and shown never.

use std::net::IpAddr;

/// From the scheme's end to the path, the query or the fragment: with a user.
pub fn authority(url: &str) -> &str {
    let rest = &url[after_scheme(url)..];
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// Host and port: what messages may show.
pub fn place(url: &str) -> &str {
    authority(url).rsplit('@').next().unwrap_or_default()
}

/// Whether a URL's scheme is https.
pub fn is_secure(url: &str) -> bool {
    url.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"))
}

/// Whether a URL leads to this machine.
pub fn is_loopback(url: &str) -> bool {
    let place = place(url);
    let end = place.find(']').map(|end| end + 1).or_else(|| place.find(':'));
    is_loopback_host(&place[..end.unwrap_or(place.len())])
}

/// Whether a host is this machine: its names, and the addresses of the loop, in
/// brackets or not.
pub fn is_loopback_host(host: &str) -> bool {
    let name = host.trim_matches(['[', ']']).trim_end_matches('.');
    let last = name.rsplit('.').next().unwrap_or_default();
    last.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A URL without what is secret in it.
pub fn shown(url: &str) -> String {
    let start = after_scheme(url);
    let (authority, place) = (authority(url), place(url));
    let (scheme, rest) = (&url[..start], &url[start + authority.len()..]);
    let user = if place.len() < authority.len() { "(redacted)@" } else { "" };
    [scheme, user, place, &without_keys(rest)].concat()
}

/// What was meant as a URL and is none: a password may hold any of the marks, so
/// nothing is shown between the scheme and the last `@`.
pub fn shown_refused(text: &str) -> String {
    let start = after_scheme(text);
    match text[start..].rsplit_once('@') {
        Some((_, rest)) => format!("{}(redacted)@{}", &text[..start], without_keys(rest)),
        None => without_keys(text),
    }
}

/// What is secret in a URL: a password, and the keys of its query.
pub fn secrets(url: &str) -> Vec<&str> {
    let user = authority(url).rsplit_once('@').map(|(user, _)| user);
    let password = user.and_then(|user| user.split_once(':')).map(|(_, password)| password);
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let parameters = query.split(MARKS).filter_map(|piece| piece.split_once('='));
    let keys = parameters.filter(|(name, _)| is_key(name)).map(|(_, value)| value);
    password.into_iter().chain(keys).collect()
}

/// A part of a URL with the bytes that `%` and two digits stand for (RFC 3986, 2.1).
pub fn decoded(part: &str) -> String {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let [first, more @ ..] = rest {
        let digits =
            more.get(..2).filter(|d| *first == b'%' && d.iter().all(u8::is_ascii_hexdigit));
        let byte = digits.and_then(|d| u8::from_str_radix(std::str::from_utf8(d).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = &more[if byte.is_some() { 2 } else { 0 }..];
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Where a URL's authority begins; a query may hold another URL.
fn after_scheme(url: &str) -> usize {
    let of_scheme = |b: &u8| b.is_ascii_alphanumeric() || b"+-.".contains(b);
    let end = url.bytes().take_while(|b| of_scheme(b)).count();
    if url[end..].starts_with("://") { end + 3 } else { 0 }
}

/// A query whose values are left out where their names say that they are keys.
fn without_keys(text: &str) -> String {
    let piece = |piece: &str| {
        let text = piece.trim_end_matches(MARKS);
        match text.split_once('=') {
            Some((name, _)) if is_key(name) => [name, "=(redacted)", &piece[text.len()..]].concat(),
            _ => piece.to_string(),
        }
    };
    text.split_inclusive(MARKS).map(piece).collect()
}

/// What stands between the parts of a query.
const MARKS: [char; 4] = ['?', '&', ';', '#'];

/// Whether a parameter of this name lets its holder in: `key`, `X-Api-Key`,
/// `access_token`, `sig`, `code`.
pub fn is_key(name: &str) -> bool {
    const ENDS: [&str; 8] =
        ["key", "token", "secret", "password", "signature", "credential", "auth", "sig"];
    let name = name.to_ascii_lowercase();
    name == "code" || ENDS.iter().any(|end| name.ends_with(end))
}

/// Whether a header of this name may let its holder in: what is not shown.
pub fn is_secret_header(name: &str) -> bool {
    let name = name.trim().to_ascii_lowercase();
    is_key(&name) || ["auth", "cookie"].iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_ends_at_the_path_the_query_and_the_fragment_and_has_no_user() {
        for (url, expected) in [
            ("https://h.test:8443/v1", "h.test:8443"),
            ("https://u:p@h.test?x=@y", "h.test"),
            ("http://h.test#@localhost/", "h.test"),
            ("[::1]:8080/v1", "[::1]:8080"),
            ("", ""),
        ] {
            assert_eq!(place(url), expected, "{url}");
        }
        assert_eq!(authority("https://u:p@h.test/v1"), "u:p@h.test");
    }

    #[test]
    fn passwords_and_keys_of_queries_are_secret() {
        let url = "https://u:PASS@h.test/v1?key=SECRET&a=b&sig=S2#c";
        assert_eq!(secrets(url), ["PASS", "SECRET", "S2"]);
        assert!(secrets("https://h.test/?a=b").is_empty());
    }

    #[test]
    fn this_machine_goes_by_several_names() {
        for url in [
            "http://localhost:1",
            "http://a.LOCALHOST",
            "http://localhost./v1",
            "http://127.9.9.9/v1",
            "http://[::1]:80/",
            "http://user:pass@localhost/v1",
        ] {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "http://localhost@far.test",
            "http://far.test#@localhost/",
            "http://notlocalhost",
            "http://128.0.0.1",
            "http://far.test/localhost",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
        assert!(is_loopback_host("::1") && is_loopback_host("[::1]"));
    }

    #[test]
    fn users_and_keys_are_not_shown() {
        for (url, expected) in [
            ("http://u:PASS@p:1", "http://(redacted)@p:1"),
            ("u:PASS@p:1", "(redacted)@p:1"),
            ("u:PASS@p/x?to=http://a", "(redacted)@p/x?to=http://a"),
            ("https://sk-1@h/v1", "https://(redacted)@h/v1"),
            ("https://h/v1?key=S&v=1", "https://h/v1?key=(redacted)&v=1"),
            ("https://h?api-version=1&Api-Key=S#x", "https://h?api-version=1&Api-Key=(redacted)#x"),
            ("https://h/f?code=S==&sig=S", "https://h/f?code=(redacted)&sig=(redacted)"),
            ("https://h/f?access_token=S;a=b", "https://h/f?access_token=(redacted);a=b"),
            ("https://h/@cf/m?a=b", "https://h/@cf/m?a=b"),
        ] {
            assert_eq!(shown(url), expected);
        }
    }

    #[test]
    fn of_what_is_no_url_nothing_is_shown_that_may_be_a_password() {
        for text in ["ftp://u:PA/SS@h", "http://u:PA?SS@h", "http:/u:PASS@h", "x://h?token=PASS"] {
            let shown = shown_refused(text);
            assert!(!shown.contains("PA") && !shown.contains("SS"), "{shown}");
            assert!(shown.contains('h') && shown.contains("(redacted)"), "{shown}");
        }
    }
}
