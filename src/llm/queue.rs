//! Calls that run elsewhere, and one place where their results arrive.
//!
//! A [`Queue`] is for programs that must not block: event loops, asyncio,
//! goroutines. Calls are submitted and run on a pool of threads (see
//! [`super::pool`]), each open stream on one of its own; their events and ends
//! are taken with [`Queue::next`], or when [`Queue::fd`] is readable. A call
//! that still stands in the pool's line when it is cancelled, when its time is up or
//! whom it asks is freed, ends at once.
//!
//! Each stream may have [`UNDELIVERED_MAX`] events waiting. Then its thread
//! waits too: the socket is not read, and its idle time does not run, but its
//! whole time does.

mod dues;
mod item;
mod line;
mod taking;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::clock::Signal;
use crate::error::{Error, Result};
use crate::nesting::{self, Place};
use crate::waiting::{Condvar, Mutex};

use super::asked::Asked;
use super::batch::{self, Outcome};
use super::bell::Bell;
use super::call;
use super::cancel::Cancel;
use super::client::Client;
use super::event::{Event, Sink};
use super::pool::Pool;
use super::request::Request;

use dues::Dues;
pub use item::{Departed, Item, ItemKind};
use line::{Ending, Limit, Wanted};

/// Events of one stream that may wait to be taken.
const UNDELIVERED_MAX: usize = 256;
/// Log records, alerts and departures that may wait to be taken.
const NOTICES_MAX: usize = 10_000;
/// Bytes of those.
const NOTICE_BYTES_MAX: usize = 64 << 20;

/// Where results arrive.
pub struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    /// The line has changed.
    moved: Condvar,
    bell: Bell,
    pool: Pool,
}

#[derive(Default)]
struct State {
    items: VecDeque<(u64, Item)>,
    streams: HashMap<u64, Stream>,
    next_id: u64,
    /// Records, alerts and departures among the items, and their bytes.
    notices: usize,
    notice_bytes: usize,
    /// Somebody wants a waiting `next` to return.
    woken: bool,
    closed: bool,
    /// Whose time in line is limited.
    dues: Dues,
    /// Whether a thread looks after them.
    is_kept: bool,
}

/// A call that has not ended.
struct Stream {
    tag: u64,
    /// What it is, until a thread has it.
    wanted: Option<Wanted>,
    /// Its place in the pool's line, once it has one.
    place: Option<u64>,
    /// How long it may stand there.
    limit: Option<Limit>,
    undelivered: usize,
    /// Raised when there is room again.
    room: Option<Arc<Signal>>,
    cancel: Arc<Cancel>,
    /// Tripped by the token and by the end of whom it asks: ends the call while it has no
    /// thread. Neither keeps it alive.
    _ending: Arc<Ending>,
}

impl Queue {
    /// An empty queue whose calls run on up to `max_workers` threads.
    pub fn new(max_workers: usize) -> Result<Arc<Queue>> {
        let bell = Bell::new().map_err(|e| Error::Io(format!("no descriptor for a queue: {e}")))?;
        Ok(Arc::new(Queue {
            state: Mutex::default(),
            arrived: Condvar::new(),
            moved: Condvar::new(),
            bell,
            pool: Pool::new(max_workers),
        }))
    }

    /// Runs a call elsewhere; its items carry `tag`.
    pub fn submit(
        self: &Arc<Self>,
        asked: Asked,
        request: Arc<Request>,
        stream: bool,
        cancel: Option<&Arc<Cancel>>,
        tag: u64,
    ) -> Result<()> {
        let own = own_token(cancel);
        let limit = Some(Limit::from_now(asked.time_of(&request)));
        let wanted = Wanted::call(asked.clone(), request.clone())?;
        let began = wanted.since;
        let ending = self.enter(own.clone(), tag, wanted, limit)?;
        let id = ending.id;
        let (queue, token) = (self.clone(), own.clone());
        let job = move || {
            let mut sink = |event: &Event| queue.push_event(id, tag, event);
            let sink = stream.then_some(&mut sink as &mut Sink<'_>);
            let call = || asked.ask(&request, Some(&token), sink, began.elapsed());
            let result = guarded(call).unwrap_or_else(|error| Err(error.into()));
            // Whoever learns of the end may be the last to hold these.
            drop((asked, request));
            queue.finish(id, tag, ItemKind::Done(result.map(Box::new)));
        };
        self.start(&ending, Box::new(job))
    }

    /// Runs a batch elsewhere: `done` gets its outcomes, and an item with `tag`
    /// tells that they are there.
    pub fn submit_batch(
        self: &Arc<Self>,
        client: Arc<Client>,
        requests: Vec<Arc<Request>>,
        parallel: usize,
        cancel: Option<&Arc<Cancel>>,
        tag: u64,
        done: impl FnOnce(Vec<Outcome>) + Send + 'static,
    ) -> Result<()> {
        let own = own_token(cancel);
        let wanted = Wanted::batch(client.clone(), requests.clone())?;
        let ending = self.enter(own.clone(), tag, wanted, None)?;
        let id = ending.id;
        let (queue, token) = (self.clone(), own.clone());
        let job = move || {
            let run = || batch::run(&client, &requests, parallel, Some(&token), &mut |_, _| {});
            let ended = guarded(run).map(done);
            queue.finish(id, tag, ItemKind::Batch(ended));
        };
        self.start(&ending, Box::new(job))
    }

    fn enter(
        self: &Arc<Self>,
        cancel: Arc<Cancel>,
        tag: u64,
        wanted: Wanted,
        limit: Option<Limit>,
    ) -> Result<Arc<Ending>> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(Error::Closed("mynah_queue"));
        }
        let id = state.next_id;
        state.next_id += 1;
        let ending = Ending::of(self, id, wanted.interrupt.clone());
        let stream = Stream {
            tag,
            wanted: Some(wanted),
            place: None,
            limit,
            undelivered: 0,
            room: None,
            cancel: cancel.clone(),
            _ending: ending.clone(),
        };
        state.streams.insert(id, stream);
        drop(state);
        ending.attach(&cancel);
        Ok(ending)
    }

    /// Where it is: a job holds the queue, so no other one is there meanwhile.
    fn address(&self) -> usize {
        std::ptr::from_ref(self) as usize
    }

    fn forget(&self, id: u64) {
        let stream = self.state.lock().streams.remove(&id);
        // Outside the lock: it may be the last to hold whom it asks.
        drop(stream);
        // Whoever closes the queue waits for the last one to go.
        self.arrived.notify_all();
    }

    /// Adds an event of a stream; waits while too many are there.
    fn push_event(&self, id: u64, tag: u64, event: &Event) -> bool {
        loop {
            let room = {
                let mut state = self.state.lock();
                let closed = state.closed;
                let Some(stream) = state.streams.get_mut(&id) else { return false };
                if closed || stream.cancel.is_triggered() {
                    return !closed;
                }
                if stream.undelivered < UNDELIVERED_MAX {
                    stream.undelivered += 1;
                    let kind = ItemKind::Event(event.clone());
                    self.add(&mut state, id, Item { tag, kind });
                    return true;
                }
                stream.room.insert(Arc::default()).clone()
            };
            // Ended from outside or by its time: it has been interrupted.
            if !call::wait_inside(&room) {
                return true;
            }
        }
    }

    /// Adds a log record, an alert or a departure, unless too many are waiting.
    pub fn push_notice(&self, tag: u64, kind: ItemKind) {
        let mut state = self.state.lock();
        let bytes = kind.notice().unwrap_or(0);
        let fits = state.notices < NOTICES_MAX && state.notice_bytes + bytes <= NOTICE_BYTES_MAX;
        if fits && !state.closed {
            (state.notices, state.notice_bytes) = (state.notices + 1, state.notice_bytes + bytes);
            self.add(&mut state, u64::MAX, Item { tag, kind });
        }
    }

    fn finish(&self, id: u64, tag: u64, kind: ItemKind) {
        let mut state = self.state.lock();
        state.streams.remove(&id);
        if !state.closed {
            self.add(&mut state, id, Item { tag, kind });
        }
        self.arrived.notify_all();
    }

    fn add(&self, state: &mut State, id: u64, item: Item) {
        if state.items.is_empty() {
            self.bell.ring();
        }
        state.items.push_back((id, item));
        self.arrived.notify_one();
    }

    /// Makes one waiting [`Queue::next`], or the next one to come, return.
    pub fn wake(&self) {
        self.state.lock().woken = true;
        self.arrived.notify_one();
    }

    /// Calls that have not ended.
    pub fn pending(&self) -> usize {
        self.state.lock().streams.len()
    }

    /// Readable while there are items; to be polled, never read.
    pub fn fd(&self) -> isize {
        self.bell.fd()
    }

    /// Cancels all calls, drops what has arrived, and waits until the workers
    /// are done with it, unless this thread is one of them or they wait for it.
    pub fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        let items = std::mem::take(&mut state.items);
        (state.notices, state.notice_bytes) = (0, 0);
        let calls: Vec<_> = state.streams.values().map(|s| s.cancel.clone()).collect();
        drop(state);
        drop(items);
        calls.iter().for_each(|cancel| cancel.trigger());
        self.arrived.notify_all();
        self.moved.notify_all();
        self.pool.close();
        nesting::wait_for(Place::Queue(self.address()), || {
            let mut state = self.state.lock();
            self.arrived.wait_while(&mut state, |state| !state.streams.is_empty());
        });
    }
}

/// Runs a call of a queue's: a defect in it is how it ends, and no end that never comes.
fn guarded<R>(call: impl FnOnce() -> R) -> Result<R> {
    let defect = |_| Error::Panic("a call on a thread of the queue's".into());
    catch_unwind(AssertUnwindSafe(call)).map_err(defect)
}

/// A token for a call alone, which the caller's triggers too.
fn own_token(cancel: Option<&Arc<Cancel>>) -> Arc<Cancel> {
    let own = Arc::default();
    if let Some(cancel) = cancel {
        cancel.pass_on(&own);
    }
    own
}
