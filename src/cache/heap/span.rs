//! Runs of pages cut into blocks of one class.
//!
//! The first page of a chunk says of each other page which span it belongs to,
//! and holds what is to be known of the spans. Those with free blocks are on
//! their class's list, the one that filled up last in front: the fullest are
//! filled first, and the others empty.

use std::ptr::{NonNull, null_mut};
use std::sync::MutexGuard;

use super::LINK;
use super::class::{self, CHUNK_PAGES, CLASSES, PAGE, SPAN_MIN};
use super::limbo::{self, Piece};
use super::pages::SMALL;
use super::system::CHUNK;
use crate::process_lock::ProcessLock;

/// Of spans and their pages, at the start of a chunk. Each field of it belongs
/// to the lock of the span's class.
#[repr(C)]
struct Head {
    /// Which span a page belongs to.
    owners: [u8; CHUNK_PAGES],
    spans: [Span; CHUNK_PAGES / SPAN_MIN],
}

const _: () = assert!(size_of::<Head>() <= PAGE);

struct Span {
    next: *mut Span,
    prev: *mut Span,
    /// The first page.
    page: u16,
    /// Blocks that are out.
    live: u16,
    /// Blocks that have been out at all.
    fresh: u16,
    /// One more than the number of the first block that has come back; each
    /// has the next at [`LINK`].
    free: u16,
}

/// The spans of a class that have free blocks.
struct Roomy(*mut Span);

// SAFETY: what it points to belongs to whoever holds its lock.
unsafe impl Send for Roomy {}

static LISTS: [ProcessLock<Roomy>; CLASSES] =
    [const { ProcessLock::new(Roomy(null_mut())) }; CLASSES];

/// The locks of all classes, while the process forks.
pub struct Held(#[allow(dead_code)] Vec<MutexGuard<'static, Roomy>>);

/// Keeps all spans as they are until the guard is dropped.
pub fn hold() -> Held {
    Held(LISTS.iter().map(ProcessLock::lock).collect())
}

/// Hands up to `want` blocks of a class to `give`, at least one unless the
/// system has no more memory.
pub fn take(class: usize, want: usize, mut give: impl FnMut(NonNull<u8>)) {
    let mut list = LISTS[class].lock();
    for _ in 0..want {
        if list.0.is_null() && !list.grow(class) {
            return;
        }
        // SAFETY: a span on the list has free blocks, and is the lock's.
        give(unsafe { list.pop(class) });
    }
}

/// Takes blocks of a class back from `next` until it has no more.
///
/// # Safety
/// 1. They came from [`take`] with the same class, and nobody uses them.
pub unsafe fn put(class: usize, mut next: impl FnMut() -> Option<NonNull<u8>>) {
    let mut list = LISTS[class].lock();
    while let Some(block) = next() {
        // SAFETY: promised by (1), and the lock is held.
        unsafe { list.push(class, block) };
    }
}

fn head_of(block: NonNull<u8>) -> *mut Head {
    let address = block.as_ptr() as usize;
    block.as_ptr().wrapping_sub(address & (CHUNK - 1)).cast()
}

impl Roomy {
    /// Makes a span of fresh pages; false if there are none.
    #[cold]
    fn grow(&mut self, class: usize) -> bool {
        let pages = class::pages(class);
        if !SMALL.lock().has_room(pages) {
            limbo::settle();
        }
        let Some(run) = SMALL.lock().take(pages) else { return false };
        let head = head_of(run);
        let page = (run.as_ptr() as usize & (CHUNK - 1)) / PAGE;
        // No two spans begin so near to each other.
        let number = page / SPAN_MIN;
        // SAFETY: the head is the first page of the run's chunk; the bytes of
        // these pages and the place of this span are nobody else's, for the
        // run has just been taken.
        unsafe {
            (&raw mut (*head).owners).cast::<u8>().add(page).write_bytes(number as u8, pages);
            let span = (&raw mut (*head).spans).cast::<Span>().add(number);
            let (next, prev) = (null_mut(), null_mut());
            span.write(Span { next, prev, page: page as u16, live: 0, fresh: 0, free: 0 });
            self.link(span);
        }
        true
    }

    /// # Safety
    /// 1. The list is not empty.
    unsafe fn pop(&mut self, class: usize) -> NonNull<u8> {
        // SAFETY: promised by (1); a span on the list is the lock's, it lies in
        // its chunk's head, and a block that came back holds the next's number.
        unsafe {
            let span = &mut *self.0;
            let first = head_of(NonNull::from(&mut *span).cast())
                .cast::<u8>()
                .add(span.page as usize * PAGE);
            let at = |number: u16| first.add(number as usize * class::size(class));
            let block = match span.free {
                0 => {
                    span.fresh += 1;
                    at(span.fresh - 1)
                }
                free => {
                    let block = at(free - 1);
                    span.free = block.add(LINK).cast::<u16>().read();
                    block
                }
            };
            span.live += 1;
            if span.live as usize == class::blocks(class) {
                self.unlink(span);
            }
            NonNull::new_unchecked(block)
        }
    }

    /// # Safety
    /// 1. As (1) of [`put`].
    unsafe fn push(&mut self, class: usize, block: NonNull<u8>) {
        let head = head_of(block);
        let offset = block.as_ptr() as usize & (CHUNK - 1);
        // SAFETY: by (1) the block lies in a span of this class, whose pages'
        // owners and whose place in the head are this lock's.
        unsafe {
            let number = (&raw const (*head).owners).cast::<u8>().add(offset / PAGE).read();
            let span = (&raw mut (*head).spans).cast::<Span>().add(number as usize);
            let full = (*span).live as usize == class::blocks(class);
            let index = (offset - (*span).page as usize * PAGE) / class::size(class);
            block.add(LINK).cast::<u16>().write((*span).free);
            (*span).free = index as u16 + 1;
            (*span).live -= 1;
            if full {
                self.link(span);
            }
            if (*span).live == 0 {
                self.unlink(span);
                let run = head.cast::<u8>().add((*span).page as usize * PAGE);
                limbo::retire(Piece::Run(NonNull::new_unchecked(run), class::pages(class)));
            }
        }
    }

    /// # Safety
    /// 1. The span is the lock's, and on no list.
    unsafe fn link(&mut self, span: *mut Span) {
        // SAFETY: promised by (1); what is on the list is the lock's.
        unsafe {
            (*span).prev = null_mut();
            (*span).next = self.0;
            if let Some(next) = self.0.as_mut() {
                next.prev = span;
            }
        }
        self.0 = span;
    }

    /// # Safety
    /// 1. The span is on this list.
    unsafe fn unlink(&mut self, span: *mut Span) {
        // SAFETY: promised by (1); what is on the list is the lock's.
        unsafe {
            let (next, prev) = ((*span).next, (*span).prev);
            match prev.as_mut() {
                Some(prev) => prev.next = next,
                None => self.0 = next,
            }
            if let Some(next) = next.as_mut() {
                next.prev = prev;
            }
        }
    }
}
