//! Memory from the system.

use std::alloc::{Layout, alloc, dealloc};
use std::ptr::NonNull;

/// Bytes of a chunk, and what its address is a multiple of: a huge page.
pub const CHUNK: usize = 2 << 20;

/// What sizes of the system's allocator are multiples of, and its least one.
const STEP: usize = 16;
const LEAST: usize = 32;

/// So many bytes, at least one, aligned to a small power of two.
pub fn layout(bytes: usize, align: usize) -> Layout {
    Layout::from_size_align(bytes.max(1), align).unwrap_or(Layout::new::<u8>())
}

/// Bytes that the system's allocator takes for a block of so many: with a word of its
/// own, and up to where the next one of the kind can begin.
pub fn taken_plain(bytes: usize, align: usize) -> usize {
    let whole = (bytes + size_of::<usize>()).next_multiple_of(align.max(STEP));
    if bytes == 0 { 0 } else { whole.max(LEAST) }
}

/// A block of the system's allocator.
pub fn plain(bytes: usize, align: usize) -> Option<NonNull<u8>> {
    // A size that no layout can have is none that memory can.
    if bytes > isize::MAX as usize / 2 {
        return None;
    }
    // SAFETY: the size is not zero.
    NonNull::new(unsafe { alloc(layout(bytes, align)) })
}

/// Gives it back.
///
/// # Safety
/// 1. It came from [`plain`] with the same numbers.
pub unsafe fn release_plain(block: NonNull<u8>, bytes: usize, align: usize) {
    // SAFETY: promised by (1).
    unsafe { dealloc(block.as_ptr(), layout(bytes, align)) };
}

#[cfg(unix)]
mod pages {
    use super::*;

    /// Fresh pages, filled with zeros; `bytes` is a multiple of a page.
    pub fn map(bytes: usize) -> Option<NonNull<u8>> {
        let rights = libc::PROT_READ | libc::PROT_WRITE;
        let kind = libc::MAP_PRIVATE | libc::MAP_ANON;
        // SAFETY: a new mapping, which overlays nothing.
        let at = unsafe { libc::mmap(std::ptr::null_mut(), bytes, rights, kind, -1, 0) };
        match at == libc::MAP_FAILED {
            true => None,
            false => NonNull::new(at.cast()),
        }
    }

    /// Gives pages back.
    ///
    /// # Safety
    /// 1. They are mapped, by [`map`], and nobody uses them any more.
    pub unsafe fn unmap(at: NonNull<u8>, bytes: usize) {
        // SAFETY: promised by (1).
        unsafe { libc::munmap(at.as_ptr().cast(), bytes) };
    }

    /// A chunk: twice as much is mapped, and what lies before and behind goes
    /// back.
    pub fn map_chunk() -> Option<NonNull<u8>> {
        let wide = map(2 * CHUNK)?;
        let before = wide.as_ptr().align_offset(CHUNK);
        // SAFETY: all three parts lie within what has just been mapped, and
        // together are all of it.
        unsafe {
            let chunk = wide.add(before);
            if before > 0 {
                unmap(wide, before);
            }
            unmap(chunk.add(CHUNK), CHUNK - before);
            Some(chunk)
        }
    }

    /// Has the kernel back pages of [`map`] with huge ones where it can.
    pub fn prefer_huge(at: NonNull<u8>, bytes: usize) {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        // SAFETY: advice on a mapping of ours; what lies in it stays.
        unsafe {
            libc::madvise(at.as_ptr().cast(), bytes, libc::MADV_HUGEPAGE);
        }
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let _ = (at, bytes);
    }

    /// Has it leave a chunk in plain pages: a daemon of the kernel's would bring
    /// back what has been purged of it, in order to make a huge page.
    pub fn avoid_huge(chunk: NonNull<u8>) {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        // SAFETY: advice on a mapping of ours; what lies in it stays.
        unsafe {
            libc::madvise(chunk.as_ptr().cast(), CHUNK, libc::MADV_NOHUGEPAGE);
        }
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let _ = chunk;
    }

    /// Has it do so at once with what lies there already (Linux 6.1).
    pub fn make_huge(at: NonNull<u8>, bytes: usize) {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        // SAFETY: as above.
        unsafe {
            libc::madvise(at.as_ptr().cast(), bytes, libc::MADV_COLLAPSE);
        }
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let _ = (at, bytes);
    }

    /// Gives pages back to the system until they are used again.
    ///
    /// # Safety
    /// 1. They are mapped, and nobody needs what lies in them.
    pub unsafe fn purge(at: NonNull<u8>, bytes: usize) {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let advice = libc::MADV_DONTNEED;
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let advice = libc::MADV_FREE;
        // SAFETY: promised by (1).
        unsafe { libc::madvise(at.as_ptr().cast(), bytes, advice) };
    }
}

#[cfg(not(unix))]
mod pages {
    use super::*;

    fn layout(bytes: usize) -> Option<Layout> {
        Layout::from_size_align(bytes, if bytes == CHUNK { CHUNK } else { 4096 }).ok()
    }

    /// Fresh pages; `bytes` is a multiple of a page.
    pub fn map(bytes: usize) -> Option<NonNull<u8>> {
        // SAFETY: the size is not zero.
        NonNull::new(unsafe { alloc(layout(bytes)?) })
    }

    /// Gives pages back.
    ///
    /// # Safety
    /// 1. They came from [`map`] with as many bytes, and nobody uses them any
    ///    more.
    pub unsafe fn unmap(at: NonNull<u8>, bytes: usize) {
        if let Some(layout) = layout(bytes) {
            // SAFETY: promised by (1).
            unsafe { dealloc(at.as_ptr(), layout) };
        }
    }

    /// A chunk.
    pub fn map_chunk() -> Option<NonNull<u8>> {
        map(CHUNK)
    }

    /// Nothing can be asked for here.
    pub fn prefer_huge(_: NonNull<u8>, _: usize) {}

    /// As [`prefer_huge`].
    pub fn make_huge(_: NonNull<u8>, _: usize) {}

    /// As [`prefer_huge`].
    pub fn avoid_huge(_: NonNull<u8>) {}

    /// As [`prefer_huge`].
    ///
    /// # Safety
    /// 1. None.
    pub unsafe fn purge(_: NonNull<u8>, _: usize) {}
}

pub use pages::{avoid_huge, make_huge, map, map_chunk, prefer_huge, purge, unmap};
