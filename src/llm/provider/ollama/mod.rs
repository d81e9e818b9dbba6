//! Ollama's chat: a JSON object on each line.

mod read;
mod write;

use serde_json::{Map, Value};

use super::send;
use super::stream::reads;
use super::wanted::Wanted;
use super::{Access, Chat, Context, Prepared, Provider, embed, lost};
use crate::error::Result;
use crate::llm::json::Json;
use crate::llm::transport::Head;
use crate::options::Resolved;
use crate::options::client::ClientOptions;

/// Ollama's chat.
pub struct Ollama;

/// The path that clients of its OpenAI-compatible interface use does not lead
/// to its own one.
fn url(options: &Resolved<ClientOptions>, endpoint: &str) -> Result<String> {
    let url = Access::of(options).url(endpoint)?;
    let url = url.replacen(&format!("/v1{endpoint}"), endpoint, 1);
    // An address may already lead to the interface.
    Ok(url.replacen(&format!("/api{endpoint}"), endpoint, 1))
}

impl Provider for Ollama {
    fn write(&self, chat: &Chat) -> Result<Prepared> {
        let url = url(chat.options, "/api/chat")?;
        let mut wanted = Wanted::new(chat)?;
        lost::note_fields(chat, &mut wanted);
        let body = write::body(chat, &mut wanted)?;
        send::prepare(chat, wanted, url, body)
    }

    reads!(read::Decoder, lines);

    fn embed_prepare(
        &self,
        options: &Resolved<ClientOptions>,
        json: &Map<String, Value>,
    ) -> Result<Prepared> {
        let own = ["dimensions", "truncate", "keep_alive", "options"];
        let known = [&["model", "input", "encoding_format"][..], &own].concat();
        embed::only("ollama", json, &known)?;
        let model = embed::model(json)?;
        let mut body = Map::new();
        body.insert("model".into(), model.into());
        body.insert("input".into(), embed::texts(json)?.into());
        for key in own {
            if let Some(value) = json.get(key) {
                body.insert(key.into(), value.clone());
            }
        }
        let endpoint = "/api/embed";
        embed::seal_at(options, model, url(options, endpoint)?, &body)
    }

    fn embed_reply(&self, context: &Context, head: &Head, body: &[u8]) -> Result<Value> {
        let json = embed::read(context, head, body)?;
        // Older servers give one vector, without a list of them.
        let one = json.get("embedding");
        let single = !one.items().is_empty();
        let rows = if single { std::slice::from_ref(one) } else { json.get("embeddings").items() };
        let vectors = rows.iter().map(Json::to_value).collect();
        let tokens = json.get("prompt_eval_count").u64();
        embed::answer(context, json.get("model").text(), vectors, tokens)
    }
}
