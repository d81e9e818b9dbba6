//! What reading an answer needs to know of its request.

use std::sync::Arc;

/// What reading an answer needs to know of its request; cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// The provider's name.
    pub provider: &'static str,
    /// The model that was asked for.
    pub model: Arc<str>,
    /// A digest of host and key: signatures are bound to an account.
    pub account: Arc<str>,
    /// A digest of the body, for ids of calls that have none.
    pub seed: u64,
    /// Whether the provider's own events are told too.
    pub raw_events: bool,
    /// Largest event of a stream, in bytes.
    pub max_event_bytes: usize,
    /// Whether embeddings are to come as base64 rather than as numbers.
    pub base64: bool,
    /// The key, and what else no message is to repeat.
    pub(super) secrets: Arc<[Arc<str>]>,
    /// The vendor's host of the other region, where this is one of the two.
    pub(super) elsewhere: Option<&'static str>,
    /// Whether the address has other prices than the table.
    pub(super) is_unpriced: bool,
}

/// Shows nothing secret.
impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Context({} {})", self.provider, self.model)
    }
}
