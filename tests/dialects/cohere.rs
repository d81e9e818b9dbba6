//! Cohere's answers: calls without arguments, and probabilities.

use serde_json::{Value, json};

use crate::*;

fn asked() -> (&'static dyn Provider, Context) {
    let hi = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    reader(&client("cohere", "m"), &hi)
}

fn read(events: &[Value]) -> Response {
    let (dialect, context) = asked();
    stream(dialect, &context, &sse(events)).unwrap().1
}

fn plain(answer: &Value) -> Response {
    let (dialect, context) = asked();
    dialect.reply(&context, &head(200, &[]), answer.to_string().as_bytes()).unwrap()
}

#[test]
fn a_call_without_arguments_goes_back_with_an_empty_object() {
    let call = |arguments: Value| {
        json!({"id": "c1", "type": "function",
            "function": {"name": "now", "arguments": arguments}})
    };
    let streamed = |arguments: Value| {
        read(&[
            json!({"type": "tool-call-start", "index": 0,
                "delta": {"message": {"tool_calls": call(arguments)}}}),
            json!({"type": "tool-call-end", "index": 0}),
            json!({"type": "message-end", "delta": {"finish_reason": "TOOL_CALL"}}),
        ])
    };
    let whole = |arguments: Value| {
        plain(&json!({"id": "i", "finish_reason": "TOOL_CALL",
            "message": {"role": "assistant", "tool_calls": [call(arguments)]}}))
    };
    for arguments in [json!(""), Value::Null] {
        for response in [streamed(arguments.clone()), whole(arguments.clone())] {
            let blocks = &response.first().message.value()["mynah"]["blocks"];
            assert_eq!(blocks[0]["tool_calls"], json!([call("{}".into())]), "{arguments}");
        }
    }
}

#[test]
fn probabilities_are_kept_streamed_as_plain() {
    let probable = |text: &str| json!({"text": text, "token_ids": [7], "logprobs": [-0.5]});
    let delta = |text: &str| {
        json!({"type": "content-delta", "index": 0, "logprobs": probable(text),
            "delta": {"message": {"content": {"text": text}}}})
    };
    let streamed = read(&[
        json!({"type": "message-start", "id": "i"}),
        delta("Hi"),
        delta(" you"),
        json!({"type": "message-end", "delta": {"finish_reason": "COMPLETE"}}),
    ]);
    let all = json!([probable("Hi"), probable(" you")]);
    let whole = plain(&json!({"id": "i", "finish_reason": "COMPLETE", "logprobs": all,
        "message": {"role": "assistant", "content": [{"type": "text", "text": "Hi you"}]}}));
    for response in [streamed, whole] {
        assert_eq!((response.text(), &response.first().logprobs), ("Hi you", &Some(all.clone())));
    }
}
