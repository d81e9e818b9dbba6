//! Answers of each vendor that differ from its documentation, or are rare.

mod calls;
mod forms;
mod hosts;
mod streams;
mod vectors;

use std::sync::Arc;

use mynah::error::{Error, Status};
use mynah::llm::event::EventKind;
use mynah::llm::order::Order;
use mynah::llm::response::FinishReason;
use serde_json::{Value, json};

use crate::*;

fn context_of(provider: &str) -> (&'static dyn Provider, Context) {
    let client = match provider {
        "responses" => options(&[("model", "m"), ("openai_api", "responses"), ("api_key", "k")]),
        provider => client(provider, "m"),
    };
    reader(&client, &request(json!({"messages": [{"role": "user", "content": "Hi"}]})))
}

fn read(provider: &str, events: &[Value]) -> Result<(Vec<Event>, Response)> {
    let (dialect, context) = context_of(provider);
    let text: String = match provider {
        "ollama" => events.iter().map(|event| format!("{event}\n")).collect(),
        _ => sse(events),
    };
    stream(dialect, &context, &text)
}

fn plain(provider: &str, answer: &Value) -> Response {
    let (dialect, context) = context_of(provider);
    dialect.reply(&context, &head(200, &[]), answer.to_string().as_bytes()).unwrap()
}

fn calls(response: &Response) -> Vec<(&str, &str)> {
    let calls = &response.first().tool_calls;
    calls.iter().map(|call| (&*call.name, &*call.arguments)).collect()
}

fn chunk(delta: Value, reason: Value) -> Value {
    json!({"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})
}
