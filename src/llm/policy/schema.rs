//! Whether a JSON value has the form that a schema asks for.
//!
//! This decides only whether an answer is worth keeping. It knows the keywords
//! of the drafts from 4 to 2020-12, and what Gemini writes in another way (types
//! in upper case, `nullable`, counts as texts). References are local ones. Not
//! looked at: `unevaluatedProperties`, `unevaluatedItems`, dynamic references,
//! and the formats that [`format`] leaves out.
//!
//! A check that has taken too many steps, or too deep ones, has failed as a
//! whole: what a `not` would make of a failure within it would be a match.

mod format;

use std::cell::Cell;
use std::collections::HashSet;

use regex_lite::Regex as Pattern;
use serde_json::{Map, Value};

/// Deepest nesting of references that is followed.
const DEPTH: u32 = 64;
/// Schemas that are looked at in all: unions of references to themselves would
/// have no end otherwise. What takes more does not match.
const STEPS: u32 = 100_000;

/// Whether `value` matches `schema`.
pub fn matches(schema: &Value, value: &Value) -> bool {
    let checker = Checker { root: schema, left: Cell::new(STEPS) };
    checker.check(schema, value, DEPTH) && checker.left.get() > 0
}

struct Checker<'a> {
    root: &'a Value,
    /// Steps that may be taken; 0: the check has failed.
    left: Cell<u32>,
}

impl Checker<'_> {
    fn check(&self, schema: &Value, value: &Value, depth: u32) -> bool {
        let (Some(depth), true) = (depth.checked_sub(1), self.spend(1)) else {
            self.left.set(0);
            return false;
        };
        let Some(rules) = schema.as_object() else { return *schema != Value::Bool(false) };
        if value.is_null() && schema["nullable"] == true {
            return true;
        }
        let all = |key: &str, of: &dyn Fn(&Value) -> bool| rules.get(key).is_none_or(of);
        let follow = |schema: &Value| self.check(schema, value, depth);
        let branch = |to: &Value| all(if follow(to) { "then" } else { "else" }, &follow);
        all("$ref", &|r| self.resolve(r).is_some_and(follow))
            && all("type", &|t| has_type(t, value))
            && all("enum", &|of| list(of).contains(value))
            && all("const", &|only| only == value)
            && all("anyOf", &|of| list(of).iter().any(follow))
            && all("oneOf", &|of| list(of).iter().filter(|s| follow(s)).count() == 1)
            && all("allOf", &|of| list(of).iter().all(follow))
            && all("not", &|not| !follow(not))
            && all("if", &branch)
            && number(schema, value)
            && text(schema, value)
            && value.as_object().is_none_or(|members| {
                self.members(schema, members, depth) && self.depends(schema, value, members, depth)
            })
            && value.as_array().is_none_or(|items| self.items(schema, items, depth))
    }

    /// Takes steps; whether any are left.
    fn spend(&self, steps: usize) -> bool {
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        self.left.set(self.left.get().saturating_sub(steps));
        self.left.get() > 0
    }

    fn members(&self, schema: &Value, members: &Map<String, Value>, depth: u32) -> bool {
        let properties = schema["properties"].as_object();
        let others = schema.get("additionalProperties");
        let patterns = schema["patternProperties"].as_object().into_iter().flatten();
        let patterns: Vec<_> = patterns.map(|(like, rule)| (pattern(like), rule)).collect();
        let member = |(name, member): (&String, &Value)| {
            let own = properties.and_then(|properties| properties.get(name));
            // A pattern that cannot be read may be about any name.
            let of = |like: &Option<Pattern>| like.as_ref().is_none_or(|l| l.is_match(name));
            let mut like = patterns.iter().filter(|(like, _)| of(like)).peekable();
            let others = others.filter(|_| own.is_none() && like.peek().is_none());
            let mut known = like.filter(|(like, _)| like.is_some());
            self.spend(patterns.len())
                && own.into_iter().chain(others).all(|rule| self.check(rule, member, depth))
                && known.all(|(_, rule)| self.check(rule, member, depth))
        };
        let name = |rule: &Value| {
            members.keys().all(|name| self.check(rule, &Value::String(name.clone()), depth))
        };
        within(schema, "minProperties", "maxProperties", || members.len())
            && list(&schema["required"]).iter().all(|name| has(members, name))
            && members.iter().all(member)
            && schema.get("propertyNames").is_none_or(name)
    }

    /// What one member asks of the others, as each draft has it.
    fn depends(
        &self,
        schema: &Value,
        value: &Value,
        members: &Map<String, Value>,
        depth: u32,
    ) -> bool {
        let rules = ["dependentRequired", "dependentSchemas", "dependencies"];
        let rules = rules.iter().filter_map(|key| schema[key].as_object()).flatten();
        rules.filter(|(name, _)| members.contains_key(*name)).all(|(_, rule)| match rule {
            Value::Array(names) => names.iter().all(|name| has(members, name)),
            rule => self.check(rule, value, depth),
        })
    }

    fn items(&self, schema: &Value, items: &[Value], depth: u32) -> bool {
        // Until 2019 a list of `items` was what `prefixItems` is now.
        let (first, rest) = match &schema["items"] {
            Value::Array(first) => (&first[..], schema.get("additionalItems")),
            _ => (list(&schema["prefixItems"]), schema.get("items")),
        };
        let rule = |place: usize| first.get(place).or(rest);
        let fits = |(place, item)| rule(place).is_none_or(|rule| self.check(rule, item, depth));
        within(schema, "minItems", "maxItems", || items.len())
            && items.iter().enumerate().all(fits)
            && schema.get("contains").is_none_or(|rule| {
                let found = || items.iter().filter(|item| self.check(rule, item, depth)).count();
                let least = count(&schema["minContains"]).unwrap_or(1);
                let found = found() as u64;
                found >= least && count(&schema["maxContains"]).is_none_or(|most| found <= most)
            })
            && (schema["uniqueItems"] != true || self.differ(items))
    }

    /// Whether no two items are equal.
    fn differ(&self, items: &[Value]) -> bool {
        let mut seen = HashSet::new();
        items.iter().all(|item| {
            let mut text = String::new();
            self.write(item, &mut text) && seen.insert(text)
        })
    }

    /// Writes a value in the one way that all equal ones are written; false if
    /// that takes too many steps.
    fn write(&self, value: &Value, out: &mut String) -> bool {
        let wrote = match value {
            Value::Array(items) => {
                out.push('[');
                items.iter().all(|item| self.write(item, out))
            }
            Value::Object(members) => {
                out.push('{');
                let mut members: Vec<_> = members.iter().collect();
                members.sort_unstable_by_key(|(name, _)| *name);
                members.into_iter().all(|(name, member)| {
                    self.spend(name.len() / 64);
                    out.push_str(&Value::String(name.clone()).to_string());
                    self.write(member, out)
                })
            }
            Value::Number(number) => {
                let float = number.as_f64().filter(|n| number.is_f64() && n.abs() < 1e15);
                match float.filter(|n| n.fract() == 0.0) {
                    Some(whole) => out.push_str(&(whole as i64).to_string()),
                    None => out.push_str(&number.to_string()),
                }
                true
            }
            plain => {
                out.push_str(&plain.to_string());
                true
            }
        };
        out.push(if value.is_array() || value.is_object() { ']' } else { ',' });
        wrote && self.spend(1 + value.as_str().map_or(0, str::len) / 64)
    }

    fn resolve(&self, reference: &Value) -> Option<&Value> {
        self.root.pointer(reference.as_str()?.strip_prefix('#')?)
    }
}

/// The items of a list; none of anything else.
fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn has(members: &Map<String, Value>, name: &Value) -> bool {
    name.as_str().is_none_or(|name| members.contains_key(name))
}

/// A count that a schema sets: also written as `2.0`, or as a text.
fn count(rule: &Value) -> Option<u64> {
    let float = || rule.as_f64().filter(|n| *n >= 0.0).map(|n| n as u64);
    rule.as_u64().or_else(float).or_else(|| rule.as_str()?.parse().ok())
}

fn within(schema: &Value, least: &str, most: &str, size: impl Fn() -> usize) -> bool {
    count(&schema[least]).is_none_or(|least| size() as u64 >= least)
        && count(&schema[most]).is_none_or(|most| size() as u64 <= most)
}

/// Whether a number is within its bounds.
fn number(schema: &Value, value: &Value) -> bool {
    let Some(n) = value.as_f64() else { return true };
    let all = |key: &str, holds: &dyn Fn(f64) -> bool| schema[key].as_f64().is_none_or(holds);
    // In draft 4 the exclusive ones say only how the others are meant.
    let low = schema["exclusiveMinimum"] == true;
    let high = schema["exclusiveMaximum"] == true;
    all("minimum", &|least| n > least || !low && n == least)
        && all("maximum", &|most| n < most || !high && n == most)
        && all("exclusiveMinimum", &|low| n > low)
        && all("exclusiveMaximum", &|high| n < high)
        && all("multipleOf", &|step| {
            let times = n / step;
            (times.round() - times).abs() <= 1e-9 * times.abs().max(1.0)
        })
}

/// A pattern; none if it is one that this crate does not know.
fn pattern(text: &str) -> Option<Pattern> {
    Pattern::new(text).ok()
}

/// Whether a text is as long as it may be, and like its pattern and its format.
fn text(schema: &Value, value: &Value) -> bool {
    let Some(text) = value.as_str() else { return true };
    // A pattern that cannot be read is not held against the answer.
    let fits = |like: &str| pattern(like).is_none_or(|like| like.is_match(text));
    within(schema, "minLength", "maxLength", || text.chars().count())
        && schema["pattern"].as_str().is_none_or(fits)
        && schema["format"].as_str().is_none_or(|name| format::holds(name, text))
}

fn has_type(types: &Value, value: &Value) -> bool {
    let is = |name: &str| match name.to_ascii_lowercase().as_str() {
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
mod tests;
