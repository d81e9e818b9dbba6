//! `mynah_item`: what arrives in a queue.

use std::ffi::{c_char, c_void};
use std::ptr;

use crate::error::{Error, Result, Status};
use crate::llm::queue::{Item, ItemKind};

use super::call::give_answer;
use super::error::{guard_err, mynah_error};
use super::event::{lend, mynah_event};
use super::guard::{clear, free, guard_or};
use super::response::{give_str, mynah_response};
use super::status::mynah_status;

/// Something that has arrived in a queue. A plain object of the caller's: freed
/// once with `mynah_item_free`; used by one thread at a time.
pub struct mynah_item {
    item: Item,
    /// What it is, also once its result is taken.
    kind: i32,
}

/// An event of a stream.
pub const MYNAH_ITEM_EVENT: i32 = 1;
/// The end of a call: the last item with its tag.
pub const MYNAH_ITEM_DONE: i32 = 2;
/// A log record, from `mynah_client_options_log_to_queue`; its tag is the level.
pub const MYNAH_ITEM_LOG: i32 = 3;
/// The end of a batch, from `mynah_batch_submit`.
pub const MYNAH_ITEM_BATCH: i32 = 4;
/// A threshold of a cache that was crossed, from
/// `mynah_cache_options_events_to_queue`; its tag is 1 if it is raised and 0 if
/// all is well again.
pub const MYNAH_ITEM_ALERT: i32 = 5;
/// An entry that left a cache, from `mynah_cache_options_events_to_queue`; its
/// tag is one of the `MYNAH_EVICT_` reasons.
pub const MYNAH_ITEM_EVICT: i32 = 6;

/// Hands an item to the caller.
pub(super) fn into_raw(item: Item) -> *mut mynah_item {
    let kind = match item.kind {
        ItemKind::Event(_) => MYNAH_ITEM_EVENT,
        ItemKind::Done(_) => MYNAH_ITEM_DONE,
        ItemKind::Log(_) => MYNAH_ITEM_LOG,
        ItemKind::Batch(_) => MYNAH_ITEM_BATCH,
        ItemKind::Alert(_) => MYNAH_ITEM_ALERT,
        ItemKind::Left(_) => MYNAH_ITEM_EVICT,
    };
    Box::into_raw(Box::new(mynah_item { item, kind }))
}

/// The item behind a pointer.
///
/// # Safety
/// 1. `item` is null or live, and its result is not taken during `'a`.
unsafe fn borrow<'a>(item: *const mynah_item) -> Result<&'a Item> {
    // SAFETY: promised by (1).
    let item = unsafe { item.as_ref() }.ok_or(Error::NullArgument("item"))?;
    Ok(&item.item)
}

/// What an item is, one of the `MYNAH_ITEM_` kinds; 0 for NULL. More kinds may be
/// added: skip what you do not know.
///
/// # Safety
/// 1. `item` is null or a live item.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_item_kind(item: *const mynah_item) -> i32 {
    // SAFETY: promised by (1).
    guard_or(0, || Ok(unsafe { item.as_ref() }.map_or(0, |item| item.kind)))
}

/// The tag that the call was submitted with, or what the item's kind says of it;
/// 0 for NULL.
///
/// # Safety
/// 1. `item` is null or a live item.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_item_tag(item: *const mynah_item) -> u64 {
    // SAFETY: promised by (1).
    guard_or(0, || Ok(unsafe { borrow(item) }?.tag))
}

/// The event of a `MYNAH_ITEM_EVENT`; NULL for other items. Belongs to the item
/// and lives as long.
///
/// # Safety
/// 1. `item` is null or a live item.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_item_event(item: *const mynah_item) -> *const mynah_event {
    // SAFETY: promised by (1).
    guard_or(ptr::null(), || match &unsafe { borrow(item) }?.kind {
        ItemKind::Event(event) => Ok(lend(event)),
        _ => Ok(ptr::null()),
    })
}

/// The JSON of a `MYNAH_ITEM_LOG` or a `MYNAH_ITEM_ALERT` (`name`, `raised`,
/// `value`, `threshold`), not NUL-terminated; NULL for other items. Belongs to
/// the item and lives as long.
///
/// # Safety
/// 1. `item` is null or a live item.
/// 2. `len` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_item_text(
    item: *const mynah_item,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: promised by (2).
    unsafe { clear(len, 0) };
    guard_or(ptr::null(), || {
        // SAFETY: promised by (1).
        let text = match &unsafe { borrow(item) }?.kind {
            ItemKind::Log(text) | ItemKind::Alert(text) => Some(text.as_str()),
            _ => None,
        };
        // SAFETY: promised by (2).
        Ok(unsafe { give_str(text, len) })
    })
}

/// The key of a `MYNAH_ITEM_EVICT`, or with `value` other than 0 its value; NULL
/// for other items. Belongs to the item and lives as long.
///
/// # Safety
/// 1. `item` is null or a live item.
/// 2. `len` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_item_entry(
    item: *const mynah_item,
    value: i32,
    len: *mut usize,
) -> *const c_void {
    // SAFETY: promised by (2).
    unsafe { clear(len, 0) };
    guard_or(ptr::null(), || {
        // SAFETY: promised by (1).
        let ItemKind::Left(entry) = &unsafe { borrow(item) }?.kind else {
            return Ok(ptr::null());
        };
        let bytes = if value == 0 { &entry.key } else { &entry.value };
        // SAFETY: promised by (2).
        unsafe { clear(len, bytes.len()) };
        Ok(bytes.as_ptr().cast())
    })
}

/// Takes the result out of a `MYNAH_ITEM_DONE`: answers how the call ended,
/// with its response and its error as `mynah_client_chat_stream` gives them;
/// both are the caller's to free. Of a `MYNAH_ITEM_BATCH` it answers how the
/// batch ended. A second time, and for other items, it answers
/// `MYNAH_NOT_FOUND`.
///
/// # Safety
/// 1. `item` is null or a live item.
/// 2. `response` and `err` are null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_item_result(
    item: *mut mynah_item,
    response: *mut *mut mynah_response,
    err: *mut *mut mynah_error,
) -> mynah_status {
    // SAFETY: promised by (2).
    unsafe { clear(response, ptr::null_mut()) };
    let body = || {
        // SAFETY: promised by (1).
        let item = &mut unsafe { item.as_mut() }.ok_or(Error::NullArgument("item"))?.item;
        let again = Error::call(Status::NotFound, "item: its result has been taken");
        let taken = std::mem::replace(&mut item.kind, ItemKind::Done(Err(again.into())));
        match taken {
            ItemKind::Done(result) => {
                // SAFETY: promised by (2).
                unsafe { give_answer(response, result.map(|r| *r)) }
            }
            ItemKind::Batch(result) => result,
            event => {
                item.kind = event;
                Err(Error::call(
                    Status::NotFound,
                    "item: has no result, as only calls and batches do",
                ))
            }
        }
    };
    // SAFETY: promised by (2).
    unsafe { guard_err(err, body) }
}

/// Frees an item; null is allowed.
///
/// # Safety
/// 1. `item` is null or a live item, which is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_item_free(item: *mut mynah_item) {
    // SAFETY: made by `Box::into_raw`; freed once, by (1).
    unsafe { free(item) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_stays_what_it_is_when_its_result_is_taken() {
        let ends = [
            (ItemKind::Batch(Ok(())), MYNAH_ITEM_BATCH, Status::Ok),
            (ItemKind::Done(Err(Error::Busy.into())), MYNAH_ITEM_DONE, Status::Busy),
            (ItemKind::Log("{}".into()), MYNAH_ITEM_LOG, Status::NotFound),
        ];
        for (kind, number, status) in ends {
            let item = into_raw(Item { tag: 1, kind });
            // SAFETY: the item is live until it is freed; null is allowed.
            unsafe {
                assert_eq!(mynah_item_kind(item), number);
                for status in [status, Status::NotFound] {
                    let taken = mynah_item_result(item, ptr::null_mut(), ptr::null_mut());
                    assert_eq!((taken, mynah_item_kind(item)), (status.code(), number));
                }
                mynah_item_free(item);
            }
        }
    }
}
