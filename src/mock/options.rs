//! The options of a mock provider: its pace, and how it misbehaves.

use crate::error::{Error, Result};
use crate::options::fields::{choice, int, list, options, text};
use crate::options::{Kind, OptionSet, Row, Suggestions, Value};

/// A day: the longest pause that is taken.
const MS_MAX: u64 = 86_400_000;
const COUNT_MAX: u64 = 1 << 40;

/// Shows no secret.
impl std::fmt::Debug for MockOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rows = ROWS.iter().map(|row| (row.key, row.show(&(row.get)(self))));
        f.debug_map().entries(rows).finish()
    }
}

options! {
    /// Everything that can be set on a mock provider, with its defaults.
    #[derive(Clone, PartialEq)]
    pub struct MockOptions

    answer: Option<String> = None, text(Kind::Text),
        "The answer to every prompt; unset: words that depend on the prompt alone.";
    answer_words: u64 = 0, int(0..=1_000_000),
        "Words of a made-up answer; 0: 16 to 47, by the prompt.";
    reasoning_words: u64 = 0, int(0..=1_000_000),
        "Words of reasoning before the answer, where the dialect has it; 0: none.";
    chunk_words: u64 = 1, int(1..=1_000_000), "Words that one event of a stream carries.";
    delay_headers_ms: u64 = 0, int(0..=MS_MAX), "Milliseconds before the head of the answer.";
    delay_first_event_ms: u64 = 0, int(0..=MS_MAX), "Milliseconds between the head and the body.";
    delay_event_ms: u64 = 0, int(0..=MS_MAX), "Milliseconds between the events of a stream.";
    status: u64 = 0, int(0..=599),
        "HTTP status to answer with instead of success, from 200 on; 0: none.";
    status_times: u64 = 0, int(0..=COUNT_MAX),
        "Requests that get `status` before the others succeed; 0: all.";
    status_header: Vec<String> = Vec::new(), list(Kind::Headers(&[])),
        "A header beside `status`, such as `retry-after: 1`.";
    status_body: Option<String> = None, text(Kind::Text),
        "The body beside `status`; unset: an error as the vendor would send it.";
    header: Vec<String> = Vec::new(), list(Kind::Headers(&[])), "A header of every answer.";
    fault: String = "none".into(), choice(&["none", "reset", "stall", "cut"]),
        "What happens to the connection after `fault_after_bytes`: a reset, silence, or a proper close.";
    fault_after_bytes: u64 = 0, int(0..=COUNT_MAX),
        "Bytes of the answer, head included, that are sent before the fault.";
    fault_times: u64 = 0, int(0..=COUNT_MAX), "Requests that meet the fault; 0: no bound.";
    fault_percent: u64 = 100, int(0..=100),
        "Share of requests that meets the fault or the wrong content, chosen by `seed`.";
    content: String = "right".into(),
        choice(&["right", "empty", "garbage", "bad_json", "bad_utf8", "json_bomb", "not_http",
            "huge_header", "huge_body", "bad_chunk", "wrong_length", "cut_gzip", "stream_error",
            "no_end", "endless", "drip", "redirect"]),
        "What is wrong with the answer: no body, no JSON, half of one, bytes that are no UTF-8, absurd nesting, no HTTP at all, a head or body of `content_bytes`, a chunk size that is no number, a length never reached, a gzip body without its end, an error event in mid-stream, a stream without its last events or without end, one byte every `delay_event_ms`, or a redirect to `redirect_to`.";
    content_times: u64 = 0, int(0..=COUNT_MAX), "Requests that get the wrong content; 0: no bound.";
    content_bytes: u64 = 1 << 20, int(0..=1 << 32), "Size of a huge header or body, in bytes.";
    cut_at: Option<String> = None, text(Kind::Text),
        "Byte positions of the body, rising and separated by commas, at which a write ends; `every N` ends one each N bytes.";
    redirect_to: Option<String> = None, text(Kind::Text),
        "Where a redirect points; unset: back to the mock.";
    api_key: Option<String> = None, text(Kind::Secret),
        "The key that requests must carry; others get 401; unset: any or none.";
    max_connections: u64 = 4_096, int(1..=65_536), "Open connections; more are closed at once.";
    seed: u64 = 0, int(0..=u64::MAX), "Chooses which requests `fault_percent` takes.";
}

impl OptionSet for MockOptions {
    fn rows() -> &'static [Row<Self>] {
        ROWS
    }

    fn layers(_: &dyn Fn(&str) -> Option<Value>) -> Result<Vec<Suggestions>> {
        Ok(Vec::new())
    }

    fn check(&self) -> Result<()> {
        let invalid = self.cut_at.as_deref().is_some_and(|text| Cuts::parse(text).is_none());
        if invalid {
            return Err(Error::invalid(
                "cut_at",
                "must be rising positions, as `10,20`, or `every N`",
            ));
        }
        match self.status {
            0 | 200..=599 => Ok(()),
            given => Err(Error::OutOfRange {
                key: "status".into(),
                given: given.to_string(),
                allowed: "0 or 200..=599".into(),
            }),
        }
    }
}

/// Where the writes of a body end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cuts {
    /// At these positions.
    At(Vec<u64>),
    /// After each so many bytes.
    Every(u64),
}

impl Cuts {
    /// `10,20` or `every 7`.
    pub fn parse(text: &str) -> Option<Cuts> {
        if let Some(count) = text.trim().strip_prefix("every ") {
            return count.trim().parse().ok().filter(|n| *n > 0).map(Cuts::Every);
        }
        let positions: Option<Vec<u64>> = text.split(',').map(|p| p.trim().parse().ok()).collect();
        positions.filter(|p| p.is_sorted()).map(Cuts::At)
    }

    /// Bytes from `position` to the next cut.
    pub fn next(&self, position: u64) -> u64 {
        match self {
            Cuts::Every(n) => n - position % n,
            Cuts::At(at) => at.iter().find(|p| **p > position).map_or(u64::MAX, |p| p - position),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Layered;

    #[test]
    fn cuts_are_positions_or_a_stride() {
        assert_eq!(Cuts::parse("3, 5,9").map(|c| c.next(3)), Some(2));
        assert_eq!(Cuts::parse("every 4").map(|c| (c.next(0), c.next(5))), Some((4, 3)));
        assert_eq!(Cuts::parse("every 0"), None);
        assert_eq!(Cuts::parse("5,3"), None);
    }

    #[test]
    fn a_wrong_cut_or_status_names_its_option() {
        let mut options = Layered::<MockOptions>::default();
        options.set("cut_at", "x").unwrap();
        assert!(options.resolve().unwrap_err().to_string().starts_with("cut_at"));
        options.set("cut_at", "1").unwrap();
        options.set("status", "7").unwrap();
        assert!(options.resolve().unwrap_err().to_string().starts_with("status"));
    }
}
