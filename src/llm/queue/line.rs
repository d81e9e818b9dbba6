//! The line before a queue's threads: calls leave it for a thread, or end in it.
//!
//! A call's time begins when it is submitted. One that ends here counts with its
//! client as any other that failed. Who has a thread looks after it; for
//! those who have none one thread does, for as long as there are such.

use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use super::{ItemKind, Queue, State, Stream};
use crate::error::{Error, Result, Status};
use crate::llm::asked::Asked;
use crate::llm::cancel::{Breakable, Cancel, Interrupt, Reason};
use crate::llm::client::Client;
use crate::llm::nesting::{self, Place};
use crate::llm::pool;
use crate::llm::request::Request;

/// Stack of the thread that looks after those in line: it tells listeners, too.
const STACK: usize = 256 * 1024;

/// What stands in line.
pub(super) struct Wanted {
    asked: Asked,
    /// One, or those of a batch.
    requests: Vec<Arc<Request>>,
    is_batch: bool,
    /// When it was submitted.
    pub since: Instant,
}

impl Wanted {
    /// A call.
    pub fn call(asked: Asked, request: Arc<Request>) -> Wanted {
        Wanted { asked, requests: vec![request], is_batch: false, since: Instant::now() }
    }

    /// A batch.
    pub fn batch(client: Arc<Client>, requests: Vec<Arc<Request>>) -> Wanted {
        let asked = Asked::Client(client);
        Wanted { asked, requests, is_batch: true, since: Instant::now() }
    }

    /// Counts it as ended here; what the queue tells of it.
    fn ended(self, error: Error) -> ItemKind {
        self.asked.ended_in_line(&self.requests, self.since.elapsed(), &error);
        match self.is_batch {
            true => ItemKind::Batch(Err(error)),
            false => ItemKind::Done(Err(error.into())),
        }
    }
}

/// How long a call may stand in line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    /// None if that is beyond all time.
    until: Option<Instant>,
    time: Duration,
}

impl Limit {
    /// For so long.
    pub fn from_now(time: Duration) -> Limit {
        Limit { until: Instant::now().checked_add(time), time }
    }

    fn error(self) -> Error {
        let ms = self.time.as_millis();
        let message = format!(
            "no thread of the queue was free within timeout_ms = {ms}: raise that or max_workers"
        );
        Error::call(Status::Timeout, message)
    }
}

/// What ends a call that stands in line when its token is triggered.
pub(super) struct Ending {
    interrupt: Arc<Interrupt>,
    queue: Weak<Queue>,
    id: u64,
}

impl Ending {
    /// Of this call.
    pub fn of(queue: &Arc<Queue>, id: u64) -> Arc<Ending> {
        Arc::new(Ending { interrupt: Arc::default(), queue: Arc::downgrade(queue), id })
    }

    /// Has the token trip it.
    pub fn attach(self: &Arc<Self>, cancel: &Cancel) {
        let breakable: Arc<dyn Breakable> = self.clone();
        self.interrupt.watch(Arc::downgrade(&breakable));
        cancel.attach(&self.interrupt);
    }
}

impl Breakable for Ending {
    fn break_off(&self) {
        if let Some(queue) = self.queue.upgrade() {
            queue.end_in_line(self.id, Reason::Cancelled.error());
        }
    }
}

impl Queue {
    /// Has the pool run what has been entered.
    pub(super) fn start(self: &Arc<Self>, id: u64, own: &Cancel, job: pool::Job) -> Result<()> {
        let (queue, inside) = (self.clone(), Place::Queue(self.address()));
        let job = move || {
            let _inside = nesting::enter(inside);
            queue.leaves_line(id);
            drop(queue);
            job();
        };
        let place = self.pool.run(Box::new(job)).inspect_err(|_| self.forget(id))?;
        let mut state = self.state.lock();
        if let Some(stream) = state.streams.get_mut(&id) {
            stream.place = Some(place);
            if stream.limit.is_some() && self.pool.has_line() {
                self.keep(&mut state);
            }
        }
        drop(state);
        // The token may have been triggered before the place was known.
        if own.is_triggered() {
            self.end_in_line(id, Reason::Cancelled.error());
        }
        Ok(())
    }

    /// A thread has taken the call.
    fn leaves_line(&self, id: u64) {
        let mut state = self.state.lock();
        let is_kept = state.is_kept;
        let wanted = state.streams.get_mut(&id).and_then(|stream| {
            stream.limit = None;
            stream.wanted.take()
        });
        if is_kept {
            self.moved.notify_one();
        }
        drop(state);
        // It may be the last to hold whom it asks.
        drop(wanted);
    }

    /// Ends a call that no thread has taken yet.
    fn end_in_line(&self, id: u64, error: Error) {
        let place = self.state.lock().streams.get(&id).and_then(|stream| stream.place);
        if !place.is_some_and(|place| self.pool.withdraw(place)) {
            return;
        }
        let take = |stream: &mut Stream| Some((stream.tag, stream.wanted.take()?));
        let found = self.state.lock().streams.get_mut(&id).and_then(take);
        if let Some((tag, wanted)) = found {
            let end = wanted.ended(error);
            self.finish(id, tag, end);
        }
    }

    /// Sees to it that a thread looks after those in line.
    fn keep(self: &Arc<Self>, state: &mut State) {
        if state.is_kept {
            self.moved.notify_one();
            return;
        }
        let queue = self.clone();
        let keeper = thread::Builder::new().name("mynah-line".into()).stack_size(STACK);
        // Without it they learn that their time is up when they have a thread.
        state.is_kept = keeper.spawn(move || queue.keep_line()).is_ok();
    }

    /// Ends those whose time is up, until nobody is left in line who has a limit.
    fn keep_line(&self) {
        let mut state = self.state.lock();
        while let Some((id, until, limit)) = earliest(&state) {
            if Instant::now() < until {
                self.moved.wait_until(&mut state, until);
                continue;
            }
            if let Some(stream) = state.streams.get_mut(&id) {
                stream.limit = None;
            }
            drop(state);
            self.end_in_line(id, limit.error());
            state = self.state.lock();
        }
        state.is_kept = false;
    }
}

/// Whose time is up first of those in line.
fn earliest(state: &State) -> Option<(u64, Instant, Limit)> {
    let limited = |(id, stream): (&u64, &Stream)| {
        let limit = stream.limit.filter(|_| stream.place.is_some())?;
        Some((*id, limit.until?, limit))
    };
    let open = (!state.closed).then_some(&state.streams)?;
    open.iter().filter_map(limited).min_by_key(|(_, until, _)| *until)
}
