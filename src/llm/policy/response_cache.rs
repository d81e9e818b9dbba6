//! Answers that are given again, kept in a [`Cache`].
//!
//! The key is a 256-bit BLAKE3 digest over length-prefixed parts, so that no
//! text can move from one field to another unnoticed: everything that can
//! change the answer (dialect, base URL, account, headers, the final body),
//! and nothing that cannot (stream flags, timeouts, the end user's id). Only
//! complete answers are kept; what is kept says when, so that a hit can tell
//! its age.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use serde_json::Value as Json;

use super::schema;
use crate::cache::{Cache, Stake, Ttl};
use crate::clock::Clock;
use crate::error::Result;
use crate::llm::kept;
use crate::llm::request::Format;
use crate::llm::response::{FinishReason, Response};
use crate::options::client::ClientOptions;

/// Fields of a body that do not change the answer, in any dialect.
const IRRELEVANT: &[&str] =
    &["stream", "stream_options", "user", "metadata", "safety_identifier", "prompt_cache_key"];

/// A digest that stands for a request.
pub type Key = [u8; 32];

/// What an answer depends on.
#[derive(Debug, Clone, Copy)]
pub struct Identity<'a> {
    /// The provider's name.
    pub provider: &'a str,
    /// Where the request goes; the path tells the dialect.
    pub url: &'a str,
    /// The model, which some dialects keep out of the body.
    pub model: &'a str,
    /// A digest of host and key: another account, another answer.
    pub account: &'a str,
    /// Organisation and project.
    pub organization: [Option<&'a str>; 2],
    /// Headers that the caller added.
    pub headers: &'a [String],
    /// The body as it is sent.
    pub body: &'a [u8],
    /// Where the body's own fields stand, name and value; none: it is no object.
    pub fields: &'a [Range<usize>],
    /// The form that was asked for, which may have been left out of the body: an
    /// answer is kept only if it has it.
    pub format: Option<&'a Format>,
}

impl Identity<'_> {
    /// The key of the request.
    pub fn key(&self) -> Key {
        let mut hasher = blake3::Hasher::new();
        let mut part = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        part(b"mynah response 3");
        part(self.provider.as_bytes());
        part(plain_url(self.url).as_bytes());
        part(self.model.as_bytes());
        part(self.account.as_bytes());
        for text in self.organization {
            part(&[u8::from(text.is_some())]);
            part(text.unwrap_or_default().as_bytes());
        }
        part(&(self.headers.len() as u64).to_le_bytes());
        self.headers.iter().for_each(|header| part(header.as_bytes()));
        match self.fields.is_empty() {
            true => part(self.body),
            false => self.relevant().for_each(&mut part),
        }
        match self.format {
            Some(Format::JsonObject) => part(b"an object"),
            Some(Format::JsonSchema { schema, .. }) => part(schema.to_string().as_bytes()),
            None | Some(Format::Text | Format::Own(_)) => {}
        }
        *hasher.finalize().as_bytes()
    }

    /// The fields of the body that can change the answer.
    fn relevant(&self) -> impl Iterator<Item = &[u8]> {
        let fields = self.fields.iter().map(|field| &self.body[field.clone()]);
        fields.filter(|field| {
            let name = field.strip_prefix(b"\"").and_then(|rest| rest.split(|b| *b == b'"').next());
            !IRRELEVANT.iter().any(|irrelevant| name == Some(irrelevant.as_bytes()))
        })
    }
}

/// The URL of the plain call: Gemini's streams have one of their own.
fn plain_url(url: &str) -> Cow<'_, str> {
    match url.split_once(STREAMED) {
        // A query of the address stands behind the stream's own.
        Some((base, more)) => {
            [base, ":generateContent", &more.replacen('&', "?", 1)].concat().into()
        }
        None => url.into(),
    }
}

const STREAMED: &str = ":streamGenerateContent?alt=sse";

/// A client's answers; the cache behind it may be shared with others.
#[derive(Clone)]
pub struct ResponseCache {
    cache: Arc<Cache>,
    /// Keeps the cache in use; none if it has ended.
    _stake: Option<Stake>,
    clock: Clock,
}

/// What a look-up found.
pub struct Hit {
    /// The answer as it was stored.
    pub response: Response,
    /// How long ago, in ms.
    pub age_ms: u64,
    /// Whether it is past its time, to be renewed.
    pub stale: bool,
}

impl ResponseCache {
    /// Keeps answers in this cache.
    pub fn new(cache: Arc<Cache>, clock: &Clock) -> Self {
        ResponseCache { _stake: cache.stake().ok(), cache, clock: clock.clone() }
    }

    /// The answer under a key, if there is one that can still be read. Another
    /// client may have stored it for longer than these options let it be given.
    pub fn lookup(&self, key: &Key, options: &ClientOptions) -> Option<Hit> {
        let value = self.cache.get(key)?;
        let (stored_at, bytes) = value.as_bytes().split_first_chunk::<8>()?;
        let response = kept::read(bytes)?;
        let age_ms = self.clock.unix_ms().saturating_sub(u64::from_le_bytes(*stored_at));
        let (ttl, more) = (options.cache_ttl_ms, options.cache_stale_while_revalidate_ms);
        let past = |ms| ttl > 0 && age_ms > ms;
        (!past(ttl.saturating_add(more))).then_some(Hit { response, age_ms, stale: past(ttl) })
    }

    /// Whether there is an answer under a key that may be given.
    pub fn holds(&self, key: &Key, options: &ClientOptions) -> bool {
        self.lookup(key, options).is_some()
    }

    /// Keeps an answer for `cache_ttl_ms`, and beyond it for as long as it may
    /// be given while it is renewed; a `cache_ttl_ms` of 0 is for ever.
    pub fn store(&self, key: &Key, response: &Response, options: &ClientOptions) -> Result<()> {
        let mut bytes = self.clock.unix_ms().to_le_bytes().to_vec();
        bytes.extend(kept::write(response));
        let ttl = match options.cache_ttl_ms {
            0 => Ttl::Never,
            ms => Ttl::Millis(ms.saturating_add(options.cache_stale_while_revalidate_ms)),
        };
        self.cache.set(key, &bytes, ttl)
    }
}

/// Whether an answer may be given again: each of its choices ended by itself,
/// calls tools only if those may be kept, and has the form that was asked for.
pub fn may_keep(response: &Response, keep_tool_calls: bool, format: Option<&Format>) -> bool {
    let ended_well = |reason| match reason {
        Some(FinishReason::Stop) => true,
        Some(FinishReason::ToolCalls) => keep_tool_calls,
        _ => false,
    };
    response.is_complete()
        && response.choices.iter().all(|choice| {
            ended_well(choice.finish_reason)
                && (!choice.tool_calls.is_empty() || has_form(&choice.text, format))
        })
}

fn has_form(text: &str, format: Option<&Format>) -> bool {
    let parsed = || serde_json::from_str::<Json>(text);
    match format {
        None | Some(Format::Text | Format::Own(_)) => true,
        Some(Format::JsonObject) => parsed().is_ok_and(|json| json.is_object()),
        Some(Format::JsonSchema { schema, .. }) => {
            parsed().is_ok_and(|json| schema::matches(schema, &json))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::llm::response::Choice;
    use crate::options::Layered;

    const BASE: Identity<'static> = Identity {
        provider: "openai",
        url: "https://api.openai.com/v1/chat/completions",
        model: "m",
        account: "digest",
        organization: [None, None],
        headers: &[],
        body: br#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#,
        fields: &[1..12, 13..56],
        format: None,
    };

    #[test]
    fn each_part_alone_changes_the_key() {
        let header = ["x: 1".to_string()];
        let others = [
            Identity { provider: "anthropic", ..BASE },
            Identity { url: "https://api.openai.com/v2/chat/completions", ..BASE },
            Identity { model: "n", ..BASE },
            Identity { account: "other", ..BASE },
            Identity { organization: [Some("org"), None], ..BASE },
            Identity { organization: [Some(""), None], ..BASE },
            Identity { organization: [None, Some("org")], ..BASE },
            Identity { headers: &header, ..BASE },
            Identity { format: Some(&Format::JsonObject), ..BASE },
            Identity {
                body: br#"{"model":"m","messages":[{"role":"user","content":"ho"}]}"#,
                ..BASE
            },
        ];
        let mut keys: Vec<Key> = others.iter().map(Identity::key).collect();
        keys.push(BASE.key());
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), others.len() + 1);
    }

    #[test]
    fn an_answer_past_the_time_of_these_options_is_not_held_though_it_is_still_there() {
        let (clock, time) = Clock::manual();
        let cache = Cache::new(Layered::default().resolve().unwrap(), clock.clone()).unwrap();
        let cache = ResponseCache::new(cache, &clock);
        let lasting = |ms: &str| {
            let mut options = Layered::<ClientOptions>::default();
            options.set("cache_ttl_ms", ms).unwrap();
            options.resolve().unwrap().values
        };
        let (key, answer) = (BASE.key(), Response::default());
        assert!(!cache.holds(&key, &lasting("100000")));
        cache.store(&key, &answer, &lasting("100000")).unwrap();
        assert!(cache.holds(&key, &lasting("50")));
        time.advance(Duration::from_millis(51));
        assert!(!cache.holds(&key, &lasting("50")));
        assert!(cache.holds(&key, &lasting("100000")));
    }

    #[test]
    fn a_stream_has_the_key_of_the_plain_call_also_behind_an_address_with_a_query() {
        let key = |url: &str| Identity { url, ..BASE }.key();
        for query in ["", "a=1", "a=1&b=2"] {
            let (alone, behind) = match query {
                "" => (String::new(), String::new()),
                query => (format!("?{query}"), format!("&{query}")),
            };
            let plain = format!("https://h/v1beta/models/m:generateContent{alone}");
            let streamed = format!("https://h/v1beta/models/m{STREAMED}{behind}");
            assert_eq!(key(&plain), key(&streamed), "{query}");
        }
    }

    #[test]
    fn text_that_moves_across_a_border_changes_the_key() {
        let left = Identity { provider: "ab", url: "c", ..BASE };
        let right = Identity { provider: "a", url: "bc", ..BASE };
        assert_ne!(left.key(), right.key());
        let one = ["ab".to_string()];
        let two = ["a".to_string(), "b".to_string()];
        assert_ne!(
            Identity { headers: &one, ..BASE }.key(),
            Identity { headers: &two, ..BASE }.key()
        );
    }

    #[test]
    fn geminis_two_urls_are_one() {
        let url = "https://g/v1beta/models/m:streamGenerateContent?alt=sse";
        let streamed = Identity { url, ..BASE };
        let plain = Identity { url: "https://g/v1beta/models/m:generateContent", ..BASE };
        assert_eq!(streamed.key(), plain.key());
    }

    #[test]
    fn stream_flags_and_end_user_ids_do_not_change_the_key() {
        let body = br#"{"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":true},"user":"u","metadata":{"a":"b"}}"#;
        assert_eq!(Identity { body, ..BASE }.key(), BASE.key());
    }

    fn answer(text: &str, reason: Option<FinishReason>) -> Response {
        let choice = Choice { text: text.into(), finish_reason: reason, ..Choice::default() };
        Response { choices: vec![choice], ..Response::default() }
    }

    #[test]
    fn only_answers_that_ended_by_themselves_are_kept_and_with_calls_only_if_asked() {
        use FinishReason::*;
        for (reason, keeps, keeps_with_calls) in [
            (Some(Stop), true, true),
            (Some(ToolCalls), false, true),
            (Some(Length), false, false),
            (Some(ContentFilter), false, false),
            (Some(Refusal), false, false),
            (Some(Pause), false, false),
            (Some(Other), false, false),
            (None, false, false),
        ] {
            let answer = answer("hi", reason);
            assert_eq!(may_keep(&answer, false, None), keeps, "{reason:?}");
            assert_eq!(may_keep(&answer, true, None), keeps_with_calls, "{reason:?}");
        }
        assert!(!may_keep(&Response::default(), true, None), "nothing is no answer");
        let mut two = answer("hi", Some(Stop));
        two.choices.extend(answer("cut", Some(Length)).choices);
        assert!(!may_keep(&two, true, None), "one of two was cut");
    }

    #[test]
    fn an_answer_that_has_not_the_form_that_was_asked_for_is_not_kept() {
        let schema = serde_json::json!({"type": "object", "required": ["a"],
            "properties": {"a": {"type": "integer"}}});
        let matching = Format::JsonSchema {
            name: "s".into(),
            schema,
            strict: None,
            description: None,
            within: serde_json::Map::new(),
            own: None,
        };
        for (format, text, keeps) in [
            (&Format::Text, "prose", true),
            (&Format::JsonObject, r#"{"a":1}"#, true),
            (&Format::JsonObject, "[1]", false),
            (&Format::JsonObject, "prose", false),
            (&Format::JsonObject, r#"{"a":1"#, false),
            (&matching, r#"{"a":1}"#, true),
            (&matching, r#"{"a":"1"}"#, false),
            (&matching, r#"{"b":1}"#, false),
            (&matching, "", false),
        ] {
            let answer = answer(text, Some(FinishReason::Stop));
            assert_eq!(may_keep(&answer, false, Some(format)), keeps, "{text} as {format:?}");
        }
    }
}
