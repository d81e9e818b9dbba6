//! What a shared request and those who wait for it tell each other.
//!
//! They raise its deadline as they join; it tells when it was sent and when a
//! byte last came, so that each of them can keep its own limits. Every field is
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

    /// No request is out: the next one is yet to be sent, or none.
    pub fn rest(&self) {
        for field in [&self.sent_ns, &self.last_byte_ns, &self.answered] {
            field.store(0, Relaxed);
        }
    }
}
