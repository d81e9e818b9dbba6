//! What is kept of an answer: the items that go back with it.

use serde_json::Value;

use super::hosted::{self, Tools};
use super::items::Item;
use crate::llm::assemble::Assembler;

/// Items of the vendor's own tools, whose work costs beside the tokens.
const WITH_FEES: [&str; 5] = [
    "web_search_call",
    "x_search_call",
    "file_search_call",
    "code_interpreter_call",
    "image_generation_call",
];

/// Hands over the items of an answer, and says what follows from them.
pub fn hand_over(items: Vec<Item>, tools: &Tools, out: &mut Assembler) {
    let blocks: Vec<Value> = items.into_iter().filter_map(|item| item.value).collect();
    for item in blocks.iter().filter(|item| hosted::is_result(&item["type"])) {
        out.forget_call(0, item["call_id"].as_str().unwrap_or_default());
    }
    let has_fee = |item: &Value| {
        let (kind, name) = (item["type"].as_str(), item["name"].as_str());
        kind.is_some_and(|kind| WITH_FEES.contains(&kind)) || tools.is_vendors(kind, name)
    };
    out.response().has_unpriced |= blocks.iter().any(has_fee);
    let choice = out.choice(0);
    // The items of one that was cut lack the message that was being written.
    let is_said = blocks.iter().any(|item| item["type"] == "message");
    if is_said || choice.text.is_empty() {
        out.blocks(0, blocks);
    }
}
