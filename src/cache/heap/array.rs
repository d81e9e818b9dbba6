//! Tables' memory: arrays of a fixed length, the larger ones in huge pages.

use std::mem::{ManuallyDrop, MaybeUninit};
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use super::class::{PAGE, RUN_MAX};
use super::limbo::{self, Piece};
use super::pages::SMALL;
use super::system;

/// From so many bytes on an array takes whole pages.
const PAGED: usize = 64 * 1024;
/// What an array's address is a multiple of: a cache line.
pub const ALIGN: usize = 64;

#[cfg(test)]
thread_local! {
    /// What a thread makes no larger arrays than: there is no memory for those.
    pub static LARGEST: std::cell::Cell<usize> = const { std::cell::Cell::new(usize::MAX) };
}

/// As a boxed slice, elsewhere.
pub struct Array<T> {
    first: NonNull<T>,
    len: usize,
}

// SAFETY: it owns what it points to, as a box does.
unsafe impl<T: Send> Send for Array<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Array<T> {}

/// Where the bytes of an array come from.
enum Source {
    Plain,
    System,
    Run(usize),
    Map(usize),
}

fn source(bytes: usize) -> Source {
    let pages = bytes.div_ceil(PAGE);
    match bytes {
        _ if cfg!(any(miri, feature = "system-heap")) => Source::Plain,
        ..PAGED => Source::System,
        _ if pages <= RUN_MAX => Source::Run(pages),
        _ => Source::Map(pages * PAGE),
    }
}

/// Bytes that are taken for an array of so many.
pub fn taken(bytes: usize) -> usize {
    match bytes {
        ..PAGED => system::taken_plain(bytes, ALIGN),
        _ => bytes.next_multiple_of(PAGE),
    }
}

impl<T> Array<T> {
    const FITS: () = assert!(align_of::<T>() <= ALIGN && size_of::<T>() > 0);

    /// As many as `len` of what `make` makes. As a boxed slice, it ends the
    /// process if there is no memory.
    pub fn new(len: usize, make: impl Fn() -> T) -> Array<T> {
        match Self::room(len) {
            Some(room) => room.fill(make),
            None => std::alloc::handle_alloc_error(system::layout(len * size_of::<T>(), ALIGN)),
        }
    }

    /// Room for as many, with nothing in it yet; none if there is no memory.
    pub fn room(len: usize) -> Option<Array<MaybeUninit<T>>> {
        const { Self::FITS };
        let bytes = len.checked_mul(size_of::<T>())?;
        #[cfg(test)]
        if bytes > LARGEST.get() {
            return None;
        }
        let memory = match source(bytes) {
            Source::Plain | Source::System => system::plain(bytes, ALIGN),
            Source::Run(pages) => SMALL.lock().take(pages),
            Source::Map(bytes) => system::map(bytes).inspect(|at| system::prefer_huge(*at, bytes)),
        };
        Some(Array { first: memory?.cast(), len })
    }
}

impl<T> Array<MaybeUninit<T>> {
    /// Puts what `make` makes into every place.
    pub fn fill(self, make: impl Fn() -> T) -> Array<T> {
        let room = ManuallyDrop::new(self);
        let (first, len) = (room.first.cast::<T>(), room.len);
        // SAFETY: the memory has room for as many, is aligned for them, and
        // nobody else's.
        (0..len).for_each(|i| unsafe { first.add(i).write(make()) });
        Array { first, len }
    }
}

impl<T> Drop for Array<T> {
    fn drop(&mut self) {
        let bytes = self.len * size_of::<T>();
        let memory = self.first.cast::<u8>();
        // SAFETY: all of them have been made, nobody has them any more, and the
        // memory came from the same source.
        unsafe {
            NonNull::slice_from_raw_parts(self.first, self.len).drop_in_place();
            match source(bytes) {
                // Nobody looks without a lock there.
                Source::Plain => system::release_plain(memory, bytes, ALIGN),
                Source::System => limbo::retire(Piece::Plain(memory, bytes)),
                Source::Run(pages) => limbo::retire(Piece::Run(memory, pages)),
                Source::Map(bytes) => limbo::retire(Piece::Map(memory, bytes)),
            }
        }
    }
}

impl<T> Deref for Array<T> {
    type Target = [T];

    #[inline(always)]
    fn deref(&self) -> &[T] {
        // SAFETY: as many have been made, and are borrowed with `self`.
        unsafe { std::slice::from_raw_parts(self.first.as_ptr(), self.len) }
    }
}

impl<T> DerefMut for Array<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as above, and `self` is borrowed for writing.
        unsafe { std::slice::from_raw_parts_mut(self.first.as_ptr(), self.len) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_for_which_there_is_no_memory_is_none() {
        for len in [usize::MAX, usize::MAX / 16, 1 << 52] {
            assert!(Array::<u64>::room(len).is_none(), "{len}");
        }
    }

    #[test]
    fn arrays_of_every_source_hold_what_was_made_and_let_it_go() {
        let one = std::sync::Arc::new(7u64);
        for len in [1, 100, PAGED / 8, PAGED, 2 * RUN_MAX * PAGE / 8] {
            let mut array = Array::new(len, || one.clone());
            assert_eq!(array.as_ptr() as usize % ALIGN, 0);
            assert_eq!((array.len(), std::sync::Arc::strong_count(&one)), (len, len + 1));
            array[len - 1] = std::sync::Arc::new(8);
            assert!(array[..len - 1].iter().all(|n| **n == 7) && *array[len - 1] == 8);
            drop(array);
            assert_eq!(std::sync::Arc::strong_count(&one), 1);
        }
    }
}
