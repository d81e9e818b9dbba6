//! Error envelopes that are rare, nested or broken, and where they stand.

mod gates;
mod labels;
mod limits;
mod places;
mod words;

use std::time::Duration;

use mynah::error::{CallError, Status};
use serde_json::{Value, json};

use crate::*;

fn refused(provider: &str, http: u16, headers: &[(&str, &str)], body: &str) -> CallError {
    let client = client(provider, "some-model");
    let request = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, context) = reader(&client, &request);
    dialect.error(&context, &head(http, headers), body.as_bytes())
}

/// The status of an error inside a 200: plain, and as a stream.
fn inside(provider: &str, json: &Value) -> [Status; 2] {
    let client = client(provider, "some-model");
    let request = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, context) = reader(&client, &request);
    let plain = dialect.reply(&context, &head(200, &[]), json.to_string().as_bytes());
    let text = match provider {
        "ollama" => format!("{json}\n"),
        _ => sse(std::slice::from_ref(json)),
    };
    let streamed = stream(dialect, &context, &text);
    [plain.map(|_| ()), streamed.map(|_| ())].map(|result| result.unwrap_err().status())
}

fn error(inner: Value) -> Value {
    json!({"error": inner})
}

fn check(rows: Vec<(&str, u16, Value, Status)>) {
    let wrong: Vec<_> = rows
        .iter()
        .filter_map(|(provider, http, body, wanted)| {
            let got = refused(provider, *http, &[], &body.to_string()).status;
            (got != *wanted).then(|| format!("{provider} {http} {body}: {got:?}, not {wanted:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
