//! Memory for entries: size classes in large pages, the process' own.
//!
//! A hit on a large cache reads memory that no processor cache and, in pages
//! of 4 KiB, no translation buffer holds: half of its time went into finding
//! the page. So entries lie in 2 MiB chunks that the kernel backs with huge
//! pages. Four layers, each in a file of its own:
//!
//! - [`class`]: the sizes that there are. What an entry costs is the size of its
//!   class, or its pages.
//! - [`magazine`]: a few free blocks of each class for each thread, taken and
//!   put back without a lock.
//! - [`span`]: runs of pages cut into blocks of one class. A span whose last
//!   block comes back becomes pages again, for any class.
//! - [`pages`]: chunks, and the runs of pages in them. Those of large entries
//!   are apart, in pages of 4 KiB. Pages that nobody uses go back to the system
//!   once they are 3 MiB or a thirty-second of the whole.
//!
//! Tables, too, if they are large ([`array`]).
//!
//! Whoever looks without a lock may look at what has just gone: so pages of
//! spans and tables wait in [`limbo`] before they become something else, and a
//! free block's first four bytes, where an entry counts its references, stay 0.
//!
//! This is the plan of Bonwick and Adams, "Magazines and Vmem", USENIX 2001.
//! It belongs to the process and not to a cache, since entries outlive theirs.
//!
//! With the feature `system-heap` each block is the system's, so that a
//! sanitizer knows its bounds and its end.

#![allow(unsafe_code)]

mod array;
mod class;
mod limbo;
mod magazine;
mod pages;
mod span;
mod system;

use std::ptr::NonNull;

#[cfg(test)]
pub use array::LARGEST;
pub use array::{Array, taken};
pub use class::allocated;
use class::{PAGE, RUN_MAX};
use limbo::LIMBO;
use pages::{LARGE, SMALL};
pub use system::taken_plain;

/// What a block's address is a multiple of.
const ALIGN: usize = 8;
/// Where a free block says what is the next one.
const LINK: usize = 8;
/// Bytes of the smallest block.
const LEAST: usize = LINK + 8;

/// A block of at least so many bytes, 16 or more, aligned to 8; none when the
/// system has no more.
#[inline]
pub fn allocate(size: usize) -> Option<NonNull<u8>> {
    debug_assert!(size >= LEAST);
    if cfg!(any(miri, feature = "system-heap")) {
        return system::plain(allocated(size), ALIGN);
    }
    match class::of(size) {
        Some(class) => magazine::take(class),
        None => allocate_large(size),
    }
}

/// Gives a block back.
///
/// # Safety
/// 1. `block` came from [`allocate`] with a size of the same [`allocated`], and
///    nobody uses it any more. Its first four bytes are 0, or it is so large that
///    nobody has looked at it (see [`has_class`]).
#[inline]
pub unsafe fn release(block: NonNull<u8>, size: usize) {
    if cfg!(any(miri, feature = "system-heap")) {
        // SAFETY: promised by (1).
        return unsafe { system::release_plain(block, allocated(size), ALIGN) };
    }
    match class::of(size) {
        // SAFETY: promised by (1): equal costs are of one class.
        Some(class) => unsafe { magazine::put(class, block) },
        // SAFETY: as above.
        None => unsafe { release_large(block, size) },
    }
}

/// Whether a block of so many bytes is one of a class. Others must not be looked
/// at without a lock: they may be unmapped at any time.
#[inline(always)]
pub fn has_class(size: usize) -> bool {
    class::of(size).is_some()
}

#[cold]
fn allocate_large(size: usize) -> Option<NonNull<u8>> {
    let bytes = allocated(size);
    match bytes / PAGE {
        pages @ ..=RUN_MAX => LARGE.lock().take(pages),
        _ => system::map(bytes),
    }
}

/// # Safety
/// 1. As (1) of [`release`].
#[cold]
unsafe fn release_large(block: NonNull<u8>, size: usize) {
    let bytes = allocated(size);
    match bytes / PAGE {
        // SAFETY: promised by (1): the size says how it was allocated.
        pages @ ..=RUN_MAX => unsafe { LARGE.lock().put(block, pages) },
        // SAFETY: as above.
        _ => unsafe { system::unmap(block, bytes) },
    }
}

/// Where a cache ends, the thread that frees it keeps nothing for its next
/// entries: there may be none.
pub struct Ending;

impl Drop for Ending {
    fn drop(&mut self) {
        magazine::flush_all();
        limbo::settle();
    }
}

/// The heap's locks, while the process forks.
pub struct Held {
    _spans: span::Held,
    _limbo: std::sync::MutexGuard<'static, limbo::Limbo>,
    _small: std::sync::MutexGuard<'static, pages::Pages>,
    _large: std::sync::MutexGuard<'static, pages::Pages>,
}

/// Keeps the heap as it is until the guard is dropped.
pub fn hold() -> Held {
    // In the order in which they are taken: pages under limbo under spans.
    Held { _spans: span::hold(), _limbo: LIMBO.lock(), _small: SMALL.lock(), _large: LARGE.lock() }
}

#[cfg(test)]
mod tests;
