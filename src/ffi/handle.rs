//! Handles: words that stand for objects without being their addresses.
//!
//! A handle is a kind, a slot and a generation packed into the pointer that C
//! holds. Its slot keeps the object; freeing it raises the slot's generation,
//! so a freed, doubly freed, foreign or invented handle is told from a live
//! one without touching the object's memory. Slots lie in chunks that double
//! in size and are never given back, and are used again: a million objects
//! made and freed leave no growth.
//!
//! Most calls take [`resolve`], which counts a reference under the slot's own
//! lock. The cache's hot path takes [`with`]: a section (two plain stores, see
//! `section`) and one load. [`remove`] waits for those who are inside.
//!
//! After `fork` the child has the parent's slots but not its threads, so their
//! locks cannot be trusted: a fork handler marks every slot in use, and marked
//! slots answer `FORKED` before any lock is tried.

mod table;

use std::any::Any;
use std::ptr;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::metrics::striped;
use crate::section;
use crate::sync::atomic::Ordering;

use table::{Slot, TABLE, index_of, is_kind, word};

/// What a handle stands for: the number is part of its word. Each is one type.
#[allow(missing_docs)] // each is the type of its name
#[derive(Clone, Copy)]
#[repr(u8)]
pub enum Kind {
    CacheOptions = 1,
    ClientOptions,
    MockOptions,
    Cache,
    Client,
    Request,
    Cancel,
    Mock,
    Claim,
    Queue,
    Batch,
    Tiered,
    CacheIter,
    #[cfg(any(test, feature = "model"))]
    Fruit,
    #[cfg(any(test, feature = "model"))]
    OtherFruit,
}

/// A type that C holds by handle.
pub trait Handle: Any + Send + Sync {
    /// The kind that stands in the handle.
    const KIND: Kind;
    /// The type's name in messages.
    const NAME: &'static str;
}

/// The slot of a handle that claims to be a `T`.
fn slot_of<T: Handle>(handle: usize) -> Result<&'static Slot> {
    if handle == 0 {
        return Err(Error::NullArgument(T::NAME));
    }
    if handle & 1 == 0 || !is_kind(handle, T::KIND) {
        return Err(Error::InvalidHandle(T::NAME));
    }
    let slot = TABLE.slot(index_of(handle)).ok_or(Error::InvalidHandle(T::NAME))?;
    if slot.word.load(Ordering::Acquire) != handle {
        return Err(Error::InvalidHandle(T::NAME));
    }
    match slot.forked.load(Ordering::Relaxed) {
        true => Err(Error::Forked(T::NAME)),
        false => Ok(slot),
    }
}

/// Gives an object a handle; the table holds a reference until [`remove`].
pub fn insert<T: Handle, C>(object: Arc<T>) -> Result<*mut C> {
    insert_slot(object).map(|(word, _)| word as *mut C)
}

/// As [`insert`], for a type that is used through [`with`].
pub fn insert_hot<T: Handle, C>(object: Arc<T>) -> Result<*mut C> {
    section::prepare();
    let raw = Arc::as_ptr(&object).cast_mut().cast();
    let (word, slot) = insert_slot(object)?;
    slot.hot.store(raw, Ordering::Release);
    Ok(word as *mut C)
}

fn insert_slot<T: Handle>(object: Arc<T>) -> Result<(usize, &'static Slot)> {
    let index = TABLE.take_slot()?;
    let slot = TABLE.slot(index).ok_or_else(|| Error::Internal("a slot is missing".into()))?;
    let word = word(T::KIND, index, slot.generation.load(Ordering::Relaxed));
    *slot.object.lock() = Some(object);
    slot.word.store(word, Ordering::Release);
    Ok((word, slot))
}

/// The object of a handle, counted: it lives as long as the reference.
pub fn resolve<T: Handle, C>(handle: *const C) -> Result<Arc<T>> {
    let handle = handle as usize;
    let slot = slot_of::<T>(handle)?;
    let object = slot.object.lock();
    if slot.word.load(Ordering::Relaxed) != handle {
        return Err(Error::InvalidHandle(T::NAME));
    }
    let object = object.clone().ok_or(Error::InvalidHandle(T::NAME))?;
    object.downcast::<T>().map_err(|_| Error::InvalidHandle(T::NAME))
}

/// Calls `f` with the object of a handle made by [`insert_hot`], without
/// counting; none if it is no such handle, for which [`refused`] has the
/// reason. `f` must not wait for other calls and must not call back into C:
/// whoever frees the object waits for it.
#[inline(always)]
pub fn with<T: Handle, C, R>(handle: *const C, f: impl FnOnce(&T) -> R) -> Option<R> {
    let word = handle as usize;
    let section = section::enter(striped::line());
    let object = pinned(TABLE.slot(index_of(word))?, word)?;
    // SAFETY: it was found in the section that is still open.
    let result = f(unsafe { &*object });
    drop(section);
    Some(result)
}

/// An object while its finder's stay in a section lasts.
pub struct Hot<T> {
    object: *const T,
    /// The stay.
    pub stay: section::Alone,
}

impl<T> std::ops::Deref for Hot<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: `pinned` has found it in the section that is still open.
        unsafe { &*self.object }
    }
}

/// As [`with`], in the fewest steps; none also where [`with`] must be asked: for
/// a thread that owns no line, a late handle, or a call inside another.
#[inline(always)]
pub fn hot<T: Handle, C>(handle: *const C) -> Option<Hot<T>> {
    let line = striped::own()?;
    let stay = section::enter_alone(line)?;
    let object = pinned(TABLE.early_slot(handle as usize), handle as usize)?;
    Some(Hot { object, stay })
}

/// The object that a slot has pinned for a handle. It stays as long as the
/// section in which this is called: [`remove`] takes it out of the slot and then
/// waits for every section to end before it lets it go.
#[inline(always)]
fn pinned<T: Handle>(slot: &Slot, word: usize) -> Option<*const T> {
    // In this order: an object that is seen here was put in its slot after the
    // word of the one before it was taken out, so the two belong together.
    let object = slot.hot.load(Ordering::Acquire);
    let is_this = slot.word.load(Ordering::Acquire) == word;
    // The word holds the kind, and each kind is one type.
    (is_this && is_kind(word, T::KIND) && !object.is_null()).then(|| object.cast_const().cast())
}

/// Why [`with`] has found nothing.
#[cold]
pub fn refused<T: Handle, C>(handle: *const C) -> Error {
    slot_of::<T>(handle as usize).err().unwrap_or(Error::InvalidHandle(T::NAME))
}

/// Ends a handle and gives back its object. Of several calls one succeeds.
pub fn remove<T: Handle, C>(handle: *const C) -> Result<Arc<T>> {
    let word = handle as usize;
    let slot = slot_of::<T>(word)?;
    let mut object = slot.object.lock();
    if slot.word.compare_exchange(word, 0, Ordering::AcqRel, Ordering::Relaxed).is_err() {
        return Err(Error::InvalidHandle(T::NAME));
    }
    let taken = object.take().ok_or(Error::InvalidHandle(T::NAME))?;
    let pinned = slot.hot.swap(ptr::null_mut(), Ordering::AcqRel);
    drop(object);
    if !pinned.is_null() {
        // Whoever has found it there is done with it afterwards.
        section::wait();
    }
    TABLE.recycle(slot, index_of(word));
    taken.downcast::<T>().map_err(|_| Error::InvalidHandle(T::NAME))
}

#[cfg(unix)]
mod fork;
#[cfg(not(unix))]
mod fork {
    pub fn install() {}
}

#[cfg(test)]
mod tests;
