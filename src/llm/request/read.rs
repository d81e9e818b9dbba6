//! How a request is read from OpenAI's form, whole or field by field.

use serde_json::{Map, Value};

use super::choice::{tool_choice, tool_named};
use super::values::{optional_bool, optional_object, optional_text, outside, parse};
use super::{BELOW_ZERO, CacheMode, Format, PER_CALL, Request, Tool};
use crate::error::{Error, Result};
use crate::llm::json::{Json, has_long_number};
use crate::llm::message::Message;
use crate::options::OptionSet;
use crate::options::client::ClientOptions;

impl Request {
    /// Reads a whole chat in OpenAI's form.
    pub fn from_json(text: &str) -> Result<Request> {
        let json: Map<String, Value> = parse("request", text)?;
        let mut request = Request::new();
        for (key, value) in &json {
            request.read(key, value)?;
        }
        if let Some(json) = with_long_numbers(text) {
            let messages = request.messages.iter_mut().zip(json.get("messages").items());
            messages.for_each(|(message, json)| message.restore_digits(json));
        }
        request.link_nameless_results()?;
        Ok(request)
    }

    fn read(&mut self, key: &str, value: &Value) -> Result<()> {
        match key {
            "messages" => {
                let items = value.as_array();
                let items = items.ok_or_else(|| Error::invalid(key, "must be a list"))?;
                self.messages = items.iter().map(Message::from_json).collect::<Result<_>>()?;
                self.linked = 0;
                Ok(())
            }
            "tools" | "functions" => match value {
                Value::Null => Ok(()),
                Value::Array(items) => items.iter().try_for_each(|tool| self.read_tool(tool)),
                _ => Err(Error::invalid(key, "must be a list")),
            },
            "function_call" => self.set_json("tool_choice", value),
            "max_completion_tokens" => {
                self.caps_completion = true;
                self.set_json("max_tokens", value)
            }
            "stream" => Ok(()),
            "stream_options" => {
                self.stream_options = value.as_object().cloned().unwrap_or_default();
                match self.stream_options.shift_remove("include_usage") {
                    Some(usage @ Value::Bool(_)) => self.set_json("include_usage", &usage),
                    _ => Ok(()),
                }
            }
            _ => self.set_json(key, value),
        }
    }

    fn read_tool(&mut self, json: &Value) -> Result<()> {
        let nested = Some(&json["function"]).filter(|function| function.is_object());
        let function = nested.unwrap_or(json);
        let name = function["name"].as_str();
        let is_function = match json["type"].as_str() {
            Some("custom") => json["input_schema"].is_object(), // Anthropic's word for a function.
            Some(kind) => kind == "function",
            // Gemini's own tools have no type, only a member of their name.
            None => name.is_some() || json.as_object().is_none_or(Map::is_empty),
        };
        self.tools.push(match (is_function, name) {
            (true, Some(name)) if !name.is_empty() => Tool {
                name: name.into(),
                description: function["description"].as_str().map(Into::into),
                parameters: first(&SCHEMAS, &[function]),
                strict: function["strict"].as_bool(),
                cache_control: first(&["cache_control"], &[json, function]),
                extra: unread(json, |key| {
                    matches!(key, "type" | "function") || nested.is_none() && is_functions(key)
                }),
                within: unread(nested.unwrap_or(&Value::Null), is_functions),
                other: None,
            },
            (true, _) => return Err(Error::invalid("tools", "a function needs a name")),
            (false, _) => Tool {
                name: tool_named(json).map(|named| named.name).unwrap_or_default(),
                other: Some(json.clone()),
                ..Tool::default()
            },
        });
        Ok(())
    }

    /// Sets a field or overrides an option, from JSON. Null withdraws it.
    pub(super) fn set_json(&mut self, key: &str, value: &Value) -> Result<()> {
        match key {
            "tool_choice" => self.tool_choice = tool_choice(value)?,
            "parallel_tool_calls" => self.parallel_tool_calls = optional_bool(key, value)?,
            "response_format" => self.response_format = format(value)?,
            "user" => self.user = optional_text(key, value)?,
            "metadata" => self.metadata = optional_object(key, value)?.map(Value::Object),
            "extra_json" => self.extra_json = optional_object(key, value)?,
            "cache" if !value.is_object() => self.cache = cache_mode(value)?,
            _ if BELOW_ZERO.contains(&key) && value.as_i64().is_some_and(|n| n < 0) => {
                self.overrides.set(key, "unset")?;
                self.other.insert(key.into(), value.clone());
            }
            _ if PER_CALL.contains(&key) => self.set_override(key, value)?,
            // No option is an object, but a host may have a field of that name.
            _ if !value.is_object() && ClientOptions::rows().iter().any(|row| row.key == key) => {
                return Err(Error::invalid(key, "is an option of the client, not of one call"));
            }
            _ if value.is_null() => drop(self.other.shift_remove(key)),
            _ => drop(self.other.insert(key.into(), value.clone())),
        }
        Ok(())
    }

    fn set_override(&mut self, key: &str, value: &Value) -> Result<()> {
        self.other.shift_remove(key);
        self.overrides.set(key, "default")?;
        self.note_headers();
        match value {
            Value::Null => Ok(()),
            // None at all, whatever the client has.
            Value::Array(texts) if texts.is_empty() && key == "stop" => {
                self.overrides.set(key, "unset")
            }
            Value::String(text) => self.overrides.set_typed_text(key, text),
            other => self.overrides.set_json(key, other),
        }
    }
}

/// Where the schema of a function's arguments stands: in OpenAI's form, Anthropic's,
/// MCP's and Gemini's.
const SCHEMAS: [&str; 4] = ["parameters", "input_schema", "inputSchema", "parametersJsonSchema"];

/// Whether a member of a function has a field of ours.
fn is_functions(key: &str) -> bool {
    SCHEMAS.contains(&key) || matches!(key, "name" | "description" | "strict")
}

/// Whether a member of a form that the answer is to have has a field of ours.
fn is_formats(key: &str) -> bool {
    matches!(key, "name" | "schema" | "strict" | "description")
}

/// The first of these members that says something.
fn first(keys: &[&str], objects: &[&Value]) -> Option<Value> {
    let all = objects.iter().flat_map(|object| keys.iter().map(|key| &object[*key]));
    all.into_iter().find(|value| !value.is_null()).cloned()
}

/// The members of a tool or a form that no field of ours holds.
fn unread(json: &Value, is_read: impl Fn(&str) -> bool) -> Map<String, Value> {
    let members = json.as_object().into_iter().flatten();
    let is_left = |(key, value): &(&String, &Value)| {
        !value.is_null() && *key != "cache_control" && !is_read(key)
    };
    members.filter(is_left).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// The text of a request or message once more, if it has numbers that a tree does not
/// hold with all their digits.
pub fn with_long_numbers(text: &str) -> Option<Json<'_>> {
    has_long_number(text).then(|| Json::parse(text.as_bytes()).ok()).flatten()
}

fn cache_mode(value: &Value) -> Result<CacheMode> {
    match value.as_str().map(str::to_ascii_lowercase).as_deref() {
        None if value.is_null() => Ok(CacheMode::Default),
        Some("default") => Ok(CacheMode::Default),
        Some("bypass") => Ok(CacheMode::Bypass),
        Some("refresh") => Ok(CacheMode::Refresh),
        Some("only") => Ok(CacheMode::Only),
        _ => Err(outside("cache", value, "the choices default, bypass, refresh, only")),
    }
}

fn format(value: &Value) -> Result<Option<Format>> {
    let kind = value.as_str().or_else(|| value["type"].as_str());
    Ok(Some(match kind {
        None if value.is_null() => return Ok(None),
        Some("text") => Format::Text,
        Some("json_schema") if value["json_schema"]["schema"].is_object() => {
            let outer = &value["json_schema"];
            Format::JsonSchema {
                name: outer["name"].as_str().unwrap_or("answer").into(),
                schema: outer["schema"].clone(),
                strict: outer["strict"].as_bool(),
                description: outer["description"].as_str().map(Into::into),
                within: unread(outer, is_formats),
                own: None,
            }
        }
        Some("json_object" | "json" | "json_schema") if own_schema(value).is_some() => {
            Format::JsonSchema {
                name: value["name"].as_str().unwrap_or("answer").into(),
                schema: own_schema(value).cloned().unwrap_or_default(),
                strict: value["strict"].as_bool(),
                description: value["description"].as_str().map(Into::into),
                within: unread(value, |key| is_formats(key) || matches!(key, "type" | "value")),
                own: Some(value.clone()),
            }
        }
        Some("json_object" | "json") => Format::JsonObject,
        Some(kind) if kind != "json_schema" && value.is_object() => Format::Own(value.clone()),
        _ => {
            let allowed = "text, json_object, and json_schema with json_schema.schema";
            return Err(outside("response_format", value, allowed));
        }
    }))
}

/// The schema where hosts have it that are only nearly like OpenAI: Together,
/// Fireworks and llama.cpp in `schema`, TGI in `value`.
fn own_schema(format: &Value) -> Option<&Value> {
    ["schema", "value"].iter().map(|name| &format[name]).find(|schema| schema.is_object())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_without_a_name_is_refused_however_it_is_told() {
        for tool in
            ["{}", "null", r#"{"name":""}"#, r#"{"type":"function","function":{"name":""}}"#]
        {
            let error = Request::from_json(&format!(r#"{{"tools":[{tool}]}}"#)).unwrap_err();
            assert_eq!(error.to_string(), "tools: a function needs a name");
        }
        assert!(Request::from_json(r#"{"tools":[{"googleSearch":{}}]}"#).is_ok());
        assert!(Request::new().add_tool("", "", "").is_err());
    }

    #[test]
    fn a_result_names_its_call() {
        let mut request = Request::new();
        let error = request.add_tool_result("", "7", false).unwrap_err().to_string();
        assert!(error.starts_with("call_id: "), "{error}");
        assert!(request.add_tool_result("c1", "7", false).is_ok());
        assert_eq!(request.messages.len(), 1);
    }

    #[test]
    fn an_option_of_a_call_takes_no_other_type_than_its_own() {
        for (json, expected) in [
            (r#"{"model": {"a": 1}}"#, r#"model: {"a":1} is outside text or unset"#),
            (r#"{"model": ["a", "b"]}"#, r#"model: ["a","b"] is outside text or unset"#),
            (r#"{"system_prompt": true}"#, "system_prompt: true is outside text or unset"),
            (r#"{"stop": ["a", null]}"#, r#"stop: ["a",null] is outside text; "#),
            (r#"{"temperature": [1]}"#, "temperature: [1] is outside the numbers 0..=2"),
        ] {
            let error = Request::from_json(json).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
        let request = Request::from_json(r#"{"model": "default", "stop": ["default"]}"#).unwrap();
        assert_eq!(request.given("model"), "default");
    }
}
