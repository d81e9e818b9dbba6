//! What the mock received and did, as JSON.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::http::Request;
use crate::object::json;
use crate::options::url;

/// Paths that are counted apart; requests to more count as `other`.
const PATHS_MAX: usize = 64;

/// Counters of one mock.
#[derive(Debug, Default)]
pub(super) struct Stats {
    pub requests: u64,
    pub connections_opened: u64,
    pub connections_closed_by_peer: u64,
    pub bytes_received: u64,
    pub bytes_sent: u64,
    pub faults: u64,
    pub events: u64,
    pub largest_in_flight: u64,
    pub in_flight: u64,
    statuses: BTreeMap<u16, u64>,
    paths: BTreeMap<String, u64>,
    last: Option<Value>,
}

impl Stats {
    /// Counts a request, and keeps it as the last one.
    pub fn request(&mut self, request: &Request) {
        self.requests += 1;
        self.in_flight += 1;
        self.largest_in_flight = self.largest_in_flight.max(self.in_flight);
        self.bytes_received += request.body.len() as u64;
        let path = request.path.split('?').next().unwrap_or_default();
        let known = self.paths.len() < PATHS_MAX || self.paths.contains_key(path);
        *self.paths.entry(if known { path } else { "other" }.to_string()).or_default() += 1;
        self.last = Some(show(request));
    }

    /// Counts an answer by its status.
    pub fn status(&mut self, status: u16) {
        *self.statuses.entry(status).or_default() += 1;
    }

    /// All of it; `open` is the number of open connections.
    pub fn to_json(&self, open: usize) -> Value {
        let by_status: Map<String, Value> =
            self.statuses.iter().map(|(status, n)| (status.to_string(), (*n).into())).collect();
        json!({
            "requests": self.requests,
            "requests_in_flight": self.in_flight,
            "largest_in_flight": self.largest_in_flight,
            "bytes_received": self.bytes_received,
            "bytes_sent": self.bytes_sent,
            "events_sent": self.events,
            "faults": self.faults,
            "connections_opened": self.connections_opened,
            "connections_open": open,
            "connections_closed_by_peer": self.connections_closed_by_peer,
            "by_status": by_status,
            "by_path": self.paths,
            "last_request": self.last,
        })
    }
}

/// A request as JSON, its keys redacted.
fn show(request: &Request) -> Value {
    let headers: Map<String, Value> = request
        .headers
        .iter()
        .map(|(name, value)| {
            let name = name.to_ascii_lowercase();
            let value =
                if url::is_secret_header(&name) { "(redacted)".to_string() } else { value.clone() };
            (name, value.into())
        })
        .collect();
    let body = serde_json::from_slice(&request.body)
        .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&request.body)));
    json!({"method": request.method, "path": url::shown(&request.path), "headers": headers, "body": body})
}
