//! What the vendor's own answers have and its requests refuse.

use serde_json::Value;

use super::turns::{Turn, is_thought};
use crate::llm::provider::wanted::Wanted;

/// The vendor goes on from no text that ends in white space.
pub fn end_with_a_word(turns: &mut Vec<Turn>, wanted: &mut Wanted) {
    let Some(("assistant", blocks)) = turns.last_mut() else { return };
    while let Some(block) = blocks.last_mut()
        && let Some(text) = block["text"].as_str().filter(|_| block["type"] == "text")
        && text.ends_with(char::is_whitespace)
    {
        wanted.note("messages", "left out: white space at the end: the vendor goes on from none");
        match text.trim_end() {
            "" => drop(blocks.pop()),
            said => block["text"] = String::from(said).into(),
        }
    }
    if blocks.is_empty() {
        turns.pop();
    }
}

/// The vendor refuses a message that ends with a thought, as its own does that was
/// cut while it thought.
pub fn leave_out_last_thoughts(blocks: &mut Vec<Value>, wanted: &mut Wanted) {
    leave_out_silence(blocks);
    let kept = blocks.iter().rposition(|block| !is_thought(block)).map_or(0, |last| last + 1);
    if kept < blocks.len() {
        blocks.truncate(kept);
        wanted.note("messages", "left out: thoughts that no word and no call follows");
    }
}

/// Leaves out what the vendor's answers have and its requests refuse: of which file a
/// source is, titles and results of tools that say nothing, and in which words a search
/// for tools failed.
pub fn leave_out_refused(block: &mut Value) {
    if let Some(Value::Array(sources)) = block.get_mut("citations") {
        for source in sources {
            source.as_object_mut().map(|source| source.shift_remove("file_id"));
            leave_out_blank_titles(source);
        }
    }
    if block["type"] == "document" {
        leave_out_blank_titles(block);
    }
    match block.get_mut("content") {
        Some(Value::Array(inner)) => {
            inner.retain(|part| part["type"] != "text" || part["text"] != "");
            inner.iter_mut().for_each(leave_out_refused);
        }
        Some(inner @ Value::Object(_)) => {
            if inner["type"] == "tool_search_tool_result_error" {
                inner.as_object_mut().map(|failure| failure.shift_remove("error_message"));
            }
            leave_out_refused(inner);
        }
        _ => {}
    }
}

fn leave_out_blank_titles(block: &mut Value) {
    let members = block.as_object_mut().into_iter().flatten();
    let titles = members.filter(|(name, title)| name.ends_with("title") && *title == "");
    titles.for_each(|(_, title)| *title = Value::Null);
}

/// The vendor refuses texts that are empty, and white space where nothing else
/// is said; its own answers have them even so, before a call.
pub fn leave_out_silence(blocks: &mut Vec<Value>) {
    let speaks = |block: &Value| block["text"].as_str().is_some_and(|text| !text.trim().is_empty());
    let said = blocks.iter().any(speaks);
    blocks.retain(|block| block["type"] != "text" || said && block["text"] != "");
}
