//! Google's generateContent, as Google AI serves it.
//!
//! A message is a list of parts. Thoughts are signed, on whatever part they led
//! to, and the parts of an answer go back as received. A stream has no end
//! mark: it is complete when its body ends after a finish reason.

mod arguments;
mod read;
mod sources;
mod tools;
mod turns;
mod write;

use serde_json::{Map, Value, json};

use super::stream::reads;
use super::{Access, Chat, Context, Prepared, Provider, embed, send};
use crate::error::{Error, Result};
use crate::llm::transport::Head;
use crate::options::Resolved;
use crate::options::client::ClientOptions;

/// Google's generateContent.
pub struct Gemini;

impl Provider for Gemini {
    fn write(&self, chat: &Chat) -> Result<Prepared> {
        let mut wanted = super::wanted::Wanted::new(chat)?;
        super::lost::note_fields(chat, &mut wanted);
        let path = path(&wanted.model)?;
        let endpoint = match chat.stream {
            true => format!("/{path}:streamGenerateContent?alt=sse"),
            false => format!("/{path}:generateContent"),
        };
        let url = Access::of(chat.options).url(&endpoint)?;
        let body = write::body(chat, &mut wanted, &path)?;
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
            ("dimensions", "outputDimensionality"),
            ("outputDimensionality", "outputDimensionality"),
            ("task_type", "taskType"),
            ("taskType", "taskType"),
            ("title", "title"),
        ];
        let known = [&["model", "input", "encoding_format"][..], &own.map(|(name, _)| name)];
        let known = known.concat();
        embed::only("gemini", json, &known)?;
        let model = embed::model(json)?;
        let path = path(model)?;
        let one = |text: String| {
            let mut one = json!({"model": path, "content": {"parts": [{"text": text}]}});
            for (ours, theirs) in own {
                if let Some(value) = json.get(ours) {
                    one[theirs] = value.clone();
                }
            }
            one
        };
        let requests: Vec<_> = embed::texts(json)?.into_iter().map(one).collect();
        let body = Map::from_iter([("requests".to_string(), requests.into())]);
        embed::seal(options, model, &format!("/{path}:batchEmbedContents"), &body)
    }

    fn embed_reply(&self, context: &Context, head: &Head, body: &[u8]) -> Result<Value> {
        let json = embed::read(context, head, body)?;
        // A single text's answer, as some gateways hand it on, has no list.
        let one = json.get("embedding");
        let rows = if one.is_object() {
            std::slice::from_ref(one)
        } else {
            json.get("embeddings").items()
        };
        let vectors = rows.iter().map(|row| row.get("values").to_value()).collect();
        let tokens = json.at(&["usageMetadata", "promptTokenCount"]).u64();
        embed::answer(context, None, vectors, tokens)
    }
}

/// A model's resource name, which is a part of the address: it must not lead to
/// another place on the host.
fn path(model: &str) -> Result<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-._@/".contains(c);
    if !model.chars().all(fits)
        || model.split('/').any(|segment| matches!(segment, "" | "." | ".."))
    {
        let reason = "is no model's name: letters, digits and - . _ @, in segments divided by /";
        return Err(Error::invalid("model", reason));
    }
    Ok(if model.contains('/') { model.into() } else { format!("models/{model}") })
}
