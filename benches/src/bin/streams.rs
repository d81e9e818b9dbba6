//! What an open stream costs: so many at once, in one queue, from a provider in
//! another process, so that its memory is not counted.
//!
//! Resident memory is what the process has grown by while all streams are open,
//! divided by their number; virtual memory is mostly the threads' stacks.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mynah::llm::asked::Asked;
use mynah::llm::cancel::Cancel;
use mynah::llm::client::{Client, Parts};
use mynah::llm::event::EventKind;
use mynah::llm::queue::{ItemKind, Queue};
use mynah::llm::request::Request;
use mynah::mock::{MockOptions, MockServer};
use mynah::options::Layered;
use mynah::options::client::ClientOptions;

fn main() {
    raise_limit();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "provider") {
        return provider();
    }
    let count = arguments.first().and_then(|n| n.parse().ok()).unwrap_or(2_000);
    let mut child = Command::new(std::env::current_exe().unwrap())
        .arg("provider")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
    measure(url.trim(), count);
    drop(child.stdin.take());
    let _ = child.wait();
}

/// Streams that stop in the middle, until the input ends.
fn provider() {
    let mut options = Layered::<MockOptions>::default();
    for (name, value) in
        [("fault", "stall"), ("fault_after_bytes", "1500"), ("max_connections", "65536")]
    {
        options.set(name, value).unwrap();
    }
    let mock = MockServer::start(options.resolve().unwrap().values).unwrap();
    println!("{}", mock.url());
    std::io::stdout().flush().unwrap();
    let _ = std::io::stdin().read_line(&mut String::new());
}

fn measure(url: &str, count: u64) {
    let mut options = Layered::<ClientOptions>::default();
    for (name, value) in [("base_url", url), ("api_key", "k"), ("model", "m"), ("proxy", "none")] {
        options.set(name, value).unwrap();
    }
    let client = Arc::new(Client::new(options.resolve().unwrap(), Parts::default()).unwrap());
    let queue = Queue::new(count as usize + 10).unwrap();
    let cancel = Arc::<Cancel>::default();
    let mut request = Request::new();
    request.add_message("user", "hello").unwrap();
    let request = Arc::new(request);
    let open = |tags: std::ops::Range<u64>| {
        let mut waiting: HashSet<u64> = tags.clone().collect();
        for tag in tags {
            let asked = Asked::Client(client.clone());
            queue.submit(asked, request.clone(), true, Some(&cancel), tag).unwrap();
        }
        while !waiting.is_empty() {
            let item = queue.next(Duration::from_secs(60)).unwrap();
            match item.kind {
                ItemKind::Event(event) if matches!(event.kind, EventKind::Text(_)) => {
                    waiting.remove(&item.tag);
                }
                ItemKind::Done(result) => panic!("a stream has ended: {result:?}"),
                _ => {}
            }
        }
    };
    // What the first ones bring with them is not the others'.
    open(0..10);
    let (before, began) = (Memory::now(), Instant::now());
    open(10..count + 10);
    let (took, after) = (began.elapsed(), Memory::now());
    let each = |kib: u64| kib as f64 / count as f64;
    println!(
        "{count} streams open after {took:.2?}: {} threads, {:.1} KiB resident and {:.0} KiB virtual each",
        after.threads,
        each(after.resident.saturating_sub(before.resident)),
        each(after.virtual_.saturating_sub(before.virtual_)),
    );
    let began = Instant::now();
    cancel.trigger();
    let mut ended = 0;
    while ended < count + 10 {
        let item = queue.next(Duration::from_secs(60)).unwrap();
        ended += u64::from(matches!(item.kind, ItemKind::Done(_)));
    }
    println!("all cancelled and ended after {:.2?}", began.elapsed());
}

struct Memory {
    resident: u64,
    virtual_: u64,
    threads: u64,
}

impl Memory {
    fn now() -> Memory {
        let text = std::fs::read_to_string("/proc/self/status").unwrap();
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.split_whitespace().next().unwrap().parse().unwrap()
        };
        Memory { resident: field("VmRSS:"), virtual_: field("VmSize:"), threads: field("Threads:") }
    }
}

/// As many descriptors as the system lets the process have.
fn raise_limit() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both calls read or write the one struct that lives here.
    unsafe {
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
        limit.rlim_cur = limit.rlim_max;
        libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
    }
}
