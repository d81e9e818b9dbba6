//! What is said, in the form of chat completions.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::super::hosts::Effort;
use super::super::wanted::Wanted;
use super::super::{Chat, calls, lost, send};
use super::content::{content, content_or_empty};
use super::write::{is_mistral, is_strict};
use crate::error::Result;
use crate::llm::message::{self, Message, Role, ToolCall};
use crate::llm::request::Request;

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
fn fitting_id(id: &str, url: &str) -> String {
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
fn own_block<'a>(chat: &Chat, message: &'a Message, wanted: &Wanted) -> Option<&'a Value> {
    let origin = send::own(chat, message, wanted)?;
    // Items of the Responses interface have a type.
    origin.blocks.first().filter(|block| block.is_object() && block.get("type").is_none())
}

/// Whether the host refuses a message with calls and no text (earendil-works/pi,
/// request 8118; zeroclaw-labs/zeroclaw, request 9493).
fn wants_text(url: &str) -> bool {
    url.contains(".cloudflare.com/")
}

/// What Groq says that it has run by itself, and does not take back.
const GROQS_OWN: &str = "executed_tools";

/// Thoughts in other hosts' words, and other fields, for which a host refuses the request
/// (tashfeenahmed/freellmapi, issue 1070; Kilo-Org/kilocode, issue 10375;
/// OpenMinis/OpenMinis, issue 87; co-l/openfox, issue 220; charmbracelet/crush, request
/// 1590).
const REFUSED: &[(&str, &[&str])] = &[
    (
        ".groq.com/",
        &["reasoning_content", "reasoning_details", "refusal", "annotations", "extra_content"],
    ),
    (".cerebras.ai/", &["reasoning_content", "refusal", "annotations", "extra_content"]),
    (
        ".mistral.ai/",
        &[
            "reasoning_content",
            "reasoning",
            "reasoning_details",
            "refusal",
            "annotations",
            "extra_content",
        ],
    ),
];

fn refuses(url: &str, key: &str) -> bool {
    REFUSED.iter().any(|(host, keys)| url.contains(host) && keys.contains(&key))
}

fn knows_refusals(wanted: &Wanted, url: &str) -> bool {
    wanted.host.chat.knows_refusals && !refuses(url, "refusal")
}

/// Whether tools are offered, or were called.
fn has_tools(request: &Request) -> bool {
    !request.tools.is_empty()
        || request.messages.iter().any(|message| !message.tool_calls.is_empty())
}

/// Whether each of the assistant's messages is to have its thought: Kimi's models that
/// always think keep all of them, others where they are told to, and then a message
/// without one is refused (MoonshotAI/kimi-code, request 1684).
fn keeps_thoughts(chat: &Chat, wanted: &Wanted) -> bool {
    let request = chat.request;
    let extra = request.extra_json.as_ref().and_then(|extra| extra.get("thinking"));
    let own = extra.or_else(|| request.other.get("thinking"));
    wanted.host.chat.effort == Effort::Switch
        && (wanted.thinks_whatever_is_said() == Some(true)
            || own.is_some_and(|own| own["keep"] == "all"))
}

fn assistant(chat: &Chat, message: &Message, wanted: &mut Wanted, url: &str) -> Result<Value> {
    let thinks = !message.tool_calls.is_empty()
        || wanted.host.chat.thinks_beside_tools && has_tools(chat.request)
        || keeps_thoughts(chat, wanted);
    let no_thought = wanted.host.chat.no_thought.filter(|_| thinks);
    if let Some(block) = own_block(chat, message, wanted) {
        return own_turn(block.clone(), message, no_thought, wanted, url);
    }
    lost::note_foreign(message, wanted);
    let more = more(message, wanted, url);
    let is_heard = more.contains_key("audio") || message.transcript().is_none();
    let said = match knows_refusals(wanted, url) && is_heard {
        true => Cow::Borrowed(&*message.content),
        false => message.spoken(),
    };
    let may_be_silent = !message.tool_calls.is_empty() || more.contains_key("refusal");
    let may_be_silent = may_be_silent && !wants_text(url);
    let content = match may_be_silent {
        true => content(&said, message.role, wanted, url)?,
        false => content_or_empty(&said, message.role, wanted, url)?,
    };
    let mut out = Map::new();
    out.insert("role".into(), "assistant".into());
    out.insert("content".into(), content);
    if let Some(name) = &message.name {
        out.insert("name".into(), name.clone().into());
    }
    if !message.tool_calls.is_empty() {
        out.insert("tool_calls".into(), tool_calls(message, wanted, url)?);
    }
    out.extend(more);
    forget_items(&mut out);
    if let Some(none) = no_thought {
        let thought = out.entry("reasoning_content").or_insert("".into());
        if *thought == "" {
            *thought = none.into();
        }
    }
    Ok(out.into())
}

/// The assistant's message as this provider gave it, with what it wants to see again.
fn own_turn(
    mut block: Value,
    message: &Message,
    no_thought: Option<&str>,
    wanted: &mut Wanted,
    url: &str,
) -> Result<Value> {
    if wants_text(url) && block["content"].is_null() {
        block["content"] = "".into();
    }
    if let Some(none) = no_thought.filter(|_| calls::is_empty(&block["reasoning_content"])) {
        block["reasoning_content"] = none.into();
    }
    if let Some(block) = block.as_object_mut() {
        block.shift_remove(GROQS_OWN);
        forget_items(block);
    }
    // What was heard is known by its id, and is not taken back as it came.
    if let Some(id) = block["audio"].get("id").cloned() {
        block["audio"] = json!({"id": id});
    }
    // OpenAI takes any text; hosts such as vLLM read it as JSON.
    if !is_strict(url) {
        calls::mend(&mut block, message, wanted)?;
    }
    // Of a call that came without an id, or with another's, the block has one of ours.
    calls::name(&mut block, message, |id| fitting_id(id, url));
    Ok(block)
}

/// OpenRouter names OpenAI's thoughts by ids under which OpenAI does not keep them:
/// sent with their ids they are looked for and not found, sent without they are read
/// (langchain-ai/langchain, request 38383).
fn forget_items(message: &mut Map<String, Value>) {
    let details = message.get_mut("reasoning_details").and_then(Value::as_array_mut);
    for detail in details.into_iter().flatten().filter_map(Value::as_object_mut) {
        let id = detail.get("id").and_then(Value::as_str);
        if id.is_some_and(|id| id.starts_with("rs_")) {
            detail.shift_remove("id");
        }
    }
}

fn tool_calls(message: &Message, wanted: &mut Wanted, url: &str) -> Result<Value> {
    let is_foreign = message.origin.is_some() || is_strict(url);
    let one = |call: &ToolCall| {
        let mut call = call.clone();
        call.id = fitting_id(&call.id, url);
        if call.arguments.trim().is_empty() && !call.is_custom() {
            // Some hosts take nothing but JSON.
            call.arguments = "{}".into();
        }
        if !is_strict(url) {
            call.arguments = calls::arguments_text(message, &call, wanted)?;
        }
        if is_foreign || refuses(url, "extra_content") {
            lost::note_call(message, &call, wanted);
            call.extra.retain(|key, _| key == "type");
            call.within.clear();
        }
        Ok(message::call_json(&call))
    };
    message.tool_calls.iter().map(one).collect()
}

/// What else an assistant's message has that the host may know; OpenAI knows what was
/// heard of its own by an id.
fn more(message: &Message, wanted: &mut Wanted, url: &str) -> Map<String, Value> {
    let mut more = Map::new();
    let is_foreign = message.origin.is_some() || is_strict(url);
    for (key, value) in &message.extra {
        let heard = value.get("id").filter(|_| key == "audio" && message.origin.is_none());
        match (key.as_str(), heard) {
            ("refusal", _) if !knows_refusals(wanted, url) => {}
            // What cites nothing says nothing.
            ("annotations", _) if value.as_array().is_some_and(Vec::is_empty) => {}
            ("audio", Some(id)) if is_foreign => drop(more.insert(key.clone(), json!({"id": id}))),
            ("refusal", _) => drop(more.insert(key.clone(), value.clone())),
            ("prefix" | "partial" | "cache_control", _) if !is_strict(url) => {
                more.insert(key.clone(), value.clone());
            }
            _ if is_foreign || key == GROQS_OWN || refuses(url, key) => {
                lost::note_unknown(message, key, wanted);
            }
            _ => drop(more.insert(key.clone(), value.clone())),
        }
    }
    more
}
