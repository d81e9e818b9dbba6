//! Numbers that are none, in text that would be JSON.
//!
//! Servers written in Python say `NaN`, `Infinity` and `-Infinity`, as its own `json`
//! does unless told otherwise: of the logarithm of a probability of nothing, mostly.
//! JSON has no such words, and a client in Python does not notice.

use std::borrow::Cow;

const WORDS: [&str; 3] = ["NaN", "-Infinity", "Infinity"];

/// The text with null for each of those words that stands where a value does.
pub fn mended(text: &str) -> Cow<'_, str> {
    if !text.contains("NaN") && !text.contains("Infinity") {
        return Cow::Borrowed(text);
    }
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(['"', 'N', 'I', '-']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let word = WORDS.iter().find(|word| rest.starts_with(**word));
        let len = word.map_or_else(|| text_len(rest), |word| word.len());
        out.push_str(word.map_or(&rest[..len], |_| "null"));
        rest = &rest[len..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The length of the JSON text that some text begins with, quotation marks included;
/// 1 where it begins with something else.
fn text_len(text: &str) -> usize {
    let mut at = 1;
    while text.starts_with('"') {
        let Some(gap) = memchr::memchr2(b'"', b'\\', text.as_bytes().get(at..).unwrap_or_default())
        else {
            return text.len();
        };
        at += gap + 1;
        match text.as_bytes()[at - 1] {
            b'"' => return at,
            // What is behind it may be no single byte, but is no end either.
            _ => at += text[at..].chars().next().map_or(0, char::len_utf8),
        }
    }
    at
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
