//! The in-process cache.

mod entry;
mod ledger;

pub use entry::Value;
