//! Numbers that are none, in text that would be JSON.
//!
//! Servers written in Python say `NaN`, `Infinity` and `-Infinity`, as its own `json`
//! does unless told otherwise: of the logarithm of a probability of nothing, mostly.
//! JSON has no such words, and a client in Python does not notice.

use std::borrow::Cow;

use super::text_len;

const WORDS: [&str; 3] = ["NaN", "-Infinity", "Infinity"];

/// The text with null for each of those words that stands where a value does.
pub fn mended(text: &str) -> Cow<'_, str> {
    if !text.contains("NaN") && !text.contains("Infinity") {
        return Cow::Borrowed(text);
    }
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(['"', 'N', 'I', '-']) {
        let (before, found) = rest.split_at(at);
        out.push_str(before);
        let word = WORDS.iter().find(|word| found.starts_with(**word));
        let len = match (word, found.strip_prefix('"')) {
            (Some(word), _) => word.len(),
            (_, Some(text)) => text_len(text.as_bytes()).map_or(found.len(), |len| len + 2),
            _ => 1,
        };
        out.push_str(word.map_or(&found[..len], |_| "null"));
        rest = &found[len..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_none_are_null_and_texts_that_name_them_are_as_they_were() {
        let cases = [
            (r#"{"a": NaN, "b": -Infinity}"#, r#"{"a": null, "b": null}"#),
            ("[Infinity,-1,NaN,-2e-3]", "[null,-1,null,-2e-3]"),
            (r#"["NaN", "\"Infinity\\", NaN]"#, r#"["NaN", "\"Infinity\\", null]"#),
            ("[\"\\\u{e4}NaN\",NaN]", "[\"\\\u{e4}NaN\",null]"),
            (r#"["NaN"#, r#"["NaN"#),
            (r#"NaN"\"#, r#"null"\"#),
            (r#"{"a":"-"}"#, r#"{"a":"-"}"#),
        ];
        for (text, wanted) in cases {
            assert_eq!(mended(text), wanted);
        }
    }
}
