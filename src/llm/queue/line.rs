//! The line before a queue's threads: calls leave it for a thread, or end in it.
//!
//! A call's time begins when it is submitted. One that ends here counts with its
//! client as any other that failed. Who has a thread looks after it; for
//! those who have none one thread does, for as long as there are such.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::{ItemKind, Queue, State};
use crate::error::{Bound, Error, Result, Status};
use crate::llm::asked::Asked;
use crate::llm::cancel::{Breakable, Cancel, Interrupt};
use crate::llm::client::Client;
use crate::llm::pool;
use crate::llm::request::Request;
use crate::nesting::{self, Place};

/// What stands in line.
pub(super) struct Wanted {
    asked: Asked,
    /// One, or those of a batch.
    requests: Vec<Arc<Request>>,
    is_batch: bool,
    /// When it was submitted.
    pub since: Instant,
    /// Its switch while it stands there.
    pub interrupt: Arc<Interrupt>,
    /// Where whom it asks knows it.
    standing: u64,
}

impl Wanted {
    /// A call.
    pub fn call(asked: Asked, request: Arc<Request>) -> Result<Wanted> {
        Wanted::new(asked, vec![request], false)
    }

    /// A batch.
    pub fn batch(client: Arc<Client>, requests: Vec<Arc<Request>>) -> Result<Wanted> {
        Wanted::new(Asked::Client(client), requests, true)
    }

    fn new(asked: Asked, requests: Vec<Arc<Request>>, is_batch: bool) -> Result<Wanted> {
        let interrupt = Arc::<Interrupt>::default();
        let standing = asked.calls().stand(interrupt.clone())?;
        Ok(Wanted { asked, requests, is_batch, since: Instant::now(), interrupt, standing })
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

impl Drop for Wanted {
    fn drop(&mut self) {
        self.asked.calls().leave_line(self.standing);
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
        Error::bounded(Status::Timeout, Bound::Workers, message)
    }
}

/// What ends a call that stands in line when its token is triggered, or whom it asks
/// freed.
pub(super) struct Ending {
    interrupt: Arc<Interrupt>,
    queue: Weak<Queue>,
    pub id: u64,
}

impl Ending {
    /// Of this call.
    pub fn of(queue: &Arc<Queue>, id: u64, interrupt: Arc<Interrupt>) -> Arc<Ending> {
        Arc::new(Ending { interrupt, queue: Arc::downgrade(queue), id })
    }

    /// Has the token trip it, too.
    pub fn attach(self: &Arc<Self>, cancel: &Cancel) {
        let breakable: Arc<dyn Breakable> = self.clone();
        self.interrupt.watch(Arc::downgrade(&breakable));
        cancel.attach(&self.interrupt);
    }
}

impl Breakable for Ending {
    fn break_off(&self) {
        if let (Some(queue), Err(error)) = (self.queue.upgrade(), self.interrupt.check()) {
            queue.end_in_line(self.id, error);
        }
    }
}

impl Queue {
    /// Has the pool run what has been entered.
    pub(super) fn start(self: &Arc<Self>, ending: &Ending, job: pool::Job) -> Result<()> {
        let id = ending.id;
        let (queue, inside) = (self.clone(), Place::Queue(self.address()));
        let job = move || {
            let _inside = nesting::enter(inside);
            // What it has there may be the last to hold whom it asks.
            drop(queue.out_of_line(id));
            drop(queue);
            job();
        };
        let place = self.pool.run(Box::new(job)).inspect_err(|_| self.forget(id))?;
        let mut state = self.state.lock();
        if let Some(stream) = state.streams.get_mut(&id) {
            stream.place = Some(place);
            let until = stream.limit.and_then(|limit| limit.until);
            if let Some(until) = until.filter(|_| self.pool.has_line()) {
                let is_first = state.dues.add(until, id);
                self.keep(&mut state, is_first);
            }
        }
        drop(state);
        // It may have been tripped before the place was known.
        ending.break_off();
        Ok(())
    }

    /// Takes a call out of the line that a thread has taken, or that has ended there.
    fn out_of_line(&self, id: u64) -> Option<(u64, Wanted)> {
        let mut state = self.state.lock();
        let stream = state.streams.get_mut(&id)?;
        let (tag, wanted, limit) = (stream.tag, stream.wanted.take(), stream.limit.take());
        if let Some(until) = limit.and_then(|limit| limit.until)
            && state.dues.remove(until, id)
        {
            self.moved.notify_one();
        }
        wanted.map(|wanted| (tag, wanted))
    }

    /// Ends a call that no thread has taken yet.
    fn end_in_line(&self, id: u64, error: Error) {
        let place = self.state.lock().streams.get(&id).and_then(|stream| stream.place);
        if place.is_some_and(|place| self.pool.withdraw(place))
            && let Some((tag, wanted)) = self.out_of_line(id)
        {
            let end = wanted.ended(error);
            self.finish(id, tag, end);
        }
    }

    /// Sees to it that a thread looks after those in line; `is_first`: sooner than it
    /// would.
    fn keep(self: &Arc<Self>, state: &mut State, is_first: bool) {
        if state.is_kept {
            if is_first {
                self.moved.notify_one();
            }
            return;
        }
        let queue = self.clone();
        let keeper = nesting::thread("mynah-line");
        // Without it they learn that their time is up when they have a thread.
        state.is_kept = keeper.spawn(move || queue.keep_line()).is_ok();
    }

    /// Ends those whose time is up, until nobody is left in line who has a limit.
    fn keep_line(&self) {
        let mut state = self.state.lock();
        while let (Some(next), false) = (state.dues.next(), state.closed) {
            let due = state.dues.take(Instant::now());
            if due.is_empty() {
                self.moved.wait_until(&mut state, next);
                continue;
            }
            let limits: Vec<_> =
                due.into_iter().filter_map(|id| Some((id, state.limit_of(id)?))).collect();
            drop(state);
            limits.into_iter().for_each(|(id, limit)| self.end_in_line(id, limit.error()));
            state = self.state.lock();
        }
        state.is_kept = false;
    }
}

impl State {
    /// How long a call may stand in line, if it still stands there.
    fn limit_of(&self, id: u64) -> Option<Limit> {
        self.streams.get(&id).and_then(|stream| stream.limit)
    }
}
