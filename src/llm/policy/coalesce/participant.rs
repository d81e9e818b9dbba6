//! One who follows a flight: what it is told, how long it waits, whether it pays.

use std::sync::Arc;

use super::{Flight, Flights, Payer, remove};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::llm::cancel::{Interrupt, Reason};
use crate::llm::event::{Event, Sink};
use crate::llm::response::Response;
use crate::llm::timing::{Progress, Timing};
use crate::llm::transport::Phase;
use crate::nesting::Inside;

/// A place in a flight; left when dropped.
pub struct Participant<'a> {
    pub(super) flights: &'a Flights,
    /// The flight.
    pub flight: Arc<Flight>,
    pub(super) first: bool,
    pub(super) _inside: Inside,
}

impl Participant<'_> {
    /// Follows the flight to its end, delivering its events from the first.
    /// `delivered` tells how many there were, whatever the outcome.
    pub fn follow(
        &self,
        clock: &Clock,
        timing: &Timing,
        interrupt: &Interrupt,
        mut sink: Option<&mut Sink<'_>>,
        progress: &mut Progress,
        delivered: &mut Vec<Event>,
    ) -> Result<Response> {
        let manner = self.flight.manner;
        progress.streamed &= manner.streamed;
        // Who is given no events goes by what the request tells of them.
        let is_given = manner.told && sink.is_some();
        loop {
            interrupt.check()?;
            // Asked for first, so that nothing is missed.
            let wake = self.flight.shared.next_news();
            let (fresh, end) = self.look(delivered.len(), clock);
            let is_news = !fresh.is_empty();
            if !is_given {
                *progress = progress.clone().heard_by(&self.flight.shared.pulse());
            }
            for event in fresh {
                if is_given && event.kind.is_content() {
                    let now = clock.now_ns();
                    progress.first_content_ns.get_or_insert(now);
                    progress.last_content_ns = Some(now);
                }
                let goes_on = sink.as_mut().is_none_or(|sink| timing.outside(|| sink(&event)));
                delivered.push(event);
                if !goes_on {
                    interrupt.trip(Reason::Stopped);
                }
                interrupt.check()?;
                // Who receives may have taken all the time there was: no fault of the
                // request's.
                let whole = timing.total();
                if sink.is_some() && clock.now_ns() >= whole.at_ns {
                    return Err(timing.error(whole.phase));
                }
            }
            if let Some(end) = end {
                return end.map_err(|error| timing.in_own_words(error));
            }
            if is_news {
                continue;
            }
            let now = clock.now_ns();
            let look_at_ns = self.look_at_ns(timing, progress, now)?;
            let left = std::time::Duration::from_nanos(look_at_ns.saturating_sub(now));
            timing.outside(|| interrupt.wait_or(clock, &wake, left))?;
        }
    }

    /// When to look again; an error if the time of this one is up, or will be before
    /// that is over which holds the request up.
    fn look_at_ns(&self, timing: &Timing, progress: &Progress, now_ns: u64) -> Result<u64> {
        let shared = &self.flight.shared;
        let (deadline, look_at_ns) = timing.next_shared(progress, shared);
        let hold = shared.hold();
        let in_vain = hold.as_ref().is_some_and(|hold| hold.until_ns >= timing.total().at_ns);
        if now_ns < deadline.at_ns && !in_vain {
            return Ok(look_at_ns);
        }
        self.flight.log.lock().late = true;
        // A short time of one's own says nothing of the provider.
        if deadline.phase != Phase::Total {
            self.flights.land(&self.flight);
        }
        let mut error = hold.map_or_else(|| timing.error(deadline.phase), |hold| hold.error);
        if let Error::Call(call) = &mut error {
            call.http_status = call.http_status.or(shared.http_status());
        }
        Err(error)
    }

    /// Whether this one pays for the answer that it takes: the first to come, or, if
    /// that has left without it, one of the others.
    pub fn pays(&self) -> bool {
        let payer = &mut self.flight.log.lock().payer;
        let pays = *payer == if self.first { Payer::First } else { Payer::Next };
        if pays {
            *payer = Payer::Nobody;
        }
        pays
    }

    /// Leaves without ending the request, even if nobody else follows it.
    pub fn leave_it_flying(self) {
        self.flight.log.lock().participants += 1;
    }

    /// What the log has beyond `seen` events, and the end.
    pub(super) fn look(
        &self,
        seen: usize,
        clock: &Clock,
    ) -> (Vec<Event>, Option<Result<Response>>) {
        let mut log = self.flight.log.lock();
        self.flight.taken(&mut log, seen, clock);
        (log.events[seen..].to_vec(), log.end.clone())
    }
}

impl Drop for Participant<'_> {
    fn drop(&mut self) {
        // Under the map's lock, so that nobody joins a flight without a future.
        let mut under_way = self.flights.under_way.lock();
        let mut log = self.flight.log.lock();
        log.participants -= 1;
        if self.first && log.payer == Payer::First {
            log.payer = Payer::Next;
        }
        if log.participants == 0 {
            remove(&mut under_way, &self.flight);
            let reason = if log.late { Reason::Late } else { Reason::Cancelled };
            drop((log, under_way));
            self.flight.interrupt.trip(reason);
        }
    }
}
