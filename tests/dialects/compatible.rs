//! What hosts of chat completions other than OpenAI take in their own way, and
//! what not even OpenAI takes everywhere.

use mynah::error::Status;
use serde_json::{Value, json};

use crate::*;

/// A request of one word, with these fields.
fn ask(more: Value) -> Request {
    let mut json = json!({"messages": [{"role": "user", "content": "Hi"}]});
    json.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    request(json)
}

/// A request with two tools, and a choice among them.
fn choosing(choice: &Value, more: &Value) -> Request {
    let tool = |name: &str| json!({"type": "function", "function": {"name": name}});
    let mut json = json!({"tools": [tool("f"), tool("g")], "tool_choice": choice});
    json.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ask(json)
}

fn named(name: &str) -> Value {
    json!({"type": "function", "function": {"name": name}})
}

fn allowed(mode: &str) -> Value {
    json!({"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": [named("g")]}})
}

/// Holds that something is left out of a request, which is noted, and gives what is
/// sent.
fn left_out(client: &Resolved<ClientOptions>, asked: &Request, field: &str) -> Value {
    let prepared = prepare(client, asked, false).unwrap();
    let is_noted = prepared.adjusted.iter().any(|note| note.starts_with(field));
    assert!(is_noted, "{field}: {:?}", prepared.adjusted);
    serde_json::from_slice(&prepared.http.body).unwrap()
}

/// Holds that a request is refused for this field, and gives what is sent with
/// `unsupported=drop`, which is noted.
fn without(client: &Resolved<ClientOptions>, asked: &Request, field: &str) -> Value {
    let error = prepare(client, asked, false).map(|_| ()).unwrap_err();
    let words = error.to_string();
    assert_eq!(error.status(), Status::BadRequest, "{words}");
    assert!(words.starts_with(&format!("{field}: {}", client.values.provider)), "{words}");
    let mut asked = asked.clone();
    asked.set("unsupported", "drop").unwrap();
    left_out(client, &asked, field)
}

fn offered(sent: &Value) -> Vec<&str> {
    let tools = sent["tools"].as_array().unwrap();
    tools.iter().map(|tool| tool["function"]["name"].as_str().unwrap()).collect()
}

#[test]
fn no_tool_is_forced_while_the_model_thinks_that_forces_none_then() {
    let forced = [json!("required"), named("g"), allowed("required")];
    for (provider, model) in
        [("deepseek", "deepseek-flash"), ("deepseek", "deepseek-v4-pro"), ("kimi", "kimi-k2.5")]
    {
        let client = client(provider, model);
        for choice in &forced {
            for thinking in [
                json!({}),
                json!({"reasoning_effort": "high"}),
                json!({"reasoning_effort": "none", "thinking": {"type": "enabled"}}),
            ] {
                let sent = without(&client, &choosing(choice, &thinking), "tool_choice");
                assert!(matches!(sent["tool_choice"].as_str(), None | Some("auto")), "{sent}");
            }
            for unthinking in
                [json!({"reasoning_effort": "none"}), json!({"thinking": {"type": "disabled"}})]
            {
                let sent = body(&client, &choosing(choice, &unthinking));
                assert_eq!(sent["thinking"]["type"], "disabled");
                let choice = if choice["allowed_tools"].is_object() { &forced[0] } else { choice };
                assert_eq!(sent["tool_choice"], *choice, "{sent}");
            }
            let mut unthinking = choosing(choice, &json!({}));
            unthinking.extra_json = json!({"thinking": {"type": "disabled"}}).as_object().cloned();
            assert!(body(&client, &unthinking)["tool_choice"] != Value::Null);
        }
        for choice in [json!("auto"), json!("none")] {
            assert_eq!(body(&client, &choosing(&choice, &json!({})))["tool_choice"], choice);
        }
    }
    let sent = body(&client("deepseek", "deepseek-chat"), &choosing(&named("g"), &json!({})));
    assert_eq!(sent["tool_choice"], named("g"), "it does not think unasked");
    for model in ["moonshot-v1-8k", "kimi-k2-0905-preview"] {
        let sent = body(&client("kimi", model), &choosing(&named("g"), &json!({})));
        assert_eq!(sent["tool_choice"], named("g"), "{model} does not think");
    }
}

#[test]
fn kimi_k2_6_can_be_made_to_call_a_tool_by_its_name_alone_and_only_without_thinking() {
    let kimi = client("kimi", "kimi-k2.6");
    let unthinking = json!({"reasoning_effort": "none"});
    for choice in [json!("auto"), json!("none"), named("g")] {
        assert_eq!(body(&kimi, &choosing(&choice, &unthinking))["tool_choice"], choice);
    }
    let sent = without(&kimi, &choosing(&json!("required"), &unthinking), "tool_choice");
    assert_eq!((offered(&sent), &sent["tool_choice"]), (vec!["f", "g"], &Value::Null));
    // Any of one tool is that tool.
    let sent = body(&kimi, &choosing(&allowed("required"), &unthinking));
    assert_eq!((offered(&sent), &sent["tool_choice"]), (vec!["g"], &named("g")));
    let only = json!({"tools": [{"type": "function", "function": {"name": "h"}}],
        "tool_choice": "required", "reasoning_effort": "none"});
    assert_eq!(body(&kimi, &ask(only))["tool_choice"], named("h"));
    for model in ["kimi-k2.6", "kimi-k2.7-code"] {
        for choice in [json!("required"), named("g")] {
            let sent =
                without(&client("kimi", model), &choosing(&choice, &json!({})), "tool_choice");
            assert!(sent["tool_choice"].is_null(), "{sent}");
        }
    }
    let sent = body(&client("kimi", "kimi-k3"), &choosing(&json!("required"), &json!({})));
    assert_eq!(sent["tool_choice"], "required");
}

#[test]
fn kimis_system_loads_tools_in_a_message_without_content() {
    let tools = json!([named("g")]);
    let loading = json!({"role": "system", "tools": tools});
    let hi = json!({"role": "user", "content": "Hi"});
    for content in [Value::Null, json!(""), json!([])] {
        let mut asked = loading.clone();
        asked["content"] = content;
        let asked = request(json!({"messages": [hi, asked]}));
        for (provider, model) in [("kimi", "kimi-k3"), ("custom", "kimi-k3.1")] {
            assert_eq!(body(&client(provider, model), &asked)["messages"], json!([hi, loading]));
        }
    }
    let mut saying = loading.clone();
    saying["content"] = "Now these".into();
    let asked = request(json!({"messages": [hi, saying]}));
    assert_eq!(body(&client("kimi", "kimi-k3"), &asked)["messages"][1]["content"], "Now these");
    let openai = options(&[("model", "gpt-4o"), ("api_key", "k")]);
    let sent = body(&openai, &request(json!({"messages": [hi, loading]})));
    assert_eq!(sent["messages"][1], json!({"role": "system", "content": ""}));
}

#[test]
fn kimi_is_sent_a_prediction_and_how_long_its_cache_is_to_keep_a_prompt() {
    let own = json!({"prompt_cache_options": {"mode": "implicit", "ttl": "1h"},
        "prediction": {"type": "content", "content": "Hello"}});
    let sent = body(&client("kimi", "kimi-k2.6"), &ask(own.clone()));
    for (key, value) in own.as_object().unwrap() {
        assert_eq!(&sent[key], value, "{sent}");
    }
}

#[test]
fn a_kimi_that_always_thinks_is_not_told_to_stop() {
    let asked = |effort: &str| {
        request(json!({"messages": [{"role": "user", "content": "Hi"}],
            "reasoning_effort": effort}))
    };
    for model in
        ["kimi-k2.7-code", "kimi-k2.7-code-highspeed", "kimi-k2-thinking", "kimi-thinking-preview"]
    {
        let client = client("kimi", model);
        let sent = without(&client, &asked("none"), "reasoning_effort");
        assert!(sent["thinking"].is_null(), "{sent}");
        assert_eq!(body(&client, &asked("high"))["thinking"], json!({"type": "enabled"}));
    }
}

#[test]
fn where_a_tool_is_forced_by_no_name_it_is_the_only_one_that_is_offered() {
    let k3 = client("kimi", "kimi-k3");
    let sent = body(&k3, &choosing(&json!("required"), &json!({})));
    assert_eq!((&sent["tool_choice"], offered(&sent)), (&json!("required"), vec!["f", "g"]));
    let sent = body(&k3, &choosing(&named("g"), &json!({})));
    assert_eq!((&sent["tool_choice"], offered(&sent)), (&json!("required"), vec!["g"]));
    let sent = without(&k3, &choosing(&named("h"), &json!({})), "tool_choice");
    assert!(sent["tools"].is_null() && sent["tool_choice"].is_null(), "{sent}");
}

#[test]
fn who_takes_no_choice_among_some_tools_is_offered_only_those() {
    for (provider, model) in [("deepseek", "deepseek-flash"), ("kimi", "kimi-k3")] {
        for mode in ["auto", "required"] {
            let effort = if provider == "deepseek" { "none" } else { "low" };
            let asked = choosing(&allowed(mode), &json!({"reasoning_effort": effort}));
            let sent = body(&client(provider, model), &asked);
            assert_eq!((&sent["tool_choice"], offered(&sent)), (&json!(mode), vec!["g"]));
        }
    }
    let dropped = without(
        &client("kimi", "kimi-k2.6"),
        &choosing(&allowed("required"), &json!({})),
        "tool_choice",
    );
    assert_eq!((&dropped["tool_choice"], offered(&dropped)), (&json!("auto"), vec!["g"]));
    let sent = body(&client("custom", "m"), &choosing(&allowed("auto"), &json!({})));
    assert_eq!((&sent["tool_choice"], offered(&sent)), (&allowed("auto"), vec!["f", "g"]));
}

/// A conversation with a call, in which these parts are the content of that role.
fn saying(role: &str, parts: &Value) -> Request {
    let call =
        json!({"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let mut messages = json!([
        {"role": "system", "content": "s"},
        {"role": "user", "content": "u"},
        {"role": "assistant", "content": "a", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "t"},
    ]);
    let messages = messages.as_array_mut().unwrap();
    let place = messages.iter().position(|message| message["role"] == role).unwrap();
    messages[place]["content"] = parts.clone();
    request(json!({"messages": messages}))
}

const HOSTS: [(&str, &str); 5] = [
    ("openai", "gpt-4o"),
    ("deepseek", "deepseek-flash"),
    ("custom", "m"),
    ("kimi", "kimi-k3"),
    ("huggingface", "m"),
];

#[test]
fn only_the_user_shows_pictures_to_who_sees_them_nowhere_else() {
    let text = json!({"type": "text", "text": "Look"});
    let image = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}});
    let file = json!({"type": "file", "file": {
        "filename": "a.pdf", "file_data": "data:application/pdf;base64,QUJD"}});
    let takes = |provider: &str, role: &str, shown: &Value| match provider {
        // Kimi refuses files anywhere, and DeepSeek sees images in results.
        "kimi" => shown["type"] != "file",
        "deepseek" => role == "tool" && shown["type"] != "file",
        provider => provider != "openai",
    };
    for shown in [image, file] {
        let parts = json!([text, shown]);
        for (role, (provider, model)) in ["system", "assistant", "tool"]
            .into_iter()
            .flat_map(|role| HOSTS.map(|host| (role, host)))
        {
            let client = client(provider, model);
            if takes(provider, role, &shown) {
                let sent = body(&client, &saying(role, &parts));
                assert!(sent.to_string().contains("QUJD"), "{provider}: {sent}");
                continue;
            }
            // Of another model's answer they are left out in any case.
            let without = if role == "assistant" { left_out } else { without };
            let sent = without(&client, &saying(role, &parts), "messages");
            assert!(sent.to_string().contains("Look") && !sent.to_string().contains("QUJD"));
            let sent = without(&client, &saying(role, &json!([shown])), "messages");
            let messages = sent["messages"].as_array().unwrap();
            let Some(message) = messages.iter().find(|message| message["role"] == role) else {
                // Kimi is not sent what says nothing.
                assert!(provider == "kimi" && role == "system", "{sent}");
                continue;
            };
            let is_silent = role == "assistant" && message["content"].is_null();
            assert!(is_silent || message["content"] == "", "{sent}");
        }
        let sent = body(&client("openai", "gpt-4o"), &saying("user", &parts));
        assert_eq!(sent["messages"][1]["content"], parts);
    }
    let refusal = json!([{"type": "refusal", "refusal": "No."}]);
    let sent = body(&client("openai", "gpt-4o"), &saying("assistant", &refusal));
    assert_eq!(sent["messages"][2]["content"], refusal);
}

#[test]
fn what_openai_finds_only_through_responses_is_not_asked_of_it_in_chat() {
    let address = json!({"type": "file", "file": {"file_url": "https://x.test/a.pdf"}});
    let id = json!({"type": "image_url", "file_id": "file-1"});
    for part in [address, id] {
        let asked = saying("user", &json!([part, {"type": "text", "text": "Look"}]));
        let sent = without(&client("openai", "gpt-4o"), &asked, "messages");
        assert_eq!(sent["messages"][1]["content"], json!([{"type": "text", "text": "Look"}]));
        let sent = body(&client("custom", "m"), &asked);
        assert_eq!(sent["messages"][1]["content"][0], part);
        let mut asked = asked;
        asked.set("openai_api", "responses").unwrap();
        assert_eq!(
            body(&client("openai", "gpt-4o"), &asked)["input"][1]["content"][1]["text"],
            "Look"
        );
    }
}

#[test]
fn a_result_with_an_image_goes_to_deepseek_in_parts() {
    let parts = json!([{"type": "text", "text": "Look"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}}]);
    let sent = body(&client("deepseek", "deepseek-flash"), &saying("tool", &parts));
    let messages = sent["messages"].as_array().unwrap();
    let result = messages.iter().find(|message| message["role"] == "tool").unwrap();
    assert_eq!(result["content"], parts);
}

#[test]
fn a_file_is_told_as_the_host_tells_files() {
    let said = |part: Value| saying("user", &json!([part, {"type": "text", "text": "Look"}]));
    let mistral = options(&[
        ("provider", "custom"),
        ("model", "mistral-small-latest"),
        ("api_key", "k"),
        ("base_url", "https://api.mistral.ai/v1"),
    ]);
    let deepseek = client("deepseek", "deepseek-flash");
    let data = "data:application/pdf;base64,QUJD";
    let address = "https://x.test/a.pdf";
    let file = |key: &str, value: &str| json!({"type": "file", "file": {key: value}});
    let by_id = json!({"type": "file", "file_id": "file-1"});
    for (client, part, expected) in [
        (
            &mistral,
            json!({"type": "file", "file": {"file_data": data, "filename": "a.pdf"}}),
            json!({"type": "document_url", "document_url": data, "document_name": "a.pdf"}),
        ),
        (
            &mistral,
            file("file_url", address),
            json!({"type": "document_url", "document_url": address}),
        ),
        (&mistral, file("file_id", "file-1"), by_id.clone()),
        (
            &deepseek,
            file("file_data", data),
            json!({"type": "file", "file_data": data, "filename": "document.pdf"}),
        ),
        (
            &deepseek,
            json!({"type": "file", "file_data": data, "filename": "a.pdf"}),
            json!({"type": "file", "file_data": data, "filename": "a.pdf"}),
        ),
        (&deepseek, file("file_url", address), json!({"type": "file", "file_url": address})),
        (&deepseek, json!({"type": "image_url", "file_id": "file-1"}), by_id),
    ] {
        assert_eq!(body(client, &said(part))["messages"][1]["content"][0], expected);
    }
}

#[test]
fn a_documents_address_stays_in_the_member_in_which_it_was_given() {
    let url = "https://x.test/a.pdf";
    for member in ["file_data", "file_url"] {
        let part = json!({"type": "file", "file": {member: url, "filename": "a.pdf"}});
        let asked = saying("user", &json!([part]));
        assert_eq!(body(&client("custom", "m"), &asked)["messages"][1]["content"], json!([part]));
        let sent = body(&responses(), &asked);
        assert_eq!(sent["input"][1]["content"][0]["file_url"], url, "{member}");
    }
}

#[test]
fn a_document_without_a_name_is_given_one() {
    let file = |name: Value, place: &str| {
        let part = json!({"type": "file", "file": {"filename": name, "file_data": place}});
        saying("user", &json!([part]))
    };
    for (name, place, expected) in [
        (Value::Null, "data:application/pdf;base64,QUJD", "document.pdf"),
        (Value::Null, "data:text/plain;base64,QUJD", "document.txt"),
        (json!("a.pdf"), "data:application/pdf;base64,QUJD", "a.pdf"),
    ] {
        for (provider, model) in [("openai", "gpt-4o"), ("custom", "m")] {
            let sent = body(&client(provider, model), &file(name.clone(), place));
            let file = &sent["messages"][1]["content"][0]["file"];
            assert_eq!((&file["filename"], &file["file_data"]), (&json!(expected), &json!(place)));
        }
    }
    let by_id = json!([{"type": "file", "file": {"file_id": "file-1"}}]);
    let sent = body(&client("openai", "gpt-4o"), &saying("user", &by_id));
    assert_eq!(sent["messages"][1]["content"], by_id);
}

#[test]
fn what_kimi_would_ignore_without_a_word_is_refused() {
    let client = client("kimi", "kimi-k3");
    for (field, value) in [
        ("user", json!("u")),
        ("metadata", json!({"a": "b"})),
        ("parallel_tool_calls", json!(false)),
    ] {
        let asked = choosing(&json!("auto"), &json!({field: value}));
        let sent = without(&client, &asked, field);
        assert!(sent.get(field).is_none(), "{sent}");
    }
    let asked = choosing(
        &json!("auto"),
        &json!({"safety_identifier": "s", "logprobs": true, "parallel_tool_calls": true}),
    );
    let sent = body(&client, &asked);
    assert_eq!((&sent["safety_identifier"], &sent["logprobs"]), (&json!("s"), &json!(true)));
    assert!(sent.get("parallel_tool_calls").is_none(), "it does that anyway: {sent}");
}

#[test]
fn where_openai_takes_no_sampling_it_tells_and_shifts_no_chances() {
    let wishes =
        [("logprobs", json!(true)), ("top_logprobs", json!(3)), ("logit_bias", json!({"1": 2}))];
    let effort = |model: &str| match model {
        "gpt-5.1" | "gpt-6-sol" => json!("low"),
        _ => Value::Null,
    };
    for model in ["o3", "o4-mini", "gpt-5", "gpt-5-mini", "gpt-5.1", "gpt-6-sol"] {
        for (field, value) in &wishes {
            let asked = ask(json!({*field: value, "reasoning_effort": effort(model)}));
            let sent = without(&client("openai", model), &asked, field);
            assert!(sent.get(field).is_none(), "{model}: {sent}");
        }
        let nothing = json!({"logprobs": false, "top_logprobs": 0, "logit_bias": {},
            "reasoning_effort": effort(model)});
        let prepared = prepare(&client("openai", model), &ask(nothing), false).unwrap();
        let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
        assert!(wishes.iter().all(|(field, _)| sent.get(field).is_none()), "{model}: {sent}");
    }
    for (model, effort) in [("gpt-5.1", Value::Null), ("gpt-6-luna", json!("none"))] {
        for (field, value) in &wishes[..2] {
            let asked = ask(json!({*field: value, "reasoning_effort": effort}));
            assert_eq!(body(&client("openai", model), &asked)[field], *value, "{model}");
        }
        let asked = ask(json!({"logit_bias": {"1": 2}, "reasoning_effort": effort}));
        without(&client("openai", model), &asked, "logit_bias");
    }
    for (provider, model) in [("openai", "gpt-4o"), ("openai", "gpt-5-chat"), ("custom", "gpt-5")] {
        for (field, value) in &wishes {
            assert_eq!(body(&client(provider, model), &ask(json!({*field: value})))[field], *value);
        }
    }
}

#[test]
fn thoughts_in_words_that_a_host_refuses_stay_here() {
    let said = json!({"role": "assistant", "content": "So", "reasoning": "R",
        "reasoning_content": "C"});
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}, said,
        {"role": "user", "content": "And?"}]}));
    for (url, kept) in [
        ("https://api.groq.com/openai/v1", &["reasoning"][..]),
        ("https://api.cerebras.ai/v1", &["reasoning"]),
        ("https://api.mistral.ai/v1", &[]),
        ("https://vllm.test/v1", &["reasoning", "reasoning_content"]),
    ] {
        let set = [("provider", "custom"), ("model", "m"), ("api_key", "k"), ("base_url", url)];
        let sent = &body(&options(&set), &asked)["messages"][1];
        let keys: Vec<_> = sent.as_object().unwrap().keys().skip(2).collect();
        assert_eq!(keys, kept, "{url}");
    }
}
