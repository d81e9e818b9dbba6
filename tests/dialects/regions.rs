//! OpenAI's own addresses: that of its regions, and those of Azure.

use serde_json::{Value, json};

use crate::*;

fn at(provider: &str, base: &str) -> Resolved<ClientOptions> {
    options(&[
        ("provider", provider),
        ("model", "gpt-6-luna"),
        ("api_key", "k"),
        ("base_url", base),
    ])
}

/// Addresses, and whether OpenAI itself is there.
const PLACES: [(&str, bool); 6] = [
    ("https://api.openai.com/v1", true),
    ("https://eu.api.openai.com/v1", true),
    ("https://us.api.openai.com:443/v1", true),
    ("https://user:password@eu.api.openai.com/v1", true),
    ("https://myapi.openai.com/v1", false),
    ("https://api.openai.com.example.test/v1", false),
];

#[test]
fn a_region_takes_what_openai_takes_and_no_more() {
    let id = format!("functions.{}:0", "f".repeat(40));
    let call = json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let asked = request(json!({"messages": [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": null, "tool_calls": [call], "reasoning_content": "Hm."},
        {"role": "tool", "tool_call_id": id, "name": "f", "content": "1"}]}));
    for (place, is_openais) in PLACES {
        let sent = body(&at("openai", place), &asked);
        let (called, result) = (&sent["messages"][1], &sent["messages"][2]);
        let sent_id = called["tool_calls"][0]["id"].as_str().unwrap();
        assert_eq!(sent_id.len() <= 40, is_openais, "{place}");
        assert_eq!(result["tool_call_id"], sent_id);
        assert_eq!(called["reasoning_content"].is_null(), is_openais, "{place}");
        assert_eq!(result["name"].is_null(), is_openais, "{place}");
    }
}

#[test]
fn what_only_responses_has_is_asked_of_a_region_there() {
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}], "include": []}));
    for (place, is_openais) in PLACES {
        let url = prepare(&at("openai", place), &asked, false).unwrap().http.url;
        assert_eq!(url.ends_with("/responses"), is_openais, "{url}");
    }
}

#[test]
fn the_prices_of_the_table_are_not_a_regions() {
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let said = json!({"id": "c", "model": "gpt-6-luna", "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hi"}}]});
    for (place, is_unpriced) in [
        ("https://api.openai.com/v1", false),
        ("https://eu.api.openai.com/v1", true),
        ("https://example.test/v1", false),
    ] {
        let (dialect, context) = reader(&at("openai", place), &asked);
        let plain = dialect.reply(&context, &head(200, &[]), said.to_string().as_bytes()).unwrap();
        assert_eq!(plain.has_unpriced, is_unpriced, "{place}");
    }
}

#[test]
fn azure_is_sent_ids_of_forty_letters_at_most() {
    let id = "c".repeat(44);
    let call = json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let asked = request(json!({"messages": [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": null, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": id, "content": "1"}]}));
    for provider in ["openai", "custom"] {
        let sent: Value = body(&at(provider, "https://r.openai.azure.com/openai/v1"), &asked);
        let called = &sent["messages"][1]["tool_calls"][0]["id"];
        assert_eq!(called.as_str().unwrap().len(), 40);
        assert_eq!(sent["messages"][2]["tool_call_id"], *called);
    }
}
