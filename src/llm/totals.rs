//! The figures of all clients of the process together.
//!
//! Calls count into their own client alone, so that no two clients write to one
//! line; the sum is made when somebody asks for it. What a client has counted
//! stays in the sum when it is gone. A child of the process begins at nothing: its
//! parent tells the same calls.

use std::sync::{Arc, MutexGuard};

use serde_json::Value;

use crate::clock::Clock;
use crate::metrics::Exposition;
use crate::process_lock::ProcessLock;

use super::metrics::ClientMetrics;

/// The clients that there are, and the sum of those that were.
pub struct Clients {
    state: ProcessLock<State>,
}

struct State {
    live: Vec<Arc<ClientMetrics>>,
    gone: Option<ClientMetrics>,
}

/// All clients of the process.
pub static ALL: Clients = Clients::none();

/// A client's place among the others; what it counted is kept when it is left.
pub struct Member {
    clients: &'static Clients,
    metrics: Arc<ClientMetrics>,
}

/// The lock of all clients, while the process forks.
pub struct Held(#[cfg_attr(not(unix), allow(dead_code))] MutexGuard<'static, State>);

/// Keeps the list as it is until the guard is dropped.
pub fn hold() -> Held {
    Held(ALL.state.lock())
}

impl Held {
    /// Leaves all clients out of the sum: they are the parent's.
    pub fn forget(&mut self) {
        self.0.forget();
    }
}

impl State {
    fn forget(&mut self) {
        self.live.clear();
        self.gone = None;
    }
}

impl Clients {
    const fn none() -> Clients {
        Clients { state: ProcessLock::new(State { live: Vec::new(), gone: None }) }
    }

    /// Adds a client.
    pub fn enter(&'static self, metrics: Arc<ClientMetrics>) -> Member {
        self.state.lock().live.push(metrics.clone());
        Member { clients: self, metrics }
    }

    /// The sum of all, and how many there are.
    fn sum(&self) -> (ClientMetrics, usize) {
        let mut sum = ClientMetrics::new(&Clock::System);
        let state = self.state.lock();
        state.gone.iter().chain(state.live.iter().map(|one| &**one)).for_each(|one| sum.add(one));
        (sum, state.live.len())
    }

    /// The sum as JSON, with the number of `clients`.
    pub fn to_json(&self) -> Value {
        let (sum, clients) = self.sum();
        let mut json = sum.to_json();
        json["clients"] = clients.into();
        json
    }

    /// The sum in Prometheus' text format.
    pub fn prometheus(&self) -> String {
        let (sum, clients) = self.sum();
        let mut text = Exposition::default();
        sum.expose(&mut text);
        text.gauge("mynah_llm_clients", "Clients.", Some(clients as f64));
        text.finish()
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let mut state = self.clients.state.lock();
        let Some(place) = state.live.iter().position(|one| Arc::ptr_eq(one, &self.metrics)) else {
            // Forgotten with the parent's others.
            return;
        };
        state.live.swap_remove(place);
        state.gone.get_or_insert_with(|| ClientMetrics::new(&Clock::System)).add(&self.metrics);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::{Bound, Status};
    use crate::llm::metrics::{Ended, Spent};

    #[test]
    fn the_sum_is_of_all_and_what_a_client_counted_outlives_it() {
        static CLIENTS: Clients = Clients::none();
        let client = |calls: u64, ms: u64| {
            let metrics = Arc::new(ClientMetrics::new(&Clock::System));
            let failure = (calls == 1).then_some(Status::Timeout);
            let bound = failure.map(|_| Bound::Idle);
            let ended = Ended { total_ns: ms * 1_000_000, failure, bound, ..Ended::default() };
            (0..calls).for_each(|_| metrics.record(&ended));
            let mut spent = Spent { attempts: 2, cost_usd: Some(0.25), ..Spent::default() };
            spent.waited(1_000_000, &[(Bound::InFlight, 1_000_000)]);
            metrics.spend(&spent, 0);
            CLIENTS.enter(metrics)
        };
        let (first, second) = (client(1, 10), client(3, 1_000));
        drop(first);
        let json = CLIENTS.to_json();
        assert_eq!((&json["calls"], &json["clients"]), (&4.into(), &1.into()));
        assert_eq!((&json["success_rate"], &json["cost_usd"]), (&0.75.into(), &0.5.into()));
        assert_eq!(json["by_status"]["timeout"], 1);
        assert_eq!(json["by_bound"], json!({"idle_timeout_ms": 1}));
        assert_eq!(json["limiter_wait_for_ms"], json!({"max_in_flight": 2.0}));
        assert_eq!((&json["attempts"], &json["latency_ms"]["count"]), (&4.into(), &4.into()));
        assert!((json["latency_ms"]["mean"].as_f64().unwrap() - 752.5).abs() < 1.0, "{json}");
        assert!(CLIENTS.prometheus().contains("mynah_llm_clients 1\n"));
        drop(second);
        assert_eq!(CLIENTS.to_json()["calls"], 4);
    }
    #[test]
    fn what_was_forgotten_is_not_counted_when_it_is_left_either() {
        static CLIENTS: Clients = Clients::none();
        let client = || {
            let metrics = Arc::new(ClientMetrics::new(&Clock::System));
            metrics.record(&Ended::default());
            CLIENTS.enter(metrics)
        };
        drop(client());
        let live = client();
        CLIENTS.state.lock().forget();
        let own = client();
        drop(live);
        let json = CLIENTS.to_json();
        assert_eq!((&json["calls"], &json["clients"]), (&1.into(), &1.into()));
        drop(own);
    }
}
