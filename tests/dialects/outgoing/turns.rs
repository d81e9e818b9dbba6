//! The turns of a conversation as they are sent.

use super::*;

#[test]
fn results_that_do_not_say_which_call_they_answer_answer_in_order() {
    let call = |name: &str| json!({"id": "", "function": {"name": name, "arguments": "{}"}});
    let asked = request(json!({"messages": [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "", "tool_calls": [call("f"), call("g")]},
        {"role": "tool", "content": "1"}, {"role": "tool", "content": "2", "tool_call_id": ""}]}));
    let sent = body(&client("custom", "m"), &asked);
    let messages = &sent["messages"];
    for (place, result) in [(0, 2), (1, 3)] {
        let id = &messages[1]["tool_calls"][place]["id"];
        assert!(id.is_string() && *id == messages[result]["tool_call_id"], "{sent}");
    }
    let gemini = body(&client("gemini", "gemini-3.8-flash"), &asked);
    assert!(gemini.to_string().contains("functionResponse"), "{gemini}");
    let alone = json!({"messages": [{"role": "tool", "content": "1"}]}).to_string();
    let refused = Request::from_json(&alone).unwrap_err().to_string();
    assert!(refused.contains("tool_call_id"), "{refused}");
}

#[test]
fn a_call_without_arguments_goes_back_with_none_in_json() {
    let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": ""}});
    let said = request(json!({"messages": [{"role": "user", "content": "Hi"},
        {"role": "assistant", "content": null, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "1"}]}));
    let sent = body(&client("custom", "qwen-plus"), &said);
    assert_eq!(sent["messages"][1]["tool_calls"][0]["function"]["arguments"], "{}");
}

#[test]
fn results_of_one_turn_stand_together_before_the_users_words() {
    let request = request(json!({"messages": [
        {"role": "user", "content": "Two things"},
        {"role": "assistant", "content": null, "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}},
            {"id": "b", "type": "function", "function": {"name": "g", "arguments": ""}},
        ]},
        {"role": "tool", "tool_call_id": "a", "content": "1"},
        {"role": "user", "content": "Well?"},
        {"role": "tool", "tool_call_id": "b", "content": "2", "is_error": true},
    ]}));
    let sent = body(&client("anthropic", "claude-sonnet-5-5"), &request);
    let blocks = sent["messages"][2]["content"].as_array().unwrap();
    let kinds: Vec<_> = blocks.iter().map(|block| block["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["tool_result", "tool_result", "text"]);
    assert_eq!(blocks[1]["is_error"], true);
    check("anthropic", &sent);
    let sent = body(&client("gemini", "gemini-2.5-flash"), &request);
    assert_eq!(sent["contents"][2]["parts"][0]["functionResponse"]["name"], "f");
    assert_eq!(sent["contents"][2]["parts"][1]["functionResponse"]["response"]["error"], "2");
    assert_eq!(sent["contents"][3], json!({"role": "user", "parts": [{"text": "Well?"}]}));
    check("gemini", &sent);
}

#[test]
fn a_conversation_without_a_message_is_not_sent() {
    for name in ["openai", "anthropic", "gemini", "cohere", "ollama", "kimi"] {
        let client = client(name, "m");
        let prepare = |request: &Request| {
            let dialect = provider_for(&client.values, request);
            dialect.prepare(&Chat { request, options: &client, stream: false })
        };
        let error = prepare(&Request::new()).unwrap_err();
        assert_eq!(error.status(), Status::InvalidArgument, "{name}: {error}");
        assert!(error.to_string().contains("messages"), "{name}: {error}");
        let mut own = Request::new();
        own.set("extra_json", r#"{"contents": [], "messages": [{"role": "user"}]}"#).unwrap();
        assert!(prepare(&own).is_ok(), "{name}");
    }
}

#[test]
fn a_system_message_alone_is_sent_where_it_is_a_message() {
    let request = request(json!({"messages": [{"role": "system", "content": "Be brief."}]}));
    for name in ["openai", "cohere", "ollama", "kimi"] {
        let sent = body(&client(name, "m"), &request);
        assert_eq!(sent["messages"].as_array().map(Vec::len), Some(1), "{name}: {sent}");
    }
    for name in ["anthropic", "gemini"] {
        let (status, words) = refused(&client(name, "m"), &request);
        assert_eq!(status, Status::InvalidArgument, "{name}: {words}");
        assert!(words.contains("messages") && words.contains("system's"), "{name}: {words}");
    }
}

#[test]
fn a_message_of_nothing_has_an_empty_text_where_one_must_be() {
    let turns = |content: Value| {
        request(json!({"messages": [
            {"role": "system", "content": content}, {"role": "user", "content": content},
            {"role": "assistant", "content": content}, {"role": "user", "content": "Hi"}]}))
    };
    for content in [json!([]), Value::Null, json!("")] {
        let sent = body(&client("openai", "gpt-4o"), &turns(content));
        check("openai", &sent);
        for message in &sent["messages"].as_array().unwrap()[..3] {
            assert_eq!(message["content"], "");
        }
    }
}

#[test]
fn gemini_gets_the_digits_of_a_result_as_the_tool_wrote_them() {
    let call =
        json!([{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]);
    let output = |text: &str| {
        let asked = request(json!({"messages": [{"role": "user", "content": "Hi"},
            {"role": "assistant", "tool_calls": call},
            {"role": "tool", "tool_call_id": "c", "content": text}]}));
        body(&client("gemini", "gemini-3.8-flash"), &asked)["contents"][2]["parts"][0]
            ["functionResponse"]["response"].clone()
    };
    for text in ["12345678901234567890123", "1.10", "true", "4 degrees"] {
        assert_eq!(output(text), json!({"output": text}));
    }
    assert_eq!(output("[1]"), json!({"output": [1]}));
    assert_eq!(output(r#"{"a": 1}"#), json!({"a": 1}));
}
