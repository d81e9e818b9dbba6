//! What goes out: every feature in each vendor's own words, nothing that a
//! model refuses, and keys only where they belong.

use mynah::error::Status;
use mynah::llm::provider::hosts;
use serde_json::{Value, json};

use crate::spec::Spec;
use crate::*;

fn schema_of(provider: &str) -> Option<(&'static str, &'static str)> {
    match provider {
        "anthropic" => Some(("anthropic-tryagi-openapi.yaml", "CreateMessageParams")),
        "gemini" => Some(("gemini-openapi.json", "GenerateContentRequest")),
        "ollama" => Some(("ollama-openapi.yaml", "ChatRequest")),
        "cohere" => None,
        _ => Some(("openai-openapi.json", "CreateChatCompletionRequest")),
    }
}

fn check(provider: &str, body: &Value) {
    if let Some((file, schema)) = schema_of(provider)
        && let Some(spec) = Spec::load(file)
    {
        spec.check(schema, body);
    }
}

fn weather() -> Value {
    json!({"type": "function", "function": {
        "name": "weather", "description": "The weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    }})
}

fn ask(more: Value) -> Request {
    let mut json = json!({"messages": [{"role": "user", "content": "Hi"}]});
    json.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    request(json)
}

/// The status of a request that is refused before it is sent, and the words.
fn refused(client: &Resolved<ClientOptions>, request: &Request) -> (Status, String) {
    let error = prepare(client, request, false).map(|p| p.context.model).unwrap_err();
    (error.status(), error.to_string())
}

const MODELS: &[(&str, &str)] = &[
    ("openai", "gpt-4o"),
    ("anthropic", "claude-sonnet-4-5"),
    ("gemini", "gemini-2.5-flash"),
    ("deepseek", "deepseek-flash"),
    ("kimi", "moonshot-v1-8k"),
    ("siliconflow", "Qwen/Qwen3-8B"),
    ("huggingface", "openai/gpt-oss-20b"),
    ("custom", "some-model"),
    ("cohere", "command-a-03-2025"),
    ("ollama", "gemma3:1b"),
];

#[test]
fn temperature_zero_stop_and_cap_reach_every_wire() {
    for (provider, model) in MODELS {
        let request = ask(json!({"temperature": 0, "stop": ["END"], "max_tokens": 77}));
        let sent = body(&client(provider, model), &request);
        let text = sent.to_string();
        assert!(text.contains(r#""temperature":0.0"#), "{provider}: {text}");
        assert!(text.contains("END") && text.contains(":77"), "{provider}: {text}");
        check(provider, &sent);
    }
}

#[test]
fn images_as_bytes_and_tools_in_every_form() {
    let parts = json!([
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}},
    ]);
    for (provider, model) in MODELS {
        let client = client(provider, model);
        for choice in [json!("auto"), json!("none"), Value::Null] {
            let request = request(json!({
                "messages": [
                    {"role": "system", "content": "Be brief."},
                    {"role": "user", "content": parts},
                ],
                "tools": [weather()],
                "tool_choice": choice,
            }));
            let sent = body(&client, &request);
            assert!(sent.to_string().contains("QUJD"), "{provider}");
            check(provider, &sent);
        }
        let named = ask(json!({"tools": [weather()], "tool_choice": {
            "type": "function", "function": {"name": "weather"}}}));
        match *provider {
            "ollama" | "deepseek" => assert_eq!(refused(&client, &named).0, Status::BadRequest),
            _ => check(provider, &body(&client, &named)),
        }
    }
}

#[test]
fn a_document_goes_where_the_vendor_takes_it() {
    let parts = json!([{"type": "file", "file": {
        "filename": "a.pdf", "file_data": "data:application/pdf;base64,QUJD"}}]);
    let request = request(json!({"messages": [{"role": "user", "content": parts}]}));
    for (provider, model) in
        [("openai", "gpt-4o"), ("anthropic", "claude-sonnet-5-5"), ("gemini", "gemini-3.8-flash")]
    {
        let sent = body(&client(provider, model), &request);
        assert!(sent.to_string().contains("QUJD"), "{provider}");
        check(provider, &sent);
    }
    for (provider, model) in [("ollama", "qwen3"), ("cohere", "command-a-03-2025")] {
        let (status, words) = refused(&client(provider, model), &request);
        assert!(status == Status::BadRequest && words.contains(provider), "{words}");
    }
}

#[test]
fn a_schema_is_asked_for_in_each_vendors_way() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let format = json!({"type": "json_schema", "json_schema": {
        "name": "answer", "schema": schema, "strict": true}});
    for (provider, model) in MODELS.iter().filter(|(provider, _)| *provider != "deepseek") {
        let sent = body(&client(provider, model), &ask(json!({"response_format": format})));
        let place = match *provider {
            "anthropic" => &sent["output_config"]["format"]["schema"],
            "gemini" => &sent["generationConfig"]["responseJsonSchema"],
            "cohere" => &sent["response_format"]["json_schema"],
            "ollama" => &sent["format"],
            _ => &sent["response_format"]["json_schema"]["schema"],
        };
        assert_eq!(*place, schema, "{provider}");
        check(provider, &sent);
    }
    let deepseek = client("deepseek", "deepseek-flash");
    let (status, words) = refused(&deepseek, &ask(json!({"response_format": format})));
    assert!(status == Status::BadRequest && words.contains("response_format"), "{words}");
}

#[test]
fn what_a_model_cannot_do_is_refused_or_left_out_and_told() {
    let cases: &[(&str, &str, Value, &str)] = &[
        ("anthropic", "claude-sonnet-5-5", json!({"temperature": 0.5}), "temperature"),
        ("anthropic", "claude-sonnet-4-5", json!({"temperature": 0.5, "top_p": 0.5}), "top_p"),
        ("anthropic", "claude-sonnet-4-5", json!({"temperature": 1.5}), "temperature"),
        ("anthropic", "claude-sonnet-5-5", json!({"seed": 1}), "seed"),
        ("anthropic", "claude-sonnet-5-5", json!({"n": 2}), "n"),
        ("anthropic", "claude-sonnet-5-5", json!({"presence_penalty": 1}), "presence_penalty"),
        ("anthropic", "claude-sonnet-5-5", json!({"logit_bias": {"1": 2}}), "logit_bias"),
        ("anthropic", "claude-opus-5-5", json!({"reasoning_effort": "none"}), "reasoning_effort"),
        ("anthropic", "claude-opus-4-6", json!({"reasoning_effort": "xhigh"}), "reasoning_effort"),
        ("openai", "gpt-6-sol", json!({"temperature": 0.5}), "temperature"),
        ("openai", "gpt-5-mini", json!({"stop": ["x"]}), "stop"),
        ("openai", "gpt-5.1", json!({"stop": ["x"], "reasoning_effort": "low"}), "stop"),
        (
            "openai",
            "gpt-4o",
            json!({"response_format": {"type": "regex", "value": "a+"}}),
            "response_format",
        ),
        (
            "gemini",
            "gemini-3.1-pro-preview",
            json!({"reasoning_effort": "minimal"}),
            "reasoning_effort",
        ),
        ("openai", "gpt-4o", json!({"top_k": 5}), "top_k"),
        ("openai", "gpt-4o", json!({"stop": ["1", "2", "3", "4", "5"]}), "stop"),
        ("openai", "gpt-4o", json!({"reasoning_effort": "high"}), "reasoning_effort"),
        ("kimi", "kimi-k2.6", json!({"temperature": 0.5}), "temperature"),
        ("kimi", "kimi-k3", json!({"reasoning_effort": "medium"}), "reasoning_effort"),
        ("kimi", "kimi-k3", json!({"stop": ["x".repeat(33)]}), "stop"),
        ("kimi", "kimi-k3", json!({"logit_bias": {"1": 2}}), "logit_bias"),
        ("cohere", "command-a-03-2025", json!({"top_p": 1}), "top_p"),
        ("cohere", "command-a-03-2025", json!({"n": 2}), "n"),
        ("gemini", "gemini-3.8-flash", json!({"reasoning_effort": "none"}), "reasoning_effort"),
        ("gemini", "gemini-3.8-flash", json!({"user": "u"}), "user"),
        ("gemini", "gemini-3.8-flash", json!({"presence_penalty": 1}), "presence_penalty"),
        ("gemini", "gemini-2.5-pro", json!({"frequency_penalty": 0.5}), "frequency_penalty"),
        ("ollama", "qwen3", json!({"n": 2}), "n"),
    ];
    for (provider, model, asked, field) in cases {
        let client = client(provider, model);
        let mut request = ask(asked.clone());
        let (status, words) = refused(&client, &request);
        assert_eq!(status, Status::BadRequest, "{words}");
        assert!(words.starts_with(field) && words.contains(provider), "{words}");
        request.set("unsupported", "drop").unwrap();
        let prepared = prepare(&client, &request, false).unwrap();
        assert!(prepared.adjusted.iter().any(|a| a.starts_with(field)), "{:?}", prepared.adjusted);
        let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
        check(provider, &sent);
    }
}

#[test]
fn what_asks_for_nothing_is_left_out_where_it_is_not_taken() {
    let none = json!({"presence_penalty": 0, "frequency_penalty": 0, "n": 1});
    for (provider, model) in [("anthropic", "claude-sonnet-5-5"), ("openai", "gpt-6-sol")] {
        let prepared = prepare(&client(provider, model), &ask(none.clone()), false).unwrap();
        let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
        assert!(sent.get("presence_penalty").is_none() && prepared.adjusted.len() == 2, "{sent}");
    }
    assert_eq!(body(&client("openai", "gpt-4o"), &ask(none.clone()))["presence_penalty"], 0.0);
    let sent = body(&client("gemini", "gemini-2.0-flash"), &ask(none));
    assert_eq!(sent["generationConfig"]["presencePenalty"], 0.0);
}

/// Each of these a vendor takes, or does anyway, in one form or another.
#[test]
fn what_a_model_takes_in_its_own_way_is_not_refused() {
    let effort = |word: &str, more: Value| {
        let mut wish = more;
        wish["reasoning_effort"] = word.into();
        wish
    };
    let cases = [
        // The only value there is may be asked for.
        ("openai", "gpt-5-mini", json!({"temperature": 1, "top_p": 1}), "temperature", Value::Null),
        ("kimi", "kimi-k2.6", json!({"temperature": 1}), "temperature", Value::Null),
        ("anthropic", "claude-opus-5-5", json!({"temperature": 1}), "temperature", Value::Null),
        (
            "anthropic",
            "claude-opus-4-5",
            json!({"temperature": 1, "top_p": 0.5}),
            "top_p",
            json!(0.5),
        ),
        // Without thought there is room for chance, and some do not think unasked.
        ("openai", "gpt-5.1", json!({"temperature": 0.3}), "temperature", json!(0.3)),
        (
            "openai",
            "gpt-6-luna",
            effort("none", json!({"temperature": 0})),
            "temperature",
            json!(0.0),
        ),
        ("openai", "gpt-5.1", effort("none", json!({"stop": ["x"]})), "stop", json!(["x"])),
        // What other makers offer in Anthropic's form, and what it offered before.
        ("anthropic", "glm-4.6", json!({"temperature": 0.5}), "temperature", json!(0.5)),
        ("anthropic", "claude-2.1", json!({}), "max_tokens", json!(4_096)),
        ("anthropic", "claude-3-sonnet-20240229", json!({}), "max_tokens", json!(4_096)),
        (
            "anthropic",
            "us.anthropic.claude-3-5-sonnet-20241022-v2:0",
            json!({}),
            "max_tokens",
            json!(8_192),
        ),
        (
            "anthropic",
            "claude-sonnet-5-5",
            effort("none", json!({})),
            "thinking",
            json!({"type": "between_tools"}),
        ),
        (
            "anthropic",
            "claude-haiku-5-5",
            effort("none", json!({})),
            "thinking",
            json!({"type": "disabled"}),
        ),
        ("kimi", "kimi-k2-turbo-preview", json!({"temperature": 0.3}), "temperature", json!(0.3)),
        // Below what our own options can say.
        ("openai", "gpt-4o", json!({"seed": -1}), "seed", json!(-1)),
        // A router's own field, of the name of an option of ours.
        ("custom", "m", json!({"provider": {"only": ["a"]}}), "provider", json!({"only": ["a"]})),
        // A gateway may lead to either kind of model.
        (
            "custom",
            "o4-mini",
            json!({"max_completion_tokens": 9}),
            "max_completion_tokens",
            json!(9),
        ),
        ("custom", "llama", json!({"max_tokens": 9}), "max_tokens", json!(9)),
        (
            "openai",
            "gpt-3.5-turbo",
            json!({"max_completion_tokens": 9}),
            "max_completion_tokens",
            json!(9),
        ),
    ];
    for (provider, model, asked, field, value) in cases {
        let sent = body(&client(provider, model), &ask(asked));
        assert_eq!(sent[field], value, "{model}: {sent}");
    }
}

#[test]
fn a_hosts_own_form_of_a_format_is_handed_on_and_its_schema_reaches_every_vendor() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let forms = [
        json!({"type": "json", "value": schema}),
        json!({"type": "json_object", "schema": schema}),
        json!({"type": "json_schema", "schema": schema}),
    ];
    for form in forms {
        let request = ask(json!({"response_format": form.clone()}));
        assert_eq!(body(&client("custom", "m"), &request)["response_format"], form);
        let openai = body(&client("openai", "gpt-4o"), &request);
        assert_eq!(openai["response_format"]["json_schema"]["schema"], schema);
        assert_eq!(body(&client("ollama", "qwen3"), &request)["format"], schema);
    }
    let regex = json!({"type": "regex", "value": "a+"});
    let request = ask(json!({"response_format": regex.clone()}));
    assert_eq!(body(&client("huggingface", "m"), &request)["response_format"], regex);
}

#[test]
fn what_else_a_part_says_goes_along_where_its_form_is_spoken() {
    let part =
        json!({"type": "text", "text": "a", "prompt_cache_breakpoint": {"mode": "explicit"}});
    let asked = request(json!({"messages": [{"role": "user", "content": [part]}]}));
    let sent = body(&client("openai", "gpt-4o"), &asked);
    assert_eq!(sent["messages"][0]["content"], json!([part]));
    let claude = body(&client("anthropic", "claude-opus-4-8"), &asked).to_string();
    assert!(!claude.contains("breakpoint"), "{claude}");
}

#[test]
fn what_a_caller_wants_included_comes_on_top_of_what_the_next_turn_needs() {
    let mut asked = ask(json!({"include": ["web_search_call.results"]}));
    asked.set("openai_api", "responses").unwrap();
    let sent = body(&client("openai", "gpt-6-sol"), &asked);
    let expected = json!(["reasoning.encrypted_content", "web_search_call.results"]);
    assert_eq!(sent["include"], expected);
}

#[test]
fn a_budget_of_thinking_comes_on_top_where_nobody_names_a_cap() {
    let mut asked = ask(json!({}));
    asked.set("reasoning_budget", "32000").unwrap();
    let sent = body(&client("anthropic", "claude-sonnet-4-5"), &asked);
    assert_eq!(
        (&sent["max_tokens"], &sent["thinking"]["budget_tokens"]),
        (&json!(64_000), &json!(32_000))
    );
}

#[test]
fn a_field_that_is_written_out_stands_beside_what_is_asked_for_otherwise() {
    let schema = json!({"type": "object"});
    let format = json!({"type": "json_schema", "json_schema": {"name": "s", "schema": schema}});
    let mut asked = ask(json!({"response_format": format, "output_config": {"effort": "high"}}));
    let sent = body(&client("anthropic", "claude-opus-4-8"), &asked);
    let config = &sent["output_config"];
    assert_eq!((&config["effort"], &config["format"]["schema"]), (&json!("high"), &schema));
    let thinking = json!({"type": "enabled", "budget_tokens": 2_000});
    asked = ask(json!({"thinking": thinking, "temperature": 0.5}));
    let (status, words) = refused(&client("anthropic", "claude-sonnet-4-5"), &asked);
    assert!(status == Status::BadRequest && words.starts_with("temperature"), "{words}");
}

#[test]
fn a_models_name_leads_nowhere_else_on_the_host() {
    for model in ["../files/x", "a?b=c", "a#b", "a b", "models/../x", "m:countTokens"] {
        let (status, words) = refused(&client("gemini", model), &ask(json!({})));
        assert!(status == Status::InvalidArgument && words.starts_with("model"), "{words}");
    }
    let sent =
        prepare(&client("gemini", "tunedModels/my-model_1"), &ask(json!({})), false).unwrap();
    assert!(sent.http.url.ends_with("/tunedModels/my-model_1:generateContent"));
}

#[test]
fn a_file_at_an_address_stays_there() {
    let file = |place: &str| {
        let part = json!({"type": "file", "file": {"filename": "d.pdf", "file_data": place}});
        request(json!({"messages": [{"role": "user", "content": [part]}]}))
    };
    let address = "https://example.test/d.pdf";
    let sent = body(&client("custom", "m"), &file(address));
    let shown = sent["messages"][0]["content"][0].to_string();
    assert!(shown.contains(address) && !shown.contains("base64"), "{shown}");
    let sent = body(&client("custom", "m"), &file("JVBERi0="));
    assert!(sent.to_string().contains("data:application/pdf;base64,JVBERi0="), "{sent}");
}

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
fn models_that_force_no_tool_are_not_asked_to() {
    let tools = json!({"tools": [{"type": "function", "function": {"name": "f"}}],
        "tool_choice": "required"});
    let (status, words) = refused(&client("anthropic", "claude-opus-5-5"), &ask(tools.clone()));
    assert!(status == Status::BadRequest && words.starts_with("tool_choice"), "{words}");
    let sent = body(&client("anthropic", "claude-haiku-5-5"), &ask(tools));
    assert_eq!(sent["tool_choice"]["type"], "any");
}

#[test]
fn models_that_only_responses_offer_are_asked_there() {
    for (model, path) in
        [("gpt-5-codex", "/responses"), ("o3-pro", "/responses"), ("o3", "/chat/completions")]
    {
        let prepared = prepare(&client("openai", model), &ask(json!({})), false).unwrap();
        assert!(prepared.http.url.ends_with(path), "{model}: {}", prepared.http.url);
    }
}

#[test]
fn an_interface_that_only_openai_has_is_refused_elsewhere() {
    for provider in ["custom", "anthropic", "deepseek", "ollama"] {
        let base = [("provider", provider), ("model", "m"), ("api_key", "k")];
        let more = [("base_url", "https://example.test"), ("openai_api", "responses")];
        let set = [&base[..], &more].concat();
        let (status, words) = refused(&options(&set), &ask(json!({})));
        assert!(status == Status::BadRequest && words.starts_with("openai_api: "), "{words}");
        let dropped = options(&[&set[..], &[("unsupported", "drop")]].concat());
        let prepared = prepare(&dropped, &ask(json!({})), false).unwrap();
        assert!(prepared.adjusted[0].starts_with("openai_api: left out"));
    }
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
fn a_layers_values_are_clamped_or_left_out() {
    let preset = |provider: &str, model: &str, preset: &str| {
        options(&[
            ("provider", provider),
            ("model", model),
            ("api_key", "k"),
            ("base_url", "https://example.test"),
            ("preset", preset),
        ])
    };
    let request = ask(json!({}));
    let sent = body(&preset("anthropic", "claude-sonnet-5-5", "high_quality"), &request);
    assert!(sent.get("temperature").is_none() && sent.get("top_p").is_none());
    assert_eq!(sent["max_tokens"], 20_000, "it thinks without being asked");
    let sent = body(&preset("anthropic", "claude-opus-4-8", "high_quality"), &request);
    assert_eq!(sent["max_tokens"], 4_000, "it does not think unless asked");
    let sent = body(&preset("anthropic", "claude-sonnet-4-5", "high_quality"), &request);
    assert!(sent["temperature"] == 0.8 && sent.get("top_p").is_none(), "one of the two");
    let sent = body(&preset("openai", "gpt-4o-search-preview-2025-03-11", "fast"), &request);
    assert!(sent.get("temperature").is_none(), "{sent}");
    let sent = body(&preset("openai", "gpt-6-sol", "fast"), &request);
    assert_eq!(sent["max_completion_tokens"], 26_000, "room to think is added");
    let mut explicit = ask(json!({"max_tokens": 1_000}));
    let sent = body(&preset("openai", "gpt-6-sol", "fast"), &explicit);
    assert_eq!(sent["max_completion_tokens"], 1_000, "an explicit cap is sent as given");
    explicit.set("max_tokens", "unset").unwrap();
    let sent = body(&preset("openai", "gpt-6-sol", "fast"), &explicit);
    assert!(sent.get("max_completion_tokens").is_none(), "unset removes what a layer set");
    let quality = preset("cohere", "command-a-03-2025", "high_quality");
    assert_eq!(body(&quality, &request)["p"], 0.95);
}

#[test]
fn what_an_effort_may_think_leaves_the_text_its_part_of_the_cap() {
    let sent = |provider: &str, model: &str, more: &[(&str, &str)]| {
        let base = [("provider", provider), ("model", model), ("api_key", "k")];
        let prepared = prepare(&options(&[&base[..], more].concat()), &ask(json!({})), false);
        let prepared = prepared.unwrap();
        let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
        let config = &sent["generationConfig"];
        let parts = match provider {
            "gemini" => [&config["maxOutputTokens"], &config["thinkingConfig"]["thinkingBudget"]],
            _ => [&sent["max_tokens"], &sent["thinking"]["budget_tokens"]],
        };
        let is_told = prepared.adjusted.iter().any(|note| note.starts_with("reasoning_effort: "));
        (parts.map(|part| part.as_u64().unwrap()), is_told)
    };
    let claude = |more: &[(&str, &str)]| sent("anthropic", "claude-haiku-4-5", more);
    let gemini = |more: &[(&str, &str)]| sent("gemini", "gemini-2.5-flash", more);
    let high = ("reasoning_effort", "high");
    assert_eq!(claude(&[("preset", "high_quality"), high]), ([20_000, 16_000], true));
    assert_eq!(gemini(&[("preset", "low_cost"), high]), ([16_884, 16_384], true));
    let medium = ("reasoning_effort", "medium");
    assert_eq!(claude(&[("max_tokens", "4000"), medium]), ([4_000, 2_000], true));
    assert_eq!(claude(&[("max_tokens", "1500"), medium]), ([1_500, 1_024], true));
    assert_eq!(gemini(&[("max_tokens", "2000"), medium]), ([2_000, 1_000], true));
    assert_eq!(gemini(&[("max_tokens", "60000"), medium]), ([60_000, 8_192], false));
    assert_eq!(claude(&[medium]), ([32_000, 8_192], false));
}

#[test]
fn what_thinks_behind_a_router_has_room_for_it_too() {
    let small = |model: &str| {
        let base = [("provider", "huggingface"), ("api_key", "k"), ("preset", "low_cost")];
        body(&options(&[&base[..], &[("model", model)]].concat()), &ask(json!({})))
    };
    assert_eq!(small("openai/gpt-oss-20b")["max_tokens"], 8_692);
    assert_eq!(small("deepseek-ai/DeepSeek-V4.1-Flash")["max_tokens"], 16_884);
    assert_eq!(small("meta-llama/Llama-3.1-8B-Instruct")["max_tokens"], 500);
}

#[test]
fn effort_and_budget_are_said_in_each_vendors_way() {
    let effort = |provider: &str, model: &str, effort: &str| {
        let sent = body(&client(provider, model), &ask(json!({"reasoning_effort": effort})));
        check(provider, &if provider == "openai" { sent.clone() } else { standard(&sent) });
        sent
    };
    assert_eq!(effort("openai", "gpt-6-sol", "high")["reasoning_effort"], "high");
    let sent = effort("anthropic", "claude-opus-5-5", "max");
    assert_eq!(sent["thinking"]["type"], "adaptive");
    assert_eq!(sent["output_config"]["effort"], "max");
    let sent = effort("anthropic", "claude-sonnet-4-5", "medium");
    assert_eq!(sent["thinking"], json!({"type": "enabled", "budget_tokens": 8_192}));
    let sent = effort("gemini", "gemini-3.8-flash", "low");
    assert_eq!(sent["generationConfig"]["thinkingConfig"]["thinkingLevel"], "LOW");
    let sent = effort("gemini", "gemini-2.5-flash", "none");
    assert_eq!(sent["generationConfig"]["thinkingConfig"]["thinkingBudget"], 0);
    assert_eq!(effort("ollama", "qwen3", "none")["think"], false);
    assert_eq!(effort("ollama", "gpt-oss:120b", "high")["think"], "high");
    let sent = effort("deepseek", "deepseek-flash", "none");
    assert_eq!(sent["thinking"]["type"], "disabled");
    assert_eq!(effort("kimi", "kimi-k2.6", "none")["thinking"]["type"], "disabled");
    assert_eq!(effort("siliconflow", "Qwen/Qwen3-8B", "none")["enable_thinking"], false);
    let mut request = ask(json!({"max_tokens": 9_000}));
    request.set("reasoning_budget", "5000").unwrap();
    let sent = body(&client("anthropic", "claude-sonnet-4-5"), &request);
    assert_eq!(sent["thinking"]["budget_tokens"], 5_000);
    request.set("max_tokens", "4000").unwrap();
    let (status, words) = refused(&client("anthropic", "claude-sonnet-4-5"), &request);
    assert!(status == Status::BadRequest && words.contains("reasoning_budget"), "{words}");
}

/// Without the fields that compatible hosts add to OpenAI's schema.
fn standard(body: &Value) -> Value {
    let mut body = body.clone();
    for field in ["thinking", "enable_thinking", "thinking_budget"] {
        if body.get("messages").is_some() && body.get("max_tokens").is_none_or(Value::is_null) {
            body.as_object_mut().unwrap().remove(field);
        }
    }
    body
}

#[test]
fn models_that_refuse_tools_in_chat_are_asked_through_responses() {
    let url = |model: &str, more: Value| {
        let request = ask(more);
        prepare(&client("openai", model), &request, false).unwrap().http.url
    };
    let tools = json!({"tools": [weather()]});
    assert!(url("gpt-6-sol", tools.clone()).ends_with("/v1/responses"));
    assert!(url("gpt-6-sol", json!({})).ends_with("/v1/chat/completions"));
    assert!(url("gpt-4o", tools.clone()).ends_with("/v1/chat/completions"));
    assert!(url("gpt-5.4", tools.clone()).ends_with("/v1/chat/completions"));
    let mut thinking = tools.clone();
    thinking["reasoning_effort"] = "high".into();
    assert!(url("gpt-5.4", thinking).ends_with("/v1/responses"));
    let mut none = tools.clone();
    none["reasoning_effort"] = "none".into();
    assert!(url("gpt-6-sol", none).ends_with("/v1/chat/completions"));
    let mut forced = tools;
    forced["openai_api"] = "chat".into();
    assert!(url("gpt-6-sol", forced).ends_with("/v1/chat/completions"));
}

#[test]
fn responses_keeps_nothing_at_the_vendor_and_fits_the_schema() {
    let schema = json!({"type": "object", "properties": {}, "additionalProperties": false});
    let request = request(json!({
        "messages": [
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": [
                {"type": "text", "text": "Look"},
                {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}},
            ]},
        ],
        "tools": [weather()], "tool_choice": "required", "parallel_tool_calls": false,
        "reasoning_effort": "low", "max_tokens": 500, "verbosity": "low", "user": "u",
        "response_format": {"type": "json_schema", "json_schema": {
            "name": "a", "schema": schema, "strict": true}},
    }));
    let sent = body(&client("openai", "gpt-6-sol"), &request);
    assert_eq!((&sent["store"], &sent["max_output_tokens"]), (&json!(false), &json!(500)));
    assert_eq!(sent["include"], json!(["reasoning.encrypted_content"]));
    assert_eq!(sent["text"]["verbosity"], "low");
    let one = ask(json!({"n": 1, "openai_api": "responses"}));
    assert!(body(&client("openai", "gpt-6-sol"), &one)["n"].is_null());
    if let Some(spec) = Spec::load("openai-openapi.json") {
        spec.check("CreateResponse", &sent);
    }
}

#[test]
fn keys_travel_in_each_vendors_header_and_nowhere_else() {
    for (provider, model) in MODELS {
        let prepared = prepare(&client(provider, model), &ask(json!({})), false).unwrap();
        let name = match *provider {
            "anthropic" => "x-api-key",
            "gemini" => "x-goog-api-key",
            _ => "authorization",
        };
        let value = prepared.http.headers.get(name).unwrap_or_default();
        assert!(value.ends_with("sk-secret-key"), "{provider}");
        let with_key = prepared.http.headers.iter().filter(|(_, v)| v.contains("sk-secret"));
        assert_eq!(with_key.count(), 1, "{provider}");
        assert!(!prepared.http.url.contains("sk-secret"), "{provider}");
        let shown = format!("{prepared:?} {:?}", prepared.context);
        assert!(!shown.contains("sk-secret"), "{provider}: {shown}");
    }
}

#[test]
fn addresses_are_joined_with_and_without_a_path_and_a_slash() {
    let url = |provider: &str, base: &str| {
        let options = options(&[("provider", provider), ("base_url", base), ("model", "m")]);
        let request = ask(json!({}));
        let key = prepare(&options, &request, false);
        key.map(|prepared| prepared.http.url).unwrap_or_else(|e| e.to_string())
    };
    let chat = "http://localhost:1/v1/chat/completions";
    assert_eq!(url("openai", "http://localhost:1"), chat);
    assert_eq!(url("openai", "http://localhost:1/"), chat);
    assert_eq!(url("openai", "http://localhost:1/v1"), chat);
    assert_eq!(url("ollama", "http://localhost:1/api"), "http://localhost:1/api/chat");
    assert_eq!(url("openai", "http://localhost:1/v1/"), chat);
    let azure = url("openai", "http://localhost:1/deployments/x?api-version=1");
    assert_eq!(azure, "http://localhost:1/deployments/x/chat/completions?api-version=1");
    assert_eq!(url("anthropic", "http://localhost:1"), "http://localhost:1/v1/messages");
    assert_eq!(url("anthropic", "http://localhost:1/v1"), "http://localhost:1/v1/messages");
    assert_eq!(url("deepseek", "http://localhost:1"), "http://localhost:1/chat/completions");
    assert_eq!(url("cohere", "http://localhost:1"), "http://localhost:1/v2/chat");
    assert_eq!(url("ollama", "http://localhost:1/v1"), "http://localhost:1/api/chat");
    assert_eq!(url("ollama", "localhost"), "http://localhost:11434/api/chat");
    assert_eq!(url("ollama", "[::1]:8000"), "http://[::1]:8000/api/chat");
    let gemini = url("gemini", "http://localhost:1");
    assert_eq!(gemini, "http://localhost:1/v1beta/models/m:generateContent");
    assert!(url("openai", "localhost").contains("base_url"));
}

#[test]
fn a_key_over_plain_http_leaves_the_machine_only_on_request() {
    let with = |base: &str, more: &[(&str, &str)]| {
        let mut set = vec![("model", "m"), ("api_key", "k"), ("base_url", base)];
        set.extend(more);
        prepare(&options(&set), &ask(json!({})), false).map(|_| ())
    };
    assert!(with("http://192.168.1.1/v1", &[]).is_err());
    assert!(with("HTTP://example.test", &[]).is_err());
    assert!(with("http://localhost.example.test", &[]).is_err());
    assert!(with("http://127.0.0.1@example.test", &[]).is_err());
    for loopback in ["http://127.0.0.1:1", "http://localhost", "http://[::1]:1"] {
        assert_eq!(with(loopback, &[]), Ok(()), "{loopback}");
    }
    assert_eq!(with("http://192.168.1.1/v1", &[("allow_insecure_http", "true")]), Ok(()));
    let keyless = options(&[("model", "m"), ("base_url", "https://example.test")]);
    let error = prepare(&keyless, &ask(json!({})), false).map(|_| ()).unwrap_err();
    assert_eq!(error.status(), Status::Authentication);
    assert!(error.to_string().contains("OPENAI_API_KEY"), "{error}");
}

#[test]
fn the_environment_fills_what_the_options_leave_open() {
    let env = |name: &str| {
        Some(
            match name {
                "ANTHROPIC_API_KEY" => "from-env",
                "ANTHROPIC_BASE_URL" => "https://proxy.test/anthropic",
                "MOONSHOT_API_KEY" => " ",
                "KIMI_API_KEY" => "kimi-key",
                "OLLAMA_HOST" => "0.0.0.0:9999",
                "OPENAI_MODEL" => "gpt-x",
                "OPENAI_ORG_ID" => "org",
                _ => return None,
            }
            .to_string(),
        )
    };
    let settled = |set: &[(&str, &str)]| {
        let mut options = options(set);
        hosts::settle(&mut options, &env).unwrap();
        options
    };
    let claude = settled(&[("provider", "anthropic")]);
    assert_eq!(claude.values.api_key.as_deref(), Some("from-env"));
    assert_eq!(claude.values.model.as_deref(), Some("claude-sonnet-5-5"));
    let url = prepare(&claude, &ask(json!({})), false).unwrap().http.url;
    assert_eq!(url, "https://proxy.test/anthropic/v1/messages");
    assert_eq!(claude.origin("api_key").unwrap().name(), "environment");
    let kimi = settled(&[("provider", "kimi"), ("region", "cn")]);
    assert_eq!(kimi.values.api_key.as_deref(), Some("kimi-key"));
    let url = prepare(&kimi, &ask(json!({})), false).unwrap().http.url;
    assert_eq!(url, "https://api.moonshot.cn/v1/chat/completions");
    let ollama = settled(&[("provider", "ollama"), ("preset", "fast")]);
    assert_eq!(ollama.values.model.as_deref(), Some("gemma3:1b"));
    let url = prepare(&ollama, &ask(json!({})), false).unwrap().http.url;
    assert_eq!(url, "http://127.0.0.1:9999/api/chat");
    let openai = settled(&[("api_key", "explicit")]);
    assert_eq!(openai.values.model.as_deref(), Some("gpt-x"));
    let prepared = prepare(&openai, &ask(json!({})), false).unwrap();
    assert_eq!(prepared.http.headers.get("openai-organization"), Some("org"));
    let large = settled(&[("provider", "anthropic"), ("use_case", "code_generation")]);
    assert_eq!(large.values.model.as_deref(), Some("claude-opus-5-5"));
}

#[test]
fn extra_json_is_merged_last_and_marks_go_to_anthropic() {
    let mut request = request(json!({"messages": [
        {"role": "system", "content": [
            {"type": "text", "text": "Long.", "cache_control": {"type": "ephemeral"}}]},
        {"role": "user", "content": "Hi"},
    ]}));
    request.set("extra_json", r#"{"max_tokens": 5, "metadata": {"a": 1}, "model": null}"#).unwrap();
    let sent = body(&client("anthropic", "claude-sonnet-5-5"), &request);
    assert_eq!(sent["system"][0]["cache_control"]["type"], "ephemeral");
    assert_eq!((&sent["max_tokens"], &sent["metadata"]["a"]), (&json!(5), &json!(1)));
    assert!(sent.get("model").is_none(), "null removes");
    let prepared = prepare(&client("openai", "gpt-4o"), &request, false).unwrap();
    assert!(!String::from_utf8_lossy(&prepared.http.body).contains("cache_control"));
    assert!(prepared.adjusted.iter().any(|note| note.starts_with("cache_control")));
}

#[test]
fn streams_ask_for_usage_where_the_host_takes_it() {
    let stream = |client: &Resolved<ClientOptions>, request: &Request| -> Value {
        serde_json::from_slice(&prepare(client, request, true).unwrap().http.body).unwrap()
    };
    let mut request = ask(json!({}));
    let sent = stream(&client("openai", "gpt-4o"), &request);
    assert_eq!(sent["stream_options"]["include_usage"], true);
    request.set("include_usage", "false").unwrap();
    let sent = stream(&client("openai", "gpt-4o"), &request);
    assert!(sent["stream"] == true && sent.get("stream_options").is_none());
    assert_eq!(body(&client("ollama", "qwen3"), &request)["stream"], false);
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
    assert_eq!(sent["contents"][2]["parts"][2]["functionResponse"]["response"]["error"], "2");
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
fn embeddings_are_asked_for_in_each_vendors_form() {
    let json = json!({"model": "e", "input": ["a", "b"], "dimensions": 8});
    let json = json.as_object().unwrap();
    let provider = |name: &str| {
        let client = client(name, "m");
        let dialect = provider_for(&client.values, &Request::new());
        dialect.embed_prepare(&client, json).map(|prepared| {
            let body: Value = serde_json::from_slice(&prepared.http.body).unwrap();
            (prepared.http.url, body)
        })
    };
    let (url, sent) = provider("openai").unwrap();
    assert!(url.ends_with("/v1/embeddings") && sent["dimensions"] == 8);
    let (url, sent) = provider("gemini").unwrap();
    assert!(url.ends_with("/models/e:batchEmbedContents"), "{url}");
    assert_eq!(sent["requests"][1]["outputDimensionality"], 8);
    if let Some(spec) = Spec::load("gemini-openapi.json") {
        spec.check("BatchEmbedContentsRequest", &sent);
    }
    let (url, sent) = provider("cohere").unwrap();
    assert!(url.ends_with("/v2/embed") && sent["embedding_types"][0] == "float");
    let (url, sent) = provider("ollama").unwrap();
    assert!(url.ends_with("/api/embed") && sent["input"][1] == "b");
    for name in ["anthropic", "deepseek", "kimi", "huggingface"] {
        assert_eq!(provider(name).unwrap_err().status(), Status::BadRequest, "{name}");
    }
}

#[test]
fn geminis_vectors_are_made_for_a_task_and_of_a_text_with_a_title() {
    let client = client("gemini", "m");
    let dialect = provider_for(&client.values, &Request::new());
    let json = json!({"model": "e", "input": "a", "task_type": "RETRIEVAL_DOCUMENT",
        "title": "A"});
    let sent = dialect.embed_prepare(&client, json.as_object().unwrap()).unwrap().http.body;
    let sent: Value = serde_json::from_slice(&sent).unwrap();
    let expected = json!([{"model": "models/e", "content": {"parts": [{"text": "a"}]},
        "taskType": "RETRIEVAL_DOCUMENT", "title": "A"}]);
    assert_eq!(sent["requests"], expected);
    if let Some(spec) = Spec::load("gemini-openapi.json") {
        spec.check("BatchEmbedContentsRequest", &sent);
    }
}

#[test]
fn a_calls_header_comes_on_top_of_the_clients() {
    let client = options(&[
        ("model", "m"),
        ("api_key", "k"),
        ("base_url", "https://example.test"),
        ("header", "X-A: 1"),
    ]);
    let mut request = ask(json!({}));
    request.set("header", "X-B: 2").unwrap();
    request.set("user", "true").unwrap();
    let headers = prepare(&client, &request, false).unwrap().http.headers;
    assert_eq!((headers.get("x-a"), headers.get("x-b")), (Some("1"), Some("2")));
    assert_eq!(body(&client, &request)["user"], "true");
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
fn a_tier_is_named_as_each_vendor_names_it() {
    let sent = |tier: &str| {
        let request = ask(json!({"service_tier": tier}));
        let prepared = prepare(&client("anthropic", "claude-sonnet-5-5"), &request, false)?;
        let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
        Ok::<_, mynah::error::Error>(sent["service_tier"].clone())
    };
    assert_eq!(sent("auto").unwrap(), "auto");
    assert_eq!(sent("standard_only").unwrap(), "standard_only");
    assert_eq!(sent("default").unwrap(), "standard_only");
    let request = ask(json!({"service_tier": "flex"}));
    let (status, words) = refused(&client("anthropic", "claude-sonnet-5-5"), &request);
    assert_eq!(status, Status::BadRequest);
    assert!(words.contains("service_tier"), "{words}");
    assert_eq!(body(&client("openai", "gpt-4o"), &request)["service_tier"], "flex");
}

#[test]
fn a_model_without_stop_texts_is_sent_none() {
    let asked = request(json!({"messages": [{"role": "user", "content": "Hi"}], "stop": ["x"]}));
    let refused = prepare(&client("openai", "o3"), &asked, false).unwrap_err();
    assert_eq!(refused.to_string(), "stop: openai o3 does not take it");
    assert_eq!(body(&client("openai", "gpt-4o"), &asked)["stop"], json!(["x"]));
}

#[test]
fn what_a_vendor_has_no_place_for_is_noted_or_refused_and_never_lost_without_a_word() {
    let asked = request(json!({"tool_choice": "required", "messages": [
        {"role": "user", "name": "bob", "content": "Hi"},
        {"role": "assistant", "content": "Ho", "mood": 1, "refusal": null},
        {"role": "user", "content": [{"type": "text", "text": "So?", "tone": 1,
            "prompt_cache_breakpoint": {"mode": "explicit"}}]},
    ]}));
    for provider in ["anthropic", "gemini", "cohere", "ollama"] {
        let prepared = prepare(&client(provider, "m"), &asked, false).unwrap();
        let noted = |what: &str| prepared.adjusted.iter().any(|note| note.contains(what));
        assert!(noted("names of those who speak"), "{provider}: {:?}", prepared.adjusted);
        for field in ["mood", "tone", "prompt_cache_breakpoint"] {
            let field = format!("the field {field}");
            assert!(noted(&field), "{provider}: {:?}", prepared.adjusted);
        }
        assert!(noted("tool_choice: left out: there are no tools"), "{provider}");
    }
    let file = json!({"type": "file", "file": {"file_id": "f"}, "tone": 1});
    let asked = request(json!({"messages": [{"role": "user", "content": [file]}]}));
    let prepared = prepare(&client("deepseek", "deepseek-flash"), &asked, false).unwrap();
    assert_eq!(prepared.adjusted, ["messages: left out: the field tone"]);
    // What is said of a file may stand in the part itself.
    let pdf = "data:application/pdf;base64,JVBERi0=";
    let file = json!({"type": "file", "file_data": pdf, "filename": "a.pdf"});
    let image = json!({"type": "image_url", "image_url": "data:image/png;base64,iVBORw0KGgo=",
        "detail": "low"});
    for (provider, part) in [("deepseek", &file), ("anthropic", &file), ("cohere", &image)] {
        let asked = request(json!({"messages": [{"role": "user", "content": [part]}]}));
        let prepared = prepare(&client(provider, "m"), &asked, false).unwrap();
        assert_eq!(prepared.adjusted, Vec::<String>::new(), "{provider}");
    }
    let of = |provider: &str| {
        let all = [
            ("provider", provider),
            ("model", "m"),
            ("api_key", "k"),
            ("base_url", "https://example.test/v1"),
            ("organization_id", "org-1"),
        ];
        prepare(&options(&all), &ask_hi(), false)
    };
    for provider in ["openai", "custom"] {
        let headers = of(provider).unwrap().http.headers;
        assert_eq!(headers.get("openai-organization"), Some("org-1"), "{provider}");
    }
    let error = of("anthropic").unwrap_err();
    assert_eq!(error.status(), Status::BadRequest);
    assert!(error.to_string().starts_with("organization_id: anthropic"), "{error}");
}

fn ask_hi() -> Request {
    request(json!({"messages": [{"role": "user", "content": "Hi"}]}))
}

#[test]
fn a_number_below_0_and_one_that_an_option_can_say_replace_each_other() {
    let client = options(&[
        ("provider", "custom"),
        ("base_url", "https://example.test"),
        ("model", "m"),
        ("seed", "3"),
    ]);
    let said = json!([{"role": "user", "content": "Hi"}]);
    for (first, then, sent) in [(-1, "5", json!(5)), (-1, "unset", Value::Null)] {
        let mut asked = request(json!({"messages": said, "seed": first}));
        assert_eq!(body(&client, &asked)["seed"], first);
        asked.set("seed", then).unwrap();
        assert_eq!(body(&client, &asked)["seed"], sent);
    }
    let both = r#"{"max_tokens": 9, "max_completion_tokens": -1, "messages": []}"#;
    let mut asked = Request::from_json(both).unwrap();
    asked.add_message("user", "Hi").unwrap();
    let sent = body(&client, &asked);
    assert_eq!((&sent["max_tokens"], sent.get("max_completion_tokens")), (&json!(-1), None));
}

#[test]
fn gemini_takes_seeds_below_0() {
    let client = client("gemini", "gemini-3.8-flash");
    let asked =
        |seed: i64| request(json!({"messages": [{"role": "user", "content": "Hi"}], "seed": seed}));
    for seed in [-7, 0, 7] {
        assert_eq!(body(&client, &asked(seed))["generationConfig"]["seed"], seed);
    }
    for seed in [-3_000_000_000, 3_000_000_000] {
        let error = prepare(&client, &asked(seed), false).unwrap_err();
        assert!(error.to_string().contains("takes -2147483648 to 2147483647"), "{error}");
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
