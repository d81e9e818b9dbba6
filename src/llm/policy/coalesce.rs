//! Identical calls in flight share one request.
//!
//! A [`Flight`] is a request under way and the log of what has come of it. A
//! thread of the library does the reading and writes the log; each participant
//! follows the log on its own thread at its own pace, under its own limits and
//! its own cancel token, so nobody delays anybody. But where all of them are far
//! behind, the reading waits, as it does for one who is alone: what nobody takes
//! is not piled up. Who joins late reads the log from its beginning.
//!
//! The flight's own deadline is the longest among its participants; it is
//! interrupted when the last of them has left, as late if the time of one of them
//! was up. How it ends, well or not, is how it ends for all, but that each who runs
//! out of time says so with its own number. Who has no time to wait for what holds
//! the request up, such as the limiter's line or a pause before it is sent again,
//! ends as if it had been its own.
//!
//! A request that renews a kept answer has no participants, and the limits of the
//! call that began it; who joins it raises none of them, and has a request of its own
//! where they end it.
//!
//! Nobody joins a request that has been silent for longer than the newcomer would
//! wait, that a participant has left as too slow, or that has outlived the time of
//! who began it: a new one takes its place. Else those who come one after the other
//! would keep a dead one alive. Who is inside stays.
//!
//! A stream that joins a plain request is given all of it at its end; one that has a
//! limit on its first content does not join, for it could not keep it.
//!
//! A call made from inside a callback never joins a flight that its own thread
//! follows or flies: it would wait for itself.

mod participant;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::response_cache::Key;
use crate::clock::{Clock, Signal};
use crate::error::{Error, Result, Status};
use crate::llm::cancel::Interrupt;
use crate::llm::event::Event;
use crate::llm::response::Response;
use crate::llm::timing::Timing;
use crate::llm::transport::Shared;
use crate::nesting::{self, Inside, Place};
pub use participant::Participant;

/// Events that none of the participants has taken, at most.
const UNTAKEN_MAX: usize = 256;

/// The flights of one client, by what is asked.
#[derive(Debug, Default)]
pub struct Flights {
    under_way: Mutex<HashMap<Key, Arc<Flight>>>,
}

/// How a request is made that may be shared.
#[derive(Debug, Clone, Copy, Default)]
pub struct Manner {
    /// The answer comes as a stream.
    pub streamed: bool,
    /// Its events come as they are made, for one who takes them so.
    pub told: bool,
    /// It renews a kept answer, for nobody in particular: its limits are its own.
    pub renews: bool,
}

/// A shared request.
#[derive(Debug)]
pub struct Flight {
    key: Key,
    /// Ends the request when the last participant has left.
    pub interrupt: Arc<Interrupt>,
    /// What its participants and its request tell each other.
    pub shared: Arc<Shared>,
    /// How it is made.
    pub manner: Manner,
    /// The end of the time of who began it, in ns: nobody joins it later.
    open_until_ns: u64,
    log: Mutex<Log>,
}

#[derive(Debug, Default)]
struct Log {
    events: Vec<Event>,
    end: Option<Result<Response, Error>>,
    /// What had come of an answer that failed.
    partial: Option<Box<Response>>,
    participants: usize,
    /// Events that the one who is furthest has taken.
    taken: usize,
    /// What the reader waits for, until that one has taken more.
    room: Option<Arc<Signal>>,
    /// The time of one of them was up.
    late: bool,
    payer: Payer,
}

/// Who pays for the answer.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Payer {
    /// Who began it.
    #[default]
    First,
    /// That one has left without it: the next who takes it.
    Next,
    /// Nobody any more.
    Nobody,
}

/// What joining found.
pub enum Joined<'a> {
    /// A new flight, which has begun.
    First(Participant<'a>),
    /// One under way.
    Later(Participant<'a>),
    /// This thread is part of that flight already, none can begin, or it would keep a
    /// stream from its first content: call alone.
    Alone,
}

impl Flights {
    /// Joins the flight of a key, or has `start` begin one, which may say that it
    /// cannot.
    pub fn join(
        &self,
        key: Key,
        timing: &Timing,
        manner: Manner,
        start: impl FnOnce(&Arc<Flight>) -> Result<()>,
    ) -> Joined<'_> {
        if nesting::is_inside(Place::Flight(key)) {
            return Joined::Alone;
        }
        // Held to the end: the last to leave cannot be overtaken, and nobody
        // joins a flight that does not begin.
        let mut under_way = self.under_way.lock();
        let found = under_way.get(&key).filter(|flight| flight.is_open_to(timing, manner));
        let (flight, first) = match found {
            // A plain one brings all content at its end, which a stream may not await.
            Some(flight)
                if manner.told && !flight.manner.told && timing.first_token_ns() < u64::MAX =>
            {
                return Joined::Alone;
            }
            Some(flight) => (flight.clone(), false),
            None => (Arc::new(Flight::new(key, manner, timing)), true),
        };
        // Who comes to renew finds that done, and does not stay.
        if first || !(manner.renews || flight.manner.renews) {
            timing.ask_for(&flight.shared);
        }
        flight.log.lock().participants += 1;
        if first {
            if start(&flight).is_err() {
                return Joined::Alone;
            }
            under_way.insert(key, flight.clone());
        }
        drop(under_way);
        let inside = nesting::enter(Place::Flight(key));
        let participant = Participant { flights: self, flight, first, _inside: inside };
        if first { Joined::First(participant) } else { Joined::Later(participant) }
    }

    /// Requests under way.
    pub fn count(&self) -> usize {
        self.under_way.lock().len()
    }

    /// Calls that follow a request under way.
    #[cfg(test)]
    pub fn participants(&self) -> usize {
        self.under_way.lock().values().map(|flight| flight.log.lock().participants).sum()
    }

    /// Takes a flight off the map: nobody joins it any more.
    pub fn land(&self, flight: &Flight) {
        remove(&mut self.under_way.lock(), flight);
    }
}

impl Flight {
    fn new(key: Key, manner: Manner, timing: &Timing) -> Self {
        let payer = if manner.renews { Payer::Nobody } else { Payer::First };
        Flight {
            key,
            interrupt: Arc::default(),
            shared: Arc::default(),
            manner,
            open_until_ns: timing.total().at_ns,
            log: Mutex::new(Log { payer, ..Log::default() }),
        }
    }

    /// Whether it may still bring a call its answer that comes now.
    fn is_open_to(&self, timing: &Timing, manner: Manner) -> bool {
        let streamed = manner.streamed && self.manner.streamed;
        // Who waits for its receivers is not silent by itself.
        let waits = self.log.lock().room.is_some();
        timing.now_ns() < self.open_until_ns
            && (waits || !timing.is_overdue(&self.shared, streamed))
    }

    /// Makes this thread the one that flies it.
    pub fn flown_here(&self) -> Inside {
        nesting::enter(Place::Flight(self.key))
    }

    /// Writes an event into the log; what to wait for before the next one, if nobody has
    /// taken so many.
    pub fn push(&self, event: &Event) -> Option<Arc<Signal>> {
        let mut log = self.log.lock();
        log.events.push(event.clone());
        // Nobody takes those of a renewal.
        let is_far_ahead = log.events.len() - log.taken >= UNTAKEN_MAX && !self.manner.renews;
        log.room = is_far_ahead.then(Arc::default);
        let room = log.room.clone();
        drop(log);
        self.shared.wake();
        room
    }

    /// Somebody has taken so many events: where the reader has waited for that, it goes
    /// on, and the silence until now was not the provider's.
    fn taken(&self, log: &mut Log, events: usize, clock: &Clock) {
        log.taken = log.taken.max(events);
        if log.events.len() - log.taken <= UNTAKEN_MAX / 2
            && let Some(room) = log.room.take()
        {
            self.shared.alive(clock.now_ns());
            room.raise();
        }
    }

    /// Whether it has ended by a limit that only those have chosen who renew: no
    /// failure of who has joined it.
    pub fn has_given_up(&self) -> bool {
        let of_time = |error: &Error| {
            let status = error.status();
            error.bound().is_some() && matches!(status, Status::Timeout | Status::RateLimited)
        };
        let log = self.log.lock();
        let error = log.end.as_ref().and_then(|end| end.as_ref().err());
        self.manner.renews && error.is_some_and(of_time)
    }

    /// Keeps what had come of an answer that is about to end in a failure.
    pub fn leave(&self, partial: Option<Box<Response>>) {
        self.log.lock().partial = partial;
    }

    /// What had come of an answer that has failed, for who was told all of so many events.
    pub fn left(&self, told: usize) -> Option<Box<Response>> {
        let log = self.log.lock();
        let is_all = log.end.is_some() && log.events.len() == told;
        log.partial.clone().filter(|_| is_all)
    }

    /// Writes the end into the log.
    pub fn end(&self, end: Result<Response, Error>) {
        self.log.lock().end = Some(end);
        self.shared.wake();
    }
}

fn remove(under_way: &mut HashMap<Key, Arc<Flight>>, flight: &Flight) {
    if under_way.get(&flight.key).is_some_and(|found| std::ptr::eq(&**found, flight)) {
        under_way.remove(&flight.key);
    }
}
