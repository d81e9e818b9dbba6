//! Answers of every dialect, drawn at random, as messages of a conversation: with
//! thoughts and signatures, calls, and what only their vendor understands.

use fastrand::Rng;
use serde_json::{Value, json};

use crate::*;

/// A provider, a model, and what makes an answer of it.
type Answers = (&'static str, &'static str, fn(&mut Rng) -> Value);

/// What a provider has signed, and the model that alone may have it back.
pub const SIGNED: [(&str, &str); 3] = [
    ("YW50aHJvcGlj", "claude-opus-5-5"),
    ("Z2VtaW5p", "gemini-3.8-flash"),
    ("cmVzcG9uc2Vz", "gpt-6-sol"),
];

/// An answer's message in OpenAI's form, with what is kept of the vendor's own.
pub fn message(random: &mut Rng) -> Value {
    const DIALECTS: [Answers; 8] = [
        ("openai", "gpt-4o", openai),
        ("deepseek", "deepseek-flash", chat),
        ("huggingface", "openai/gpt-oss-20b", chat),
        ("responses", "gpt-6-sol", responses),
        ("anthropic", "claude-opus-5-5", anthropic),
        ("gemini", "gemini-3.8-flash", gemini),
        ("cohere", "command-a-03-2025", cohere),
        ("ollama", "qwen3", ollama),
    ];
    let (provider, model, answer) = DIALECTS[random.usize(..DIALECTS.len())];
    let client = super::any_request::client_of(provider, model);
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let (dialect, context) = reader(&client, &asked);
    let answer = answer(random).to_string();
    let response = dialect.reply(&context, &head(200, &[]), answer.as_bytes()).unwrap();
    response.first().message.value().into_owned()
}

/// Some of these, in their order.
fn some(random: &mut Rng, all: &[Value]) -> Vec<Value> {
    all.iter().filter(|_| random.bool()).cloned().collect()
}

fn said(random: &mut Rng) -> Value {
    ["It is 3 degrees.", "", "\n\n", " a"][random.usize(..4)].into()
}

fn id(random: &mut Rng, prefix: &str) -> String {
    format!("{prefix}{:08x}", random.u32(..))
}

fn calls(random: &mut Rng, arguments: fn(&str) -> Value) -> Value {
    let call = |random: &mut Rng| {
        json!({"id": id(random, "call_"), "type": "function",
            "function": {"name": "weather", "arguments": arguments(r#"{"city":"Oslo"}"#)}})
    };
    (0..random.usize(..3)).map(|_| call(random)).collect()
}

fn openai(random: &mut Rng) -> Value {
    let mut answer = chat(random);
    let message = answer["choices"][0]["message"].as_object_mut().unwrap();
    message.shift_remove("reasoning_content");
    answer
}

fn chat(random: &mut Rng) -> Value {
    let mut message = json!({"role": "assistant", "content": said(random), "refusal": null,
        "annotations": [], "audio": null, "function_call": null, "reasoning_content": "Hm"});
    let calls = calls(random, |text| text.into());
    if calls != json!([]) {
        message["tool_calls"] = calls;
    }
    let own = ["annotations", "audio", "function_call", "reasoning_content"];
    message.as_object_mut().unwrap().retain(|key, _| !own.contains(&&**key) || random.bool());
    json!({"id": "c", "model": "m", "choices": [
        {"index": 0, "message": message, "finish_reason": "stop"}]})
}

fn responses(random: &mut Rng) -> Value {
    let call = |random: &mut Rng| {
        json!({"type": "function_call", "id": id(random, "fc_"), "call_id": id(random, "call_"),
            "name": "weather", "arguments": "{\"city\":\"Oslo\"}", "status": "completed"})
    };
    let all = [
        json!({"type": "reasoning", "id": "rs_1", "summary": [
            {"type": "summary_text", "text": "Hm"}], "encrypted_content": SIGNED[2].0}),
        json!({"type": "web_search_call", "id": "ws_1", "status": "completed",
            "action": {"type": "search", "query": "q"}}),
        json!({"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
            "content": [{"type": "output_text", "text": said(random), "annotations": [],
                "logprobs": []}]}),
        call(random),
        call(random),
    ];
    json!({"id": "r", "status": "completed", "model": "m", "output": some(random, &all)})
}

fn anthropic(random: &mut Rng) -> Value {
    let call = |random: &mut Rng| {
        json!({"type": "tool_use", "id": id(random, "toolu_"), "name": "weather",
            "input": {"city": "Oslo"}})
    };
    let all = [
        json!({"type": "thinking", "thinking": "Hm", "signature": SIGNED[0].0}),
        json!({"type": "redacted_thinking", "data": SIGNED[0].0}),
        json!({"type": "text", "text": said(random)}),
        call(random),
        call(random),
    ];
    json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-opus-5-5",
        "content": some(random, &all), "stop_reason": "end_turn",
        "usage": {"input_tokens": 1, "output_tokens": 1}})
}

fn gemini(random: &mut Rng) -> Value {
    let call = |random: &mut Rng| {
        let mut call = json!({"name": "weather", "args": {"city": "Oslo"}});
        if random.bool() {
            call["id"] = id(random, "").into();
        }
        json!({"functionCall": call, "thoughtSignature": SIGNED[1].0})
    };
    let all = [
        json!({"text": "Hm", "thought": true}),
        json!({"text": said(random), "thoughtSignature": SIGNED[1].0}),
        json!({"executableCode": {"language": "PYTHON", "code": "1"}}),
        json!({"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}),
        call(random),
        call(random),
    ];
    json!({"candidates": [{"index": 0, "finishReason": "STOP",
        "content": {"role": "model", "parts": some(random, &all)}}]})
}

fn cohere(random: &mut Rng) -> Value {
    let mut message = json!({"role": "assistant", "content": [
        {"type": "thinking", "thinking": "Hm"}, {"type": "text", "text": said(random)}]});
    let calls = calls(random, |text| text.into());
    if calls != json!([]) {
        message = json!({"role": "assistant", "tool_plan": "I will look", "tool_calls": calls});
    }
    json!({"id": "c", "finish_reason": "COMPLETE", "message": message})
}

fn ollama(random: &mut Rng) -> Value {
    let calls = calls(random, |text| serde_json::from_str(text).unwrap());
    json!({"model": "qwen3", "done": true, "done_reason": "stop", "message": {
        "role": "assistant", "content": said(random), "thinking": "Hm", "tool_calls": calls}})
}
