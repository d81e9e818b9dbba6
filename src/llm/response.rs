//! An answer, whole, in one form for all providers.

/// Why an answer ended, in words that are the same for all providers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinishReason {
    /// The model was done, or met a stop text.
    Stop,
    /// The cap on tokens.
    Length,
    /// The model wants tools to be called.
    ToolCalls,
    /// A filter cut it off.
    ContentFilter,
    /// The model declined.
    Refusal,
    /// Send the answer back to go on.
    Pause,
    /// Anything else: see the provider's word.
    Other,
}

impl FinishReason {
    /// As it stands in JSON.
    pub fn name(self) -> &'static str {
        match self {
            FinishReason::Stop => "stop",
            FinishReason::Length => "length",
            FinishReason::ToolCalls => "tool_calls",
            FinishReason::ContentFilter => "content_filter",
            FinishReason::Refusal => "refusal",
            FinishReason::Pause => "pause",
            FinishReason::Other => "other",
        }
    }
}

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
