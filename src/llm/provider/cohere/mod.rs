//! Cohere's chat, version 2.

mod read;
mod write;

use serde_json::{Map, Value, json};

use super::stream::reads;
use super::{Access, Chat, Context, Prepared, Provider, embed, send};
use crate::error::{Error, Result, Status};
use crate::llm::json::Json;
use crate::llm::transport::Head;
use crate::options::Resolved;
use crate::options::client::ClientOptions;

/// Cohere's chat.
pub struct Cohere;

impl Provider for Cohere {
    fn write(&self, chat: &Chat) -> Result<Prepared> {
        let url = Access::of(chat.options).url("/chat")?;
        let (wanted, body) = write::body(chat)?;
        send::prepare(chat, wanted, url, body)
    }

    reads!(read::Decoder, sse);

    fn embed_prepare(
        &self,
        options: &Resolved<ClientOptions>,
        json: &Map<String, Value>,
    ) -> Result<Prepared> {
        // In the form of the others, and in the vendor's own.
        let own = [
            ("dimensions", "output_dimension"),
            ("output_dimension", "output_dimension"),
            ("truncate", "truncate"),
        ];
        let known = ["model", "input", "encoding_format", "input_type", "embedding_types"];
        embed::only("cohere", json, &[&known[..], &own.map(|(name, _)| name)].concat())?;
        let types = json.get("embedding_types");
        if types.is_some_and(|types| *types != json!(["float"])) {
            let message = "embedding_types: only [\"float\"] has a place in the answer's form";
            return Err(Error::call(Status::BadRequest, message));
        }
        let model = embed::model(json)?;
        let kind = json.get("input_type").cloned().unwrap_or_else(|| "search_document".into());
        let mut body = Map::new();
        body.insert("model".into(), model.into());
        body.insert("texts".into(), embed::texts(json)?.into());
        body.insert("input_type".into(), kind);
        body.insert("embedding_types".into(), json!(["float"]));
        for (ours, theirs) in own {
            if let Some(value) = json.get(ours) {
                body.insert(theirs.into(), value.clone());
            }
        }
        embed::seal(options, model, "/embed", &body)
    }

    fn embed_reply(&self, context: &Context, head: &Head, body: &[u8]) -> Result<Value> {
        let json = embed::read(context, head, body)?;
        let rows = json.get("embeddings");
        let lists = |name: &&str| rows.get(name).items().iter().any(|row| !row.items().is_empty());
        let kind = ["float", "int8", "uint8", "binary", "ubinary"].into_iter().find(lists);
        let rows = kind.map_or(rows, |kind| rows.get(kind));
        let vectors = rows.items().iter().map(Json::to_value).collect();
        let tokens = json.at(&["meta", "billed_units", "input_tokens"]).u64();
        embed::answer(context, None, vectors, tokens)
    }
}
