//! One call to a language model, from options to answer.
//!
//! [`provider`] turns a chat into bytes and bytes into events, and knows
//! nothing of sockets or time. [`transport`] carries bytes and can be
//! interrupted. [`policy`] decides when to send, again or at all. The client
//! puts the three together.

pub mod assemble;
pub mod call;
pub mod cancel;
pub mod event;
pub mod json;
pub mod limit_headers;
pub mod message;
pub mod metrics;
pub mod policy;
pub mod provider;
pub mod request;
pub mod response;
pub mod schema;
pub mod timing;
pub mod transport;
