//! Arguments that a stream tells in pieces, each with the path of its place.

use serde_json::{Map, Value, json};

use crate::llm::json::Json;

/// Puts a streamed piece of the arguments in its place; a text grows.
pub fn apply(arguments: &mut Value, piece: &Json) {
    let Some(path) = piece.get("jsonPath").text() else { return };
    let Some(place) = locate(arguments, path) else { return };
    if let Some(text) = piece.get("stringValue").text() {
        match place {
            Value::String(old) => old.push_str(text),
            place => *place = text.into(),
        }
        return;
    }
    let value = ["numberValue", "boolValue"].iter().map(|name| piece.get(name));
    match value.into_iter().find(|value| !value.is_null()) {
        Some(value) => *place = value.to_value(),
        None => *place = Value::Null,
    }
}

/// Deepest path that is followed, and how many items of a list may be left out: a
/// path of some bytes is not to make a list of millions.
const DEPTH_MAX: usize = 64;
const GAP_MAX: usize = 16;

/// A step of a path: into an object, or into a list.
enum Step {
    Member(String),
    Item(usize),
}

/// The place of a path such as `$.rooms[0].name` or `$['a b']`, made if need be.
fn locate<'a>(root: &'a mut Value, path: &str) -> Option<&'a mut Value> {
    let mut rest = path.strip_prefix('$')?;
    let mut place = root;
    for _ in 0..DEPTH_MAX {
        if rest.is_empty() {
            return Some(place);
        }
        let (step, after) = step(rest)?;
        place = match step {
            Step::Item(index) => item(place, index)?,
            Step::Member(key) => member(place, &key),
        };
        rest = after;
    }
    None
}

/// The first step of a path, and what follows.
fn step(path: &str) -> Option<(Step, &str)> {
    if let Some(rest) = path.strip_prefix('[') {
        if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '\'' | '"')) {
            let (key, after) = quoted(&rest[1..], quote)?;
            return Some((Step::Member(key), after.strip_prefix(']')?));
        }
        let (key, after) = rest.split_once(']')?;
        let step = key.parse().map_or_else(|_| Step::Member(key.into()), Step::Item);
        return Some((step, after));
    }
    let rest = path.strip_prefix('.')?;
    let end = rest.find(['.', '[']).unwrap_or(rest.len());
    let (key, after) = rest.split_at(end);
    (end > 0).then(|| (Step::Member(key.into()), after))
}

/// A name up to its quote, and what follows: within it all but the other quote is
/// escaped as in JSON (RFC 9535, 2.3.1); what is no such escape stands for itself.
fn quoted(path: &str, quote: char) -> Option<(String, &str)> {
    let mut is_escaped = false;
    let end = path.find(|c| {
        let ends = c == quote && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        ends
    })?;
    let (name, after) = (&path[..end], &path[end + 1..]);
    if !name.contains('\\') {
        return Some((name.into(), after));
    }
    let text = match quote {
        '"' => format!("\"{name}\""),
        _ => format!("\"{}\"", name.replace("\\'", "'").replace('"', "\\\"")),
    };
    Some((serde_json::from_str(&text).unwrap_or_else(|_| name.into()), after))
}

fn item(place: &mut Value, index: usize) -> Option<&mut Value> {
    if !place.is_array() {
        *place = json!([]);
    }
    let items = place.as_array_mut()?;
    if index > items.len() + GAP_MAX {
        return None;
    }
    if items.len() <= index {
        items.resize(index + 1, Value::Null);
    }
    items.get_mut(index)
}

fn member<'a>(place: &'a mut Value, key: &str) -> &'a mut Value {
    if !place.is_object() {
        *place = Value::Object(Map::new());
    }
    &mut place[key]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(pieces: &[&str]) -> Value {
        let mut arguments = json!({});
        for piece in pieces {
            apply(&mut arguments, &Json::parse(piece.as_bytes()).unwrap());
        }
        arguments
    }

    #[test]
    fn streamed_arguments_find_their_places() {
        let made = applied(&[
            r#"{"jsonPath":"$.rooms[1].name","stringValue":"Ki"}"#,
            r#"{"jsonPath":"$.rooms[1].name","stringValue":"tchen"}"#,
            r#"{"jsonPath":"$['a b']","numberValue":2}"#,
            r#"{"jsonPath":"$.on","boolValue":false}"#,
            r#"{"jsonPath":"$.off","nullValue":"NULL_VALUE"}"#,
        ]);
        let wanted =
            json!({"rooms": [null, {"name": "Kitchen"}], "a b": 2, "on": false, "off": null});
        assert_eq!(made, wanted);
    }

    #[test]
    fn names_in_quotes_are_what_they_say() {
        for (path, name) in [
            (r"$['it\'s']", "it's"),
            (r#"$["it's"]"#, "it's"),
            (r#"$['say "hi"']"#, "say \"hi\""),
            (r#"$["say \"hi\""]"#, "say \"hi\""),
            (r"$['\u00e9\n']", "\u{e9}\n"),
            (r#"$["a\\"]"#, "a\\"),
            (r"$['a]']", "a]"),
            (r"$['C:\x']", r"C:\x"),
            (r#"$["0"]"#, "0"),
            ("$['0']", "0"),
        ] {
            let piece = json!({"jsonPath": path, "numberValue": 1}).to_string();
            assert_eq!(applied(&[&piece]), json!({name: 1}), "{path}");
        }
    }

    #[test]
    fn wild_paths_are_ignored() {
        let wild = ["$.a[99999999999].b", "a.b", "$[", "$..a", "$['a", r"$['a\']"];
        for path in wild {
            let piece = json!({"jsonPath": path, "stringValue": "x"}).to_string();
            let made = applied(&[&piece]);
            assert!(made.to_string().len() < 40, "{made}");
        }
    }
}
