//! A few free blocks of each class for each thread.
//!
//! A thread that owns a line (see `metrics::striped`) owns the magazine of the
//! same number, so that taking a block and putting it back need neither lock
//! nor atomic. Threads without a line go to the spans. Blocks come from the
//! spans and go back to them half a magazine at a time, and all when the thread
//! ends: a few blocks in each chunk would keep all chunks from becoming empty.

use std::cell::UnsafeCell;
use std::ptr::{NonNull, null_mut};

use super::class::{self, CLASSES};
use super::{LINK, span};
use crate::metrics::striped::{self, OWNED};

/// Bytes of one class that a magazine keeps, and how many blocks at least and
/// at most.
const CLASS_BYTES: usize = 8 * 1024;
const BLOCKS_MIN: usize = 2;
const BLOCKS_MAX: usize = 32;
/// Bytes that a magazine keeps of all classes together.
const BYTES_MAX: usize = 128 * 1024;

/// Free blocks of a class; each has the address of the next at [`LINK`].
#[derive(Clone, Copy)]
struct Stack {
    top: *mut u8,
    len: usize,
}

#[repr(align(64))]
struct Magazine {
    stacks: [Stack; CLASSES],
    bytes: usize,
}

struct Place(UnsafeCell<Magazine>);

// SAFETY: one thread at a time owns the line of a magazine and touches it; the
// lock under which lines change hands orders one after the other.
unsafe impl Sync for Place {}

/// Empties the magazine of a thread that ends.
struct Keeper;

impl Drop for Keeper {
    fn drop(&mut self) {
        flush_all();
    }
}

thread_local! {
    // Known of later than the thread's line, and so gone before it. If a thread
    // that is ending has lost it already, whoever owns the line next has what is
    // put back then.
    static KEEPER: Keeper = const { Keeper };
}

const EMPTY: Stack = Stack { top: null_mut(), len: 0 };
static MAGAZINES: [Place; OWNED] =
    [const { Place(UnsafeCell::new(Magazine { stacks: [EMPTY; CLASSES], bytes: 0 })) }; OWNED];

const fn all_limits() -> [u8; CLASSES] {
    let mut all = [0; CLASSES];
    let mut class = 0;
    while class < CLASSES {
        let blocks = CLASS_BYTES / class::size(class);
        all[class] = if blocks < BLOCKS_MIN {
            BLOCKS_MIN
        } else if blocks > BLOCKS_MAX {
            BLOCKS_MAX
        } else {
            blocks
        } as u8;
        class += 1;
    }
    all
}

static LIMITS: [u8; CLASSES] = all_limits();

/// The calling thread's, if it owns one. In a model all threads are tasks of
/// the test's, which may own the same line as another test's.
#[inline(always)]
fn own() -> Option<*mut Magazine> {
    match cfg!(all(test, feature = "model")) {
        true => None,
        false => MAGAZINES.get(striped::line()).map(|place| place.0.get()),
    }
}

/// A block of a class; none when the system has no more memory.
#[inline]
pub fn take(class: usize) -> Option<NonNull<u8>> {
    let Some(magazine) = own() else { return take_one(class) };
    // SAFETY: it is the calling thread's alone, and nothing below comes back
    // here.
    let magazine = unsafe { &mut *magazine };
    match magazine.pop(class) {
        None => magazine.refill(class),
        block => block,
    }
}

/// Takes a block back.
///
/// # Safety
/// 1. It came from [`take`] with the same class, and nobody uses it.
#[inline]
pub unsafe fn put(class: usize, block: NonNull<u8>) {
    let Some(magazine) = own() else {
        let mut block = Some(block);
        // SAFETY: promised by (1).
        return unsafe { span::put(class, || block.take()) };
    };
    // SAFETY: it is the calling thread's alone, and nothing below comes back
    // here.
    let magazine = unsafe { &mut *magazine };
    // SAFETY: promised by (1).
    unsafe { magazine.push(class, block) };
    if magazine.stacks[class].len > LIMITS[class] as usize || magazine.bytes > BYTES_MAX {
        magazine.relieve(class);
    }
}

/// Puts all of the calling thread's back.
pub fn flush_all() {
    if let Some(magazine) = own() {
        // SAFETY: it is the calling thread's alone.
        let magazine = unsafe { &mut *magazine };
        (0..CLASSES).for_each(|class| magazine.flush(class, usize::MAX));
    }
}

/// Something comes into an empty magazine.
#[cold]
fn begin() {
    _ = KEEPER.try_with(|_| ());
}

#[cold]
fn take_one(class: usize) -> Option<NonNull<u8>> {
    let mut one = None;
    span::take(class, 1, |block| one = Some(block));
    one
}

impl Magazine {
    #[inline(always)]
    fn pop(&mut self, class: usize) -> Option<NonNull<u8>> {
        let stack = &mut self.stacks[class];
        let block = NonNull::new(stack.top)?;
        // SAFETY: a free block holds the address of the next.
        stack.top = unsafe { block.add(LINK).cast::<*mut u8>().read() };
        stack.len -= 1;
        self.bytes -= class::size(class);
        Some(block)
    }

    /// # Safety
    /// 1. The block is of that class, and nobody uses it.
    #[inline(always)]
    unsafe fn push(&mut self, class: usize, block: NonNull<u8>) {
        if self.bytes == 0 {
            begin();
        }
        let stack = &mut self.stacks[class];
        // SAFETY: promised by (1); every block has room for an address.
        unsafe { block.add(LINK).cast::<*mut u8>().write(stack.top) };
        stack.top = block.as_ptr();
        stack.len += 1;
        self.bytes += class::size(class);
    }

    #[cold]
    fn refill(&mut self, class: usize) -> Option<NonNull<u8>> {
        let half = (LIMITS[class] as usize / 2).max(1);
        // SAFETY: a block from the spans is of that class and nobody's.
        span::take(class, half, |block| unsafe { self.push(class, block) });
        self.pop(class)
    }

    /// A class has too many, or all together.
    #[cold]
    fn relieve(&mut self, class: usize) {
        self.flush(class, self.stacks[class].len.div_ceil(2));
        if self.bytes > BYTES_MAX {
            (0..CLASSES).for_each(|class| self.flush(class, usize::MAX));
        }
    }

    /// Puts up to so many blocks back.
    fn flush(&mut self, class: usize, most: usize) {
        let mut left = most.min(self.stacks[class].len);
        if left == 0 {
            return;
        }
        let next = || {
            left = left.checked_sub(1)?;
            self.pop(class)
        };
        // SAFETY: they are of that class, and nobody uses them.
        unsafe { span::put(class, next) };
    }
}

#[cfg(test)]
#[cfg(not(any(miri, feature = "model", feature = "system-heap")))]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use super::*;

    /// Tells what the magazine holds when the thread has ended all but for its
    /// line.
    struct Last(Option<Sender<Option<usize>>>);

    impl Drop for Last {
        fn drop(&mut self) {
            // SAFETY: it is the calling thread's alone.
            let bytes = own().map(|magazine| unsafe { (*magazine).bytes });
            _ = self.0.as_ref().map(|sender| sender.send(bytes));
        }
    }

    thread_local! {
        static LAST: std::cell::RefCell<Last> = const { std::cell::RefCell::new(Last(None)) };
    }

    #[test]
    fn a_thread_that_ends_keeps_nothing() {
        let (sender, receiver) = channel();
        let before_the_end = std::thread::spawn(move || {
            striped::line();
            LAST.with_borrow_mut(|last| last.0 = Some(sender));
            let block = super::super::allocate(100)?;
            // SAFETY: the block is 100 bytes long and released once.
            unsafe {
                block.cast::<u64>().write(0);
                super::super::release(block, 100);
            }
            // SAFETY: it is the calling thread's alone.
            own().map(|magazine| unsafe { (*magazine).bytes })
        });
        let before_the_end = before_the_end.join().unwrap();
        let at_the_end = receiver.recv().unwrap();
        assert_eq!(before_the_end.is_some(), at_the_end.is_some());
        if let (Some(before), Some(after)) = (before_the_end, at_the_end) {
            assert!(before > 0 && after == 0, "{before} bytes, then {after}");
        }
    }
}
