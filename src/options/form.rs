//! The forms of texts: what an option's text must look like.
//!
//! A form asks the parser that the text's use will ask, so that what a setter
//! takes is taken later too. It also says what of a text may be shown.

use std::net::Ipv6Addr;

use ureq::http::{HeaderValue, Uri};
use ureq::{Proxy, ProxyProtocol};

use super::url;

/// What a text must look like.
#[derive(Debug)]
pub struct Form {
    /// The form in words.
    pub words: &'static str,
    /// Whether a text has it.
    pub fits: fn(&str) -> bool,
    /// A text without what is secret in it, whether it fits or not.
    pub show: fn(&str) -> String,
}

/// Where a provider is reached. What has no scheme can still be an address of
/// Ollama's, so only the provider's room can refuse it.
pub static BASE_URL: Form = Form {
    words: "http or https URL",
    fits: |text| is_base(text.trim()),
    show: |text| show_url(text, is_base(text.trim())),
};

/// A proxy, or none.
pub static PROXY: Form = Form {
    words: "http, https or socks5 URL, none",
    fits: |text| proxy(text).is_some(),
    show: |text| show_url(text, proxy(text).is_some()),
};

/// A model's price.
pub static PRICE: Form = Form {
    words: "model=in,out[,cached in[,cache write]]",
    fits: |text| price(text).is_some(),
    show: str::to_string,
};

/// The value of a header.
pub static HEADER_VALUE: Form =
    Form { words: "one line of text", fits: is_header_value, show: str::to_string };

fn show_url(text: &str, fits: bool) -> String {
    let text = text.trim();
    if fits { url::shown(text) } else { url::shown_refused(text) }
}

/// A proxy of a kind that is spoken here, or none where the text says so; nothing
/// if it is neither.
pub fn proxy(text: &str) -> Option<Option<Proxy>> {
    use ProxyProtocol::{Http, Https, Socks5, Socks5h};
    if text.eq_ignore_ascii_case("none") {
        return Some(None);
    }
    let proxy = Proxy::new(text).ok()?;
    let spoken = matches!(proxy.protocol(), Http | Https | Socks5 | Socks5h);
    (spoken && has_place(proxy.uri())).then_some(Some(proxy))
}

/// The model of a price, and from two to four numbers, of which none is negative
/// or beyond counting.
pub fn price(text: &str) -> Option<(&str, Vec<f64>)> {
    let (model, prices) = text.split_once('=')?;
    let number = |text: &str| text.trim().parse().ok().filter(|n: &f64| n.is_finite() && *n >= 0.0);
    let numbers: Vec<f64> = prices.split(',').map(number).collect::<Option<_>>()?;
    (2..=4).contains(&numbers.len()).then(|| (model.trim(), numbers))
}

/// Whether a text can stand behind the name of a header.
pub fn is_header_value(text: &str) -> bool {
    HeaderValue::from_str(text).is_ok()
}

/// Whether requests can be sent to a URL.
pub fn is_reachable(url: &str) -> bool {
    url.parse().is_ok_and(|uri: Uri| uri.scheme().is_some() && has_place(&uri))
}

/// Whether a text is an address for some provider; an empty one is as none.
fn is_base(text: &str) -> bool {
    let text = text.split('#').next().unwrap_or_default();
    match text.split_once("://") {
        Some((scheme, _)) => is_http(scheme) && is_reachable(text),
        None if text.is_empty() || text.parse::<Ipv6Addr>().is_ok() => true,
        None if text.starts_with(':') => is_reachable(&format!("http://host{text}")),
        None => is_reachable(&format!("http://{text}")),
    }
}

/// Whether a scheme is one that providers are reached by.
pub fn is_http(scheme: &str) -> bool {
    ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
}

/// Whether a URL has a host, and a port that is a number if it has one. The
/// parser of URLs does not look at it.
fn has_place(uri: &Uri) -> bool {
    let Some(authority) = uri.authority() else { return false };
    let host = authority.host();
    let place = url::place(authority.as_str());
    let port = place.strip_prefix(host).unwrap_or_default();
    !host.is_empty() && (matches!(port, "" | ":") || authority.port_u16().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn holds(form: &Form, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!((form.fits)(text), "{text} is refused");
        }
        for text in bad {
            assert!(!(form.fits)(text), "{text} is taken");
        }
    }

    #[test]
    fn an_address_may_be_right_for_some_provider() {
        holds(
            &BASE_URL,
            &[
                "https://api.test/v1",
                " HTTP://h:80 ",
                "http://[::1]:11434",
                "https://u:p@h/v1?key=a#b",
                "http://h:/v1",
                "localhost",
                "0.0.0.0:11434",
                ":11434",
                "[::1]:1",
                "::1",
                "h:1/path",
                "",
            ],
            &[
                "ftp://x",
                "http://",
                "https:///v1",
                "http://x y",
                "http://h:port",
                "http://h:99999",
                "http://u:p/a@h",
                "x y",
                "http:8080x",
                "https://h/a b",
                "http://h\r\n/",
            ],
        );
    }

    #[test]
    fn a_proxy_is_of_a_kind_that_is_spoken() {
        holds(
            &PROXY,
            &[
                "none",
                "NONE",
                "http://p:1",
                "https://u:p@p",
                "socks5://p",
                "socks5h://[::1]:1",
                "p:1",
            ],
            &["", "ftp://x", "socks4://p", "http://", "http://p:x", "http://p q", "/p"],
        );
    }

    #[test]
    fn a_price_has_a_model_and_numbers_that_can_be_counted() {
        holds(
            &PRICE,
            &["m=1,2", "m = 0 , 2.5,0.1", "m=1,2,3,4", "=1,2"],
            &[
                "abc",
                "m=1",
                "m=1,2,3,4,5",
                "m=1e400,1",
                "m=-1,2",
                "m=NaN,1",
                "m=1,x",
                "",
                "a=b=1,2",
            ],
        );
        assert_eq!(price("m = 1, 2"), Some(("m", vec![1.0, 2.0])));
    }

    #[test]
    fn a_headers_value_is_one_line() {
        holds(&HEADER_VALUE, &["org-1", "", "a\tb", "é"], &["a\r\nb", "a\nb", "\0", "\x7f"]);
    }
}
