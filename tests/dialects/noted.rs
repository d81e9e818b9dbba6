//! What a request says within its parts and beside its fields: sent where it may be
//! known, and noted or refused where it is not.

use serde_json::{Value, json};

use crate::*;

#[test]
fn what_stands_within_an_image_a_file_a_call_or_a_form_reaches_chat_and_is_noted_elsewhere() {
    let call = json!({"id": "c1", "type": "function",
        "function": {"name": "f", "arguments": "{}", "index_hint": 1}});
    let parts = json!([
        {"type": "image_url", "image_url": {"url": "https://h/i.png", "max_pixels": 9}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0=",
            "filename": "a.pdf", "pages": "1-2"}}]);
    let form = json!({"type": "json_schema", "json_schema": {"name": "s", "description": "d",
        "schema": {"type": "object"}, "mode": "loose"}});
    let said = json!([
        {"role": "user", "content": parts},
        {"role": "assistant", "content": null, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "r"}]);
    let asked = request(json!({"messages": said, "response_format": form}));
    let openai = options(&[("model", "gpt-4o"), ("api_key", "k")]);
    for client in [&client("custom", "m"), &openai] {
        let sent = body(client, &asked);
        assert_eq!(sent["messages"][0]["content"], parts);
        assert_eq!(sent["response_format"], form);
    }
    assert_eq!(body(&client("custom", "m"), &asked)["messages"][1]["tool_calls"][0], call);
    let of_messages = |key: &&str| format!("messages: left out: the field {key}");
    let of_form = |key: &&str| format!("response_format: left out: the field {key}");
    let notes = |client: &Resolved<ClientOptions>| {
        let mut notes = prepare(client, &asked, false).unwrap().adjusted;
        notes.sort();
        notes
    };
    assert_eq!(notes(&client("custom", "m")), [""; 0]);
    assert_eq!(notes(&openai), [of_messages(&"index_hint")]);
    let within = ["index_hint", "max_pixels", "pages"].iter().map(of_messages);
    let expected: Vec<_> = within.clone().chain([of_form(&"mode")]).collect();
    assert_eq!(notes(&responses()), expected);
    let forms = ["description", "mode"].iter().map(of_form);
    let expected: Vec<_> = within.chain(forms).collect();
    assert_eq!(notes(&client("gemini", "gemini-3.8-flash")), expected);
}

#[test]
fn a_form_without_nesting_keeps_its_description_and_so_does_a_part() {
    let asked = request(json!({
        "messages": [{"role": "user", "content": [
            {"type": "input_image", "image_url": "https://h/i.png", "detail": "low", "mood": 1}]}],
        "response_format": {"type": "json_schema", "name": "s", "description": "d",
            "schema": {"type": "object"}}}));
    let openai = options(&[("model", "gpt-4o"), ("api_key", "k")]);
    let sent = body(&openai, &asked);
    assert_eq!(sent["response_format"]["json_schema"]["description"], "d");
    let image = json!({"type": "image_url", "mood": 1,
        "image_url": {"url": "https://h/i.png", "detail": "low"}});
    assert_eq!(sent["messages"][0]["content"], json!([image]));
    assert_eq!(body(&responses(), &asked)["text"]["format"]["description"], "d");
}

#[test]
fn a_mark_on_any_part_and_a_second_place_of_a_file_are_noted_where_they_are_not_sent() {
    let mark = json!({"type": "ephemeral"});
    let call =
        json!({"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let asked = |said: &str, file: Value| {
        let text = |place: &str| {
            let mut text = json!({"type": "text", "text": "t"});
            if place == said {
                text["cache_control"] = mark.clone();
            }
            text
        };
        request(json!({"messages": [
            {"role": "user", "content": [text("user"), {"type": "file", "file": file}]},
            {"role": "assistant", "content": [text("assistant")], "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": [text("tool")]}]}))
    };
    let file = json!({"file_data": "data:text/plain;base64,SGk=", "filename": "a.txt"});
    for said in ["user", "assistant", "tool"] {
        for client in [&responses(), &client("gemini", "gemini-3.8-flash"), &client("ollama", "m")]
        {
            let mut client = client.clone();
            client.values.unsupported = "drop".into();
            let prepared = prepare(&client, &asked(said, file.clone()), false).unwrap();
            let note = "cache_control: left out: only Anthropic has it";
            assert!(prepared.adjusted.iter().any(|n| n == note), "{said} {:?}", prepared.adjusted);
        }
    }
    let mut both = file;
    both["file_id"] = "file-1".into();
    let asked = asked("", both.clone());
    assert_eq!(body(&client("custom", "m"), &asked)["messages"][0]["content"][1]["file"], both);
    let prepared = prepare(&responses(), &asked, false).unwrap();
    assert_eq!(prepared.adjusted, ["messages: left out: the field file_id"]);
}

#[test]
fn other_vendors_fields_are_refused_of_openai_and_may_be_known_at_another_address() {
    let asked =
        |key: &str| request(json!({"messages": [{"role": "user", "content": "Hi"}], key: [1]}));
    let set = [("model", "gpt-4o"), ("api_key", "k")];
    let dropping = options(&[&set[..], &[("unsupported", "drop")]].concat());
    for key in ["documents", "safety_settings", "thinking"] {
        let refused = prepare(&options(&set), &asked(key), false).unwrap_err().to_string();
        assert!(
            refused.starts_with(&format!("{key}: openai gpt-4o does not take it")),
            "{refused}"
        );
        assert!(body(&dropping, &asked(key)).get(key).is_none());
        assert_eq!(body(&client("openai", "gpt-4o"), &asked(key))[key], json!([1]));
        assert_eq!(body(&client("custom", "m"), &asked(key))[key], json!([1]));
    }
}
