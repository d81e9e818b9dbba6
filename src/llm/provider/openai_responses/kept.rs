//! What is kept of an answer: the items that go back with it.

use serde_json::Value;

use super::hosted::{self, Tools};
use super::items::Item;
use crate::llm::assemble::Assembler;
use crate::llm::response::FinishReason;

/// Items of the vendor's own tools, whose work costs beside the tokens.
const WITH_FEES: [&str; 5] = [
    "web_search_call",
    "x_search_call",
    "file_search_call",
    "code_interpreter_call",
    "image_generation_call",
];

/// Hands over the items of an answer, and says what follows from them.
pub fn hand_over(mut items: Vec<Item>, tools: &Tools, out: &mut Assembler) {
    let mut others: Vec<_> = items.iter_mut().filter_map(|item| name_call(item, out)).collect();
    let has_all_calls = items.iter().all(|item| item.call.is_none() || item.value.is_some());
    let blocks: Vec<Value> = items.into_iter().filter_map(|item| item.value).collect();
    let results = blocks.iter().filter(|item| hosted::is_result(&item["type"]));
    others.extend(results.filter_map(|item| item["call_id"].as_str().map(String::from)));
    others.iter().for_each(|id| out.forget_call(0, id));
    let has_fee = |item: &Value| {
        let (kind, name) = (item["type"].as_str(), item["name"].as_str());
        kind.is_some_and(|kind| WITH_FEES.contains(&kind)) || tools.is_vendors(kind, name)
    };
    out.response().has_unpriced |= blocks.iter().any(has_fee);
    note_asked(&blocks, out);
    let choice = out.choice(0);
    let told = letters(&choice.text) + letters(choice.refusal.as_deref().unwrap_or_default());
    // Items that lack a call, or some of what was said, are no answer: those of one
    // that was cut, or of a host that leaves the text out when it is done.
    if has_all_calls && told <= blocks.iter().map(said).sum() {
        out.blocks(0, blocks);
    }
}

/// A call goes back under the id that it was told by: some hosts give it another one
/// when it is done, and a result has to name the call that it answers. So it does with
/// the arguments, which LM Studio leaves out then. Answers the id of one that was none
/// after all: another item took its place.
fn name_call(item: &mut Item, out: &mut Assembler) -> Option<String> {
    let (Some(call), Some(value)) = (&item.call, &mut item.value) else { return None };
    let id = out.tool_id(0, call.place);
    if !matches!(value["type"].as_str(), Some("function_call" | "custom_tool_call")) {
        return Some(id);
    }
    if ["call_id", "id"].iter().any(|name| value[name].as_str().is_some_and(|id| !id.is_empty())) {
        value["call_id"] = id.into();
    }
    let given = &value["arguments"];
    if value["type"] == "function_call" && (given.is_null() || *given == "" || *given == "{}") {
        let told = out.called(0, call.place).map_or("{}", |call| &call.arguments);
        value["arguments"] = told.into();
    }
    None
}

/// An answer that waits for the caller to carry out a tool of the vendor's is not over,
/// and has no call that would say so.
fn note_asked(blocks: &[Value], out: &mut Assembler) {
    let is_open = |asked: &&Value| !blocks.iter().any(|item| hosted::answers(item, asked));
    let asked = blocks.iter().filter(|item| hosted::asks_caller(item).is_some()).find(is_open);
    let Some(kind) = asked.and_then(hosted::asks_caller) else { return };
    let has_calls = out.calls_of(0) > 0;
    let choice = out.choice(0);
    choice.finish_detail = Some(kind.into());
    if choice.finish_reason == Some(FinishReason::Stop) && !has_calls {
        choice.finish_reason = Some(FinishReason::Other);
    }
}

/// The letters that an item says to the user.
fn said(item: &Value) -> usize {
    if item["type"] != "message" {
        return 0;
    }
    let parts = item["content"].as_array().into_iter().flatten();
    let texts = parts.flat_map(|part| [&part["text"], &part["refusal"]]);
    texts.filter_map(Value::as_str).map(letters).sum()
}

/// White space is trimmed here and there.
fn letters(text: &str) -> usize {
    text.bytes().filter(|byte| !byte.is_ascii_whitespace()).count()
}
