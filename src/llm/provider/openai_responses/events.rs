//! What an event says by itself, whatever came before it.

use super::told::Kind;
use crate::llm::json::Json;

/// What an event that only adds a text may hold.
const DELTA: &[&str] = &[
    "type",
    "item_id",
    "output_index",
    "content_index",
    "summary_index",
    "delta",
    "logprobs",
    "sequence_number",
    "obfuscation",
];

/// Whether an event with a piece of something says nothing else.
pub fn is_plain(event: &Json) -> bool {
    event.has_only(DELTA) && event.get("logprobs").items().is_empty()
}

/// Events that only repeat what others say.
pub fn is_silent(kind: &str) -> bool {
    kind.ends_with(".done")
        || kind.starts_with("response.content_part.")
        || kind.starts_with("response.reasoning_summary_part.")
}

/// Whether an event or item is of an agent that the model has set to work, or an item
/// is said to one: that is not for the caller, whose only calls are.
pub fn is_helpers(json: &Json) -> bool {
    json.at(&["agent", "agent_name"]).word().is_some_and(|name| name != "/root")
        || json.get("type").text() == Some("agent_message")
}

/// The kind of item whose text an event brings.
pub fn said_in(kind: &str) -> Option<&'static str> {
    let begins = |names: &[&str]| names.iter().any(|name| kind.starts_with(name));
    match kind {
        "response.output_text.annotation.added" => None,
        _ if begins(&["response.reasoning_"]) => Some("reasoning"),
        _ if begins(&["response.output_text.", "response.refusal.", "response.content_part."]) => {
            Some("message")
        }
        _ => None,
    }
}

/// The kind of item that has texts of this kind.
pub fn item_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Refusal => "message",
        Kind::Thought | Kind::Summary => "reasoning",
    }
}

/// The piece that an event brings.
pub fn delta_of<'a>(event: &'a Json<'_>) -> &'a str {
    event.get("delta").text().unwrap_or_default()
}

/// The number of the part that an event is about.
pub fn part_of(event: &Json) -> u64 {
    let number = |name| event.get(name).u64();
    number("summary_index").or(number("content_index")).unwrap_or(0)
}

/// Whether an answer is over and failed.
pub fn is_given_up(response: &Json) -> bool {
    matches!(response.get("status").text(), Some("failed" | "cancelled"))
}
