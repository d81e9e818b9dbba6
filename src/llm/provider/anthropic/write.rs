//! Requests in Anthropic's form.
//!
//! What is said is written in [`super::turns`]; here, all that goes beside it.

use serde_json::{Map, Value, json};

use super::{system, tools, turns};
use crate::error::Result;
use crate::llm::provider::models::Thinking;
use crate::llm::provider::wanted::Wanted;
use crate::llm::provider::{Chat, lost, schemas, send};
use crate::llm::request::Format;

/// The smallest budget of thinking.
const LEAST_BUDGET: u64 = 1_024;
/// The cap that is sent where nobody asks for another.
const CAP: u64 = 32_000;
/// Fields of the vendor's own that are handed on.
const OWN_FIELDS: &[&str] = &[
    "billing_policy",
    "cache_control",
    "compaction",
    "container",
    "context_management",
    "diagnostics",
    "fallback_credit_token",
    "fallbacks",
    "inference_geo",
    "mcp_servers",
    "output_config",
    "output_format",
    "service_tier",
    "speed",
    "stop_sequences",
    "system",
    "thread",
    "user_profile_id",
];
/// Writes the body.
pub fn body(chat: &Chat) -> Result<(Wanted, Map<String, Value>)> {
    let mut wanted = Wanted::new(chat)?;
    // A mark on a message is one on its last block.
    let known = ["cache_control"];
    chat.request.messages.iter().for_each(|one| lost::note_fields_of(one, &known, &mut wanted));
    let request = chat.request;
    let mut body = Map::new();
    let mut put = |key: &str, value: Value| drop(body.insert(key.into(), value));
    put("model", wanted.model.clone().into());
    let limit = wanted.takes.max_output;
    // Thoughts count, so a budget comes on top where nobody names a cap.
    let own = CAP + wanted.budget.unwrap_or(0);
    let cap = wanted.max_tokens.unwrap_or(if limit == 0 { own } else { own.min(limit) });
    put("max_tokens", cap.into());
    if let Some(system) = system::field(chat, &mut wanted)? {
        put("system", system);
    }
    let messages = turns::messages(chat, &mut wanted)?;
    let thinking = thinking(chat, &mut wanted, cap, &messages)?;
    let is = |kind: &str| thinking.as_ref().is_some_and(|thinking| thinking["type"] == kind);
    let (has_budget, decides) = (is("enabled"), is("adaptive"));
    let cites = turns::wants_citations(&messages);
    put("messages", messages.into());
    stops(&mut wanted)?;
    sampling(chat, &mut wanted, has_budget || decides, &mut put)?;
    if let Some(thinking) = thinking {
        put("thinking", thinking);
    }
    let config = output_config(chat, &mut wanted, cites)?;
    tools::tools(chat, &mut wanted, has_budget, &mut put)?;
    let mut other = request.other.clone();
    if let Some(user) = user(chat, &mut other, &mut wanted)? {
        put("metadata", json!({"user_id": user}));
    }
    if chat.stream {
        put("stream", true.into());
    }
    other.shift_remove("thinking");
    if let Some(container) = turns::container(chat, &wanted) {
        match other.get_mut("container") {
            Some(Value::Object(own)) => drop(own.entry("id").or_insert(container)),
            Some(_) => {}
            None => drop(other.insert("container".into(), container)),
        }
    }
    if let Some(config) = config {
        send::with_own(&mut other, "output_config", config);
    }
    service_tier(&mut other, &mut wanted)?;
    send::check_system(&mut other, "system", &body, &mut wanted)?;
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
    if thinks && wanted.top_p.is_some_and(|top_p| top_p < 0.95) {
        match chat.is_explicit("top_p") {
            true => wanted.refuse("top_p", "takes only 0.95 to 1 while it thinks")?,
            false => wanted.note("top_p", "left out: the model thinks"),
        }
        wanted.top_p = None;
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

/// The vendor refuses stop texts in which there is nothing to be seen.
fn stops(wanted: &mut Wanted) -> Result<()> {
    let is_blank = |text: &String| text.trim().is_empty();
    if wanted.stop.iter().any(is_blank) {
        wanted.refuse("stop", "takes no text of white space alone")?;
        wanted.stop.retain(|text| !is_blank(text));
    }
    Ok(())
}

/// How it is to think: as the caller wrote it out, or else as asked; without a
/// budget in the middle of a turn that nobody thought about.
fn thinking(
    chat: &Chat,
    wanted: &mut Wanted,
    cap: u64,
    messages: &[Value],
) -> Result<Option<Value>> {
    let asked = asked_thinking(wanted, cap)?;
    let own = chat.request.other.get("thinking").cloned();
    let field = match wanted.budget {
        _ if own.is_some() => "thinking",
        Some(_) => "reasoning_budget",
        None => "reasoning_effort",
    };
    let thinking = own.or(asked);
    let has_budget = thinking.as_ref().is_some_and(|thinking| thinking["type"] == "enabled");
    if has_budget && turns::go_on_without_thought(messages) {
        wanted.note(field, "left out: the turn that goes on began without a thought");
        return Ok(None);
    }
    Ok(thinking)
}

/// Newer models decide themselves how long to think, older ones get a budget.
fn asked_thinking(wanted: &mut Wanted, cap: u64) -> Result<Option<Value>> {
    let budget = match (wanted.budget, wanted.effort.as_deref(), wanted.takes.thinking) {
        (None, None, _) => return Ok(None),
        (None, Some("none"), _) => return Ok(Some(json!({"type": wanted.takes.unthinking}))),
        (None, Some(_), Thinking::Efforts(_)) => {
            return Ok(Some(json!({"type": "adaptive", "display": "summarized"})));
        }
        (Some(budget), ..) => budget,
        (None, Some("low"), _) => wanted.budget_of_effort(2_048, LEAST_BUDGET),
        (None, Some("medium"), _) => wanted.budget_of_effort(8_192, LEAST_BUDGET),
        (None, Some(_), _) => wanted.budget_of_effort(24_576, LEAST_BUDGET),
    };
    let fits = budget.min(cap.saturating_sub(1));
    if fits < LEAST_BUDGET || wanted.budget.is_some_and(|asked| asked != fits) {
        let field = if wanted.budget.is_some() { "reasoning_budget" } else { "reasoning_effort" };
        wanted.refuse(field, "thinks at least 1024 tokens, and fewer than max_tokens")?;
        return Ok(None);
    }
    Ok(Some(json!({"type": "enabled", "budget_tokens": fits})))
}

fn output_config(
    chat: &Chat,
    wanted: &mut Wanted,
    cites: bool,
) -> Result<Option<Map<String, Value>>> {
    let mut config = Map::new();
    let effort = wanted.effort.as_deref().filter(|effort| *effort != "none");
    if let (Some(effort), Thinking::Efforts(_)) = (effort, wanted.takes.thinking) {
        config.insert("effort".into(), effort.into());
    }
    match &chat.request.response_format {
        None | Some(Format::Text | Format::Own(_)) => {}
        Some(Format::JsonObject) => {
            wanted.refuse("response_format", "takes a json_schema, but no json_object")?;
        }
        Some(Format::JsonSchema { .. }) if !wanted.takes.schema => {
            wanted.refuse("response_format", "takes no json_schema")?;
        }
        Some(Format::JsonSchema { .. }) if cites => {
            wanted.refuse("response_format", "takes no json_schema together with citations")?;
        }
        Some(Format::JsonSchema { schema, .. }) => {
            let schema = schemas::closed(schema, "response_format", wanted)?;
            config.insert("format".into(), json!({"type": "json_schema", "schema": schema}));
        }
    }
    Ok((!config.is_empty()).then_some(config))
}

/// Who asks: what the vendor's own field says, else OpenAI's first one, else the one
/// that followed it.
fn user(
    chat: &Chat,
    other: &mut Map<String, Value>,
    wanted: &mut Wanted,
) -> Result<Option<String>> {
    const NEWER: &str = "safety_identifier";
    let request = chat.request;
    let said = own_user(&request.metadata, wanted)?;
    let mut user = said.map(|id| ("metadata has a user_id", id));
    let others =
        [("user", request.user.clone(), "user says who asks"), (NEWER, text_of(NEWER, other), "")];
    for (field, id, why) in others {
        match (id, &user) {
            (Some(id), None) => user = Some((why, id)),
            (Some(id), Some((why, first))) if id != *first => {
                wanted.note(field, &format!("left out: {why}"));
            }
            _ => {}
        }
    }
    Ok(user.map(|(_, id)| id))
}

/// Takes a field, if it holds a text.
fn text_of(field: &str, other: &mut Map<String, Value>) -> Option<String> {
    let text = other.get(field)?.as_str()?.to_string();
    other.shift_remove(field);
    Some(text)
}

/// Who asks, as the vendor's own field says it.
fn own_user(metadata: &Option<Value>, wanted: &mut Wanted) -> Result<Option<String>> {
    let Some(Value::Object(metadata)) = metadata else { return Ok(None) };
    if let Some(key) = metadata.keys().find(|key| *key != "user_id") {
        wanted.refuse("metadata", &format!("takes only user_id, not {key}"))?;
    }
    match metadata.get("user_id") {
        Some(Value::String(id)) => Ok(Some(id.clone())),
        Some(Value::Number(id)) => Ok(Some(id.to_string())),
        None | Some(Value::Null) => Ok(None),
        Some(_) => {
            wanted.refuse("metadata", "takes only a text as user_id")?;
            Ok(None)
        }
    }
}
