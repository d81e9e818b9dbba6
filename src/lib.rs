//! libmynah: a fast cache and a dependable LLM client behind one C ABI.
//!
//! ```text
//!                 C, C++, Go, Python
//!                         |
//!   ffi       handles, guards, one file per C type; all pointers from outside
//!    |
//!    +--> llm        one call from options to answer
//!    |     |   \
//!    |     |    provider   pure dialects: a chat to bytes, bytes to events
//!    |     policy          retry, limits, breaker, coalescing, response cache
//!    |     transport       ureq, cancellable sockets, SSE and NDJSON lines
//!    |
//!    +--> cache      shards, policies, expiry, compression
//!    +--> mock       a provider on loopback, for tests
//!    |
//!   options, metrics, clock, error, files      used by all, use nothing above
//!   forks, nesting, own, process_lock, section, sync, waiting      what threads share
//! ```
//!
//! Imports run downwards only; `tests/architecture.rs` holds this.

pub mod cache;
pub mod clock;
pub mod error;
#[allow(unsafe_code)]
pub mod ffi;
pub mod files;
pub mod forks;
pub mod llm;
pub mod metrics;
#[cfg(feature = "mock")]
pub mod mock;
pub mod nesting;
pub mod object;
pub mod options;
pub mod own;
pub mod process_lock;
pub mod section;
pub mod sync;
pub mod waiting;
