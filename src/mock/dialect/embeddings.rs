//! Embeddings, in the four forms that vendors give them.

use serde_json::Value;

use super::super::answer::embedding;
use super::{text, texts};
use crate::object::json;

/// Whose form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Form {
    OpenAi,
    Gemini,
    Cohere,
    Ollama,
}

/// Dimensions where the request names none.
const DIMENSIONS: usize = 8;

/// The embeddings that a request asks for.
pub(in super::super) fn answer(form: Form, body: &Value) -> Value {
    let inputs = inputs(form, body);
    let wanted = ["dimensions", "output_dimension"].iter().find_map(|key| body[*key].as_u64());
    let dimensions = wanted.map_or(DIMENSIONS, |n| n.clamp(1, 8_192) as usize);
    let vectors: Vec<Vec<f64>> = inputs.iter().map(|text| embedding(text, dimensions)).collect();
    let tokens: usize = inputs.iter().map(|text| text.split_whitespace().count()).sum();
    match form {
        Form::OpenAi => {
            let data: Vec<Value> = vectors
                .iter()
                .enumerate()
                .map(|(i, vector)| {
                    json!({"object": "embedding", "index": i, "embedding": encode(body, vector)})
                })
                .collect();
            json!({"object": "list", "data": data, "model": text(&body["model"]),
                   "usage": {"prompt_tokens": tokens, "total_tokens": tokens}})
        }
        Form::Gemini => {
            let values: Vec<Value> = vectors.iter().map(|v| json!({"values": v})).collect();
            json!({"embeddings": values})
        }
        Form::Cohere => json!({"id": "mock", "texts": inputs, "embeddings": {"float": vectors},
            "meta": {"api_version": {"version": "2"}, "billed_units": {"input_tokens": tokens}}}),
        Form::Ollama => json!({"model": text(&body["model"]), "embeddings": vectors,
            "total_duration": 1_000_000, "load_duration": 1_000, "prompt_eval_count": tokens}),
    }
}

/// A vector as numbers, or as the base64 that OpenAI's own clients ask for.
fn encode(body: &Value, vector: &[f64]) -> Value {
    if body["encoding_format"] != "base64" {
        return vector.into();
    }
    use base64::Engine;
    let bytes: Vec<u8> = vector.iter().flat_map(|x| (*x as f32).to_le_bytes()).collect();
    base64::engine::general_purpose::STANDARD.encode(bytes).into()
}

fn inputs(form: Form, body: &Value) -> Vec<String> {
    let list = match form {
        Form::Gemini => &body["requests"],
        Form::Cohere => &body["texts"],
        Form::OpenAi | Form::Ollama => &body["input"],
    };
    match list {
        // One input, in tokens.
        Value::Array(items) if items.first().is_some_and(Value::is_number) => {
            vec![list.to_string()]
        }
        Value::Array(items) => items.iter().map(texts).collect(),
        other => vec![texts(other)],
    }
}
