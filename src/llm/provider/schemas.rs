//! JSON schemas for vendors that take only a part of what JSON Schema knows.
//!
//! What a caller's schema says stays said: in another place, or in the words of a
//! description where a vendor has no member for it. Answers are held against the
//! caller's own schema, not against what was sent.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::wanted::Wanted;
use crate::error::Result;
pub use kimi::of_kimi;

mod kimi;

/// Where schemas stand in a schema: under names of the caller's, in a list, or alone.
const UNDER_NAMES: [&str; 5] =
    ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"];
const IN_LISTS: [&str; 5] = ["anyOf", "allOf", "oneOf", "prefixItems", "items"];
const ALONE: [&str; 8] =
    ["items", "additionalProperties", "propertyNames", "contains", "not", "if", "then", "else"];

/// Fits a schema and all that stand in it.
fn each(schema: &mut Value, fit: &mut impl FnMut(&mut Map<String, Value>)) {
    let Value::Object(members) = schema else { return };
    for (key, inner) in members.iter_mut() {
        let key = key.as_str();
        match inner {
            Value::Object(named) if UNDER_NAMES.contains(&key) => {
                named.values_mut().for_each(|schema| each(schema, fit));
            }
            Value::Array(list) if IN_LISTS.contains(&key) => {
                list.iter_mut().for_each(|schema| each(schema, fit));
            }
            Value::Object(_) if ALONE.contains(&key) => each(inner, fit),
            _ => {}
        }
    }
    fit(members);
}

/// Bounds that Anthropic refuses in a schema that an answer or a call is held to.
const BOUNDS: [&str; 11] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
];
/// The formats of texts that it takes.
const FORMATS: [&str; 10] =
    ["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"];

/// A schema as Anthropic takes it: its objects are closed, and what bounds numbers,
/// texts and lists is told in the descriptions, as the vendor's own libraries do.
pub fn closed(schema: &Value, field: &str, wanted: &mut Wanted) -> Result<Value> {
    let (mut is_closed, mut is_free) = (false, false);
    let mut told = BTreeSet::new();
    let mut schema = schema.clone();
    each(&mut schema, &mut |members| {
        if is_object(members) {
            match members.get("additionalProperties") {
                Some(Value::Bool(false)) => {}
                None if members.keys().any(|key| HOLDS.contains(&key.as_str())) => is_closed = true,
                _ => is_free = true,
            }
            members.insert("additionalProperties".into(), false.into());
        }
        if let (Some(choices), false) =
            (members.shift_remove("oneOf"), members.contains_key("anyOf"))
        {
            members.insert("anyOf".into(), choices);
        }
        told.extend(tell_bounds(members));
    });
    if is_free {
        wanted.refuse(field, "takes no object whose members are not all named")?;
    }
    if is_closed {
        wanted.note(field, "objects hold nothing but their properties");
    }
    if !told.is_empty() {
        let told = told.into_iter().collect::<Vec<_>>().join(", ");
        wanted.note(field, &format!("told in the descriptions: {told}"));
    }
    Ok(schema)
}

/// What says which members an object has.
const HOLDS: [&str; 4] = ["properties", "anyOf", "allOf", "$ref"];

fn is_object(members: &Map<String, Value>) -> bool {
    match members.get("type") {
        None => members.contains_key("properties"),
        Some(Value::Array(types)) => types.iter().any(|kind| kind == "object"),
        Some(kind) => kind == "object",
    }
}

/// Moves what is refused into the description, and says what that was.
fn tell_bounds(members: &mut Map<String, Value>) -> Vec<String> {
    let is_refused = |(key, value): &(&String, &Value)| match key.as_str() {
        "minItems" => value.as_u64().is_some_and(|least| least > 1),
        "format" => value.as_str().is_some_and(|format| !FORMATS.contains(&format)),
        key => BOUNDS.contains(&key),
    };
    let refused: Vec<String> =
        members.iter().filter(is_refused).map(|(key, _)| key.clone()).collect();
    let words = refused.iter().filter_map(|key| {
        let value = members.shift_remove(key)?;
        Some(format!("{key}: {value}"))
    });
    let words = words.collect::<Vec<_>>().join(", ");
    if !words.is_empty() {
        let said = members.get("description").and_then(Value::as_str).unwrap_or_default();
        let between = if said.is_empty() { "" } else { "\n\n" };
        let description = [said, between, &words].concat();
        members.insert("description".into(), description.into());
    }
    refused
}

/// What a head may refer to, one after the other.
const REFERENCES_MAX: usize = 8;

/// Puts what the head of a schema refers to in the place of the reference.
fn follow(members: &mut Map<String, Value>, schema: &Value) {
    for _ in 0..REFERENCES_MAX {
        let to = members.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix('#'));
        let Some(Value::Object(there)) = to.and_then(|to| schema.pointer(to)) else { return };
        members.shift_remove("$ref");
        for (key, one) in there {
            members.entry(key).or_insert_with(|| one.clone());
        }
    }
}

/// The schema of a function's arguments as OpenAI, Anthropic and Kimi take it, who refuse it
/// where its head is a choice: what can be chosen are properties then. Kimi refuses one
/// that is said elsewhere or may be null too (lidge-jun/opencodex, issue 228).
pub fn headed(schema: &Value, wanted: &mut Wanted) -> Value {
    let Value::Object(given) = schema else { return schema.clone() };
    let mut members = given.clone();
    follow(&mut members, schema);
    let kind = members.entry("type").or_insert("object".into());
    if kind.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "object")) {
        *kind = "object".into();
    }
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for key in ["allOf", "anyOf", "oneOf"] {
        let Some(Value::Array(choices)) = members.shift_remove(key) else { continue };
        wanted.note("tools", &format!("what {key} says at a schema's head told as properties"));
        for choice in &choices {
            let to = choice["$ref"].as_str().and_then(|to| to.strip_prefix('#'));
            let choice = to.and_then(|to| schema.pointer(to)).unwrap_or(choice);
            for (name, one) in choice["properties"].as_object().into_iter().flatten() {
                properties.entry(name).or_insert_with(|| one.clone());
            }
            let all = choice["required"].as_array().filter(|_| key == "allOf");
            required.extend(all.into_iter().flatten().cloned());
        }
    }
    if !properties.is_empty()
        && let Value::Object(own) = members.entry("properties").or_insert_with(|| json!({}))
    {
        for (name, one) in properties {
            own.entry(name).or_insert(one);
        }
    }
    if !required.is_empty()
        && let Value::Array(own) = members.entry("required").or_insert_with(|| json!([]))
    {
        for name in required {
            if !own.contains(&name) {
                own.push(name);
            }
        }
    }
    members.into()
}

/// The same with properties in any case: OpenAI refuses an object without.
pub fn of_openai(schema: &Value, wanted: &mut Wanted) -> Value {
    let mut schema = headed(schema, wanted);
    if let Value::Object(members) = &mut schema
        && members.get("type").is_some_and(|kind| kind == "object")
    {
        members.entry("properties").or_insert_with(|| json!({}));
    }
    schema
}

/// The schema of a function's arguments with an object said in full, also where there
/// are none: who speaks OpenAI's form refuses to guess it (MiniMax, xAI, tabbyAPI, LM
/// Studio, DeepSeek of a type that is null).
pub fn said(schema: Option<&Value>) -> Value {
    let mut schema = schema.cloned().unwrap_or_else(|| json!({}));
    let Value::Object(members) = &mut schema else { return schema };
    if !members.contains_key("$ref") && members.get("type").is_none_or(Value::is_null) {
        members.insert("type".into(), "object".into());
    }
    let is_choice = ["allOf", "anyOf", "oneOf"].iter().any(|key| members.contains_key(*key));
    if !is_choice && members.get("type").is_some_and(|kind| kind == "object") {
        members.entry("properties").or_insert_with(|| json!({}));
    }
    schema
}
