//! The deadlines of a call: six limits, and the one that comes first.
//!
//! `total` runs over all attempts and waits. The others belong to one attempt:
//! `connect`, then `first_byte` and `first_token` from the moment the request
//! was written, `silence` from the last byte of any kind, which the transport alone
//! sees, and `idle` from the last event with content, once there has been one.
//!
//! A shared request has a deadline, the longest among those who wait for it, and
//! their longest bound on connecting. The other limits are not its own: each who
//! waits keeps those itself, by the pulse of the request. One that renews a kept
//! answer has them all, for nobody need wait for it.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::error::{Bound, CallError, Error, Status};
use crate::options::client::ClientOptions;

use super::transport::{Deadline, Phase, Pulse, Shared};

/// When a call began and what it may take.
#[derive(Debug, Clone)]
pub struct Timing {
    clock: Clock,
    /// When the call began, in ns on the clock.
    pub started_ns: u64,
    total_ms: u64,
    /// The common ground of a shared request, whose deadline others may raise.
    shared: Option<Arc<Shared>>,
    /// Whether it stands in no line.
    waits_for_nobody: bool,
    connect_ms: u64,
    first_byte_ms: u64,
    first_token_ms: u64,
    silence_ms: u64,
    idle_ms: u64,
    outside_ns: Cell<u64>,
    /// Whether the one who takes the events has used the time up.
    receiver_was_late: Cell<bool>,
}

/// `from` plus a limit in ms, where 0 is none.
fn after(from_ns: u64, ms: u64, phase: Phase) -> Deadline {
    let at_ns = match ms {
        0 => u64::MAX,
        ms => from_ns.saturating_add(ms.saturating_mul(1_000_000)),
    };
    Deadline { at_ns, phase }
}

impl Timing {
    /// Starts the call's time.
    pub fn start(options: &ClientOptions, clock: &Clock) -> Self {
        Timing::since(clock.now_ns(), 0, options, clock)
    }

    /// The time of a call that was taken up at this time, and had stood in line for
    /// so long before.
    pub fn since(now_ns: u64, waited_ns: u64, options: &ClientOptions, clock: &Clock) -> Self {
        Timing {
            clock: clock.clone(),
            started_ns: now_ns.saturating_sub(waited_ns),
            total_ms: options.timeout_ms,
            shared: None,
            waits_for_nobody: false,
            connect_ms: options.connect_timeout_ms,
            first_byte_ms: options.first_byte_timeout_ms,
            first_token_ms: options.first_token_timeout_ms,
            silence_ms: options.silence_timeout_ms,
            idle_ms: options.idle_timeout_ms,
            outside_ns: Cell::new(waited_ns),
            receiver_was_late: Cell::new(false),
        }
    }

    /// Runs something that is not the library's own work (the network, a wait,
    /// a callback), and keeps its time apart.
    pub fn outside<R>(&self, f: impl FnOnce() -> R) -> R {
        self.outside_until(f).0
    }

    /// The same, and when it was over.
    pub fn outside_until<R>(&self, f: impl FnOnce() -> R) -> (R, u64) {
        self.outside_from(self.now_ns(), f)
    }

    /// The same, if it is known that it is `started` now.
    pub fn outside_from<R>(&self, started: u64, f: impl FnOnce() -> R) -> (R, u64) {
        let result = f();
        let ended = self.now_ns();
        self.outside_ns.update(|ns| ns + (ended - started));
        (result, ended)
    }

    /// The time spent outside so far.
    pub fn outside_ns(&self) -> u64 {
        self.outside_ns.get()
    }

    /// Now, on the call's clock.
    pub fn now_ns(&self) -> u64 {
        self.clock.now_ns()
    }

    /// How long the call has taken.
    pub fn elapsed(&self) -> Duration {
        self.since_start(self.now_ns())
    }

    /// From the call's start to a point in time.
    pub fn since_start(&self, at_ns: u64) -> Duration {
        Duration::from_nanos(at_ns.saturating_sub(self.started_ns))
    }

    /// The end of the whole call.
    pub fn total(&self) -> Deadline {
        match &self.shared {
            Some(shared) => Deadline { at_ns: shared.until_ns(), phase: Phase::Total },
            None => after(self.started_ns, self.total_ms, Phase::Total),
        }
    }

    /// The time, or that of a few milliseconds ago.
    pub fn coarse_ns(&self) -> u64 {
        self.clock.coarse_ns()
    }

    /// The time was up when the one who takes the events had taken one.
    pub fn note_late_receiver(&self) {
        self.receiver_was_late.set(true);
    }

    /// Whether it was: then it says nothing of the provider.
    pub fn receiver_was_late(&self) -> bool {
        self.receiver_was_late.get()
    }

    /// How much of the whole time is left.
    pub fn left(&self) -> Duration {
        Duration::from_nanos(self.total().at_ns.saturating_sub(self.now_ns()))
    }

    /// The time of a request that others wait for.
    pub fn of_shared(options: &ClientOptions, clock: &Clock, shared: Arc<Shared>) -> Timing {
        Timing {
            waits_for_nobody: false,
            first_byte_ms: 0,
            first_token_ms: 0,
            silence_ms: 0,
            idle_ms: 0,
            ..Timing::of_renewal(options, clock, shared)
        }
    }

    /// The time of a request that others may wait for, and nobody has to: it is not
    /// sent before those who stand in the limiter's line.
    pub fn of_renewal(options: &ClientOptions, clock: &Clock, shared: Arc<Shared>) -> Timing {
        Timing { shared: Some(shared), waits_for_nobody: true, ..Timing::start(options, clock) }
    }

    /// Until when it may stand in the limiter's line, in ns.
    pub fn in_line_until_ns(&self) -> u64 {
        if self.waits_for_nobody { 0 } else { self.total().at_ns }
    }

    /// Has a shared request last for as long as this call may.
    pub fn ask_for(&self, shared: &Shared) {
        let connect_ms = if self.connect_ms == 0 { u64::MAX } else { self.connect_ms };
        shared.wanted(self.total().at_ns, connect_ms);
    }

    /// The common ground, if the request is shared.
    pub fn common(&self) -> Option<&Arc<Shared>> {
        self.shared.as_ref()
    }

    /// The bound on connecting, from now.
    pub fn connect(&self) -> Deadline {
        let ms = match &self.shared {
            Some(shared) if shared.connect_ms() < u64::MAX => shared.connect_ms(),
            Some(_) => 0,
            None => self.connect_ms,
        };
        after(self.now_ns(), ms, Phase::Connect)
    }

    /// ns until the first byte; `u64::MAX`: no bound.
    pub fn first_byte_ns(&self) -> u64 {
        after(0, self.first_byte_ms, Phase::FirstByte).at_ns
    }

    /// ns until the first event with content; `u64::MAX`: no bound.
    pub fn first_token_ns(&self) -> u64 {
        after(0, self.first_token_ms, Phase::FirstToken).at_ns
    }

    /// Longest pause without a byte in ns; `u64::MAX`: no bound.
    pub fn silence_ns(&self) -> u64 {
        after(0, self.silence_ms, Phase::Silence).at_ns
    }

    /// Until when the next event with content must come.
    pub fn next_content(&self, progress: &Progress) -> Deadline {
        let content = match progress.last_content_ns {
            Some(at) => after(at, self.idle_ms, Phase::Idle),
            None => after(progress.sent_ns, self.first_token_ms, Phase::FirstToken),
        };
        let content = if progress.streamed { content } else { Deadline::NEVER };
        self.total().min(content)
    }

    /// Until when something must come of a shared request that this call waits
    /// for, and when to look again whether that has changed; no limit runs before
    /// this call began.
    pub fn next_shared(&self, progress: &Progress, shared: &Shared) -> (Deadline, u64) {
        let pulse = shared.pulse();
        let deadline = self.limit_of(progress, &pulse, self.started_ns);
        // Limits that begin when the request goes out, or with its first content, end no
        // sooner than this.
        let is_yet_to_come = progress.streamed && progress.last_content_ns.is_none();
        let look_at_ns = match pulse.sent_ns.is_none() || is_yet_to_come {
            true => self.now_ns().saturating_add(self.shortest_ns()),
            false => u64::MAX,
        };
        (deadline, look_at_ns.min(deadline.at_ns))
    }

    /// The first limit of a request that has come so far, none of which runs before
    /// `from_ns`.
    fn limit_of(&self, progress: &Progress, pulse: &Pulse, from_ns: u64) -> Deadline {
        let since = |at_ns: u64| at_ns.max(from_ns);
        let limit = |from: Option<u64>, ms, phase| {
            from.map_or(Deadline::NEVER, |at| after(since(at), ms, phase))
        };
        let first_byte = pulse.sent_ns.filter(|_| !pulse.answered);
        let waits = progress.last_content_ns.is_some() || pulse.sent_ns.is_some();
        let content = Progress {
            streamed: progress.streamed && waits,
            sent_ns: since(pulse.sent_ns.unwrap_or(0)),
            ..progress.clone()
        };
        self.next_content(&content)
            .min(limit(first_byte, self.first_byte_ms, Phase::FirstByte))
            .min(limit(pulse.last_byte_ns, self.silence_ms, Phase::Silence))
    }

    /// Whether a shared request has been out, without a sign of life, for longer than
    /// this call would wait: it does not join what it would have given up.
    pub fn is_overdue(&self, shared: &Shared, streamed: bool) -> bool {
        let pulse = shared.pulse();
        let progress = Progress { streamed, ..self.progress() }.heard_by(&pulse);
        self.limit_of(&progress, &pulse, 0).at_ns <= self.now_ns()
    }

    /// The shortest of the limits that run from the request on.
    fn shortest_ns(&self) -> u64 {
        let limits = [self.first_byte_ms, self.first_token_ms, self.silence_ms, self.idle_ms];
        let shortest = limits.into_iter().filter(|ms| *ms > 0).min();
        shortest.map_or(u64::MAX, |ms| ms.saturating_mul(1_000_000))
    }

    /// A stream of which nothing has come, counted from the call's start.
    pub fn progress(&self) -> Progress {
        Progress {
            streamed: true,
            sent_ns: self.started_ns,
            last_byte_ns: self.started_ns,
            first_content_ns: None,
            last_content_ns: None,
        }
    }

    /// The failure of a shared request as this call tells it: whose time was up says so
    /// with its own number.
    pub fn in_own_words(&self, error: Error) -> Error {
        match (error, self.error(Phase::Total)) {
            (Error::Call(call), Error::Call(own)) if call.bound == own.bound => {
                Error::Call(Box::new(CallError { message: own.message, ..*call }))
            }
            (error, _) => error,
        }
    }

    /// The error of a passed deadline, naming the option to raise.
    pub fn error(&self, phase: Phase) -> Error {
        let (bound, ms, what) = match phase {
            Phase::Connect => (Bound::Connect, self.connect_ms, "no connection"),
            Phase::FirstByte => (Bound::FirstByte, self.first_byte_ms, "no answer"),
            Phase::FirstToken => (Bound::FirstToken, self.first_token_ms, "no content"),
            Phase::Silence => (Bound::Silence, self.silence_ms, "not a byte"),
            Phase::Idle => (Bound::Idle, self.idle_ms, "no more content"),
            Phase::Total => (Bound::Total, self.total_ms, "not finished"),
        };
        Error::bounded(Status::Timeout, bound, not_within(bound, ms, what))
    }
}

/// How a call is told that it has met a limit on time.
pub fn not_within(bound: Bound, ms: u64, what: &str) -> String {
    format!("{what} within {} = {ms}", bound.name())
}

/// What a body has brought so far.
#[derive(Debug, Clone)]
pub struct Progress {
    /// Whether events with content are expected before the end.
    pub streamed: bool,
    /// When the request had been written; later by what the receiver took before any
    /// content.
    pub sent_ns: u64,
    /// When the last byte came.
    pub last_byte_ns: u64,
    /// When the first event with content came.
    pub first_content_ns: Option<u64>,
    /// When the last one came.
    pub last_content_ns: Option<u64>,
}

impl Progress {
    /// The same with the content that a shared request tells of, for one who is not
    /// given its events.
    pub fn heard_by(self, pulse: &Pulse) -> Progress {
        Progress {
            first_content_ns: pulse.first_content_ns,
            last_content_ns: pulse.last_content_ns,
            ..self
        }
    }
}

#[cfg(test)]
mod tests;
