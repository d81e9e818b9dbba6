//! What Claude's usage states that the plain prices of its tokens leave out.

use serde_json::{Map, Value};

use crate::llm::json::u64_of;

/// Whether a usage states what its tokens' plain prices leave out: a tier, a speed, a
/// place, a tool's work other than searches, or runs that its sums do not count.
pub fn is_unpriced(usage: &Map<String, Value>) -> bool {
    // A call that went to another model at once, which the sums count.
    let counts_all = |run: &Value| {
        let same = |name: &str| run[name].is_u64() && usage.get(name) == Some(&run[name]);
        run["type"] == "fallback_message" && same("input_tokens") && same("output_tokens")
    };
    let is_other = |(key, value): (&String, &Value)| match (key.as_str(), value) {
        ("service_tier" | "speed", Value::String(word)) => word != "standard",
        ("inference_geo", Value::String(place)) => {
            !matches!(place.as_str(), "" | "global" | "not_available")
        }
        ("server_tool_use", Value::Object(uses)) => uses.iter().any(|(tool, uses)| {
            let is_known = matches!(tool.as_str(), "web_search_requests" | "web_fetch_requests");
            !is_known && u64_of(uses).is_some_and(|uses| uses > 0)
        }),
        ("iterations", Value::Array(runs)) => match runs.as_slice() {
            [run] if counts_all(run) => false,
            runs => runs.iter().any(|run| run["type"] != "message"),
        },
        _ => false,
    };
    usage.iter().any(is_other)
}
