//! Many requests at once, in the order that suits the provider.
//!
//! Identical requests are sent once, if `batch_dedup` says so, and each counts as a
//! call. Of those that
//! share a long beginning the first is sent alone, and the others once it has
//! been answered, so that they find the beginning in the provider's own cache
//! (see [`super::similar`]). Each request has its own outcome; results are in
//! the order of the requests.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::thread;

use parking_lot::Mutex;

use crate::error::{Error, Result, Status};
use crate::nesting;
use crate::waiting;

use super::cancel::{Cancel, Reason};
use super::client::{Client, Same};
use super::failed::Failed;
use super::request::Request;
use super::response::{Response, ServedFrom};
use super::similar;

/// How a request of a batch ended.
pub type Outcome = Result<Response, Arc<Failed>>;

/// The requests of a JSON array of prompts, one user message each.
fn prompts(json: &str) -> Result<Vec<Arc<Request>>> {
    let prompts: Vec<String> = serde_json::from_str(json)
        .map_err(|e| Error::invalid("json", format!("not an array of texts: {e}")))?;
    let request = |prompt: &String| {
        let mut request = Request::new();
        request.add_message("user", prompt)?;
        Ok(Arc::new(request))
    };
    prompts.iter().map(request).collect()
}

/// Fills a client's response cache with the answers to a JSON array of prompts;
/// how many of them it holds then. `Closed` if the client is freed meanwhile.
pub fn warm(
    client: &Arc<Client>,
    json: &str,
    parallel: usize,
    cancel: Option<&Cancel>,
    progress: &mut Progress<'_>,
) -> Result<usize> {
    let requests = prompts(json)?;
    if !client.has_cache() {
        return Err(Error::invalid("client", "has no response cache: set cache_enabled"));
    }
    run(client, &requests, parallel, cancel, progress);
    client.batches.check_open()?;
    // Not every answer is kept: one that was cut is none to give again.
    Ok(requests.iter().filter(|request| client.keeps_answer_to(request)).count())
}

/// Told how many have ended, and of how many; on the threads of the batch,
/// one call at a time.
pub type Progress<'a> = dyn FnMut(usize, usize) + Send + 'a;

/// What is still to be sent.
struct Plan {
    ready: VecDeque<Job>,
    /// Jobs under way: theirs may make others ready.
    under_way: usize,
}

/// A request to be sent, those that get its answer, and those that may be sent
/// once it has been answered.
struct Job {
    /// Places in the batch; the first is the one that is sent.
    places: Vec<usize>,
    then: Vec<Job>,
}

/// Runs a batch on up to `parallel` threads, the caller's among them. Whoever closes
/// the client waits for its end.
pub fn run(
    client: &Arc<Client>,
    requests: &[Arc<Request>],
    parallel: usize,
    cancel: Option<&Cancel>,
    progress: &mut Progress<'_>,
) -> Vec<Outcome> {
    let running = match client.batches.begin(None) {
        Ok(running) => running,
        Err(error) => return vec![Err(Arc::new(Failed::from(error))); requests.len()],
    };
    let jobs = plan(client, requests);
    let outcomes: Mutex<Vec<Option<Outcome>>> = Mutex::new(vec![None; requests.len()]);
    let told = Told::new(requests.len(), progress);
    let work = Work {
        plan: waiting::Mutex::new(Plan { ready: jobs.into(), under_way: 0 }),
        changed: waiting::Condvar::new(),
    };
    let send = || {
        while let Some(job) = work.next() {
            let under_way = UnderWay { work: &work, then: job.then };
            let began = client.clock.now_ns();
            let outcome = client.chat(&requests[job.places[0]], cancel).map_err(ended);
            let took = client.clock.now_ns() - began;
            for place in &job.places[1..] {
                let same = same_as(&outcome);
                let result = same.as_ref().map_err(|failed| &failed.error);
                client.ended_with(&requests[*place], result, took);
                outcomes.lock()[*place] = Some(same);
            }
            outcomes.lock()[job.places[0]] = Some(outcome);
            drop(under_way);
            told.add(job.places.len());
        }
    };
    let parallel = parallel.clamp(1, requests.len().max(1));
    let places = nesting::places();
    thread::scope(|scope| {
        for _ in 1..parallel {
            let thread = nesting::thread("mynah-batch");
            let (places, batch) = (places.clone(), running.interrupt.clone());
            let help = move || {
                let _inside: Vec<_> = places.into_iter().map(nesting::enter).collect();
                let _in_batch = client.batches.inside(&batch);
                send();
            };
            if thread.spawn_scoped(scope, help).is_err() {
                // Fewer threads do the same work.
                break;
            }
        }
        send();
    });
    let never = || {
        let error = Error::Internal("a request of the batch was lost".into());
        Err(Arc::new(Failed::from(error)))
    };
    outcomes.into_inner().into_iter().map(|outcome| outcome.unwrap_or_else(never)).collect()
}

/// A client that is freed cancels its batches, also what they have not sent yet.
fn ended(failed: Failed) -> Arc<Failed> {
    Arc::new(match failed.error.status() {
        Status::Closed => Failed::from(Reason::Closed.error()),
        _ => failed,
    })
}

struct Work {
    plan: waiting::Mutex<Plan>,
    changed: waiting::Condvar,
}

impl Work {
    /// The next job; none once nothing is left and nothing can come.
    fn next(&self) -> Option<Job> {
        let mut plan = self.plan.lock();
        loop {
            if let Some(job) = plan.ready.pop_front() {
                plan.under_way += 1;
                return Some(job);
            }
            if plan.under_way == 0 {
                return None;
            }
            self.changed.wait(&mut plan);
        }
    }

    /// A job has ended, and makes others ready, before all that are.
    fn done(&self, then: Vec<Job>) {
        let mut plan = self.plan.lock();
        plan.under_way -= 1;
        then.into_iter().rev().for_each(|job| plan.ready.push_front(job));
        self.changed.notify_all();
    }
}

/// A job while it is under way. However it ends, those who wait for it go on.
struct UnderWay<'a> {
    work: &'a Work,
    then: Vec<Job>,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.work.done(std::mem::take(&mut self.then));
    }
}

/// Tells how many have ended, in order and one call at a time, while the others
/// go on sending.
struct Told<'a> {
    total: usize,
    counts: Mutex<Counts>,
    progress: Mutex<&'a mut Progress<'a>>,
}

#[derive(Default)]
struct Counts {
    done: usize,
    untold: VecDeque<usize>,
    /// Somebody is telling, and tells what comes meanwhile too.
    telling: bool,
}

impl<'a> Told<'a> {
    fn new(total: usize, progress: &'a mut Progress<'a>) -> Self {
        Told { total, counts: Mutex::default(), progress: Mutex::new(progress) }
    }

    fn add(&self, ended: usize) {
        let mut counts = self.counts.lock();
        counts.done += ended;
        let done = counts.done;
        counts.untold.push_back(done);
        if counts.telling {
            return;
        }
        counts.telling = true;
        while let Some(done) = counts.untold.pop_front() {
            drop(counts);
            (self.progress.lock())(done, self.total);
            counts = self.counts.lock();
        }
        counts.telling = false;
    }
}

/// The outcome of one who asked the same.
fn same_as(outcome: &Outcome) -> Outcome {
    let mut same = outcome.clone();
    // What came from the cache comes from there for each.
    if let Ok(response) = &mut same
        && !matches!(response.served_from, ServedFrom::Cache | ServedFrom::Stale)
    {
        response.served_from = ServedFrom::Coalesced;
        response.spare();
    }
    same
}

/// The order in which a batch is sent.
fn plan(client: &Client, requests: &[Arc<Request>]) -> Vec<Job> {
    let mut distinct: Vec<Vec<usize>> = Vec::new();
    let mut known: HashMap<Same, usize> = HashMap::new();
    for (place, request) in requests.iter().enumerate() {
        // One that cannot be prepared fails by itself, with its own error.
        let key = client.batch_key(request);
        match key.as_ref().and_then(|key| known.get(key)) {
            Some(first) => distinct[*first].push(place),
            None => {
                key.map(|key| known.insert(key, distinct.len()));
                distinct.push(vec![place]);
            }
        }
    }
    let firsts: Vec<&Request> = distinct.iter().map(|places| &*requests[places[0]]).collect();
    let groups = similar::groups(&firsts);
    let mut job = |place: usize| Job { places: std::mem::take(&mut distinct[place]), then: vec![] };
    let of_group = |group: similar::Group| {
        let mut members = group.members.into_iter().map(&mut job);
        let first = members.next();
        let then = members.collect();
        first.map(|first| Job { then, ..first })
    };
    groups.into_iter().filter_map(of_group).collect()
}
