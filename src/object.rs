//! JSON made in place, in less code than `serde_json::json!` takes: objects and lists are
//! put together by calls instead of by the same instructions each time. Where most of
//! what is made is fixed that spares 90 KB of the library.

use serde_json::{Map, Value};

/// Adds a member.
#[inline(never)]
pub fn put(object: &mut Map<String, Value>, name: &str, value: Value) {
    object.insert(name.into(), value);
}

/// Adds an item.
#[inline(never)]
pub fn push(list: &mut Vec<Value>, value: Value) {
    list.push(value);
}

/// A value as it is written in JSON, with expressions in the places of values, as
/// `serde_json::json!`. The name of a member is one token, or an expression in brackets.
macro_rules! json {
    (@object $made:ident) => {};
    (@object $made:ident $name:tt : { $($inner:tt)* } $(, $($rest:tt)*)?) => {
        $crate::object::put(&mut $made, $name, $crate::object::json!({ $($inner)* }));
        $($crate::object::json!(@object $made $($rest)*);)?
    };
    (@object $made:ident $name:tt : [ $($inner:tt)* ] $(, $($rest:tt)*)?) => {
        $crate::object::put(&mut $made, $name, $crate::object::json!([ $($inner)* ]));
        $($crate::object::json!(@object $made $($rest)*);)?
    };
    (@object $made:ident $name:tt : null $(, $($rest:tt)*)?) => {
        $crate::object::put(&mut $made, $name, ::serde_json::Value::Null);
        $($crate::object::json!(@object $made $($rest)*);)?
    };
    (@object $made:ident $name:tt : $value:expr $(, $($rest:tt)*)?) => {
        $crate::object::put(&mut $made, $name, ::serde_json::json!($value));
        $($crate::object::json!(@object $made $($rest)*);)?
    };
    (@list $made:ident) => {};
    (@list $made:ident { $($inner:tt)* } $(, $($rest:tt)*)?) => {
        $crate::object::push(&mut $made, $crate::object::json!({ $($inner)* }));
        $($crate::object::json!(@list $made $($rest)*);)?
    };
    (@list $made:ident [ $($inner:tt)* ] $(, $($rest:tt)*)?) => {
        $crate::object::push(&mut $made, $crate::object::json!([ $($inner)* ]));
        $($crate::object::json!(@list $made $($rest)*);)?
    };
    (@list $made:ident null $(, $($rest:tt)*)?) => {
        $crate::object::push(&mut $made, ::serde_json::Value::Null);
        $($crate::object::json!(@list $made $($rest)*);)?
    };
    (@list $made:ident $value:expr $(, $($rest:tt)*)?) => {
        $crate::object::push(&mut $made, ::serde_json::json!($value));
        $($crate::object::json!(@list $made $($rest)*);)?
    };
    ({}) => { ::serde_json::Value::Object(::serde_json::Map::new()) };
    ({ $($inner:tt)+ }) => {{
        let mut made = ::serde_json::Map::new();
        $crate::object::json!(@object made $($inner)+);
        ::serde_json::Value::Object(made)
    }};
    ([]) => { ::serde_json::Value::Array(::std::vec::Vec::new()) };
    ([ $($inner:tt)+ ]) => {{
        let mut made = ::std::vec::Vec::new();
        $crate::object::json!(@list made $($inner)+);
        ::serde_json::Value::Array(made)
    }};
    ($value:expr) => { ::serde_json::json!($value) };
}
pub(crate) use json;

#[cfg(test)]
mod tests {
    #[test]
    fn it_makes_what_serde_jsons_own_makes() {
        let (n, name, none) = (3, "k", None::<u8>);
        let made = json!({"a": {}, "b": [], "c": [{"d": null}, [n], n + 1, null,], (name): n * 2,
            "e": none, "f": {"g": "h",}, "i": [name.len()]});
        let same = serde_json::json!({"a": {}, "b": [], "c": [{"d": null}, [3], 4, null], "k": 6,
            "e": null, "f": {"g": "h"}, "i": [1]});
        assert_eq!(made.to_string(), same.to_string());
        assert_eq!(json!("x"), serde_json::json!("x"));
        assert_eq!(json!([1, "y", {"z": true}]), serde_json::json!([1, "y", {"z": true}]));
    }
}
