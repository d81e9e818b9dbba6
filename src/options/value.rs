//! The value of an option, of any type.

/// An option's value as it passes through a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Deliberately nothing: the provider's own, or no bound.
    Unset,
    /// A whole number.
    Int(u64),
    /// A number.
    Float(f64),
    /// A switch.
    Bool(bool),
    /// Text, a choice, or a secret.
    Text(String),
    /// Texts of a repeatable option, in the order they were given.
    List(Vec<String>),
}

impl Value {
    /// The number of an [`Value::Int`].
    pub fn int(&self) -> Option<u64> {
        if let Value::Int(n) = self { Some(*n) } else { None }
    }

    /// The number of a [`Value::Float`].
    pub fn float(&self) -> Option<f64> {
        if let Value::Float(n) = self { Some(*n) } else { None }
    }

    /// The switch of a [`Value::Bool`].
    pub fn bool(&self) -> Option<bool> {
        if let Value::Bool(b) = self { Some(*b) } else { None }
    }

    /// The text of a [`Value::Text`].
    pub fn text(&self) -> Option<&str> {
        if let Value::Text(s) = self { Some(s) } else { None }
    }

    /// The texts of a [`Value::List`].
    pub fn list(&self) -> &[String] {
        if let Value::List(items) = self { items } else { &[] }
    }

    /// Adds the items of another list.
    pub(super) fn append(&mut self, more: Value) {
        match (self, more) {
            (Value::List(items), Value::List(more)) => items.extend(more),
            (this, more) => *this = more,
        }
    }

    /// As JSON, readable by a person.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Value::Unset => serde_json::Value::Null,
            Value::Int(n) => (*n).into(),
            Value::Float(n) => (*n).into(),
            Value::Bool(b) => (*b).into(),
            Value::Text(s) => s.clone().into(),
            Value::List(items) => items.clone().into(),
        }
    }
}

impl From<u64> for Value {
    fn from(n: u64) -> Self {
        Value::Int(n)
    }
}

impl From<u32> for Value {
    fn from(n: u32) -> Self {
        Value::Int(n.into())
    }
}

impl From<f64> for Value {
    fn from(n: f64) -> Self {
        Value::Float(n)
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Value::Bool(b)
    }
}

impl From<&str> for Value {
    fn from(s: &str) -> Self {
        Value::Text(s.to_string())
    }
}

/// An optional value: nothing is [`Value::Unset`].
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(option: Option<T>) -> Self {
        option.map_or(Value::Unset, Into::into)
    }
}
