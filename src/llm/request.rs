//! A chat as the caller asks for it, before any provider's dialect.
//!
//! It is built call by call or read from OpenAI's JSON. What overrides an
//! option of the client is kept as an option, with the same types and ranges;
//! what exists only per request has its own field. Fields that only OpenAI's
//! dialect knows are kept as they are and refused by the others.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::message::{Message, Role};
use crate::error::{Error, Result};
use crate::options::client::ClientOptions;
use crate::options::{Layered, OptionSet, Origin, Resolved, Value as OptionValue};

/// A function that the model may call.
#[derive(Debug, Clone, PartialEq)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The JSON schema of its arguments.
    pub parameters: Option<Value>,
    /// Whether arguments must match the schema exactly.
    pub strict: Option<bool>,
    /// Anthropic's mark for the prompt cache.
    pub cache_control: Option<Value>,
    /// A tool that is not a function, as it was given.
    pub other: Option<Value>,
}

impl Tool {
    /// Whether it is OpenAI's custom tool of this name: its input is a text.
    pub fn is_custom(&self, name: &str) -> bool {
        self.name == name && self.other.as_ref().is_some_and(|tool| tool["type"] == "custom")
    }
}

/// Whether, and which, tools are to be called.
#[derive(Debug, Clone, PartialEq)]
pub enum ToolChoice {
    /// As the model likes.
    Auto,
    /// None.
    None,
    /// At least one.
    Required,
    /// This one.
    Function(String),
    /// One of these; whether one must be called.
    Allowed(Vec<String>, bool),
}

/// The form of the answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Format {
    /// Free text.
    Text,
    /// Some JSON object.
    JsonObject,
    /// JSON that matches a schema.
    JsonSchema {
        /// The schema's name.
        name: String,
        /// The schema.
        schema: Value,
        /// Whether it must match exactly.
        strict: Option<bool>,
        /// What it is for.
        description: Option<String>,
    },
}

/// What the response cache does for this call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CacheMode {
    /// As the client's options say.
    #[default]
    Default,
    /// Neither read nor written.
    Bypass,
    /// Not read, but written.
    Refresh,
    /// Only read: a miss is `NOT_FOUND`.
    Only,
}

/// A chat, ready to be sent any number of times.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The conversation.
    pub messages: Vec<Message>,
    /// The tools.
    pub tools: Vec<Tool>,
    /// Unset: the provider's own, which is auto.
    pub tool_choice: Option<ToolChoice>,
    /// Whether several calls may come in one answer.
    pub parallel_tool_calls: Option<bool>,
    /// Unset: text.
    pub response_format: Option<Format>,
    /// An id of the person on whose behalf this is.
    pub user: Option<String>,
    /// Labels for the provider's own records.
    pub metadata: Option<Value>,
    /// Merged last into the body.
    pub extra_json: Option<Map<String, Value>>,
    /// What the response cache does.
    pub cache: CacheMode,
    /// Other top-level fields of OpenAI's form.
    pub other: Map<String, Value>,
    overrides: Layered<ClientOptions>,
}

/// The options of a client that one call may override.
pub const PER_CALL: &[&str] = &[
    "model",
    "max_tokens",
    "temperature",
    "top_p",
    "top_k",
    "presence_penalty",
    "frequency_penalty",
    "seed",
    "n",
    "stop",
    "reasoning_effort",
    "reasoning_budget",
    "system_prompt",
    "timeout_ms",
    "connect_timeout_ms",
    "first_byte_timeout_ms",
    "first_token_timeout_ms",
    "silence_timeout_ms",
    "idle_timeout_ms",
    "retry_count",
    "retry_delay_ms",
    "max_retry_delay_ms",
    "exponential_backoff",
    "max_retry_after_ms",
    "retry_after_send",
    "streaming_enabled",
    "cache_enabled",
    "cache_ttl_ms",
    "cache_tool_calls",
    "cache_stale_while_revalidate_ms",
    "coalesce",
    "openai_api",
    "unsupported",
    "include_usage",
    "raw_events",
    "header",
];

/// What only a request has.
pub const REQUEST_ONLY: &[&str] = &[
    "tool_choice",
    "parallel_tool_calls",
    "response_format",
    "user",
    "metadata",
    "extra_json",
    "cache",
];

/// Fields of OpenAI's form that have no meaning of ours and are handed on.
const HANDED_ON: &[&str] = &[
    "audio",
    "documents",
    "logit_bias",
    "logprobs",
    "modalities",
    "prediction",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
    "safety_settings",
    "service_tier",
    "store",
    "thinking",
    "top_logprobs",
    "verbosity",
    "web_search_options",
];

impl Request {
    /// An empty chat.
    pub fn new() -> Request {
        Request::default()
    }

    /// Adds a message of text.
    pub fn add_message(&mut self, role: &str, text: &str) -> Result<()> {
        let role = Role::from_name(role)?;
        if role == Role::Tool {
            return Err(Error::invalid("role", "a tool's result needs the id of its call"));
        }
        self.messages.push(Message::new(role, text));
        Ok(())
    }

    /// Adds a message in OpenAI's form.
    pub fn add_message_json(&mut self, text: &str) -> Result<()> {
        let json: Value = parse("message", text)?;
        self.messages.push(Message::from_json(&json)?);
        self.link_nameless_results();
        Ok(())
    }

    /// Adds a function, with the JSON schema of its arguments.
    pub fn add_tool(&mut self, name: &str, description: &str, schema: &str) -> Result<()> {
        let parameters = match schema.trim() {
            "" => None,
            text => Some(parse("schema_json", text)?),
        };
        if name.is_empty() {
            return Err(Error::invalid("name", "a tool needs a name"));
        }
        self.tools.push(Tool {
            name: name.into(),
            description: (!description.is_empty()).then(|| description.into()),
            parameters,
            strict: None,
            cache_control: None,
            other: None,
        });
        Ok(())
    }

    /// Sets a field or overrides an option, from text. `default` withdraws it.
    pub fn set(&mut self, name: &str, text: &str) -> Result<()> {
        if PER_CALL.contains(&name) {
            return self.overrides.set(name, text);
        }
        if REQUEST_ONLY.contains(&name) || HANDED_ON.contains(&name) {
            if text.eq_ignore_ascii_case("default") || text.eq_ignore_ascii_case("unset") {
                return self.set_json(name, &Value::Null);
            }
            let text_only = matches!(name, "user" | "cache" | "tool_choice") && !text.contains('{');
            let json = match serde_json::from_str(text) {
                Ok(json) if !text_only => json,
                _ => Value::String(text.into()),
            };
            return self.set_json(name, &json);
        }
        // The error of a name that is unknown says which one is near.
        self.overrides.set(name, "default")?;
        Err(Error::invalid(name, "is an option of the client, not of one call"))
    }

    /// Reads a whole chat in OpenAI's form.
    pub fn from_json(text: &str) -> Result<Request> {
        let json: Map<String, Value> = parse("request", text)?;
        let mut request = Request::new();
        for (key, value) in &json {
            request.read(key, value)?;
        }
        request.link_nameless_results();
        Ok(request)
    }

    fn read(&mut self, key: &str, value: &Value) -> Result<()> {
        match key {
            "messages" => {
                let items = value.as_array();
                let items = items.ok_or_else(|| Error::invalid(key, "must be a list"))?;
                self.messages = items.iter().map(Message::from_json).collect::<Result<_>>()?;
                Ok(())
            }
            "tools" | "functions" => {
                let items = value.as_array().map_or(&[][..], Vec::as_slice);
                items.iter().try_for_each(|tool| self.read_tool(tool))
            }
            "function_call" => self.set_json("tool_choice", value),
            "max_completion_tokens" => self.set_json("max_tokens", value),
            "stream" => Ok(()),
            "stream_options" => match &value["include_usage"] {
                Value::Bool(_) => self.set_json("include_usage", &value["include_usage"]),
                _ => Ok(()),
            },
            _ => self.set_json(key, value),
        }
    }

    fn read_tool(&mut self, json: &Value) -> Result<()> {
        let function = if json["function"].is_object() { &json["function"] } else { json };
        let name = function["name"].as_str();
        // Gemini's own tools have no type, only a member of their name.
        let is_function = match json["type"].as_str() {
            Some(kind) => kind == "function",
            None => name.is_some() || !json.is_object(),
        };
        self.tools.push(match (is_function, name) {
            (true, Some(name)) => Tool {
                name: name.into(),
                description: function["description"].as_str().map(Into::into),
                parameters: function.get("parameters").filter(|p| !p.is_null()).cloned(),
                strict: function["strict"].as_bool(),
                cache_control: json.get("cache_control").cloned(),
                other: None,
            },
            (true, None) => return Err(Error::invalid("tools", "a function needs a name")),
            (false, name) => Tool {
                name: name.or(json["custom"]["name"].as_str()).unwrap_or_default().into(),
                description: None,
                parameters: None,
                strict: None,
                cache_control: None,
                other: Some(json.clone()),
            },
        });
        Ok(())
    }

    fn set_json(&mut self, key: &str, value: &Value) -> Result<()> {
        match key {
            "tool_choice" => self.tool_choice = tool_choice(value)?,
            "parallel_tool_calls" => self.parallel_tool_calls = optional_bool(key, value)?,
            "response_format" => self.response_format = format(value)?,
            "user" => self.user = optional_text(key, value)?,
            "metadata" => self.metadata = Some(value.clone()).filter(|v| !v.is_null()),
            "extra_json" => self.extra_json = optional_object(key, value)?,
            "cache" => self.cache = cache_mode(value)?,
            _ if PER_CALL.contains(&key) => self.set_override(key, value)?,
            _ if ClientOptions::rows().iter().any(|row| row.key == key) => {
                return Err(Error::invalid(key, "is an option of the client, not of one call"));
            }
            _ if value.is_null() => drop(self.other.shift_remove(key)),
            _ => drop(self.other.insert(key.into(), value.clone())),
        }
        Ok(())
    }

    fn set_override(&mut self, key: &str, value: &Value) -> Result<()> {
        self.overrides.set(key, "default")?;
        match value {
            Value::Null => Ok(()),
            Value::String(text) => self.overrides.set_typed_text(key, text),
            Value::Array(items) => items.iter().try_for_each(|item| match item {
                Value::String(text) => self.overrides.set_typed_text(key, text),
                _ => Err(Error::invalid(key, "must be a list of texts")),
            }),
            other => self.overrides.set(key, &other.to_string()),
        }
    }

    /// Gives calls and results that have no id one of ours: results in the
    /// legacy form name their function, and belong to its last call.
    fn link_nameless_results(&mut self) {
        for i in 0..self.messages.len() {
            let (before, rest) = self.messages.split_at_mut(i);
            let message = &mut rest[0];
            for (k, call) in message.tool_calls.iter_mut().enumerate() {
                if call.id.is_empty() {
                    call.id = super::message::ToolCall::made_up_id(0, i as u32, k);
                }
            }
            if message.role == Role::Tool && message.tool_call_id.is_none() {
                let calls = before.iter().rev().flat_map(|m| m.tool_calls.iter().rev());
                let mut same = calls.filter(|call| Some(&call.name) == message.name.as_ref());
                message.tool_call_id = same.next().map(|call| call.id.clone());
            }
        }
    }

    /// The client's options with this call's laid over them.
    pub fn effective(
        &self,
        client: &Arc<Resolved<ClientOptions>>,
    ) -> Result<Arc<Resolved<ClientOptions>>> {
        if self.overrides.explicit().next().is_none() {
            return Ok(client.clone());
        }
        let mut options = Resolved::clone(client);
        for (key, value) in self.overrides.explicit() {
            let mut value = value.clone();
            // Headers of a call come on top of the client's.
            if key == "header"
                && let OptionValue::List(more) = &mut value
            {
                more.splice(0..0, client.values.header.iter().cloned());
            }
            options.lay(key, value, Origin::Call)?;
        }
        Ok(Arc::new(options))
    }

    /// The function of a call id, looked up in the conversation.
    pub fn function_of(&self, call_id: &str) -> Option<&str> {
        let calls = self.messages.iter().flat_map(|message| &message.tool_calls);
        calls.filter(|call| call.id == call_id).map(|call| call.name.as_str()).next_back()
    }
}

fn parse<T: serde::de::DeserializeOwned>(name: &str, text: &str) -> Result<T> {
    serde_json::from_str(text)
        .map_err(|e| Error::invalid(name, format!("not the JSON expected: {e}")))
}

fn optional_text(key: &str, value: &Value) -> Result<Option<String>> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        Value::Number(number) => Ok(Some(number.to_string())),
        _ => Err(Error::invalid(key, "must be a text")),
    }
}

fn optional_bool(key: &str, value: &Value) -> Result<Option<bool>> {
    match value {
        Value::Null => Ok(None),
        Value::Bool(bool) => Ok(Some(*bool)),
        _ => Err(Error::invalid(key, "must be true or false")),
    }
}

fn optional_object(key: &str, value: &Value) -> Result<Option<Map<String, Value>>> {
    match value {
        Value::Null => Ok(None),
        Value::Object(object) => Ok(Some(object.clone())),
        _ => Err(Error::invalid(key, "must be a JSON object")),
    }
}

fn cache_mode(value: &Value) -> Result<CacheMode> {
    match value.as_str().map(str::to_ascii_lowercase).as_deref() {
        None if value.is_null() => Ok(CacheMode::Default),
        Some("default") => Ok(CacheMode::Default),
        Some("bypass") => Ok(CacheMode::Bypass),
        Some("refresh") => Ok(CacheMode::Refresh),
        Some("only") => Ok(CacheMode::Only),
        _ => Err(Error::invalid("cache", "must be default, bypass, refresh or only")),
    }
}

fn tool_choice(value: &Value) -> Result<Option<ToolChoice>> {
    let allowed = || {
        let allowed = &value["allowed_tools"];
        let names = allowed["tools"].as_array().map_or(&[][..], Vec::as_slice);
        let name = |tool: &Value| tool["function"]["name"].as_str().map(Into::into);
        let must = allowed["mode"] == json!("required");
        ToolChoice::Allowed(names.iter().filter_map(name).collect(), must)
    };
    let named = ["function", "custom"].into_iter().find_map(|kind| value[kind]["name"].as_str());
    let name = named.or_else(|| value["name"].as_str());
    Ok(Some(match (value, name) {
        (Value::Null, _) => return Ok(None),
        (Value::String(word), _) => match word.as_str() {
            "auto" => ToolChoice::Auto,
            "none" => ToolChoice::None,
            "required" | "any" => ToolChoice::Required,
            name => ToolChoice::Function(name.into()),
        },
        (Value::Object(_), Some(name)) => ToolChoice::Function(name.into()),
        (Value::Object(object), None) if object.contains_key("allowed_tools") => allowed(),
        _ => {
            let reason = "must be auto, none, required, a function's name, or OpenAI's object";
            return Err(Error::invalid("tool_choice", reason));
        }
    }))
}

fn format(value: &Value) -> Result<Option<Format>> {
    let kind = value.as_str().or_else(|| value["type"].as_str());
    Ok(Some(match kind {
        None if value.is_null() => return Ok(None),
        Some("text") => Format::Text,
        Some("json_object" | "json") => Format::JsonObject,
        Some("json_schema") if value["json_schema"]["schema"].is_object() => {
            let outer = &value["json_schema"];
            Format::JsonSchema {
                name: outer["name"].as_str().unwrap_or("answer").into(),
                schema: outer["schema"].clone(),
                strict: outer["strict"].as_bool(),
                description: outer["description"].as_str().map(Into::into),
            }
        }
        _ => {
            let reason = "must be text, json_object, or json_schema with json_schema.schema";
            return Err(Error::invalid("response_format", reason));
        }
    }))
}
