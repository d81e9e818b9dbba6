//! JSON that is not built until somebody looks at it.
//!
//! An answer is given far more often than anyone asks for its message, whose tree
//! would cost more to build than all the rest: it stays a text where the response
//! cache has it, and nothing but its words where the provider has just said it.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Value, json};

use super::message::Origin;

/// A JSON value, as a tree, as its text, or as what it is made of.
#[derive(Debug, Clone)]
pub enum Lazy {
    /// The value.
    Tree(Value),
    /// Its text; one that cannot be read stands for null.
    Text(Box<str>),
    /// A message that is a text and nothing else.
    Said(Box<Said>),
}

/// What somebody said, and who.
#[derive(Debug, Clone)]
pub struct Said {
    /// The text.
    pub text: String,
    /// The provider.
    pub provider: &'static str,
    /// The model.
    pub model: Arc<str>,
    /// The account.
    pub account: Arc<str>,
}

impl Said {
    /// The message in OpenAI's form, origin included.
    fn value(&self) -> Value {
        let mut message = json!({"role": "assistant", "content": self.text});
        let origin = Origin {
            provider: self.provider.into(),
            model: self.model.to_string(),
            account: self.account.to_string(),
            blocks: vec![message.clone()],
        };
        message["mynah"] = origin.to_json();
        message
    }
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
            Lazy::Said(said) => Cow::Owned(said.value()),
        }
    }

    /// The text.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Lazy::Tree(value) => Cow::Owned(value.to_string()),
            Lazy::Text(text) => Cow::Borrowed(text),
            Lazy::Said(said) => Cow::Owned(said.value().to_string()),
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
