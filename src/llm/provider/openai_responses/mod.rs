//! OpenAI's Responses, for models that refuse tools in chat completions, and for tools
//! that those do not have.
//!
//! Nothing is stored at the vendor: the items of an answer, its encrypted
//! thoughts among them, are kept as received and sent back whole.

mod answers;
mod called;
mod decoder;
mod ends;
mod events;
mod hosted;
mod items;
mod kept;
mod read;
mod said;
mod told;
mod write;

use serde_json::{Map, Value};

use super::stream::reads;
use super::wanted::Wanted;
use super::{Access, Chat, Context, Prepared, Provider, calls, hosts, models, openai_chat, send};
use crate::error::Result;
use crate::llm::message::Message;
use crate::llm::request::{Request, Tool};
use crate::llm::transport::Head;
use crate::options::Resolved;
use crate::options::client::ClientOptions;

/// OpenAI's Responses.
pub struct OpenAiResponses;

impl Provider for OpenAiResponses {
    fn write(&self, chat: &Chat) -> Result<Prepared> {
        let url = Access::of(chat.options).url("/responses")?;
        let mut wanted = Wanted::new(chat)?;
        calls::check_asked(&chat.request.messages, &wanted)?;
        let body = write::body(chat, &mut wanted)?;
        send::prepare(chat, wanted, url, body)
    }

    fn sends_items(&self, chat: &Chat, message: &Message) -> bool {
        let wanted = Wanted::new(chat);
        wanted.is_ok_and(|wanted| said::own_items(chat, message, &wanted).is_some())
    }

    reads!(decoder::Decoder, sse);

    fn embed_prepare(
        &self,
        options: &Resolved<ClientOptions>,
        json: &Map<String, Value>,
    ) -> Result<Prepared> {
        openai_chat::OpenAiChat.embed_prepare(options, json)
    }

    fn embed_reply(&self, context: &Context, head: &Head, body: &[u8]) -> Result<Value> {
        openai_chat::OpenAiChat.embed_reply(context, head, body)
    }
}

/// Whether a chat has to go this way.
pub fn is_needed(options: &ClientOptions, request: &Request) -> bool {
    if !hosts::find(&options.provider).has_responses {
        return false;
    }
    match options.openai_api.as_str() {
        "chat" => false,
        "responses" => true,
        _ => {
            let model = options.model.as_deref().or_else(|| {
                let size = crate::options::presets::model_size(&options.preset, &options.use_case);
                models::default_model("openai", size)
            });
            let effort = options.reasoning_effort.as_deref();
            let takes = models::takes("openai", model.unwrap_or_default());
            let tools = !request.tools.is_empty();
            !takes.in_chat
                || tools && !takes.tools_in_chat.are_taken(effort)
                || effort == Some("max") && !takes.max_in_chat
                || request.tools.iter().any(is_only_here)
                || has_items(request) && options.stop.is_empty() && options.n.is_none()
                || request.other.keys().any(|key| write::ONLY_HERE.contains(&key.as_str()))
                    && is_openais_own(options)
        }
    }
}

/// Whether an answer of Responses is gone on from: its items, and the thoughts among
/// them, are taken back there alone.
fn has_items(request: &Request) -> bool {
    let mut origins = request.messages.iter().filter_map(|message| message.origin.as_ref());
    origins.any(|origin| {
        origin.provider == "openai" && origin.blocks.iter().any(|item| item["type"].is_string())
    })
}

/// Whether it is OpenAI itself: at another address such fields may be known in chat
/// completions too.
fn is_openais_own(options: &ClientOptions) -> bool {
    hosts::base(options).is_ok_and(|base| hosts::is_openais(&base))
}

/// Whether chat completions have no such tool, or not what is said of it.
fn is_only_here(tool: &Tool) -> bool {
    let is_here = |(key, value): (&String, &Value)| {
        write::OF_FUNCTIONS.contains(&key.as_str()) && *value != Value::Bool(false)
    };
    match &tool.other {
        Some(other) => other["type"].is_string() && !tool.is_openais(),
        None => tool.extra.iter().chain(&tool.within).any(is_here),
    }
}
