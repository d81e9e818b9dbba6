//! `mynah_event`: one step of a stream, lent to a callback.

use std::ffi::c_char;

use super::response::give_str;
use super::status::mynah_status;
use super::value::{guard_json, mynah_value};
use crate::error::Error;
use crate::llm::event::{Event, EventKind};

/// One step of a streamed answer. Lent to the callback: it and the texts that
/// its functions answer are valid until the callback returns.
pub struct mynah_event {
    _opaque: (),
}

/// The answer has begun; see `mynah_event_json` for model and id.
pub const MYNAH_EVENT_START: i32 = 1;
/// A piece of text.
pub const MYNAH_EVENT_TEXT: i32 = 2;
/// A piece of the model's thinking.
pub const MYNAH_EVENT_REASONING: i32 = 3;
/// A piece of a refusal.
pub const MYNAH_EVENT_REFUSAL: i32 = 4;
/// A piece of a call's arguments; the first one of a call may be empty.
pub const MYNAH_EVENT_TOOL_CALL: i32 = 5;
/// A call's arguments are complete. Where what the provider says in the end contradicts
/// its own pieces, the response has what it says in the end.
pub const MYNAH_EVENT_TOOL_CALL_END: i32 = 6;
/// The usage so far; a later one replaces an earlier one.
pub const MYNAH_EVENT_USAGE: i32 = 7;
/// The answer has ended; the text is the reason.
pub const MYNAH_EVENT_FINISH: i32 = 8;
/// The provider's own event, with the option raw_events; the text is its JSON.
pub const MYNAH_EVENT_RAW: i32 = 9;
/// An event that has no meaning here; the text is its JSON.
pub const MYNAH_EVENT_OTHER: i32 = 10;

/// An event as C sees it, for as long as it is borrowed.
pub fn lend(event: &Event) -> *const mynah_event {
    std::ptr::from_ref(event).cast()
}

/// The event behind the pointer.
///
/// # Safety
/// 1. `event` is null or was lent by [`lend`] and is still borrowed.
unsafe fn borrow<'a>(event: *const mynah_event) -> Option<&'a Event> {
    // SAFETY: by (1) it points to an `Event`.
    unsafe { event.cast::<Event>().as_ref() }
}

/// What happened: one of the `MYNAH_EVENT_` numbers; 0 for NULL. More kinds may
/// be added: skip what you do not know.
///
/// # Safety
/// 1. `event` is null or the event of the running callback.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_event_kind(event: *const mynah_event) -> i32 {
    // SAFETY: promised by (1).
    let Some(event) = (unsafe { borrow(event) }) else { return 0 };
    match event.kind {
        EventKind::Start { .. } => MYNAH_EVENT_START,
        EventKind::Text(_) => MYNAH_EVENT_TEXT,
        EventKind::Reasoning(_) => MYNAH_EVENT_REASONING,
        EventKind::Refusal(_) => MYNAH_EVENT_REFUSAL,
        EventKind::ToolCall { .. } => MYNAH_EVENT_TOOL_CALL,
        EventKind::ToolCallEnd { .. } => MYNAH_EVENT_TOOL_CALL_END,
        EventKind::Usage(_) => MYNAH_EVENT_USAGE,
        EventKind::Finish { .. } => MYNAH_EVENT_FINISH,
        EventKind::Raw(_) => MYNAH_EVENT_RAW,
        EventKind::Other(_) => MYNAH_EVENT_OTHER,
    }
}

/// The piece of text, thinking, refusal or arguments, the reason of a finish, or
/// the JSON of a raw event; NULL for the other kinds. Not NUL-terminated.
///
/// # Safety
/// 1. `event` is null or the event of the running callback.
/// 2. `len` is null or points to a writable `size_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_event_text(
    event: *const mynah_event,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: promised by (1).
    let text = unsafe { borrow(event) }.and_then(|event| event.kind.text());
    // SAFETY: promised by (2).
    unsafe { give_str(text, len) }
}

/// Which of several answers it belongs to, from 0.
///
/// # Safety
/// 1. `event` is null or the event of the running callback.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_event_choice(event: *const mynah_event) -> i32 {
    // SAFETY: promised by (1).
    unsafe { borrow(event) }.map_or(0, |event| event.choice as i32)
}

/// The call's place among the calls of its answer, from 0; -1 for other events.
///
/// # Safety
/// 1. `event` is null or the event of the running callback.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_event_tool_index(event: *const mynah_event) -> i32 {
    // SAFETY: promised by (1).
    let call = unsafe { borrow(event) }.and_then(|event| event.kind.call());
    call.map_or(-1, |(index, ..)| index as i32)
}

/// The call's id; NULL for other events.
///
/// # Safety
/// 1. `event` is null or the event of the running callback.
/// 2. `len` is null or points to a writable `size_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_event_tool_id(
    event: *const mynah_event,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: promised by (1) and (2).
    unsafe { give_str(borrow(event).and_then(|e| e.kind.call()).map(|(_, id, _)| id), len) }
}

/// The function that is to be called; NULL for other events.
///
/// # Safety
/// 1. `event` is null or the event of the running callback.
/// 2. `len` is null or points to a writable `size_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_event_tool_name(
    event: *const mynah_event,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: promised by (1) and (2).
    unsafe { give_str(borrow(event).and_then(|e| e.kind.call()).map(|(.., name)| name), len) }
}

/// The event whole, as JSON: `kind` in words, `choice`, and its fields. The
/// value is the caller's, and is freed with `mynah_value_free`.
///
/// # Safety
/// 1. `event` is null or the event of the running callback.
/// 2. `json` is null or points to a writable pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_event_json(
    event: *const mynah_event,
    json: *mut *mut mynah_value,
) -> mynah_status {
    // SAFETY: promised by (2) and (1).
    unsafe { guard_json(json, || Ok(borrow(event).ok_or(Error::NullArgument("event"))?.to_json())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_tells_its_kind_text_and_call() {
        let kind = EventKind::ToolCall {
            index: 2,
            id: "c".into(),
            name: "f".into(),
            arguments: "{}".into(),
        };
        let event = Event { choice: 1, kind };
        let lent = lend(&event);
        let mut len = 0;
        // SAFETY: the event is borrowed throughout.
        unsafe {
            assert_eq!(mynah_event_kind(lent), MYNAH_EVENT_TOOL_CALL);
            assert!(!mynah_event_text(lent, &mut len).is_null());
            assert_eq!((len, mynah_event_choice(lent), mynah_event_tool_index(lent)), (2, 1, 2));
            assert!(!mynah_event_tool_name(lent, &mut len).is_null());
            assert_eq!(mynah_event_kind(std::ptr::null()), 0);
            assert_eq!(mynah_event_tool_index(std::ptr::null()), -1);
        }
        assert_eq!(event.to_json()["kind"], "tool_call");
    }
}
