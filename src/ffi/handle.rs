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

use std::any::Any;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32};

use crate::error::{Error, Result};
use crate::metrics::striped;
use crate::process_lock::ProcessLock;
use crate::section;
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

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

#[cfg(target_pointer_width = "64")]
mod layout {
    pub const SLOT_BITS: u32 = 24;
    pub const GENERATION_BITS: u32 = 32;
}
#[cfg(not(target_pointer_width = "64"))]
mod layout {
    pub const SLOT_BITS: u32 = 14;
    pub const GENERATION_BITS: u32 = 12;
}
use layout::{GENERATION_BITS, SLOT_BITS};

const KIND_BITS: u32 = 5;
const SLOT_SHIFT: u32 = 1 + KIND_BITS;
const GENERATION_SHIFT: u32 = SLOT_SHIFT + SLOT_BITS;
const GENERATION_MAX: u32 = ((1u64 << GENERATION_BITS) - 1) as u32;
/// Slots of the first chunk; chunk k has this many times 2^k.
const FIRST_CHUNK: usize = 64;
const CHUNKS: usize = SLOT_BITS as usize - FIRST_CHUNK.ilog2() as usize;

/// The word of a kind, a slot and a generation. The low bit is set, so that a
/// handle is never null and never looks like an aligned address.
fn word(kind: Kind, slot: usize, generation: u32) -> usize {
    1 | (kind as usize) << 1 | slot << SLOT_SHIFT | (generation as usize) << GENERATION_SHIFT
}

/// In a cache line of its own, so that a short call finds it by a mask.
#[repr(C, align(64))]
struct Slot {
    /// The live handle, or 0. Release on writing, Acquire on reading: whoever
    /// sees the handle sees the object.
    word: AtomicUsize,
    /// The object for [`with`], or null. Written under the lock of `object`.
    hot: AtomicPtr<()>,
    generation: AtomicU32,
    /// Set in a forked child: the lock below may belong to a lost thread.
    forked: AtomicBool,
    object: Mutex<Option<Arc<dyn Any + Send + Sync>>>,
}

struct Table {
    /// The first chunk, which most programs never exceed.
    first: [Slot; FIRST_CHUNK],
    /// Chunk k lies at k; none for the first. Std's, in models too: they change
    /// under the lock below, which is std's.
    chunks: [std::sync::atomic::AtomicPtr<Slot>; CHUNKS],
    free: ProcessLock<FreeList>,
}

/// Slots to be used next; the lock is held across `fork`.
struct FreeList {
    recycled: Vec<u32>,
    fresh: usize,
    has_begun: bool,
}

impl FreeList {
    /// What must be done once, before the first handle exists: when the library is
    /// loaded, or else here.
    fn begin(&mut self) {
        if !std::mem::replace(&mut self.has_begun, true) {
            fork::install();
            super::panic_hook::install();
        }
    }
}

static TABLE: Table = Table {
    first: [const { Slot::new() }; FIRST_CHUNK],
    chunks: [const { std::sync::atomic::AtomicPtr::new(ptr::null_mut()) }; CHUNKS],
    free: ProcessLock::new(FreeList { recycled: Vec::new(), fresh: 0, has_begun: false }),
};

impl Table {
    /// The slot of a handle of the first chunk; some slot for any other word.
    #[inline(always)]
    fn early_slot(&'static self, word: usize) -> &'static Slot {
        &self.first[index_of(word) % FIRST_CHUNK]
    }

    /// The slot of an index, if its chunk exists.
    #[inline(always)]
    fn slot(&'static self, index: usize) -> Option<&'static Slot> {
        match self.first.get(index) {
            None => self.later_slot(index),
            found => found,
        }
    }

    fn later_slot(&self, index: usize) -> Option<&'static Slot> {
        let place = index + FIRST_CHUNK;
        let chunk = (place / FIRST_CHUNK).ilog2() as usize;
        let chunk_ptr = self.chunks.get(chunk)?.load(Ordering::Acquire);
        if chunk_ptr.is_null() {
            return None;
        }
        // SAFETY: chunk k holds FIRST_CHUNK << k slots, `place` lies in it by
        // the choice of k, and chunks are never freed.
        Some(unsafe { &*chunk_ptr.add(place - (FIRST_CHUNK << chunk)) })
    }

    fn grow(&self, index: usize) -> Result<()> {
        let chunk = ((index + FIRST_CHUNK) / FIRST_CHUNK).ilog2() as usize;
        let place = self
            .chunks
            .get(chunk)
            .ok_or_else(|| Error::Internal("no more handles: free some".into()))?;
        if chunk > 0 && place.load(Ordering::Acquire).is_null() {
            let slots: Box<[Slot]> = (0..FIRST_CHUNK << chunk).map(|_| Slot::new()).collect();
            place.store(Box::into_raw(slots).cast(), Ordering::Release);
        }
        Ok(())
    }

    /// A slot that nobody uses.
    fn take_slot(&self) -> Result<usize> {
        let mut free = self.free.lock();
        free.begin();
        if let Some(index) = free.recycled.pop() {
            return Ok(index as usize);
        }
        self.grow(free.fresh)?;
        free.fresh += 1;
        Ok(free.fresh - 1)
    }
}

impl Slot {
    const fn new() -> Slot {
        Slot {
            word: AtomicUsize::new(0),
            hot: AtomicPtr::new(ptr::null_mut()),
            generation: AtomicU32::new(1),
            forked: AtomicBool::new(false),
            object: Mutex::new(None),
        }
    }
}

#[inline(always)]
fn index_of(word: usize) -> usize {
    (word >> SLOT_SHIFT) & ((1 << SLOT_BITS) - 1)
}

#[inline(always)]
fn is_kind(word: usize, kind: Kind) -> bool {
    (word >> 1) & ((1 << KIND_BITS) - 1) == kind as usize
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
    recycle(slot, index_of(word));
    taken.downcast::<T>().map_err(|_| Error::InvalidHandle(T::NAME))
}

/// Makes the slot ready for another object; one whose generations are used up
/// is left alone.
fn recycle(slot: &Slot, index: usize) {
    let generation = slot.generation.load(Ordering::Relaxed);
    if generation < GENERATION_MAX {
        slot.generation.store(generation + 1, Ordering::Relaxed);
        TABLE.free.lock().recycled.push(index as u32);
    }
}

#[cfg(unix)]
mod fork;
#[cfg(not(unix))]
mod fork {
    pub fn install() {}
}

#[cfg(test)]
mod tests;
