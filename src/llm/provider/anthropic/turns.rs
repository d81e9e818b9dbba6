//! What is said, in Anthropic's form: turns alternate, and the results of one turn's
//! calls stand together at the head of the user's next message.

use serde_json::{Value, json};

use super::fallback::leave_out_declined;
use super::system;
use crate::error::Result;
use crate::llm::message::{Message, Part, Piece, Role, Source};
use crate::llm::provider::wanted::Wanted;
use crate::llm::provider::{Chat, calls, lost, send};

/// A turn: whose, and its blocks.
pub type Turn = (&'static str, Vec<Value>);

/// Whose call it is, where the vendor has several tools of one name.
pub const TOOLSET: &str = "toolset_name";

/// The turns of user and assistant.
pub fn messages(chat: &Chat, wanted: &mut Wanted) -> Result<Vec<Value>> {
    let mut turns: Vec<Turn> = Vec::new();
    let is_verbatim = |message: &Message| send::own(chat, message, wanted).is_some();
    let said = calls::with_unique_ids(&chat.request.messages, is_verbatim);
    let (head, mut told) = (system::head(&said, wanted), Vec::new());
    for (at, message) in said.iter().enumerate() {
        match message.role {
            Role::System if at < head => {}
            Role::System => told.extend(system::said(message, &system::IN_A_TURN, wanted)?),
            Role::Tool => add_result(&mut turns, result(&said, at, wanted)?),
            role => {
                let mut blocks = match role {
                    Role::Assistant => assistant(chat, message, wanted)?,
                    _ => blocks(message, wanted)?,
                };
                leave_out_silence(&mut blocks);
                if blocks.is_empty() {
                    lost::note_silence(role, wanted);
                    continue;
                }
                match role {
                    Role::Assistant => system::tell(&mut turns, &mut told),
                    _ if told.is_empty() => {}
                    _ => wanted.note("messages", "the system's moved after the user's next"),
                }
                add(&mut turns, role.name(), blocks);
            }
        }
    }
    // The last turn, whatever says nothing or goes elsewhere after it.
    let trailing = turns.last().is_some_and(|(role, _)| *role == "assistant");
    let last = chat.request.messages.iter().rfind(|m| m.role == Role::Assistant);
    if let Some(last) = last.filter(|_| trailing && !wanted.takes.prefill)
        && send::own(chat, last, wanted).is_none()
    {
        wanted.refuse("messages", "does not go on from an assistant's message")?;
        turns.pop();
    }
    system::tell(&mut turns, &mut told);
    if !told.is_empty() {
        wanted.refuse("messages", "takes what the system says after the user's turn alone")?;
    }
    end_with_a_word(&mut turns, wanted);
    Ok(turns.into_iter().map(|(role, blocks)| json!({"role": role, "content": blocks})).collect())
}

/// The container in which code of the model's waits for a result, of a call or of the
/// vendor's own tools: the vendor refuses what follows without it. It is told once, and
/// answers after that may not say it again (UKGovernmentBEIS/inspect_ai, issue 4603).
pub fn container(chat: &Chat, wanted: &Wanted) -> Option<Value> {
    let said = chat.request.messages.iter().rev().filter(|m| m.role == Role::Assistant);
    let mut own = said.map_while(|m| Some((m, &send::own(chat, m, wanted)?.blocks))).peekable();
    let (_, last) = own.peek()?;
    let is_called_by_code = |block: &Value| {
        let caller = block["caller"]["type"].as_str().unwrap_or_default();
        caller.starts_with("code_execution")
    };
    let is_done = |id: &Value| last.iter().any(|block| block["tool_use_id"] == *id);
    let waits = |block: &Value| match block["type"].as_str() {
        Some("tool_use") => is_called_by_code(block),
        Some("server_tool_use") => {
            let is_code = block["name"].as_str().is_some_and(|n| n.contains("code_execution"));
            (is_code || is_called_by_code(block)) && !is_done(&block["id"])
        }
        _ => false,
    };
    if !last.iter().any(waits) {
        return None;
    }
    own.find_map(|(message, _)| message.extra.get("container")?.get("id").cloned())
}

/// The vendor goes on from no text that ends in white space.
fn end_with_a_word(turns: &mut Vec<Turn>, wanted: &mut Wanted) {
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

/// Whether the model is asked to cite what it is shown, in a result of a tool or beside it.
pub fn wants_citations(messages: &[Value]) -> bool {
    let shown = messages.iter().filter(|turn| turn["role"] == "user");
    let mut blocks = shown.flat_map(|turn| turn["content"].as_array().into_iter().flatten());
    let cites = |block: &Value| block["citations"]["enabled"] == true;
    let inner =
        |block: &Value| block["content"].as_array().is_some_and(|all| all.iter().any(cites));
    blocks.any(|block| cites(block) || inner(block))
}

/// Whether the turn that the model is to go on with, its calls and their results
/// among it, has begun without a thought: with a budget of thinking the vendor
/// refuses that, and only there. What follows the first thought may lack others.
pub fn go_on_without_thought(messages: &[Value]) -> bool {
    let is_open =
        |turn: &&Value| turn["role"] == "assistant" || turn["content"][0]["type"] == "tool_result";
    let open = messages.iter().rev().take_while(is_open);
    let first = open.filter(|turn| turn["role"] == "assistant").last();
    first.is_some_and(|turn| !is_thought(&turn["content"][0]))
}

fn is_thought(block: &Value) -> bool {
    block["type"] == "thinking" || block["type"] == "redacted_thinking"
}

/// The vendor refuses a message that ends with a thought, as its own does that was
/// cut while it thought.
fn leave_out_last_thoughts(blocks: &mut Vec<Value>, wanted: &mut Wanted) {
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
fn leave_out_refused(block: &mut Value) {
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

/// Neighbours of one role are one turn.
fn add(turns: &mut Vec<Turn>, role: &'static str, blocks: Vec<Value>) {
    match turns.last_mut() {
        Some((last, all)) if *last == role => all.extend(blocks),
        _ => turns.push((role, blocks)),
    }
}

/// The vendor refuses texts that are empty, and white space where nothing else
/// is said; its own answers have them even so, before a call.
pub fn leave_out_silence(blocks: &mut Vec<Value>) {
    let speaks = |block: &Value| block["text"].as_str().is_some_and(|text| !text.trim().is_empty());
    let said = blocks.iter().any(speaks);
    blocks.retain(|block| block["type"] != "text" || said && block["text"] != "");
}

/// Results come first in the user's turn, in the order in which they are given.
fn add_result(turns: &mut Vec<Turn>, result: Value) {
    match turns.last_mut() {
        Some(("user", all)) => {
            let results = all.iter().take_while(|block| block["type"] == "tool_result").count();
            all.insert(results, result);
        }
        _ => turns.push(("user", vec![result])),
    }
}

/// What a tool says that failed without a word: the vendor takes nothing empty then.
const FAILED: &str = "error";

fn result(messages: &[Message], at: usize, wanted: &mut Wanted) -> Result<Value> {
    let message = &messages[at];
    let mut result = json!({
        "type": "tool_result",
        "tool_use_id": id(message.tool_call_id.as_deref().unwrap_or_default()),
    });
    let call = calls::place_of(messages, at).map(|(said, call)| &messages[said].tool_calls[call]);
    let of_call = call.and_then(|call| call.extra.get(TOOLSET));
    if let Some(name) = message.extra.get(TOOLSET).or(of_call) {
        result[TOOLSET] = name.clone();
    }
    let blocks = blocks(message, wanted)?;
    if blocks.is_empty() && message.is_error {
        wanted.note("messages", "a failed tool's result that says nothing sent with a word");
        result["content"] = FAILED.into();
    }
    if !blocks.is_empty() {
        result["content"] = match blocks.as_slice() {
            [block] if block["type"] == "text" && block["cache_control"].is_null() => {
                block["text"].clone()
            }
            _ => blocks.into(),
        };
    }
    if message.is_error {
        result["is_error"] = true.into();
    }
    Ok(result)
}

/// Ids are letters, digits, `_` and `-` here.
fn id(id: &str) -> String {
    send::fitting_id(id, 128, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

fn assistant(chat: &Chat, message: &Message, wanted: &mut Wanted) -> Result<Vec<Value>> {
    if let Some(origin) = send::own(chat, message, wanted) {
        let mut blocks = origin.blocks.clone();
        leave_out_declined(&mut blocks);
        blocks.iter_mut().for_each(leave_out_refused);
        leave_out_last_thoughts(&mut blocks, wanted);
        let of_parts = message.content.iter().rev().find_map(|piece| piece.cache_control.as_ref());
        let mark = message.extra.get("cache_control").or(of_parts);
        if let (Some(mark), Some(last)) = (mark, blocks.last_mut()) {
            last["cache_control"] = mark.clone();
        }
        // Its block holds an object, which a call that was cut has not become.
        for call in message.tool_calls.iter().filter(|call| call.object().is_err()) {
            let what = format!("arguments of {:.40} left out: they are no JSON object", call.name);
            wanted.note("tool_calls", &what);
        }
        let calls = blocks.iter_mut().filter(|block| block["type"] == "tool_use");
        calls::restore(calls.filter_map(|block| block.get_mut("input")), message);
        return Ok(blocks);
    }
    lost::note_foreign(message, wanted);
    let mut blocks = content(message, wanted)?;
    for call in &message.tool_calls {
        blocks.push(json!({
            "type": "tool_use",
            "id": id(&call.id),
            "name": call.name,
            "input": calls::arguments(message, call, wanted)?,
        }));
    }
    mark_last(message, &mut blocks);
    Ok(blocks)
}

/// A message's content; a mark on the message counts for its last block.
pub fn blocks(message: &Message, wanted: &mut Wanted) -> Result<Vec<Value>> {
    let mut blocks = content(message, wanted)?;
    mark_last(message, &mut blocks);
    Ok(blocks)
}

fn mark_last(message: &Message, blocks: &mut [Value]) {
    if let (Some(mark), Some(last)) = (message.extra.get("cache_control"), blocks.last_mut()) {
        last["cache_control"] = mark.clone();
    }
}

fn content(message: &Message, wanted: &mut Wanted) -> Result<Vec<Value>> {
    let mut blocks = Vec::new();
    for piece in &*message.spoken() {
        if let Some(mut block) = block(piece, message.role, wanted)? {
            if let Some(mark) = &piece.cache_control {
                block["cache_control"] = mark.clone();
            }
            blocks.push(block);
        }
    }
    Ok(blocks)
}

fn block(piece: &Piece, role: Role, wanted: &mut Wanted) -> Result<Option<Value>> {
    Ok(Some(match &piece.part {
        // The vendor refuses empty texts.
        Part::Text(text) if text.is_empty() => return Ok(None),
        Part::Text(text) => json!({"type": "text", "text": text}),
        Part::Image(source, _) => return image(source, wanted),
        Part::Document(source, _) if source.essence().starts_with("image/") => {
            return image(source, wanted);
        }
        Part::Document(source, name) => {
            let Some(source) = document_source(source) else {
                wanted.refuse("messages", "takes documents only as PDF and text")?;
                return Ok(None);
            };
            let mut block = json!({"type": "document", "source": source});
            if let Some(name) = name {
                block["title"] = name.clone().into();
            }
            block
        }
        Part::Other(json) => {
            let kind = json["type"].as_str().unwrap_or_default();
            let only_of_role = match role {
                // What a search for tools has found, where the caller searches.
                Role::Tool => &["tool_reference", "browser_state"][..],
                Role::System if wanted.takes.system_in_turns => &system::OF_TOOLS,
                _ => &["container_upload"],
            };
            let taken = ["image", "document", "search_result"];
            if !taken.contains(&kind) && !only_of_role.contains(&kind) {
                wanted.refuse("messages", &format!("does not take content of type {kind}"))?;
                return Ok(None);
            }
            json.clone()
        }
    }))
}

fn image(image: &Source, wanted: &mut Wanted) -> Result<Option<Value>> {
    let Some(source) = image_source(image) else {
        wanted.refuse("messages", "takes images only as jpeg, png, gif and webp")?;
        return Ok(None);
    };
    Ok(Some(json!({"type": "image", "source": source})))
}

/// An image's place or bytes, if the vendor can read them: it takes no other
/// kinds, and no address that holds the image itself.
fn image_source(image: &Source) -> Option<Value> {
    match image {
        Source::Bytes { mime, base64 } => {
            Some(json!({"type": "base64", "media_type": image_type(mime)?, "data": base64}))
        }
        Source::Url(url) if url.starts_with("data:") => None,
        _ => Some(source(image)),
    }
}

/// The vendor's name of a kind of image.
fn image_type(mime: &str) -> Option<&'static str> {
    Some(match mime.to_ascii_lowercase().as_str() {
        "image/jpeg" | "image/jpg" => "image/jpeg",
        "image/png" => "image/png",
        "image/gif" => "image/gif",
        "image/webp" => "image/webp",
        _ => return None,
    })
}

fn source(source: &Source) -> Value {
    match source {
        Source::Url(url) => json!({"type": "url", "url": url}),
        Source::Bytes { mime, base64 } => {
            json!({"type": "base64", "media_type": mime, "data": base64})
        }
        Source::File(id) => json!({"type": "file", "file_id": id}),
    }
}

/// A document's place or bytes, if the vendor can read them; what says nothing of its
/// kind is taken for a PDF.
fn document_source(document: &Source) -> Option<Value> {
    Some(match document {
        Source::Bytes { .. } if document.is_text() => {
            json!({"type": "text", "media_type": "text/plain", "data": document.decoded()?})
        }
        Source::Bytes { base64, .. } => match document.essence().as_str() {
            "application/pdf" | "application/x-pdf" | "application/octet-stream" => {
                json!({"type": "base64", "media_type": "application/pdf", "data": base64})
            }
            _ => return None,
        },
        _ => source(document),
    })
}
