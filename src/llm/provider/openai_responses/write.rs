//! Requests in the form of OpenAI's Responses.

use serde_json::{Map, Value, json};

use super::said::input;
use crate::error::Result;
use crate::llm::provider::models::Thinking;
use crate::llm::provider::send::{self, put};
use crate::llm::provider::wanted::Wanted;
use crate::llm::provider::{Chat, by_model, lost, offer, schemas};
use crate::llm::request::{Format, Named, Tool, ToolChoice};

/// The least that this interface takes as a cap on an answer's tokens.
const CAP_MIN: u64 = 16;
/// Fields that are handed on as they are.
const OWN_FIELDS: &[&str] = &[
    "context_management",
    "conversation",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "moderation",
    "multi_agent",
    "previous_response_id",
    "prompt",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "safety_identifier",
    "service_tier",
    "store",
    "top_logprobs",
    "truncation",
];
/// What an answer includes if it is asked to: the thoughts for the next turn, and the
/// chances of its tokens.
const THOUGHTS: &str = "reasoning.encrypted_content";
const LOGPROBS: &str = "message.output_text.logprobs";
/// Fields that chat completions do not have.
pub const ONLY_HERE: &[&str] = &[
    "context_management",
    "conversation",
    "include",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "multi_agent",
    "previous_response_id",
    "prompt",
    "reasoning",
    "text",
    "truncation",
];
/// What the vendor knows of a function beside what all know.
pub const OF_FUNCTIONS: &[&str] = &["allowed_callers", "defer_loading", "output_schema"];

/// Writes the body.
pub fn body(chat: &Chat, wanted: &mut Wanted) -> Result<Map<String, Value>> {
    let request = chat.request;
    let mut body = Map::new();
    body.insert("model".into(), wanted.model.clone().into());
    body.insert("input".into(), input(chat, wanted)?.into());
    body.insert("store".into(), false.into());
    let mut other = by_model::taken(&request.other, wanted)?;
    let include = include(wanted, &mut other)?;
    if !include.is_empty() {
        body.insert("include".into(), include.into());
    }
    sampling(wanted, &mut body)?;
    let reasoning = reasoning(wanted, &mut other);
    if !reasoning.is_empty() {
        body.insert("reasoning".into(), reasoning.into());
    }
    lost::note_format(chat, &["description"], wanted);
    let mut text = text(chat, other.shift_remove("verbosity"));
    lay_own(&mut text, "text", &mut other);
    let text = by_model::taken(&text, wanted)?;
    if !text.is_empty() {
        body.insert("text".into(), text.into());
    }
    tools(chat, wanted, &mut body)?;
    put(&mut body, "user", request.user.clone());
    put(&mut body, "metadata", request.metadata.clone());
    if chat.stream {
        body.insert("stream".into(), true.into());
        let options = lost::stream_options(chat, wanted, |key| key == "include_obfuscation");
        if !options.is_empty() {
            body.insert("stream_options".into(), options.into());
        }
    }
    // Whose answer would have to be fetched later.
    if other.shift_remove("background") == Some(Value::Bool(true)) {
        wanted.refuse("background", "is only asked for answers that come at once")?;
    }
    send::other_fields(&other, wanted, OWN_FIELDS, &mut body)?;
    Ok(body)
}

/// How it is to think: what the caller says of it in the vendor's own form, if
/// anything, over the effort.
fn reasoning(wanted: &Wanted, other: &mut Map<String, Value>) -> Map<String, Value> {
    let mut reasoning = Map::new();
    if let Some(effort) = &wanted.effort {
        reasoning.insert("effort".into(), effort.clone().into());
        if effort != "none" {
            reasoning.insert("summary".into(), "auto".into());
        }
    }
    lay_own(&mut reasoning, "reasoning", other);
    reasoning
}

/// Lays what the caller says of a field in the vendor's own form over what is known
/// of it.
fn lay_own(known: &mut Map<String, Value>, field: &str, other: &mut Map<String, Value>) {
    if let Some(Value::Object(own)) = other.get(field) {
        send::overlay(known, own);
        other.shift_remove(field);
    }
}

/// What the answer is to hold beside what is said: what the next turn needs, and
/// what the caller's other fields ask for.
fn include(wanted: &mut Wanted, other: &mut Map<String, Value>) -> Result<Vec<Value>> {
    let mut include: Vec<Value> = Vec::new();
    // Models that do not think refuse to include what they thought.
    if wanted.takes.thinking != Thinking::No {
        include.push(THOUGHTS.into());
    }
    if other.shift_remove("logprobs") == Some(Value::Bool(true)) {
        include.push(LOGPROBS.into());
    }
    if let Some(Value::Array(more)) = other.shift_remove("include") {
        for one in more {
            match why_not(&one, wanted) {
                Some(why) => wanted.refuse("include", why)?,
                None if include.contains(&one) => {}
                None => include.push(one),
            }
        }
    }
    Ok(include)
}

/// Why the model refuses to include what the caller wants of an answer.
fn why_not(included: &Value, wanted: &Wanted) -> Option<&'static str> {
    match included.as_str()? {
        LOGPROBS => by_model::chances("logprobs", wanted)
            .map(|_| "gives no logprobs while it thinks, if at all"),
        THOUGHTS if wanted.takes.thinking == Thinking::No => Some("does not think"),
        _ => None,
    }
}

fn sampling(wanted: &mut Wanted, body: &mut Map<String, Value>) -> Result<()> {
    if let Some(cap) = wanted.max_tokens {
        if cap < CAP_MIN {
            let (why, least) = (format!("takes {CAP_MIN} or more here"), CAP_MIN.to_string());
            wanted.replace("max_tokens", &why, &least)?;
        }
        let cap = cap.max(CAP_MIN);
        body.insert("max_output_tokens".into(), cap.into());
    }
    put(body, "temperature", wanted.temperature);
    put(body, "top_p", wanted.top_p);
    let missing = [
        ("stop", !wanted.stop.is_empty()),
        ("seed", wanted.seed.is_some()),
        ("n", wanted.n.is_some_and(|n| n > 1)),
        ("presence_penalty", wanted.presence_penalty.is_some()),
        ("frequency_penalty", wanted.frequency_penalty.is_some()),
    ];
    for (field, _) in missing.into_iter().filter(|(_, asked)| *asked) {
        wanted.refuse(field, "does not take it in Responses")?;
    }
    Ok(())
}

fn text(chat: &Chat, verbosity: Option<Value>) -> Map<String, Value> {
    let mut text = Map::new();
    put(&mut text, "verbosity", verbosity);
    match &chat.request.response_format {
        None | Some(Format::Text | Format::Own(_)) => {}
        Some(Format::JsonObject) => {
            text.insert("format".into(), json!({"type": "json_object"}));
        }
        Some(Format::JsonSchema { name, schema, strict, description, .. }) => {
            let mut format = json!({"type": "json_schema", "name": name, "schema": schema});
            if let Some(strict) = strict {
                format["strict"] = (*strict).into();
            }
            if let Some(description) = description {
                format["description"] = description.clone().into();
            }
            text.insert("format".into(), format);
        }
    }
    text
}

fn tools(chat: &Chat, wanted: &mut Wanted, body: &mut Map<String, Value>) -> Result<()> {
    let request = chat.request;
    if request.tools.is_empty() {
        return Ok(());
    }
    offer::note_unsaid(request, true, wanted);
    let tools = request.tools.iter().map(|one| tool(one, wanted));
    body.insert("tools".into(), tools.collect::<Result<Vec<_>>>()?.into());
    let chosen = |Named { name, hosted }: &Named| match hosted {
        Some(own) => own.clone(),
        None if request.tools.iter().any(|tool| tool.is_custom(name)) => {
            json!({"type": "custom", "name": name})
        }
        None => json!({"type": "function", "name": name}),
    };
    let choice: Option<Value> = request.tool_choice.as_ref().map(|choice| match choice {
        ToolChoice::Auto => "auto".into(),
        ToolChoice::None => "none".into(),
        ToolChoice::Required => "required".into(),
        ToolChoice::Function(named) => chosen(named),
        ToolChoice::Allowed(names, must) => json!({
            "type": "allowed_tools",
            "mode": if *must { "required" } else { "auto" },
            "tools": names.iter().map(chosen).collect::<Vec<_>>(),
        }),
    });
    put(body, "tool_choice", choice);
    put(body, "parallel_tool_calls", request.parallel_tool_calls);
    Ok(())
}

/// A custom tool in the form of chat completions: here nothing is nested.
fn custom(tool: &Value) -> Value {
    let mut json = tool.clone();
    json["type"] = "custom".into();
    if let Some(Value::Object(grammar)) = tool["format"].get("grammar") {
        let mut format = grammar.clone();
        format.insert("type".into(), "grammar".into());
        json["format"] = format.into();
    }
    json
}

/// Here a function is strict unless it says that it is not.
fn tool(tool: &Tool, wanted: &mut Wanted) -> Result<Value> {
    match &tool.other {
        Some(other) if other["custom"].is_object() => return Ok(custom(&other["custom"])),
        Some(other) => return Ok(other.clone()),
        None => {}
    }
    let none = json!({});
    let parameters = tool.parameters.as_ref().unwrap_or(&none);
    let mut json = json!({
        "type": "function",
        "name": tool.name,
        "parameters": schemas::of_openai(parameters, wanted),
        "strict": tool.strict.unwrap_or(false),
    });
    if let Some(description) = &tool.description {
        json["description"] = description.clone().into();
    }
    for (key, value) in offer::members(tool, OF_FUNCTIONS, wanted)? {
        json[key] = value;
    }
    Ok(json)
}
