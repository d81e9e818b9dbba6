//! Requests in Anthropic's form.
//!
//! System messages become a field, turns alternate, and the results of one
//! turn's calls stand together at the head of the user's next message.

use serde_json::{Map, Value, json};

use crate::error::Result;
use crate::llm::message::{Message, Part, Piece, Role, Source};
use crate::llm::provider::models::Thinking;
use crate::llm::provider::wanted::Wanted;
use crate::llm::provider::{Chat, offer, send};
use crate::llm::request::{Format, Tool, ToolChoice};

/// The cap that is sent where nobody asks for another.
const CAP: u64 = 32_000;
/// Fields of the vendor's own that are handed on.
const OWN_FIELDS: &[&str] = &[
    "cache_control",
    "container",
    "context_management",
    "inference_geo",
    "mcp_servers",
    "output_config",
    "service_tier",
    "thinking",
];

/// A turn: whose, and its blocks.
type Turn = (&'static str, Vec<Value>);

/// Writes the body.
pub fn body(chat: &Chat, url: &str) -> Result<(Wanted, Map<String, Value>)> {
    let mut wanted = Wanted::new(chat)?;
    let request = chat.request;
    let mut body = Map::new();
    let mut put = |key: &str, value: Value| drop(body.insert(key.into(), value));
    put("model", wanted.model.clone().into());
    let limit = wanted.takes.max_output;
    let cap = wanted.max_tokens.unwrap_or(if limit == 0 { CAP } else { CAP.min(limit) });
    put("max_tokens", cap.into());
    if let Some(system) = system(chat, &mut wanted)? {
        put("system", system);
    }
    put("messages", messages(chat, &mut wanted, url)?.into());
    let thinking = thinking(&mut wanted, cap)?;
    let thinks = thinking.as_ref().is_some_and(|thinking| thinking["type"] == "enabled");
    sampling(chat, &mut wanted, thinks, &mut put)?;
    if let Some(thinking) = thinking {
        put("thinking", thinking);
    }
    if let Some(config) = output_config(chat, &mut wanted)? {
        put("output_config", config);
    }
    tools(chat, &mut wanted, &mut put)?;
    if let Some(user) = user(chat, &mut wanted)? {
        put("metadata", json!({"user_id": user}));
    }
    if chat.stream {
        put("stream", true.into());
    }
    let mut other = request.other.clone();
    service_tier(&mut other, &mut wanted)?;
    send::other_fields(&other, &mut wanted, OWN_FIELDS, &mut body)?;
    Ok((wanted, body))
}

/// The vendor's own words for its tiers, and the one that others call `default`.
fn service_tier(other: &mut Map<String, Value>, wanted: &mut Wanted) -> Result<()> {
    match other.get("service_tier") {
        None => {}
        Some(tier) if *tier == "auto" || *tier == "standard_only" => {}
        Some(tier) if *tier == "default" => {
            other.insert("service_tier".into(), "standard_only".into());
        }
        Some(_) => {
            wanted.refuse("service_tier", "takes auto or default")?;
            other.shift_remove("service_tier");
        }
    }
    Ok(())
}

fn system(chat: &Chat, wanted: &mut Wanted) -> Result<Option<Value>> {
    if let Some(text) = send::system_prompt(chat) {
        return Ok(Some(text.into()));
    }
    let mut all = Vec::new();
    for message in chat.request.messages.iter().filter(|m| m.role == Role::System) {
        all.extend(blocks(message, wanted)?);
    }
    let marked = all.iter().any(|block| !block["cache_control"].is_null());
    let texts: Vec<_> = all.iter().filter_map(|block| block["text"].as_str()).collect();
    Ok(match (all.len(), marked) {
        (0, _) => None,
        (_, false) if texts.len() == all.len() => Some(texts.join("\n\n").into()),
        _ => Some(all.into()),
    })
}

fn messages(chat: &Chat, wanted: &mut Wanted, url: &str) -> Result<Vec<Value>> {
    let mut turns: Vec<Turn> = Vec::new();
    for message in chat.request.messages.iter().filter(|m| m.role != Role::System) {
        match message.role {
            Role::Tool => add_result(&mut turns, result(message, wanted)?),
            Role::Assistant => {
                let blocks = assistant(chat, message, wanted, url)?;
                add(&mut turns, "assistant", blocks);
            }
            _ => {
                let blocks = blocks(message, wanted)?;
                add(&mut turns, "user", blocks);
            }
        }
    }
    let trailing = chat.request.messages.last().filter(|m| m.role == Role::Assistant);
    if let Some(last) = trailing
        && !wanted.takes.prefill
        && send::own(chat, last, wanted, url).is_none()
    {
        wanted.refuse("messages", "does not go on from an assistant's message")?;
        turns.pop_if(|(role, _)| *role == "assistant");
    }
    Ok(turns.into_iter().map(|(role, blocks)| json!({"role": role, "content": blocks})).collect())
}

/// A message of nothing is no turn: its neighbours may be one.
fn add(turns: &mut Vec<Turn>, role: &'static str, mut blocks: Vec<Value>) {
    leave_out_silence(&mut blocks);
    match turns.last_mut() {
        _ if blocks.is_empty() => {}
        Some((last, all)) if *last == role => all.extend(blocks),
        _ => turns.push((role, blocks)),
    }
}

/// The vendor refuses texts that are empty, and white space where nothing else
/// is said; its own answers have them even so, before a call.
fn leave_out_silence(blocks: &mut Vec<Value>) {
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

fn result(message: &Message, wanted: &mut Wanted) -> Result<Value> {
    let mut result = json!({
        "type": "tool_result",
        "tool_use_id": id(message.tool_call_id.as_deref().unwrap_or_default()),
    });
    let blocks = blocks(message, wanted)?;
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

fn assistant(chat: &Chat, message: &Message, wanted: &mut Wanted, url: &str) -> Result<Vec<Value>> {
    if let Some(origin) = send::own(chat, message, wanted, url) {
        return Ok(origin.blocks.clone());
    }
    let mut blocks = blocks(message, wanted)?;
    for call in &message.tool_calls {
        blocks.push(json!({
            "type": "tool_use",
            "id": id(&call.id),
            "name": call.name,
            "input": call.object()?,
        }));
    }
    Ok(blocks)
}

/// A message's content; a mark on the message counts for its last block.
fn blocks(message: &Message, wanted: &mut Wanted) -> Result<Vec<Value>> {
    let mut blocks = Vec::new();
    for piece in &*message.spoken() {
        if let Some(mut block) = block(piece, wanted)? {
            if let Some(mark) = &piece.cache_control {
                block["cache_control"] = mark.clone();
            }
            blocks.push(block);
        }
    }
    if let (Some(mark), Some(last)) = (message.extra.get("cache_control"), blocks.last_mut()) {
        last["cache_control"] = mark.clone();
    }
    Ok(blocks)
}

fn block(piece: &Piece, wanted: &mut Wanted) -> Result<Option<Value>> {
    Ok(Some(match &piece.part {
        // The vendor refuses empty texts.
        Part::Text(text) if text.is_empty() => return Ok(None),
        Part::Text(text) => json!({"type": "text", "text": text}),
        Part::Image(source, _) => json!({"type": "image", "source": image_source(source)}),
        Part::Document(source, name) => {
            let mut block = json!({"type": "document", "source": document_source(source)});
            if let Some(name) = name {
                block["title"] = name.clone().into();
            }
            block
        }
        Part::Other(json) => {
            let kind = json["type"].as_str().unwrap_or_default();
            if !matches!(kind, "image" | "document" | "search_result" | "container_upload") {
                wanted.refuse("messages", &format!("does not take content of type {kind}"))?;
                return Ok(None);
            }
            json.clone()
        }
    }))
}

fn image_source(source: &Source) -> Value {
    match source {
        Source::Url(url) => json!({"type": "url", "url": url}),
        Source::Bytes { mime, base64 } => {
            json!({"type": "base64", "media_type": mime, "data": base64})
        }
        Source::File(id) => json!({"type": "file", "file_id": id}),
    }
}

fn document_source(source: &Source) -> Value {
    match source {
        Source::Bytes { mime, .. } if mime.starts_with("text/") => {
            json!({"type": "text", "media_type": "text/plain", "data": source.decoded()})
        }
        _ => image_source(source),
    }
}

fn sampling(
    chat: &Chat,
    wanted: &mut Wanted,
    thinks: bool,
    put: &mut impl FnMut(&str, Value),
) -> Result<()> {
    let unlike_one = wanted.temperature.is_some_and(|temperature| temperature != 1.0);
    if thinks && unlike_one {
        if chat.is_explicit("temperature") {
            wanted.refuse("temperature", "takes only 1 while it thinks")?;
        } else {
            wanted.note("temperature", "left out: the model thinks");
        }
        wanted.temperature = None;
    }
    if thinks && wanted.top_k.take().is_some() {
        wanted.refuse("top_k", "does not take it while it thinks")?;
    }
    if let Some(temperature) = wanted.temperature {
        put("temperature", temperature.into());
    }
    if let Some(top_p) = wanted.top_p {
        put("top_p", top_p.into());
    }
    if let Some(top_k) = wanted.top_k {
        put("top_k", top_k.into());
    }
    if !wanted.stop.is_empty() {
        put("stop_sequences", wanted.stop.clone().into());
    }
    Ok(())
}

/// Newer models decide themselves how long to think, older ones get a budget.
fn thinking(wanted: &mut Wanted, cap: u64) -> Result<Option<Value>> {
    let budget = match (wanted.budget, wanted.effort.as_deref(), wanted.takes.thinking) {
        (None, None, _) => return Ok(None),
        (None, Some("none"), _) => return Ok(Some(json!({"type": "disabled"}))),
        (None, Some(_), Thinking::Efforts(_)) => {
            return Ok(Some(json!({"type": "adaptive", "display": "summarized"})));
        }
        (Some(budget), ..) => budget,
        (None, Some("low"), _) => 2_048,
        (None, Some("medium"), _) => 8_192,
        (None, Some(_), _) => 24_576,
    };
    let fits = budget.min(cap.saturating_sub(1));
    if fits < 1_024 || wanted.budget.is_some_and(|asked| asked != fits) {
        let field = if wanted.budget.is_some() { "reasoning_budget" } else { "reasoning_effort" };
        wanted.refuse(field, "thinks at least 1024 tokens, and fewer than max_tokens")?;
        return Ok(None);
    }
    Ok(Some(json!({"type": "enabled", "budget_tokens": fits})))
}

fn output_config(chat: &Chat, wanted: &mut Wanted) -> Result<Option<Value>> {
    let mut config = Map::new();
    let effort = wanted.effort.as_deref().filter(|effort| *effort != "none");
    if let (Some(effort), Thinking::Efforts(_)) = (effort, wanted.takes.thinking) {
        config.insert("effort".into(), effort.into());
    }
    match &chat.request.response_format {
        None | Some(Format::Text) => {}
        Some(Format::JsonObject) => {
            wanted.refuse("response_format", "takes a json_schema, but no json_object")?;
        }
        Some(Format::JsonSchema { schema, .. }) => {
            config.insert("format".into(), json!({"type": "json_schema", "schema": schema}));
        }
    }
    Ok((!config.is_empty()).then(|| config.into()))
}

fn tools(chat: &Chat, wanted: &mut Wanted, put: &mut impl FnMut(&str, Value)) -> Result<()> {
    let request = chat.request;
    let tools = offer::but_openais(offer::allowed(request), wanted)?;
    if tools.is_empty() {
        return Ok(());
    }
    let chosen = offer::choice(request, &tools, wanted);
    put("tools", tools.into_iter().map(tool).collect());
    let mut choice = match &chosen {
        None | Some(ToolChoice::Auto | ToolChoice::Allowed(_, false)) => json!({"type": "auto"}),
        Some(ToolChoice::Required | ToolChoice::Allowed(_, true)) => json!({"type": "any"}),
        Some(ToolChoice::None) => json!({"type": "none"}),
        Some(ToolChoice::Function(name)) => json!({"type": "tool", "name": name}),
    };
    let serial = request.parallel_tool_calls == Some(false) && choice["type"] != "none";
    if serial {
        choice["disable_parallel_tool_use"] = true.into();
    }
    if serial || chosen.is_some() {
        put("tool_choice", choice);
    }
    Ok(())
}

fn tool(tool: &Tool) -> Value {
    if let Some(other) = &tool.other {
        return other.clone();
    }
    let mut json = json!({"name": tool.name, "input_schema": input_schema(tool)});
    if let Some(description) = &tool.description {
        json["description"] = description.clone().into();
    }
    if tool.strict == Some(true) {
        json["strict"] = true.into();
    }
    if let Some(mark) = &tool.cache_control {
        json["cache_control"] = mark.clone();
    }
    json
}

/// The schema of the input, which has to say that it is an object's.
fn input_schema(tool: &Tool) -> Value {
    let mut schema = tool.parameters.clone().unwrap_or_else(|| json!({"properties": {}}));
    if let Value::Object(members) = &mut schema
        && !members.contains_key("type")
    {
        members.insert("type".into(), "object".into());
    }
    schema
}

fn user(chat: &Chat, wanted: &mut Wanted) -> Result<Option<String>> {
    let request = chat.request;
    if let Some(Value::Object(metadata)) = &request.metadata {
        if let Some(key) = metadata.keys().find(|key| *key != "user_id") {
            wanted.refuse("metadata", &format!("takes only user_id, not {key}"))?;
        }
        if let Some(user) = metadata.get("user_id").and_then(Value::as_str) {
            return Ok(Some(user.into()));
        }
    }
    Ok(request.user.clone())
}
