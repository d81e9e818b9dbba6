//! JSON read in place: strings without escapes point into the input.
//!
//! Providers' events are small, many, and mostly made of field names, so a
//! stream's cost is the cost of looking at each once. [`Json`] keeps what it
//! read where it lies, and forgives: a field that is missing, null or of an
//! unexpected type reads as nothing, because hosts differ in all of these.
//! What has to outlive the event becomes a [`serde_json::Value`].

use std::borrow::Cow;
use std::fmt;

use given::{GIVEN, Given};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

mod given;
pub mod halves;

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
    /// Half of a surrogate pair, which other readers of JSON let pass, reads as a
    /// replacement character; bytes that are not UTF-8 are an error.
    pub fn parse(text: &'a [u8]) -> Result<Json<'a>, serde_json::Error> {
        let mended = |error| match std::str::from_utf8(text).map(halves::mended) {
            Ok(Cow::Owned(text)) => Json::parse_whole(text.as_bytes()).map(Json::into_owned),
            _ => Err(error),
        };
        Json::parse_whole(text).or_else(mended)
    }

    /// The same, but half of a surrogate pair is an error.
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
            Json::Number(n) => n.as_u64().or_else(|| whole(n.as_f64()?)),
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

    /// As JSON text without spaces.
    pub fn to_text(&self) -> String {
        let mut out = String::with_capacity(SHORT);
        self.write(&mut out);
        out
    }

    /// As it stands: to copy it into a tree first would cost an allocation for each
    /// name and value.
    fn write(&self, out: &mut String) {
        match self {
            Json::Null => out.push_str("null"),
            Json::Bool(true) => out.push_str("true"),
            Json::Bool(false) => out.push_str("false"),
            Json::Number(number) => write_number(number, out),
            Json::Text(text) => write_text(text, out),
            Json::Array(items) => {
                out.push('[');
                for (place, item) in items.iter().enumerate() {
                    out.push_str(if place > 0 { "," } else { "" });
                    item.write(out);
                }
                out.push(']');
            }
            Json::Object(members) => {
                out.push('{');
                for (place, (name, value)) in members.iter().enumerate() {
                    out.push_str(if place > 0 { "," } else { "" });
                    write_text(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
            Json::Given(text) => out.push_str(text),
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

/// As much text as a usage is.
const SHORT: usize = 384;

/// Small numbers, which nearly all are, without the formatter.
fn write_number(number: &Number, out: &mut String) {
    match number.as_u64() {
        Some(digit @ 0..10) => out.push(char::from(b'0' + digit as u8)),
        _ => out.push_str(&number.to_string()),
    }
}

/// A text in quotation marks, as it is if it needs no escape.
fn write_text(text: &str, out: &mut String) {
    if word(text.as_bytes()).len < text.len() {
        return out.push_str(&Value::from(text).to_string());
    }
    out.push('"');
    out.push_str(text);
    out.push('"');
}

/// A float that holds a whole number.
fn whole(number: f64) -> Option<u64> {
    (number >= 0.0 && number.fract() == 0.0 && number < 1e15).then_some(number as u64)
}

impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

/// Members of an object for which there is room at once.
const MEMBERS: usize = 8;

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, bool: bool) -> Result<Self::Value, E> {
        Ok(Json::Bool(bool))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Number::from_f64(number).map_or(Json::Null, Json::Number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Owned(text.to_string())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        // As many as most have; to grow costs more than what is not used.
        let mut members = Vec::with_capacity(MEMBERS);
        while let Some(Name(key)) = map.next_key()? {
            let value = match GIVEN.contains(&key.as_ref()) {
                true => map.next_value::<Given>()?.0,
                false => map.next_value()?,
            };
            members.push((key, value));
        }
        Ok(Json::Object(members))
    }
}

/// A member's name, borrowed where it has no escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_str(Reader)? {
            Json::Text(text) => Ok(Name(text)),
            _ => Ok(Name(Cow::Borrowed(""))),
        }
    }
}

/// The beginning of a JSON text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Word {
    /// How many bytes there are before its end, or an escape, or a byte that must not
    /// stand in it.
    pub len: usize,
    /// Whether they are all ASCII.
    pub is_ascii: bool,
}

/// Bytes that are looked at together.
const TOGETHER: usize = size_of::<u128>();
const EACH: u128 = u128::MAX / 255;
/// The high bit of each of them.
const HIGH: u128 = EACH * 0x80;

/// How a JSON text begins. Words are short, and each of another length: what is looked
/// at together needs no guess at where one ends.
#[inline]
pub fn word(bytes: &[u8]) -> Word {
    let (blocks, rest) = bytes.as_chunks::<TOGETHER>();
    let mut seen = 0;
    for (place, block) in blocks.iter().enumerate() {
        let block = u128::from_le_bytes(*block);
        let ends = ends(block);
        if ends != 0 {
            let len = place * TOGETHER + ends.trailing_zeros() as usize / 8;
            // The bits below the first that is set.
            let before = (ends - 1) & !ends;
            return Word { len, is_ascii: (seen | block & before) & HIGH == 0 };
        }
        seen |= block;
    }
    let ends = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    let last = rest.iter().position(ends).unwrap_or(rest.len());
    let is_ascii = seen & HIGH == 0 && rest[..last].is_ascii();
    Word { len: blocks.len() * TOGETHER + last, is_ascii }
}

/// The high bit of each byte that ends a word; above the first that does, perhaps of
/// others.
#[inline]
fn ends(block: u128) -> u128 {
    // What is less than `bound`, at most 0x80, borrows the high bit.
    let below = |block: u128, bound: u128| block.wrapping_sub(EACH * bound) & !block;
    let equal = |byte: u8| below(block ^ (EACH * u128::from(byte)), 1);
    (below(block, 0x20) | equal(b'"') | equal(b'\\')) & HIGH
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
        let text = r#"{"a":[1,-2,0.1,1.5,9,10,true,false,null,"x\n"],"b":{},"c":[],"\"\\":12345678901234567890}"#;
        let json = Json::parse(text.as_bytes()).unwrap();
        assert_eq!(json.to_text(), text);
        assert_eq!(json.to_value().to_string(), text);
    }

    #[test]
    fn a_word_ends_where_looking_at_each_byte_ends_it() {
        let mut random = fastrand::Rng::with_seed(7);
        let alphabet =
            [b"\"\\\0\x1f\x20\x21\x23\x5b\x5d\x7f\x80\xa2\xdc\xff", &[b'a'; 14][..]].concat();
        for _ in 0..20_000 {
            let bytes: Vec<u8> =
                (0..random.usize(0..70)).map(|_| alphabet[random.usize(0..28)]).collect();
            let plainly = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
            let len = plainly.unwrap_or(bytes.len());
            let is_ascii = bytes[..len].is_ascii();
            assert_eq!(word(&bytes), Word { len, is_ascii }, "{bytes:?}");
        }
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
