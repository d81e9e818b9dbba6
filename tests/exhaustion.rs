//! A process that has no descriptor left: calls fail with their status, and
//! work again once there is room. Alone in its process, whose limit it lowers.
#![allow(unsafe_code)]

use std::sync::Arc;

use mynah::error::{Error, Status};
use mynah::llm::client::{Client, Parts};
use mynah::llm::request::Request;
use mynah::mock::{MockOptions, MockServer};
use mynah::options::Layered;
use mynah::options::client::ClientOptions;

/// Lets the process have this many descriptors; the limit before.
fn limit(descriptors: u64) -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both calls read or write the one struct that lives here.
    unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit), 0);
        let before = limit.rlim_cur;
        limit.rlim_cur = descriptors as libc::rlim_t;
        assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &limit), 0);
        before
    }
}

#[test]
fn a_call_without_a_descriptor_says_nothing_of_the_provider_and_the_next_one_works() {
    let mock = MockServer::start(MockOptions::default()).unwrap();
    let mut options = Layered::<ClientOptions>::default();
    for (name, value) in [
        ("base_url", mock.url()),
        ("api_key", "k"),
        ("model", "m"),
        ("proxy", "none"),
        ("max_connections", "0"),
        ("retry_delay_ms", "1"),
        ("breaker_failure_threshold", "1"),
    ] {
        options.set(name, value).unwrap();
    }
    let client = Arc::new(Client::new(options.resolve().unwrap(), Parts::default()).unwrap());
    let mut request = Request::new();
    request.add_message("user", "hello").unwrap();
    client.chat(&request, None).unwrap();

    // No descriptor above those in use: the next socket is one too many.
    let before = limit(3);
    let failed = client.chat(&request, None).unwrap_err();
    limit(before);
    assert_eq!(failed.error.status(), Status::Io, "{}", failed.error);
    let Error::Call(call) = &failed.error else { panic!("{}", failed.error) };
    assert!(call.retriable && call.attempts > 1, "nothing was sent: {}", call.attempts);
    assert!(failed.error.to_string().contains("too many open files"), "{}", failed.error);
    assert_eq!(client.chat(&request, None).unwrap().attempts, 1);
}
