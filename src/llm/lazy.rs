//! JSON that stays a text until somebody looks at it.
//!
//! An answer from the response cache is given far more often than anyone asks
//! for its message, whose tree would cost more to build than all the rest.

use std::borrow::Cow;

use serde_json::Value;

/// A JSON value, as a tree or as its text.
#[derive(Debug, Clone)]
pub enum Lazy {
    /// The value.
    Tree(Value),
    /// Its text; one that cannot be read stands for null.
    Text(Box<str>),
}

impl Default for Lazy {
    fn default() -> Self {
        Lazy::Tree(Value::Null)
    }
}

impl From<Value> for Lazy {
    fn from(value: Value) -> Self {
        Lazy::Tree(value)
    }
}

/// The same value, in whatever form.
impl PartialEq for Lazy {
    fn eq(&self, other: &Self) -> bool {
        self.value() == other.value()
    }
}

impl Lazy {
    /// The value.
    pub fn value(&self) -> Cow<'_, Value> {
        match self {
            Lazy::Tree(value) => Cow::Borrowed(value),
            Lazy::Text(text) => Cow::Owned(serde_json::from_str(text).unwrap_or_default()),
        }
    }

    /// The text.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Lazy::Tree(value) => Cow::Owned(value.to_string()),
            Lazy::Text(text) => Cow::Borrowed(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_text_and_its_tree_are_the_same_value() {
        let text = Lazy::Text(r#"{"a": [1]}"#.into());
        assert_eq!(text, Lazy::from(json!({"a": [1]})));
        assert_eq!(*Lazy::Text("{".into()).value(), Value::Null);
        assert_eq!(Lazy::from(json!([true])).text(), "[true]");
    }
}
