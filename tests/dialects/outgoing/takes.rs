//! What a model or a vendor does not take, or not so: refused, left out and told, or
//! said in another way.

use super::*;

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
        ("anthropic", "claude-fable-5", json!({"reasoning_effort": "none"}), "reasoning_effort"),
        ("anthropic", "claude-mythos-5", json!({"reasoning_effort": "none"}), "reasoning_effort"),
        ("anthropic", "claude-fable-5-2", json!({"reasoning_effort": "none"}), "reasoning_effort"),
        ("anthropic", "claude-opus-4-6", json!({"reasoning_effort": "xhigh"}), "reasoning_effort"),
        ("openai", "gpt-6-sol", json!({"temperature": 0.5}), "temperature"),
        ("openai", "gpt-5-mini", json!({"stop": ["x"]}), "stop"),
        ("openai", "gpt-5.1", json!({"stop": ["x"], "reasoning_effort": "low"}), "stop"),
        ("openai", "gpt-5.2", json!({"stop": ["x"], "reasoning_effort": "none"}), "stop"),
        ("openai", "gpt-5.4-nano", json!({"stop": ["x"]}), "stop"),
        ("openai", "gpt-6-luna", json!({"stop": ["x"], "reasoning_effort": "none"}), "stop"),
        ("openai", "gpt-6-luna", json!({"frequency_penalty": 0.5}), "frequency_penalty"),
        (
            "openai",
            "gpt-6-luna",
            json!({"logit_bias": {"1": 2}, "reasoning_effort": "none"}),
            "logit_bias",
        ),
        ("openai", "gpt-5.5", json!({"reasoning_effort": "max"}), "reasoning_effort"),
        ("openai", "gpt-5.6-terra", json!({"reasoning_effort": "minimal"}), "reasoning_effort"),
        ("openai", "gpt-6-astra", json!({"reasoning_effort": "minimal"}), "reasoning_effort"),
        ("openai", "gpt-6.2-sol", json!({"reasoning_effort": "none"}), "reasoning_effort"),
        (
            "openai",
            "gpt-6-luna",
            json!({"reasoning_effort": "max", "openai_api": "chat"}),
            "reasoning_effort",
        ),
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
        ("gemini", "gemini-3.8-flash", json!({"reasoning_effort": "minimal"}), "reasoning_effort"),
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
        (
            "openai",
            "gpt-5.4-mini",
            json!({"presence_penalty": 0.5}),
            "presence_penalty",
            json!(0.5),
        ),
        (
            "openai",
            "gpt-6-luna",
            effort("none", json!({"frequency_penalty": 0.5})),
            "frequency_penalty",
            json!(0.5),
        ),
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
fn models_that_force_no_tool_are_not_asked_to() {
    let tools = json!({"tools": [{"type": "function", "function": {"name": "f"}}],
        "tool_choice": "required"});
    for model in ["claude-opus-5-5", "claude-fable-5-2", "claude-mythos-5-1", "claude-mythos-5-2"] {
        let (status, words) = refused(&client("anthropic", model), &ask(tools.clone()));
        assert!(status == Status::BadRequest && words.starts_with("tool_choice"), "{words}");
    }
    for model in ["claude-haiku-5-5", "claude-fable-5", "claude-mythos-5"] {
        let sent = body(&client("anthropic", model), &ask(tools.clone()));
        assert_eq!(sent["tool_choice"]["type"], "any", "{model}");
    }
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
