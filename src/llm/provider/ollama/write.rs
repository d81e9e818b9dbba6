//! Requests in Ollama's form.

use serde_json::{Map, Value, json};

use crate::error::Result;
use crate::llm::message::{Message, Part, Role, Source, ToolCall};
use crate::llm::provider::send::{self, put};
use crate::llm::provider::wanted::Wanted;
use crate::llm::provider::{Chat, calls, lost, offer};
use crate::llm::request::{Format, ToolChoice};

/// Fields of the vendor's own that are handed on.
const OWN_FIELDS: &[&str] =
    &["format", "keep_alive", "think", "logprobs", "top_logprobs", "shift", "truncate"];

/// Writes the body.
pub fn body(chat: &Chat, wanted: &mut Wanted) -> Result<Map<String, Value>> {
    let request = chat.request;
    let messages = messages(chat, wanted)?;
    let mut body = Map::new();
    let mut put = |key: &str, value: Value| drop(body.insert(key.into(), value));
    put("model", wanted.model.clone().into());
    put("messages", messages.into());
    // It streams unless it is told not to.
    put("stream", chat.stream.into());
    match wanted.effort.as_deref() {
        None => {}
        Some("none") => put("think", false.into()),
        Some(effort) => put("think", effort.into()),
    }
    match &request.response_format {
        None | Some(Format::Text | Format::Own(_)) => {}
        Some(Format::JsonObject) => put("format", "json".into()),
        Some(Format::JsonSchema { schema, .. }) => put("format", schema.clone()),
    }
    let tools = tools(chat, wanted)?;
    if !tools.is_empty() {
        put("tools", tools.into());
    }
    let mut other = request.other.clone();
    let mut options = sampling(wanted);
    // Below what an option of ours can say: a cap that is none, a seed of chance.
    for (ours, its) in [("seed", "seed"), ("top_k", "top_k"), ("max_tokens", "num_predict")] {
        if let Some(value) = other.shift_remove(ours) {
            options.insert(its.into(), value);
        }
    }
    if let Some(Value::Object(own)) = other.shift_remove("options") {
        options.extend(own);
    }
    if !options.is_empty() {
        put("options", options.into());
    }
    lost::refuse_marks(request, wanted)?;
    send::other_fields(&other, wanted, OWN_FIELDS, &mut body)?;
    Ok(body)
}

fn sampling(wanted: &Wanted) -> Map<String, Value> {
    let mut options = Map::new();
    put(&mut options, "num_predict", wanted.max_tokens);
    put(&mut options, "temperature", wanted.temperature);
    put(&mut options, "top_p", wanted.top_p);
    put(&mut options, "top_k", wanted.top_k);
    put(&mut options, "presence_penalty", wanted.presence_penalty);
    put(&mut options, "frequency_penalty", wanted.frequency_penalty);
    put(&mut options, "seed", wanted.seed);
    put(&mut options, "stop", wanted.stop_texts());
    options
}

/// The tools; it cannot be told to use one, only to use none.
fn tools(chat: &Chat, wanted: &mut Wanted) -> Result<Vec<Value>> {
    let request = chat.request;
    match &request.tool_choice {
        _ if request.tools.is_empty() => return Ok(Vec::new()),
        Some(ToolChoice::None) => return Ok(Vec::new()),
        Some(ToolChoice::Required | ToolChoice::Function(_) | ToolChoice::Allowed(_, true)) => {
            wanted.refuse("tool_choice", "cannot be made to call a tool")?;
        }
        _ => {}
    }
    offer::note_unsaid(request, false, wanted);
    if request.parallel_tool_calls == Some(false) {
        wanted.refuse("parallel_tool_calls", "cannot be kept from parallel calls")?;
    }
    let functions = offer::functions(offer::allowed(request), wanted)?;
    functions.into_iter().map(|tool| offer::function(tool, wanted)).collect()
}

fn messages(chat: &Chat, wanted: &mut Wanted) -> Result<Vec<Value>> {
    let mut out = Vec::new();
    if let Some(system) = send::system_prompt(chat) {
        out.push(json!({"role": "system", "content": system}));
    }
    let messages = &chat.request.messages;
    let mut order: Vec<_> = (0..messages.len()).collect();
    calls::sort_results(messages, &mut order);
    for at in order {
        let message = &messages[at];
        out.push(match message.role {
            Role::Assistant => assistant(chat, message, wanted)?,
            Role::Tool => result(messages, at, wanted)?,
            _ => said(message, wanted)?,
        });
    }
    Ok(out)
}

/// A result, with the function's name found from its call.
fn result(messages: &[Message], at: usize, wanted: &mut Wanted) -> Result<Value> {
    let mut out = said(&messages[at], wanted)?;
    if let Some(name) = calls::function_of(messages, at) {
        out["tool_name"] = name.into();
    }
    Ok(out)
}

fn said(message: &Message, wanted: &mut Wanted) -> Result<Value> {
    let mut images = Vec::new();
    for piece in &*message.spoken() {
        if piece.cache_control.is_some() {
            wanted.note_mark();
        }
        match &piece.part {
            Part::Text(_) => {}
            Part::Image(Source::Bytes { base64, .. }, _) => images.push(base64.clone()),
            Part::Image(..) => {
                wanted.refuse("messages", "takes images only as bytes, not by address")?;
            }
            _ => wanted.refuse("messages", "takes only texts and images")?,
        }
    }
    let mut out = json!({"role": message.role.name(), "content": message.text()});
    if !images.is_empty() {
        out["images"] = images.into();
    }
    Ok(out)
}

fn assistant(chat: &Chat, message: &Message, wanted: &mut Wanted) -> Result<Value> {
    let own = send::own(chat, message, wanted);
    if let Some(mut block) = own.and_then(|origin| origin.blocks.first()).cloned() {
        let calls = block.get_mut("tool_calls").and_then(Value::as_array_mut);
        let calls = calls.into_iter().flatten();
        calls::restore(calls.filter_map(|call| call.pointer_mut("/function/arguments")), message);
        return Ok(block);
    }
    lost::note_foreign(message, wanted);
    let mut out = said(message, wanted)?;
    // Another's thoughts are nobody else's; of a caller's own message they are its.
    let own = message.extra.get("thinking").and_then(Value::as_str).or(message.reasoning());
    if let Some(thought) = own.filter(|thought| message.origin.is_none() && !thought.is_empty()) {
        out["thinking"] = thought.into();
    }
    if !message.tool_calls.is_empty() {
        let call = |call: &ToolCall| {
            let arguments = calls::arguments(message, call, wanted)?;
            Ok(json!({"function": {"name": call.name, "arguments": arguments}}))
        };
        out["tool_calls"] = message.tool_calls.iter().map(call).collect::<Result<Vec<_>>>()?.into();
    }
    Ok(out)
}
