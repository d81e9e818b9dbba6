//! What a thread has of its own for as long as it runs anything at all.
//!
//! A thread may call when it has all but ended: in a handler of `atexit`, in the
//! destructor of a pthread key, or in that of a C++ `thread_local` that is older
//! than its first call. Its thread-locals with destructors are gone then, and std
//! panics where such a one is asked for. So those of this library have none. What
//! they hold on the heap is given back as soon as they are empty, and they are empty
//! whenever a call has returned.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::mem::ManuallyDrop;

/// A value for a `thread_local`, never dropped with its thread.
pub struct Own<T>(ManuallyDrop<RefCell<T>>);

impl<T> Own<T> {
    /// With its first value.
    pub const fn new(value: T) -> Self {
        Own(ManuallyDrop::new(RefCell::new(value)))
    }

    /// Looks at the value, or changes it. `f` must not come back here.
    pub fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut self.0.borrow_mut())
    }

    /// Puts another value in its place.
    pub fn replace(&self, value: T) -> T {
        self.0.replace(value)
    }
}

/// A list of a thread's own.
pub type OwnList<T> = Own<VecDeque<T>>;

impl<T> OwnList<T> {
    /// An empty one.
    pub const fn empty() -> Self {
        Own::new(VecDeque::new())
    }

    /// Adds one at the end.
    pub fn add(&self, one: T) {
        self.with(|list| list.push_back(one));
    }

    /// Takes the first one out.
    pub fn take_first(&self) -> Option<T> {
        self.take(|list| list.pop_front())
    }

    /// Takes the last one out that is meant.
    pub fn take_last(&self, is_meant: impl FnMut(&T) -> bool) -> Option<T> {
        self.take(|list| {
            let place = list.iter().rposition(is_meant)?;
            list.remove(place)
        })
    }

    fn take(&self, f: impl FnOnce(&mut VecDeque<T>) -> Option<T>) -> Option<T> {
        self.with(|list| {
            let taken = f(list);
            if list.is_empty() {
                *list = VecDeque::new();
            }
            taken
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    thread_local! {
        static OLDER: RefCell<Option<Last>> = const { RefCell::new(None) };
        static LIST: OwnList<u32> = const { OwnList::empty() };
    }

    /// Uses the list when its thread ends, and tells what it found.
    struct Last(std::sync::mpsc::Sender<Option<u32>>);

    impl Drop for Last {
        fn drop(&mut self) {
            LIST.with(|list| list.add(7));
            _ = self.0.send(LIST.with(|list| list.take_first()));
        }
    }

    #[test]
    fn it_is_there_when_its_thread_ends() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let used = || {
            OLDER.replace(Some(Last(sender)));
            LIST.with(|list| list.add(1));
            LIST.with(|list| list.take_first())
        };
        assert_eq!(std::thread::spawn(used).join().ok().flatten(), Some(1));
        assert_eq!(receiver.recv(), Ok(Some(7)));
        assert!(!std::mem::needs_drop::<Own<Vec<u8>>>(), "so nothing marks it as gone");
    }

    #[test]
    fn an_empty_list_holds_no_memory() {
        let list = OwnList::empty();
        (0..9).for_each(|n| list.add(n % 3));
        assert_eq!(list.take_last(|n| *n == 1), Some(1));
        assert_eq!(list.with(|list| list.make_contiguous().to_vec()), [0, 1, 2, 0, 1, 2, 0, 2]);
        assert_eq!(list.take_last(|n| *n == 9), None);
        while list.take_first().is_some() {}
        assert_eq!(list.with(|list| list.capacity()), 0);
    }
}
