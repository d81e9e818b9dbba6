//! What the assistant has said, in the form of chat completions.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::content::{content, content_or_empty};
use super::turns::{fitting_id, own_block};
use super::write::is_strict;
use crate::error::Result;
use crate::llm::message::{self, Message, ToolCall};
use crate::llm::provider::hosts::Effort;
use crate::llm::provider::wanted::{Wanted, own_thinking};
use crate::llm::provider::{Chat, calls, lost};
use crate::llm::request::Request;

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
    wanted.host.chat.effort == Effort::Switch
        && (wanted.thinks_whatever_is_said() == Some(true)
            || own_thinking(chat).is_some_and(|own| own["keep"] == "all"))
}

/// The assistant's message: as it came, to who said it, and else written anew.
pub fn assistant(chat: &Chat, message: &Message, wanted: &mut Wanted, url: &str) -> Result<Value> {
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
