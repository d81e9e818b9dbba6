//! Requests in forms that a vendor refuses: they are put so that it takes them, and told,
//! or refused before they are sent.

use mynah::error::Status;
use serde_json::{Value, json};

use crate::*;

fn user(content: &Value) -> Value {
    json!({"role": "user", "content": content})
}

/// What is sent of these messages, and what is told of it.
fn messages(client: &Resolved<ClientOptions>, messages: Value) -> (Value, Vec<String>) {
    let asked = request(json!({"messages": messages}));
    let prepared = prepare(client, &asked, false).unwrap();
    let mut body: Value = serde_json::from_slice(&prepared.http.body).unwrap();
    (body["messages"].take(), prepared.adjusted)
}

/// The status of a request that is refused before it is sent.
fn refused(client: &Resolved<ClientOptions>, asked: Value) -> Status {
    prepare(client, &request(asked), false).map(|_| ()).unwrap_err().status()
}

/// The schema of a function's arguments as it is sent, and what is told of it.
fn schema(client: &Resolved<ClientOptions>, schema: &Value, strict: bool) -> (Value, Vec<String>) {
    let function = json!({"name": "f", "parameters": schema, "strict": strict});
    let asked = request(json!({"messages": [user(&"Hi".into())],
        "tools": [{"type": "function", "function": function}]}));
    let prepared = prepare(client, &asked, false).unwrap();
    let body: Value = serde_json::from_slice(&prepared.http.body).unwrap();
    let tool = &body["tools"][0];
    let own = [&tool["function"]["parameters"], &tool["input_schema"]];
    (own.into_iter().find(|one| one.is_object()).unwrap().clone(), prepared.adjusted)
}

#[test]
fn kimi_gets_no_message_of_the_users_that_says_nothing() {
    let kimi = client("kimi", "kimi-k3");
    for nothing in [json!(""), json!([])] {
        let (sent, told) = messages(&kimi, json!([user(&nothing), user(&"a".into())]));
        assert_eq!(sent, json!([user(&"a".into())]));
        assert_eq!(told, ["messages: left out: a message in which the user says nothing"]);
    }
    let (sent, told) = messages(&client("custom", "m"), json!([user(&"".into())]));
    assert_eq!((sent, told.len()), (json!([user(&"".into())]), 0));
}

#[test]
fn what_the_head_of_a_functions_schema_refers_to_stands_in_its_place() {
    let node = json!({"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}},
        "required": ["next"]});
    let given = json!({"$ref": "#/$defs/Node", "$defs": {"Node": node}});
    for (client, strict) in [
        (client("kimi", "kimi-k3"), false),
        (client("anthropic", "claude-haiku-5-5"), false),
        (client("anthropic", "claude-haiku-5-5"), true),
        (client("openai", "gpt-5.1"), false),
    ] {
        let (sent, _) = schema(&client, &given, strict);
        assert_eq!(sent["type"], "object", "{sent}");
        assert_eq!(sent["properties"], node["properties"], "{sent}");
        assert_eq!(sent["required"], node["required"], "{sent}");
        assert!(sent["$ref"].is_null() && sent["$defs"]["Node"].is_object(), "{sent}");
    }
    // One that leads round and round, or nowhere, is left as it is.
    for lost in [
        json!({"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}}),
        json!({"$ref": "#/none"}),
    ] {
        assert_eq!(
            schema(&client("anthropic", "claude-haiku-5-5"), &lost, false).0["$ref"],
            lost["$ref"]
        );
    }
}

#[test]
fn arguments_that_may_be_null_too_are_an_object_to_kimi() {
    let given = json!({"type": ["object", "null"], "properties": {"a": {"type": "string"}}});
    let (sent, _) = schema(&client("kimi", "kimi-k3"), &given, false);
    assert_eq!(sent, json!({"type": "object", "properties": {"a": {"type": "string"}}}));
}

#[test]
fn a_choice_at_the_head_is_told_as_properties_wherever_openais_api_is() {
    let given = json!({"anyOf": [{"type": "object", "properties": {"a": {"type": "string"}}}]});
    let (sent, told) = schema(&client("openai", "gpt-5.1"), &given, false);
    assert_eq!(sent, json!({"type": "object", "properties": {"a": {"type": "string"}}}));
    assert_eq!(told.len(), 1, "{told:?}");
}

fn file(data: &str) -> Value {
    json!([{"type": "file", "file": {"file_data": data}}])
}

#[test]
fn claude_gets_texts_pdfs_and_images_each_in_its_block_and_nothing_else() {
    let claude = client("anthropic", "claude-sonnet-5-5");
    let block =
        |data: &str| messages(&claude, json!([user(&file(data))])).0[0]["content"][0].clone();
    for mime in ["application/json", "text/csv", "Text/Plain; charset=utf-8"] {
        let source = json!({"type": "text", "media_type": "text/plain", "data": "{}"});
        let block = block(&format!("data:{mime};base64,e30="));
        assert_eq!((&block["type"], &block["source"]), (&json!("document"), &source), "{mime}");
    }
    let pdf = block("DATA:application/pdf;BASE64,JVBERi0=");
    assert_eq!(pdf["source"]["media_type"], "application/pdf");
    let image = block("data:image/png;base64,iVBORw0=");
    assert_eq!(
        (&image["type"], &image["source"]["media_type"]),
        (&json!("image"), &json!("image/png"))
    );
    for mime in ["application/msword", "audio/mpeg", "image/bmp"] {
        let asked = json!({"messages": [user(&file(&format!("data:{mime};base64,AAAA")))]});
        assert_eq!(refused(&claude, asked), Status::BadRequest, "{mime}");
    }
}

#[test]
fn a_mark_on_a_message_is_on_its_last_block_and_not_told_as_left_out() {
    let claude = client("anthropic", "claude-sonnet-5-5");
    let mark = json!({"type": "ephemeral"});
    let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let result =
        json!({"role": "tool", "tool_call_id": "c", "content": "r", "cache_control": mark});
    for content in [json!("t"), Value::Null] {
        let said = json!({"role": "assistant", "content": content, "tool_calls": [call],
            "cache_control": mark});
        let mut first = user(&"q".into());
        first["cache_control"] = mark.clone();
        let (sent, told) = messages(&claude, json!([first, said, result]));
        assert_eq!(told, [""; 0]);
        assert_eq!(sent[0]["content"][0]["cache_control"], mark);
        let blocks = sent[1]["content"].as_array().unwrap();
        let marked: Vec<_> = blocks.iter().map(|b| b["cache_control"] == mark).collect();
        assert_eq!(marked.iter().rposition(|marked| *marked), Some(blocks.len() - 1));
        assert_eq!(marked.iter().filter(|marked| **marked).count(), 1);
    }
}

#[test]
fn openai_gets_no_fields_of_other_vendors_in_what_the_assistant_said() {
    let openai = options(&[
        ("provider", "openai"),
        ("model", "gpt-5.1"),
        ("api_key", "k"),
        ("openai_api", "chat"),
    ]);
    for (field, value) in [
        ("cache_control", json!({"type": "ephemeral"})),
        ("prefix", json!(true)),
        ("partial", json!(true)),
    ] {
        let mut said = json!({"role": "assistant", "content": "t"});
        said[field] = value;
        let all = json!([user(&"a".into()), said, user(&"b".into())]);
        let (sent, told) = messages(&openai, all.clone());
        assert_eq!(sent[1], json!({"role": "assistant", "content": "t"}));
        assert_eq!(told, [format!("messages: left out: the field {field}")]);
        assert_eq!(messages(&client("custom", "m"), all.clone()).0, all);
    }
}

#[test]
fn an_effort_that_a_model_of_responses_alone_does_not_know_is_refused() {
    for (model, takes, refuses) in [
        ("gpt-5.1-codex", "high", "none"),
        ("gpt-5-codex", "low", "minimal"),
        ("gpt-5.3-codex", "xhigh", "none"),
        ("gpt-5.4-pro", "xhigh", "low"),
    ] {
        let client = client("openai", model);
        let asked =
            |effort: &str| json!({"messages": [user(&"Hi".into())], "reasoning_effort": effort});
        let sent = body(&client, &request(asked(takes)));
        assert_eq!(sent["reasoning"]["effort"], takes, "{model}");
        assert_eq!(refused(&client, asked(refuses)), Status::BadRequest, "{model} {refuses}");
    }
}

#[test]
fn a_tool_of_another_vendors_is_refused_before_it_is_sent() {
    let openais = [
        json!({"type": "web_search"}),
        json!({"type": "mcp", "server_label": "s", "server_url": "https://h"}),
        json!({"type": "custom", "name": "c", "format": {"type": "text"}}),
    ];
    let asked = |tool: &Value| json!({"messages": [user(&"Hi".into())], "tools": [tool]});
    let (claude, gemini) =
        (client("anthropic", "claude-sonnet-5-5"), client("gemini", "gemini-3.8-flash"));
    for tool in &openais {
        assert_eq!(refused(&claude, asked(tool)), Status::BadRequest, "{tool}");
        assert_eq!(refused(&gemini, asked(tool)), Status::BadRequest, "{tool}");
    }
    let googles = json!({"googleSearch": {}});
    assert_eq!(refused(&claude, asked(&googles)), Status::BadRequest);
    assert_eq!(body(&gemini, &request(asked(&googles)))["tools"], json!([googles]));
    for own in [
        json!({"type": "web_search_20260209", "name": "web_search"}),
        json!({"type": "mcp_toolset", "mcp_server_name": "s"}),
        json!({"name": "f", "input_schema": {"type": "object"}}),
    ] {
        assert_eq!(body(&claude, &request(asked(&own)))["tools"], json!([own]));
    }
}

#[test]
fn of_calls_that_come_together_only_the_first_has_a_made_up_signature() {
    let call = |id: &str| {
        json!({"role": "assistant", "tool_calls": [{"id": id, "type": "function",
        "function": {"name": "f", "arguments": "{}"}}]})
    };
    let result = |id: &str| json!({"role": "tool", "tool_call_id": id, "content": "r"});
    let asked = request(json!({"messages": [user(&"Hi".into()), call("c1"), call("c2"),
        result("c1"), result("c2")]}));
    let sent = body(&client("gemini", "gemini-3.8-flash"), &asked);
    let parts = sent["contents"][1]["parts"].as_array().unwrap();
    let signed: Vec<_> = parts.iter().map(|part| part["thoughtSignature"].is_string()).collect();
    assert_eq!(signed, [true, false], "{sent}");
}

#[test]
fn who_is_not_to_think_has_no_budget_for_it_wherever_it_is_asked() {
    let asked = request(json!({"messages": [user(&"Hi".into())], "reasoning_effort": "none",
        "reasoning_budget": 2000}));
    for (provider, model) in [
        ("anthropic", "claude-sonnet-4-5"),
        ("gemini", "gemini-2.5-flash"),
        ("cohere", "command-a-reasoning-08-2025"),
        ("siliconflow", "Qwen/Qwen3-8B"),
    ] {
        let prepared = prepare(&client(provider, model), &asked, false).unwrap();
        let sent = String::from_utf8_lossy(&prepared.http.body);
        assert!(!sent.contains(":2000"), "{sent}");
        assert_eq!(
            prepared.adjusted,
            ["reasoning_budget: left out: it is not to think"],
            "{model}"
        );
    }
}
