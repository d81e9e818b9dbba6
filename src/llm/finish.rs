//! Why an answer ended.

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
    /// All of them.
    pub const ALL: [FinishReason; 7] = [
        FinishReason::Stop,
        FinishReason::Length,
        FinishReason::ToolCalls,
        FinishReason::ContentFilter,
        FinishReason::Refusal,
        FinishReason::Pause,
        FinishReason::Other,
    ];

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

    /// The reason of a name.
    pub fn from_name(name: &str) -> Option<FinishReason> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}
