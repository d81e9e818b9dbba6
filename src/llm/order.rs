//! A request that is ready to be sent, with all that sending it needs.
//!
//! It borrows nothing, so that a thread of the library can take it over.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::options::Resolved;
use crate::options::client::ClientOptions;

use super::message::{Part, Source};
use super::policy::response_cache::{Identity, Key};
use super::provider::errors::request_id;
use super::provider::{Chat, Prepared, Provider, embed, hosts, provider_for};
use super::request::{CacheMode, Format, Request};
use super::response::{Response, Usage};
use super::transport::Head;

/// What is to be sent.
pub struct Order {
    /// The dialect.
    pub provider: &'static dyn Provider,
    /// What is asked of it.
    pub ask: Ask,
    /// The HTTP request.
    pub prepared: Prepared,
    /// The call's options.
    pub options: Arc<Resolved<ClientOptions>>,
    /// Whether the answer comes as a stream.
    pub stream: bool,
    /// What the response cache may do.
    pub cache: CacheMode,
    /// The form that was asked for.
    pub format: Option<Format>,
    /// The rate limiter's line: account and model.
    pub line: String,
    /// Estimate of the tokens that count towards the limit.
    pub tokens: u64,
}

/// What is asked of the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// An answer to a conversation.
    Chat,
    /// So many embeddings, as far as that is known; the answer is OpenAI's JSON, as
    /// the response's raw text.
    Embeddings(Option<usize>),
}

/// Bytes of a prompt to a token, for the estimate: English prose has about
/// four, code and other languages fewer.
const BYTES_PER_TOKEN: u64 = 4;

impl Order {
    /// Lets the provider's dialect write the request.
    pub fn new(
        request: &Request,
        client: &Arc<Resolved<ClientOptions>>,
        streamed: bool,
    ) -> Result<Order> {
        let options = request.effective(client)?;
        let stream = streamed || options.values.streaming_enabled;
        let provider = provider_for(&options.values, request);
        let prepared = provider.prepare(&Chat { request, options: &options, stream })?;
        let context = &prepared.context;
        Ok(Order {
            provider,
            ask: Ask::Chat,
            stream,
            cache: request.cache,
            format: request.response_format.clone(),
            line: [&context.account, " ", &context.model].concat(),
            tokens: estimate(&prepared, &options.values, request),
            prepared,
            options,
        })
    }

    /// A request for embeddings, from OpenAI's form.
    pub fn embeddings(json: &str, client: &Arc<Resolved<ClientOptions>>) -> Result<Order> {
        let json = serde_json::from_str(json)
            .map_err(|e| Error::invalid("json", format!("not a JSON object: {e}")))?;
        let provider = provider_for(&client.values, &Request::new());
        let prepared = provider.embed_prepare(client, &json)?;
        let context = &prepared.context;
        Ok(Order {
            provider,
            ask: Ask::Embeddings(embed::asked(&json)?),
            stream: false,
            cache: CacheMode::Bypass,
            format: None,
            line: [&context.account, " ", &context.model].concat(),
            tokens: prepared.http.body.len() as u64 / BYTES_PER_TOKEN,
            prepared,
            options: client.clone(),
        })
    }

    /// Reads a plain answer with a 2xx status.
    pub fn reply(&self, head: &Head, body: &[u8]) -> Result<Response> {
        let context = &self.prepared.context;
        match self.ask {
            Ask::Chat => self.provider.reply(context, head, body),
            Ask::Embeddings(asked) => {
                let mut json = self.provider.embed_reply(context, head, body)?;
                embed::check(asked, &mut json)?;
                let prompt = json["usage"]["prompt_tokens"].as_u64();
                let usage =
                    Usage { input_tokens: prompt, output_tokens: Some(0), ..Usage::default() };
                Ok(Response {
                    model: json["model"].as_str().map(Into::into),
                    raw: Some(json.to_string()),
                    usage: prompt.map(|_| usage.with_total()),
                    request_id: request_id(head),
                    ..Response::default()
                })
            }
        }
    }

    /// The key that stands for the request.
    pub fn key(&self) -> Key {
        let (context, options) = (&self.prepared.context, &self.options.values);
        let identity = Identity {
            provider: context.provider,
            url: &self.prepared.http.url,
            model: &context.model,
            account: &context.account,
            organization: [options.organization_id.as_deref(), options.project_id.as_deref()],
            headers: &options.header,
            body: &self.prepared.http.body,
            fields: &self.prepared.fields,
            format: self.format.as_ref(),
        };
        identity.key()
    }

    /// The tokens of an answer's usage that count towards the limit.
    pub fn limited_tokens(&self, usage: &Usage) -> Option<u64> {
        if hosts::find(self.prepared.context.provider).limits_fresh_prompt {
            let cached = usage.cached_input_tokens.unwrap_or(0);
            return Some(usage.input_tokens?.saturating_sub(cached));
        }
        usage.total_tokens
    }
}

/// The tokens that the vendor counts before it answers: the prompt with all that goes
/// with it, such as tools and what the system says, and with most the cap.
fn estimate(prepared: &Prepared, options: &ClientOptions, request: &Request) -> u64 {
    let said = prepared.http.body.len().saturating_sub(inline(request));
    let prompt = said as u64 / BYTES_PER_TOKEN + 1;
    let cap = match hosts::find(prepared.context.provider).limits_fresh_prompt {
        true => 0,
        false => options.max_tokens.unwrap_or(0),
    };
    prompt + cap
}

/// Bytes of images and documents in the messages, which are no text.
fn inline(request: &Request) -> usize {
    let pieces = request.messages.iter().flat_map(|message| &message.content);
    let bytes = pieces.map(|piece| match &piece.part {
        Part::Image(Source::Bytes { base64, .. }, _)
        | Part::Document(Source::Bytes { base64, .. }, _) => base64.len(),
        _ => 0,
    });
    bytes.sum()
}

#[cfg(test)]
mod tests;
