//! `mynah_batch`: many requests at once, and what became of each.

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::error::{Error, Result};
use crate::forks::Process;
use crate::llm::batch::{self, Outcome};
use crate::llm::client::Client;
use crate::llm::queue::Queue;
use crate::llm::request::Request;

use super::call::give_answer;
use super::cancel::{self, mynah_cancel};
use super::client::mynah_client;
use super::error::{guard_err, mynah_error};
use super::guard::{clear, guard, guard_or};
use super::handle::{self, Handle, Kind};
use super::queue::mynah_queue;
use super::request::{mynah_request, snapshot};
use super::response::mynah_response;
use super::status::mynah_status;

/// Many requests that are sent together. A handle: belongs to one thread at a
/// time.
pub struct mynah_batch {
    _opaque: (),
}

/// Told how many requests of a batch have ended, and of how many. Called on
/// threads of the library and on the one that runs the batch, one call at a
/// time.
pub type mynah_progress_fn =
    Option<unsafe extern "C" fn(user: *mut c_void, done: usize, total: usize)>;

/// Requests, and their outcomes once the batch has run.
#[derive(Default)]
struct Batch {
    requests: Mutex<Vec<Arc<Request>>>,
    outcomes: Mutex<Vec<Outcome>>,
}

impl Handle for Batch {
    const KIND: Kind = Kind::Batch;
    const NAME: &'static str = "mynah_batch";
}

/// A progress callback and its word, on the way to other threads.
struct Told(mynah_progress_fn, *mut c_void);

// SAFETY: whoever runs the batch promises that the callback may be called on
// any thread.
unsafe impl Send for Told {}

impl Told {
    fn tell(&self, done: usize, total: usize) {
        if let Some(progress) = self.0 {
            // SAFETY: promised by whoever runs the batch.
            unsafe { progress(self.1, done, total) }
        }
    }
}

/// Makes an empty batch; NULL if there is no room for another handle. Free it
/// with `mynah_batch_free`.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_batch_new() -> *mut mynah_batch {
    guard_or(ptr::null_mut(), || handle::insert(Arc::<Batch>::default()))
}

/// Adds a copy of a request; its place is the number of those added before.
///
/// Errors: `MYNAH_INVALID_HANDLE` and `MYNAH_FORKED`, of either handle.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_batch_add(
    batch: *mut mynah_batch,
    request: *const mynah_request,
) -> mynah_status {
    guard(|| {
        let batch = handle::resolve::<Batch, _>(batch)?;
        batch.requests.lock().push(snapshot(request)?);
        Ok(())
    })
}

/// Requests in the batch; 0 for a handle that is not live.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_batch_len(batch: *const mynah_batch) -> usize {
    guard_or(0, || Ok(handle::resolve::<Batch, _>(batch)?.requests.lock().len()))
}

/// Sends all requests, up to `parallel` at a time (0: 8), and blocks until each
/// has ended. Identical ones are sent once if `batch_dedup` says so; those
/// that begin alike are sent once the first has been answered, so that the provider's own
/// prompt cache helps. `cancel` and `progress` may be null. Running a batch
/// again sends all of it again.
///
/// The status is of the batch as a whole: `MYNAH_OK` also when requests failed
/// or were cancelled; see `mynah_batch_result`.
///
/// # Safety
/// 1. `progress` may be called with `user` on any thread during this call.
/// 2. `err` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_batch_run(
    batch: *mut mynah_batch,
    client: *mut mynah_client,
    parallel: u32,
    cancel: *mut mynah_cancel,
    progress: mynah_progress_fn,
    user: *mut c_void,
    err: *mut *mut mynah_error,
) -> mynah_status {
    let body = || {
        let batch = handle::resolve::<Batch, _>(batch)?;
        let requests = batch.requests.lock().clone();
        let outcomes = run(client, &requests, parallel, cancel, Told(progress, user))?;
        *batch.outcomes.lock() = outcomes;
        Ok(())
    };
    // SAFETY: promised by (2).
    unsafe { guard_err(err, body) }
}

/// Threads of a batch that is run with 0.
const PARALLEL: u32 = 8;

/// As `mynah_batch_run`, but does not block: a `MYNAH_ITEM_BATCH` with `tag`
/// arrives in `queue` when each request has ended, and the results are in the
/// batch then. `mynah_item_result` of that item answers `MYNAH_OK`, or
/// `MYNAH_CANCELLED` where the batch was cancelled, or its client freed, before it
/// began, without results. Requests that are added meanwhile are not part of it; the handle may
/// be freed, and the requests are sent all the same. `cancel` may be null.
///
/// Errors: `MYNAH_CLOSED` if the queue or the client has been freed meanwhile.
///
/// # Safety
/// 1. `err` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_batch_submit(
    batch: *mut mynah_batch,
    client: *mut mynah_client,
    parallel: u32,
    cancel: *mut mynah_cancel,
    queue: *mut mynah_queue,
    tag: u64,
    err: *mut *mut mynah_error,
) -> mynah_status {
    let body = || {
        let batch = handle::resolve::<Batch, _>(batch)?;
        let client = handle::resolve::<Client, _>(client)?;
        let queue = handle::resolve::<Queue, _>(queue)?;
        let (requests, cancel) = (batch.requests.lock().clone(), cancel::given(cancel)?);
        let done = move |outcomes| *batch.outcomes.lock() = outcomes;
        queue.submit_batch(client, requests, threads(parallel), cancel.as_ref(), tag, done)
    };
    // SAFETY: promised by (1).
    unsafe { guard_err(err, body) }
}

/// Runs requests as a batch.
fn run(
    client: *mut mynah_client,
    requests: &[Arc<Request>],
    parallel: u32,
    cancel: *mut mynah_cancel,
    told: Told,
) -> Result<Vec<Outcome>> {
    let (client, cancel) = (handle::resolve::<Client, _>(client)?, cancel::given(cancel)?);
    let process = Process::this();
    let mut progress = move |done, total| told.tell(done, total);
    let outcomes =
        batch::run(&client, requests, threads(parallel), cancel.as_deref(), &mut progress);
    process.check("mynah_batch").map(|()| outcomes)
}

/// Threads for a number that C gives.
fn threads(parallel: u32) -> usize {
    if parallel == 0 { PARALLEL as usize } else { parallel as usize }
}

/// How the request of a place ended: its status, with a copy of its response
/// and of its error as `mynah_client_chat` gives them; both are the caller's
/// to free.
///
/// Errors: `MYNAH_OUT_OF_RANGE` for a place beyond the requests that have run.
///
/// # Safety
/// 1. `response` and `err` are null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_batch_result(
    batch: *const mynah_batch,
    place: usize,
    response: *mut *mut mynah_response,
    err: *mut *mut mynah_error,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { clear(response, ptr::null_mut()) };
    let body = || {
        let batch = handle::resolve::<Batch, _>(batch)?;
        let outcomes = batch.outcomes.lock();
        let outcome = outcomes.get(place).cloned().ok_or_else(|| Error::OutOfRange {
            key: "place".into(),
            given: place.to_string(),
            allowed: format!("0..{}, the requests that have run", outcomes.len()),
        })?;
        let answer = outcome.map_err(|failed| failed.error.clone().into());
        // SAFETY: promised by (1).
        unsafe { give_answer(response, answer) }
    };
    // SAFETY: promised by (1).
    unsafe { guard_err(err, body) }
}

/// Frees a batch; null is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_batch_free(batch: *mut mynah_batch) {
    guard_or((), || handle::remove::<Batch, _>(batch).map(drop));
}

/// Fills the client's response cache: asks each prompt of a JSON array of texts
/// as a single user message, up to `parallel` at a time (0: 8). Blocks until
/// all have ended. `*warmed` tells how many are answered from the cache from
/// now on or were already. The rest as `mynah_batch_run`.
///
/// Errors: `MYNAH_INVALID_ARGUMENT` if the JSON is no array of texts, or if the
/// client has no response cache; `MYNAH_CLOSED` if the client is freed meanwhile.
///
/// # Safety
/// 1. `json` points to `len` readable bytes.
/// 2. `progress` may be called with `user` on any thread during this call.
/// 3. `warmed` and `err` are null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_warm_json(
    client: *mut mynah_client,
    json: *const std::ffi::c_char,
    len: usize,
    parallel: u32,
    cancel: *mut mynah_cancel,
    progress: mynah_progress_fn,
    user: *mut c_void,
    warmed: *mut usize,
    err: *mut *mut mynah_error,
) -> mynah_status {
    // SAFETY: promised by (3).
    unsafe { clear(warmed, 0) };
    let body = || {
        // SAFETY: promised by (1).
        let json = unsafe { super::guard::text("json", json.cast(), len) }?;
        let (client, cancel) = (handle::resolve::<Client, _>(client)?, cancel::given(cancel)?);
        let told = Told(progress, user);
        let mut progress = move |done, total| told.tell(done, total);
        let (threads, cancel) = (threads(parallel), cancel.as_deref());
        let process = Process::this();
        let kept = batch::warm(&client, json, threads, cancel, &mut progress);
        let kept = process.check("mynah_client").and(kept)?;
        // SAFETY: promised by (3).
        unsafe { clear(warmed, kept) };
        Ok(())
    };
    // SAFETY: promised by (3).
    unsafe { guard_err(err, body) }
}
