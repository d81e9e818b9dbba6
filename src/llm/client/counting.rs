//! Counting how calls end, and telling of it.

use std::sync::Arc;
use std::time::Duration;

use super::Client;
use crate::error::{Error, Result};
use crate::llm::call::Running;
use crate::llm::cancel::Cancel;
use crate::llm::failed::{Failed, arrived};
use crate::llm::log::CallFacts;
use crate::llm::metrics::{Ended, is_failure};
use crate::llm::request::Request;
use crate::llm::response::{Response, ServedFrom};

impl Client {
    /// Makes a call, counts it, however it ends, and tells of it. It stands in
    /// the register until all have been told: closing waits for that too.
    pub(super) fn counted(
        &self,
        operation: &str,
        cancel: Option<&Cancel>,
        waited_ns: u64,
        call: impl FnOnce(&Running<'_>, &mut Ended) -> Result<Response, Failed>,
    ) -> Result<Response, Failed> {
        let started = self.clock.now_ns().saturating_sub(waited_ns);
        let running = self.calls.begin(cancel)?;
        let in_line_ns = Some(waited_ns).filter(|ns| *ns > 0);
        let mut ended = Ended { in_line_ns, outside_ns: waited_ns, ..Ended::default() };
        let begun = running.interrupt.check().map_err(Failed::from);
        let result = begun.and_then(|()| call(&running, &mut ended));
        let mut result = result.map_err(|failed| failed.settled(&running.interrupt));
        ended.total_ns = self.clock.now_ns() - started;
        if let Err(failed) = &result {
            ended.failed(&failed.error, failed.partial.is_some());
        }
        if let Some(response) = arrived(&mut result) {
            let first_token = response.timings.first_token;
            ended.first_token_ns = first_token.map(|time| time.as_nanos() as u64);
            ended.cost_usd = response.cost_usd;
        }
        self.tell(operation, &ended, result.as_ref().map_err(|failed| &failed.error));
        result
    }

    /// Counts a call that has ended in a queue's line, and tells of it.
    pub(in crate::llm) fn ended_in_line(&self, request: &Request, waited: Duration, error: &Error) {
        let (ns, _inside) = (waited.as_nanos() as u64, self.calls.inside(&Arc::default()));
        let mut ended = self.without_work(request, ns);
        ended.in_line_ns = Some(ns);
        ended.failed(error, false);
        self.tell("chat", &ended, Err(error));
    }

    /// Counts a call of which another one like it is the answer, and tells of it.
    pub(in crate::llm) fn ended_with(
        &self,
        request: &Request,
        result: Result<&Response, &Error>,
        took_ns: u64,
    ) {
        // Whoever has freed the client is told of nothing any more.
        let Ok(_running) = self.calls.enter(Arc::default()) else { return };
        let mut ended = self.without_work(request, took_ns);
        match result {
            Ok(response) => {
                match response.served_from {
                    ServedFrom::Cache | ServedFrom::Stale => ended.cache_hit = Some(true),
                    _ => ended.coalesced = true,
                }
                (ended.cost_usd, ended.saved_usd) = (response.cost_usd, response.saved_usd);
            }
            Err(error) => ended.failed(error, false),
        }
        self.tell("chat", &ended, result);
    }

    /// Counts a request that was to renew a kept answer, and tells of it if it has
    /// failed. What was not sent is none.
    pub(in crate::llm) fn renewed(&self, attempts: u32, result: &Result<Response>) {
        if attempts > 0 {
            let failed = result.as_ref().err().filter(|error| is_failure(error.status()));
            self.metrics.renewed(failed.is_some());
            failed.into_iter().for_each(|error| self.listeners.renewal_failed(error));
        }
    }

    /// The facts of a call for which nothing was done here for so long.
    fn without_work(&self, request: &Request, ns: u64) -> Ended {
        let options = request.effective(&self.options).ok();
        let model = options.and_then(|options| options.values.model.clone());
        Ended { total_ns: ns, outside_ns: ns, model, ..Ended::default() }
    }

    /// Counts a call, and tells of it.
    fn tell(&self, operation: &str, ended: &Ended, result: Result<&Response, &Error>) {
        self.metrics.record(ended);
        let facts = CallFacts {
            provider: &self.options.values.provider,
            model: ended.model.as_deref(),
            operation,
        };
        self.listeners.ended(&facts, ended, result);
        if self.watch.note(ended) {
            self.listeners.alerts(&self.watch.untold);
        }
    }
}
