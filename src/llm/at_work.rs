//! Whose work a thread does: the queues whose jobs run on it.
//!
//! A queue is closed by waiting for its jobs. From inside a callback of one of
//! them that would never end, so whoever closes asks here first. A batch has
//! threads of its own, which do the work of the thread that runs it.

use std::cell::RefCell;

thread_local! {
    /// Outermost first.
    static QUEUES: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// The queues that a thread works for.
#[derive(Debug, Clone)]
pub struct Duty(Vec<usize>);

impl Duty {
    /// What this thread does.
    pub fn of_this_thread() -> Duty {
        QUEUES.with_borrow(|queues| Duty(queues.clone()))
    }

    /// The same, and the work of the queue at this address.
    pub fn and(mut self, queue: usize) -> Duty {
        self.0.push(queue);
        self
    }

    /// Has this thread do it for as long as `job` runs.
    pub fn during<R>(self, job: impl FnOnce() -> R) -> R {
        let _before = Before(QUEUES.replace(self.0));
        job()
    }
}

/// Puts back what the thread did before, also after a panic.
struct Before(Vec<usize>);

impl Drop for Before {
    fn drop(&mut self) {
        QUEUES.set(std::mem::take(&mut self.0));
    }
}

/// Whether this thread works for the queue at this address.
pub fn is_for(queue: usize) -> bool {
    QUEUES.with_borrow(|queues| queues.contains(&queue))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_works_for_a_queue_while_its_job_runs_and_hands_that_on() {
        Duty::of_this_thread().and(1).during(|| {
            let work = Duty::of_this_thread();
            std::thread::scope(|scope| {
                scope.spawn(|| assert!(!is_for(1)));
                scope.spawn(|| work.and(2).during(|| assert!(is_for(1) && is_for(2))));
            });
            assert!(is_for(1) && !is_for(2));
        });
        assert!(!is_for(1));
    }
}
