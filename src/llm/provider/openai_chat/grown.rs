//! Members of a message that come in pieces.

use serde_json::{Map, Value};

/// Adds a piece to what came before: texts and lists grow, the rest is
/// replaced, and so are texts that name something.
pub fn merge(old: &mut Value, piece: Value) {
    match (old, piece) {
        (Value::String(old), Value::String(piece)) => old.push_str(&piece),
        (Value::Array(old), Value::Array(piece)) => old.extend(piece),
        (Value::Object(old), Value::Object(piece)) => {
            piece.into_iter().for_each(|(key, value)| add(old, &key, value));
        }
        (old, piece) if !piece.is_null() => *old = piece,
        _ => {}
    }
}

/// Adds a piece of a member.
pub fn add(all: &mut Map<String, Value>, key: &str, piece: Value) {
    let is_name = matches!(key, "id" | "type" | "format" | "index" | "signature");
    match (all.get_mut(key).filter(|_| !is_name), piece) {
        (_, Value::Null) => {}
        (Some(Value::Array(old)), Value::Array(pieces)) if key == "thinking_blocks" => {
            pieces.into_iter().for_each(|piece| add_thought(old, piece));
        }
        (Some(old), piece) => merge(old, piece),
        (None, piece) => drop(all.insert(key.into(), piece)),
    }
}

/// Adds a piece of Claude's thinking, as LiteLLM hands it on: a block for each, of
/// which the last has the signature, and in newer versions all that was thought. Only
/// a whole one is taken back.
fn add_thought(blocks: &mut Vec<Value>, piece: Value) {
    let is_thought = |block: &Value| block["type"] == "thinking";
    let is_signed = |block: &Value| block["signature"].as_str().is_some_and(|s| !s.is_empty());
    let open = blocks.last_mut().filter(|last| is_thought(last) && !is_signed(last));
    let Some(open) = open.filter(|_| is_thought(&piece)) else { return blocks.push(piece) };
    let Value::String(mut said) = open["thinking"].take() else {
        return *open = piece;
    };
    let new = piece["thinking"].as_str().unwrap_or_default();
    if is_signed(&piece) && new.starts_with(&said) {
        said.clear();
    }
    said.push_str(new);
    *open = piece;
    open["thinking"] = said.into();
}
