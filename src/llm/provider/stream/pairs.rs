//! Whether the other half of a character, cut between two events, is yet to come.

use crate::llm::json::Json;

/// Events that say nothing but that the host is there.
const SIGNS_OF_LIFE: [&str; 4] = ["ping", "keepalive", "keep-alive", "heartbeat"];

/// Whether an event has nothing to do with the text of the one before: it is a sign
/// of life, or of another answer, block or call by its number.
pub fn is_elsewhere(before: &[u8], event: &[u8]) -> bool {
    let (Ok(before), Ok(event)) = (Json::parse(before), Json::parse(event)) else { return false };
    is_sign_of_life(&event) || has_other_number(&before, &event)
}

/// Whether an event says nothing but that the host is there.
pub fn is_sign_of_life(event: &Json) -> bool {
    event.get("type").text().is_some_and(|kind| SIGNS_OF_LIFE.contains(&kind))
}

/// Whether a number that both have, by which things are told apart, is another one.
fn has_other_number(one: &Json, other: &Json) -> bool {
    let items = one.items().iter().zip(other.items());
    let mut members = one.members().iter();
    items.into_iter().any(|(one, other)| has_other_number(one, other))
        || members.any(|(name, one)| match (one.u64(), other.get(name).u64()) {
            (Some(one), Some(other)) => name.ends_with("index") && one != other,
            _ => has_other_number(one, other.get(name)),
        })
}
