//! Answers that are kept: the client's side of the response cache.
//!
//! Which calls use it, what it answers instead of the provider, and what of the
//! provider's answers goes into it. What keeping means is the policy's (see
//! [`crate::llm::policy::response_cache`]).

use std::sync::Arc;

use crate::cache::Cache;
use crate::clock::Clock;
use crate::error::{Error, Result, Status};
use crate::llm::event::Sink;
use crate::llm::failed::Failed;
use crate::llm::order::Order;
use crate::llm::policy::response_cache::{self, Hit, Key, ResponseCache};
use crate::llm::request::{CacheMode, Request};
use crate::llm::response::{Response, ServedFrom};
use crate::options::Layered;
use crate::options::cache::CacheOptions;

use super::{Client, Path, deliver};

/// What requests of a batch have in common that are sent as one: also their options,
/// and what was left out of them.
pub(in crate::llm) type Same = (Key, CacheMode, String, Vec<String>);

impl Client {
    /// The response cache, if this call uses it.
    pub(super) fn cache_of(&self, order: &Order) -> Option<&ResponseCache> {
        let wanted = order.cache != CacheMode::Bypass && order.options.values.cache_enabled;
        self.cache.as_ref().filter(|_| wanted)
    }

    /// Refuses a call that wants its answer kept where there is nowhere to.
    pub(super) fn check_cache(&self, order: &Order) -> Result<()> {
        match order.options.values.cache_enabled && self.cache.is_none() {
            false => Ok(()),
            true => Err(Error::invalid(
                "cache_enabled",
                "this client has no response cache: set it for the client, not for one call",
            )),
        }
    }

    /// What makes requests of a batch the same, their times and retries too; none
    /// if each is to be sent.
    pub(in crate::llm) fn batch_key(&self, request: &Request) -> Option<Same> {
        let order = Order::new(request, &self.options, false).ok()?;
        let dedup = order.options.values.batch_dedup.unwrap_or_else(|| self.shares(&order));
        (dedup && order.cache != CacheMode::Bypass)
            .then(|| (order.key(), order.cache, request.own_options(), order.prepared.adjusted))
    }

    /// Whether the response cache holds an answer to a request.
    pub fn keeps_answer_to(&self, request: &Request) -> bool {
        let Ok(order) = Order::new(request, &self.options, false) else { return false };
        self.cache_of(&order).is_some_and(|cache| cache.holds(&order.key(), &order.options.values))
    }

    /// Whether answers are kept.
    pub fn has_cache(&self) -> bool {
        self.cache.is_some()
    }

    /// Whether the call joins identical ones: unset means where it is cached. Raw
    /// events are not shared, for the others have not asked for them.
    pub(super) fn shares(&self, order: &Order) -> bool {
        let by_default = self.cache_of(order).is_some();
        matches!(order.cache, CacheMode::Default | CacheMode::Refresh)
            && !order.options.values.raw_events
            && order.options.values.coalesce.unwrap_or(by_default)
    }

    /// Looks for a kept answer; an error if there is none and the call wants no other.
    pub(super) fn cached(
        self: &Arc<Self>,
        order: &Order,
        key: &Option<Key>,
        path: &mut Path<'_>,
    ) -> Result<Option<Hit>> {
        let miss = || match order.cache {
            CacheMode::Only => Err(Error::call(Status::NotFound, "no cached answer")),
            _ => Ok(None),
        };
        let (Some(cache), Some(key)) = (self.cache_of(order), key) else { return miss() };
        if order.cache == CacheMode::Refresh {
            return Ok(None);
        }
        let hit = cache.lookup(key, &order.options.values);
        path.ended.cache_hit = Some(hit.is_some());
        match hit {
            Some(hit) => Ok(Some(hit)),
            None => miss(),
        }
    }

    /// Gives a kept answer, as a stream if the caller wants one.
    pub(super) fn replay(
        &self,
        order: &Order,
        hit: Hit,
        sink: Option<&mut Sink<'_>>,
        path: &mut Path<'_>,
    ) -> Result<Response, Failed> {
        let mut response = hit.response;
        response.served_from = if hit.stale { ServedFrom::Stale } else { ServedFrom::Cache };
        response.age_ms = Some(hit.age_ms);
        // Who stored it may not have known its price.
        if response.cost_usd.is_none() {
            self.price(order, &mut response);
        }
        response.spare();
        path.ended.saved_usd = response.saved_usd;
        path.ended.stale = hit.stale;
        if let Some(sink) = sink {
            deliver(&response, sink, path)?;
        }
        Ok(response)
    }

    /// Keeps an answer that may be given again.
    pub(super) fn keep(&self, order: &Order, key: &Option<Key>, response: &Response) {
        let (Some(cache), Some(key)) = (self.cache_of(order), key) else { return };
        let tools = order.options.values.cache_tool_calls;
        if response_cache::may_keep(response, tools, order.format.as_ref()) {
            // An answer that does not fit is an answer all the same.
            let _ = cache.store(key, response, &order.options.values);
        }
    }
}

/// A response cache of the client's own, with the cache's defaults.
pub fn own_cache(clock: &Clock) -> Result<Arc<Cache>> {
    Cache::new(Layered::<CacheOptions>::default().resolve()?, clock.clone())
}
