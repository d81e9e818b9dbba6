//! OpenAI's chat completions, the dialect of most hosts.
//!
//! A host is a row of [`super::hosts`] and [`super::models`]; what it does in its
//! own way is written and read here, whoever it is.

mod assistant;
mod blocks;
mod content;
mod grounds;
mod grown;
mod hosted;
mod kept;
mod marked;
mod parts;
mod read;
mod tools;
mod turns;
mod write;

use serde_json::{Map, Value};

use super::stream::reads;
use super::wanted::Wanted;
use super::{Access, Chat, Context, Prepared, Provider, embed, hosts, send};
use crate::error::Result;
use crate::llm::transport::Head;
use crate::options::Resolved;
use crate::options::client::ClientOptions;

/// OpenAI's chat completions.
pub struct OpenAiChat;

impl Provider for OpenAiChat {
    fn write(&self, chat: &Chat) -> Result<Prepared> {
        let url = Access::of(chat.options).url("/chat/completions")?;
        let mut wanted = Wanted::new(chat)?;
        let body = write::body(chat, &mut wanted, &url)?;
        send::prepare(chat, wanted, url, body)
    }

    reads!(read::Decoder, sse);

    fn embed_prepare(
        &self,
        options: &Resolved<ClientOptions>,
        json: &Map<String, Value>,
    ) -> Result<Prepared> {
        let provider = &options.values.provider;
        if !hosts::find(provider).chat.embeds {
            return Err(embed::none(provider));
        }
        let mut prepared = embed::seal(options, embed::model(json)?, "/embeddings", json)?;
        prepared.context.base64 = json.get("encoding_format").is_some_and(|f| f != "float");
        Ok(prepared)
    }

    fn embed_reply(&self, context: &Context, head: &Head, body: &[u8]) -> Result<Value> {
        let mut json = embed::read(context, head, body)?.to_value();
        if !context.base64 {
            embed::as_numbers(&mut json, &context.model)?;
        }
        if json["data"].as_array().is_none_or(Vec::is_empty) {
            return Err(embed::missing());
        }
        embed::complete_usage(&mut json);
        Ok(json)
    }
}
