//! Calls that are stuck, each in another phase: what a cancel and a timeout
//! have to end. The tests use them, and the program that measures how soon.

#![allow(unsafe_code)]
// Each of the two uses what it needs.
#![allow(dead_code)]

use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use mynah::error::Status;
use mynah::llm::asked::Asked;
use mynah::llm::batch;
use mynah::llm::cancel::Cancel;
use mynah::llm::client::{Client, Parts};
use mynah::llm::event::Event;
use mynah::llm::failed::Failed;
use mynah::llm::queue::{ItemKind, Queue};
use mynah::llm::request::Request;
use mynah::llm::response::Response;
use mynah::mock::{MockOptions, MockServer};
use mynah::options::Layered;
use mynah::options::client::ClientOptions;

/// Whether names that end in `.lost` are unknown; else they are this machine.
pub static LOST: AtomicBool = AtomicBool::new(true);

/// The system's look-up, which never answers for a name that ends in `.hang`,
/// and knows names that end in `.lost` once [`LOST`] says so.
///
/// # Safety
/// As the system's.
#[cfg(target_os = "linux")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn getaddrinfo(
    node: *const libc::c_char,
    service: *const libc::c_char,
    hints: *const libc::addrinfo,
    result: *mut *mut libc::addrinfo,
) -> libc::c_int {
    type LookUp = unsafe extern "C" fn(
        *const libc::c_char,
        *const libc::c_char,
        *const libc::addrinfo,
        *mut *mut libc::addrinfo,
    ) -> libc::c_int;
    // SAFETY: `node` is null or a C text, as the system's function asks.
    let name = (!node.is_null()).then(|| unsafe { std::ffi::CStr::from_ptr(node) });
    if name.is_some_and(|name| name.to_bytes().ends_with(b".hang")) {
        loop {
            thread::sleep(Duration::from_secs(3_600));
        }
    }
    let lost = name.is_some_and(|name| name.to_bytes().ends_with(b".lost"));
    if lost && LOST.load(Ordering::SeqCst) {
        return libc::EAI_NONAME;
    }
    let node = if lost { c"127.0.0.1".as_ptr() } else { node };
    // SAFETY: the next function of this name is the system's own.
    unsafe {
        let next = libc::dlsym(libc::RTLD_NEXT, c"getaddrinfo".as_ptr());
        let next: LookUp = std::mem::transmute(next);
        next(node, service, hints, result)
    }
}

/// A mock with these options.
pub fn mock(options: &[(&str, &str)]) -> MockServer {
    let mut layered = Layered::<MockOptions>::default();
    options.iter().for_each(|(name, value)| layered.set(name, value).unwrap());
    MockServer::start(layered.resolve().unwrap().values).unwrap()
}

/// A client of a base URL, with short back-offs.
pub fn client(url: &str, options: &[(&str, &str)]) -> Arc<Client> {
    let mut layered = Layered::<ClientOptions>::default();
    let own = [
        ("provider", "openai"),
        ("api_key", "sk-test"),
        ("model", "gpt-test"),
        ("base_url", url),
        ("proxy", "none"),
        ("retry_delay_ms", "1"),
        ("retry_budget_percent", "100"),
    ];
    own.iter().chain(options).for_each(|(name, value)| layered.set(name, value).unwrap());
    Arc::new(Client::new(layered.resolve().unwrap(), Parts::default()).unwrap())
}

/// A request with one user message.
pub fn request(text: &str) -> Request {
    let mut request = Request::new();
    request.add_message("user", text).unwrap();
    request
}

/// What the client talks to.
#[derive(Clone, Copy)]
pub enum Provider {
    /// A mock with options.
    Mock(&'static [(&'static str, &'static str)]),
    /// A name whose look-up hangs.
    Name,
    /// An address at which connecting hangs.
    BlackHole,
    /// A server that reads and is silent, behind this scheme.
    Silent(&'static str),
}

/// How the call is made.
#[derive(Clone, Copy, PartialEq)]
pub enum Way {
    Plain,
    Stream,
    /// Behind another that holds the only place, or the last request a minute.
    Behind,
    /// As the second of two identical ones.
    Joined,
    /// Through a queue whose only thread is busy.
    InLine,
    /// Through a queue from which nobody takes the events.
    Untaken,
    /// As one of four in a batch.
    Batch,
}

/// A phase in which calls are stuck.
#[derive(Clone, Copy)]
pub struct Phase {
    pub name: &'static str,
    pub provider: Provider,
    pub client: &'static [(&'static str, &'static str)],
    pub way: Way,
    /// The provider has a connection of the call's, and sees it close.
    pub seen: bool,
}

const fn phase(name: &'static str, provider: Provider, way: Way, seen: bool) -> Phase {
    Phase { name, provider, client: &[], way, seen }
}

const fn with(phase: Phase, client: &'static [(&'static str, &'static str)]) -> Phase {
    Phase { client, ..phase }
}

use Provider::{BlackHole, Mock, Name, Silent};

const LATE: Provider = Mock(&[("delay_headers_ms", "60000")]);
const SHARED: &[(&str, &str)] = &[("coalesce", "true")];

/// Every phase in which a call can be.
#[rustfmt::skip]
pub const PHASES: &[Phase] = &[
    with(phase("name look-up", Name, Way::Plain, false), &[("allow_insecure_http", "true")]),
    phase("TCP connect", BlackHole, Way::Plain, false),
    phase("TLS handshake", Silent("https"), Way::Plain, true),
    phase("writing the request", Silent("http"), Way::Plain, true),
    with(phase("limiter, requests a minute", Mock(&[]), Way::Behind, false), &[("rate_limit_rpm", "1")]),
    with(phase("limiter, calls in flight", LATE, Way::Behind, false), &[("max_in_flight", "1")]),
    phase("back-off", Mock(&[("status", "503"), ("status_header", "retry-after: 60")]), Way::Plain, false),
    with(phase("another's identical call", LATE, Way::Joined, false), SHARED),
    with(phase("own call, shared", LATE, Way::Plain, true), SHARED),
    phase("waiting for the head", LATE, Way::Plain, true),
    phase("within the head", Mock(&[("fault", "stall"), ("fault_after_bytes", "40")]), Way::Plain, true),
    phase("within a body", Mock(&[("fault", "stall"), ("fault_after_bytes", "300")]), Way::Plain, true),
    phase("before the first event", Mock(&[("delay_first_event_ms", "60000")]), Way::Stream, true),
    phase("between events", Mock(&[("delay_event_ms", "60000")]), Way::Stream, true),
    phase("events at full speed", Mock(&[("content", "endless"), ("delay_event_ms", "1")]), Way::Stream, true),
    phase("in line of a queue", LATE, Way::InLine, false),
    phase("events that nobody takes", Mock(&[("content", "endless")]), Way::Untaken, true),
    phase("a batch", LATE, Way::Batch, true),
];

/// A limit on a call's time, and where it has to hold.
#[derive(Clone, Copy)]
pub struct Limit {
    pub option: &'static str,
    pub phase: Phase,
}

const fn limit(option: &'static str, phase: Phase) -> Limit {
    Limit { option, phase }
}

/// Every limit. They run from the call's start or, as good as that, from the
/// moment the request is written; the idle time runs from the last content.
#[rustfmt::skip]
pub const LIMITS: &[Limit] = &[
    limit("connect_timeout_ms", PHASES[0]),
    limit("connect_timeout_ms", PHASES[1]),
    limit("connect_timeout_ms", PHASES[2]),
    limit("first_byte_timeout_ms", phase("waiting for the head", LATE, Way::Plain, true)),
    limit("first_token_timeout_ms", phase("before the first event", Mock(&[("delay_first_event_ms", "60000")]), Way::Stream, true)),
    limit("silence_timeout_ms", phase("waiting for the head", LATE, Way::Plain, true)),
    limit("silence_timeout_ms", phase("within a body", Mock(&[("fault", "stall"), ("fault_after_bytes", "300")]), Way::Plain, true)),
    limit("idle_timeout_ms", phase("within a stream", Mock(&[("fault", "stall"), ("fault_after_bytes", "900")]), Way::Stream, true)),
    limit("timeout_ms", phase("writing the request", Silent("http"), Way::Plain, true)),
    limit("timeout_ms", phase("a body that drips", Mock(&[("content", "drip"), ("delay_event_ms", "5")]), Way::Plain, true)),
    limit("timeout_ms", phase("events at full speed", Mock(&[("content", "endless"), ("delay_event_ms", "1")]), Way::Stream, true)),
    limit("timeout_ms", with(phase("own call, shared", LATE, Way::Plain, true), SHARED)),
    limit("timeout_ms", phase("events that nobody takes", Mock(&[("content", "endless")]), Way::Untaken, true)),
];

/// Connections that a silent server has accepted, and has seen close.
type Counts = Arc<[AtomicU64; 2]>;

/// Accepts and reads, slowly, and never answers.
fn silent() -> (SocketAddr, Counts) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    small_window(&listener);
    let counts = Counts::default();
    let counted = counts.clone();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let counts = counts.clone();
            counts[0].fetch_add(1, Ordering::SeqCst);
            thread::spawn(move || {
                wait_for_close(stream);
                counts[1].fetch_add(1, Ordering::SeqCst);
            });
        }
    });
    (address, counted)
}

/// Has the listener's connections take little before they are read from.
fn small_window(listener: &TcpListener) {
    let (bytes, size) = (4_096 as libc::c_int, size_of::<libc::c_int>() as libc::socklen_t);
    let (fd, place) = (listener.as_raw_fd(), (&raw const bytes).cast());
    // SAFETY: `place` points to a number of this size.
    unsafe { libc::setsockopt(fd, libc::SOL_SOCKET, libc::SO_RCVBUF, place, size) };
}

/// Reads until the other side has closed, and slowly where there is much.
fn wait_for_close(mut stream: TcpStream) {
    let mut buffer = [0; 4 * 1024];
    while matches!(stream.read(&mut buffer), Ok(n) if n > 0) {
        thread::sleep(Duration::from_millis(1));
    }
}

/// A listener whose queue is full, and the connections in it.
pub struct Full {
    pub listener: TcpListener,
    pub held: Vec<TcpStream>,
}

/// An address on which connecting neither succeeds nor fails, because the
/// listener's queue is full; it stays so while what comes with it lives.
pub fn full() -> (SocketAddr, Full) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let raw = listener.into_raw_fd();
    // SAFETY: the descriptor is ours; listening again changes its queue.
    let listener = unsafe {
        libc::listen(raw, 0);
        TcpListener::from_raw_fd(raw)
    };
    let mut held = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(30)) {
        held.push(stream);
    }
    (address, Full { listener, held })
}

/// A phase made real: a provider, a client, and whoever is in the way.
pub struct Scene {
    phase: Phase,
    client: Arc<Client>,
    mock: Option<MockServer>,
    silent: Option<Counts>,
    queue: Option<Arc<Queue>>,
    /// Ends the call that is in the way.
    in_the_way: Arc<Cancel>,
    helper: Mutex<Option<thread::JoinHandle<()>>>,
    body: Request,
    last_event: Mutex<Option<Instant>>,
    _held: Option<Full>,
}

impl Scene {
    /// Sets a phase up; `options` are the client's, beside the phase's own.
    pub fn new(phase: Phase, options: &[(&str, &str)]) -> Scene {
        let (mut mock_server, mut counts, mut held) = (None, None, None);
        let url = match phase.provider {
            Mock(options) => mock_server.insert(mock(options)).url().to_string(),
            Name => "http://provider.hang/v1".to_string(),
            BlackHole => {
                let (address, holds) = full();
                held = Some(holds);
                format!("http://{address}/v1")
            }
            Silent(scheme) => {
                let (address, counted) = silent();
                counts = Some(counted);
                format!("{scheme}://{address}/v1")
            }
        };
        let all: Vec<_> = phase.client.iter().chain(options).copied().collect();
        // More than the buffers of a connection hold, where it is not read.
        let long = matches!(phase.provider, Silent("http"));
        let mut scene = Scene {
            client: client(&url, &all),
            mock: mock_server,
            silent: counts,
            queue: None,
            in_the_way: Arc::default(),
            helper: Mutex::default(),
            body: request(&"hello ".repeat(if long { 100_000 } else { 1 })),
            last_event: Mutex::default(),
            phase,
            _held: held,
        };
        scene.put_in_the_way();
        scene
    }

    /// Starts what the call has to wait for.
    fn put_in_the_way(&mut self) {
        if matches!(self.phase.way, Way::InLine | Way::Untaken) {
            self.queue = Some(Queue::new(1).unwrap());
        }
        if let (Way::InLine, Some(queue)) = (self.phase.way, &self.queue) {
            let (request, cancel) = (Arc::new(request("first")), Some(&self.in_the_way));
            queue.submit(Asked::Client(self.client.clone()), request, false, cancel, 0).unwrap();
            return self.until(|scene| scene.requests() == 1);
        }
        if !matches!(self.phase.way, Way::Behind | Way::Joined) {
            return;
        }
        let body = match self.phase.way {
            Way::Joined => request("hello "),
            _ => request("first"),
        };
        let (client, cancel) = (self.client.clone(), self.in_the_way.clone());
        let first = thread::spawn(move || drop(client.chat(&body, Some(&cancel))));
        *self.helper.lock().unwrap() = Some(first);
        self.until(|scene| scene.requests() == 1);
    }

    fn until(&self, holds: impl Fn(&Scene) -> bool) {
        let began = Instant::now();
        while !holds(self) {
            assert!(began.elapsed() < Duration::from_secs(60), "{}: never there", self.phase.name);
            thread::sleep(Duration::from_micros(200));
        }
    }

    /// Requests, or connections where nobody reads, that the provider has seen.
    fn requests(&self) -> u64 {
        match (&self.mock, &self.silent) {
            (Some(mock), _) => mock.stats()["requests"].as_u64().unwrap(),
            (_, Some(counts)) => counts[0].load(Ordering::SeqCst),
            _ => 0,
        }
    }

    /// Connections that the provider has seen close.
    pub fn closed(&self) -> u64 {
        match (&self.mock, &self.silent) {
            (Some(mock), _) => mock.stats()["connections_closed_by_peer"].as_u64().unwrap(),
            (_, Some(counts)) => counts[1].load(Ordering::SeqCst),
            _ => 0,
        }
    }

    /// Waits until the provider has seen this many connections close.
    pub fn until_closed(&self, count: u64) {
        self.until(|scene| scene.closed() >= count);
    }

    /// Makes a call, which does not end by itself.
    pub fn call(&self, cancel: &Arc<Cancel>) -> Result<(), Failed> {
        match self.phase.way {
            Way::Plain | Way::Behind | Way::Joined => {
                self.client.chat(&self.body, Some(cancel)).map(drop)
            }
            Way::Stream => {
                let mut sink = |_: &Event| {
                    *self.last_event.lock().unwrap() = Some(Instant::now());
                    true
                };
                self.client.chat_stream(&self.body, Some(cancel), &mut sink).map(drop)
            }
            Way::InLine | Way::Untaken => self.queued(cancel),
            Way::Batch => {
                let requests: Vec<_> =
                    (0..4).map(|n| Arc::new(request(&format!("number {n}")))).collect();
                let outcomes = batch::run(&self.client, &requests, 4, Some(cancel), &mut |_, _| {});
                let worst = outcomes.into_iter().find_map(Result::err);
                worst.map_or(Ok(()), |failed| Err(failed.error.clone().into()))
            }
        }
    }

    fn queued(&self, cancel: &Arc<Cancel>) -> Result<(), Failed> {
        let queue = self.queue.as_ref().expect("made with the scene");
        let stream = self.phase.way == Way::Untaken;
        queue
            .submit(
                Asked::Client(self.client.clone()),
                Arc::new(self.body.clone()),
                stream,
                Some(cancel),
                1,
            )
            .unwrap();
        if stream {
            // Nothing is taken until the call has ended.
            self.until(|_| queue.pending() == 0);
        }
        let mut result: Option<Result<Box<Response>, Failed>> = None;
        while let Ok(item) = queue.next(Duration::from_secs(if result.is_none() { 60 } else { 0 }))
        {
            if let (1, ItemKind::Done(done)) = (item.tag, item.kind) {
                result = Some(done);
            }
        }
        result.expect("every call ends").map(drop)
    }

    /// Calls until they return, and cancels each once it is well under way: how
    /// long after the cancel it returned.
    pub fn cancelled_after(&self, pause: Duration) -> Result<Duration, Status> {
        let cancel = Arc::<Cancel>::default();
        let (requests, closed) = (self.requests(), self.closed());
        thread::scope(|scope| {
            let call = scope.spawn(|| {
                let result = self.call(&cancel);
                (result, Instant::now())
            });
            let sends = (self.mock.is_some() || self.silent.is_some())
                && !matches!(self.phase.way, Way::Behind | Way::Joined | Way::InLine);
            if sends {
                self.until(|scene| scene.requests() > requests);
            }
            thread::sleep(pause);
            let at = Instant::now();
            cancel.trigger();
            let (result, returned) = call.join().unwrap();
            let status = result.err().map_or(Status::Ok, |failed| failed.error.status());
            if self.phase.seen {
                self.until_closed(closed + 1);
            }
            match status {
                Status::Cancelled => Ok(returned.saturating_duration_since(at)),
                other => Err(other),
            }
        })
    }
}

impl Limit {
    /// Makes a call in a scene that was set up with this limit: how long it took.
    pub fn run(&self, scene: &Scene) -> Result<Duration, Status> {
        let (requests, closed) = (scene.requests(), scene.closed());
        let began = Instant::now();
        let result = scene.call(&Arc::default());
        let ended = Instant::now();
        let from = match self.option {
            "idle_timeout_ms" => scene.last_event.lock().unwrap().unwrap_or(began),
            _ => began,
        };
        if scene.phase.seen && scene.requests() > requests {
            scene.until_closed(closed + 1);
        }
        match result.err().map_or(Status::Ok, |failed| failed.error.status()) {
            Status::Timeout => Ok(ended - from),
            other => Err(other),
        }
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.in_the_way.trigger();
        if let Some(helper) = self.helper.lock().unwrap().take() {
            let _ = helper.join();
        }
        if let Some(queue) = &self.queue {
            queue.close();
        }
    }
}
