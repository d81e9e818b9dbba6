//! What a caller says and a vendor has no place for, of which no dialect would say
//! that it is missing: it is refused or noted.

use super::Chat;
use super::wanted::Wanted;
use crate::error::Result;
use crate::llm::message::Role;
use crate::llm::request::ToolChoice;

/// What answers in OpenAI's form hold beside text and calls, and the dialects read
/// or leave to the provider that said it.
const KNOWN_IN_MESSAGES: [&str; 6] =
    ["refusal", "tool_plan", "extra_content", "annotations", "citations", "images"];

/// Whether OpenAI's organisation and project are sent: behind an address of the
/// caller's there may be a gateway to it.
pub fn takes_organization(provider: &str) -> bool {
    matches!(provider, "openai" | "custom")
}

/// What goes beside the conversation.
pub fn options(chat: &Chat, wanted: &mut Wanted) -> Result<()> {
    let options = &chat.options.values;
    let ids = [("organization_id", &options.organization_id), ("project_id", &options.project_id)];
    for (key, id) in ids {
        let is_lost = !takes_organization(wanted.provider);
        if is_lost && id.is_some() && chat.is_explicit(key) {
            wanted.refuse(key, "does not take it")?;
        }
    }
    let free = matches!(chat.request.tool_choice, None | Some(ToolChoice::Auto | ToolChoice::None));
    if !free && chat.request.tools.is_empty() {
        wanted.note("tool_choice", "left out: there are no tools");
    }
    Ok(())
}

/// Notes what of results a provider has no place for.
pub fn note_pieces(chat: &Chat, wanted: &mut Wanted) {
    let tells_failures = matches!(wanted.provider, "anthropic" | "gemini");
    for message in &chat.request.messages {
        if message.is_error && !tells_failures {
            wanted.note("messages", "left out: is_error: only Anthropic and Gemini have it");
        }
    }
}

/// Notes what of the messages a dialect has no place for: names of those who speak,
/// and fields that are not known.
pub fn note_fields(chat: &Chat, wanted: &mut Wanted) {
    let is_known = |key: &str| {
        KNOWN_IN_MESSAGES.contains(&key)
            || ["reasoning", "thinking"].iter().any(|s| key.starts_with(s))
    };
    for message in &chat.request.messages {
        if message.name.is_some() && message.role != Role::Tool {
            wanted.note("messages", "left out: the names of those who speak");
        }
        message.extra.keys().filter(|key| !is_known(key)).for_each(|key| note_field(key, wanted));
    }
}

/// Notes a field of a message that is left out.
pub fn note_field(key: &str, wanted: &mut Wanted) {
    wanted.note("messages", &format!("left out: the field {key:.40}"));
}

/// Notes that a message is left out because nothing is said in it.
pub fn note_silence(role: Role, wanted: &mut Wanted) {
    let role = role.name();
    wanted.note("messages", &format!("left out: a message in which the {role} says nothing"));
}
