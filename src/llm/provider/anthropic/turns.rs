//! What is said, in Anthropic's form: turns alternate, and the results of one turn's
//! calls stand together at the head of the user's next message.

use serde_json::{Value, json};

use super::content::block;
use super::fallback::leave_out_declined;
use super::refused::{
    end_with_a_word, leave_out_last_thoughts, leave_out_refused, leave_out_silence,
};
use super::system;
use crate::error::Result;
use crate::llm::message::{Message, Role};
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

pub fn is_thought(block: &Value) -> bool {
    block["type"] == "thinking" || block["type"] == "redacted_thinking"
}

/// Neighbours of one role are one turn.
fn add(turns: &mut Vec<Turn>, role: &'static str, blocks: Vec<Value>) {
    match turns.last_mut() {
        Some((last, all)) if *last == role => all.extend(blocks),
        _ => turns.push((role, blocks)),
    }
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
