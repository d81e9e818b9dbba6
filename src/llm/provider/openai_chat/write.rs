//! Requests in the form of chat completions.

use serde_json::{Map, Value, json};

use super::super::wanted::Wanted;
use super::super::{Chat, hosts, send};
use crate::error::Result;
use crate::llm::message::{self, Message, Role, ToolCall};
use crate::llm::request::{Format, Tool, ToolChoice};

/// What Kimi documents beyond the common fields: it ignores every other one
/// without a word, so they are refused here.
const KIMI_FIELDS: &[&str] = &[
    "logprobs",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
    "thinking",
    "top_logprobs",
];

/// Whether a host is known to refuse fields that are not in OpenAI's schema.
fn is_strict(url: &str) -> bool {
    url.contains("://api.openai.com/")
}

/// Writes the body.
pub fn body(chat: &Chat, wanted: &mut Wanted, url: &str) -> Result<Map<String, Value>> {
    let request = chat.request;
    let mut body = Map::new();
    body.insert("model".into(), wanted.model.clone().into());
    body.insert("messages".into(), messages(chat, wanted, url).into());
    sampling(wanted, &mut body);
    thinking(wanted, &mut body);
    if !request.tools.is_empty() {
        let tools = request.tools.iter().map(|tool| tool_json(tool, wanted)).collect();
        body.insert("tools".into(), tools);
        if let Some(choice) = &request.tool_choice {
            body.insert("tool_choice".into(), tool_choice(choice, &request.tools));
        }
        if let Some(parallel) = request.parallel_tool_calls {
            body.insert("parallel_tool_calls".into(), parallel.into());
        }
    }
    format(chat, wanted, &mut body)?;
    if let Some(user) = &request.user {
        body.insert("user".into(), user.clone().into());
    }
    if let Some(metadata) = &request.metadata {
        body.insert("metadata".into(), metadata.clone());
    }
    match wanted.provider {
        "kimi" => send::other_fields(&request.other, wanted, KIMI_FIELDS, &mut body)?,
        _ => body.extend(request.other.clone()),
    }
    if chat.stream {
        body.insert("stream".into(), true.into());
        let host = hosts::find(wanted.provider);
        if chat.options.values.include_usage.unwrap_or(host.include_usage) {
            body.insert("stream_options".into(), json!({"include_usage": true}));
        }
    }
    Ok(body)
}

fn sampling(wanted: &Wanted, body: &mut Map<String, Value>) {
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(key.into(), value);
        }
    };
    put(wanted.takes.cap, wanted.max_tokens.map(Into::into));
    put("temperature", wanted.temperature.map(Into::into));
    put("top_p", wanted.top_p.map(Into::into));
    put("top_k", wanted.top_k.map(Into::into));
    put("presence_penalty", wanted.presence_penalty.map(Into::into));
    put("frequency_penalty", wanted.frequency_penalty.map(Into::into));
    put("seed", wanted.seed.map(Into::into));
    put("n", wanted.n.map(Into::into));
    put("stop", (!wanted.stop.is_empty()).then(|| wanted.stop.clone().into()));
}

/// Efforts, in each host's own way.
fn thinking(wanted: &mut Wanted, body: &mut Map<String, Value>) {
    let effort = wanted.effort.clone();
    let switch =
        |effort: &str| json!({"type": if effort == "none" { "disabled" } else { "enabled" }});
    match (wanted.provider, effort) {
        (_, None) => {}
        ("kimi", Some(effort)) if wanted.model.starts_with("kimi-k3") => {
            body.insert("reasoning_effort".into(), effort.into());
        }
        ("kimi", Some(effort)) => {
            body.insert("thinking".into(), switch(&effort));
        }
        ("deepseek", Some(effort)) => {
            body.insert("thinking".into(), switch(&effort));
            if effort != "none" {
                body.insert("reasoning_effort".into(), effort.into());
            }
        }
        ("siliconflow", Some(effort)) => {
            body.insert("enable_thinking".into(), (effort != "none").into());
            if effort != "none" {
                body.insert("reasoning_effort".into(), effort.into());
            }
        }
        (_, Some(effort)) => {
            body.insert("reasoning_effort".into(), effort.into());
        }
    }
    if let Some(budget) = wanted.budget {
        body.insert("thinking_budget".into(), budget.into());
    }
}

fn format(chat: &Chat, wanted: &mut Wanted, body: &mut Map<String, Value>) -> Result<()> {
    let Some(format) = &chat.request.response_format else { return Ok(()) };
    let json = match format {
        Format::Text => json!({"type": "text"}),
        Format::JsonObject => json!({"type": "json_object"}),
        Format::JsonSchema { .. } if !wanted.takes.schema => {
            wanted.refuse("response_format", "takes json_object, but no schema")?;
            json!({"type": "json_object"})
        }
        Format::JsonSchema { name, schema, strict, description } => {
            let mut inner = json!({"name": name, "schema": schema});
            if let Some(strict) = strict {
                inner["strict"] = (*strict).into();
            }
            if let Some(description) = description {
                inner["description"] = description.clone().into();
            }
            json!({"type": "json_schema", "json_schema": inner})
        }
    };
    body.insert("response_format".into(), json);
    Ok(())
}

fn tool_json(tool: &Tool, wanted: &mut Wanted) -> Value {
    if let Some(other) = &tool.other {
        return other.clone();
    }
    let mut function = json!({"name": tool.name});
    if let Some(description) = &tool.description {
        function["description"] = description.clone().into();
    }
    if let Some(parameters) = &tool.parameters {
        function["parameters"] = parameters.clone();
    }
    if let Some(strict) = tool.strict {
        function["strict"] = strict.into();
    }
    let mut json = json!({"type": "function", "function": function});
    if let Some(mark) = &tool.cache_control {
        if keeps_marks(wanted.provider) {
            json["cache_control"] = mark.clone();
        } else {
            wanted.note("cache_control", "left out: only Anthropic has it");
        }
    }
    json
}

fn keeps_marks(provider: &str) -> bool {
    matches!(provider, "custom" | "huggingface")
}

fn tool_choice(choice: &ToolChoice, tools: &[Tool]) -> Value {
    let named = |name: &String| match tools.iter().any(|tool| tool.is_custom(name)) {
        true => json!({"type": "custom", "custom": {"name": name}}),
        false => json!({"type": "function", "function": {"name": name}}),
    };
    match choice {
        ToolChoice::Auto => "auto".into(),
        ToolChoice::None => "none".into(),
        ToolChoice::Required => "required".into(),
        ToolChoice::Function(name) => named(name),
        ToolChoice::Allowed(names, must) => {
            let tools: Vec<_> = names.iter().map(named).collect();
            let mode = if *must { "required" } else { "auto" };
            json!({"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": tools}})
        }
    }
}

fn messages(chat: &Chat, wanted: &mut Wanted, url: &str) -> Vec<Value> {
    let mut out = Vec::with_capacity(chat.request.messages.len() + 1);
    if let Some(system) = send::system_prompt(chat) {
        out.push(json!({"role": "system", "content": system}));
    }
    for message in &chat.request.messages {
        out.push(match message.role {
            Role::Assistant => assistant(chat, message, wanted, url),
            Role::Tool => tool_result(chat, message, wanted, url),
            _ => said(message, wanted, url),
        });
    }
    out
}

/// A system's or user's message.
fn said(message: &Message, wanted: &mut Wanted, url: &str) -> Value {
    let mut out = Map::new();
    out.insert("role".into(), message.role.name().into());
    out.insert("content".into(), content_or_empty(message, wanted));
    if let Some(name) = &message.name {
        out.insert("name".into(), name.clone().into());
    }
    if !is_strict(url) {
        out.extend(message.extra.clone());
    }
    out.into()
}

fn content(message: &Message, wanted: &mut Wanted) -> Value {
    let marked = message.content.iter().any(|piece| piece.cache_control.is_some());
    if !marked || keeps_marks(wanted.provider) {
        return message::content_json(&message.content);
    }
    wanted.note("cache_control", "left out: only Anthropic has it");
    let mut pieces = message.content.clone();
    pieces.iter_mut().for_each(|piece| piece.cache_control = None);
    message::content_json(&pieces)
}

/// The content, of a message that must have some.
fn content_or_empty(message: &Message, wanted: &mut Wanted) -> Value {
    match message.content.is_empty() {
        true => "".into(),
        false => content(message, wanted),
    }
}

/// The result of a call; of one in the legacy form, in the legacy form.
fn tool_result(chat: &Chat, message: &Message, wanted: &mut Wanted, url: &str) -> Value {
    let id = message.tool_call_id.clone().unwrap_or_default();
    let content = content_or_empty(message, wanted);
    if is_legacy(chat, &id, wanted, url) {
        let name = chat.request.function_of(&id).unwrap_or_default();
        return json!({"role": "function", "name": name, "content": content});
    }
    json!({"role": "tool", "tool_call_id": fitting_id(&id, url), "content": content})
}

/// OpenAI takes ids of at most 40 letters.
fn fitting_id(id: &str, url: &str) -> String {
    if is_strict(url) { send::fitting_id(id, 40, |c| c.is_ascii()) } else { id.into() }
}

/// Whether the call of this id was made in the legacy form by this provider.
fn is_legacy(chat: &Chat, id: &str, wanted: &Wanted, url: &str) -> bool {
    !ToolCall::has_own_id(id)
        && chat.request.messages.iter().any(|message| {
            message.tool_calls.iter().any(|call| call.id == id)
                && own_block(chat, message, wanted, url)
                    .is_some_and(|block| block["function_call"].is_object())
        })
}

/// The message in the provider's own words, if it is the one that said it.
fn own_block<'a>(
    chat: &Chat,
    message: &'a Message,
    wanted: &Wanted,
    url: &str,
) -> Option<&'a Value> {
    let origin = send::own(chat, message, wanted, url)?;
    // Items of the Responses interface have a type.
    origin.blocks.first().filter(|block| block.is_object() && block.get("type").is_none())
}

fn assistant(chat: &Chat, message: &Message, wanted: &mut Wanted, url: &str) -> Value {
    let thinks = matches!(wanted.provider, "deepseek" | "kimi");
    if let Some(block) = own_block(chat, message, wanted, url) {
        let mut block = block.clone();
        if thinks && !message.tool_calls.is_empty() && block["reasoning_content"].is_null() {
            block["reasoning_content"] = "".into();
        }
        return block;
    }
    let mut out = Map::new();
    out.insert("role".into(), "assistant".into());
    let may_be_silent = !message.tool_calls.is_empty() || message.extra.contains_key("refusal");
    let content = match may_be_silent {
        true => content(message, wanted),
        false => content_or_empty(message, wanted),
    };
    out.insert("content".into(), content);
    if let Some(name) = &message.name {
        out.insert("name".into(), name.clone().into());
    }
    if !message.tool_calls.is_empty() {
        let foreign = message.origin.is_some();
        let calls = message.tool_calls.iter().map(|call| {
            let mut call = call.clone();
            call.id = fitting_id(&call.id, url);
            if foreign || is_strict(url) {
                call.extra.retain(|key, _| key == "type");
            }
            message::call_json(&call)
        });
        out.insert("tool_calls".into(), calls.collect());
    }
    for (key, value) in &message.extra {
        let foreign = message.origin.is_some() || is_strict(url);
        let only_own = !matches!(key.as_str(), "refusal" | "prefix" | "partial" | "cache_control");
        if !(foreign && only_own) {
            out.insert(key.clone(), value.clone());
        }
    }
    if thinks && !message.tool_calls.is_empty() && !out.contains_key("reasoning_content") {
        out.insert("reasoning_content".into(), "".into());
    }
    out.into()
}
