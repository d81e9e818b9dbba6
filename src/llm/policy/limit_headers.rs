//! What providers say of their rate limits in the headers of an answer.
//!
//! OpenAI and most compatible hosts send `x-ratelimit-{limit,remaining,reset}-
//! {requests,tokens}` with resets like `6m0s`; Anthropic
//! `anthropic-ratelimit-{requests,tokens,...}-{limit,remaining,reset}` with
//! RFC 3339 times; OpenRouter and Together `x-ratelimit-{limit,remaining,reset}`
//! in epoch milliseconds or in seconds, of a window of their own. A point in time
//! counts from the answer's own `Date`, and from the wall clock only where there
//! is none: a clock that was set back must not make a client wait for a day.

use std::time::Duration;

use crate::llm::dates;
use crate::llm::transport::Headers;

/// One limit, as far as it was stated.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Limit {
    /// A minute's worth.
    pub limit: Option<u64>,
    /// What is left of it.
    pub remaining: Option<u64>,
    /// How long until it is full again.
    pub reset: Option<Duration>,
}

/// The limits that an answer's headers state.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Learned {
    /// Requests.
    pub requests: Limit,
    /// Tokens.
    pub tokens: Limit,
}

impl Learned {
    /// Whether nothing was stated.
    pub fn is_empty(&self) -> bool {
        *self == Learned::default()
    }

    /// Reads an answer's headers; `unix_ms` is the wall clock's now.
    pub fn from_headers(headers: &Headers, unix_ms: u64) -> Learned {
        let [openai, openai_tokens, whatever, anthropic, tokens, input, output] =
            stated(headers, unix_ms);
        let whatever = Some(whatever).filter(|limit| limit.reset.is_some());
        Learned {
            requests: openai.said().or(anthropic.said()).or(whatever).unwrap_or_default(),
            tokens: openai_tokens.said().unwrap_or_else(|| tightest(tokens, input, output)),
        }
    }
}

impl Limit {
    fn said(self) -> Option<Limit> {
        (self != Limit::default()).then_some(self)
    }
}

/// Anthropic's limit of tokens: of all, or else of those that come in. Where one
/// kind is used up, nothing is left.
fn tightest(all: Limit, input: Limit, output: Limit) -> Limit {
    let spent = [all, input, output].into_iter().find(|limit| limit.remaining == Some(0));
    let limit = all.said().or(input.said()).or(spent).unwrap_or_default();
    match spent {
        Some(Limit { remaining, reset, .. }) => Limit { remaining, reset, ..limit },
        None => limit,
    }
}

/// Where the names of limits begin; OpenAI's go on with what is stated of it, and
/// then of what, Anthropic's the other way round.
const OPENAI: &str = "x-ratelimit-";
const ANTHROPIC: &str = "anthropic-ratelimit-";
/// What there are limits of, in the order of [`stated`].
const KINDS: [(&str, &str); 7] = [
    (OPENAI, "requests"),
    (OPENAI, "tokens"),
    (OPENAI, ""),
    (ANTHROPIC, "requests"),
    (ANTHROPIC, "tokens"),
    (ANTHROPIC, "input-tokens"),
    (ANTHROPIC, "output-tokens"),
];

/// What the headers state, of each kind.
fn stated(headers: &Headers, unix_ms: u64) -> [Limit; KINDS.len()] {
    let mut limits = [Limit::default(); KINDS.len()];
    let mut now = None;
    for (name, value) in headers.iter() {
        let Some((kind, what)) = parts(name) else { continue };
        let is_kind = |(start, end): &(&str, &str)| *start == kind.0 && same(end, kind.1);
        let Some(place) = KINDS.iter().position(is_kind) else { continue };
        let (limit, value) = (&mut limits[place], value.trim());
        if same(what, "limit") {
            limit.limit = limit.limit.or(value.parse().ok());
        } else if same(what, "remaining") {
            limit.remaining = limit.remaining.or(value.parse().ok());
        } else if same(what, "reset") && limit.reset.is_none() {
            // Only here it matters what time it is there.
            let date = || headers.get("date").and_then(dates::http);
            let now = now.get_or_insert_with(|| date().map_or(unix_ms, |seconds| seconds * 1_000));
            limit.reset = dates::reset_in(value, || Some(*now));
        }
    }
    limits
}

/// The kind of limit that a name is about, and what it says of it.
fn parts(name: &str) -> Option<((&'static str, &str), &str)> {
    if let Some(rest) = after(name, OPENAI) {
        let (what, kind) = rest.split_once('-').unwrap_or((rest, ""));
        // Cerebras says of which time.
        let kind = kind.strip_suffix("-minute").unwrap_or(kind);
        return Some(((OPENAI, kind), what));
    }
    let (kind, what) = after(name, ANTHROPIC)?.rsplit_once('-')?;
    Some(((ANTHROPIC, kind), what))
}

/// What follows such a beginning, whatever its case. Most names begin otherwise: a
/// letter in the middle of the beginning, which few have there, is looked at first.
fn after<'a>(name: &'a str, start: &str) -> Option<&'a str> {
    let middle = start.len() / 2;
    let may = name.as_bytes().get(middle)?.eq_ignore_ascii_case(&start.as_bytes()[middle]);
    let begins = may && name.get(..start.len()).is_some_and(|found| same(found, start));
    begins.then(|| &name[start.len()..])
}

fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learned(pairs: &[(&str, &str)]) -> Learned {
        let mut headers = Headers::default();
        pairs.iter().for_each(|(name, value)| headers.push(name, value));
        Learned::from_headers(&headers, 1_790_000_000_000)
    }

    #[test]
    fn openais_durations() {
        let learned = learned(&[
            ("X-Ratelimit-Limit-Requests", "500"),
            ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-reset-requests", "1m19.156s"),
            ("x-ratelimit-limit-tokens", "200000"),
            ("x-ratelimit-reset-tokens", "8ms"),
        ]);
        assert_eq!(learned.requests.limit, Some(500));
        assert_eq!(learned.requests.remaining, Some(0));
        assert_eq!(learned.requests.reset, Some(Duration::from_millis(79_156)));
        assert_eq!(learned.tokens.reset, Some(Duration::from_millis(8)));
    }

    #[test]
    fn anthropics_dates_and_openrouters_epochs() {
        let anthropic = learned(&[
            ("anthropic-ratelimit-requests-limit", "50"),
            ("anthropic-ratelimit-requests-remaining", "49"),
            ("anthropic-ratelimit-requests-reset", "2026-09-21T14:13:30Z"),
            ("anthropic-ratelimit-input-tokens-limit", "30000"),
        ]);
        assert_eq!(anthropic.requests.reset, Some(Duration::from_secs(10)));
        assert_eq!(anthropic.tokens.limit, Some(30_000));
        let openrouter = learned(&[
            ("X-RateLimit-Limit", "20"),
            ("X-RateLimit-Remaining", "0"),
            ("X-RateLimit-Reset", "1790000005000"),
        ]);
        let cerebras = learned(&[
            ("x-ratelimit-remaining-tokens-minute", "0"),
            ("x-ratelimit-reset-tokens-minute", "3.1"),
            ("x-ratelimit-remaining-tokens-day", "7"),
        ]);
        assert_eq!(cerebras.tokens.remaining, Some(0));
        assert_eq!(cerebras.tokens.reset, Some(Duration::from_millis(3_100)));
        assert_eq!(openrouter.requests.limit, Some(20));
        assert_eq!(openrouter.requests.reset, Some(Duration::from_secs(5)));
    }

    #[test]
    fn of_tokens_that_are_counted_apart_the_kind_that_is_used_up_holds() {
        let learned = learned(&[
            ("anthropic-ratelimit-input-tokens-limit", "30000"),
            ("anthropic-ratelimit-input-tokens-remaining", "29000"),
            ("anthropic-ratelimit-output-tokens-limit", "8000"),
            ("anthropic-ratelimit-output-tokens-remaining", "0"),
            ("anthropic-ratelimit-output-tokens-reset", "2026-09-21T14:13:22Z"),
        ]);
        let reset = Some(Duration::from_secs(2));
        let expected = Limit { limit: Some(30_000), remaining: Some(0), reset };
        assert_eq!(learned.tokens, expected);
    }

    #[test]
    fn a_limit_of_an_unknown_window_counts_only_with_its_end() {
        let stated = [("x-ratelimit-limit", "5"), ("x-ratelimit-remaining", "4")];
        assert!(learned(&stated).is_empty());
        let learned = learned(&[stated[0], stated[1], ("x-ratelimit-reset", "1")]);
        assert_eq!(learned.requests.reset, Some(Duration::from_secs(1)));
    }

    #[test]
    fn a_point_in_time_counts_from_the_answers_own_date() {
        // The wall clock of `learned` is 2026-09-21T14:13:20Z, a day behind.
        let learned = learned(&[
            ("date", "Tue, 22 Sep 2026 14:13:20 GMT"),
            ("anthropic-ratelimit-requests-remaining", "0"),
            ("anthropic-ratelimit-requests-reset", "2026-09-22T14:13:30Z"),
        ]);
        assert_eq!(learned.requests.reset, Some(Duration::from_secs(10)));
    }

    #[test]
    fn what_cannot_be_read_is_as_if_it_were_not_there() {
        assert!(learned(&[("x-ratelimit-limit-requests", "many")]).is_empty());
        for text in ["", "s", "5", "1x", "..s", "-3", "99999999999999999999h"] {
            let _ = dates::reset_in(text, || None);
        }
    }
}
