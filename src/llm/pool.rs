//! Threads that run jobs: as many as are needed, up to a bound.
//!
//! They leave when they have been idle for a while. Jobs
//! beyond the bound stand in line, first come, first served; one that is not
//! wanted any more is withdrawn from the line, with all that it holds, and does
//! not have to wait for a thread to find that out.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::error::{Error, Result};
use crate::forks::Process;
use crate::nesting;
use crate::waiting::Mutex;

/// Idle time after which a thread leaves.
const IDLE: Duration = Duration::from_secs(10);

/// What a thread runs.
pub type Job = Box<dyn FnOnce() + Send>;

/// The threads, and the line before them.
pub struct Pool {
    line: Mutex<Option<Sender<u64>>>,
    shared: Arc<Shared>,
    max: usize,
    /// Whose threads these are: a child of it has none of them.
    process: Process,
}

struct Shared {
    line: Receiver<u64>,
    /// Taken alone, or before `line` of the pool.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    threads: usize,
    /// Threads without a job, less places in the line.
    spare: isize,
    /// Jobs in the line, by their places; a place may be empty by now.
    jobs: HashMap<u64, Job>,
    next: u64,
}

impl Pool {
    /// No threads yet, and never more than `max`.
    pub fn new(max: usize) -> Self {
        let (sender, line) = unbounded();
        let shared = Arc::new(Shared { line, state: Mutex::default() });
        Pool { line: Mutex::new(Some(sender)), shared, max: max.max(1), process: Process::this() }
    }

    /// Has a thread run a job; its place in the line.
    pub fn run(&self, job: Job) -> Result<u64> {
        self.put(job, true)
    }

    /// Has a thread run a job at once; fails if none is free or can be had.
    pub fn run_now(&self, job: Job) -> Result<()> {
        self.put(job, false).map(drop)
    }

    fn put(&self, job: Job, may_wait: bool) -> Result<u64> {
        self.process.check("client")?;
        let mut state = self.shared.state.lock();
        if state.spare <= 0 && (state.threads < self.max || !may_wait) {
            match self.another(&state) {
                Ok(()) => (state.threads, state.spare) = (state.threads + 1, state.spare + 1),
                // The threads that there are will come to it.
                Err(_) if state.threads > 0 && may_wait => {}
                Err(e) => return Err(Error::Io(format!("no thread for the call: {e}"))),
            }
        }
        let place = state.next;
        // Sent under the lock: a thread that leaves looks at the line under it.
        let sent = self.line.lock().as_ref().and_then(|line| line.send(place).ok());
        sent.ok_or(Error::Closed("mynah_queue"))?;
        state.jobs.insert(place, job);
        (state.next, state.spare) = (place + 1, state.spare - 1);
        Ok(place)
    }

    /// Whether more jobs are wanted than there are threads.
    pub fn has_line(&self) -> bool {
        self.shared.state.lock().spare < 0
    }

    /// Takes a job out of the line; false if a thread has it, or had.
    pub fn withdraw(&self, place: u64) -> bool {
        let job = self.shared.state.lock().jobs.remove(&place);
        // What it holds is dropped here, outside the lock.
        job.is_some()
    }

    /// Starts a thread, if there may be another.
    fn another(&self, state: &State) -> std::io::Result<()> {
        if state.threads >= self.max {
            return Err(std::io::Error::other(format!("all {} are busy", self.max)));
        }
        let shared = self.shared.clone();
        nesting::thread("mynah-worker").spawn(move || shared.work()).map(drop)
    }

    /// Whether it takes no more jobs.
    #[cfg(test)]
    pub fn is_closed(&self) -> bool {
        self.line.lock().is_none()
    }

    /// Takes no more jobs; those in the line are still run.
    pub fn close(&self) {
        self.line.lock().take();
    }
}

impl Shared {
    fn work(&self) {
        loop {
            match self.line.recv_timeout(IDLE) {
                Ok(place) => {
                    let job = self.state.lock().jobs.remove(&place);
                    if let Some(job) = job {
                        // What a job does is guarded below it: a client's call.
                        let _ = catch_unwind(AssertUnwindSafe(job));
                    }
                    self.state.lock().spare += 1;
                }
                Err(_) => {
                    let mut state = self.state.lock();
                    // A job may have been counted on this thread meanwhile.
                    if self.line.is_empty() {
                        (state.threads, state.spare) = (state.threads - 1, state.spare - 1);
                        return;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn jobs_run_in_the_order_they_came_on_no_more_threads_than_allowed() {
        let pool = Pool::new(3);
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (done, ended) = channel();
        for n in 0..60 {
            let (running, most, done) = (running.clone(), most.clone(), done.clone());
            let job = move || {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::yield_now();
                running.fetch_sub(1, Ordering::SeqCst);
                done.send(n).unwrap();
            };
            assert_eq!(pool.run(Box::new(job)).unwrap(), n);
        }
        let mut order: Vec<u64> = ended.iter().take(60).collect();
        order.sort();
        assert_eq!(order, (0..60).collect::<Vec<_>>());
        assert!(most.load(Ordering::SeqCst) <= 3);
    }

    #[test]
    fn a_withdrawn_job_is_dropped_at_once_and_never_runs() {
        let pool = Pool::new(1);
        let (open, gate) = channel::<()>();
        let (ran, told) = channel();
        pool.run(Box::new(move || assert!(gate.recv().is_err()))).unwrap();
        let held = Arc::new(());
        let (holds, second) = (held.clone(), ran.clone());
        let place = pool.run(Box::new(move || (drop(holds), second.send(2).unwrap()).1)).unwrap();
        pool.run(Box::new(move || ran.send(3).unwrap())).unwrap();
        assert!(pool.withdraw(place));
        assert_eq!(Arc::strong_count(&held), 1, "what it held is gone");
        assert!(!pool.withdraw(place));
        drop(open);
        assert_eq!(told.iter().collect::<Vec<_>>(), [3]);
    }

    #[test]
    fn a_job_that_cannot_wait_has_a_free_thread_or_none() {
        let pool = Pool::new(1);
        let (open, gate) = channel::<()>();
        pool.run_now(Box::new(move || assert!(gate.recv().is_err()))).unwrap();
        let refused = pool.run_now(Box::new(|| panic!("it ran all the same"))).unwrap_err();
        assert!(refused.to_string().contains("all 1 are busy"), "{refused}");
        drop(open);
        let (ran, told) = channel();
        pool.run(Box::new(move || ran.send(()).unwrap())).unwrap();
        told.recv().unwrap();
        while pool.shared.state.lock().spare < 1 {
            std::thread::yield_now();
        }
        // The thread that there is, not another.
        let (ran, told) = channel();
        pool.run_now(Box::new(move || ran.send(()).unwrap())).unwrap();
        told.recv().unwrap();
        assert_eq!(pool.shared.state.lock().threads, 1);
    }

    #[test]
    fn a_closed_pool_takes_nothing() {
        let pool = Pool::new(1);
        pool.close();
        assert!(matches!(pool.run(Box::new(|| {})), Err(Error::Closed(_))));
    }
}
