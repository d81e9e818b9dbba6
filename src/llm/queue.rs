//! Calls that run elsewhere, and one place where their results arrive.
//!
//! A [`Queue`] is for programs that must not block: event loops, asyncio,
//! goroutines. Calls are submitted and run on a pool of threads (see
//! [`super::pool`]), each open stream on one of its own; their events and ends
//! are taken with [`Queue::next`], or when [`Queue::fd`] is readable. A call
//! that still stands in the pool's line when it is cancelled ends at once.
//!
//! Each stream may have [`UNDELIVERED_MAX`] events waiting. Then its thread
//! waits too: the socket is not read, and its idle time does not run, but its
//! whole time does.

mod item;
mod taking;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Weak};

use crate::clock::Signal;
use crate::error::{Error, Result};
use crate::waiting::{Condvar, Mutex};

use super::asked::Asked;
use super::batch::{self, Outcome};
use super::bell::Bell;
use super::call;
use super::cancel::{Breakable, Cancel, Interrupt, Reason};
use super::client::Client;
use super::event::Event;
use super::nesting::{self, Place};
use super::pool::{self, Pool};
use super::request::Request;

pub use item::{Departed, Item, ItemKind};

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
}

/// A call that has not ended.
struct Stream {
    tag: u64,
    is_batch: bool,
    /// Its place in the pool's line, once it has one.
    place: Option<u64>,
    undelivered: usize,
    /// Raised when there is room again.
    room: Option<Arc<Signal>>,
    cancel: Arc<Cancel>,
    /// Tripped by the token: ends the call while it has no thread. The token
    /// does not keep it alive.
    _ending: Arc<Ending>,
}

/// What ends a call that stands in line.
struct Ending {
    interrupt: Arc<Interrupt>,
    queue: Weak<Queue>,
    id: u64,
}

impl Breakable for Ending {
    fn break_off(&self) {
        if let Some(queue) = self.queue.upgrade() {
            queue.end_in_line(self.id);
        }
    }
}

impl Queue {
    /// An empty queue whose calls run on up to `max_workers` threads.
    pub fn new(max_workers: usize) -> Result<Arc<Queue>> {
        let bell = Bell::new().map_err(|e| Error::Io(format!("no descriptor for a queue: {e}")))?;
        Ok(Arc::new(Queue {
            state: Mutex::default(),
            arrived: Condvar::new(),
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
        let own = Arc::<Cancel>::default();
        if let Some(cancel) = cancel {
            cancel.pass_on(&own);
        }
        let id = self.enter(own.clone(), tag, false)?;
        let (queue, token) = (self.clone(), own.clone());
        let job = move || {
            let mut sink = |event: &Event| queue.push_event(id, tag, event);
            let result = match stream {
                true => asked.chat_stream(&request, Some(&token), &mut sink),
                false => asked.chat(&request, Some(&token)),
            };
            // Whoever learns of the end may be the last to hold these.
            drop((asked, request));
            queue.finish(id, tag, ItemKind::Done(result.map(Box::new)));
        };
        self.start(id, &own, Box::new(job))
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
        let own = Arc::<Cancel>::default();
        if let Some(cancel) = cancel {
            cancel.pass_on(&own);
        }
        let id = self.enter(own.clone(), tag, true)?;
        let (queue, token) = (self.clone(), own.clone());
        let job = move || {
            done(batch::run(&client, &requests, parallel, Some(&token), &mut |_, _| {}));
            queue.finish(id, tag, ItemKind::Batch(Ok(())));
        };
        self.start(id, &own, Box::new(job))
    }

    /// Has the pool run what has been entered.
    fn start(&self, id: u64, own: &Cancel, job: pool::Job) -> Result<()> {
        let queue = Place::Queue(self.address());
        let job = move || {
            let _inside = nesting::enter(queue);
            job();
        };
        let place = self.pool.run(Box::new(job)).inspect_err(|_| self.forget(id))?;
        if let Some(stream) = self.state.lock().streams.get_mut(&id) {
            stream.place = Some(place);
        }
        // The token may have been triggered before the place was known.
        if own.is_triggered() {
            self.end_in_line(id);
        }
        Ok(())
    }

    fn enter(self: &Arc<Self>, cancel: Arc<Cancel>, tag: u64, is_batch: bool) -> Result<u64> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(Error::Closed("mynah_queue"));
        }
        let id = state.next_id;
        state.next_id += 1;
        let ending =
            Arc::new(Ending { interrupt: Arc::default(), queue: Arc::downgrade(self), id });
        let stream = Stream {
            tag,
            is_batch,
            place: None,
            undelivered: 0,
            room: None,
            cancel: cancel.clone(),
            _ending: ending.clone(),
        };
        state.streams.insert(id, stream);
        drop(state);
        let interrupt = &ending.interrupt;
        let breakable: Arc<dyn Breakable> = ending.clone();
        interrupt.watch(Arc::downgrade(&breakable));
        cancel.attach(interrupt);
        Ok(id)
    }

    /// Where it is: a job holds the queue, so no other one is there meanwhile.
    fn address(&self) -> usize {
        std::ptr::from_ref(self) as usize
    }

    fn forget(&self, id: u64) {
        self.state.lock().streams.remove(&id);
        // Whoever closes the queue waits for the last one to go.
        self.arrived.notify_all();
    }

    /// Ends a call that no thread has taken yet.
    fn end_in_line(&self, id: u64) {
        let found = {
            let state = self.state.lock();
            let stream = state.streams.get(&id);
            stream.and_then(|stream| Some((stream.tag, stream.is_batch, stream.place?)))
        };
        if let Some((tag, is_batch, place)) = found
            && self.pool.withdraw(place)
        {
            let error = Reason::Cancelled.error();
            self.finish(
                id,
                tag,
                match is_batch {
                    true => ItemKind::Batch(Err(error)),
                    false => ItemKind::Done(Err(error.into())),
                },
            );
        }
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
    /// are done with it, unless this thread is one of them.
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
        self.pool.close();
        if nesting::is_inside(Place::Queue(self.address())) {
            return;
        }
        let mut state = self.state.lock();
        self.arrived.wait_while(&mut state, |state| !state.streams.is_empty());
    }
}
