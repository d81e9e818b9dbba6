//! What Claude's usage states that the plain prices of its tokens leave out, and what
//! its figures count.

use serde_json::{Map, Value};

use crate::llm::json::u64_of;

/// Bytes that no usage has: each event that says some of it tells all.
pub const USAGE_MAX: usize = 1 << 16;
/// What a usage says of the input.
pub const INPUT: [&str; 3] =
    ["input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"];

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

/// Whether the input has in it what the cache gave and took: New API tells OpenAI's
/// figures beside, and it is all of the input where the two agree.
pub fn input_is_whole(usage: &Map<String, Value>) -> bool {
    let openai = usage.get("billing_usage").map(|bill| &bill["openai_usage"]);
    let all = openai.and_then(|usage| u64_of(&usage["prompt_tokens"]));
    usage.get("input_tokens").and_then(u64_of) == all
}
