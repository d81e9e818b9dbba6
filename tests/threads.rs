//! A process that gets no more threads: calls that need none go on, those that
//! need one say so, and all work again once there are some. Alone in its
//! process, in whose place of the system's function it stands.
#![cfg(target_os = "linux")]
#![allow(unsafe_code)]
#![allow(clippy::unwrap_used)] // a test's helpers

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mynah::error::Status;
use mynah::llm::asked::Asked;
use mynah::llm::batch;
use mynah::llm::client::{Client, Parts};
use mynah::llm::queue::{ItemKind, Queue};
use mynah::llm::request::Request;
use mynah::mock::{MockOptions, MockServer};
use mynah::options::Layered;
use mynah::options::client::ClientOptions;

static REFUSED: AtomicBool = AtomicBool::new(false);

/// The system's function, unless threads are refused.
///
/// # Safety
/// As the system's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pthread_create(
    thread: *mut libc::pthread_t,
    attributes: *const libc::pthread_attr_t,
    start: extern "C" fn(*mut libc::c_void) -> *mut libc::c_void,
    argument: *mut libc::c_void,
) -> libc::c_int {
    type Create = unsafe extern "C" fn(
        *mut libc::pthread_t,
        *const libc::pthread_attr_t,
        extern "C" fn(*mut libc::c_void) -> *mut libc::c_void,
        *mut libc::c_void,
    ) -> libc::c_int;
    if REFUSED.load(Ordering::SeqCst) {
        return libc::EAGAIN;
    }
    // SAFETY: the next function of this name is the system's own.
    unsafe {
        let next = libc::dlsym(libc::RTLD_NEXT, c"pthread_create".as_ptr());
        let next: Create = std::mem::transmute(next);
        next(thread, attributes, start, argument)
    }
}

fn client(url: &str, options: &[(&str, &str)]) -> Arc<Client> {
    let mut layered = Layered::<ClientOptions>::default();
    let own = [
        ("base_url", url),
        ("api_key", "k"),
        ("model", "m"),
        ("proxy", "none"),
        ("retry_delay_ms", "1"),
    ];
    own.iter().chain(options).for_each(|(name, value)| layered.set(name, value).unwrap());
    Arc::new(Client::new(layered.resolve().unwrap(), Parts::default()).unwrap())
}

fn request(text: &str) -> Request {
    let mut request = Request::new();
    request.add_message("user", text).unwrap();
    request
}

/// Lets the process have no threads while `body` runs.
fn refused<R>(body: impl FnOnce() -> R) -> R {
    REFUSED.store(true, Ordering::SeqCst);
    let result = body();
    REFUSED.store(false, Ordering::SeqCst);
    result
}

#[test]
fn without_threads_calls_go_on_or_say_so_and_work_again_afterwards() {
    let mock = MockServer::start(MockOptions::default()).unwrap();
    let (plain, shared) = (client(mock.url(), &[]), client(mock.url(), &[("coalesce", "true")]));
    let named = client(&mock.url().replace("127.0.0.1", "localhost"), &[("max_connections", "0")]);
    let queue = Queue::new(4).unwrap();
    // The mock's connections have their threads already.
    plain.chat(&request("hello"), None).unwrap();
    shared.chat(&request("hello"), None).unwrap();

    refused(|| {
        assert_eq!(plain.chat(&request("hello"), None).unwrap().attempts, 1);
        // The thread that would read for all: the call reads for itself.
        assert_eq!(shared.chat(&request("hello"), None).unwrap().attempts, 1);
        // The caller's own thread does all of it.
        let requests: Vec<_> = (0..6).map(|n| Arc::new(request(&format!("{n}")))).collect();
        let outcomes = batch::run(&plain, &requests, 4, None, &mut |_, _| {});
        assert!(outcomes.iter().all(Result::is_ok));
        // A name must be looked up on a thread that can be left behind.
        let failed = named.chat(&request("hello"), None).unwrap_err();
        assert_eq!(failed.error.status(), Status::Connection, "{}", failed.error);
        assert!(failed.error.to_string().contains("no thread"), "{}", failed.error);
        let asked = Asked::Client(plain.clone());
        let error = queue.submit(asked, Arc::new(request("hello")), false, None, 1).unwrap_err();
        assert_eq!(error.status(), Status::Io, "{error}");
        assert!(error.to_string().contains("no thread"), "{error}");
        assert_eq!(queue.pending(), 0);
    });

    named.chat(&request("hello"), None).unwrap();
    shared.chat(&request("hello"), None).unwrap();
    queue.submit(Asked::Client(plain), Arc::new(request("hello")), false, None, 2).unwrap();
    let item = queue.next(Duration::from_secs(60)).unwrap();
    let ItemKind::Done(result) = item.kind else { panic!("an event") };
    assert_eq!((item.tag, result.is_ok()), (2, true));
}
