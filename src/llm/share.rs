//! Calls that share a request: the client's side of coalescing.
//!
//! The first call has a thread of the library fly the request (see
//! [`super::policy::coalesce`]) and then follows it like everybody else. When
//! no thread can be had, it sends alone. Answers past their time are renewed
//! in the same way, with nobody waiting, where the limits leave room; closing the
//! client ends that too.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::nesting;

use super::client::{Client, Path, deliver};
use super::event::Sink;
use super::failed::Failed;
use super::order::Order;
use super::policy::coalesce::{Flight, Joined, Manner, Participant};
use super::policy::response_cache::Key;
use super::response::{Response, ServedFrom, Timings};
use super::timing::{Progress, Timing};

impl Client {
    /// Joins the identical call in flight, or starts one.
    pub(super) fn share(
        self: &Arc<Self>,
        order: Order,
        key: Key,
        mut sink: Option<&mut Sink<'_>>,
        path: &mut Path<'_>,
    ) -> Result<Response, Failed> {
        let order = Arc::new(order);
        // What nobody hears can be asked for again when it breaks off.
        let told = order.stream && sink.is_some();
        let manner = Manner { streamed: order.stream, told, renews: false };
        loop {
            let start = |flight: &Arc<Flight>| self.fly(flight, &order, key);
            let (place, later) = match self.flights.join(key, path.timing, manner, start) {
                Joined::First(place) => (place, false),
                Joined::Later(place) => (place, true),
                Joined::Alone => {
                    let interrupt = &path.running.interrupt;
                    return self.send(&order, &Some(key), sink, path.timing, interrupt);
                }
            };
            let result = self.follow(&place, later, &order, sink.as_deref_mut(), path);
            let untold = result.as_ref().is_err_and(|failed| failed.partial.is_none());
            if !(untold && place.flight.has_given_up()) {
                return result;
            }
        }
    }

    /// Has an answer renewed that is past its time, unless that is under way, or there
    /// is no room for it now: it takes no place in the line of those who wait.
    pub(super) fn renew(self: &Arc<Self>, order: Order, key: Key) {
        if !self.limiter.has_room(&order.line, order.tokens) {
            return;
        }
        let timing = Timing::start(&order.options.values, &self.clock);
        let order = Arc::new(order);
        let start = |flight: &Arc<Flight>| self.fly(flight, &order, key);
        let manner = Manner { streamed: order.stream, told: order.stream, renews: true };
        if let Joined::First(place) = self.flights.join(key, &timing, manner, start) {
            place.leave_it_flying();
        }
    }

    /// Has a thread of the library send the request and write the log.
    fn fly(self: &Arc<Self>, flight: &Arc<Flight>, order: &Arc<Order>, key: Key) -> Result<()> {
        let (client, flight, order) = (self.clone(), flight.clone(), order.clone());
        let places = nesting::places();
        let job = move || {
            // What the caller is inside of waits for this.
            let _inside: Vec<_> = places.into_iter().map(nesting::enter).collect();
            let body = AssertUnwindSafe(|| client.flown(&flight, &order, key));
            let result = catch_unwind(body).unwrap_or_else(|_| {
                Err(Error::Internal("the thread that read the answer failed".into()))
            });
            client.flights.land(&flight);
            flight.end(result);
        };
        self.pilots.run_now(Box::new(job))
    }

    fn flown(&self, flight: &Flight, order: &Order, key: Key) -> Result<Response> {
        let (_flying, _inside) =
            (self.flying.enter(flight.interrupt.clone())?, flight.flown_here());
        let options = &order.options.values;
        let timing = match flight.manner.renews {
            true => Timing::of_renewal(options, &self.clock, flight.shared.clone()),
            false => Timing::of_shared(options, &self.clock, flight.shared.clone()),
        };
        let mut log = |event: &_| {
            if let Some(room) = flight.push(event) {
                // However it ends: who reads on sees to it.
                let _ = flight.interrupt.wait_or(&self.clock, &room, timing.left());
            }
            true
        };
        let log = flight.manner.told.then_some(&mut log as &mut Sink<'_>);
        let result = self.send(order, &Some(key), log, &timing, &flight.interrupt);
        let result = result.map_err(|failed| {
            flight.leave(failed.partial);
            failed.error
        });
        if flight.manner.renews {
            self.renewed(flight.shared.attempts(), &result);
        }
        result
    }

    /// Follows a flight to its end.
    fn follow(
        &self,
        place: &Participant<'_>,
        later: bool,
        order: &Order,
        mut sink: Option<&mut Sink<'_>>,
        path: &mut Path<'_>,
    ) -> Result<Response, Failed> {
        let mut progress = Progress { streamed: order.stream, ..path.timing.progress() };
        let mut delivered = Vec::new();
        let interrupt = &path.running.interrupt;
        // The reading may wait for what is called from here.
        let _beside = place.flight.manner.told.then(|| self.limiter.beside(&order.line));
        let result = place.follow(
            &self.clock,
            path.timing,
            interrupt,
            sink.as_deref_mut(),
            &mut progress,
            &mut delivered,
        );
        let mut response = result.map_err(|error| {
            // Who is interrupted while it is held up keeps what the provider had said.
            let error = match (interrupt.reason(), place.flight.shared.hold()) {
                (Some(reason), Some(hold)) => reason.instead_of(&hold.error),
                _ => error,
            };
            let provider = order.prepared.context.provider;
            let so_far = || Response::so_far(&delivered, provider).map(Box::new);
            let mut partial = place.flight.left(delivered.len());
            if let Some(partial) = partial.as_mut().filter(|_| later && !place.pays()) {
                partial.spare();
            }
            let mut partial = sink.is_some().then(|| partial.or_else(so_far)).flatten();
            if let Some(partial) = partial.as_mut().filter(|_| later) {
                partial.served_from = ServedFrom::Coalesced;
            }
            let failed = Failed { error, partial };
            failed.after(place.flight.shared.attempts())
        })?;
        let pays = place.pays();
        if later {
            response.served_from = ServedFrom::Coalesced;
            match pays {
                true => response.timings = Timings::default(),
                false => response.spare(),
            }
            // Counted from this call's own start, which the request's was not.
            let first_token = progress.first_content_ns;
            response.timings.first_token = first_token.map(|at| path.timing.since_start(at));
            path.ended.coalesced = true;
            path.ended.saved_usd = response.saved_usd;
        }
        // A plain request tells nothing on the way.
        if let (Some(sink), true) = (sink, delivered.is_empty()) {
            deliver(&response, sink, path)?;
        }
        Ok(response)
    }
}
