//! What is said in full to hosts that guess nothing, and in one where they take but one.

use serde_json::{Value, json};

use crate::*;

/// A request with one function of this schema.
fn with_schema(parameters: Option<Value>) -> Request {
    let mut function = json!({"name": "f"});
    if let Some(parameters) = parameters {
        function["parameters"] = parameters;
    }
    request(json!({"messages": [{"role": "user", "content": "Hi"}],
        "tools": [{"type": "function", "function": function}]}))
}

#[test]
fn a_functions_schema_says_that_it_is_an_objects_where_hosts_guess_nothing() {
    let sent = |client: &Resolved<ClientOptions>, schema: Option<Value>| {
        body(client, &with_schema(schema))["tools"][0]["function"]["parameters"].clone()
    };
    let empty = json!({"type": "object", "properties": {}});
    let typed = json!({"properties": {"a": {"type": "string"}}});
    for provider in ["custom", "deepseek", "siliconflow", "huggingface", "kimi"] {
        let sent = |schema| sent(&client(provider, "m"), schema);
        for none in
            [None, Some(json!({})), Some(json!({"type": null})), Some(json!({"type": "object"}))]
        {
            assert_eq!(sent(none.clone()), empty, "{provider}: {none:?}");
        }
        let got = sent(Some(typed.clone()));
        assert_eq!((&got["type"], &got["properties"]), (&json!("object"), &typed["properties"]));
        // Kimi takes no choice here.
        if provider != "kimi" {
            let choice = json!({"anyOf": [{"required": ["a"]}]});
            let typed = json!({"anyOf": [{"required": ["a"]}], "type": "object"});
            assert_eq!(sent(Some(choice)), typed, "{provider}");
        }
    }
    // OpenAI says what is meant where there are none.
    let openai = options(&[("model", "gpt-4o"), ("api_key", "k")]);
    assert_eq!(sent(&openai, None), Value::Null);
}

/// What is sent for these messages.
fn sent(client: &Resolved<ClientOptions>, messages: &Value) -> Value {
    body(client, &request(json!({"messages": messages})))["messages"].take()
}

#[test]
fn what_the_system_says_at_first_is_one_message_where_templates_take_no_more() {
    let said = json!([
        {"role": "system", "content": "Be brief."}, {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hi"}, {"role": "system", "content": "It is late."}]);
    let mut one = json!([{"role": "system", "content": "Be brief.\n\nBe kind."}]);
    one.as_array_mut().unwrap().extend(said.as_array().unwrap()[2..].iter().cloned());
    for provider in ["custom", "siliconflow", "huggingface"] {
        assert_eq!(sent(&client(provider, "m"), &said), one, "{provider}");
    }
    for provider in ["deepseek", "kimi"] {
        assert_eq!(sent(&client(provider, "m"), &said), said, "{provider}");
    }
    assert_eq!(sent(&options(&[("model", "gpt-4o"), ("api_key", "k")]), &said), said);
    // What has more than a text stays what it is.
    let marked = json!([{"type": "text", "text": "B", "cache_control": {"type": "ephemeral"}}]);
    let said = json!([{"role": "system", "content": "A"}, {"role": "system", "content": marked},
        {"role": "user", "content": "Hi"}]);
    assert_eq!(sent(&client("custom", "m"), &said), said);
}

#[test]
fn a_result_of_texts_alone_is_one_text_where_parts_may_be_refused() {
    let said = |parts: &Value| {
        let call = json!({"id": "c1", "type": "function",
            "function": {"name": "f", "arguments": "{}"}});
        json!([{"role": "user", "content": "Go"},
            {"role": "assistant", "content": null, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": parts}])
    };
    let result = |client: &Resolved<ClientOptions>, parts: &Value| {
        sent(client, &said(parts))[2]["content"].clone()
    };
    let texts = json!([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]);
    for provider in ["custom", "siliconflow", "kimi", "huggingface", "deepseek"] {
        assert_eq!(result(&client(provider, "m"), &texts), "a\n\nb", "{provider}");
    }
    let openai = options(&[("model", "gpt-4o"), ("api_key", "k")]);
    assert_eq!(result(&openai, &texts), texts);
    let image = json!({"type": "image_url", "image_url": {"url": "https://example.test/a.png"}});
    let marked = json!({"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}});
    for other in [image, marked] {
        let parts = json!([{"type": "text", "text": "a"}, other]);
        assert_eq!(result(&client("custom", "m"), &parts), parts);
    }
}
