//! Memory from the system.

use std::alloc::{Layout, alloc, dealloc};
use std::ptr::NonNull;

/// Bytes of a chunk, and what its address is a multiple of: a huge page.
pub const CHUNK: usize = 2 << 20;

/// A block of the system's allocator, aligned to 16.
pub fn plain(bytes: usize) -> Option<NonNull<u8>> {
    let layout = Layout::from_size_align(bytes.max(1), 16).ok()?;
    // SAFETY: the size is not zero.
    NonNull::new(unsafe { alloc(layout) })
}

/// Gives it back.
///
/// # Safety
/// 1. It came from [`plain`] with as many bytes.
pub unsafe fn release_plain(block: NonNull<u8>, bytes: usize) {
    if let Ok(layout) = Layout::from_size_align(bytes.max(1), 16) {
        // SAFETY: promised by (1).
        unsafe { dealloc(block.as_ptr(), layout) };
    }
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

    /// Has the kernel back a chunk with a huge page, if it can.
    pub fn prefer_huge(chunk: NonNull<u8>) {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        // SAFETY: advice on a mapping of ours; what lies in it stays.
        unsafe {
            libc::madvise(chunk.as_ptr().cast(), CHUNK, libc::MADV_HUGEPAGE);
        }
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let _ = chunk;
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
    pub fn prefer_huge(_: NonNull<u8>) {}

    /// As [`prefer_huge`].
    ///
    /// # Safety
    /// 1. None.
    pub unsafe fn purge(_: NonNull<u8>, _: usize) {}
}

pub use pages::{map, map_chunk, prefer_huge, purge, unmap};
