//! The listener, its connections, and their end.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crate::waiting::{Condvar, Mutex};

use super::connection;
use super::options::{Cuts, MockOptions};
use super::plan::Planner;
use super::stats::Stats;
use crate::error::{Error, Result};

/// Stack of a connection's thread: parsing JSON nests at most 128 deep.
const STACK_BYTES: usize = 256 << 10;

/// A provider that listens until it is dropped.
pub struct MockServer {
    shared: Arc<Shared>,
    listener: Option<JoinHandle<()>>,
    address: SocketAddr,
    url: String,
}

/// What the connections share. No two of its locks are held at once.
pub(super) struct Shared {
    pub options: MockOptions,
    pub cuts: Option<Cuts>,
    pub origin: String,
    pub planner: Mutex<Planner>,
    pub stats: Mutex<Stats>,
    /// Relaxed is enough: the sockets are shut down after it is set.
    stopping: AtomicBool,
    open: Mutex<HashMap<u64, Arc<TcpStream>>>,
    one_closed: Condvar,
}

impl MockServer {
    /// Listens on a free port of 127.0.0.1.
    pub fn start(options: MockOptions) -> Result<MockServer> {
        let io = |error: io::Error| Error::Io(format!("the mock cannot listen: {error}"));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(io)?;
        let address = listener.local_addr().map_err(io)?;
        let origin = format!("http://{address}");
        let shared = Arc::new(Shared {
            cuts: options.cut_at.as_deref().and_then(Cuts::parse),
            options,
            origin: origin.clone(),
            planner: Mutex::default(),
            stats: Mutex::default(),
            stopping: AtomicBool::new(false),
            open: Mutex::default(),
            one_closed: Condvar::new(),
        });
        let accepting = shared.clone();
        let thread = Builder::new()
            .name("mynah-mock".into())
            .stack_size(STACK_BYTES)
            .spawn(move || accept(&listener, &accepting))
            .map_err(io)?;
        Ok(MockServer { shared, listener: Some(thread), address, url: format!("{origin}/v1") })
    }

    /// The base URL for OpenAI's dialects, as `http://127.0.0.1:PORT/v1`.
    /// Without its path it serves every other provider.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What it received and did so far.
    pub fn stats(&self) -> serde_json::Value {
        let open = self.shared.open.lock().len();
        self.shared.stats.lock().to_json(open)
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
        // A connection of its own wakes the listener, which then ends.
        let woken = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
        if let (Ok(_), Some(listener)) = (woken, self.listener.take()) {
            let _ = listener.join();
        }
        let mut open = self.shared.open.lock();
        open.values().for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
        while !open.is_empty() {
            // A long answer is made to its end first.
            if self.shared.one_closed.wait_for(&mut open, Duration::from_secs(20)).timed_out() {
                break;
            }
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for (id, stream) in (0..).zip(listener.incoming()) {
        if shared.stopping.load(Ordering::Relaxed) {
            return;
        }
        match stream {
            Ok(stream) => serve(id, Arc::new(stream), shared),
            // No descriptor is free: others must be given back first.
            Err(_) => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}

/// Gives a connection its thread; one too many is closed.
fn serve(id: u64, stream: Arc<TcpStream>, shared: &Arc<Shared>) {
    {
        let mut open = shared.open.lock();
        if open.len() as u64 >= shared.options.max_connections {
            return;
        }
        open.insert(id, stream.clone());
    }
    shared.stats.lock().connections_opened += 1;
    let mine = shared.clone();
    let spawned =
        Builder::new().name("mynah-mock".into()).stack_size(STACK_BYTES).spawn(move || {
            // Even a defect of the mock must not leave the connection open.
            let _closing = Closing { id, shared: &mine };
            let closed_by_peer = connection::run(&stream, &mine);
            drop(stream);
            let by_peer = closed_by_peer && !mine.stopping.load(Ordering::Relaxed);
            mine.stats.lock().connections_closed_by_peer += u64::from(by_peer);
        });
    if spawned.is_err() {
        drop(Closing { id, shared });
    }
}

/// Takes a connection off the list, whatever ends it.
struct Closing<'a> {
    id: u64,
    shared: &'a Shared,
}

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.shared.open.lock().remove(&self.id);
        self.shared.one_closed.notify_all();
    }
}
