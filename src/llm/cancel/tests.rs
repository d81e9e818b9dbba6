use super::*;
use std::sync::atomic::AtomicU32;

#[derive(Default)]
struct Socket(AtomicU32);
impl Breakable for Socket {
    fn break_off(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_token_ends_every_call_that_holds_it_and_every_later_one() {
    let (cancel, early, late) = (Cancel::default(), Arc::default(), Arc::default());
    cancel.attach(&early);
    cancel.trigger();
    cancel.trigger();
    cancel.attach(&late);
    assert_eq!(early.reason(), Some(Reason::Cancelled));
    assert_eq!(late.reason(), Some(Reason::Cancelled));
}

#[test]
fn a_token_of_ten_thousand_calls_holds_no_more_than_twice_those_that_live() {
    let (cancel, mut live) = (Cancel::default(), std::collections::VecDeque::new());
    for _ in 0..10_000 {
        let call = Arc::<Interrupt>::default();
        cancel.attach(&call);
        live.push_back(call);
        live.drain(..live.len().saturating_sub(100));
        assert!(cancel.state.lock().calls.list.len() <= 202);
    }
    cancel.trigger();
    assert!(live.iter().all(|call| call.reason() == Some(Reason::Cancelled)));
}

#[test]
fn an_interrupt_in_place_of_an_answer_keeps_its_circumstances() {
    let mut answer = CallError::new(Status::Overloaded, "busy");
    (answer.http_status, answer.attempts) = (Some(503), 2);
    let error = Reason::Cancelled.instead_of(&Error::Call(Box::new(answer)));
    let Error::Call(call) = error else { panic!("not a call's error") };
    assert_eq!((call.status, call.http_status, call.attempts), (Status::Cancelled, Some(503), 2));
}

#[test]
fn a_socket_is_broken_only_while_the_call_uses_it() {
    let socket = Arc::new(Socket::default());
    let weak: Weak<dyn Breakable> = Arc::downgrade(&(socket.clone() as Arc<dyn Breakable>));
    let call = Interrupt::default();
    call.watch(weak.clone());
    call.unwatch();
    call.trip(Reason::Cancelled);
    assert_eq!(socket.0.load(Ordering::Relaxed), 0);
    call.watch(weak);
    assert_eq!(socket.0.load(Ordering::Relaxed), 1, "too late is at once");
}

#[test]
fn a_wait_inside_an_exchange_leaves_the_socket_watched() {
    let socket = Arc::new(Socket::default());
    let weak: Weak<dyn Breakable> = Arc::downgrade(&(socket.clone() as Arc<dyn Breakable>));
    let call = Interrupt::default();
    call.watch(weak);
    let wake = Arc::<Signal>::default();
    wake.raise();
    call.wait_or(&Clock::System, &wake, Duration::from_secs(60)).unwrap();
    assert_eq!(socket.0.load(Ordering::Relaxed), 0);
    call.trip(Reason::Cancelled);
    assert_eq!(socket.0.load(Ordering::Relaxed), 1);
}

#[test]
fn a_wait_ends_when_the_call_is_interrupted() {
    let call = Interrupt::default();
    call.trip(Reason::Closed);
    let error = call.wait(&Clock::System, Duration::from_secs(60)).unwrap_err();
    assert_eq!(error.status(), Status::Cancelled);
}
