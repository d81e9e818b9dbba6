//! Options, each on a line of its own: its field with type and default, its kind with
//! the range, and what it means. One macro makes a set of all that, with the help of one
//! for each kind that a field may have.
//!
//! The field's name is the option's key, so that neither can be forgotten when
//! the other changes.

/// The struct of a set of options, its defaults and its rows:
/// `name: type = default, kind(range), "what it means";`
macro_rules! options {
    (
        $(#[$attribute:meta])*
        pub struct $set:ident
        $($field:ident: $type:ty = $default:expr, $kind:ident $(($($range:tt)+))?, $doc:literal;)+
    ) => {
        $(#[$attribute])*
        pub struct $set {
            $(#[doc = $doc] pub $field: $type,)+
        }

        impl Default for $set {
            fn default() -> Self {
                $set { $($field: $default,)+ }
            }
        }

        static ROWS: &[$crate::options::Row<$set>] =
            &[$($kind!($field, $($($range)+,)? $doc)),+];
    };
}

/// A whole number, converted both ways.
macro_rules! int {
    ($field:ident, $range:expr, $doc:literal) => {
        $crate::options::Row {
            key: stringify!($field),
            kind: $crate::options::Kind::Int($range),
            doc: $doc,
            get: |o| $crate::options::Value::from(o.$field),
            set: |o, v| o.$field = v.int().unwrap_or_default() as _,
        }
    };
}

/// A whole number, or unset.
macro_rules! optional_int {
    ($field:ident, $range:expr, $doc:literal) => {
        $crate::options::Row {
            key: stringify!($field),
            kind: $crate::options::Kind::OptionalInt($range),
            doc: $doc,
            get: |o| o.$field.into(),
            set: |o, v| o.$field = v.int(),
        }
    };
}

/// A number.
macro_rules! float {
    ($field:ident, $range:expr, $doc:literal) => {
        $crate::options::Row {
            key: stringify!($field),
            kind: $crate::options::Kind::Float($range),
            doc: $doc,
            get: |o| o.$field.into(),
            set: |o, v| o.$field = v.float().unwrap_or_default(),
        }
    };
}

/// A number, or unset.
macro_rules! optional_float {
    ($field:ident, $range:expr, $doc:literal) => {
        $crate::options::Row {
            key: stringify!($field),
            kind: $crate::options::Kind::OptionalFloat($range),
            doc: $doc,
            get: |o| o.$field.into(),
            set: |o, v| o.$field = v.float(),
        }
    };
}

/// A switch.
macro_rules! flag {
    ($field:ident, $doc:literal) => {
        $crate::options::Row {
            key: stringify!($field),
            kind: $crate::options::Kind::Bool,
            doc: $doc,
            get: |o| o.$field.into(),
            set: |o, v| o.$field = v.bool().unwrap_or_default(),
        }
    };
}

/// A switch, or unset.
macro_rules! optional_bool {
    ($field:ident, $doc:literal) => {
        $crate::options::Row {
            key: stringify!($field),
            kind: $crate::options::Kind::OptionalBool,
            doc: $doc,
            get: |o| o.$field.into(),
            set: |o, v| o.$field = v.bool(),
        }
    };
}

/// One of some words.
macro_rules! choice {
    ($field:ident, $words:expr, $doc:literal) => {
        $crate::options::Row {
            key: stringify!($field),
            kind: $crate::options::Kind::Choice($words),
            doc: $doc,
            get: |o| o.$field.as_str().into(),
            set: |o, v| o.$field = v.text().unwrap_or_default().into(),
        }
    };
}

/// A text of some kind, or unset.
macro_rules! text {
    ($field:ident, $kind:expr, $doc:literal) => {
        $crate::options::Row {
            key: stringify!($field),
            kind: $kind,
            doc: $doc,
            get: |o| o.$field.as_deref().into(),
            set: |o, v| o.$field = v.text().map(Into::into),
        }
    };
}

/// Texts of some kind.
macro_rules! list {
    ($field:ident, $kind:expr, $doc:literal) => {
        $crate::options::Row {
            key: stringify!($field),
            kind: $kind,
            doc: $doc,
            get: |o| $crate::options::Value::List(o.$field.clone()),
            set: |o, v| o.$field = v.list().to_vec(),
        }
    };
}

pub(crate) use {
    choice, flag, float, int, list, optional_bool, optional_float, optional_int, options, text,
};
