//! What only the inside of a queue can show.

use std::time::Duration;

use super::*;
use crate::llm::client::Parts;
use crate::options::Layered;

fn asked() -> Asked {
    let options = Layered::default().resolve().unwrap();
    Asked::Client(Arc::new(Client::new(options, Parts::default()).unwrap()))
}

/// A queue whose only thread is busy until the sender is dropped.
fn busy() -> (Arc<Queue>, std::sync::mpsc::Sender<()>) {
    let (open, gate) = std::sync::mpsc::channel::<()>();
    let queue = Queue::new(1).unwrap();
    queue.pool.run(Box::new(move || assert!(gate.recv().is_err()))).unwrap();
    (queue, open)
}

#[test]
fn a_call_that_comes_while_the_queue_closes_does_not_keep_it() {
    let queue = Queue::new(1).unwrap();
    let own = Arc::<Cancel>::default();
    let wanted = Wanted::call(asked(), Arc::new(Request::new())).unwrap();
    let ending = queue.enter(own.clone(), 1, wanted, None).unwrap();
    let (closed, told) = std::sync::mpsc::channel();
    std::thread::spawn({
        let queue = queue.clone();
        move || {
            queue.close();
            closed.send(()).unwrap();
        }
    });
    while !queue.pool.is_closed() {
        std::thread::yield_now();
    }
    // It waits for the call that has no thread yet, or is about to.
    (0..1_000).for_each(|_| std::thread::yield_now());
    assert!(queue.start(&ending, Box::new(|| ())).is_err());
    told.recv_timeout(Duration::from_secs(20)).unwrap();
}

#[test]
fn whoever_has_left_the_line_is_not_looked_after_any_more() {
    let ((queue, open), cancel) = (busy(), Arc::<Cancel>::default());
    let submit = |cancel| queue.submit(asked(), Arc::new(Request::new()), false, cancel, 1);
    submit(Some(&cancel)).unwrap();
    submit(None).unwrap();
    assert_eq!(queue.state.lock().dues.len(), 2);
    cancel.trigger();
    assert_eq!(queue.state.lock().dues.len(), 1);
    drop(open);
    (0..2).for_each(|_| _ = queue.next(Duration::from_secs(20)).unwrap());
    let state = queue.state.lock();
    assert_eq!((state.dues.len(), state.streams.len()), (0, 0));
}
