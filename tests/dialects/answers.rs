//! What the caller's machine answers to the tools of OpenAI's Responses.

use mynah::error::Status;
use serde_json::{Value, json};

use crate::*;

fn asks(kind: &str) -> Value {
    match kind {
        "mcp_approval_request" => json!({"type": kind, "id": "c1", "server_label": "s",
            "name": "f", "arguments": "{}"}),
        "shell_call" => json!({"type": kind, "id": "i1", "call_id": "c1",
            "action": {"commands": ["ls"]}, "status": "completed"}),
        "computer_call" => json!({"type": kind, "id": "i1", "call_id": "c1",
            "pending_safety_checks": [], "status": "completed"}),
        "local_shell_call" => json!({"type": kind, "id": "i1", "call_id": "c1",
            "action": {"type": "exec", "command": ["ls"], "env": {}}, "status": "completed"}),
        "tool_search_call" => json!({"type": kind, "call_id": "c1", "execution": "client",
            "arguments": {}}),
        _ => json!({"type": kind, "id": "i1", "call_id": "c1", "status": "completed",
            "operation": {"type": "delete_file", "path": "a"}}),
    }
}

/// A conversation in which this answers an item of this kind.
fn conversation(kind: &str, answer: Value) -> Request {
    let mut result = json!({"role": "tool", "tool_call_id": "c1"});
    result.as_object_mut().unwrap().extend(answer.as_object().unwrap().clone());
    request(json!({"messages": [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "", "mynah": {"provider": "openai",
            "model": "gpt-6-sol", "blocks": [asks(kind)]}},
        result]}))
}

/// The item that is sent for it, and what was noted.
fn sent(kind: &str, answer: Value) -> (Value, Vec<String>) {
    let prepared = prepare(&responses(), &conversation(kind, answer), false).unwrap();
    let body: Value = serde_json::from_slice(&prepared.http.body).unwrap();
    assert_eq!(body["input"][1], asks(kind));
    (body["input"][2].clone(), prepared.adjusted)
}

#[test]
fn a_result_of_one_of_the_vendors_tools_goes_out_as_the_item_that_answers_it() {
    let picture = "data:image/png;base64,QUJD";
    let image = json!([{"type": "image_url", "image_url": {"url": picture}}]);
    let screen = json!({"type": "computer_screenshot", "image_url": picture});
    let exit = |code| json!({"type": "exit", "exit_code": code});
    let tools = json!([{"type": "function", "name": "f", "parameters": {}, "strict": false}]);
    let check = json!([{"id": "s1"}]);
    for (kind, answer, expected, schema) in [
        (
            "shell_call",
            json!({"content": "a.txt"}),
            json!({"type": "shell_call_output", "call_id": "c1",
                "output": [{"stdout": "a.txt", "stderr": "", "outcome": exit(0)}]}),
            "FunctionShellCallOutputItemParam",
        ),
        (
            "shell_call",
            json!({"content": "no such file", "is_error": true, "max_output_length": 9}),
            json!({"type": "shell_call_output", "call_id": "c1", "max_output_length": 9,
                "output": [{"stdout": "", "stderr": "no such file", "outcome": exit(1)}]}),
            "FunctionShellCallOutputItemParam",
        ),
        (
            "shell_call",
            json!({"content": json!([{"stdout": "", "stderr": "",
                "outcome": {"type": "timeout"}}]).to_string()}),
            json!({"type": "shell_call_output", "call_id": "c1",
                "output": [{"stdout": "", "stderr": "", "outcome": {"type": "timeout"}}]}),
            "FunctionShellCallOutputItemParam",
        ),
        (
            "local_shell_call",
            json!({"content": "{\"output\":\"a\"}"}),
            json!({"type": "local_shell_call_output", "id": "c1", "call_id": "c1",
                "output": "{\"output\":\"a\"}"}),
            // The vendor's schema asks for a call_id here, and has none.
            "",
        ),
        (
            "apply_patch_call",
            json!({"content": "done"}),
            json!({"type": "apply_patch_call_output", "call_id": "c1", "status": "completed",
                "output": "done"}),
            "ApplyPatchToolCallOutputItemParam",
        ),
        (
            "apply_patch_call",
            json!({"content": "no such file", "is_error": true}),
            json!({"type": "apply_patch_call_output", "call_id": "c1", "status": "failed",
                "output": "no such file"}),
            "ApplyPatchToolCallOutputItemParam",
        ),
        (
            "computer_call",
            json!({"content": image, "acknowledged_safety_checks": check}),
            json!({"type": "computer_call_output", "call_id": "c1", "output": screen,
                "acknowledged_safety_checks": check}),
            "ComputerCallOutputItemParam",
        ),
        (
            "computer_call",
            json!({"content": [screen]}),
            json!({"type": "computer_call_output", "call_id": "c1", "output": screen}),
            "ComputerCallOutputItemParam",
        ),
        (
            "tool_search_call",
            json!({"content": tools.to_string()}),
            json!({"type": "tool_search_output", "call_id": "c1", "execution": "client",
                "tools": tools}),
            "ToolSearchOutputItemParam",
        ),
    ] {
        let (item, notes) = sent(kind, answer.clone());
        assert_eq!(item, expected, "{answer}");
        assert_eq!(notes, [""; 0], "{answer}");
        if !schema.is_empty() {
            fits("openai-openapi.json", schema, &item);
        }
        // The item itself, as a text.
        let (item, _) = sent(kind, json!({"content": expected.to_string()}));
        assert_eq!(item, expected);
    }
}

#[test]
fn an_approval_is_a_word_or_says_why() {
    let approval = |approve: bool| json!({"type": "mcp_approval_response", "approval_request_id": "c1", "approve": approve});
    let refused = json!({"approve": false, "reason": "No."});
    let mut with_reason = approval(false);
    with_reason["reason"] = "No.".into();
    for (answer, expected) in [
        (json!({"content": "true"}), approval(true)),
        (json!({"content": "false"}), approval(false)),
        (json!({"content": refused.to_string()}), with_reason.clone()),
        (refused, with_reason),
    ] {
        assert_eq!(sent("mcp_approval_request", answer).0, expected);
    }
}

#[test]
fn an_answer_that_its_kind_cannot_be_is_refused_or_left_out() {
    for (kind, takes) in [
        ("mcp_approval_request", "takes true or false"),
        ("computer_call", "a picture of the screen"),
        ("tool_search_call", "takes a list of tools"),
    ] {
        let asked = conversation(kind, json!({"content": "Fine."}));
        let error = prepare(&responses(), &asked, false).unwrap_err();
        assert_eq!(error.status(), Status::BadRequest);
        assert!(error.to_string().contains(takes), "{error}");
        let drops = options(&[
            ("model", "gpt-6-sol"),
            ("openai_api", "responses"),
            ("api_key", "k"),
            ("unsupported", "drop"),
        ]);
        let prepared = prepare(&drops, &asked, false).unwrap();
        assert!(prepared.adjusted.iter().any(|note| note.contains(takes)));
        assert_eq!(body(&drops, &asked)["input"].as_array().map(Vec::len), Some(2));
    }
}

#[test]
fn what_such_an_answer_has_no_place_for_is_noted() {
    let (item, notes) = sent("shell_call", json!({"content": "a", "seen": true}));
    assert_eq!(item.get("seen"), None);
    assert_eq!(notes, ["messages: left out: the field seen"]);
}

#[test]
fn what_answers_another_models_item_is_left_out_as_the_item_is() {
    let clients = ["anthropic", "gemini", "cohere", "ollama", "deepseek", "openai", "custom"]
        .map(|provider| client(provider, "m"));
    let another = options(&[
        ("provider", "openai"),
        ("model", "gpt-5.1"),
        ("api_key", "k"),
        ("openai_api", "responses"),
    ]);
    for client in clients.iter().chain([&another]) {
        for kind in ["shell_call", "mcp_approval_request"] {
            let mut said = conversation(kind, json!({"content": "a.txt"}));
            said.add_message_json(r#"{"role": "user", "content": "And?"}"#).unwrap();
            let prepared = prepare(client, &said, false).unwrap();
            let body = String::from_utf8(prepared.http.body.to_vec()).unwrap();
            assert!(!body.contains("a.txt") && body.contains("And?"), "{body}");
            for what in ["", "the result of "] {
                let note = format!("left out: {what}{kind} of an answer of openai gpt-6-sol");
                let is_noted = prepared.adjusted.iter().any(|told| told.ends_with(&note));
                assert!(is_noted, "{note}: {:?}", prepared.adjusted);
            }
        }
    }
    // Whose call nobody knows is what the caller says it is.
    let said = json!({"messages": [{"role": "user", "content": "Hi"},
        {"role": "tool", "tool_call_id": "c1", "content": "a.txt"}]});
    let sent = body(&client("custom", "m"), &request(said));
    assert_eq!(sent["messages"][1]["content"], "a.txt");
}
