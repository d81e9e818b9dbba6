//! What is said, in the form of chat completions.

use serde_json::{Map, Value, json};

use super::super::wanted::Wanted;
use super::super::{Chat, calls, lost, send};
use super::assistant::assistant;
use super::content::content_or_empty;
use super::write::{is_mistral, is_strict};
use crate::error::Result;
use crate::llm::message::{Message, Role, ToolCall};

/// All messages, the option's system message first.
pub fn messages(chat: &Chat, wanted: &mut Wanted, url: &str) -> Result<Vec<Value>> {
    let mut out = Vec::with_capacity(chat.request.messages.len() + 1);
    if let Some(system) = send::system_prompt(chat) {
        out.push(json!({"role": "system", "content": system}));
    }
    let takes_twice = !wanted.host.chat.takes_ids_once;
    let goes_back = |message: &Message| takes_twice && own_block(chat, message, wanted).is_some();
    let said = calls::with_unique_ids(&chat.request.messages, goes_back);
    for (at, message) in said.iter().enumerate() {
        let json = match message.role {
            Role::Assistant => assistant(chat, message, wanted, url)?,
            Role::Tool => tool_result(chat, &said, at, wanted, url)?.into(),
            _ => spoken(message, wanted, url)?.into(),
        };
        let takes_silence = wanted.host.chat.takes_silence && !is_mistral(url);
        if !takes_silence && is_silent(&json, url) {
            lost::note_silence(message.role, wanted);
            continue;
        }
        if is_mistral(url) && json["role"] == "user" && follows_result(&out) {
            wanted.note("messages", "a word of the assistant's put after a tool's result");
            out.push(json!({"role": "assistant", "content": "OK."}));
        }
        out.push(json);
    }
    if wanted.host.chat.joins_system && !is_strict(url) {
        join_system(&mut out);
    }
    Ok(out)
}

/// Makes one message of what the system says at first: Qwen's templates, in whatever
/// serves them, refuse another one (vllm-project/vllm, issue 41114).
fn join_system(messages: &mut Vec<Value>) {
    let text = |message: &Value| {
        let is_plain = message["role"] == "system" && message.as_object()?.len() == 2;
        message["content"].as_str().filter(|_| is_plain).map(String::from)
    };
    let texts: Vec<String> = messages.iter().map_while(text).collect();
    if let 2.. = texts.len() {
        let one = json!({"role": "system", "content": texts.join("\n\n")});
        messages.splice(..texts.len(), [one]);
    }
}

/// Whether a tool's result is the last that was said: Mistral takes no user's message
/// behind that (yetone/avante.nvim, issue 2562; datapizza-labs/datapizza-ai, issue 98).
fn follows_result(messages: &[Value]) -> bool {
    messages.last().is_some_and(|last| last["role"] == "tool")
}

/// Whether the assistant says, thinks and calls nothing, nor is to go on from there:
/// Kimi and Mistral refuse such a message, also one of their own (zed-industries/zed,
/// request 47579); and whether a user, or the system, says nothing, which Kimi refuses.
fn is_silent(json: &Value, url: &str) -> bool {
    let lacks = |keys: &[&str]| keys.iter().all(|key| calls::is_empty(&json[key]));
    match json["role"].as_str() {
        Some("assistant") => {
            lacks(&["content", "tool_calls", "reasoning_content"])
                && ["partial", "prefix"].iter().all(|key| json[key] != true)
        }
        // What Mistral makes of it is not known.
        Some("user") => !is_mistral(url) && lacks(&["content"]),
        Some("system") => !is_mistral(url) && lacks(&["content", "tools"]),
        _ => false,
    }
}

/// A system's or user's message.
fn spoken(message: &Message, wanted: &mut Wanted, url: &str) -> Result<Map<String, Value>> {
    let mut out = Map::new();
    out.insert("role".into(), message.role.name().into());
    if !only_loads_tools(message, url) {
        let content = content_or_empty(&message.content, message.role, wanted, url)?;
        out.insert("content".into(), content);
    }
    if let Some(name) = &message.name {
        out.insert("name".into(), name.clone().into());
    }
    if is_strict(url) {
        message.extra.keys().for_each(|key| lost::note_unknown(message, key, wanted));
    } else {
        out.extend(message.extra.clone());
    }
    Ok(out)
}

/// Whether the system only hands in tools: Kimi takes no content beside them
/// (platform.kimi.ai, guide to loading tools dynamically).
fn only_loads_tools(message: &Message, url: &str) -> bool {
    message.role == Role::System
        && message.content.iter().all(|piece| piece.bare_text() == Some(""))
        && message.extra.get("tools").is_some_and(Value::is_array)
        && !is_strict(url)
}

/// The result of a call; of one in the legacy form, in the legacy form. OpenAI takes
/// the function's name only there: else the call says it.
fn tool_result(
    chat: &Chat,
    messages: &[Message],
    at: usize,
    wanted: &mut Wanted,
    url: &str,
) -> Result<Map<String, Value>> {
    let message = &messages[at];
    let mut out = spoken(message, wanted, url)?;
    let own = |message| own_block(chat, message, wanted);
    if let Some(name) = legacy_function(messages, at, own) {
        out.insert("role".into(), "function".into());
        out.insert("name".into(), name.into());
        return Ok(out);
    }
    let id = message.tool_call_id.as_deref().unwrap_or_default();
    out.shift_insert(1, "tool_call_id".into(), fitting_id(id, url).into());
    if is_strict(url) {
        out.shift_remove("name");
        let is_the_calls = |name: &String| calls::function_of(messages, at) == Some(name);
        if message.name.as_ref().is_some_and(|name| !is_the_calls(name)) {
            lost::note_field("name", wanted);
        }
    }
    Ok(out)
}

/// A call's id as the host takes it: OpenAI, also at Azure's addresses, of at most 40
/// letters, Mistral of nine letters and digits.
pub fn fitting_id(id: &str, url: &str) -> String {
    match (is_strict(url) || url.contains(".azure.com/"), is_mistral(url)) {
        (true, _) => send::fitting_id(id, 40, |c| c.is_ascii()),
        (_, true) => send::id_of_nine(id),
        _ => id.into(),
    }
}

/// The function whose result this is, if this provider called it in the legacy form,
/// or nobody did.
fn legacy_function<'a>(
    messages: &'a [Message],
    at: usize,
    own: impl Fn(&'a Message) -> Option<&'a Value>,
) -> Option<&'a str> {
    if calls::lacks_id(&messages[at]) {
        return messages[at].name.as_deref();
    }
    let (asked, call) = calls::place_of(messages, at)?;
    let call = &messages[asked].tool_calls[call];
    if ToolCall::has_own_id(&call.id) {
        return None;
    }
    own(&messages[asked])?["function_call"].is_object().then_some(&call.name)
}

/// The message in the provider's own words, if it is the one that said it.
pub fn own_block<'a>(chat: &Chat, message: &'a Message, wanted: &Wanted) -> Option<&'a Value> {
    let origin = send::own(chat, message, wanted)?;
    // Items of the Responses interface have a type.
    origin.blocks.first().filter(|block| block.is_object() && block.get("type").is_none())
}
