//! What gateways know of an answer in blocks, beside the message in OpenAI's form:
//! Portkey all that Claude said but its calls, TensorZero the thoughts and their places.
//!
//! Both take them back in the next turn, Portkey in place of the text, so the pieces of
//! a stream must come to whole blocks.

use serde_json::{Map, Value, json};

use super::grown::merge;
use crate::llm::json::Json;

/// Portkey's name for them, and TensorZero's.
pub const NAMES: [&str; 2] = ["content_blocks", "tensorzero_extra_content_experimental"];

/// What is thought in these blocks or pieces of such.
pub fn thoughts<'a>(items: &'a [Json<'_>]) -> impl Iterator<Item = &'a str> {
    items.iter().filter_map(|item| match item.get("type").text() {
        Some("thought") => item.get("text").word().or(item.get("summary_text").word()),
        Some("thinking") => item.get("thinking").word(),
        _ => item.at(&["delta", "thinking"]).word(),
    })
}

/// Adds blocks, or pieces that belong to the block with their number, to the member of
/// this name; answers how many blocks that has now.
pub fn join(all: &mut Map<String, Value>, name: &str, items: &[Json]) -> usize {
    let blocks = all.entry(name).or_insert_with(|| json!([]));
    let Value::Array(blocks) = blocks else { return 0 };
    for item in items {
        let (number, piece) = match item.get("delta") {
            delta @ Json::Object(_) => ("index", typed(delta.to_value(), item.get("index"))),
            _ => ("insert_index", item.to_value()),
        };
        let is_same =
            |block: &&mut Value| !piece[number].is_null() && block[number] == piece[number];
        match (blocks.iter_mut().rfind(is_same), piece) {
            (Some(Value::Object(block)), Value::Object(piece)) => grow(block, piece),
            (_, piece) => blocks.push(piece),
        }
    }
    blocks.len()
}

/// Portkey leaves out of what kind a piece is.
fn typed(mut piece: Value, index: &Json) -> Value {
    let has = |names: &[&str]| names.iter().any(|name| piece[name].is_string());
    let kind = match () {
        () if has(&["thinking", "signature"]) => "thinking",
        () if has(&["data"]) => "redacted_thinking",
        () => "text",
    };
    piece["type"] = kind.into();
    piece["index"] = index.to_value();
    piece
}

/// A piece's texts go on, all else is said once.
fn grow(block: &mut Map<String, Value>, piece: Map<String, Value>) {
    for (key, value) in piece {
        match block.get_mut(&key) {
            Some(old) if matches!(key.as_str(), "text" | "thinking" | "summary_text") => {
                merge(old, value);
            }
            _ if value.is_null() => {}
            _ => drop(block.insert(key, value)),
        }
    }
}

/// The blocks as they go back: without the numbers that joined their pieces, and without
/// texts of nothing, which Claude refuses.
pub fn end(all: &mut Map<String, Value>) {
    let Some(Value::Array(blocks)) = all.get_mut(NAMES[0]) else { return };
    for block in blocks.iter_mut().filter_map(Value::as_object_mut) {
        block.shift_remove("index");
    }
    blocks.retain(|block| block["type"] != "text" || block["text"] != "");
}
