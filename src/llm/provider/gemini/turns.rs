//! What is said, in Gemini's form: messages are turns of parts, and system
//! messages stand apart.

use serde_json::{Map, Value, json};

use super::super::wanted::Wanted;
use super::super::{Chat, calls, exact, lost, send};
use crate::error::Result;
use crate::llm::message::{Message, Part, Piece, Role, Source, ToolCall};

/// What stands in for a signature that another provider's call cannot have;
/// the vendor skips its check then.
const NO_SIGNATURE: &str = "skip_thought_signature_validator";

/// The parts of the system messages, or of the option's.
pub fn system(chat: &Chat, wanted: &mut Wanted) -> Result<Vec<Value>> {
    if let Some(text) = send::system_prompt(chat) {
        return Ok(vec![json!({"text": text})]);
    }
    let mut all = Vec::new();
    for message in chat.request.messages.iter().filter(|m| m.role == Role::System) {
        all.extend(parts(message, wanted)?);
    }
    Ok(all)
}

/// The turns. The results of parallel calls stand together and alone: Vertex refuses
/// what stands beside them (Prism-Shadow/agenthub, request 189).
pub fn contents(chat: &Chat, wanted: &mut Wanted) -> Result<Vec<Value>> {
    let is_verbatim = |message: &Message| send::own(chat, message, wanted).is_some();
    let messages = calls::with_unique_ids(&chat.request.messages, is_verbatim);
    let mut order: Vec<_> =
        (0..messages.len()).filter(|at| messages[*at].role != Role::System).collect();
    calls::sort_results(&messages, &mut order);
    let mut turns = Vec::new();
    for at in order {
        let message = &messages[at];
        let (kind, parts) = match message.role {
            Role::Tool => ("user", result(&messages, at, &mut turns, wanted)?),
            Role::Assistant => ("model", model_turn(chat, message, wanted)?),
            _ => ("user", parts(message, wanted)?),
        };
        match turns.last_mut() {
            _ if parts.is_empty() && message.role == Role::Tool => {}
            _ if parts.is_empty() => lost::note_silence(message.role, wanted),
            Some((last, all)) if *last == kind => join(all, parts),
            _ => turns.push((kind, parts)),
        }
    }
    let is_trailing = turns.last().is_some_and(|(kind, _)| *kind == "model");
    if is_trailing && !wanted.takes.prefill {
        wanted.refuse("messages", "does not go on from an assistant's message")?;
        turns.pop();
    }
    let role = |kind| if kind == RESULTS { "user" } else { kind };
    let turns = turns.into_iter();
    Ok(turns.map(|(kind, parts)| json!({"role": role(kind), "parts": parts})).collect())
}

/// Adds what is said to a turn: of calls that come together only the first is signed.
fn join(turn: &mut Vec<Value>, mut parts: Vec<Value>) {
    if turn.iter().any(|part| part["functionCall"].is_object()) {
        let made_up = parts.iter_mut().filter(|part| part["thoughtSignature"] == NO_SIGNATURE);
        made_up.filter_map(Value::as_object_mut).for_each(|part| {
            part.shift_remove("thoughtSignature");
        });
    }
    turn.extend(parts);
}

/// Who speaks, and what is said.
type Turn = (&'static str, Vec<Value>);

/// A turn of the user's that consists of results.
const RESULTS: &str = "results";

/// Puts what the system says before what the user says first, for models that know
/// no system.
pub fn put_at_head(mut system: Vec<Value>, turns: &mut Vec<Value>, wanted: &mut Wanted) {
    wanted.note("messages", "the system's put before what the user says: the model knows none");
    for part in &mut system {
        if let Some(Value::String(text)) = part.get_mut("text") {
            text.push_str("\n\n");
        }
    }
    match turns.first_mut() {
        // Nothing is said, which is refused.
        None => {}
        Some(first) if first["role"] == "user" => {
            if let Some(parts) = first["parts"].as_array_mut() {
                parts.splice(0..0, system);
            }
        }
        Some(_) => turns.insert(0, json!({"role": "user", "parts": system})),
    }
}

fn model_turn(chat: &Chat, message: &Message, wanted: &mut Wanted) -> Result<Vec<Value>> {
    if let Some(origin) = send::own(chat, message, wanted) {
        let mut parts = origin.blocks.clone();
        let calls = parts.iter_mut().filter_map(|part| part.pointer_mut("/functionCall/args"));
        calls::restore(calls, message);
        return Ok(parts);
    }
    lost::note_foreign(message, wanted);
    let mut parts = parts(message, wanted)?;
    // What the caller says of another's answer is for that one.
    let signed = |extra| signature(extra).filter(|_| message.origin.is_none());
    if let (Some(signature), Some(last)) = (signed(&message.extra), parts.last_mut()) {
        last["thoughtSignature"] = signature.clone();
    }
    for (i, call) in message.tool_calls.iter().enumerate() {
        let args = calls::arguments(message, call, wanted)?;
        let mut function = json!({"name": call.name, "args": args});
        if ToolCall::has_own_id(&call.id) {
            function["id"] = call.id.clone().into();
        }
        let mut part = json!({"functionCall": function});
        if let Some(signature) = signed(&call.extra) {
            part["thoughtSignature"] = signature.clone();
        } else if i == 0 && is_new(&wanted.model) {
            part["thoughtSignature"] = NO_SIGNATURE.into();
        }
        parts.push(part);
    }
    Ok(parts)
}

/// The signature that a message or call in OpenAI's form has, as Google puts it there
/// (ai.google.dev, thought signatures).
fn signature(extra: &Map<String, Value>) -> Option<&Value> {
    let signature = &extra.get("extra_content")?["google"]["thought_signature"];
    signature.as_str().filter(|signature| !signature.is_empty()).map(|_| signature)
}

/// Whether it is Gemini 3 or later, which insists on signatures.
fn is_new(model: &str) -> bool {
    let name = model.rsplit('/').next().unwrap_or_default();
    name.strip_prefix("gemini-").is_some_and(|rest| !rest.starts_with(['1', '2']))
}

/// What newer models are shown within a result.
const SHOWN: [&str; 5] = ["image/png", "image/jpeg", "image/webp", "application/pdf", "text/plain"];

/// Puts a result after the calls that it belongs to. What is left are the images and
/// documents that it holds beside its text: newer models take those within it that are
/// here, where it is clear which call's they are.
fn result(
    messages: &[Message],
    at: usize,
    turns: &mut Vec<Turn>,
    wanted: &mut Wanted,
) -> Result<Vec<Value>> {
    let message = &messages[at];
    if message.content.iter().any(|piece| piece.cache_control.is_some()) {
        wanted.note_mark();
    }
    let (mut within, mut beside) = (Vec::new(), Vec::new());
    let response = function_response(messages, at, wanted)?;
    let takes_parts = response.is_some() && is_new(&wanted.model);
    if response.is_none() {
        beside.push(json!({"text": message.text()}));
    }
    for piece in message.content.iter().filter(|piece| !matches!(piece.part, Part::Text(_))) {
        let Some(part) = part(piece, wanted)? else { continue };
        let kind = part["inlineData"]["mimeType"].as_str();
        match takes_parts && kind.is_some_and(|kind| SHOWN.contains(&kind)) {
            true => within.push(part),
            false => beside.push(part),
        }
    }
    if let Some(mut response) = response {
        if !within.is_empty() {
            response["functionResponse"]["parts"] = within.into();
        }
        let call = turns.iter().rposition(|(kind, _)| *kind == "model");
        let place = call.map_or(turns.len(), |call| call + 1);
        match turns.get_mut(place) {
            Some((RESULTS, all)) => all.push(response),
            _ => turns.insert(place, (RESULTS, vec![response])),
        }
    }
    Ok(beside)
}

/// A result: an object, with the function's name found from its call.
fn function_response(
    messages: &[Message],
    at: usize,
    wanted: &mut Wanted,
) -> Result<Option<Value>> {
    let message = &messages[at];
    let id = message.tool_call_id.as_deref().unwrap_or_default();
    let Some(name) = calls::function_of(messages, at) else {
        wanted.refuse("messages", &format!("needs the call that {id} is the result of"))?;
        return Ok(None);
    };
    let text = message.text();
    let response = match serde_json::from_str::<Value>(&text) {
        _ if message.is_error => json!({"error": text}),
        // In an object it would point at another part of the request.
        Ok(_) if text.contains("\"$ref\"") => json!({"output": text}),
        Ok(object @ Value::Object(_)) => exact::of(&text, object),
        Ok(list @ Value::Array(_)) => json!({"output": exact::of(&text, list)}),
        // A number's digits, too, are as the tool wrote them.
        _ => json!({"output": text}),
    };
    let mut function = json!({"name": name, "response": response});
    if ToolCall::has_own_id(id) {
        function["id"] = id.into();
    }
    Ok(Some(json!({"functionResponse": function})))
}

fn parts(message: &Message, wanted: &mut Wanted) -> Result<Vec<Value>> {
    let mut parts = Vec::new();
    for piece in &*message.spoken() {
        if piece.cache_control.is_some() {
            wanted.note_mark();
        }
        parts.extend(part(piece, wanted)?);
    }
    Ok(parts)
}

fn part(piece: &Piece, wanted: &mut Wanted) -> Result<Option<Value>> {
    Ok(Some(match &piece.part {
        Part::Text(text) if text.is_empty() => return Ok(None),
        Part::Text(text) => json!({"text": text}),
        Part::Image(source, _) | Part::Document(source, _) => media(source),
        Part::Other(json) if json["type"] == "input_audio" => {
            let audio = &json["input_audio"];
            let mime = format!("audio/{}", audio["format"].as_str().unwrap_or("wav"));
            json!({"inlineData": {"mimeType": mime, "data": audio["data"]}})
        }
        Part::Other(json) => {
            let kind = json["type"].as_str().unwrap_or_default();
            wanted.refuse("messages", &format!("does not take content of type {kind}"))?;
            return Ok(None);
        }
    }))
}

fn media(source: &Source) -> Value {
    match source {
        Source::Bytes { mime, base64 } => json!({"inlineData": {"mimeType": mime, "data": base64}}),
        Source::File(uri) => json!({"fileData": {"fileUri": uri}}),
        Source::Url(url) => {
            let mut file = json!({"fileUri": url});
            if let Some(mime) = mime_of(url) {
                file["mimeType"] = mime.into();
            }
            json!({"fileData": file})
        }
    }
}

/// The media type that an address ends with.
fn mime_of(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    Some(match path.rsplit('.').next()? {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "gif" => "image/gif",
        "heic" => "image/heic",
        "pdf" => "application/pdf",
        "txt" => "text/plain",
        "mp4" => "video/mp4",
        "mp3" => "audio/mp3",
        "wav" => "audio/wav",
        _ => return None,
    })
}
