//! A row: everything there is to say about one option.

use super::form;
use super::kind::Kind;
use super::words::{is_header, is_rounded, parse_bool, visible, whole};
use super::{OptionSet, Value};
use crate::error::{Error, Result};

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
