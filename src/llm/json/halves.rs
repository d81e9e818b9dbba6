//! Halves of surrogate pairs that stand alone in JSON text.
//!
//! Some hosts cut a stream inside a character that JSON escapes in two halves
//! (`\ud83d`, `\ude00`): one text ends with the first, the next begins with the
//! other. A half that stays alone is no character, and becomes U+FFFD.

use std::borrow::Cow;

/// A half that stands alone.
#[derive(Clone, Copy)]
struct Half {
    /// Where its escape begins.
    at: usize,
    /// Whether it is the first of the two.
    is_first: bool,
    /// Whether its text begins with it, and whether it ends with it.
    begins: bool,
    ends: bool,
}

/// The length of an escape of four digits.
const ESCAPE: usize = 6;

/// The code of the half whose escape is at a place.
fn code(text: &str, at: usize) -> Option<u16> {
    let digits = text.get(at..)?.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok().filter(|code| (0xd800..0xe000).contains(code))
}

/// The halves that stand alone.
fn lone(text: &str) -> Vec<Half> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(escape) = memchr::memchr(b'\\', &text.as_bytes()[at..]).map(|gap| at + gap) {
        let half = code(text, escape);
        let taken = match (half, code(text, escape + ESCAPE)) {
            (Some(0xd800..0xdc00), Some(0xdc00..)) => 2 * ESCAPE,
            (Some(code), _) => {
                // A quotation mark that is a part of the escape before begins nothing.
                let begins = escape > at && text[..escape].ends_with('"');
                let ends = text[escape + ESCAPE..].starts_with('"');
                found.push(Half { at: escape, is_first: code < 0xdc00, begins, ends });
                ESCAPE
            }
            (None, _) => 1 + text[escape + 1..].chars().next().map_or(0, char::len_utf8),
        };
        at = escape + taken;
    }
    found
}

/// The text with something else in place of some escapes.
fn replaced<'a>(text: &str, with: impl IntoIterator<Item = (usize, Cow<'a, str>)>) -> String {
    let (mut out, mut told) = (String::with_capacity(text.len()), 0);
    for (at, instead) in with {
        out.push_str(&text[told..at]);
        out.push_str(&instead);
        told = at + ESCAPE;
    }
    out.push_str(&text[told..]);
    out
}

/// The text with U+FFFD for each half that stands alone.
pub fn mended(text: &str) -> Cow<'_, str> {
    let may_have = text.contains("\\ud") || text.contains("\\uD");
    let found = if may_have { lone(text) } else { Vec::new() };
    match found.is_empty() {
        true => Cow::Borrowed(text),
        false => {
            let each = found.iter().map(|half| (half.at, "\\ufffd".into()));
            Cow::Owned(replaced(text, each))
        }
    }
}

/// Whether a text in it ends with the first half of a pair.
pub fn is_open(text: &str) -> bool {
    lone(text).iter().any(|half| half.is_first && half.ends)
}

/// Puts the characters together of which one text has the first half and the next
/// the other: both again, the characters whole in the first. None where the second
/// has no such half.
pub fn joined(first: &str, second: &str) -> Option<(String, String)> {
    let open: Vec<_> = lone(first).into_iter().filter(|half| half.is_first && half.ends).collect();
    let rest = lone(second).into_iter().filter(|half| !half.is_first && half.begins);
    let pairs: Vec<_> = open.into_iter().zip(rest).collect();
    if pairs.is_empty() {
        return None;
    }
    let escape = |text: &str, half: &Half| text[half.at..half.at + ESCAPE].to_string();
    let whole = pairs
        .iter()
        .map(|(one, other)| (one.at, (escape(first, one) + &escape(second, other)).into()));
    let gone = pairs.iter().map(|(_, other)| (other.at, "".into()));
    Some((replaced(first, whole), replaced(second, gone)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_alone_is_replaced_and_whole_pairs_and_escaped_marks_stay() {
        for (text, expected) in [
            (r#"{"t":"a\ud83d"}"#, r#"{"t":"a\ufffd"}"#),
            (r#"{"t":"\ude00\\ud83d\ud83d\ude00"}"#, r#"{"t":"\ufffd\\ud83d\ud83d\ude00"}"#),
            (r#"["\uD83D\ud83d\u0041"]"#, r#"["\ufffd\ufffd\u0041"]"#),
            (r#"{"t":"\ud8"}"#, r#"{"t":"\ud8"}"#),
            ("\"\\", "\"\\"),
        ] {
            assert_eq!(mended(text), expected);
        }
        assert!(matches!(mended(r#""\ud83d\ude00""#), Cow::Borrowed(_)));
    }

    #[test]
    fn halves_of_neighbours_become_one_character_in_the_first() {
        let one = r#"{"a":"x\ud83d","b":"\ud83d"}"#;
        let two = r#"{"a":"\ude00y","b":"\ude01"}"#;
        let whole = (r#"{"a":"x\ud83d\ude00","b":"\ud83d\ude01"}"#, r#"{"a":"y","b":""}"#);
        assert_eq!(joined(one, two), Some((whole.0.into(), whole.1.into())));
        assert!(is_open(one) && !is_open(two) && !is_open(r#""\ud83d.""#));
        // Not at the beginning, behind an escaped mark, or no half at all.
        for two in [r#"["x\ude00"]"#, r#"["\"\ude00"]"#, r#"["\ud83d\ude00"]"#, "[]"] {
            assert_eq!(joined(one, two), None, "{two}");
        }
    }
}
