//! The C boundary: the room in which pointers from outside become references. (The
//! others with `unsafe` are memory and lock-free looks of the cache, which take none;
//! `tests/architecture.rs` lists them.)
//!
//! One file per C type. An exported function checks, converts, calls and
//! reports; whatever knows about caching or models lives in the core.

#![allow(non_camel_case_types)]

pub mod batch;
pub mod cache;
pub mod cache_iter;
pub mod cache_listeners;
pub mod cache_options;
pub mod cache_setters;
mod call;
pub mod callback;
pub mod cancel;
pub mod claim;
pub mod client;
pub mod client_listeners;
pub mod client_options;
pub mod client_setters;
pub mod error;
pub mod event;
pub mod guard;
pub mod handle;
pub mod item;
#[cfg(feature = "mock")]
pub mod mock;
#[cfg(feature = "mock")]
pub mod mock_options;
#[cfg(test)]
#[cfg(feature = "model")]
mod models;
pub mod options;
pub mod panic_hook;
pub mod process;
pub mod queue;
pub mod request;
pub mod response;
pub mod status;
#[cfg(feature = "test-hooks")]
pub mod test_hooks;
pub mod tiered;
pub mod value;
pub mod values;
pub mod version;
