//! Numbers that go out with the digits with which they came.
//!
//! A tree holds a number in 64 bits. Where a text has a longer one, the body holds
//! a mark with that text in the text's place, and writing it writes the text.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::llm::json::has_long_number;

/// The only member of a mark; nobody's own begins so.
const MARK: &str = "\0exact";

/// What a JSON text says, of which `tree` was read.
pub fn of(text: &str, tree: Value) -> Value {
    if has_long_number(text) { json!({ MARK: text }) } else { tree }
}

/// A tree that is written with its marks resolved.
pub struct Exact<'a>(pub &'a Value);

impl Serialize for Exact<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Array(items) => serializer.collect_seq(items.iter().map(Exact)),
            Value::Object(members) => match marked(members) {
                Some(text) => text.serialize(serializer),
                None => serializer.collect_map(members.iter().map(|(key, it)| (key, Exact(it)))),
            },
            other => other.serialize(serializer),
        }
    }
}

/// The text of a mark.
fn marked(members: &Map<String, Value>) -> Option<&RawValue> {
    let text = members.get(MARK).filter(|_| members.len() == 1)?.as_str()?;
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_with_a_long_number_is_written_as_it_stands_and_others_as_trees() {
        let written = |text: &str| {
            let body = json!({"a": [of(text, serde_json::from_str(text).unwrap())], "b": 1});
            serde_json::to_string(&Exact(&body)).unwrap()
        };
        let long = r#"{ "n": 123456789012345678901234567890, "x": 0.12345678901234567890 }"#;
        assert_eq!(written(long), format!(r#"{{"a":[{long}],"b":1}}"#));
        assert_eq!(
            written(r#"{ "n": 1234, "t": "a\u00e4" }"#),
            r#"{"a":[{"n":1234,"t":"aä"}],"b":1}"#
        );
    }

    #[test]
    fn what_only_looks_like_a_mark_is_written_as_it_is() {
        for other in [json!({MARK: "no JSON"}), json!({MARK: 1}), json!({MARK: "1", "b": 2})] {
            assert_eq!(serde_json::to_value(Exact(&other)).unwrap(), other);
        }
    }
}
