//! What a client tells as it goes: log records and alerts.
//!
//! A record is one JSON object. The record of a call uses the attribute names
//! of OpenTelemetry's semantic conventions for generative AI, so that it can be
//! sent on as it is. Keys are never in it, prompts and answers only where a provider's
//! message quotes them. Each field has its row in `docs/metrics.md`, and a test holds the two together.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::error::{CallError, Error};
use crate::metrics::alert::Untold;
use crate::metrics::told::{Telling, tell};
use crate::metrics::{Alert, AlertListener};
pub use crate::metrics::{Level, LogListener};

use super::metrics::{Ended, is_failure};
use super::policy::breaker::Transition;
use super::response::Response;

/// Takes a change of the circuit breaker.
pub type BreakerListener = dyn Fn(&Transition) + Send + Sync;

/// Who is told what. Called with no lock held, on the thread that caused it, and
/// never inside one another.
#[derive(Default, Clone)]
pub struct Listeners {
    /// Records of at least this level.
    pub log: Option<(Level, Arc<LogListener>)>,
    /// Thresholds that were crossed.
    pub alert: Option<Arc<AlertListener>>,
    /// Changes of the circuit breaker.
    pub breaker: Option<Arc<BreakerListener>>,
}

/// What the record of a call says beside its end.
pub struct CallFacts<'a> {
    /// The provider's name.
    pub provider: &'a str,
    /// The model that was asked for; none if the call ended before that.
    pub model: Option<&'a str>,
    /// `chat` or `embeddings`.
    pub operation: &'a str,
}

impl Listeners {
    fn log(&self, level: Level, record: impl FnOnce() -> Value) {
        if let Some(telling) = self.logging(level, record) {
            tell(telling);
        }
    }

    /// What tells of a record, if anybody wants it.
    fn logging(&self, level: Level, record: impl FnOnce() -> Value) -> Option<Telling> {
        let (_, listener) = self.log.as_ref().filter(|(least, _)| level >= *least)?;
        let mut record = record();
        record["level"] = level.name().into();
        let (listener, text) = (listener.clone(), record.to_string());
        Some(Box::new(move || listener(level, &text)))
    }

    /// Tells of a call that has ended.
    pub fn ended(&self, facts: &CallFacts, ended: &Ended, result: Result<&Response, &Error>) {
        let failed = ended.failure.is_some_and(is_failure);
        let level = if failed { Level::Error } else { Level::Info };
        self.log(level, || record(facts, ended, result));
    }

    /// Tells of an attempt that is made again.
    pub fn retry(&self, attempts: u64, wait_ms: u64, error: &Error) {
        self.log(Level::Warning, || {
            json!({
                "event": "mynah.retry",
                "error.type": error.status().name(),
                "error.message": error.to_string(),
                "mynah.attempts": attempts,
                "mynah.wait_ms": wait_ms,
            })
        });
    }

    /// Tells of a request that was to renew a kept answer, and has failed: of no call.
    pub fn renewal_failed(&self, error: &Error) {
        self.log(Level::Warning, || {
            let call = call_of(error);
            json!({
                "event": "mynah.renewal_failed",
                "error.type": error.status().name(),
                "error.message": error.to_string(),
                "http.response.status_code": call.and_then(|call| call.http_status),
                "mynah.attempts": call.map_or(0, |call| call.attempts),
            })
        });
    }

    /// Tells of a change of the circuit breaker.
    pub fn transition(&self, transition: &Transition) {
        self.log(Level::Warning, || {
            json!({
                "event": "mynah.breaker",
                "mynah.breaker.from": transition.from.name(),
                "mynah.breaker.to": transition.to.name(),
                "mynah.reason": transition.reason,
            })
        });
        if let Some(listener) = self.breaker.clone() {
            let transition = transition.clone();
            tell(Box::new(move || listener(&transition)));
        }
    }

    /// Tells of thresholds that were crossed, in their order.
    pub fn alerts(&self, untold: &Arc<Untold>) {
        let (listeners, untold) = (self.clone(), untold.clone());
        tell(Box::new(move || untold.tell(|alert| listeners.alert(alert))));
    }

    /// Tells of one, here and now.
    fn alert(&self, alert: &Alert) {
        if let Some(telling) = self.logging(Level::Warning, || alert.record("mynah.alert")) {
            telling();
        }
        if let Some(listener) = &self.alert {
            listener(alert);
        }
    }
}

/// The record of a call. Source of the names: OpenTelemetry semantic
/// conventions, generative AI client spans.
fn record(facts: &CallFacts, ended: &Ended, result: Result<&Response, &Error>) -> Value {
    let mut record = json!({
        "event": "gen_ai.client.operation",
        "gen_ai.operation.name": facts.operation,
        "gen_ai.provider.name": provider_name(facts.provider),
        "gen_ai.request.model": facts.model,
        "duration_ms": ended.total_ns as f64 / 1e6,
        "mynah.overhead_ms": ended.total_ns.saturating_sub(ended.outside_ns) as f64 / 1e6,
    });
    let mut put = |name: &str, value: Value| record[name] = value;
    if let Some(ns) = ended.in_line_ns {
        put("mynah.queue_wait_ms", (ns as f64 / 1e6).into());
    }
    match result {
        Ok(response) => {
            let usage = response.usage.clone().unwrap_or_default();
            let reasons = response.choices.iter().filter_map(|choice| choice.finish_reason);
            put("gen_ai.response.id", response.id.clone().into());
            put("gen_ai.response.model", response.model.clone().into());
            put("gen_ai.response.finish_reasons", reasons.map(|r| r.name()).collect());
            put("gen_ai.usage.input_tokens", usage.input_tokens.into());
            put("gen_ai.usage.output_tokens", usage.output_tokens.into());
            put("mynah.served_from", response.served_from.name().into());
            put("mynah.attempts", response.attempts.into());
            put("mynah.request_id", response.request_id.clone().into());
            put("mynah.cost_usd", response.cost_usd.into());
            put("mynah.first_token_ms", ended.first_token_ns.map(|ns| ns as f64 / 1e6).into());
        }
        Err(error) => {
            put("error.type", error.status().name().into());
            put("error.message", error.to_string().into());
            ended.bound.iter().for_each(|bound| put("mynah.bound", bound.name().into()));
            let call = call_of(error);
            let request_id = call.and_then(|call| call.request_id.clone());
            put("http.response.status_code", call.and_then(|call| call.http_status).into());
            put("mynah.attempts", call.map_or(0, |call| call.attempts).into());
            put("mynah.request_id", request_id.into());
        }
    }
    record
}

fn call_of(error: &Error) -> Option<&CallError> {
    match error {
        Error::Call(call) => Some(call),
        _ => None,
    }
}

/// A provider as the conventions call it, where they know it by another name.
fn provider_name(provider: &str) -> &str {
    match provider {
        "gemini" => "gcp.gemini",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;

    use super::*;
    use crate::error::Status;
    use crate::llm::watch::Watch;
    use crate::options::client::ClientOptions;

    #[test]
    fn alerts_that_two_threads_find_are_told_in_their_order() {
        let told = Arc::<Mutex<Vec<_>>>::default();
        let (begun, begins) = std::sync::mpsc::channel();
        let (found, other) = std::sync::mpsc::channel();
        let (heard, other) = (told.clone(), Mutex::new(other));
        let alert: Arc<AlertListener> = Arc::new(move |alert: &Alert| {
            heard.lock().push((alert.raised, "begins"));
            if alert.raised {
                begun.send(()).unwrap();
                other.lock().recv().unwrap();
            }
            heard.lock().push((alert.raised, "ends"));
        });
        let listeners = Listeners { alert: Some(alert), ..Listeners::default() };
        let watch = Watch::new(&ClientOptions::default());
        let end = |calls, failure| {
            for _ in 0..calls {
                if watch.note(&Ended { failure, ..Ended::default() }) {
                    listeners.alerts(&watch.untold);
                }
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(|| end(20, Some(Status::Server)));
            begins.recv().unwrap();
            end(600, None);
            found.send(()).unwrap();
        });
        let in_turn = [(true, "begins"), (true, "ends"), (false, "begins"), (false, "ends")];
        assert_eq!(*told.lock(), in_turn);
    }
}
