//! Two thousand streams open at once through one queue. Alone in its process,
//! whose limit on descriptors it raises.
#![allow(unsafe_code)]
#![allow(clippy::unwrap_used)] // a test's helpers

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mynah::error::Status;
use mynah::llm::asked::Asked;
use mynah::llm::cancel::Cancel;
use mynah::llm::client::{Client, Parts};
use mynah::llm::event::EventKind;
use mynah::llm::queue::{ItemKind, Queue};
use mynah::llm::request::Request;
use mynah::mock::{MockOptions, MockServer};
use mynah::options::Layered;
use mynah::options::client::ClientOptions;

const STREAMS: u64 = 2_000;
/// Each stream has a socket here and one in the mock.
const DESCRIPTORS: u64 = 2 * STREAMS + 200;

/// Raises the limit on descriptors as far as it goes; what it is then.
fn descriptors() -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both calls read or write the one struct that lives here.
    unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit), 0);
        limit.rlim_cur = limit.rlim_max;
        libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
        assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit), 0);
    }
    limit.rlim_cur
}

/// Why this machine cannot hold so many, if it cannot.
fn too_small() -> Option<String> {
    let descriptors = descriptors();
    if descriptors < DESCRIPTORS {
        return Some(format!("{descriptors} descriptors of {DESCRIPTORS}"));
    }
    let threads = std::fs::read_to_string("/sys/fs/cgroup/pids.max").ok()?;
    let threads: u64 = threads.trim().parse().ok()?;
    (threads < 2 * STREAMS + 500).then(|| format!("{threads} threads"))
}

#[test]
fn two_thousand_streams_are_open_at_once_and_each_ends_once() {
    if let Some(why) = too_small() {
        return eprintln!("skip two thousand streams: this machine gives {why}");
    }
    let mut options = Layered::<MockOptions>::default();
    // Some events, and then silence.
    for (name, value) in [("fault", "stall"), ("fault_after_bytes", "1500")] {
        options.set(name, value).unwrap();
    }
    let mock = MockServer::start(options.resolve().unwrap().values).unwrap();
    let mut options = Layered::<ClientOptions>::default();
    for (name, value) in [("base_url", mock.url()), ("api_key", "k"), ("model", "m")] {
        options.set(name, value).unwrap();
    }
    options.set("proxy", "none").unwrap();
    let client = Arc::new(Client::new(options.resolve().unwrap(), Parts::default()).unwrap());
    let queue = Queue::new(STREAMS as usize).unwrap();
    let cancel = Arc::<Cancel>::default();
    let mut request = Request::new();
    request.add_message("user", "hello").unwrap();
    let request = Arc::new(request);
    for tag in 0..STREAMS {
        let asked = Asked::Client(client.clone());
        queue.submit(asked, request.clone(), true, Some(&cancel), tag).unwrap();
    }

    // All have begun, and none has ended.
    let mut begun = HashSet::new();
    while begun.len() < STREAMS as usize {
        let item = queue.next(Duration::from_secs(60)).unwrap();
        match item.kind {
            ItemKind::Event(event) if matches!(event.kind, EventKind::Text(_)) => {
                begun.insert(item.tag);
            }
            ItemKind::Done(result) => panic!("stream {} has ended: {result:?}", item.tag),
            _ => {}
        }
    }
    assert_eq!(mock.stats()["requests_in_flight"], STREAMS);

    let began = Instant::now();
    cancel.trigger();
    let mut ended = HashSet::new();
    while ended.len() < STREAMS as usize {
        let item = queue.next(Duration::from_secs(60)).unwrap();
        if let ItemKind::Done(result) = item.kind {
            assert_eq!(result.unwrap_err().error.status(), Status::Cancelled);
            assert!(ended.insert(item.tag), "stream {} ended twice", item.tag);
        }
    }
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert_eq!((queue.pending(), queue.next(Duration::ZERO).is_err()), (0, true));
    while mock.stats()["connections_closed_by_peer"] != STREAMS {
        assert!(began.elapsed() < Duration::from_secs(60), "{}", mock.stats());
        std::thread::sleep(Duration::from_millis(5));
    }
}
