//! Tools that a host runs by itself, and shows among the calls of an answer.
//!
//! The caller has nothing to do for them: such a call is told as an event of the
//! host's own, and one that its result shows to be such is taken back.

use serde_json::Value;

use crate::llm::json::Json;

/// Whether a piece of a call is none of the caller's: Zhipu's own tools have a member
/// of their kind where others have a function, and LiteLLM numbers the end of a
/// thought of Claude's below 0, as a call of no name before all others.
pub fn is_hosts(call: &Json, calls_before: usize) -> bool {
    let kind = call.get("type").word().unwrap_or("function");
    let has_own = !matches!(kind, "function" | "custom") && call.get(kind).is_object();
    let is_numbered = call.get("index").f64().is_none_or(|index| index >= 0.0);
    let names = [call.get("id"), call.at(&["function", "name"])];
    let is_named = names.iter().any(|name| name.word().is_some());
    has_own && !call.get("function").is_object() || calls_before == 0 && !is_numbered && !is_named
}

/// The call whose result a message or a piece of one is: MiniMax tells what its search
/// has found as a tool does.
pub fn result_of<'a>(piece: &'a Json<'a>) -> Option<&'a str> {
    let id = piece.get("tool_call_id").word();
    id.filter(|_| piece.get("role").text() == Some("tool"))
}

/// What it has found, if that is a list.
pub fn found(piece: &Json) -> Option<Value> {
    let found: Value = serde_json::from_str(piece.get("content").text()?).ok()?;
    found.as_array().is_some_and(|found| !found.is_empty()).then_some(found)
}
