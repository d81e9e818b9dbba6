//! One call to a language model, from options to answer.
//!
//! [`provider`] turns a chat into bytes and bytes into events, and knows
//! nothing of sockets or time. [`transport`] carries bytes and can be
//! interrupted. [`policy`] decides when to send, again or at all. The client
//! puts the three together.

pub mod advise;
pub mod asked;
pub mod assemble;
pub mod attempt;
pub mod batch;
mod bell;
pub mod call;
pub mod cancel;
pub mod client;
#[cfg(test)]
mod client_tests;
pub mod complexity;
pub mod context;
pub mod dates;
pub mod event;
pub mod events;
pub mod excerpt;
pub mod failed;
pub mod finish;
pub mod json;
pub mod kept;
pub mod lazy;
pub mod log;
pub mod message;
pub mod metrics;
pub mod model_name;
pub mod order;
pub mod policy;
pub mod pool;
pub mod price_table;
pub mod pricing;
pub mod provider;
pub mod queue;
pub mod read;
pub mod request;
pub mod response;
mod share;
pub mod similar;
pub mod tiered;
pub mod timing;
pub mod totals;
pub mod transport;
pub mod usage;
pub mod watch;
