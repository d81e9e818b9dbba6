//! JSON read in place: strings without escapes point into the input.
//!
//! Providers' events are small, many, and mostly made of field names, so a
//! stream's cost is the cost of looking at each once. [`Json`] keeps what it
//! read where it lies, and forgives: a field that is missing, null or of an
//! unexpected type reads as nothing, because hosts differ in all of these.
//! What has to outlive the event becomes a [`serde_json::Value`].

use std::borrow::Cow;

use serde_json::{Map, Number, Value};

mod given;
pub mod halves;
mod numbers;
mod reader;
mod word;
mod write;

pub use word::{Word, text_len, word};

/// A JSON value that borrows from its text.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Json<'a> {
    /// `null`, and what is not there.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as precise as the text.
    Number(Number),
    /// A text.
    Text(Cow<'a, str>),
    /// A list.
    Array(Vec<Json<'a>>),
    /// Names and values, in their order.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
    /// An object that a function is given, as its text: not read, so that it keeps
    /// every digit.
    Given(Cow<'a, str>),
}

/// What a missing field reads as.
static NOTHING: Json<'static> = Json::Null;

impl<'a> Json<'a> {
    /// Reads one value that is the whole text, a byte order mark before it aside.
    /// What other readers of JSON let pass: half of a surrogate pair reads as a
    /// replacement character, and a number that is none, such as NaN, as null. Bytes
    /// that are not UTF-8 are an error.
    pub fn parse(text: &'a [u8]) -> Result<Json<'a>, serde_json::Error> {
        let mended = |error| {
            let Ok(text) = std::str::from_utf8(text) else { return Err(error) };
            let whole = halves::mended(text);
            match numbers::mended(&whole) {
                Cow::Borrowed(same) if same == text => Err(error),
                text => Json::parse_whole(text.as_bytes()).map(Json::into_owned),
            }
        };
        Json::parse_whole(text).or_else(mended)
    }

    /// The same, but neither passes.
    pub fn parse_whole(text: &'a [u8]) -> Result<Json<'a>, serde_json::Error> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        // One look at the whole is cheaper than one at each string.
        match std::str::from_utf8(text) {
            Ok(text) => serde_json::from_str(text),
            Err(_) => serde_json::from_slice(text),
        }
    }

    /// The same, borrowing from nothing.
    fn into_owned(self) -> Json<'static> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        match self {
            Json::Null => Json::Null,
            Json::Bool(bool) => Json::Bool(bool),
            Json::Number(number) => Json::Number(number),
            Json::Text(text) => Json::Text(own(text)),
            Json::Array(items) => Json::Array(items.into_iter().map(Json::into_owned).collect()),
            Json::Object(members) => Json::Object(
                members.into_iter().map(|(name, value)| (own(name), value.into_owned())).collect(),
            ),
            Json::Given(text) => Json::Given(own(text)),
        }
    }

    /// A member of an object; null where there is none.
    pub fn get(&self, name: &str) -> &Json<'a> {
        match self {
            Json::Object(members) => {
                members.iter().find(|(key, _)| key == name).map_or(&NOTHING, |(_, value)| value)
            }
            _ => &NOTHING,
        }
    }

    /// A member of a member.
    pub fn at(&self, path: &[&str]) -> &Json<'a> {
        path.iter().fold(self, |json, name| json.get(name))
    }

    /// Whether it is null or missing.
    pub fn is_null(&self) -> bool {
        matches!(self, Json::Null)
    }

    /// Whether it is an object.
    pub fn is_object(&self) -> bool {
        matches!(self, Json::Object(_) | Json::Given(_))
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        if let Json::Text(text) = self { Some(text) } else { None }
    }

    /// The text, if it is one and not empty.
    pub fn word(&self) -> Option<&str> {
        self.text().filter(|text| !text.is_empty())
    }

    /// A text, or a number written out: for codes and finish reasons.
    pub fn label(&self) -> Option<String> {
        match self {
            Json::Text(text) if !text.is_empty() => Some(text.to_string()),
            Json::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// A whole number that is not negative, also one written as a text.
    pub fn u64(&self) -> Option<u64> {
        match self {
            Json::Number(number) => whole(number),
            Json::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// Any number.
    pub fn f64(&self) -> Option<f64> {
        if let Json::Number(number) = self { number.as_f64() } else { None }
    }

    /// `true` or `false`.
    pub fn bool(&self) -> Option<bool> {
        if let Json::Bool(bool) = self { Some(*bool) } else { None }
    }

    /// The items of a list; none of anything else.
    pub fn items(&self) -> &[Json<'a>] {
        if let Json::Array(items) = self { items } else { &[] }
    }

    /// The members of an object; none of anything else.
    pub fn members(&self) -> &[(Cow<'a, str>, Json<'a>)] {
        if let Json::Object(members) = self { members } else { &[] }
    }

    /// Whether it is an object with members of these names only, each once.
    pub fn has_only(&self, names: &[&str]) -> bool {
        let members = self.members();
        let known = |(place, (key, _)): (usize, &(Cow<'a, str>, Json<'a>))| {
            names.contains(&key.as_ref()) && members[..place].iter().all(|(other, _)| other != key)
        };
        self.is_object() && members.iter().enumerate().all(known)
    }

    /// A copy that stands alone.
    pub fn to_value(&self) -> Value {
        match self {
            Json::Null => Value::Null,
            Json::Bool(bool) => Value::Bool(*bool),
            Json::Number(number) => Value::Number(number.clone()),
            Json::Text(text) => Value::String(text.to_string()),
            Json::Array(items) => items.iter().map(Json::to_value).collect(),
            Json::Object(members) => members
                .iter()
                .map(|(key, value)| (key.to_string(), value.to_value()))
                .collect::<Map<_, _>>()
                .into(),
            // Only what is nested too deep cannot be read now.
            Json::Given(text) => serde_json::from_str(text).unwrap_or_else(|_| Map::new().into()),
        }
    }
}

/// So many digits every number keeps.
const DIGITS: usize = 15;

/// Whether there may be a number whose digits a tree does not hold.
pub fn has_long_number(text: &str) -> bool {
    let is_number = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    text.as_bytes().split(|byte| !is_number(byte)).any(|run| run.len() > DIGITS)
}

/// As [`Json::u64`], of a value that stands alone.
pub fn u64_of(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => whole(number),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A number that is whole and not negative, however it is written.
fn whole(number: &Number) -> Option<u64> {
    let float = || number.as_f64().filter(|n| *n >= 0.0 && n.fract() == 0.0 && *n < 1e15);
    number.as_u64().or_else(|| float().map(|number| number as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_without_escapes_are_borrowed() {
        let json = Json::parse(br#"{"a":"plain","b":"with \u00e4"}"#).unwrap();
        assert!(matches!(json.get("a"), Json::Text(Cow::Borrowed("plain"))));
        assert_eq!(json.get("b").text(), Some("with ä"));
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_value() {
        assert_eq!(Json::parse("\u{feff}{\"a\":1}".as_bytes()).unwrap().get("a").u64(), Some(1));
        assert!(Json::parse("\u{feff}".as_bytes()).is_err());
    }

    #[test]
    fn what_is_missing_or_of_another_type_reads_as_nothing() {
        let json = Json::parse(br#"{"a":{"b":[1,2.0,"3",-4]},"n":null}"#).unwrap();
        assert!(json.at(&["a", "c", "d"]).is_null() && json.get("n").is_null());
        let numbers: Vec<_> = json.at(&["a", "b"]).items().iter().map(Json::u64).collect();
        assert_eq!(numbers, [Some(1), Some(2), Some(3), None]);
        assert_eq!(json.get("a").text(), None);
    }

    #[test]
    fn a_copy_says_the_same() {
        let text = r#"{"a":[1,-2,0.1,1.5,9,10,true,false,null,"x\n"],"b":{},"c":[],"\"\\":12345678901234567890,"d":18446744073709551615,"e":[100,0]}"#;
        let json = Json::parse(text.as_bytes()).unwrap();
        assert_eq!(json.to_text(), text);
        assert_eq!(json.to_value().to_string(), text);
    }

    #[test]
    fn half_a_surrogate_pair_is_replaced_and_costs_nothing_else() {
        let text = |json: &[u8]| Json::parse(json).map(|json| json.get("t").label().unwrap());
        let ok = |json: &[u8]| text(json).unwrap();
        assert_eq!(ok(br#"{"t":"a\ud83d"}"#), "a\u{fffd}");
        assert_eq!(ok(br#"{"t":"\ude00\\ud83d\ud83d\ude00"}"#), "\u{fffd}\\ud83d\u{1f600}");
        for broken in [
            b"{\"t\":\"a\xffb\"}",
            &b"{\"t\":\"\\ud83d"[..],
            br#"{"t":"\ud8"}"#,
            br#"{"t":"\"#,
            b"\\ud800",
        ] {
            assert!(text(broken).is_err());
        }
    }
}
