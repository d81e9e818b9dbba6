//! What a shared request and those who wait for it tell each other.
//!
//! They raise its deadline as they join; it tells when it was sent and when a
//! byte and content last came, so that each of them can keep its own limits, and while
//! none is out, what holds it up. The numbers stand for themselves, so relaxed is
//! enough.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use parking_lot::Mutex;

use crate::clock::Signal;
use crate::error::Error;

/// The common ground of a shared request.
#[derive(Debug, Default)]
pub struct Shared {
    /// The latest end among those who wait, in ns; only ever raised.
    until_ns: AtomicU64,
    /// The longest bound on connecting among them, in ms; only ever raised.
    connect_ms: AtomicU64,
    /// When the request was written; 0 while none is out.
    sent_ns: AtomicU64,
    /// When a byte last went or came; 0 while no request is out.
    last_byte_ns: AtomicU64,
    /// 1 once a byte of the answer has come.
    answered: AtomicU64,
    /// When content first came of an answer that is a stream; 0 while none has.
    first_content_ns: AtomicU64,
    /// When it last came.
    last_content_ns: AtomicU64,
    /// The status of an answer whose head has come; 0 while none has.
    http_status: AtomicU64,
    /// How often it was sent, or tried.
    attempts: AtomicU64,
    news: Mutex<News>,
}

#[derive(Debug, Default)]
struct News {
    hold: Option<Hold>,
    /// Those who have read all there is.
    waiting: Vec<Arc<Signal>>,
}

/// What holds a request up, so that none is out: the limiter's line, or a pause before
/// it is sent again.
#[derive(Debug, Clone)]
pub struct Hold {
    /// How it ends for one who has no time to wait for that.
    pub error: Error,
    /// It is not over before, in ns; 0: it may be at any time.
    pub until_ns: u64,
}

/// How far a request has come; none where it has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pulse {
    /// When it was written.
    pub sent_ns: Option<u64>,
    /// When a byte last went or came.
    pub last_byte_ns: Option<u64>,
    /// Whether a byte of the answer has come.
    pub answered: bool,
    /// When content first came of an answer that is a stream.
    pub first_content_ns: Option<u64>,
    /// When it last came.
    pub last_content_ns: Option<u64>,
}

impl Shared {
    /// Somebody waits for it, until then; `connect_ms` of `u64::MAX` is no bound.
    pub fn wanted(&self, until_ns: u64, connect_ms: u64) {
        self.until_ns.fetch_max(until_ns, Relaxed);
        self.connect_ms.fetch_max(connect_ms, Relaxed);
    }

    /// Until when it may take.
    pub fn until_ns(&self) -> u64 {
        self.until_ns.load(Relaxed)
    }

    /// The bound on connecting; `u64::MAX`: none.
    pub fn connect_ms(&self) -> u64 {
        self.connect_ms.load(Relaxed)
    }

    /// How far it has come.
    pub fn pulse(&self) -> Pulse {
        let moment = |field: &AtomicU64| Some(field.load(Relaxed)).filter(|at| *at > 0);
        Pulse {
            sent_ns: moment(&self.sent_ns),
            last_byte_ns: moment(&self.last_byte_ns),
            answered: self.answered.load(Relaxed) > 0,
            first_content_ns: moment(&self.first_content_ns),
            last_content_ns: moment(&self.last_content_ns),
        }
    }

    /// What is raised when there is something new.
    pub fn next_news(&self) -> Arc<Signal> {
        let wake = Arc::<Signal>::default();
        let waiting = &mut self.news.lock().waiting;
        if waiting.len() == waiting.capacity() {
            // Those who looked again by themselves wait for another one.
            waiting.retain(|signal| Arc::strong_count(signal) > 1);
        }
        waiting.push(wake.clone());
        wake
    }

    /// Whether somebody waits for something new.
    #[cfg(test)]
    pub fn is_waited_for(&self) -> bool {
        !self.news.lock().waiting.is_empty()
    }

    /// There is something new.
    pub fn wake(&self) {
        self.news.lock().wake();
    }

    /// It is held up.
    pub fn held(&self, hold: Hold) {
        let mut news = self.news.lock();
        news.hold = Some(hold);
        news.wake();
    }

    /// What holds it up, if anything.
    pub fn hold(&self) -> Option<Hold> {
        self.news.lock().hold.clone()
    }

    /// It is about to be sent, or sent again.
    pub fn attempt(&self) {
        self.news.lock().hold = None;
        self.attempts.fetch_add(1, Relaxed);
    }

    /// How often it was sent so far, or tried.
    pub fn attempts(&self) -> u32 {
        self.attempts.load(Relaxed) as u32
    }

    /// A byte went or came.
    pub fn alive(&self, now_ns: u64) {
        self.last_byte_ns.store(now_ns, Relaxed);
    }

    /// The request is written.
    pub fn sent(&self, now_ns: u64) {
        self.sent_ns.store(now_ns, Relaxed);
        self.alive(now_ns);
    }

    /// The answer has begun.
    pub(super) fn answered(&self) {
        self.answered.store(1, Relaxed);
    }

    /// Content of a stream has come.
    pub fn content(&self, now_ns: u64) {
        let _ = self.first_content_ns.compare_exchange(0, now_ns, Relaxed, Relaxed);
        self.last_content_ns.store(now_ns, Relaxed);
    }

    /// The head of the answer has come.
    pub fn head(&self, status: u16) {
        self.http_status.store(status.into(), Relaxed);
    }

    /// The status of the answer, once its head has come.
    pub fn http_status(&self) -> Option<u16> {
        Some(self.http_status.load(Relaxed) as u16).filter(|status| *status > 0)
    }

    /// No request is out: the next one is yet to be sent, or none.
    pub fn rest(&self) {
        for field in [
            &self.sent_ns,
            &self.last_byte_ns,
            &self.answered,
            &self.first_content_ns,
            &self.last_content_ns,
            &self.http_status,
        ] {
            field.store(0, Relaxed);
        }
    }
}

impl News {
    fn wake(&mut self) {
        self.waiting.drain(..).for_each(|signal| signal.raise());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_looks_often_while_nothing_comes_leaves_nothing_behind() {
        let shared = Shared::default();
        let waits = shared.next_news();
        (0..10_000).for_each(|_| drop(shared.next_news()));
        assert!(shared.news.lock().waiting.len() < 10);
        shared.wake();
        assert!(waits.is_raised());
    }
}
