//! When to send, again or at all: one file per policy, each testable alone.

pub mod retry;
