//! What a caller says and a vendor has no place for, of which no dialect would say
//! that it is missing: it is refused or noted.

use serde_json::{Map, Value};

use super::wanted::Wanted;
use super::{Chat, calls};
use crate::error::Result;
use crate::llm::message::{Message, Part, Piece, Role, ToolCall};
use crate::llm::request::{Format, Request, ToolChoice};

/// What answers in OpenAI's form hold beside text and calls, and the dialects read
/// or leave to the provider that said it; thoughts are nobody else's.
const KNOWN_IN_MESSAGES: [&str; 18] = [
    "container",
    "context_management",
    "continuation_token",
    "diagnostics",
    "input_transformations",
    "stop_details",
    "toolset_name",
    "refusal",
    "tool_plan",
    "extra_content",
    "annotations",
    "citations",
    "reasoning",
    "reasoning_content",
    "reasoning_details",
    "reasoning_opaque",
    "reasoning_text",
    "thinking",
];

/// What goes beside the conversation.
pub fn options(chat: &Chat, wanted: &mut Wanted) -> Result<()> {
    let options = &chat.options.values;
    let ids = [("organization_id", &options.organization_id), ("project_id", &options.project_id)];
    for (key, id) in ids {
        if !wanted.host.takes_ids && id.is_some() && chat.is_explicit(key) {
            wanted.refuse(key, "does not take it")?;
        }
    }
    if wanted.host.has_own_form {
        stream_options(chat, wanted, |_| false);
        note_format(chat, &[], wanted);
    }
    if options.openai_api == "responses" && !wanted.host.has_responses {
        wanted.refuse("openai_api", "has no Responses: openai has them, at any base_url")?;
    }
    let free = matches!(chat.request.tool_choice, None | Some(ToolChoice::Auto | ToolChoice::None));
    if !free && chat.request.tools.is_empty() {
        wanted.note("tool_choice", "left out: there are no tools");
    }
    Ok(())
}

/// Notes what is said of the answer's form beside its name, its schema and that it is
/// strict, as far as the provider does not know it.
pub fn note_format(chat: &Chat, known: &[&str], wanted: &mut Wanted) {
    let Some(Format::JsonSchema { description, within, .. }) = &chat.request.response_format else {
        return;
    };
    let described = description.as_ref().map(|_| "description");
    let said = described.into_iter().chain(within.keys().map(String::as_str));
    for key in said.filter(|key| !known.contains(key)) {
        wanted.note("response_format", &format!("left out: the field {key:.40}"));
    }
}

/// Who asks, and what a request is marked with, where a vendor takes neither.
pub fn refuse_marks(request: &Request, wanted: &mut Wanted) -> Result<()> {
    for (key, is_said) in
        [("user", request.user.is_some()), ("metadata", request.metadata.is_some())]
    {
        if is_said {
            wanted.refuse(key, "does not take it")?;
        }
    }
    Ok(())
}

/// What is asked of a stream, if this is to be one, as far as the provider knows it;
/// the rest is noted.
pub fn stream_options(
    chat: &Chat,
    wanted: &mut Wanted,
    knows: impl Fn(&str) -> bool,
) -> Map<String, Value> {
    let asked = chat.request.stream_options.iter().filter(|(_, value)| !value.is_null());
    let (known, unknown): (Vec<_>, Vec<_>) =
        asked.filter(|_| chat.stream).partition(|(key, _)| knows(key));
    for (key, _) in unknown {
        wanted.note("stream_options", &format!("left out: the field {key:.40}"));
    }
    known.into_iter().map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Notes what of the messages a provider has no place for, whatever the dialect.
pub fn note_messages(chat: &Chat, wanted: &mut Wanted) {
    let messages = &chat.request.messages;
    let host = wanted.host;
    for (at, message) in messages.iter().enumerate() {
        // What is no function's result may say so in its own way.
        if message.is_error && !host.tells_failures && calls::place_of(messages, at).is_some() {
            wanted.note("messages", "left out: is_error: only Anthropic and Gemini have it");
        }
        let knows_refusals = !host.has_own_form && host.chat.knows_refusals;
        let is_own = message.origin.as_ref().is_some_and(|origin| origin.provider == host.name);
        if !knows_refusals && !is_own {
            note_refusal(message, wanted);
        }
        if !host.takes_details && message.content.iter().any(has_detail) {
            wanted.note("messages", "left out: the detail in which to look");
        }
        if host.has_own_form {
            message.tool_calls.iter().for_each(|call| note_call(message, call, wanted));
            message.content.iter().for_each(|piece| note_part(piece, wanted));
        }
    }
    let is_system = |message: &Message| message.role == Role::System;
    let later = messages.iter().skip_while(|message| is_system(message)).any(is_system);
    if later && host.moves_system && !wanted.takes.system_in_turns {
        wanted.note("messages", "the system's in mid-conversation moved before it");
    }
}

/// Notes a refusal beside other words: by itself it is a text to those who know none.
pub fn note_refusal(message: &Message, wanted: &mut Wanted) {
    let refusal = message.extra.get("refusal").and_then(Value::as_str);
    let text = refusal.filter(|text| !text.is_empty());
    if text.is_some_and(|text| text != message.text()) {
        note_field("refusal", wanted);
    }
}

/// What a file or image is, wherever in its part that stands; the detail has a note of
/// its own.
const READ_OF_PARTS: [&str; 4] = ["detail", "filename", "file_data", "file_url"];

/// Notes what a part says beside what it holds, none of which is sent.
pub fn note_part(piece: &Piece, wanted: &mut Wanted) {
    let is_read = |key: &str| READ_OF_PARTS.contains(&key) || KNOWN_IN_MESSAGES.contains(&key);
    let others = piece.extra.keys().filter(|key| !is_read(key)).chain(piece.within.keys());
    others.for_each(|key| note_field(key, wanted));
}

/// Whether an image or a file is to be looked at otherwise than the vendor likes.
fn has_detail(piece: &Piece) -> bool {
    match &piece.part {
        Part::Image(_, detail) => detail.as_deref().is_some_and(|detail| detail != "auto"),
        Part::Document(..) => piece.extra.get("detail").is_some_and(|detail| detail != "auto"),
        _ => false,
    }
}

/// Notes what of the messages a dialect has no place for: names of those who speak,
/// and fields that are not known.
pub fn note_fields(chat: &Chat, wanted: &mut Wanted) {
    chat.request.messages.iter().for_each(|message| note_fields_of(message, &[], wanted));
}

/// The same of one message, of whose fields the dialect knows some more.
pub fn note_fields_of(message: &Message, known: &[&str], wanted: &mut Wanted) {
    if message.name.is_some() && message.role != Role::Tool {
        wanted.note("messages", "left out: the names of those who speak");
    }
    let others = message.extra.keys().filter(|key| !known.contains(&key.as_str()));
    others.for_each(|key| note_unknown(message, key, wanted));
}

/// Notes that a message's field is left out, if nothing stands in for it.
pub fn note_unknown(message: &Message, key: &str, wanted: &mut Wanted) {
    if key == "audio" && message.transcript().is_some() {
        wanted.note("messages", "what the assistant said aloud sent as a text");
    } else if !KNOWN_IN_MESSAGES.contains(&key) {
        note_field(key, wanted);
    }
}

/// Notes what a call says beside its function, none of which is sent.
pub fn note_call(message: &Message, call: &ToolCall, wanted: &mut Wanted) {
    let others = call.extra.keys().filter(|key| *key != "type").chain(call.within.keys());
    others.for_each(|key| note_unknown(message, key, wanted));
}

/// Notes what of another model's answer is neither text nor thought nor call, and
/// goes back to none but that model.
pub fn note_foreign(message: &Message, wanted: &mut Wanted) {
    let Some(origin) = &message.origin else { return };
    let is_lost = |block: &&Value| {
        let id = block["call_id"].as_str();
        id.is_some_and(|id| message.tool_calls.iter().all(|call| call.id != id))
    };
    let calls = origin.blocks.iter().filter(is_lost).filter_map(|block| block["type"].as_str());
    for kind in origin.blocks.iter().flat_map(own_kinds).chain(calls) {
        let (provider, model) = (&origin.provider, &origin.model);
        let what = format!("left out: {kind:.40} of an answer of {provider:.20} {model:.60}");
        wanted.note("messages", &what);
    }
}

/// What a block, or what it holds, is called that only its provider understands.
fn own_kinds(block: &Value) -> Vec<&str> {
    if block["type"].is_string() {
        return own_type(block).into_iter().collect();
    }
    // A whole message of chat completions', Ollama's or Cohere's.
    if block["role"].is_string() {
        let parts = block["content"].as_array().into_iter().flatten().filter_map(own_type);
        let has_images = block["images"].as_array().is_some_and(|images| !images.is_empty());
        return parts.chain(has_images.then_some("images")).collect();
    }
    let is_thought = block["thought"] == true;
    let keys = block.as_object().filter(|_| !is_thought).into_iter().flat_map(Map::keys);
    let is_known = |key: &&str| ["text", "thoughtSignature", "functionCall"].contains(key);
    keys.map(String::as_str).find(|key| !is_known(key)).into_iter().collect()
}

/// The type of a block or part, if others do not have what it holds.
fn own_type(json: &Value) -> Option<&str> {
    const TYPES: [&str; 9] = [
        "text",
        "refusal",
        "thinking",
        "redacted_thinking",
        "tool_use",
        "message",
        "reasoning",
        "function_call",
        "custom_tool_call",
    ];
    json["type"].as_str().filter(|kind| !TYPES.contains(kind))
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
