//! Values of a request's fields, and what is said of those that are wrong.

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::options::visible;

/// Reads a JSON text that is called `name`.
pub fn parse<T: serde::de::DeserializeOwned>(name: &str, text: &str) -> Result<T> {
    serde_json::from_str(text)
        .map_err(|e| Error::invalid(name, format!("not the JSON expected: {e}")))
}

/// The error of a value that is none of those that may be.
pub fn outside(key: &str, value: &Value, allowed: &str) -> Error {
    let given = match value {
        Value::String(text) => visible(text),
        value => visible(&value.to_string()),
    };
    Error::OutOfRange { key: key.into(), given, allowed: allowed.into() }
}

/// What a value is, in words.
pub fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

pub fn optional_text(key: &str, value: &Value) -> Result<Option<String>> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        Value::Number(number) => Ok(Some(number.to_string())),
        _ => Err(Error::invalid(key, format!("must be a text, not {}", kind_of(value)))),
    }
}

pub fn optional_bool(key: &str, value: &Value) -> Result<Option<bool>> {
    match value {
        Value::Null => Ok(None),
        Value::Bool(bool) => Ok(Some(*bool)),
        _ => Err(outside(key, value, "true, false")),
    }
}

pub fn optional_object(key: &str, value: &Value) -> Result<Option<Map<String, Value>>> {
    match value {
        Value::Null => Ok(None),
        Value::Object(object) => Ok(Some(object.clone())),
        _ => Err(Error::invalid(key, format!("must be a JSON object, not {}", kind_of(value)))),
    }
}
