//! Requests in Gemini's form.

use serde_json::{Map, Value, json};

use super::super::models::Thinking;
use super::super::send::{self, put};
use super::super::wanted::Wanted;
use super::super::{Chat, lost};
use super::tools::{self, Offered, with_lone_references};
use super::turns;
use crate::error::Result;
use crate::llm::request::Format;

/// The smallest budget of thinking that each model takes.
const LEAST_BUDGET: u64 = 512;
/// Fields of the vendor's own that are handed on.
const OWN_FIELDS: &[&str] = &[
    CACHED,
    "safetySettings",
    "labels",
    "continuationToken",
    SERVICE_TIER,
    "store",
    "systemInstruction",
    "toolConfig",
];
const CACHED: &str = "cachedContent";
const SERVICE_TIER: &str = "serviceTier";
/// Other names that the vendor has for them.
const NAMES: [(&str, &str); 7] = [
    ("cached_content", CACHED),
    ("continuation_token", "continuationToken"),
    ("generation_config", "generationConfig"),
    ("safety_settings", "safetySettings"),
    ("service_tier", SERVICE_TIER),
    ("system_instruction", "systemInstruction"),
    ("tool_config", "toolConfig"),
];

/// Writes the body.
pub fn body(chat: &Chat, wanted: &mut Wanted, model: &str) -> Result<Map<String, Value>> {
    let request = chat.request;
    let mut body = Map::new();
    body.insert("model".into(), model.into());
    let mut system = turns::system(chat, wanted)?;
    let mut contents = turns::contents(chat, wanted)?;
    if !system.is_empty() && !wanted.takes.system {
        turns::put_at_head(std::mem::take(&mut system), &mut contents, wanted);
    }
    if !system.is_empty() {
        body.insert("systemInstruction".into(), json!({"parts": system}));
    }
    body.insert("contents".into(), contents.into());
    let offered = tools::write(chat, wanted)?;
    let mut rest = request.other.clone();
    for (name, its) in NAMES {
        if let Some(value) = rest.shift_remove(name) {
            rest.insert(its.into(), value);
        }
    }
    // Other vendors' words for what it does unasked.
    if rest.get(SERVICE_TIER).is_some_and(|tier| *tier == "auto" || *tier == "default") {
        rest.shift_remove(SERVICE_TIER);
    }
    let mut config = config(chat, &offered, wanted)?;
    if let Some(Value::Object(own)) = rest.get("generationConfig") {
        lay_own(&mut config, own);
        rest.shift_remove("generationConfig");
    }
    if !config.is_empty() {
        body.insert("generationConfig".into(), config.into());
    }
    if !offered.tools.is_empty() {
        body.insert("tools".into(), offered.tools.into());
    }
    lost::refuse_marks(request, wanted)?;
    if !offered.config.is_empty() {
        send::with_own(&mut rest, "toolConfig", offered.config);
    }
    let is_in_config = |key: &str, value: &Value| match key {
        "logprobs" | "top_logprobs" | "seed" => true,
        _ => key == "modalities" && modalities(value).is_some(),
    };
    rest.retain(|key, value| !is_in_config(key, value));
    let is_cached = |rest: &Map<_, _>| rest.get(CACHED).is_some_and(|name| !Value::is_null(name));
    if !wanted.takes.cached_content && is_cached(&rest) {
        wanted.refuse(CACHED, "keeps no content that is named")?;
        rest.shift_remove(CACHED);
    }
    send::check_system(&mut rest, "systemInstruction", &body, wanted)?;
    send::other_fields(&rest, wanted, OWN_FIELDS, &mut body)?;
    leave_to_cached(&mut body, wanted)?;
    Ok(body)
}

/// What the vendor has of a conversation whose beginning lies with it, and takes from
/// nowhere else then.
fn leave_to_cached(body: &mut Map<String, Value>, wanted: &mut Wanted) -> Result<()> {
    if body.get(CACHED).is_none_or(Value::is_null) {
        return Ok(());
    }
    for field in ["systemInstruction", "tools", "toolConfig"] {
        if body.shift_remove(field).is_some() {
            wanted.refuse(field, "takes it from the cachedContent alone")?;
        }
    }
    Ok(())
}

/// Lays the caller's own configuration over what the options come to. The vendor takes
/// each of its names also in words that strokes join, but none in both forms, nor two
/// ways to say how long to think.
fn lay_own(config: &mut Map<String, Value>, own: &Map<String, Value>) {
    const THINKING: &str = "thinkingConfig";
    let mut own = in_its_names(own);
    if let Some(thinking) = own.get_mut(THINKING).and_then(Value::as_object_mut) {
        *thinking = in_its_names(thinking);
        let says_how_long = |name: &str| name == "thinkingBudget" || name == "thinkingLevel";
        let ours = config.get_mut(THINKING).and_then(Value::as_object_mut);
        if let Some(ours) = ours.filter(|_| thinking.keys().any(|name| says_how_long(name))) {
            ours.retain(|name, _| !says_how_long(name));
        }
    }
    send::overlay(config, &own);
}

fn in_its_names(members: &Map<String, Value>) -> Map<String, Value> {
    let its_name = |name: &str| {
        let mut words = name.split('_');
        let first = words.next().unwrap_or_default();
        let capital = |word: &str| match word.split_at_checked(1) {
            Some((letter, rest)) => letter.to_ascii_uppercase() + rest,
            None => word.into(),
        };
        words.fold(String::from(first), |name, word| name + &capital(word))
    };
    members.iter().map(|(name, value)| (its_name(name), value.clone())).collect()
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

fn config(chat: &Chat, offered: &Offered, wanted: &mut Wanted) -> Result<Map<String, Value>> {
    let request = chat.request;
    let seed = seed(chat, wanted)?;
    let format = format(chat, offered, wanted)?;
    let mut config = Map::new();
    put(&mut config, "temperature", wanted.temperature);
    put(&mut config, "topP", wanted.top_p);
    put(&mut config, "topK", wanted.top_k);
    put(&mut config, "maxOutputTokens", wanted.max_tokens);
    put(&mut config, "stopSequences", wanted.stop_texts());
    put(&mut config, "seed", seed);
    put(&mut config, "presencePenalty", wanted.presence_penalty);
    put(&mut config, "frequencyPenalty", wanted.frequency_penalty);
    put(&mut config, "candidateCount", wanted.n);
    put(&mut config, "responseLogprobs", request.other.get("logprobs").cloned());
    put(&mut config, "logprobs", request.other.get("top_logprobs").cloned());
    format.into_iter().for_each(|(key, value)| put(&mut config, &key, Some(value)));
    put(&mut config, "responseModalities", request.other.get("modalities").and_then(modalities));
    put(&mut config, "thinkingConfig", thinking(wanted));
    Ok(config)
}

/// What the answer may consist of, in the vendor's capitals.
fn modalities(asked: &Value) -> Option<Value> {
    let capitals = |word: &Value| Some(Value::from(word.as_str()?.to_ascii_uppercase()));
    asked.as_array()?.iter().map(capitals).collect()
}

/// The form that the answer is held to: of Gemini in older models not where there are
/// tools, in newer ones not where a function has to be called.
fn format(chat: &Chat, offered: &Offered, wanted: &mut Wanted) -> Result<Map<String, Value>> {
    let mut format = Map::new();
    let schema = match &chat.request.response_format {
        None | Some(Format::Text | Format::Own(_)) => return Ok(format),
        Some(Format::JsonObject) => None,
        Some(Format::JsonSchema { schema, .. }) => Some(with_lone_references(schema)),
    };
    let has_tools = !offered.tools.is_empty();
    let why = match wanted.takes.tools_beside {
        _ if !wanted.takes.schema => "answers in text only",
        false if has_tools => "does not take it together with tools",
        true if offered.is_forced() => "does not take it where a function has to be called",
        _ => {
            format.insert("responseMimeType".into(), "application/json".into());
            format.extend(schema.map(|schema| ("responseJsonSchema".into(), schema)));
            return Ok(format);
        }
    };
    wanted.refuse("response_format", why)?;
    Ok(format)
}

/// Older models count the thoughts' tokens, newer ones have levels.
fn thinking(wanted: &mut Wanted) -> Option<Value> {
    let by_effort = wanted.effort.as_deref().map(|effort| match effort {
        "none" => 0,
        "minimal" => 512,
        "low" => 1_024,
        "medium" => 8_192,
        _ => 24_576,
    });
    match (wanted.budget, wanted.takes.thinking) {
        (None, Thinking::Budgeted(_)) => {
            let budget = wanted.budget_of_effort(by_effort?, LEAST_BUDGET);
            Some(json!({"thinkingBudget": budget, "includeThoughts": budget > 0}))
        }
        (Some(budget), _) => Some(json!({"thinkingBudget": budget, "includeThoughts": budget > 0})),
        (None, _) => {
            let level = wanted.effort.as_deref()?.to_ascii_uppercase();
            Some(json!({"thinkingLevel": level, "includeThoughts": true}))
        }
    }
}
