//! Whether a JSON value has the form that a schema asks for.
//!
//! This decides only whether an answer is worth keeping, so it covers what the
//! vendors' structured outputs take (types, enums, objects, arrays, unions,
//! bounds, patterns, local references) and lets every other keyword pass.

use std::cell::Cell;

use serde_json::Value;

/// Deepest nesting of references that is followed.
const DEPTH: u32 = 64;
/// Schemas that are looked at in all: unions of references to themselves would
/// have no end otherwise. What takes more does not match.
const STEPS: u32 = 100_000;

/// Whether `value` matches `schema`.
pub fn matches(schema: &Value, value: &Value) -> bool {
    Checker { root: schema, left: Cell::new(STEPS) }.check(schema, value, DEPTH)
}

struct Checker<'a> {
    root: &'a Value,
    /// Steps that may be taken.
    left: Cell<u32>,
}

impl Checker<'_> {
    fn check(&self, schema: &Value, value: &Value, depth: u32) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        let (Some(depth), 1..) = (depth.checked_sub(1), left) else { return false };
        let Some(rules) = schema.as_object() else { return *schema != Value::Bool(false) };
        let all = |key: &str, of: &dyn Fn(&Value) -> bool| rules.get(key).is_none_or(of);
        let each = |list: &Value| list.as_array().cloned().unwrap_or_default();
        let follow = |schema: &Value| self.check(schema, value, depth);
        all("$ref", &|r| self.resolve(r).is_some_and(follow))
            && all("type", &|t| has_type(t, value))
            && all("enum", &|list| each(list).contains(value))
            && all("const", &|only| only == value)
            && all("anyOf", &|list| each(list).iter().any(follow))
            && all("oneOf", &|list| each(list).iter().filter(|s| follow(s)).count() == 1)
            && all("allOf", &|list| each(list).iter().all(follow))
            && number(schema, value)
            && text(schema, value)
            && self.object(schema, value, depth)
            && self.array(schema, value, depth)
    }

    fn object(&self, schema: &Value, value: &Value, depth: u32) -> bool {
        let Some(members) = value.as_object() else { return true };
        let properties = schema["properties"].as_object();
        let required = schema["required"].as_array().into_iter().flatten();
        let others = schema.get("additionalProperties").unwrap_or(&Value::Bool(true));
        required.filter_map(Value::as_str).all(|name| members.contains_key(name))
            && members.iter().all(|(name, member)| {
                let own = properties.and_then(|properties| properties.get(name));
                self.check(own.unwrap_or(others), member, depth)
            })
    }

    fn array(&self, schema: &Value, value: &Value, depth: u32) -> bool {
        let Some(items) = value.as_array() else { return true };
        let bound = |key: &str| schema[key].as_u64();
        bound("minItems").is_none_or(|n| items.len() as u64 >= n)
            && bound("maxItems").is_none_or(|n| items.len() as u64 <= n)
            && schema
                .get("items")
                .is_none_or(|each| items.iter().all(|item| self.check(each, item, depth)))
    }

    fn resolve(&self, reference: &Value) -> Option<&Value> {
        self.root.pointer(reference.as_str()?.strip_prefix('#')?)
    }
}

/// Whether a number is within its bounds.
fn number(schema: &Value, value: &Value) -> bool {
    let Some(n) = value.as_f64() else { return true };
    let all = |key: &str, holds: &dyn Fn(f64) -> bool| schema[key].as_f64().is_none_or(holds);
    all("minimum", &|least| n >= least)
        && all("maximum", &|most| n <= most)
        && all("exclusiveMinimum", &|low| n > low)
        && all("exclusiveMaximum", &|high| n < high)
        && all("multipleOf", &|step| {
            let times = n / step;
            (times.round() - times).abs() <= 1e-9 * times.abs().max(1.0)
        })
}

/// Whether a text is as long as it may be, and like its pattern.
fn text(schema: &Value, value: &Value) -> bool {
    let Some(text) = value.as_str() else { return true };
    let length = || text.chars().count() as u64;
    let fits = |pattern: &str| {
        // A pattern that this crate does not know is not held against the answer.
        regex_lite::Regex::new(pattern).map_or(true, |pattern| pattern.is_match(text))
    };
    schema["minLength"].as_u64().is_none_or(|least| length() >= least)
        && schema["maxLength"].as_u64().is_none_or(|most| length() <= most)
        && schema["pattern"].as_str().is_none_or(fits)
}

fn has_type(types: &Value, value: &Value) -> bool {
    let is = |name: &str| match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|n| n.fract() == 0.0),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    };
    match types {
        Value::String(name) => is(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(is),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn objects_are_held_to_their_properties() {
        let schema = json!({"type": "object", "required": ["a"], "additionalProperties": false,
            "properties": {"a": {"type": "integer"}, "b": {"enum": ["x", null]}}});
        assert!(matches(&schema, &json!({"a": 1, "b": null})));
        for wrong in [
            json!({}),
            json!({"a": 1.5}),
            json!({"a": 1, "c": 0}),
            json!([1]),
            json!({"a": 1, "b": "y"}),
        ] {
            assert!(!matches(&schema, &wrong), "{wrong}");
        }
    }

    #[test]
    fn unions_arrays_and_references_are_followed_and_loops_end() {
        let schema = json!({"$defs": {"tree": {"type": "array", "maxItems": 2, "items": {"$ref": "#/$defs/tree"}}},
            "anyOf": [{"type": ["string", "null"]}, {"$ref": "#/$defs/tree"}]});
        assert!(matches(&schema, &json!(null)) && matches(&schema, &json!([[], [[]]])));
        assert!(!matches(&schema, &json!([1])) && !matches(&schema, &json!([[], [], []])));
        let endless = json!({"$ref": "#"});
        assert!(!matches(&endless, &json!(1)));
        let twice =
            json!({"$ref": "#/$defs/a", "$defs": {"a": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}}});
        assert!(!matches(&twice, &json!(1)), "would take 2^32 steps");
    }

    #[test]
    fn bounds_and_patterns_hold() {
        let schema = |rules: Value| json!({"properties": {"a": rules}});
        let fits = |rules: Value, a: Value| matches(&schema(rules), &json!({"a": a}));
        for (rules, good, bad) in [
            (json!({"minimum": 5}), json!(5), json!(1)),
            (json!({"exclusiveMaximum": 5}), json!(4.9), json!(5)),
            (json!({"multipleOf": 0.1}), json!(0.3), json!(0.35)),
            (json!({"pattern": "^[0-9]+$"}), json!("12"), json!("x")),
            (json!({"maxLength": 2}), json!("\u{e4}\u{f6}"), json!("abc")),
            (json!({"minLength": 1}), json!("a"), json!("")),
            (json!({"multipleOf": 0.01}), json!(1_234_567.89), json!(0.005)),
        ] {
            assert!(fits(rules.clone(), good) && !fits(rules, bad));
        }
        assert!(fits(json!({"pattern": "(?!a)b"}), json!("c")), "one that cannot be read");
    }
}
