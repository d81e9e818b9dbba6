//! What vendors say in an answer and refuse in the next request.

use serde_json::{Value, json};

use crate::*;

/// What goes out after an answer of these blocks.
fn next(client: &Resolved<ClientOptions>, blocks: &Value) -> Value {
    let (provider, model) = (&client.values.provider, &client.values.model);
    let mynah = json!({"provider": provider, "model": model, "blocks": blocks});
    let said = json!({"role": "assistant", "content": "So.", "mynah": mynah});
    let user = |text: &str| json!({"role": "user", "content": text});
    body(client, &request(json!({"messages": [user("Hi"), said, user("And?")]})))
}

#[test]
fn claude_gets_back_of_its_sources_and_results_what_its_requests_know() {
    let source = |more: Value| {
        let mut source = json!({"type": "char_location", "cited_text": "So",
            "document_index": 0, "document_title": null, "start_char_index": 0,
            "end_char_index": 2});
        source.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        source
    };
    let blocks = |cited: [Value; 2], silence: &[Value], failure: Value| {
        let text = json!({"type": "text", "text": "So.", "citations": cited});
        let said = [silence, std::slice::from_ref(&text)].concat();
        let found = json!({"type": "mcp_tool_result", "tool_use_id": "mcptoolu_1",
            "is_error": false, "content": said});
        json!([found, {"type": "tool_search_tool_result", "tool_use_id": "srvtoolu_1",
            "content": failure}, text])
    };
    let files = [json!({"file_id": null}), json!({"file_id": "file_1", "document_title": ""})];
    let silence = json!({"type": "text", "text": "", "citations": null});
    let failure = json!({"type": "tool_search_tool_result_error", "error_code": "unavailable"});
    let mut told = failure.clone();
    told["error_message"] = "Try later".into();
    let client = client("anthropic", "claude-sonnet-5-5");
    let sent = next(&client, &blocks(files.map(source), &[silence], told));
    let bare = [json!({}), json!({})].map(source);
    assert_eq!(sent["messages"][1]["content"], blocks(bare, &[], failure));
    fits("anthropic-tryagi-openapi.yaml", "BetaCreateMessageParams", &sent);
}

#[test]
fn a_page_without_a_title_goes_back_to_claude_with_none() {
    let fetched = |title: Value| {
        json!([{"type": "web_fetch_tool_result", "tool_use_id": "srvtoolu_1", "content": {
            "type": "web_fetch_result", "url": "https://example.test", "retrieved_at": null,
            "content": {"type": "document", "title": title, "citations": null,
                "source": {"type": "text", "media_type": "text/plain", "data": "So."}}}}])
    };
    let client = client("anthropic", "claude-sonnet-5-5");
    let sent = next(&client, &fetched("".into()));
    assert_eq!(sent["messages"][1]["content"], fetched(Value::Null));
    fits("anthropic-tryagi-openapi.yaml", "BetaCreateMessageParams", &sent);
}

#[test]
fn responses_gets_its_items_back_without_who_made_them_and_how_likely_helpers_words_were() {
    let items = |more: Value, part: Value| {
        let with = |mut json: Value, more: &Value| {
            json.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json
        };
        let output = json!({"stdout": "a\n", "stderr": "",
            "outcome": {"type": "exit", "exit_code": 0}});
        let text = json!({"type": "output_text", "text": "Ready", "annotations": []});
        let shell = json!({"type": "shell_call_output", "id": "sho_1", "call_id": "c1",
            "status": "completed", "max_output_length": null, "output": [with(output, &more)]});
        json!([
            with(json!({"type": "compaction", "id": "cmp_1", "encrypted_content": "E"}), &more),
            with(shell, &more),
            {"type": "multi_agent_call_output", "id": "mco_1", "call_id": "c2",
                "action": "wait_agent", "output": [with(text, &part)]},
        ])
    };
    let client = responses();
    let made = items(json!({"created_by": "someone"}), json!({"logprobs": []}));
    let sent = next(&client, &made);
    let bare = items(json!({}), json!({}));
    assert_eq!(json!(sent["input"].as_array().unwrap()[1..4]), bare);
    fits("openai-openapi.json", "BetaCreateResponse", &sent);
}

#[test]
fn responses_gets_an_image_back_without_how_it_was_made() {
    let image = json!({"id": "ig_1", "type": "image_generation_call", "status": "completed",
        "result": "aW1n"});
    let mut made = image.clone();
    for (name, value) in [("action", "generate"), ("output_format", "jpeg"), ("size", "1x1")] {
        made[name] = value.into();
    }
    let sent = next(&responses(), &json!([made]));
    assert_eq!(sent["input"][1], image);
    fits("openai-openapi.json", "CreateResponse", &sent);
}
