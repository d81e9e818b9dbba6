//! What a shared request and those who wait for it tell each other.
//!
//! They raise its deadline as they join; it tells when it was sent and when a
//! byte and content last came, so that each of them can keep its own limits. Every field is
//! a number that stands for itself, so relaxed is enough.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

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
    /// How often it was sent, or tried.
    attempts: AtomicU64,
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

    /// It is about to be sent, or sent again.
    pub fn attempt(&self) {
        self.attempts.fetch_add(1, Relaxed);
    }

    /// How often it was sent so far, or tried.
    pub fn attempts(&self) -> u32 {
        self.attempts.load(Relaxed) as u32
    }

    /// A byte went or came.
    pub(super) fn alive(&self, now_ns: u64) {
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

    /// No request is out: the next one is yet to be sent, or none.
    pub fn rest(&self) {
        let content = [&self.first_content_ns, &self.last_content_ns];
        for field in [&self.sent_ns, &self.last_byte_ns, &self.answered].into_iter().chain(content)
        {
            field.store(0, Relaxed);
        }
    }
}
