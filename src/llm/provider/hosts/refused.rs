//! Which parts of a message a vendor's schema has no place for, and why.

use crate::llm::message::{Part, Role, Source};

/// By OpenAI.
pub fn of_openai(part: &Part, role: Role) -> Option<&'static str> {
    match part {
        Part::Document(Source::Url(_), _) if role == Role::User => {
            Some("takes documents as bytes or by id here, not by address")
        }
        Part::Image(Source::File(_), _) if role == Role::User => {
            Some("takes images as bytes or by address here, not by id")
        }
        // Other hosts' part, which Kimi, OpenRouter and vLLM know.
        Part::Other(json) if json["type"] == "video_url" => Some("takes no videos"),
        _ => text_of_others(part, role),
    }
}

/// By DeepSeek.
pub fn of_deepseek(part: &Part, role: Role) -> Option<&'static str> {
    match part {
        Part::Image(..) if role == Role::Tool => None,
        _ if role == Role::Tool => Some("takes nothing but text and images in a tool's result"),
        _ => text_of_others(part, role),
    }
}

/// By Kimi, whose schema has the same parts in all roles; what lies there has an address
/// of its own.
pub fn of_kimi(part: &Part, _role: Role) -> Option<&'static str> {
    let is_taken = |url: &str| ["ms://", "data:"].iter().any(|scheme| url.starts_with(scheme));
    match part {
        Part::Document(..) => Some("takes no documents: send what they say as a text"),
        Part::Image(Source::Url(url), _) if !is_taken(url) => {
            Some("takes images as bytes or by id, not by address")
        }
        _ => None,
    }
}

/// Of those who take only the user's pictures and files.
fn text_of_others(part: &Part, role: Role) -> Option<&'static str> {
    let is_refusal = matches!(part, Part::Other(json) if json["type"] == "refusal");
    let is_taken = role == Role::User || is_refusal && role == Role::Assistant;
    (!is_taken).then_some("takes nothing but text outside the user's messages")
}
