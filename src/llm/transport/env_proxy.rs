//! The environment's proxy.
//!
//! The variables are those of curl, which is what most are set for: one for the
//! scheme of the address, then one for all, each in small letters first. What
//! `HTTP_PROXY` says is not heeded in a CGI program, where whoever sends a request
//! can set it.

use ureq::Proxy;
use ureq::http::Uri;

use super::no_proxy::NoProxy;
use crate::error::{Error, Result};
use crate::options::{form, url};

/// The proxy for addresses of this kind, if there is one.
pub(super) fn find(secure: bool, env: impl Fn(&str) -> Option<String>) -> Result<Option<Proxy>> {
    let Some((name, text)) = named(secure, env) else { return Ok(None) };
    form::proxy(&text).ok_or_else(|| {
        let given = (form::PROXY.show)(&text);
        let allowed = form::PROXY.words.into();
        Error::OutOfRange { key: format!("{name} (of the environment)"), given, allowed }
    })
}

/// The proxy by which requests to this address go, where no option names one, as it
/// stands in the environment.
pub fn in_force(url: &str, env: impl Fn(&str) -> Option<String>) -> Option<String> {
    let (_, text) = named(url::is_secure(url), &env)?;
    let uri = url.parse::<Uri>().ok()?;
    let (host, secure) = (uri.host()?, url::is_secure(url));
    let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
    (!NoProxy::of(&env).is_direct(host, port)).then_some(text)
}

/// The variable that names the proxy for addresses of this kind, and what it says.
fn named(secure: bool, env: impl Fn(&str) -> Option<String>) -> Option<(&'static str, String)> {
    let names = match secure {
        true => ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"],
        false => ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"],
    };
    let is_forged = |name: &str| name == "HTTP_PROXY" && env("REQUEST_METHOD").is_some();
    let set = names.into_iter().filter(|name| !is_forged(name)).filter_map(|name| {
        let text = env(name)?.trim().to_string();
        (!text.is_empty()).then_some((name, text))
    });
    set.into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(secure: bool, set: &[(&str, &str)]) -> Option<String> {
        let env = |name: &str| set.iter().find(|(n, _)| *n == name).map(|(_, v)| v.to_string());
        find(secure, env).unwrap().map(|proxy| format!("{}:{}", proxy.host(), proxy.port()))
    }

    #[test]
    fn it_is_in_force_where_requests_go_by_it() {
        let env = |name: &str| match name {
            "https_proxy" => Some("http://user:pass@proxy.test:8".to_string()),
            "no_proxy" => Some("near.test".to_string()),
            _ => None,
        };
        let proxy = Some("http://user:pass@proxy.test:8".to_string());
        assert_eq!(in_force("https://far.test/v1", env), proxy);
        for url in ["https://near.test/v1", "https://localhost:9", "http://far.test/v1", ""] {
            assert_eq!(in_force(url, env), None, "{url}");
        }
    }

    #[test]
    fn each_scheme_has_its_own_and_one_is_for_all() {
        let all = [
            ("HTTP_PROXY", "http://plain:1"),
            ("HTTPS_PROXY", "http://secure:2"),
            ("ALL_PROXY", "http://all:3"),
        ];
        assert_eq!(found(true, &all).as_deref(), Some("secure:2"));
        assert_eq!(found(false, &all).as_deref(), Some("plain:1"));
        assert_eq!(found(true, &all[..1]), None);
        assert_eq!(found(true, &all[2..]).as_deref(), Some("all:3"));
        assert_eq!(found(false, &all[1..]).as_deref(), Some("all:3"));
        let small = [("https_proxy", "http://small:4"), all[1]];
        assert_eq!(found(true, &small).as_deref(), Some("small:4"));
        assert_eq!(found(true, &[("HTTPS_PROXY", " "), all[2]]).as_deref(), Some("all:3"));
        assert_eq!(found(true, &[("ALL_PROXY", "none")]), None);
    }

    #[test]
    fn who_sends_a_request_to_a_cgi_program_sets_no_proxy() {
        let set = [("REQUEST_METHOD", "POST"), ("HTTP_PROXY", "http://evil:1")];
        assert_eq!(found(false, &set), None);
    }

    #[test]
    fn what_is_no_proxy_is_refused_by_the_name_of_its_variable() {
        let bad = |_: &str| Some("http://u:SECRET@127.0.0.1:notaport".to_string());
        let error = find(true, bad).unwrap_err().to_string();
        assert!(error.contains("https_proxy") && !error.contains("SECRET"), "{error}");
    }
}
