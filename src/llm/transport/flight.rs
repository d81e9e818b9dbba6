//! One exchange in progress: what its sockets must know of the call.
//!
//! ureq neither cancels a call nor tells a pooled connection which call it now
//! serves. So the exchange that a thread is busy with stands in a thread-local
//! [`Flight`] while ureq runs, and every connect, read and write of ours takes
//! deadline and interrupt from there. It also gathers what the retry rules ask
//! afterwards, and the first failure, in words of ours rather than ureq's.

mod words;

use std::io;

use rustix::event::{PollFd, Timespec, poll};

use super::wire::Wire;
use super::{Attempt, Deadline, Failure, Phase, Shared, TransportError};
use crate::clock::Clock;
use crate::own::Own;
pub(super) use words::cut_by;
use words::head_too_large;

/// How far an exchange has come.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Stage {
    Connecting,
    Sending,
    /// For the first byte of the answer.
    Waiting,
    Head,
    Body(Deadline),
}

/// How many bytes a request takes on the wire, about, and not fewer.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Length {
    /// Its head.
    pub head: usize,
    /// What follows.
    pub body: usize,
}

/// The state of an exchange.
pub(super) struct Flight {
    /// Limits and interrupt.
    pub attempt: Attempt,
    /// Host and port, for messages.
    pub host: String,
    /// The proxy, for messages, until it has given a way to the host.
    pub proxy: Option<String>,
    /// About as long is the request.
    pub length: Length,
    clock: Clock,
    stage: Stage,
    /// The last sign of life.
    pub last_byte_ns: u64,
    /// There has been another since the time was asked last.
    is_stirred: bool,
    connect_began_ns: u64,
    failure: Option<(Failure, String)>,
    pub reused: bool,
    pub written: bool,
    /// Nothing more of the request will be written, wholly written or not.
    pub is_sent: bool,
    /// The other side took no more of it.
    pub broke: bool,
    /// What it says before all is written may end the writing.
    pub heeds: bool,
    /// Bytes of interim heads so far.
    pub interim: usize,
    pub answered: bool,
    pub connect_ns: u64,
    pub sent_at_ns: u64,
    pub first_byte_at_ns: u64,
    /// TLS ended without saying so: where only the close tells the end of a
    /// body, it may have been cut.
    pub unclean_end: bool,
    /// The connection is to hand its wire over instead of reading.
    pub takes_wire: bool,
    /// The wire on its way from the connection to the body, or back.
    pub wire: Option<Wire>,
}

thread_local! {
    static CURRENT: Own<Option<Box<Flight>>> = const { Own::new(None) };
}

/// Runs `body` while `flight` is the exchange of this thread.
pub(super) fn during<R>(flight: Box<Flight>, body: impl FnOnce() -> R) -> (R, Box<Flight>) {
    let outer = CURRENT.with(|current| current.replace(Some(flight)));
    let result = body();
    let flight = CURRENT
        .with(|current| current.replace(outer))
        .expect("put there above, and taken by nobody else");
    (result, flight)
}

/// Runs `f` with the exchange of this thread.
pub(super) fn with<R>(f: impl FnOnce(&mut Flight) -> io::Result<R>) -> io::Result<R> {
    let told = |current: &mut Option<Box<Flight>>| match current {
        Some(flight) => f(flight),
        None => Err(io::Error::other("no exchange runs on this thread")),
    };
    CURRENT.with(|current| current.with(told))
}

/// Whether the exchange of this thread takes the wire from its connection.
pub(super) fn takes_wire() -> bool {
    let takes = |current: &mut Option<Box<Flight>>| {
        current.as_ref().is_some_and(|flight| flight.takes_wire)
    };
    CURRENT.with(|current| current.with(takes))
}

impl Flight {
    /// `length`: how long the request is, about.
    pub fn new(attempt: &Attempt, host: String, length: Length, clock: Clock) -> Box<Flight> {
        let now = clock.now_ns();
        Box::new(Flight {
            attempt: attempt.clone(),
            host,
            proxy: None,
            length,
            clock,
            stage: Stage::Connecting,
            last_byte_ns: now,
            is_stirred: false,
            connect_began_ns: now,
            failure: None,
            reused: false,
            written: false,
            is_sent: false,
            broke: false,
            heeds: true,
            interim: 0,
            answered: false,
            connect_ns: 0,
            sent_at_ns: 0,
            first_byte_at_ns: 0,
            unclean_end: false,
            takes_wire: false,
            wire: None,
        })
    }

    /// The time that it goes by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Who is at the other end of the socket, for messages.
    pub fn peer(&self) -> &str {
        self.proxy.as_deref().unwrap_or(&self.host)
    }

    /// A new connection is being made.
    pub fn connecting(&mut self) {
        self.stage = Stage::Connecting;
        self.connect_began_ns = self.clock.now_ns();
        self.reused = false;
    }

    /// The new connection stands.
    pub fn connected(&mut self) {
        self.connect_ns = self.clock.now_ns() - self.connect_began_ns;
    }

    /// Whether some of the request has been written, and not all.
    pub fn is_sending(&self) -> bool {
        self.stage == Stage::Sending
    }

    /// Bytes of the request are about to be written.
    pub fn sending(&mut self) {
        if self.stage != Stage::Sending {
            self.stage = Stage::Sending;
            self.beat();
        }
    }

    /// The request is written, as far as the other side took it, and the answer is
    /// awaited.
    pub fn sent(&mut self) {
        if !self.is_sent {
            (self.is_sent, self.written) = (true, !self.broke);
            self.stage = Stage::Waiting;
            // Its last byte was a sign of life, just now.
            self.sent_at_ns = self.last_byte_ns;
            self.told(|shared| shared.sent(self.sent_at_ns));
        }
    }

    /// Bytes of the answer came.
    pub fn arrived(&mut self) {
        if !self.answered {
            self.answered = true;
            self.stage = Stage::Head;
            if self.broke {
                self.retract(&Failure::Reset);
            }
            self.first_byte_at_ns = self.last_byte_ns;
            self.told(Shared::answered);
        }
    }

    /// The body is read from here on, under this deadline.
    pub fn reading(&mut self, deadline: Deadline, quiet_since_ns: u64) {
        self.stage = Stage::Body(deadline);
        (self.last_byte_ns, self.is_stirred) = (quiet_since_ns, false);
    }

    /// Whether the head has come whole.
    pub fn is_in_body(&self) -> bool {
        matches!(self.stage, Stage::Body(_))
    }

    /// A sign of life from the other side.
    pub fn alive(&mut self) {
        match self.is_in_body() && self.attempt.shared.is_none() {
            // Mostly it makes a piece. If not, the time is asked next.
            true => self.is_stirred = true,
            false => self.beat(),
        }
    }

    fn beat(&mut self) {
        self.last_byte_ns = self.clock.now_ns();
        self.told(|shared| shared.alive(self.last_byte_ns));
    }

    /// Tells those who wait for a shared request.
    fn told(&self, tell: impl FnOnce(&Shared)) {
        if let Some(shared) = &self.attempt.shared {
            tell(shared);
        }
    }

    /// The earliest deadline of what is going on.
    pub fn deadline(&self) -> Deadline {
        let attempt = &self.attempt;
        let after =
            |from_ns: u64, ns: u64, phase| Deadline { at_ns: from_ns.saturating_add(ns), phase };
        let silence = after(self.last_byte_ns, attempt.silence_ns, Phase::Silence);
        let token = after(self.sent_at_ns, attempt.first_token_ns, Phase::FirstToken);
        let own = match self.stage {
            Stage::Connecting => attempt.connect,
            Stage::Sending => silence,
            Stage::Waiting => {
                let first_byte = after(self.sent_at_ns, attempt.first_byte_ns, Phase::FirstByte);
                first_byte.min(silence).min(token)
            }
            Stage::Head => silence.min(token),
            // This one may have been raised since.
            Stage::Body(Deadline { phase: Phase::Total, .. }) if attempt.shared.is_some() => {
                silence
            }
            Stage::Body(deadline) => deadline.min(silence),
        };
        own.min(attempt.end())
    }

    /// Time until the deadline, or the failure once it has passed or the call
    /// was interrupted.
    pub fn left(&mut self) -> io::Result<std::time::Duration> {
        self.check()?;
        let now = self.clock.now_ns();
        if std::mem::take(&mut self.is_stirred) {
            self.last_byte_ns = now;
        }
        let deadline = self.deadline();
        match deadline.at_ns > now {
            true => Ok(std::time::Duration::from_nanos(deadline.at_ns - now)),
            false => Err(self.timed_out(deadline.phase)),
        }
    }

    /// Waits until a socket is ready, or for at most `patience`: false then.
    pub fn wait(
        &mut self,
        fds: &mut [PollFd<'_>],
        patience: Option<std::time::Duration>,
    ) -> io::Result<bool> {
        let began = self.clock.now_ns();
        loop {
            let left = self.left()?;
            let passed = std::time::Duration::from_nanos(self.clock.now_ns() - began);
            let patience = patience.map(|patience| patience.saturating_sub(passed));
            let time = patience.map_or(left, |patience| patience.min(left)).min(SLICE);
            let timeout = Timespec::try_from(time).ok();
            match poll(fds, timeout.as_ref()) {
                Ok(0) if patience.is_some_and(|patience| patience <= time) => return Ok(false),
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => {
                    self.check()?;
                    return Ok(true);
                }
                Err(error) => return Err(self.fail(Failure::Reset, format!("poll: {error}"))),
            }
        }
    }

    /// An error once the call was interrupted: asked after every wait, because
    /// a socket that was shut down looks as if the other side had closed it.
    pub fn check(&mut self) -> io::Result<()> {
        match self.attempt.interrupt.reason() {
            None => Ok(()),
            Some(_) => Err(self.fail(Failure::Interrupted, "the call was interrupted")),
        }
    }

    /// Notes the first failure, and makes an error that ureq passes on.
    pub fn fail(&mut self, failure: Failure, message: impl Into<String>) -> io::Error {
        let (_, message) = self.failure.get_or_insert_with(|| (failure, message.into()));
        io::Error::other(message.clone())
    }

    /// Takes a failure back that another will replace, with its message.
    pub fn retract(&mut self, failure: &Failure) -> Option<String> {
        let found = self.failure.take_if(|(known, _)| known == failure);
        found.map(|(_, message)| message)
    }

    /// The head of the answer is larger than this.
    pub fn head_too_large(&mut self, limit: usize) -> io::Error {
        self.fail(Failure::TooLarge, head_too_large(limit))
    }
}

/// Where a shut-down socket does not wake a `poll` that waits for a connection
/// to be made, it is asked often whether the call was interrupted.
const SLICE: std::time::Duration = match cfg!(any(target_os = "linux", target_os = "android")) {
    true => std::time::Duration::from_secs(3600),
    false => std::time::Duration::from_millis(5),
};
