//! Sending a request until it is answered or the rules say stop.
//!
//! Each attempt takes its place in the rate limiter's line, is sent, and read.
//! What fails is judged by the retry rules; while the circuit breaker is open
//! nothing is sent again.

mod broken;

use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock, Random};
use crate::error::{Error, Result};

use super::cancel::Interrupt;
use super::event::Sink;
use super::failed::{Failed, arrived};
use super::log::Listeners;
use super::metrics::Spent;
use super::order::Order;
use super::policy::breaker::{Breaker, Pass, State};
use super::policy::limit_headers::Learned;
use super::policy::rate_limit::{Asker, Permit, RateLimiter};
use super::policy::retry::{self, Budget, Decision, Facts};
use super::provider::waits::retry_after_date;
use super::read::{Reader, transport_error};
use super::response::Response;
use super::timing::{Progress, Timing};
use super::transport::{Attempt, Body, Exchange, Failure, Head, Hold, Phase, Transport};
use broken::Broken;

/// What sending takes from the client.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    /// The way to the provider.
    pub transport: &'a dyn Transport,
    /// Time.
    pub clock: &'a Clock,
    /// Chance.
    pub random: &'a Random,
    /// Retries that may still be made.
    pub budget: &'a Budget,
    /// The limits.
    pub limiter: &'a RateLimiter,
    /// The circuit breaker.
    pub breaker: &'a Breaker,
    /// Who is told.
    pub listeners: &'a Listeners,
}

/// A request under way.
pub struct Sending<'a> {
    /// What the client lends.
    pub means: Means<'a>,
    /// What is to be sent.
    pub order: &'a Order,
    /// Until when.
    pub timing: &'a Timing,
    /// Unless interrupted.
    pub interrupt: &'a Arc<Interrupt>,
    /// As long as the breaker's leave stands.
    pub pass: &'a Pass<'a>,
}

impl Sending<'_> {
    /// Sends, and sends again as the rules allow.
    pub fn run(
        &self,
        mut sink: Option<&mut Sink<'_>>,
        spent: &mut Spent,
    ) -> Result<Response, Failed> {
        self.means.budget.earn();
        let mut result = self.repeat(&mut sink, spent);
        if let Err(Failed { error: Error::Call(call), .. }) = &mut result {
            call.attempts = spent.attempts as u32;
        }
        if let Some(response) = arrived(&mut result) {
            response.attempts = spent.attempts as u32;
            response.timings.queue = Some(Duration::from_nanos(spent.queued_ns));
        }
        result
    }

    fn repeat(
        &self,
        sink: &mut Option<&mut Sink<'_>>,
        spent: &mut Spent,
    ) -> Result<Response, Failed> {
        let mut reused_before = false;
        // Those that were made again at once.
        let mut uncounted = 0;
        let mut last: Option<Broken> = None;
        loop {
            let permit = self.permit(spent, last.as_ref());
            let permit = permit.map_err(|error| self.not_sent(last.take(), error))?;
            if let Err(error) = self.pass.stands() {
                permit.unsent();
                return Err(self.not_sent(last.take(), error));
            }
            if self.timing.left().is_zero() {
                permit.unsent();
                return Err(self.not_sent(last.take(), self.timing.error(Phase::Total)));
            }
            spent.attempts += 1;
            self.timing.common().into_iter().for_each(|shared| shared.attempt());
            spent.began_ns = self.means.clock.now_ns();
            let mut broken = match self.once(sink, &permit, reused_before) {
                Ok(response) => return Ok(response),
                Err(broken) => broken,
            };
            drop(permit);
            if let Some(shared) = self.timing.common() {
                shared.rest();
            }
            // An interrupt that came meanwhile is how the call ends, whatever the
            // provider said at the same time.
            if let Some(reason) = self.interrupt.reason() {
                return Err(broken.interrupted(reason).failed());
            }
            broken.facts.reused_before = reused_before;
            match self.decide(&broken.facts, spent.attempts - uncounted) {
                Decision::GiveUp => return Err(broken.failed()),
                Decision::AtOnce => {
                    spent.stale += 1;
                    (uncounted, reused_before) = (uncounted + 1, true);
                    self.means.listeners.retry(spent.attempts, 0, &broken.error);
                    last = Some(broken);
                }
                Decision::Again(wait) => {
                    let listeners = self.means.listeners;
                    listeners.retry(spent.attempts, wait.as_millis() as u64, &broken.error);
                    let until_ns = self.means.clock.now_ns() + wait.as_nanos() as u64;
                    self.held(until_ns, &|| broken.end());
                    let wait = || self.interrupt.wait(self.means.clock, wait);
                    let waited = self.timing.outside(wait);
                    last = Some(broken);
                    waited.map_err(|error| self.not_sent(last.take(), error))?;
                }
            }
        }
    }

    /// How a call ends that may not be sent, or not again: interrupted, or, where
    /// there is no room or leave to send it again, as it had. What the provider had
    /// said stays with it.
    fn not_sent(&self, last: Option<Broken>, error: Error) -> Failed {
        match (last, self.interrupt.reason()) {
            (None, _) => error.into(),
            (Some(broken), Some(reason)) => broken.interrupted(reason).failed(),
            (Some(broken), None) => broken.failed(),
        }
    }

    /// Waits in the limiter's line, after the `last` attempt has failed, if there was one.
    fn permit(&self, spent: &mut Spent, last: Option<&Broken>) -> Result<Permit> {
        let order = self.order;
        let mut waits = Vec::new();
        let held = |until_ns: u64, error: &dyn Fn() -> Error| {
            self.held(until_ns, &|| last.map_or_else(error, |last| last.end()))
        };
        let asker = Asker {
            deadline_ns: &|| self.timing.in_line_until_ns(),
            interrupt: self.interrupt,
            held: self.timing.common().is_some().then_some(&held),
            waits: &mut waits,
        };
        let acquire = || self.means.limiter.acquire(&order.line, order.tokens, asker);
        let started = self.means.clock.now_ns();
        let permit = self.timing.outside(acquire);
        // Who gives up has waited too.
        let gave_up = |_: &Error| Duration::from_nanos(self.means.clock.now_ns() - started);
        let waited = permit.as_ref().map_or_else(gave_up, |permit| permit.waited);
        spent.waited(waited.as_nanos() as u64, &waits);
        permit
    }

    /// Tells those who wait for a shared request that it is held up, how it ends for who
    /// has no time for that, and before when it is not over.
    fn held(&self, until_ns: u64, error: &dyn Fn() -> Error) {
        if let Some(shared) = self.timing.common() {
            shared.held(Hold { error: error(), until_ns });
        }
    }

    fn decide(&self, facts: &Facts, attempts: u64) -> Decision {
        if self.means.breaker.state() == State::Open {
            return Decision::GiveUp;
        }
        let (left, means) = (self.timing.left(), self.means);
        retry::decide(facts, attempts, &self.order.options.values, left, means.random, means.budget)
    }

    /// One request and its answer; `fresh`: over a new connection.
    fn once(
        &self,
        sink: &mut Option<&mut Sink<'_>>,
        permit: &Permit,
        fresh: bool,
    ) -> Result<Response, Broken> {
        let attempt = Attempt {
            interrupt: self.interrupt.clone(),
            connect: self.timing.connect(),
            first_byte_ns: self.timing.first_byte_ns(),
            first_token_ns: match self.order.stream {
                true => self.timing.first_token_ns(),
                false => u64::MAX,
            },
            silence_ns: self.timing.silence_ns(),
            total: self.timing.total(),
            fresh,
            shared: self.timing.common().cloned(),
        };
        let http = &self.order.prepared.http;
        let sent = self.timing.outside(|| self.means.transport.send(http, &attempt));
        let exchange = sent.map_err(|error| {
            // Nor has the provider what was written to a connection that it had closed.
            // What it has it may work on, whether or not it says so.
            if !error.written || error.reused && !error.answered {
                permit.unsent();
            }
            let facts = Facts {
                broke_off: error.failure == Failure::Handshake,
                written: error.written,
                reused: error.reused,
                answered: error.answered,
                ..Facts::default()
            };
            Broken::new(transport_error(error, self.timing, self.interrupt), facts)
        })?;
        let learned = Learned::from_headers(&exchange.head.headers, self.means.clock.unix_ms());
        self.means.limiter.learn(&self.order.line, &learned);
        let result = self.receive(exchange, sink);
        let used = |response: &Response| {
            response.usage.as_ref().and_then(|usage| self.order.limited_tokens(usage))
        };
        let used = match &result {
            Ok(response) => used(response),
            Err(Broken { partial: Some(partial), .. }) => used(partial),
            Err(broken) => broken.is_refusal().then_some(0),
        };
        used.into_iter().for_each(|used| permit.correct(used));
        result
    }

    /// Reads the answer to a request, whatever its status.
    fn receive(
        &self,
        mut exchange: Exchange,
        sink: &mut Option<&mut Sink<'_>>,
    ) -> Result<Response, Broken> {
        let head = std::mem::take(&mut exchange.head);
        self.timing.common().into_iter().for_each(|shared| shared.head(head.status));
        let facts = Facts {
            http_status: Some(head.status),
            should_retry: head.headers.get("x-should-retry").and_then(|v| v.parse().ok()),
            written: true,
            reused: exchange.reused,
            answered: true,
            ..Facts::default()
        };
        let ok = (200..300).contains(&head.status);
        let mut reader = self.reader(&exchange, ok && self.order.stream);
        let (provider, context) = (self.order.provider, &self.order.prepared.context);
        let body = &mut *exchange.body;
        let mut result = if !ok {
            let bytes = reader.all_that_comes(body);
            let bytes = bytes.map_err(|error| Broken::new(error, facts.clone()))?;
            let mut error = provider.error(context, &head, &bytes);
            let date = || retry_after_date(&head.headers, self.means.clock.unix_ms());
            error.retry_after = error.retry_after.or_else(date);
            return Err(Broken::new(Error::Call(Box::new(error)), facts));
        } else if self.order.stream {
            self.streamed(&mut reader, &head, body, sink, facts)
        } else {
            let reply = reader.all(body).and_then(|bytes| self.order.reply(&head, &bytes));
            reply.map_err(|error| Broken::new(error, facts))
        };
        if let Err(broken) = &mut result {
            broken.name(&head);
        }
        let first_token = reader.progress.first_content_ns;
        // What had arrived of one that was cut came in its time too.
        let response = match &mut result {
            Ok(response) => Some(response),
            Err(broken) => broken.partial.as_deref_mut(),
        };
        if let Some(Response { timings, .. }) = response {
            timings.connect = Some(Duration::from_nanos(exchange.connect_ns));
            timings.first_byte = Some(self.timing.since_start(exchange.first_byte_at_ns));
            timings.first_token = first_token.map(|at| self.timing.since_start(at));
        }
        result
    }

    fn reader(&self, exchange: &Exchange, streamed: bool) -> Reader<'_> {
        Reader {
            timing: self.timing,
            interrupt: self.interrupt,
            max_bytes: self.order.options.values.max_response_bytes,
            received: 0,
            delivered: false,
            progress: Progress {
                streamed,
                sent_ns: exchange.sent_at_ns,
                last_byte_ns: exchange.last_byte_at_ns,
                first_content_ns: None,
                last_content_ns: None,
            },
        }
    }

    fn streamed(
        &self,
        reader: &mut Reader<'_>,
        head: &Head,
        body: &mut dyn Body,
        sink: &mut Option<&mut Sink<'_>>,
        facts: Facts,
    ) -> Result<Response, Broken> {
        let mut decoder = self.order.provider.stream(&self.order.prepared.context, head);
        let result = reader.stream(body, &mut *decoder, sink);
        let Err(error) = result else { return Ok(decoder.response()) };
        let delivered = reader.delivered;
        let mut broken = Broken::new(error, Facts { delivered, ..facts });
        broken.partial = delivered.then(|| Box::new(decoder.response().cut()));
        Err(broken)
    }
}
