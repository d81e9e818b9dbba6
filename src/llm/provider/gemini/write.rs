//! Requests in Gemini's form.

use serde_json::{Map, Value, json};

use super::super::models::Thinking;
use super::super::wanted::Wanted;
use super::super::{Chat, offer, send};
use crate::error::Result;
use crate::llm::message::{Message, Part, Piece, Role, Source, ToolCall};
use crate::llm::request::{Format, Tool, ToolChoice};

/// Fields of the vendor's own that are handed on, and their names there.
const OWN_FIELDS: &[&str] = &["cachedContent", "safetySettings", "labels", "serviceTier", "store"];

/// What stands in for a signature that another provider's call cannot have;
/// the vendor skips its check then.
const NO_SIGNATURE: &str = "skip_thought_signature_validator";

/// Writes the body.
pub fn body(
    chat: &Chat,
    wanted: &mut Wanted,
    model: &str,
    url: &str,
) -> Result<Map<String, Value>> {
    let request = chat.request;
    let mut body = Map::new();
    body.insert("model".into(), model.into());
    let system = system(chat, wanted)?;
    if !system.is_empty() {
        body.insert("systemInstruction".into(), json!({"parts": system}));
    }
    body.insert("contents".into(), contents(chat, wanted, url)?.into());
    let config = config(chat, wanted)?;
    if !config.is_empty() {
        body.insert("generationConfig".into(), config.into());
    }
    tools(chat, wanted, &mut body)?;
    if request.user.is_some() {
        wanted.refuse("user", "does not take it")?;
    }
    if request.metadata.is_some() {
        wanted.refuse("metadata", "does not take it")?;
    }
    let mut rest = request.other.clone();
    if let Some(settings) = rest.shift_remove("safety_settings") {
        body.insert("safetySettings".into(), settings);
    }
    rest.retain(|key, _| !matches!(key.as_str(), "logprobs" | "top_logprobs"));
    send::other_fields(&rest, wanted, OWN_FIELDS, &mut body)?;
    Ok(body)
}

fn system(chat: &Chat, wanted: &mut Wanted) -> Result<Vec<Value>> {
    if let Some(text) = send::system_prompt(chat) {
        return Ok(vec![json!({"text": text})]);
    }
    let mut all = Vec::new();
    for message in chat.request.messages.iter().filter(|m| m.role == Role::System) {
        all.extend(parts(message, wanted)?);
    }
    Ok(all)
}

/// The turns; neighbours of one role are one turn, so that the results of
/// parallel calls stand together.
fn contents(chat: &Chat, wanted: &mut Wanted, url: &str) -> Result<Vec<Value>> {
    let mut turns: Vec<(&str, Vec<Value>)> = Vec::new();
    for message in chat.request.messages.iter().filter(|m| m.role != Role::System) {
        let (role, parts) = match message.role {
            Role::Tool => ("user", results(chat, message, wanted)?),
            Role::Assistant => ("model", model_turn(chat, message, wanted, url)?),
            _ => ("user", parts(message, wanted)?),
        };
        match turns.last_mut() {
            _ if parts.is_empty() => {}
            Some((last, all)) if *last == role => all.extend(parts),
            _ => turns.push((role, parts)),
        }
    }
    Ok(turns.into_iter().map(|(role, parts)| json!({"role": role, "parts": parts})).collect())
}

fn model_turn(
    chat: &Chat,
    message: &Message,
    wanted: &mut Wanted,
    url: &str,
) -> Result<Vec<Value>> {
    if let Some(origin) = send::own(chat, message, wanted, url) {
        return Ok(origin.blocks.clone());
    }
    let mut parts = parts(message, wanted)?;
    for (i, call) in message.tool_calls.iter().enumerate() {
        let mut function = json!({"name": call.name, "args": call.object()?});
        if ToolCall::has_own_id(&call.id) {
            function["id"] = call.id.clone().into();
        }
        let mut part = json!({"functionCall": function});
        if i == 0 && signs(&wanted.model) {
            part["thoughtSignature"] = NO_SIGNATURE.into();
        }
        parts.push(part);
    }
    Ok(parts)
}

/// Whether the model insists on signatures.
fn signs(model: &str) -> bool {
    let name = model.rsplit('/').next().unwrap_or_default();
    name.strip_prefix("gemini-").is_some_and(|rest| !rest.starts_with(['1', '2']))
}

/// A result, and the images and documents that it holds beside its text.
fn results(chat: &Chat, message: &Message, wanted: &mut Wanted) -> Result<Vec<Value>> {
    let mut all = vec![result(chat, message, wanted)?];
    for piece in message.content.iter().filter(|piece| !matches!(piece.part, Part::Text(_))) {
        all.extend(part(piece, wanted)?);
    }
    Ok(all)
}

/// A result: an object, with the function's name found from its call.
fn result(chat: &Chat, message: &Message, wanted: &mut Wanted) -> Result<Value> {
    let id = message.tool_call_id.as_deref().unwrap_or_default();
    let name = chat.request.function_of(id).or(message.name.as_deref());
    let Some(name) = name else {
        wanted.refuse("messages", &format!("needs the call that {id} is the result of"))?;
        return Ok(json!({"text": message.text()}));
    };
    let text = message.text();
    let response = match serde_json::from_str::<Value>(&text) {
        _ if message.is_error => json!({"error": text}),
        // In an object it would point at another part of the request.
        Ok(_) if text.contains("\"$ref\"") => json!({"output": text}),
        Ok(Value::Object(object)) => object.into(),
        Ok(value) if !value.is_string() => json!({"output": value}),
        _ => json!({"output": text}),
    };
    let mut function = json!({"name": name, "response": response});
    if ToolCall::has_own_id(id) {
        function["id"] = id.into();
    }
    Ok(json!({"functionResponse": function}))
}

fn parts(message: &Message, wanted: &mut Wanted) -> Result<Vec<Value>> {
    let mut parts = Vec::new();
    for piece in &*message.spoken() {
        if piece.cache_control.is_some() {
            wanted.note("cache_control", "left out: only Anthropic has it");
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

fn config(chat: &Chat, wanted: &mut Wanted) -> Result<Map<String, Value>> {
    let request = chat.request;
    if wanted.seed.is_some_and(|seed| i32::try_from(seed).is_err()) {
        wanted.refuse("seed", "takes 0 to 2147483647")?;
        wanted.seed = None;
    }
    let mut config = Map::new();
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            config.insert(key.into(), value);
        }
    };
    put("temperature", wanted.temperature.map(Into::into));
    put("topP", wanted.top_p.map(Into::into));
    put("topK", wanted.top_k.map(Into::into));
    put("maxOutputTokens", wanted.max_tokens.map(Into::into));
    put("stopSequences", (!wanted.stop.is_empty()).then(|| wanted.stop.clone().into()));
    put("seed", wanted.seed.map(Into::into));
    put("presencePenalty", wanted.presence_penalty.map(Into::into));
    put("frequencyPenalty", wanted.frequency_penalty.map(Into::into));
    put("candidateCount", wanted.n.map(Into::into));
    put("responseLogprobs", request.other.get("logprobs").cloned());
    put("logprobs", request.other.get("top_logprobs").cloned());
    match &request.response_format {
        None | Some(Format::Text) => {}
        Some(Format::JsonObject) => put("responseMimeType", Some("application/json".into())),
        Some(Format::JsonSchema { schema, .. }) => {
            put("responseMimeType", Some("application/json".into()));
            put("responseJsonSchema", Some(with_lone_references(schema)));
        }
    }
    put("thinkingConfig", thinking(wanted));
    Ok(config)
}

/// Older models count the thoughts' tokens, newer ones have levels.
fn thinking(wanted: &Wanted) -> Option<Value> {
    let by_effort = wanted.effort.as_deref().map(|effort| match effort {
        "none" => 0,
        "minimal" => 512,
        "low" => 1_024,
        "medium" => 8_192,
        _ => 24_576,
    });
    match (wanted.budget, wanted.takes.thinking) {
        (None, Thinking::Budgeted(_)) => {
            let budget = by_effort?;
            Some(json!({"thinkingBudget": budget, "includeThoughts": budget > 0}))
        }
        (Some(budget), _) => Some(json!({"thinkingBudget": budget, "includeThoughts": budget > 0})),
        (None, _) => {
            let level = wanted.effort.as_deref()?.to_ascii_uppercase();
            Some(json!({"thinkingLevel": level, "includeThoughts": true}))
        }
    }
}

fn tools(chat: &Chat, wanted: &mut Wanted, body: &mut Map<String, Value>) -> Result<()> {
    let request = chat.request;
    let tools = offer::but_openais(request.tools.iter(), wanted)?;
    if tools.is_empty() {
        return Ok(());
    }
    offer::note_unsaid(request, false, wanted);
    let choice = offer::choice(request, &tools, wanted);
    let (own, functions): (Vec<&Tool>, Vec<&Tool>) =
        tools.into_iter().partition(|tool| tool.other.is_some());
    let mut tools: Vec<Value> = own.into_iter().filter_map(|tool| tool.other.clone()).collect();
    if !functions.is_empty() {
        let functions: Vec<_> = functions.into_iter().map(declaration).collect();
        tools.push(json!({"functionDeclarations": functions}));
    }
    body.insert("tools".into(), tools.into());
    if request.parallel_tool_calls == Some(false) {
        wanted.refuse("parallel_tool_calls", "cannot be kept from parallel calls")?;
    }
    let config = match choice {
        None => return Ok(()),
        Some(ToolChoice::Auto) => json!({"mode": "AUTO"}),
        Some(ToolChoice::None) => json!({"mode": "NONE"}),
        Some(ToolChoice::Required) => json!({"mode": "ANY"}),
        Some(ToolChoice::Function(name)) => json!({"mode": "ANY", "allowedFunctionNames": [name]}),
        Some(ToolChoice::Allowed(names, must)) => {
            json!({"mode": if must { "ANY" } else { "VALIDATED" }, "allowedFunctionNames": names})
        }
    };
    body.insert("toolConfig".into(), json!({"functionCallingConfig": config}));
    Ok(())
}

fn declaration(tool: &Tool) -> Value {
    let mut json = json!({
        "name": tool.name,
        "description": tool.description.as_deref().unwrap_or_default(),
    });
    if let Some(parameters) = &tool.parameters {
        json["parametersJsonSchema"] = with_lone_references(parameters);
    }
    json
}

/// A schema whose references stand alone. Beside a `$ref` this vendor takes no
/// member that does not begin with `$`; other programs write descriptions and
/// defaults there.
fn with_lone_references(schema: &Value) -> Value {
    match schema {
        Value::Array(items) => items.iter().map(with_lone_references).collect(),
        Value::Object(members) => {
            let mut members: Map<_, _> =
                members.iter().map(|(key, it)| (key.clone(), with_lone_references(it))).collect();
            let is_lone = members.keys().all(|key| key.starts_with('$'));
            if !is_lone
                && members.get("$ref").is_some_and(Value::is_string)
                && !members.contains_key("anyOf")
                && let Some(reference) = members.shift_remove("$ref")
            {
                members.insert("anyOf".into(), json!([{"$ref": reference}]));
            }
            members.into()
        }
        other => other.clone(),
    }
}
