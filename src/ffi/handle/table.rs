//! Where the objects behind handles are kept.

use std::any::Any;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32};

use super::{Kind, fork};
use crate::error::{Error, Result};
use crate::ffi::panic_hook;
use crate::process_lock::ProcessLock;
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

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
pub(super) fn word(kind: Kind, slot: usize, generation: u32) -> usize {
    1 | (kind as usize) << 1 | slot << SLOT_SHIFT | (generation as usize) << GENERATION_SHIFT
}

/// In a cache line of its own, so that a short call finds it by a mask.
#[repr(C, align(64))]
pub(super) struct Slot {
    /// The live handle, or 0. Release on writing, Acquire on reading: whoever
    /// sees the handle sees the object.
    pub(super) word: AtomicUsize,
    /// The object for [`super::with`], or null. Written under the lock of `object`.
    pub(super) hot: AtomicPtr<()>,
    pub(super) generation: AtomicU32,
    /// Set in a forked child: the lock below may belong to a lost thread.
    pub(super) forked: AtomicBool,
    pub(super) object: Mutex<Option<Arc<dyn Any + Send + Sync>>>,
}

pub(super) struct Table {
    /// The first chunk, which most programs never exceed.
    first: [Slot; FIRST_CHUNK],
    /// Chunk k lies at k; none for the first. Std's, in models too: they change
    /// under the lock below, which is std's.
    chunks: [std::sync::atomic::AtomicPtr<Slot>; CHUNKS],
    pub(super) free: ProcessLock<FreeList>,
}

/// Slots to be used next; the lock is held across `fork`.
pub(super) struct FreeList {
    pub(super) recycled: Vec<u32>,
    pub(super) fresh: usize,
    has_begun: bool,
}

impl FreeList {
    /// What must be done once, before the first handle exists: when the library is
    /// loaded, or else here.
    pub(super) fn begin(&mut self) {
        if !std::mem::replace(&mut self.has_begun, true) {
            fork::install();
            panic_hook::install();
        }
    }
}

pub(super) static TABLE: Table = Table {
    first: [const { Slot::new() }; FIRST_CHUNK],
    chunks: [const { std::sync::atomic::AtomicPtr::new(ptr::null_mut()) }; CHUNKS],
    free: ProcessLock::new(FreeList { recycled: Vec::new(), fresh: 0, has_begun: false }),
};

impl Table {
    /// The slot of a handle of the first chunk; some slot for any other word.
    #[inline(always)]
    pub(super) fn early_slot(&'static self, word: usize) -> &'static Slot {
        &self.first[index_of(word) % FIRST_CHUNK]
    }

    /// The slot of an index, if its chunk exists.
    #[inline(always)]
    pub(super) fn slot(&'static self, index: usize) -> Option<&'static Slot> {
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
    pub(super) fn take_slot(&self) -> Result<usize> {
        let mut free = self.free.lock();
        free.begin();
        if let Some(index) = free.recycled.pop() {
            return Ok(index as usize);
        }
        self.grow(free.fresh)?;
        free.fresh += 1;
        Ok(free.fresh - 1)
    }

    /// Makes the slot ready for another object; one whose generations are used up
    /// is left alone.
    pub(super) fn recycle(&self, slot: &Slot, index: usize) {
        let generation = slot.generation.load(Ordering::Relaxed);
        if generation < GENERATION_MAX {
            slot.generation.store(generation + 1, Ordering::Relaxed);
            self.free.lock().recycled.push(index as u32);
        }
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
pub(super) fn index_of(word: usize) -> usize {
    (word >> SLOT_SHIFT) & ((1 << SLOT_BITS) - 1)
}

#[inline(always)]
pub(super) fn is_kind(word: usize, kind: Kind) -> bool {
    (word >> 1) & ((1 << KIND_BITS) - 1) == kind as usize
}
