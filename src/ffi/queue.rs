//! `mynah_queue`: calls that run elsewhere.

use std::ptr;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::llm::asked::Asked;
use crate::llm::client::Client;
use crate::llm::queue::Queue;
use crate::llm::tiered::Tiered;

use super::cancel::{self, mynah_cancel};
use super::client::mynah_client;
use super::error::{guard_err, mynah_error};
use super::guard::{clear, guard, guard_or, non_null};
use super::handle::{self, Handle, Kind};
use super::item::{into_raw, mynah_item};
use super::request::{mynah_request, snapshot};
use super::status::mynah_status;
use super::tiered::mynah_tiered;

/// Where the results of submitted calls arrive, for programs that must not
/// block. A handle: may be used from any thread at any time.
pub struct mynah_queue {
    _opaque: (),
}

/// Threads of a queue that is made with 0.
const WORKERS: u32 = 4_096;

impl Handle for Queue {
    const KIND: Kind = Kind::Queue;
    const NAME: &'static str = "mynah_queue";
}

/// Makes a queue whose calls run on up to `max_workers` threads; 0: 4,096.
/// Threads are made when they are needed, one for each call that runs, each with
/// 2 MiB of addresses for its stack; calls beyond the bound stand in line for one,
/// which is a part of their `timeout_ms`. One that ends there counts with its client
/// as any other that failed. Free it with `mynah_queue_free`.
///
/// Errors: `MYNAH_IO` when there is no descriptor left.
///
/// # Safety
/// 1. `queue` is null or writable.
/// 2. `err` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_queue_new(
    max_workers: u32,
    queue: *mut *mut mynah_queue,
    err: *mut *mut mynah_error,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { clear(queue, ptr::null_mut()) };
    let body = || {
        let place = non_null("queue", queue)?;
        let workers = if max_workers == 0 { WORKERS } else { max_workers };
        let made = handle::insert(Queue::new(workers as usize)?)?;
        // SAFETY: promised by (1).
        unsafe { place.write(made) };
        Ok(())
    };
    // SAFETY: promised by (2).
    unsafe { guard_err(err, body) }
}

/// Starts a call whose results arrive in `queue`, each with `tag`, a number of
/// the caller's choice. With `stream` other than 0 its events arrive too. Does
/// not block. The request is copied; `cancel` may be null.
///
/// # Safety
/// 1. `err` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_client_submit(
    client: *mut mynah_client,
    request: *const mynah_request,
    stream: i32,
    cancel: *mut mynah_cancel,
    queue: *mut mynah_queue,
    tag: u64,
    err: *mut *mut mynah_error,
) -> mynah_status {
    let body = || {
        let client = handle::resolve::<Client, _>(client)?;
        submit(Asked::Client(client), request, stream, cancel, queue, tag)
    };
    // SAFETY: promised by (1).
    unsafe { guard_err(err, body) }
}

/// As `mynah_client_submit`, by the tier that fits. Without a `timeout_ms` of the
/// request's own it stands in line for no longer than the longest of the tiers'
/// times, and what it stood there is a part of the first one's.
///
/// # Safety
/// 1. `err` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_tiered_submit(
    tiered: *mut mynah_tiered,
    request: *const mynah_request,
    stream: i32,
    cancel: *mut mynah_cancel,
    queue: *mut mynah_queue,
    tag: u64,
    err: *mut *mut mynah_error,
) -> mynah_status {
    let body = || {
        let tiered = handle::resolve::<Tiered, _>(tiered)?;
        submit(Asked::Tiered(tiered), request, stream, cancel, queue, tag)
    };
    // SAFETY: promised by (1).
    unsafe { guard_err(err, body) }
}

fn submit(
    asked: Asked,
    request: *const mynah_request,
    stream: i32,
    cancel: *mut mynah_cancel,
    queue: *mut mynah_queue,
    tag: u64,
) -> Result<()> {
    let request = snapshot(request)?;
    let queue = handle::resolve::<Queue, _>(queue)?;
    let cancel = cancel::given(cancel)?;
    queue.submit(asked, request, stream != 0, cancel.as_ref(), tag)
}

/// Takes the next item, waiting up to `timeout_ms` for one; 0: not at all,
/// `UINT64_MAX`: for ever. `*item` is the caller's to free.
///
/// Errors: `MYNAH_TIMEOUT` when nothing came, `MYNAH_STOPPED` after
/// `mynah_queue_wake`, `MYNAH_CLOSED` when the queue was freed meanwhile.
///
/// # Safety
/// 1. `item` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_queue_next(
    queue: *mut mynah_queue,
    timeout_ms: u64,
    item: *mut *mut mynah_item,
) -> mynah_status {
    // SAFETY: promised by (1).
    unsafe { clear(item, ptr::null_mut()) };
    guard(|| {
        let place = non_null("item", item)?;
        let queue = handle::resolve::<Queue, _>(queue)?;
        let taken = into_raw(queue.next(Duration::from_millis(timeout_ms))?);
        // SAFETY: promised by (1).
        unsafe { place.write(taken) };
        Ok(())
    })
}

/// Takes up to `capacity` items at once, waiting up to `timeout_ms` for the
/// first. `*count` tells how many; each is the caller's to free.
///
/// Errors: as `mynah_queue_next`; `MYNAH_INVALID_ARGUMENT` for a capacity of 0.
///
/// # Safety
/// 1. `items` has room for `capacity` pointers.
/// 2. `count` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_queue_next_many(
    queue: *mut mynah_queue,
    timeout_ms: u64,
    items: *mut *mut mynah_item,
    capacity: usize,
    count: *mut usize,
) -> mynah_status {
    // SAFETY: promised by (2).
    unsafe { clear(count, 0) };
    guard(|| {
        let (items, count) = (non_null("items", items)?, non_null("count", count)?);
        if capacity == 0 {
            return Err(Error::invalid("capacity", "must be at least 1"));
        }
        let queue = handle::resolve::<Queue, _>(queue)?;
        let taken = queue.next_many(Duration::from_millis(timeout_ms), capacity)?;
        for (place, item) in taken.into_iter().enumerate() {
            // SAFETY: promised by (1) and (2); `place` is below `capacity`.
            unsafe {
                items.add(place).write(into_raw(item));
                count.write(place + 1);
            }
        }
        Ok(())
    })
}

/// Makes a waiting `mynah_queue_next` return with `MYNAH_STOPPED`, or the next
/// one that would wait.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_queue_wake(queue: *mut mynah_queue) -> mynah_status {
    guard(|| {
        handle::resolve::<Queue, _>(queue)?.wake();
        Ok(())
    })
}

/// A descriptor that is readable while the queue is not empty: a pipe on Unix,
/// a socket on Windows. Poll it; never read, write or close it. It lives as
/// long as the queue. -1 for a handle that is not live.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_queue_fd(queue: *mut mynah_queue) -> isize {
    guard_or(-1, || Ok(handle::resolve::<Queue, _>(queue)?.fd()))
}

/// Calls that were submitted and have not ended; 0 for a handle that is not
/// live.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_queue_pending(queue: *mut mynah_queue) -> u64 {
    guard_or(0, || Ok(handle::resolve::<Queue, _>(queue)?.pending() as u64))
}

/// Frees a queue; null is allowed. Cancels its calls, waits until they have
/// ended, and drops what has arrived; from inside a callback of one of its calls
/// it returns at once.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_queue_free(queue: *mut mynah_queue) {
    guard_or((), || {
        handle::remove::<Queue, _>(queue)?.close();
        Ok(())
    });
}
