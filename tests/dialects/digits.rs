//! Numbers of more digits than a double holds, in what functions are given and
//! answer: they come and go as they were written.

use serde_json::{Value, json};

use crate::*;

/// Longer than 64 bits, longer than a double, and a form that a tree would not keep.
const GIVEN: &str = r#"{ "id": 123456789012345678901234567890, "x": 0.1234567890123456789, "e": 1.50E+2, "u": 18446744073709551616 }"#;

/// The dialects in which a call is given an object, with a plain answer that has it.
const PLAIN: [(&str, &str, &str); 6] = [
    (
        "anthropic",
        "claude-sonnet-5-5",
        r#"{"id": "m", "model": "m", "stop_reason": "tool_use", "content": [
            {"type": "tool_use", "id": "a", "name": "f", "input": GIVEN}]}"#,
    ),
    (
        "gemini",
        "gemini-3.8-flash",
        r#"{"candidates": [{"finishReason": "STOP", "content": {"parts": [
            {"functionCall": {"name": "f", "args": GIVEN}, "thoughtSignature": "U2ln"}]}}]}"#,
    ),
    (
        "ollama",
        "qwen3",
        r#"{"model": "m", "done": true, "done_reason": "stop", "message": {"role": "assistant",
            "content": "", "tool_calls": [{"function": {"name": "f", "arguments": GIVEN}}]}}"#,
    ),
    (
        "cohere",
        "command-a-03-2025",
        r#"{"id": "c", "finish_reason": "TOOL_CALL", "message": {"role": "assistant",
            "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": GIVEN}}]}}"#,
    ),
    (
        "siliconflow",
        "m",
        r#"{"id": "c", "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
            "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": GIVEN}}]}}]}"#,
    ),
    (
        "responses",
        "gpt-6-sol",
        r#"{"id": "r", "status": "completed", "output": [{"type": "function_call", "id": "f",
            "call_id": "a", "name": "f", "arguments": GIVEN}]}"#,
    ),
];

fn ask() -> Value {
    json!({"role": "user", "content": "Hi"})
}

/// What is sent, as text.
fn sent(client: &Resolved<ClientOptions>, said: &[Value]) -> String {
    let prepared = prepare(client, &request(json!({"messages": said})), false).unwrap();
    String::from_utf8(prepared.http.body).unwrap()
}

#[test]
fn arguments_that_come_as_an_object_are_the_vendors_own_text_and_go_back_so() {
    for (provider, model, answer) in PLAIN {
        let client = any_request::client_of(provider, model);
        let (dialect, context) = reader(&client, &request(json!({"messages": [ask()]})));
        let answer = answer.replace("GIVEN", GIVEN);
        let response = dialect.reply(&context, &head(200, &[]), answer.as_bytes()).unwrap();
        assert_eq!(response.first().tool_calls[0].arguments, GIVEN, "{provider}");
        let message = response.first().message.value().into_owned();
        let id = message["tool_calls"][0]["id"].clone();
        let result = json!({"role": "tool", "tool_call_id": id, "content": "3"});
        let said = sent(&client, &[ask(), message, result]);
        let as_text = Value::from(GIVEN).to_string();
        let (object, text) = (said.contains(GIVEN), said.contains(&as_text));
        let takes_objects = matches!(provider, "anthropic" | "gemini" | "ollama");
        // Responses has its items back as they came, and this host's was an object.
        assert!(if takes_objects { object } else { text || provider == "responses" }, "{said}");
    }
}

#[test]
fn arguments_that_are_sent_as_an_object_keep_every_digit() {
    let call = json!({"id": "a", "type": "function",
        "function": {"name": "f", "arguments": GIVEN}});
    let said = [
        ask(),
        json!({"role": "assistant", "tool_calls": [call]}),
        json!({"role": "tool", "tool_call_id": "a", "content": "3"}),
    ];
    for (provider, model) in
        [("anthropic", "claude-sonnet-5-5"), ("gemini", "gemini-3.8-flash"), ("ollama", "qwen3")]
    {
        let sent = sent(&client(provider, model), &said);
        assert!(sent.contains(GIVEN), "{sent}");
        serde_json::from_str::<Value>(&sent).unwrap();
    }
}

#[test]
fn arguments_that_a_caller_gives_as_an_object_keep_every_digit() {
    let call = format!(r#"{{"id":"a","function":{{"name":"f","arguments":{GIVEN}}}}}"#);
    let other = r#"{"id":"b","function":{"name":"g","arguments":{ "n": 1 }}}"#;
    let asks = format!(r#"{{"role":"assistant","tool_calls":[{call},{other}]}}"#);
    let results = ["a", "b"]
        .map(|id| json!({"role": "tool", "tool_call_id": id, "content": "3"}).to_string());
    let whole = format!(r#"{{"messages":[{},{asks},{}]}}"#, ask(), results.join(","));
    let mut added = Request::new();
    for message in [&ask().to_string(), &asks, &results[0], &results[1]] {
        added.add_message_json(message).unwrap();
    }
    for request in [Request::from_json(&whole).unwrap(), added] {
        for (provider, model, digits) in [
            ("anthropic", "claude-sonnet-5-5", GIVEN.to_string()),
            ("gemini", "gemini-3.8-flash", GIVEN.to_string()),
            ("openai", "gpt-4o", Value::from(GIVEN).to_string()),
        ] {
            let prepared = prepare(&client(provider, model), &request, false).unwrap();
            let sent = String::from_utf8(prepared.http.body).unwrap();
            assert!(sent.contains(&digits), "{provider}: {sent}");
        }
        assert_eq!(request.messages[1].tool_calls[1].arguments, r#"{"n":1}"#);
    }
}

#[test]
fn a_streamed_call_goes_back_with_every_digit() {
    let events = [
        json!({"type": "message_start", "message": {"id": "m", "model": "m"}}),
        json!({"type": "content_block_start", "index": 0, "content_block":
            {"type": "tool_use", "id": "a", "name": "f", "input": {}}}),
        json!({"type": "content_block_delta", "index": 0, "delta":
            {"type": "input_json_delta", "partial_json": GIVEN}}),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}}),
        json!({"type": "message_stop"}),
    ];
    let client = client("anthropic", "claude-sonnet-5-5");
    let (dialect, context) = reader(&client, &request(json!({"messages": [ask()]})));
    let (_, response) = stream(dialect, &context, &sse(&events)).unwrap();
    assert_eq!(response.first().tool_calls[0].arguments, GIVEN);
    let result = json!({"role": "tool", "tool_call_id": "a", "content": "3"});
    let message = response.first().message.value().into_owned();
    let sent_back = sent(&client, &[ask(), message.clone(), result.clone()]);
    assert!(sent_back.contains(GIVEN), "{sent_back}");
    // A block that the caller has changed since is sent as it is now.
    let mut changed = message;
    changed["mynah"]["blocks"][0]["input"] = json!({"id": 1});
    let sent_back = sent(&client, &[ask(), changed, result]);
    assert!(sent_back.contains(r#""input":{"id":1}"#), "{sent_back}");
}

#[test]
fn a_result_that_gemini_gets_as_an_object_keeps_every_digit() {
    let call = json!({"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let said = |result: &str| {
        [
            ask(),
            json!({"role": "assistant", "tool_calls": [call]}),
            json!({"role": "tool", "tool_call_id": "a", "content": result}),
        ]
    };
    let gemini = client("gemini", "gemini-3.8-flash");
    let list = format!("[{GIVEN}]");
    assert!(sent(&gemini, &said(GIVEN)).contains(&format!("\"response\":{GIVEN}")));
    assert!(sent(&gemini, &said(&list)).contains(&format!("\"output\":{list}")));
}
