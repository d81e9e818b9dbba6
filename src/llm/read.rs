//! Reading the body of an answer, under deadlines and caps.

use crate::error::{Bound, CallError, Error, Result, Status};

use super::cancel::{Interrupt, Reason};
use super::event::{Event, Sink};
use super::events::Events;
use super::provider::StreamDecoder;
use super::timing::{Progress, Timing};
use super::transport::{Body, Deadline, Failure, Phase, TransportError};

/// How long the end of a body is waited for after the stream's end mark.
const DRAIN_NS: u64 = 5_000_000;
/// How much of it is read at most.
const DRAIN_BYTES: usize = 64 * 1024;
/// Events that are handed out between two looks at the clock, at most.
const UNSEEN_MAX: u32 = 16;

/// The parts that reading needs.
pub struct Reader<'a> {
    /// The call's limits.
    pub timing: &'a Timing,
    /// The call's switch.
    pub interrupt: &'a Interrupt,
    /// Largest answer in bytes.
    pub max_bytes: u64,
    /// Updated with each read.
    pub progress: Progress,
    /// Bytes so far.
    pub received: u64,
    /// Whether an event has been handed out.
    pub delivered: bool,
}

impl Reader<'_> {
    fn chunk<'b>(&mut self, body: &'b mut dyn Body) -> Result<&'b [u8]> {
        // What has arrived is read without a wait, and so without a look at the
        // time: a provider that never pauses must not outlast the call.
        let now = self.timing.now_ns();
        if self.timing.total().at_ns <= now {
            return Err(self.timing.error(Phase::Total));
        }
        let (deadline, since_ns) =
            (self.timing.next_content(&self.progress), self.progress.last_byte_ns);
        let (read, now) = self.timing.outside_from(now, || body.piece(deadline, since_ns));
        // A socket that was shut down can look like a complete answer.
        self.interrupt.check()?;
        let piece = read.map_err(|e| transport_error(e, self.timing, self.interrupt))?;
        self.progress.last_byte_ns = now;
        self.received += piece.len() as u64;
        if self.received > self.max_bytes {
            let message = format!("the answer exceeds max_response_bytes = {}", self.max_bytes);
            return Err(Error::bounded(Status::TooLarge, Bound::ResponseBytes, message));
        }
        Ok(piece)
    }

    /// The whole body.
    pub fn all(&mut self, body: &mut dyn Body) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        self.gather(body, &mut all)?;
        Ok(all)
    }

    /// As much of the body as comes, of an answer whose status says that it is an
    /// error: which one it is stands, whatever befalls its words. Only who is
    /// interrupted learns nothing.
    pub fn all_that_comes(&mut self, body: &mut dyn Body) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        let gathered = self.gather(body, &mut all);
        match (gathered, self.interrupt.check()) {
            (Err(_), Err(interrupted)) => Err(interrupted),
            _ => Ok(all),
        }
    }

    fn gather(&mut self, body: &mut dyn Body, all: &mut Vec<u8>) -> Result<()> {
        loop {
            let chunk = self.chunk(body)?;
            if chunk.is_empty() {
                return Ok(());
            }
            if all.try_reserve(chunk.len()).is_err() {
                return Err(Error::call(Status::TooLarge, "no memory for the answer"));
            }
            all.extend_from_slice(chunk);
        }
    }

    /// Reads a stream to its end and delivers its events to whom there is.
    pub fn stream(
        &mut self,
        body: &mut dyn Body,
        decoder: &mut dyn StreamDecoder,
        sink: &mut Option<&mut Sink<'_>>,
    ) -> Result<()> {
        loop {
            let (chunk, broken) = match self.chunk(body) {
                // Complete streams end in broken connections often enough, and in ones
                // that stay open: the decoder knows whether anything is missing.
                Err(error) if is_end(&error, decoder) => (&[][..], true),
                other => (other?, false),
            };
            let ended = chunk.is_empty();
            let mut decoded = Ok(());
            if !ended {
                decoded = decoder.feed(chunk);
            }
            let complete = decoder.is_complete();
            if decoded.is_ok() && (ended || complete) {
                decoded = if broken { decoder.break_off() } else { decoder.finish() };
            }
            self.deliver(decoder.events(), sink)?;
            decoded?;
            if complete && !ended {
                self.drain(body);
            }
            if complete || ended {
                return Ok(());
            }
        }
    }

    /// Reads what little may follow an end mark, so that the connection can be
    /// used again; a body that does not end at once is left.
    fn drain(&mut self, body: &mut dyn Body) {
        let began_ns = self.timing.now_ns();
        let at_ns = began_ns + DRAIN_NS;
        let deadline = self.timing.total().min(Deadline { at_ns, phase: Phase::Silence });
        let mut left = DRAIN_BYTES;
        while left > 0 && self.timing.now_ns() < at_ns {
            match body.piece(deadline, began_ns) {
                Ok(piece) if !piece.is_empty() => left = left.saturating_sub(piece.len()),
                _ => return,
            }
        }
    }

    /// Hands out what one read has brought. The clock is asked once for all of
    /// it: to a stream that comes in bursts that is most of the cost. Whether the
    /// whole time is up is seen on the coarse one, now and then.
    fn deliver(&mut self, events: &mut Events, sink: &mut Option<&mut Sink<'_>>) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        self.interrupt.check()?;
        if events.have_content() {
            let now = self.progress.last_byte_ns;
            self.progress.first_content_ns.get_or_insert(now);
            self.progress.last_content_ns = Some(now);
            self.timing.common().into_iter().for_each(|shared| shared.content(now));
        }
        let end = self.timing.total();
        let mut looks = Looks::default();
        let each = |event: &Event| {
            // Who receives may have taken all the time there was.
            if looks.is_past(end.at_ns, self.timing) && self.timing.left().is_zero() {
                return Err(self.timing.error(end.phase));
            }
            if let Some(sink) = sink {
                self.delivered = true;
                if !sink(event) {
                    self.interrupt.trip(Reason::Stopped);
                }
            }
            // A cancel that comes while the callback runs ends it here.
            self.interrupt.check()
        };
        let (result, now) = self.timing.outside_until(|| events.deliver(each));
        if now >= end.at_ns {
            self.timing.note_late_receiver();
        }
        // A receiver that takes its time does not use up the provider's.
        if self.progress.last_content_ns.is_none() {
            self.progress.sent_ns += now - self.progress.last_byte_ns;
        }
        self.progress.last_byte_ns = now;
        self.progress.last_content_ns = self.progress.last_content_ns.map(|_| now);
        result
    }
}

/// Whether an error is the end of the stream: its connection broke, or nothing more
/// comes in time of one that has said how it ends.
fn is_end(error: &Error, decoder: &dyn StreamDecoder) -> bool {
    match error.status() {
        Status::Truncated => true,
        Status::Timeout => decoder.is_whole(),
        _ => false,
    }
}

/// Looks at the clock, at fewer and fewer of the events while it stands still: most
/// are taken at once.
#[derive(Default)]
struct Looks {
    /// Events up to the next look, and between that and the one after.
    left: u32,
    every: u32,
    seen_ns: u64,
}

impl Looks {
    /// Whether a time has come, as far as it has been looked.
    #[inline]
    fn is_past(&mut self, at_ns: u64, timing: &Timing) -> bool {
        self.left = self.left.saturating_sub(1);
        if self.left > 0 {
            return false;
        }
        let now = timing.coarse_ns();
        self.every = if now == self.seen_ns { (2 * self.every).min(UNSEEN_MAX) } else { 1 };
        (self.left, self.seen_ns) = (self.every, now);
        now >= at_ns
    }
}

/// The error of a failed exchange.
pub fn transport_error(error: TransportError, timing: &Timing, interrupt: &Interrupt) -> Error {
    if let Some(reason) = interrupt.reason() {
        return reason.error();
    }
    let status = match error.failure {
        Failure::TimedOut(phase) => return timing.error(phase),
        Failure::Interrupted => Status::Cancelled,
        Failure::Reset if error.answered => Status::Truncated,
        Failure::Dns | Failure::Connect | Failure::Reset => Status::Connection,
        Failure::Exhausted => Status::Io,
        Failure::Tls | Failure::Handshake => Status::Tls,
        Failure::Cut => Status::Truncated,
        Failure::Protocol => Status::Protocol,
        Failure::TooLarge => Status::TooLarge,
    };
    let mut call = CallError::new(status, error.message);
    call.retriable |= error.failure == Failure::Handshake;
    // The transport holds nothing else to a size.
    call.bound = (error.failure == Failure::TooLarge).then_some(Bound::HeaderBytes);
    Error::Call(Box::new(call))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::llm::event::EventKind;
    use crate::options::client::ClientOptions;
    use std::time::Duration;

    #[test]
    fn what_the_receiver_takes_before_any_content_is_not_the_providers() {
        let (clock, hand) = Clock::manual();
        let options = ClientOptions { first_token_timeout_ms: 150, ..ClientOptions::default() };
        let timing = Timing::start(&options, &clock);
        let (interrupt, progress) = (Interrupt::default(), timing.progress());
        let mut reader = Reader {
            timing: &timing,
            interrupt: &interrupt,
            max_bytes: u64::MAX,
            progress,
            received: 0,
            delivered: false,
        };
        let sent_ns = clock.now_ns();
        hand.advance(Duration::from_millis(50));
        reader.progress.last_byte_ns = clock.now_ns();
        let mut events = Events::default();
        events.push(Event { choice: 0, kind: EventKind::Start { model: None, id: None } });
        let mut slow = |_: &Event| {
            hand.advance(Duration::from_millis(300));
            true
        };
        reader.deliver(&mut events, &mut Some(&mut slow)).unwrap();
        let deadline = timing.next_content(&reader.progress);
        assert_eq!(deadline.at_ns - sent_ns, 450_000_000);
    }

    #[test]
    fn a_time_that_has_come_is_seen_at_once_by_the_slow_and_soon_by_the_quick() {
        let (clock, hand) = Clock::manual();
        hand.advance(Duration::from_secs(1));
        let timing = Timing::start(&ClientOptions::default(), &clock);
        let at_ns = clock.now_ns() + 1_000_000_000;
        let mut slow = Looks::default();
        let met = (0..).find(|_| {
            let is_past = slow.is_past(at_ns, &timing);
            hand.advance(Duration::from_millis(100));
            is_past
        });
        assert_eq!(met, Some(10));
        for taken in [1, 2, 3, 100, 1_000] {
            let mut quick = Looks::default();
            let at_ns = clock.now_ns() + 1;
            assert!((0..taken).all(|_| !quick.is_past(at_ns, &timing)));
            hand.advance(Duration::from_millis(100));
            let met = (1..).find(|_| quick.is_past(at_ns, &timing));
            assert!(met <= Some(taken.min(UNSEEN_MAX)), "{met:?} after {taken}");
        }
    }
}
