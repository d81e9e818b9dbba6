//! Options as rows: one line says an option's name, type, default, range and meaning.
//!
//! A [`Row`] ties a string key to a field of a plain struct. The typed setters,
//! the string setter, JSON, the enumeration, the documentation's table and the
//! bindings' keywords all come from the rows. [`Layered`] keeps what the caller
//! set apart from what a profile or preset suggests, so that the order of the
//! calls never matters: [`Layered::resolve`] lays default, layers and explicit
//! values over one another, weakest first, and remembers which one won.

pub mod cache;
pub mod call;
pub mod client;
pub(crate) mod fields;
pub mod form;
mod kind;
mod memo;
mod named;
pub mod presets;
pub mod profiles;
mod row;
pub mod url;
mod value;
mod words;

pub use kind::Kind;
pub use memo::Memo;
pub use row::Row;
pub use value::Value;
pub use words::visible;

use serde_json::{Map, json};

use crate::error::{Error, Result};

/// Bytes of a JSON object of options: far more than any that makes sense.
const JSON_MAX: usize = 16 << 20;

/// A struct of options that rows describe.
pub trait OptionSet: Default + Clone + 'static {
    /// All options, in the order of the documentation.
    fn rows() -> &'static [Row<Self>];

    /// Names of what is set elsewhere, on each call, and is no option here.
    fn of_a_call() -> &'static [&'static str] {
        &[]
    }

    /// What the chosen profiles and presets suggest, weakest first: the
    /// layer's name, and its values. `chosen` answers an explicit value.
    fn layers(chosen: &dyn Fn(&str) -> Option<Value>) -> Result<Vec<Suggestions>>;

    /// The value of another option that an explicit value is shorthand for; it
    /// wins over an explicit value of that option.
    fn shorthand(_key: &str, _value: &Value) -> Option<(&'static str, Value)> {
        None
    }

    /// The value of another option that an explicit value speaks against: where a layer
    /// sets it, the other option has its default.
    fn denial(_key: &str, _value: &Value) -> Option<(&'static str, Value)> {
        None
    }

    /// Rules between options, after all layers have been laid.
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

/// The values of one layer under the caller's own.
#[derive(Debug, Clone)]
pub struct Suggestions {
    /// `profile`, `workload`, `preset` or `use_case`, with the choice:
    /// `workload read_heavy`.
    pub layer: String,
    /// Keys and values.
    pub values: Vec<(&'static str, Value)>,
}

/// Where an effective value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// `impl Default`.
    Default,
    /// A layer, by its name.
    Layer(String),
    /// An environment variable.
    Environment,
    /// The caller, on the client.
    Explicit,
    /// The caller, on one call.
    Call,
}

impl Origin {
    /// As it stands in JSON.
    pub fn name(&self) -> &str {
        match self {
            Origin::Default => "default",
            Origin::Layer(name) => name,
            Origin::Environment => "environment",
            Origin::Explicit => "explicit",
            Origin::Call => "call",
        }
    }
}

/// What a caller has set so far, before the layers are laid under it.
#[derive(Clone)]
pub struct Layered<T: OptionSet> {
    explicit: Vec<(&'static str, Value)>,
    marker: std::marker::PhantomData<T>,
}

impl<T: OptionSet> Default for Layered<T> {
    fn default() -> Self {
        Layered { explicit: Vec::new(), marker: std::marker::PhantomData }
    }
}

/// Shows no secret: what is set, in the form of the options' JSON.
impl<T: OptionSet> std::fmt::Debug for Layered<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = self.explicit.iter().filter_map(|(key, value)| {
            let row = named::find::<T>(key).ok()?;
            Some((key, row.show(value)))
        });
        f.debug_map().entries(shown).finish()
    }
}

/// All effective values, and where each came from.
#[derive(Debug, Clone)]
pub struct Resolved<T> {
    /// The values.
    pub values: T,
    /// What they come to: for who uses them, and has not changed them since.
    pub memo: Memo,
    origins: Vec<Origin>,
}

impl<T: OptionSet> Layered<T> {
    /// Sets an option from text: the string door. `default` withdraws an
    /// explicit value; `unset` removes what a layer would set, so that the option
    /// has no value, or its default where it must have one.
    pub fn set(&mut self, key: &str, text: &str) -> Result<()> {
        let row = named::find::<T>(key)?;
        if text.trim().eq_ignore_ascii_case("default") {
            self.explicit.retain(|(k, _)| *k != row.key);
            return Ok(());
        }
        self.put(row, row.parse(text)?)
    }

    /// Sets an option from a typed value: the typed setters' door.
    pub fn set_value(&mut self, key: &str, value: Value) -> Result<()> {
        let row = named::find::<T>(key)?;
        self.put(row, value)
    }

    /// Sets an option from text that has no special words: the typed setters'
    /// door for texts, where a model may well be called "default".
    pub fn set_typed_text(&mut self, key: &str, text: &str) -> Result<()> {
        let row = named::find::<T>(key)?;
        match row.kind.is_text() {
            true => self.put(row, row.literal(text)),
            false => self.set(key, text),
        }
    }

    fn put(&mut self, row: &'static Row<T>, value: Value) -> Result<()> {
        let value = row.check(value)?;
        match self.explicit.iter_mut().find(|(key, _)| *key == row.key) {
            Some((_, old)) if row.kind.repeats() && value != Value::Unset => old.append(value),
            Some((_, old)) => *old = value,
            None => self.explicit.push((row.key, value)),
        }
        Ok(())
    }

    /// What the caller has set, in the order of the first settings.
    pub fn explicit(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.explicit.iter().map(|(key, value)| (*key, value))
    }

    /// Sets every option of a JSON object; all of them or, on an error, none. A text of
    /// more than 16 MiB is refused before any memory is taken for what it says.
    pub fn load_json(&mut self, text: &str) -> Result<()> {
        if text.len() > JSON_MAX {
            let (needed, limit) = (text.len() as u64, JSON_MAX as u64);
            return Err(Error::TooLarge { what: "options", needed, limit });
        }
        let object: Map<String, serde_json::Value> = serde_json::from_str(text).map_err(|e| {
            Error::invalid("options", format!("cannot be read as a JSON object: {e}"))
        })?;
        let mut next = self.clone();
        for (key, value) in &object {
            next.set_json(key, value)?;
        }
        *self = next;
        Ok(())
    }

    /// Sets an option from a JSON value: a text as [`Layered::set`] does, null as
    /// `default`. What is made of texts takes a number as its digits, and no other
    /// type.
    pub fn set_json(&mut self, key: &str, value: &serde_json::Value) -> Result<()> {
        use serde_json::Value as J;
        let row = named::find::<T>(key)?;
        match value {
            J::String(text) => self.set(key, text),
            J::Null => self.set(key, "default"),
            J::Array(items) if row.kind.repeats() => {
                let texts = items.iter().map(J::as_str).collect::<Option<Vec<_>>>();
                let texts = texts.ok_or_else(|| row.outside(&value.to_string()))?;
                texts.into_iter().try_for_each(|text| self.put(row, row.literal(text)))
            }
            J::Object(_) if matches!(row.kind, Kind::Headers(_)) => Err(Error::OutOfRange {
                key: row.key.into(),
                given: "an object".into(),
                allowed: row.kind.range(),
            }),
            J::Bool(_) | J::Array(_) | J::Object(_) if row.kind.is_text() => {
                Err(row.outside(&value.to_string()))
            }
            _ => self.put(row, row.parse(&value.to_string())?),
        }
    }

    /// Lays default, layers and explicit values over one another.
    pub fn resolve(&self) -> Result<Resolved<T>> {
        let resolved = self.resolve_unchecked()?;
        resolved.values.check()?;
        Ok(resolved)
    }

    /// As [`Layered::resolve`], without the rules between options.
    pub fn resolve_unchecked(&self) -> Result<Resolved<T>> {
        let rows = T::rows();
        let mut resolved = Resolved {
            values: T::default(),
            memo: Memo::default(),
            origins: vec![Origin::Default; rows.len()],
        };
        let chosen = |key: &str| {
            self.explicit.iter().find(|(k, _)| *k == key).map(|(_, value)| value.clone())
        };
        for suggestions in T::layers(&chosen)? {
            for (key, value) in suggestions.values {
                resolved.lay(key, value, Origin::Layer(suggestions.layer.clone()))?;
            }
        }
        for (key, denied) in self.explicit.iter().filter_map(|(k, v)| T::denial(k, v)) {
            if (named::find::<T>(key)?.get)(&resolved.values) == denied {
                resolved.lay(key, Value::Unset, Origin::Explicit)?;
            }
        }
        for (key, value) in &self.explicit {
            resolved.lay(key, value.clone(), Origin::Explicit)?;
        }
        for (key, value) in self.explicit.iter().filter_map(|(k, v)| T::shorthand(k, v)) {
            resolved.lay(key, value, Origin::Explicit)?;
        }
        Ok(resolved)
    }
}

impl<T: OptionSet> Resolved<T> {
    /// Puts one value in place, and says who put it there.
    pub fn lay(&mut self, key: &str, value: Value, origin: Origin) -> Result<()> {
        let index = named::index::<T>(key)?;
        let row = &T::rows()[index];
        (row.set)(&mut self.values, row.check(value)?);
        self.origins[index] = origin;
        self.memo = Memo::default();
        Ok(())
    }

    /// Where an option's value came from.
    pub fn origin(&self, key: &str) -> Result<&Origin> {
        Ok(&self.origins[named::index::<T>(key)?])
    }

    /// One option as `{"value": ..., "origin": ...}`, a secret redacted.
    pub fn show(&self, key: &str) -> Result<serde_json::Value> {
        let index = named::index::<T>(key)?;
        let row = &T::rows()[index];
        let value = (row.get)(&self.values);
        Ok(json!({"value": row.show(&value), "origin": self.origins[index].name()}))
    }

    /// `{"key": {"value": ..., "origin": ...}}`, secrets redacted.
    pub fn to_json(&self) -> serde_json::Value {
        let keys = T::rows().iter().map(|row| row.key);
        keys.filter_map(|key| Some((key.to_string(), self.show(key).ok()?)))
            .collect::<Map<_, _>>()
            .into()
    }
}

/// All options of a set: key, type, range, default and meaning.
pub fn describe<T: OptionSet>() -> serde_json::Value {
    let defaults = T::default();
    T::rows()
        .iter()
        .map(|row| {
            json!({
                "key": row.key,
                "type": row.kind.type_name(),
                "range": row.kind.range(),
                "default": row.show(&(row.get)(&defaults)),
                "doc": row.doc,
            })
        })
        .collect()
}
