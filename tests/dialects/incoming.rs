//! What comes in: the ways in which hosts differ from their documentation.

mod calls;
mod ends;
mod figures;
mod hosts;

use mynah::error::Status;
use serde_json::{Value, json};

use crate::*;

fn asked() -> Request {
    request(json!({"messages": [{"role": "user", "content": "Hi"}]}))
}

fn read(provider: &str, text: &str) -> Result<Response> {
    let client = client(provider, "m");
    let (dialect, context) = reader(&client, &asked());
    stream(dialect, &context, text).map(|(_, response)| response)
}

fn status(provider: &str, text: &str) -> Status {
    read(provider, text).map(|response| panic!("{response:?}")).map_err(|e| e.status()).unwrap_err()
}

/// A chunk of chat completions.
fn chunk(delta: Value, reason: Value) -> Value {
    json!({"id": "c", "model": "m", "choices": [
        {"index": 0, "delta": delta, "finish_reason": reason}]})
}

fn text_then(end: &str) -> String {
    sse(&[chunk(json!({"content": "Hi"}), Value::Null)]) + end
}
