//! What an option can hold: its type, and its range.

use std::ops::RangeInclusive;

use super::form::Form;

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
    pub(super) fn optional(&self) -> bool {
        !matches!(self, Kind::Int(_) | Kind::Float(_) | Kind::Bool | Kind::Choice(_))
    }
}
