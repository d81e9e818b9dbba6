//! What a function is given, which stays the text that it is if it is an object.

use serde::de::{Deserialize, Deserializer, Error};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Json, halves};

/// The members in which vendors say what a function is given.
pub const GIVEN: [&str; 4] = ["arguments", "input", "args", "parameters"];

/// The value of such a member.
pub struct Given<'a>(pub Json<'a>);

impl<'de> Deserialize<'de> for Given<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&RawValue>::deserialize(deserializer)?.get();
        match text.as_bytes() {
            [b'{', ..] => Ok(Given(Json::Given(halves::mended(text)))),
            // Such members within it are no longer told apart: each would be read from
            // its own beginning, where nobody knows how deep it lies.
            [b'[', ..] => serde_json::from_str::<Value>(text).map(|all| Given(all.into())),
            _ => serde_json::from_str(text).map(Given),
        }
        .map_err(D::Error::custom)
    }
}

impl From<Value> for Json<'_> {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Json::Null,
            Value::Bool(bool) => Json::Bool(bool),
            Value::Number(number) => Json::Number(number),
            Value::String(text) => Json::Text(text.into()),
            Value::Array(items) => Json::Array(items.into_iter().map(Json::from).collect()),
            Value::Object(members) => Json::Object(
                members.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_nested_without_end_is_an_error_under_any_name() {
        for name in ["arguments", "input", "args", "parameters", "other"] {
            let text = format!("{{\"{name}\":[").repeat(20_000);
            assert!(Json::parse(text.as_bytes()).is_err(), "{name}: not closed");
            let text = text + &"]}".repeat(20_000);
            assert!(Json::parse(text.as_bytes()).is_err(), "{name}: too deep");
            let shallow = format!("{{\"{name}\":[1,{{\"{name}\":[\"a\",null,true]}}]}}");
            assert_eq!(Json::parse(shallow.as_bytes()).unwrap().to_text(), shallow);
        }
    }
}
