//! A row: everything there is to say about one option.

use std::ops::RangeInclusive;

use super::form::{self, Form};
use super::{OptionSet, Value};
use crate::error::{Error, Result};

/// The type and range of an option.
#[derive(Debug, Clone)]
pub enum Kind {
    /// A whole number.
    Int(RangeInclusive<u64>),
    /// A whole number, or unset.
    OptionalInt(RangeInclusive<u64>),
    /// A number, or unset.
    OptionalFloat(RangeInclusive<f64>),
    /// A number.
    Float(RangeInclusive<f64>),
    /// A switch.
    Bool,
    /// A switch, or unset.
    OptionalBool,
    /// One of these words, in any letter case; `-` and `_` are alike.
    Choice(&'static [&'static str]),
    /// One of these words, or unset.
    OptionalChoice(&'static [&'static str]),
    /// Text, or unset.
    Text,
    /// Text of a form, or unset.
    Form(&'static Form),
    /// Text that is never shown.
    Secret,
    /// Texts; each setting adds one.
    List,
    /// Texts of a form; each setting adds one.
    Forms(&'static Form),
    /// `Name: value` lines; each setting adds one. Only the names are shown.
    /// The names here are not taken.
    Headers(&'static [&'static str]),
}

/// One option of the set `T`.
pub struct Row<T: 'static> {
    /// The name, the same in every language.
    pub key: &'static str,
    /// Type and range.
    pub kind: Kind,
    /// One sentence or two: units, and what zero or unset means.
    pub doc: &'static str,
    /// Reads the field.
    pub get: fn(&T) -> Value,
    /// Writes the field; the value has passed [`Row::check`].
    pub set: fn(&mut T, Value),
}

impl Kind {
    /// The type's name in the enumeration.
    pub fn type_name(&self) -> &'static str {
        match self {
            Kind::Int(_) | Kind::OptionalInt(_) => "int",
            Kind::Float(_) | Kind::OptionalFloat(_) => "float",
            Kind::Bool | Kind::OptionalBool => "bool",
            Kind::Choice(_) | Kind::OptionalChoice(_) => "choice",
            Kind::Text | Kind::Form(_) => "text",
            Kind::Secret => "secret",
            Kind::List | Kind::Forms(_) | Kind::Headers(_) => "list",
        }
    }

    /// The range in words, as error messages and the documentation show it.
    pub fn range(&self) -> String {
        match self {
            Kind::Int(r) => format!("{}..={}", r.start(), r.end()),
            Kind::OptionalInt(r) => format!("{}..={} or unset", r.start(), r.end()),
            Kind::Float(r) => format!("{}..={}", r.start(), r.end()),
            Kind::OptionalFloat(r) => format!("{}..={} or unset", r.start(), r.end()),
            Kind::Bool => "true, false".into(),
            Kind::OptionalBool => "true, false or unset".into(),
            Kind::Choice(words) => words.join(", "),
            Kind::OptionalChoice(words) => format!("{} or unset", words.join(", ")),
            Kind::Text | Kind::Secret => "text or unset".into(),
            Kind::Form(form) => format!("{} or unset", form.words),
            Kind::List => "text; each setting adds one".into(),
            Kind::Forms(form) => format!("{}; each setting adds one", form.words),
            Kind::Headers(_) => "Name: value; each setting adds one".into(),
        }
    }

    /// Whether each setting adds to the earlier ones.
    pub fn repeats(&self) -> bool {
        matches!(self, Kind::List | Kind::Forms(_) | Kind::Headers(_))
    }

    /// Whether it is made of texts that are not looked up in a list of words.
    pub(super) fn is_text(&self) -> bool {
        matches!(self, Kind::Text | Kind::Form(_) | Kind::Secret) || self.repeats()
    }

    /// Whether it can have no value.
    fn optional(&self) -> bool {
        !matches!(self, Kind::Int(_) | Kind::Float(_) | Kind::Bool | Kind::Choice(_))
    }
}

/// The row of a key, or the error that names its nearest neighbour.
pub(super) fn find<T: OptionSet>(key: &str) -> Result<&'static Row<T>> {
    index::<T>(key).map(|i| &T::rows()[i])
}

pub(super) fn index<T: OptionSet>(key: &str) -> Result<usize> {
    let rows = T::rows();
    rows.iter().position(|row| row.key == key).ok_or_else(|| match T::of_a_call().contains(&key) {
        true => Error::OfOneCall(key.into()),
        false => Error::UnknownOption { key: visible(key), near: near::<T>(key) },
    })
}

/// The name that a wrong one is likely to mean: one that is spelt nearly so, or the only
/// one that has its words in it.
fn near<T: OptionSet>(key: &str) -> Option<&'static str> {
    let names = || T::rows().iter().map(|row| row.key).chain(T::of_a_call().iter().copied());
    let (away, name) = names().map(|name| (distance(key, name), name)).min()?;
    // Of a short name three letters are all of it.
    if away <= 3 && 2 * away <= key.len().min(name.len()) {
        return Some(name);
    }
    let words = format!("_{}_", key.to_ascii_lowercase());
    let mut holding = names().filter(|name| format!("_{name}_").contains(&words));
    let only = holding.next()?;
    (key.len() > 2 && holding.next().is_none()).then_some(only)
}

impl<T: OptionSet> Row<T> {
    /// Reads a value from text.
    pub fn parse(&self, text: &str) -> Result<Value> {
        let trimmed = text.trim();
        if trimmed.eq_ignore_ascii_case("unset") {
            return Ok(Value::Unset);
        }
        let value = match &self.kind {
            Kind::Int(_) | Kind::OptionalInt(_) => whole(trimmed).map(Value::Int),
            Kind::Float(_) | Kind::OptionalFloat(_) => trimmed.parse().ok().map(Value::Float),
            Kind::Bool | Kind::OptionalBool => parse_bool(trimmed).map(Value::Bool),
            Kind::Choice(_) | Kind::OptionalChoice(_) => Some(Value::Text(trimmed.into())),
            _ => Some(self.literal(text)),
        };
        value.ok_or_else(|| self.outside(text))
    }

    /// A text that has no special words, of an option that is made of texts.
    pub(super) fn literal(&self, text: &str) -> Value {
        match self.kind.repeats() {
            true => Value::List(vec![text.into()]),
            false => Value::Text(text.into()),
        }
    }

    /// Holds a value to type and range. Unset, what must have a value has its
    /// default.
    pub fn check(&self, value: Value) -> Result<Value> {
        match (&self.kind, value) {
            (kind, Value::Unset) if kind.optional() => Ok(Value::Unset),
            (_, Value::Unset) => Ok((self.get)(&T::default())),
            (Kind::Int(r) | Kind::OptionalInt(r), Value::Int(n)) if r.contains(&n) => {
                Ok(Value::Int(n))
            }
            (Kind::Float(r) | Kind::OptionalFloat(r), Value::Float(n)) if r.contains(&n) => {
                Ok(Value::Float(n))
            }
            (Kind::Bool | Kind::OptionalBool, Value::Bool(b)) => Ok(Value::Bool(b)),
            (Kind::Choice(words) | Kind::OptionalChoice(words), Value::Text(given)) => {
                let word = given.to_ascii_lowercase().replace('-', "_");
                match words.iter().find(|w| **w == word) {
                    Some(word) => Ok(Value::Text(word.to_string())),
                    None => Err(self.outside(&given)),
                }
            }
            (Kind::Text, Value::Text(s)) => Ok(Value::Text(s)),
            (Kind::Form(form), Value::Text(s)) => match (form.fits)(&s) {
                true => Ok(Value::Text(s)),
                false => Err(self.outside(&s)),
            },
            (Kind::Secret, Value::Text(s)) => match form::is_header_value(&s) && s.is_ascii() {
                true => Ok(Value::Text(s)),
                false => Err(Error::invalid(
                    self.key,
                    "must not contain a line break, another control character or one that is not \
                     ASCII",
                )),
            },
            (Kind::List, Value::List(items)) => Ok(Value::List(items)),
            (Kind::Forms(form), Value::List(items)) => {
                match items.iter().find(|item| !(form.fits)(item)) {
                    Some(item) => Err(self.outside(item)),
                    None => Ok(Value::List(items)),
                }
            }
            (Kind::Headers(taken), Value::List(items)) => {
                self.check_headers(taken, &items)?;
                Ok(Value::List(items))
            }
            // JSON has no word for what is no number.
            (_, Value::Float(n)) => Err(self.outside(&n.to_string())),
            (_, value) => Err(self.outside(&value.to_json().to_string())),
        }
    }

    fn check_headers(&self, taken: &[&str], items: &[String]) -> Result<()> {
        if !items.iter().all(|item| is_header(item)) {
            let reason = "must read `Name: value`, without line breaks or control \
                          characters, and an authorization in ASCII";
            return Err(Error::invalid(self.key, reason));
        }
        let mut names = items.iter().filter_map(|item| item.split(':').next());
        match names.find(|name| taken.contains(&&*name.to_ascii_lowercase())) {
            Some(name) => {
                let name = name.to_ascii_lowercase();
                let reason = format!("{name} is the library's own: it says where a request ends");
                Err(Error::invalid(self.key, reason))
            }
            None => Ok(()),
        }
    }

    /// As JSON, with secrets redacted.
    pub fn show(&self, value: &Value) -> serde_json::Value {
        match (&self.kind, value) {
            (Kind::Secret, Value::Text(_)) => "(redacted)".into(),
            (Kind::Headers(_), Value::List(items)) => items
                .iter()
                .map(|item| match item.split_once(':') {
                    Some((name, _)) => format!("{name}: (redacted)"),
                    None => item.clone(),
                })
                .collect(),
            (Kind::Form(form), Value::Text(text)) => (form.show)(text).into(),
            (Kind::Forms(form), Value::List(items)) => {
                items.iter().map(|item| (form.show)(item)).collect()
            }
            _ => value.to_json(),
        }
    }

    /// The error that names the option, the value and what it takes.
    pub(super) fn outside(&self, given: &str) -> Error {
        let range = self.kind.range();
        let allowed = match &self.kind {
            Kind::Int(_) | Kind::OptionalInt(_) if is_rounded(given.trim()) => {
                format!("{range}, or not written out in digits")
            }
            Kind::Int(_) | Kind::OptionalInt(_) if whole(given.trim()).is_none() => {
                format!("the whole numbers {range}")
            }
            Kind::Float(_) | Kind::OptionalFloat(_) if given.trim().parse::<f64>().is_err() => {
                format!("the numbers {range}")
            }
            Kind::Choice(_) | Kind::OptionalChoice(_) => format!("the choices {range}"),
            Kind::Form(_) | Kind::Forms(_) => format!("the form {range}"),
            _ => range,
        };
        let given = match &self.kind {
            Kind::Secret | Kind::Headers(_) => "(redacted)".into(),
            Kind::Form(form) | Kind::Forms(form) => visible(&(form.show)(given)),
            _ => visible(given),
        };
        Error::OutOfRange { key: self.key.into(), given, allowed }
    }
}

/// Below this, each whole number has a float of its own.
const EXACT: f64 = (1u64 << 53) as f64;

/// A whole number, also one that is written as `1e3` or `5.0`.
fn whole(text: &str) -> Option<u64> {
    text.parse().ok().or_else(|| {
        let float: f64 = text.parse().ok()?;
        ((0.0..EXACT).contains(&float) && float.fract() == 0.0).then_some(float as u64)
    })
}

/// Whether a number is written so that it need not be the one that is meant.
fn is_rounded(text: &str) -> bool {
    let is_large = text.parse().is_ok_and(|float: f64| float >= EXACT);
    is_large && !text.bytes().all(|byte| byte.is_ascii_digit())
}

fn parse_bool(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// Whether a line is a header name, a colon and a value of one line; of a key in ASCII.
fn is_header(line: &str) -> bool {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    line.split_once(':').is_some_and(|(name, value)| {
        let is_sendable = value.is_ascii() || !name.eq_ignore_ascii_case("authorization");
        !name.is_empty() && name.bytes().all(token) && form::is_header_value(value) && is_sendable
    })
}

/// A caller's text in a message: what cannot be seen stands between marks.
pub fn visible(text: &str) -> String {
    match text.trim() != text || text.is_empty() || text.contains(char::is_control) {
        true => format!("{:?}", clip(text)),
        false => clip(text),
    }
}

/// A caller's text, short enough for a message.
fn clip(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_string(),
    }
}

/// Levenshtein's edit distance, for "did you mean"; capitals make no difference.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.bytes().take(64).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.bytes().enumerate() {
            let next = (diagonal + usize::from(!ca.eq_ignore_ascii_case(&cb)))
                .min(row[j] + 1)
                .min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], next);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use crate::options::Layered;
    use crate::options::client::ClientOptions;

    #[test]
    fn a_key_that_no_request_can_carry_is_refused_where_it_is_set() {
        let mut options = Layered::<ClientOptions>::default();
        for (option, value) in [
            ("api_key", "sk-\u{2026}"),
            ("api_key", "sk-\n"),
            ("header", "Authorization: Bearer sk-\u{2026}"),
            ("header", "X-Name: a\nb"),
        ] {
            let error = options.set(option, value).unwrap_err().to_string();
            assert!(error.contains(option) && !error.contains("sk-"), "{error}");
        }
        options.set("header", "X-Name: \u{e9}").unwrap();
        options.set("api_key", "sk-1").unwrap();
    }
}
