//! What goes out: every feature in each vendor's own words, nothing that a
//! model refuses, and keys only where they belong.

mod addresses;
mod fields;
mod forms;
mod takes;
mod turns;

use mynah::error::Status;
use mynah::llm::provider::hosts;
use serde_json::{Value, json};

use crate::spec::Spec;
use crate::*;

fn schema_of(provider: &str) -> Option<(&'static str, &'static str)> {
    match provider {
        "anthropic" => Some(("anthropic-tryagi-openapi.yaml", "CreateMessageParams")),
        "gemini" => Some(("gemini-openapi.json", "GenerateContentRequest")),
        "ollama" => Some(("ollama-openapi.yaml", "ChatRequest")),
        "cohere" => None,
        _ => Some(("openai-openapi.json", "CreateChatCompletionRequest")),
    }
}

fn check(provider: &str, body: &Value) {
    if let Some((file, schema)) = schema_of(provider)
        && let Some(spec) = Spec::load(file)
    {
        spec.check(schema, body);
    }
}

fn weather() -> Value {
    json!({"type": "function", "function": {
        "name": "weather", "description": "The weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    }})
}

fn ask(more: Value) -> Request {
    let mut json = json!({"messages": [{"role": "user", "content": "Hi"}]});
    json.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    request(json)
}

/// The status of a request that is refused before it is sent, and the words.
fn refused(client: &Resolved<ClientOptions>, request: &Request) -> (Status, String) {
    let error = prepare(client, request, false).map(|p| p.context.model).unwrap_err();
    (error.status(), error.to_string())
}

const MODELS: &[(&str, &str)] = &[
    ("openai", "gpt-4o"),
    ("anthropic", "claude-sonnet-4-5"),
    ("gemini", "gemini-2.5-flash"),
    ("deepseek", "deepseek-flash"),
    ("kimi", "moonshot-v1-8k-vision-preview"),
    ("siliconflow", "Qwen/Qwen3-8B"),
    ("huggingface", "openai/gpt-oss-20b"),
    ("custom", "some-model"),
    ("cohere", "command-a-vision-07-2025"),
    ("ollama", "gemma3:1b"),
];
