//! A client of one provider, and the path of a call from top to bottom.
//!
//! [`Client::chat`] and [`Client::chat_stream`] are one path: enter the
//! register of calls, let the provider's dialect write the request, look into
//! the response cache, join an identical call or send (again, if the rules
//! allow), read, price, keep, and count. Each step is a line here and a file
//! of its own.

mod counting;
mod figures;
mod keeping;

pub(super) use keeping::Same;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use crate::cache::Cache;
use crate::clock::{Clock, Random};
use crate::error::Result;
use crate::options::Resolved;
use crate::options::client::{self, ClientOptions};

use super::attempt::{Means, Sending};
use super::call::{Calls, Running};
use super::cancel::{Cancel, Interrupt, Reason};
use super::event::Sink;
use super::failed::{Failed, arrived};
use super::log::Listeners;
use super::metrics::{ClientMetrics, Ended, Spent};
use super::order::Order;
use super::policy::breaker::Breaker;
use super::policy::coalesce::Flights;
use super::policy::rate_limit::RateLimiter;
use super::policy::response_cache::{Key, ResponseCache};
use super::policy::retry::Budget;
use super::pool::Pool;
use super::pricing::Prices;
use super::request::{CacheMode, Request};
use super::response::{Response, ServedFrom};
use super::timing::Timing;
use super::totals::{self, Member};
use super::transport::{Phase, Transport, UreqTransport};
use super::watch::Watch;

/// A client; shared by any number of threads.
pub struct Client {
    options: Arc<Resolved<ClientOptions>>,
    pub(super) clock: Clock,
    random: Random,
    transport: Arc<dyn Transport>,
    /// The environment's proxy at the client's making, if requests go by it.
    env_proxy: Option<String>,
    cache: Option<ResponseCache>,
    budget: Budget,
    pub(super) limiter: RateLimiter,
    breaker: Breaker,
    listeners: Listeners,
    watch: Watch,
    pub(super) flights: Flights,
    prices: Prices,
    pub(super) metrics: Arc<ClientMetrics>,
    pub(super) calls: Calls,
    /// Shared requests that are under way.
    pub(super) flying: Calls,
    /// Batches that run: their progress is told between calls.
    pub(super) batches: Calls,
    /// The threads that read for those who share a request.
    pub(super) pilots: Pool,
    /// Its handle, and the tiers that it is one of: the last to let go closes it.
    holders: AtomicUsize,
    /// Keeps the figures in the process's sum.
    _member: Member,
}

/// What a client works with; the defaults are the real things.
#[derive(Default)]
pub struct Parts {
    /// Time.
    pub clock: Clock,
    /// Chance.
    pub random: Random,
    /// The way to the provider; none: HTTP by ureq.
    pub transport: Option<Arc<dyn Transport>>,
    /// A response cache shared with others; none: one of its own, if the
    /// options ask for it.
    pub cache: Option<Arc<Cache>>,
    /// Who is told of calls, alerts and the breaker.
    pub listeners: Listeners,
}

/// A call in its place: what every step of the path may need.
pub(super) struct Path<'a> {
    pub running: &'a Running<'a>,
    pub timing: &'a Timing,
    pub ended: &'a mut Ended,
}

impl Client {
    /// Makes a client; sends nothing.
    pub fn new(mut options: Resolved<ClientOptions>, parts: Parts) -> Result<Client> {
        let clock = parts.clock;
        let transport = match parts.transport {
            Some(transport) => transport,
            None => Arc::new(UreqTransport::new(&options.values, clock.clone())?),
        };
        if parts.cache.is_some() {
            client::share_cache(&mut options)?;
        }
        let cache = match (options.values.cache_enabled, parts.cache) {
            (false, _) => None,
            (true, Some(shared)) => Some(shared),
            (true, None) => Some(keeping::own_cache(&clock)?),
        };
        let metrics = Arc::new(ClientMetrics::new(&clock));
        Ok(Client {
            _member: totals::ALL.enter(metrics.clone()),
            cache: cache.map(|cache| ResponseCache::new(cache, &clock)),
            budget: Budget::new(options.values.retry_budget_percent, &clock),
            limiter: RateLimiter::new(&options.values, &clock),
            breaker: Breaker::new(&options.values, &clock),
            listeners: parts.listeners,
            watch: Watch::new(&options.values),
            flights: Flights::default(),
            prices: Prices::new(&options.values)?,
            metrics,
            calls: Calls::default(),
            flying: Calls::default(),
            batches: Calls::default(),
            pilots: Pool::new(usize::MAX),
            random: parts.random,
            transport,
            env_proxy: figures::env_proxy(&options),
            options: Arc::new(options),
            holders: AtomicUsize::new(1),
            clock,
        })
    }

    /// Asks, and waits for the whole answer.
    pub fn chat(
        self: &Arc<Self>,
        request: &Request,
        cancel: Option<&Cancel>,
    ) -> Result<Response, Failed> {
        self.ask(request, cancel, None, Duration::ZERO)
    }

    /// Asks, and hands each event to `sink` as it arrives, on this thread.
    pub fn chat_stream(
        self: &Arc<Self>,
        request: &Request,
        cancel: Option<&Cancel>,
        sink: &mut Sink<'_>,
    ) -> Result<Response, Failed> {
        self.ask(request, cancel, Some(sink), Duration::ZERO)
    }

    /// Asks after the call has stood in line for so long, which is a part of its time.
    pub fn ask(
        self: &Arc<Self>,
        request: &Request,
        cancel: Option<&Cancel>,
        sink: Option<&mut Sink<'_>>,
        waited: Duration,
    ) -> Result<Response, Failed> {
        let waited_ns = waited.as_nanos() as u64;
        self.counted("chat", cancel, waited_ns, |running, ended| {
            self.answer(request, sink, waited_ns, running, ended)
        })
    }

    /// How long a call of this request may take.
    pub fn time_of(&self, request: &Request) -> Duration {
        let own = request.own_timeout();
        own.unwrap_or_else(|| Duration::from_millis(self.options.values.timeout_ms))
    }

    /// Makes embeddings: OpenAI's JSON in and out, whatever the provider.
    pub fn embed(&self, json: &str, cancel: Option<&Cancel>) -> Result<String> {
        let embedded = self.counted("embeddings", cancel, 0, |running, ended| {
            let order = Order::embeddings(json, &self.options)?;
            ended.model = Some(order.prepared.context.model.to_string());
            let timing = Timing::start(&order.options.values, &self.clock);
            let result = self.send(&order, &None, None, &timing, &running.interrupt);
            ended.outside_ns = timing.outside_ns();
            result
        });
        Ok(embedded.map_err(|failed| failed.error)?.raw.unwrap_or_default())
    }

    /// The path of a call.
    fn answer(
        self: &Arc<Self>,
        request: &Request,
        mut sink: Option<&mut Sink<'_>>,
        waited_ns: u64,
        running: &Running<'_>,
        ended: &mut Ended,
    ) -> Result<Response, Failed> {
        let began = self.clock.now_ns();
        let mut order = Order::new(request, &self.options, sink.is_some())?;
        // This call's own, whoever sends its request.
        let adjusted = std::mem::take(&mut order.prepared.adjusted);
        self.check_cache(&order)?;
        ended.model = Some(order.prepared.context.model.to_string());
        let timing = Timing::since(began, waited_ns, &order.options.values, &self.clock);
        running.until(&timing);
        // Who has stood in line too long is not sent: the provider is not asked.
        if timing.left().is_zero() {
            return Err(timing.error(Phase::Total).into());
        }
        let shares = self.shares(&order);
        let key = (shares || self.cache_of(&order).is_some()).then(|| order.key());
        let mut path = Path { running, timing: &timing, ended };

        let result = match (self.cached(&order, &key, &mut path)?, key) {
            (Some(hit), _) => {
                let stale = hit.stale;
                let result = self.replay(&order, hit, sink.as_deref_mut(), &mut path);
                if let (true, CacheMode::Default, Some(key)) = (stale, order.cache, key) {
                    self.renew(order, key);
                }
                result
            }
            (None, Some(key)) if shares => self.share(order, key, sink, &mut path),
            (None, _) => self.send(&order, &key, sink, &timing, &running.interrupt),
        };
        ended.outside_ns = timing.outside_ns();
        let mut result = result;
        if let Some(response) = arrived(&mut result) {
            response.adjusted = adjusted;
            let timings = &mut response.timings;
            timings.total = Some(timing.elapsed());
            if waited_ns > 0 {
                let queue = timings.queue.get_or_insert_default();
                *queue += Duration::from_nanos(waited_ns);
            }
        }
        result
    }

    /// Sends an order under the breaker's eye, prices and keeps the answer.
    pub(super) fn send(
        &self,
        order: &Order,
        key: &Option<Key>,
        sink: Option<&mut Sink<'_>>,
        timing: &Timing,
        interrupt: &Arc<Interrupt>,
    ) -> Result<Response, Failed> {
        let (pass, transition) = self.breaker.enter();
        transition.iter().for_each(|change| self.listeners.transition(change));
        let pass = pass?;
        let mut spent = Spent::default();
        let sending = Sending { means: self.means(), order, timing, interrupt, pass: &pass };
        let mut result = sending.run(sink, &mut spent);
        let failure = result.as_ref().err().map(|failed| failed.error.status());
        // What was never sent says nothing of the provider, nor does a slow receiver.
        let says_nothing = spent.attempts == 0 || timing.receiver_was_late();
        let transition = if says_nothing { pass.give_back() } else { pass.end(failure) };
        transition.iter().for_each(|change| self.listeners.transition(change));
        if let Some(response) = arrived(&mut result) {
            response.served_from = ServedFrom::Provider;
            self.price(order, response);
            spent.usage = response.usage.clone();
            spent.cost_usd = response.cost_usd;
        }
        if let Ok(response) = &result {
            self.keep(order, key, response);
        }
        self.metrics.spend(&spent, self.clock.now_ns());
        result
    }

    fn means(&self) -> Means<'_> {
        Means {
            transport: &*self.transport,
            clock: &self.clock,
            random: &self.random,
            budget: &self.budget,
            limiter: &self.limiter,
            breaker: &self.breaker,
            listeners: &self.listeners,
        }
    }

    /// Keeps it open for somebody else, who lets go of it later.
    pub fn hold(&self) {
        self.holders.fetch_add(1, Relaxed);
    }

    /// Lets go of it; the last to do so closes it.
    pub fn release(&self) {
        // Only what is counted matters, and closing has locks of its own.
        if self.holders.fetch_sub(1, Relaxed) == 1 {
            self.close();
        }
    }

    /// Ends all calls and batches and waits for them, unless this thread is inside one.
    pub fn close(&self) {
        let registers = [&self.calls, &self.flying, &self.batches];
        registers.iter().for_each(|calls| calls.shut());
        if !registers.iter().any(|calls| calls.is_mine()) {
            registers.iter().for_each(|calls| calls.wait());
        }
    }
}

/// Hands a whole answer out as the events of a stream.
pub(super) fn deliver(
    response: &Response,
    sink: &mut Sink<'_>,
    path: &Path<'_>,
) -> Result<(), Failed> {
    let interrupt = &path.running.interrupt;
    let events = response.replay();
    let mut delivered = 0;
    for event in &events {
        if interrupt.reason().is_none() {
            delivered += 1;
            if !path.timing.outside(|| sink(event)) {
                interrupt.trip(Reason::Stopped);
            }
        }
        interrupt.check().map_err(|error| {
            let partial = Response::so_far(&events[..delivered], &response.provider);
            let Response { served_from, cost_usd, .. } = *response;
            let partial = partial.map(|partial| Response { served_from, cost_usd, ..partial });
            let partial = partial.map(Box::new);
            Failed { error, partial }
        })?;
    }
    Ok(())
}
