//! What is said, as each vendor takes it: parts where only one text is taken, and
//! messages that say nothing.

use serde_json::{Value, json};

use crate::*;

fn conversation(said: &[Value]) -> Request {
    let mut all = vec![json!({"role": "user", "content": "Hi"})];
    all.extend_from_slice(said);
    all.push(json!({"role": "user", "content": "Well?"}));
    request(json!({"messages": all}))
}

/// What is sent, and what was noted of it.
fn sent(provider: &str, model: &str, request: &Request) -> (Value, String) {
    let prepared = prepare(&client(provider, model), request, false).unwrap();
    (serde_json::from_slice(&prepared.http.body).unwrap(), prepared.adjusted.join("; "))
}

#[test]
fn texts_in_parts_are_one_text_to_deepseek_in_all_roles() {
    let parts = json!([{"type": "text", "text": "One."}, {"type": "text", "text": ""},
        {"type": "text", "text": "Two."}]);
    let call =
        json!({"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let request = conversation(&[
        json!({"role": "system", "content": parts}),
        json!({"role": "user", "content": parts}),
        json!({"role": "assistant", "content": parts, "tool_calls": [call]}),
        json!({"role": "tool", "tool_call_id": "c1", "content": parts}),
    ]);
    let (body, _) = sent("deepseek", "deepseek-flash", &request);
    for message in &body["messages"].as_array().unwrap()[1..5] {
        assert_eq!(message["content"], "One.\n\nTwo.", "{message}");
    }
    // The same where others take one text.
    let (body, _) = sent("ollama", "m", &request);
    assert_eq!(body["messages"][2]["content"], "One.\n\nTwo.");
    let (body, _) = sent("gemini", "gemini-2.5-flash", &request);
    let result = &body["contents"][2]["parts"][0]["functionResponse"];
    assert_eq!(result["response"]["output"], "One.\n\nTwo.");
}

#[test]
fn what_stood_beside_a_text_that_became_one_with_others_is_noted() {
    let request = conversation(&[json!({"role": "user", "content": [
        {"type": "text", "text": "a", "annotated": true}, {"type": "text", "text": "b"}]})]);
    let (body, notes) = sent("deepseek", "deepseek-flash", &request);
    assert_eq!(body["messages"][1]["content"], "a\n\nb");
    assert!(notes.contains("left out: the field annotated"), "{notes}");
}

#[test]
fn a_picture_for_deepseek_stays_beside_its_text() {
    let request = conversation(&[json!({"role": "user", "content": [
        {"type": "text", "text": "Look"},
        {"type": "image_url", "image_url": {"url": "https://example.test/a.png"}}]})]);
    let (body, _) = sent("deepseek", "deepseek-flash", &request);
    assert_eq!(body["messages"][1]["content"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_refusal_is_a_text_to_deepseek_and_kimi() {
    for assistant in [
        json!({"role": "assistant", "content": null, "refusal": "No."}),
        json!({"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}),
    ] {
        let request = conversation(&[assistant]);
        for (provider, model) in [("deepseek", "deepseek-flash"), ("kimi", "kimi-k2.6")] {
            let (body, _) = sent(provider, model, &request);
            assert_eq!(body["messages"][1], json!({"role": "assistant", "content": "No."}));
        }
    }
}

#[test]
fn a_refusal_beside_other_words_is_noted_where_there_are_none() {
    let said = json!({"role": "assistant", "content": "So", "refusal": "No."});
    let request = conversation(&[said]);
    let note = "messages: left out: the field refusal";
    for (provider, model) in
        [("kimi", "kimi-k2.6"), ("anthropic", "claude-opus-5-5"), ("ollama", "m"), ("cohere", "m")]
    {
        assert_eq!(sent(provider, model, &request).1, note, "{provider}");
    }
    assert_eq!(prepare(&responses(), &request, false).unwrap().adjusted, [note]);
    let (body, notes) = sent("custom", "m", &request);
    assert_eq!((&body["messages"][1]["refusal"], &*notes), (&json!("No."), ""));
}

const SILENCE: &str = "left out: a message in which the assistant says nothing";

#[test]
fn an_empty_answer_is_left_out_for_kimi_and_noted() {
    let own = json!({"role": "assistant", "content": "", "mynah": {"provider": "kimi",
        "model": "kimi-k2.6", "blocks": [{"role": "assistant", "content": ""}]}});
    let foreign = json!({"role": "assistant", "content": null,
        "mynah": {"provider": "anthropic", "model": "claude-sonnet-5-5", "blocks": []}});
    let parts = json!({"role": "assistant", "content": [{"type": "text", "text": ""}]});
    for empty in [own, foreign, parts] {
        let (body, notes) = sent("kimi", "kimi-k2.6", &conversation(std::slice::from_ref(&empty)));
        assert_eq!(body["messages"].as_array().map(Vec::len), Some(2), "{empty}");
        assert!(notes.contains(SILENCE), "{notes}");
    }
}

#[test]
fn an_answer_of_thoughts_or_calls_and_a_beginning_for_kimi_stay() {
    let call =
        json!({"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    for said in [
        json!({"role": "assistant", "content": "", "reasoning_content": "Hm."}),
        json!({"role": "assistant", "content": null, "tool_calls": [call]}),
        json!({"role": "assistant", "content": "", "name": "Mynah", "partial": true}),
    ] {
        let (body, notes) = sent("kimi", "kimi-k2.6", &conversation(std::slice::from_ref(&said)));
        assert_eq!(body["messages"][1]["role"], "assistant", "{said}");
        assert!(!notes.contains(SILENCE), "{notes}");
    }
}

#[test]
fn a_message_of_nothing_that_is_left_out_is_noted() {
    let request = conversation(&[
        json!({"role": "assistant", "content": ""}),
        json!({"role": "user", "content": " \n"}),
    ]);
    let (body, notes) = sent("anthropic", "claude-sonnet-5-5", &request);
    fits("anthropic-tryagi-openapi.yaml", "CreateMessageParams", &body);
    assert_eq!(body["messages"][0]["content"].as_array().map(Vec::len), Some(2));
    assert!(notes.contains(SILENCE) && notes.contains("the user says nothing"), "{notes}");
    let (_, notes) = sent("gemini", "gemini-2.5-flash", &request);
    assert!(notes.contains(SILENCE) && !notes.contains("the user"), "{notes}");
}

fn notes_of(provider: &str, model: &str, request: &Request) -> String {
    sent(provider, model, request).1
}

#[test]
fn how_closely_an_image_is_to_be_looked_at_is_sent_or_noted() {
    let seen = |detail: &str| {
        conversation(&[json!({"role": "user", "content": [{"type": "image_url",
            "image_url": {"url": "data:image/png;base64,QUJD", "detail": detail}}]})])
    };
    for (provider, model) in
        [("anthropic", "claude-sonnet-5-5"), ("gemini", "gemini-2.5-flash"), ("ollama", "m")]
    {
        assert!(notes_of(provider, model, &seen("low")).contains("the detail"), "{provider}");
        assert_eq!(notes_of(provider, model, &seen("auto")), "", "it is what they do anyway");
    }
    for (provider, model) in [("openai", "gpt-4o"), ("cohere", "command-a-vision-07-2025")] {
        assert_eq!(notes_of(provider, model, &seen("low")), "", "{provider}");
    }
}

#[test]
fn a_system_message_that_is_moved_to_the_head_is_noted() {
    let system = json!({"role": "system", "content": "In French."});
    let later = conversation(std::slice::from_ref(&system));
    let first = request(json!({"messages": [system, {"role": "user", "content": "Hi"}]}));
    for (provider, model) in [("anthropic", "claude-sonnet-5"), ("gemini", "gemini-2.5-flash")] {
        assert!(notes_of(provider, model, &later).contains("mid-conversation"), "{provider}");
        assert_eq!(notes_of(provider, model, &first), "", "{provider}");
    }
    assert_eq!(notes_of("openai", "gpt-4o", &later), "");
}

/// An answer of a provider's with these blocks and this text.
fn answered(provider: &str, model: &str, text: &str, blocks: Value) -> Value {
    json!({"role": "assistant", "content": text,
        "mynah": {"provider": provider, "model": model, "blocks": blocks}})
}

#[test]
fn what_only_the_model_that_said_it_takes_back_is_noted_for_others() {
    let search = json!([{"type": "server_tool_use", "id": "s1", "name": "web_search",
        "input": {"query": "x"}}, {"type": "web_search_tool_result", "tool_use_id": "s1",
        "content": []}]);
    let paused = conversation(&[answered("anthropic", "claude-sonnet-5-5", "", search)]);
    for (provider, model) in [
        ("anthropic", "claude-opus-5-5"),
        ("openai", "gpt-4.1"),
        ("gemini", "gemini-2.5-flash"),
        ("cohere", "command-a-03-2025"),
        ("ollama", "m"),
        ("custom", "m"),
    ] {
        let notes = notes_of(provider, model, &paused);
        for kind in ["server_tool_use", "web_search_tool_result"] {
            let note = format!("left out: {kind} of an answer of anthropic claude-sonnet-5-5");
            assert!(notes.contains(&note), "{provider}: {notes}");
        }
    }
    assert_eq!(notes_of("anthropic", "claude-sonnet-5-5", &paused), "");
    let painted = answered(
        "gemini",
        "gemini-3.8-flash",
        "Here",
        json!([
        {"text": "Hm", "thought": true}, {"text": "Here", "thoughtSignature": "S"},
        {"inlineData": {"mimeType": "image/png", "data": "QUJD"}}]),
    );
    let notes = notes_of("openai", "gpt-4.1", &conversation(&[painted]));
    assert_eq!(notes, "messages: left out: inlineData of an answer of gemini gemini-3.8-flash");
    let drawn = answered(
        "ollama",
        "m",
        "Here",
        json!([
        {"role": "assistant", "content": "Here", "images": ["QUJD"]}]),
    );
    assert!(notes_of("openai", "gpt-4.1", &conversation(&[drawn])).contains("images of an answer"));
    let picture = json!({"type": "image_url", "image_url": {"url": "https://example.test/a.png"}});
    let parts = json!([{"type": "thinking", "thinking": []}, {"type": "text", "text": "Here"},
        picture, {"type": "reference", "reference_ids": [0]}]);
    let listed =
        answered("custom", "other", "Here", json!([{"role": "assistant", "content": parts}]));
    for (provider, model) in [("openai", "gpt-4.1"), ("anthropic", "claude-opus-5-5")] {
        let notes = notes_of(provider, model, &conversation(std::slice::from_ref(&listed)));
        let kinds: Vec<_> = notes.split("; ").collect();
        let left_out = |kind| format!("messages: left out: {kind} of an answer of custom other");
        assert_eq!(kinds, [left_out("image_url"), left_out("reference")], "{provider}");
    }
}

#[test]
fn what_all_answers_hold_needs_no_note_elsewhere() {
    for (provider, model, blocks) in [
        (
            "anthropic",
            "claude-sonnet-5-5",
            json!([
            {"type": "thinking", "thinking": "Hm", "signature": "S"}, {"type": "text", "text": "Ho"}]),
        ),
        ("gemini", "gemini-3.8-flash", json!([{"text": "Ho", "thoughtSignature": "S"}])),
        (
            "openai",
            "gpt-6-sol",
            json!([{"type": "reasoning", "id": "r", "summary": []},
            {"type": "message", "content": []}]),
        ),
        ("custom", "other", json!([{"role": "assistant", "content": "Ho"}])),
    ] {
        let request = conversation(&[answered(provider, model, "Ho", blocks)]);
        for (provider, model) in
            [("anthropic", "claude-opus-5-5"), ("openai", "gpt-4.1"), ("kimi", "kimi-k2.6")]
        {
            assert_eq!(notes_of(provider, model, &request), "", "{provider}");
        }
    }
}

#[test]
fn fields_of_a_message_that_do_not_reach_a_host_are_noted() {
    let thought = json!([{"type": "thinking", "thinking": "t", "signature": "s"}]);
    let made = json!({"role": "assistant", "content": "a", "thinking_blocks": thought});
    let mut answer = answered("custom", "m", "a", json!([made]));
    answer["thinking_blocks"] = thought;
    let responses =
        options(&[("model", "gpt-6-sol"), ("api_key", "k"), ("openai_api", "responses")]);
    let note = "left out: the field thinking_blocks";
    for said in [made, answer] {
        let request = conversation(&[said]);
        let openai = options(&[("api_key", "k"), ("model", "gpt-4o")]);
        for client in [&client("anthropic", "claude-sonnet-5-5"), &openai, &responses] {
            let notes = prepare(client, &request, false).unwrap().adjusted.join("; ");
            assert!(notes.contains(note), "{notes}");
        }
        let (body, notes) = sent("custom", "m", &request);
        assert_eq!(notes, "");
        assert!(body["messages"][1]["thinking_blocks"].is_array());
    }
}

#[test]
fn the_phase_of_an_answer_goes_to_responses_also_from_another_model_of_the_vendors() {
    let said = json!([{"type": "message", "id": "msg", "role": "assistant", "status": "completed",
        "phase": "commentary",
        "content": [{"type": "output_text", "text": "a", "annotations": []}]}]);
    let own = json!({"role": "assistant", "content": "a", "phase": "commentary"});
    let terra =
        options(&[("model", "gpt-6.1-terra"), ("api_key", "k"), ("openai_api", "responses")]);
    for message in [own, answered("openai", "gpt-6-sol", "a", said.clone())] {
        let sent = prepare(&terra, &conversation(&[message]), false).unwrap();
        let body: Value = serde_json::from_slice(&sent.http.body).unwrap();
        let item = json!({"role": "assistant", "content": "a", "phase": "commentary"});
        assert_eq!((&body["input"][1], &sent.adjusted), (&item, &vec![]));
        fits("openai-openapi.json", "CreateResponse", &body);
    }
    // Another vendor's word is its own.
    let sent = body(&terra, &conversation(&[answered("custom", "m", "a", said)]));
    assert_eq!(sent["input"][1], json!({"role": "assistant", "content": "a"}));
}

#[test]
fn fields_of_a_result_reach_hosts_that_may_know_them_and_are_noted_for_openai() {
    let call =
        json!({"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let result = |name: &str| {
        json!({"role": "tool", "tool_call_id": "c1", "name": name, "content": "r",
            "cache_control": {"type": "ephemeral"}, "status": "success"})
    };
    let said =
        |name| conversation(&[json!({"role": "assistant", "tool_calls": [call]}), result(name)]);
    for (provider, model) in
        [("custom", "m"), ("kimi", "kimi-k2.6"), ("deepseek", "deepseek-flash")]
    {
        let (body, notes) = sent(provider, model, &said("f"));
        assert_eq!((&body["messages"][2], &*notes), (&result("f"), ""), "{provider}");
    }
    let openai = options(&[("api_key", "k"), ("model", "gpt-4o")]);
    for (name, more) in [("f", &[][..]), ("g", &["messages: left out: the field name"])] {
        let prepared = prepare(&openai, &said(name), false).unwrap();
        let mut notes: Vec<_> = prepared.adjusted.iter().map(String::as_str).collect();
        notes.retain(|note| !more.contains(note));
        let fields = ["cache_control", "status"];
        assert_eq!(notes, fields.map(|field| format!("messages: left out: the field {field}")));
        let bare = json!({"role": "tool", "tool_call_id": "c1", "content": "r"});
        assert_eq!(body(&openai, &said(name))["messages"][2], bare);
        assert_eq!(prepared.adjusted.len(), 2 + more.len());
    }
}

/// An answer that is heard.
fn heard() -> Value {
    let audio = json!({"id": "audio_1", "data": "QUJD", "expires_at": 9, "transcript": "Hi there"});
    let block = json!({"role": "assistant", "content": "", "audio": audio});
    let mut answer = answered("openai", "gpt-audio", "", json!([block]));
    answer["audio"] = audio;
    answer
}

#[test]
fn what_was_said_aloud_is_a_text_to_others() {
    let request = conversation(&[heard()]);
    for (provider, model, place) in [
        ("anthropic", "claude-haiku-4-5", "/messages/1/content/0/text"),
        ("gemini", "gemini-2.5-flash", "/contents/1/parts/0/text"),
        ("cohere", "command-a-03-2025", "/messages/1/content"),
        ("ollama", "m", "/messages/1/content"),
        ("openai", "gpt-4.1", "/messages/1/content"),
        ("kimi", "kimi-k2.6", "/messages/1/content"),
        ("custom", "m", "/messages/1/content"),
    ] {
        let (body, notes) = sent(provider, model, &request);
        assert_eq!(body.pointer(place).unwrap(), "Hi there", "{provider}: {body:#}");
        assert!(notes.contains("what the assistant said aloud sent as a text"), "{notes}");
        assert!(!body.to_string().contains("QUJD"), "{provider}");
    }
    let (body, notes) = sent("openai", "gpt-audio", &request);
    assert_eq!(body["messages"][1]["audio"], json!({"id": "audio_1"}));
    assert_eq!(notes, "");
}

#[test]
fn an_answer_that_the_caller_names_by_what_was_heard_of_it_goes_by_its_id() {
    let mut said = heard();
    said.as_object_mut().unwrap().shift_remove("mynah");
    let openai = options(&[("api_key", "k"), ("model", "gpt-audio")]);
    let sent = body(&openai, &conversation(&[said]));
    fits("openai-openapi.json", "CreateChatCompletionRequest", &sent);
    assert_eq!(sent["messages"][1]["audio"], json!({"id": "audio_1"}));
}
