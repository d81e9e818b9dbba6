//! What only the inside of a queue can show.

use std::time::Duration;

use super::*;
use crate::llm::client::Parts;
use crate::options::Layered;

fn call() -> Wanted {
    let options = Layered::default().resolve().unwrap();
    let client = Client::new(options, Parts::default()).unwrap();
    Wanted::call(Asked::Client(Arc::new(client)), Arc::new(Request::new()))
}

#[test]
fn a_call_that_comes_while_the_queue_closes_does_not_keep_it() {
    let queue = Queue::new(1).unwrap();
    let own = Arc::<Cancel>::default();
    let id = queue.enter(own.clone(), 1, call(), None).unwrap();
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
    assert!(queue.start(id, &own, Box::new(|| ())).is_err());
    told.recv_timeout(Duration::from_secs(20)).unwrap();
}
