//! An in-process provider on loopback, for users' tests and for ours.
//!
//! [`MockServer::start`] listens on a port of 127.0.0.1 and answers like six
//! vendors at once, chosen by the path: OpenAI chat completions and Responses,
//! Anthropic messages, Gemini, Cohere, Ollama, and embeddings. The answer to a
//! prompt is always the same, comes at a set pace, and everything that can go
//! wrong on the way can be asked for. It counts what it received.
//!
//! Every connection has a thread with a small stack; stopping shuts all
//! sockets down, which wakes whatever waits on them.

mod answer;
mod connection;
mod dialect;
mod http;
mod options;
mod outlet;
mod plan;
mod server;
mod stats;
#[cfg(test)]
mod tests;
mod wrong;

pub use options::MockOptions;
pub use server::MockServer;
