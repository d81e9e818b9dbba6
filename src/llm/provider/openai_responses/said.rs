//! What is said, as items of OpenAI's Responses.

use serde_json::{Value, json};

use super::{answers, hosted};
use crate::error::Result;
use crate::llm::message::{Message, Part, Piece, Role, Source};
use crate::llm::provider::wanted::Wanted;
use crate::llm::provider::{Chat, calls, lost, send};

/// All messages, the option's system message first.
pub fn input(chat: &Chat, wanted: &mut Wanted) -> Result<Vec<Value>> {
    let mut items = Vec::new();
    if let Some(system) = send::system_prompt(chat) {
        items.push(json!({"role": "system", "content": system}));
    }
    let is_verbatim = |message: &Message| own_items(chat, message, wanted).is_some();
    let messages = calls::with_unique_ids(&chat.request.messages, is_verbatim);
    for (at, message) in messages.iter().enumerate() {
        let own = |message| own_items(chat, message, wanted);
        let asked = asked(&messages, at, own);
        if let Some(asked) = asked.filter(|item| hosted::asks_caller(item).is_some()) {
            items.extend(answers::answer(asked, message, wanted)?);
            continue;
        }
        let known: &[&str] = if message.role == Role::Assistant { &["phase"] } else { &[] };
        lost::note_fields_of(message, known, wanted);
        if message.content.iter().any(|piece| piece.cache_control.is_some()) {
            wanted.note_mark();
        }
        match message.role {
            Role::Assistant => assistant(chat, message, wanted, &mut items)?,
            Role::Tool => items.push(result(&messages, at, asked, wanted)?),
            role => items.push(json!({"role": role.name(), "content": parts(message, wanted)?})),
        }
    }
    Ok(items)
}

/// The items of a message, if this provider said it in this interface.
pub fn own_items<'a>(chat: &Chat, message: &'a Message, wanted: &Wanted) -> Option<&'a [Value]> {
    let origin = send::own(chat, message, wanted)?;
    let is_item = |block: &Value| block["type"].is_string();
    origin.blocks.iter().all(is_item).then_some(&origin.blocks)
}

/// The kept item that the message at this place answers, of those that `own` finds.
fn asked<'a>(
    messages: &'a [Message],
    at: usize,
    own: impl Fn(&'a Message) -> Option<&'a [Value]>,
) -> Option<&'a Value> {
    let id = messages[at].tool_call_id.as_deref().filter(|id| !id.is_empty())?;
    let call = calls::place_of(messages, at);
    let before = call.map_or(&messages[..at], |(asked, _)| &messages[asked..=asked]);
    let is_it = |item: &&Value| {
        let is_call = call.is_some() || hosted::asks_caller(item).is_some();
        is_call && hosted::id_of(item) == Some(id)
    };
    before.iter().rev().filter_map(own).find_map(|items| items.iter().find(is_it))
}

fn assistant(
    chat: &Chat,
    message: &Message,
    wanted: &mut Wanted,
    items: &mut Vec<Value>,
) -> Result<()> {
    if let Some(own) = own_items(chat, message, wanted) {
        // A thought is refused without what came of it.
        let thought = |block: &&Value| block["type"] == "reasoning";
        let trailing = own.iter().rev().take_while(thought).count();
        if trailing > 0 {
            wanted.note("messages", "a thought of the assistant left out: nothing came of it");
        }
        items.extend(own[..own.len() - trailing].iter().map(taken_back));
        return Ok(());
    }
    lost::note_foreign(message, wanted);
    lost::note_refusal(message, wanted);
    if message.content.iter().any(|piece| !matches!(piece.part, Part::Text(_))) {
        wanted
            .leave_out(message.role, "takes only texts and calls of the assistant in Responses")?;
    }
    let extra = message.content.iter().flat_map(|piece| piece.extra.keys());
    extra.for_each(|key| lost::note_field(key, wanted));
    let text = message.text();
    if !text.is_empty() {
        let mut item = json!({"role": "assistant", "content": text});
        if let Some(phase) = phase(message) {
            item["phase"] = phase.clone();
        }
        items.push(item);
    }
    for call in &message.tool_calls {
        let (kind, input) = match call.is_custom() {
            true => ("custom_tool_call", "input"),
            false => ("function_call", "arguments"),
        };
        let arguments = match call.arguments.as_str() {
            "" if !call.is_custom() => "{}",
            arguments => arguments,
        };
        let mut item = json!({
            "type": kind,
            "call_id": call_id(&call.id),
            "name": call.name,
            input: arguments,
        });
        call.within.keys().for_each(|key| lost::note_unknown(message, key, wanted));
        for (key, value) in call.extra.iter().filter(|(key, _)| *key != "type") {
            match key.as_str() {
                "namespace" => item[key] = value.clone(),
                _ => lost::note_unknown(message, key, wanted),
            }
        }
        items.push(item);
    }
    Ok(())
}

/// Whether an assistant's text was the answer or said on the way to it, if that is known:
/// the vendor wants to have it back, also from another of its models.
fn phase(message: &Message) -> Option<&Value> {
    let blocks = message.origin.iter().filter(|origin| origin.provider == "openai");
    let said = blocks.flat_map(|origin| &origin.blocks).rfind(|item| item["type"] == "message");
    let phase = message.extra.get("phase").or_else(|| said?.get("phase"));
    phase.filter(|phase| phase.is_string())
}

/// All that an image is taken back with; what it was made with is refused
/// (Yeachan-Heo/gajae-code, issue 1688).
const IMAGE_FIELDS: [&str; 4] = ["type", "id", "status", "result"];

/// An item as the vendor takes it back: without what its answers have and its requests
/// do not know.
fn taken_back(item: &Value) -> Value {
    let mut item = item.clone();
    let parts = item.get_mut("output").and_then(Value::as_array_mut);
    for part in parts.into_iter().flatten().filter_map(Value::as_object_mut) {
        part.retain(|name, _| !matches!(name.as_str(), "created_by" | "logprobs"));
    }
    let is_image = item["type"] == "image_generation_call";
    if let Some(members) = item.as_object_mut() {
        members.shift_remove("created_by");
        if is_image {
            members.retain(|name, _| IMAGE_FIELDS.contains(&name.as_str()));
        }
    }
    item
}

/// The result of a call, which says who called, if it was not the model but a program of
/// its that waits for the result: the kept item has it.
fn result(
    messages: &[Message],
    at: usize,
    asked: Option<&Value>,
    wanted: &mut Wanted,
) -> Result<Value> {
    let message = &messages[at];
    let is_text = |piece: &Piece| matches!(piece.part, Part::Text(_)) && piece.extra.is_empty();
    let is_text = message.content.iter().all(is_text);
    let mut result = json!({
        "type": output_of(messages, at),
        "call_id": call_id(message.tool_call_id.as_deref().unwrap_or_default()),
        "output": if is_text { message.text().into() } else { parts(message, wanted)? },
    });
    if let Some(caller) = asked.and_then(hosted::caller_of) {
        result["caller"] = caller.clone();
    }
    Ok(result)
}

/// The vendor takes ids of at most 64 letters.
fn call_id(id: &str) -> String {
    send::fitting_id(id, 64, |c| c.is_ascii())
}

/// What a result is called: that depends on the call.
fn output_of(messages: &[Message], at: usize) -> &'static str {
    let call = calls::place_of(messages, at);
    let is_custom = call.is_some_and(|(asked, call)| messages[asked].tool_calls[call].is_custom());
    if is_custom { "custom_tool_call_output" } else { "function_call_output" }
}

fn parts(message: &Message, wanted: &mut Wanted) -> Result<Value> {
    let mut parts = Vec::new();
    for piece in &message.content {
        if let Some(why) = refusal(&piece.part) {
            wanted.refuse("messages", why)?;
            continue;
        }
        let mut part = part(&piece.part);
        more(piece, &mut part, wanted);
        parts.push(part);
    }
    // One text needs no list, and so fits one form of the vendor's schema alone.
    Ok(match parts.as_slice() {
        [] => "".into(),
        [one] if is_bare(one) => one["text"].clone(),
        _ => parts.into(),
    })
}

/// Why a part is none that the vendor takes.
fn refusal(part: &Part) -> Option<&'static str> {
    let Part::Other(json) = part else { return None };
    match json["type"].as_str()? {
        "input_audio" => Some("does not take audio in Responses"),
        "video_url" => Some("takes no videos"),
        _ => None,
    }
}

/// Whether a part is a text and says nothing else.
fn is_bare(part: &Value) -> bool {
    part["type"] == "input_text" && part.as_object().is_some_and(|part| part.len() == 2)
}

fn part(part: &Part) -> Value {
    match part {
        Part::Text(text) => json!({"type": "input_text", "text": text}),
        Part::Image(source, detail) => {
            let mut image = match source {
                Source::File(id) => json!({"type": "input_image", "file_id": id}),
                source => json!({"type": "input_image", "image_url": source.to_url()}),
            };
            image["detail"] = detail.as_deref().unwrap_or("auto").into();
            image
        }
        Part::Document(source, name) => {
            let mut file = match source {
                Source::File(id) => json!({"type": "input_file", "file_id": id}),
                Source::Url(url) => json!({"type": "input_file", "file_url": url}),
                source => json!({"type": "input_file", "file_data": source.to_url()}),
            };
            // Bytes without a name are refused.
            if let Some(name) = name.clone().or_else(|| source.made_up_name()) {
                file["filename"] = name.into();
            }
            file
        }
        Part::Other(json) => json.clone(),
    }
}

const BREAKPOINT: &str = "prompt_cache_breakpoint";

/// Adds what was said of a part beside what it holds, as far as the vendor knows it.
fn more(piece: &Piece, part: &mut Value, wanted: &mut Wanted) {
    piece.within.keys().for_each(|key| lost::note_field(key, wanted));
    for (key, value) in &piece.extra {
        match (key.as_str(), &piece.part) {
            (BREAKPOINT, _) if !wanted.takes.cache_options => wanted.note_breakpoint(),
            (BREAKPOINT, _) | ("detail", Part::Document(..)) => {
                part[key] = value.clone();
            }
            // Read as they stood, wherever that was.
            ("detail" | "filename" | "file_data" | "file_url", _) => {}
            _ => lost::note_field(key, wanted),
        }
    }
}
