//! What a client tells of itself: figures, advice, options, prices.

use serde_json::Value as Json;

use crate::llm::advise;
use crate::llm::message;
use crate::llm::metrics::ClientMetrics;
use crate::llm::order::Order;
use crate::llm::policy::breaker::State;
use crate::llm::provider::{Access, hosts};
use crate::llm::response::Response;
use crate::llm::transport::env_proxy_in_force;
use crate::metrics::Exposition;
use crate::metrics::prometheus::Labels;
use crate::object::json;
use crate::options::client::ClientOptions;
use crate::options::{OptionSet, Origin, Resolved, Value};

use super::Client;

/// The environment's proxy, where it is the one by which requests go.
pub(super) fn env_proxy(options: &Resolved<ClientOptions>) -> Option<String> {
    let mut whole = Resolved::clone(options);
    // Without a whole address no request is made.
    hosts::lay_base(&mut whole).ok()?;
    let url = whole.values.base_url.filter(|_| whole.values.proxy.is_none())?;
    env_proxy_in_force(&url, |name| std::env::var(name).ok())
}

impl Client {
    /// The figures.
    pub fn metrics(&self) -> &ClientMetrics {
        &self.metrics
    }

    /// The figures as JSON, with the state of breaker and thresholds.
    pub fn metrics_json(&self) -> Json {
        let mut json = self.metrics.to_json();
        json["breaker_state"] = self.breaker.state().name().into();
        json["breaker_transitions"] = self.breaker.transitions().into();
        json["in_flight"] = self.calls.in_flight().into();
        json["alerts"] = self.watch.raised().into();
        json
    }

    /// The same in Prometheus' text format.
    pub fn prometheus(&self) -> String {
        let mut text = Exposition::default();
        self.metrics.expose(&mut text);
        text.gauge("mynah_llm_in_flight", "Calls now.", Some(self.calls.in_flight() as f64));
        let state = self.breaker.state();
        let states = [State::Closed, State::Open, State::HalfOpen];
        let labels = states.map(|one| ([("state", one.name())], f64::from(one == state)));
        let samples: Vec<(Labels, f64)> = labels.iter().map(|(l, n)| (&l[..], *n)).collect();
        text.gauges("mynah_llm_breaker_state", "1 for the circuit breaker's state.", &samples);
        let changes = self.breaker.transitions() as f64;
        text.counter("mynah_llm_breaker_transitions_total", "Changes of its state.", changes);
        let raised = self.watch.raised();
        let all = ClientOptions::rows().iter().map(|row| row.key);
        text.thresholds("mynah_llm_alert_raised", all, &raised);
        text.finish()
    }

    /// What to change, computed from the figures.
    pub fn advise_json(&self) -> Json {
        let mut figures = self.metrics_json();
        if let Some([requests, tokens]) = self.metrics.taken_per_minute() {
            let taken = json!({"requests_per_minute": requests, "tokens_per_minute": tokens});
            figures["taken_while_refusing"] = taken;
        }
        advise::advise(&figures, &self.options)
    }

    /// Effective options and their origins, secrets redacted. Where one is unset that
    /// follows another, it shows what it comes to, and the address is the whole one.
    pub fn options_json(&self) -> Json {
        let mut shown = Resolved::clone(&self.options);
        // One that cannot be completed is shown as it is.
        let _ = hosts::lay_base(&mut shown);
        let proxy = self.env_proxy.clone().map(Value::Text);
        let _ = proxy.map(|proxy| shown.lay("proxy", proxy, Origin::Environment));
        let (mut json, values) = (shown.to_json(), &self.options.values);
        let coalesce = values.coalesce.unwrap_or(self.has_cache());
        let batch_dedup = values.batch_dedup.unwrap_or(coalesce);
        json["coalesce"]["value"] = coalesce.into();
        json["batch_dedup"]["value"] = batch_dedup.into();
        json
    }

    /// Whether a message came from this client's provider and model, and from its
    /// account.
    pub(in crate::llm) fn is_origin(&self, origin: &message::Origin) -> (bool, bool) {
        let options = &self.options.values;
        let same = options.provider == origin.provider
            && options.model.as_ref().is_none_or(|model| *model == origin.model);
        let access = Access::of(&self.options);
        (same, same && access.is_usable() && *access.account == *origin.account)
    }

    /// Writes into an answer what it costs now, as far as that is known.
    pub(super) fn price(&self, order: &Order, response: &mut Response) {
        let now = self.clock.unix_ms() / 1_000;
        self.prices.apply(response, &order.prepared.context.model, now);
    }

    /// What an answer's tokens would have cost here, if that is known.
    pub(in crate::llm) fn price_of(&self, response: &Response) -> Option<f64> {
        let options = &self.options.values;
        let (model, usage) = (options.model.as_deref()?, response.usage.as_ref()?);
        self.prices.cost(&options.provider, model, usage, self.clock.unix_ms() / 1_000)
    }
}
