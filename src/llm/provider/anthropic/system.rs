//! What the system says: a field before the conversation, and in its midst turns of its
//! own for the models whose thoughts are bound to that field. They refuse their own
//! thoughts once it is another.

use serde_json::Value;

use super::refused::leave_out_silence;
use super::turns::{Turn, blocks};
use crate::error::Result;
use crate::llm::message::{Message, Role};
use crate::llm::provider::wanted::Wanted;
use crate::llm::provider::{Chat, send};

/// The system messages of the field, or the option's.
pub fn field(chat: &Chat, wanted: &mut Wanted) -> Result<Option<Value>> {
    if let Some(text) = send::system_prompt(chat) {
        return Ok(Some(text.into()));
    }
    let messages = &chat.request.messages;
    let mut all = Vec::new();
    for message in messages[..head(messages, wanted)].iter().filter(|m| m.role == Role::System) {
        all.extend(said(message, &["text"], wanted)?);
    }
    let marked = all.iter().any(|block| !block["cache_control"].is_null());
    let texts: Vec<_> = all.iter().filter_map(|block| block["text"].as_str()).collect();
    Ok(match (all.len(), marked) {
        (0, _) => None,
        (_, false) => Some(texts.join("\n\n").into()),
        _ => Some(all.into()),
    })
}

/// How many messages there are whose system messages are the field.
pub fn head(messages: &[Message], wanted: &Wanted) -> usize {
    let talk = messages.iter().position(|message| message.role != Role::System);
    talk.filter(|_| wanted.takes.system_in_turns).unwrap_or(messages.len())
}

/// What of the system's is no text: in a turn it may add tools and remove them, which
/// the list of tools could not do without another conversation.
pub const OF_TOOLS: [&str; 2] = ["tool_addition", "tool_removal"];
/// What it says in a turn.
pub const IN_A_TURN: [&str; 3] = ["text", OF_TOOLS[0], OF_TOOLS[1]];

/// What a system message says: nothing but these kinds of blocks.
pub fn said(message: &Message, kinds: &[&str], wanted: &mut Wanted) -> Result<Vec<Value>> {
    let mut all = blocks(message, wanted)?;
    let is_taken = |block: &Value| block["type"].as_str().is_some_and(|kind| kinds.contains(&kind));
    if !all.iter().all(is_taken) {
        wanted.refuse("messages", "takes nothing but texts from the system")?;
        all.retain(is_taken);
    }
    Ok(all)
}

/// Says what the system has told after the user's turn: the vendor takes it nowhere
/// else, so that what stands before that waits for it.
pub fn tell(turns: &mut Vec<Turn>, told: &mut Vec<Value>) {
    leave_out_silence(told);
    match turns.last_mut() {
        _ if told.is_empty() => {}
        Some(("system", all)) => all.append(told),
        Some(("user", _)) => turns.push(("system", std::mem::take(told))),
        _ => {}
    }
}
