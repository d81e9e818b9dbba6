//! The pieces of an envelope: codes within words, the words themselves, waits.

use std::time::Duration;

use crate::llm::json::Json;
use crate::llm::provider::waits::seconds_from;

/// The code that Z.ai puts before the words where the envelope is another vendor's,
/// as `[1310][Weekly/Monthly Limit Exhausted][id]`.
pub fn numbered(message: &str) -> Option<&str> {
    let (code, _) = message.strip_prefix('[')?.split_once("][")?;
    (code.len() == 4 && code.bytes().all(|byte| byte.is_ascii_digit())).then_some(code)
}

/// The number of MiniMax's that ends the words where the envelope is another vendor's,
/// as `output new_sensitive (1027)`. Lower ones are not its alone, but for what it says
/// of money, also with a 500.
pub fn number_at_end(message: &str) -> Option<u64> {
    let (words, number) = message.trim_end().strip_suffix(')')?.rsplit_once(" (")?;
    let is_its_own = |number: &u64| *number > 1_020 || words.ends_with("insufficient balance");
    number.parse().ok().filter(is_its_own)
}

/// What a number of MiniMax's means, as a label that others have for it
/// (platform.minimax.io, error codes).
pub fn minimax(code: Option<u64>) -> Option<&'static str> {
    Some(match code? {
        1002 | 1041 | 2045 => "rate_limit_error",
        1004 | 2049 => "authentication_error",
        1008 | 2056 => "insufficient_balance",
        1026 | 1027 => "content_filter",
        1039 => "context_length_exceeded",
        1042 | 2013 => "invalid_request_error",
        2061 => "permission_error",
        _ => return None,
    })
}

/// A wait in seconds that a body states.
pub fn wait_stated(json: &Json) -> Option<Duration> {
    ["retry_after", "retry_after_seconds", "resets_in_seconds"]
        .iter()
        .find_map(|name| json.get(name).f64())
        .and_then(seconds_from)
}

/// A message, which may be a text, a list of texts, or lie deeper.
pub fn message_of(json: &Json) -> Option<String> {
    match json {
        Json::Text(text) if text.is_empty() => None,
        Json::Text(text) => Some(text.to_string()),
        Json::Array(items) => Some(words(items)).filter(|words| !words.is_empty()),
        Json::Object(_) => {
            let deeper = ["message", "detail", "msg", "error"];
            deeper
                .iter()
                .find_map(|name| message_of(json.get(name)))
                .or_else(|| Some(json.to_text()))
        }
        _ => None,
    }
}

/// Whether a text only says what an HTTP status is called (RFC 9110).
pub fn is_reason(text: &str) -> bool {
    const PHRASES: [&str; 17] = [
        "bad request",
        "unauthorized",
        "payment required",
        "forbidden",
        "not found",
        "method not allowed",
        "not acceptable",
        "request timeout",
        "conflict",
        "payload too large",
        "content too large",
        "unprocessable entity",
        "too many requests",
        "internal server error",
        "bad gateway",
        "service unavailable",
        "gateway timeout",
    ];
    PHRASES.iter().any(|phrase| phrase.eq_ignore_ascii_case(text))
}

/// The complaints of a list, each with the field that it is about.
pub fn words(items: &[Json]) -> String {
    let word = |item: &Json| match item {
        Json::Text(text) => Some(text.to_string()),
        _ => {
            let said = message_of(item.get("msg")).or_else(|| message_of(item.get("message")))?;
            let place: Vec<String> =
                item.get("loc").items().iter().filter_map(Json::label).collect();
            Some(if place.is_empty() { said } else { format!("{}: {said}", place.join(".")) })
        }
    };
    items.iter().filter_map(word).collect::<Vec<_>>().join("; ")
}

pub fn http_status(json: &Json) -> Option<u16> {
    let number = json.u64().filter(|n| (400..600).contains(n))?;
    u16::try_from(number).ok()
}
