//! How long a vendor asks to wait: in headers, in words, as a date.

use std::time::Duration;

use crate::llm::dates;
pub use crate::llm::dates::{duration, seconds_from};
use crate::llm::transport::Headers;

/// `retry-after-ms`, or `Retry-After` in seconds or as a date. A date counts
/// from the answer's own `Date`, so no clock is asked; without one, see
/// [`retry_after_date`].
pub fn retry_after(headers: &Headers) -> Option<Duration> {
    let ms = headers.get("retry-after-ms").and_then(|ms| ms.trim().parse::<f64>().ok());
    if let Some(ms) = ms.and_then(|ms| seconds_from(ms / 1_000.0)) {
        return Some(ms);
    }
    let value = headers.get("retry-after")?.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return seconds_from(seconds);
    }
    let Some(at) = dates::http(value) else { return duration(value) };
    let now = headers.get("date").and_then(dates::http)?;
    Some(Duration::from_secs(at.saturating_sub(now)))
}

/// The wait until the date in `Retry-After` of an answer that does not say what
/// time it is there, at a time in ms since 1970.
pub fn retry_after_date(headers: &Headers, now_ms: u64) -> Option<Duration> {
    let at = headers.get("retry-after").and_then(dates::http)?;
    let undated = headers.get("date").and_then(dates::http).is_none();
    undated.then(|| Duration::from_millis((at * 1_000).saturating_sub(now_ms)))
}

/// From the answer's `Date` until a time in ms since 1970.
pub fn until(headers: &Headers, at_ms: u64) -> Option<Duration> {
    let now = headers.get("date").and_then(dates::http)?;
    Some(Duration::from_millis(at_ms.saturating_sub(now * 1_000)))
}

/// When a limit with nothing left is full again: OpenAI's, Cerebras', OpenRouter's
/// only one, or Anthropic's.
pub fn limit_reset(headers: &Headers) -> Option<Duration> {
    let now_ms = || Some(headers.get("date").and_then(dates::http)? * 1_000);
    let spent = |left: String, reset: String| {
        let (left, reset) = (headers.get(&left)?, headers.get(&reset)?);
        (left.trim() == "0").then(|| dates::reset_in(reset.trim(), now_ms)).flatten()
    };
    let all = ["-requests", "-tokens", "-requests-minute", "-tokens-minute", ""].map(|what| {
        spent(format!("x-ratelimit-remaining{what}"), format!("x-ratelimit-reset{what}"))
    });
    let claude = ["requests", "tokens", "input-tokens", "output-tokens"].map(|what| {
        let field = |end: &str| format!("anthropic-ratelimit-{what}-{end}");
        spent(field("remaining"), field("reset"))
    });
    all.into_iter().chain(claude).flatten().max()
}

/// "try again in 1m2.5s", "retry after 26 seconds", "please wait 10 hours 58 minutes":
/// for vendors that say it nowhere else.
pub fn wait_in_words(message: &str) -> Option<Duration> {
    let lower = message.to_ascii_lowercase();
    let starts = ["try again in ", "try again after ", "retry after ", "retry in ", "please wait "];
    let rest = starts.iter().find_map(|start| lower.split_once(start)).map(|(_, rest)| rest)?;
    // A number of the next sentence counts something else.
    let sentence = rest.split(". ").next()?;
    let mut words =
        sentence.split_whitespace().map(|word| word.trim_end_matches(['.', ',', ';', ')']));
    let first = words.next()?;
    let Ok(mut number) = first.parse::<f64>() else { return duration(first) };
    let mut seconds = None;
    while let Some(unit) = words.next().and_then(seconds_in) {
        *seconds.get_or_insert(0.0) += number * unit;
        let Some(next) = words.next().and_then(|word| word.parse().ok()) else { break };
        number = next;
    }
    seconds.and_then(seconds_from)
}

/// The seconds of a unit that is written out, or nearly.
fn seconds_in(unit: &str) -> Option<f64> {
    Some(match unit {
        _ if unit.starts_with("milli") || unit.starts_with("ms") => 1e-3,
        _ if unit.starts_with('s') => 1.0,
        _ if unit == "m" || unit.starts_with("min") => 60.0,
        _ if unit.starts_with('h') => 3_600.0,
        _ if unit.starts_with('d') => 86_400.0,
        _ => return None,
    })
}
