//! What a stream delivers, in one form for all providers.

/// One step of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Which of several answers it belongs to.
    pub choice: u32,
    /// What happened.
    pub kind: EventKind,
}

/// The kinds of events.
#[derive(Debug, Clone, PartialEq)]
pub enum EventKind {
    /// The provider has begun: model and id as far as it said them.
    Start {
        /// The model that answers.
        model: Option<String>,
        /// The answer's id.
        id: Option<String>,
    },
    /// A piece of the answer.
    Text(String),
    /// A piece of the model's thinking.
    Reasoning(String),
    /// A piece of a refusal.
    Refusal(String),
    /// A piece of a call; the first one of a call has its name.
    ToolCall {
        /// Place among the calls of this answer, from 0.
        index: u32,
        /// The call's id, unique in the conversation.
        id: String,
        /// The function's name.
        name: String,
        /// A piece of the arguments' JSON text.
        arguments: String,
    },
    /// The call's arguments are complete.
    ToolCallEnd {
        /// As in its pieces.
        index: u32,
        /// As in its pieces.
        id: String,
        /// As in its pieces.
        name: String,
    },
    /// The usage so far; a later one replaces an earlier one.
    Usage(super::response::Usage),
    /// The answer's end.
    Finish {
        /// In our words.
        reason: super::response::FinishReason,
        /// In the provider's.
        provider_reason: Option<String>,
    },
    /// The provider's own event, as JSON text; only on request.
    Raw(String),
    /// An event that means nothing to us, as JSON text.
    Other(String),
}

impl EventKind {
    /// Whether it carries something of the answer: what first token and idle
    /// time are measured by.
    pub fn is_content(&self) -> bool {
        use EventKind::*;
        matches!(self, Text(_) | Reasoning(_) | Refusal(_) | ToolCall { .. })
    }
}
