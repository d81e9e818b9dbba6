//! A chat as the caller asks for it, before any provider's dialect.
//!
//! It is built call by call or read from OpenAI's JSON. What overrides an
//! option of the client is kept as an option, with the same types and ranges;
//! what exists only per request has its own field. Fields that only OpenAI's
//! dialect knows are kept as they are and refused by the others.

mod choice;
mod link;
mod read;
#[cfg(test)]
mod tests;
mod values;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::message::{Message, Part, Role};
use crate::error::{Error, Result};
use crate::options::call::OF_A_CALL;
use crate::options::client::ClientOptions;
use crate::options::{Layered, Origin, Resolved, Value as OptionValue};

use read::with_long_numbers;
use values::parse;

/// A function that the model may call.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tool {
    /// Its name; as in [`Named`] of one that the vendor hosts.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The JSON schema of its arguments.
    pub parameters: Option<Value>,
    /// Whether arguments must match the schema exactly.
    pub strict: Option<bool>,
    /// Anthropic's mark for the prompt cache.
    pub cache_control: Option<Value>,
    /// What else was given beside the function: a vendor's own members.
    pub extra: Map<String, Value>,
    /// What else was given within it, where it stood by itself.
    pub within: Map<String, Value>,
    /// A tool that is not a function, as it was given.
    pub other: Option<Value>,
}

impl Tool {
    /// Whether it is OpenAI's custom tool of this name: its input is a text.
    pub fn is_custom(&self, name: &str) -> bool {
        self.name == name && self.other.as_ref().is_some_and(|tool| tool["type"] == "custom")
    }

    /// Whether it is one in the form of chat completions, which only OpenAI takes.
    pub fn is_openais(&self) -> bool {
        self.other.as_ref().is_some_and(|tool| tool["custom"].is_object())
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
    Function(Named),
    /// One of these; whether one must be called.
    Allowed(Vec<Named>, bool),
}

/// A tool that a choice names.
#[derive(Debug, Clone, PartialEq)]
pub struct Named {
    /// Its name; of one that the vendor hosts, its type or its server's label.
    pub name: String,
    /// One that the vendor hosts, as it was given.
    pub hosted: Option<Value>,
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
        /// What else stood beside these.
        within: Map<String, Value>,
        /// The host's own form of it, in which it was given.
        own: Option<Value>,
    },
    /// A form that only some host knows.
    Own(Value),
}

/// What the response cache does for this call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
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
    /// The cap was given by the name `max_completion_tokens`.
    pub caps_completion: bool,
    /// What is asked of a stream beside its usage, in OpenAI's form.
    pub stream_options: Map<String, Value>,
    /// Other top-level fields of OpenAI's form.
    pub other: Map<String, Value>,
    overrides: Layered<ClientOptions>,
    /// The client's headers do not go with this call.
    drops_headers: bool,
    /// Messages from the first on whose calls and results have their ids.
    linked: usize,
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

/// What some hosts know below 0, where an option of ours has no such value: a seed of
/// chance, a cap that is none.
const BELOW_ZERO: [&str; 3] = ["seed", "top_k", "max_tokens"];

/// Fields of one call that are texts whatever they look like: an id may be a number's
/// digits, or JSON.
const TEXTS: &[&str] = &[
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
    "service_tier",
    "user",
    "verbosity",
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
        let mut message = Message::from_json(&json)?;
        if let Some(json) = with_long_numbers(text) {
            message.restore_digits(&json);
        }
        self.messages.push(message);
        if let Err(error) = self.link_nameless_results() {
            self.messages.pop();
            return Err(error);
        }
        Ok(())
    }

    /// Adds a function, with the JSON schema of its arguments.
    pub fn add_tool(&mut self, name: &str, description: &str, schema: &str) -> Result<()> {
        let parameters = match schema.trim() {
            "" => None,
            text => Some(Value::Object(parse("schema_json", text)?)),
        };
        if name.is_empty() {
            return Err(Error::invalid("name", "a tool needs a name"));
        }
        self.tools.push(Tool {
            name: name.into(),
            description: (!description.is_empty()).then(|| description.into()),
            parameters,
            ..Tool::default()
        });
        Ok(())
    }

    /// Adds an image or a document to the last message, if that is the user's, or to a
    /// new one.
    pub fn attach(&mut self, part: Part) {
        if self.messages.last().is_none_or(|message| message.role != Role::User) {
            self.messages.push(Message::empty(Role::User));
        }
        if let Some(message) = self.messages.last_mut() {
            message.content.push(part.into());
        }
    }

    /// Adds what a call gave that an answer has asked for.
    pub fn add_tool_result(&mut self, id: &str, content: &str, is_error: bool) -> Result<()> {
        if id.is_empty() {
            return Err(Error::invalid("call_id", "must be the id of the call that it answers"));
        }
        self.messages.push(Message::tool_result(id, content, is_error));
        Ok(())
    }

    /// Sets a field or overrides an option, from text. `default` withdraws it.
    pub fn set(&mut self, name: &str, text: &str) -> Result<()> {
        if PER_CALL.contains(&name) {
            if BELOW_ZERO.contains(&name)
                && let Some(number) = text.parse::<i64>().ok().filter(|number| *number < 0)
            {
                return self.set_json(name, &number.into());
            }
            self.overrides.set(name, text)?;
            // A number below what an option can say stood there (see `set_json`).
            self.other.shift_remove(name);
            self.note_headers();
            return Ok(());
        }
        if OF_A_CALL.contains(&name) {
            if text.eq_ignore_ascii_case("default") || text.eq_ignore_ascii_case("unset") {
                return self.set_json(name, &Value::Null);
            }
            let is_word = matches!(name, "cache" | "tool_choice") && !text.contains('{');
            if is_word || TEXTS.contains(&name) {
                return self.set_json(name, &Value::String(text.into()));
            }
            let json = match text.trim_start().starts_with(['{', '[']) {
                true => parse(name, text)?,
                false => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
            };
            return self.set_json(name, &json);
        }
        // The error of a name that is unknown says which one is near.
        self.overrides.set(name, "default")?;
        Err(Error::invalid(name, "is an option of the client, not of one call"))
    }

    /// Headers that are unset stay so when others are set; withdrawn, the client's go
    /// with the call again.
    fn note_headers(&mut self) {
        match self.overrides.explicit().find(|(name, _)| *name == "header") {
            None => self.drops_headers = false,
            Some((_, OptionValue::Unset)) => self.drops_headers = true,
            Some(_) => {}
        }
    }

    /// The text that this call has of its own for an option; nothing where it has
    /// none.
    pub fn given(&self, key: &str) -> &str {
        let own = self.overrides.explicit().find(|(name, _)| *name == key);
        own.and_then(|(_, value)| value.text()).unwrap_or_default()
    }

    /// The whole call's time that this call has of its own; unset it is the default.
    pub fn own_timeout(&self) -> Option<Duration> {
        let own = self.overrides.explicit().find(|(name, _)| *name == "timeout_ms")?.1;
        let ms = own.int().unwrap_or_else(|| ClientOptions::default().timeout_ms);
        Some(Duration::from_millis(ms))
    }

    /// What this call has of its own for the client's options, as one text.
    pub fn own_options(&self) -> String {
        let own = self.overrides.explicit().map(|(key, value)| format!("{key}={value:?};"));
        own.collect()
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
                && !self.drops_headers
                && let OptionValue::List(more) = &mut value
            {
                more.splice(0..0, client.values.header.iter().cloned());
            }
            options.lay(key, value, Origin::Call)?;
        }
        Ok(Arc::new(options))
    }
}
