//! What OpenAI takes in its own form, above all in Responses.

use mynah::llm::message::Message;
use serde_json::{Value, json};

use crate::*;

#[test]
fn the_result_of_a_programs_call_says_who_called() {
    let asked = json!({"messages": [{"role": "user", "content": "Hi"}]});
    let caller = json!({"type": "program", "caller_id": "call_p"});
    let call = |kind: &str, input: &str, id: &str| {
        json!({"type": kind, "id": format!("fc_{id}"), "call_id": id, "name": "f", input: "{}",
            "caller": caller})
    };
    let program = json!({"type": "program", "id": "cm_1", "call_id": "call_p",
        "code": "await tools.f({})", "fingerprint": "SIG"});
    let mut own = call("function_call", "arguments", "own");
    own.as_object_mut().unwrap().shift_remove("caller");
    let answer = json!({"id": "r", "status": "completed", "model": "gpt-6-sol", "output": [program,
        call("function_call", "arguments", "a"), call("custom_tool_call", "input", "b"), own]});
    let (dialect, context) = reader(&responses(), &request(asked.clone()));
    let answer = dialect.reply(&context, &head(200, &[]), answer.to_string().as_bytes()).unwrap();
    let mut next = request(asked);
    next.messages.push(Message::from_json(&answer.first().message.value()).unwrap());
    let results = ["b", "own", "a"].map(|id| Message::tool_result(id, "5", false));
    next.messages.extend(results);
    let sent = body(&responses(), &next);
    fits("openai-openapi.json", "CreateResponse", &sent);
    let told: Vec<_> = sent["input"].as_array().unwrap()[5..]
        .iter()
        .map(|item| (item["type"].as_str().unwrap(), &item["call_id"], item.get("caller")))
        .collect();
    let expected = [
        ("custom_tool_call_output", &json!("b"), Some(&caller)),
        ("function_call_output", &json!("own"), None),
        ("function_call_output", &json!("a"), Some(&caller)),
    ];
    assert_eq!(told, expected, "{sent:#}");
}

#[test]
fn openais_mark_for_the_prompt_cache_goes_to_responses_with_its_part() {
    let mark = json!({"mode": "explicit"});
    let marked = |kind: &str, key: &str, value: Value| json!({"type": kind, key: value, "prompt_cache_breakpoint": mark});
    let text = |kind: &str| marked(kind, "text", "Long".into());
    let image = marked("image_url", "image_url", json!({"url": "https://h/i.png"}));
    let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let asked = request(json!({"messages": [
        {"role": "system", "content": [text("text")]},
        {"role": "user", "content": [text("input_text"), image, {"type": "text", "text": "Short"}]},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": [text("text")]},
    ]}));
    let prepared = prepare(&responses(), &asked, false).unwrap();
    let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
    fits("openai-openapi.json", "CreateResponse", &sent);
    let input = &sent["input"];
    for part in [
        &input[0]["content"][0],
        &input[1]["content"][0],
        &input[1]["content"][1],
        &input[3]["output"][0],
    ] {
        assert_eq!(part["prompt_cache_breakpoint"], mark, "{sent:#}");
    }
    assert_eq!(input[1]["content"][2], json!({"type": "input_text", "text": "Short"}));
    assert_eq!(prepared.adjusted, [""; 0]);
}

#[test]
fn what_responses_has_no_place_for_in_a_part_is_noted() {
    let text = json!({"type": "text", "text": "Hi", "mood": "good"});
    let file = json!({"type": "file", "file_id": "file-1", "detail": "low"});
    let said = json!([{"role": "user", "content": [text, file]},
        {"role": "assistant", "content": [text]}, {"role": "user", "content": "Well?"}]);
    let prepared = prepare(&responses(), &request(json!({"messages": said})), false).unwrap();
    let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
    let file = json!({"type": "input_file", "file_id": "file-1", "detail": "low"});
    assert_eq!(sent["input"][0]["content"], json!([{"type": "input_text", "text": "Hi"}, file]));
    assert_eq!(prepared.adjusted, ["messages: left out: the field mood"]);
}

#[test]
fn what_responses_takes_in_its_own_form_is_handed_on() {
    let own = json!({
        "prompt_cache_options": {"mode": "explicit", "ttl": "30m"},
        "moderation": {"model": "omni-moderation-latest"},
        "context_management": [{"type": "compaction", "compact_threshold": 1000}],
    });
    let mut asked = own.clone();
    asked["messages"] = json!([{"role": "user", "content": "Hi"}]);
    let sent = body(&responses(), &request(asked));
    fits("openai-openapi.json", "CreateResponse", &sent);
    for (key, value) in own.as_object().unwrap() {
        assert_eq!(&sent[key], value, "{sent:#}");
    }
}

#[test]
fn how_to_think_in_the_vendors_own_words_stands_over_the_effort() {
    for (effort, own, expected) in [
        (Value::Null, json!({"summary": "detailed"}), json!({"summary": "detailed"})),
        (
            json!("low"),
            json!({"summary": "detailed", "context": "all_turns"}),
            json!({"effort": "low", "summary": "detailed", "context": "all_turns"}),
        ),
        (json!("low"), json!({"effort": "high"}), json!({"effort": "high", "summary": "auto"})),
        (json!("low"), json!({"summary": null}), json!({"effort": "low"})),
        (json!("low"), json!({}), json!({"effort": "low", "summary": "auto"})),
    ] {
        let asked = json!({"messages": [{"role": "user", "content": "Hi"}], "reasoning": own,
            "reasoning_effort": effort});
        let sent = body(&responses(), &request(asked));
        fits("openai-openapi.json", "CreateResponse", &sent);
        assert_eq!(sent["reasoning"], expected);
    }
    let asked = json!({"messages": [{"role": "user", "content": "Hi"}], "reasoning": "low"});
    assert!(prepare(&responses(), &request(asked), false).is_err());
}

#[test]
fn an_effort_in_the_vendors_own_words_decides_what_else_is_taken() {
    let asked = |effort: &str, more: Value| {
        let mut json = json!({"messages": [{"role": "user", "content": "Hi"}],
            "reasoning": {"effort": effort}});
        json.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        request(json)
    };
    let sampled = json!({"temperature": 0.5, "include": ["message.output_text.logprobs"]});
    let sent = body(&responses(), &asked("none", sampled.clone()));
    assert_eq!(sent["temperature"], 0.5, "it is not to think: {sent}");
    let of_5_1 = [("model", "gpt-5.1"), ("api_key", "k")];
    let error = prepare(&options(&of_5_1), &asked("high", sampled), false).unwrap_err();
    assert!(error.to_string().starts_with("temperature: openai gpt-5.1"), "{error}");
    let preset = options(&[&of_5_1[..], &[("preset", "fast")]].concat());
    let sent = |effort: &str| body(&preset, &asked(effort, json!({})));
    assert!(sent("high").get("temperature").is_none());
    let cap = |effort: &str| sent(effort)["max_output_tokens"].as_u64().unwrap();
    assert!(cap("high") > cap("none"), "room to think is added");
}

#[test]
fn a_call_says_its_namespace_where_that_is_known_and_what_else_is_lost_is_noted() {
    let call = |id: &str, kind: &str, input: &str| {
        json!({"id": id, "type": kind, kind: {"name": "f", input: "{}"}, "namespace": "crm",
            "caller": {"type": "direct"}, "extra_content": {"a": 1}})
    };
    let calls = json!([call("a", "function", "arguments"), call("b", "custom", "input")]);
    let asked = request(json!({"messages": [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "tool_calls": calls},
        {"role": "tool", "tool_call_id": "a", "content": "1"},
        {"role": "tool", "tool_call_id": "b", "content": "2"},
    ]}));
    let prepared = prepare(&responses(), &asked, false).unwrap();
    let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
    fits("openai-openapi.json", "CreateResponse", &sent);
    for item in &sent["input"].as_array().unwrap()[1..3] {
        assert_eq!(item["namespace"], "crm", "{sent:#}");
    }
    assert_eq!(prepared.adjusted, ["messages: left out: the field caller"]);
    let noted = ["namespace", "caller"].map(|key| format!("messages: left out: the field {key}"));
    let of_openai = options(&[("model", "gpt-4o"), ("api_key", "k")]);
    for client in [of_openai, client("anthropic", "claude-sonnet-5-5"), client("cohere", "c")] {
        assert_eq!(prepare(&client, &asked, false).unwrap().adjusted, noted);
    }
}

#[test]
fn a_call_of_an_answer_says_its_namespace_plain_and_streamed() {
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}]}));
    let call = json!({"type": "function_call", "id": "fc", "call_id": "c", "name": "f",
        "arguments": "{}", "namespace": "crm"});
    let answer = json!({"id": "r", "status": "completed", "model": "m", "output": [call]});
    let (dialect, context) = reader(&responses(), &asked);
    let plain = dialect.reply(&context, &head(200, &[]), answer.to_string().as_bytes()).unwrap();
    let events = [
        json!({"type": "response.output_item.added", "output_index": 0, "item": call}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": call}),
        json!({"type": "response.completed", "response": answer}),
    ];
    let (_, streamed) = stream(dialect, &context, &sse(&events)).unwrap();
    for answer in [plain, streamed] {
        let message = answer.first().message.value().into_owned();
        assert_eq!(message["tool_calls"][0]["namespace"], "crm", "{message:#}");
    }
}

#[test]
fn the_detail_in_which_a_file_is_to_be_read_goes_to_responses_alone() {
    let file = json!({"type": "input_file", "file_id": "f", "detail": "low"});
    let asked = request(json!({"messages": [{"role": "user", "content": [file]}]}));
    let sent = body(&responses(), &asked);
    assert_eq!(sent["input"][0]["content"], json!([file]));
    fits("openai-openapi.json", "CreateResponse", &sent);
    let chat = prepare(&client("openai", "gpt-4o"), &asked, false).unwrap();
    let sent: Value = serde_json::from_slice(&chat.http.body).unwrap();
    let bare = json!({"type": "file", "file": {"file_id": "f"}});
    assert_eq!(sent["messages"][0]["content"], json!([bare]));
    assert_eq!(chat.adjusted, ["messages: left out: the field detail"]);
    let claude = prepare(&client("anthropic", "claude-sonnet-5-5"), &asked, false).unwrap();
    assert_eq!(claude.adjusted, ["messages: left out: the detail in which to look"]);
}

#[test]
fn videos_are_none_of_openais_parts() {
    let video = json!({"type": "video_url", "video_url": {"url": "https://example.test/a.mp4"}});
    let text = json!({"type": "text", "text": "What happens?"});
    let asked = request(json!({"messages": [{"role": "user", "content": [text, video]}]}));
    for api in ["chat", "responses"] {
        let set = [("model", "gpt-5.4"), ("api_key", "k"), ("openai_api", api)];
        let error = prepare(&options(&set), &asked, false).unwrap_err();
        assert_eq!(error.status(), mynah::error::Status::BadRequest);
        assert!(error.to_string().contains("takes no videos"), "{error}");
        let dropping = options(&[&set[..], &[("unsupported", "drop")]].concat());
        let sent = prepare(&dropping, &asked, false).unwrap();
        assert_eq!(sent.adjusted.len(), 1);
        assert!(!String::from_utf8_lossy(&sent.http.body).contains("video"));
    }
    let sent = body(&client("custom", "m"), &asked);
    assert_eq!(sent["messages"][0]["content"][1], video);
}

#[test]
fn what_is_asked_of_a_stream_goes_to_who_knows_it_and_is_noted_for_the_others() {
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}],
        "stream_options": {"include_obfuscation": false, "include_usage": true}}));
    let sent = |client: &Resolved<ClientOptions>, stream: bool| {
        let prepared = prepare(client, &asked, stream).unwrap();
        let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
        (sent["stream_options"].clone(), prepared.adjusted)
    };
    let both = json!({"include_obfuscation": false, "include_usage": true});
    let of_openai = options(&[("model", "gpt-4o"), ("api_key", "k")]);
    assert_eq!(sent(&of_openai, true), (both.clone(), vec![]));
    assert_eq!(sent(&client("custom", "m"), true), (both, vec![]));
    let only = json!({"include_obfuscation": false});
    assert_eq!(sent(&responses(), true), (only, vec![]));
    let noted = vec!["stream_options: left out: the field include_obfuscation".to_string()];
    let usage = json!({"include_usage": true});
    assert_eq!(sent(&client("deepseek", "deepseek-flash"), true), (usage, noted.clone()));
    let claude = client("anthropic", "claude-sonnet-5-5");
    assert_eq!(sent(&claude, true), (Value::Null, noted));
    for client in [&of_openai, &claude, &responses()] {
        assert_eq!(sent(client, false), (Value::Null, vec![]), "no stream is asked for");
    }
}

#[test]
fn fields_of_the_vendors_own_form_are_handed_on() {
    let profile = json!({"user_profile_id": "up_1", "stop_sequences": ["."], "system": "Short.",
        "output_format": {"type": "json_schema", "schema": {"type": "object"}}});
    let responses = json!({"instructions": "Short.", "previous_response_id": "resp_1",
        "max_output_tokens": 99, "conversation": "conv_1", "multi_agent": {"enabled": true}});
    let system = json!({"parts": [{"text": "Short."}]});
    for (provider, fields) in [
        ("anthropic", profile),
        ("openai", responses),
        ("cohere", json!({"k": 5, "p": 0.5, "stop_sequences": ["."]})),
        ("ollama", json!({"format": "json", "think": "low", "shift": false})),
        ("gemini", json!({"safetySettings": [], "systemInstruction": system})),
    ] {
        let client = match provider {
            "openai" => crate::responses(),
            provider => client(provider, "m"),
        };
        let mut asked = json!({"messages": [{"role": "user", "content": "Hi"}]});
        asked.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let sent = body(&client, &request(asked));
        for (field, value) in fields.as_object().unwrap() {
            assert_eq!(sent[field], *value, "{provider}");
        }
    }
}

#[test]
fn what_a_vendor_has_one_field_for_is_joined_and_the_system_speaks_once() {
    let said = json!([{"role": "user", "content": "Hi"}]);
    for name in ["generationConfig", "generation_config"] {
        let own = json!({"temperature": 0.5, "mediaResolution": "MEDIA_RESOLUTION_LOW"});
        let asked = request(json!({"messages": said, "temperature": 1, "top_p": 0.9, name: own}));
        let sent = body(&client("gemini", "m"), &asked);
        fits("gemini-openapi.json", "GenerateContentRequest", &sent);
        let expected = json!({"temperature": 0.5, "topP": 0.9,
            "mediaResolution": "MEDIA_RESOLUTION_LOW"});
        assert_eq!(sent["generationConfig"], expected);
    }
    let asked = request(json!({"messages": said, "verbosity": "low",
        "text": {"format": {"type": "json_object"}}}));
    let sent = body(&crate::responses(), &asked);
    fits("openai-openapi.json", "CreateResponse", &sent);
    assert_eq!(sent["text"], json!({"verbosity": "low", "format": {"type": "json_object"}}));
    for (provider, field) in [("anthropic", "system"), ("gemini", "systemInstruction")] {
        let asked = request(json!({"messages": [{"role": "system", "content": "Long."},
            {"role": "user", "content": "Hi"}], field: "Short."}));
        let error = prepare(&client(provider, "m"), &asked, false).unwrap_err();
        assert!(error.to_string().contains("what the system says"), "{error}");
    }
}

#[test]
fn geminis_configuration_is_laid_over_the_options_by_either_of_its_names() {
    let asked = request(json!({
        "messages": [{"role": "user", "content": "Hi"}],
        "top_p": 0.9,
        "max_tokens": 99,
        "reasoning_effort": "high",
        "generation_config": {"max_output_tokens": 7, "response_schema": {"a_b": 1},
            "thinking_config": {"thinking_budget": 512}},
    }));
    let sent = body(&client("gemini", "gemini-3.8-flash"), &asked);
    let expected = json!({"topP": 0.9, "maxOutputTokens": 7, "responseSchema": {"a_b": 1},
        "thinkingConfig": {"includeThoughts": true, "thinkingBudget": 512}});
    assert_eq!(sent["generationConfig"], expected);
}
