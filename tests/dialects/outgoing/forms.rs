//! What every vendor takes, in the form of each.

use super::*;

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
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}},
        "additionalProperties": false});
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
    let sent = body(&client("openai", "gpt-5.6-sol"), &asked);
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
    let schema = json!({"type": "object", "additionalProperties": false});
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
    let sent = |json: Value| {
        let sent = dialect.embed_prepare(&client, json.as_object().unwrap()).unwrap().http.body;
        serde_json::from_slice::<Value>(&sent).unwrap()
    };
    let given = sent(json!({"model": "e", "input": "a", "task_type": "RETRIEVAL_DOCUMENT",
        "title": "A", "dimensions": 8}));
    let expected = json!([{"model": "models/e", "content": {"parts": [{"text": "a"}]},
        "taskType": "RETRIEVAL_DOCUMENT", "title": "A", "outputDimensionality": 8}]);
    assert_eq!(given["requests"], expected);
    let in_its_own_words = sent(json!({"model": "e", "input": "a",
        "taskType": "RETRIEVAL_DOCUMENT", "title": "A", "outputDimensionality": 8}));
    assert_eq!(in_its_own_words, given);
    if let Some(spec) = Spec::load("gemini-openapi.json") {
        spec.check("BatchEmbedContentsRequest", &given);
    }
}

#[test]
fn coheres_own_fields_of_vectors_are_taken_as_far_as_the_answer_has_a_place() {
    let client = client("cohere", "m");
    let dialect = provider_for(&client.values, &Request::new());
    let prepared = |types: Value| {
        let json = json!({"model": "e", "input": "a", "output_dimension": 256,
            "embedding_types": types});
        dialect.embed_prepare(&client, json.as_object().unwrap())
    };
    let sent: Value =
        serde_json::from_slice(&prepared(json!(["float"])).unwrap().http.body).unwrap();
    assert_eq!(
        (&sent["output_dimension"], &sent["embedding_types"][0]),
        (&json!(256), &json!("float"))
    );
    let refused = prepared(json!(["int8"])).unwrap_err();
    assert_eq!(refused.status(), Status::BadRequest);
    assert!(refused.to_string().contains("embedding_types"), "{refused}");
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
    let gemini = |tier: &str, field: &str| {
        let asked = ask(json!({field: tier}));
        let prepared = prepare(&client("gemini", "gemini-3.8-flash"), &asked, false).unwrap();
        assert_eq!(prepared.adjusted, Vec::<String>::new());
        let sent: Value = serde_json::from_slice(&prepared.http.body).unwrap();
        assert!(sent.get("service_tier").is_none(), "{sent}");
        sent["serviceTier"].clone()
    };
    for field in ["service_tier", "serviceTier"] {
        assert_eq!(
            (gemini("flex", field), gemini("priority", field)),
            ("flex".into(), "priority".into())
        );
        assert_eq!((gemini("auto", field), gemini("default", field)), (Value::Null, Value::Null));
    }
}
