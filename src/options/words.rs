//! Values as callers write them, and as messages show them.

use super::form;

/// Below this, each whole number has a float of its own.
const EXACT: f64 = (1u64 << 53) as f64;

/// A whole number, also one that is written as `1e3` or `5.0`.
pub(super) fn whole(text: &str) -> Option<u64> {
    text.parse().ok().or_else(|| {
        let float: f64 = text.parse().ok()?;
        ((0.0..EXACT).contains(&float) && float.fract() == 0.0).then_some(float as u64)
    })
}

/// Whether a number is written so that it need not be the one that is meant.
pub(super) fn is_rounded(text: &str) -> bool {
    let is_large = text.parse().is_ok_and(|float: f64| float >= EXACT);
    is_large && !text.bytes().all(|byte| byte.is_ascii_digit())
}

pub(super) fn parse_bool(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// Whether a line is a header name, a colon and a value of one line; of a key in ASCII.
pub(super) fn is_header(line: &str) -> bool {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    line.split_once(':').is_some_and(|(name, value)| {
        let is_sendable = value.is_ascii() || !name.eq_ignore_ascii_case("authorization");
        !name.is_empty() && name.bytes().all(token) && form::is_header_value(value) && is_sendable
    })
}

/// A caller's text in a message: what cannot be seen stands between marks.
pub fn visible(text: &str) -> String {
    match text.trim() != text || text.is_empty() || text.contains(char::is_control) {
        true => format!("{:?}", clip(text)),
        false => clip(text),
    }
}

/// A caller's text, short enough for a message.
fn clip(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_string(),
    }
}
