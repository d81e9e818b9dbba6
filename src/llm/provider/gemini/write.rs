//! Requests in Gemini's form.

use serde_json::{Map, Value, json};

use super::super::models::Thinking;
use super::super::wanted::Wanted;
use super::super::{Chat, offer, send};
use super::turns;
use crate::error::Result;
use crate::llm::request::{Format, Named, Tool, ToolChoice};

/// Fields of the vendor's own that are handed on, and their names there.
const OWN_FIELDS: &[&str] = &["cachedContent", "safetySettings", "labels", "serviceTier", "store"];
/// What the vendor knows of a function beside name, description and schema.
const OF_FUNCTIONS: &[&str] = &["behavior", "response", "responseJsonSchema"];

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
    let system = turns::system(chat, wanted)?;
    if !system.is_empty() {
        body.insert("systemInstruction".into(), json!({"parts": system}));
    }
    body.insert("contents".into(), turns::contents(chat, wanted, url)?.into());
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
    rest.retain(|key, _| !matches!(key.as_str(), "logprobs" | "top_logprobs" | "seed"));
    send::other_fields(&rest, wanted, OWN_FIELDS, &mut body)?;
    Ok(body)
}

/// The seed, which may be below 0 here; the option's is not, so such a one comes as
/// it is.
fn seed(chat: &Chat, wanted: &mut Wanted) -> Result<Option<i32>> {
    let own = chat.request.other.get("seed");
    let seed = match (wanted.seed, own) {
        (Some(seed), _) => i32::try_from(seed).ok(),
        (None, Some(own)) => own.as_i64().and_then(|seed| seed.try_into().ok()),
        (None, None) => return Ok(None),
    };
    if seed.is_none() {
        wanted.refuse("seed", "takes -2147483648 to 2147483647")?;
    }
    Ok(seed)
}

fn config(chat: &Chat, wanted: &mut Wanted) -> Result<Map<String, Value>> {
    let request = chat.request;
    let seed = seed(chat, wanted)?;
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
    put("seed", seed.map(Into::into));
    put("presencePenalty", wanted.presence_penalty.map(Into::into));
    put("frequencyPenalty", wanted.frequency_penalty.map(Into::into));
    put("candidateCount", wanted.n.map(Into::into));
    put("responseLogprobs", request.other.get("logprobs").cloned());
    put("logprobs", request.other.get("top_logprobs").cloned());
    match &request.response_format {
        None | Some(Format::Text | Format::Own(_)) => {}
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
    let own = own.into_iter().filter(|tool| offer::is_allowed(request, tool));
    let mut tools: Vec<Value> = own.filter_map(|tool| tool.other.clone()).collect();
    if !functions.is_empty() {
        let functions = functions.into_iter().map(|tool| declaration(tool, wanted));
        let functions = functions.collect::<Result<Vec<_>>>()?;
        tools.push(json!({"functionDeclarations": functions}));
    }
    if tools.is_empty() {
        return Ok(());
    }
    body.insert("tools".into(), tools.into());
    if request.parallel_tool_calls == Some(false) {
        wanted.refuse("parallel_tool_calls", "cannot be kept from parallel calls")?;
    }
    if let Some(config) = choice.map(|choice| calling(choice, wanted)).transpose()?.flatten() {
        body.insert("toolConfig".into(), json!({"functionCallingConfig": config}));
    }
    Ok(())
}

/// Which functions are to be called. The vendor's own tools cannot be named: they
/// are offered or not.
fn calling(choice: ToolChoice, wanted: &mut Wanted) -> Result<Option<Value>> {
    const WHY: &str = "can be made to call functions only";
    let is_function = |named: &Named| named.hosted.is_none();
    Ok(Some(match choice {
        ToolChoice::Auto => json!({"mode": "AUTO"}),
        ToolChoice::None => json!({"mode": "NONE"}),
        ToolChoice::Required => json!({"mode": "ANY"}),
        ToolChoice::Function(named) if is_function(&named) => {
            json!({"mode": "ANY", "allowedFunctionNames": [named.name]})
        }
        ToolChoice::Function(_) => {
            wanted.refuse("tool_choice", WHY)?;
            return Ok(None);
        }
        ToolChoice::Allowed(mut names, must) => {
            names.retain(is_function);
            let names: Vec<_> = names.into_iter().map(|named| named.name).collect();
            match (names.is_empty(), must) {
                (false, true) => json!({"mode": "ANY", "allowedFunctionNames": names}),
                (false, false) => json!({"mode": "VALIDATED", "allowedFunctionNames": names}),
                (true, _) => {
                    if must {
                        wanted.refuse("tool_choice", WHY)?;
                    }
                    json!({"mode": "NONE"})
                }
            }
        }
    }))
}

fn declaration(tool: &Tool, wanted: &mut Wanted) -> Result<Value> {
    let mut json = json!({
        "name": tool.name,
        "description": tool.description.as_deref().unwrap_or_default(),
    });
    if let Some(parameters) = &tool.parameters {
        json["parametersJsonSchema"] = with_lone_references(parameters);
    }
    for (key, value) in offer::members(tool, OF_FUNCTIONS, wanted)? {
        json[key] = value;
    }
    Ok(json)
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
