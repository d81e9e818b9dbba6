//! What a stream delivers, in one form for all providers.

use serde_json::{Value, json};

use super::excerpt::Excerpt;
use super::finish::FinishReason;
use super::usage::Usage;

/// One step of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Which of several answers it belongs to.
    pub choice: u32,
    /// What happened.
    pub kind: EventKind,
}

/// Where events go: true to go on, false to stop.
pub type Sink<'a> = dyn FnMut(&Event) -> bool + 'a;

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
    Text(Excerpt),
    /// A piece of the model's thinking.
    Reasoning(Excerpt),
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
        arguments: Excerpt,
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
    /// The usage so far; a later one replaces an earlier one. Boxed: it comes once,
    /// and would make every event half as large again.
    Usage(Box<Usage>),
    /// The answer's end.
    Finish {
        /// In our words.
        reason: FinishReason,
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

    /// A piece of text, or of thinking.
    pub fn piece(thought: bool, text: Excerpt) -> EventKind {
        if thought { EventKind::Reasoning(text) } else { EventKind::Text(text) }
    }

    /// As it stands in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            EventKind::Start { .. } => "start",
            EventKind::Text(_) => "text",
            EventKind::Reasoning(_) => "reasoning",
            EventKind::Refusal(_) => "refusal",
            EventKind::ToolCall { .. } => "tool_call",
            EventKind::ToolCallEnd { .. } => "tool_call_end",
            EventKind::Usage(_) => "usage",
            EventKind::Finish { .. } => "finish",
            EventKind::Raw(_) => "raw",
            EventKind::Other(_) => "other",
        }
    }

    /// The text that it carries: a piece, a reason, or JSON.
    pub fn text(&self) -> Option<&str> {
        match self {
            EventKind::Text(text)
            | EventKind::Reasoning(text)
            | EventKind::ToolCall { arguments: text, .. } => Some(text),
            EventKind::Refusal(text) | EventKind::Raw(text) | EventKind::Other(text) => Some(text),
            EventKind::Finish { reason, .. } => Some(reason.name()),
            EventKind::Start { .. } | EventKind::ToolCallEnd { .. } | EventKind::Usage(_) => None,
        }
    }

    /// The call that it belongs to: place, id and function.
    pub fn call(&self) -> Option<(u32, &str, &str)> {
        match self {
            EventKind::ToolCall { index, id, name, .. }
            | EventKind::ToolCallEnd { index, id, name } => Some((*index, id, name)),
            _ => None,
        }
    }
}

impl Event {
    /// Its kind, its answer's number, and its fields.
    pub fn to_json(&self) -> Value {
        let mut json = json!({"kind": self.kind.name(), "choice": self.choice});
        match &self.kind {
            EventKind::Start { model, id } => {
                json["model"] = model.clone().into();
                json["id"] = id.clone().into();
            }
            EventKind::Usage(usage) => json["usage"] = usage.to_json(),
            EventKind::Finish { reason, provider_reason } => {
                json["finish_reason"] = reason.name().into();
                json["provider_finish_reason"] = provider_reason.clone().into();
            }
            EventKind::Raw(text) | EventKind::Other(text) => {
                let own = serde_json::from_str(text);
                json["data"] = own.unwrap_or_else(|_| text.clone().into());
            }
            EventKind::ToolCall { index, id, name, arguments } => {
                json["index"] = (*index).into();
                json["id"] = id.clone().into();
                json["name"] = name.clone().into();
                json["arguments"] = (**arguments).into();
            }
            EventKind::ToolCallEnd { index, id, name } => {
                json["index"] = (*index).into();
                json["id"] = id.clone().into();
                json["name"] = name.clone().into();
            }
            EventKind::Text(text) | EventKind::Reasoning(text) => json["text"] = (**text).into(),
            EventKind::Refusal(text) => json["text"] = text.clone().into(),
        }
        json
    }
}
