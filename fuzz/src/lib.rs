//! What is fuzzed, and with what: shared by the two programs.

pub mod mutate;
pub mod seeds;
pub mod targets;
