//! Values drawn at random that fit a schema.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::Spec;

/// So deep only what must be there is drawn.
const DEEP: u32 = 7;

impl Spec {
    /// Draws a value that fits the schema.
    pub fn draw(&self, schema: &str, random: &mut Rng) -> Value {
        self.drawn(&self.0["components"]["schemas"][schema], random, 0)
    }

    fn drawn(&self, schema: &Value, random: &mut Rng, depth: u32) -> Value {
        let schema = self.follow(schema);
        if depth > 4 * DEEP || schema["nullable"] == true && random.u8(..4) == 0 {
            return Value::Null;
        }
        if let Some(constant) = schema.get("const") {
            return constant.clone();
        }
        if let Some(words) = schema["enum"].as_array() {
            return words[random.usize(..words.len())].clone();
        }
        let mut drawn = self.members(schema, random, depth);
        for part in schema["allOf"].as_array().into_iter().flatten() {
            drawn = merged(drawn, self.drawn(part, random, depth + 1));
        }
        for choice in ["anyOf", "oneOf"] {
            if let Some(parts) = schema[choice].as_array() {
                let part = &parts[random.usize(..parts.len())];
                drawn = merged(drawn, self.drawn(part, random, depth + 1));
            }
        }
        drawn
    }

    /// By the schema's own type.
    fn members(&self, schema: &Value, random: &mut Rng, depth: u32) -> Value {
        let kind = match &schema["type"] {
            Value::String(name) => name.as_str(),
            Value::Array(names) => names[random.usize(..names.len())].as_str().unwrap(),
            _ if schema["properties"].is_object() => "object",
            _ => return Value::Null,
        };
        match kind {
            "object" => {
                let mut object = Map::new();
                let required = schema["required"].as_array();
                for (name, member) in schema["properties"].as_object().into_iter().flatten() {
                    let must = required.is_some_and(|all| all.iter().any(|known| known == name));
                    if must || depth < DEEP && random.bool() {
                        object.insert(name.clone(), self.drawn(member, random, depth + 1));
                    }
                }
                object.into()
            }
            "array" => {
                let least = schema["minItems"].as_u64().unwrap_or(0) as usize;
                let most = if depth < DEEP { 3 } else { 0 };
                (0..least.max(random.usize(..=most)))
                    .map(|_| self.drawn(&schema["items"], random, depth + 1))
                    .collect()
            }
            "string" => {
                const WORDS: [&str; 6] = ["", "word", " two words", "{\"a\": 1}", "é\"\n", "2026"];
                WORDS[random.usize(..WORDS.len())].into()
            }
            "integer" => (within(schema, f64::from(random.u32(..2_000))) as i64).into(),
            "number" => json!(within(schema, f64::from(random.i32(-40..40)) / 8.0)),
            "boolean" => random.bool().into(),
            _ => Value::Null,
        }
    }
}

/// The number, or the bound of the schema that it is beyond.
fn within(schema: &Value, number: f64) -> f64 {
    let bound = |name: &str, none| schema[name].as_f64().unwrap_or(none);
    number.max(bound("minimum", f64::MIN)).min(bound("maximum", f64::MAX))
}

/// Both objects' members; else the second, if it is anything.
fn merged(first: Value, second: Value) -> Value {
    match (first, second) {
        (Value::Object(mut first), Value::Object(second)) => {
            first.extend(second);
            first.into()
        }
        (first, Value::Null) => first,
        (_, second) => second,
    }
}
