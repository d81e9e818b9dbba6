//! Vendors' schemas, and whether a request keeps to them.
//!
//! The schemas lie beside the project and are not part of it; where they are
//! absent the checks pass, and `tests/run.py` counts them as skipped. The checker
//! knows what these schemas use of JSON Schema: `oneOf` counts as `anyOf`, formats
//! are not looked at.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::{Arc, Mutex};

use serde_json::Value;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/specs");

/// What a schema may consist of, or choose from.
const LISTS: [&str; 3] = ["allOf", "anyOf", "oneOf"];

mod draw;

/// A vendor's schemas.
pub struct Spec(Value);

impl Spec {
    /// Reads a vendor's file; none where it is absent.
    pub fn load(name: &'static str) -> Option<Arc<Spec>> {
        static READ: Mutex<BTreeMap<&str, Option<Arc<Spec>>>> = Mutex::new(BTreeMap::new());
        let mut read = READ.lock().unwrap();
        read.entry(name).or_insert_with(|| Spec::read(name).map(Arc::new)).clone()
    }

    fn read(name: &str) -> Option<Spec> {
        let path = format!("{FOLDER}/{name}.zst");
        let Ok(file) = std::fs::File::open(&path) else {
            println!("skip what is held to a schema: no {path}");
            return None;
        };
        let mut text = String::new();
        zstd::stream::read::Decoder::new(file).unwrap().read_to_string(&mut text).unwrap();
        Some(Spec(match name.ends_with(".json") {
            true => serde_json::from_str(&text).unwrap(),
            false => serde_yaml_ng::from_str(&text).unwrap(),
        }))
    }

    /// Fails with the place and reason where `body` does not fit the schema, or has a
    /// field that it does not know.
    pub fn check(&self, schema: &str, body: &Value) {
        if let Err(why) = self.verdict(schema, body, 1) {
            panic!("{schema}: {why}\n{body:#}");
        }
    }

    /// Where and why `body` does not fit the schema, if it does not. So many levels
    /// down no object may have a member that none of the schemas knows that it
    /// might follow.
    pub fn verdict(&self, schema: &str, body: &Value, levels: usize) -> Result<(), String> {
        let root = &self.0["components"]["schemas"][schema];
        assert!(root.is_object(), "no schema {schema}");
        self.fits(root, body, "", 0)?;
        self.known(&[root], body, "", levels).map_err(|place| format!("no field {place}"))
    }

    fn known(
        &self,
        schemas: &[&Value],
        value: &Value,
        at: &str,
        levels: usize,
    ) -> Result<(), String> {
        let Some(deeper) = levels.checked_sub(1) else { return Ok(()) };
        let mut all = Vec::new();
        schemas.iter().for_each(|schema| self.unfold(schema, &mut all));
        if let Some(items) = value.as_array() {
            let inner: Vec<_> = all.iter().map(|s| &s["items"]).filter(|s| s.is_object()).collect();
            let each = |(i, item)| self.known(&inner, item, &format!("{at}/{i}"), deeper);
            return items.iter().enumerate().try_for_each(each);
        }
        let Some(members) = value.as_object() else { return Ok(()) };
        if all.is_empty() || all.iter().any(|schema| is_free(schema)) {
            return Ok(());
        }
        for (key, member) in members {
            let place = format!("{at}/{key}");
            let inner: Vec<_> = all.iter().filter_map(|s| s["properties"].get(key)).collect();
            if inner.is_empty() {
                return Err(place);
            }
            self.known(&inner, member, &place, deeper)?;
        }
        Ok(())
    }

    /// A schema and all that it consists of or chooses from.
    fn unfold<'a>(&'a self, schema: &'a Value, all: &mut Vec<&'a Value>) {
        let schema = self.follow(schema);
        if all.iter().any(|known| std::ptr::eq(*known, schema)) {
            return;
        }
        all.push(schema);
        for list in LISTS {
            schema[list].as_array().into_iter().flatten().for_each(|part| self.unfold(part, all));
        }
    }

    fn follow<'a>(&'a self, mut schema: &'a Value) -> &'a Value {
        while let Some(path) = schema["$ref"].as_str() {
            schema = self.0.pointer(path.strip_prefix('#').unwrap()).unwrap();
        }
        schema
    }

    fn fits(&self, schema: &Value, value: &Value, at: &str, depth: u32) -> Result<(), String> {
        let schema = self.follow(schema);
        if depth > 60 || schema.is_boolean() {
            return Ok(());
        }
        let wrong = |what: &str| Err(format!("{at}: {what}: {value}"));
        if value.is_null() && schema["nullable"] == true {
            return Ok(());
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.fits(part, value, at, depth + 1)?;
        }
        for choice in ["anyOf", "oneOf"] {
            let Some(parts) = schema[choice].as_array() else { continue };
            let mut why = Vec::new();
            for part in parts {
                match self.fits(part, value, at, depth + 1) {
                    Ok(()) => break,
                    Err(reason) => why.push(reason),
                }
            }
            if why.len() == parts.len() {
                return Err(format!("none of {choice} at {at}:\n  {}", why.join("\n  ")));
            }
        }
        if !self.has_type(schema, value) {
            return wrong(&format!("not of type {}", schema["type"]));
        }
        if let Some(words) = schema["enum"].as_array()
            && !words.contains(value)
        {
            return wrong("not one of the words");
        }
        if schema.get("const").is_some_and(|wanted| wanted != value) {
            return wrong("not the constant");
        }
        if let Some(text) = value.as_str() {
            let len = text.chars().count() as u64;
            if schema["minLength"].as_u64().is_some_and(|least| len < least) {
                return wrong("too short");
            }
            if schema["maxLength"].as_u64().is_some_and(|most| len > most) {
                return wrong("too long");
            }
        }
        let number = value.as_f64();
        if let (Some(n), Some(least)) = (number, schema["minimum"].as_f64())
            && n < least
        {
            return wrong("too small");
        }
        if let (Some(n), Some(most)) = (number, schema["maximum"].as_f64())
            && n > most
        {
            return wrong("too large");
        }
        self.fits_items(schema, value, at, depth)?;
        self.fits_members(schema, value, at, depth)
    }

    fn has_type(&self, schema: &Value, value: &Value) -> bool {
        let is = |name: &str| match name {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_u64() || value.is_i64(),
            "number" => value.is_number(),
            "null" => value.is_null(),
            _ => true,
        };
        match &schema["type"] {
            Value::String(name) => is(name),
            Value::Array(names) => names.iter().filter_map(Value::as_str).any(is),
            _ => true,
        }
    }

    fn fits_items(
        &self,
        schema: &Value,
        value: &Value,
        at: &str,
        depth: u32,
    ) -> Result<(), String> {
        let Some(items) = value.as_array() else { return Ok(()) };
        if schema["minItems"].as_u64().is_some_and(|least| (items.len() as u64) < least) {
            return Err(format!("{at}: too few items"));
        }
        if schema["maxItems"].as_u64().is_some_and(|most| (items.len() as u64) > most) {
            return Err(format!("{at}: too many items"));
        }
        for (i, item) in items.iter().enumerate() {
            if schema["items"].is_object() {
                self.fits(&schema["items"], item, &format!("{at}/{i}"), depth + 1)?;
            }
        }
        Ok(())
    }

    fn fits_members(
        &self,
        schema: &Value,
        value: &Value,
        at: &str,
        depth: u32,
    ) -> Result<(), String> {
        let Some(members) = value.as_object() else { return Ok(()) };
        for name in schema["required"].as_array().into_iter().flatten() {
            let name = name.as_str().unwrap();
            if !members.contains_key(name) {
                return Err(format!("{at}: lacks {name}"));
            }
        }
        for (key, member) in members {
            let place = format!("{at}/{key}");
            match (schema["properties"].get(key), &schema["additionalProperties"]) {
                (Some(schema), _) => self.fits(schema, member, &place, depth + 1)?,
                (None, Value::Bool(false)) => return Err(format!("{place}: no such field")),
                (None, rest @ Value::Object(_)) => self.fits(rest, member, &place, depth + 1)?,
                _ => {}
            }
        }
        Ok(())
    }
}

/// Whether an object of this schema may have any members.
fn is_free(schema: &Value) -> bool {
    let composed = LISTS.iter().any(|list| schema[list].is_array());
    match (&schema["additionalProperties"], &schema["type"]) {
        (Value::Null, kind) if *kind == "object" => schema["properties"].is_null(),
        (Value::Null, Value::Null) => schema["properties"].is_null() && !composed,
        (rest, _) => !rest.is_null() && *rest != false,
    }
}
