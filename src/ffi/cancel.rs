//! `mynah_cancel`: a token that ends calls from another thread.

use std::ptr;
use std::sync::Arc;

use crate::error::Result;
use crate::llm::cancel::Cancel;

use super::guard::guard_or;
use super::handle::{self, Handle, Kind};

/// A token that ends calls. Give it to any number of calls, trigger it from
/// any thread. A handle: may be used from any thread at any time.
pub struct mynah_cancel {
    _opaque: (),
}

impl Handle for Cancel {
    const KIND: Kind = Kind::Cancel;
    const NAME: &'static str = "mynah_cancel";
}

/// Makes a cancel token; NULL if there is no room for another handle.
/// Free it with `mynah_cancel_free`.
#[unsafe(no_mangle)]
pub extern "C" fn mynah_cancel_new() -> *mut mynah_cancel {
    guard_or(ptr::null_mut(), || handle::insert(Arc::<Cancel>::default()))
}

/// Ends every call that holds the token, now and later: each returns
/// `MYNAH_CANCELLED` within 10 ms, whatever it waits for, and its connection
/// is closed. Any thread; doing it again does nothing. Does not block. Not
/// async-signal-safe: from a signal handler, wake a thread that calls it.
///
/// # Safety
/// 1. None: a token that is null, freed or of another kind is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cancel_trigger(cancel: *mut mynah_cancel) {
    guard_or((), || {
        handle::resolve::<Cancel, _>(cancel)?.trigger();
        Ok(())
    });
}

/// Frees a token; null is allowed. Calls that hold it go on and can no longer
/// be cancelled by it.
///
/// # Safety
/// 1. None: a token that is freed or of another kind is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mynah_cancel_free(cancel: *mut mynah_cancel) {
    guard_or((), || handle::remove::<Cancel, _>(cancel).map(drop));
}

/// The token that a call was given, if it was given one.
pub(super) fn given(cancel: *mut mynah_cancel) -> Result<Option<Arc<Cancel>>> {
    match cancel.is_null() {
        true => Ok(None),
        false => handle::resolve::<Cancel, _>(cancel).map(Some),
    }
}
