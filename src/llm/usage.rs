//! What an answer took of tokens.

use serde_json::{Value, json};

/// Tokens; what the provider did not say is none, never 0.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usage {
    /// The whole prompt, cached and cache-written included.
    pub input_tokens: Option<u64>,
    /// All that was generated, reasoning included.
    pub output_tokens: Option<u64>,
    /// The sum, unless the provider states another.
    pub total_tokens: Option<u64>,
    /// Part of the input.
    pub cached_input_tokens: Option<u64>,
    /// Part of the input.
    pub cache_write_tokens: Option<u64>,
    /// Part of the output.
    pub reasoning_tokens: Option<u64>,
    /// The provider's own object, as JSON text.
    pub provider_usage: Option<String>,
}

impl Usage {
    /// As it stands in a response and in an event.
    pub fn to_json(&self) -> Value {
        json!({
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "total_tokens": self.total_tokens,
            "cached_input_tokens": self.cached_input_tokens,
            "cache_write_tokens": self.cache_write_tokens,
            "reasoning_tokens": self.reasoning_tokens,
        })
    }

    /// Fills the total with the sum where the provider states none.
    pub fn with_total(mut self) -> Usage {
        if self.total_tokens.is_none() {
            self.total_tokens =
                self.input_tokens.zip(self.output_tokens).map(|(i, o)| i.saturating_add(o));
        }
        self
    }
}
