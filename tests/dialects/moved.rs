//! Conversations that go on elsewhere, or otherwise than they began.

use serde_json::{Value, json};

use crate::*;

fn sent(
    client: &Resolved<ClientOptions>,
    messages: Value,
    more: Value,
) -> (String, Value, Vec<String>) {
    let mut asked = json!({"messages": messages});
    asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let prepared = prepare(client, &request(asked), false).unwrap();
    let body = serde_json::from_slice(&prepared.http.body).unwrap();
    (prepared.http.url, body, prepared.adjusted)
}

fn user(text: &str) -> Value {
    json!({"role": "user", "content": text})
}

fn tools() -> Value {
    json!([{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}])
}

fn called() -> [Value; 2] {
    let call =
        json!({"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    [
        json!({"role": "assistant", "content": null, "tool_calls": [call]}),
        json!({"role": "tool", "tool_call_id": "c1", "content": "1"}),
    ]
}

#[test]
fn deepseek_has_a_thought_with_all_that_the_assistant_says_beside_tools() {
    let deepseek = client("deepseek", "deepseek-flash");
    let said = json!([user("Hi"), {"role": "assistant", "content": "Hello."}, user("So?")]);
    let (_, body, _) = sent(&deepseek, said.clone(), json!({"tools": tools()}));
    assert_eq!(body["messages"][1]["reasoning_content"], "");
    let (_, body, _) = sent(&deepseek, said, json!({}));
    assert!(body["messages"][1]["reasoning_content"].is_null());
    let [call, result] = called();
    let said =
        json!([user("Hi"), call, result, {"role": "assistant", "content": "1"}, user("So?")]);
    let (_, body, _) = sent(&deepseek, said.clone(), json!({}));
    assert_eq!(body["messages"][3]["reasoning_content"], "");
    // Kimi's K2.6 wants one with calls alone.
    let (_, body, _) = sent(&client("kimi", "kimi-k2.6"), said, json!({}));
    assert!(body["messages"][3]["reasoning_content"].is_null());
}

fn at(base: &str) -> Resolved<ClientOptions> {
    options(&[("provider", "custom"), ("model", "m"), ("api_key", "k"), ("base_url", base)])
}

#[test]
fn mistral_hears_the_assistant_between_a_result_and_the_user_and_nothing_that_says_nothing() {
    let mistral = at("https://api.mistral.ai/v1");
    let [call, result] = called();
    let (_, body, notes) =
        sent(&mistral, json!([user("Hi"), call, result, user("Next")]), json!({}));
    let roles: Vec<_> = (0..5).map(|at| body["messages"][at]["role"].clone()).collect();
    assert_eq!(roles, ["user", "assistant", "tool", "assistant", "user"]);
    assert!(notes[0].contains("a word of the assistant's"), "{notes:?}");
    let silent = json!([user("Hi"), {"role": "assistant", "content": ""}, user("So?")]);
    for client in [mistral, client("cohere", "command-a-03-2025")] {
        let (_, body, notes) = sent(&client, silent.clone(), json!({}));
        assert_eq!(body["messages"].as_array().unwrap().len(), 2);
        assert!(notes[0].contains("says nothing"), "{notes:?}");
    }
    let begun = json!([user("Hi"), {"role": "assistant", "content": "", "prefix": true}]);
    let (_, body, _) = sent(&at("https://api.mistral.ai/v1"), begun, json!({}));
    assert_eq!(body["messages"][1]["prefix"], true);
}

#[test]
fn what_a_host_refuses_of_anothers_answer_stays_out() {
    let call = json!({"id": "abcdefghi", "type": "function",
        "function": {"name": "f", "arguments": "{}"}, "extra_content": {"google": {}}});
    let said = json!([user("Hi"),
        {"role": "assistant", "content": null, "refusal": "No.", "annotations": []},
        user("So?"),
        {"role": "assistant", "content": "a", "annotations": [], "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "abcdefghi", "content": "1"}]);
    for base in [
        "https://api.groq.com/openai/v1",
        "https://api.cerebras.ai/v1",
        "https://api.mistral.ai/v1",
    ] {
        let (_, body, _) = sent(&at(base), said.clone(), json!({}));
        assert_eq!(body["messages"][1]["content"], "No.", "{base}");
        let text = body.to_string();
        for name in ["refusal", "annotations", "extra_content"] {
            assert!(!text.contains(name), "{base}: {name}");
        }
    }
    let (_, body, _) = sent(&at("https://example.test/v1"), said, json!({}));
    assert_eq!(body["messages"][1]["refusal"], "No.");
    assert_eq!(body["messages"][3]["tool_calls"][0]["extra_content"], json!({"google": {}}));
}

#[test]
fn what_began_in_responses_goes_on_there_also_without_tools() {
    let openai = options(&[("model", "gpt-5.6-sol"), ("api_key", "k")]);
    let asked = request(json!({"messages": [user("Hi")], "tools": tools()}));
    let (dialect, context) = reader(&openai, &asked);
    let answer = json!({"id": "r", "status": "completed", "model": "gpt-5.6-sol", "output": [
        {"type": "reasoning", "id": "rs", "summary": [], "encrypted_content": "SEALED"},
        {"type": "function_call", "id": "fc", "call_id": "c1", "name": "f", "arguments": "{}"}]});
    let answer = dialect.reply(&context, &head(200, &[]), answer.to_string().as_bytes()).unwrap();
    let said = json!([user("Hi"), answer.first().message.value(), called()[1]]);
    let (url, body, _) = sent(&openai, said.clone(), json!({}));
    assert!(url.ends_with("/responses") && body.to_string().contains("SEALED"), "{url} {body}");
    let (url, _, _) = sent(&openai, said, json!({"n": 2, "reasoning_effort": "none"}));
    assert!(url.ends_with("/chat/completions"), "{url}");
}

#[test]
fn a_model_under_its_longer_name_is_the_same() {
    let name = |model: &str| client("gemini", model);
    let asked = request(json!({"messages": [user("Hi")]}));
    let (dialect, context) = reader(&name("gemini-3.8-flash"), &asked);
    let answer = json!({"candidates": [{"content": {"role": "model", "parts": [
        {"text": "a", "thoughtSignature": "SIG"}]}, "finishReason": "STOP"}]});
    let answer = dialect.reply(&context, &head(200, &[]), answer.to_string().as_bytes()).unwrap();
    let said = json!([user("Hi"), answer.first().message.value(), user("So?")]);
    let (_, body, _) = sent(&name("models/gemini-3.8-flash"), said.clone(), json!({}));
    assert!(body.to_string().contains("SIG"), "{body}");
    let (_, body, _) = sent(&name("gemini-3.7-flash"), said, json!({}));
    assert!(!body.to_string().contains("SIG"), "{body}");
}
