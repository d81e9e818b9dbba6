//! A schema as Kimi takes it (MFJS, which its validator MoonshotAI/walle holds to).
//!
//! Every schema says its type, but none beside a choice or a reference; references lead
//! to definitions at the root; what is required is described; nothing that one type
//! alone has stands beside several. What is said stays said: in a choice, or as a type
//! that holds anything.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::each;

/// What a value can be.
const KINDS: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];
/// The types of a value that can be anything: what is an integer is a number.
const ANYTHING: [&str; 6] = ["null", "boolean", "object", "array", "number", "string"];
/// What only objects and lists have.
const OF_OBJECTS: [&str; 6] = [
    "properties",
    "required",
    "additionalProperties",
    "patternProperties",
    "minProperties",
    "maxProperties",
];
const OF_LISTS: [&str; 6] =
    ["items", "prefixItems", "contains", "minItems", "maxItems", "uniqueItems"];
const OF_TEXTS: [&str; 4] = ["minLength", "maxLength", "pattern", "format"];
const OF_NUMBERS: [&str; 5] =
    ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];

/// The schema in the vendor's form.
pub fn of_kimi(schema: &Value) -> Value {
    let Value::Object(whole) = schema else { return schema.clone() };
    let mut root = whole.clone();
    // With it an answer is held to nothing (vercel/ai, request 16472).
    root.shift_remove("$schema");
    let mut given = taken_out(&mut root, "$defs");
    for (name, one) in taken_out(&mut root, "definitions") {
        given.entry(name).or_insert(one);
    }
    let mut root = Value::Object(root);
    let mut all = definitions(&mut root, given, schema);
    let is_empty = root.as_object().is_some_and(Map::is_empty);
    let described: Vec<String> = all
        .iter()
        .filter(|(_, one)| one["description"].is_string())
        .map(|(name, _)| format!("#/$defs/{name}"))
        .collect();
    for one in all.values_mut().chain((!is_empty).then_some(&mut root)) {
        each(one, &mut |members| place(members, &described));
        each(one, &mut type_of_all);
    }
    if let (Some(members), false) = (root.as_object_mut(), all.is_empty()) {
        members.insert("$defs".into(), all.into());
    }
    root
}

/// The schemas under names that a member holds, which is taken out.
fn taken_out(members: &mut Map<String, Value>, key: &str) -> Map<String, Value> {
    match members.shift_remove(key) {
        Some(Value::Object(named)) => named,
        _ => Map::new(),
    }
}

/// The definitions, and what else references lead to.
fn definitions(
    root: &mut Value,
    mut given: Map<String, Value>,
    whole: &Value,
) -> Map<String, Value> {
    let mut names = BTreeMap::new();
    let mut found = Vec::new();
    let taken: BTreeSet<_> = given.keys().cloned().collect();
    let mut free = (1..).map(|n| format!("part_{n}")).filter(|name| !taken.contains(name));
    let mut follow = |one: &mut Value, found: &mut Vec<(String, Value)>| {
        each(one, &mut |members| {
            let Some(Value::String(to)) = members.get_mut("$ref") else { return };
            let own = ["#/definitions/", "#/$defs/"].iter().find_map(|at| to.strip_prefix(at));
            if let Some(name) = own.filter(|name| !name.contains('/')) {
                *to = format!("#/$defs/{name}");
            } else if let Some(target) = to.strip_prefix('#').and_then(|at| whole.pointer(at))
                && target.is_object()
                && to.len() > 1
            {
                let name = names.entry(to.clone()).or_insert_with(|| {
                    let next = free.next().unwrap_or_default();
                    found.push((next.clone(), target.clone()));
                    next
                });
                *to = format!("#/$defs/{name}");
            }
        });
    };
    follow(root, &mut found);
    given.values_mut().for_each(|one| follow(one, &mut found));
    while let Some((name, mut one)) = found.pop() {
        follow(&mut one, &mut found);
        given.insert(name, one);
    }
    given
}

/// Puts each member where it may stand.
fn place(members: &mut Map<String, Value>, described: &[String]) {
    for key in ["$defs", "definitions"] {
        members.shift_remove(key);
    }
    if let Some(to) = members.get("$ref").and_then(Value::as_str) {
        // Two descriptions, its own and the other's, are in conflict.
        let is_twice = members.contains_key("description") && described.iter().any(|at| at == to);
        members.shift_remove("type");
        if is_twice && let Some(to) = members.shift_remove("$ref") {
            members.insert("anyOf".into(), json!([{"$ref": to}]));
        }
        return;
    }
    if members.get("items").is_some_and(Value::is_array)
        && let Some(places) = members.shift_remove("items")
    {
        members.entry("prefixItems").or_insert(places);
    }
    // There is but one kind of choice.
    let alone = members.get("allOf").and_then(Value::as_array).is_some_and(|all| all.len() == 1);
    for key in ["oneOf"].into_iter().chain(alone.then_some("allOf")) {
        if !members.contains_key("anyOf")
            && let Some(choices) = members.shift_remove(key)
        {
            members.insert("anyOf".into(), choices);
        }
    }
    let kind = members.get("type").filter(|kind| !kind.is_null()).cloned();
    if let (Some(kind), Some(Value::Array(choices))) = (kind, members.get_mut("anyOf")) {
        for choice in choices.iter_mut().filter_map(Value::as_object_mut) {
            if !choice.contains_key("$ref") && !choice.contains_key("anyOf") {
                choice.entry("type").or_insert_with(|| kind.clone());
            }
        }
        members.shift_remove("type");
    }
    part_types(members);
}

/// Makes a choice of several types, where one of them has what the others have not.
fn part_types(members: &mut Map<String, Value>) {
    let Some(Value::Array(kinds)) = members.get("type").cloned() else { return };
    let has = |keys: &[&str]| keys.iter().any(|key| members.contains_key(*key));
    if kinds.len() < 2 || has(&["enum", "anyOf"]) || !has(&OF_OBJECTS) && !has(&OF_LISTS) {
        return;
    }
    members.shift_remove("type");
    let mut choices = Vec::new();
    for kind in kinds {
        let mut choice = Map::new();
        let own: &[&str] = match kind.as_str() {
            Some("object") => &OF_OBJECTS,
            Some("array") => &OF_LISTS,
            Some("string") => &OF_TEXTS,
            Some("number" | "integer") => &OF_NUMBERS,
            _ => &[],
        };
        for key in own {
            choice.extend(members.get_key_value(*key).map(|(key, one)| (key.clone(), one.clone())));
        }
        choice.insert("type".into(), kind);
        choices.push(choice.into());
    }
    for keys in [&OF_OBJECTS[..], &OF_LISTS, &OF_TEXTS, &OF_NUMBERS] {
        keys.iter().for_each(|key| drop(members.shift_remove(*key)));
    }
    members.insert("anyOf".into(), Value::Array(choices));
}

/// Says the type where none is said, and describes what is required.
fn type_of_all(members: &mut Map<String, Value>) {
    if members.contains_key("$ref") || members.contains_key("anyOf") {
        return;
    }
    if members.get("type").is_none_or(Value::is_null) {
        let kind = type_of(members);
        members.insert("type".into(), kind);
    }
    let allows_null =
        members.get("enum").and_then(Value::as_array).is_some_and(|all| all.contains(&Value::Null));
    if allows_null
        && let Some(kind @ Value::String(_)) = members.get_mut("type")
        && kind != "null"
    {
        *kind = json!([kind, "null"]);
    }
    let required = members.get("required").and_then(Value::as_array).cloned();
    if members["type"] == "object"
        && let Some(names) = required
        && let Value::Object(properties) = members.entry("properties").or_insert_with(|| json!({}))
    {
        for name in names.iter().filter_map(Value::as_str) {
            properties.entry(name).or_insert_with(|| json!({"type": ANYTHING}));
        }
    }
}

/// The type of values that have these members.
fn type_of(members: &Map<String, Value>) -> Value {
    let has = |keys: &[&str]| keys.iter().any(|key| members.contains_key(*key));
    let values = match (members.get("enum"), members.get("const")) {
        (Some(Value::Array(values)), _) => values.as_slice(),
        (_, Some(value)) => std::slice::from_ref(value),
        _ => &[],
    };
    let is_met = |kind: &&str| values.iter().any(|value| kind_of(value) == *kind);
    let mut kinds: Vec<&str> = KINDS.into_iter().filter(is_met).collect();
    if kinds.contains(&"number") {
        kinds.retain(|kind| *kind != "integer");
    }
    match kinds.as_slice() {
        [kind] => (*kind).into(),
        [_, ..] => kinds.into(),
        [] if has(&OF_OBJECTS) => "object".into(),
        [] if has(&OF_LISTS) => "array".into(),
        [] if has(&OF_TEXTS) => "string".into(),
        [] if has(&OF_NUMBERS) => "number".into(),
        [] => json!(ANYTHING),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
