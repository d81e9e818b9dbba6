//! Gemini's answers: what they rest on.

use serde_json::{Value, json};

use crate::*;

fn asked() -> Request {
    request(json!({"messages": [{"role": "user", "content": "Hi"}]}))
}

/// The answer, plain and streamed.
fn read(events: &[Value]) -> Response {
    let (dialect, context) = reader(&client("gemini", "m"), &asked());
    stream(dialect, &context, &sse(events)).unwrap().1
}

fn plain(answer: &Value) -> Response {
    let (dialect, context) = reader(&client("gemini", "m"), &asked());
    dialect.reply(&context, &head(200, &[]), answer.to_string().as_bytes()).unwrap()
}

#[test]
fn what_an_answer_rests_on_is_kept_however_it_is_spread() {
    let event = |grounds: Value, reason: Value| {
        json!({"candidates": [{"content": {"parts": [{"text": "a"}]}, "finishReason": reason,
            "groundingMetadata": grounds}]})
    };
    let (stop, none) = (json!("STOP"), Value::Null);
    let queries = json!({"webSearchQueries": ["q"]});
    let chunks = json!({"groundingChunks": [{"web": {"uri": "u"}}]});
    let both = json!({"webSearchQueries": ["q"], "groundingChunks": [{"web": {"uri": "u"}}]});
    let cases = [
        (vec![event(json!({}), none.clone()), event(both.clone(), stop.clone())], Some(&both)),
        (vec![event(both.clone(), none.clone()), event(json!({}), stop.clone())], Some(&both)),
        (vec![event(queries, none), event(chunks, stop.clone())], Some(&both)),
        (vec![event(json!({}), stop.clone())], None),
    ];
    for (events, cited) in cases {
        assert_eq!(read(&events).first().citations.as_ref(), cited, "{events:?}");
    }
    assert_eq!(plain(&event(json!({}), stop)).first().citations, None);
}
