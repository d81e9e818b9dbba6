//! Requests in the form of chat completions.

use serde_json::{Map, Value, json};

use super::super::hosts::{self, Effort, Fields};
use super::super::models::Thinking;
use super::super::send::{self, put};
use super::super::wanted::Wanted;
use super::super::{Chat, by_model, lost};
use super::{tools, turns};
use crate::error::Result;
use crate::llm::request::Format;

/// Whether a host is known to refuse fields that are not in OpenAI's schema.
pub fn is_strict(url: &str) -> bool {
    hosts::is_openais(url)
}

/// Whether it is Mistral, which takes ids of its own form alone.
pub fn is_mistral(url: &str) -> bool {
    url.contains(".mistral.ai/")
}

/// Writes the body.
pub fn body(chat: &Chat, wanted: &mut Wanted, url: &str) -> Result<Map<String, Value>> {
    let request = chat.request;
    let mut body = Map::new();
    body.insert("model".into(), wanted.model.clone().into());
    body.insert("messages".into(), turns::messages(chat, wanted, url)?.into());
    let cap = match wanted.takes.cap {
        // Behind an address of the caller's own there may be either kind of model.
        "max_tokens" if wanted.host.chat.either_cap && request.caps_completion => {
            "max_completion_tokens"
        }
        cap => cap,
    };
    sampling(wanted, cap, &mut body);
    thinking(chat, wanted, &mut body)?;
    tools::write(chat, wanted, &mut body, url)?;
    format(chat, wanted, &mut body)?;
    for (key, value) in others(chat, wanted, url)? {
        match (body.get_mut(&key), value) {
            // What the caller says of it, beside what the effort says.
            (Some(Value::Object(ours)), Value::Object(own)) if key == "thinking" => {
                ours.extend(own);
            }
            (_, value) => drop(body.insert(key, value)),
        }
    }
    if chat.stream {
        body.insert("stream".into(), true.into());
        let options = stream_options(chat, wanted);
        if !options.is_empty() {
            body.insert("stream_options".into(), options.into());
        }
    }
    Ok(body)
}

/// What is asked of a stream: DeepSeek and Kimi know nothing of it but the usage.
fn stream_options(chat: &Chat, wanted: &mut Wanted) -> Map<String, Value> {
    let knows_more = wanted.host.chat.knows_streams;
    let mut options = lost::stream_options(chat, wanted, |_| knows_more);
    if chat.options.values.include_usage.unwrap_or(true) {
        options.insert("include_usage".into(), true.into());
    }
    options
}

/// Other vendors' fields that a request may have, and OpenAI refuses.
const NOT_OPENAIS: [&str; 3] = ["documents", "safety_settings", "thinking"];

/// The fields that are handed on as they are.
fn others(chat: &Chat, wanted: &mut Wanted, url: &str) -> Result<Map<String, Value>> {
    let request = chat.request;
    let mut all = Map::new();
    put(&mut all, "user", request.user.clone());
    put(&mut all, "metadata", request.metadata.clone());
    all.extend(request.other.clone());
    check_switch(&mut all, wanted)?;
    let mut taken = Map::new();
    match wanted.host.chat.fields {
        Fields::Only(known) => send::other_fields(&all, wanted, known, &mut taken)?,
        Fields::ByModel => {
            for (key, value) in all {
                if is_strict(url) && NOT_OPENAIS.contains(&key.as_str()) {
                    wanted.refuse(&key, "does not take it")?;
                } else if by_model::is_sent(&key, &value, wanted)? {
                    taken.insert(key, value);
                }
            }
        }
        Fields::All => taken = all,
    }
    Ok(taken)
}

/// Takes out the host's own switch of thinking where the model has none: Kimi passes
/// over what a model does not know, and answers as if it had not been said.
fn check_switch(all: &mut Map<String, Value>, wanted: &mut Wanted) -> Result<()> {
    let (Some(thinks), Some(own)) = (wanted.thinks_whatever_is_said(), all.get("thinking")) else {
        return Ok(());
    };
    let says = own["type"] != "disabled";
    if thinks && says && wanted.takes.thinking == Thinking::Always {
        return Ok(());
    }
    all.shift_remove("thinking");
    match (thinks, says) {
        (true, false) => wanted.refuse("thinking", "always thinks")?,
        (false, true) => wanted.refuse("thinking", "does not think")?,
        (true, true) => wanted.note("thinking", "left out: reasoning_effort says how much"),
        (false, false) => wanted.note("thinking", "left out: the model does not think"),
    }
    Ok(())
}

fn sampling(wanted: &Wanted, cap: &str, body: &mut Map<String, Value>) {
    put(body, cap, wanted.max_tokens);
    put(body, "temperature", wanted.temperature);
    put(body, "top_p", wanted.top_p);
    put(body, "top_k", wanted.top_k);
    put(body, "presence_penalty", wanted.presence_penalty);
    put(body, "frequency_penalty", wanted.frequency_penalty);
    put(body, "seed", wanted.seed);
    put(body, "n", wanted.n);
    put(body, "stop", wanted.stop_texts());
}

/// Efforts, in each host's own way.
fn thinking(chat: &Chat, wanted: &mut Wanted, body: &mut Map<String, Value>) -> Result<()> {
    if wanted.effort.as_deref() == Some("max") && !wanted.takes.max_in_chat {
        wanted.refuse("reasoning_effort", "takes max in Responses alone")?;
        wanted.effort = None;
    }
    // OpenAI, which takes both in Responses, says so itself.
    if !chat.request.tools.is_empty()
        && !wanted.host.has_responses
        && !wanted.takes.tools_in_chat.are_taken(wanted.effort.as_deref())
    {
        wanted.replace("reasoning_effort", "takes tools only without thinking", "none")?;
        wanted.effort = Some("none".into());
    }
    if let Some(effort) = wanted.effort.clone() {
        let is_on = effort != "none";
        let switch = json!({"type": if is_on { "enabled" } else { "disabled" }});
        let (switch, says_word) = match wanted.host.chat.effort {
            Effort::Switch if !matches!(wanted.takes.thinking, Thinking::Efforts(_)) => {
                (Some(("thinking", switch)), false)
            }
            Effort::Word | Effort::Switch => (None, true),
            Effort::Enable if wanted.takes.thinking == Thinking::Always => (None, false),
            Effort::SwitchAndWord => (Some(("thinking", switch)), is_on),
            Effort::Enable => (Some(("enable_thinking", is_on.into())), is_on),
        };
        if let Some((field, value)) = switch {
            body.insert(field.into(), value);
        }
        if says_word {
            body.insert("reasoning_effort".into(), effort.into());
        }
    }
    if let Some(budget) = wanted.budget {
        body.insert("thinking_budget".into(), budget.into());
    }
    Ok(())
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
        Format::JsonSchema { own: Some(own), .. } if wanted.host.chat.hands_on => own.clone(),
        Format::Own(own) if wanted.host.chat.hands_on => own.clone(),
        Format::Own(_) => return Ok(()),
        Format::JsonSchema { name, schema, strict, description, within, .. } => {
            let schema = (wanted.host.chat.schema)(schema);
            let mut inner = json!({"name": name, "schema": schema});
            if let Some(strict) = strict {
                inner["strict"] = (*strict).into();
            }
            if let Some(description) = description {
                inner["description"] = description.clone().into();
            }
            for (key, value) in within {
                inner[key] = value.clone();
            }
            json!({"type": "json_schema", "json_schema": inner})
        }
    };
    body.insert("response_format".into(), json);
    Ok(())
}
