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
mod tests;
