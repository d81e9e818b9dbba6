//! Answers in which another of the vendor's models went on where one had declined.
//!
//! A `fallback` block marks where. What was said before it is part of the answer, and
//! stays. What the declining model thought and called is not: nobody waits for a result
//! of its calls, and the vendor refuses a request that has them (platform.claude.com,
//! refusals and fallback).

use serde_json::Value;

/// The ids of what a model that declined had called.
pub fn declined_calls(blocks: &[Value]) -> impl Iterator<Item = &str> {
    let declined = &blocks[..last_handover(blocks)];
    let calls = declined.iter().filter(|block| block["type"] == "tool_use");
    calls.filter_map(|block| block["id"].as_str())
}

/// Leaves out what stands before the last change of the model and may not go back.
pub fn leave_out_declined(blocks: &mut Vec<Value>) {
    let after = blocks.split_off(last_handover(blocks));
    let answered = |call: &Value| blocks.iter().any(|block| block["tool_use_id"] == call["id"]);
    let stays = |block: &Value| match block["type"].as_str().unwrap_or_default() {
        "thinking" | "redacted_thinking" | "connector_text" | "tool_use" => false,
        // The vendor's own tools, which have their results beside them.
        kind => !kind.ends_with("_tool_use") || answered(block),
    };
    let kept: Vec<_> = blocks.iter().filter(|block| stays(block)).cloned().collect();
    *blocks = kept.into_iter().chain(after).collect();
}

fn last_handover(blocks: &[Value]) -> usize {
    blocks.iter().rposition(|block| block["type"] == "fallback").unwrap_or(0)
}
