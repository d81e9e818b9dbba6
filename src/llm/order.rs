//! A request that is ready to be sent, with all that sending it needs.
//!
//! It borrows nothing, so that a thread of the library can take it over.

use crate::error::Result;
use crate::options::Resolved;
use crate::options::client::ClientOptions;

use super::policy::response_cache::{Identity, Key};
use super::provider::{Chat, Prepared, Provider, provider_for};
use super::request::{CacheMode, Format, Request};
use super::response::Usage;

/// What is to be sent.
pub struct Order {
    /// The dialect.
    pub provider: &'static dyn Provider,
    /// The HTTP request.
    pub prepared: Prepared,
    /// The call's options.
    pub options: ClientOptions,
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

/// Bytes of a prompt to a token, for the estimate: English prose has about
/// four, code and other languages fewer.
const BYTES_PER_TOKEN: u64 = 4;

impl Order {
    /// Lets the provider's dialect write the request.
    pub fn new(
        request: &Request,
        client: &Resolved<ClientOptions>,
        streamed: bool,
    ) -> Result<Order> {
        let options = request.effective(client)?;
        let stream = streamed || options.values.streaming_enabled;
        let provider = provider_for(&options.values, request);
        let prepared = provider.prepare(&Chat { request, options: &options, stream })?;
        let context = &prepared.context;
        Ok(Order {
            provider,
            stream,
            cache: request.cache,
            format: request.response_format.clone(),
            line: format!("{} {}", context.account, context.model),
            tokens: estimate(&prepared, &options.values, request),
            prepared,
            options: options.into_owned().values,
        })
    }

    /// The key that stands for the request.
    pub fn key(&self) -> Key {
        let (context, options) = (&self.prepared.context, &self.options);
        let identity = Identity {
            provider: context.provider,
            url: &self.prepared.http.url,
            model: &context.model,
            account: &context.account,
            organization: [options.organization_id.as_deref(), options.project_id.as_deref()],
            headers: &options.header,
            body: &self.prepared.http.body,
        };
        identity.key()
    }

    /// The tokens of an answer's usage that count towards the limit.
    pub fn limited_tokens(&self, usage: &Usage) -> Option<u64> {
        if self.prepared.context.provider == "anthropic" {
            return Some(usage.input_tokens? - usage.cached_input_tokens.unwrap_or(0));
        }
        usage.total_tokens
    }
}

/// OpenAI and Kimi count the prompt and the cap before they answer, Anthropic
/// the prompt alone.
fn estimate(prepared: &Prepared, options: &ClientOptions, request: &Request) -> u64 {
    let texts: usize = request.messages.iter().map(|message| message.text().len()).sum();
    let prompt = texts as u64 / BYTES_PER_TOKEN + 1;
    let cap = match prepared.context.provider {
        "anthropic" => 0,
        _ => options.max_tokens.unwrap_or(0),
    };
    prompt + cap
}
