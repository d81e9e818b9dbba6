//! Several clients as one: the cheap one for what is easy, the able one for
//! what is hard, another when one fails.
//!
//! Tiers stand from the cheapest to the most able. A request's complexity,
//! between 0 and 1, picks the tier: by a callback, or by the built-in estimate.
//! When that tier fails (an error of the provider, an open breaker, a timeout)
//! the next more able ones are asked, then the others. A bad request, a refused
//! key and a content filter would fail elsewhere too, or should: they end the
//! call, unless `fallback_on_refusal` asks otherwise. Nothing is asked again
//! once a stream has delivered something. When all fail the last one's failure is
//! told, of those that sent something. While a tool's result is pending the
//! conversation stays with the tier that asked for it.

mod choice;
mod filtered;
mod pending;

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::error::{Error, Result, Status};

use super::call::Calls;
use super::cancel::{Breakable, Cancel};
use super::client::Client;
use super::complexity;
use super::event::{Event, Sink};
use super::failed::{Failed, arrived};
use super::metrics::ByStatus;
use super::pricing::nano;
use super::request::Request;
use super::response::{Response, ServedFrom};
use choice::is_the_callers;
use pending::Called;

/// Says how hard a request is, from 0 to 1; NaN leaves it to the estimate.
pub type Complexity = dyn Fn(&Request) -> f64 + Send + Sync;

/// The tiers.
pub struct Tiered {
    tiers: Vec<Tier>,
    complexity: Mutex<Option<Arc<Complexity>>>,
    /// Also on a bad request, a refused key or a content filter.
    fallback_on_refusal: bool,
    called: Called,
    /// How calls ended when all tiers had been asked that were to be.
    by_status: ByStatus,
    pub(super) calls: Calls,
}

/// How a tier's call has ended, and whether content was delivered.
type Asked = (Result<Response, Failed>, bool);

struct Tier {
    client: Arc<Client>,
    calls: AtomicU64,
    fallbacks: AtomicU64,
    cost_nano_usd: AtomicU64,
    saved_nano_usd: AtomicU64,
}

impl Drop for Tiered {
    fn drop(&mut self) {
        self.tiers.iter().for_each(|tier| tier.client.release());
    }
}

impl Tiered {
    /// At least two clients, the cheapest first. They stay open for it.
    pub fn new(clients: Vec<Arc<Client>>, fallback_on_refusal: bool) -> Result<Tiered> {
        if clients.len() < 2 {
            return Err(Error::invalid("clients", "tiers need at least two clients"));
        }
        clients.iter().for_each(|client| client.hold());
        let tier = |client| Tier {
            client,
            calls: AtomicU64::default(),
            fallbacks: AtomicU64::default(),
            cost_nano_usd: AtomicU64::default(),
            saved_nano_usd: AtomicU64::default(),
        };
        let tiers = clients.into_iter().map(tier).collect();
        let (complexity, called) = (Mutex::default(), Called::default());
        let (by_status, calls) = (ByStatus::default(), Calls::of("mynah_tiered"));
        Ok(Tiered { tiers, complexity, fallback_on_refusal, called, by_status, calls })
    }

    /// Replaces the built-in estimate; none brings it back.
    pub fn set_complexity(&self, complexity: Option<Arc<Complexity>>) {
        let old = std::mem::replace(&mut *self.complexity.lock(), complexity);
        drop(old);
    }

    /// Asks, and waits for the whole answer.
    pub fn chat(&self, request: &Request, cancel: Option<&Cancel>) -> Result<Response, Failed> {
        self.ask(request, cancel, None, Duration::ZERO)
    }

    /// Asks, and hands each event to `sink` as it arrives.
    pub fn chat_stream(
        &self,
        request: &Request,
        cancel: Option<&Cancel>,
        sink: &mut Sink<'_>,
    ) -> Result<Response, Failed> {
        self.ask(request, cancel, Some(sink), Duration::ZERO)
    }

    /// Asks after the call has stood in line for so long, which is a part of its time.
    pub fn ask(
        &self,
        request: &Request,
        cancel: Option<&Cancel>,
        mut sink: Option<&mut Sink<'_>>,
        waited: Duration,
    ) -> Result<Response, Failed> {
        let running = self.calls.begin(cancel)?;
        let token = Arc::<Cancel>::default();
        let ends: Arc<dyn Breakable> = token.clone();
        running.interrupt.watch(Arc::downgrade(&ends));
        let cancel = Some(&*token);
        let result = self.climb(request, waited, |client, request, waited, may_go_on| {
            let Some(sink) = sink.as_mut() else {
                let result = client.ask(request, cancel, None, waited);
                return (filtered::as_failure(result, may_go_on), false);
            };
            let (mut delivered, mut held) = (false, Vec::new());
            let mut counted = |event: &Event| {
                delivered |= event.kind.is_content();
                if may_go_on && !delivered && filtered::is_end(event) {
                    held.push(event.clone());
                    return true;
                }
                sink(event)
            };
            let result = client.ask(request, cancel, Some(&mut counted), waited);
            let result = filtered::as_failure(result, may_go_on && !delivered);
            if result.is_ok() {
                // The last that there is: nothing is left to stop.
                held.iter().for_each(|event| _ = sink(event));
            }
            (result, delivered)
        });
        let result = result.map_err(|failed| failed.settled(&running.interrupt));
        let failure = result.as_ref().err().map(|failed| failed.error.status());
        self.by_status.add(failure.unwrap_or(Status::Ok));
        result
    }

    /// Ends all calls and waits for them, unless this thread is inside one.
    pub fn close(&self) {
        self.calls.shut();
        if !self.calls.is_mine() {
            self.calls.wait();
            self.set_complexity(None);
        }
    }

    /// How long a call of this request may stand in a queue's line: which tier it is
    /// for is known when it has left it.
    pub fn time_of(&self, request: &Request) -> Duration {
        let times = self.tiers.iter().map(|tier| tier.client.time_of(request));
        times.max().unwrap_or_default()
    }

    /// Asks one tier after another; `ask` is told whether another may be asked after an
    /// answer that was filtered, and also tells whether content was delivered. The time
    /// that the request itself gives is for all of them, and for what it has waited; each
    /// client's own is for that one, and what it has waited is a part of the first one's.
    fn climb(
        &self,
        request: &Request,
        waited: Duration,
        mut ask: impl FnMut(&Arc<Client>, &Request, Duration, bool) -> Asked,
    ) -> Result<Response, Failed> {
        let clock = &self.tiers[0].client.clock;
        let started_ns = clock.now_ns();
        let elapsed = || waited + Duration::from_nanos(clock.now_ns() - started_ns);
        let given = request.own_timeout();
        let (in_line, mut unspent) = (waited, waited);
        let mut request = Cow::Borrowed(request);
        let mut attempts = 0;
        let (chosen, bound) = self.choose(&request);
        let able = chosen + 1..self.tiers.len();
        let mut order = std::iter::once(chosen).chain(able).chain((0..chosen).rev()).peekable();
        let mut failure = None;
        while let Some(place) = order.next() {
            let may_go_on = self.fallback_on_refusal && !bound && order.peek().is_some();
            let (client, waited) = (&self.tiers[place].client, std::mem::take(&mut unspent));
            let was_late = waited >= client.time_of(&request);
            let earlier = elapsed() - waited;
            let (mut result, delivered) = ask(client, &request, waited, may_go_on);
            let before = attempts;
            attempts = count_on(&mut result, before);
            if let (Some(response), true) = (arrived(&mut result), failure.is_some()) {
                response.timings.begin_earlier(earlier, in_line);
            }
            match result {
                Ok(response) => return Ok(self.served(response, place, chosen)),
                Err(mut failed) => {
                    let status = failed.error.status();
                    if let (Some(given), Cow::Owned(_)) = (given, &request) {
                        failed.within(given);
                    }
                    if let Some(partial) = &mut failed.partial {
                        self.paid_by(partial, place, chosen);
                    }
                    let falls_back = self.falls_back(&failed.error);
                    // A tier that has sent nothing says nothing of why the one before
                    // failed.
                    if attempts > before || failure.is_none() || is_the_callers(status) {
                        failure = Some(failed);
                    }
                    let left = given.map(|given| given.saturating_sub(elapsed()).as_millis());
                    let is_over = bound || delivered || was_late || left == Some(0);
                    if is_over || !falls_back {
                        break;
                    }
                    if let Some(left) = left {
                        request.to_mut().set("timeout_ms", &left.to_string())?;
                    }
                }
            }
        }
        Err(failure.unwrap_or_else(|| Error::Internal("there are no tiers".into()).into()))
    }

    /// Counts a call that has ended in a queue's line, with the tier that would be
    /// asked as far as that is known without calling back.
    pub(super) fn ended_in_line(&self, request: &Request, waited: Duration, error: &Error) {
        let _inside = self.calls.inside(&Arc::default());
        let place = self.pending(request);
        let place = place.unwrap_or_else(|| self.fitting(complexity::estimate(request)));
        self.by_status.add(error.status());
        self.tiers[place].client.ended_in_line(request, waited, error);
    }

    /// Says which tier answered, and what that has saved against the top one.
    fn served(&self, mut response: Response, place: usize, chosen: usize) -> Response {
        let tier = &self.tiers[place];
        tier.calls.fetch_add(1, Relaxed);
        if place != chosen {
            tier.fallbacks.fetch_add(1, Relaxed);
        }
        self.paid_by(&mut response, place, chosen);
        if let Some(cost) = response.cost_usd {
            let top = self.tiers.last().and_then(|top| top.client.price_of(&response));
            if let Some(top) = top {
                let saved = response.saved_usd.unwrap_or(0.0);
                response.saved_usd = Some(saved.max(top - cost));
            }
        }
        tier.saved_nano_usd.fetch_add(nano(response.saved_usd.unwrap_or(0.0)), Relaxed);
        response
    }

    /// Says which tier gave an answer, or the beginning of one, and notes what it has cost
    /// there and which tools it has called.
    fn paid_by(&self, response: &mut Response, place: usize, chosen: usize) {
        self.called.remember(response, place);
        response.tier = Some(place as u32);
        if place != chosen {
            response.served_from = ServedFrom::Fallback(place as u32);
        }
        if let Some(cost) = response.cost_usd {
            self.tiers[place].cost_nano_usd.fetch_add(nano(cost), Relaxed);
        }
    }

    /// Calls, fallbacks, cost and savings of each tier, and of all; and how the calls
    /// ended.
    pub fn metrics_json(&self) -> Value {
        let usd = |counter: &AtomicU64| counter.load(Relaxed) as f64 / 1e9;
        let tiers = self.tiers.iter().map(|tier| {
            json!({
                "calls": tier.calls.load(Relaxed),
                "fallbacks": tier.fallbacks.load(Relaxed),
                "cost_usd": usd(&tier.cost_nano_usd),
                "saved_usd": usd(&tier.saved_nano_usd),
            })
        });
        let sum = |of: fn(&Tier) -> &AtomicU64| self.tiers.iter().map(|t| usd(of(t))).sum::<f64>();
        let (cost, saved) = (sum(|t| &t.cost_nano_usd), sum(|t| &t.saved_nano_usd));
        let mut json = Value::from(self.by_status.json());
        json["tiers"] = tiers.collect();
        json["cost_usd"] = cost.into();
        json["saved_usd"] = saved.into();
        json["saved_share"] = (cost + saved > 0.0).then(|| saved / (cost + saved)).into();
        json
    }
}

/// Adds the attempts of the tiers before to a result's own; how many there are now.
fn count_on(result: &mut Result<Response, Failed>, before: u32) -> u32 {
    let mut all = before;
    if let Err(Failed { error: Error::Call(call), .. }) = result {
        call.attempts += before;
        all = call.attempts;
    }
    if let Some(response) = arrived(result) {
        response.attempts += before;
        all = response.attempts;
    }
    all
}
