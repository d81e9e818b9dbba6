//! When to send, again or at all: one file per policy, each testable alone.

pub mod breaker;
pub mod coalesce;
pub mod limit_headers;
pub mod rate_limit;
pub mod response_cache;
pub mod retry;
pub mod schema;
