//! Heads of requests as ureq takes them.

use std::sync::Arc;

use ureq::http::header::{ACCEPT_ENCODING, HeaderValue, USER_AGENT};
use ureq::http::{self, Request};

use super::{Headers, HttpRequest};
use crate::waiting::Mutex;

/// Makes heads, and keeps the last one: nearly all calls of a client have the same, and
/// to read an address and names of headers anew costs as much as to send them.
#[derive(Default)]
pub(super) struct Heads {
    last: Mutex<Option<Arc<Made>>>,
}

/// A head, and what it was made of.
struct Made {
    url: String,
    headers: Headers,
    head: Request<()>,
}

impl Made {
    fn of(request: &HttpRequest) -> Result<Made, http::Error> {
        let given = request.headers.iter();
        let head = given
            .fold(Request::post(&request.url), |builder, (name, value)| builder.header(name, value))
            .body(())?;
        let (url, headers) = (request.url.clone(), request.headers.clone());
        Ok(Made { url, headers, head: with_own(head) })
    }

    fn is_of(&self, request: &HttpRequest) -> bool {
        self.url == request.url && self.headers == request.headers
    }
}

/// With what each request says besides, unless the caller says it otherwise. Streams
/// must not be packed, which ureq would ask for by itself.
fn with_own(mut head: Request<()>) -> Request<()> {
    let own =
        [(USER_AGENT, concat!("mynah/", env!("CARGO_PKG_VERSION"))), (ACCEPT_ENCODING, "identity")];
    for (name, value) in own {
        head.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    head
}

impl Heads {
    /// The head of a request.
    pub fn of(&self, request: &HttpRequest) -> Result<Request<()>, http::Error> {
        let last = self.last.lock().clone();
        if let Some(made) = last.filter(|made| made.is_of(request)) {
            return Ok(made.head.clone());
        }
        let made = Made::of(request)?;
        let head = made.head.clone();
        *self.last.lock() = Some(Arc::new(made));
        Ok(head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(url: &str, headers: &[(&str, &str)]) -> HttpRequest {
        let headers = headers.iter().copied().collect();
        HttpRequest { url: url.into(), headers, body: Vec::new() }
    }

    #[test]
    fn a_head_is_that_of_its_own_request_whatever_was_asked_before() {
        let heads = Heads::default();
        for (url, key) in
            [("http://a.test/1", "k1"), ("http://a.test/1", "k2"), ("http://b/2", "k2")]
        {
            for _ in 0..2 {
                let head = heads.of(&request(url, &[("x-api-key", key)])).unwrap();
                assert_eq!(head.uri().to_string(), url);
                assert_eq!(head.headers()["x-api-key"], key);
            }
        }
    }

    #[test]
    fn what_each_request_says_besides_yields_to_the_callers_own() {
        let heads = Heads::default();
        let plain = heads.of(&request("http://a.test/", &[])).unwrap();
        assert_eq!(plain.headers()[ACCEPT_ENCODING], "identity");
        let agent = plain.headers()[USER_AGENT].to_str().unwrap().to_owned();
        assert!(agent.starts_with("mynah/"), "{agent}");
        let own = [("User-Agent", "game/2"), ("accept-encoding", "gzip")];
        let own = heads.of(&request("http://a.test/", &own)).unwrap();
        assert_eq!(own.headers()[USER_AGENT], "game/2");
        assert_eq!(own.headers().len(), 2);
    }

    #[test]
    fn what_cannot_be_sent_is_an_error_and_replaces_nothing() {
        let heads = Heads::default();
        heads.of(&request("http://a.test/", &[])).unwrap();
        assert!(heads.of(&request("http://a.test/", &[("x", "a\nb")])).is_err());
        assert!(heads.of(&request("http:// ", &[])).is_err());
        assert!(heads.of(&request("http://a.test/", &[])).is_ok());
    }
}
